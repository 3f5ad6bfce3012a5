"""Scene flow: how what a pixel shows, or a lidar point lies on, moves in space.

Static things do not move in `world`; what belongs to an actor moves rigidly with it (the swing of limbs is left out,
as in `CameraFrame.flow_px`). So flow in the picture is the projection of scene flow, which a test holds them to.
"""

import numpy as np
from jaxtyping import Float, Float32, UInt16

from driving_data.geometry import SE3
from driving_data.rollout import Rollout
from driving_data.sensors import CameraFrame, CameraModel, LidarSweep
from generators.raytrace.cameras.geometry import directions, pixel_grid


def camera_points_m(model: CameraModel, frame: CameraFrame) -> Float[np.ndarray, "H W 3"]:
    """What each pixel shows, in `world`; NaN for the sky.

    For a global shutter; with a rolling one points are as the camera at the frame's timestamp would have them.

    Raises:
        ValueError: the frame has no depth.
    """
    if frame.depth_m is None:
        raise ValueError("points of a picture need its depth")
    ray = directions(model, pixel_grid(model))
    depth = np.where(np.isfinite(frame.depth_m), frame.depth_m, np.nan).astype(np.float64)
    return frame.world_from_camera.apply(ray / ray[..., 2:] * depth[..., None])


def camera_scene_flow_m(
    model: CameraModel, frame: CameraFrame, rollout: Rollout, step: int, later: int
) -> Float[np.ndarray, "H W 3"]:
    """How far what each pixel shows moves from one moment of the rollout to another, in `world`; NaN for the sky.

    Raises:
        ValueError: the frame has no depth or no instances.
    """
    if frame.instance is None:
        raise ValueError("scene flow of a picture needs its instances")
    points = camera_points_m(model, frame)
    return moved(points, frame.instance, rollout, step, later) - points


def moved(
    points_m: Float[np.ndarray, "*n 3"], instance: UInt16[np.ndarray, "*n"], rollout: Rollout, step: int, later: int
) -> Float[np.ndarray, "*n 3"]:
    """Points in `world` after they rode on their actors from one moment to another.

    An actor that is gone by then goes on at its velocity.
    """
    result = np.array(points_m, dtype=np.float64)
    dt = float(rollout.timestamps_ns[later] - rollout.timestamps_ns[step]) * 1e-9
    for number in np.unique(instance[instance > 0]):
        actor, rows = int(number) - 1, instance == number
        start, end = rollout.world_from_actor[step, actor], rollout.world_from_actor[later, actor]
        if rollout.valid[later, actor]:
            result[rows] = end.apply(start.inverse().apply(result[rows]))
        else:
            result[rows] += dt * np.nan_to_num(rollout.velocity_mps[step, actor])
    return result


def lidar_velocity_mps(sweep: LidarSweep, rollout: Rollout, step: int) -> Float32[np.ndarray, "N 3"]:
    """Velocity in `world` of what each point lies on: v + w x r of its actor's box centre; zero for what stands.

    The actor's centre is taken where it was when the beam fired.

    Raises:
        ValueError: the sweep has no instances.
    """
    if sweep.instance is None:
        raise ValueError("velocities of points need their instances")
    points = sweep.world_from_lidar.apply(sweep.points_m.astype(np.float64))
    velocity = np.zeros((len(points), 3))
    rows = np.flatnonzero(sweep.instance > 0)
    actor = sweep.instance[rows].astype(np.int64) - 1
    linear = np.nan_to_num(rollout.velocity_mps[step, actor])
    center = rollout.world_from_actor.translation_m[step, actor] + linear * (sweep.offset_ns[rows] * 1e-9)[:, None]
    arm, rate = points[rows] - center, np.nan_to_num(rollout.yaw_rate_radps[step, actor])
    velocity[rows] = linear + np.stack([-rate * arm[:, 1], rate * arm[:, 0], np.zeros(len(rows))], axis=-1)
    return velocity.astype(np.float32)


def at_timestamp(sweep: LidarSweep, rollout: Rollout, step: int) -> Float[np.ndarray, "N 3"]:
    """Points in `world` as they lay at the sweep's timestamp: what moves is carried back to it.

    A sweep is compensated for the motion of the ego only; a point on an actor lies where the actor was when the beam
    fired.
    """
    points = sweep.world_from_lidar.apply(sweep.points_m.astype(np.float64))
    if sweep.instance is None:
        return points
    for number in np.unique(sweep.instance[sweep.instance > 0]):
        actor, rows = int(number) - 1, sweep.instance == number
        pose, seconds = rollout.world_from_actor[step, actor], sweep.offset_ns[rows] * 1e-9
        yaw = np.nan_to_num(rollout.yaw_rate_radps[step, actor]) * seconds
        then = pose.translation_m + seconds[:, None] * np.nan_to_num(rollout.velocity_mps[step, actor])
        back = SE3.from_yaw(-yaw, np.zeros((len(yaw), 3)))
        points[rows] = pose.translation_m + back.apply(points[rows] - then)
    return points


__all__ = ["at_timestamp", "camera_points_m", "camera_scene_flow_m", "lidar_velocity_mps", "moved"]
