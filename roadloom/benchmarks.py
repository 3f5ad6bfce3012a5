"""Runs the benchmarks of a source checkout and keeps their results."""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from driving_data.errors import Fault, InputError, RoadloomError, nearest_name

ROOT = Path(__file__).resolve().parent.parent


def names() -> tuple[str, ...]:
    """The benchmarks of this checkout; none in an installed package."""
    return tuple(sorted(path.stem.removeprefix("bench_") for path in (ROOT / "benchmarks").glob("bench_*.py")))


def run_benchmark(name: str) -> dict[str, Any]:
    """Measures, keeps `benchmarks/results/<name>.json` and gives its content.

    Raises:
        RoadloomError: this is no source checkout.
        InputError: there is no such benchmark.
    """
    if not names():
        raise RoadloomError("benchmarks need a source checkout: clone the repository and run `make bench`")
    if name not in names():
        expected = f"one of {', '.join(names())}"
        raise InputError([Fault("", 0, 0, "bench", "unknown-name", repr(name), expected, nearest_name(name, names()))])
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    harness = importlib.import_module("benchmarks.harness")
    found = importlib.import_module(f"benchmarks.bench_{name}").run()
    result: dict[str, Any] = harness.document(name, found)
    harness.keep(result)
    return result


def table() -> str:
    """Every kept result as one Markdown table."""
    lines = [
        "| benchmark | figure | value | goal | peer | ratio to peer | date, device |",
        "|---|---|---|---|---|---|---|",
    ]
    for path in sorted((ROOT / "benchmarks" / "results").glob("*.json")):
        result = json.loads(path.read_text())
        for row in result["figures"]:
            lines.append(_row(result, row))
    return "\n".join(lines) + "\n"


def _row(result: dict[str, Any], row: dict[str, Any]) -> str:
    goal = "" if row["goal"] is None else f"{row['goal']:g}{'' if row['goal_met'] else ' (missed)'}"
    ratio = "" if row["ratio"] is None else f"{row['ratio']:.3g}"
    # A formula such as `f[0:30](d)` must not become a link.
    note = f" ({row['note']})".replace("](", "] (") if row["note"] else ""
    value = f"{row['value']:.4g} {row['unit']}"
    where = f"{result['date']}, {result['device']}"
    return f"| {result['benchmark']} | {row['name']}{note} | {value} | {goal} | {row['peer']} | {ratio} | {where} |"


def write_page() -> Path:
    """Refreshes the table in docs/benchmarks.md."""
    page = ROOT / "docs" / "benchmarks.md"
    head = page.read_text().split(MARK)[0] if page.is_file() else "# Benchmarks\n\n"
    page.write_text(head + MARK + "\n\n" + table())
    return page


MARK = "<!-- written by `make bench`; do not edit below -->"
