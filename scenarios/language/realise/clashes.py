"""Descriptions that contradict themselves: each clash is a letter that names both phrases."""

from collections.abc import Iterator

from driving_data.errors import Fault, InputError
from scenarios.language.realise.ledger import Ledger
from scenarios.language.realise.names import noun_of
from scenarios.language.slots import Slots

_PEOPLE = frozenset({"pedestrian", "child"})
_CYCLES = frozenset({"bicycle"})
# A denial, and the classes that it denies.
_DENIED_CLASSES = {
    "no pedestrians": _PEOPLE, "no cyclists": _CYCLES, "no animals": frozenset({"animal"}),
    "no trains": frozenset({"tram"}), "no cones": frozenset({"cone"}),
}  # fmt: skip
# A denial, and the relation that it denies.
_DENIED_RELATIONS = {"no oncoming traffic": "oncoming", "no parked cars": "parked"}
_DENIED_WEATHER = {"no rain": ("rain", "heavy_rain"), "no fog": ("fog",), "no snow": ("snow",)}
_DENIED_SURFACE = {"no ice": ("icy",)}
Said = tuple[str, str]
_VEHICLES = frozenset({"car", "van", "truck", "bus", "motorcycle", "emergency_vehicle", "construction_vehicle"})


def refuse_clashes(slots: Slots, text: str, ledger: Ledger) -> None:
    """Refuses a description that says a thing and its contrary.

    Raises:
        InputError: with a fault for each clash, which names both phrases.
    """
    faults = [
        Fault("", 1 if text else 0, 0, one[0], "contradiction",
              f"{_quoted(slots, ledger, one)} and {_quoted(slots, ledger, two)} cannot both be true", "one of the two")
        for one, two in _clashes(slots)
    ]  # fmt: skip
    if faults:
        raise InputError(faults)


def _quoted(slots: Slots, ledger: Ledger, said: Said) -> str:
    path, value = said
    if path.endswith(".class"):
        index = int(path.removeprefix("actors[").partition("]")[0])
        return f"{(noun_of(index, slots.actors, ledger.account) or value)!r} ({path})"
    return ledger.quoted(path, value)


def _clashes(slots: Slots) -> Iterator[tuple[Said, Said]]:
    for i, denial in enumerate(slots.negations):
        said = (f"negations[{i}]", denial)
        yield from ((said, other) for other in _denied(slots, denial))
    if "clear" in slots.weather and "overcast" in slots.weather:
        yield (
            (f"weather[{slots.weather.index('clear')}]", "clear"),
            (f"weather[{slots.weather.index('overcast')}]", "overcast"),
        )
    for i, actor in enumerate(slots.actors):
        if slots.road.signalized is False and "run_red_light" in actor.manoeuvre:
            place = actor.manoeuvre.index("run_red_light")
            yield ("road.signalized", "no traffic lights"), (f"actors[{i}].manoeuvre[{place}]", "run_red_light")


def _denied(slots: Slots, denial: str) -> Iterator[Said]:
    for i, actor in enumerate(slots.actors):
        if actor.kind in _DENIED_CLASSES.get(denial, ()):
            yield f"actors[{i}].class", actor.kind
        relation = _DENIED_RELATIONS.get(denial)
        if relation in actor.relation and (relation != "parked" or actor.kind in _VEHICLES):
            yield f"actors[{i}].relation[{actor.relation.index(relation)}]", relation
    for i, word in enumerate(slots.weather):
        if word in _DENIED_WEATHER.get(denial, ()):
            yield f"weather[{i}]", word
    for i, word in enumerate(slots.surface):
        if word in _DENIED_SURFACE.get(denial, ()):
            yield f"surface[{i}]", word
    if denial == "no crosswalk" and "crosswalk" in slots.road.features:
        yield f"road.features[{slots.road.features.index('crosswalk')}]", "crosswalk"
    if denial == "no v2x" and slots.v2x is not None:
        yield "v2x", "a radio link"
