"""Slots as plain data, checked: every word in its vocabulary, every number possible; all faults at once."""

from collections.abc import Generator, Iterator, Mapping
from math import isfinite
from typing import Any

from driving_data.errors import Fault, InputError, nearest_name
from scenarios.language.slots import (
    ACTOR_CLASSES,
    ACTOR_MANOEUVRES,
    EGO_MANOEUVRES,
    LIGHTS,
    NEGATIONS,
    RELATIONS,
    ROAD_FEATURES,
    ROAD_KINDS,
    SEVERAL,
    SURFACES,
    TRIGGER_KINDS,
    WEATHERS,
    Slots,
)

MAX_SPEED_MPS = 90.0
MAX_DISTANCE_M = 10_000.0
MAX_TIME_S = 600.0
MAX_LATENCY_MS = 60_000.0
MAX_LANES = 12
MAX_COUNT = 1000
MAX_ACTORS = 64

_KEYS: Mapping[str, tuple[str, ...]] = {
    "": ("road", "weather", "light", "surface", "ego", "actors", "v2x", "negations"),
    "road": ("kind", "lanes_per_direction", "signalized", "features"),
    "ego": ("manoeuvre", "speed_mps"),
    "actor": ("class", "count", "relation", "manoeuvre", "speed_mps", "distance_m", "occluded_by", "trigger"),
    "trigger": ("kind", "value"),
    "v2x": ("latency_ms", "loss"),
}


def check_slots(slots: Slots) -> None:
    """Refuses slots with words outside their vocabularies or impossible numbers.

    Raises:
        InputError: with every fault.
    """
    if faults := faults_of(slots.to_plain()):
        raise InputError(faults)


def faults_of(data: Any) -> list[Fault]:
    """Every fault of a `slots` object as plain data; empty where it is right."""
    return list(_document(data))


def _document(data: Any) -> Iterator[Fault]:
    if not isinstance(data, Mapping):
        yield _fault("", "wrong-type", data, f"an object with the keys {', '.join(_KEYS[''])}")
        return
    yield from _keys(data, "", _KEYS[""], "")
    road, ego = data.get("road"), data.get("ego")
    if (yield from _object(road, "road", _KEYS["road"])):
        assert road is not None
        yield from _word(road.get("kind"), "road.kind", ROAD_KINDS, optional=True)
        yield from _lanes(road.get("lanes_per_direction"))
        if not isinstance(road.get("signalized"), bool | None):
            yield _fault("road.signalized", "wrong-type", road["signalized"], "true, false or null")
        yield from _words(road.get("features"), "road.features", ROAD_FEATURES)
    yield from _words(data.get("weather"), "weather", WEATHERS)
    yield from _word(data.get("light"), "light", LIGHTS, optional=True)
    yield from _words(data.get("surface"), "surface", SURFACES)
    if (yield from _object(ego, "ego", _KEYS["ego"])):
        assert ego is not None
        yield from _words(ego.get("manoeuvre"), "ego.manoeuvre", EGO_MANOEUVRES)
        yield from _range(ego.get("speed_mps"), "ego.speed_mps", 0.0, MAX_SPEED_MPS)
    actors = data.get("actors")
    if not isinstance(actors, list) or len(actors) > MAX_ACTORS:
        yield _fault("actors", "wrong-type", actors, f"a list of at most {MAX_ACTORS} actors")
    else:
        for i, actor in enumerate(actors):
            yield from _actor(actor, f"actors[{i}]")
    v2x = data.get("v2x")
    if v2x is not None and (yield from _object(v2x, "v2x", _KEYS["v2x"])):
        yield from _range(v2x.get("latency_ms"), "v2x.latency_ms", 0.0, MAX_LATENCY_MS)
        yield from _range(v2x.get("loss"), "v2x.loss", 0.0, 1.0)
    yield from _words(data.get("negations"), "negations", NEGATIONS)


