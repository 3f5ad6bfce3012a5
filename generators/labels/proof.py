"""Proof that labels, pictures and sweeps are of one world: every check of a drive, measured again by other means.

- `reprojection` >= 0.9, each: IoU of the tight box of the instance mask and the box of the projected meshes, for actors
  of at least 400 pixels that nothing hides.
- `lidar_counts`, each: points inside each box, counted again corner by corner, equal `Boxes3D.num_lidar_points`.
- `lidar_depth` >= 98 %: depth of lidar points against the picture's, off depth edges (2 px): max(0.10 m, 2 %).
- `lidar_class` >= 97 %: class of the same points against the picture's class there.
- `flow` >= 98 %: optical flow against the projection of scene flow, within 0.1 px.
- `warp` >= 98 %: depth of points carried by the flow to the next look against the next picture's depth there:
  max(0.10 m, 2 %); what is hidden by then is left out, and so are limbs that swing.
- `occupancy_lidar` >= 99 %: lidar points that lie in an occupied voxel.
- `occupancy_solid`, all: voxels at the middle of cars, vans and buses that hold their actor.
- `occupancy_hidden`, all: actors in the grid that no camera sees fill voxels nonetheless.

A depth between pixels is interpolated in 1 / z, which is exact on planes.
Sensors are without noise of their own and the air is clear: labels are proved, not sensors. `lidar_class` and
`lidar_depth` take the thresholds of the checks that segments pass later.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float
from scipy import ndimage

from driving_data.environment import Environment
from driving_data.geometry import box_corners
from driving_data.labels import OCCUPANCY_FREE, OCCUPANCY_SHAPE, Occupancy
from driving_data.ports import Generator, SceneDescription
from driving_data.rollout import Rollout
from driving_data.sensors import CameraFrame, CameraModel, LidarSweep, SensorFrames, SensorRig
from driving_data.taxonomy import ActorClass
from generators.generate import moments, next_state
from generators.interface import FlowRenderer, SilhouetteRenderer
from generators.labels.boxes import count_points, instance_boxes
from generators.labels.look import InspectedRenderer, Look
from generators.labels.occupancy import inside_grid, occupancy, to_voxels
from generators.labels.scene_flow import at_timestamp, camera_points_m, moved
from generators.labels.solids import Solids
from generators.raytrace.cameras.geometry import pixel_grid, project
from generators.raytrace.cameras.outlines import outlines
from generators.raytrace.inspection import Inspection

REQUIRED = {"reprojection": 0.9, "lidar_counts": 1.0, "lidar_depth": 0.98, "lidar_class": 0.97, "flow": 0.98,
            "warp": 0.98, "occupancy_lidar": 0.99, "occupancy_solid": 1.0, "occupancy_hidden": 1.0}  # fmt: skip
MIN_PIXELS, DEPTH_M, DEPTH_SHARE, HIDDEN, EDGE_PX, EDGE_RATIO, FLOW_PX = 400, 0.10, 0.02, 0.9, 2, 1.05, 0.1
_CLOSED = (ActorClass.CAR, ActorClass.VAN, ActorClass.BUS)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found on one frame.

    Attributes:
        check: name in `REQUIRED`.
        number: how many things were compared.
        value: the smallest IoU, or the share that agrees; 1 where nothing was to be compared.
        step: moment of the rollout.
        told: the worst case, in words.
    """

    check: str
    number: int
    value: float
    step: int
    told: str = ""

    @property
    def passed(self) -> bool:
        """Whether it is as good as required."""
        return self.value >= REQUIRED[self.check]


def noiseless(rig: SensorRig) -> SensorRig:
    """The rig with lidars whose ranges are exact."""
    return replace(rig, lidars=tuple(replace(lidar, range_noise_m=0.0) for lidar in rig.lidars))


def clear(environment: Environment) -> Environment:
    """The same light without rain, snow and fog."""
    return replace(environment, rain_mmph=0.0, snow_mmph=0.0, fog_visibility_m=20000.0)


