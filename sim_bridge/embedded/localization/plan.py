"""What a scenario says of positioning, ready to be played."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from driving_data.positioning import map_tunnels
from scenarios.concrete import ConcreteScenario, Feature
from scenarios.types.digital import POSITIONING
from sim_bridge.embedded.options import EmbeddedOptions
from sim_bridge.embedded.roads import RoadPaths, point_at
from sim_bridge.embedded.v2x.plan import obstacles_of

TUNNEL_WIDTH_M, TUNNEL_PIECE_M = 30.0, 5.0


@dataclass(frozen=True, slots=True, eq=False)
class PositioningPlan:
    """Everything that positioning needs of a scenario.

    Attributes:
        seed: of the draws.
        rear_m: from the ego's rear axle forward to its box centre.
        accuracy_m: standard deviation of a fix under open sky, east and north each.
        multipath_m: standard deviation that buildings all around add.
        rate_hz: of fixes.
        latency_s: from the moment of a fix to its arrival.
        outage_s: begin and end of an outage; begin inf without one.
        obstacles: buildings and walls as (x, y, yaw, length, width), shape (N, 5).
        tunnels: likewise, shape (M, 5).
        friction: of the road, on which the slip of the wheels depends.
    """

    seed: int
    rear_m: float
    accuracy_m: float
    multipath_m: float
    rate_hz: float
    latency_s: float
    outage_s: tuple[float, float]
    obstacles: Float[np.ndarray, "N 5"]
    tunnels: Float[np.ndarray, "M 5"]
    friction: float


def positioning_plan(
    scenario: ConcreteScenario, road: RoadPaths, options: EmbeddedOptions, seed: int
) -> PositioningPlan | None:
    """The plan of a scenario; None where neither it nor the options ask for positioning."""
    feature = next((feature for feature in scenario.features if feature.kind == "positioning"), None)
    if feature is None and not options.localizes:
        return None
    return plan_of(
        {} if feature is None else feature.values, seed, scenario.ego.rear_axle_to_center_m,
        obstacles_of(scenario.features, road), tunnels_of(scenario.features, road),
        scenario.environment.road_friction,
    )  # fmt: skip


def plan_of(
    given: Mapping[str, Any], seed: int, rear_m: float, obstacles: np.ndarray, tunnels: np.ndarray, friction: float
) -> PositioningPlan:
    """A plan from values of the leaf `positioning`; what is not given has its default."""
    values: dict[str, Any] = {name: field.default for name, field in POSITIONING.fields.items()}
    values |= given
    begin = float("inf") if values["outage_from"] is None else float(values["outage_from"])
    return PositioningPlan(
        seed, rear_m, float(values["accuracy"]), float(values["multipath"]), float(values["rate"]),
        float(values["latency"]), (begin, begin + float(values["outage"])), obstacles, tunnels, friction,
    )  # fmt: skip


def tunnels_of(features: Sequence[Feature], road: RoadPaths) -> Float[np.ndarray, "M 5"]:
    """Tunnels of the map, and those that a scenario puts over a route, in short straight pieces."""
    rows = map_tunnels(road.lane_map)
    for feature in features:
        values = feature.values
        if feature.kind == "structures" and values.get("kind") == "tunnel" and {"on", "from", "to"} <= values.keys():
            path, begin, end = road.path(str(values["on"])), float(values["from"]), float(values["to"])
            count = max(1, int(np.ceil((end - begin) / TUNNEL_PIECE_M)))
            piece = (end - begin) / count
            for k in range(count):
                place, heading = point_at(path, begin + (k + 0.5) * piece, 0.0)
                rows.append((float(place[0]), float(place[1]), heading, piece, TUNNEL_WIDTH_M))
    return np.array(rows, dtype=np.float64).reshape(-1, 5)
