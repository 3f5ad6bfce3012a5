"""The JSON Schema of the slots, made from their vocabularies, for servers that constrain their output to it."""

from typing import Any

from scenarios.language.realise.validity import (
    MAX_ACTORS,
    MAX_COUNT,
    MAX_DISTANCE_M,
    MAX_LANES,
    MAX_LATENCY_MS,
    MAX_SPEED_MPS,
    MAX_TIME_S,
)
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

Schema = dict[str, Any]


def slots_schema() -> Schema:
    """JSON Schema (draft 2020-12) of a `slots` object: every key required, no others, only words that exist."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "slots", **_slots()}


def reading_schema() -> Schema:
    """JSON Schema of an answer: the slots, and the spans of the text that they do not hold."""
    return _object(slots=_slots(), not_understood={"type": "array", "items": {"type": "string"}})


def _slots() -> Schema:
    return _object(
        road=_object(
            kind=_optional_word(ROAD_KINDS),
            lanes_per_direction={"type": ["integer", "null"], "minimum": 1, "maximum": MAX_LANES},
            signalized={"type": ["boolean", "null"]},
            features=_words(ROAD_FEATURES),
        ),
        weather=_words(WEATHERS),
        light=_optional_word(LIGHTS),
        surface=_words(SURFACES),
        ego=_object(manoeuvre=_words(EGO_MANOEUVRES), speed_mps=_range(MAX_SPEED_MPS)),
        actors={"type": "array", "maxItems": MAX_ACTORS, "items": _actor()},
        v2x=_optional(_object(latency_ms=_range(MAX_LATENCY_MS), loss=_range(1.0))),
        negations=_words(NEGATIONS),
    )


def _actor() -> Schema:
    count = {"anyOf": [{"type": "integer", "minimum": 1, "maximum": MAX_COUNT}, {"const": SEVERAL}]}
    trigger = _object(kind=_word(TRIGGER_KINDS), value=_range(max(MAX_DISTANCE_M, MAX_TIME_S)))
    return _object(**{
        "class": _word(ACTOR_CLASSES), "count": count, "relation": _words(RELATIONS),
        "manoeuvre": _words(ACTOR_MANOEUVRES), "speed_mps": _range(MAX_SPEED_MPS), "distance_m": _range(MAX_DISTANCE_M),
        "occluded_by": _optional_word(ACTOR_CLASSES), "trigger": _optional(trigger),
    })  # fmt: skip


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _optional(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _word(words: tuple[str, ...]) -> Schema:
    return {"type": "string", "enum": list(words)}


def _optional_word(words: tuple[str, ...]) -> Schema:
    return _optional(_word(words))


def _words(words: tuple[str, ...]) -> Schema:
    return {"type": "array", "items": _word(words)}


def _range(high: float) -> Schema:
    end = {"type": ["number", "null"], "minimum": 0, "maximum": high}
    return _optional({"type": "array", "items": end, "minItems": 2, "maxItems": 2})