def _actor(actor: Any, path: str) -> Iterator[Fault]:
    if not (yield from _object(actor, path, _KEYS["actor"])):
        return
    yield from _word(actor.get("class"), f"{path}.class", ACTOR_CLASSES)
    count = actor.get("count")
    whole = isinstance(count, int) and not isinstance(count, bool) and 1 <= count <= MAX_COUNT
    if not whole and count != SEVERAL:
        yield _fault(f"{path}.count", "wrong-type", count, f"a whole number from 1 to {MAX_COUNT}, or 'several'")
    yield from _words(actor.get("relation"), f"{path}.relation", RELATIONS)
    yield from _words(actor.get("manoeuvre"), f"{path}.manoeuvre", ACTOR_MANOEUVRES)
    yield from _range(actor.get("speed_mps"), f"{path}.speed_mps", 0.0, MAX_SPEED_MPS)
    yield from _range(actor.get("distance_m"), f"{path}.distance_m", 0.0, MAX_DISTANCE_M)
    yield from _word(actor.get("occluded_by"), f"{path}.occluded_by", ACTOR_CLASSES, optional=True)
    trigger = actor.get("trigger")
    if trigger is not None and (yield from _object(trigger, f"{path}.trigger", _KEYS["trigger"])):
        yield from _word(trigger.get("kind"), f"{path}.trigger.kind", TRIGGER_KINDS)
        high = MAX_DISTANCE_M if trigger.get("kind") == "distance" else MAX_TIME_S
        yield from _range(trigger.get("value"), f"{path}.trigger.value", 0.0, high)


def _object(data: Any, path: str, keys: tuple[str, ...]) -> Generator[Fault, None, bool]:
    """Yields what is wrong with an object's keys; returns whether it is one that can be looked into."""
    if not isinstance(data, Mapping):
        yield _fault(path, "wrong-type", data, f"an object with the keys {', '.join(keys)}")
        return False
    yield from _keys(data, f"{path}.", keys, path)
    return True


def _keys(data: Mapping[str, Any], prefix: str, keys: tuple[str, ...], path: str) -> Iterator[Fault]:
    for key in data:
        if key not in keys:
            near = nearest_name(str(key), keys)
            yield Fault("", 0, 0, f"{prefix}{key}", "unknown-key", repr(key), f"one of {', '.join(keys)}", near)
    if missing := [key for key in keys if key not in data]:
        yield _fault(path, "missing-key", f"no {', '.join(missing)}", f"all of {', '.join(keys)}", quoted=False)


def _lanes(lanes: Any) -> Iterator[Fault]:
    whole = isinstance(lanes, int) and not isinstance(lanes, bool) and 1 <= lanes <= MAX_LANES
    if lanes is not None and not whole:
        yield _fault("road.lanes_per_direction", "wrong-type", lanes, f"a whole number from 1 to {MAX_LANES}, or null")


def _words(data: Any, path: str, vocabulary: tuple[str, ...]) -> Iterator[Fault]:
    if not isinstance(data, list):
        yield _fault(path, "wrong-type", data, "a list of words")
        return
    for i, word in enumerate(data):
        yield from _word(word, f"{path}[{i}]", vocabulary)


def _word(word: Any, path: str, vocabulary: tuple[str, ...], optional: bool = False) -> Iterator[Fault]:
    if (word is None and optional) or word in vocabulary:
        return
    near = nearest_name(word, vocabulary) if isinstance(word, str) else None
    expected = f"one of {', '.join(vocabulary)}{', or null' if optional else ''}"
    yield Fault("", 0, 0, path, "unknown-word", _shown(word), expected, near)


def _range(data: Any, path: str, low: float, high: float) -> Iterator[Fault]:
    if data is None:
        return
    expected = f"[low, high] within {low:g} to {high:g}, one end may be null"
    if not isinstance(data, list) or len(data) != 2 or data == [None, None] or not all(map(_is_end, data)):
        yield _fault(path, "bad-range", data, expected)
        return
    ends = [end for end in data if end is not None]
    if not all(low <= end <= high for end in ends) or ends != sorted(ends):
        yield _fault(path, "bad-range", data, f"{expected}, the lower first")


def _is_end(end: Any) -> bool:
    return end is None or (isinstance(end, int | float) and not isinstance(end, bool) and isfinite(end))


def _shown(data: Any) -> str:
    text = "nothing" if data is None else repr(data)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _fault(path: str, code: str, found: Any, expected: str, quoted: bool = True) -> Fault:
    return Fault("", 0, 0, path, code, _shown(found) if quoted else str(found), expected)