def prove(
    rollout: Rollout, rig: SensorRig, seed: int, generator: Generator, max_frames: int = 3
) -> tuple[Finding, ...]:
    """Every check at every look of the rig.

    Raises:
        ValueError: the generator does not show its geometry.
    """
    rollout, rig = replace(rollout, environment=clear(rollout.environment)), noiseless(rig)
    scene = SceneDescription(
        rollout.lane_map, rollout.actors, rollout.ego_index, rollout.environment, rollout.signals.ids
    )
    renderer = generator.open(scene, rig, seed)
    if not (
        isinstance(renderer, InspectedRenderer)
        and isinstance(renderer, SilhouetteRenderer)
        and isinstance(renderer, FlowRenderer)
    ):
        raise ValueError(f"{generator.name} does not show its geometry; nothing can be proved")
    found: list[Finding] = []
    solids = Solids()
    try:
        last = rollout.num_steps - 1
        steps = moments(rollout, rig.rate_hz, max_frames)
        steps = steps[(steps < last) & rollout.valid[np.minimum(steps + 1, last), rollout.ego_index]]
        for step in steps.tolist():
            following = min(step + 1, rollout.num_steps - 1)
            start, end = rollout.state_at(step), next_state(rollout, step, 0.1)
            later = rollout.state_at(following)
            frames = renderer.render_before(start, end, later)
            counts = renderer.silhouettes(start, end, frames)
            geometry = renderer.inspect(start, end)
            free = counts.visible == counts.alone
            found += _reprojection(rollout, rig, step, frames.frames, geometry, free)
            found += _lidar(rollout, rig, step, frames)
            found += _flow(rollout, rig, step, following, frames.frames)
            found += _warp(rollout, rig, step, following, frames.frames, renderer.render(later, later).frames)
            look = Look(step, tuple(enumerate(frames.frames)), frames.sweeps, counts, geometry)
            found += _occupancy(rollout, step, frames, occupancy(rollout, look, solids), geometry)
    finally:
        renderer.close()
    return tuple(found)


def box_iou(a: Float[np.ndarray, "4"], b: Float[np.ndarray, "4"]) -> float:
    """Intersection over union of two boxes (x_min, y_min, x_max, y_max)."""
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    both = float(np.prod(np.maximum(high - low, 0.0)))
    return both / (float(np.prod(a[2:] - a[:2])) + float(np.prod(b[2:] - b[:2])) - both)


def _reprojection(
    rollout: Rollout, rig: SensorRig, step: int, frames: Sequence[CameraFrame], geometry: Inspection,
    free: Bool[np.ndarray, "C A"],
) -> list[Finding]:  # fmt: skip
    worst, number, told = 1.0, 0, ""
    for index, frame in enumerate(frames):
        if frame.instance is None:
            continue
        projected = outlines(geometry, index, inside=True)
        for actor, (box, pixels) in instance_boxes(frame.instance).items():
            if pixels < MIN_PIXELS or not free[index, actor]:
                continue
            value = box_iou(box, projected[actor]) if np.isfinite(projected[actor]).all() else 0.0
            number += 1
            if value < worst:
                worst, told = value, f"{rig.cameras[index].name}: {rollout.actors.ids[actor]}, {pixels} pixels"
    return [Finding("reprojection", number, worst, step, told)]


def _lidar(rollout: Rollout, rig: SensorRig, step: int, frames: SensorFrames) -> list[Finding]:
    found: list[Finding] = []
    actors = np.flatnonzero(rollout.valid[step] & (np.arange(rollout.num_actors) != rollout.ego_index))
    for sweep in frames.sweeps:
        stored = count_points(rollout, step, sweep, actors)
        again = np.array([_count_again(rollout, step, sweep, int(actor)) for actor in actors])
        same = float(np.mean(stored == again)) if len(actors) else 1.0
        found.append(Finding("lidar_counts", len(actors), same, step))
        points = at_timestamp(sweep, rollout, step)
        for frame in frames.frames:
            found += _against_picture(rig.camera(frame.camera), frame, sweep, points, step)
    return found


def _count_again(rollout: Rollout, step: int, sweep: LidarSweep, actor: int) -> int:
    """Points between the three pairs of faces, from the corners of the box: no transform is shared with the count."""
    corners = box_corners(rollout.world_from_actor[step, actor], rollout.actors.size_m[actor])
    points = sweep.world_from_lidar.apply(sweep.points_m.astype(np.float64))
    inside = np.ones(len(points), dtype=bool)
    for other in (1, 3, 4):
        axis = corners[other] - corners[0]
        along = (points - corners[0]) @ axis
        tolerance = 1e-9 * float(axis @ axis)
        inside &= (along >= -tolerance) & (along <= float(axis @ axis) + tolerance)
    return int(inside.sum())


