"""Actions on speed: go over to a speed, follow a profile, keep a distance, meet somebody somewhere."""

import math
from dataclasses import dataclass, field

from scenarios import storyboard as sb
from sim_bridge.embedded.storyboard.distances import along_curve, axis_gaps, road_gap, to_body
from sim_bridge.embedded.storyboard.network import TINY
from sim_bridge.embedded.storyboard.place import Place
from sim_bridge.embedded.storyboard.positions import place_of
from sim_bridge.embedded.storyboard.profile import or_huge, profile_pieces
from sim_bridge.embedded.storyboard.stage import LONGITUDINAL, Body, Stage
from sim_bridge.embedded.storyboard.transition import HUGE, Transition

SPRING = 0.4
CLOSE_M = 0.1
STOP_NOW_MPS2 = 8.0
ON_LINE_MPS = 0.1


def target_speed(stage: Stage, target: sb.SpeedTarget) -> float:
    """The speed that is asked for now."""
    if target.kind == "absolute" or not target.entity:
        return target.value
    speed = stage.bodies[target.entity].speed
    return speed * target.value if target.kind == "factor" else speed + target.value


def top(body: Body) -> tuple[float, float, float]:
    """Highest speed, acceleration and deceleration of an entity."""
    entity = body.entity
    return (
        HUGE if entity.max_speed_mps is None else entity.max_speed_mps,
        HUGE if entity.max_acceleration_mps2 is None else entity.max_acceleration_mps2,
        HUGE if entity.max_deceleration_mps2 is None else entity.max_deceleration_mps2,
    )


@dataclass(slots=True, eq=False)
class SpeedDoing:
    """Goes over to another speed, within the performance of the entity."""

    spec: sb.Speed
    move: Transition
    domains: int = LONGITUDINAL

    def begin(self, stage: Stage, body: Body) -> bool:
        """Starts."""
        self.move = Transition.of(self.spec.dynamics)
        limits = top(body)
        wanted = target_speed(stage, self.spec.target)
        self.move.aim(start=body.speed)
        if self.move.dimension == "distance":
            self.move.span = self._time_for(body.speed, wanted, self.spec.dynamics.value)
        self.move.aim(target=min(max(wanted, -limits[0]), limits[0]))
        self.move.slow_down(limits[1] if self.move.target > self.move.start else limits[2])
        body.speed = self.move.value()
        return False

    def _time_for(self, start: float, end: float, way: float) -> float:
        """Time in which a way is driven at a speed that changes evenly."""
        if abs(end - start) < TINY:
            return 0.0
        if abs(start) > TINY and abs(end) > TINY and start * end < 0.0:
            first = way * start**2 / (start**2 + end**2)
            return 2.0 * first / abs(start) + 2.0 * (way - first) / abs(end)
        return 2.0 * way / max(abs(start + end), TINY)

    def go(self, stage: Stage, body: Body, dt: float) -> bool:
        """Goes on for one step."""
        move, limits = self.move, top(body)
        wanted = target_speed(stage, self.spec.target)
        relative = self.spec.target.kind != "absolute"
        if relative:
            move.aim(target=min(max(wanted, -limits[0]), limits[0]))
        if move.span > 0.0 and move.over:
            final = wanted if relative else move.target
            rate = (final - body.speed) / dt if dt > TINY else 0.0
            speed = body.speed + min(max(rate, -limits[2]), limits[1]) * dt
        else:
            speed = self._stepped(body, limits, dt)
        speed = min(max(speed, -limits[0]), limits[0])
        reached = move.over and abs(speed - move.target) < TINY
        body.speed = move.target if reached else speed
        return reached and not (relative and self.spec.target.continuous)

    def _stepped(self, body: Body, limits: tuple[float, float, float], dt: float) -> float:
        move = self.move
        move.step(dt)
        speed = move.value()
        rate = (speed - body.speed) / dt if dt > TINY else 0.0
        if -limits[2] - TINY <= rate <= limits[1] + TINY:
            return speed
        allowed = min(max(rate, -limits[2]), limits[1])
        move.step(-(dt - allowed * dt / rate))
        return body.speed + allowed * dt


