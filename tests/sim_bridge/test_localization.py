"""Positioning: errors have the laws that they claim, and the stated covariance is right."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chi2

from driving_data.environment import Environment
from driving_data.maps.lane_map import MapArea
from driving_data.positioning import exposure, gauss_markov, inside, wheel_slip
from scenarios.concrete import Ego, Feature, Place, RoadChoice
from sim_bridge.embedded.localization import gnss, odometry
from sim_bridge.embedded.localization.gnss import Receiver
from sim_bridge.embedded.localization.odometry import Odometer
from sim_bridge.embedded.localization.plan import PositioningPlan
from sim_bridge.embedded.options import EmbeddedOptions
from sim_bridge.embedded.session import EmbeddedSession
from sim_bridge.embedded.simulator import EmbeddedSimulator
from tests.sim_bridge.worlds import car, circle_map, scenario, simulator, straight_map

NO_BOXES = np.zeros((0, 5))
PLAN = PositioningPlan(0, 1.35, 1.0, 5.0, 10.0, 0.05, (float("inf"), float("inf")), NO_BOXES, NO_BOXES, 0.9)


def gnss_feature(**values):
    return Feature("positioning", "", values)


def fixes(plan, count, place=(0.0, 0.0, 0.0)):
    receiver = Receiver(plan)
    return [receiver.measure(0.1 * k, np.array(place), 0.3, 10.0) for k in range(count)]


def trace(seed, steps, speed=15.0, turn=0.0, friction=0.9, brake=0.0):
    """An odometer after so many steps of 0.1 s, with the true pose in `odom`."""
    odometer, x, y, psi = Odometer(replace(PLAN, seed=seed, friction=friction)), 0.0, 0.0, 0.0
    for _ in range(steps):
        odometer.advance(speed, turn * 0.1, brake, 0.1)
        x, y = x + speed * 0.1 * np.cos(psi + 0.05 * turn), y + speed * 0.1 * np.sin(psi + 0.05 * turn)
        psi += 0.1 * turn
    return odometer, np.array([x, y, psi])


def squared(error, covariance):
    return float(error @ np.linalg.solve(covariance, error))


# Satellites.


def test_fixes_lie_within_their_covariance_as_often_as_chi_square_says():
    draws = []
    for seed in range(400):
        fix = fixes(replace(PLAN, seed=seed), 1)[0]
        error = np.array([*fix.position_m, fix.heading_rad - 0.3, fix.speed_mps - 10.0])
        draws.append(squared(error, fix.covariance))
    for share in (0.5, 0.9, 0.99):
        found = np.mean(np.array(draws) < chi2(5).ppf(share))
        assert abs(found - share) < 4.0 * np.sqrt(share * (1 - share) / 400)


def test_bias_stays_over_a_scenario_and_is_bounded_over_days():
    """White noise alone would average out over ten seconds; a random walk would leave every bound."""
    means = [np.mean([f.position_m[0] for f in fixes(replace(PLAN, seed=s), 100)]) for s in range(60)]
    assert np.std(means) == pytest.approx(np.sqrt(0.8), rel=0.3), "white noise would leave 0.1"
    value, far = np.zeros(2000), []
    rng = np.random.default_rng(0)
    for k in range(400):
        value = gauss_markov(value, rng.standard_normal(2000), 0.25, k == 0)
        far.append(value.std())
    assert max(far) < 1.1 and min(far) > 0.9


def test_correlation_of_the_bias_falls_with_its_time():
    rng = np.random.default_rng(1)
    value, first = np.zeros(20_000), None
    for k in range(11):
        value = gauss_markov(value, rng.standard_normal(20_000), 0.1, k == 0)
        first = value if k == 0 else first
    assert np.corrcoef(first, value)[0, 1] == pytest.approx(np.exp(-1.0), abs=0.02)


def test_allan_deviation_of_fixes_is_white_at_first_and_flattens():
    """The part of the noise falls with the square root of the averaging time, the slow bias does not."""
    plan = replace(PLAN, rate_hz=1.0)
    receiver = Receiver(plan)
    east = np.array([receiver.measure(float(k), np.zeros(3), 0.0, 0.0).position_m[0] for k in range(4000)])

    def allan(count):
        means = east[: len(east) // count * count].reshape(-1, count).mean(axis=1)
        return np.sqrt(0.5 * np.mean(np.diff(means) ** 2))

    assert allan(1) == pytest.approx(np.sqrt(0.2), rel=0.08)
    assert allan(4) == pytest.approx(np.sqrt(0.2 / 4), rel=0.12)
    assert allan(200) > 2.5 * np.sqrt(0.2 / 200), "white noise alone would go on falling"


def test_up_is_worse_than_east():
    errors = np.array([fixes(replace(PLAN, seed=s), 1)[0].position_m for s in range(500)])
    assert errors[:, 2].std() / errors[:, 0].std() == pytest.approx(1.6, rel=0.15)


def test_buildings_add_multipath_and_the_receiver_says_so():
    walls = np.array([[0.0, 10.0, 0.0, 200.0, 6.0], [0.0, -10.0, 0.0, 200.0, 6.0]])
    assert exposure(np.zeros(2), NO_BOXES) == 0.0 and exposure(np.array([0.0, 200.0]), walls) == 0.0
    hidden = exposure(np.zeros(2), walls)
    assert hidden == pytest.approx(14 / 16)
    town = replace(PLAN, obstacles=walls)
    errors = np.array([fixes(replace(town, seed=s), 1)[0].position_m[0] for s in range(400)])
    assert errors.std() == pytest.approx(np.hypot(1.0, 5.0 * hidden), rel=0.12)
    assert fixes(town, 1)[0].covariance[0, 0] == pytest.approx(1.0 + (5.0 * hidden) ** 2)
    one = np.array([f.position_m[0] for f in fixes(town, 200)])
    assert np.corrcoef(one[1:], one[:-1])[0, 1] > 0.8, "reflections last for seconds"


def test_places_in_turned_boxes():
    box = np.array([[10.0, 0.0, np.pi / 4, 10.0, 2.0]])
    assert inside(np.array([13.0, 3.0]), box) and not inside(np.array([13.0, -3.0]), box)


# Wheels and gyro.


def test_drift_lies_within_its_covariance_as_often_as_chi_square_says():
    draws = []
    for seed in range(150):
        odometer, truth = trace(seed, 50, turn=0.05)
        draws.append(squared(odometer.pose - truth, odometer.covariance[:3, :3]))
    for share in (0.5, 0.9, 0.99):
        found = np.mean(np.array(draws) < chi2(3).ppf(share))
        assert abs(found - share) < 4.0 * np.sqrt(share * (1 - share) / 150)


def test_drift_grows_as_predicted():
    """Along the road with the way (radius error), across it with the square of time (gyro bias), not with its root."""
    ends = {n: np.array([np.subtract(*_pose_and_truth(s, n)) for s in range(70)]) for n in (40, 160)}
    spread = {n: e.std(axis=0) for n, e in ends.items()}
    for n in (40, 160):
        predicted = np.sqrt(np.diag(trace(0, n)[0].covariance)[:3])
        assert spread[n] == pytest.approx(predicted, rel=0.3)
    assert spread[160][0] / spread[40][0] == pytest.approx(4.0, rel=0.3)
    assert 8.0 < spread[160][1] / spread[40][1] < 17.0, "noise alone would give 8 at most"


def _pose_and_truth(seed, steps):
    odometer, truth = trace(seed, steps)
    return odometer.pose, truth


def test_odom_is_smooth_where_fixes_jump():
    session = open_session(features=(gnss_feature(accuracy=3.0),))
    poses, places = [], []
    for _ in range(80):
        where = session.run(1, "constant_speed").localization
        poses.append(where.odom_position_m[0])
        places.append(where.position_m[0, :2])
    steps = np.linalg.norm(np.diff(poses, axis=0), axis=1)
    assert np.abs(steps - 1.5).max() < 0.03
    assert np.abs(np.linalg.norm(np.diff(places, axis=0), axis=1) - 1.5).max() > 1.0


def test_wheels_slip_more_on_ice():
    assert wheel_slip(0.0, 0.9) == 0.0 and wheel_slip(-3.0, 0.9) < 0.0 < wheel_slip(3.0, 0.9)
    assert wheel_slip(-1.5, 0.2) < 10.0 * wheel_slip(-1.5, 0.9) < 0.0
    assert wheel_slip(-50.0, 0.2) == pytest.approx(-0.98) and wheel_slip(0.45 * 9.80665, 0.9) == pytest.approx(0.02)
    dry, ice = (trace(1, 50, friction=f, brake=-1.5)[0].pose[0] for f in (0.9, 0.2))
    assert ice < 0.97 * dry


# In a session.


def open_session(count=1, seed=4, options=None, lane_map=None, **changes) -> EmbeddedSession:
    wanted = scenario(**{"duration_s": 12.0, **changes})
    return simulator(lane_map, options).open([wanted] * count, [seed + k for k in range(count)])


def test_only_worlds_that_ask_are_told():
    assert open_session().run(3, "constant_speed").localization is None
    assert open_session(options=EmbeddedOptions(localizes=True)).run(3, "constant_speed").localization is not None
    mixed = simulator().open([scenario(), scenario(features=(gnss_feature(),))], [1, 1])
    where = mixed.run(3, "constant_speed").localization
    assert where.valid.tolist() == [False, True] and np.isnan(where.position_m[0]).all()
    assert np.isnan(where.odom_position_m[0]).all() and np.isfinite(where.odom_position_m[1]).all()


def test_a_fix_tells_of_the_rear_axle_and_comes_late():
    exact = gnss_feature(accuracy=0.0, latency=0.3, rate=10.0)
    session = open_session(features=(exact,), ego=Ego(Place("middle", 50.0), 15.0, 15.0, 900.0))
    first = session.run(1, "constant_speed").localization
    assert not first.valid[0], "the first fix is on its way"
    where = session.run(19, "constant_speed").localization
    assert where.fix_time_s[0] == pytest.approx(1.7)
    assert where.position_m[0] == pytest.approx([50.0 - 1.35 + 15.0 * 1.7, 0.0, 0.0], abs=0.02)


def test_slow_fixes_stay_until_the_next():
    session = open_session(features=(gnss_feature(rate=2.0, latency=0.0),))
    times = [float(session.run(1, "constant_speed").localization.fix_time_s[0]) for _ in range(12)]
    assert times == pytest.approx([0, 0, 0, 0, 0.5, 0.5, 0.5, 0.5, 0.5, 1.0, 1.0, 1.0])


def test_an_outage_and_a_tunnel_leave_dead_reckoning_only():
    outage = open_session(features=(gnss_feature(outage_from=1.0, outage=2.0, latency=0.0),))
    valid = [bool(outage.run(1, "constant_speed").localization.valid[0]) for _ in range(50)]
    assert valid == [not 10 <= k + 1 < 30 for k in range(50)]
    tunnel = Feature("structures", "t", {"kind": "tunnel", "on": "middle", "from": 70.0, "to": 100.0})
    session = open_session(
        features=(gnss_feature(latency=0.0), tunnel), ego=Ego(Place("middle", 50.0), 15.0, 15.0, 900.0)
    )
    seen, dead = [], []
    for _ in range(50):
        where = session.run(1, "constant_speed").localization
        seen.append(bool(where.valid[0]))
        dead.append(where.odom_position_m[0, 0])
    rear = 48.65 + 1.5 * np.arange(1, 51)
    assert seen == [not 70.0 <= x <= 100.0 for x in rear]
    assert dead[-1] == pytest.approx(75.0, rel=0.03), "the wheels go on counting"


def test_tunnels_of_the_map_count_too():
    corners = [(70.0, 6.0), (85.0, 6.0), (100.0, 6.0), (100.0, -6.0), (85.0, -6.0), (70.0, -6.0)]
    tube = MapArea("t", "tunnel", np.array([(x, y, 0.0) for x, y in corners]))
    session = open_session(
        features=(gnss_feature(latency=0.0),), lane_map=replace(straight_map(), areas=(tube,)),
        ego=Ego(Place("middle", 50.0), 15.0, 15.0, 900.0),
    )  # fmt: skip
    seen = [bool(session.run(1, "constant_speed").localization.valid[0]) for _ in range(40)]
    assert seen == [not 70.0 <= 48.65 + 1.5 * k <= 100.0 for k in range(1, 41)]


def test_the_tunnel_archetype_hides_the_satellites():
    base = scenario(features=(gnss_feature(latency=0.0),), ego=Ego(Place("main.1", 190.0), 20.0, 20.0, 500.0))
    wanted = replace(base, road=RoadChoice("tunnel", {"tunnel_length_m": 50.0}), duration_s=8.0)
    session = EmbeddedSimulator().open([wanted], [0])
    seen = [bool(session.run(1, "constant_speed").localization.valid[0]) for _ in range(60)]
    assert seen == [not 200.0 <= 188.65 + 2.0 * k <= 250.0 for k in range(1, 61)]


def test_odom_turns_with_the_road():
    session = open_session(
        features=(gnss_feature(),), lane_map=circle_map(50.0), ego=Ego(Place("middle", 5.0), 8.0, 8.0, 200.0)
    )
    where = None
    for _ in range(100):
        seen = session.run(1, "idm_lane_follow")
        where = seen.localization
    rollout = session.rollouts()[0]
    start, end = rollout.world_from_ego()[0], rollout.world_from_ego()[-1]
    moved = start.inverse() @ end
    assert abs(moved.yaw_rad()) > 1.0
    spread = np.sqrt(np.diag(where.odom_covariance[0]))
    assert np.abs(where.odom_position_m[0] - moved.translation_m[:2]).max() < 5.0 * spread[:2].max() + 0.3
    assert abs(where.odom_heading_rad[0] - float(moved.yaw_rad())) < 5.0 * spread[2]


def test_same_seed_same_errors_whatever_the_batch_and_the_steps():
    features = (gnss_feature(),)
    one = open_session(features=features)
    for _ in range(30):
        alone = one.run(1, "constant_speed").localization
    many = open_session(3, seed=3, features=features, options=EmbeddedOptions(num_threads=2))
    together = many.run(30, "constant_speed").localization
    for name in ("position_m", "odom_position_m", "covariance", "wheel_speed_mps", "yaw_rate_radps"):
        assert np.array_equal(getattr(alone, name)[0], getattr(together, name)[1])
        if name != "covariance":
            assert not np.array_equal(getattr(together, name)[0], getattr(together, name)[1])
    one.reset()
    assert np.array_equal(one.run(30, "constant_speed").localization.position_m, alone.position_m)


def test_the_ego_drives_the_same_with_and_without():
    plain, told = open_session(), open_session(features=(gnss_feature(),))
    for session in (plain, told):
        session.run(30, "idm_lane_follow")
    assert np.array_equal(
        plain.rollouts()[0].world_from_actor.translation_m, told.rollouts()[0].world_from_actor.translation_m
    )


def test_a_replayed_log_measures_where_the_options_ask():
    from sim_bridge.replay.simulator import ReplaySimulator

    session = simulator().open([scenario(car("a", 90.0, 12.0))], [0])
    session.run(30, "idm_lane_follow")
    log = session.rollouts()[0]
    replayed = ReplaySimulator(options=EmbeddedOptions(localizes=True)).open_rollouts([log])
    where = replayed.run(10, "idm_lane_follow").localization
    assert where.valid[0] and np.isfinite(where.position_m).all()


def test_sources_hold_their_numbers():
    assert gnss.BIAS_TIME_S == 1800.0 and pytest.approx(np.deg2rad(0.014)) == odometry.GYRO_NOISE
    assert Environment().road_friction == 0.9
