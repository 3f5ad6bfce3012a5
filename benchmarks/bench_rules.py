"""The monitor of formulae beside rtamt, on the five kinds of specification of the study and batches of 1,000 x 300."""

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import Figure
from benchmarks.peers import ask_peer
from closed_loop.rules import parse, robustness

PEER = "rtamt 0.4.10"
STEPS = 300
SPECS = {
    "always": "always(d >= 0.5)",
    "response": "always((c >= 1) -> eventually[0:30](d >= 1))",
    "nested windows": "always[0:200](eventually[0:50](v <= 1))",
    "bounded until": "always((v <= 0) -> ((v <= 1) until[0:100] (th >= 2)))",
    "once": "always((c >= 0 and not once[0:30](v >= 2)) -> d >= 0.5)",
}
_PEER_SCRIPT = """
import json, sys, time, logging
logging.disable(logging.CRITICAL)
import rtamt
specs, traces = json.loads(sys.argv[1]), json.loads(open(sys.argv[2]).read())
out = {}
for name, text in specs.items():
    spec = rtamt.StlDiscreteTimeSpecification()
    for key in traces:
        spec.declare_var(key, "float")
    spec.spec = text
    spec.parse()
    times, margins = [], []
    for row in range(2 if "until" in text else 8):
        data = {"time": list(range(len(traces["d"][row]))), **{k: list(v[row]) for k, v in traces.items()}}
        start = time.process_time()
        margins.append([value for _, value in spec.evaluate(data)])
        times.append(time.process_time() - start)
    out[name] = {"seconds": sorted(times)[len(times) // 2], "margins": margins}
print(json.dumps(out))
"""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    batch: int = 1000
    repeats: int = 9
    with_peer: bool = True


def traces_of(batch: int) -> dict[str, np.ndarray]:
    """Four signals of normal noise, the same every time."""
    rng = np.random.default_rng(20260301)
    return {name: np.round(rng.normal(size=(batch, STEPS)), 9) for name in ("d", "c", "v", "th")}


def _cpu_seconds(work: Callable[[], object], repeats: int, warmups: int) -> float:
    """Median CPU time: the peer's is CPU time too, and a busy machine must not decide the ratio."""
    for _ in range(warmups):
        work()
    times: list[float] = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return max(statistics.median(times), 1e-9)


def measure(sizes: Sizes) -> list[Figure]:
    """Samples a CPU-second, of a batch and of one trace; whether the margins are those of rtamt."""
    traces = traces_of(sizes.batch)
    peer = _ask(traces) if sizes.with_peer else None
    figures: list[Figure] = []
    for name, text in SPECS.items():
        formula = parse(text)
        seconds = _cpu_seconds(lambda formula=formula: robustness(formula, traces, 1.0), sizes.repeats, 2)
        rate = sizes.batch * STEPS / seconds
        theirs = STEPS / peer[name]["seconds"] if peer else None
        goal = None if theirs is None else 200.0 * theirs
        figures.append(Figure(f"{name}, batch", rate, "samples/s", goal, PEER if peer else "", theirs,
                              f"{text}; {sizes.batch} x {STEPS}; CPU time of both; goal 200 times"))  # fmt: skip
        one = {key: value[:1] for key, value in traces.items()}
        alone = _cpu_seconds(lambda formula=formula, one=one: robustness(formula, one, 1.0), 10 * sizes.repeats, 2)
        figures.append(Figure(f"{name}, one trace", STEPS / alone, "samples/s", None, PEER if peer else "", theirs,
                              f"1 x {STEPS} samples, evaluation only, as of the peer"))  # fmt: skip
        if peer:
            ours = robustness(formula, {key: value[: len(peer[name]["margins"])] for key, value in traces.items()}, 1.0)
            same = float(np.mean(ours == np.array(peer[name]["margins"])))
            figures.append(Figure(f"{name}, margins equal to the last bit", same, "share", 1.0, note="of all moments"))
        reading = _cpu_seconds(lambda text=text: parse(text), sizes.repeats, 1)
        figures.append(Figure(f"{name}, reading the formula", 1.0 / reading, "formulae/s"))
    return figures


def _ask(traces: dict[str, np.ndarray]) -> dict[str, Any] | None:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "traces.json"
        source.write_text(json.dumps({key: value[:8].tolist() for key, value in traces.items()}), "utf-8")
        return ask_peer("rtamt", ("rtamt==0.4.10", "setuptools<80"), _PEER_SCRIPT, json.dumps(SPECS), source)


def run() -> list[Figure]:
    """Everything."""
    return measure(Sizes())
