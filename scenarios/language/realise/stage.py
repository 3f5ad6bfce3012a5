"""The stage: a road of fixed size with its routes, the ego's lane on it, and where its edges lie."""

from dataclasses import dataclass
from math import cos, sin

from scenarios.concrete import Place, RoadChoice
from scenarios.language.realise.ledger import Span
from scenarios.leaf import Leaf
from scenarios.types.layout import Layout, layout_of
from scenarios.types.road import road

JUNCTIONS = ("crossroads", "t_junction", "roundabout")
ROADSIDE_M = 1.2
"""How far from the outermost lane somebody stands where the road has no path for people on foot."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A row of places along the road: a route, and how far to its left."""

    route: str
    lateral_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Stage:
    """The road as built.

    Attributes:
        kind: road kind of the slots, or 't_junction'.
        archetype: of `scenarios.roads`.
        parameters: of the archetype, by its full names.
        lanes: driving lanes of the ego's direction.
        ego_lane: lane in which the ego begins, from 1 at the right; 1 at junctions.
        ego_route: route of its task.
        ego_at_m: where it begins on that route.
        ego_lateral_m: how far to the left of it.
        ego_speed: its speed at the start, a range.
        duration_s: length of the scenario.
    """

    kind: str
    archetype: str
    parameters: dict[str, float | bool | str | int]
    lanes: int
    ego_lane: int
    ego_route: str
    ego_at_m: float
    ego_lateral_m: float
    ego_speed: Span
    duration_s: float

    @property
    def layout(self) -> Layout:
        """Its measured routes."""
        return layout_of(RoadChoice(self.archetype, self.parameters))

    @property
    def routes(self) -> tuple[str, ...]:
        """Names of its routes."""
        return tuple(self.layout.lane_map.routes)

    @property
    def junction(self) -> bool:
        """Whether its routes lead through a junction."""
        return self.archetype in JUNCTIONS

    @property
    def lane_width_m(self) -> float:
        """Width of a lane."""
        return float(self.parameters["lane_width_m"])

    @property
    def stop_line_m(self) -> float:
        """Where the junction begins on the routes that lead into it."""
        return float(self.parameters["arm_length_m"])

    @property
    def closed_lane(self) -> int:
        """The lane that works close, 1 at the right; 0 where none is."""
        return int(self.parameters.get("closed_lane", 0))

    @property
    def closure_m(self) -> float | None:
        """Where works begin on the lanes; None without works."""
        found = self.parameters.get("closure_start_m")
        return None if found is None else float(found)

    def leaf(self) -> Leaf:
        """The road as a leaf."""
        return road(self.archetype, **self.parameters)

    def has(self, route: str) -> bool:
        """Whether there is such a route."""
        return route in self.layout.lane_map.routes

    def lane(self, number: int) -> Spot | None:
        """A lane of the ego's direction, 1 at the right; None beyond the lanes there are."""
        if self.junction:
            return Spot(self.own_route) if number == 1 else None
        return Spot(f"main.{number}") if 1 <= number <= self.lanes else None

    @property
    def own_route(self) -> str:
        """The lane in which the ego begins, as a route."""
        return self.ego_route if self.junction else f"main.{self.ego_lane}"

    def oncoming(self) -> Spot | None:
        """The nearest lane of the other direction."""
        named = sorted(route for route in self.routes if route.startswith("oncoming."))
        if not named:
            return None
        if self.junction:
            return Spot("oncoming.straight")
        return Spot(named[-1])

    def offset_m(self, route: str) -> float:
        """How far a route of the ego's direction lies to the left of the ego's own lane, beside the ego."""
        layout = self.layout
        at = min(max(self.ego_at_m, 1.0), layout.length_m(self.own_route) - 1.0)
        x, y, yaw = layout.pose(Place(self.own_route, at))
        beside, _ = layout.carried(self.own_route, at, route)
        there = layout.pose(Place(route, beside))
        return -(there[0] - x) * sin(yaw) + (there[1] - y) * cos(yaw)

    def edge(self, side: str) -> Spot:
        """Where people and animals stand beside the road, `side` left or right, just off it."""
        toward = 1.0 if side == "right" else -1.0
        if self.has(f"sidewalk.{side}"):
            return Spot(f"sidewalk.{side}", toward * 0.3)
        if self.has(f"shoulder.{side}"):
            return Spot(f"shoulder.{side}", -toward * 0.2)
        return Spot(self.own_route, self.edge_m(side) - toward * ROADSIDE_M)

    def edge_m(self, side: str) -> float:
        """The edge of the outermost lane, left of the ego's own lane."""
        if self.junction:
            return -0.5 * self.lane_width_m if side == "right" else 1.5 * self.lane_width_m
        lanes = [route for route in self.routes if route.startswith("main.")]
        if side == "left" and not self.divided:
            lanes += [route for route in self.routes if route.startswith("oncoming.")]
        offsets = [self.offset_m(route) for route in lanes]
        half = 0.5 * self.lane_width_m
        return min(offsets) - half if side == "right" else max(offsets) + half

    @property
    def divided(self) -> bool:
        """Whether a barrier or median separates the directions."""
        return self.archetype in ("motorway", "ramp")

    def kerb(self, side: str) -> Spot:
        """Where vehicles park or stand beside the road."""
        if self.has(f"parking.{side}"):
            return Spot(f"parking.{side}")
        if self.has(f"shoulder.{side}"):
            return Spot(f"shoulder.{side}")
        toward = 1.0 if side == "right" else -1.0
        return Spot(self.own_route, self.edge_m(side) - toward * 1.3)

    def across_m(self, start: Spot, side: str) -> float:
        """Where a way across the road that begins at `start` on `side` ends, left of the route of `start`."""
        here = self.offset_m(start.route) if start.route != self.own_route else 0.0
        other = "left" if side == "right" else "right"
        end = self.edge(other)
        there = (self.offset_m(end.route) if end.route != self.own_route else 0.0) + end.lateral_m
        return there - here
