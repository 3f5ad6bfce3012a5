"""Logs of the kernels as rollouts: poses on the sloping road, masks, events by name."""

import numpy as np
from jaxtyping import Bool, Float

from driving_data.geometry import SE3
from driving_data.messages import Message
from driving_data.rollout import Event, Rollout, SignalStates
from driving_data.taxonomy import ActorMode, Light
from sim_bridge.embedded.layout import (
    AX,
    AY,
    BRAKE_LOSS,
    EV_A,
    EV_ACTOR,
    EV_B,
    EV_C,
    EV_D,
    EV_E,
    EV_KIND,
    EV_OTHER,
    EV_STEP,
    EVENT_COLLISION,
    EVENT_DESPAWN,
    EVENT_FAILURE,
    EVENT_GOAL,
    EVENT_GRIP,
    EVENT_JACKKNIFE,
    EVENT_OFF_ROAD,
    EVENT_SIGNAL,
    EVENT_SPAWN,
    EVENT_TRIGGER,
    FLAT_FRONT,
    FLAT_REAR,
    GX,
    GY,
    LOG_COLUMNS,
    NUM_EVENTS,
    STEER,
    STEP,
    VX,
    VY,
    YAW,
    YAW_RATE,
    Batch,
    X,
    Y,
    Z,
)
from sim_bridge.embedded.modes import modes_of
from sim_bridge.embedded.triggered import sensor_faults, shown
from sim_bridge.embedded.worlds import WorldSpec

EVENT_NAMES = {
    EVENT_COLLISION: "collision",
    EVENT_OFF_ROAD: "off_road",
    EVENT_TRIGGER: "trigger",
    EVENT_SIGNAL: "signal_violation",
    EVENT_GOAL: "goal_reached",
    EVENT_DESPAWN: "despawn",
    EVENT_SPAWN: "spawn",
    EVENT_FAILURE: "failure",
    EVENT_GRIP: "grip_limit",
    EVENT_JACKKNIFE: "jackknife",
}
SIDES = ("front", "rear", "left", "right")


def surface_rotation(
    yaw_rad: Float[np.ndarray, "*batch"], slope_x: Float[np.ndarray, "*batch"], slope_y: Float[np.ndarray, "*batch"]
) -> Float[np.ndarray, "*batch 3 3"]:
    """Rotation of a body that stands on a plane z = slope_x x + slope_y y and heads along `yaw_rad` seen from above."""
    cos, sin = np.cos(yaw_rad), np.sin(yaw_rad)
    forward = np.stack([cos, sin, slope_x * cos + slope_y * sin], axis=-1)
    forward = forward / np.linalg.norm(forward, axis=-1, keepdims=True)
    up = np.stack([-slope_x, -slope_y, np.ones_like(slope_x)], axis=-1)
    up = up / np.linalg.norm(up, axis=-1, keepdims=True)
    return np.stack([forward, np.cross(up, forward), up], axis=-1)


def poses(log: Float[np.ndarray, "T C A"], height_m: Float[np.ndarray, "A"]) -> SE3:
    """Poses of box centres from logged columns, batch shape (T, A)."""
    rotation = surface_rotation(log[:, YAW], log[:, GX], log[:, GY])
    ground = np.stack([log[:, X], log[:, Y], log[:, Z]], axis=-1)
    return SE3(rotation, ground + 0.5 * height_m[:, None] * rotation[..., 2])


def leaned(upright: SE3, lean_rad: Float[np.ndarray, "T A"], height_m: Float[np.ndarray, "A"]) -> SE3:
    """The poses of bodies that lean to the left by `lean_rad` about their wheels' line on the ground."""
    cos, sin, zero, one = np.cos(lean_rad), np.sin(lean_rad), np.zeros_like(lean_rad), np.ones_like(lean_rad)
    # A lean to the left is a rotation about the forward axis by the opposite angle.
    rows = [np.stack(r, axis=-1) for r in ((one, zero, zero), (zero, cos, sin), (zero, -sin, cos))]
    rotation = upright.rotation @ np.stack(rows, axis=-2)
    half = 0.5 * height_m[:, None]
    ground = upright.translation_m - half * upright.rotation[..., 2]
    return SE3(rotation, ground + half * rotation[..., 2])


def along_surface(log: Float[np.ndarray, "T C A"], x: int, y: int) -> Float[np.ndarray, "T A 3"]:
    """A planar vector of the log with the vertical part that keeps it on the road surface."""
    return np.stack([log[:, x], log[:, y], log[:, GX] * log[:, x] + log[:, GY] * log[:, y]], axis=-1)


_TOLD = int(
    ActorMode.SIGN_STOP | ActorMode.SIGN_SLOW | ActorMode.WAVE_ON | ActorMode.DIRECT_LEFT | ActorMode.DIRECT_RIGHT
    | ActorMode.TRANSIT | ActorMode.OPERATIONAL
)  # fmt: skip