@dataclass(slots=True, eq=False)
class ProfileDoing:
    """Goes through speeds; in mode `follow` with limited jerk, else along straight lines over time."""

    spec: sb.SpeedProfile
    pieces: list[tuple[float, float, float, float]] = field(default_factory=lambda: [])
    piece: int = 0
    speed: float = 0.0
    domains: int = LONGITUDINAL

    def begin(self, stage: Stage, body: Body) -> bool:
        """Starts."""
        heading = body.place.heading
        ahead = body.acceleration[0] * math.cos(heading) + body.acceleration[1] * math.sin(heading)
        base = stage.bodies[self.spec.entity].speed if self.spec.entity else 0.0
        self.pieces = profile_pieces(self.spec, stage.time, body.speed, ahead, base)
        self.piece, self.speed = 0, body.speed
        return not self.pieces

    def go(self, stage: Stage, body: Body, dt: float) -> bool:
        """Goes on for one step."""
        time, last = stage.time + dt, self.pieces[-1]
        if not (time > last[0] and abs(self.speed - last[1]) < TINY):
            while self.piece < len(self.pieces) - 1 and time > self.pieces[self.piece + 1][0] - TINY:
                self.piece += 1
            begin, speed, rate, jerk = self.pieces[self.piece]
            passed = time - begin
            self.speed = speed + rate * passed + 0.5 * jerk * passed**2
        done = self.piece >= len(self.spec.entries) - 1 and abs(self.speed - last[1]) < TINY
        done = done or (self.piece == len(self.pieces) - 1 and abs(self.speed - last[1]) < TINY)
        body.speed = self.speed = last[1] if done else self.speed
        return done


@dataclass(slots=True, eq=False)
class DistanceDoing:
    """Keeps a distance to an entity: at once, or as on a critically damped spring."""

    spec: sb.LongitudinalDistance
    displacement: str = "any"
    rate: float = 0.0
    domains: int = LONGITUDINAL

    def begin(self, stage: Stage, body: Body) -> bool:
        """Starts."""
        self.rate = 0.0
        self.displacement = self.spec.displacement
        if self.displacement == "any":
            self.displacement = (
                "leadingReferencedEntity" if self._gap(stage, body) < 0.0 else "trailingReferencedEntity"
            )
        return False

    def _gap(self, stage: Stage, body: Body) -> float:
        other = stage.bodies[self.spec.entity]
        if self.spec.freespace:
            return axis_gaps(body, other)[0]
        found = to_body(stage, body, other, self.spec.coordinates, "longitudinal", False)
        return HUGE if found is None else found

    def go(self, stage: Stage, body: Body, dt: float) -> bool:
        """Goes on for one step."""
        spec, other = self.spec, stage.bodies[self.spec.entity]
        wanted = spec.distance_m if spec.distance_m is not None else abs(other.speed) * (spec.time_gap_s or 0.0)
        if self.displacement == "leadingReferencedEntity":
            wanted = -abs(wanted)
        away = self._gap(stage, body) - wanted
        done = not spec.continuous and abs(away) < CLOSE_M
        limits = spec.limits
        rising, falling = or_huge(limits.max_acceleration_mps2), or_huge(limits.max_deceleration_mps2)
        if rising >= HUGE and falling >= HUGE:
            body.place.advance(away)
            body.speed = other.speed
            return done
        stiff = SPRING * (rising if away < 0.0 else falling)
        asked = away * stiff - (body.speed - other.speed) * 2.0 * math.sqrt(stiff)
        asked = min(max(asked, -falling), rising)
        if asked < 0.0 and asked < self.rate:
            asked = max(self.rate - or_huge(limits.max_deceleration_rate_mps3) * dt, asked)
        elif asked >= 0.0 and asked > self.rate:
            asked = min(self.rate + or_huge(limits.max_acceleration_rate_mps3) * dt, asked)
        self.rate = asked
        fastest = or_huge(limits.max_speed_mps)
        body.speed = min(max(body.speed + asked * dt, -fastest), fastest)
        return done


