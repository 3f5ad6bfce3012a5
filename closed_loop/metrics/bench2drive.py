"""Bench2Drive: success rate, efficiency, smoothness and abilities, bug for bug or as described.

`compat=True` reproduces the public tools, Thinklab-SJTU/Bench2Drive 7ec25d1 (v0.0.4): merge_route_json.py,
efficiency_smoothness_benchmark.py, ability_benchmark.py. What they do differently from their description:

- the divisor is 220 whatever was run (missing routes count as failed);
- the "yaw acceleration" is the filtered yaw rate, not its derivative, and is held against 1.93;
- the angular velocity comes from CARLA in deg/s and is held against bounds in rad/s (and unwrapped like an angle);
- windows of 20 samples are filtered one by one, a rest of fewer is dropped; a route of at most 20 samples is one
  window;
- a route whose every efficiency entry is above 1000 % divides by zero there; it is skipped here in both modes;
- abilities divide by the number of records, and a route of 'Traffic_Signs' counts twice there: once for its success
  and once for having passed the first junction (completion above (index + 8) / points) without a stop or red-light
  infraction.

`compat=False` (strict) divides by the routes asked for, takes rad/s, derives the yaw acceleration, filters the whole
route before it is cut, keeps the shorter last window, and counts every route once per ability.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from closed_loop.metrics.carla_score import Infraction, Protocol, RouteRecord, infraction_penalty, route_score
from closed_loop.metrics.comfort import ComfortBounds
from closed_loop.metrics.smoothing import savitzky_golay

ROUTES = 220
MAX_EFFICIENCY_PERCENT = 1000.0
WINDOW_SAMPLES = 20
STEP_S = 0.1
_FILTER_SAMPLES = 7
_FILTER_ORDER = 2
_JUNCTION_MARGIN = 8

ABILITIES: Mapping[str, frozenset[str]] = {
    "Overtaking": frozenset(
        {
            "Accident", "AccidentTwoWays", "ConstructionObstacle", "ConstructionObstacleTwoWays",
            "HazardAtSideLaneTwoWays", "HazardAtSideLane", "ParkedObstacleTwoWays", "ParkedObstacle",
            "VehicleOpenDoorTwoWays",
        }
    ),
    "Merging": frozenset(
        {
            "CrossingBicycleFlow", "EnterActorFlow", "HighwayExit", "InterurbanActorFlow", "HighwayCutIn",
            "InterurbanAdvancedActorFlow", "MergerIntoSlowTrafficV2", "MergeIntoSlowTraffic",
            "NonSignalizedJunctionLeftTurn", "NonSignalizedJunctionRightTurn",
            "NonSignalizedJunctionLeftTurnEnterFlow", "ParkingExit", "SequentialLaneChange",
            "SignalizedJunctionLeftTurn", "SignalizedJunctionRightTurn", "SignalizedJunctionLeftTurnEnterFlow",
        }
    ),
    "Emergency_Brake": frozenset(
        {
            "BlockedIntersection", "DynamicObjectCrossing", "HardBreakRoute", "OppositeVehicleTakingPriority",
            "OppositeVehicleRunningRedLight", "ParkingCutIn", "PedestrianCrossing", "ParkingCrossingPedestrain",
            "StaticCutIn", "VehicleTurningRoute", "VehicleTurningRoutePedestrian", "ControlLoss",
        }
    ),
    "Give_Way": frozenset({"InvadingTurn", "YieldToEmergencyVehicle"}),
    "Traffic_Signs": frozenset(
        {
            "BlockedIntersection", "OppositeVehicleTakingPriority", "OppositeVehicleRunningRedLight",
            "PedestrianCrossing", "VehicleTurningRoute", "VehicleTurningRoutePedestrian", "EnterActorFlow",
            "CrossingBicycleFlow", "NonSignalizedJunctionLeftTurn", "NonSignalizedJunctionRightTurn",
            "NonSignalizedJunctionLeftTurnEnterFlow", "SignalizedJunctionLeftTurn", "SignalizedJunctionRightTurn",
            "SignalizedJunctionLeftTurnEnterFlow", "T_Junction", "VanillaNonSignalizedTurn",
            "VanillaSignalizedTurnEncounterGreenLight", "VanillaSignalizedTurnEncounterRedLight",
            "VanillaNonSignalizedTurnEncouterStopsign",
        }
    ),
}  # fmt: skip
"""Scenario types of each ability, in the spelling of Bench2Drive's route files ('Pedestrain', 'Encouter')."""


