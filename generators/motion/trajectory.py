"""The ego's motion as a smooth function of time.

Places are a cubic spline through the rollout's moments (twice continuously differentiable, so that accelerations are
continuous), rotations the spline of scipy's `RotationSpline`, whose angular rates and angular accelerations are
continuous too. Two derivatives of a spline of step h are off by O(h^2) of the fourth derivative; where a rollout's
acceleration jumps, the spline rounds the corner within a step or two.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.interpolate import CubicSpline
from scipy.spatial.transform import Rotation, RotationSpline

from driving_data.geometry import SE3
from driving_data.rollout import Rollout

_MOST_STRETCHED = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """The motion of one point at N times.

    Attributes:
        world_from_body: pose, batch shape (N,).
        velocity_mps: in `world`, shape (N, 3).
        acceleration_mps2: in `world`, shape (N, 3).
        rate_radps: angular velocity in the body's axes, shape (N, 3).
    """

    world_from_body: SE3
    velocity_mps: Float[np.ndarray, "N 3"]
    acceleration_mps2: Float[np.ndarray, "N 3"]
    rate_radps: Float[np.ndarray, "N 3"]


def ego_motion(rollout: Rollout, times_ns: Int[np.ndarray, "N"], ego_from_body: SE3) -> Motion:
    """How a point that is fixed to the ego moves, with `a_p = a + alpha x r + omega x (omega x r)`.

    Args:
        rollout: what happened; the moments at which the ego exists are used.
        times_ns: at which.
        ego_from_body: mounting, one pose or one for each time.

    Raises:
        ValueError: the ego exists at no moment.
    """
    there = np.flatnonzero(rollout.valid[:, rollout.ego_index])
    if len(there) == 0:
        raise ValueError("the ego exists at no moment of the rollout; nothing can be measured")
    own = rollout.world_from_ego()[there]
    zero = int(rollout.timestamps_ns[there[0]])
    known, wanted = (rollout.timestamps_ns[there] - zero) * 1e-9, (times_ns - zero) * 1e-9
    if len(there) < 2:
        count = len(times_ns)
        still = np.zeros((count, 3))
        pose = SE3(np.repeat(own.rotation, count, axis=0), np.repeat(own.translation_m, count, axis=0))
        speed = np.repeat(rollout.velocity_mps[there, rollout.ego_index], count, axis=0)
        return Motion(pose @ ego_from_body, speed, still, still.copy())
    places = CubicSpline(known, own.translation_m)
    turns = RotationSpline(known, Rotation.from_matrix(own.rotation))
    rotation = turns(wanted).as_matrix()
    omega, alpha = np.asarray(turns(wanted, 1)), np.asarray(turns(wanted, 2))
    arm = np.broadcast_to(ego_from_body.translation_m, omega.shape)

    def turned(vector: np.ndarray) -> np.ndarray:
        return np.einsum("nij,nj->ni", rotation, vector)

    swing = np.cross(alpha, arm) + np.cross(omega, np.cross(omega, arm))
    body = np.swapaxes(np.broadcast_to(ego_from_body.rotation, rotation.shape), -1, -2)
    return Motion(
        SE3(rotation, places(wanted)) @ ego_from_body,
        places(wanted, 1) + turned(np.cross(omega, arm)),
        places(wanted, 2) + turned(swing),
        np.einsum("nij,nj->ni", body, omega),
    )
