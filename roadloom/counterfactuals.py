"""One draw of a written scenario changed alone: finds what it was drawn from, and runs both."""

from collections.abc import Sequence
from pathlib import Path

from closed_loop.causes.counterfactual import WhatIf, value_at, what_if
from closed_loop.registry import make_policy
from closed_loop.results import EpisodeResult
from closed_loop.suites.episodes import EpisodeTask, run_batch
from closed_loop.suites.run import read_scenario
from driving_data.errors import Fault, InputError
from roadloom.pipeline.sources import logical_scenarios
from scenarios import library
from scenarios.algebra import LogicalScenario
from scenarios.concrete import ConcreteScenario
from scenarios.expressions import TextFault
from scenarios.parse import parse_value
from scenarios.space import Const, Scalar
from scenarios.units import RATIO, Dimension
from sim_bridge.registry import SIMULATORS


def answer(file: Path, policy: str, path: str, to: str, by: str, scenario: str, simulator: str) -> WhatIf:
    """What becomes of a written scenario with one value changed.

    Args:
        file: the concrete scenario.
        policy: who drives.
        path: the value.
        to: new value with a unit; or
        by: change with a unit.
        scenario: what it was drawn from, a name or file; empty to look in the library.
        simulator: where.

    Raises:
        InputError: something of this is not there, or both or neither of `to` and `by` are given.
    """
    concrete = read_scenario(file)
    logical = logical_scenarios((scenario,))[0] if scenario else logical_of(concrete)
    driver, engine = make_policy(policy), SIMULATORS.load(simulator)()

    def run(scenarios: Sequence[ConcreteScenario]) -> Sequence[EpisodeResult]:
        return run_batch(EpisodeTask(driver, engine, simulator, tuple(scenarios)))

    return what_if(logical, concrete, path, _target(logical, concrete, path, to, by), run)


def logical_of(concrete: ConcreteScenario) -> LogicalScenario:
    """The scenario of the library that bears the name of a concrete one.

    Raises:
        InputError: there is none.
    """
    for name in (*library.names(), *library.families()):
        logical = library.load(name)
        if logical.name == concrete.name:
            return logical
    expected = "a scenario of the library; name the file that it was drawn from with --scenario"
    raise InputError([Fault("", 0, 0, "scenario", "unknown-name", repr(concrete.name), expected)])


def _target(logical: LogicalScenario, concrete: ConcreteScenario, path: str, to: str, by: str) -> Scalar:
    if bool(to) == bool(by):
        raise InputError([Fault("", 0, 0, "to", "wrong-form", repr(to or by), "one of --to and --by")])
    dimensions = {p: v.dimension for leaf in logical.leaves() for p, v in leaf.paths().items()}
    now = value_at(concrete, logical, path)
    dimension = dimensions.get(path.partition("#")[0], RATIO)
    if to:
        return _read(to, dimension, "to")
    change = _read(by.removeprefix("+"), dimension, "by")
    if isinstance(now, (str, bool)) or isinstance(change, (str, bool)):
        raise InputError([Fault("", 0, 0, "by", "wrong-type", repr(now), "a number to change; names take --to")])
    return now + change


def _read(text: str, dimension: Dimension, option: str) -> Scalar:
    try:
        value = parse_value(text, dimension)
    except TextFault as fault:
        raise InputError([Fault("", 0, 0, option, fault.code, fault.found, fault.expected, fault.nearest)]) from fault
    if not isinstance(value, Const):
        raise InputError([Fault("", 0, 0, option, "not-a-value", repr(text), "a single value")])
    return value.value
