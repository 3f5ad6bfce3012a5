"""The sections of a scenario file as pydantic models, and the leaves that they make."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Discriminator, Tag, create_model
from pydantic import Field as Key

from driving_data.errors import nearest_name
from scenarios.expressions import TextFault, Value
from scenarios.habits import DRIVER_KINDS
from scenarios.leaf import Leaf, make_leaf
from scenarios.parse import parse_any, parse_value
from scenarios.spec.hints import explained, meant_word, refused_outright
from scenarios.spec.values import Section, parsed, read_value, refuse, section, values_of
from scenarios.types import light as lights
from scenarios.types import weather as weathers
from scenarios.types.actors import ACTOR, DRIVER, EGO, RELATIONS, TASKS, actor, ego, role, tasks_of
from scenarios.types.catalogue import LEAF_TYPES
from scenarios.types.fields import Schema
from scenarios.types.leaf_type import LeafType
from scenarios.types.light import LIGHT
from scenarios.types.road import NAMES, road, road_file, road_schema
from scenarios.types.sensors import RIGS
from scenarios.types.signals import OFFSET, PHASE, STATES, STEADY_S, signal
from scenarios.types.traffic import TRAFFIC, traffic
from scenarios.types.weather import WEATHER
from scenarios.units import TEXT, Dimension

_PATH = re.compile(r"[A-Za-z_]\w*(\.\w+)*")
_ROAD_FORMS = "an archetype as 'road: urban', with parameters 'road: {urban: {lanes: 2}}', or '{file: town.xodr}'"
_RELATIVE = re.compile(r"\s*(?P<of>[A-Za-z_]\w*)\s*(?:\bby\b\s*(?P<by>.+))?")
_PLACED = {name: field for name, field in ACTOR.items() if name not in DRIVER and name != "by"}
_STREAM = {name: field for name, field in TRAFFIC.items() if name not in DRIVER}
_DRIVER_KEYS: Schema = {name.removeprefix("driver."): field for name, field in DRIVER.items()}

DriverSection = section("driver", _DRIVER_KEYS)
Text = Annotated[str, BeforeValidator(lambda data: _text(data))]
OptionalText = Annotated[str | None, BeforeValidator(lambda data: _text(data))]


def _text(data: Any) -> Any:
    if not isinstance(data, str):
        raise refuse("wrong-type", "nothing" if data is None else repr(data), "a text")
    return data


class Relation(Section):
    """`ego by 20..40 m`: whom, and by how much."""

    of: str
    by: Any = None


def _relation(data: Any) -> Any:
    match = _RELATIVE.fullmatch(data) if isinstance(data, str) else None
    if not match:
        raise refuse("bad-place", repr(data), "an actor and a gap, as 'ego by 20..40 m'")
    offset = match.start("by") if match["by"] else 0
    try:
        by = parsed(match["by"], ACTOR["by"].dimension) if match["by"] else None
    except TextFault as fault:
        raise refuse(fault.code, fault.found, fault.expected, fault.nearest, fault.offset + offset) from None
    return {"of": match["of"], "by": by}


def _driver(data: Any) -> Any:
    if isinstance(data, str) and data not in DRIVER_KINDS:
        raise refuse("unknown-name", repr(data), f"{', '.join(DRIVER_KINDS)}, or keys such as headway: 1..2 s",
                     nearest_name(data, DRIVER_KINDS))  # fmt: skip
    return data


RelationType = Annotated[Relation | None, BeforeValidator(_relation)]


def _driver_kind(data: Any) -> str:
    return "name" if isinstance(data, str) else "keys"


DriverUnion = Annotated[
    Annotated[str, BeforeValidator(_driver), Tag("name")] | Annotated[DriverSection, Tag("keys")],
    Discriminator(_driver_kind),
]


def _task_text(data: Any) -> Any:
    """Tasks in order: one text with `then` between them, or a list."""
    if isinstance(data, list) and data and all(isinstance(name, str) for name in data):
        return " then ".join(data)
    if isinstance(data, (list, Mapping)):
        raise refuse(
            "wrong-type", "keys" if data else "nothing", "a task, or several as `follow then exit` or [follow, exit]"
        )
    return data


_EgoSection = section("ego", EGO, task=(Annotated[OptionalText, BeforeValidator(_task_text)], None))
_ActorSection = section(
    "actor", _PLACED,
    ahead_of=(RelationType, None), behind=(RelationType, None), beside=(RelationType, None),
    driver=(DriverUnion | None, None), do=(Any, None),
)  # fmt: skip
_TrafficSection = section("traffic", _STREAM, driver=(DriverUnion | None, None))


def _preset(kind: str, names: Iterable[str]) -> Any:
    """The type of a preset's name."""
    valid = tuple(names)
    return Annotated[str | None, BeforeValidator(lambda data: _known(kind, _text(data), valid))]