def succeeded(record: RouteRecord) -> bool:
    """Whether the route was completed with no infraction but minimum speed."""
    return record.done and all(event.kind is Infraction.MIN_SPEED for event in record.events)


def driving_score(records: Sequence[RouteRecord], routes: int = ROUTES) -> float:
    """Sum of the composed scores over the number of routes, in %.

    Raises:
        ValueError: there are more records than routes, or no route.
    """
    _require_routes(records, routes)
    return sum(route_score(record, Protocol.BENCH2DRIVE).composed for record in records) / routes


def success_rate(records: Sequence[RouteRecord], routes: int = ROUTES) -> float:
    """Share of successful routes, 0 to 1; missing ones count as failed.

    Raises:
        ValueError: there are more records than routes, or no route.
    """
    _require_routes(records, routes)
    return sum(succeeded(record) for record in records) / routes


def _require_routes(records: Sequence[RouteRecord], routes: int) -> None:
    if routes < max(len(records), 1):
        raise ValueError(f"{len(records)} records for {routes} routes")


def efficiency_percent(records: Sequence[RouteRecord]) -> float:
    """Mean over routes of their mean minimum-speed entry, in %; NaN where no route has one.

    Bench2Drive writes an entry for each of 20 checkpoints, above 100 % too. Entries above 1000 % are dropped, routes
    without entries are passed over.
    """
    means: list[float] = []
    for record in records:
        entries = [event.percent for event in record.events if event.kind is Infraction.MIN_SPEED]
        kept = [percent for percent in entries if percent <= MAX_EFFICIENCY_PERCENT]
        if kept:
            means.append(sum(kept) / len(kept))
    return sum(means) / len(means) if means else float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class Telemetry:
    """What one route logged at 10 Hz.

    Attributes:
        acceleration_mps2: in the world, shape (T, 2).
        forward: unit vectors along the vehicle, shape (T, 2).
        right: unit vectors to its right, shape (T, 2).
        yaw_rate_radps: shape (T,).
    """

    acceleration_mps2: Float[np.ndarray, "T 2"]
    forward: Float[np.ndarray, "T 2"]
    right: Float[np.ndarray, "T 2"]
    yaw_rate_radps: Float[np.ndarray, "T"]


def smoothness(route: Telemetry, compat: bool = True, bounds: ComfortBounds | None = None) -> float:
    """Share of the windows of 20 samples in which all six bounds hold strictly, 0 to 1.

    Raises:
        ValueError: there are fewer than three samples (the filter needs more than its order).
    """
    bounds = bounds or ComfortBounds()
    count = len(route.yaw_rate_radps)
    if count <= _FILTER_ORDER:
        raise ValueError(f"{count} samples are too few to filter")
    if not compat:
        held = _held(_signals(route, compat), bounds)
        windows = [held[begin : begin + WINDOW_SAMPLES] for begin in range(0, count, WINDOW_SAMPLES)]
        return float(np.mean([window.all() for window in windows]))
    if count <= WINDOW_SAMPLES:
        return float(_held(_signals(route, compat), bounds).all())
    starts = range(0, count - WINDOW_SAMPLES + 1, WINDOW_SAMPLES)
    parts = [_cut(route, begin, begin + WINDOW_SAMPLES) for begin in starts]
    return float(np.mean([_held(_signals(part, compat), bounds).all() for part in parts]))


