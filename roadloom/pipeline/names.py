"""Every name that a configuration uses is looked up before any work begins, so that a slip costs no minutes."""

from collections.abc import Callable

from closed_loop.registry import make_policy
from driving_data.errors import Fault, InputError, nearest_name
from driving_data.exports.registry import EXPORTERS
from generators.labels.choice import chosen_labels
from generators.randomize.randomization import read_randomization
from generators.registry import GENERATORS
from roadloom.executors import EXECUTORS
from roadloom.pipeline.evaluation import gate_plan
from roadloom.pipeline.recipes import WORDS
from roadloom.pipeline.sources import logical_scenarios
from roadloom.settings import PipelineConfig
from scenarios.types.sensors import RIGS
from sim_bridge.registry import SIMULATORS
from validation.gate import GateConfig


def refuse_unknown_names(config: PipelineConfig) -> None:
    """Looks up scenarios, policies, simulator, generator, randomization, checks, exports, rig and gate rules.

    Raises:
        InputError: with every name that is not known, at the key that holds it.
    """
    checks = config.validation
    wanted: list[tuple[str, Callable[[], object]]] = [
        ("scenario", lambda: logical_scenarios(config.scenario)),
        ("suite.scenarios", lambda: logical_scenarios(config.suite.scenarios)),
        ("policy", lambda: make_policy(config.policy)),
        ("suite.candidate", lambda: make_policy(config.suite.candidate)),
        ("suite.baseline", lambda: make_policy(config.suite.baseline)),
        ("suite.rules", lambda: gate_plan(config.suite.rules)),
        ("simulator.name", lambda: SIMULATORS.load(config.simulator.name)),
        ("generator.name", lambda: GENERATORS.load(config.generator.name)),
        (
            "randomization",
            lambda: read_randomization(config.randomization.name, config.randomization.parameters),
        ),
        ("labels", lambda: chosen_labels(config.labels, further=(WORDS,))),
        ("validation", GateConfig(checks.checks, checks.without, checks.parameters).build),
        ("executor.name", lambda: EXECUTORS.load(config.executor.name)),
        *((f"mixture.exports.{name}", lambda name=name: EXPORTERS.load(name)) for name in config.mixture.exports),
    ]
    faults: list[Fault] = []
    for path, look_up in wanted:
        try:
            look_up()
        except InputError as error:
            faults += [_at(path, fault) for fault in error.faults]
    if config.rig and config.rig not in RIGS:
        expected = f"one of {', '.join(RIGS)}"
        nearest = nearest_name(config.rig, RIGS)
        faults.append(Fault("", 0, 0, "rig", "unknown-name", repr(config.rig), expected, nearest))
    if faults:
        raise InputError(faults)


def _at(path: str, fault: Fault) -> Fault:
    if fault.line:
        # It stands in a file of its own.
        return fault
    return Fault(fault.file, fault.line, fault.column, path, fault.code, fault.found, fault.expected, fault.nearest)
