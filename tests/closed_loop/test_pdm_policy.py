"""The proposal planner: its parts by hand and against slow twins, and what lesser planners would do."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closed_loop.metrics.boxes import overlap_m
from closed_loop.policies.corridor import places_on_route
from closed_loop.policies.pdm import pdm_kernels as kernels
from closed_loop.policies.pdm.drivable import lane_grid, route_lanes
from closed_loop.policies.pdm.parameters import EmergencyBrake, PdmIdm, PdmParameters
from closed_loop.policies.pdm.policy import PdmClosedPolicy, judged, propose
from closed_loop.policies.pdm.score import crowd_of, direction_score, map_flags, progress_share
from closed_loop.registry import make_policy
from closed_loop.tracking import ego_state
from driving_data.maps.lane_map import LaneMap
from driving_data.taxonomy import ActorClass, SignalState
from tests.closed_loop import worlds
from tests.effort import examples

IDM = np.array([1.0, 1.5, 1.5, 3.0, 10.0])


def act(seen, **parameters):
    control = PdmClosedPolicy(PdmParameters(**parameters)).act(seen)
    return float(control.acceleration_mps2[0]), float(control.steering_rad[0])


def scores_of(seen):
    crowd, parameters = crowd_of(seen), PdmParameters()
    return judged(seen, ego_state(seen), crowd, propose(seen, crowd, parameters), parameters)


def cars(places, velocities, **rest):
    return worlds.observation(places, velocities, **rest)


def test_car_following_has_delta_10():
    """At 10 of 15 m/s a (1 - (2/3)^10) = 1.474; with delta 4 it would be 1.204."""
    assert kernels.follow(10.0, 15.0, np.inf, 0.0, IDM) == pytest.approx(1.5 * (1 - (2 / 3) ** 10))
    wish = 1 + 15 + 10 * 5 / (2 * np.sqrt(4.5))
    near = 1.5 * (1 - (2 / 3) ** 10 - (wish / 60) ** 2)
    assert kernels.follow(10.0, 15.0, 60.0, 5.0, IDM) == pytest.approx(near)
    assert kernels.follow(10.0, 15.0, 5.0, 0.0, IDM) == -3.0
    assert kernels.follow(0.0, 15.0, 0.2, 0.0, IDM) == pytest.approx(0.0)


def test_there_are_fifteen_proposals_of_eight_seconds():
    seen = cars([[0, 0]], [[10, 0]], limit_mps=14.0)
    made = propose(seen, crowd_of(seen), PdmParameters())
    assert made.shape == (1, 15, 81, 3)
    assert made[0, ::5, 0, 1] == pytest.approx([0.0, 1.0, -1.0])
    assert made[0, :, 0, 0] == pytest.approx(np.full(15, -1.3))
    first = (made[0, 4, 1, 0] - made[0, 4, 0, 0]) / 0.1
    assert first == pytest.approx(10 + 0.1 * 1.5 * (1 - (10 / 14) ** 10))
    ends = (made[0, :5, 80, 0] - made[0, :5, 79, 0]) / 0.1
    assert ends == pytest.approx([2.8, 5.6, 8.4, 11.2, 14.0], abs=0.35)


def test_the_limit_falls_back_to_15_and_is_never_over_the_target():
    unknown = cars([[0, 0]], [[14.9, 0]], limit_mps=np.nan, target_mps=40.0)
    made = propose(unknown, crowd_of(unknown), PdmParameters())
    assert (made[0, 4, 80, 0] - made[0, 4, 79, 0]) / 0.1 == pytest.approx(15.0, abs=0.1)
    asked = cars([[0, 0]], [[9.9, 0]], limit_mps=30.0, target_mps=10.0)
    made = propose(asked, crowd_of(asked), PdmParameters())
    assert (made[0, 4, 80, 0] - made[0, 4, 79, 0]) / 0.1 == pytest.approx(10.0, abs=0.1)


def test_a_red_light_is_a_standing_leader():
    red = cars([[0, 0]], [[10, 0]], signal_m=40.0, signal=SignalState.RED)
    green = cars([[0, 0]], [[10, 0]], signal_m=40.0, signal=SignalState.GREEN)
    ends = [propose(seen, crowd_of(seen), PdmParameters())[0, 4, 80, 0] for seen in (red, green)]
    # The front is 2 m ahead of the centre, the stop line 40 m ahead of the front.
    assert ends[0] + 1.3 + 2.0 < 42.0 < ends[1]


def test_the_score_is_multipliers_times_the_weighted_mean():
    seen = cars([[0, 0], [40, 0.5]], [[10, 0], [4, 0]])
    s = scores_of(seen)
    mean = (5 * s.progress + 5 * s.time_to_collision + 2 * s.comfort) / 12
    assert s.total == pytest.approx(s.no_collision * s.on_road * s.direction * mean)
    assert 0 < s.total.max() <= 1.0


def test_a_car_at_the_kerb_is_passed_on_the_far_side():
    """It blocks the middle and the right: without offsets the ego would have to stop behind it."""
    seen = cars([[0, 0], [30, -1.9]], [[10, 0], [0, 0]], limit_mps=10.0, target_mps=10.0)
    s = scores_of(seen)
    assert np.argmax(s.total[0]) // 5 == 1
    with_offsets, without = act(seen), act(seen, offsets_m=(0.0,))
    assert with_offsets[1] > 0.005 and abs(without[1]) < 1e-6
    assert with_offsets[0] > without[0] + 0.3


def test_the_emergency_brake():
    """At 4.9 m/s, 3 m behind a standing car, every proposal hits it: 4.05 m/s^2; without it car following's 3."""
    near = cars([[0, 0], [7, 0]], [[4.9, 0], [0, 0]])
    assert act(near)[0] == pytest.approx(-4.05)
    assert act(near, emergency=EmergencyBrake(enabled=False))[0] > -3.3
    fast = cars([[0, 0], [8, 0]], [[5.1, 0], [0, 0]])
    assert act(fast)[0] != pytest.approx(-4.05)
    assert act(fast, emergency=EmergencyBrake(max_speed_mps=6.0))[0] == pytest.approx(-4.05)
    later = cars([[0, 0], [14, 0]], [[4.9, 0], [0, 0]])
    assert act(later)[0] > -4.0


