"""Seventeen keypoints of every person: where they are, where pictures show them, and whether they can be seen.

The points ride along with the triangles of the body (`Mesh.keypoints_m`): walkers, children, wheelchair users,
flaggers in the posture of their gesture, riders. In a picture each point is projected where and when its row is read.
A point is seen where the ray towards it meets nothing earlier than the person's own flesh around the point: joints lie
inside the limb, so a hit on the same actor up to `REACH_M` before the point still shows it; the head between the
camera and the nose, or the trunk before the far elbow, does not.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, UInt8

from driving_data.labels import KEYPOINTS, Keypoints
from generators.labels.look import Look
from generators.raytrace.assets.figure import STATURE_M
from generators.raytrace.inspection import Inspection, Seen, Shape

# How much of the own body may lie before a point of an adult: half as much again as the limb is thick there.
REACH_M = np.array([0.04, 0.045, 0.045, 0.04, 0.04, 0.11, 0.11, 0.08, 0.08, 0.13, 0.13, 0.19, 0.19, 0.10, 0.10,
                    0.10, 0.10])  # fmt: skip
NUM = len(KEYPOINTS)


def keypoints(looks: Sequence[Look]) -> Keypoints:
    """Keypoints of everybody at every look, and their projections into every picture that shows part of the rig's view.

    A picture has a row for a person where at least one point falls inside it.
    """
    step: list[int] = []
    actor: list[int] = []
    world: list[np.ndarray] = []
    frames: list[int] = []
    rows: list[int] = []
    pixels: list[np.ndarray] = []
    visible: list[np.ndarray] = []
    for look in looks:
        if look.inspection is None:
            continue
        views = [(number, _view_of(look.inspection, frame.camera)) for number, frame in look.frames]
        for shape in look.inspection.shapes():
            points = shape.mesh.keypoints_m
            if points is None:
                continue
            for number, view in views:
                pixel, state = seen_points(view, shape, points)
                if state.any():
                    frames.append(number)
                    rows.append(len(step))
                    pixels.append(pixel)
                    visible.append(state)
            step.append(look.step)
            actor.append(shape.actor)
            world.append(shape.world_from_mesh.apply(points))
    return Keypoints(
        np.array(step, np.int64), np.array(actor, np.int64), np.array(world).reshape(-1, NUM, 3).astype(np.float64),
        np.array(frames, np.int64), np.array(rows, np.int64),
        np.array(pixels).reshape(-1, NUM, 2).astype(np.float32), np.array(visible).reshape(-1, NUM).astype(np.uint8),
    )  # fmt: skip


def _view_of(inspection: Inspection, camera: str) -> Seen:
    names = [model.name for model in inspection.opened.rig.cameras]
    return inspection.seen_by(names.index(camera))


def seen_points(
    view: Seen, shape: Shape, points_m: Float[np.ndarray, "17 3"]
) -> tuple[Float[np.ndarray, "17 2"], UInt8[np.ndarray, "17"]]:
    """Image points (NaN where the lens cannot see them) and COCO's visibility: 0 outside, 1 hidden, 2 seen."""
    pixel, front, slot = view.project(points_m, shape.row)
    size = np.array([view.model.width_px, view.model.height_px])
    with np.errstate(invalid="ignore"):
        inside = front & np.all((pixel >= 0) & (pixel < size), axis=-1)
    state = inside.astype(np.uint8)
    if not inside.any():
        return pixel, state
    world = view.in_world(points_m, shape.row, slot)
    hits, far = view.first_hits(world, slot)
    low, high = shape.mesh.vertices_m[:, 2].min(), shape.mesh.vertices_m[:, 2].max()
    reach = REACH_M * max(float(high - low), 0.5) / STATURE_M
    own = np.zeros(NUM, dtype=bool)
    met = hits.instance >= 0
    own[met] = view.placed.actor[hits.instance[met]] == shape.actor
    near = hits.distance_m >= far - np.where(own, reach, 0.01)
    state[inside & near] = 2
    return pixel, state


__all__ = ["NUM", "REACH_M", "keypoints", "seen_points"]
