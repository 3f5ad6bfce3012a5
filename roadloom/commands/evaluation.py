"""`evaluate`, `compare` and `gate`."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from driving_data.errors import Fault, InputError
from roadloom.console import Stages, result, say

if TYPE_CHECKING:
    from closed_loop.results import EvalReport

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
FILTER = "Globs over name, tags and slices, as road:urban,road:rural; ! turns round; may be repeated."
Report = Annotated[Path, typer.Argument(help="A report that `evaluate` wrote.")]


def register(app: typer.Typer) -> None:
    """Adds the verbs of this module."""
    app.command()(evaluate)
    app.command()(compare)
    app.command()(gate)


def evaluate(
    policy: Annotated[str, typer.Argument(help="Name of a policy.")],
    suite: Annotated[str, typer.Option(help="A ready suite (r157, ncap, nhtsa, logs, ...) or a YAML file.")] = "",
    scenario: Annotated[list[str] | None, typer.Option(help="Library name or YAML file; may be repeated.")] = None,
    count: Annotated[int, typer.Option(min=1, help="Draws of each scenario.")] = 2,
    seed: Annotated[int, typer.Option(help="The seed of the draws.")] = 1,
    stride: Annotated[int, typer.Option(min=0, help="Every so-manyth cell of grids; 0: as the suite says.")] = 0,
    filter: Annotated[list[str] | None, typer.Option(help=FILTER)] = None,
    shard: Annotated[str, typer.Option(help="Part k of n, as 1/4; every scenario is in one part.")] = "1/1",
    repeats: Annotated[int, typer.Option(min=1, help="Runs of each scenario, each with a seed of its own.")] = 1,
    resume: Annotated[bool, typer.Option(help="Take finished episodes from an earlier call.")] = True,
    parameter: Annotated[list[str] | None, typer.Option(help="A parameter of the policy, as name=value.")] = None,
    simulator: Annotated[str, typer.Option(help="Which simulator.")] = "embedded",
    executor: Annotated[str, typer.Option(help="serial, loky or ray.")] = "loky",
    workers: Annotated[int, typer.Option(min=0, help="Tasks at a time; 0: one for each core.")] = 0,
    timeout: Annotated[float, typer.Option(min=0.0, help="Seconds for a batch before its worker is ended.")] = 600.0,
    retries: Annotated[int, typer.Option(min=0, help="Further tries where a worker was lost.")] = 1,
    out: Annotated[Path, typer.Option(help="Where the report is written.")] = Path("out/evaluation/report.json"),
    json: Json = False,
) -> None:
    """Drive a policy through a suite; finished episodes are kept beside the report and taken from there.

    Failed episodes become files in `failures/` beside the report; `roadloom replay FILE POLICY` plays one again.
    """
    from closed_loop.results import write_report
    from closed_loop.suites.kept import forget
    from closed_loop.suites.run import write_failures
    from closed_loop.suites.suite import Selection
    from roadloom.executors import make_executor
    from roadloom.pipeline.evaluation import run_policy
    from roadloom.settings import Choice, ExecutorConfig, SuiteConfig
    from roadloom.suites import playable, read_suite

    chosen = Selection(tuple(filter or ()), *Selection.parse_shard(shard), repeats)
    config = read_suite(suite) if suite else SuiteConfig(out.parent.name, tuple(scenario or ()), count)
    ready = playable(config, seed, Choice(simulator), stride or None)
    ready = replace(ready, suite=ready.suite.select(chosen))
    if not resume:
        forget(out.parent / "episodes")
    engine = make_executor(ExecutorConfig(executor, workers, timeout, retries))
    report = run_policy(policy, ready, engine, out.parent / "episodes", Stages(), parameters_of(parameter or ()))
    write_report(report, out)
    failures = write_failures(report, ready.suite, out.parent / "failures")
    if json:
        stream(report)
        return
    for row in _rows(report):
        print(row)
    missing = len(report.missing())
    say(f"{len(report.episodes)} episodes, {len(failures)} failed or missing; {missing} could not be run")
    for name, reason in config.not_playable.items():
        say(f"not playable: {name}: {reason}")
    print(out)


def parameters_of(items: Sequence[str]) -> dict[str, Any]:
    """`name=value` texts as plain data; values are read as YAML, so that 3 is a number and [1, 2] a list.

    Raises:
        InputError: a text is of another form.
    """
    import yaml

    found: dict[str, Any] = {}
    for item in items:
        name, separator, text = item.partition("=")
        if not separator or not name:
            raise InputError([Fault("", 0, 0, "parameter", "wrong-form", repr(item), "name=value")])
        found[name] = yaml.safe_load(text)
    return found


def stream(report: "EvalReport") -> None:
    """A report on standard output, one episode at a time."""
    from closed_loop.results import report_texts

    for text in report_texts(report):
        sys.stdout.write(text)


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
