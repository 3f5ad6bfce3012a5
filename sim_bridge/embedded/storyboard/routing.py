"""Actions that say where to go: routes, trajectories, and being put somewhere else at once."""

import math
from dataclasses import dataclass

from scenarios import storyboard as sb
from sim_bridge.embedded.storyboard.network import TINY, wrapped
from sim_bridge.embedded.storyboard.positions import curve_of, place_of, route_of
from sim_bridge.embedded.storyboard.routes import Route, Spot
from sim_bridge.embedded.storyboard.stage import LATERAL, LONGITUDINAL, Body, Stage


@dataclass(slots=True, eq=False)
class TeleportDoing:
    """Puts the entity somewhere else at once."""

    spec: sb.Teleport
    domains: int = LONGITUDINAL | LATERAL

    def begin(self, stage: Stage, body: Body) -> bool:
        """Starts."""
        if body.tow is not None:
            return False
        place = place_of(stage, self.spec.position, body)
        body.place.rise = 0.0
        body.place.take(place)
        body.jumped = True
        body.moved |= LONGITUDINAL | LATERAL
        if body.place.route is not None:
            body.place.route.note(body.place.road, body.place.s)
        stage.on_jump(body)
        return False

    def go(self, stage: Stage, body: Body, dt: float) -> bool:
        """Goes on for one step."""
        return True


@dataclass(slots=True, eq=False)
class RouteDoing:
    """Assigns a route, or finds one to a place."""

    spec: sb.AssignRoute | sb.AcquirePosition
    domains: int = 0

    def begin(self, stage: Stage, body: Body) -> bool:
        """Starts."""
        if isinstance(self.spec, sb.AssignRoute):
            route = route_of(stage, self.spec.route)
        else:
            target = place_of(stage, self.spec.position, body)
            here = body.place
            spots = [Spot(p.road, p.lane, p.s, p.forward) for p in (here, target) if p.road]
            route = Route.through(stage.network, "acquired", spots)
        if route is None:
            stage.notes.append(f"{body.name}: the waypoints of a route are not joined; it is left out")
        body.place.route = route
        if route is not None:
            route.note(body.place.road, body.place.s)
        return False

    def go(self, stage: Stage, body: Body, dt: float) -> bool:
        """Goes on for one step."""
        return True


@dataclass(slots=True, eq=False)
class FreeRouteDoing:
    """Takes the route away: at junctions the straightest way is taken."""

    spec: sb.RandomRoute
    domains: int = 0

    def begin(self, stage: Stage, body: Body) -> bool:
        """Starts."""
        body.place.route = None
        return False

    def go(self, stage: Stage, body: Body, dt: float) -> bool:
        """Goes on for one step."""
        return True


@dataclass(slots=True, eq=False)
class FollowDoing:
    """Goes along a trajectory, by its times or at the entity's own speed."""

    spec: sb.FollowTrajectory
    time: float = 0.0
    backwards: bool = False
    domains: int = LATERAL

    def begin(self, stage: Stage, body: Body) -> bool:
        """Starts."""
        curve = curve_of(stage, self.spec.trajectory, body, self.spec.following)
        body.curve, body.curve_s = curve, self.spec.initial_m
        self.time = curve.time_at(self.spec.initial_m)
        self.backwards = self.spec.timing == "none" and body.speed < 0.0
        self._put(body)
        if self.spec.timing != "none":
            body.speed = curve.speed_at_start()
        return curve.length < TINY

    def _put(self, body: Body) -> None:
        """Puts the body where it is on its trajectory, with its road below it."""
        curve = body.curve
        if curve is None:
            return
        x, y, z, heading = curve.at(body.curve_s)
        body.place.set_point(x, y, wrapped(heading + (math.pi if self.backwards else 0.0)), z)
        body.jumped = body.jumped or body.place.road == ""

    def go(self, stage: Stage, body: Body, dt: float) -> bool:
        """Goes on for one step."""
        curve, spec = body.curve, self.spec
        body.moved |= LATERAL | LONGITUDINAL
        if curve is None:
            return True
        before = body.curve_s
        if spec.timing == "none":
            step = (-1 if self.backwards else 1) * body.speed * dt
            reach = before + step
            body.curve_s = self._limited(reach, curve.length, curve.closed)
            self._put(body)
            past = (step > 0.0 and reach > curve.length - curve.slack) or (step < 0.0 and reach < TINY)
            ended = not curve.closed and dt > 0.0 and past
            rest = abs(step) - abs(body.curve_s - before)
        else:
            self.time = self.time + spec.scale * dt if spec.timing == "relative" else (stage.time + dt) * spec.scale
            now = self.time + spec.shift_s
            body.curve_s = curve.s_at(now)
            self._put(body)
            if now < curve.end_time + TINY and dt > TINY:
                body.speed = (body.curve_s - before) / dt
            ended = now >= curve.end_time - TINY
            rest = (now - curve.end_time) * body.speed
        if ended:
            heading = curve.at(body.curve_s)[3]
            x, y = body.place.x + rest * math.cos(heading), body.place.y + rest * math.sin(heading)
            body.place.set_point(x, y, body.place.heading)
            body.curve = None
        return ended

    def _limited(self, s: float, length: float, closed: bool) -> float:
        return s % length if closed and length > 0.0 else min(max(s, 0.0), length)


def couple(tow: Body, trailer: Body | None) -> None:
    """Couples a trailer to who draws it, or uncouples what hangs there."""
    if tow.trailer is not None:
        tow.trailer.tow = None
    tow.trailer = trailer
    if trailer is not None:
        if trailer.tow is not None:
            trailer.tow.trailer = None
        trailer.tow = tow


def align(body: Body) -> None:
    """Puts the trailers of a body straight behind it."""
    tow = body
    while tow.trailer is not None:
        trailer = tow.trailer
        hitch, coupler = tow.entity.hitch_m or 0.0, trailer.entity.coupler_m or 0.0
        heading = body.place.heading
        x = tow.place.x + (hitch - coupler) * math.cos(heading)
        y = tow.place.y + (hitch - coupler) * math.sin(heading)
        trailer.place.set_point(x, y, heading)
        trailer.speed, trailer.jumped = body.speed, True
        tow = trailer


def drag(body: Body) -> None:
    """Lets the trailers of a body follow: each coupler stays on the hitch before it, the axle is drawn after it."""
    tow = body
    while tow.trailer is not None:
        trailer = tow.trailer
        hitch, coupler = tow.entity.hitch_m or 0.0, trailer.entity.coupler_m or 0.0
        hx = tow.place.x + hitch * math.cos(tow.place.heading)
        hy = tow.place.y + hitch * math.sin(tow.place.heading)
        heading = math.atan2(hy - trailer.place.y, hx - trailer.place.x)
        trailer.place.set_point(hx - coupler * math.cos(heading), hy - coupler * math.sin(heading), heading)
        trailer.speed = tow.speed
        tow = trailer
