"""Likelihood realism: hand-computed likelihoods, geometry against slow twins, invariance, and a real log."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from driving_data.geometry import SE3
from driving_data.logs.registry import reader
from driving_data.maps.lane_map import LaneMap, TrafficSignal
from driving_data.rollout import SignalStates
from driving_data.segment import Segment
from driving_data.taxonomy import ActorClass, SignalState
from tests.closed_loop import worlds
from tests.effort import examples
from validation.realism.edges import edge_distance_m, edges_of_map, road_edges
from validation.realism.features import (
    central_difference,
    features_of,
    following_time_s,
    kinematics,
    nearest_distance_m,
)
from validation.realism.likelihood import (
    LikelihoodRealism,
    RealismConfig,
    histogram_log_likelihood,
    likelihood_realism,
)
from validation.realism.rounded import corner_points_m, rounded_distance_m
from validation.realism.tables import TABLES, Feature


def test_the_tables_are_the_published_ones():
    assert sum(item.weight for item in TABLES[2023]) == pytest.approx(0.99)
    assert sum(item.weight for item in TABLES[2024]) == pytest.approx(1.0)
    assert sum(item.weight for item in TABLES[2025]) == pytest.approx(1.0)
    weight = {year: {item.name: item.weight for item in TABLES[year]} for year in TABLES}
    assert weight[2024]["road_edge_distance"] == 0.10 and weight[2025]["road_edge_distance"] == 0.05
    assert weight[2024]["signal_violation"] == 0.0 and "signal_violation" not in weight[2023]
    speed = {year: next(item for item in TABLES[year] if item.name == "linear_speed") for year in TABLES}
    assert (speed[2023].high, speed[2025].high) == (35.0, 25.0)
    spin = {year: next(item for item in TABLES[year] if item.name == "angular_speed") for year in TABLES}
    assert (spin[2023].high, spin[2023].bins, spin[2024].high, spin[2024].bins) == (31.5, 10, 0.628, 11)


FOUR = Feature("any", 0.0, 4.0, 4, 1.0)


def test_histogram_by_hand():
    simulated = np.array([[0.5, 0.5, 1.0, 9.0, np.nan]])
    logged = np.array([[0.0, 1.5, 2.5, 4.0, -3.0, np.nan]])
    # Counts 2, 1, 0, 1 (9 is clipped, NaN left out), 0.1 added to each of four bins: 4.4 in all.
    expected = np.log(np.array([2.1, 1.1, 0.1, 1.1, 2.1]) / 4.4)
    got = histogram_log_likelihood(simulated, logged, FOUR)
    assert got[0, :5] == pytest.approx(expected) and np.isnan(got[0, 5])


def test_a_bin_holds_its_lower_end_and_the_last_its_upper_end():
    simulated = np.array([[1.0, 1.0, 4.0]])
    got = np.exp(histogram_log_likelihood(simulated, np.array([[1.0, 0.999, 3.0, 4.0]]), FOUR))
    assert got[0] == pytest.approx(np.array([2.1, 0.1, 1.1, 1.1]) / 3.4)


def test_yes_or_no_by_hand():
    often = Feature("any", -0.5, 1.5, 2, 1.0, bernoulli=True)
    got = np.exp(histogram_log_likelihood(np.array([[0.0, 0.0, 0.0, 1.0]]), np.array([[0.0, 1.0]]), often))
    assert got[0] == pytest.approx(np.array([3.001, 1.001]) / 4.002)


def test_rows_keep_to_themselves():
    simulated = np.array([[0.5, 0.5], [3.5, 3.5]])
    got = np.exp(histogram_log_likelihood(simulated, np.array([[0.5], [0.5]]), FOUR))
    assert got[:, 0] == pytest.approx(np.array([2.1, 0.1]) / 2.4)


def test_kinematics_are_central_and_unknown_at_the_ends():
    time = np.arange(6) * 0.1
    position = np.stack([time**2 * 5, 0 * time, 0 * time], axis=-1)[:, None]
    yaw = np.array([3.0, 3.1, -3.0832, -2.9832, -2.8832, -2.7832])[:, None]
    speed, acceleration, turn, _ = kinematics(position, yaw, 0.1)
    assert np.isnan(speed[[0, -1]]).all() and np.isnan(acceleration[[0, 1, -2, -1]]).all()
    assert speed[1:-1, 0] == pytest.approx(10 * time[1:-1]) and acceleration[2:-2, 0] == pytest.approx([10.0, 10.0])
    # The heading passes pi: a plain difference would say -31 rad/s.
    assert turn[1:-1, 0] == pytest.approx([1.0, 1.0, 1.0, 1.0], abs=1e-3)
    assert np.isnan(central_difference(np.array([1.0, np.nan, 3.0, 4.0]))).tolist() == [True, False, True, True]


def one(center, yaw, size):
    return np.array([center], float), np.array([yaw], float), np.array([size], float)


def test_rounded_boxes_by_hand():
    car = ((0.0, 0.0), 0.0, (4.0, 2.0))
    # Side by side and nose to tail rounding changes nothing.
    assert rounded_distance_m(*one(*car), *one((10.0, 0.0), 0.0, (4.0, 2.0)))[0] == pytest.approx(6.0)
    assert rounded_distance_m(*one(*car), *one((0.0, 2.5), 0.0, (4.0, 2.0)))[0] == pytest.approx(0.5)
    # Corner to corner: sharp boxes are 5 and 5 apart; rounded ones lose 0.7 (sqrt 2 - 1) on each side.
    corner = rounded_distance_m(*one(*car), *one((9.0, 7.0), 0.0, (4.0, 2.0)))[0]
    assert corner == pytest.approx(np.hypot(5 + 1.4, 5 + 1.4) - 1.4)
    assert rounded_distance_m(*one(*car), *one((9.0, 7.0), 0.0, (4.0, 2.0)), rounding=0.0)[0] == pytest.approx(
        np.hypot(5, 5)
    )
    # Sharp corners that touch just so are not a collision of rounded ones.
    assert rounded_distance_m(*one(*car), *one((3.9, 1.9), 0.0, (4.0, 2.0)))[0] > 0
    # Overlap: the least way to part them, 0.5 m sideways.
    assert rounded_distance_m(*one(*car), *one((1.0, 1.5), 0.0, (4.0, 2.0)))[0] == pytest.approx(-0.5)


@settings(max_examples=examples(80), deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_rounded_distance_agrees_with_shapely(seed):
    rng = np.random.default_rng(seed)
    a, b = ((rng.uniform(-5, 5, 2), rng.uniform(-4, 4), rng.uniform(0.5, 6, 2)) for _ in range(2))
    shapes = []
    for center, yaw, size in (a, b):
        radius = 0.35 * size.min()
        core = shapely.Polygon(corner_points_m(*one(center, yaw, size - 2 * radius))[0])
        shapes.append((core, radius))
    got = rounded_distance_m(*one(*a), *one(*b))[0]
    apart = shapes[0][0].distance(shapes[1][0])
    if apart > 0:
        assert got == pytest.approx(apart - shapes[0][1] - shapes[1][1], abs=1e-9)
    else:
        assert got <= -shapes[0][1] - shapes[1][1]


def test_nearest_of_many_is_the_nearest():
    rng = np.random.default_rng(3)
    center, yaw = rng.uniform(-60, 60, (7, 12, 2)), rng.uniform(-4, 4, (7, 12))
    size, valid = rng.uniform(0.5, 12, (12, 2)), rng.uniform(size=(7, 12)) > 0.3
    got = nearest_distance_m(center, yaw, size, valid, np.array([2, 5]))
    for t in range(7):
        for column, who in enumerate((2, 5)):
            others = [k for k in range(12) if k != who and valid[t, k]]
            if not valid[t, who]:
                assert np.isnan(got[t, column])
                continue
            slow = min(
                rounded_distance_m(*one(center[t, who], yaw[t, who], size[who]), *one(center[t, k], yaw[t, k], size[k]))
                for k in others
            )
            assert got[t, column] == pytest.approx(slow[0])


def follow(turn_deg=0.0, side_m=0.0, lead_mps=5.0, lead_width=2.0):
    center = np.array([[[0.0, 0.0], [20.0, side_m]]])
    return following_time_s(
        center, np.deg2rad([[0.0, turn_deg]]), np.array([[4.0, 2.0], [4.0, lead_width]]), np.array([[10.0, lead_mps]]),
        np.ones((1, 2), dtype=bool), np.array([0]),
    )[0, 0]  # fmt: skip


def test_following_needs_alignment_or_a_good_overlap():
    assert follow() == pytest.approx(16.0 / 5.0)
    assert follow(lead_mps=10.0) == 5.0 and follow(lead_mps=9.9) == 5.0
    # 0.4 m of overlap: followed while turned by at most 10 degrees.
    assert follow(side_m=1.6) < 5.0 and follow(side_m=2.0) == 5.0
    assert follow(turn_deg=20.0, side_m=2.2) == 5.0  # the turned box overlaps by 0.42 m only
    assert follow(turn_deg=10.0, side_m=2.2) < 5.0  # by 0.13 m, but it is aligned
    assert follow(turn_deg=20.0, side_m=1.5) < 5.0
    assert follow(turn_deg=74.0) < 5.0 and follow(turn_deg=76.0) == 5.0
    # The other's speed is its own magnitude: who crosses at 75 degrees still counts with all of it.
    assert follow(turn_deg=74.0, lead_mps=11.0) == 5.0


SQUARE = np.array([[0.0, 0.0, 0.0], [20.0, 0.0, 0.0], [20.0, 10.0, 0.0], [0.0, 10.0, 0.0], [0.0, 0.0, 0.0]])


@settings(max_examples=examples(60), deadline=None)
@given(x=st.floats(-15, 35), y=st.floats(-15, 25))
def test_edge_distance_is_signed_and_exact(x, y):
    area = shapely.Polygon(SQUARE[:, :2])
    point = shapely.Point(x, y)
    sign = -1.0 if area.contains(point) else 1.0
    got = edge_distance_m(road_edges([SQUARE]), np.array([[x, y, 0.0]]))[0]
    assert got == pytest.approx(sign * area.exterior.distance(point), abs=1e-9)


def test_edge_distance_beyond_a_right_turn_and_an_open_end():
    # A reflex corner: the road is the outside of the quadrant x > 0, y < 0.
    bent = np.array([[0.0, -10.0, 0.0], [0.0, 0.0, 0.0], [10.0, 0.0, 0.0]])
    edges = road_edges([bent])
    assert edge_distance_m(edges, np.array([[-3.0, 4.0, 0.0]]))[0] == pytest.approx(-5.0)
    assert edge_distance_m(edges, np.array([[3.0, -1.0, 0.0]]))[0] == pytest.approx(1.0)
    assert edge_distance_m(edges, np.array([[13.0, 4.0, 0.0]]))[0] == pytest.approx(-5.0)
    assert road_edges([np.zeros((3, 3))]) is None


def test_a_bridge_does_not_answer_for_the_road_below():
    below = np.array([[0.0, 0.0, 0.0], [50.0, 0.0, 0.0]])
    above = np.array([[50.0, 3.0, 6.0], [0.0, 3.0, 6.0]])
    edges = road_edges([below, above])
    # 2 m to the left of the edge below, and 1 m from the edge on the bridge 6 m above it.
    assert edge_distance_m(edges, np.array([[25.0, 2.0, 0.0]]))[0] == pytest.approx(-2.0)
    assert edge_distance_m(edges, np.array([[25.0, 2.0, 6.0]]))[0] == pytest.approx(-1.0)
    # Heights count three times: 1 m up is as far as 3 m aside.
    assert edge_distance_m(road_edges([below, above - [0, 0, 5.0]]), np.array([[25.0, 2.4, 0.0]]))[0] == pytest.approx(
        -2.4
    )


def street_log(num_steps=40, history=11):
    """Three cars on a road of two lanes; the first changes its speed, the third walks across behind."""
    time = np.arange(num_steps) * 0.1
    ego = np.stack([8.0 * time + 0.5 * np.sin(time), 0 * time], axis=-1)
    lead = np.stack([25.0 + 7.0 * time, 0.1 * np.sin(2 * time)], axis=-1)
    walker = np.stack([-10.0 + 0 * time, -6.0 + 1.3 * time], axis=-1)
    centers = np.stack([ego, lead, walker], axis=1)
    yaws = np.stack([0 * time, 0.05 * np.sin(2 * time), np.full_like(time, np.pi / 2)], axis=1)
    return worlds.rollout(
        centers, yaws, np.gradient(centers, 0.1, axis=0), kinds=[ActorClass.CAR, ActorClass.CAR, ActorClass.PEDESTRIAN],
        sizes=[worlds.CAR, worlds.CAR, (0.6, 0.6, 1.8)], lane_map=worlds.two_lane_road(),
        signals=SignalStates(("light",), np.full((num_steps, 1), int(SignalState.RED))),
    )  # fmt: skip


def from_there_at_constant_velocity(log, history=11, factor=1.0):
    """The log, whose actors keep their velocity (times a factor) after the history."""
    last = history - 1
    seconds = (log.timestamps_ns - log.timestamps_ns[last])[:, None, None] * 1e-9
    after = np.arange(log.num_steps) > last
    place = log.world_from_actor.translation_m
    velocity = np.nan_to_num(log.velocity_mps[last]) * factor
    pose = SE3(
        np.where(after[:, None, None, None], log.world_from_actor.rotation[last], log.world_from_actor.rotation),
        np.where(after[:, None, None], place[last] + seconds * velocity, place),
    )
    return replace(
        log, world_from_actor=pose, velocity_mps=np.where(after[:, None, None], velocity, log.velocity_mps),
        valid=np.where(after[:, None], log.valid[last], log.valid),
    )  # fmt: skip


def test_replaying_the_log_gives_the_greatest_likelihood_that_there_is():
    log = street_log()
    found = likelihood_realism(log, [log] * 4)
    assert found.min_ade_m == 0.0 and found.log_collision_rate == found.collision_rate == 0.0
    # Yes-or-no features: four rollouts agree with the log.
    assert found.likelihood["collision"] == pytest.approx(4.001 / 4.002)
    # By hand for the speeds: each actor's 29 log moments, the last unknown, four times over, in bins of 2.5 m/s.
    features = features_of(log, np.arange(3))
    logs = []
    for column in range(3):
        speed = features.linear_speed[11:, column]
        bins = np.floor(speed[np.isfinite(speed)] / 2.5).astype(int)
        share = (4 * np.bincount(bins, minlength=10) + 0.1) / (4 * len(bins) + 1.0)
        logs += np.log(share[bins]).tolist()
    assert len(logs) == 3 * 28
    assert found.likelihood["linear_speed"] == pytest.approx(np.exp(np.mean(logs)))
    # No other set of rollouts reaches more, feature by feature, for kinematics.
    other = likelihood_realism(log, [log, from_there_at_constant_velocity(log)])
    for name in ("linear_speed", "linear_acceleration", "angular_speed"):
        assert found.likelihood[name] >= other.likelihood[name]


def test_the_score_is_the_weighted_sum_of_its_likelihoods():
    log = street_log()
    for year in (2023, 2024, 2025):
        found = likelihood_realism(log, [log, from_there_at_constant_velocity(log)], config=RealismConfig(year))
        weights = {item.name: item.weight for item in TABLES[year]}
        assert None not in found.likelihood.values()
        assert found.score == pytest.approx(sum(weights[k] * v for k, v in found.likelihood.items()))


def test_what_does_not_apply_gives_its_weight_to_the_others():
    log = replace(street_log(), lane_map=None)
    found = likelihood_realism(log, [log])
    assert found.likelihood["off_road"] is None and found.reasons["off_road"]
    assert found.off_road_rate is None and found.log_off_road_rate is None
    weights = {item.name: item.weight for item in TABLES[2025]}
    rest = {name: value for name, value in found.likelihood.items() if value is not None}
    total = sum(weights[name] for name in rest)
    assert found.score == pytest.approx(sum(weights[name] * value for name, value in rest.items()) / total)


def test_rollouts_that_collide_or_leave_the_road_are_unlikely():
    log = street_log()
    crash = from_there_at_constant_velocity(log, factor=6.0)
    found = likelihood_realism(log, [crash] * 3, evaluated=["ego", "actor_1"])
    # The ego drives at 50 m/s and the leader, 20 m ahead, at 42: it is hit.
    assert found.collision_rate == 1.0 and found.log_collision_rate == 0.0
    assert found.likelihood["collision"] == pytest.approx(0.001 / 3.002)
    aside = replace(log, world_from_actor=SE3(log.world_from_actor.rotation, log.world_from_actor.translation_m
                                              - np.array([0.0, 2.5, 0.0])))  # fmt: skip
    off = likelihood_realism(log, [log, aside], evaluated=["ego"])
    assert off.likelihood["off_road"] == pytest.approx(1.001 / 2.002)
    assert (off.off_road_rate, off.log_off_road_rate) == (0.5, 0.0)
    assert off.ade_m == pytest.approx(1.25) and off.min_ade_m == 0.0


def test_a_red_light_is_run_where_the_front_crosses_the_line():
    log = street_log()
    features = features_of(log, np.arange(3))
    # The line is at x = 30; the leader's front begins at 27 and crosses within the first second, at red.
    ran = np.argmax(features.signal_violation[:, 1] == 1.0)
    front = log.world_from_actor.translation_m[:, 1, 0] + 2.0
    assert front[ran - 1] < 30.0 < front[ran] + 1e-3 and np.nansum(features.signal_violation[:, 1]) == 1.0
    assert np.isnan(features.signal_violation[:, 2]).all()
    green = replace(log, signals=SignalStates(("light",), np.full((40, 1), int(SignalState.GREEN))))
    assert np.nansum(features_of(green, np.arange(3)).signal_violation) == 0.0


def test_scenario_generation_pools_actors_and_counts_history():
    log = street_log()
    found = likelihood_realism(log, [log, log], config=RealismConfig(pool_actors=True))
    speed = features_of(log, np.arange(3)).linear_speed
    bins = np.floor(speed[np.isfinite(speed)] / 2.5).astype(int)
    assert len(bins) == 3 * 38
    share = (2 * np.bincount(bins, minlength=10) + 0.1) / (2 * len(bins) + 1.0)
    assert found.likelihood["linear_speed"] == pytest.approx(np.exp(np.log(share[bins]).mean()))
    assert found.likelihood["linear_speed"] < likelihood_realism(log, [log, log]).likelihood["linear_speed"]


@pytest.mark.parametrize("angle", [0.7, np.pi / 2, -2.5])
def test_realism_is_blind_to_turn_shift_and_delay(angle):
    log = street_log()
    sims = [from_there_at_constant_velocity(log), log]
    here = likelihood_realism(log, sims)
    moved = [worlds.move(item, angle, (300.0, -4000.0), 10**12) for item in (log, *sims)]
    there = likelihood_realism(moved[0], moved[1:])
    assert there.likelihood == pytest.approx(here.likelihood, abs=1e-9)
    assert (there.score, there.min_ade_m, there.ade_m) == pytest.approx((here.score, here.min_ade_m, here.ade_m))


def test_wrong_rollouts_are_refused():
    log = street_log()
    with pytest.raises(ValueError, match="no simulated rollout"):
        likelihood_realism(log, [])
    with pytest.raises(ValueError, match="other actors"):
        likelihood_realism(log, [replace(log, actors=replace(log.actors, ids=("a", "b", "c")))])
    with pytest.raises(ValueError, match="other moments"):
        likelihood_realism(log, [replace(log, timestamps_ns=log.timestamps_ns + 1)])
    with pytest.raises(ValueError, match="2019"):
        likelihood_realism(log, [log], config=RealismConfig(2019))
    with pytest.raises(ValueError, match="'nobody'"):
        likelihood_realism(log, [log], evaluated=["nobody"])
    with pytest.raises(ValueError, match="leave nothing"):
        likelihood_realism(street_log(12), [street_log(12)])


def test_edges_of_a_map_without_kerbs_are_the_border_of_the_road():
    road = worlds.two_lane_road()
    edges = edges_of_map(road)
    # The road is 7 m wide, from y = -1.75 to 5.25, and grown by 2 cm so that seams close.
    points = np.array([[50.0, 0.0, 0.0], [50.0, -3.0, 0.0], [50.0, 5.0, 0.0]])
    assert edge_distance_m(edges, points) == pytest.approx([-1.77, 1.23, -0.27], abs=1e-6)
    assert edges_of_map(LaneMap(())) is None
    assert isinstance(road.signals[0], TrafficSignal)


def test_the_check_of_a_set_compares_with_one_log(shared_data):
    segment = next(iter(reader("womd").read(shared_data / "logs" / "womd" / "womd_scenario_input.tfrecord")))
    assert isinstance(segment, Segment)
    log = segment.rollout
    straight = replace(segment, rollout=from_there_at_constant_velocity(log))
    good, bad = LikelihoodRealism().judge([segment] * 2, [segment]), LikelihoodRealism().judge([straight], [segment])
    assert good.passed and not bad.passed and good.score < bad.score
    assert "likelihood" in bad.reason and bad.evidence["min_ade_m"] > 0.5
    assert not LikelihoodRealism().judge([segment], [segment, segment]).applicable
    assert not LikelihoodRealism().judge([], [segment]).applicable


@pytest.mark.slow
@pytest.mark.parametrize("year", [2023, 2024, 2025])
def test_replay_of_real_logs_beats_constant_velocity(shared_data, year):
    for segment in reader("womd").read(shared_data / "logs" / "womd" / "womd_scenario_input.tfrecord"):
        log = segment.rollout
        config = RealismConfig(year)
        replay = likelihood_realism(log, [log] * 2, config=config)
        straight = likelihood_realism(log, [from_there_at_constant_velocity(log)] * 2, config=config)
        assert replay.score > straight.score + 0.1
        assert replay.num_actors >= 5 and replay.min_ade_m == 0.0 < straight.min_ade_m
