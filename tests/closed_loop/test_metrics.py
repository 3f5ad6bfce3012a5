"""Metrics: closed forms, invariance under turn, shift and delay, and agreement with slow twins."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closed_loop.metrics.boxes import box_distance_m, contact_interval_s, edge_meets_box, overlap_m
from closed_loop.metrics.catalogue import METRICS, measure, metrics_named
from closed_loop.metrics.collision import ContactType, collision_score, contacts
from closed_loop.metrics.comfort import motion_of
from closed_loop.metrics.drive import DrivingTask, drive_of
from closed_loop.metrics.polyline import project
from closed_loop.metrics.proximity import nuplan_time_to_collision_s
from closed_loop.metrics.score import composite
from driving_data.errors import InputError
from driving_data.rollout import Event, SignalStates
from driving_data.taxonomy import ActorClass, SignalState
from tests.closed_loop import worlds
from tests.effort import examples

ANGLES = [0.0, np.pi / 4, np.pi / 2, 2.0, np.pi, -2.5]


def values(what, task=None):
    return {name: value.value for name, value in measure(what, task).items()}


@pytest.mark.parametrize("angle", ANGLES)
def test_car_following_has_its_closed_form_at_every_rotation(angle):
    first = worlds.move(worlds.car_following(num_steps=8), angle, (1000.0, -300.0))
    drive = drive_of(first)
    got = values(first)
    gap_s = 36.0 - 10.0 * drive.time_s[-1]
    assert got["min_longitudinal_time_to_collision"] == pytest.approx(gap_s / 10.0, abs=1e-6)
    assert got["min_time_to_collision"] == pytest.approx(gap_s / 10.0, abs=1e-6)
    assert got["min_time_headway"] == pytest.approx(gap_s / 20.0, abs=1e-6)
    assert got["max_required_deceleration"] == pytest.approx(100.0 / (2 * gap_s), abs=1e-5)
    still = values(worlds.move(worlds.car_following(num_steps=1), angle, (5.0, 5.0)))
    assert still["min_longitudinal_time_to_collision"] == pytest.approx(3.6, abs=1e-6)
    assert still["min_time_headway"] == pytest.approx(1.8, abs=1e-6)
    assert still["max_required_deceleration"] == pytest.approx(1.3889, abs=1e-3)
    assert still["min_distance"] == pytest.approx(36.0, abs=1e-9)


def busy_world():
    """Curves, crossings and braking on a mapped road with a red light."""
    time = np.arange(60) * 0.1
    speed = 12.0 - 3.0 * np.clip(time - 2.0, 0.0, 2.0)
    s = np.concatenate([[0.0], np.cumsum(0.5 * (speed[1:] + speed[:-1]) * 0.1)])
    sway = 0.4 * np.sin(0.15 * s)
    slope = np.arctan(0.06 * np.cos(0.15 * s))
    ego = np.stack([s, sway], axis=-1)
    lead = np.stack([30.0 + 6.0 * time, np.zeros(60)], axis=-1)
    walker = np.stack([np.full(60, 55.0), -8.0 + 1.4 * time], axis=-1)
    centers = np.stack([ego, lead, walker], axis=1)
    yaws = np.stack([slope, np.zeros(60), np.full(60, np.pi / 2)], axis=1)
    velocity = np.stack(
        [
            np.gradient(ego, 0.1, axis=0),
            np.broadcast_to([6.0, 0.0], (60, 2)),
            np.broadcast_to([0.0, 1.4], (60, 2)),
        ],
        axis=1,
    )
    return worlds.rollout(
        centers, yaws, velocity, kinds=[ActorClass.CAR, ActorClass.CAR, ActorClass.PEDESTRIAN],
        sizes=[worlds.CAR, worlds.CAR, (0.6, 0.6, 1.8)], lane_map=worlds.two_lane_road(limit_mps=8.0),
        signals=SignalStates(("light",), np.full((60, 1), int(SignalState.RED))),
    )  # fmt: skip


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(
    angle=st.floats(-np.pi, np.pi),
    x=st.floats(-5000, 5000),
    y=st.floats(-5000, 5000),
    delay=st.integers(0, 10**18),
)
def test_every_metric_is_blind_to_turn_shift_and_delay(angle, x, y, delay):
    task = DrivingTask(None, 100.0, 12.0, 6.0)
    here, there = values(busy_world(), task), values(worlds.move(busy_world(), angle, (x, y), delay), task)
    assert here["signal_violation"] == 1.0
    for name in METRICS:
        assert there[name] == pytest.approx(here[name], abs=2e-6), name


@settings(max_examples=examples(150), deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_exact_contact_time_agrees_with_small_steps(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(-15, 15, 2), rng.uniform(-15, 15, 2)
    va, vb = rng.uniform(-12, 12, 2), rng.uniform(-12, 12, 2)
    size_a, size_b = rng.uniform(0.5, 6, 2), rng.uniform(0.5, 6, 2)
    yaw_a, yaw_b = rng.uniform(-4, 4, 2)
    begin, end = contact_interval_s(a, np.array(yaw_a), size_a, va, b, np.array(yaw_b), size_b, vb)
    time = np.arange(0, 4, 1e-3)
    depth = overlap_m(
        a + time[:, None] * va, np.full(len(time), yaw_a), size_a, b + time[:, None] * vb, np.full(len(time), yaw_b),
        size_b,
    )  # fmt: skip
    inside = (time >= begin) & (time <= end)
    assert np.array_equal(inside[np.abs(depth) > 1e-6], (depth > 0)[np.abs(depth) > 1e-6])


@pytest.mark.slow
@settings(max_examples=examples(60), deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_box_distance_agrees_with_sampled_edges(seed):
    rng = np.random.default_rng(seed)
    a, b = np.zeros(2), rng.uniform(-9, 9, 2)
    size_a, size_b = rng.uniform(0.5, 6, 2), rng.uniform(0.5, 6, 2)
    yaw_a, yaw_b = rng.uniform(-4, 4, 2)
    exact = float(box_distance_m(a, np.array(yaw_a), size_a, b, np.array(yaw_b), size_b))

    def border(center, yaw, size):
        t = np.linspace(-0.5, 0.5, 200)
        edge = np.concatenate([np.stack([t, np.full(200, s)], -1) for s in (-0.5, 0.5)])
        edge = np.concatenate([edge, edge[:, ::-1]]) * size
        turn = np.array([[np.cos(yaw), -np.sin(yaw)], [np.sin(yaw), np.cos(yaw)]])
        return center + edge @ turn.T

    rough = np.linalg.norm(border(a, yaw_a, size_a)[:, None] - border(b, yaw_b, size_b)[None], axis=-1).min()
    if exact > 0:
        assert exact <= rough + 1e-9
        assert rough - exact < 0.05


def test_edge_meets_box_on_known_cases():
    start, end = np.array([[-2.0, 0.0], [-2.0, 3.0], [0.1, 0.1]]), np.array([[2.0, 0.0], [2.0, 3.0], [0.2, 0.1]])
    box = np.zeros((3, 2)), np.full(3, 0.7), np.full((3, 2), 2.0)
    assert edge_meets_box(start, end, *box).tolist() == [True, False, True]


def test_project_gives_signed_places_and_extends_the_ends():
    s, d, heading = project(np.array([[5.0, 2.0], [-3.0, -1.0], [12.0, 5.0]]), np.array([[0, 0], [10, 0], [10, 4.0]]))
    assert np.allclose(s, [5.0, -3.0, 15.0])
    assert np.allclose(d, [2.0, -1.0, -2.0])
    assert np.allclose(heading, [0, 0, np.pi / 2])


CASES = [
    # ego start, ego speed, other start, other speed, other yaw, type, at fault
    ([0, 0], 10.0, [12, 0], 2.0, 0.0, ContactType.ACTIVE_FRONT, True),
    ([0, 0], 10.0, [12, 0], 0.0, 0.0, ContactType.STOPPED_TRACK, True),
    ([0, 0], 2.0, [-12, 0], 10.0, 0.0, ContactType.ACTIVE_REAR, False),
    ([0, 0], 0.0, [-12, 0], 10.0, 0.0, ContactType.STOPPED_EGO, False),
    ([0, 0], 5.0, [2, -9], 10.0, np.pi / 2, ContactType.LATERAL, False),
]


@pytest.mark.parametrize(("ego", "speed", "other", "other_speed", "yaw", "how", "blame"), CASES)
@pytest.mark.parametrize("angle", [0.0, 1.0])
def test_contacts_are_classified_as_by_nuplan(ego, speed, other, other_speed, yaw, how, blame, angle):
    what = worlds.straight([ego, other], [speed, other_speed], yaws=[0.0, yaw], lane_map=worlds.two_lane_road())
    found = contacts(drive_of(worlds.move(what, angle, (3.0, 4.0))))
    assert [(contact.type, contact.at_fault) for contact in found] == [(how, blame)]
    relative = np.array([speed - other_speed * np.cos(yaw), -other_speed * np.sin(yaw)])
    assert found[0].impact_speed_mps == pytest.approx(np.hypot(*relative))
    score = collision_score(found)
    assert score == (0.0 if blame else 1.0)


def test_a_lateral_contact_while_between_lanes_is_the_egos_fault():
    what = worlds.straight(
        [[0.0, 1.75], [2.0, -7.0]], [5.0, 10.0], yaws=[0.0, np.pi / 2], lane_map=worlds.two_lane_road()
    )
    found = contacts(drive_of(what))
    assert found[0].type is ContactType.LATERAL
    assert found[0].at_fault


def test_a_recorded_contact_counts_although_the_boxes_were_put_back():
    quiet = worlds.straight([[0, 0], [30, 0]], [5.0, 0.0], num_steps=30)
    told = worlds.straight([[0, 0], [30, 0]], [5.0, 0.0], num_steps=30, events=[worlds.collision_event(1.0)])
    assert values(quiet)["collision"] == 0.0
    got = measure(told)["collision"]
    assert got.value == 1.0
    assert got.at_s == pytest.approx(1.0)
    assert measure(told)["impact_speed"].value == pytest.approx(5.0)


def test_one_cone_costs_half_of_the_score():
    cone = worlds.straight(
        [[0, 0], [8, 0]], [5.0, 0.0], kinds=[ActorClass.CAR, ActorClass.CONE], sizes=[worlds.CAR, (0.3, 0.3, 0.7)]
    )
    assert collision_score(contacts(drive_of(cone))) == 0.5


def test_nuplan_ttc_is_on_its_grid_and_blind_to_what_is_beside():
    head_on = worlds.straight([[0, 0], [24.0, 0]], [10.0, 0.0], num_steps=3)
    assert nuplan_time_to_collision_s(drive_of(head_on))[0] == pytest.approx(2.0)
    assert values(head_on)["time_to_collision_within_bound"] == 1.0
    close = worlds.straight([[0, 0], [13.0, 0]], [10.0, 0.0], num_steps=3)
    assert nuplan_time_to_collision_s(drive_of(close))[0] == pytest.approx(0.9)
    assert values(close)["time_to_collision_within_bound"] == 0.0
    beside = worlds.straight(
        [[0, 0], [0, -7.0]], [10.0, 10.0], yaws=[0, np.pi / 4], num_steps=2, lane_map=worlds.two_lane_road()
    )
    assert np.isinf(nuplan_time_to_collision_s(drive_of(beside))).all()


def driven(acceleration, speed=10.0, num_steps=80):
    time = np.arange(num_steps) * 0.1
    v = np.maximum(speed + np.concatenate([[0.0], np.cumsum(acceleration(time)[:-1]) * 0.1]), 0.0)
    s = np.concatenate([[0.0], np.cumsum(v[:-1]) * 0.1])
    centers = np.stack([s, np.zeros(num_steps)], -1)[:, None]
    velocity = np.stack([v, np.zeros(num_steps)], -1)[:, None]
    return worlds.rollout(centers, np.zeros((num_steps, 1)), velocity)


def test_comfort_holds_within_the_bounds_and_breaks_beyond():
    gentle = driven(lambda t: np.sin(0.5 * t))
    assert values(gentle)["comfort"] == 1.0
    assert values(gentle)["hard_brakes"] == 0.0
    harsh = driven(lambda t: np.where((t > 2) & (t < 3.5), -6.0, 0.0), speed=20.0)
    assert values(harsh)["comfort"] == 0.0
    assert values(harsh)["hard_brakes"] == 1.0
    assert "longitudinal acceleration" in measure(harsh)["comfort"].reason


def test_filters_give_the_derivatives_of_polynomials():
    ramp = motion_of(drive_of(driven(lambda t: 0.5 * t, speed=5.0)))
    middle = slice(20, 60)
    assert np.allclose(ramp.longitudinal_jerk_mps3[middle], 0.5, atol=1e-6)
    turn = np.arange(60) * 0.1
    yaw = 0.3 * turn + 0.1 * turn**2
    centers = np.stack([np.cumsum(np.cos(yaw)), np.cumsum(np.sin(yaw))], -1)[:, None] * 0.5
    velocity = 5.0 * np.stack([np.cos(yaw), np.sin(yaw)], -1)[:, None]
    motion = motion_of(drive_of(worlds.rollout(centers, yaw[:, None], velocity)))
    assert np.allclose(motion.yaw_rate_radps, 0.3 + 0.2 * turn, atol=1e-9)
    assert np.allclose(motion.yaw_acceleration_radps2, 0.2, atol=1e-8)


def test_leaving_the_road_needs_more_than_thirty_centimetres():
    inside = worlds.straight([[0, -1.0]], [5.0], lane_map=worlds.two_lane_road())
    outside = worlds.straight([[0, -1.2]], [5.0], lane_map=worlds.two_lane_road())
    assert values(inside)["off_road"] == 0.0
    assert values(outside)["off_road"] == 1.0
    assert measure(inside)["off_road"].evidence["farthest_m"] == pytest.approx(0.25, abs=0.03)
    unmapped = measure(worlds.straight([[0, 0]], [5.0]))["off_road"]
    assert not unmapped.applicable
    assert unmapped.value is None


def test_driving_against_the_lane_costs_by_the_metre():
    def against(speed):
        return values(worlds.straight([[0, 3.5]], [speed], lane_map=worlds.two_lane_road()))["driving_direction"]

    assert [against(1.5), against(5.0), against(9.0)] == [1.0, 0.5, 0.0]


def test_speed_limit_compliance_is_the_mean_excess():
    road = worlds.two_lane_road(limit_mps=10.0)
    assert values(worlds.straight([[0, 0]], [10.0], lane_map=road))["speed_limit_compliance"] == 1.0
    over = values(worlds.straight([[0, 0]], [11.115], lane_map=road))["speed_limit_compliance"]
    assert over == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize(
    ("state", "yaw", "expected"),
    [(SignalState.RED, 0.0, 1.0), (SignalState.GREEN, 0.0, 0.0), (SignalState.RED, np.pi, 0.0)],
)
def test_a_red_light_is_run_only_towards_it_and_at_red(state, yaw, expected):
    start = [[10.0, 0.0]] if yaw == 0 else [[50.0, 0.0]]
    what = worlds.straight(
        start, [10.0], yaws=[yaw], lane_map=worlds.two_lane_road(),
        signals=SignalStates(("light",), np.full((40, 1), int(state))),
    )  # fmt: skip
    assert values(what)["signal_violation"] == expected


def test_progress_is_measured_along_the_route_and_the_goal_completes_it():
    route = np.array([[-50.0, 0.0], [300.0, 0.0]])
    what = worlds.straight([[0, 0.5]], [10.0], num_steps=41)
    assert values(what, DrivingTask(route, 80.0, 15.0, 10.0))["progress"] == pytest.approx(0.5)
    assert values(what, DrivingTask(route, 400.0, 8.0, 10.0))["progress"] == pytest.approx(0.5)
    assert values(what, DrivingTask(route, 400.0, 25.0, 10.0))["making_progress"] == 0.0
    arrived = worlds.straight([[0, 0]], [10.0], events=[Event(0, "goal_reached", ("ego",))])
    assert values(arrived, DrivingTask(route, 400.0, 25.0, 10.0))["goal_reached"] == 1.0
    backwards = worlds.straight([[0, 0.5]], [10.0], yaws=[np.pi], num_steps=41)
    assert values(backwards, DrivingTask(route, 80.0, 15.0, 10.0))["progress"] == 0.0


def test_the_score_is_its_formula():
    assert composite({"a": 1.0, "b": None, "c": 0.5}, {"progress": 0.8, "comfort": 0.0}) == pytest.approx(0.5 * 4 / 7)
    perfect = worlds.straight([[0, 0]], [10.0], num_steps=81, lane_map=worlds.two_lane_road(limit_mps=15.0))
    assert values(perfect, DrivingTask(None, 80.0, 10.0, 8.0))["driving_score"] == pytest.approx(1.0)
    crash = worlds.straight([[0, 0], [12, 0]], [10.0, 0.0], lane_map=worlds.two_lane_road(limit_mps=15.0))
    assert values(crash, DrivingTask(None, 80.0, 10.0, 8.0))["driving_score"] == 0.0


def test_definitions_are_complete_and_names_are_checked():
    for name, metric in METRICS.items():
        assert name == metric.id
        assert metric.version.count(".") == 2
        assert metric.source
        assert metric.description
    with pytest.raises(InputError, match="did you mean 'comfort'"):
        metrics_named(["comfrt"])


def test_an_absent_actor_is_not_met():
    valid = np.ones((40, 2), dtype=bool)
    valid[:, 1] = False
    what = worlds.straight([[0, 0], [12, 0]], [10.0, 0.0], valid=valid)
    got = measure(what)
    assert got["collision"].value == 0.0
    assert not got["min_distance"].applicable
