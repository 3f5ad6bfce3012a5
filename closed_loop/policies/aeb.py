"""Autonomous emergency braking around any policy: full braking when the boxes would soon touch."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from closed_loop.metrics.boxes import contact_interval_s
from closed_loop.policies.constant_speed import ConstantSpeedPolicy
from closed_loop.policies.corridor import corridor_of, ego_of
from driving_data.ports import Control, Observation, Policy


@dataclass(frozen=True, slots=True)
class AebParameters:
    """When and how hard it brakes.

    Attributes:
        trigger_s: brakes while the boxes would touch within this time, or within the time that stopping takes if that
            is longer, at most `max_trigger_s`.
        max_trigger_s: bound of the above.
        braking_mps2: on a dry road, a magnitude.
        widen_m: the ego's box is grown by this on both sides.
    """

    trigger_s: float = 1.0
    max_trigger_s: float = 2.0
    braking_mps2: float = 9.0
    widen_m: float = 0.1


class AebPolicy:
    """Another policy, overruled in emergencies. It wraps `constant_speed` unless it is given one."""

    Parameters: ClassVar[type] = AebParameters

    def __init__(self, parameters: AebParameters | None = None, inner: Policy | None = None) -> None:
        self.parameters = parameters or AebParameters()
        self.inner: Policy = inner or ConstantSpeedPolicy()

    @property
    def name(self) -> str:
        """Name in reports."""
        return f"aeb({self.inner.name})"

    def reset(self, num_worlds: int) -> None:
        """Resets the wrapped policy."""
        self.inner.reset(num_worlds)

    def act(self, observation: Observation) -> Control:
        """What the wrapped policy wants, unless a contact is near."""
        wished = self.inner.act(observation)
        braking = self.parameters.braking_mps2 * np.minimum(observation.road_friction / 0.9, 1.0)
        speed = np.maximum(corridor_of(observation).speed_mps, 0.0)
        trigger = np.clip(0.5 * speed / braking, self.parameters.trigger_s, self.parameters.max_trigger_s)
        emergency = time_to_contact_s(observation, self.parameters.widen_m) < trigger
        return Control(
            np.where(emergency & (speed > 0), -braking, wished.acceleration_mps2), np.asarray(wished.steering_rad)
        )


def time_to_contact_s(observation: Observation, widen_m: float) -> np.ndarray:
    """Least time until the ego's box touches one ahead of it at constant velocities; inf for none; shape (B,)."""
    ego = observation.ego_index
    center = ego_of(observation.position_m, ego)[:, None, :2]
    velocity = ego_of(observation.velocity_mps, ego)[:, None, :2]
    yaw = ego_of(observation.yaw_rad, ego)[:, None]
    size = ego_of(observation.size_m, ego)[:, None, :2] + np.array([0.0, 2 * widen_m])
    present = observation.valid.copy()
    present[np.arange(len(ego)), ego] = False
    others = np.where(present[..., None], observation.position_m[..., :2], 1e6)
    ahead = (others[..., 0] - center[..., 0]) * np.cos(yaw) + (others[..., 1] - center[..., 1]) * np.sin(yaw) > 0
    begin, _ = contact_interval_s(
        center, yaw, size, velocity, others, np.where(present, observation.yaw_rad, 0.0),
        observation.size_m[..., :2], np.where(present[..., None], observation.velocity_mps[..., :2], 0.0),
    )  # fmt: skip
    return np.where(present & ahead, begin, np.inf).min(axis=1, initial=np.inf)
