"""The CARLA driving score from counted infractions: leaderboard 1.0, 2.0 and 2.1, and Bench2Drive's penalties.

    driving score of a route  = max(R P, 0),  R = route completion in %, P = infraction penalty
    driving score of a set    = sum over routes / number of routes asked for (a route without a record counts 0)
    1.0, 2.0, Bench2Drive     P = product over events of their factor
    2.1                       P = product over (1 - p_outside / 100) times 1 / (1 + sum over events of c)

Pure functions over events; `carla_criteria` finds the events in a rollout. Source: carla-simulator/leaderboard,
utils/statistics_manager.py, read at 2165f5e (1.0), a87a341 (2.0), cfecdc8 (2.1) and aec8131; Thinklab-SJTU/Bench2Drive
7ec25d1 for the last.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum


class Infraction(Enum):
    """What the criteria report; the value is the key of the leaderboard's result file."""

    COLLISION_PEDESTRIAN = "collisions_pedestrian"
    COLLISION_VEHICLE = "collisions_vehicle"
    COLLISION_STATIC = "collisions_layout"
    RED_LIGHT = "red_light"
    STOP = "stop_infraction"
    SCENARIO_TIMEOUT = "scenario_timeouts"
    YIELD_EMERGENCY = "yield_emergency_vehicle_infractions"
    MIN_SPEED = "min_speed_infractions"
    OUTSIDE_LANES = "outside_route_lanes"
    ROUTE_DEVIATION = "route_dev"
    BLOCKED = "vehicle_blocked"
    ROUTE_TIMEOUT = "route_timeout"


class Protocol(Enum):
    """Which published formula."""

    LEADERBOARD_1_0 = "leaderboard_1.0"
    LEADERBOARD_2_0 = "leaderboard_2.0"
    LEADERBOARD_2_1 = "leaderboard_2.1"
    BENCH2DRIVE = "bench2drive"


@dataclass(frozen=True, slots=True)
class InfractionEvent:
    """One infraction.

    Attributes:
        kind: which.
        percent: of the traffic's speed (MIN_SPEED) or of the distance (OUTSIDE_LANES); NaN for the others.
        at_s: moment; NaN where it has none.
        reason: one sentence.
    """

    kind: Infraction
    percent: float = float("nan")
    at_s: float = float("nan")
    reason: str = ""


_FACTORS_1_0: Mapping[Infraction, float] = {
    Infraction.COLLISION_PEDESTRIAN: 0.50,
    Infraction.COLLISION_VEHICLE: 0.60,
    Infraction.COLLISION_STATIC: 0.65,
    Infraction.RED_LIGHT: 0.70,
    Infraction.STOP: 0.80,
}
_FACTORS_2_0: Mapping[Infraction, float] = {
    **_FACTORS_1_0,
    Infraction.SCENARIO_TIMEOUT: 0.70,
    Infraction.YIELD_EMERGENCY: 0.70,
}
_COEFFICIENTS_2_1: Mapping[Infraction, float] = {
    Infraction.COLLISION_PEDESTRIAN: 1.0,
    Infraction.COLLISION_VEHICLE: 0.7,
    Infraction.COLLISION_STATIC: 0.6,
    Infraction.RED_LIGHT: 0.4,
    Infraction.STOP: 0.25,
    Infraction.SCENARIO_TIMEOUT: 0.4,
    Infraction.YIELD_EMERGENCY: 0.4,
}
_MIN_SPEED_2_0 = 0.3
_MIN_SPEED_2_1 = 0.4
_WITHOUT_FACTOR = (Infraction.ROUTE_DEVIATION, Infraction.BLOCKED, Infraction.ROUTE_TIMEOUT)
_WITH_PERCENT = (Infraction.MIN_SPEED, Infraction.OUTSIDE_LANES)
_LEAST_KM = 0.001


def infraction_penalty(events: Sequence[InfractionEvent], protocol: Protocol) -> float:
    """P of a route, 1 without an infraction.

    Kinds that a protocol does not know (minimum speed, scenario time-out and yielding in 1.0; minimum speed in
    Bench2Drive, whose code marks it unused) and those that end a route do not enter. Nor does a part of the route
    driven at 100 % of the traffic's speed or more: Bench2Drive writes such an entry, the leaderboards do not.

    Raises:
        ValueError: an event of minimum speed or outside lanes has no percentage.
    """
    for event in events:
        if event.kind in _WITH_PERCENT and not event.percent >= 0.0:
            raise ValueError(f"{event.kind.value} of {event.percent} %: 0 or more is expected")
    shares = [event.percent for event in events if event.kind is Infraction.OUTSIDE_LANES]
    outside = math.prod((1.0 - percent / 100.0 for percent in shares), start=1.0)
    if protocol is Protocol.LEADERBOARD_2_1:
        return outside / (1.0 + sum(_coefficient(event) for event in events))
    factors = _FACTORS_1_0 if protocol is Protocol.LEADERBOARD_1_0 else _FACTORS_2_0
    counted = math.prod((factors.get(event.kind, 1.0) for event in events), start=1.0)
    slow = [min(event.percent, 100.0) for event in events if event.kind is Infraction.MIN_SPEED]
    pace = math.prod((1.0 - _MIN_SPEED_2_0 * (1.0 - percent / 100.0) for percent in slow), start=1.0)
    return outside * counted * (pace if protocol is Protocol.LEADERBOARD_2_0 else 1.0)


