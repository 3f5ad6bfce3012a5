"""Random descriptions, as the plain data of slots, for the tests of the language front end.

Plain, because the type checker of the tests looks at random members of tuples, which strategies must not do.
"""

from typing import Any

from hypothesis import strategies as st

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
)

Plain = dict[str, Any]


def words(vocabulary: tuple[str, ...], most: int = 3) -> st.SearchStrategy[list[str]]:
    """Some different words of a vocabulary."""
    return st.lists(st.sampled_from(vocabulary), max_size=most, unique=True)


@st.composite
def ranges(draw: st.DrawFn, high: float) -> Any:
    """No range, an exact number, a range, or one with an open end; numbers as people write them."""
    if draw(st.booleans()):
        return None
    one, two = sorted(round(draw(st.floats(0.0, high)), 2) for _ in range(2))
    return draw(st.sampled_from([[one, one], [one, two], [one, None], [None, two]]))


@st.composite
def actors(draw: st.DrawFn) -> Plain:
    """One group of actors with anything said of it."""
    kind = draw(st.none() | st.sampled_from(TRIGGER_KINDS))
    high = 200.0 if kind == "distance" else 12.0
    return {
        "class": draw(st.sampled_from(ACTOR_CLASSES)),
        "count": draw(st.sampled_from([1, 1, 1, 2, 3, 12, SEVERAL])),
        "relation": draw(words(RELATIONS, 2)),
        "manoeuvre": draw(words(ACTOR_MANOEUVRES, 3)),
        "speed_mps": draw(ranges(45.0)),
        "distance_m": draw(ranges(300.0)),
        "occluded_by": draw(st.none() | st.none() | st.sampled_from(ACTOR_CLASSES)),
        "trigger": None if kind is None else {"kind": kind, "value": None if kind == "event" else draw(ranges(high))},
    }


@st.composite
def plain_slots(draw: st.DrawFn) -> Plain:
    """Anything that the schema allows."""
    return {
        "road": {
            "kind": draw(st.none() | st.sampled_from(ROAD_KINDS)),
            "lanes_per_direction": draw(st.none() | st.integers(1, 5)),
            "signalized": draw(st.none() | st.booleans()),
            "features": draw(words(ROAD_FEATURES)),
        },
        "weather": draw(words(WEATHERS, 2)),
        "light": draw(st.none() | st.sampled_from(LIGHTS)),
        "surface": draw(words(SURFACES, 2)),
        "ego": {"manoeuvre": draw(words(EGO_MANOEUVRES)), "speed_mps": draw(ranges(45.0))},
        "actors": draw(st.lists(actors(), max_size=4)),
        "v2x": draw(st.none() | st.fixed_dictionaries({"latency_ms": ranges(500.0), "loss": ranges(1.0)})),
        "negations": draw(words(NEGATIONS, 2)),
    }
