"""From a concrete scenario to the plan of its actors' modes."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Int

from driving_data.taxonomy import PEDESTRIANS, ActorClass, ActorMode
from scenarios.concrete import Actor, ConcreteScenario
from scenarios.habits import HANDS
from sim_bridge.embedded import layout as at
from sim_bridge.embedded.modes import Glances, Hand, ModePlan, Way, machine_bits, steps_of
from sim_bridge.loose import Loose

Ends = tuple[tuple[float, float], tuple[float, float]]
OF_GESTURE = {
    "stop": ActorMode.SIGN_STOP, "slow": ActorMode.SIGN_SLOW, "go": ActorMode.WAVE_ON, "wave": ActorMode.WAVE_ON,
    "point_left": ActorMode.DIRECT_LEFT, "point_right": ActorMode.DIRECT_RIGHT,
}  # fmt: skip


def mode_plan(
    scenario: ConcreteScenario,
    loose: Sequence[Loose],
    driver: Int[np.ndarray, "A"],
    ends: Callable[[int], Ends | None],
    seed: int,
) -> ModePlan:
    """The plan of a world whose actor 0 is the ego and whose loose things stand behind all others.

    Args:
        scenario: what is played.
        loose: cargo and doors.
        driver: who drives each actor, by the codes of the layout.
        ends: first and last point of an actor's way, by its index; None without one.
        seed: of the world.
    """
    count = 1 + len(scenario.actors) + len(loose)
    lasting, idle = np.zeros(count, np.uint16), np.zeros(count, bool)
    hands: list[Hand] = []
    glances: list[Glances] = []
    ways: list[Way] = []
    for i, actor in enumerate(scenario.actors, start=1):
        bits, idle[i] = machine_bits(actor.kind, str(actor.traits.get("working_mode", "idle")))
        lasting[i] = bits | _person(actor) | _doors(actor)
        hands += _hand(i, actor)
        glances += _glances(i, actor, scenario.step_s)
        if int(driver[i]) == at.DRIVER_WALKER and (way := ends(i)) is not None:
            ways.append(Way(i, *way))
    doors = [(k, x.owner) for k, x in enumerate(loose, start=1 + len(scenario.actors)) if x.kind is ActorClass.OTHER]
    rescuers = [i for i, a in enumerate(scenario.actors, start=1) if a.kind is ActorClass.EMERGENCY_VEHICLE]
    return ModePlan(
        lasting, idle, tuple(hands), tuple(glances), tuple(ways), tuple(doors), tuple(rescuers), seed % (2**31),
        scenario.step_s,
    )  # fmt: skip


def _person(actor: Actor) -> int:
    """What a person is and shows throughout; a flagger's hand is planned apart."""
    habits = actor.driver.habits
    away = habits is not None and habits.glance_every_s > 0.0 and habits.glance_s > 0.0
    distracted = actor.traits.get("attention") == "distracted" or away
    shown = ActorMode.NONE
    if not _has_hand(actor):
        shown = OF_GESTURE.get(str(actor.traits.get("gesture", "none")), ActorMode.NONE)
    return int(shown | (ActorMode.DISTRACTED if distracted else ActorMode.NONE))


def _has_hand(actor: Actor) -> bool:
    return actor.kind is ActorClass.FLAGGER and actor.kind in PEDESTRIANS and bool(_hand(0, actor))


def _hand(i: int, actor: Actor) -> list[Hand]:
    """The hand of a flagger as drivers obey it; see `sim_bridge.embedded.drivers`."""
    habits = actor.driver.habits
    if actor.kind is not ActorClass.FLAGGER:
        return []
    own = "none" if habits is None else habits.hand
    name = own if own != "none" else str(actor.traits.get("gesture", "none"))
    shows = HANDS.index(name) if name in HANDS else 0
    turns = (0.0, 0.0) if habits is None else (habits.hand_stop_s, habits.hand_slow_s)
    return [Hand(i, shows, *turns)] if shows or min(turns) > 0.0 else []


def _doors(actor: Actor) -> int:
    return int(ActorMode.DOOR_OPEN) if actor.traits.get("door", "closed") != "closed" else 0


def _glances(i: int, actor: Actor, step_s: float) -> list[Glances]:
    habits = actor.driver.habits
    if habits is None or habits.glance_every_s <= 0.0 or habits.glance_s <= 0.0 or actor.driver.kind == "walker":
        return []
    return [Glances(i, steps_of(habits.glance_every_s, step_s), steps_of(habits.glance_s, step_s))]
