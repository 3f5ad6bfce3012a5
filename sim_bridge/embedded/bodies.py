"""What riders and people can do: parameter sets by class and age, each with the source of its numbers.

Where a source has no number of its own the set says `assumed`.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from driving_data.taxonomy import PEDESTRIANS, TWO_WHEELERS, ActorClass
from scenarios.behaviour import Behaviour, ChangeSpeed, FollowPath, KeepSpeed, Parallel, Sequence, When
from scenarios.concrete import Actor
from sim_bridge.embedded import layout as at
from sim_bridge.embedded.vehicles import AIR_KGPM3

RESERVE = 1.25


@dataclass(frozen=True, slots=True)
class Rider:
    """A leaning two-wheeler with its rider.

    Attributes:
        source: where the numbers come from.
        mass_kg: of both.
        height_m: of the centre of gravity of both.
        front_m: from there ahead to the contact of the front wheel.
        power_w: what the rider or motor gives for long.
        drag_area_m2: drag coefficient times frontal area.
        rolling: rolling resistance coefficient.
        lean_rad: largest lean that is chosen before a bend.
        weave_m: half of the way to both sides at walking pace.
    """

    source: str
    mass_kg: float
    height_m: float
    front_m: float
    power_w: float
    drag_area_m2: float
    rolling: float
    lean_rad: float
    weave_m: float

    @property
    def lean_time_s(self) -> float:
        """Time in which it would fall by a factor e, sqrt(h / g): how far ahead of a bend it leans."""
        return math.sqrt(self.height_m / at.GRAVITY)

    def needed_power_w(self, speed_mps: float) -> float:
        """Power at a steady speed on a level road: (1/2 rho c_d A v^2 + c_r m g) v."""
        drag = 0.5 * AIR_KGPM3 * self.drag_area_m2 * speed_mps**2
        return (drag + self.rolling * self.mass_kg * at.GRAVITY) * speed_mps

    def able(self, speed_mps: float) -> "Rider":
        """The rider who can hold that speed on a level road, with a quarter of the power in reserve."""
        return replace(self, power_w=max(self.power_w, RESERVE * self.needed_power_w(speed_mps)))


@dataclass(frozen=True, slots=True)
class Walker:
    """A person on foot or in a wheelchair.

    Attributes:
        source: where the numbers come from.
        relaxation_s: time in which the difference to the wished speed falls by a factor e.
        top_mps: fastest run, or wheeling.
        aside_mps: fastest step to the side.
        turn_radps: fastest turn on the spot.
    """

    source: str
    relaxation_s: float
    top_mps: float
    aside_mps: float
    turn_radps: float


_CYCLIST = (
    "Wilson, Bicycling Science (2004): upright rider 0.6 m^2, rolling 0.006, pitch-over at 0.56 g (front contact "
    "0.62 m ahead of, 1.1 m below the centre of gravity); 120 W for long: di Prampero et al. (1979), untrained; weave: "
    "CROW, Design manual for bicycle traffic (2007): 0.2 m at and above 12 km/h, 0.8 m at walking pace; 20 degrees: "
    "assumed"
)
CYCLIST = Rider(_CYCLIST, 95.0, 1.1, 0.62, 120.0, 0.6, 0.006, math.radians(20.0), 0.4)
SCOOTER = Rider(
    "German eKFV (2019): 500 W; small wheels: rolling 0.012; standing rider 0.6 m^2, 15 degrees, pitch-over at 0.5 g: "
    "assumed; weave as a cyclist",
    90.0, 1.15, 0.575, 500.0, 0.6, 0.012, math.radians(15.0), 0.4,
)  # fmt: skip
MOTORCYCLE = Rider(
    "Cossalter, Motorcycle Dynamics (2006): centre of gravity 0.65 m high, 0.70 m behind the front contact, 0.45 m^2, "
    "rolling 0.02; 35 kW: class A2; 25 degrees: assumed (Spiegel, The Upper Half of the Motorcycle: 20 by nature); "
    "weave half that of a cyclist: assumed",
    280.0, 0.65, 0.70, 35_000.0, 0.45, 0.02, math.radians(25.0), 0.2,
)  # fmt: skip
_STEPS = (
    "Helbing, Molnar (1995): 0.5 s; the rest assumed: healthy people turn by 180 degrees in about 1.3 s, step aside at "
    "half their walking speed; fastest runs of untrained people"
)
ADULT = Walker(_STEPS, 0.5, 6.0, 0.7, 2.5)
CHILD = Walker(_STEPS, 0.4, 4.5, 0.7, 3.0)
TEENAGER = Walker(_STEPS, 0.45, 6.5, 0.8, 2.8)
ELDER = Walker(_STEPS + "; slower: assumed", 0.7, 2.5, 0.45, 1.5)
WHEELCHAIR = Walker("assumed: hand-rimmed, does not move sideways", 0.9, 2.5, 0.0, 1.6)

RIDERS = {ActorClass.BICYCLE: CYCLIST, ActorClass.E_SCOOTER: SCOOTER, ActorClass.MOTORCYCLE: MOTORCYCLE}
_AGES = {"toddler": CHILD, "child": CHILD, "teenager": TEENAGER, "elder": ELDER}


def has_body(kind: ActorClass) -> bool:
    """Whether actors of a class are riders or people."""
    return kind in TWO_WHEELERS or kind in PEDESTRIANS


def walker_of(actor: Actor) -> Walker:
    """The set of a person, by class and by the trait `age`."""
    if actor.kind is ActorClass.WHEELCHAIR:
        return WHEELCHAIR
    if actor.kind is ActorClass.CHILD:
        return CHILD
    return _AGES.get(str(actor.traits.get("age", "adult")), ADULT)


def top_speed_mps(actor: Actor) -> float:
    """The highest speed that a scenario asks of an actor: at the start, of its driver, in its behaviour."""
    wished = actor.driver.desired_speed_mps if actor.driver.kind != "none" else 0.0
    return max(actor.speed_mps, wished, *_speeds(actor.behaviour), 0.0)


def _speeds(node: Behaviour | None) -> list[float]:
    if isinstance(node, (KeepSpeed, ChangeSpeed, FollowPath)):
        return [node.speed_mps]
    if isinstance(node, When):
        return _speeds(node.then)
    if isinstance(node, Sequence):
        return [speed for step in node.steps for speed in _speeds(step)]
    if isinstance(node, Parallel):
        return [speed for branch in node.branches for speed in _speeds(branch)]
    return []


def fill_body(actor: Actor, floats: Float[np.ndarray, "columns"]) -> int:
    """Writes what an actor's body can do into its parameters; returns which kind of body it is (`layout.BODY_*`).

    A rider is able to hold the highest speed that the scenario asks of it on a level road.
    """
    if actor.kind in RIDERS:
        rider = RIDERS[actor.kind].able(top_speed_mps(actor))
        floats[at.B_POWER], floats[at.B_MASS] = rider.power_w, rider.mass_kg
        floats[at.B_DRAG], floats[at.B_ROLLING] = 0.5 * AIR_KGPM3 * rider.drag_area_m2, rider.rolling
        floats[at.B_PITCH], floats[at.B_LEAN] = rider.front_m / rider.height_m, rider.lean_rad
        floats[at.B_TIME], floats[at.B_WEAVE] = rider.lean_time_s, rider.weave_m
        return at.BODY_RIDER
    if actor.kind in PEDESTRIANS:
        walker = walker_of(actor)
        floats[at.B_TIME], floats[at.B_TOP] = walker.relaxation_s, walker.top_mps
        floats[at.B_SIDE], floats[at.B_TURN] = walker.aside_mps, walker.turn_radps
        # The relaxation alone says how people speed up.
        floats[at.JERK], floats[at.MAX_ACCEL] = 1e3, 20.0
        return at.BODY_WALKER
    return at.BODY_PLAIN
