"""What every policy must do. Public: authors of plug-ins run `check_policy(make)` in their own tests."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np

from closed_loop.policies.batches import one_world
from driving_data.ports import Control, Observation, Policy
from driving_data.taxonomy import ActorClass, SignalState

MAX_ACCELERATION_MPS2 = 12.0
MAX_STEERING_RAD = 1.1


class ConformanceFailure(AssertionError):
    """A policy broke a rule of its port: `rule` and what was `found`."""

    def __init__(self, rule: str, found: str) -> None:
        self.rule = rule
        self.found = found
        super().__init__(f"{rule}: {found}")


def sample_observation(num_worlds: int, num_actors: int, seed: int) -> Observation:
    """Random but sensible worlds: a gently bending route, traffic around it, some actors absent (NaN)."""
    rng = np.random.Generator(np.random.Philox(key=seed))
    count, points = num_worlds, 60
    bend = rng.uniform(-0.02, 0.02, (count, 1))
    way = np.arange(points)[None] * 1.0
    heading = bend * way + rng.uniform(-np.pi, np.pi, (count, 1))
    steps = np.stack([np.cos(heading), np.sin(heading)], axis=-1)
    route = np.concatenate([np.zeros((count, 1, 2)), np.cumsum(steps, axis=1)[:, :-1]], axis=1)
    route += rng.uniform(-500, 500, (count, 1, 2))
    lateral = rng.uniform(-0.5, 0.5, count)
    normal = np.stack([-np.sin(heading[:, 0]), np.cos(heading[:, 0])], axis=-1)
    position = route[:, :1] + rng.uniform(-40, 40, (count, num_actors, 2))
    position[:, 0] = route[:, 0] + lateral[:, None] * normal + 1.35 * steps[:, 0]
    yaw = rng.uniform(-np.pi, np.pi, (count, num_actors))
    yaw[:, 0] = heading[:, 0]
    speed = rng.uniform(0, 15, (count, num_actors))
    velocity = speed[..., None] * np.stack([np.cos(yaw), np.sin(yaw)], axis=-1)
    valid = rng.random((count, num_actors)) < 0.8
    valid[:, 0] = True

    def masked(values: np.ndarray) -> np.ndarray:
        shape = valid.shape + (1,) * (values.ndim - 2)
        return np.where(valid.reshape(shape), values, np.nan)

    flat = np.zeros((count, num_actors, 1))
    kinds = np.array([int(kind) for kind in (ActorClass.CAR, ActorClass.PEDESTRIAN, ActorClass.TRUCK)])
    return Observation(
        time_s=np.zeros(count),
        position_m=masked(np.concatenate([position, flat], axis=-1)),
        yaw_rad=masked(yaw),
        velocity_mps=masked(np.concatenate([velocity, flat], axis=-1)),
        acceleration_mps2=masked(rng.normal(0, 1, (count, num_actors))),
        yaw_rate_radps=masked(rng.normal(0, 0.1, (count, num_actors))),
        size_m=np.broadcast_to(np.array([4.6, 1.85, 1.5]), (count, num_actors, 3)).copy(),
        kind=kinds[rng.integers(0, 3, (count, num_actors))],
        valid=valid,
        ego_index=np.zeros(count, dtype=np.int64),
        rear_axle_to_center_m=np.full(count, 1.35),
        wheelbase_m=np.full(count, 2.8),
        steering_rad=rng.uniform(-0.2, 0.2, count),
        route_m=np.concatenate([route, np.zeros((count, points, 1))], axis=-1),
        route_spacing_m=1.0,
        route_speed_limit_mps=np.full((count, points), 13.9),
        route_lateral_m=lateral,
        route_remaining_m=rng.uniform(0, 300, count),
        target_speed_mps=rng.uniform(5, 30, count),
        signal_distance_m=np.where(rng.random(count) < 0.5, rng.uniform(0, 60, count), np.inf),
        signal_state=rng.integers(0, len(SignalState), count),
        road_friction=rng.uniform(0.2, 1.0, count),
        done=np.zeros(count, dtype=bool),
    )


def check_policy(make: Callable[[], Policy], seed: int = 0) -> None:
    """Runs every rule of the port on random worlds.

    Shapes (B,); finite numbers; acceleration within 12 m/s^2 and steering within 1.1 rad; the observation is left as
    it was; the same observations after `reset` give the same bytes; each world is driven as it would be alone;
    a batch of one, and a world without other actors, are driven too.

    Raises:
        ConformanceFailure: with the rule that was broken and what was found.
    """
    policy = make()
    unchecked: Any = policy
    _require(isinstance(unchecked, Policy), "a policy has name, reset and act", type(unchecked).__name__)
    name: Any = unchecked.name
    _require(isinstance(name, str) and bool(name), "a policy has a name", repr(name))
    moments = [sample_observation(5, 7, seed + k) for k in range(4)]
    first = _drive(policy, moments)
    again = _drive(policy, moments)
    other = _drive(make(), moments)
    for here, there, elsewhere in zip(first, again, other, strict=True):
        _require(_same(here, there), "the same controls after reset", "they differ")
        _require(_same(here, elsewhere), "two policies of one make act alike", "they differ")
    _check_worlds_alone(make, moments, first)
    for moment in (sample_observation(1, 4, seed + 9), sample_observation(3, 1, seed + 10)):
        _drive(policy, [moment])


def _drive(policy: Policy, moments: list[Observation]) -> list[Control]:
    policy.reset(len(moments[0].done))
    controls: list[Control] = []
    for moment in moments:
        before = _copy(moment)
        control = policy.act(moment)
        _check_control(control, len(moment.done))
        _require(_unchanged(before, moment), "the observation is left as it was", "it was changed")
        controls.append(Control(np.array(control.acceleration_mps2), np.array(control.steering_rad)))
    return controls


def _check_control(control: Control, num_worlds: int) -> None:
    for name, bound in (("acceleration_mps2", MAX_ACCELERATION_MPS2), ("steering_rad", MAX_STEERING_RAD)):
        values: Any = getattr(control, name)
        _require(isinstance(values, np.ndarray), f"{name} is an array", type(values).__name__)
        _require(values.shape == (num_worlds,), f"{name} has shape ({num_worlds},)", str(values.shape))
        _require(bool(np.isfinite(values).all()), f"{name} is finite", str(values))
        _require(bool((np.abs(values) <= bound).all()), f"{name} is within {bound}", str(np.abs(values).max()))


def _check_worlds_alone(make: Callable[[], Policy], moments: list[Observation], together: list[Control]) -> None:
    for world in range(len(moments[0].done)):
        alone = _drive(make(), [one_world(moment, world) for moment in moments])
        for one, all_of_them in zip(alone, together, strict=True):
            expected = Control(
                all_of_them.acceleration_mps2[world : world + 1], all_of_them.steering_rad[world : world + 1]
            )
            close = np.allclose(one.acceleration_mps2, expected.acceleration_mps2, atol=1e-9)
            close &= np.allclose(one.steering_rad, expected.steering_rad, atol=1e-9)
            _require(bool(close), "a world is driven in a batch as it is alone", f"world {world} differs")


def _copy(observation: Observation) -> Observation:
    arrays = {
        field.name: getattr(observation, field.name).copy()
        for field in fields(observation)
        if isinstance(getattr(observation, field.name), np.ndarray)
    }
    return replace(observation, **arrays)


def _unchanged(before: Observation, after: Observation) -> bool:
    return all(
        getattr(before, field.name).tobytes() == getattr(after, field.name).tobytes()
        for field in fields(before)
        if isinstance(getattr(before, field.name), np.ndarray)
    )


def _same(one: Control, other: Control) -> bool:
    return (
        one.acceleration_mps2.tobytes() == other.acceleration_mps2.tobytes()
        and one.steering_rad.tobytes() == other.steering_rad.tobytes()
    )


def _require(holds: bool, rule: str, found: str) -> None:
    if not holds:
        raise ConformanceFailure(rule, found)
