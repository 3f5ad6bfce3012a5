"""IDM with lane changes after MOBIL, wherever the map has neighbouring lanes.

A change is made where it is safe,  a~_n >= -b_safe  and no box beside,  and pays:
    a~_c - a_c + p (a~_n - a_n + a~_o - a_o) > a_th
c the ego, n the follower in the other lane, o the one in this lane, ~ after the change, a from the IDM law.
Source: Kesting, Treiber, Helbing, "General lane-changing model MOBIL for car-following models", Transportation Research
Record 1999 (2007). Defaults: politeness 0.5 and threshold 0.2 m/s^2 as interPlan's planner, b_safe 2 m/s^2 and a pause
of 1 s as highway-env.

Others are taken to follow the same law and to wish what they drive or, if that is more, the ego's target speed. A lane
is changed to only while it goes on along the route long enough; a lane that is about to leave the route is left for
its neighbour on the route's side as soon as that is safe, whether it pays or not.
"""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from closed_loop.policies.batches import joined, one_world
from closed_loop.policies.corridor import Corridor, corridor_of
from closed_loop.policies.idm import IdmPolicyParameters, desired_speed_mps, idm_drive
from closed_loop.policies.lane_paths import along_path, axle_of, beside_route, lane_of, left_on, onward, shifted
from closed_loop.policies.lateral import steer
from closed_loop.policies.longitudinal import idm_acceleration_mps2
from driving_data.ports import Control, Observation


@dataclass(frozen=True, slots=True)
class MobilParameters:
    """When lanes are changed, and how.

    Attributes:
        base: car following and steering.
        politeness: p.
        threshold_mps2: a_th.
        safe_braking_mps2: b_safe.
        pause_s: time between two looks for a better lane.
        change_s: duration of a change.
        ahead_m: a lane must go on at least so far,
        ahead_s: and what is driven in this time.
        beside_m: whose middle is nearer to a lane's middle than half its and half the ego's width plus this is in it.
    """

    base: IdmPolicyParameters = field(default_factory=IdmPolicyParameters)
    politeness: float = 0.5
    threshold_mps2: float = 0.2
    safe_braking_mps2: float = 2.0
    pause_s: float = 1.0
    change_s: float = 4.0
    ahead_m: float = 60.0
    ahead_s: float = 6.0
    beside_m: float = 0.3


@dataclass(slots=True)
class _Memory:
    """What is remembered of one world: the lane driven ('' for the route), the change under way, the last look."""

    lane: str = ""
    before: str = ""
    offset_m: float = 0.0
    began_s: float = -np.inf
    looked_s: float = -np.inf