def _against_picture(
    model: CameraModel, frame: CameraFrame, sweep: LidarSweep, points_m: Float[np.ndarray, "N 3"], step: int
) -> list[Finding]:
    if frame.depth_m is None or frame.semantic is None or sweep.semantic is None:
        return []
    local = frame.world_from_camera.inverse().apply(points_m)
    pixel, front = project(model, local)
    rows, column, row = _pixels(model, pixel, front)
    depth, z = depth_at(frame.depth_m, pixel[rows]), local[rows, 2]
    judged = ~edges(frame.depth_m)[row, column] & ~(depth < HIDDEN * z)
    near = np.abs(depth - z) <= np.maximum(DEPTH_M, DEPTH_SHARE * z)
    same = frame.semantic[row, column] == sweep.semantic[rows]
    number = int(judged.sum())
    if not number:
        return []
    return [
        Finding("lidar_depth", number, float(near[judged].mean()), step, frame.camera),
        Finding("lidar_class", number, float(same[judged].mean()), step, frame.camera),
    ]


def _pixels(
    model: CameraModel, pixel: Float[np.ndarray, "n 2"], front: Bool[np.ndarray, "n"]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of the points inside the picture, and the column and row of their pixels."""
    with np.errstate(invalid="ignore"):
        size = np.array([model.width_px, model.height_px])
        rows = np.flatnonzero(front & np.all((pixel >= 0) & (pixel < size), axis=-1))
    column, row = np.floor(pixel[rows]).astype(np.int64).T
    return rows, column, row


def depth_at(depth_m: Float[np.ndarray, "H W"], pixel: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n"]:
    """Depth at image points, interpolated in 1 / z between the four nearest pixel centres; inf for the sky."""
    near = 1.0 / depth_m.astype(np.float64)
    inverse = ndimage.map_coordinates(near, (pixel - 0.5).T[::-1], order=1, mode="nearest")
    return 1.0 / np.maximum(inverse, 1e-9)


def edges(depth_m: Float[np.ndarray, "H W"]) -> Bool[np.ndarray, "H W"]:
    """Pixels within `EDGE_PX` of a jump of depth: the ratio there is over `EDGE_RATIO` and the pixel off its middle."""
    filled = np.where(np.isfinite(depth_m), depth_m, 1e4).astype(np.float64)
    size = 2 * EDGE_PX + 1
    high, low = ndimage.maximum_filter(filled, size), ndimage.minimum_filter(filled, size)
    uneven = np.abs(high + low - 2 * filled) > (EDGE_RATIO - 1.0) * filled
    return np.asarray((high / np.maximum(low, 1e-6) > EDGE_RATIO) & uneven)


def _flow(
    rollout: Rollout, rig: SensorRig, step: int, later: int, frames: Sequence[CameraFrame]
) -> list[Finding]:  # fmt: skip
    found: list[Finding] = []
    for frame in frames:
        model = rig.camera(frame.camera)
        if frame.flow_px is None or frame.instance is None or model.readout_s > 0:
            continue
        points = moved(camera_points_m(model, frame), frame.instance, rollout, step, later)
        then = rollout.world_from_ego()[later] @ model.ego_from_camera
        pixel, front = project(model, then.inverse().apply(points))
        known = np.isfinite(frame.flow_px).all(axis=-1) & front
        error = np.linalg.norm(pixel - pixel_grid(model) - frame.flow_px, axis=-1)[known]
        # Far out of the picture the flow is long and a float32 keeps a share of it only.
        length = np.linalg.norm(frame.flow_px, axis=-1)[known]
        right = error <= FLOW_PX + 1e-3 * length
        if len(right):
            found.append(Finding("flow", len(right), float(right.mean()), step, frame.camera))
    return found


def _warp(
    rollout: Rollout, rig: SensorRig, step: int, later: int, frames: Sequence[CameraFrame],
    following: Sequence[CameraFrame],
) -> list[Finding]:  # fmt: skip
    found: list[Finding] = []
    for frame, after in zip(frames, following, strict=True):
        model = rig.camera(frame.camera)
        if frame.flow_px is None or frame.instance is None or after.depth_m is None or model.readout_s > 0:
            continue
        rigid = _rigid(rollout, frame.instance)
        points = moved(camera_points_m(model, frame), frame.instance, rollout, step, later)
        z = after.world_from_camera.inverse().apply(points)[..., 2]
        target = pixel_grid(model) + frame.flow_px
        known = np.isfinite(target).all(axis=-1) & (z > 0) & rigid
        rows, column, row = _pixels(model, target[known], np.ones(int(known.sum()), dtype=bool))
        depth, own = depth_at(after.depth_m, target[known][rows]), z[known][rows]
        judged = ~edges(after.depth_m)[row, column] & ~(depth < HIDDEN * own)
        near = np.abs(depth - own) <= np.maximum(DEPTH_M, DEPTH_SHARE * own)
        if judged.any():
            found.append(Finding("warp", int(judged.sum()), float(near[judged].mean()), step, frame.camera))
    return found


def _rigid(rollout: Rollout, instance: np.ndarray) -> np.ndarray:
    """Pixels of the street and of actors without a gait: the swing of limbs is not part of the flow."""
    kinds = [ActorClass.PEDESTRIAN, ActorClass.CHILD, ActorClass.ANIMAL, ActorClass.BICYCLE]
    limbs = np.concatenate([[False], np.isin(rollout.actors.kind, [int(kind) for kind in kinds])])
    return ~limbs[instance]


def _occupancy(
    rollout: Rollout, step: int, frames: SensorFrames, made: Occupancy, geometry: Inspection
) -> list[Finding]:  # fmt: skip
    found: list[Finding] = []
    ego = geometry.moment.ego_start
    for sweep in frames.sweeps:
        voxels = to_voxels(ego, at_timestamp(sweep, rollout, step))
        cells = np.floor(voxels[inside_grid(voxels)]).astype(np.int64)
        filled = made.semantics[tuple(cells.T)] != OCCUPANCY_FREE
        if len(filled):
            found.append(Finding("occupancy_lidar", len(filled), float(filled.mean()), step, sweep.lidar))
    solid, hidden = _insides(rollout, step, made, frames, geometry)
    found.append(Finding("occupancy_solid", len(solid), float(np.mean(solid)) if solid else 1.0, step))
    found.append(Finding("occupancy_hidden", len(hidden), float(np.mean(hidden)) if hidden else 1.0, step))
    return found


def _insides(
    rollout: Rollout, step: int, made: Occupancy, frames: SensorFrames, geometry: Inspection
) -> tuple[list[bool], list[bool]]:
    """For each actor whose middle is in the grid: whether its middle is its own, and whether it is there unseen."""
    solid: list[bool] = []
    hidden: list[bool] = []
    pictures = [frame.instance for frame in frames.frames if frame.instance is not None]
    seen = np.unique(np.concatenate([picture.ravel() for picture in pictures])) if pictures else np.zeros(0)
    for actor in np.flatnonzero(rollout.valid[step]):
        middle = rollout.world_from_actor.translation_m[step, actor]
        cell = np.floor(to_voxels(geometry.moment.ego_start, middle[None])[0]).astype(np.int64)
        if actor == rollout.ego_index or np.any(cell < 0) or np.any(cell >= OCCUPANCY_SHAPE):
            continue
        if ActorClass(int(rollout.actors.kind[actor])) in _CLOSED:
            solid.append(bool(made.actor[tuple(cell)] == actor + 1))
        if actor + 1 not in seen:
            hidden.append(bool(np.any(made.actor == actor + 1)))
    return solid, hidden


def table(findings: Iterable[tuple[str, Finding]]) -> str:
    """Findings by drive and check as a Markdown table: how many things, the worst value, what is required."""
    rows: dict[tuple[str, str], list[Finding]] = {}
    for drive, finding in findings:
        rows.setdefault((drive, finding.check), []).append(finding)
    lines = ["| drive | check | compared | worst | required | passed |", "|---|---|---|---|---|---|"]
    for (drive, check), found in rows.items():
        number, worst = sum(each.number for each in found), min(each.value for each in found)
        passed = "yes" if all(each.passed for each in found) else "NO"
        lines.append(f"| {drive} | {check} | {number} | {worst:.4f} | {REQUIRED[check]:g} | {passed} |")
    return "\n".join(lines)


__all__ = ["REQUIRED", "Finding", "box_iou", "clear", "edges", "noiseless", "prove", "table"]
