"""Actions across the road: change lanes, move inside the lane, keep a distance sideways."""

import math
from dataclasses import dataclass

from scenarios import storyboard as sb
from sim_bridge.embedded.storyboard.distances import local, road_gap
from sim_bridge.embedded.storyboard.network import TINY, sign
from sim_bridge.embedded.storyboard.place import Place
from sim_bridge.embedded.storyboard.positions import beside
from sim_bridge.embedded.storyboard.stage import LATERAL, LONGITUDINAL, Body, Stage
from sim_bridge.embedded.storyboard.transition import HUGE, Transition

STEEP_RAD = 0.5 * math.pi - TINY
CLOSE_M = 0.01
SPRING = 0.4


def target_lane(stage: Stage, lane: int, entity: str) -> int:
    """The lane that is asked for: its own id, or that many lanes to the left of an entity as it heads."""
    if not entity:
        return lane
    place = stage.bodies[entity].place
    return beside(place.lane, lane * (1 if place.forward else -1))


@dataclass(slots=True, eq=False)
class LaneChangeDoing:
    """Goes to another lane, driving along the road at the same time; total speed stays the entity's own."""

    spec: sb.LaneChange
    move: Transition
    inner: Place | None = None
    drift: float = 0.0
    domains: int = LATERAL

    def begin(self, stage: Stage, body: Body) -> bool:
        """Starts."""
        self.move = Transition.of(self.spec.dynamics)
        place = body.place
        if not place.road:
            return True
        lane = target_lane(stage, self.spec.lane, self.spec.entity)
        place.set_drift(0.0)
        inner = place.copy()
        inner.any_lane = True
        inner.force_lane(lane)
        self.inner = inner
        self.drift = 0.0
        self.move.aim(sign(lane) * inner.offset, sign(lane) * self.spec.offset_m)
        return False

    def go(self, stage: Stage, body: Body, dt: float) -> bool:
        """Goes on for one step."""
        inner, move, place = self.inner, self.move, body.place
        body.moved |= LATERAL | LONGITUDINAL
        if inner is None:
            return True
        if abs(body.speed) < TINY:
            return False
        ahead = self._advance_across(body, dt)
        offset = move.value("linear" if self.drift == self._steep(body) else "")
        inner.set_lane(inner.road, inner.lane, inner.s, offset * sign(inner.lane), section=inner.section)
        inner.turn = place.turn
        if move.instant:
            ahead = abs(body.speed) * dt
        ds = inner.road_step(math.copysign(ahead, body.speed))
        inner.route = place.route
        inner.advance(ds, actual=False)
        place.take(inner)
        over = move.over or abs(offset - move.target) < TINY
        over = over or (move.param > 0 and sign(offset - move.target) != sign(move.start - move.target))
        if over:
            place.set_drift(0.0)
        else:
            place.set_drift((1 if place.forward else -1) * sign(inner.lane) * self.drift)
        if not over or place.route is None:
            self._find_lane(place)
        return over

    def _steep(self, body: Body) -> float:
        return sign(body.speed) * sign(self.move.target - self.move.start) * STEEP_RAD

    def _advance_across(self, body: Body, dt: float) -> float:
        """Steps the transition; returns the way along the road that is left of the step."""
        move, way = self.move, abs(body.speed) * dt
        slope = move.slope()
        if move.dimension == "distance":
            ahead = way / math.sqrt(1.0 + slope**2)
            move.step(ahead)
            self.drift = math.atan(slope)
            return ahead
        across = dt * abs(slope)
        ahead = math.sqrt(max(way**2 - min(across, way) ** 2, 0.0))
        if across < way + TINY:
            move.step(dt)
            self.drift = math.atan2(sign(body.speed) * sign(slope) * across, ahead)
        else:
            # More across than the speed allows: straight across, as far as the step reaches.
            move.step(way * move.span / max(abs(move.target - move.start), TINY))
            self.drift = self._steep(body)
        return ahead

    def _find_lane(self, place: Place) -> None:
        """Names the place by the lane that it is in by now."""
        lane = place.network.lane_at(place.road, place.s, place.t, place.any_lane)
        if lane != 0 and lane != place.lane:
            heading = place.heading
            place.force_lane(lane)
            place.heading = heading


