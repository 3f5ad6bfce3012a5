"""Whole scenarios played slowly: the twin of the compiled step, one actor at a time, behaviours as generators.

It plays the scenario itself, not its packed form, so a test that compares the two also checks the packing and the
flattening of behaviours. It knows no contacts, no conflicts between routes, and of drivers the plain car follower; the
laws of drivers with habits have twins in `reference_drivers`, and worlds with known answers.
"""

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float
from shapely import Polygon

from driving_data.taxonomy import SignalState
from scenarios.behaviour import (
    AheadOf,
    AtTime,
    Behaviour,
    ChangeLane,
    ChangeSpeed,
    DistanceBelow,
    FollowPath,
    KeepSpeed,
    MoveSideways,
    Parallel,
    ReachS,
    TimeGapBelow,
    Trigger,
    Wait,
    When,
)
from scenarios.behaviour import Sequence as InOrder
from scenarios.concrete import Actor, ConcreteScenario, Driver, SignalProgram
from sim_bridge.embedded.classes import traits_of
from sim_bridge.embedded.layout import GRAVITY, PCURV, PHEAD, PLIMIT, PSLOW
from sim_bridge.embedded.options import EmbeddedOptions
from sim_bridge.embedded.paths import PathTable, path_through
from sim_bridge.embedded.reference import Car, Road, clip, drive, idm_acceleration, quintic, wrap
from sim_bridge.embedded.roads import point_at

CORRIDOR_MARGIN_M = 0.2


@dataclass(slots=True)
class Body:
    """One other actor."""

    actor: Actor
    road: Road
    s: float
    d: float
    yaw: float
    v: float
    desired: float
    a: float = 0.0
    u: float = 0.0
    bend: float = 0.0
    x: float = 0.0
    y: float = 0.0
    vx: float = 0.0
    vy: float = 0.0
    plan: Float[np.ndarray, "6"] | None = None
    clock: float = 0.0
    duration: float = 0.0
    speed_change: ChangeSpeed | None = None
    exists: bool = True
    still: bool = False
    walks_to_end: bool = False
    life: Generator[None, None, None] | None = None


