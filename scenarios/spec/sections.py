"""The sections of a scenario file as pydantic models, and the leaves that they make."""

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Discriminator, Tag, create_model
from pydantic import Field as Key

from driving_data.errors import nearest_name
from scenarios.expressions import TextFault, Value
from scenarios.leaf import Leaf, make_leaf
from scenarios.parse import parse_any, parse_value
from scenarios.spec.values import Section, read_value, refuse, section, values_of
from scenarios.types import light as lights
from scenarios.types import weather as weathers
from scenarios.types.actors import ACTOR, DRIVER, EGO, RELATIONS, actor
from scenarios.types.fields import Schema
from scenarios.types.light import LIGHT
from scenarios.types.road import NAMES, road, road_file, road_schema
from scenarios.types.sensors import RIGS
from scenarios.types.signals import OFFSET, PHASE, STATES, STEADY_S, signal
from scenarios.types.traffic import TRAFFIC, traffic
from scenarios.types.weather import WEATHER
from scenarios.units import Dimension

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
        by = parse_value(match["by"], ACTOR["by"].dimension) if match["by"] else None
    except TextFault as fault:
        raise refuse(fault.code, fault.found, fault.expected, fault.nearest, fault.offset + offset) from None
    return {"of": match["of"], "by": by}


def _driver(data: Any) -> Any:
    if isinstance(data, str) and data not in ("idm", "none"):
        raise refuse("unknown-name", repr(data), "idm, none, or keys such as headway: 1..2 s",
                     nearest_name(data, ("idm", "none")))  # fmt: skip
    return data


RelationType = Annotated[Relation | None, BeforeValidator(_relation)]


def _driver_kind(data: Any) -> str:
    return "name" if isinstance(data, str) else "keys"


DriverUnion = Annotated[
    Annotated[str, BeforeValidator(_driver), Tag("name")] | Annotated[DriverSection, Tag("keys")],
    Discriminator(_driver_kind),
]
_EgoSection = section("ego", EGO)
_ActorSection = section(
    "actor", _PLACED,
    ahead_of=(RelationType, None), behind=(RelationType, None), beside=(RelationType, None),
    driver=(DriverUnion | None, None), do=(Any, None),
)  # fmt: skip
_TrafficSection = section("traffic", _STREAM, driver=(DriverUnion | None, None))
_WeatherSection = section("weather", WEATHER, preset=(Text | None, None))
_LightSection = section("light", LIGHT, preset=(Text | None, None))
FileSection = section("road", {}, file=(Text, ...), routes=(dict[str, list[Text]], Key(default_factory=dict)))


@lru_cache(maxsize=16)
def road_section(archetype: str) -> type[Section]:
    """The section of one archetype's parameters."""
    return section(f"road {archetype}", road_schema(archetype))


def road_leaf(data: Any, base: FilePath | None) -> Leaf:
    """`motorway`, `{motorway: {lanes: 3}}` or `{file: town.xodr, routes: {main.1: [...]}}`."""
    if isinstance(data, str):
        return road(_known("road archetype", data, NAMES))
    if isinstance(data, Mapping) and "file" in data:
        return _file_leaf(FileSection.model_validate(data), base)
    if not isinstance(data, Mapping) or len(data) != 1:
        raise refuse("bad-road", repr(data)[:60], "an archetype, one archetype with its parameters, or a file")
    name = _known("road archetype", str(next(iter(data))), NAMES)
    holder = create_model("road", __base__=Section, **{name: (road_section(name), ...)})  # type: ignore[call-overload]
    read: Any = holder.model_validate({name: data[name] if data[name] is not None else {}})
    return road(name, **values_of(getattr(read, name), road_schema(name)))


def _file_leaf(model: Any, base: FilePath | None) -> Leaf:
    path = (base or FilePath()) / model.file
    if not path.is_file():
        raise refuse("missing-file", repr(model.file), "an OpenDRIVE file beside the scenario file")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return road_file(str(path), digest, {name: tuple(lanes) for name, lanes in model.routes.items()})


def _known(what: str, name: str, names: tuple[str, ...]) -> str:
    if name not in names:
        raise refuse("unknown-name", f"no {what} {name!r}", f"one of {', '.join(names)}", nearest_name(name, names))
    return name


def preset_leaf(kind: str, data: Any) -> Leaf:
    """Weather or light: a preset by name, keys, or both (`preset: rain`)."""
    module = weathers if kind == "weather" else lights
    schema, model = (WEATHER, _WeatherSection) if kind == "weather" else (LIGHT, _LightSection)
    if isinstance(data, str):
        return _make(kind, _known(kind, data, tuple(module.PRESETS)), {})
    read: Any = model.model_validate(data)
    if read.preset is not None:
        _known(kind, read.preset, tuple(module.PRESETS))
    return _make(kind, read.preset, values_of(read, schema))


def _make(kind: str, preset: str | None, values: dict[str, Value]) -> Leaf:
    return weathers.weather(preset, **values) if kind == "weather" else lights.light(preset, **values)


def ego_leaf(data: Any) -> Leaf:
    """The `ego` section."""
    return make_leaf("ego", values=values_of(_EgoSection.model_validate(data), EGO))


def actor_leaf(name: str, data: Any) -> Leaf:
    """One of `actors`, without its `do`."""
    model: Any = _ActorSection.model_validate(data)
    relations = [(relation, getattr(model, relation)) for relation in RELATIONS if getattr(model, relation)]
    if len(relations) > 1 or (relations and model.at is not None):
        raise refuse("bad-place", "several places", "one of at, ahead_of, behind and beside")
    relation, whom = relations[0] if relations else ("", None)
    values: dict[str, Any] = {name.replace(".", "__"): value for name, value in values_of(model, _PLACED).items()}
    if whom is not None and whom.by is not None:
        values["by"] = whom.by
    driver, fields = _driver_parts(model.driver)
    return actor(name, relation=relation, of=whom.of if whom else "", driver=driver, **values, **fields)


def _driver_parts(driver: Any) -> tuple[str, dict[str, Any]]:
    if driver is None or isinstance(driver, str):
        return driver or "", {}
    return "idm", {f"driver__{key}": value for key, value in values_of(driver, _DRIVER_KEYS).items()}


def traffic_leaf(name: str, data: Any) -> Leaf:
    """One stream of `traffic`."""
    model: Any = _TrafficSection.model_validate(data)
    driver, fields = _driver_parts(model.driver)
    values: dict[str, Any] = values_of(model, _STREAM)
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


def parameter_value(data: Any, types: Mapping[str, Dimension]) -> Value:
    """A named parameter: what it measures is seen from its unit, or from what its expression computes."""
    try:
        return parse_any(written(data), types)
    except TextFault as fault:
        raise refuse(fault.code, fault.found, fault.expected, fault.nearest, fault.offset) from None


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


def model_of(path: tuple[str | int, ...]) -> type[BaseModel] | None:
    """The model of the section at a path, for the names of its keys."""
    models = {"ego": _EgoSection, "weather": _WeatherSection, "light": _LightSection}
    named = {"actors": _ActorSection, "traffic": _TrafficSection}
    for part in reversed(path):
        if part in models or part in named:
            return {**models, **named}[str(part)]
    return None
