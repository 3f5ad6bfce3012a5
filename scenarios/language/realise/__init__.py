"""Slots into scenarios: what a description says, on a road, with everything it left open decided and written down.

    realised = realise(read("The ego follows a truck at 80 km/h on a motorway; the truck brakes."))
    realised.logical.sample(0)

A stated number stays that number, a vague word becomes a range, what was not said is chosen and listed in `assumed`,
and what no leaf or simulator of ours can hold is listed in `unplayed`. Nothing is dropped, nothing is drawn.
"""

from dataclasses import dataclass

from scenarios.algebra import LogicalScenario
from scenarios.language.realise.cast import cast, signals
from scenarios.language.realise.clashes import refuse_clashes
from scenarios.language.realise.conditions import light_leaf, radio, surface_leaf, weather_leaf
from scenarios.language.realise.denials import account_for_denials
from scenarios.language.realise.features import furniture, scenery
from scenarios.language.realise.fitting import fitted
from scenarios.language.realise.ledger import Ledger
from scenarios.language.realise.plan import set_stage
from scenarios.language.realise.stage import Stage
from scenarios.language.realise.tasks import ego_leaf, name_tasks
from scenarios.language.realise.titles import description_of, name_of
from scenarios.language.realise.validity import check_slots, faults_of
from scenarios.language.slots import Reading
from scenarios.spec.dump import dump_spec
from scenarios.types.about import about, timing
from scenarios.types.sensors import sensors


@dataclass(frozen=True, slots=True)
class Realised:
    """A reading as a scenario.

    Attributes:
        logical: the scenario.
        yaml: the same as a file; reading it gives `logical` back.
        assumed: one line for every decision that the text did not make, the reader's own first.
        unplayed: one line for everything that the slots hold and the scenario cannot.
    """

    logical: LogicalScenario
    yaml: str
    assumed: tuple[str, ...]
    unplayed: tuple[str, ...]


def realise(reading: Reading) -> Realised:
    """The scenario that a reading describes.

    Raises:
        InputError: the slots hold words or numbers that do not exist, or the description contradicts itself; a
            contradiction names both phrases.
    """
    slots = reading.slots
    check_slots(slots)
    ledger = Ledger(reading.account, reading.text)
    refuse_clashes(slots, reading.text, ledger)
    stage = set_stage(slots, ledger)
    leaves = [
        about(name_of(slots), description_of(reading)),
        stage.leaf(),
        weather_leaf(slots, ledger),
        light_leaf(slots, ledger),
        *surface_leaf(slots, ledger),
        *radio(slots, ledger),
        *scenery(slots, stage, ledger),
        ego_leaf(slots, stage, ledger),
        *cast(slots, stage, ledger),
        *furniture(slots, stage, ledger),
        *signals(slots, stage, ledger),
        sensors("front"),
        timing(duration=f"{stage.duration_s:g} s"),
    ]
    name_tasks(slots, stage, ledger)
    account_for_denials(slots, ledger)
    ledger.assume("sensors", "front", "one camera and one lidar")
    ledger.assume("duration", f"{stage.duration_s:g} s", "long enough for what is described")
    logical = fitted(leaves, ledger)
    assumed = tuple(dict.fromkeys((*reading.assumed, *ledger.assumed)))
    return Realised(logical, dump_spec(logical), assumed, tuple(ledger.unplayed))


__all__ = ["Realised", "Stage", "check_slots", "faults_of", "realise"]
