"""`likelihood_realism`: how likely the real log is under the distribution that simulated rollouts show.

For each feature and evaluated actor the simulated values of all rollouts and moments make one histogram (moments are
taken as independent), a pseudo-count is added to each bin, and every logged value gets the probability of its bin. The
feature's likelihood is exp of the mean log probability over the known logged values of all actors; the metric is their
weighted sum over the weights that apply. Yes-or-no features say whether a thing happened at any moment at which the log
knows the actor. Values are clipped to the range.

With `pool_actors` one histogram is made of all actors together and the whole log counts, history too: the variant for
generated scenarios.

After the realism measure of the Waymo Open Sim Agents Challenge, whose name and pending patent (US 18/603,102) stay
theirs; this is an own implementation under an own name, and its figures are no results of that challenge.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from driving_data.rollout import Rollout
from driving_data.segment import Raw, Segment
from driving_data.verdict import Verdict
from validation.realism.edges import RoadEdges, edges_of_map
from validation.realism.features import Features, evaluated_rows, features_of
from validation.realism.tables import TABLES, Feature
from validation.verdicts import Rule

METRIC_ID = "likelihood_realism"
METRIC_VERSION = "1.0.0"
HISTORY_STEPS = 11


@dataclass(frozen=True, slots=True)
class RealismConfig:
    """How realism is measured.

    Attributes:
        year: which table of ranges and weights: 2023, 2024 or 2025.
        history_steps: moments at the beginning that both share and that do not count.
        pool_actors: one histogram for all actors, and no history: generated scenarios.
    """

    year: int = 2025
    history_steps: int = HISTORY_STEPS
    pool_actors: bool = False

    @property
    def first_step(self) -> int:
        """First moment that counts."""
        return 0 if self.pool_actors else self.history_steps


@dataclass(frozen=True, slots=True)
class Realism:
    """What came out.

    Attributes:
        score: weighted mean of the likelihoods that apply, 0 to 1.
        likelihood: of each feature, 0 to 1; None where it does not apply.
        reasons: why a feature does not apply.
        min_ade_m: mean displacement over actors and moments, of the best rollout.
        ade_m: the same over all rollouts.
        collision_rate: share of simulated actors that hit something.
        log_collision_rate: the same in the log.
        off_road_rate: share of simulated actors that left the road; None without a map.
        log_off_road_rate: the same in the log.
        num_actors: how many were evaluated.
        num_rollouts: how many rollouts.
        id: of the metric.
        version: of its definition.
    """

    score: float
    likelihood: Mapping[str, float | None]
    reasons: Mapping[str, str]
    min_ade_m: float
    ade_m: float
    collision_rate: float
    log_collision_rate: float
    off_road_rate: float | None
    log_off_road_rate: float | None
    num_actors: int
    num_rollouts: int
    id: str = METRIC_ID
    version: str = METRIC_VERSION


def histogram_log_likelihood(
    simulated: Float[np.ndarray, "E n"], logged: Float[np.ndarray, "E m"], feature: Feature
) -> Float[np.ndarray, "E m"]:
    """Log probability of each logged value under the histogram of the simulated values of the same row.

    log((count of the bin + c) / (all counts + bins c)); values are clipped to the range, bins hold their lower end and
    the last its upper end too. NaN among the simulated values is left out, NaN in the log stays NaN.
    """
    edges = np.linspace(feature.low, feature.high, feature.bins + 1)
    row, value = np.nonzero(np.isfinite(simulated))
    counts = np.full((len(simulated), feature.bins), feature.pseudo_count)
    np.add.at(counts, (row, _bin(simulated[row, value], edges)), 1.0)
    logs = np.log(counts / counts.sum(axis=1, keepdims=True))
    known = np.isfinite(logged)
    found = np.take_along_axis(logs, _bin(np.where(known, logged, feature.low), edges), axis=1)
    return np.where(known, found, np.nan)


def _bin(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    clipped = np.clip(values, edges[0], edges[-1])
    return np.clip(np.searchsorted(edges, clipped, side="right") - 1, 0, len(edges) - 2)


def likelihood_realism(
    logged: Rollout, simulated: Sequence[Rollout], evaluated: Sequence[str] | None = None,
    config: RealismConfig | None = None, edges: RoadEdges | None = None,
) -> Realism:  # fmt: skip
    """Measures how realistic simulated rollouts of a log are.

    Args:
        logged: what really happened, at even moments.
        simulated: rollouts of the same actors at the same moments; at least one.
        evaluated: ids of the actors that count; by default the ego and everyone known in the whole window.
        config: table and variant.
        edges: road edges, where those of the log's map shall not be used.

    Raises:
        ValueError: there is no rollout, the year has no table, or a rollout has other actors or moments than the log.
    """
    config = config or RealismConfig()
    if config.year not in TABLES:
        raise ValueError(f"no table for {config.year}; there are {', '.join(map(str, TABLES))}")
    _check(logged, simulated, config)
    rows = evaluated_rows(logged, evaluated, config.first_step)
    if edges is None and logged.lane_map is not None:
        edges = edges_of_map(logged.lane_map)
    log = features_of(logged, rows, edges)
    sims = [features_of(rollout, rows, edges) for rollout in simulated]
    likelihood: dict[str, float | None] = {}
    reasons: dict[str, str] = {}
    for feature in TABLES[config.year]:
        found = _likelihood(feature, log, sims, config)
        likelihood[feature.name] = found if np.isfinite(found) else None
        if not np.isfinite(found):
            reasons[feature.name] = "the log has no known value of it"
    return _summary(config, likelihood, reasons, log, sims)


def _check(logged: Rollout, simulated: Sequence[Rollout], config: RealismConfig) -> None:
    if not simulated:
        raise ValueError("no simulated rollout")
    if logged.num_steps < config.first_step + 3:
        raise ValueError(f"{logged.num_steps} moments leave nothing after {config.first_step} of history")
    for index, rollout in enumerate(simulated):
        if rollout.actors.ids != logged.actors.ids:
            raise ValueError(f"rollout {index} has other actors than the log")
        if not np.array_equal(rollout.timestamps_ns, logged.timestamps_ns):
            raise ValueError(f"rollout {index} has other moments than the log")


def _likelihood(feature: Feature, log: Features, sims: Sequence[Features], config: RealismConfig) -> float:
    first = config.first_step
    own = log.named(feature.name)[first:].T
    theirs = np.stack([sim.named(feature.name)[first:].T for sim in sims])
    if feature.bernoulli:
        # What simulated actors do while the log does not know them cannot be held against the log.
        present = np.isfinite(own)
        own = np.where(present.any(axis=1), _ever(own, present), np.nan)[:, None]
        theirs = _ever(theirs, present & np.isfinite(theirs))[..., None]
    pooled = np.moveaxis(theirs, 0, 1).reshape(len(own), -1)
    if config.pool_actors:
        own, pooled = own.reshape(1, -1), pooled.reshape(1, -1)
    found = histogram_log_likelihood(pooled, own, feature)
    return float(np.exp(np.nanmean(found))) if np.isfinite(found).any() else float("nan")


def _ever(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    return np.asarray((np.where(counts, values, 0.0) > 0.5).any(axis=-1), dtype=np.float64)


def _summary(config: RealismConfig, likelihood: Mapping[str, float | None], reasons: Mapping[str, str], log: Features,
             sims: Sequence[Features]) -> Realism:  # fmt: skip
    first = config.first_step
    weights = {feature.name: feature.weight for feature in TABLES[config.year]}
    counted = {name: value for name, value in likelihood.items() if value is not None and weights[name] > 0}
    total = sum(weights[name] for name in counted)
    published = sum(weights.values())
    # Where a feature does not apply, the others share its weight; with all of them the weights are as published.
    score = sum(weights[name] * value for name, value in counted.items()) * (published / total if total else 0.0)
    error = [_displacement_m(log, sim, first) for sim in sims]
    return Realism(
        score=score,
        likelihood=dict(likelihood),
        reasons=dict(reasons),
        min_ade_m=min(error),
        ade_m=float(np.mean(error)),
        collision_rate=_rate([sim.collision[first:] for sim in sims]) or 0.0,
        log_collision_rate=_rate([log.collision[first:]]) or 0.0,
        off_road_rate=_rate([sim.off_road[first:] for sim in sims]),
        log_off_road_rate=_rate([log.off_road[first:]]),
        num_actors=log.position_m.shape[1],
        num_rollouts=len(sims),
    )


def _displacement_m(log: Features, sim: Features, first: int) -> float:
    """Mean over actors of their mean displacement over the moments known in both."""
    away = np.linalg.norm(log.position_m[first:] - sim.position_m[first:], axis=-1)
    known = np.isfinite(away)
    there = known.any(axis=0)
    means = np.where(known, away, 0.0).sum(axis=0)[there] / known.sum(axis=0)[there]
    return float(means.mean()) if there.any() else float("nan")


def _rate(flags: Sequence[np.ndarray]) -> float | None:
    """Share of the actors, over all rollouts, for which it happened at any moment; None where nothing is known."""
    known = [np.isfinite(values).any(axis=0) for values in flags]
    happened = [(np.nan_to_num(values) > 0.5).any(axis=0) for values in flags]
    total = sum(int(values.sum()) for values in known)
    return sum(int(values.sum()) for values in happened) / total if total else None


@dataclass(frozen=True, slots=True)
class LikelihoodRealism:
    """A check of a set: simulated segments of one log against that log.

    Attributes:
        least_score: what the score must reach.
        year: table.
        history_steps: moments that do not count.
        pool_actors: variant for generated scenarios.
    """

    least_score: float = 0.5
    year: int = 2025
    history_steps: int = HISTORY_STEPS
    pool_actors: bool = False

    @property
    def name(self) -> str:
        """Registered name."""
        return METRIC_ID

    def judge(self, segments: Sequence[Segment[Raw]], reference: Sequence[Segment[Raw]]) -> Verdict:
        """The verdict on the simulated segments of the one log in `reference`; the score is 1 less the realism."""
        rule = Rule(METRIC_ID, METRIC_VERSION, "1 - likelihood", hard=False)
        if len(reference) != 1:
            return rule.not_applicable(f"{len(reference)} logs as reference; one is compared at a time")
        config = RealismConfig(self.year, self.history_steps, self.pool_actors)
        try:
            found = likelihood_realism(reference[0].rollout, [item.rollout for item in segments], config=config)
        except ValueError as error:
            return rule.not_applicable(str(error))
        evidence = {"score": found.score, "likelihood": dict(found.likelihood), "min_ade_m": found.min_ade_m,
                    "collision_rate": found.collision_rate, "off_road_rate": found.off_road_rate}  # fmt: skip
        reason = f"the log has a likelihood of {found.score:.3f} under {found.num_rollouts} rollouts"
        return rule.at_most(1.0 - found.score, 1.0 - self.least_score, reason, evidence)
