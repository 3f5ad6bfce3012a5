"""`run` and `reproduce`."""

from pathlib import Path
from typing import Annotated

import typer

from roadloom.console import result, say

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]


def register(app: typer.Typer) -> None:
    """Adds the verbs of this module."""
    app.command(context_settings={"ignore_unknown_options": False})(run)
    app.command()(reproduce)


def run(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            help="A pipeline (name or YAML file), then overrides as key=value.", metavar="[PIPELINE] [KEY=VALUE]..."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Run the whole loop: scenarios, worlds, pictures, checks, dataset, evaluation, report.

    `roadloom run scenario=cut_in simulator=embedded seed=7`
    """
    say("reading the configuration")
    from roadloom.config import load_pipeline
    from roadloom.pipeline.report import write_run_report
    from roadloom.pipeline.run import plain_summary, run_pipeline

    words = arguments or []
    named = words[0] if words and "=" not in words[0] else None
    config = load_pipeline(named, words[1:] if named else words)
    outcome = run_pipeline(config)
    report = write_run_report(outcome)
    summary = plain_summary(outcome, report)
    if json:
        result(summary)
        return
    kinds = ", ".join(f"{count} {kind}" for kind, count in summary["segments"].items())
    say(f"segments: {kinds}; {summary['admitted']} admitted, {len(summary['rejected'])} rejected")
    for name, path in summary["exports"].items():
        say(f"{name}: {path}")
    say(f"gate: {summary['decision']}; dataset version {summary['version'][:12]}; store {summary['store']}")
    say(f"took {sum(summary['seconds'].values()):.0f} s; the report:")
    print(report.resolve())


def reproduce(
    segment_id: Annotated[str, typer.Argument(help="Id of a stored segment, or the beginning of one.")],
    store: Annotated[Path, typer.Option(help="The store.")] = Path("out/demo/store"),
    json: Json = False,
) -> None:
    """Make a stored segment again and compare every file's hash."""
    from roadloom.reproduce import reproduce_segment

    again = reproduce_segment(store, segment_id)
    if json:
        result(again)
    else:
        for difference in again.differences:
            say(f"differs: {difference}")
        say(f"{again.segment_id}: {again.num_files} files, {len(again.differences)} differ")
    if again.differences:
        raise typer.Exit(1)
