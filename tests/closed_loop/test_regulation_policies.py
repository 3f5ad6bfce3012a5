"""The regulation's driver models as policies: they crash where the published models do, and drive on afterwards."""

from dataclasses import replace

import numpy as np
import pytest

from closed_loop.policies.regulation_driver import ReactiveDriver
from closed_loop.registry import make_policy
from closed_loop.regulation.grids import NUM_STEPS, START_LATERAL_M, CutInGrid, cut_in_crashes, sideways, steady
from closed_loop.regulation.models import MODELS
from closed_loop.regulation.play import LENGTH_M, WIDTH_M
from tests.closed_loop import worlds

BOX = (LENGTH_M, WIDTH_M, 1.5)
NAMES = {"CC": "careful_driver", "RSS": "rss_driver", "FSM": "fuzzy_safety", "Reg157": "reg157"}
# Distances with decimals: none stands on the edge of a threshold.
GRID = CutInGrid(
    ((130.0, 10.0), (130.0, 70.0), (90.0, 40.0), (70.0, 40.0)), np.arange(3.37, 110.0, 13.0), np.array([0.4, 1.3])
)


def look(ego_x, speed, other_x, other_y, other_v, other_vy, time, accel=None):
    """n worlds: an ego in the middle of the lane and one other vehicle each."""
    n = len(ego_x)
    one = worlds.observation([[0, 0], [0, 0]], [[0, 0], [0, 0]], sizes=[BOX, BOX], batch=n)
    position = np.zeros((n, 2, 3))
    position[:, 0, 0], position[:, 1, 0], position[:, 1, 1] = ego_x, other_x, other_y
    velocity = np.zeros((n, 2, 3))
    velocity[:, 0, 0], velocity[:, 1, 0], velocity[:, 1, 1] = speed, other_v, other_vy
    route = one.route_m.copy()
    route[..., 0] = (ego_x - 1.3)[:, None] + np.arange(101.0)
    acceleration = np.zeros((n, 2))
    if accel is not None:
        acceleration[:, 1] = accel
    return replace(
        one, position_m=position, velocity_mps=velocity, route_m=route, time_s=np.full(n, time),
        acceleration_mps2=acceleration, target_speed_mps=np.full(n, 60.0),
        route_speed_limit_mps=np.full((n, 101), np.nan),
    )  # fmt: skip


def drive_cut_ins(policy, lateral):
    """Plays the grid's cut-ins of one lateral speed with exact point-mass motion; who overlaps at a step."""
    ego = np.repeat([pair[0] / 3.6 for pair in GRID.pairs_kph], len(GRID.distances_m))
    other = np.repeat([pair[1] / 3.6 for pair in GRID.pairs_kph], len(GRID.distances_m))
    start = np.tile(GRID.distances_m, len(GRID.pairs_kph)) + LENGTH_M
    move = sideways(START_LATERAL_M + WIDTH_M, -lateral, ramp=True)
    x, v = steady(np.zeros_like(ego), ego, move.lead_in)[0].copy(), ego.copy()
    places = steady(start, other, move.lead_in)
    crash = np.zeros(len(ego), dtype=bool)
    policy.reset(len(ego))
    n = len(ego)
    for k in range(min(len(move.y_m) - 1, NUM_STEPS)):
        if (crash | (x > places[k] + LENGTH_M) | (v <= other)).all():
            break
        # The target is the present speed, as the grids' egos hold theirs.
        seen = look(x, v, places[k], np.full(n, move.y_m[k]), other, np.full(n, move.vy_mps[k]), 0.1 * k)
        command = policy.act(worlds_target(seen, v)).acceleration_mps2
        crash |= (np.abs(places[k] - x) < LENGTH_M) & (abs(move.y_m[k]) < WIDTH_M)
        v = np.maximum(v + 0.1 * command, 0.0)
        x = x + 0.1 * v
    return crash


def worlds_target(seen, speed):
    return replace(seen, target_speed_mps=speed.copy())


@pytest.mark.slow
@pytest.mark.parametrize("model", [m for m in MODELS if m.name != "CC"], ids=lambda m: m.name)
def test_a_policy_crashes_on_exactly_the_cut_ins_of_its_model(model):
    found = np.stack(
        [
            drive_cut_ins(
                make_policy(NAMES[model.name], {"keeping": {"keeps_distance": False, "recover_s": 1e9}}), float(lateral)
            )
            for lateral in GRID.lateral_mps
        ],
        axis=-1,
    )
    expected = cut_in_crashes(GRID, model).reshape(found.shape) > 0
    assert 5 < expected.sum() < expected.size - 5
    assert (found == expected).all()


