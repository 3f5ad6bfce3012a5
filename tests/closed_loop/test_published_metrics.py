"""Small published scores, and the page that lists every metric."""

import numpy as np
import pytest

from closed_loop.metrics.catalogue import METRICS
from closed_loop.metrics.from_arrays import BoxTrack
from closed_loop.metrics.published import (
    alpasim_score,
    hd_score,
    infeasible_steps,
    interplan_score,
    neuro_ncap_score,
)
from closed_loop.metrics.reference import PAGE, with_table
from tests.closed_loop.test_navsim import TASK, world
from tests.closed_loop.test_nuplan import CAR, going, measured


def test_the_hd_score_is_a_mean_over_frames_times_the_way():
    """Frames: (1, 1, 1, 1) -> 1; (1, 1, 0, 1) -> 2/7; (0, ...) -> 0; mean 9/21; way 0.5: 9/42.

    The product of the means, (2/3) (5 x 2/3 + 2) / 7 x 0.5, would be another number.
    """
    nc, dac = np.array([1.0, 1.0, 0.0]), np.ones(3)
    ttc, comfortable = np.array([1.0, 0.0, 1.0]), np.ones(3)
    assert hd_score(nc, dac, ttc, comfortable, 0.5) == pytest.approx(9 / 42)


def test_the_hd_score_of_a_drive_looks_half_a_second_and_a_second_ahead_only():
    """8 m/s for 4 s of the task's 100 m (10 m/s for 10 s): 0.32.

    At 16 m/s the box reaches 6 to 10 m ahead after 0.5 s and 14 to 18 m after 1 s. A post 12 m ahead at first comes
    nearer by 1.6 m a frame: 12, 10.4, 8.8, 7.2, 5.6: met in frames 2 and 3 alone, so TTC is kept in 3 of 5. A check of
    everything up to 1 s would meet it in all five.
    """
    calm = METRICS["hugsim_hd"].measure(world(going((0, 0), 8.0, num=41)))
    assert calm.value == pytest.approx(0.32)
    post = going((12.0, 0), 0.0, num=5, size=(0.5, 0.5))
    seen = METRICS["hugsim_hd"].measure(world(going((0, 0), 16.0, num=5), [post]))
    assert seen.evidence["shares"]["ttc"] == pytest.approx(0.6)


def test_neuro_ncap_scales_with_the_speed_taken_off():
    """5 m/s instead of 10: 4 (1 - 0.5) = 2; as fast or faster: 0; no collision 5, not 4."""
    assert [neuro_ncap_score(v, 10.0) for v in (None, 5.0, 10.0, 12.0)] == [5.0, 2.0, 0.0, 0.0]


def test_the_reference_speed_is_that_of_no_action():
    """Braking from 10 to 4 m/s before a standing car 20 m on: without action 10 m/s: 4 (1 - 0.4) = 2.4."""
    speed = np.maximum(10.0 - 0.3 * np.arange(41), 4.0)
    x = np.concatenate([[0.0], np.cumsum(speed[:-1] * 0.1)])
    velocity = np.stack([speed, 0 * speed], axis=-1)
    ego = BoxTrack(np.stack([x, 0 * x], axis=-1), np.zeros(41), CAR, velocity)
    standing = going((20, 0), 0.0, num=41)
    got = METRICS["neuro_ncap"].measure(world(ego, [standing]))
    assert got.value == pytest.approx(2.4)
    assert got.evidence["reference_mps"] == pytest.approx(10.0)
    assert METRICS["neuro_ncap"].measure(world(going((0, 0), 1.0, num=41), [standing])).value == 5.0


def test_alpasim_forgives_the_rear_and_short_ways():
    """Hit from behind after 4 of the task's 100 m: 0.04 / 0.8 = 0.05; a frontal hit: 0."""
    assert alpasim_score(True, False, 1.0, 50.0) == 0.0
    assert [alpasim_score(False, False, p, 50.0) for p in (0.4, 0.8, 1.0)] == [0.5, 1.0, 1.0]
    assert alpasim_score(False, False, 0.0, 4.99) == 1.0
    struck = world(going((0, 0), 1.0, num=41), [going((-8, 0), 6.0, num=41)])
    assert METRICS["alpasim_scene"].measure(struck).value == pytest.approx(4 / 100 / 0.8)
    front = world(going((0, 0), 6.0, num=41), [going((8, 0), 1.0, num=41)])
    assert METRICS["alpasim_scene"].measure(front).value == 0.0


def test_interplan_adds_a_part_of_weight_four_and_gates():
    """(5 + 5 + 4 + 2 + 4 x 0.5) / 20 = 0.9; a shut gate: 0."""
    ones = dict.fromkeys(("no_at_fault_collisions", "drivable_area", "making_progress", "driving_direction"), 1.0)
    parts = dict.fromkeys(("progress", "time_to_collision", "speed_limit", "comfort"), 1.0)
    assert interplan_score(ones, parts, 0.5) == pytest.approx(0.9)
    assert interplan_score(ones, parts, 0.5, {"ego_sorts_stopped_vehicle": False}) == 0.0


def test_infeasible_steps_have_strict_bounds():
    """1.04 m/s in 0.1 s is 10.4 m/s^2: allowed; 1.05: not. 0.03 rad in 0.1 m is 0.3 1/m: allowed; 0.031: not."""
    time = 0.1 * np.arange(2)

    def step(speeds, yaws, way):
        return bool(infeasible_steps(np.array([[0.0, 0], [way, 0]]), np.array(yaws), np.array(speeds), time)[0])

    assert [step([0.0, 1.04 - 1e-9], [0, 0.0], 0.1), step([0.0, 1.05], [0, 0.0], 0.1)] == [False, True]
    assert [step([1.0, 1.0], [0, 0.03 - 1e-9], 0.1), step([1.0, 1.0], [0, 0.031], 0.1)] == [False, True]
    assert not step([0.0, 0.0], [0, 1.0], 0.01)
    assert METRICS["kinematic_infeasibility"].measure(world(going((0, 0), 8.0))).value == 0.0


def test_every_metric_of_a_drive_says_whether_it_applies():
    bare = world(going((0, 0), 8.0, num=1), lanes=(), task=None)
    for name, metric in METRICS.items():
        value = metric.measure(bare)
        assert value.applicable == (value.value is not None), name
        assert value.applicable or value.reason, name
    assert not measured("speed_limit", bare).applicable
    assert TASK.reactive is None


def test_the_page_lists_the_metrics_of_today():
    page = PAGE.read_text("utf-8")
    assert with_table(page) == page, "run `python -m closed_loop.metrics.reference`"
    with pytest.raises(ValueError, match="needs one part"):
        with_table("nothing here")