@dataclass(slots=True, eq=False)
class SynchronizeDoing:
    """Arrives when the master arrives: one or two phases of constant acceleration, with a stop where need be."""

    spec: sb.Synchronize
    mode: str = ""
    rushes: bool = False
    last: float = HUGE
    last_master: float = HUGE
    steady: float | None = None
    target: Place | None = None
    master_target: Place | None = None
    domains: int = LONGITUDINAL

    def begin(self, stage: Stage, body: Body) -> bool:
        """Starts."""
        master = stage.bodies[self.spec.master]
        self.target = place_of(stage, self.spec.target, body)
        self.master_target = place_of(stage, self.spec.master_target, master)
        self.mode, self.last, self.last_master = "", HUGE, HUGE
        self.steady = self.spec.steady_m
        if self.spec.steady_s is not None and self.spec.final_speed is not None:
            self.steady = self.spec.steady_s * target_speed(stage, self.spec.final_speed)
        return False

    def go(self, stage: Stage, body: Body, dt: float) -> bool:
        """Goes on for one step."""
        spec, master = self.spec, stage.bodies[self.spec.master]
        way, master_way = _way(stage, body, self.target), _way(stage, master, self.master_target)
        done = way < spec.tolerance_m + TINY or master_way < spec.master_tolerance_m + TINY
        done = done or way > self.last or master_way > self.last_master
        self.last, self.last_master = way, master_way
        way, master_way = max(way - spec.tolerance_m, TINY), max(master_way - spec.master_tolerance_m, TINY)
        speed = master.along_road()
        left = master_way / speed if speed > TINY else HUGE
        final = None if spec.final_speed is None else target_speed(stage, spec.final_speed)
        if done or left < dt:
            body.speed = body.speed if final is None else final
            return True
        if final is None:
            rate = (2.0 * way / left - 2.0 * body.speed) / left
            body.speed += rate * dt
            return False
        self._steer(body, final, way, left, dt)
        return False

    def _steer(self, body: Body, final: float, way: float, left: float, dt: float) -> None:
        if self.steady is not None and self.mode != "steady":
            steady_time = self.steady / max(final, TINY)
            if way - self.steady < TINY or left - steady_time < TINY:
                self.mode = "steady"
            else:
                way, left = way - self.steady, left - steady_time
        if self.mode == "steady":
            body.speed = final
        elif self.mode == "waiting" and left >= HUGE:
            return
        elif self.mode == "stopping":
            body.speed -= STOP_NOW_MPS2 * dt
            if body.speed < 0.0:
                body.speed, self.mode = 0.0, "waiting"
        else:
            self.mode = "" if self.mode == "waiting" else self.mode
            self._two_phases(body, final, way, left, dt)

    def _two_phases(self, body: Body, final: float, way: float, left: float, dt: float) -> None:
        if self.mode == "stopped":
            if left >= 2.0 * way / max(final, TINY):
                body.speed = 0.0
                return
            self.mode = "linear"
        if self.mode == "linear":
            last = max(0.0, final)
            needed = 2.0 * way / left - last if left >= 1e-3 and way >= 1e-3 else 0.0
            body.speed = 0.0 if left > HUGE - 1 else max(0.0, needed)
            return
        if self.mode == "bent" and left < HUGE and abs(body.speed - (2.0 * way / left - final)) < ON_LINE_MPS:
            self.mode = "linear"
            return
        if self.mode == "":
            self.mode = "bent"
            self.rushes = 0.5 * (final + body.speed) < way / left
        self._bend(body, final, way, left, dt)

    def _bend(self, body: Body, final: float, way: float, left: float, dt: float) -> None:
        speed = body.along_road()
        rate, apex = apex_of(speed, final, way, left)
        if (not self.rushes and rate > 0.0) or (self.rushes and rate < 0.0):
            self.mode, rate = "linear", 0.0
        if self.mode == "bent" and apex < 0.0:
            first = 2.0 * speed * way / max(speed**2 + final**2, TINY)
            rate = -speed / first if abs(first) > TINY else 0.0
            if first * speed / 2.0 > way / 2.0:
                rate, self.mode = -STOP_NOW_MPS2, "stopping"
            if speed + rate * dt < 0.0:
                body.speed, self.mode = 0.0, "stopped"
                return
        body.speed += rate * dt


def apex_of(speed: float, final: float, way: float, left: float) -> tuple[float, float]:
    """Acceleration now, and the speed at the apex, for two phases of equal and opposite acceleration.

    Solves s = (v0 + vx) x / 2 + (v1 + vx) (t - x) / 2 with (vx - v0) / x = (vx - v1) / (t - x) for x and vx.
    """
    if abs(final - speed) < TINY:
        apex = (way - 0.5 * left * speed) / (0.5 * left)
        return (apex - speed) / (0.5 * left), apex
    inner = 2.0 * way**2 - 2.0 * (final + speed) * left * way + (final**2 + speed**2) * left**2
    root = math.sqrt(2.0) * math.sqrt(max(inner, 0.0))
    for side in (1.0, -1.0):
        x = -(side * root + 2.0 * way - 2.0 * final * left) / (2.0 * (final - speed))
        apex = (2.0 * way - side * root) / (2.0 * left)
        if 0.0 < x < left:
            return (apex - speed) / x, apex
    return 0.0, 0.0


def _way(stage: Stage, body: Body, target: Place | None) -> float:
    """Way of a body to its target: along its trajectory, along the road, else straight."""
    if target is None:
        return 0.0
    if body.curve is not None:
        return abs(along_curve(body, target.x, target.y)[0])
    gap = road_gap(stage, body.place, target)
    if gap is not None:
        return abs(gap.ds)
    return math.hypot(target.x - body.place.x, target.y - body.place.y)