_WeatherSection = section("weather", WEATHER, preset=(_preset("weather", weathers.PRESETS), None))
_LightSection = section("light", LIGHT, preset=(_preset("light", lights.PRESETS), None))
StoryboardSection = section("storyboard", {}, file=(Text, ...), parameters=(dict[str, Text], Key(default_factory=dict)))
FileSection = section("road", {}, file=(Text, ...), routes=(dict[str, list[Text]], Key(default_factory=dict)))


@lru_cache(maxsize=16)
def road_section(archetype: str) -> type[Section]:
    """The section of one archetype's parameters."""
    return section(f"road {archetype}", road_schema(archetype))


@lru_cache(maxsize=16)
def _road_holder(name: str) -> type[Section]:
    """The section `road` with one archetype in it."""
    return create_model("road", __base__=Section, **{name: (road_section(name), ...)})  # type: ignore[call-overload]


def road_leaf(data: Any, base: FilePath | None) -> Leaf:
    """`motorway`, `{motorway: {lanes: 3}}` or `{file: town.xodr, routes: {main.1: [...]}}`."""
    if isinstance(data, str):
        return road(_known("road archetype", data, NAMES))
    if isinstance(data, Mapping) and "file" in data:
        return _file_leaf(FileSection.model_validate(data), base)
    if not isinstance(data, Mapping) or len(data) != 1:
        raise refuse("bad-road", repr(data)[:60], _ROAD_FORMS)
    name = _known("road archetype", str(next(iter(data))), NAMES)
    read: Any = _road_holder(name).model_validate({name: data[name] if data[name] is not None else {}})
    return road(name, **values_of(getattr(read, name), road_schema(name)))


def _file_leaf(model: Any, base: FilePath | None) -> Leaf:
    path = (base or FilePath()) / model.file
    if not path.is_file():
        raise refuse("missing-file", repr(model.file), "an OpenDRIVE file beside the scenario file", key="file")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return road_file(str(path), digest, {name: tuple(lanes) for name, lanes in model.routes.items()})


def storyboard_leaf(data: Any, base: FilePath | None) -> Leaf:
    """`{file: cut_in.xosc, parameters: {gap: InitialDistance}}`: a scenario file of another language."""
    model: Any = StoryboardSection.model_validate(data)
    path = ((base or FilePath()) / model.file).resolve()
    if not path.is_file():
        raise refuse("missing-file", repr(model.file), "an OpenSCENARIO file beside the scenario file", key="file")
    named = {f"parameter {own}": declared for own, declared in model.parameters.items()}
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return make_leaf("storyboard", texts={"file": str(path), "sha256": digest, **named})


def _known(what: str, name: str, names: tuple[str, ...]) -> str:
    if "|" in name and all(part.split("@")[0].strip() in names for part in name.split("|")):
        key = what.split()[0]
        options = ", ".join(f"{{{key}: {part.split('@')[0].strip()}}}" for part in name.split("|"))
        raise refuse("unknown-name", f"several names {name!r}", f"one; of several one_of: [{options}]")
    if name not in names:
        raise refuse("unknown-name", f"no {what} {name!r}", f"one of {', '.join(names)}", meant_word(name, names))
    return name


def preset_leaf(kind: str, data: Any) -> Leaf:
    """Weather or light: a preset by name, keys, or both (`preset: rain`)."""
    module = weathers if kind == "weather" else lights
    schema, model = (WEATHER, _WeatherSection) if kind == "weather" else (LIGHT, _LightSection)
    if isinstance(data, str):
        return _make(kind, _known(kind, data, tuple(module.PRESETS)), {})
    if isinstance(data, list):
        form = "one preset, or keys; one of several is written with one_of"
        raise refuse("wrong-type", "a list", form)
    read: Any = model.model_validate(data)
    return _make(kind, read.preset, values_of(read, schema))


