"""How much is still unseen: the Good-Turing estimate of the chance that the next draw shows something new."""

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from math import log, sqrt

import numpy as np

from scenarios.designs.universe import Universe


@dataclass(frozen=True, slots=True)
class Unseen:
    """What a number of draws leaves unseen.

    Attributes:
        mass: estimated chance that the next draw is of a kind that was not seen (Good, Biometrika 40, 237, 1953:
            kinds seen once over draws).
        upper: a bound that holds with the given confidence (McAllester, Schapire, COLT 2000, theorem 1).
        num_draws: draws.
        num_kinds: kinds that were seen.
        num_once: kinds that were seen once.
        num_more: lower estimate of the kinds not seen (Chao, Scand. J. Stat. 11, 265, 1984, bias-corrected).
    """

    mass: float
    upper: float
    num_draws: int
    num_kinds: int
    num_once: int
    num_more: float


def unseen_mass(kinds: Iterable[Hashable], confidence: float = 0.95) -> Unseen:
    """The unseen mass behind independent draws, given the kind of each."""
    seen = Counter(kinds)
    times = Counter(seen.values())
    total, once, twice = sum(seen.values()), times[1], times[2]
    if total == 0:
        return Unseen(1.0, 1.0, 0, 0, 0, 0.0)
    slack = (2 * sqrt(2) + sqrt(3)) * sqrt(log(3 / (1 - confidence)) / total)
    more = once * (once - 1) / (2 * (twice + 1))
    return Unseen(once / total, min(once / total + slack, 1.0), total, len(seen), once, more)


def unseen_tuples(universe: Universe, rows: np.ndarray, confidence: float = 0.95) -> Unseen:
    """The mean of the unseen mass over the combinations of axes: the chance that a pair of the next draw is new."""
    found = [
        unseen_mass(map(tuple, part[(part >= 0).all(axis=1)].tolist()), confidence)
        for combo in universe.combos for part in [np.asarray(rows)[:, list(combo)]]
    ]  # fmt: skip
    if not found:
        return unseen_mass(())
    mean = sum(each.mass for each in found) / len(found)
    upper = sum(each.upper for each in found) / len(found)
    return Unseen(
        mean, upper, len(rows), sum(each.num_kinds for each in found), sum(each.num_once for each in found),
        sum(each.num_more for each in found),
    )  # fmt: skip
