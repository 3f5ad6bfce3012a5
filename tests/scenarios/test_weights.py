"""Importance weights: the ratio of densities of every draw, exact on small spaces."""

import math
from fractions import Fraction

import numpy as np
import pytest

from scenarios.algebra import choice, scenario
from scenarios.parse import parse_value
from scenarios.types.about import parameter
from scenarios.types.actors import actor, ego
from scenarios.types.manoeuvres import do, step, when
from scenarios.types.road import road
from scenarios.types.traffic import traffic
from scenarios.types.weather import weather
from scenarios.units import COUNT, LENGTH
from scenarios.weights import sample_weighted, with_values

BASE = scenario(road("motorway", lanes=3), ego(on="main.2", at="150 m", speed="20..30 m/s"))
RAIN, FOG = scenario(weather("rain")), scenario(weather("fog"))
TARGET = BASE & scenario(parameter("a", "0..10 m", LENGTH), parameter("k", "1 | 2 @ 3", COUNT))


def test_the_weight_is_the_ratio_of_densities_and_shares():
    drawn = sample_weighted(TARGET, {"a": "triangular(0, 10, 12 m)", "k": "1 @ 3 | 2"}, 60, 1)
    proposal = parse_value("triangular(0, 10, 12 m)", LENGTH)
    for concrete, weight in zip(drawn.scenarios, drawn.weights(), strict=True):
        a, k = concrete.draws["a"], concrete.draws["k"]
        exact = (0.1 / proposal.density(a) if a <= 10 else 0.0) * ((0.25 / 0.75) if k == 1 else (0.75 / 0.25))
        assert weight == pytest.approx(exact, rel=1e-12)
    assert drawn.constant_error == 0.0 and any(weight == 0.0 for weight in drawn.weights())


@pytest.mark.slow
def test_weighted_means_are_means_over_the_target():
    drawn = sample_weighted(TARGET, {"a": "triangular(-5, 2, 15 m)", "k": "1 @ 3 | 2"}, 300, 2)
    weights = drawn.weights()
    a = np.array([concrete.draws["a"] for concrete in drawn.scenarios])
    k = np.array([concrete.draws["k"] for concrete in drawn.scenarios])
    assert weights.mean() == pytest.approx(1.0, abs=0.2)
    assert (drawn.normalised() * a).sum() == pytest.approx(5.0, abs=0.7)
    assert (drawn.normalised() * k).sum() == pytest.approx(1.75, abs=0.1)
    assert 50 < drawn.effective_count() < 300


def test_a_finite_space_is_weighted_exactly():
    odds = (Fraction(1, 2), Fraction(1, 3), Fraction(1, 6))
    options = [scenario(weather(rain=f"{k} mm/h")) for k in range(3)]
    target, proposal = (BASE & choice(*zip(shares, options, strict=True)) for shares in (odds, odds[::-1]))
    drawn = sample_weighted(target, proposal, 80, 4)
    exact = {float(k): float(odds[k] / odds[2 - k]) for k in range(3)}
    for concrete, weight in zip(drawn.scenarios, drawn.weights(), strict=True):
        assert weight == pytest.approx(exact[concrete.environment.rain_mmph], rel=1e-12)
    # The mean of the exact weights over the proposal is 1.
    assert math.fsum(exact[float(k)] * float(odds[2 - k]) for k in range(3)) == pytest.approx(1.0)


def test_restrictions_bring_their_share_of_the_measure():
    drawn = sample_weighted(TARGET.where("a > 6 m"), {"a": "triangular(0, 10, 12 m)"}, 40, 1)
    triangle = parse_value("triangular(0, 10, 12 m)", LENGTH)
    left = 1 - triangle.cdf(6.0)
    for concrete, weight in zip(drawn.scenarios, drawn.weights(), strict=True):
        a = concrete.draws["a"]
        exact = (0.1 / 0.4) / (triangle.density(a) / left) if a <= 10 else 0.0
        assert weight == pytest.approx(exact, rel=1e-7)


def test_draws_inside_expressions_streams_and_behaviours_count():
    target = BASE & scenario(
        actor("x", on="main.1", at="200..400 m", speed="ego.speed - 2..8 m/s"),
        do("x", step("change_lane", to="main.2", within="2..4 s", when=when("time", "1..3 s"))),
        traffic("flow", count="2", on="main.3", speed="20..30 m/s", spacing="60 m"),
    )
    proposal = with_values(target, {"x.do[0].within": "triangular(2, 2, 4 s)", "traffic.flow.speed": "18..33 m/s"})
    drawn = sample_weighted(target, proposal, 20, 1)
    within = parse_value("triangular(2, 2, 4 s)", proposal.values()["x.do[0].within"].dimension)
    for concrete, weight in zip(drawn.scenarios, drawn.weights(), strict=True):
        speeds = [v for p, v in concrete.draws.items() if p.startswith("traffic.flow[") and p.endswith(".speed")]
        exact = 0.5 / within.density(concrete.draws["x.do[0].within"])
        for speed in speeds:
            exact *= (0.1 if 20 <= speed <= 30 else 0.0) * 15
        assert len(speeds) == 2 and weight == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize(
    ("proposal", "words"),
    [
        ({"a": "0..5 m"}, "never reaches all of 0..10 m"),
        ({"k": "1"}, "another shape"),
        ({"k": "1 | 3"}, "never reaches all"),
        ({"aa": "0..5 m"}, "nothing is drawn at 'aa'"),
        (BASE, "no counterpart of parameter"),
    ],
)
def test_a_proposal_that_cannot_stand_for_the_target_is_refused(proposal, words):
    with pytest.raises(ValueError, match=words):
        sample_weighted(TARGET, proposal, 3, 1)


def test_joint_draws_are_kept_as_they_are():
    target = TARGET & scenario(parameter("b", "linked(0..1 m, a, 0.5)", LENGTH))
    with pytest.raises(ValueError, match="drawn jointly"):
        sample_weighted(target, {"a": "0..12 m"}, 3, 1)
    assert sample_weighted(target, {"k": "1 | 2"}, 5, 1).weights().max() <= 1.5
