"""Evaluation reports with given values, for tests of statistics, gates and the HTML report."""

from closed_loop.metrics.catalogue import METRICS
from closed_loop.metrics.definition import MetricValue, info
from closed_loop.results import EpisodeResult, EvalReport, Failure


def report_of(policy, tags=None, names=None, errors=(), **values):
    """One episode per value; equal positions are equal scenarios."""
    count = len(next(iter(values.values())))
    episodes = []
    for k in range(count):
        failed = values.get("collision", [0] * count)[k]
        failures = (Failure("collision", "hit actor_1 (car) at 4.0 m/s, active front", 2.0),) if failed else ()
        metrics = {name: MetricValue(None if v[k] is None else float(v[k])) for name, v in values.items()}
        if k in errors:
            failures, metrics = (Failure("error", "lost"),), {}
        episodes.append(
            EpisodeResult(
                f"{policy}-{k}", names[k] if names else "follow", f"{k:064d}", 1, k,
                tuple(tags[k]) if tags else ("road:urban",), policy, metrics, failures,
            )
        )  # fmt: skip
    definitions = {name: info(METRICS[name]) for name in values}
    return EvalReport(policy, {}, "suite", "d" * 64, "points", {"numpy": "2"}, definitions, tuple(episodes))