def test_leaving_the_road_and_driving_against_the_traffic_count():
    road = worlds.two_lane_road()
    seen = replace(cars([[0, 0]], [[10, 0]]), lane_maps=(road,), routes=("main",))
    s = scores_of(seen)
    # The lane is 3.5 m wide: 1 m to the right a 2 m wide car is off the road, to the left it is in the other lane.
    assert (s.on_road[0].reshape(3, 5) == np.array([[1], [1], [0]])).all()
    wrong = replace(cars([[0, 3.5]], [[10, 0]]), lane_maps=(road,), routes=("main",))
    # At 2.8 m/s less than 6 m are driven in the second, but more than 2.
    fast = scores_of(wrong).direction[0].reshape(3, 5)
    assert (fast[0] == 0.0).all()
    assert scores_of(replace(wrong, lane_maps=(None,))).direction.min() == 1.0


def test_driving_direction_has_three_steps():
    ego = np.zeros((1, 3, 21, 4))
    for q, speed in enumerate((1.9, 5.0, 7.0)):
        ego[0, q, :, 0] = 0.1 * speed * np.arange(21)
    assert direction_score(ego, np.ones((1, 3, 21), dtype=np.int64), 10)[0].tolist() == [1.0, 0.5, 0.0]
    assert direction_score(ego, np.zeros((1, 3, 21), dtype=np.int64), 10)[0].tolist() == [1.0, 1.0, 1.0]


def test_progress_is_relative_to_the_best_that_breaks_no_rule():
    gained, multiplier = np.array([[10.0, 20.0, 40.0]]), np.array([[1.0, 1.0, 0.0]])
    assert progress_share(gained, multiplier, 0.1)[0] == pytest.approx([0.5, 1.0, 1.0])
    assert progress_share(0.001 * gained, multiplier, 0.1)[0].tolist() == [1.0, 1.0, 0.0]


