"""What an outsider hands in: arrays with gaps, records without the last flag, misspelt names. By hand throughout."""

import numpy as np
import pytest

from closed_loop.metrics import bench2drive, longitudinal, threats
from closed_loop.metrics.carla_score import (
    Infraction,
    InfractionEvent,
    Protocol,
    RouteRecord,
    infraction_penalty,
    route_score,
    route_status,
)
from closed_loop.metrics.catalogue import METRICS
from closed_loop.metrics.encounters import Track, conflict_area, encroachment, post_encroachment_s
from closed_loop.metrics.from_arrays import BoxTrack, LaneStrip, drive_from_arrays, rollout_from_arrays
from closed_loop.metrics.navsim.score import epdms, pdms
from closed_loop.metrics.published import neuro_ncap_score
from closed_loop.policies import rss
from closed_loop.rules import laws
from closed_loop.rules.parameters import RuleParameters
from closed_loop.statistics.paired_tests import e_value, sequential

TIME_S = 0.1 * np.arange(11)


def going(x0, speed, there=None, filler=np.nan):
    """A car along x; `filler` stands wherever it is not `there`."""
    center = np.stack([x0 + speed * TIME_S, 0 * TIME_S], axis=-1)
    yaw = np.zeros(11)
    if there is not None:
        center, yaw = np.where(there[:, None], center, filler), np.where(there, yaw, filler)
    return center, yaw


@pytest.mark.parametrize("filler", [np.nan, 0.0, -1e6])
def test_what_stands_outside_a_tracks_life_never_enters_a_speed(filler):
    """5 m/s in frames 0 to 3 and 7 to 9, alone in frame 5: 5 m/s, 5 m/s, 0. Differences across the gap: NaN or 10^7."""
    there = np.array([1, 1, 1, 1, 0, 1, 0, 1, 1, 1, 0], dtype=bool)
    center, yaw = going(30.0, 5.0, there, filler)
    ego, ego_yaw = going(0.0, 8.0)
    made = rollout_from_arrays(TIME_S, BoxTrack(ego, ego_yaw), [BoxTrack(center, yaw, valid=there)])
    speed = made.velocity_mps[:, 1, 0]
    assert speed[there].tolist() == pytest.approx([5.0] * 4 + [0.0] + [5.0] * 3)
    assert np.isnan(speed[~there]).all()
    assert made.acceleration_mps2[there, 1] == pytest.approx(0.0, abs=1e-9)
    assert made.yaw_rate_radps[there, 1] == pytest.approx(0.0, abs=1e-9)


def test_a_gap_does_not_spoil_the_turn_rate_after_it():
    """0.5 rad/s across pi, with one frame missing: unwrapping NaN would lose every later frame."""
    yaw = np.angle(np.exp(1j * (3.0 + 0.5 * TIME_S)))
    yaw[4] = np.nan
    center, heading = going(0.0, 8.0)
    made = rollout_from_arrays(TIME_S, BoxTrack(center, heading), [BoxTrack(center + np.array([30.0, 0.0]), yaw)])
    assert made.valid[:, 1].tolist() == [frame != 4 for frame in range(11)]
    assert np.delete(made.yaw_rate_radps[:, 1], 4) == pytest.approx(0.5)


def test_every_metric_and_rule_judges_a_drive_whose_actors_come_and_go():
    there = TIME_S > 0.45
    x = np.linspace(-50.0, 100.0, 31)
    lane = LaneStrip("lane", np.stack([x, 0 * x + 1.75], -1), np.stack([x, 0 * x - 1.75], -1), speed_limit_mps=10.0)
    late, never = going(30.0, 5.0, there), going(30.0, 5.0, np.zeros(11, dtype=bool))
    ego = BoxTrack(*going(0.0, 8.0))
    drive = drive_from_arrays(TIME_S, ego, [BoxTrack(*late, id="z"), BoxTrack(*never, id="a")], [lane])
    for name, metric in METRICS.items():
        value = metric.measure(drive)
        assert (value.value is None and value.reason) or np.isfinite(value.value), name
    # Front at 2.3 m + 8 m/s t, rear of the leader at 27.7 m + 5 m/s t: (25.4 - 3 x 1.0) m over 3 m/s.
    assert METRICS["min_longitudinal_time_to_collision"].measure(drive).value == pytest.approx(22.4 / 3.0)