@dataclass(slots=True)
class ReferenceWorld:
    """A scenario played slowly. `road_of` gives the path of a route by name."""

    scenario: ConcreteScenario
    road_of: Callable[[str], PathTable]
    options: EmbeddedOptions = field(default_factory=EmbeddedOptions)
    step_index: int = 0
    bodies: list[Body] = field(default_factory=lambda: [])
    roads: dict[str, Road] = field(default_factory=lambda: {})
    car: Car = field(default_factory=lambda: Car(0.0, 0.0, 0.0, 0.0))
    signal_ids: tuple[str, ...] = ()

    def road(self, route: str) -> Road:
        """The path of a route, made once."""
        return self.roads.setdefault(route, Road(self.road_of(route)))

    def begin(self) -> None:
        """Puts everyone at the start."""
        ego = self.scenario.ego
        x, y, yaw = self._at(self.road(ego.start.route), ego.start.s_m, ego.start.d_m, ego.start.heading_rad)
        r = ego.rear_axle_to_center_m
        self.car = Car(x - r * math.cos(yaw), y - r * math.sin(yaw), yaw, ego.speed_mps)
        for actor in self.scenario.actors:
            road = self.road(actor.start.route)
            x, y, yaw = self._at(road, actor.start.s_m, actor.start.d_m, actor.start.heading_rad)
            wish = actor.driver.desired_speed_mps if actor.driver.kind == "idm" else actor.speed_mps
            body = Body(actor, road, actor.start.s_m, actor.start.d_m, yaw, actor.speed_mps, wish)
            body.still = actor.speed_mps == 0 and actor.behaviour is None and actor.driver.kind == "none"
            self._pose(body, first=True)
            body.life = self._play(body, actor.behaviour) if actor.behaviour is not None else None
            self.bodies.append(body)

    def step(self, command: float | None = None, angle: float | None = None) -> None:
        """One step; without a command the ego is driven as `idm_lane_follow` does."""
        dt = self.scenario.step_s
        if command is None or angle is None:
            command, angle = self._ego_driver()
        movers = [body for body in self.bodies if body.exists and not body.still]
        for body in movers:
            if body.life is not None and next(body.life, "over") == "over":
                body.life = None
        wishes = [self._wish(body) for body in movers]
        ego = self.scenario.ego
        drive(self.car, command, angle, ego.wheelbase_m, self.scenario.environment.road_friction, self.options, dt)
        for body, wish in zip(movers, wishes, strict=True):
            self._move(body, wish, dt)
        self.step_index += 1
        for body in movers:
            if body.road.leaves and body.s >= body.road.length - 0.5 * body.actor.size_m[0]:
                body.exists = False

    def centers(self) -> Float[np.ndarray, "A 3"]:
        """x, y, yaw of every box centre, the ego first; NaN for who has left."""
        r = self.scenario.ego.rear_axle_to_center_m
        car = self.car
        rows = [[car.x + r * math.cos(car.yaw), car.y + r * math.sin(car.yaw), car.yaw]]
        rows += [[b.x, b.y, b.yaw] if b.exists else [math.nan] * 3 for b in self.bodies]
        return np.array(rows)

    def _at(self, road: Road, s: float, d: float, turned: float) -> tuple[float, float, float]:
        point, tangent = road.point(s)
        yaw = wrap(road.value(PHEAD, s) + turned)
        return float(point[0] - d * tangent[1]), float(point[1] + d * tangent[0]), yaw

    def _pose(self, body: Body, first: bool = False) -> None:
        point, tangent = body.road.point(body.s)
        body.x, body.y = float(point[0] - body.d * tangent[1]), float(point[1] + body.d * tangent[0])
        body.vx = body.v * float(tangent[0]) - body.u * float(tangent[1])
        body.vy = body.v * float(tangent[1]) + body.u * float(tangent[0])
        speed = math.hypot(body.v, body.u)
        if speed > 0.05:
            kappa = body.road.value(PCURV, body.s)
            bend = kappa / max(1 - kappa * body.d, 0.2)
            bend += (body.bend * body.v - body.u * body.a) / max(speed**3, 0.125)
            rear = 0.3 * body.actor.size_m[0] if traits_of(body.actor.kind).rolls else 0.0
            slip = math.asin(clip(rear * bend, 0.5))
            wish = body.road.value(PHEAD, body.s) + math.atan2(body.u, body.v) - slip
            turn = -slip if first else clip(wrap(wish - body.yaw), 2.5 * self.scenario.step_s)
            body.yaw = wrap(body.yaw + turn)

    def _move(self, body: Body, wish: float, dt: float) -> None:
        jerk = traits_of(body.actor.kind).jerk_mps3
        a = body.a + clip(wish - body.a, jerk * dt)
        if self.options.paths_need_grip:
            kappa = body.road.value(PCURV, body.s)
            grip = self.scenario.environment.road_friction * GRAVITY
            across = body.v**2 * kappa / max(1 - kappa * body.d, 0.2)
            a = clip(a, math.sqrt(max(grip**2 - across**2, 0.01 * grip**2)))
        if body.v <= 0:
            a = max(a, 0.0)
        stops = body.v + a * dt < 0
        distance = body.v**2 / (2 * -a) if stops else body.v * dt + 0.5 * a * dt**2
        body.v = 0.0 if stops else body.v + a * dt
        body.a = 0.0 if body.v <= 0 else a
        kappa = body.road.value(PCURV, body.s + 0.5 * distance)
        body.s += distance / max(1 - kappa * body.d, 0.2)
        self._move_sideways(body, dt)
        self._pose(body)

    def _move_sideways(self, body: Body, dt: float) -> None:
        if body.plan is None:
            body.u = body.bend = 0.0
            return
        plan = np.polynomial.Polynomial(body.plan)
        ahead = float(plan.deriv()(min(body.clock + dt, body.duration)))
        pace = 1.0
        if not traits_of(body.actor.kind).walks:
            pace = 0.0 if body.v < 0.05 else min(1.0, 0.5 * body.v / max(abs(ahead), 1e-9))
        clock = body.clock + pace * dt
        if clock >= body.duration - 1e-9:
            body.d, body.u, body.bend, body.plan = float(plan(body.duration)), 0.0, 0.0, None
            return
        body.clock = clock
        body.d = float(plan(clock))
        body.u, body.bend = float(plan.deriv()(clock)) * pace, float(plan.deriv(2)(clock)) * pace**2

    def _ease(self, body: Body, target: float, rate: float) -> float:
        gap = target - body.v
        jerk = traits_of(body.actor.kind).jerk_mps3
        return math.copysign(min(rate, math.sqrt(jerk * abs(gap)), abs(gap) / self.scenario.step_s), gap)

    def _wish(self, body: Body) -> float:
        driver = body.actor.driver
        if body.speed_change is not None:
            return self._ease(body, body.speed_change.speed_mps, abs(body.speed_change.rate_mps2))
        if driver.kind == "none":
            desired = body.desired
            if body.walks_to_end:
                left = max(body.road.length - body.s - 0.05, 0.0)
                desired = min(desired, math.sqrt(2 * driver.comfortable_deceleration_mps2 * left))
            faster = desired >= body.v
            rate = driver.max_acceleration_mps2 if faster else max(driver.comfortable_deceleration_mps2, 1.5)
            return self._ease(body, desired, rate)
        desired = min(body.desired, body.road.value(PSLOW, body.s))
        low, high = self._corridor(body)
        return self._mind(
            body.road, body.s, body.v, low, high, body.actor.size_m[0], desired, driver, body, driver.minds_signals
        )

    def _corridor(self, body: Body) -> tuple[float, float]:
        half = 0.5 * body.actor.size_m[1] + CORRIDOR_MARGIN_M
        aim = body.d if body.plan is None else float(np.polynomial.Polynomial(body.plan)(body.duration))
        return min(body.d, aim) - half, max(body.d, aim) + half

    def _everyone(self) -> list[tuple[object, float, float, float, float, float, tuple[float, ...], float]]:
        """Who can be a leader: key, x, y, yaw, vx, vy, size, foresight."""
        ego, car = self.scenario.ego, self.car
        r, cos, sin = ego.rear_axle_to_center_m, math.cos(car.yaw), math.sin(car.yaw)
        seen: list[tuple[object, float, float, float, float, float, tuple[float, ...], float]] = [
            (car, car.x + r * cos, car.y + r * sin, car.yaw, car.v * cos - r * car.rate * sin,
             car.v * sin + r * car.rate * cos, ego.size_m, traits_of(ego.kind).foresight_s)
        ]  # fmt: skip
        for b in self.bodies:
            if b.exists:
                seen.append((b, b.x, b.y, b.yaw, b.vx, b.vy, b.actor.size_m, traits_of(b.actor.kind).foresight_s))
        return seen

    def _mind(
        self, road: Road, s: float, v: float, low: float, high: float, length: float, desired: float, driver: Driver,
        me: object, minds_signals: bool,
    ) -> float:  # fmt: skip
        free = idm_acceleration(v, desired, math.inf, 0.0, driver)
        taken = 0.0
        for key, x, y, yaw, vx, vy, size, foresight in self._everyone():
            place, d = road.place(x, y)
            if key is me or place <= s or place > s + 40 + 5 * v or abs(d) > 14:
                continue
            _, tangent = road.point(place)
            cos = abs(math.cos(yaw) * tangent[0] + math.sin(yaw) * tangent[1])
            sin = abs(math.cos(yaw) * tangent[1] - math.sin(yaw) * tangent[0])
            gap = place - 0.5 * (cos * size[0] + sin * size[1]) - s - 0.5 * length
            sight = min(foresight, 0.3 + max(gap, 0.0) / max(v, 1.0))
            drift = (-vx * tangent[1] + vy * tangent[0]) * sight
            wide = 0.5 * (sin * size[0] + cos * size[1])
            if d - wide + min(drift, 0.0) > high or d + wide + max(drift, 0.0) < low:
                continue
            lead = float(vx * tangent[0] + vy * tangent[1])
            taken = max(taken, free - idm_acceleration(v, desired, gap, lead, driver))
        stop = self._red_ahead(road, s + 0.5 * length, v, driver) if minds_signals else math.inf
        if stop < math.inf:
            brisk = Driver("idm", desired, 0.5, 1.0, driver.max_acceleration_mps2, driver.comfortable_deceleration_mps2)
            taken = max(taken, free - idm_acceleration(v, desired, stop + 0.5, 0.0, brisk))
        return max(free - taken, -min(8.0, self.scenario.environment.road_friction * GRAVITY))

    def _red_ahead(self, road: Road, front: float, v: float, driver: Driver) -> float:
        ahead = sorted(stop for stop in road.stops if stop[0] > front)
        if not ahead:
            return math.inf
        gap = ahead[0][0] - front
        program = next((p for p in self.scenario.signals if p.signal_id == self.signal_ids[ahead[0][1]]), None)
        shown = SignalState.OFF if program is None else state_of(program, self.step_index * self.scenario.step_s)
        needed = v**2 / (2 * max(gap, 0.1))
        if shown in (SignalState.RED, SignalState.RED_YELLOW):
            return gap if needed < 0.9 * self.scenario.environment.road_friction * GRAVITY else math.inf
        return gap if shown == SignalState.YELLOW and needed <= 1.3 * driver.comfortable_deceleration_mps2 else math.inf

    def _ego_driver(self) -> tuple[float, float]:
        ego, car = self.scenario.ego, self.car
        road = self.road(ego.start.route)
        x, y, _ = self.centers()[0]
        s, d = road.place(float(x), float(y))
        rear, _ = road.place(car.x, car.y)
        aim, _ = road.point(rear + max(4.0, 0.7 * car.v))
        dx, dy = float(aim[0]) - car.x, float(aim[1]) - car.y
        left = -dx * math.sin(car.yaw) + dy * math.cos(car.yaw)
        angle = math.atan(2 * ego.wheelbase_m * left / max(dx * dx + dy * dy, 1.0))
        half = 0.5 * ego.size_m[1] + CORRIDOR_MARGIN_M
        desired = min(ego.target_speed_mps, road.value(PLIMIT, s), road.value(PSLOW, s))
        driver = Driver("idm", desired, 1.5, 2.0, 1.8, 2.5)
        low, high = min(d, 0.0) - half, max(d, 0.0) + half
        return self._mind(road, s, car.v, low, high, ego.size_m[0], desired, driver, car, True), angle

    def _play(self, body: Body, node: Behaviour) -> Generator[None, None, None]:
        """Runs a behaviour; each `yield` waits for the next step."""
        if isinstance(node, InOrder):
            for part in node.steps:
                yield from self._play(body, part)
        elif isinstance(node, Parallel):
            lives = [self._play(body, branch) for branch in node.branches]
            while lives := [life for life in lives if next(life, "over") != "over"]:
                yield
        elif isinstance(node, When):
            while not self._fires(body, node.trigger):
                yield
            yield from self._play(body, node.then)
        elif isinstance(node, KeepSpeed):
            body.desired = node.speed_mps
        elif isinstance(node, ChangeSpeed):
            body.speed_change = node
            while abs(body.v - node.speed_mps) > 0.05:
                yield
            body.speed_change, body.desired = None, node.speed_mps
        elif isinstance(node, (ChangeLane, MoveSideways)):
            if isinstance(node, ChangeLane):
                body.road = self.road(node.route)
                body.s, body.d = body.road.place(body.x, body.y)
            body.duration, body.clock = max(node.duration_s, self.scenario.step_s), 0.0
            body.plan = quintic(body.d, body.u, body.bend, node.offset_m, body.duration)
            while self._moves_sideways(body):
                yield
        elif isinstance(node, FollowPath):
            body.road, body.desired, body.walks_to_end = self._walk(body.actor, node), node.speed_mps, True
            body.s, body.d = body.road.place(body.x, body.y)
            body.plan = None
            if abs(body.d) > 0.01:
                body.duration, body.clock = max(1.0, abs(body.d)), 0.0
                body.plan = quintic(body.d, body.u, body.bend, 0.0, body.duration)
            while body.s < body.road.length - 0.15:
                yield
            body.desired, body.walks_to_end = 0.0, False
        elif isinstance(node, Wait):
            end = self.step_index * self.scenario.step_s + node.duration_s
            while self.step_index * self.scenario.step_s < end - 1e-9:
                yield

    def _walk(self, actor: Actor, node: FollowPath) -> Road:
        """The way through the points of a walk; it begins where the actor stands, if it stands near the first."""
        route = self.road_of(node.route)
        points = [point_at(route, s, d)[0] for s, d in node.points_m]
        start, _ = point_at(self.road_of(actor.start.route), actor.start.s_m, actor.start.d_m)
        if len(points) == 1 or (np.linalg.norm(points[0][:2] - start[:2]) < 30.0 and actor.speed_mps == 0.0):
            points.insert(0, start)
        return Road(path_through(np.array(points)))

    def _moves_sideways(self, body: Body) -> bool:
        return body.plan is not None

    def _fires(self, body: Body, trigger: Trigger) -> bool:
        if isinstance(trigger, AtTime):
            return self.step_index * self.scenario.step_s >= trigger.time_s - 1e-9
        if isinstance(trigger, ReachS):
            return body.s >= trigger.s_m
        if not self._exists(trigger.actor):
            return False
        if isinstance(trigger, AheadOf):
            x, y = self._center_of(trigger.actor)
            return body.s - body.road.place(x, y)[0] > trigger.distance_m
        if isinstance(trigger, DistanceBelow):
            return self._outline(body.actor.id).distance(self._outline(trigger.actor)) < trigger.distance_m
        if isinstance(trigger, TimeGapBelow):
            return bool(self._time_to_reach(body, trigger.actor) < trigger.time_s)
        return bool(self._time_to_collision(body, trigger.actor) < trigger.time_s)

    def _exists(self, actor: str) -> bool:
        return actor == "ego" or next(body for body in self.bodies if body.actor.id == actor).exists

    def _time_to_reach(self, body: Body, actor: str) -> float:
        """Seconds that `actor` needs to reach `body` at its speed: along its own way where `body` is near it."""
        x, y, _, vx, vy, size = self._motion_of(actor)
        speed = math.hypot(vx, vy)
        if speed < 1e-3:
            return math.inf
        road = self._road_of(actor)
        mine, across = road.place(body.x, body.y)
        theirs, _ = road.place(x, y)
        if abs(across) > 14:
            return self._outline(body.actor.id).distance(self._outline(actor)) / speed
        if mine < theirs:
            return math.inf
        halves = [self._half_along(road, mine, body.yaw, body.actor.size_m),
                  self._half_along(road, theirs, self._motion_of(actor)[2], size)]  # fmt: skip
        return max(mine - theirs - sum(halves), 0.0) / speed

    def _time_to_collision(self, body: Body, actor: str) -> float:
        """Gap of the boxes over the closing speed along the line between the centres; inf where they part."""
        x, y, _, vx, vy, _ = self._motion_of(actor)
        away = np.array([x - body.x, y - body.y])
        distance = float(np.linalg.norm(away))
        if distance < 1e-9:
            return 0.0
        closing = float(np.array([body.vx - vx, body.vy - vy]) @ away) / distance
        gap = self._outline(body.actor.id).distance(self._outline(actor))
        return gap / closing if closing > 1e-3 else math.inf

    def _half_along(self, road: Road, s: float, yaw: float, size: tuple[float, ...]) -> float:
        _, tangent = road.point(s)
        cos = abs(math.cos(yaw) * tangent[0] + math.sin(yaw) * tangent[1])
        sin = abs(math.cos(yaw) * tangent[1] - math.sin(yaw) * tangent[0])
        return 0.5 * (cos * size[0] + sin * size[1])

    def _motion_of(self, actor: str) -> tuple[float, float, float, float, float, tuple[float, ...]]:
        """x, y, yaw, vx, vy of a box centre, and its size."""
        for key, x, y, yaw, vx, vy, size, _ in self._everyone():
            named = key is self.car if actor == "ego" else isinstance(key, Body) and key.actor.id == actor
            if named:
                return x, y, yaw, vx, vy, size
        return math.nan, math.nan, 0.0, 0.0, 0.0, (0.0, 0.0, 0.0)

    def _road_of(self, actor: str) -> Road:
        if actor == "ego":
            return self.road(self.scenario.ego.start.route)
        return next(body.road for body in self.bodies if body.actor.id == actor)

    def _center_of(self, actor: str) -> tuple[float, float]:
        rows = self.centers()
        k = 0 if actor == "ego" else 1 + [b.actor.id for b in self.bodies].index(actor)
        return float(rows[k, 0]), float(rows[k, 1])

    def _outline(self, actor: str) -> Polygon:
        k = 0 if actor == "ego" else 1 + [b.actor.id for b in self.bodies].index(actor)
        x, y, yaw = self.centers()[k]
        size = self.scenario.ego.size_m if k == 0 else self.bodies[k - 1].actor.size_m
        ahead = 0.5 * size[0] * np.array([math.cos(yaw), math.sin(yaw)])
        left = 0.5 * size[1] * np.array([-math.sin(yaw), math.cos(yaw)])
        center = np.array([x, y])
        return Polygon([center + ahead + left, center + ahead - left, center - ahead - left, center - ahead + left])


def state_of(program: SignalProgram, time_s: float) -> SignalState:
    """What a fixed-time programme shows at a time."""
    cycle = sum(duration for _, duration in program.phases)
    clock = (time_s + program.offset_s) % cycle + 1e-9
    for state, duration in program.phases:
        clock -= duration
        if clock < 0:
            return state
    return program.phases[-1][0]