@dataclass(slots=True, eq=False)
class LaneOffsetDoing:
    """Moves inside the lane; what drives the entity along the road goes on."""

    spec: sb.LaneOffset
    move: Transition
    domains: int = LATERAL

    def begin(self, stage: Stage, body: Body) -> bool:
        """Starts."""
        place, spec = body.place, self.spec
        self.move = Transition.of(sb.Dynamics(spec.shape, "time", 0.0))
        if not place.road:
            return True
        self.move.aim(sign(place.lane) * place.offset, sign(place.lane) * self._target(stage, place))
        peak = spec.max_acceleration_mps2
        self.move.span = 0.0 if peak is None or peak <= 0.0 else self.move.span_of_bend(peak)
        return False

    def _target(self, stage: Stage, place: Place) -> float:
        if not self.spec.entity:
            return self.spec.offset_m
        other = stage.bodies[self.spec.entity].place.copy()
        t = other.t + self.spec.offset_m * (1 if other.forward else -1)
        return t - (place.t - place.offset)

    def go(self, stage: Stage, body: Body, dt: float) -> bool:
        """Goes on for one step."""
        place, move = body.place, self.move
        body.moved |= LATERAL
        if self.spec.continuous and self.spec.entity:
            move.target = sign(place.lane) * self._target(stage, place)
        offset = move.value()
        over = move.over or abs(offset - move.target) < TINY
        over = over or (move.param > 0 and sign(offset - move.target) != sign(move.start - move.target))
        offset = move.target if over else offset
        place.set_lane(place.road, place.lane, place.s, sign(place.lane) * offset, section=place.section)
        if over:
            place.set_drift(0.0)
        else:
            drift = math.atan(move.slope() / (abs(body.speed) if abs(body.speed) > TINY else TINY))
            place.set_drift((1 if place.forward else -1) * sign(place.lane) * drift)
        move.step(dt)
        return over and not (self.spec.continuous and self.spec.entity)


@dataclass(slots=True, eq=False)
class LateralDistanceDoing:
    """Keeps a distance sideways to an entity: at once, as fast as allowed, or as on a critically damped spring.

    Moving begins in the step after the one in which the action begins; total speed stays the entity's own.
    """

    spec: sb.LateralDistance
    rate: float = 0.0
    step: float = 0.0
    side: int = 1
    waits: bool = True
    domains: int = LATERAL

    def begin(self, stage: Stage, body: Body) -> bool:
        """Starts."""
        self.rate, self.step, self.waits = 0.0, 0.0, True
        self.side = {"leftToReferencedEntity": 1, "rightToReferencedEntity": -1}.get(self.spec.displacement, 0)
        if self.side == 0:
            self.side = 1 if self._left(stage, body) <= 0.0 else -1
        return not body.place.road

    def _left(self, stage: Stage, body: Body) -> float:
        """How far the other is to the left, between reference points."""
        other = stage.bodies[self.spec.entity]
        if self.spec.coordinates in ("road", "lane"):
            gap = road_gap(stage, body.place, other.place)
            return 0.0 if gap is None else (gap.dt if body.place.forward else -gap.dt)
        return local(body.place, other.place.x, other.place.y)[1]

    def _away(self, stage: Stage, body: Body) -> float:
        """Way to the left that is left to go."""
        other, wanted = stage.bodies[self.spec.entity], abs(self.spec.distance_m)
        if self.spec.freespace:
            wanted += 0.5 * (body.entity.size_m[1] + other.entity.size_m[1])
        return self._left(stage, body) + self.side * wanted

    def go(self, stage: Stage, body: Body, dt: float) -> bool:
        """Goes on for one step."""
        body.moved |= LATERAL
        if self.waits or dt <= TINY:
            self.waits = False
            return False
        limits, away = self.spec.limits, self._away(stage, body)
        fastest = HUGE if limits.max_speed_mps is None else limits.max_speed_mps
        strongest = limits.max_acceleration_mps2
        if strongest is None:
            strongest = limits.max_deceleration_mps2
        if strongest is None:
            self.rate = away / dt
        else:
            stiff = SPRING * strongest
            asked = away * stiff - self.rate * 2.0 * math.sqrt(stiff)
            self.rate += min(max(asked, -strongest), strongest) * dt
        self.rate = min(max(self.rate, -fastest), fastest)
        self._move(body, self.rate * dt, dt)
        if not self.spec.continuous and abs(away) < CLOSE_M:
            body.place.set_drift(0.0)
            return True
        return False

    def _move(self, body: Body, step: float, dt: float) -> None:
        place, way = body.place, abs(body.speed) * dt
        facing = 1 if place.forward else -1
        place.set_lane(place.road, place.lane, place.s, place.offset + facing * step, section=place.section)
        ahead = math.sqrt(max(way**2 - step**2, 0.0))
        place.advance(math.copysign(ahead, body.speed))
        body.moved |= LONGITUDINAL
        place.set_drift(facing * math.atan2(0.5 * (step + self.step), max(ahead, TINY)))
        self.step = step