def _cut(route: Telemetry, begin: int, end: int) -> Telemetry:
    part = slice(begin, end)
    return Telemetry(route.acceleration_mps2[part], route.forward[part], route.right[part], route.yaw_rate_radps[part])


def _signals(route: Telemetry, compat: bool) -> np.ndarray:
    """Longitudinal and lateral acceleration, jerk, longitudinal jerk, yaw acceleration, yaw rate, shape (6, T)."""
    ahead = np.sum(route.acceleration_mps2 * route.forward, axis=-1)
    side = np.sum(route.acceleration_mps2 * route.right, axis=-1)
    size = np.hypot(route.acceleration_mps2[:, 0], route.acceleration_mps2[:, 1])
    yaw_rate = route.yaw_rate_radps
    if compat:
        degrees = np.rad2deg(yaw_rate)
        yaw_rate = degrees - 2 * np.pi * np.cumsum(np.round(np.diff(degrees, prepend=degrees[:1]) / (2 * np.pi)))
    ahead, side, size, turn = (_filter(value) for value in (ahead, side, size, yaw_rate))
    yaw_acceleration = turn if compat else _filter(yaw_rate, 1)
    return np.stack([ahead, side, _filter(size, 1), _filter(ahead, 1), yaw_acceleration, turn])


def _filter(values: np.ndarray, derivative: int = 0) -> np.ndarray:
    window = min(_FILTER_SAMPLES, len(values))
    return savitzky_golay(values, window, _FILTER_ORDER, derivative, STEP_S)


def _held(signals: np.ndarray, bounds: ComfortBounds) -> np.ndarray:
    high = np.array(
        [
            bounds.max_longitudinal_mps2, bounds.max_lateral_mps2, bounds.max_jerk_mps3,
            bounds.max_longitudinal_jerk_mps3, bounds.max_yaw_acceleration_radps2, bounds.max_yaw_rate_radps,
        ]
    )  # fmt: skip
    low = -high
    low[0] = bounds.min_longitudinal_mps2
    return np.asarray(((signals > low[:, None]) & (signals < high[:, None])).all(axis=0))


@dataclass(frozen=True, slots=True)
class AbilityRoute:
    """What the abilities need beside the record.

    Attributes:
        record: of the route.
        scenario: its scenario type.
        junction_index: how many route points, one metre apart, lead to the first one in a junction (that included).
        num_points: points of the whole route.
    """

    record: RouteRecord
    scenario: str
    junction_index: int = 0
    num_points: int = 1


def abilities(routes: Sequence[AbilityRoute], compat: bool = True) -> Mapping[str, float]:
    """Success rate of each ability and their mean over the five; NaN where an ability has no route."""
    rates: dict[str, float] = {}
    for ability, scenarios in ABILITIES.items():
        own = [route for route in routes if route.scenario in scenarios]
        outcomes = [succeeded(route.record) for route in own]
        if compat and ability == "Traffic_Signs":
            outcomes += [_passed_junction(route) for route in own]
        rates[ability] = sum(outcomes) / len(outcomes) if outcomes else float("nan")
    rates["mean"] = math.fsum(rates.values()) / len(ABILITIES)
    return rates


def _passed_junction(route: AbilityRoute) -> bool:
    record = route.record
    share = (100.0 if record.done else record.completion_percent) / 100.0
    broken = any(event.kind in (Infraction.STOP, Infraction.RED_LIGHT) for event in record.events)
    return share > (route.junction_index + _JUNCTION_MARGIN) / route.num_points and not broken


__all__ = [
    "ABILITIES",
    "AbilityRoute",
    "Telemetry",
    "abilities",
    "driving_score",
    "efficiency_percent",
    "infraction_penalty",
    "smoothness",
    "succeeded",
    "success_rate",
]
