"""`evaluate`, `compare`, `gate`, `sign`, `replay` and `what-if`."""

import shlex
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from driving_data.errors import Fault, InputError, nearest_name
from roadloom.console import Stages, result, say

if TYPE_CHECKING:
    from closed_loop.results import EvalReport

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
FILTER = "Globs over name, tags and slices, as road:urban,road:rural; ! turns round; may be repeated."
THRESHOLD_HELP = "A number that metrics judge by, as rss_pedestrian.response_s=0.8; may be repeated."
METRICS_HELP = "Metric ids or sets (standard, all, criticality, ...), comma separated; may be repeated."
Report = Annotated[Path, typer.Argument(help="A report that `evaluate` wrote.")]


def register(app: typer.Typer) -> None:
    """Adds the verbs of this module."""
    app.command()(evaluate)
    app.command()(compare)
    app.command()(gate)
    app.command()(sign)
    app.command()(replay)
    app.command("what-if")(what_if)


def evaluate(
    policy: Annotated[str, typer.Argument(help="Name of a policy.")],
    suite: Annotated[str, typer.Option(help="A ready suite (r157, ncap, nhtsa, logs, ...) or a YAML file.")] = "",
    scenario: Annotated[list[str] | None, typer.Option(help="Library name or YAML file; may be repeated.")] = None,
    count: Annotated[int | None, typer.Option(min=1, help="Draws of each --scenario; 2 where not given.")] = None,
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
    plan: Annotated[Path | None, typer.Option(help="A gate plan; its digest is fixed in the report.")] = None,
    metrics: Annotated[list[str] | None, typer.Option(help=METRICS_HELP)] = None,
    threshold: Annotated[list[str] | None, typer.Option(help=THRESHOLD_HELP)] = None,
    out: Annotated[Path, typer.Option(help="Where the report is written.")] = Path("out/evaluation/report.json"),
    html: Annotated[Path | None, typer.Option(help="Writes a page: a file, or a folder for index.html.")] = None,
    replays: Annotated[int, typer.Option(min=0, help="Failed episodes that play in the page.")] = 24,
    rrd: Annotated[int, typer.Option(min=0, help="Episodes written as Rerun files, the worst first.")] = 0,
    json: Json = False,
) -> None:
    """Drive a policy through a suite; finished episodes are kept beside the report and taken from there.

    Failed episodes become files in `failures/` beside the report; `roadloom replay FILE POLICY` plays one again.
    """
    from closed_loop.gates.plans import read_plan
    from closed_loop.results import write_report
    from closed_loop.suites.kept import forget
    from closed_loop.suites.run import write_failures
    from closed_loop.suites.suite import Selection
    from roadloom.executors import make_executor
    from roadloom.pipeline.evaluation import run_policy
    from roadloom.settings import Choice, ExecutorConfig, SuiteConfig
    from roadloom.suites import playable, read_suite

    for option, given in (("--scenario", scenario), ("--count", count)) if suite else ():
        if given:
            meant = "no such option beside --suite, which says itself what is drawn and how often"
            raise InputError([Fault("", 0, 0, option, "beside-a-suite", repr(given), meant)])
    measured = names_of(metrics or ())
    chosen = Selection(tuple(filter or ()), *Selection.parse_shard(shard), repeats)
    fixed = read_plan(plan).digest() if plan is not None else ""
    config = read_suite(suite) if suite else SuiteConfig(out.parent.name, tuple(scenario or ()), count or 2)
    config = replace(config, thresholds=_merged(config.thresholds, parameters_of(threshold or ())))
    ready = playable(config, seed, Choice(simulator), stride or None)
    ready = replace(ready, suite=ready.suite.select(chosen))
    if not resume:
        forget(out.parent / "episodes")
    engine = make_executor(ExecutorConfig(executor, workers, timeout, retries))
    values = parameters_of(parameter or ())
    report = run_policy(policy, ready, engine, out.parent / "episodes", Stages(), values, fixed, measured)
    write_report(report, out)
    failures = write_failures(report, ready.suite, out.parent / "failures")
    if html is not None or rrd:
        from closed_loop.registry import make_policy
        from roadloom.pages import Watched, commands_of, write_watched

        commands = commands_of(policy, parameter or (), simulator, ready, out.parent)
        watched = Watched(html, replays, rrd)
        for path in write_watched(report, ready, make_policy(policy, values), commands, watched, out.parent):
            say(str(path))
    missing = report.missing()
    if json:
        stream(report)
    else:
        for row in _rows(report):
            print(row)
        say(f"{len(report.episodes)} episodes, {len(failures)} failed or missing; {len(missing)} could not be run")
        for reason, number in Counter(episode.error for episode in missing).most_common(MOST_REASONS):
            say(f"not run: {number} of {len(report.episodes)}: {reason}")
        for name, reason in config.not_playable.items():
            say(f"not playable: {name}: {reason}")
        print(out)
    if len(missing) == len(report.episodes):
        # A report without a single drive says nothing about the policy; a pipeline must not take it for done.
        raise typer.Exit(1)


