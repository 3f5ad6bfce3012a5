"""Where the moving parts of actors are: wheels that roll and steer, arms at work, doors, and poses by mode.

Angles follow from the world state and the time alone, so that any moment can be made again: a wheel has turned by the
way along the actor's heading over its radius (no slip); an arm at work swings as rest + swing (1 - cos c) / 2 with
c = 2 pi (t / period + phase) while its actor is OPERATIONAL and rests otherwise; a drum turns on at a steady rate; a
door stands at rest + swing while DOOR_OPEN holds.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from driving_data.geometry import SE3
from driving_data.rollout import WorldState
from driving_data.taxonomy import ActorMode
from generators.raytrace.scene import Joint, MeshScene, Parts


@dataclass(frozen=True, slots=True, eq=False)
class PartBoxes:
    """Boxes of the moving parts of actors; they may reach beyond the box of their actor.

    Attributes:
        actor: index of the actor, shape (P,).
        name: what each part is: 'wheel', 'boom', 'door', ...
        world_from_box: pose of the box's centre, batch shape (P,).
        size_m: length, width, height along the part's own axes, shape (P, 3).
    """

    actor: Int[np.ndarray, "P"]
    name: tuple[str, ...]
    world_from_box: SE3
    size_m: Float[np.ndarray, "P 3"]


def modes_of(state: WorldState) -> Int[np.ndarray, "A"]:
    """`ActorMode` bits; none where the state says nothing."""
    if state.modes is None:
        return np.zeros(len(state.valid), dtype=np.int64)
    return state.modes.astype(np.int64)


def angles(parts: Parts, start: WorldState, end: WorldState, fraction: Float[np.ndarray, "S"]) -> np.ndarray:
    """Turn of each part about its axis at fractions of the way from `start` to `end`, shape (S, P)."""
    actor = parts.actor
    modes = modes_of(start)[actor]
    seconds = start.timestamp_ns * 1e-9 + fraction[:, None] * ((end.timestamp_ns - start.timestamp_ns) * 1e-9)
    heading = start.world_from_actor.rotation[actor, :, 0]
    place = start.world_from_actor.translation_m[actor]
    there = end.valid[actor, None]
    onwards = np.nan_to_num(start.velocity_mps[actor]) * ((end.timestamp_ns - start.timestamp_ns) * 1e-9)
    step = np.where(there, end.world_from_actor.translation_m[actor] - place, onwards)
    way = np.sum(np.nan_to_num(place) * heading, axis=-1) + fraction[:, None] * np.sum(
        np.nan_to_num(step) * heading, axis=-1
    )
    cycle = seconds / parts.period_s + parts.phase
    busy = (modes & ActorMode.OPERATIONAL) > 0
    opened = (modes & ActorMode.DOOR_OPEN) > 0
    still = np.zeros_like(way)
    rolling = np.isin(parts.joint, (Joint.ROLLS, Joint.STEERED))
    turn = np.where(rolling, np.mod(way / parts.radius_m, 2 * np.pi), still)
    turn = np.where(
        (parts.joint == Joint.WORKS) & busy, 0.5 * parts.swing_rad * (1.0 - np.cos(2 * np.pi * cycle)), turn
    )
    turn = np.where((parts.joint == Joint.TURNS) & busy, 2 * np.pi * np.mod(cycle, 1.0), turn)
    turn = np.where((parts.joint == Joint.OPENS) & opened, parts.swing_rad, turn)
    return parts.rest_rad + turn


def part_poses(parts: Parts, start: WorldState, end: WorldState, fraction: Float[np.ndarray, "S"]) -> SE3:
    """`actor_from_part` at fractions of the way, batch shape (S, P)."""
    turn = angles(parts, start, end, fraction)
    rotation = _about(parts.axis, turn)
    steered = parts.joint == Joint.STEERED
    if steered.any():
        steer = np.clip(np.nan_to_num(start.steering_rad[parts.actor[steered]]), -0.7, 0.7)
        rotation[:, steered] = _about(np.array([[0.0, 0.0, 1.0]]), steer[None, :]) @ rotation[:, steered]
    place = np.broadcast_to(parts.pivot_m, (*turn.shape, 3)).copy()
    for row in np.flatnonzero(parts.parent >= 0):
        carrier = int(parts.parent[row])
        place[:, row] = place[:, carrier] + np.einsum("sij,sj->si", rotation[:, carrier], place[:, row])
        rotation[:, row] = rotation[:, carrier] @ rotation[:, row]
    return SE3(rotation, place)


def _about(axis: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """Rotations (S, P, 3, 3) about unit axes (P, 3), by Rodrigues' formula."""
    x, y, z = np.moveaxis(np.broadcast_to(axis, (angle.shape[1], 3)), -1, 0)
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1).reshape(-1, 3, 3)
    sin, cos = np.sin(angle)[..., None, None], np.cos(angle)[..., None, None]
    return np.eye(3) + sin * cross + (1.0 - cos) * (cross @ cross)


def body_meshes(scene: MeshScene, state: WorldState) -> Int[np.ndarray, "A"]:
    """The mesh that each actor shows: of its gait by its way along its heading, or of a posture by its mode."""
    position = state.world_from_actor.translation_m
    heading = state.world_from_actor.rotation[:, :, 0]
    way = np.nan_to_num(np.sum(position * heading, axis=-1))
    num_frames = scene.asset_frames.shape[1]
    stride = np.where(scene.stride_m > 0, scene.stride_m, np.inf)
    gait = way / stride + 0.37 * np.arange(len(way))
    frame = np.floor(gait * num_frames).astype(np.int64) % num_frames
    chosen = scene.asset_frames[np.arange(len(way)), frame]
    modes, seconds = modes_of(state), state.timestamp_ns * 1e-9
    postures = scene.postures
    for row in reversed(range(len(postures.actor))):
        actor = int(postures.actor[row])
        if modes[actor] & int(postures.mode[row]):
            period = float(postures.period_s[row])
            share = seconds / period if period > 0 else float(gait[actor])
            count = int(postures.count[row])
            chosen[actor] = int(postures.first[row]) + int(np.floor(share * count)) % count
    return chosen


def part_boxes(scene: MeshScene, state: WorldState) -> PartBoxes:
    """Boxes of all moving parts of the actors that exist, in `world`."""
    parts = scene.parts
    rows = np.flatnonzero(state.valid[parts.actor]) if len(parts.actor) else np.zeros(0, dtype=np.int64)
    local = part_poses(parts, state, state, np.zeros(1))[0][rows]
    world = state.world_from_actor[parts.actor[rows]] @ local
    low = np.array([scene.assets[k].vertices_m.min(axis=0) for k in parts.asset[rows]], dtype=np.float64)
    high = np.array([scene.assets[k].vertices_m.max(axis=0) for k in parts.asset[rows]], dtype=np.float64)
    low, high = low.reshape(-1, 3), high.reshape(-1, 3)
    center = world.apply(0.5 * (low + high))
    return PartBoxes(parts.actor[rows], tuple(parts.name[row] for row in rows), SE3(world.rotation, center), high - low)
