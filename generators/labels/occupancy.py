"""Solid semantic occupancy around the ego, laid out as Occ3D-nuScenes lays it out, with flow and observed masks.

What fills a voxel:
- every voxel that a triangle of the street or of an actor touches (exact test), so also behind occluders;
- the inside of actors: their meshes are made solid once, in a fine grid of their own (`solids`);
- the inside of buildings, walls and standing vehicles of the street: a voxel is inside where the ray upwards meets
  such a thing first (a roof or its slab) and three of the four level rays meet one from behind.
The ground is one voxel thick; what lies below it is free and unobserved, as in Occ3D. An actor takes a voxel before
the street does; among actors, and among classes of the street, the larger area in the voxel wins.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from driving_data.geometry import SE3
from driving_data.labels import (
    OCCUPANCY_CLASSES,
    OCCUPANCY_FREE,
    OCCUPANCY_LOWEST_M,
    OCCUPANCY_SHAPE,
    OCCUPANCY_VOXEL_M,
    Occupancy,
)
from driving_data.rollout import Rollout
from driving_data.sensors import CameraFrame, LidarSweep
from driving_data.taxonomy import ActorClass, SemanticClass
from generators.labels import occupancy_kernels as kernels
from generators.labels.look import Look
from generators.labels.solids import Solids
from generators.raytrace.cameras.geometry import directions, pixel_grid
from generators.raytrace.inspection import Inspection
from generators.raytrace.moment import sensor_poses

_NUMBER = {name: index for index, name in enumerate(OCCUPANCY_CLASSES)}
CLASS_OF_ACTOR: dict[ActorClass, int] = {
    ActorClass.CAR: _NUMBER["car"],
    ActorClass.VAN: _NUMBER["car"],
    ActorClass.TRUCK: _NUMBER["truck"],
    ActorClass.TRAILER: _NUMBER["trailer"],
    ActorClass.BUS: _NUMBER["bus"],
    ActorClass.EMERGENCY_VEHICLE: _NUMBER["car"],
    ActorClass.CONSTRUCTION_VEHICLE: _NUMBER["construction_vehicle"],
    ActorClass.MOTORCYCLE: _NUMBER["motorcycle"],
    ActorClass.BICYCLE: _NUMBER["bicycle"],
    ActorClass.E_SCOOTER: _NUMBER["bicycle"],
    ActorClass.PEDESTRIAN: _NUMBER["pedestrian"],
    ActorClass.CHILD: _NUMBER["pedestrian"],
    ActorClass.WHEELCHAIR: _NUMBER["pedestrian"],
    ActorClass.FLAGGER: _NUMBER["pedestrian"],
    ActorClass.ANIMAL: _NUMBER["others"],
    ActorClass.CONE: _NUMBER["traffic_cone"],
    ActorClass.BARRIER: _NUMBER["barrier"],
    ActorClass.DEBRIS: _NUMBER["others"],
    ActorClass.OTHER: _NUMBER["others"],
}
_OF_SEMANTIC = {
    SemanticClass.ROAD: "driveable_surface", SemanticClass.LANE_MARKING: "driveable_surface",
    SemanticClass.KERB: "sidewalk", SemanticClass.SIDEWALK: "sidewalk", SemanticClass.TERRAIN: "terrain",
    SemanticClass.VEGETATION: "vegetation", SemanticClass.WATER: "other_flat", SemanticClass.UNLABELED: "others",
    SemanticClass.CAR: "car", SemanticClass.TRUCK: "truck", SemanticClass.BUS: "bus",
    SemanticClass.MOTORCYCLE: "motorcycle", SemanticClass.BICYCLE: "bicycle", SemanticClass.RIDER: "bicycle",
    SemanticClass.PEDESTRIAN: "pedestrian", SemanticClass.ANIMAL: "others", SemanticClass.CONE: "traffic_cone",
    SemanticClass.BARRIER: "barrier", SemanticClass.CONSTRUCTION_VEHICLE: "construction_vehicle",
    SemanticClass.OTHER_DYNAMIC: "others",
}  # fmt: skip
CLASS_OF_SEMANTIC = np.array([_NUMBER[_OF_SEMANTIC.get(kind, "manmade")] for kind in SemanticClass], np.int64)
HOLLOW = frozenset(
    {SemanticClass.BUILDING, SemanticClass.WALL, SemanticClass.CAR, SemanticClass.TRUCK, SemanticClass.BUS}
)
_LOWEST = np.array(OCCUPANCY_LOWEST_M)
_LEVEL_REACH_M, _LEVEL_HITS, _LAYERS = 80.0, 3, 3
_PAST_M = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class _Filled:
    """What fills the voxels, before anybody looks: class, actor + 1 and horizontal velocity."""

    semantics: UInt8[np.ndarray, "200 200 16"]
    actor: Int[np.ndarray, "200 200 16"]


def occupancy(rollout: Rollout, look: Look, solids: Solids) -> Occupancy:
    """The voxels around the ego at one look.

    Raises:
        ValueError: the look has no geometry.
    """
    if look.inspection is None:
        raise ValueError("occupancy needs a generator that shows its geometry")
    inspection = look.inspection
    filled = _with_insides(inspection, _with_actors(inspection, _street(inspection), solids))
    return Occupancy(
        step=look.step,
        semantics=filled.semantics,
        mask_lidar=lidar_mask(inspection, look.sweeps),
        mask_camera=camera_mask(inspection, tuple(frame for _, frame in look.frames)),
        flow_mps=_flow(rollout, look.step, inspection, filled),
        actor=filled.actor,
    )


def to_voxels(world_from_ego: SE3, points_m: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n 3"]:
    """Points in `world` in units of voxels: voxel (i, j, k) spans [i, i + 1) and so on."""
    return (world_from_ego.inverse().apply(points_m) - _LOWEST) / OCCUPANCY_VOXEL_M


def voxel_centers(cells: Int[np.ndarray, "n 3"]) -> Float[np.ndarray, "n 3"]:
    """Centres of voxels in the `ego` frame."""
    return _LOWEST + OCCUPANCY_VOXEL_M * (cells + 0.5)


def inside_grid(voxels: Float[np.ndarray, "n 3"]) -> Bool[np.ndarray, "n"]:
    """Which points (in units of voxels) lie in the grid."""
    return np.all((voxels >= 0) & (voxels < OCCUPANCY_SHAPE), axis=-1)


def _street(inspection: Inspection) -> _Filled:
    """Voxels that the street touches."""
    mesh, ego = inspection.traced.scene.static, inspection.moment.ego_start
    weight = np.zeros((*OCCUPANCY_SHAPE, OCCUPANCY_FREE), np.float32)
    corners = mesh.vertices_m[mesh.triangles]
    reach = 1.5 * 0.5 * OCCUPANCY_SHAPE[0] * OCCUPANCY_VOXEL_M
    away = corners[..., :2] - ego.translation_m[:2].astype(np.float32)
    near = np.all((away.min(axis=1) < reach) & (away.max(axis=1) > -reach), axis=-1)
    label = CLASS_OF_SEMANTIC[inspection.materials.semantic[mesh.material[near]]]
    kernels.voxelize(np.ascontiguousarray(to_voxels(ego, corners[near].astype(np.float64))), label, weight)
    semantics = np.where(weight.max(axis=-1) > 0, weight.argmax(axis=-1), OCCUPANCY_FREE).astype(np.uint8)
    return _Filled(semantics, np.zeros(OCCUPANCY_SHAPE, np.int64))


def _with_actors(inspection: Inspection, street: _Filled, solids: Solids) -> _Filled:
    """The same with every actor, its inside filled."""
    kinds = inspection.opened.scene.actors.kind
    semantics, actor = street.semantics.copy(), street.actor.copy()
    best = np.zeros(OCCUPANCY_SHAPE, np.float32)
    for shape in inspection.shapes():
        pose = inspection.moment.ego_start.inverse() @ shape.world_from_mesh
        corners = shape.mesh.vertices_m[shape.mesh.triangles].astype(np.float64)
        voxels = (pose.apply(corners) - _LOWEST) / OCCUPANCY_VOXEL_M
        first = np.floor(voxels.min(axis=(0, 1))).astype(np.int64)
        last = np.floor(voxels.max(axis=(0, 1))).astype(np.int64) + 1
        low, high = np.maximum(first, 0), np.minimum(last, OCCUPANCY_SHAPE)
        if np.any(high <= low):
            continue
        weight = np.zeros((*(high - low), 1), np.float32)
        kernels.voxelize(np.ascontiguousarray(voxels - low), np.zeros(len(voxels), np.int64), weight)
        inner = np.floor((pose.apply(solids.inside_m(shape.asset, shape.mesh)) - _LOWEST) / OCCUPANCY_VOXEL_M) - low
        cells = inner[np.all((inner >= 0) & (inner < high - low), axis=-1)].astype(np.int64)
        np.add.at(weight[..., 0], tuple(cells.T), np.float32(solids.share))
        part = (slice(low[0], high[0]), slice(low[1], high[1]), slice(low[2], high[2]))
        mine = weight[..., 0] > best[part]
        best[part] = np.where(mine, weight[..., 0], best[part])
        semantics[part] = np.where(mine, CLASS_OF_ACTOR[ActorClass(int(kinds[shape.actor]))], semantics[part])
        actor[part] = np.where(mine, shape.actor + 1, actor[part])
    return _Filled(semantics, actor)


def _with_insides(inspection: Inspection, filled: _Filled) -> _Filled:
    """The same with the insides of what stands closed in the street.

    Rays are sent from every third layer of voxels; the two between are inside where both their neighbours are.
    """
    mesh, ego = inspection.traced.scene.static, inspection.moment.ego_start
    hollow = np.isin(inspection.materials.semantic, [int(kind) for kind in HOLLOW])
    free = filled.semantics == OCCUPANCY_FREE
    over = _columns_below(inspection, hollow[mesh.material])
    tested = over[..., None] & (np.arange(OCCUPANCY_SHAPE[2]) % _LAYERS == 0)
    cells = np.argwhere(tested)
    center = ego.apply(voxel_centers(cells))
    up, _, label = _meets_hollow(inspection, hollow, center, np.array([0.0, 0.0, 1.0]), 500.0)
    cells, center, label = cells[up], center[up], label[up]
    level = np.zeros(len(cells), np.int64)
    for x, y in ((1, 0), (0, 1), (-1, 0), (0, -1)):
        _, behind, _ = _meets_hollow(inspection, hollow, center, np.array([float(x), float(y), 0.0]), _LEVEL_REACH_M)
        level += behind
    kind = np.full(OCCUPANCY_SHAPE, OCCUPANCY_FREE, np.uint8)
    kind[tuple(cells[level >= _LEVEL_HITS].T)] = label[level >= _LEVEL_HITS]
    for k in range(OCCUPANCY_SHAPE[2] - 1):
        below, above = k - k % _LAYERS, k - k % _LAYERS + _LAYERS
        if k != below:
            both = (kind[..., below] != OCCUPANCY_FREE) & (kind[..., above] != OCCUPANCY_FREE)
            kind[..., k] = np.where(both, kind[..., below], OCCUPANCY_FREE)
    return replace(filled, semantics=np.where(free, kind, filled.semantics))


def _columns_below(inspection: Inspection, chosen: Bool[np.ndarray, "F"]) -> Bool[np.ndarray, "200 200"]:
    """Columns of voxels that a chosen triangle of the street lies over."""
    mesh = inspection.traced.scene.static
    corners = to_voxels(inspection.moment.ego_start, mesh.vertices_m[mesh.triangles[chosen]].astype(np.float64))
    flat = corners.copy()
    flat[..., 2] = 0.5
    near = np.all((flat[..., :2].max(axis=1) >= 0) & (flat[..., :2].min(axis=1) < OCCUPANCY_SHAPE[0]), axis=-1)
    weight = np.zeros((*OCCUPANCY_SHAPE[:2], 1, 1), np.float32)
    kernels.voxelize(np.ascontiguousarray(flat[near]), np.zeros(int(near.sum()), np.int64), weight)
    return weight[:, :, 0, 0] > 0


def _meets_hollow(
    inspection: Inspection, hollow: Bool[np.ndarray, "M"], origin_m: Float[np.ndarray, "n 3"],
    direction: Float[np.ndarray, "3"], reach_m: float,
) -> tuple[Bool[np.ndarray, "n"], Bool[np.ndarray, "n"], UInt8[np.ndarray, "n"]]:  # fmt: skip
    """Whether rays first meet a hollow thing of the street, whether from behind, and its class."""
    if not len(origin_m):
        return np.zeros(0, dtype=bool), np.zeros(0, dtype=bool), np.zeros(0, np.uint8)
    limit = np.full(len(origin_m), reach_m, np.float32)
    hits = inspection.rays(origin_m, np.broadcast_to(direction, origin_m.shape), limit)
    traced = inspection.traced
    met = (hits.triangle >= 0) & (hits.instance < 0)
    row = traced.hierarchy.triangle[np.maximum(hits.triangle, 0)].astype(np.float64)
    facing = np.cross(row[:, 3:6], row[:, 6:9]) @ direction
    material = traced.material[np.maximum(hits.triangle, 0)]
    label = CLASS_OF_SEMANTIC[inspection.materials.semantic[material]].astype(np.uint8)
    met &= hollow[material]
    return met, met & (facing > 0), label


def lidar_mask(inspection: Inspection, sweeps: tuple[LidarSweep, ...]) -> Bool[np.ndarray, "200 200 16"]:
    """Voxels between each lidar, where it stood when it fired, and its points; the voxel of the point included."""
    crossed = np.zeros(OCCUPANCY_SHAPE, dtype=bool)
    moment = inspection.moment
    for sweep in sweeps:
        model = inspection.opened.rig.lidar(sweep.lidar)
        points = sweep.world_from_lidar.apply(sweep.points_m.astype(np.float64))
        if sweep.scatter is not None:
            points = points[~sweep.scatter]
        when = sweep.offset_ns if sweep.scatter is None else sweep.offset_ns[~sweep.scatter]
        times, back = np.unique(when, return_inverse=True)
        share = times * 1e-9 / moment.duration_s if moment.duration_s > 0 else np.zeros(len(times))
        eyes = sensor_poses(moment, share.astype(np.float64), model.ego_from_lidar).translation_m[back.ravel()]
        _mark(inspection.moment.ego_start, eyes, points, crossed)
    return crossed


def camera_mask(inspection: Inspection, frames: tuple[CameraFrame, ...]) -> Bool[np.ndarray, "200 200 16"]:
    """Voxels between each camera, where it stood when each row was read, and what its pixels see.

    Where they see the sky, to the grid's end.
    """
    crossed = np.zeros(OCCUPANCY_SHAPE, dtype=bool)
    names = [model.name for model in inspection.opened.rig.cameras]
    for frame in frames:
        if frame.depth_m is None:
            continue
        index = names.index(frame.camera)
        seen = inspection.seen_by(index)
        ray = directions(seen.model, pixel_grid(seen.model))
        along = np.where(
            np.isfinite(frame.depth_m), frame.depth_m / np.where(ray[..., 2] == 0, 1.0, ray[..., 2]), 150.0
        )
        usable = np.isfinite(ray).all(axis=-1)
        rows = np.broadcast_to(np.arange(ray.shape[0])[:, None], usable.shape)[usable]
        slot = rows if seen.world_from_camera.shape[0] > 1 else np.zeros_like(rows)
        pose = seen.world_from_camera[slot]
        _mark(
            inspection.moment.ego_start, pose.translation_m, pose.apply(along[usable][:, None] * ray[usable]), crossed
        )
    return crossed


def _mark(world_from_ego: SE3, eyes_m: np.ndarray, points_m: np.ndarray, crossed: np.ndarray) -> None:
    """Marks what lies between eyes and points; a millimetre further, since a point lies on the face of its voxel."""
    way = points_m - eyes_m
    far = np.linalg.norm(way, axis=-1, keepdims=True)
    points = points_m + _PAST_M * way / np.maximum(far, 1e-9)
    kernels.march(
        np.ascontiguousarray(to_voxels(world_from_ego, eyes_m)),
        np.ascontiguousarray(to_voxels(world_from_ego, points)), crossed,
    )  # fmt: skip


def _flow(rollout: Rollout, step: int, inspection: Inspection, filled: _Filled) -> np.ndarray:
    """Velocity of the part of the actor that fills each voxel: v + w x r, in the axes of the ego."""
    flow = np.zeros((*OCCUPANCY_SHAPE, 2), np.float32)
    cells = np.argwhere(filled.actor > 0)
    if not len(cells):
        return flow
    ego = inspection.moment.ego_start
    who = filled.actor[tuple(cells.T)] - 1
    arm = ego.apply(voxel_centers(cells)) - rollout.world_from_actor.translation_m[step, who]
    rate = np.nan_to_num(rollout.yaw_rate_radps[step, who])
    velocity = np.nan_to_num(rollout.velocity_mps[step, who]).copy()
    velocity[:, 0] -= rate * arm[:, 1]
    velocity[:, 1] += rate * arm[:, 0]
    flow[tuple(cells.T)] = (velocity @ ego.rotation)[:, :2].astype(np.float32)
    return flow


__all__ = ["CLASS_OF_ACTOR", "CLASS_OF_SEMANTIC", "camera_mask", "inside_grid", "lidar_mask", "occupancy",
           "to_voxels", "voxel_centers"]  # fmt: skip
