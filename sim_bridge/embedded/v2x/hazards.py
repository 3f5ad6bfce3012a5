"""What vehicles warn of: each cause with the rule that finds it.

collision        the vehicle has hit something, from then on
hard braking     deceleration above 0.4 g (the hard-braking event of SAE J2945/1), while it lasts
stopped vehicle  stood 5 s after it had driven faster than 1 m/s, nobody within 8 m ahead of its bumper and no light
                 that is not green within 15 m ahead (as ETSI TS 101 539-1 asks, who stands in a queue does not warn)
slippery road    friction at most 0.5 and more than half of it used, as a stability control would notice
"""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool

from driving_data.messages import HazardCause
from driving_data.taxonomy import SignalState
from sim_bridge.embedded.layout import GRAVITY
from sim_bridge.embedded.moments import Moment
from sim_bridge.embedded.v2x.plan import SLIPPERY_FRICTION, RadioPlan

HARD_BRAKING_MPS2 = 0.4 * GRAVITY
STOOD_S, QUEUE_M, LIGHT_M, LANE_HALF_M, SIDE_M, SLOW_MPS, DROVE_MPS = 5.0, 8.0, 15.0, 1.75, 0.5, 0.1, 1.0
REACH_M = {
    HazardCause.COLLISION: 500.0, HazardCause.HARD_BRAKING: 300.0, HazardCause.STOPPED_VEHICLE: 500.0,
    HazardCause.SLIPPERY_ROAD: 500.0, HazardCause.ROAD_WORKS: 1000.0,
}  # fmt: skip
# How often a warning is said again while it holds, s.
AGAIN_S = {
    HazardCause.COLLISION: 0.5, HazardCause.HARD_BRAKING: 0.1, HazardCause.STOPPED_VEHICLE: 1.0,
    HazardCause.SLIPPERY_ROAD: 1.0, HazardCause.ROAD_WORKS: 1.0,
}  # fmt: skip


@dataclass(slots=True)
class HazardWatch:
    """What must be remembered to find hazards: who drove, who stands since when, what was known since when."""

    plan: RadioPlan
    drove: Bool[np.ndarray, "A"]
    stood_since_ns: dict[int, int] = field(default_factory=lambda: {})
    since_ns: dict[tuple[int, HazardCause], int] = field(default_factory=lambda: {})

    def see(self, now: Moment) -> dict[tuple[int, HazardCause], int]:
        """Warnings that hold now, as (actor, cause), with the moment since when they do."""
        self._stand(now)
        holding: dict[tuple[int, HazardCause], int] = {}
        for i in np.flatnonzero(self.plan.equipped & now.valid):
            for cause in self._causes(int(i), now):
                key = (int(i), cause)
                holding[key] = self.since_ns.get(key, now.time_ns)
        self.since_ns = holding
        return holding

    def _stand(self, now: Moment) -> None:
        speed = np.abs(now.speed_mps)
        self.drove |= speed > DROVE_MPS
        for i in range(len(speed)):
            if now.valid[i] and speed[i] < SLOW_MPS and self.drove[i]:
                self.stood_since_ns.setdefault(i, now.time_ns)
            else:
                self.stood_since_ns.pop(i, None)

    def _causes(self, i: int, now: Moment) -> list[HazardCause]:
        found: list[HazardCause] = []
        if now.hit[i]:
            found.append(HazardCause.COLLISION)
        elif now.acceleration_mps2[i] < -HARD_BRAKING_MPS2 and now.speed_mps[i] > DROVE_MPS:
            found.append(HazardCause.HARD_BRAKING)
        stood = now.time_ns - self.stood_since_ns.get(i, now.time_ns)
        if stood >= STOOD_S * 1e9 and not self._waits(i, now):
            found.append(HazardCause.STOPPED_VEHICLE)
        used = np.hypot(now.acceleration_mps2[i], now.speed_mps[i] * now.yaw_rate_radps[i])
        if self.plan.friction <= SLIPPERY_FRICTION and used > 0.5 * self.plan.friction * GRAVITY:
            found.append(HazardCause.SLIPPERY_ROAD)
        return found

    def _waits(self, i: int, now: Moment) -> bool:
        """Whether it stands for somebody ahead or for a light."""
        heading = np.array([np.cos(now.yaw_rad[i]), np.sin(now.yaw_rad[i])])
        front = now.ground_m[i, :2] + 0.5 * self.plan.actors.size_m[i, 0] * heading

        def seen_from_front(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            gap = points - front
            return gap @ heading, gap[..., 1] * heading[0] - gap[..., 0] * heading[1]

        along, across = seen_from_front(now.ground_m[:, :2])
        reach = QUEUE_M + 0.5 * self.plan.actors.size_m[:, 0]
        others = (along > 0.0) & (along < reach) & (np.abs(across) < LANE_HALF_M) & now.valid
        others[i] = False
        lines = np.array([signal.stop_line_m[:, :2] for signal in self.plan.signals]).reshape(-1, 2, 2)
        along, across = seen_from_front(lines)
        before = (along > 0.0).any(axis=1) & (along < LIGHT_M).all(axis=1)
        before &= (across.min(axis=1) < SIDE_M) & (across.max(axis=1) > -SIDE_M)
        shut = ~np.isin(now.signal[: len(lines)], [SignalState.GREEN, SignalState.OFF])
        return bool(others.any() or (before & shut).any())