def cc_case(gap, speed=20.0, lead=5.0, lateral=0.0, accel=0.0, time=0.0):
    return look(
        np.zeros(1), np.full(1, speed), np.full(1, gap + LENGTH_M), np.full(1, lateral), np.full(1, lead),
        np.zeros(1), time, np.full(1, accel),
    )  # fmt: skip


def timeline(name, seconds=3.0, **case):
    """Commands while the situation stays as it is."""
    policy = make_policy(name)
    policy.reset(1)
    return np.array(
        [policy.act(cc_case(**case, time=0.1 * k)).acceleration_mps2[0] for k in range(round(10 * seconds))]
    )


def test_the_careful_driver_waits_lifts_the_foot_and_then_presses():
    """0.75 s at 0.4 m/s^2, then 12.65 m/s^3 up to 0.774 g; one without reaction time brakes at once."""
    told = timeline("careful_driver", gap=25.0)
    assert told[:8] == pytest.approx(np.full(8, -0.4))
    assert told[8] == pytest.approx(-(0.4 + 1.265))
    assert told[-1] == pytest.approx(-0.774 * 9.81)


def test_the_careful_driver_minds_a_time_to_collision_of_two_seconds_and_no_more():
    assert timeline("careful_driver", gap=30.1, accel=0.0)[8] >= -1.0
    assert timeline("careful_driver", gap=29.9, accel=0.0)[8] < -1.5


def test_reg157_brakes_fully_after_035_s():
    told = timeline("reg157", gap=20.0)
    assert told[:4] == pytest.approx(np.zeros(4))
    assert told[4] == pytest.approx(-6.0)


def test_fuzzy_safety_brakes_no_harder_than_its_measures_ask():
    """At 20 m/s behind 15 m/s, 25 m ahead: CFS 0, PFS = (23 - 50.93) / (32.26 - 50.93) wait for 0.75 s, then 4 PFS."""
    safe, unsafe = 15 + 50 - 225 / 14 + 2, 15 + 400 / 12 - 225 / 14
    pfs = min(1.0, (23.0 - safe) / (unsafe - safe))
    told = timeline("fuzzy_safety", gap=25.0, lead=15.0)
    assert told[7] == 0.0 and told[-1] == pytest.approx(-4 * pfs)


def test_fuzzy_safety_listens_to_the_critical_measure_too():
    """At 20 m/s, 8 m behind 10 m/s CFS is 1: 6 m/s^2 are asked for. Without CFS it would be 4 at most."""
    assert timeline("fuzzy_safety", gap=8.0, lead=10.0)[-1] == pytest.approx(-6.0)


def test_rss_reacts_to_the_lateral_distance_too():
    """Close ahead but 3 m beside: only a model without the lateral condition brakes."""
    beside = timeline("rss_driver", gap=5.0, lead=10.0, lateral=1.9 + 1.2)
    within = timeline("rss_driver", gap=5.0, lead=10.0, lateral=1.9 + 0.5)
    assert beside.min() >= 0.0 and within.min() == pytest.approx(-0.774 * 9.81)


def test_a_standing_obstacle_is_reacted_to_before_the_time_to_collision_is_short():
    """At 20 m/s, 100 m ahead, 5 s away: judged as a cut-in it is settled; it stands and 1 m/s^2 does not suffice."""
    assert timeline("careful_driver", gap=100.0, lead=0.0)[-1] == pytest.approx(-0.774 * 9.81)
    assert timeline("careful_driver", gap=100.0, lead=10.0)[-1] >= -1.0


def test_the_driver_is_calm_again_after_a_while():
    policy = make_policy("reg157")
    policy.reset(1)
    for k in range(10):
        policy.act(cc_case(20.0, time=0.1 * k))
    after = [
        policy.act(cc_case(300.0, speed=10.0, lead=20.0, time=0.1 * k)).acceleration_mps2[0] for k in range(10, 30)
    ]
    assert after[:9] == pytest.approx(np.zeros(9)) and after[-1] == pytest.approx(1.0)
    again = [policy.act(cc_case(20.0, time=0.1 * k)).acceleration_mps2[0] for k in range(30, 36)]
    assert again[:4] == pytest.approx(np.zeros(4)) and again[4] == pytest.approx(-6.0)


def test_a_model_of_your_own_drives_too():
    driver = ReactiveDriver(MODELS[1], make_policy("rss_driver").parameters.keeping)
    assert driver.act(cc_case(5.0)).acceleration_mps2.shape == (1,)
