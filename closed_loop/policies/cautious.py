"""The careful policy: IDM with longer headways, and braking for what constant velocity predicts in its corridor."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from closed_loop.policies.corridor import Corridor, corridor_of
from closed_loop.policies.idm import IdmPolicyParameters, idm_drive
from closed_loop.policies.lateral import steer
from closed_loop.policies.longitudinal import IdmParameters
from driving_data.ports import Control, Observation
from driving_data.taxonomy import PEDESTRIANS, VULNERABLE, ActorClass

_VULNERABLE = tuple(int(kind) for kind in VULNERABLE)
_SURPRISING = tuple(int(kind) for kind in (*PEDESTRIANS, ActorClass.ANIMAL))


def _careful() -> IdmPolicyParameters:
    return IdmPolicyParameters(
        following=IdmParameters(min_gap_m=2.5, headway_s=2.0, max_acceleration_mps2=1.5, hard_braking_mps2=8.0),
        corridor_margin_m=0.4,
        crossing_horizon_s=4.0,
        crossing_margin_s=1.0,
        lateral_mps2=2.0,
    )


@dataclass(frozen=True, slots=True)
class CautiousParameters:
    """How careful.

    Attributes:
        base: the IDM part, with longer headways.
        horizon_s: how far ahead everyone is predicted at constant velocity.
        step_s: step of the prediction.
        margin_m: side clearance that is kept from predicted places.
        vulnerable_margin_m: the same for people and two-wheelers.
        stop_margin_m: gap that is kept from a predicted conflict.
        act_mps2: braking begins once this much deceleration is needed.
        target_share: share of the target speed that is driven.
        roadside_m: people and animals this near to the swath are expected to step into it.
        roadside_braking_mps2: braking with which one could then still stop before them.
        roadside_reaction_s: reaction that this allows for.
        roadside_floor_mps: slower than this one need not pass them.
    """

    base: IdmPolicyParameters = field(default_factory=_careful)
    horizon_s: float = 4.0
    step_s: float = 0.2
    margin_m: float = 0.3
    vulnerable_margin_m: float = 0.8
    stop_margin_m: float = 2.0
    act_mps2: float = 1.5
    target_share: float = 0.95
    roadside_m: float = 3.0
    roadside_braking_mps2: float = 4.0
    roadside_reaction_s: float = 0.5
    roadside_floor_mps: float = 6.0


class CautiousPolicy:
    """Drives as IDM and brakes as hard as the nearest predicted conflict needs."""

    Parameters: ClassVar[type] = CautiousParameters

    def __init__(self, parameters: CautiousParameters | None = None) -> None:
        self.parameters = parameters or CautiousParameters()

    @property
    def name(self) -> str:
        """Name in reports."""
        return "cautious"

    def reset(self, num_worlds: int) -> None:
        """There is nothing to forget."""

    def act(self, observation: Observation) -> Control:
        """The lesser of what IDM wishes and what the prediction demands."""
        corridor = corridor_of(observation)
        base = self.parameters.base
        wished = idm_drive(observation, corridor, base)
        needed = conflict_deceleration_mps2(observation, corridor, self.parameters)
        limit = -base.following.hard_braking_mps2 * np.minimum(observation.road_friction / 0.9, 1.0)
        braking = np.where(needed >= self.parameters.act_mps2, -needed, np.inf)
        fast = corridor.speed_mps > self.parameters.target_share * observation.target_speed_mps
        calm = np.where(fast, np.minimum(wished, 0.0), wished)
        passing = roadside_acceleration_mps2(observation, corridor, self.parameters)
        return Control(
            np.maximum(np.minimum(np.minimum(calm, passing), braking), limit),
            steer(observation, corridor, base.steering),
        )


def roadside_acceleration_mps2(
    observation: Observation, corridor: Corridor, parameters: CautiousParameters
) -> Float[np.ndarray, "B"]:
    """Slows down so that one could stop if somebody at the roadside stepped out; inf where nobody stands there.

    Allowed speed: v t + v^2 / (2 b) = gap, so v = sqrt((b t)^2 + 2 b gap) - b t, at least the floor.
    """
    reach = corridor.half_across_m + corridor.half_width_m[:, None] + parameters.roadside_m
    leaves = corridor.d_m * corridor.speed_across_mps > 0.3 * np.abs(corridor.d_m)
    near = np.isin(observation.kind, _SURPRISING) & corridor.present & (np.abs(corridor.d_m) < reach) & ~leaves
    gap = corridor.s_m - corridor.half_along_m - corridor.front_m[:, None] - parameters.stop_margin_m
    grip = np.minimum(observation.road_friction / 0.9, 1.0)[:, None]
    braking, delay = parameters.roadside_braking_mps2 * grip, parameters.roadside_reaction_s
    allowed = np.sqrt((braking * delay) ** 2 + 2 * braking * np.maximum(gap, 0.0)) - braking * delay
    allowed = np.where(near & (gap > -2.0), np.maximum(allowed, parameters.roadside_floor_mps), np.inf)
    slowest = allowed.min(axis=1, initial=np.inf)
    return np.maximum((slowest - corridor.speed_mps) / 0.5, -3.0)


def conflict_deceleration_mps2(
    observation: Observation, corridor: Corridor, parameters: CautiousParameters
) -> Float[np.ndarray, "B"]:
    """Constant deceleration that avoids every predicted conflict; 0 where there is none.

    Each actor keeps its velocity along and across the route; the ego keeps its speed along it. Where their boxes
    (with margins) would overlap at time t, the ego must lose its closing speed over the gap that it has now:
    b = (v - w)^2 / (2 (gap - margin)) for a leader at speed w along the route, w = 0 for one that crosses.
    """
    time = np.arange(parameters.step_s, parameters.horizon_s + 1e-9, parameters.step_s)
    vulnerable = np.isin(observation.kind, _VULNERABLE)
    side = np.where(vulnerable, parameters.vulnerable_margin_m, parameters.margin_m)
    reach = corridor.half_across_m + corridor.half_width_m[:, None] + side
    across = corridor.d_m[..., None] + corridor.speed_across_mps[..., None] * time
    along = corridor.s_m[..., None] + corridor.speed_along_mps[..., None] * time
    speed = np.maximum(corridor.speed_mps, 0.0)
    front = corridor.front_m[:, None] + speed[:, None] * time
    half = corridor.half_along_m[..., None]
    ahead = corridor.s_m - corridor.half_along_m > corridor.front_m[:, None] - 0.5
    meets = (np.abs(across) < reach[..., None]) & (along - half < front[:, None] + parameters.stop_margin_m)
    meets &= along + half > front[:, None] - 2.0 * corridor.front_m[:, None, None]
    conflict = meets.any(axis=-1) & ahead & corridor.present
    gap = corridor.s_m - corridor.half_along_m - corridor.front_m[:, None] - parameters.stop_margin_m
    follows = np.abs(corridor.speed_across_mps) < 0.3 * np.abs(corridor.speed_along_mps)
    lead = np.where(follows, np.maximum(corridor.speed_along_mps, 0.0), 0.0)
    closing = np.maximum(speed[:, None] - lead, 0.0)
    needed = np.where(conflict, closing**2 / (2 * np.maximum(gap, 0.3)), 0.0)
    return np.minimum(needed.max(axis=1, initial=0.0), 12.0)
