"""`evaluate`, `compare` and `gate`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from roadloom.console import Stages, result, say

if TYPE_CHECKING:
    from closed_loop.results import EvalReport

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
Report = Annotated[Path, typer.Argument(help="A report that `evaluate` wrote.")]


def register(app: typer.Typer) -> None:
    """Adds the verbs of this module."""
    app.command()(evaluate)
    app.command()(compare)
    app.command()(gate)


def evaluate(
    policy: Annotated[str, typer.Argument(help="Name of a policy.")],
    scenario: Annotated[list[str] | None, typer.Option(help="Library name or YAML file; may be repeated.")] = None,
    count: Annotated[int, typer.Option(min=1, help="Draws of each scenario.")] = 2,
    seed: Annotated[int, typer.Option(help="The seed of the draws.")] = 1,
    simulator: Annotated[str, typer.Option(help="Which simulator.")] = "embedded",
    executor: Annotated[str, typer.Option(help="serial, loky or ray.")] = "loky",
    out: Annotated[Path, typer.Option(help="Where the report is written.")] = Path("out/evaluation/report.json"),
    json: Json = False,
) -> None:
    """Drive a policy through a suite; finished episodes are kept beside the report and taken from there."""
    from closed_loop.results import write_report
    from roadloom.executors import make_executor
    from roadloom.pipeline.evaluation import draw_suite, run_policy
    from roadloom.settings import Choice, ExecutorConfig, SuiteConfig

    config = SuiteConfig(name=out.parent.name, scenarios=tuple(scenario or ()), count=count)
    suite = draw_suite(config, seed)
    engine = make_executor(ExecutorConfig(name=executor))
    report = run_policy(policy, suite, Choice(simulator), engine, out.parent / "episodes", Stages())
    write_report(report, out)
    if json:
        result(report)
        return
    for row in _rows(report):
        print(row)
    print(out)


def _rows(report: "EvalReport") -> list[str]:
    from closed_loop.statistics import slice_table

    rows: list[str] = []
    for row in slice_table(report, tuple(report.metrics), keys=()):
        found = row.estimate
        if found.value is not None:
            rows.append(f"  {row.metric:<26} {found.value:>9.3f}  {_interval(found.low, found.high)}  of {found.num}")
    return rows


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"[{low:.3f}, {high:.3f}]"


def compare(candidate: Report, baseline: Report, json: Json = False) -> None:
    """Compare two reports on the same suite, episode by episode."""
    from closed_loop.results import read_report
    from closed_loop.statistics import compare as compare_reports

    ours, theirs = read_report(candidate), read_report(baseline)
    rows = [row for metric in ours.metrics for row in compare_reports(ours, theirs, metric)]
    if json:
        result(rows)
        return
    for row in rows:
        if row.difference is not None:
            print(f"  {row.metric:<26} {row.slice:<26} {row.difference:>+9.3f}  {_interval(row.low, row.high)}")


def gate(candidate: Report, baseline: Report, json: Json = False) -> None:
    """Decide whether the candidate may replace the baseline; exit status 1 unless it is accepted."""
    from closed_loop.gates import Outcome, decide
    from closed_loop.results import read_report

    decision = decide(read_report(candidate), read_report(baseline))
    if json:
        result(decision)
    else:
        say(f"{decision.outcome.value}: {decision.candidate} against {decision.baseline}")
        for reason in decision.reasons:
            print(f"  {reason.outcome.value:<22} {reason.text}")
    if decision.outcome is not Outcome.ACCEPT:
        raise typer.Exit(1)
