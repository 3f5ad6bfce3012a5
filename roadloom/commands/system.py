"""`doctor` and `bench`."""

from typing import Annotated

import typer

from roadloom.console import result, say

MARKS = {"ok": "ok     ", "missing": "missing", "broken": "BROKEN "}
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]


def register(app: typer.Typer) -> None:
    """Adds the verbs of this module."""
    app.command()(doctor)
    app.command()(bench)


def doctor(json: Json = False) -> None:
    """Say what is installed and working, and what is missing for what."""
    from roadloom.doctor import diagnose, summary

    found = summary(diagnose())
    if json:
        result(found)
    else:
        for item in found["findings"]:
            print(f"{MARKS[item['state']]}  {item['name']:<14} {item['detail']}")
        print(f"         {'demo store':<14} {found['demo_store'] or 'none yet: run `roadloom run demo`'}")
    if not found["healthy"]:
        raise typer.Exit(1)


def bench(
    name: Annotated[str, typer.Argument(help="Name of a benchmark, or 'all'.")] = "all",
    json: Json = False,
) -> None:
    """Run benchmarks of a source checkout; keep them in benchmarks/results/."""
    from roadloom import benchmarks

    chosen = benchmarks.names() if name == "all" else (name,)
    results = []
    for one in chosen or (name,):
        say(f"benchmark {one} ...")
        measured = benchmarks.run_benchmark(one)
        results.append(measured)
        for row in measured["figures"]:
            ratio = f", {row['ratio']:.3g} x {row['peer']}" if row["ratio"] else ""
            say(f"  {row['name']}: {row['value']:.4g} {row['unit']}{ratio}")
    benchmarks.write_page()
    if json:
        result(results[0] if len(results) == 1 else results)
