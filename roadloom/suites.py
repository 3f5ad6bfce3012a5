"""Suites by name: a file of `conf/suite` or of the user, read with all its faults, and what plays it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from closed_loop.metrics.thresholds import PUBLISHED, Thresholds, thresholds_of
from closed_loop.suites.build import build_suite
from closed_loop.suites.draws import joined
from closed_loop.suites.parts import LogPart, SuitePart
from closed_loop.suites.suite import Suite
from driving_data.checked import Written
from driving_data.conf import conf_directory
from driving_data.errors import Fault, InputError, nearest_name
from driving_data.plain import to_plain
from driving_data.ports import Simulator
from roadloom.config import groups, places_of
from roadloom.pipeline.sources import logical_scenarios, real_sources
from roadloom.settings import Choice, RealConfig, SuiteConfig
from scenarios.algebra import LogicalScenario
from sim_bridge.registry import SIMULATORS

# The suite is drawn with another seed than the data, so that what is evaluated was never trained on.
SUITE_SEED_OFFSET = 1_000_003


@dataclass(frozen=True, slots=True, eq=False)
class Playable:
    """A suite and the simulator that plays it."""

    suite: Suite
    simulator: Simulator
    simulator_name: str
    thresholds: Thresholds = PUBLISHED


def read_suite(name: str) -> SuiteConfig:
    """The suite of that name in `conf/suite`, or of a YAML file with the same keys.

    Raises:
        InputError: there is none, or its file is wrong; every fault is told with its place.
    """
    named = conf_directory() / "suite" / f"{name}.yaml"
    path = named if named.is_file() else Path(name)
    if not path.is_file():
        known = groups()["suite"]
        expected = f"a YAML file, or one of the ready suites {', '.join(known)}"
        fault = Fault(
            name, 0, 0, "suite", "missing-file", "there is no such suite", expected, nearest_name(name, known)
        )
        raise InputError([fault])
    places, plain = places_of(path)
    if path != named and not any(plain.get(key) for key in ("scenarios", "parts", "logs")):
        expected = "scenarios, parts or logs, at least one of them with something in it"
        raise InputError([Fault(str(path), 0, 0, "suite", "empty", "nothing to drive", expected)])
    made = _typed(_at_home(plain, path.parent if path != named else None), str(path), places)
    inside = {at.removeprefix("thresholds."): place for at, place in places.items() if at.startswith("thresholds.")}
    thresholds_of(Written(made.thresholds, str(path), inside))
    return made


def _at_home(plain: dict[str, Any], folder: Path | None) -> dict[str, Any]:
    """Scenario files that a user's suite names beside itself, by their paths."""
    if folder is None:
        return plain

    def found(name: Any) -> Any:
        beside = folder / str(name)
        return str(beside) if isinstance(name, str) and beside.is_file() else name

    for holder in (plain, *(part for part in plain.get("parts") or () if isinstance(part, dict))):
        if isinstance(holder.get("scenarios"), list):
            holder["scenarios"] = [found(name) for name in holder["scenarios"]]
    return plain


def _typed(plain: Mapping[str, Any], file: str, places: Mapping[str, tuple[int, int]]) -> SuiteConfig:
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(SuiteConfig).validate_python(plain)
    except ValidationError as error:
        raise InputError([_fault(item, file, places) for item in error.errors()]) from error


def _fault(item: Any, file: str, places: Mapping[str, tuple[int, int]]) -> Fault:
    path = ".".join(str(part) for part in item["loc"])
    line, column = places.get(path, (0, 0))
    if item["type"] in ("missing", "missing_argument"):
        held = next((places[at] for at in (path.rpartition(".")[0],) if at in places), (line, column))
        return Fault(file, *held, path, "missing-key", "nothing", f"the key {item['loc'][-1]!r}")
    if item["type"] != "unexpected_keyword_argument":
        return Fault(file, line, column, path, item["type"], repr(item["input"]), item["msg"])
    kind = {"parts": SuitePart, "logs": LogPart}.get(str(item["loc"][0]), SuiteConfig)
    known = tuple(field.name for field in fields(kind))
    nearest = nearest_name(str(item["loc"][-1]), known)
    return Fault(file, line, column, path, "unknown-key", "no such key", f"one of {', '.join(known)}", nearest)


def playable(config: SuiteConfig, seed: int, simulator: Choice, stride: int | None = None) -> Playable:
    """The suite of a configuration, and the simulator that plays its scenarios and logs.

    Args:
        config: the suite.
        seed: the seed of the run; the suite draws with another one (`SUITE_SEED_OFFSET`).
        simulator: plays what is no log.
        stride: replaces the stride of every grid; 1 plays the full grids.

    Raises:
        InputError: with the faults of every part.
    """
    thresholds = thresholds_of(Written(config.thresholds), "suite.thresholds")
    parts = list(config.parts)
    if config.scenarios or not (config.parts or config.logs):
        parts.insert(0, SuitePart(config.scenarios or ("core",), config.count))
    suite = build_suite(config.name, parts, seed + SUITE_SEED_OFFSET, load_logical, stride)
    engine = SIMULATORS.load(simulator.name)(**simulator.parameters)
    if not config.logs:
        return Playable(suite, engine, simulator.name, thresholds)
    from closed_loop.suites.logs import LogWorlds, log_scenarios

    entries = log_scenarios([(part, _sources(part)) for part in config.logs])
    sources = {entry.scenario.road.parameters["segment"]: str(entry.source) for entry in entries}
    logs = [entry.scenario for entry in entries]
    both = Suite(config.name, joined([suite.scenarios, logs]))
    return Playable(both, LogWorlds(engine, sources), simulator.name, thresholds)


def load_logical(name: str, settings: Mapping[str, str] | None) -> Sequence[LogicalScenario]:
    """Logical scenarios of a name or path, as `SuitePart.scenarios` names them."""
    return logical_scenarios((name,), settings)


def _sources(part: LogPart) -> list[Path]:
    return real_sources(RealConfig(part.sources, part.max_segments, part.required))


def describe(config: SuiteConfig, suite: Suite) -> dict[str, Any]:
    """What a suite holds, as plain data: scenarios by name, slices by tag, what it cannot play."""
    names: dict[str, int] = {}
    slices: dict[str, int] = {}
    for scenario in suite.scenarios:
        names[scenario.name] = names.get(scenario.name, 0) + 1
        for tag in scenario.tags:
            if ":" in tag:
                slices[tag] = slices.get(tag, 0) + 1
    return {"name": suite.name, "num_scenarios": len(suite.scenarios), "scenarios": names,
            "slices": dict(sorted(slices.items())), "not_playable": to_plain(config.not_playable)}  # fmt: skip