def make_rollout(spec: WorldSpec, batch: Batch, world: int, messages: tuple[Message, ...] = ()) -> Rollout:
    """What happened in one world so far."""
    count, steps = len(spec.actors), int(batch.run[world, STEP]) + 1
    log = np.array(batch.log[world, :steps, :LOG_COLUMNS, :count])
    valid = batch.log_valid[world, :steps, :count] == 1
    log = np.where(valid[:, None, :], log, np.nan)
    pose, steering = poses(log, spec.actors.size_m[:, 2]), log[:, STEER]
    if batch.log.shape[2] > LOG_COLUMNS:
        lean = np.where(valid, batch.log[world, :steps, LOG_COLUMNS, :count], np.nan)
        pose = leaned(pose, lean, spec.actors.size_m[:, 2])
        # Who leans needs less steering for the same bend: tan(delta) = L kappa cos(phi).
        steering = np.arctan(np.tan(steering) * np.cos(lean))
    signals = batch.log_signal[world, :steps, : len(spec.signal_ids)].astype(np.int64)
    velocity = along_surface(log, VX, VY)
    shown_modes, lamps = shown(spec.triggered, batch, world, (steps, count))
    lights = lights_where(batch.log_lights[world, :steps, :count] | lamps, valid)
    modes = modes_of(spec.modes, pose.translation_m, velocity, lights, valid)
    if shown_modes is not None:
        # What an actor is told to show at a time holds instead of what it shows otherwise.
        own = np.zeros_like(shown_modes) if modes is None else modes
        told = (shown_modes > 0) & valid
        modes = np.where(told, (own & ~np.uint16(_TOLD)) | shown_modes, own).astype(np.uint16)
    return Rollout(
        timestamps_ns=spec.timestamps_ns[:steps].copy(),
        actors=spec.actors,
        ego_index=spec.ego_index,
        world_from_actor=pose,
        velocity_mps=velocity,
        acceleration_mps2=along_surface(log, AX, AY),
        yaw_rate_radps=log[:, YAW_RATE],
        steering_rad=steering,
        lights=lights,
        valid=valid,
        signals=SignalStates(spec.signal_ids, signals),
        events=events_of(spec, batch, world),
        lane_map=spec.lane_map,
        environment=spec.environment,
        messages=messages,
        modes=modes,
        sensor_faults=sensor_faults(spec.sensor_faults, spec.triggered, batch, world),
    )


def lights_where(lights: np.ndarray, valid: Bool[np.ndarray, "T A"]) -> np.ndarray:
    """The lamps of those who exist; nobody else's burn."""
    return np.where(valid, lights, np.uint8(Light.NONE)).astype(np.uint8)


def events_of(spec: WorldSpec, batch: Batch, world: int) -> tuple[Event, ...]:
    """The events of one world by name, in time order."""
    rows = batch.events[world, : int(batch.run[world, NUM_EVENTS])]
    return tuple(event_of(spec, batch, world, row) for row in rows)


def failure_data(column: int, loss: float) -> dict[str, object]:
    """What broke and what is left of it."""
    if column in (FLAT_FRONT, FLAT_REAR):
        wheel = f"{'front' if column == FLAT_FRONT else 'rear'}_{'left' if loss >= 0.0 else 'right'}"
        return {"part": "tyre", "wheel": wheel, "remaining": 1.0 - abs(loss)}
    return {"part": "brakes" if column == BRAKE_LOSS else "steering", "remaining": 1.0 - loss}


def event_of(spec: WorldSpec, batch: Batch, world: int, row: Float[np.ndarray, "columns"]) -> Event:
    """One event from its row."""
    kind, step = int(row[EV_KIND]), int(row[EV_STEP])
    involved = tuple(spec.actors.ids[int(row[k])] for k in (EV_ACTOR, EV_OTHER) if row[k] >= 0)
    data: dict[str, object] = {}
    if kind == EVENT_COLLISION:
        data = {
            "impact_speed_mps": float(row[EV_A]),
            "relative_velocity_mps": [float(row[EV_B]), float(row[EV_C])],
            "side": SIDES[int(row[EV_D])],
            "closing_speed_mps": float(row[EV_E]),
        }
    elif kind == EVENT_FAILURE:
        data = failure_data(int(row[EV_A]), float(row[EV_B]))
    elif kind == EVENT_TRIGGER:
        data = {"trigger": spec.phase_labels[int(row[EV_A])]}
    elif kind == EVENT_SIGNAL:
        data = {"signal": spec.signal_ids[int(row[EV_A])], "speed_mps": float(row[EV_B])}
    return Event(int(spec.timestamps_ns[step]), EVENT_NAMES[kind], involved, data)
