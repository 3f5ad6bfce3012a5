"""Augmented segments: effects laid over what was seen, labels checked again, the history written down."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool

from driving_data.geometry import SE3, points_in_boxes
from driving_data.labels import Boxes2D, Boxes3D, Labels
from driving_data.plain import to_plain
from driving_data.provenance import Step
from driving_data.rollout import Rollout
from driving_data.segment import Raw, Segment, Source
from driving_data.sensors import CameraFrame, CameraModel, LidarSweep
from driving_data.taxonomy import VEHICLES
from generators.effects.atmosphere import LN_20
from generators.effects.depth import frame_depth_m
from generators.effects.image import Shot, apply_effect
from generators.effects.kinds import Effect, Fog, Night, Rain, Snow, changed_environment, draw_effects, effect_draws
from generators.effects.points import added_extinction_per_m, attenuated
from generators.faults.reliability import refreshed
from generators.generate import environment_tags, segment_id
from generators.labels.boxes import instance_boxes
from generators.raytrace.cameras.geometry import project

VERSION = "1.0.0"
_CONTRAST = 0.05
_NEAR_NS = 60_000_000


def augment(
    segment: Segment[Raw], effects: str | Sequence[Effect], seed: int, step: Step | None = None
) -> Segment[Raw]:
    """The segment under other weather, light or camera.

    Works with and without depth, instances, lidar and labels, so for real logs too. Pixels of which fog leaves less
    than 5 % of the contrast no longer count as visible: boxes around them shrink or go, visible fractions fall. The
    same segment, effects and seed give the same bytes and the same id. Physics-based: the generation depth stays.

    Args:
        segment: what was seen.
        effects: what is laid over it, in this order; a name of `kinds.READY` draws from that space with the seed.
        seed: of the draws, drops and noise.
        step: what the caller signs before this step: its recipe.
    """
    if isinstance(effects, str):
        effects = draw_effects(effects, seed, 0)
    rollout = replace(segment.rollout, environment=changed_environment(segment.rollout.environment, effects))
    cameras = {camera.name: camera for camera in segment.rig.cameras}
    frames: list[CameraFrame] = []
    lost: list[np.ndarray] = []
    for number, frame in enumerate(segment.frames):
        rng = np.random.Generator(np.random.Philox(key=[seed % 2**64, number]))
        changed, gone = _frame(segment, frame, cameras[frame.camera], effects, rng)
        frames.append(changed)
        lost.append(gone)
    sweeps, kept = _sweeps(segment, effects, seed)
    labels = _labels(segment, frames, lost, kept, effects)
    if labels is not None and labels.reliability is not None:
        trust = refreshed(labels.reliability, segment.rig, rollout.environment, frames)
        labels = replace(labels, reliability=trust)
    mine = Step(
        "generators.effects",
        VERSION,
        {"seed": seed, "effects": [to_plain(effect) for effect in effects]},
        effect_draws(effects),
    )
    history = replace(segment.provenance, parents=(segment.segment_id,), hashes={})
    provenance = (history if step is None else history.signed(step)).signed(mine)
    return replace(
        segment,
        segment_id=segment_id(provenance),
        source=Source.AUGMENTED,
        rollout=rollout,
        provenance=provenance,
        frames=tuple(frames),
        sweeps=sweeps,
        labels=labels,
        tags=environment_tags(segment.tags, rollout.environment),
        embeddings={},
        report=None,
    )


def _frame(
    segment: Segment[Raw], frame: CameraFrame, model: CameraModel, effects: Sequence[Effect], rng: np.random.Generator
) -> tuple[CameraFrame, Bool[np.ndarray, "H W"]]:
    """The changed picture, and the pixels of which nothing is to be seen any more."""
    depth = np.zeros(frame.rgb.shape[:2], np.float32)
    if any(isinstance(effect, (Fog, Rain, Snow, Night)) for effect in effects):
        depth = frame_depth_m(frame, model, _nearest(segment.sweeps, frame.timestamp_ns))
    step = _nearest_step(segment.rollout, frame.timestamp_ns)
    speed = float(np.linalg.norm(np.nan_to_num(segment.rollout.velocity_mps[step, segment.rollout.ego_index])))
    lamps = np.zeros((0, 4))
    if any(isinstance(effect, Night) for effect in effects):
        lamps = lamps_px(segment.rollout, step, frame, model, depth)
    shot = Shot(model, depth, speed, lamps)
    rgb = frame.rgb
    through = np.ones(depth.shape)
    for effect in effects:
        rgb = apply_effect(rgb, effect, shot, rng)
        if isinstance(effect, Fog):
            through = through * np.exp(-LN_20 / effect.visibility_m * depth)
    return replace(frame, rgb=rgb), through < _CONTRAST


def lamps_px(rollout: Rollout, step: int, frame: CameraFrame, model: CameraModel, depth_m: np.ndarray) -> np.ndarray:
    """Head and tail lamps of other vehicles that face the camera unhidden: column, row, radius in pixels, red."""
    rows: list[tuple[float, float, float, float]] = []
    camera_from_world = frame.world_from_camera.inverse()
    for actor in np.flatnonzero(rollout.valid[step]):
        if actor == rollout.ego_index or rollout.actors.kind_of(int(actor)) not in VEHICLES:
            continue
        pose: SE3 = rollout.world_from_actor[step, int(actor)]
        length, width, height = rollout.actors.size_m[actor]
        for end, red in ((0.5, 0.0), (-0.5, 1.0)):
            places = np.array([[end * length, side * width, -0.1 * height] for side in (-0.38, 0.38)])
            here = camera_from_world.apply(pose.apply(places))
            facing = camera_from_world.rotate(pose.rotate(np.array([np.sign(end), 0.0, 0.0])))
            pixel, front = project(model, here)
            for k in range(2):
                distance = float(np.linalg.norm(here[k]))
                if not front[k] or float(facing @ here[k]) > -0.1 * distance or distance > 120.0:
                    continue
                u, v = pixel[k]
                if not (0 <= u < model.width_px and 0 <= v < model.height_px):
                    continue
                if depth_m[int(v), int(u)] < distance - 2.0:
                    continue
                rows.append((float(u), float(v), 0.09 * model.fx_px / distance + 0.5, red))
    return np.array(rows).reshape(-1, 4)


def _nearest(sweeps: Sequence[LidarSweep], timestamp_ns: int) -> LidarSweep | None:
    near = [sweep for sweep in sweeps if abs(sweep.timestamp_ns - timestamp_ns) <= 2 * _NEAR_NS]
    return min(near, key=lambda sweep: abs(sweep.timestamp_ns - timestamp_ns), default=None)


def _nearest_step(rollout: Rollout, timestamp_ns: int) -> int:
    return int(np.argmin(np.abs(rollout.timestamps_ns - timestamp_ns)))


def _sweeps(
    segment: Segment[Raw], effects: Sequence[Effect], seed: int
) -> tuple[tuple[LidarSweep, ...], list[np.ndarray]]:
    alpha = added_extinction_per_m(effects)
    if alpha == 0.0:
        return segment.sweeps, [np.ones(len(sweep.points_m), dtype=bool) for sweep in segment.sweeps]
    changed: list[LidarSweep] = []
    kept: list[np.ndarray] = []
    for number, sweep in enumerate(segment.sweeps):
        rng = np.random.Generator(np.random.Philox(key=[seed % 2**64, 2**32 + number]))
        thinner, left = attenuated(sweep, segment.rig.lidar(sweep.lidar), alpha, rng)
        changed.append(thinner)
        kept.append(left)
    return tuple(changed), kept


def _labels(
    segment: Segment[Raw],
    frames: Sequence[CameraFrame],
    lost: Sequence[np.ndarray],
    kept: Sequence[np.ndarray],
    effects: Sequence[Effect],
) -> Labels | None:
    if segment.labels is None:
        return None
    share, boxes_2d = _boxes_2d(segment, segment.labels.boxes_2d, frames, lost)
    boxes_3d = _boxes_3d(segment, segment.labels.boxes_3d, kept, share, effects)
    return replace(segment.labels, boxes_3d=boxes_3d, boxes_2d=boxes_2d)


def _boxes_2d(
    segment: Segment[Raw], boxes: Boxes2D, frames: Sequence[CameraFrame], lost: Sequence[np.ndarray]
) -> tuple[Mapping[tuple[int, int], tuple[float, float]], Boxes2D]:
    """Pixels left and before of each (moment, actor), over all cameras; and the 2D boxes of what is left."""
    visible, pixels = boxes.visible_px.copy(), boxes.num_pixels.copy()
    stays, shares = np.ones(len(pixels), dtype=bool), np.ones(len(pixels))
    counts: dict[tuple[int, int], tuple[float, float]] = {}
    for number, frame in enumerate(frames):
        rows = np.flatnonzero(boxes.frame == number)
        left = None
        if frame.instance is not None and lost[number].any():
            left = instance_boxes(np.where(lost[number], np.uint16(0), frame.instance))
        for row in rows:
            actor = int(boxes.actor[row])
            if left is not None:
                box, count = left.get(actor, (None, 0))
                pixels[row] = count
                shares[row] = count / max(int(boxes.num_pixels[row]), 1)
                stays[row] = count > 0
                if box is not None:
                    visible[row] = box
            elif frame.instance is None and lost[number].any():
                part = _lost_share(boxes, int(row), lost[number])
                if pixels[row] >= 0:
                    pixels[row] = round(int(boxes.num_pixels[row]) * (1.0 - part))
                shares[row] = 1.0 - part
                stays[row] = part < 0.9
            key = (frame.timestamp_ns, actor)
            was, now = counts.get(key, (0.0, 0.0))
            size = float(max(int(boxes.num_pixels[row]), 1))
            counts[key] = (was + size, now + (size * float(shares[row]) if stays[row] else 0.0))
    occlusion = 1.0 - (1.0 - boxes.occlusion) * shares
    return counts, Boxes2D(
        boxes.frame[stays], boxes.actor[stays], visible[stays], boxes.amodal_px[stays], pixels[stays], occlusion[stays]
    )


def _lost_share(boxes: Boxes2D, row: int, lost: Bool[np.ndarray, "H W"]) -> float:
    """Share of lost pixels in a 2D box: the visible one, or the amodal one where a real log has no other."""
    box = boxes.visible_px[row]
    box = box if np.isfinite(box).all() else boxes.amodal_px[row]
    if not np.isfinite(box).all():
        return 0.0
    x0, y0, x1, y1 = np.clip(np.round(box), 0, max(lost.shape)).astype(int)
    gone = lost[y0:y1, x0:x1]
    return float(gone.mean()) if gone.size else 0.0


def _boxes_3d(
    segment: Segment[Raw],
    boxes: Boxes3D,
    kept: Sequence[np.ndarray],
    share: Mapping[tuple[int, int], tuple[float, float]],
    effects: Sequence[Effect],
) -> Boxes3D:
    """The boxes with the points that are left in them and the visible fractions that are left."""
    points = boxes.num_lidar_points.copy()
    visible = boxes.visible_fraction.copy()
    ranges = [effect.visibility_m for effect in effects if isinstance(effect, Fog)]
    gone = _lost_points(segment, kept)
    for row in range(len(points)):
        when, step, actor = int(boxes.timestamp_ns[row]), int(boxes.step[row]), int(boxes.actor[row])
        pose = segment.rollout.world_from_actor[step, actor]
        if points[row] > 0:
            sweep_points = gone.get(when)
            if sweep_points is not None and len(sweep_points):
                size = segment.rollout.actors.size_m[actor][None]
                inside = points_in_boxes(sweep_points, pose[None], size)
                points[row] = max(0, int(points[row]) - int(inside.sum()))
        was, now = share.get((when, actor), (0.0, 0.0))
        if was > 0:
            visible[row] *= now / was
        elif ranges and not segment.frames:
            ego = segment.rollout.world_from_actor.translation_m[step, segment.rollout.ego_index]
            visible[row] *= float(np.linalg.norm(pose.translation_m - ego) < min(ranges))
    return replace(boxes, num_lidar_points=points, visible_fraction=visible)


def _lost_points(segment: Segment[Raw], kept: Sequence[np.ndarray]) -> Mapping[int, np.ndarray]:
    """In `world`, by labelled moment: the points that the nearest sweep lost."""
    gone: dict[int, np.ndarray] = {}
    if segment.labels is None or not segment.sweeps:
        return gone
    for when in np.unique(segment.labels.boxes_3d.timestamp_ns):
        parts = [
            sweep.world_from_lidar.apply(sweep.points_m[~left].astype(np.float64))
            for sweep, left in zip(segment.sweeps, kept, strict=True)
            if abs(sweep.timestamp_ns - int(when)) <= _NEAR_NS // 2
        ]
        if parts:
            gone[int(when)] = np.concatenate(parts)
    return gone