def _make(kind: str, preset: str | None, values: dict[str, Value]) -> Leaf:
    return weathers.weather(preset, **values) if kind == "weather" else lights.light(preset, **values)


def ego_leaf(data: Any) -> Leaf:
    """The `ego` section."""
    model: Any = _EgoSection.model_validate(data)
    values: dict[str, Any] = values_of(model, EGO)
    for name in tasks_of(model.task or ""):
        _known("ego task", name, tuple(TASKS))
    return ego(task=model.task or "", **values)


def actor_leaf(name: str, data: Any, is_role: bool = False) -> Leaf:
    """One of `actors`, without its `do`; a role is one of `roles`, whose place may be open."""
    model: Any = _ActorSection.model_validate(data)
    relations = [(relation, getattr(model, relation)) for relation in RELATIONS if getattr(model, relation)]
    if len(relations) > 1 or (relations and model.at is not None):
        raise refuse("bad-place", "several places", "one of at, ahead_of, behind and beside")
    if not relations and model.at is None and not is_role:
        raise refuse("missing-key", "no place", "at (a distance along the route `on`), or ahead_of, behind, beside")
    relation, whom = relations[0] if relations else ("", None)
    if whom is not None and relation != "beside" and whom.by is None:
        raise refuse("bad-place", repr(whom.of), f"by how much, as '{whom.of} by 20..40 m'", key=relation)
    values: dict[str, Any] = {name.replace(".", "__"): value for name, value in values_of(model, _PLACED).items()}
    if whom is not None and whom.by is not None:
        values["by"] = whom.by
    driver, fields = _driver_parts(model.driver)
    make = role if is_role else actor
    return make(name, relation=relation, of=whom.of if whom else "", driver=driver, **values, **fields)


def _require(absent: list[str], schema: Schema) -> None:
    if absent:
        words = ", ".join(f"{name!r} ({schema[name].doc})" for name in absent)
        raise refuse("missing-key", "nothing", f"the key{'s' if len(absent) > 1 else ''} {words}")


def _driver_parts(driver: Any) -> tuple[str, dict[str, Any]]:
    if driver is None or isinstance(driver, str):
        return driver or "", {}
    return "idm", {f"driver__{key}": value for key, value in values_of(driver, _DRIVER_KEYS).items()}


def traffic_leaf(name: str, data: Any) -> Leaf:
    """One stream of `traffic`."""
    model: Any = _TrafficSection.model_validate(data)
    driver, fields = _driver_parts(model.driver)
    values: dict[str, Any] = values_of(model, _STREAM)
    _require([key for key in ("count", "on", "speed") if key not in values], TRAFFIC)
    return traffic(name, driver=driver, **values, **fields)


def signal_leaf(name: str, data: Any) -> Leaf:
    """One of `signals`: a state, or states with their durations in order (`offset` besides)."""
    if isinstance(data, str):
        return signal(name, [(_known("signal state", data, STATES), STEADY_S)])
    if isinstance(data, list):
        pairs = [next(iter(item.items())) if isinstance(item, Mapping) and len(item) == 1 else None for item in data]
        if None in pairs:
            raise refuse("bad-signal", repr(data)[:60], "a list of phases such as - green: 12 s")
        return signal(name, [(_known("signal state", str(p[0]), STATES), read_value(p[1], PHASE)) for p in pairs if p])
    if not isinstance(data, Mapping):
        raise refuse("bad-signal", repr(data), "a state, or phases such as {green: 12 s, yellow: 3 s, red: 15 s}")
    offset = read_value(data["offset"], OFFSET) if "offset" in data else None
    phases = [(_known("signal state", str(state), STATES), read_value(duration, PHASE))
              for state, duration in data.items() if state != "offset"]  # fmt: skip
    return signal(name, phases, offset)