def _coefficient(event: InfractionEvent) -> float:
    if event.kind is Infraction.MIN_SPEED:
        return _MIN_SPEED_2_1 * (1.0 - min(event.percent, 100.0) / 100.0)
    return _COEFFICIENTS_2_1.get(event.kind, 0.0)


@dataclass(frozen=True, slots=True)
class RouteRecord:
    """What happened on one route.

    Attributes:
        route: name.
        completion_percent: R, 0 to 100.
        length_m: length of the route.
        events: infractions in time order.
        reached: whether the target was reached; a reached route counts 100 % whatever was measured. Where None it was
            if all of it was driven and nothing ended it.
        failure: why it was not reached, where no event says so ('Simulation crashed', ...).
    """

    route: str
    completion_percent: float
    length_m: float
    events: tuple[InfractionEvent, ...] = ()
    reached: bool | None = None
    failure: str = ""

    @property
    def done(self) -> bool:
        """Whether the target was reached, as said or as the rest shows."""
        if self.reached is not None:
            return self.reached
        ended = any(event.kind in _WITHOUT_FACTOR for event in self.events)
        return self.completion_percent >= 100.0 and not ended and not self.failure


@dataclass(frozen=True, slots=True)
class RouteScore:
    """Scores of one route: completion in %, penalty 0 to 1, their product in %, and the status in words."""

    route: str
    completion_percent: float
    penalty: float
    composed: float
    status: str


_MESSAGES = {
    Infraction.ROUTE_DEVIATION: "Agent deviated from the route",
    Infraction.BLOCKED: "Agent got blocked",
    Infraction.ROUTE_TIMEOUT: "Agent timed out",
}


def route_status(record: RouteRecord) -> str:
    """'Perfect' (target reached, no infraction), 'Completed', or 'Failed' with the reason."""
    if record.done:
        return "Completed" if any(_is_infraction(event) for event in record.events) else "Perfect"
    ended = [_MESSAGES[event.kind] for event in record.events if event.kind in _WITHOUT_FACTOR]
    reason = record.failure or (ended[0] if ended else "")
    return f"Failed - {reason}" if reason else "Failed"


def _is_infraction(event: InfractionEvent) -> bool:
    return event.kind is not Infraction.MIN_SPEED or event.percent < 100.0


def route_score(record: RouteRecord, protocol: Protocol) -> RouteScore:
    """The scores of a route.

    Raises:
        ValueError: the completion is not between 0 and 100.
    """
    if not 0.0 <= record.completion_percent <= 100.0:
        raise ValueError(f"{record.route}: completion is {record.completion_percent}, expected 0 to 100 %")
    completion = 100.0 if record.done else record.completion_percent
    penalty = infraction_penalty(record.events, protocol)
    return RouteScore(record.route, completion, penalty, max(completion * penalty, 0.0), route_status(record))


@dataclass(frozen=True, slots=True)
class LeaderboardScore:
    """Scores of a set of routes.

    Attributes:
        driving_score: mean of the composed scores, in %.
        route_completion: mean completion, in %.
        penalty: mean penalty.
        driving_score_std: sample standard deviation (N - 1) of the composed scores; NaN for one route.
        route_completion_std: likewise.
        penalty_std: likewise.
        infractions_per_km: count over driven kilometres, by kind; at least a metre counts as driven.
        routes: score of each recorded route.
        total_routes: the divisor.
    """

    driving_score: float
    route_completion: float
    penalty: float
    driving_score_std: float
    route_completion_std: float
    penalty_std: float
    infractions_per_km: Mapping[Infraction, float]
    routes: tuple[RouteScore, ...]
    total_routes: int


def leaderboard_score(
    records: Sequence[RouteRecord], protocol: Protocol, total_routes: int | None = None
) -> LeaderboardScore:
    """The result table of a set of routes.

    Routes without a record count 0 in every mean and deviation: the divisor is the number of routes asked for.

    Raises:
        ValueError: there are more records than routes, or none of both.
    """
    total = len(records) if total_routes is None else total_routes
    if total < max(len(records), 1):
        raise ValueError(f"{len(records)} records for {total} routes")
    scores = tuple(route_score(record, protocol) for record in records)
    missing = [0.0] * (total - len(scores))
    composed = _mean_and_std([*(score.composed for score in scores), *missing])
    completion = _mean_and_std([*(score.completion_percent for score in scores), *missing])
    penalty = _mean_and_std([*(score.penalty for score in scores), *missing])
    return LeaderboardScore(
        composed[0], completion[0], penalty[0], composed[1], completion[1], penalty[1],
        infractions_per_km(records), scores, total,
    )  # fmt: skip


def infractions_per_km(records: Sequence[RouteRecord]) -> Mapping[Infraction, float]:
    """Count of each kind over the sum of length times completion; at least 0.001 km."""
    driven_km = sum(
        record.length_m / 1000.0 * (1.0 if record.done else record.completion_percent / 100.0) for record in records
    )
    driven_km = max(driven_km, _LEAST_KM)
    count = {kind: sum(event.kind is kind for record in records for event in record.events) for kind in Infraction}
    return {kind: number / driven_km for kind, number in count.items()}


def _mean_and_std(values: Sequence[float]) -> tuple[float, float]:
    mean = sum(values) / len(values)
    if len(values) == 1:
        return mean, float("nan")
    return mean, math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
