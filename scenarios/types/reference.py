"""The page `docs/operational_design_domain.md`, written from the schemas: `python -m scenarios.types.reference`."""

from collections.abc import Iterable, Sequence

from driving_data.taxonomy import ActorClass
from scenarios.types import light as lights
from scenarios.types import weather as weathers
from scenarios.types.actors import DRIVER, EGO, PLACE, SIZES_M, TASKS
from scenarios.types.catalogue import LEAF_TYPES
from scenarios.types.fields import Field, Schema, limits_text
from scenarios.types.homes import ACTIONS_OF, LEAVES_OF, ROADS_OF
from scenarios.types.leaf_type import LeafType
from scenarios.types.manoeuvres import ACTIONS, TRIGGERS
from scenarios.types.road import NAMES, road_schema
from scenarios.types.rules import RULES
from scenarios.types.sensors import RIGS
from scenarios.types.signals import STATES
from scenarios.types.traffic import TRAFFIC
from scenarios.types.traits import CLASSES_OF, TRAITS, VARIANTS
from scenarios.units import format_quantity

LAYERS = ("the road", "beside the road", "for a while", "who moves", "weather and light", "digital")
HEAD = """# The operational design domain, leaf by leaf

Everything that a scenario can say, in the order of the six layers of PEGASUS; names and structure follow ISO 34503,
BSI PAS 1883 and ASAM OpenLABEL 1.0. Each leaf below is a key of a scenario file and a function in Python; every value
may be a constant, a range, a choice or an expression. A leaf that is not given leaves its slot to the defaults.

*played* means that an engine of ours acts on the value. What is not played is held, validated, drawn, tagged and kept
in the concrete scenario all the same, and `scenarios.types.features.unplayed(concrete)` names it, so that nothing is
dropped unseen. Every draw carries OpenLABEL names (`scenarios.types.openlabel`), each with the classes above it, and
`key:value` slices.

This page is written by `python -m scenarios.types.reference` from the schemas; a test holds it to them.
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for number, name in enumerate(LAYERS, start=1):
        parts.append(f"## Layer {number}: {name}\n")
        parts.extend(_OWN.get(number, list)())
        parts.extend(_leaf_type(kind) for kind in LEAF_TYPES.values() if kind.layer == number)
    parts.append(_words())
    parts.append("## What goes together\n")
    parts.append(_table(("rule", "says"), ((f"`{rule.id}`", rule.why) for rule in RULES)))
    return "\n".join(parts)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines.extend(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows)
    return "\n".join(lines) + "\n"


def _default(field: Field, required: bool) -> str:
    if required:
        return "required"
    if field.default is None:
        return ""
    if isinstance(field.default, bool):
        return str(field.default).lower()
    return str(field.default) if isinstance(field.default, str) else format_quantity(field.default, field.dimension)


def _values(field: Field) -> str:
    if field.names:
        return " ".join(f"`{name}`" for name in field.names)
    if not field.dimension.numeric:
        return "`true` `false`" if field.dimension.sort == "flag" else "a name"
    bounded = field.low != float("-inf") or field.high != float("inf")
    return limits_text(field) if bounded else field.dimension.words


def _fields(schema: Schema, required: Iterable[str] = (), played: Iterable[str] | None = None) -> str:
    head = ("value", "is", "default", "may be", *(("played",) if played is not None else ()))
    wanted, acted = set(required), set(played or ())
    rows = [
        (f"`{name}`", field.doc, _default(field, name in wanted), _values(field),
         *(("yes" if name in acted else "",) if played is not None else ()))
        for name, field in schema.items()
    ]  # fmt: skip
    return _table(head, rows)


def _leaf_type(kind: LeafType) -> str:
    several = " (several, each with a name)" if kind.several else ""
    parts = [f"### `{kind.kind}`: {kind.doc}{several}\n", _fields(kind.fields, kind.required, kind.played)]
    for key, schema in kind.rows.items():
        parts += [f"`{key}` is a list; each entry has:\n", _fields(schema)]
    if kind.presets:
        parts.append(f"By name: {', '.join(f'`{name}`' for name in kind.presets)}.\n")
    return "\n".join(parts)


def _road() -> list[str]:
    parts = ["### `road`: what kind of road, with which geometry\n"]
    rows = ((f"`{name}`", ", ".join(f"`{parameter}`" for parameter in road_schema(name))) for name in NAMES)
    parts.append(_table(("road", "parameters (all played)"), rows))
    parts.append("Or an OpenDRIVE file with named routes.\n")
    return parts


def _beside() -> list[str]:
    return [f"### `signals`: programmes of traffic lights\n\nStates: {' '.join(f'`{state}`' for state in STATES)}.\n"]


def _who() -> list[str]:
    sizes = ((f"`{kind.label}`", " x ".join(f"{x:g}" for x in SIZES_M[kind]), _variants(kind)) for kind in ActorClass)
    traits = [
        (f"`{name}`", field.doc, _values(field) if name != "variant" else "see above",
         ", ".join(sorted(kind.label for kind in CLASSES_OF[name])))
        for name, field in TRAITS.items()
    ]  # fmt: skip
    actions = (
        (f"`{name}`", action.doc, " ".join(f"`{field}`" for field in action.fields), " ".join(action.tags),
         "" if action.effect else action.approximated or "yes")
        for name, action in ACTIONS.items()
    )  # fmt: skip
    triggers = ((f"`{name}`", trigger.doc) for name, trigger in TRIGGERS.items())
    return [
        "### `ego`: where it begins and what is asked of it\n", _fields(EGO, ("on", "at", "speed"), EGO),
        f"`task`: one or several joined by `then`: {' '.join(f'`{task}`' for task in TASKS)}.\n",
        "### `actors` and `roles`: everyone else\n",
        "A `tram` is written as a class of its own and moves as a bus.\n",
        _table(("class", "length x width x height, m", "variants"), sizes),
        "Place:\n", _fields(PLACE, (), PLACE),
        "Driver (`driver.` before each in Python, below `driver` in a file):\n",
        _fields({name.removeprefix("driver."): field for name, field in DRIVER.items()}),
        "Traits (sizes follow from `variant`, `age` and `trailers`; the others are kept and named by `unplayed`):\n",
        _table(("trait", "is", "may be", "of"), traits),
        "### `do`: actions, manoeuvres and what starts them\n",
        _table(("action", "does", "arguments", "OpenLABEL", "played"), actions),
        _table(("trigger", "waits until"), triggers),
        "### `traffic`: streams of background actors\n", _fields(TRAFFIC, ("count", "on", "speed"), TRAFFIC),
    ]  # fmt: skip


def _variants(kind: ActorClass) -> str:
    return " ".join(f"`{name}`" for name in VARIANTS.get(kind, {}))


def _air() -> list[str]:
    played = [name for name in weathers.WEATHER if name not in weathers.WEATHER_EXTRAS]
    lit = [name for name in lights.LIGHT if name not in lights.LIGHT_EXTRAS]
    return [
        "### `weather`: rain, snow, fog, wind, particulates\n", _fields(weathers.WEATHER, (), played),
        f"By name: {', '.join(f'`{name}`' for name in weathers.PRESETS)}.\n",
        "### `light`: where the sun stands, and the lamps\n", _fields(lights.LIGHT, (), lit),
        f"By name: {', '.join(f'`{name}`' for name in lights.PRESETS)}.\n",
    ]  # fmt: skip


def _digital() -> list[str]:
    return [f"### `sensors`: the rig of the ego\n\nBy name: {', '.join(f'`{name}`' for name in RIGS)}.\n"]


_OWN = {1: _road, 2: _beside, 4: _who, 5: _air, 6: _digital}


def _words() -> str:
    """Where each word of a description lives."""
    rows = [(f"`{word}`", "what an actor does", f"`do`: `{action}`") for word, action in ACTIONS_OF.items()]
    rows += [(f"`{word}`", "feature or surface", f"`{kind}`: `{preset}`") for word, (kind, preset) in LEAVES_OF.items()]
    rows += [(f"`{word}`", "kind of road", f"`road`: `{name}`") for word, name in ROADS_OF.items()]
    return "## Words of a description and where they live\n\n" + _table(("word", "is", "leaf"), rows)


if __name__ == "__main__":
    print(page(), end="")
