"""Ways through the road network: the shortest way between two places, and routes that an entity is told to follow."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from sim_bridge.embedded.storyboard.network import RoadNetwork, Way


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on a lane as routes know it; `forward` says whether one drives along s there."""

    road: str
    lane: int
    s: float
    forward: bool = True


@dataclass(frozen=True, slots=True)
class Leg:
    """One road of a way: which lane, and whether it is driven along s."""

    road: str
    lane: int
    forward: bool


def onward(network: RoadNetwork, road: str, lane: int, forward: bool) -> list[Leg]:
    """Every leg that can follow one: over the road's link or through its junction."""
    track = network.tracks[road]
    link = track.after if forward else track.before
    if link is None:
        return []
    if link.kind == "junction":
        return [Leg(way.road, way.lane, way.contact == "start") for way in network.ways.get((link.id, road, lane), ())]
    if link.id not in network.tracks:
        return []
    strip = track.strips[-1 if forward else 0].lanes.get(lane)
    links = () if strip is None else (strip.record.successors if forward else strip.record.predecessors)
    return [Leg(link.id, other, (link.contact or "start") == "start") for other in links]


def lane_at_end(network: RoadNetwork, road: str, lane: int, forward: bool, s: float) -> int:
    """The lane that a lane has become where the road is left."""
    track = network.tracks[road]
    k = track.strip_index(s)
    step = 1 if forward else -1
    while 0 <= k + step < len(track.strips):
        strip = track.strips[k].lanes.get(lane)
        links = () if strip is None else (strip.record.successors if forward else strip.record.predecessors)
        lane = links[0] if links else lane
        k += step
    return lane


def way_between(
    network: RoadNetwork, start: Spot, target: Spot, forward: bool, any_lane: bool = False
) -> tuple[float, tuple[Leg, ...]] | None:
    """Length and legs of the shortest way from one place to another road's place, leaving in one direction.

    The lanes must lead there; the lane on the target road itself does not matter. `any_lane` also starts from the
    other lanes of the same direction (as who changes lanes first).
    """
    if start.road not in network.tracks or target.road not in network.tracks:
        return None
    track = network.tracks[start.road]
    if start.road == target.road:
        ds = target.s - start.s
        if (ds >= 0.0) == forward or abs(ds) < 1e-9:
            return abs(ds), (Leg(start.road, start.lane, forward),)
    rest = track.length - start.s if forward else start.s
    lanes = [start.lane]
    if any_lane:
        section = track.strips[track.strip_index(start.s)]
        lanes += [k for k in section.lanes if k * start.lane > 0 and k != start.lane]
    queue: list[tuple[float, int, tuple[Leg, ...]]] = []
    for k, lane in enumerate(lanes):
        left = lane_at_end(network, start.road, lane, forward, start.s)
        queue.append((rest + (0.001 * k), k, (Leg(start.road, left, forward),)))
    heapq.heapify(queue)
    seen: set[tuple[str, int, bool]] = set()
    count = len(queue)
    while queue:
        dist, _, legs = heapq.heappop(queue)
        last = legs[-1]
        if (last.road, last.lane, last.forward) in seen:
            continue
        seen.add((last.road, last.lane, last.forward))
        for leg in onward(network, last.road, last.lane, last.forward):
            other = network.tracks[leg.road]
            if leg.road == target.road:
                return dist + (target.s if leg.forward else other.length - target.s), (*legs, leg)
            entry = 0.0 if leg.forward else other.length
            left = lane_at_end(network, leg.road, leg.lane, leg.forward, entry)
            count += 1
            heapq.heappush(queue, (dist + other.length, count, (*legs, Leg(leg.road, left, leg.forward))))
    return None


@dataclass(frozen=True, slots=True)
class Stretch:
    """One road of a route with the distance along the route at which it begins, and the s where it is entered."""

    road: str
    lane: int
    forward: bool
    begins: float
    enters: float


