"""Optical flow: how far what a pixel sees moves in the image until the camera looks again.

The point that a pixel's ray hits is static or rides rigidly on its actor, or on a wheel, a door or an arm of it (people
too: the swing of a walker's limbs is not part of the flow, since another pose of the gait is another mesh). The flow is
the difference of two projections of that point, into the camera as it stands at the frame's timestamp and as it stands
at the next look. With a global shutter the first is the pixel's centre. With a rolling shutter the point is where its
row's ray met it, and both projections use the pose at the middle of the readout, so the flow is that of two pictures
taken at once at the two timestamps, not of the skewed ones.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Int32

from driving_data.geometry import SE3
from driving_data.sensors import CameraModel
from generators.raytrace.articulation import part_poses
from generators.raytrace.cameras import geometry, motion_kernels
from generators.raytrace.moment import Moment, Opened, ego_later, later_actors
from generators.raytrace.tracer import Placed

_NEAR_M = 0.05  # as `geometry.project` has it


@dataclass(frozen=True, slots=True, eq=False)
class Onward:
    """Transforms (row-major 3 x 4, float32) into the camera: of the street (row 0) and of each instance.

    Attributes:
        now: from the tracer's or the actor's own coordinates into the camera at the frame's timestamp.
        then: the same at the next look.
    """

    now: Float32[np.ndarray, "J 12"]
    then: Float32[np.ndarray, "J 12"]


def onward(opened: Opened, moment: Moment, model: CameraModel, placed: Placed, camera_now: SE3) -> Onward:
    """Where everything is at the frame's timestamp and at the camera's next look."""
    period_s = 1.0 / (model.clock.rate_hz or opened.rig.rate_hz)
    camera_then = ego_later(opened, moment, period_s) @ model.ego_from_camera
    parts_now = moment.start.world_from_actor[placed.actor]
    parts_then = later_actors(moment, period_s)[placed.actor]
    moving = placed.part >= 0
    if moving.any():
        rows, until, share = placed.part[moving], moment.later or moment.end, 1.0
        if moment.later is None:
            share = period_s / moment.duration_s if moment.duration_s > 0.0 else 0.0
        local = part_poses(opened.traced.scene.parts, moment.start, until, np.array([0.0, share]))
        parts_now = _riding(parts_now, moving, local[0][rows])
        parts_then = _riding(parts_then, moving, local[1][rows])
    origin = opened.traced.origin_m
    return Onward(_into(camera_now, parts_now, origin), _into(camera_then, parts_then, origin))


def _riding(world_from_body: SE3, moving: Bool[np.ndarray, "I"], body_from_part: SE3) -> SE3:
    """Poses of all instances, of which those that move by themselves ride on their bodies."""
    rotation, place = world_from_body.rotation.copy(), world_from_body.translation_m.copy()
    made = world_from_body[moving] @ body_from_part
    rotation[moving], place[moving] = made.rotation, made.translation_m
    return SE3(rotation, place)


def _into(
    world_from_camera: SE3, world_from_part: SE3, origin_m: Float[np.ndarray, "3"]
) -> Float32[np.ndarray, "J 12"]:
    rotation = np.concatenate([np.eye(3)[None], world_from_part.rotation])
    translation = np.concatenate([origin_m[None], world_from_part.translation_m])
    made = world_from_camera.inverse() @ SE3(rotation, translation)
    table = np.concatenate([made.rotation, made.translation_m[..., None]], axis=-1)
    return np.ascontiguousarray(table.reshape(-1, 12), dtype=np.float32)


def flow_of(
    model: CameraModel,
    onward: Onward,
    placed: Placed,
    point: Float32[np.ndarray, "n p"],
    instance: Int32[np.ndarray, "n"],
    slot: Int32[np.ndarray, "n"],
    material: Int32[np.ndarray, "n"],
    seen_px: Float[np.ndarray, "n 2"] | None,
) -> Float32[np.ndarray, "n 2"]:
    """Flow of surface points; NaN for the sky and for what is behind the camera at either moment.

    `seen_px` is where the points are in the image now; None works it out (rolling shutter).
    """
    table = placed.instances.actor_from_world
    then, now = np.empty((len(point), 3), np.float32), np.empty((len(point), 3), np.float32)
    motion_kernels.carry(point, instance, slot, material, table, onward.then, then)
    if seen_px is None:
        motion_kernels.carry(point, instance, slot, material, table, onward.now, now)
        seen_px = _projected(model, now)
    return (_projected(model, then) - seen_px).astype(np.float32)


def _projected(model: CameraModel, points_m: Float32[np.ndarray, "n 3"]) -> Float[np.ndarray, "n 2"]:
    if model.model != "pinhole" or any(model.distortion):
        return geometry.project(model, points_m)[0]
    # The ideal lens needs no polynomial: a fifth of the time.
    z = np.where(points_m[:, 2] > _NEAR_M, points_m[:, 2], np.float32(np.nan))
    focal = np.array([model.fx_px, model.fy_px], np.float32)
    return points_m[:, :2] / z[:, None] * focal + np.array([model.cx_px, model.cy_px], np.float32)
