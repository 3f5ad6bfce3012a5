"""Where an entity is: a place on a road and lane, and the pose that follows from it; how it moves along the road.

A place keeps both sides: (road, lane, s, offset, t) and (x, y, z, heading). Moving along the road follows lane links
from section to section and from road to road; at a junction the route decides, and without one the straightest way.
t counts from the centre lane, to the left of the road; `turn_rad` is the heading relative to the lane's own direction
along s, so that traffic against s has about pi.
"""

import math
from dataclasses import dataclass, replace

from sim_bridge.embedded.storyboard.network import TINY, Link, RoadNetwork, Track, Way, sign, wrapped
from sim_bridge.embedded.storyboard.routes import Route

MAX_ROADS_A_STEP = 8


@dataclass(slots=True, eq=False)
class Place:
    """One place on a network; changed by the methods that move it."""

    network: RoadNetwork
    road: str = ""
    lane: int = 0
    section: int = 0
    s: float = 0.0
    offset: float = 0.0
    t: float = 0.0
    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
    heading: float = 0.0
    turn: float = 0.0
    along: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    rise: float = 0.0
    own_pitch: float = 0.0
    own_roll: float = 0.0
    at_end: bool = False
    any_lane: bool = False
    route: Route | None = None

    def copy(self) -> "Place":
        """Another place at the same spot, on the same route with its own progress."""
        return replace(self, route=self.route.copy() if self.route is not None else None)

    def take(self, other: "Place") -> None:
        """Goes to where another place is; the route stays."""
        for name in (
            "road", "lane", "section", "s", "offset", "t", "x", "y", "z", "heading", "turn", "along", "pitch", "roll",
            "rise", "own_pitch", "own_roll", "at_end",
        ):  # fmt: skip
            setattr(self, name, getattr(other, name))

    @property
    def track(self) -> Track | None:
        """The road, or None off every road."""
        return self.network.tracks.get(self.road)

    @property
    def forward(self) -> bool:
        """Whether the heading points along s rather than against it."""
        return math.cos(self.turn) >= 0.0

    @property
    def side_sign(self) -> int:
        """+1 where lateral offsets of the lane count to the left of s (left lanes), -1 for right lanes."""
        return sign(self.lane)

    def lane_forward(self) -> bool:
        """Whether traffic on this lane runs along s."""
        track = self.track
        left_hand = track is not None and track.left_hand
        return (self.lane < 0) != left_hand or (self.lane == 0 and not left_hand)

    def set_lane(self, road: str, lane: int, s: float, offset: float, section: int | None = None) -> None:
        """Goes to a lane at s; the same lane of the same road is followed through its sections."""
        track = self.network.tracks[road]
        follows = road == self.road and lane == self.lane and section is None
        self._along(track, s)
        if follows:
            self._follow_sections(track, self.s)
            lane = self.lane
        else:
            self.section = track.strip_index(self.s) if section is None else section
            self.lane = lane
        self.offset = offset
        self.t = offset + track.strips[self.section].center(self.s, self.lane)[0]
        self._pose(track)

    def _along(self, track: Track, s: float) -> None:
        self.road = track.id
        self.s = min(max(s, 0.0), track.length)
        closed = (self.s < TINY and track.before is None) or (self.s > track.length - TINY and track.after is None)
        self.at_end = closed or s > track.length

    def _follow_sections(self, track: Track, s: float) -> None:
        wanted = track.strip_index(s)
        while self.section != wanted:
            step = 1 if wanted > self.section else -1
            strip = track.strips[self.section].lanes.get(self.lane)
            near = track.strips[self.section + step]
            if strip is not None and self.lane != 0:
                links = strip.record.successors if step > 0 else strip.record.predecessors
                self.lane = links[0] if links else self.lane
            self.section += step
            here = near.lanes.get(self.lane)
            if self.lane != 0 and (here is None or not (here.driven or self.any_lane)):
                edge = min(max(s, near.s), track.length)
                self.lane = self.network.lane_at(track.id, edge, self.t, self.any_lane)

    def set_track(self, road: str, s: float, t: float) -> None:
        """Goes to (s, t) of a road and into the lane that lies there."""
        track = self.network.tracks[road]
        self._along(track, s)
        self.section = track.strip_index(self.s)
        self.t = t
        self.lane = self.network.lane_at(road, self.s, t, self.any_lane)
        self.offset = t - track.strips[self.section].center(self.s, self.lane)[0]
        self._pose(track)

    def set_point(self, x: float, y: float, heading: float | None = None, z: float | None = None) -> None:
        """Goes to a point in the world and onto the road below it; without a heading the turn to the road stays."""
        found = self.network.nearest(x, y, self.road)
        if found is None:
            self.x, self.y = x, y
            self.z = z if z is not None else 0.0
            self.heading = self.heading if heading is None else heading
            self.turn = self.heading
            return
        turn = self.turn
        self.set_track(*found)
        self.x, self.y, self.turn = x, y, turn
        if z is not None:
            self.rise, self.z = z - (self.z - self.rise), z
        if heading is None:
            self.heading = wrapped(self.along + self.turn)
        else:
            self.set_heading(heading)

    def set_heading(self, heading: float) -> None:
        """Turns to a heading in the world."""
        self.heading = wrapped(heading)
        self.turn = wrapped(self.heading - self.along) if self.road else self.heading

    def set_turn(self, turn: float) -> None:
        """Turns to a heading relative to the direction of s."""
        self.turn = wrapped(turn)
        self.heading = wrapped(self.along + self.turn)

    def set_drift(self, drift: float) -> None:
        """Turns by `drift` from the direction of s, or from its opposite for who drives against it."""
        self.set_turn(drift if self.forward else drift + math.pi)

    def force_lane(self, lane: int) -> None:
        """Names the place by another lane without moving."""
        track = self.track
        if track is None:
            return
        strip = track.strips[self.section]
        self.offset -= strip.center(self.s, lane)[0] - strip.center(self.s, self.lane)[0]
        self.lane = lane

    def _pose(self, track: Track) -> None:
        """x, y, z and heading from road, s, t and turn."""
        x, y, heading, _ = track.line(self.s)
        shift, slides = track.offset.at(self.s)
        across = self.t + shift
        bank, tilts = track.bank.at(self.s)
        side = across * math.cos(bank)
        self.x, self.y = x - side * math.sin(heading), y + side * math.cos(heading)
        widens = track.strips[self.section].center(self.s, self.lane)[1]
        leans = -across * math.sin(bank) * tilts
        self.along = heading + math.atan(slides) + math.atan(widens) + math.atan(leans)
        self.heading = wrapped(self.along + self.turn)
        height, climbs = track.elevation.at(self.s)
        self.z = height + across * math.sin(bank) + track.strips[self.section].rise(self.s, self.lane, self.offset)
        self.z += self.rise
        self.pitch, self.roll = -math.atan(climbs) + self.own_pitch, bank + self.own_roll

    def lean(self, pitch: float, roll: float) -> None:
        """Pitches and rolls the body against the road below it."""
        self.pitch, self.roll = self.pitch - self.own_pitch + pitch, self.roll - self.own_roll + roll
        self.own_pitch, self.own_roll = pitch, roll

    def curvature(self) -> float:
        """Of the reference line."""
        track = self.track
        return 0.0 if track is None else track.line(self.s)[3]

    def road_step(self, distance: float) -> float:
        """Change of s for a distance driven beside the reference line of a curve."""
        track = self.track
        if track is None:
            return distance
        bend = track.line(self.s)[3]
        if abs(bend) < TINY:
            return distance
        across = self.t + track.offset.at(self.s)[0]
        return distance / max(1.0 - bend * across, 0.05)

    def advance(self, distance: float, actual: bool = True, direction: str = "heading", on_route: bool = True) -> bool:
        """Moves along the road; False where the road ends.

        Args:
            distance: metres.
            actual: whether it is measured where the entity is rather than along the reference line.
            direction: 'heading' of the entity, of the 'lane', or of the 'road'.
            on_route: whether the route is followed.
        """
        track = self.track
        if track is None:
            return True
        ds = self.road_step(distance) if actual else distance
        if direction == "heading":
            ds *= 1 if self.forward else -1
        elif direction == "lane":
            ds *= 1 if self.lane_forward() else -1
        route = self.route if on_route and self.route is not None and not self.route.done else None
        going = self._walk(ds, route)
        if route is not None and self.route is not None:
            route.note(self.road, self.s)
        return going

    def _walk(self, ds: float, route: Route | None) -> bool:
        for _ in range(MAX_ROADS_A_STEP):
            track = self.network.tracks[self.road]
            if self.s + ds > track.length:
                end, rest, stop = 1, self.s + ds - track.length, track.length
            elif self.s + ds < 0.0:
                end, rest, stop = -1, self.s + ds, 0.0
            else:
                return self._settle(track, self.s + ds)
            link = track.link(end)
            contact = "" if link is None else self._cross(track, link, end, route)
            if not contact:
                self.set_lane(self.road, self.lane, stop, self.offset)
                self.at_end = True
                return False
            ds = abs(rest) if contact == "start" else -abs(rest)
        return True

    def _settle(self, track: Track, s: float) -> bool:
        """Goes to s of the present road; a lane that has closed is left for the nearest one."""
        lane = self.lane
        self.set_lane(self.road, self.lane, s, self.offset)
        strip = track.strips[self.section]
        if self.lane != 0 and strip.width(self.s, self.lane) < TINY:
            near = self.network.lane_at(self.road, self.s, self.t, self.any_lane)
            if near * lane > 0:
                self.set_lane(self.road, near, self.s, 0.0)
        return True

    def _cross(self, track: Track, link: Link, end: int, route: Route | None) -> str:
        """Goes over to the road behind one end; returns the contact there, or '' where no road follows."""
        edge = track.length if end > 0 else 0.0
        if self.s != edge:
            self.set_lane(self.road, self.lane, edge, self.offset)
        if link.kind == "junction":
            way = self._way(track, link.id, end, route)
            if way is None:
                return ""
            return self._enter(way.road, way.lane, way.contact, end)
        contact = link.contact or "start"
        if link.id not in self.network.tracks:
            return ""
        strip = track.strips[self.section].lanes.get(self.lane)
        links = () if strip is None else (strip.record.successors if end > 0 else strip.record.predecessors)
        if self.lane == 0:
            return self._enter(link.id, 0, contact, end)
        if links:
            return self._enter(link.id, links[0], contact, end)
        target = self.network.tracks[link.id]
        t = self.t if contact == ("start" if end > 0 else "end") else -self.t
        self.set_track(link.id, 0.0 if contact == "start" else target.length, t)
        self.offset = 0.0
        return contact

    def _enter(self, road: str, lane: int, contact: str, end: int) -> str:
        target = self.network.tracks[road]
        offset, flips = self.offset, contact == ("end" if end > 0 else "start")
        if flips:
            self.turn = wrapped(self.turn + math.pi)
            offset = -offset
        if contact == "start":
            self.set_lane(road, lane, 0.0, offset, section=0)
        else:
            self.set_lane(road, lane, target.length, offset, section=len(target.strips) - 1)
        return contact

    def _way(self, track: Track, junction: str, end: int, route: Route | None) -> Way | None:
        ways = self.network.ways.get((junction, track.id, self.lane), ())
        if len(ways) <= 1:
            return ways[0] if ways else None
        if route is not None:
            wanted = route.way(track.id, ways, self.network)
            if wanted is not None:
                return wanted
        here = track.line(self.s)[2] + (0.0 if end > 0 else math.pi)
        return min(ways, key=lambda way: abs(wrapped(self._leaving(way) - here)))

    def _leaving(self, way: Way) -> float:
        """Heading with which a way leaves the junction."""
        track = self.network.tracks[way.road]
        if way.contact == "start":
            return track.line(track.length)[2]
        return track.line(0.0)[2] + math.pi
