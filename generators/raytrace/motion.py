"""How surfaces move: the velocity of any point of an actor between two world states."""

import numpy as np
from jaxtyping import Float, Int

from driving_data.geometry import SE3
from driving_data.rollout import WorldState
from generators.raytrace.tracer import ending


def rigid_velocity_mps(
    start: WorldState, actor: Int[np.ndarray, "n"], point_m: Float[np.ndarray, "n 3"]
) -> Float[np.ndarray, "n 3"]:
    """Velocity in `world` of points of actors at a moment: v + yaw rate x lever arm; 0 for actor -1 (the street)."""
    moves = actor >= 0
    who = np.where(moves, actor, 0)
    arm = point_m - start.world_from_actor.translation_m[who]
    rate = np.nan_to_num(start.yaw_rate_radps)[who]
    spin = np.stack([-rate * arm[:, 1], rate * arm[:, 0], np.zeros(len(arm))], axis=-1)
    return np.where(moves[:, None], np.nan_to_num(start.velocity_mps)[who] + spin, 0.0)


def turn_radps(begin: SE3, finish: SE3, duration_s: float) -> Float[np.ndarray, "*n 3"]:
    """Constant angular velocity in `world` that turns each pose of `begin` into that of `finish`."""
    relative = finish.rotation @ np.swapaxes(begin.rotation, -1, -2)
    wxyz = SE3(relative, finish.translation_m).quaternion_wxyz()
    sine = np.linalg.norm(wxyz[..., 1:], axis=-1, keepdims=True)
    angle = 2.0 * np.arctan2(sine, wxyz[..., :1])
    return wxyz[..., 1:] / np.where(sine > 1e-12, sine, 1.0) * angle / duration_s


def swept_velocity_mps(
    start: WorldState,
    end: WorldState,
    actor: Int[np.ndarray, "n"],
    point_m: Float[np.ndarray, "n 3"],
    fraction: Float[np.ndarray, "n"],
) -> Float[np.ndarray, "n 3"]:
    """Velocity in `world` of points of actors as the tracer moves them from one state to the next.

    Args:
        start: where the motion begins.
        end: where it ends; at the time of `start`, that state's own velocities count.
        actor: index of each point's actor; -1 for the street.
        point_m: in `world`, at its own time.
        fraction: that time, as a fraction of the way.
    """
    duration_s = (end.timestamp_ns - start.timestamp_ns) * 1e-9
    if duration_s <= 0.0:
        return rigid_velocity_mps(start, actor, point_m)
    seen = np.unique(actor[actor >= 0])
    if len(seen) == 0:
        return np.zeros((len(actor), 3))
    begin, finish = start.world_from_actor[seen], ending(start, end)[seen]
    step, turn = finish.translation_m - begin.translation_m, turn_radps(begin, finish, duration_s)
    row = np.clip(np.searchsorted(seen, actor), 0, len(seen) - 1)
    arm = point_m - begin.translation_m[row] - fraction[:, None] * step[row]
    moving = step[row] / duration_s + np.cross(turn[row], arm)
    return np.where((actor >= 0)[:, None], moving, 0.0)
