"""Walking speeds that nobody gives are drawn by kind and age; those that are given stay."""

import numpy as np
import pytest

from driving_data.taxonomy import ActorClass
from scenarios.people import CHILD, PACES, WHEELCHAIR, usual_pace
from scenarios.spec.reader import read_text

TEXT = """
scenario: walk
road: {{urban: {{length: 200 m}}}}
ego: {{on: main.1, at: 30 m, speed: 10 m/s}}
actors:
  person: {{kind: {kind}, on: main.1, at: 90 m, lateral: -8 m{more}}}
do:
  person:
    - cross: {{to: 8 m{speed}}}
duration: 5 s
"""


def speeds(kind, more="", speed="", count=60):
    made = read_text(TEXT.format(kind=kind, more=more, speed=speed))
    return np.array([made.sample(seed).actors[0].behaviour.speed_mps for seed in range(count)])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "more", "pace"),
    [
        ("pedestrian", "", PACES["adult"]),
        ("pedestrian", ", age: elder", PACES["elder"]),
        ("child", "", CHILD),
        ("wheelchair", "", WHEELCHAIR),
    ],
)
def test_speeds_scatter_as_published(kind, more, pace):
    """A simplified version walks at 1.4 m/s whoever it is."""
    drawn = speeds(kind, more)
    assert drawn.mean() == pytest.approx(pace.mean_mps, abs=4.0 * pace.std_mps / np.sqrt(len(drawn)))
    assert 0.7 * pace.std_mps < drawn.std() < 1.25 * pace.std_mps
    assert np.abs(drawn - pace.mean_mps).max() <= 2.5 * pace.std_mps
    np.testing.assert_array_equal(drawn[:5], speeds(kind, more, count=5))


def test_what_a_scenario_says_stays_and_who_does_not_walk_has_no_pace():
    assert set(speeds("pedestrian", speed=", speed: 2 m/s", count=3)) == {2.0}
    assert set(speeds("bicycle", count=3)) == {1.4}
    assert usual_pace(ActorClass.ANIMAL) is None
    assert usual_pace(ActorClass.CHILD, "toddler") is PACES["toddler"]
