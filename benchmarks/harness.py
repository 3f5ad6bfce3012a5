"""How a benchmark measures and what it writes.

A benchmark is a module `bench_<name>.py` with a function `run() -> list[Figure]`, or `Measured` where it has more to
tell. Figures are medians over repeats;
where a peer is named it was measured in the same run on the same machine, and the ratio is ours over theirs.
"""

import datetime
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number.

    Attributes:
        name: what was measured.
        value: median over the repeats.
        unit: its unit.
        goal: what was asked for; None where nothing was.
        peer: name and version of whom it is compared with.
        peer_value: their median, in the same unit.
        note: conditions that matter.
    """

    name: str
    value: float
    unit: str
    goal: float | None = None
    peer: str = ""
    peer_value: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours over theirs."""
        return self.value / self.peer_value if self.peer_value else None

    @property
    def goal_met(self) -> bool | None:
        """Whether the goal is reached; times must be at most the goal, rates at least."""
        if self.goal is None:
            return None
        return self.value <= self.goal if self.unit in ("s", "ms", "MB") else self.value >= self.goal


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures with further results, which stand under their own keys in the kept document."""

    figures: list[Figure]
    details: dict[str, Any]


def median_seconds(work: Callable[[], object], repeats: int = 5, warmups: int = 1) -> float:
    """Median wall time of `work`, after `warmups` runs that do not count."""
    for _ in range(warmups):
        work()
    times: list[float] = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def device() -> str:
    """The processor and its cores, in words."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    return f"{len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()} cores, {model}"


def versions() -> dict[str, str]:
    """Versions that the figures depend on."""
    found = {"python": platform.python_version()}
    for name in ("roadloom", "numpy", "numba", "pyarrow"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def document(name: str, found: list[Figure] | Measured) -> dict[str, object]:
    """The result of one benchmark as plain data."""
    figures, details = (found.figures, found.details) if isinstance(found, Measured) else (found, {})
    rows = [{**asdict(figure), "ratio": figure.ratio, "goal_met": figure.goal_met} for figure in figures]
    return {
        "benchmark": name,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "device": device(),
        "versions": versions(),
        "figures": rows,
        "peers": sorted({figure.peer for figure in figures if figure.peer}),
        "goal_met": all(figure.goal_met is not False for figure in figures),
        **details,
    }


def keep(result: dict[str, object]) -> Path:
    """Writes the result to `benchmarks/results/<name>.json`."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{result['benchmark']}.json"
    path.write_text(json.dumps(result, indent=1) + "\n")
    return path
