"""Any policy under the guard of responsibility-sensitive safety."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Bool, Float

from closed_loop.policies.corridor import Corridor, corridor_of
from closed_loop.policies.lateral import MAX_STEERING_RAD
from closed_loop.policies.pid import Clock
from closed_loop.policies.rss import PEDESTRIAN, RssDynamics, RssState, rss_state
from closed_loop.registry import make_policy
from driving_data.ports import Control, Observation, Policy


@dataclass(frozen=True, slots=True)
class RssGuardedParameters:
    """Whom to guard, and what everybody may do.

    Attributes:
        inner: name of the guarded policy, as `make_policy` takes it.
        inner_parameters: its parameters.
        vehicle: of the ego and of everybody but people.
        pedestrian: of people.
        wait_s: the proper response begins so long after a situation became dangerous, and until then the guarded
            policy drives, but accelerates no harder than allowed; None for the response time, the latest moment that
            the model permits. 0 responds at once.
        lateral: whether the response may be across the route at all.
        step_s: control period that is assumed in the first step, before two times are known.
    """

    inner: str = "idm"
    inner_parameters: Mapping[str, Any] = field(default_factory=lambda: {})
    vehicle: RssDynamics = field(default_factory=RssDynamics)
    pedestrian: RssDynamics = PEDESTRIAN
    wait_s: float | None = None
    lateral: bool = True
    step_s: float = 0.1


class RssGuardedPolicy:
    """Drives as the guarded policy while no situation is dangerous, and else responds properly.

    A situation (one actor) is dangerous while the distances along and across the route are both too small. Which
    response is proper is decided when it becomes dangerous: along the route if the distance along was safe until
    then, across if that was, both if both were (or at the first sight of it). It lasts until the situation is no
    longer dangerous; then the guarded policy drives again.
    Along: brake by at least b_min (the guarded policy may brake harder). Across: no acceleration towards the actor, and
    while the ego moves towards it, at least b_lat away from it.
    """

    Parameters: ClassVar[type] = RssGuardedParameters

    def __init__(self, parameters: RssGuardedParameters | None = None, inner: Policy | None = None) -> None:
        chosen = parameters or RssGuardedParameters()
        self.inner: Policy = inner or make_policy(chosen.inner, chosen.inner_parameters)
        self.parameters = chosen if inner is None else replace(chosen, inner=inner.name, inner_parameters={})
        self._clock = Clock()
        self._forget((0, 0))

    @property
    def name(self) -> str:
        """Name in reports."""
        return f"rss_guarded({self.inner.name})"

    def reset(self, num_worlds: int) -> None:
        """Resets the guarded policy and forgets every situation."""
        self.inner.reset(num_worlds)
        self._clock.reset()
        self._forget((0, 0))

    def act(self, observation: Observation) -> Control:
        """What the guarded policy wishes, within what is proper."""
        wished, corridor = self.inner.act(observation), corridor_of(observation)
        if self._since_s.shape != corridor.present.shape:
            self._forget(corridor.present.shape)
        dt = self._clock.tick(observation.time_s)
        dt = np.where(dt > 0, dt, self.parameters.step_s)[:, None]
        p = self.parameters
        state = rss_state(observation, corridor, p.vehicle, p.pedestrian)
        begins = state.dangerous & ~self._danger
        # Who is seen for the first time was safe both ways until then.
        self._along = np.where(begins, ~self._near_along, self._along & state.dangerous)
        self._across = np.where(begins, ~self._near_across, self._across & state.dangerous)
        self._since_s = np.where(begins, 0.0, self._since_s + dt)
        self._danger, self._near_along, self._near_across = state.dangerous, state.near_along, state.near_across
        wait = p.vehicle.response_s if p.wait_s is None else p.wait_s
        acts = state.dangerous & (self._since_s >= wait - 1e-9)
        return self._response(observation, corridor, wished, state, acts)

    def _forget(self, shape: tuple[int, ...]) -> None:
        self._danger, self._along, self._across = np.zeros((3, *shape), dtype=bool)
        self._near_along, self._near_across = np.zeros((2, *shape), dtype=bool)
        self._since_s = np.zeros(shape)

    def _response(
        self, observation: Observation, corridor: Corridor, wished: Control, state: RssState, acts: np.ndarray
    ) -> Control:
        p = self.parameters
        grip = np.minimum(observation.road_friction / 0.9, 1.0)
        brakes = (acts & self._along).any(axis=1)
        least = -p.vehicle.min_braking_mps2 * np.minimum(grip * 8.0 / p.vehicle.min_braking_mps2, 1.0)
        acceleration = np.where(
            state.dangerous.any(axis=1),
            np.minimum(wished.acceleration_mps2, p.vehicle.max_acceleration_mps2),
            wished.acceleration_mps2,
        )
        acceleration = np.where(brakes & (corridor.speed_mps > 0), np.minimum(acceleration, least), acceleration)
        steering = np.asarray(wished.steering_rad, dtype=np.float64)
        if p.lateral:
            for side in (1.0, -1.0):
                guarded = (acts & self._across & (state.side == side)).any(axis=1)
                steering = guarded_steering_rad(observation, corridor, steering, guarded, side, p.vehicle)
        return Control(acceleration, np.clip(steering, -MAX_STEERING_RAD, MAX_STEERING_RAD))


def guarded_steering_rad(
    observation: Observation,
    corridor: Corridor,
    wished_rad: Float[np.ndarray, "B"],
    guarded: Bool[np.ndarray, "B"],
    side: float,
    ego: RssDynamics,
) -> Float[np.ndarray, "B"]:
    """The wished angle, turned away from `side` (1 left, -1 right) as far as the lateral response needs.

    Across the route the ego accelerates by v^2 (tan(delta) / L - curvature). Towards the side that is at most
    -b_lat while the ego moves that way, else at most 0.
    """
    speed = np.maximum(corridor.speed_mps, 1.0)
    towards = side * corridor.speed_mps * np.sin(corridor.heading_error_rad)
    most = np.where(towards > 1e-3, -ego.lateral_braking_mps2, 0.0)
    limit = np.arctan(observation.wheelbase_m * (corridor.curvature_1pm[:, 0] + side * most / speed**2))
    turned = np.minimum(wished_rad, limit) if side > 0 else np.maximum(wished_rad, limit)
    return np.where(guarded, turned, wished_rad)
