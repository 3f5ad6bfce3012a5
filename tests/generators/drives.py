"""Small drives made by hand, for labels in words: boxes on a plane that move as told."""

import numpy as np

from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.rollout import Actors, Event, Rollout, SignalStates
from driving_data.taxonomy import ActorClass

DT_NS = 100_000_000
SIZES = {ActorClass.CAR: (4.5, 1.8, 1.5), ActorClass.PEDESTRIAN: (0.5, 0.6, 1.8), ActorClass.TRUCK: (9.0, 2.5, 3.6)}


def straight(start, velocity, steps=51, acceleration=(0.0, 0.0), from_step=0):
    """Places (T, 2) of something that keeps its acceleration from a step on, and never goes back along its way."""
    place, speed = np.array(start, dtype=float), np.array(velocity, dtype=float)
    rows = []
    for k in range(steps):
        rows.append(place.copy())
        if k >= from_step:
            faster = speed + 0.1 * np.array(acceleration)
            speed = faster if faster @ np.array(velocity) >= 0 else np.zeros(2)
        place = place + 0.1 * speed
    return np.array(rows)


def rollout(places, kinds=None, *, yaw=None, sizes=None, valid=None, lane_map=None, signals=None, events=(),
            messages=(), modes=None, ids=None):  # fmt: skip
    """A rollout of places (T, A, 2) by id; headings follow the motion, or stay as at the beginning."""
    ids = ids or list(places)
    place = np.stack([places[name] for name in ids], axis=1)
    steps, count = place.shape[:2]
    kinds = kinds or {}
    kind = [kinds.get(name, ActorClass.CAR) for name in ids]
    velocity = np.gradient(place, 0.1, axis=0)
    acceleration = np.gradient(velocity, 0.1, axis=0)
    heading = np.zeros((steps, count))
    for i, name in enumerate(ids):
        last = (yaw or {}).get(name, 0.0)
        for k in range(steps):
            if name not in (yaw or {}) and np.linalg.norm(velocity[k, i]) > 0.2:
                last = np.arctan2(velocity[k, i, 1], velocity[k, i, 0])
            heading[k, i] = last
    cos, sin, zero, one = np.cos(heading), np.sin(heading), np.zeros_like(heading), np.ones_like(heading)
    rotation = np.stack([cos, -sin, zero, sin, cos, zero, zero, zero, one], axis=-1).reshape(steps, count, 3, 3)
    size = np.array(
        [(sizes or {}).get(name, SIZES.get(k, SIZES[ActorClass.CAR])) for name, k in zip(ids, kind, strict=True)]
    )
    flat = np.zeros((steps, count, 1))
    here = np.ones((steps, count), dtype=bool) if valid is None else valid
    signals = signals or SignalStates((), np.zeros((steps, 0), dtype=np.int64))
    return Rollout(
        timestamps_ns=np.arange(steps, dtype=np.int64) * DT_NS,
        actors=Actors(tuple(ids), np.array([int(k) for k in kind]), size.astype(float), np.zeros(count)),
        ego_index=0,
        world_from_actor=SE3(rotation, np.concatenate([place, flat + 0.5 * size[None, :, 2:]], axis=-1)),
        velocity_mps=np.concatenate([velocity, flat], axis=-1),
        acceleration_mps2=np.concatenate([acceleration, flat], axis=-1),
        yaw_rate_radps=np.zeros((steps, count)),
        steering_rad=np.full((steps, count), np.nan),
        lights=np.zeros((steps, count), dtype=np.uint8),
        valid=here,
        signals=signals,
        events=tuple(events),
        lane_map=lane_map,
        environment=Environment(),
        messages=tuple(messages),
        modes=modes,
    )


__all__ = ["DT_NS", "Event", "rollout", "straight"]