MOST_REASONS = 5
"""So many reasons why episodes could not be run are told, the most frequent first; the report has all."""


def names_of(items: Sequence[str]) -> tuple[str, ...]:
    """Names that were given comma separated, repeated, or both.

    Raises:
        InputError: a name is no metric and no set of metrics; every unknown name is told.
    """
    from closed_loop.metrics.catalogue import metrics_named

    names = tuple(name.strip() for item in items for name in item.split(",") if name.strip())
    metrics_named(names)
    return names


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The groups of both; within a group the changes win."""
    made: dict[str, Any] = dict(base)
    for group, values in changes.items():
        both = isinstance(values, Mapping) and isinstance(made.get(group), Mapping)
        made[group] = {**made[group], **values} if both else values
    return made


def parameters_of(items: Sequence[str]) -> dict[str, Any]:
    """`name=value` texts as plain data; values are read as YAML, so that 3 is a number and [1, 2] a list.

    A dot leads into a parameter that has parameters: `following.headway_s=2`.

    Raises:
        InputError: a text is of another form.
    """
    import yaml

    found: dict[str, Any] = {}
    for item in items:
        name, separator, text = item.partition("=")
        *outer, last = name.split(".")
        if not separator or not all((*outer, last)):
            raise InputError([Fault("", 0, 0, "parameter", "wrong-form", repr(item), "name=value")])
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError as error:
            expected = "name=value with a value in YAML, as 3, abc, [1, 2] or {key: 3}"
            raise InputError([Fault("", 0, 0, "parameter", "wrong-form", repr(item), expected)]) from error
        holder = found
        for part in outer:
            inner = holder.setdefault(part, {})
            if not isinstance(inner, dict):
                expected = f"no other value of {part!r} beside it"
                raise InputError([Fault("", 0, 0, "parameter", "wrong-form", repr(item), expected)])
            holder = cast("dict[str, Any]", inner)
        holder[last] = value
    return found


def stream(report: "EvalReport") -> None:
    """A report on standard output, one episode at a time."""
    from closed_loop.results import report_texts

    for text in report_texts(report):
        sys.stdout.write(text)


def _rows(report: "EvalReport") -> list[str]:
    from closed_loop.statistics.comparisons import slice_table

    rows: list[str] = []
    width = max((len(name) for name in report.metrics), default=0)
    for row in slice_table(report, tuple(report.metrics), keys=()):
        found = row.estimate
        if found.value is not None:
            rows.append(
                f"  {row.metric:<{width}} {found.value:>9.3f}  {_interval(found.low, found.high)}  of {found.num}"
            )
    return rows


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"[{low:.3f}, {high:.3f}]"


HOLD_STATUS = 4
"""Exit status of a gate that holds: 1 is a block, 2 wrong usage and 3 a failure of ours for every verb."""


def compare(
    candidate: Report,
    baseline: Report,
    metric: Annotated[list[str] | None, typer.Option(help="Only this metric; may be repeated.")] = None,
    html: Annotated[Path | None, typer.Option(help="Writes a page: a file, or a folder for index.html.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for comparison.json, .md and .html.")] = None,
    replays: Annotated[int, typer.Option(min=0, help="Flips that play side by side in the page.")] = 8,
    json: Json = False,
) -> None:
    """Compare two reports on the same suite, scenario by scenario: differences, intervals, p values, flips."""
    from closed_loop.gates.flips import flips_of
    from closed_loop.results import read_report
    from closed_loop.statistics.comparisons import compare as compare_reports
    from closed_loop.statistics.comparisons import table_of

    ours, theirs = read_report(candidate), read_report(baseline)
    mine, other = table_of(ours), table_of(theirs)
    shared = [name for name, own in ours.metrics.items() if name in theirs.metrics
              and own.version == theirs.metrics[name].version]  # fmt: skip
    unknown = [name for name in metric or () if name not in shared]
    if unknown:
        expected = f"a metric of both reports with the same version: {', '.join(shared) or 'there is none'}"
        raise InputError(
            [Fault("", 0, 0, "metric", "unknown-name", repr(name), expected, nearest_name(name, shared))
             for name in unknown]
        )  # fmt: skip
    names = metric or shared
    rows = [row for name in names for row in compare_reports(mine, other, name)]
    flips = flips_of(ours, theirs)
    if html is not None or out is not None:
        from roadloom.pages import write_comparisons

        folders = (candidate.parent, baseline.parent)
        for path in write_comparisons(ours, theirs, folders, metric or (), replays, html, out):
            say(str(path))
    if json:
        result({"candidate": ours.policy, "baseline": theirs.policy, "suite": ours.suite, "comparisons": rows,
                "flips": flips})  # fmt: skip
        return
    print(
        f"  {'metric':<26} {'slice':<26} {'pairs':>6} {'difference':>11}  {'95 %':<18} {'better/worse':>12}  p (Holm)"
    )
    for row in rows:
        if row.difference is not None:
            counts = f"{row.num_better}/{row.num_worse}"
            print(f"  {row.metric:<26} {row.slice:<26} {row.num_pairs:>6} {row.difference:>+11.3f}  "
                  f"{_interval(row.low, row.high):<18} {counts:>12}  {row.p_adjusted:.3g}")  # fmt: skip
    places = {"candidate": candidate.parent.resolve(), "baseline": baseline.parent.resolve()}
    for flip in flips:
        command = f"cd {shlex.quote(str(places[flip.fails]))} && {flip.command}"
        print(f"  {flip.fails} fails in {flip.scenario}: {flip.reason}: {command}")


def gate(
    candidate: Report,
    baseline: Report,
    plan: Annotated[Path | None, typer.Option(help="The gate plan that both reports were run under.")] = None,
    sign_off: Annotated[list[Path] | None, typer.Option(help="A signature that `sign` wrote; may be repeated.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for decision.json, .xml, .md and .html.")] = None,
    json: Json = False,
) -> None:
    """Decide whether the candidate may replace the baseline: exit status 0 PASS, 1 BLOCK, 4 HOLD."""
    from closed_loop.gates.decide import GatePlan, Outcome, decide
    from closed_loop.gates.decision_texts import WORDS, write_decision
    from closed_loop.gates.plans import read_plan, read_sign_off
    from closed_loop.results import read_report

    chosen = GatePlan() if plan is None else read_plan(plan)
    marks = [read_sign_off(path) for path in sign_off or ()]
    decision = decide(read_report(candidate), read_report(baseline), chosen, marks, registered=plan is not None)
    for path in write_decision(decision, out) if out is not None else ():
        say(str(path))
    if json:
        from driving_data.plain import to_plain

        result({**to_plain(decision), "digest": decision.digest()})
    else:
        say(f"{WORDS[decision.outcome]}: {decision.candidate} against {decision.baseline}, {decision.digest()[:16]}")
        for reason in decision.reasons:
            print(f"  {WORDS[reason.outcome]:<6} {reason.rule:<16} {reason.text}")
    if decision.outcome is not Outcome.PASS:
        raise typer.Exit(1 if decision.outcome is Outcome.BLOCK else HOLD_STATUS)


def sign(
    decision: Annotated[Path, typer.Argument(help="decision.json, as `gate --out` wrote it.")],
    name: Annotated[str, typer.Option(help="Who signs.")],
    date: Annotated[str, typer.Option(help="The day, as 2026-05-31.")],
    statement: Annotated[str, typer.Option(help="What the reviewer says.")] = "",
    out: Annotated[Path | None, typer.Option(help="Where the signature is written; else beside the decision.")] = None,
    json: Json = False,
) -> None:
    """Sign a decision: `gate --sign-off FILE` counts the signature while the decision stays what it is."""
    from closed_loop.gates.decision_texts import read_decision
    from closed_loop.gates.plans import SignOff
    from closed_loop.results import write_json

    mark = SignOff(name, date, read_decision(decision).digest(), statement)
    path = out or decision.with_name(f"sign-off-{'-'.join(name.lower().split())}.json".replace("/", "_"))
    write_json(path, mark)
    if json:
        result(mark)
    else:
        print(path)


def replay(
    file: Annotated[Path, typer.Argument(help="A concrete scenario, as in the `failures/` of a report.")],
    policy: Annotated[str, typer.Argument(help="Name of a policy.")],
    parameter: Annotated[list[str] | None, typer.Option(help="A parameter of the policy, as name=value.")] = None,
    simulator: Annotated[str, typer.Option(help="Which simulator.")] = "embedded",
    log: Annotated[Path | None, typer.Option(help="Where the recording of a log scenario lies.")] = None,
    png: Annotated[Path | None, typer.Option(help="Writes what happened, from above, as a picture.")] = None,
    html: Annotated[Path | None, typer.Option(help="Writes a page on which it plays.")] = None,
    rrd: Annotated[Path | None, typer.Option(help="Writes a Rerun file (extra: view).")] = None,
    json: Json = False,
) -> None:
    """Play one episode again and say what came of it."""
    from closed_loop.registry import make_policy
    from closed_loop.suites.run import replay as play
    from roadloom.pages import worlds_of

    driver = make_policy(policy, parameters_of(parameter or ()))
    episode, rollout = play(file, driver, worlds_of(simulator, file, log), simulator)
    if png is not None:
        from roadloom.pictures import episode_picture

        say(str(episode_picture(rollout, png)))
    if html is not None:
        from roadloom.pages import write_episode

        say(str(write_episode(episode, rollout, file, policy, parameter or (), simulator, log, html)))
    if rrd is not None:
        from closed_loop.report.recording import write_recording

        say(str(write_recording(rollout, rrd, episode)))
    if json:
        result(episode)
        return
    for name, value in episode.metrics.items():
        if value.value is not None:
            print(f"  {name:<34} {value.value:>9.3f}  {value.reason}")
    for failure in episode.failures:
        when = "" if failure.at_s is None else f" at {failure.at_s:.1f} s"
        print(f"  {failure.kind}{when}: {failure.reason}")
    print(f"  trajectory {episode.trajectory_sha256}")


def what_if(
    file: Annotated[Path, typer.Argument(help="A concrete scenario of the library, as in `failures/`.")],
    policy: Annotated[str, typer.Argument(help="Name of a policy.")],
    path: Annotated[str, typer.Option(help="The draw that is changed, as walker.do[0].when.")],
    to: Annotated[str, typer.Option(help="Its new value, with a unit.")] = "",
    by: Annotated[str, typer.Option(help="By how much it changes, with a unit, as -0.5s.")] = "",
    scenario: Annotated[str, typer.Option(help="The file it was drawn from; else found in the library.")] = "",
    simulator: Annotated[str, typer.Option(help="Which simulator.")] = "embedded",
    json: Json = False,
) -> None:
    """Change one draw of a scenario alone, run both, and tell the difference."""
    from roadloom.counterfactuals import answer

    found = answer(file, policy, path, to, by, scenario, simulator)
    if json:
        result(found)
        return
    say(f"{found.path}: {found.value:g} -> {found.changed_to:g}: {found.outcome}" if isinstance(found.value, float)
        else f"{found.path}: {found.value} -> {found.changed_to}: {found.outcome}")  # fmt: skip
    if found.impossible:
        say(f"no draw of the scenario: {found.impossible}")
    for name, (before, after) in found.metrics.items():
        print(f"  {name:<34} {_value(before)} -> {_value(after)}")


def _value(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"