@lru_cache(maxsize=128)
def described_section(kind: str) -> type[Section]:
    """The section of a kind of leaf that is described by data."""
    leaf_type = LEAF_TYPES[kind]
    rows: dict[str, Any] = {
        key: (list[section(f"{kind} {key}", schema)], Key(default_factory=list))  # type: ignore[misc]
        for key, schema in leaf_type.rows.items()
    }
    preset: dict[str, Any] = {"preset": (_preset(kind, leaf_type.presets), None)} if leaf_type.presets else {}
    return section(kind, leaf_type.fields, **rows, **preset)


def described_leaf(kind: LeafType, name: str, data: Any) -> Leaf:
    """A leaf of a kind that is described by data: a preset by name, keys, or both."""
    if isinstance(data, str) and kind.presets:
        return kind.make(name, _known(kind.kind, data, tuple(kind.presets)))
    read: Any = described_section(kind.kind).model_validate(data)
    preset = getattr(read, "preset", None) if kind.presets else None
    given = {*values_of(read, kind.fields), *(kind.presets[preset] if preset else ())}
    _require([name for name in kind.required if name not in given], kind.fields)
    rows = {key: [values_of(row, schema) for row in getattr(read, key)] for key, schema in kind.rows.items()}
    return kind.make(name, preset, rows, **values_of(read, kind.fields))


def parameter_value(data: Any, types: Mapping[str, Dimension]) -> Value:
    """A named parameter: what it measures is seen from its unit, or from what its expression computes."""
    text = written(data)
    try:
        if refused := refused_outright(text):
            raise refused
        return parse_value(text, TEXT) if _are_names(text, types) else parse_any(text, types)
    except ValueError as error:
        fault = error if isinstance(error, TextFault) else TextFault("bad-number", str(error), "a value")
        fault = explained(text, fault)
        raise refuse(fault.code, fault.found, fault.expected, fault.nearest, fault.offset) from None


def _are_names(text: str, types: Mapping[str, Dimension]) -> bool:
    """Whether a text is a name with a dot, or several names with weights: routes, kinds and the like."""
    names = [part.partition("@")[0].strip() for part in text.split("|")]
    roots = {path.split(".")[0] for path in types}
    known = all(_PATH.fullmatch(name) and name.split(".")[0] not in roots for name in names)
    return known and (len(names) > 1 or "." in text) and not {"true", "false"} & set(names)


def written(data: Any) -> str:
    """A value of a file as the text that means the same: lists and mappings become calls."""
    if isinstance(data, bool):
        return str(data).lower()
    if isinstance(data, list):
        return " | ".join(written(item) for item in data)
    if not isinstance(data, Mapping):
        return "" if data is None else str(data)
    if len(data) != 1:
        raise refuse("bad-distribution", f"keys {', '.join(data)}", "one of uniform, normal, loguniform, int, choice")
    name, inner = next(iter(data.items()))
    if isinstance(inner, Mapping) and name == "choice":
        return " | ".join(f"{option} @ {weight}" for option, weight in inner.items())
    if name == "choice":
        return " | ".join(written(item) for item in inner) if isinstance(inner, list) else written(inner)
    items = inner.values() if isinstance(inner, Mapping) else inner if isinstance(inner, list) else [inner]
    return f"{name}({', '.join(written(item) for item in items)})"


def unknown_rig(data: Any) -> Exception:
    """The fault of a rig that does not exist."""
    near = nearest_name(str(data), RIGS)
    return refuse("unknown-name", f"no sensor rig {data!r}", f"one of {', '.join(RIGS)}", near)


def model_of(path: tuple[str | int, ...], data: Any = None) -> type[BaseModel] | None:
    """The model of the section at a path, for the names of its keys."""
    if path[-1] == "road" and isinstance(data, Mapping):
        return FileSection if "file" in data else _road_holder(str(next(iter(data))))
    models = {"storyboard": StoryboardSection, "ego": _EgoSection, "weather": _WeatherSection, "light": _LightSection}
    named = {"actors": _ActorSection, "roles": _ActorSection, "traffic": _TrafficSection}
    named |= {kind.kind: described_section(kind.kind) for kind in LEAF_TYPES.values() if kind.kind in path}
    for part in reversed(path):
        if part in models or part in named:
            return {**models, **named}[str(part)]
    return None