@dataclass(slots=True, eq=False)
class Route:
    """A route that an entity follows: its roads in order, and how far it has come.

    Attributes:
        name: as in the file.
        stretches: the roads.
        length: metres along the route.
        index: road that the entity is on; -1 before it was found on the route.
        done: whether the entity has come past its end, or left it.
    """

    name: str
    stretches: tuple[Stretch, ...]
    length: float
    index: int = -1
    done: bool = False

    def copy(self) -> "Route":
        """The same route with its own progress."""
        return replace(self)

    @staticmethod
    def through(network: RoadNetwork, name: str, waypoints: Sequence[Spot]) -> "Route | None":
        """The route through waypoints; None where two of them are not joined."""
        if len(waypoints) < 2:
            return None
        legs: list[Leg] = []
        for start, target in pairwise(waypoints):
            found = _joined(network, start, target, legs[-1] if legs else None)
            if found is None:
                return None
            legs = [*legs[:-1], *found] if legs and legs[-1].road == found[0].road else [*legs, *found]
        return _measured(network, name, legs, waypoints[0], waypoints[-1])

    def s_of(self, road: str, s: float) -> float | None:
        """Distance along the route of a place on one of its roads."""
        for stretch in self.stretches:
            if stretch.road == road:
                return stretch.begins + (s - stretch.enters if stretch.forward else stretch.enters - s)
        return None

    def place(self, distance: float) -> tuple[str, int, float, bool]:
        """Road, lane, s and direction at a distance along the route."""
        found = self.stretches[0]
        for stretch in self.stretches:
            if stretch.begins <= distance:
                found = stretch
        ds = distance - found.begins
        return found.road, found.lane, found.enters + (ds if found.forward else -ds), found.forward

    def note(self, road: str, s: float) -> None:
        """Remembers where the entity is now."""
        order = [*range(max(self.index, 0), len(self.stretches)), *range(max(self.index, 0))]
        for k in order:
            if self.stretches[k].road == road:
                self.index = k
                distance = self.s_of(road, s)
                if distance is not None and distance > self.length and k == len(self.stretches) - 1:
                    self.done = True
                return

    def way(self, road: str, ways: Sequence[Way], network: RoadNetwork) -> Way | None:
        """Which way through a junction leads on along the route."""
        roads = [stretch.road for stretch in self.stretches]
        if road not in roads[:-1]:
            return None
        k = roads.index(road, max(self.index, 0)) if road in roads[max(self.index, 0) :] else roads.index(road)
        if k + 1 >= len(roads):
            return None
        for way in ways:
            if way.road == roads[k + 1]:
                return way
        if k + 2 < len(roads):
            for way in ways:
                track = network.tracks[way.road]
                leaves = track.after if way.contact == "start" else track.before
                if leaves is not None and leaves.id == roads[k + 2]:
                    return way
        return None


def _joined(network: RoadNetwork, start: Spot, target: Spot, before: Leg | None) -> tuple[Leg, ...] | None:
    """Legs between two waypoints; the direction goes on from the leg before, else whichever is shorter."""
    forwards = (start.forward, not start.forward) if before is None else (before.forward, not before.forward)
    for any_lane in (False, True):
        ways = [way_between(network, start, target, forward, any_lane) for forward in forwards]
        for way in ways:
            if way is not None:
                return way[1]
    return None


def _measured(network: RoadNetwork, name: str, legs: Sequence[Leg], first: Spot, last: Spot) -> Route:
    stretches: list[Stretch] = []
    total = 0.0
    for k, leg in enumerate(legs):
        length = network.tracks[leg.road].length
        enters = first.s if k == 0 else (0.0 if leg.forward else length)
        stretches.append(Stretch(leg.road, leg.lane, leg.forward, total, enters))
        leaves = last.s if k == len(legs) - 1 else (length if leg.forward else 0.0)
        total += abs(leaves - enters)
    return Route(name, tuple(stretches), total)
