"""What the player moves: the bodies of all entities, and the stage that they stand on."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from driving_data.environment import Environment
from driving_data.taxonomy import Light
from scenarios.storyboard import Entity, SignalController, Storyboard
from sim_bridge.embedded.storyboard.curves import Curve
from sim_bridge.embedded.storyboard.network import TINY, RoadNetwork, wrapped
from sim_bridge.embedded.storyboard.place import Place

LONGITUDINAL, LATERAL, LIGHTS = 1, 2, 4
STANDS_MPS = 1e-3


@dataclass(slots=True, eq=False)
class Body:
    """One entity while it is played.

    Attributes:
        entity: what it is.
        place: where its reference point is.
        speed: along its heading, negative backwards.
        active: whether it is in the world.
        outside: whether somebody else (a policy) moves it.
        moved: channels that an action has already moved in this step (`LONGITUDINAL`, `LATERAL`).
        jumped: whether it was put somewhere else in this step.
        velocity: x, y, z as driven in the last step.
        acceleration: its change.
        yaw_rate: change of heading in the last step.
        odometer: way so far in metres.
        curve: trajectory that it follows, and `curve_s` on it.
        stands_since, ends_since, off_since: time since it stands, is at the end of its road, is off every road.
        tow, trailer: who draws it, whom it draws.
        lamps: lit lights, with the times of those that flash.
        overridden: values of overridden controls.
    """

    entity: Entity
    place: Place
    speed: float = 0.0
    active: bool = True
    outside: bool = False
    moved: int = 0
    jumped: bool = False
    velocity: tuple[float, float, float] = (0.0, 0.0, 0.0)
    acceleration: tuple[float, float, float] = (0.0, 0.0, 0.0)
    yaw_rate: float = 0.0
    odometer: float = 0.0
    curve: Curve | None = None
    curve_s: float = 0.0
    stands_since: float | None = None
    ends_since: float | None = None
    off_since: float | None = None
    tow: "Body | None" = None
    trailer: "Body | None" = None
    lamps: dict[str, tuple[str, float, float, float]] = field(default_factory=lambda: {})
    overridden: dict[str, float] = field(default_factory=lambda: {})
    visible: tuple[bool, bool, bool] = (True, True, True)
    old: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)

    @property
    def name(self) -> str:
        """Its name."""
        return self.entity.name

    def corners(self) -> list[tuple[float, float]]:
        """Corners of its box in the world, counterclockwise from the front left."""
        length, width, _ = self.entity.size_m
        cx, cy, _ = self.entity.center_m
        cos, sin = math.cos(self.place.heading), math.sin(self.place.heading)
        found: list[tuple[float, float]] = []
        for ahead, left in ((0.5, 0.5), (-0.5, 0.5), (-0.5, -0.5), (0.5, -0.5)):
            x, y = cx + ahead * length, cy + left * width
            found.append((self.place.x + x * cos - y * sin, self.place.y + x * sin + y * cos))
        return found

    def along_road(self) -> float:
        """Speed along the road, with the sign of its speed."""
        cos, sin = math.cos(self.place.along), math.sin(self.place.along)
        found = abs(self.velocity[0] * cos + self.velocity[1] * sin)
        return -found if self.speed < 0.0 else found

    def lit(self, time: float) -> int:
        """`Light` bits now."""
        bits = 0
        for light, (mode, since, on, off) in self.lamps.items():
            bit = LAMPS.get(light, 0)
            if mode == "flashing":
                shows = (time - since) % max(on + off, TINY) < on
                bits |= bit if shows or bit in BLINKING else 0
            elif mode == "on":
                bits |= bit
        return bits


LAMPS = {
    "daytimeRunningLights": 0, "lowBeam": int(Light.LOW_BEAM), "highBeam": int(Light.HIGH_BEAM),
    "brakeLights": int(Light.BRAKE), "warningLights": int(Light.HAZARD), "indicatorLeft": int(Light.LEFT_INDICATOR),
    "indicatorRight": int(Light.RIGHT_INDICATOR), "reversingLights": int(Light.REVERSE),
    "specialPurposeLights": int(Light.EMERGENCY),
}  # fmt: skip
# A bit of ours says that the indicator works, not that its bulb glows at this moment.
BLINKING = frozenset({int(Light.HAZARD), int(Light.LEFT_INDICATOR), int(Light.RIGHT_INDICATOR), int(Light.EMERGENCY)})


@dataclass(slots=True, eq=False)
class Signals:
    """What every traffic signal shows, as text of the file, and the phases of controllers.

    A controller begins each phase when the one before has lasted its time; `SetSignalController` begins one at once.
    """

    controllers: dict[str, SignalController]
    shown: dict[str, str] = field(default_factory=lambda: {})
    begun: dict[str, tuple[int, float]] = field(default_factory=lambda: {})

    @staticmethod
    def of(board: Storyboard) -> "Signals":
        """At the start: every controller in its cycle, after the delays that it has to its reference."""
        made = Signals({controller.name: controller for controller in board.signals})
        for controller in board.signals:
            made.begun[controller.name] = (0, made.delay(controller, 8))
        return made

    def delay(self, controller: SignalController, depth: int) -> float:
        """When its first phase begins: its delay after that of its reference."""
        reference = self.controllers.get(controller.reference)
        before = 0.0 if reference is None or depth == 0 else self.delay(reference, depth - 1)
        return before + controller.delay_s

    def run(self, time: float) -> None:
        """Shows what the controllers show at a time."""
        for name, controller in self.controllers.items():
            index, since = self.begun[name]
            if not controller.phases or sum(phase.duration_s for phase in controller.phases) <= 0.0:
                continue
            while time < since - TINY:
                index = (index - 1) % len(controller.phases)
                since -= controller.phases[index].duration_s
            while time >= since + controller.phases[index].duration_s - TINY:
                since += controller.phases[index].duration_s
                index = (index + 1) % len(controller.phases)
            if self.begun[name] != (index, since) or time < TINY:
                self.begun[name] = (index, since)
                self.shown.update(controller.phases[index].states)

    def phase(self, controller: str) -> str:
        """Name of the phase that a controller is in."""
        found = self.controllers.get(controller)
        return "" if found is None or not found.phases else found.phases[self.begun[controller][0]].name

    def set_phase(self, controller: str, phase: str, time: float) -> None:
        """Brings a controller into a phase."""
        found = self.controllers.get(controller)
        names = [] if found is None else [item.name for item in found.phases]
        if found is not None and phase in names:
            self.begun[controller] = (names.index(phase), time)
            self.shown.update(found.phases[names.index(phase)].states)


@dataclass(slots=True, eq=False)
class Stage:
    """Everything that actions and conditions look at."""

    network: RoadNetwork
    bodies: dict[str, Body]
    values: dict[str, str]
    signals: Signals
    environment: Environment
    time: float = 0.0
    frame: int = 0
    time_of_day_s: float | None = None
    notes: list[str] = field(default_factory=lambda: [])
    contacts: set[tuple[str, str]] = field(default_factory=lambda: set())
    on_jump: Callable[[Body], None] = lambda _body: None

    def present(self) -> list[Body]:
        """Bodies that are in the world, in order."""
        return [body for body in self.bodies.values() if body.active]

    def note_states(self) -> None:
        """Remembers since when each body stands, is at the end of its road or off it."""
        for body in self.bodies.values():
            body.ends_since = _since(body.ends_since, body.place.at_end, self.time)
            body.off_since = _since(body.off_since, off_road(body.place), self.time)
            body.stands_since = _since(body.stands_since, abs(body.speed) < STANDS_MPS, self.time)

    def note_motion(self, dt: float) -> None:
        """Velocity, acceleration and way of each body from its place before."""
        for body in self.bodies.values():
            place = body.place
            x, y, z, heading = body.old
            if body.jumped or dt <= TINY:
                velocity = (body.speed * math.cos(place.heading), body.speed * math.sin(place.heading), 0.0)
            else:
                velocity = ((place.x - x) / dt, (place.y - y) / dt, (place.z - z) / dt)
            if dt > TINY:
                body.acceleration = (
                    (velocity[0] - body.velocity[0]) / dt,
                    (velocity[1] - body.velocity[1]) / dt,
                    (velocity[2] - body.velocity[2]) / dt,
                )
                body.yaw_rate = 0.0 if body.jumped else wrapped(place.heading - heading) / dt
            if not body.jumped and self.frame > 0:
                body.odometer += math.hypot(place.x - x, place.y - y)
            body.velocity = velocity
            body.old = (place.x, place.y, place.z, place.heading)
            body.jumped = False


def _since(before: float | None, holds: bool, now: float) -> float | None:
    """Time since something holds; time zero itself does not count, so that it is first noted at the next step."""
    if not holds:
        return None
    return before if before is not None else (now if now > TINY else None)


def off_road(place: Place) -> bool:
    """Whether a place is beside every lane of its road."""
    track = place.track
    if track is None:
        return False
    strip = track.strips[track.strip_index(place.s)]
    side = -1 if place.t < 0 else 1
    reach = sum(
        strip.width(place.s, k) for k, lane in strip.lanes.items() if k * side > 0 and lane.record.type != "none"
    )
    return abs(place.t) > reach + 1e-9
