"""The reference policy: IDM along the route; minds leaders, crossing actors, signals, limits and bends."""

from dataclasses import dataclass, field, fields
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from closed_loop.policies.corridor import (
    Corridor,
    corridor_of,
    crossing_window_s,
    curve_speed_mps,
    gap_m,
    in_corridor,
    limit_speed_mps,
    signal_gap_m,
)
from closed_loop.policies.lateral import SteeringParameters, steer
from closed_loop.policies.longitudinal import IdmParameters, idm_acceleration_mps2
from driving_data.ports import Control, Observation

DRY_FRICTION = 0.9


@dataclass(frozen=True, slots=True)
class IdmPolicyParameters:
    """How the policy drives.

    Attributes:
        following: car-following law.
        steering: route following.
        corridor_margin_m: the swath is the ego's width plus this on both sides.
        crossing_horizon_s: actors that will enter the swath within this time are minded.
        crossing_margin_s: an actor that has left this long before the ego arrives is passed behind.
        lateral_mps2: lateral acceleration that bends are taken with on a dry road.
        yellow_braking_mps2: one stops at yellow if this braking is enough.
    """

    following: IdmParameters = field(default_factory=IdmParameters)
    steering: SteeringParameters = field(default_factory=SteeringParameters)
    corridor_margin_m: float = 0.2
    crossing_horizon_s: float = 2.0
    crossing_margin_s: float = 0.5
    lateral_mps2: float = 2.5
    yellow_braking_mps2: float = 3.0


NUPLAN_FOLLOWING = IdmParameters(
    min_gap_m=1.0,
    headway_s=1.5,
    max_acceleration_mps2=1.0,
    comfortable_braking_mps2=3.0,
    exponent=4.0,
    hard_braking_mps2=3.0,
    gap_floor_m=1.0,
)


@dataclass(frozen=True, slots=True)
class NuplanIdmParameters:
    """The car-following law of nuPlan's IDM planner; its agents have `comfortable_braking_mps2` 2.0 instead.

    s0 1 m, T 1.5 s, a 1 m/s^2, b 3 m/s^2, delta 4; gaps below s0 count as s0; the command is cut to [-b, a].
    Source: nuplan-devkit e924167, idm_planner.yaml and idm_policy.py. Fields as in `IdmPolicyParameters`.
    """

    following: IdmParameters = NUPLAN_FOLLOWING
    steering: SteeringParameters = field(default_factory=SteeringParameters)
    corridor_margin_m: float = 0.2
    crossing_horizon_s: float = 2.0
    crossing_margin_s: float = 0.5
    lateral_mps2: float = 2.5
    yellow_braking_mps2: float = 3.0


class NuplanIdmPolicy:
    """`IdmPolicy` with the car-following parameters of nuPlan's IDM planner."""

    Parameters: ClassVar[type] = NuplanIdmParameters

    def __init__(self, parameters: NuplanIdmParameters | None = None) -> None:
        self.parameters = parameters or NuplanIdmParameters()
        chosen = {item.name: getattr(self.parameters, item.name) for item in fields(self.parameters)}
        self._drives = IdmPolicy(IdmPolicyParameters(**chosen))

    @property
    def name(self) -> str:
        """Name in reports."""
        return "idm_nuplan"

    def reset(self, num_worlds: int) -> None:
        """There is nothing to forget."""

    def act(self, observation: Observation) -> Control:
        """Keeps the route, the speed and the gaps."""
        return self._drives.act(observation)


class IdmPolicy:
    """Intelligent Driver Model with route following; no memory, so the same observation gives the same control."""

    Parameters: ClassVar[type] = IdmPolicyParameters

    def __init__(self, parameters: IdmPolicyParameters | None = None) -> None:
        self.parameters = parameters or IdmPolicyParameters()

    @property
    def name(self) -> str:
        """Name in reports."""
        return "idm"

    def reset(self, num_worlds: int) -> None:
        """There is nothing to forget."""

    def act(self, observation: Observation) -> Control:
        """Keeps the route, the speed and the gaps."""
        corridor = corridor_of(observation)
        return Control(
            idm_drive(observation, corridor, self.parameters), steer(observation, corridor, self.parameters.steering)
        )


def idm_drive(observation: Observation, corridor: Corridor, parameters: IdmPolicyParameters) -> Float[np.ndarray, "B"]:
    """Longitudinal command of the policy."""
    following = parameters.following
    grip = np.minimum(observation.road_friction / DRY_FRICTION, 1.0)
    desired = desired_speed_mps(observation, corridor, parameters, grip)
    gap, lead = leaders(corridor, parameters)
    stop = signal_gap_m(
        observation, corridor.speed_mps, parameters.yellow_braking_mps2, float(following.hard_braking_mps2)
    )
    gap = np.concatenate([gap, stop[:, None]], axis=1)
    lead = np.concatenate([lead, np.zeros((len(stop), 1))], axis=1)
    wished = idm_acceleration_mps2(corridor.speed_mps, desired, gap, lead, following)
    return np.clip(wished, -following.hard_braking_mps2 * grip, following.max_acceleration_mps2)


def desired_speed_mps(
    observation: Observation, corridor: Corridor, parameters: IdmPolicyParameters, grip: Float[np.ndarray, "B"]
) -> Float[np.ndarray, "B"]:
    """Least of the target, the limits ahead and what the bends ahead allow."""
    braking = 0.75 * parameters.following.comfortable_braking_mps2
    spacing = observation.route_spacing_m
    bends = curve_speed_mps(corridor.curvature_1pm, spacing, parameters.lateral_mps2, braking)
    limits = limit_speed_mps(observation.route_speed_limit_mps, spacing, braking)
    return np.minimum(np.minimum(observation.target_speed_mps, limits), bends * np.sqrt(grip))


def leaders(
    corridor: Corridor, parameters: IdmPolicyParameters
) -> tuple[Float[np.ndarray, "B A"], Float[np.ndarray, "B A"]]:
    """Gap to every actor that is, or soon will be, in the swath (inf for the rest), and its speed along the route."""
    gap = gap_m(corridor)
    inside = in_corridor(corridor, parameters.corridor_margin_m)
    crosses = will_cross(corridor, gap, parameters)
    # Who comes towards the ego is minded as if it stood: the law knows no leader with negative speed.
    lead = np.maximum(corridor.speed_along_mps, 0.0)
    return np.where(inside | crosses, gap, np.inf), lead


def will_cross(corridor: Corridor, gap: Float[np.ndarray, "B A"], parameters: IdmPolicyParameters) -> np.ndarray:
    """Who enters the swath soon and is still there when the ego arrives at its present speed, shape (B, A)."""
    enter, leave = crossing_window_s(corridor, parameters.corridor_margin_m)
    speed = np.maximum(corridor.speed_mps, 1.0)[:, None]
    passed = (gap + 2 * corridor.half_along_m + 2 * corridor.front_m[:, None]) / speed
    arrives, gone = gap / speed, passed
    soon = enter < parameters.crossing_horizon_s
    meets = (leave + parameters.crossing_margin_s > arrives) & (enter - parameters.crossing_margin_s < gone)
    ahead = corridor.s_m > corridor.front_m[:, None]
    return corridor.present & ahead & soon & meets