class IdmMobilPolicy:
    """IDM along the route or a lane beside it. Without a map it is IDM."""

    Parameters: ClassVar[type] = MobilParameters

    def __init__(self, parameters: MobilParameters | None = None) -> None:
        self.parameters = parameters or MobilParameters()
        self._memory: list[_Memory] = []

    @property
    def name(self) -> str:
        """Name in reports."""
        return "idm_mobil"

    def reset(self, num_worlds: int) -> None:
        """Everyone is on the route."""
        self._memory = [_Memory() for _ in range(num_worlds)]

    def act(self, observation: Observation) -> Control:
        """Keeps the lane, or changes it."""
        count = len(observation.done)
        if len(self._memory) != count:
            self.reset(count)
        return joined([self._act(one_world(observation, k), self._memory[k]) for k in range(count)])

    def _act(self, seen: Observation, memory: _Memory) -> Control:
        p, now = self.parameters, float(seen.time_s[0])
        if now - memory.looked_s >= p.pause_s - 1e-9 and now - memory.began_s >= p.change_s:
            memory.looked_s = now
            self._look(seen, memory, now)
        here, _ = self._on(seen, memory.lane)
        corridor = corridor_of(here)
        acceleration = idm_drive(here, corridor, p.base)
        elapsed = now - memory.began_s
        if elapsed >= p.change_s:
            return Control(acceleration, steer(here, corridor, p.base.steering))
        # Until the middle of the change whoever leads in the lane before is minded too.
        if elapsed < 0.5 * p.change_s:
            old, _ = self._on(seen, memory.before)
            acceleration = np.minimum(acceleration, idm_drive(old, corridor_of(old), p.base))
        speed = max(float(corridor.speed_mps[0]), 1.0)
        later = elapsed + np.arange(here.route_m.shape[1]) * here.route_spacing_m / speed
        gone = np.clip(later / p.change_s, 0.0, 1.0)
        way = shifted(here, memory.offset_m * (1.0 - gone**3 * (10.0 - 15.0 * gone + 6.0 * gone**2)))
        return Control(acceleration, steer(way, corridor_of(way), p.base.steering))

    def _on(self, seen: Observation, lane: str) -> tuple[Observation, float]:
        """The world as seen along a lane, and the ego's offset to the left of it; '' is the route."""
        lane_map = seen.lane_maps[0] if seen.lane_maps else None
        if not lane or lane_map is None:
            return seen, float(seen.route_lateral_m[0])
        return along_path(seen, onward(lane_map, lane, seen.routes[0]), axle_of(seen)[0])

    def _look(self, seen: Observation, memory: _Memory, now_s: float) -> None:
        """Chooses the best lane that is safe, if one pays."""
        lane_map = seen.lane_maps[0] if seen.lane_maps else None
        route = seen.routes[0] if seen.routes else ""
        if lane_map is None or route not in lane_map.routes:
            return
        axle, yaw = axle_of(seen)
        present = lane_of(lane_map, axle, yaw)
        if present is None or present not in beside_route(lane_map, route):
            return
        if memory.lane:
            # The lane that is driven goes on under other names.
            memory.lane = "" if present in lane_map.routes[route] else present
        speed = max(float(corridor_of(seen).speed_mps[0]), 0.0)
        enough = max(self.parameters.ahead_m, self.parameters.ahead_s * speed)
        must = bool(memory.lane) and left_on(onward(lane_map, present, route), axle) < enough
        lane = lane_map.lane_by_id[present]
        options: list[tuple[float, str]] = []
        for name in (lane.left_neighbor, lane.right_neighbor):
            if name is None or name not in lane_map.lane_by_id:
                continue
            target = "" if name in lane_map.routes[route] else name
            lasts = left_on(onward(lane_map, name, route), axle)
            if target and (must or lasts < enough):
                continue
            gain, safe = self.gain_mps2(seen, memory.lane, target)
            if safe and (must or gain > self.parameters.threshold_mps2):
                options.append((gain, target))
        if options:
            best = max(options, key=lambda option: option[0])[1]
            memory.before, memory.lane, memory.began_s = memory.lane, best, now_s
            memory.offset_m = self._on(seen, best)[1]

    def gain_mps2(self, seen: Observation, lane: str, target: str) -> tuple[float, bool]:
        """MOBIL's incentive of a change from `lane` to `target` (names as in `onward`; '' is the route); and safety."""
        p = self.parameters
        here, there = self._on(seen, lane)[0], self._on(seen, target)[0]
        old, new = corridor_of(here), corridor_of(there)
        wish = desired_speed_mps(here, old, p.base, np.minimum(seen.road_friction / 0.9, 1.0))
        wish_new = desired_speed_mps(there, new, p.base, np.minimum(seen.road_friction / 0.9, 1.0))
        ego = float(old.speed_mps[0])
        lead_o, lead_n = neighbour(old, here, p.beside_m, 1), neighbour(new, there, p.beside_m, 1)
        back_o, back_n = neighbour(old, here, p.beside_m, -1), neighbour(new, there, p.beside_m, -1)
        target_mps = float(seen.target_speed_mps[0])

        def law(speed: float, wanted: float, gap: float, lead: float) -> float:
            one = idm_acceleration_mps2(
                np.array([speed]), np.array([wanted]), np.array([[max(gap, 0.01)]]), np.array([[lead]]),
                p.base.following,
            )  # fmt: skip
            return float(one[0])

        gain = law(ego, float(wish_new[0]), *lead_n) - law(ego, float(wish[0]), *lead_o)
        body = 2.0 * float(old.front_m[0] - seen.rear_axle_to_center_m[0])
        after = 0.0
        if np.isfinite(back_n[0]):
            wanted = max(back_n[1], target_mps)
            after = law(back_n[1], wanted, back_n[0], ego)
            gain += p.politeness * (after - law(back_n[1], wanted, back_n[0] + body + lead_n[0], lead_n[1]))
        if np.isfinite(back_o[0]):
            wanted = max(back_o[1], target_mps)
            free = law(back_o[1], wanted, back_o[0] + body + lead_o[0], lead_o[1])
            gain += p.politeness * (free - law(back_o[1], wanted, back_o[0], ego))
        room = min(back_n[0], lead_n[0]) > p.base.following.min_gap_m
        calm = law(ego, float(wish_new[0]), *lead_n) >= -p.safe_braking_mps2
        return gain, room and calm and after >= -p.safe_braking_mps2


def neighbour(corridor: Corridor, seen: Observation, beside_m: float, side: int) -> tuple[float, float]:
    """Gap and speed of who is next ahead (side 1) or behind (-1) on a path; an infinite gap where nobody is.

    Who overlaps the ego along the path is both, at a negative gap.
    """
    reach = corridor.half_across_m[0] + corridor.half_width_m[0] + beside_m
    half = float(corridor.front_m[0] - seen.rear_axle_to_center_m[0])
    along = corridor.s_m[0] - float(seen.rear_axle_to_center_m[0])
    gap = np.abs(along) - half - corridor.half_along_m[0]
    there = corridor.present[0] & (np.abs(corridor.d_m[0]) < reach) & ((side * along > 0) | (gap < 0))
    if not there.any():
        return np.inf, 0.0
    k = int(np.argmin(np.where(there, gap, np.inf)))
    return float(gap[k]), max(float(corridor.speed_along_mps[0, k]), 0.0)