def test_a_part_driven_faster_than_the_traffic_is_no_infraction():
    """50 % costs 0.15 in 2.0 and 0.2 in 2.1; 250 % would pay it back: 0.85 x 1.45 = 1.2325."""
    slow, fast = InfractionEvent(Infraction.MIN_SPEED, 50.0), InfractionEvent(Infraction.MIN_SPEED, 250.0)
    assert infraction_penalty([slow, fast], Protocol.LEADERBOARD_2_0) == pytest.approx(0.85)
    assert infraction_penalty([slow, fast], Protocol.LEADERBOARD_2_1) == pytest.approx(1 / 1.2)
    assert route_status(RouteRecord("r", 100.0, 1.0, (fast,))) == "Perfect"
    assert route_status(RouteRecord("r", 100.0, 1.0, (slow,))) == "Completed"


@pytest.mark.parametrize("kind", [Infraction.MIN_SPEED, Infraction.OUTSIDE_LANES])
def test_a_share_that_is_not_given_is_an_error_and_no_nan(kind):
    with pytest.raises(ValueError, match=f"{kind.value} of nan %"):
        infraction_penalty([InfractionEvent(kind)], Protocol.LEADERBOARD_2_1)


def test_a_route_driven_whole_is_reached_unless_something_ended_it():
    whole = RouteRecord("r", 100.0, 1000.0)
    blocked = RouteRecord("r", 100.0, 1000.0, (InfractionEvent(Infraction.BLOCKED),))
    assert [route_status(whole), bench2drive.succeeded(whole)] == ["Perfect", True]
    assert route_status(blocked) == "Failed - Agent got blocked"
    assert route_status(RouteRecord("r", 100.0, 1000.0, failure="Simulation crashed")).startswith("Failed")
    assert not bench2drive.succeeded(RouteRecord("r", 100.0, 1000.0, reached=False))
    assert not RouteRecord("r", 99.9, 1000.0).done
    assert route_score(blocked, Protocol.LEADERBOARD_2_1).composed == 100.0


def test_more_records_than_routes_are_no_rate_above_one():
    three = [RouteRecord(name, 100.0, 1000.0) for name in "abc"]
    for score in (bench2drive.driving_score, bench2drive.success_rate):
        with pytest.raises(ValueError, match="3 records for 2 routes"):
            score(three, routes=2)


def test_an_impact_that_doing_nothing_would_have_avoided_scores_nothing():
    assert [neuro_ncap_score(3.0, 0.0), neuro_ncap_score(None, 0.0)] == [0.0, 5.0]


def test_a_misspelt_or_forgotten_sub_score_is_an_error_and_no_pass():
    rest = {"ddc": 1.0, "tlc": 1.0, "ep": 1.0, "ttc": 1.0, "lk": 1.0, "hc": 1.0, "ec": 1.0}
    with pytest.raises(ValueError, match=r"NC; expected nc, dac"):
        epdms({**rest, "NC": 0.0, "dac": 1.0})
    with pytest.raises(ValueError, match="no dac"):
        epdms({**rest, "nc": 1.0})
    with pytest.raises(ValueError, match="no nc"):
        pdms({"dac": 1.0, "ttc": 1.0, "ep": 1.0, "c": 1.0})
    # Said to be inapplicable is another thing than forgotten.
    assert epdms({**rest, "nc": None, "dac": 1.0, "c": 0.0}).score == 1.0


