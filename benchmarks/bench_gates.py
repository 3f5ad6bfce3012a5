"""How often the rules of a gate err: 8 slices of 200 scenarios, beside the figures of an earlier simulation."""

import numpy as np

from benchmarks.harness import Figure
from closed_loop.gates.simulation import RATES, RULES, WORSE_SLICE, look, not_released, simulate

RUNS = 4000
LOOKS = 4000
KNOWN = {
    ("identical", 0.0): (0.993, 0.49, 0.21, 0.025, 0.037, 0.94),
    ("identical", 0.8): (0.978, 0.48, 0.07, 0.004, 0.017, 0.14),
    ("one slice +10 pp", 0.0): (1.0, 0.92, 0.96, 0.78, 0.73, 1.0),
    ("one slice +10 pp", 0.8): (1.0, 1.0, 1.0, 0.98, 0.97, 1.0),
    ("one slice +5 pp", 0.0): (1.0, 0.73, 0.61, 0.21, 0.19, 1.0),
    ("one slice +5 pp", 0.8): (1.0, 0.92, 0.85, 0.51, 0.47, 0.95),
    ("all slices +2 pp", 0.0): (1.0, 0.99, 0.79, 0.24, 0.62, 1.0),
    ("all slices +2 pp", 0.8): (1.0, 1.0, 0.92, 0.38, 0.98, 0.97),
}
"""Share of runs in which each rule does not release, by case and share of outcomes that the scenario fixes."""
KNOWN_LOOKS = {0.0: (0.019, 0.083, None), 0.05: (None, None, 183.0), 0.10: (None, None, 79.0)}
SOURCE = "earlier simulation"


def increases() -> dict[str, list[float]]:
    """What is added to the failure rate of each slice, by case."""
    one = [1.0 if k == WORSE_SLICE else 0.0 for k in range(len(RATES))]
    return {
        "identical": [0.0] * len(RATES),
        "one slice +10 pp": [0.10 * w for w in one],
        "one slice +5 pp": [0.05 * w for w in one],
        "all slices +2 pp": [0.02] * len(RATES),
    }


def measure(runs: int = RUNS, looks: int = LOOKS) -> list[Figure]:
    """Shares of runs in which rules do not release, and how long looking after every scenario takes."""
    figures: list[Figure] = []
    for case, increase in increases().items():
        for rho in (0.0, 0.8):
            rng = np.random.Generator(np.random.Philox(key=20240))
            found = not_released(simulate(rng, runs, increase, rho))
            for rule, known in zip(RULES, KNOWN[case, rho], strict=True):
                name = f"{rule}: {case}, {rho:g} fixed"
                figures.append(Figure(name, found[rule], "share", None, SOURCE, known, f"{runs} runs"))
    rng = np.random.Generator(np.random.Philox(key=20241))
    for increase, (blocked, naive, scenarios) in KNOWN_LOOKS.items():
        seen = look(rng, looks, increase)
        case = f"+{100 * increase:g} pp"
        figures.append(Figure(f"e-process blocks, {case}", seen.blocked, "share", None, SOURCE, blocked))
        figures.append(Figure(f"repeated p < 0.05 blocks, {case}", seen.naive_blocked, "share", None, SOURCE, naive))
        figures.append(Figure(f"scenarios until it blocks, {case}", seen.mean_scenarios, "scenarios", None, SOURCE,
                              scenarios, "of 1000"))  # fmt: skip
    return figures


def run() -> list[Figure]:
    """Measures everything."""
    return measure()
