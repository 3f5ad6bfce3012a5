"""Two policies on one suite, and the decision of the gate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from closed_loop.gates.decide import DeploymentDecision, GatePlan, decide
from closed_loop.gates.decision_texts import write_decision
from closed_loop.registry import make_policy
from closed_loop.results import EvalReport, write_report
from closed_loop.suites.run import run_suite
from closed_loop.suites.suite import Suite
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
        """'pass', 'hold' or 'block'."""
        return self.decision.outcome.value


def evaluate(config: PipelineConfig, executor: Executor, output: Path, stages: Stages) -> Evaluation:
    """Runs the configured suite with the candidate and the baseline and asks the gate."""
    plan = gate_plan(config.suite.rules)
    suite = playable(config.suite, config.seed, config.simulator)
    reports = [
        run_policy(name, suite, executor, output / "episodes", stages, plan_digest=plan.digest())
        for name in (config.suite.candidate, config.suite.baseline)
    ]
    decision = decide(reports[0], reports[1], plan, registered=True)
    folder = output / "evaluation"
    write_report(reports[0], folder / "candidate.json")
    write_report(reports[1], folder / "baseline.json")
    write_decision(decision, folder)
    return Evaluation(suite.suite, reports[0], reports[1], decision)


def gate_plan(plain: Mapping[str, Any]) -> GatePlan:
    """The configured gate plan; what is not given keeps its default.

    Raises:
        InputError: a rule is unknown or of the wrong form.
    """
    return GatePlan.from_plain(plain, "suite.rules")


def run_policy(
    name: str,
    playable: Playable,
    executor: Executor,
    episodes: Path,
    stages: Stages,
    parameters: Mapping[str, Any] | None = None,
    plan_digest: str = "",
    metrics: Sequence[str] = (),
) -> EvalReport:
    """One policy on a suite; episodes that an earlier run finished are taken from `episodes`."""
    policy = make_policy(name, parameters or {})
    suite = playable.suite
    with stages.stage(f"evaluate {name}", len(suite.scenarios), "episodes") as count:

        def progress(done: int) -> None:
            for _ in range(done):
                count()

        return run_suite(
            policy, suite, playable.simulator, executor, progress, simulator_name=playable.simulator_name,
            directory=episodes, metrics=tuple(metrics), plan_digest=plan_digest, thresholds=playable.thresholds,
        )  # fmt: skip
