"""The door: an OpenSCENARIO DSL file into a typed scenario with an account of what was assumed and left out."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from driving_data.errors import Fault, InputError, RoadloomError, nearest_name
from scenarios.algebra import LogicalScenario
from scenarios.openscenario.dsl import tree
from scenarios.openscenario.dsl.declarations import Declarations, read_declarations
from scenarios.openscenario.dsl.plan import LaneName, Plan, Planner
from scenarios.openscenario.dsl.timeline import Timeline, timelines
from scenarios.spec import read_text

MAX_ALTERNATIVES = 512
MOST_LANES, LONGEST_ROAD_M, MARGIN_M = 4, 5000.0, 250.0
_EGO_NAMES = ("ego", "ego_vehicle", "sut", "dut", "vut", "host", "av")
_KINDS = (("pedestrian", "pedestrian"), ("person", "pedestrian"), ("walker", "pedestrian"), ("bicycle", "bicycle"),
          ("cyclist", "bicycle"), ("bike", "bicycle"), ("motorcycle", "motorcycle"), ("truck", "truck"),
          ("trailer", "trailer"), ("bus", "bus"), ("van", "van"), ("animal", "animal"),
          ("ambulance", "emergency_vehicle"), ("firetruck", "emergency_vehicle"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class DslReading:
    """A DSL file as read.

    Attributes:
        logical: the scenario.
        yaml: the same as a scenario file.
        assumed: one line for every decision that the file did not make.
        not_translated: what has no counterpart, with its place.
    """

    logical: LogicalScenario
    yaml: str
    assumed: tuple[str, ...]
    not_translated: tuple[Fault, ...]


def read_dsl(path: Path, scenario: str = "") -> DslReading:
    """Reads a DSL file.

    Args:
        path: the file.
        scenario: which scenario of it; `top` if empty, or the last one that has a `do`.

    Raises:
        InputError: it cannot be read, parsed or laid out.
    """
    declarations = read_declarations(path)
    entity = _chosen(declarations, scenario)
    ways = timelines(declarations, entity, MAX_ALTERNATIVES)
    ego = _ego(ways)
    planners = [Planner(way, ego, str(path)) for way in ways]
    for planner in planners:
        planner.run()
    document, assumed = _document(entity, planners, path)
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)
    dropped = {fault: None for way in ways for fault in way.dropped}
    in_order = sorted(dropped, key=lambda fault: (fault.line, fault.column))
    return DslReading(read_text(text), text, tuple(assumed), tuple(in_order))


def check_dsl(path: Path) -> list[Fault]:
    """What is odd in a DSL file: everything that has no counterpart, with codes that begin with `lint-`.

    A file that only declares things for others to import is right as it is.

    Raises:
        InputError: what is wrong.
    """
    declared = read_declarations(path)
    if not any(entity.kind == "scenario" for entity in declared.entities.values()):
        return []
    reading = read_dsl(path)
    try:
        reading.logical.sample(0)
    except RoadloomError as error:
        raise InputError([Fault(str(path), 0, 0, "", "cannot-draw", str(error), "what can be drawn")]) from error
    return [replace(fault, code=f"lint-{fault.code}") for fault in reading.not_translated]


def _chosen(declarations: Declarations, name: str) -> tree.Entity:
    playable = [e for e in declarations.entities.values() if e.kind == "scenario" and e.do is not None]
    if not playable:
        raise InputError([Fault(declarations.path, 0, 0, "", "no-scenario", "no scenario with a do part", "one")])
    if not name:
        return next((e for e in playable if e.name == "top" or e.name.endswith(".top")), playable[-1])
    found = next((e for e in playable if e.name == name), None)
    if found is None:
        names = [e.name for e in playable]
        raise InputError([Fault(declarations.path, 0, 0, "", "unknown-name", name, f"one of {', '.join(names)}",
                                nearest_name(name, names) or "")])  # fmt: skip
    return found


def _ego(ways: list[Timeline]) -> str:
    """The actor that is named as an ego, else the first that does something."""
    names = [name for way in ways for name in way.actors]
    named = next((name for name in names if name.lower() in _EGO_NAMES or name.lower().startswith("ego")), None)
    return named or next(act.actor for way in ways for act in way.acts)


def _document(entity: tree.Entity, planners: list[Planner], path: Path) -> tuple[dict[str, Any], list[str]]:
    lanes = min(MOST_LANES, max(planner.lanes for planner in planners))
    length = max(_length(planner) for planner in planners)
    assumed = [line for planner in planners for line in planner.assumed]
    map_name = planners[0].timeline.map_name
    assumed.insert(0, f"road = a straight motorway of {lanes} lanes: "
                      f"{f'the map {map_name} is not read' if map_name else 'no map is named'}")  # fmt: skip
    name = entity.name.replace(".", "_") if entity.name != "top" else path.stem
    document: dict[str, Any] = {
        "scenario": name.lower(),
        "description": f"Read from {path.name}.",
        "road": {"motorway": {"lanes": lanes, "length": f"{min(length, LONGEST_ROAD_M):.0f} m"}},
    }
    parts = [_part(planner, lanes) for planner in planners]
    weights: list[tuple[dict[str, Any], int]] = []
    for part in parts:
        known = next((i for i, (other, _) in enumerate(weights) if other == part), None)
        if known is None:
            weights.append((part, 1))
        else:
            weights[known] = (part, weights[known][1] + 1)
    if len(weights) == 1:
        document |= weights[0][0]
    else:
        document["one_of"] = [{"weight": weight, **part} for part, weight in weights]
    return document, list(dict.fromkeys(assumed))


def _length(planner: Planner) -> float:
    fastest = max((plan.fastest for plan in planner.plans.values()), default=0.0)
    return _base(planner) + fastest * planner.timeline.duration.high + MARGIN_M


def _base(planner: Planner) -> float:
    """Where the ego begins: far enough that all who begin behind it are on the road."""
    behind = [-plan.start[1].low for plan in planner.plans.values() if plan.start is not None]
    return 50.0 + sum(max(0.0, distance) for distance in behind)


def _part(planner: Planner, lanes: int) -> dict[str, Any]:
    def route(lane: int) -> str:
        return f"main.{max(1, lanes + 1 - lane)}"

    part: dict[str, Any] = {}
    ego = planner.plans.get(planner.ego, Plan(planner.ego))
    speed = ego.speed.text if ego.speed is not None else "0 m/s"
    part["ego"] = {"on": route(ego.first_lane), "at": f"{_base(planner):.0f} m", "speed": speed}
    others = [plan for plan in planner.plans.values() if plan.name != planner.ego]
    if others:
        part["actors"] = {plan.name: _actor(plan, planner, route(plan.first_lane)) for plan in others}
        for plan in others:
            if plan.steps:
                part["actors"][plan.name]["do"] = [_named(step, route) for step in plan.steps]
    if planner.timeline.conditions:
        part["where"] = list(planner.timeline.conditions)
    part["duration"] = f"{max(1.0, planner.timeline.duration.high):.6g} s"
    part["sensors"] = "none"
    # A range whose value nothing reads would be a dimension of the space that means nothing.
    read = set(re.findall(r"[A-Za-z_]\w*", repr(part)))
    parameters = {name: text for name, text in planner.timeline.parameters.items() if name in read}
    return {"parameters": parameters, **part} if parameters else part


def _actor(plan: Plan, planner: Planner, route: str) -> dict[str, Any]:
    ego = planner.plans.get(planner.ego)
    if plan.start is not None:
        other, ahead = plan.start
        at = _beside("ego" if other == planner.ego else other, ahead.text, 1)
    elif ego is not None and ego.start is not None and ego.start[0] == plan.name:
        at = _beside("ego", ego.start[1].text, -1)
    else:
        away = 30 * (1 + [name for name in planner.plans if name != planner.ego].index(plan.name))
        at = f"ego.at + {away} m"
        planner.assumed.append(f"actors.{plan.name}.at = {away} m ahead of the ego: no place is given")
    speed = plan.speed
    text = "0 m/s" if speed is None else f"max({speed.text}, 0 m/s)" if speed.low < 0.0 else speed.text
    kind = _kind(planner.timeline.actors[plan.name])
    return {"kind": kind, "on": route, "at": at, "speed": text, "driver": "none"}


def _beside(other: str, text: str, sign: int) -> str:
    """A place by its distance ahead of another (sign 1) or behind it (sign -1)."""
    negative = text.startswith("-")
    return f"{other}.at {'-' if negative == (sign > 0) else '+'} {text[1:] if negative else text}"


def _kind(type_name: str) -> str:
    lowered = type_name.lower()
    return next((kind for word, kind in _KINDS if word in lowered), "car")


def _named(value: Any, route: Any) -> Any:
    """Lanes replaced by the names of their routes."""
    if isinstance(value, LaneName):
        return route(value.lane)
    if isinstance(value, dict):
        return {key: _named(item, route) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list):
        return [_named(item, route) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return value
