"""The operating characteristics of gate rules, measured on two simulated models, and the figures known for them.

The known figures are from an independent simulation of the same design; bounds allow for the chance of both.
"""

import numpy as np
import pytest

from closed_loop.gates.simulation import RATES, RULES, WORSE_SLICE, look, not_released, simulate

POINT, AGGREGATE, ANY, HOLM, SPLIT, NONINFERIOR = RULES


def measured(increase, rho, runs=400):
    rng = np.random.Generator(np.random.Philox(key=7))
    return not_released(simulate(rng, runs, increase, rho))


def one_slice(increase):
    return [increase if k == WORSE_SLICE else 0.0 for k in range(len(RATES))]


@pytest.mark.parametrize(("rho", "known"), [
    (0.0, {POINT: 0.993, AGGREGATE: 0.49, ANY: 0.21, HOLM: 0.025, SPLIT: 0.037, NONINFERIOR: 0.94}),
    (0.8, {POINT: 0.978, AGGREGATE: 0.48, ANY: 0.07, HOLM: 0.004, SPLIT: 0.017}),
])  # fmt: skip
def test_an_identical_model(rho, known):
    found = measured(one_slice(0.0), rho)
    for rule, share in known.items():
        assert found[rule] == pytest.approx(share, abs=0.015 + 3 * np.sqrt(share * (1 - share) / 400)), rule
    assert found[POINT] > 0.95, "the naive rule blocks a model that is the same"
    assert found[HOLM] < 0.05


def test_common_random_numbers_show_what_separate_ones_cannot():
    separate, common = measured(one_slice(0.0), 0.0), measured(one_slice(0.0), 0.8)
    assert separate[NONINFERIOR] > 0.9 and common[NONINFERIOR] < 0.35
    assert measured(one_slice(0.05), 0.8)[HOLM] > measured(one_slice(0.05), 0.0)[HOLM] + 0.15


@pytest.mark.parametrize(("increase", "rho", "known"), [(0.10, 0.0, 0.78), (0.10, 0.8, 0.98), (0.05, 0.8, 0.51)])
def test_a_slice_that_got_worse_is_found(increase, rho, known):
    assert measured(one_slice(increase), rho)[HOLM] == pytest.approx(known, abs=0.1)


def test_a_loss_everywhere_is_found_by_the_aggregate():
    found = measured([0.02] * len(RATES), 0.8)
    assert found[SPLIT] == pytest.approx(0.98, abs=0.03)
    assert found[HOLM] == pytest.approx(0.38, abs=0.1)


def test_looking_after_every_scenario():
    rng = np.random.Generator(np.random.Philox(key=8))
    same, five, ten = (look(rng, 1500, increase) for increase in (0.0, 0.05, 0.10))
    assert same.blocked == pytest.approx(0.019, abs=0.012)
    assert same.blocked < 0.05 < same.naive_blocked, "repeated p values are no test"
    assert five.mean_scenarios == pytest.approx(183, abs=15)
    assert ten.mean_scenarios == pytest.approx(79, abs=6)
    assert five.blocked > 0.99
