"""Two policies on one suite, and the decision of the gate."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from closed_loop.gates import DeploymentDecision, GateRules, decide
from closed_loop.registry import make_policy
from closed_loop.results import EvalReport, write_json, write_report
from closed_loop.suites.run import run_suite
from closed_loop.suites.suite import Suite
from driving_data.errors import Fault, InputError
from driving_data.plain import from_plain
from driving_data.ports import Executor
from roadloom.console import Stages
from roadloom.settings import PipelineConfig
from roadloom.suites import Playable, playable


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came of two policies on one suite."""

    suite: Suite
    candidate: EvalReport
    baseline: EvalReport
    decision: DeploymentDecision

    @property
    def decision_text(self) -> str:
        """'accept', 'reject' or 'insufficient_evidence'."""
        return self.decision.outcome.value


def evaluate(config: PipelineConfig, executor: Executor, output: Path, stages: Stages) -> Evaluation:
    """Runs the configured suite with the candidate and the baseline and asks the gate."""
    suite = playable(config.suite, config.seed, config.simulator)
    reports = [
        run_policy(name, suite, executor, output / "episodes", stages)
        for name in (config.suite.candidate, config.suite.baseline)
    ]
    decision = decide(reports[0], reports[1], gate_rules(config.suite.rules))
    folder = output / "evaluation"
    write_report(reports[0], folder / "candidate.json")
    write_report(reports[1], folder / "baseline.json")
    write_json(folder / "decision.json", decision)
    return Evaluation(suite.suite, reports[0], reports[1], decision)


def gate_rules(plain: Mapping[str, Any]) -> GateRules:
    """The configured gate rules; what is not given keeps its default.

    Raises:
        InputError: a rule is unknown or of the wrong form.
    """
    try:
        return from_plain(GateRules, plain, "suite.rules")
    except ValueError as error:
        raise InputError([Fault("", 0, 0, "suite.rules", "wrong-value", str(error), "gate rules")]) from error


def run_policy(
    name: str,
    playable: Playable,
    executor: Executor,
    episodes: Path,
    stages: Stages,
    parameters: Mapping[str, Any] = {},
) -> EvalReport:
    """One policy on a suite; episodes that an earlier run finished are taken from `episodes`."""
    policy = make_policy(name, parameters)
    suite = playable.suite
    with stages.stage(f"evaluate {name}", len(suite.scenarios), "episodes") as count:

        def progress(done: int) -> None:
            for _ in range(done):
                count()

        return run_suite(
            policy, suite, playable.simulator, executor, progress, simulator_name=playable.simulator_name,
            directory=episodes,
        )  # fmt: skip