def test_a_visit_between_two_moments_counts():
    """20 m/s at 2 Hz over a strip 1 m wide at 14.5 to 15.5 m.

    The front (2 m ahead) enters at 12.5 / 20 s, the rear leaves at 17.5 / 20 s. The boxes at 0.5 s (8 to 12 m) and at
    1.0 s (18 to 22 m) both miss the strip: judged by them alone the car was never there.
    """
    time = 0.5 * np.arange(6)
    car = Track(time, np.stack([20.0 * time, 0 * time], -1), 0 * time, np.array([4.0, 2.0]))
    # A walker with a square body of 1 m crosses x = 15 m at 1 m/s from y = -2.9 m: in the strip from 1.4 to 4.4 s.
    walk = 0.5 * np.arange(12)
    walker = Track(walk, np.stack([0 * walk + 15.0, walk - 2.9], -1), 0 * walk + np.pi / 2, np.array([1.0, 1.0]))
    area = conflict_area(car, walker)
    first, second = encroachment(car, area), encroachment(walker, area)
    assert first.enter_s == pytest.approx((14.5 - 2.0) / 20.0, abs=1e-4)
    assert first.exit_s == pytest.approx((15.5 + 2.0) / 20.0, abs=1e-4)
    assert second.enter_s == pytest.approx(1.4, abs=1e-4)
    assert post_encroachment_s(first, second) == pytest.approx(1.4 - 0.875, abs=1e-4)


def test_evidence_of_thousands_of_pairs_keeps_its_direction():
    """int_0^1 (1 - u)^n du = 1 / (n + 1): n better pairs are evidence against 'worse', however many they are.

    2^2000 in a float is infinite: the e-value of 1,034 better pairs would be too, and p 0 for a policy that is better.
    With one worse pair: 1 / (n + 1) + 1 / ((n + 1) (n + 2)). 2,000 worse ones are more than a float holds.
    """
    assert e_value(2000, 0) == pytest.approx(1 / 2001, rel=1e-12)
    assert e_value(2000, 1) == pytest.approx(1 / 2001 + 1 / (2001 * 2002), rel=1e-12)
    assert e_value(900, 1) == pytest.approx(1 / 901 + 1 / (901 * 902), rel=1e-9)
    assert e_value(0, 2000) == np.inf
    better = sequential([-1] * 2000)
    assert (better.e_max, better.stopped_at, better.p_value) == (1.0, None, 1.0)


def test_exposure_passes_over_what_is_unknown():
    """0.1 s each for 0 s, 1.5 s and exactly 2 s: TET 0.3 s, TIT 0.1 (2 + 0.5 + 0) = 0.25 s^2."""
    ttc = np.array([0.0, 1.5, 2.0, 2.0001, np.nan, np.inf])
    assert longitudinal.time_exposed_s(ttc, 0.1) == pytest.approx(0.3)
    assert longitudinal.time_integrated_s2(ttc, 0.1) == pytest.approx(0.25)


def test_boxes_that_touch_at_one_speed_need_no_braking_however_the_road_lies():
    """10 and 10 m/s, turned by -3.1 rad: the speeds differ by 10^-15 m/s, and 10^-30 / (2 x 0) is no demand."""
    faster = np.nextafter(10.0, 11.0)
    assert longitudinal.drac_mps2(0.0, faster, 10.0) == 0.0
    assert longitudinal.required_longitudinal_acceleration_mps2(0.0, 10.0 - faster, -3.0) == -3.0
    assert longitudinal.deceleration_to_safety_time_mps2(0.0, faster, 10.0) == 0.0
    assert longitudinal.drac_mps2(0.0, 10.1, 10.0) == np.inf


def test_one_lateral_rss_distance_for_metric_rule_and_policy():
    """The left one drifts right at 1 m/s, the right one flees right at 1 m/s.

    Left: 1.1 m in the response, 1.2^2 / 1.6 = 0.9 m of braking. Right: 0.9 m away in the response, still going away at
    0.8 m/s and so without braking: 0.1 + 2.0 - 0.9 = 1.2 m. Braking taken off whichever way it goes would give 0.8 m,
    the square as printed 1.6 m, and 7.1 m instead of 0.1 m from one who leaves at 3 m/s.
    """
    one = np.array([1.0])
    assert threats.rss_lateral_m(1.0, 1.0) == pytest.approx(1.2)
    assert laws.rss_lateral_m(-one, -one, RuleParameters()) == pytest.approx(1.2)
    assert rss.safe_lateral_m(one, -one, rss.RssDynamics(), rss.RssDynamics()) == pytest.approx(1.2)
    assert threats.rss_lateral_m(-3.0, 3.0) == pytest.approx(0.1)
    assert laws.rss_lateral_m(3.0 * one, -3.0 * one, RuleParameters()) == pytest.approx(0.1)
