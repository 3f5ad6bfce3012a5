"""Closed-loop suites: episodes a second and memory at 1,000 and 10,000 episodes, beside the obvious loop.

Each run is a command of its own, whose processes are watched from outside. The obvious loop drives one episode after
the other in one process, measures the same metrics, and keeps what it did in a list.
"""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness import Figure

ROOT = Path(__file__).resolve().parent.parent
POLL_S = 0.25
_NAIVE = """
import sys
from closed_loop.registry import make_policy
from closed_loop.suites.episodes import EpisodeTask, judge, run_rollouts
from scenarios import library
from sim_bridge.registry import SIMULATORS
count, names = int(sys.argv[1]), sys.argv[2:]
simulator, policy, kept = SIMULATORS.load("embedded")(), make_policy("idm"), []
scenarios = [library.load(name).sample(1, index) for name in names for index in range(count)]
print("ready", flush=True)
for scenario in scenarios:
    rollout = run_rollouts(policy, simulator, (scenario,))[0]
    kept.append((rollout, judge(EpisodeTask(policy, simulator, "embedded", (scenario,)), scenario, rollout)))
    print("done", flush=True)
"""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured.

    Attributes:
        small: draws of each of the 12 scenarios for the small suite.
        large: for the large one.
        naive: for the obvious loop.
        workers: processes; 0 for one a core.
    """

    small: int = 84
    large: int = 834
    naive: int = 20
    workers: int = 0


@dataclass(frozen=True, slots=True)
class Watched:
    """One command, watched.

    Attributes:
        seconds: from its start to its end.
        main_mb: most memory that its first process held.
        worker_mb: most memory that any of its other processes held.
    """

    seconds: float
    main_mb: float
    worker_mb: float


def watch(command: list[str]) -> Watched:
    """Runs a command and looks at the resident memory of its processes.

    Raises:
        RuntimeError: the command failed.
    """
    start = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said, env=_environment())
        main = worker = 0.0
        while process.poll() is None:
            main = max(main, _resident_mb(process.pid))
            worker = max([worker, *(_resident_mb(pid) for pid in _below(process.pid))])
            time.sleep(POLL_S)
        seconds = time.perf_counter() - start
        if process.returncode:
            said.seek(0)
            raise RuntimeError(f"{' '.join(command)}: {said.read().decode()[-2000:]}")
    return Watched(seconds, main, worker)


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def _resident_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((float(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)


def _below(pid: int) -> list[int]:
    """Processes that a process started, and those that these started."""
    try:
        direct = [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    threads = list(Path(f"/proc/{pid}/task").glob("*/children"))
    for path in threads:
        try:
            direct += [int(text) for text in path.read_text().split()]
        except OSError:
            continue
    return [one for child in dict.fromkeys(direct) for one in (child, *_below(child))]


def evaluate(count: int, workers: int) -> Watched:
    """`roadloom evaluate idm` on `count` draws of each scenario of the small set."""
    with tempfile.TemporaryDirectory() as folder:
        return watch([
            sys.executable, "-m", "roadloom.main", "evaluate", "idm", "--scenario", "core", "--count", str(count),
            "--workers", str(workers), "--out", f"{folder}/report.json",
        ])  # fmt: skip


def naive(count: int, names: tuple[str, ...]) -> tuple[float, float]:
    """Episodes a second, once it has begun, and megabytes that each further episode costs, of the obvious loop."""
    command = [sys.executable, "-c", _NAIVE, str(count), *names]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=_environment())
    assert process.stdout is not None
    process.stdout.readline()
    # The first episode compiles the kernels or loads them.
    process.stdout.readline()
    start, before, done = time.perf_counter(), _resident_mb(process.pid), 0
    after = before
    for _ in process.stdout:
        done += 1
        after = max(after, _resident_mb(process.pid))
    process.wait()
    return done / (time.perf_counter() - start), (after - before) / max(done, 1)


def measure(sizes: Sizes) -> list[Figure]:
    """The figures of both suites and of the obvious loop."""
    from scenarios import library

    rate, grows_mb = naive(sizes.naive, library.CORE)
    small, large = evaluate(sizes.small, sizes.workers), evaluate(sizes.large, sizes.workers)
    num = {name: 12 * count for name, count in (("small", sizes.small), ("large", sizes.large))}
    more = num["large"] - num["small"]
    between = more / max(large.seconds - small.seconds, 1e-9)
    note = "12 scenarios of the library, policy idm, every metric; from one suite to the other, so without start"
    return [
        Figure("episodes a second", between, "1/s", None, "one by one in one process", rate, note),
        Figure(f"memory of the command, {num['small']} episodes", small.main_mb, "MB"),
        Figure(f"memory of the command, {num['large']} episodes", large.main_mb, "MB", 1.5 * small.main_mb, "", None,
               "goal: at most half more than with a tenth of the episodes"),
        Figure(f"memory of a worker, {num['small']} episodes", small.worker_mb, "MB"),
        Figure(f"memory of a worker, {num['large']} episodes", large.worker_mb, "MB", 1.5 * small.worker_mb),
        Figure("memory for each further episode", max(1000 * (large.main_mb - small.main_mb) / more, 1e-3), "kB", None,
               "one by one in one process", 1000 * max(grows_mb, 1e-6)),
        Figure(f"whole command, {num['large']} episodes", large.seconds, "s"),
    ]  # fmt: skip


def run() -> list[Figure]:
    """Measures everything."""
    return measure(Sizes())
