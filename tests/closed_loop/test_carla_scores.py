"""CARLA's driving scores and Bench2Drive's figures against hand-computed routes."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from closed_loop.metrics import bench2drive, carla_criteria
from closed_loop.metrics.carla_drive import route_record
from closed_loop.metrics.carla_score import (
    Infraction,
    InfractionEvent,
    Protocol,
    RouteRecord,
    infraction_penalty,
    infractions_per_km,
    leaderboard_score,
    route_score,
    route_status,
)
from closed_loop.metrics.catalogue import measure
from closed_loop.metrics.drive import DrivingTask, drive_of
from driving_data.maps.lane_map import RoadSign
from driving_data.rollout import Event, SignalStates
from driving_data.taxonomy import ActorClass, SignalState
from tests.closed_loop import worlds


def events(*kinds):
    return tuple(InfractionEvent(kind) if isinstance(kind, Infraction) else InfractionEvent(*kind) for kind in kinds)


MIXED = events(
    Infraction.COLLISION_VEHICLE, Infraction.RED_LIGHT, Infraction.RED_LIGHT, (Infraction.OUTSIDE_LANES, 10.0),
    (Infraction.MIN_SPEED, 50.0), Infraction.SCENARIO_TIMEOUT,
)  # fmt: skip


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [
        # Minimum speed and scenario time-out do not exist in 1.0; Bench2Drive has the time-out but no minimum speed.
        (Protocol.LEADERBOARD_1_0, 0.60 * 0.70 * 0.70 * 0.9),
        (Protocol.LEADERBOARD_2_0, 0.60 * 0.70 * 0.70 * 0.9 * (1 - 0.3 * 0.5) * 0.70),
        (Protocol.BENCH2DRIVE, 0.60 * 0.70 * 0.70 * 0.9 * 0.70),
        # Hyperbolic: coefficients add up, only the share outside lanes multiplies.
        (Protocol.LEADERBOARD_2_1, 0.9 / (1 + 0.7 + 0.4 + 0.4 + 0.4 * 0.5 + 0.4)),
    ],
)
def test_one_route_gets_four_penalties_from_four_formulas(protocol, expected):
    assert infraction_penalty(MIXED, protocol) == pytest.approx(expected, abs=1e-12)


def test_published_minimum_speed_run():
    slow = events(*((Infraction.MIN_SPEED, percent) for percent in (77.88, 77.29, 88.64)))
    assert infraction_penalty(slow, Protocol.LEADERBOARD_2_0) == pytest.approx(0.84038, abs=5e-6)
    assert infraction_penalty(slow, Protocol.BENCH2DRIVE) == 1.0


@pytest.mark.parametrize(
    ("kind", "factor", "coefficient"),
    [
        (Infraction.COLLISION_PEDESTRIAN, 0.50, 1.0),
        (Infraction.COLLISION_VEHICLE, 0.60, 0.7),
        (Infraction.COLLISION_STATIC, 0.65, 0.6),
        (Infraction.RED_LIGHT, 0.70, 0.4),
        (Infraction.STOP, 0.80, 0.25),
        (Infraction.SCENARIO_TIMEOUT, 0.70, 0.4),
        (Infraction.YIELD_EMERGENCY, 0.70, 0.4),
    ],
)
def test_every_factor_and_coefficient(kind, factor, coefficient):
    twice = events(kind, kind)
    assert infraction_penalty(twice, Protocol.LEADERBOARD_2_0) == pytest.approx(factor**2)
    assert infraction_penalty(twice, Protocol.LEADERBOARD_2_1) == pytest.approx(1 / (1 + 2 * coefficient))


@given(st.permutations(MIXED))
def test_the_order_of_events_does_not_matter(order):
    for protocol in Protocol:
        assert infraction_penalty(order, protocol) == pytest.approx(infraction_penalty(MIXED, protocol), rel=1e-12)


def test_what_ends_a_route_has_no_factor_but_a_status():
    stuck = RouteRecord("r", 40.0, 1000.0, events(Infraction.BLOCKED))
    assert route_score(stuck, Protocol.LEADERBOARD_2_1).composed == 40.0
    assert route_status(stuck) == "Failed - Agent got blocked"
    assert route_status(RouteRecord("r", 99.5, 1.0, reached=True)) == "Perfect"
    assert route_status(RouteRecord("r", 99.5, 1.0, MIXED, reached=True)) == "Completed"
    assert route_status(RouteRecord("r", 9.5, 1.0, failure="Simulation crashed")) == "Failed - Simulation crashed"
    # A route that is done at 99.5 % counts 100 %.
    assert route_score(RouteRecord("r", 99.5, 1.0, reached=True), Protocol.LEADERBOARD_2_0).composed == 100.0
    with pytest.raises(ValueError, match="120"):
        route_score(RouteRecord("r", 120.0, 1.0), Protocol.LEADERBOARD_2_0)


def test_missing_routes_divide_and_the_deviation_is_that_of_a_sample():
    records = [
        RouteRecord("a", 100.0, 2000.0, events(Infraction.STOP), reached=True),
        RouteRecord("b", 50.0, 1000.0, events(Infraction.STOP, Infraction.RED_LIGHT)),
    ]
    both = leaderboard_score(records, Protocol.LEADERBOARD_2_0)
    assert both.driving_score == pytest.approx((80.0 + 50.0 * 0.56) / 2)
    assert both.driving_score_std == pytest.approx(np.std([80.0, 28.0], ddof=1))
    three = leaderboard_score(records, Protocol.LEADERBOARD_2_0, total_routes=3)
    assert three.driving_score == pytest.approx((80.0 + 28.0) / 3)
    assert three.route_completion == pytest.approx(50.0)
    # 2 km + half of 1 km were driven.
    assert both.infractions_per_km[Infraction.STOP] == pytest.approx(2 / 2.5)
    assert infractions_per_km([RouteRecord("c", 0.0, 500.0, events(Infraction.STOP))])[Infraction.STOP] == 1000.0
    assert math.isnan(leaderboard_score(records[:1], Protocol.LEADERBOARD_2_0).driving_score_std)
    with pytest.raises(ValueError, match="2 records for 1 routes"):
        leaderboard_score(records, Protocol.LEADERBOARD_2_0, total_routes=1)


def merged(reports, speed=5.0, moves=None):
    time = np.arange(0.0, 20.0, 0.05)
    position = np.stack([(time * speed) if moves is None else moves(time), np.zeros_like(time)], axis=-1)
    step = np.array([round(at / 0.05) for at, _ in reports])
    actor = np.array([who for _, who in reports])
    return carla_criteria.merged_collisions(step, actor, time, position, np.full(len(time), float(speed))).tolist()


def test_collisions_merge_by_actor_and_by_place():
    # The same actor within 5 s is one collision even 20 m farther on; after more than 5 s it is another.
    assert merged([(1.0, 7), (4.0, 7), (6.0, 7), (6.1, 7)]) == [0, 3]
    # Another actor within 5 m of the last collision is the same crash; beyond 5 m it is its own.
    assert merged([(1.0, 7), (1.9, 8), (2.1, 8)]) == [0, 2]
    # Coming back to the place after having been away counts again.
    there_and_back = merged([(0.0, 7), (10.0, 8)], moves=lambda t: 10.0 - np.abs(t - 5.0) * 2.0)
    assert there_and_back == [0, 1]
    assert merged([(1.0, 7)], speed=0.09, moves=lambda t: 0.0 * t) == []
    assert merged([(1.0, 7)], speed=0.1, moves=lambda t: 0.0 * t) == [0]


def test_blocked_needs_more_than_three_minutes():
    time = np.arange(0.0, 200.0, 0.5)
    speed = np.where(time < 10.0, 1.0, 0.0999)
    # Last moving at 9.5 s, blocked at the first moment beyond 189.5 s.
    assert time[carla_criteria.blocked_at(time, speed)] == 190.0
    assert carla_criteria.blocked_at(time, np.where(time == 100.0, 0.1, speed)) is None


def test_route_ends_at_thirty_metres_or_thirty_percent():
    s, far = np.linspace(0.0, 100.0, 101), np.full(101, 500.0)
    assert carla_criteria.route_progress(s, np.full(101, 14.9), far, 100.0).deviated_step is None
    at = carla_criteria.route_progress(s, np.where(s >= 50, 30.0, 0.0), far, 100.0)
    assert at.deviated_step == 50 and at.completion[-1] == pytest.approx(0.49)
    # 15 m beside the route is beyond half of the limit: 31 % of the way out there end the route.
    assert carla_criteria.route_progress(s, np.where(s > 10, 15.0, 0.0), far, 100.0).deviated_step == 41
    # More than 99 % and nearer than 10 m: both.
    done = carla_criteria.route_progress(np.minimum(s, 99.0), 0 * s, 100.0 - s, 100.0)
    assert done.completed_step is None
    assert carla_criteria.route_progress(s, 0 * s, 100.0 - s, 100.0).completed_step == 100


def test_stop_sign_wants_a_stop_within_four_metres():
    to_line = np.array([10.0, 6.0, 3.0, 1.0, -1.0])
    assert carla_criteria.stop_infraction_at(to_line, np.array([5.0, 5.0, 0.09, 5.0, 5.0])) is None
    assert carla_criteria.stop_infraction_at(to_line, np.array([5.0, 5.0, 0.1, 5.0, 5.0])) == 4
    assert carla_criteria.stop_infraction_at(to_line, np.array([5.0, 0.0, 5.0, 5.0, 5.0])) == 4
    assert carla_criteria.stop_infraction_at(to_line[:4], np.full(4, 5.0)) is None


def test_outside_lanes_is_a_share_of_the_way_driven():
    off = np.array([0.0, 2.2, 2.3, 5.0])
    width, angle, junction = np.full(4, 3.5), np.array([0.0, 0.0, 0.0, 0.0]), np.zeros(4, bool)
    moved = np.array([0.0, 1.0, 2.0, 1.0])
    # Half a lane and 0.5 m is 2.25 m; leaderboard 1.0 allows 3.05 m.
    assert carla_criteria.outside_lanes_percent(off, width, angle, junction, moved) == pytest.approx(75.0)
    assert carla_criteria.outside_lanes_percent(off, width, angle, junction, moved, 1.3) == pytest.approx(25.0)
    inside = np.array([False, False, False, True])
    assert carla_criteria.outside_lanes_percent(off, width, angle, inside, moved) == pytest.approx(50.0)
    turned = np.deg2rad([0.0, 121.0, 119.0, 0.0])
    assert carla_criteria.outside_lanes_percent(0 * off, width, turned, junction, moved) == pytest.approx(25.0)


def test_minimum_speed_compares_means_on_each_part():
    completion = np.linspace(0.0, 1.0, 101)
    ego = np.where(completion < 0.5, 5.0, 10.0)
    traffic = np.full(101, 8.0)
    percents = carla_criteria.min_speed_percents(completion, ego, traffic, 4)
    # A part ends after more than a quarter; its last moment opens the next. 62.5 %, 62.5 and mixed, 125 %, 125 %.
    assert len(percents) == 4 and percents[0] == 62.5 and percents[3] == 125.0
    assert percents[1] == round(100 * (24 * 5 + 2 * 10) / 26 / 8.0, 2)
    assert (
        carla_criteria.min_speed_percents(completion[:60], ego[:60], traffic[:60], 4).tolist() == percents[:2].tolist()
    )
    assert carla_criteria.min_speed_percents(completion, ego, np.full(101, np.nan), 2).tolist() == [100.0, 100.0]


def test_time_runs_out_after_five_minutes_and_a_tenth_of_the_limit():
    time = np.arange(0.0, 700.0, 1.0)
    standing = carla_criteria.timed_out_at(time, np.zeros(700), np.full(700, 10.0))
    assert standing == 301
    # 100 m at a limit of 10 m/s give 100 s more.
    gained = np.minimum(time, 100.0)
    assert carla_criteria.timed_out_at(time, gained, np.full(700, 10.0)) == 401


TASK = DrivingTask(np.array([[0.0, 0.0], [300.0, 0.0]]), 100.0, 10.0, 15.0)


def street(num_steps=110, lead_mps=20.0, **rest):
    """The ego at 10 m/s on the lane at y = 0, another vehicle far ahead."""
    return worlds.straight([[0.0, 0.0], [60.0, 0.0]], [10.0, lead_mps], num_steps, **rest)


def test_a_clean_drive_is_perfect_but_for_its_pace():
    record = route_record(drive_of(street(), TASK), Protocol.LEADERBOARD_2_1)
    assert record is not None and record.reached and record.completion_percent == 100.0
    assert [event.percent for event in record.events] == [50.0] * 4
    got = measure(street(), TASK)
    assert got["carla_driving_score_1_0"].value == 100.0
    assert got["carla_driving_score_2_0"].value == pytest.approx(100.0 * 0.85**4)
    assert got["carla_driving_score_2_1"].value == pytest.approx(100.0 / 1.8)
    assert got["bench2drive_driving_score"].value == 100.0
    assert got["bench2drive_success"].value == 1.0
    assert got["bench2drive_efficiency"].value == pytest.approx(50.0)
    assert got["carla_driving_score_2_1"].reason == "Completed"
    assert route_record(drive_of(street(lead_mps=5.0), TASK), Protocol.LEADERBOARD_2_1).events == ()


def test_without_a_route_there_is_no_driving_score():
    got = measure(street(), None)
    for name in ("carla_driving_score_2_1", "bench2drive_success", "carla_route_completion"):
        assert got[name].value is None and not got[name].applicable and got[name].reason == "no route is known"


def test_infractions_of_a_drive_are_found_and_named():
    lane_map = worlds.two_lane_road()
    sign = RoadSign("halt", "stop", np.array([80.0, -4.0, 2.0]), np.pi)
    lane_map = replace(lane_map, signs=(sign, replace(sign, id="for_others", heading_rad=0.0)))
    red = SignalStates(("light",), np.full((120, 1), int(SignalState.RED)))
    walker = worlds.straight(
        [[0.0, 0.0], [50.0, 0.0]], [10.0, 0.0], 120, kinds=[ActorClass.CAR, ActorClass.PEDESTRIAN],
        sizes=[worlds.CAR, (0.6, 0.6, 1.8)], lane_map=lane_map, signals=red,
        events=[Event(9_000_000_000, "scenario_timeout"), Event(9_500_000_000, "yield_violation"),
                Event(11_900_000_000, "scenario_timeout")],
    )  # fmt: skip
    record = route_record(drive_of(walker, TASK), Protocol.LEADERBOARD_2_0)
    kinds = [event.kind for event in record.events]
    # The route ends at 99.1 m, before the last event; the walker's two dozen contact reports are one collision.
    assert kinds == [
        Infraction.RED_LIGHT, Infraction.COLLISION_PEDESTRIAN, Infraction.STOP, Infraction.SCENARIO_TIMEOUT,
        Infraction.YIELD_EMERGENCY,
    ]  # fmt: skip
    assert [event.kind for event in route_record(drive_of(walker, TASK), Protocol.LEADERBOARD_1_0).events] == kinds[:3]
    got = measure(walker, TASK)
    assert got["carla_infraction_penalty"].value == pytest.approx(1 / (1 + 0.4 + 1.0 + 0.25 + 0.4 + 0.4))
    assert got["carla_driving_score_1_0"].value == pytest.approx(100 * 0.7 * 0.5 * 0.8)


def test_leaving_the_route_ends_it():
    away = worlds.straight([[0.0, 0.0], [500.0, 0.0]], [10.0, 0.0], 100, yaws=[np.pi / 4, 0.0])
    record = route_record(drive_of(away, TASK), Protocol.LEADERBOARD_2_1)
    assert route_status(record) == "Failed - Agent deviated from the route"
    # 45 degrees: 30 m to the side after 30 m along.
    assert record.completion_percent == pytest.approx(29.7, abs=0.8)


def route(acceleration, yaw_rate, count=40):
    acc = np.stack([np.full(count, acceleration), np.zeros(count)], axis=-1)
    return bench2drive.Telemetry(
        acc, np.tile([1.0, 0.0], (count, 1)), np.tile([0.0, -1.0], (count, 1)), np.full(count, yaw_rate)
    )


def test_smoothness_compat_repeats_the_public_defects():
    gentle = route(1.0, 0.0)
    assert bench2drive.smoothness(gentle) == bench2drive.smoothness(gentle, compat=False) == 1.0
    # 0.5 rad/s is within 0.95 rad/s, but CARLA's 28.6 deg/s (unwrapped by whole turns of 2 pi rad: constant) is not.
    assert bench2drive.smoothness(route(1.0, 0.5), compat=False) == 1.0
    assert bench2drive.smoothness(route(1.0, 0.5)) == 0.0
    # The last 15 of 35 samples brake too hard: a rest of fewer than 20 is dropped there, kept here.
    hard = route(1.0, 0.0, 35)
    hard.acceleration_mps2[20:, 0] = 3.0
    assert bench2drive.smoothness(hard) == 1.0
    assert bench2drive.smoothness(hard, compat=False) == 0.0  # the step is a jerk in both windows when filtered whole
    # At most 20 samples: all or nothing.
    assert bench2drive.smoothness(route(2.39, 0.0, 20)) == 1.0
    assert bench2drive.smoothness(route(2.40, 0.0, 20)) == 0.0


def test_strict_yaw_acceleration_is_a_derivative():
    ramp = route(0.0, 0.0, 20)
    ramp.yaw_rate_radps[:] = np.linspace(-0.9, 0.9, 20) * 0.1
    fast = route(0.0, 0.0, 20)
    fast.yaw_rate_radps[:] = 0.4 * np.sin(np.arange(20) * 0.8)
    assert bench2drive.smoothness(ramp, compat=False) == 1.0
    # The rate stays under 0.4 rad/s, its derivative reaches 3 rad/s^2.
    assert bench2drive.smoothness(fast, compat=False) == 0.0


def test_smoothness_is_the_share_of_windows():
    mixed = route(1.0, 0.0, 60)
    mixed.acceleration_mps2[30:35, 0] = -6.0
    assert bench2drive.smoothness(mixed) == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="too few"):
        bench2drive.smoothness(route(1.0, 0.0, 2))


def paced(*percents, extra=(), reached=True):
    return RouteRecord("r", 100.0 if reached else 30.0, 1000.0,
                       events(*((Infraction.MIN_SPEED, p) for p in percents), *extra), reached)  # fmt: skip


def test_bench2drive_divides_by_220_whatever_was_run():
    records = [paced(80.0), paced(120.0, extra=(Infraction.STOP,)), paced(50.0, reached=False)]
    assert bench2drive.success_rate(records) == pytest.approx(1 / 220)
    assert bench2drive.success_rate(records, routes=3) == pytest.approx(1 / 3)
    assert bench2drive.driving_score(records) == pytest.approx((100 + 80 + 30) / 220)


def test_efficiency_is_a_mean_of_means_without_the_absurd():
    records = [paced(100.0, 300.0), paced(50.0, 1000.0, 1000.01), paced(), paced(5000.0)]
    assert bench2drive.efficiency_percent(records) == pytest.approx((200.0 + 525.0) / 2)
    assert math.isnan(bench2drive.efficiency_percent([paced()]))


def test_abilities_count_traffic_signs_twice_in_the_public_tool():
    routes = [
        bench2drive.AbilityRoute(paced(), "T_Junction", 10, 100),
        # Failed, but beyond the first junction (30 % > 18 %) without a red light.
        bench2drive.AbilityRoute(paced(reached=False), "SignalizedJunctionLeftTurn", 10, 100),
        bench2drive.AbilityRoute(paced(reached=False), "PedestrianCrossing", 25, 100),
        bench2drive.AbilityRoute(paced(), "InvadingTurn"),
        bench2drive.AbilityRoute(paced(), "Accident"),
    ]
    compat, strict = bench2drive.abilities(routes), bench2drive.abilities(routes, compat=False)
    assert compat["Traffic_Signs"] == pytest.approx(3 / 6) and strict["Traffic_Signs"] == pytest.approx(1 / 3)
    assert strict["Merging"] == 0.0 and strict["Emergency_Brake"] == 0.0 and strict["Give_Way"] == 1.0
    assert compat["mean"] == pytest.approx((1.0 + 0.0 + 0.0 + 1.0 + 0.5) / 5)
    assert {name: len(kinds) for name, kinds in bench2drive.ABILITIES.items()} == {
        "Overtaking": 9, "Merging": 16, "Emergency_Brake": 12, "Give_Way": 2, "Traffic_Signs": 19,
    }  # fmt: skip
