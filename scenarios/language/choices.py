"""Choices between readings, as lines `path = value: reason` for the writer of the text."""

from collections.abc import Iterator, Sequence

from scenarios.language.cast import Actor
from scenarios.language.slots import Slots
from scenarios.language.tagging import Item

_GENERIC = frozenset({"vehicle", "driver", "motorist", "traffic", "car", "target vehicle"})
_ABOUT = frozenset({"about", "around", "roughly", "approximately", "some", "nearly", "almost", "circa"})


def assumed_of(slots: Slots, items: list[Item], actors: Sequence[Actor], text: str) -> tuple[str, ...]:
    """What was decided where the text leaves more than one reading."""
    return tuple(dict.fromkeys([*_road(slots, items), *_ego(slots, items), *_actors(slots, items, actors)]))


def _road(slots: Slots, items: list[Item]) -> Iterator[str]:
    if any(item.value == "highway" and item.category == "place" and item.use == "road.kind" for item in items):
        if slots.road.kind == "rural":
            yield "road.kind = rural: a highway with oncoming traffic or said to be undivided"
        elif slots.road.kind == "motorway":
            yield 'road.kind = motorway: "highway" on its own'
    lanes = slots.road.lanes_per_direction
    for item in items:
        if (
            item.category == "lanes"
            and item.use
            and item.form != "each"
            and lanes is not None
            and float(item.value) == 2 * lanes
        ):
            yield f"road.lanes_per_direction = {lanes}: {item.value} lanes of a road without a divider, both ways"


def _ego(slots: Slots, items: list[Item]) -> Iterator[str]:
    told = any(owner_ego(owner) and word == "drive_straight" for item in items for owner, _, word in item.marks)
    if slots.ego.manoeuvre == ("drive_straight",) and not told:
        yield "ego.manoeuvre = drive_straight: it has a speed and no other manoeuvre is named"


def owner_ego(owner: object) -> bool:
    """Whether a mark is the ego's."""
    return isinstance(owner, Actor) and owner.is_ego


def _actors(slots: Slots, items: list[Item], actors: Sequence[Actor]) -> Iterator[str]:
    for item in items:
        for owner, key, word in item.marks:
            if not isinstance(owner, Actor) or owner.is_ego or owner not in actors:
                continue
            at = list(actors).index(owner)
            if key == "class" and word == "car" and item.lemma in _GENERIC - {"car"}:
                yield f'actors[{at}].class = car: "{item.lemma}" names no class of its own'
            elif key == "class" and item.lemma == "scooter":
                yield f'actors[{at}].class = {word}: "scooter" alone'
            elif key == "manoeuvre" and word == "cut_in" and item.category == "verb" and item.value != "cut_in":
                yield f"actors[{at}].manoeuvre = cut_in: it moves into the ego's lane or close ahead of it"
            elif key == "manoeuvre" and word == "accelerate" and item.value == "move":
                yield f"actors[{at}].manoeuvre = accelerate: it sets off from standstill"
            elif key == "relation" and word in ("left", "right") and item.lemma in ("nearside", "near side", "offside",
            "off side", "far side"):  # fmt: skip
                yield f"actors[{at}].relation = {word}: traffic is taken to keep to the {_keeps(item, word)}"


def _keeps(item: Item, word: str) -> str:
    near = item.lemma in ("nearside", "near side")
    return word if near else ("left" if word == "right" else "right")