def contact(ego_speed, place, velocity, kind=ActorClass.CAR, yaw=0.0, flag=0, steps=41):
    """Scores of one straight roll-out from the origin against one actor."""
    ego = np.zeros((1, 1, steps, 4))
    ego[..., 0], ego[..., 3] = 0.1 * ego_speed * np.arange(steps), ego_speed
    row = np.array([[[*place, yaw, *velocity, 4.0, 2.0]]])
    agent = np.array([[kind is not ActorClass.CONE]])
    flags = np.full((1, 1, steps, 2), flag, dtype=np.int64)
    nc, ttc, hit = np.empty((1, 1)), np.empty((1, 1)), np.empty((1, 1))
    kernels.contacts(
        ego, np.array([[4.0, 2.0]]), np.array([1.3]), row, np.ones((1, 1), dtype=bool), agent, flags, 0.1, nc, ttc, hit
    )
    return float(nc[0, 0]), float(ttc[0, 0]), float(hit[0, 0])


def test_whose_fault_a_contact_is():
    ahead = contact(10.0, (20.0, 0.0), (0.0, 0.0))
    assert ahead == (0.0, 0.0, pytest.approx(1.6))
    assert contact(10.0, (20.0, 0.0), (0.0, 0.0), ActorClass.CONE)[0] == 0.5
    assert contact(0.0, (-10.0, 0.0), (10.0, 0.0))[0] == 1.0  # the ego stands
    assert contact(5.0, (-10.0, 0.0), (12.0, 0.0))[0] == 1.0  # hit from behind
    beside = ((-1.0, 4.0), (10.0, -2.0))
    assert contact(10.0, *beside)[0] == 1.0  # somebody comes into the ego's lane
    assert contact(10.0, *beside, flag=1)[0] == 0.0  # the ego was in two lanes
    assert contact(10.0, (1.0, 0.5), (0.0, 0.0))[0] == 1.0  # touched at the start


def test_time_to_collision_looks_ninehundred_milliseconds_on():
    # 20 m/s behind 10 m/s from 49.5 m: in the 3 s that are looked at, and 0.9 s more, 39 m of the gap are gone.
    assert contact(20.0, (53.0, 0.0), (10.0, 0.0))[1] == 1.0
    assert contact(20.0, (42.5, 0.0), (10.0, 0.0))[1] == 0.0
    # Beside in the next lane nothing is near, unless the ego is in two lanes and the way is crossed.
    assert contact(10.0, (-1.0, 5.0), (10.0, -4.0), steps=10)[1] == 1.0
    assert contact(10.0, (-1.0, 5.0), (10.0, -4.0), flag=1, steps=10)[1] == 0.0


@settings(max_examples=examples(100), deadline=None)
@given(
    x=st.floats(-8, 8), y=st.floats(-8, 8), a=st.floats(-3.1, 3.1), b=st.floats(-3.1, 3.1), length=st.floats(0.5, 6),
    w=st.floats(0.5, 3),
)  # fmt: skip
def test_the_kernel_finds_the_overlaps_that_the_metric_finds(x, y, a, b, length, w):
    depth = overlap_m(
        np.zeros((1, 2)),
        np.array([a]),
        np.array([[4.6, 1.9]]),
        np.array([[x, y]]),
        np.array([b]),
        np.array([[length, w]]),
    )[0]
    if abs(depth) < 1e-9:
        return
    got = kernels.overlap(0.0, 0.0, np.cos(a), np.sin(a), 2.3, 0.95, x, y, np.cos(b), np.sin(b), 0.5 * length, 0.5 * w)
    assert got == (depth > 0)


@settings(max_examples=examples(60), deadline=None)
@given(x=st.floats(-40, 120), y=st.floats(-30, 60), bend=st.floats(-0.02, 0.02))
def test_the_kernel_places_points_as_the_corridor_does(x, y, bend):
    heading = bend * np.arange(80)
    route = np.concatenate([np.zeros((1, 2)), np.cumsum(np.stack([np.cos(heading), np.sin(heading)], -1), 0)])
    pieces = np.empty((80, 6))
    kernels.pieces_of(route, pieces)
    s, d, _ = kernels.place_on_route(x, y, pieces)
    s2, d2, _ = places_on_route(np.array([[[x, y]]]), route[None])
    assert np.hypot(s, d) == pytest.approx(np.hypot(s2[0, 0], d2[0, 0]), abs=1e-6)
    assert abs(d) == pytest.approx(abs(d2[0, 0]), abs=1e-6)


