"""Exact labels: boxes in space and in the pictures, from the same world state that the sensors saw."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Int, UInt16
from scipy import ndimage

from driving_data.geometry import box_corners, points_in_boxes
from driving_data.labels import Boxes2D, Boxes3D, Labels
from driving_data.rollout import Rollout
from driving_data.sensors import LidarSweep, SensorRig
from generators.labels.look import Look
from generators.raytrace.cameras.geometry import amodal_box_px


def make_labels(rollout: Rollout, rig: SensorRig, looks: Sequence[Look]) -> Labels:
    """Labels of every actor but the ego at every moment at which the rig looked."""
    return Labels(_boxes_3d(rollout, looks), _boxes_2d(rollout, rig, looks))


def count_points(rollout: Rollout, step: int, sweep: LidarSweep, actors: Int[np.ndarray, "n"]) -> Int[np.ndarray, "n"]:
    """Lidar points inside the boxes of these actors at that moment."""
    if len(sweep.points_m) == 0 or len(actors) == 0:
        return np.zeros(len(actors), np.int64)
    points = sweep.world_from_lidar.apply(sweep.points_m.astype(np.float64))
    counts = np.zeros(len(actors), np.int64)
    size = rollout.actors.size_m
    for row, actor in enumerate(actors):
        pose = rollout.world_from_actor[step, int(actor)]
        near = np.abs(points[:, :2] - pose.translation_m[:2]).max(axis=-1) <= 0.5 * np.linalg.norm(size[actor]) + 0.01
        if near.any():
            inside = points_in_boxes(points[near], pose[None], size[actor][None])
            counts[row] = int(inside.sum())
    return counts


def _boxes_3d(rollout: Rollout, looks: Sequence[Look]) -> Boxes3D:
    columns: list[tuple[np.ndarray, ...]] = []
    for look in looks:
        actors = np.flatnonzero(rollout.valid[look.step] & (np.arange(rollout.num_actors) != rollout.ego_index))
        points = np.full(len(actors), 0 if look.sweeps else -1, dtype=np.int64)
        for sweep in look.sweeps:
            points += count_points(rollout, look.step, sweep, actors)
        visible = np.full(len(actors), np.nan)
        if look.silhouettes is not None:
            alone = look.silhouettes.alone.sum(axis=0)[actors]
            seen = look.silhouettes.visible.sum(axis=0)[actors]
            visible = np.where(alone > 0, seen / np.maximum(alone, 1), np.nan)
        when = np.full(len(actors), rollout.timestamps_ns[look.step], dtype=np.int64)
        columns.append((when, np.full(len(actors), look.step, dtype=np.int64), actors, points, visible))
    when, step, actor, points, visible = _stacked(columns, 5)
    return Boxes3D(
        when.astype(np.int64), step.astype(np.int64), actor.astype(np.int64), points.astype(np.int64), visible
    )


def _boxes_2d(rollout: Rollout, rig: SensorRig, looks: Sequence[Look]) -> Boxes2D:
    columns: list[tuple[np.ndarray, ...]] = []
    cameras = {camera.name: index for index, camera in enumerate(rig.cameras)}
    for look in looks:
        for number, frame in look.frames:
            if frame.instance is None:
                continue
            index = cameras[frame.camera]
            rows = instance_boxes(frame.instance)
            camera_from_world = frame.world_from_camera.inverse()
            for actor, (box, pixels) in rows.items():
                pose = rollout.world_from_actor[look.step, actor]
                corners = camera_from_world.apply(box_corners(pose, rollout.actors.size_m[actor]))
                amodal = amodal_box_px(rig.cameras[index], corners)
                occlusion = np.nan
                if look.silhouettes is not None and look.silhouettes.alone[index, actor] > 0:
                    counts = look.silhouettes
                    occlusion = 1.0 - counts.visible[index, actor] / counts.alone[index, actor]
                whole = box if amodal is None else amodal
                columns.append(
                    (np.array([number]), np.array([actor]), box[None], whole[None], np.array([pixels]),
                     np.array([occlusion]))
                )  # fmt: skip
    frame_index, actor, visible, whole, pixels, occlusion = _stacked(columns, 6)
    return Boxes2D(
        frame_index.astype(np.int64),
        actor.astype(np.int64),
        visible.reshape(-1, 4).astype(np.float32),
        whole.reshape(-1, 4).astype(np.float32),
        pixels.astype(np.int64),
        occlusion,
    )


def instance_boxes(instance: UInt16[np.ndarray, "H W"]) -> Mapping[int, tuple[Float[np.ndarray, "4"], int]]:
    """By actor index: the tight box around its pixels (max exclusive) and their number."""
    counts = np.bincount(instance.ravel())
    boxes: dict[int, tuple[np.ndarray, int]] = {}
    for number, place in enumerate(ndimage.find_objects(instance.astype(np.int32)), start=1):
        if place is not None:
            rows, cols = place
            box = np.array([cols.start, rows.start, cols.stop, rows.stop], dtype=np.float64)
            boxes[number - 1] = (box, int(counts[number]))
    return boxes


def _stacked(columns: Sequence[tuple[np.ndarray, ...]], width: int) -> list[np.ndarray]:
    if not columns:
        return [np.zeros(0) for _ in range(width)]
    return [np.concatenate(column) for column in zip(*columns, strict=True)]


__all__ = ["Look", "count_points", "instance_boxes", "make_labels"]
