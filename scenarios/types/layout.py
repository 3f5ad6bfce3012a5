"""The road under a scenario: its routes as paths, and places carried over from one route to another."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import cos, sin
from typing import TYPE_CHECKING

import numpy as np

from driving_data.errors import nearest_name
from driving_data.maps.lane_map import LaneMap
from scenarios.concrete import Place, RoadChoice
from scenarios.leaf import IllTyped

if TYPE_CHECKING:
    from driving_data.maps.routes import RoutePath


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Routes of one road, each measured once."""

    lane_map: LaneMap
    paths: "dict[str, RoutePath]" = field(default_factory=lambda: {})
    rows: dict[str, tuple[list[float], list[float], list[float]]] = field(default_factory=lambda: {})
    beside: dict[tuple[str, str], tuple[list[float], float]] = field(default_factory=lambda: {})

    def path(self, route: str) -> "RoutePath":
        """The path of a route.

        Raises:
            IllTyped: the road has no such route.
        """
        if route not in self.paths:
            if route not in self.lane_map.routes:
                raise IllTyped(no_route(route, self.lane_map.routes))
            from driving_data.maps.routes import route_path  # loads scipy

            self.paths[route] = route_path(self.lane_map, route)
        return self.paths[route]

    def length_m(self, route: str) -> float:
        """Length of a route."""
        return self.path(route).length_m

    def share_lanes(self, one: str, two: str) -> bool:
        """Whether two routes have a lane in common."""
        return one == two or not set(self.lane_map.routes[one]).isdisjoint(self.lane_map.routes[two])

    def lights(self, approach: str) -> tuple[str, ...]:
        """Ids of the traffic lights of an approach (`main`: those of every route `main.*`), or of one light by id.

        Where routes of the approach go straight on (`east.1.straight`), only theirs count: those that turn off meet
        lights of other approaches behind the turn.

        Raises:
            IllTyped: there is no such light.
        """
        ids = [signal.id for signal in self.lane_map.signals]
        if approach in ids:
            return (approach,)
        routes = [name for name in self.lane_map.routes if name == approach or name.split(".")[0] == approach]
        straight = [name for name in routes if name.endswith(".straight")]
        lanes = {lane for name in straight or routes for lane in self.lane_map.routes[name]}
        found = tuple(signal.id for signal in self.lane_map.signals if lanes.intersection(signal.lane_ids))
        if not found:
            stems = sorted({route.split(".")[0] for route in self.lane_map.routes})
            known = ", ".join([*stems, *ids]) if ids else "none: this road has no traffic lights"
            raise IllTyped(f"no traffic light {approach!r} on this road; there are {known}")
        return found

    def carried(self, route: str, s_m: float, to: str) -> tuple[float, float]:
        """The place beside `s_m` of a route on another, and the direction of that one (1 the same, -1 oncoming)."""
        if route == to:
            return s_m, 1.0
        if (route, to) not in self.beside:
            from driving_data.maps.routes import project

            here, there = self.path(route), self.path(to)
            found, _ = project(there, here.points_m)
            turned = np.interp(found, there.s_m, there.heading_rad) - here.heading_rad
            self.beside[route, to] = found.tolist(), 1.0 if np.median(np.cos(turned)) >= 0 else -1.0
        table, sign = self.beside[route, to]
        row, k = self._row(route, s_m)
        return table[k] + (row - k) * (table[k + 1] - table[k]), sign

    def _row(self, route: str, s_m: float) -> tuple[float, int]:
        path = self.path(route)
        row = s_m / path.length_m * (len(path.s_m) - 1)
        return row, min(max(int(row), 0), len(path.s_m) - 2)

    def pose(self, place: Place) -> tuple[float, float, float]:
        """Position x, y and yaw of a place in `world`."""
        if place.route not in self.rows:
            path = self.path(place.route)
            columns = (path.points_m[:, 0], path.points_m[:, 1], path.heading_rad)
            x, y, heading = (column.tolist() for column in columns)
            self.rows[place.route] = x, y, heading
        x, y, heading = self.rows[place.route]
        row, k = self._row(place.route, place.s_m)
        f = row - k
        inside = min(max(f, 0.0), 1.0)
        yaw = heading[k] + inside * (heading[k + 1] - heading[k])
        # Beyond an end the road goes straight on, so that f may leave [0, 1].
        return (
            x[k] + f * (x[k + 1] - x[k]) - place.d_m * sin(yaw),
            y[k] + f * (y[k + 1] - y[k]) + place.d_m * cos(yaw),
            yaw + place.heading_rad,
        )


def no_route(route: str, routes: Iterable[str]) -> str:
    """Says that a road has no such route."""
    names = tuple(routes)
    near = nearest_name(route, names)
    hint = f"; did you mean {near!r}?" if near else ""
    return f"no route {route!r} on this road; there are {', '.join(names)}{hint}"


def boxes_meet(
    one: tuple[float, float, float], size_one: tuple[float, float, float],
    two: tuple[float, float, float], size_two: tuple[float, float, float],
) -> bool:  # fmt: skip
    """Whether two boxes at poses (x, y, yaw) overlap in the plane, by the separating axis theorem."""
    dx, dy = two[0] - one[0], two[1] - one[1]
    if dx * dx + dy * dy > 0.25 * (size_one[0] + size_one[1] + size_two[0] + size_two[1]) ** 2:
        return False
    turn = two[2] - one[2]
    c, s = abs(cos(turn)), abs(sin(turn))
    for yaw, own, other in ((one[2], size_one, size_two), (two[2], size_two, size_one)):
        along, across = dx * cos(yaw) + dy * sin(yaw), -dx * sin(yaw) + dy * cos(yaw)
        if abs(along) > 0.5 * (own[0] + other[0] * c + other[1] * s):
            return False
        if abs(across) > 0.5 * (own[1] + other[0] * s + other[1] * c):
            return False
    return True


def layout_of(road: RoadChoice) -> Layout:
    """The layout of a road; the last `MAX_LAYOUTS` are kept."""
    routes = tuple(sorted(road.routes.items()))
    key = (road.archetype, tuple(sorted(road.parameters.items())), road.file, road.sha256, routes)
    if key in _LAYOUTS:
        return _LAYOUTS[key]
    from scenarios.roads import build_road  # the OpenDRIVE reader loads lxml, which a wish alone does not need

    if len(_LAYOUTS) >= MAX_LAYOUTS:
        _LAYOUTS.pop(next(iter(_LAYOUTS)))
    return _LAYOUTS.setdefault(key, Layout(build_road(road)))


MAX_LAYOUTS = 128
_LAYOUTS: dict[tuple[object, ...], Layout] = {}