@settings(max_examples=examples(60), deadline=None)
@given(x=st.floats(-60, 320), y=st.floats(-8, 12), yaw=st.floats(-0.5, 0.5))
def test_the_grid_knows_the_road_as_its_polygons_do(x, y, yaw):
    from shapely.geometry import Point, box

    road = worlds.two_lane_road()
    ego = np.array([[[[x, y, yaw, 5.0]]]])
    seen = replace(cars([[x, y]], [[5, 0]], yaw_rad=[yaw]), lane_maps=(road,), routes=("main",))
    flags = map_flags(seen, ego, np.array([[4.0, 2.0]]))[0, 0, 0]
    drivable = box(-50, -1.75, 300, 5.25)
    forward, left = np.array([np.cos(yaw), np.sin(yaw)]), np.array([-np.sin(yaw), np.cos(yaw)])
    corners = [np.array([x, y]) + 2 * i * forward + j * left for i in (1, -1) for j in (1, -1)]
    near = min(drivable.exterior.distance(Point(c)) for c in [*corners, (x, y)])
    if near < 1e-6 or abs(y - 1.75) < 1e-6 or min(abs(c[1] - 1.75) for c in corners) < 1e-6:
        return
    assert flags[2] == (not all(drivable.contains(Point(c)) for c in corners))
    east = box(-50, -1.75, 300, 1.75)
    assert flags[3] == (not east.contains(Point(x, y)))
    one = any(all(lane.contains(Point(c)) for c in [*corners, (x, y)]) for lane in (east, box(-50, 1.75, 300, 5.25)))
    assert flags[0] == (not one)


def test_maps_without_lanes_and_routes_without_names_forbid_nothing():
    assert lane_grid(LaneMap(())) is None
    assert route_lanes(worlds.two_lane_road(), "").all()
    assert route_lanes(worlds.two_lane_road(), "main").tolist() == [True, False]


def test_curvatures_of_plans_solve_the_dense_equations():
    from closed_loop.tracking import LqrParameters, Trajectory, profiles

    rng = np.random.default_rng(4)
    yaw = np.cumsum(rng.normal(0, 0.02, (3, 30)), axis=1)
    speed = rng.uniform(3, 12, (3, 30))
    step = 0.1 * speed[..., None] * np.stack([np.cos(yaw), np.sin(yaw)], axis=-1)
    plan = Trajectory(np.cumsum(step, axis=1), yaw, 0.1)
    fitted, curvature = profiles(plan)
    for b in range(3):
        integrate = np.tri(29) * (fitted[b] * 0.01)[:, None]
        integrate[:, 0] = fitted[b] * 0.1
        weight = np.full(29, LqrParameters().curvature_rate_penalty)
        weight[0] = 1e-10
        fit = np.linalg.solve(integrate.T @ integrate + np.diag(weight), integrate.T @ np.diff(yaw[b]))
        assert curvature[b] == pytest.approx(np.cumsum(np.concatenate([fit[:1], 0.1 * fit[1:]])), abs=1e-8)


def test_parameters_are_checked():
    policy = make_policy("pdm_closed", {"idm": {"exponent": 4.0}, "offsets_m": [0.0]})
    assert policy.parameters.idm == PdmIdm(exponent=4.0) and policy.parameters.offsets_m == (0.0,)
    with pytest.raises(ValueError, match="rollout_s"):
        PdmParameters(rollout_s=9.0)


@pytest.mark.slow
def test_no_batch_changes_a_byte():
    from closed_loop.suites.run import run_rollouts
    from closed_loop.suites.suite import library_suite
    from sim_bridge.embedded.simulator import EmbeddedSimulator

    drawn = library_suite("few", ("cut_in", "roundabout_entry"), 2, 11).scenarios
    scenarios = [replace(scenario, duration_s=3.0) for scenario in drawn]
    together = run_rollouts(make_policy("pdm_closed"), EmbeddedSimulator(), scenarios)
    for scenario, rollout in zip(scenarios[::3], together[::3], strict=True):
        alone = run_rollouts(make_policy("pdm_closed"), EmbeddedSimulator(), [scenario])[0]
        assert alone.world_from_actor.translation_m.tobytes() == rollout.world_from_actor.translation_m.tobytes()
