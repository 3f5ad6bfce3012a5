"""What actors are about beyond their motion: hand signs, machines at work, open doors, looks away, hesitation.

Everything follows from the scenario and from moments that are past, so that a rollout of the first seconds says the
same of them as a longer one. Definitions, one per bit of `ActorMode`:

* SIGN_STOP, SIGN_SLOW, WAVE_ON, DIRECT_LEFT, DIRECT_RIGHT: the hand of a flagger (`driver_kernels.hand_shown`, the
  same function by which drivers obey it), or the gesture of any other person.
* OPERATIONAL: a machine whose working mode is one of work. TRANSIT: one that travels, or that is said to do nothing
  and moves faster than 0.2 m/s.
* DOOR_OPEN: a door of the vehicle stands open or swings.
* DISTRACTED: a person or driver who is so for the whole scenario, or a driver with a habit of looking away.
* GLANCE: the driver looks away from the road at this moment (`driver_kernels.glance_start`).
* HESITATE: a walker who decides for itself and stands (below 0.1 m/s) short of the end of its way, or walks back.
* EMERGENCY: an emergency vehicle whose beacon flashes.

What a behaviour tells an actor to show for a while (`scenarios.behaviour.Show`: gestures, work of machines) holds for
that while instead (`triggered.shown`).
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, UInt8, UInt16

from driving_data.taxonomy import ActorClass, ActorMode, Light
from sim_bridge.embedded.driver_kernels import glance_start, hand_shown

MOVES_MPS = 0.2
STANDS_MPS = 0.1
ARRIVED_M = 1.0
OF_HAND = (ActorMode.NONE, ActorMode.SIGN_STOP, ActorMode.SIGN_SLOW, ActorMode.WAVE_ON)


@dataclass(frozen=True, slots=True)
class Hand:
    """A flagger's hand: `shows` for ever, or stop and slow in turns (`scenarios.habits.Habits.hand_stop_s`)."""

    actor: int
    shows: int
    stop_s: float
    slow_s: float


@dataclass(frozen=True, slots=True)
class Glances:
    """A driver who looks away once in every so many steps."""

    actor: int
    every: int
    length: int


@dataclass(frozen=True, slots=True)
class Way:
    """A walker's way: from where to where, in `world`."""

    actor: int
    start_m: tuple[float, float]
    end_m: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class ModePlan:
    """What is known of the modes of one world's A actors before it runs.

    Attributes:
        lasting: bits that hold throughout, shape (A,).
        idle: machines that are said to do nothing: in transit where they move, shape (A,).
        hands: of flaggers.
        glances: of drivers who look away.
        ways: of walkers who decide for themselves.
        doors: index of a door that is an actor of its own, and of the vehicle that it hangs on.
        rescuers: emergency vehicles.
        seed: of the world.
        step_s: length of a step.
    """

    lasting: UInt16[np.ndarray, "A"]
    idle: Bool[np.ndarray, "A"]
    hands: tuple[Hand, ...] = ()
    glances: tuple[Glances, ...] = ()
    ways: tuple[Way, ...] = ()
    doors: tuple[tuple[int, int], ...] = ()
    rescuers: tuple[int, ...] = ()
    seed: int = 0
    step_s: float = 0.1

    @property
    def says_nothing(self) -> bool:
        """Whether no actor of the world can ever have a mode."""
        kept = (self.hands, self.glances, self.ways, self.doors, self.rescuers)
        return not (self.lasting.any() or self.idle.any() or any(kept))


def modes_of(
    plan: ModePlan | None,
    place_m: Float[np.ndarray, "T A 3"],
    velocity_mps: Float[np.ndarray, "T A 3"],
    lights: UInt8[np.ndarray, "T A"],
    valid: Bool[np.ndarray, "T A"],
) -> UInt16[np.ndarray, "T A"] | None:
    """`ActorMode` bits of every moment so far; None where the plan says nothing."""
    if plan is None or plan.says_nothing:
        return None
    modes = np.repeat(plan.lasting[None], len(valid), axis=0)
    speed = np.linalg.norm(np.nan_to_num(velocity_mps), axis=-1)
    modes[plan.idle[None] & (speed > MOVES_MPS)] |= int(ActorMode.TRANSIT)
    for hand in plan.hands:
        modes[:, hand.actor] |= shown_hand(hand, len(valid), plan.step_s)
    for glance in plan.glances:
        modes[:, glance.actor] |= looks_away(glance, len(valid), plan.seed)
    for way in plan.ways:
        waits = hesitates(way, place_m[:, way.actor, :2], velocity_mps[:, way.actor, :2])
        modes[waits, way.actor] |= int(ActorMode.HESITATE)
    for door, owner in plan.doors:
        modes[valid[:, door], owner] |= int(ActorMode.DOOR_OPEN)
    for i in plan.rescuers:
        modes[(lights[:, i] & int(Light.EMERGENCY)) > 0, i] |= int(ActorMode.EMERGENCY)
    modes[~valid] = 0
    return modes


def shown_hand(hand: Hand, num_steps: int, step_s: float) -> UInt16[np.ndarray, "T"]:
    """What a flagger shows at every step."""
    shown = [int(hand_shown(hand.shows, hand.stop_s, hand.slow_s, k * step_s)) for k in range(num_steps)]
    return np.array([int(OF_HAND[k]) for k in shown], dtype=np.uint16)


def looks_away(glance: Glances, num_steps: int, seed: int) -> UInt16[np.ndarray, "T"]:
    """Whether a driver looks away at every step."""
    away = [glance_start(seed, glance.actor, k, glance.every, glance.length) >= 0 for k in range(num_steps)]
    return np.where(away, np.uint16(ActorMode.GLANCE), np.uint16(0)).astype(np.uint16)


def hesitates(
    way: Way, place_m: Float[np.ndarray, "T 2"], velocity_mps: Float[np.ndarray, "T 2"]
) -> Bool[np.ndarray, "T"]:
    """Whether a walker stands short of its end, or goes back towards its beginning."""
    start, end = np.array(way.start_m), np.array(way.end_m)
    length = max(float(np.linalg.norm(end - start)), 1e-9)
    along = np.nan_to_num(velocity_mps) @ (end - start) / length
    speed = np.linalg.norm(np.nan_to_num(velocity_mps), axis=-1)
    left = np.linalg.norm(np.nan_to_num(place_m) - end, axis=-1)
    return ((speed < STANDS_MPS) & (left > ARRIVED_M)) | (along < -STANDS_MPS)


def machine_bits(kind: ActorClass, working_mode: str) -> tuple[int, bool]:
    """The lasting bits of a machine with that working mode, and whether it counts as idle."""
    if kind is not ActorClass.CONSTRUCTION_VEHICLE:
        return 0, False
    if working_mode in ("idle", ""):
        return 0, True
    return int(ActorMode.TRANSIT if working_mode == "travelling" else ActorMode.OPERATIONAL), False


def steps_of(duration_s: float, step_s: float) -> int:
    """Whole steps of a duration, rounded as the kernels round."""
    return math.floor(duration_s / step_s + 0.5)


__all__ = ["Glances", "Hand", "ModePlan", "Way", "machine_bits", "modes_of", "steps_of"]
