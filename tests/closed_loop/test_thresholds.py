"""Thresholds as parameters: what they change, what they do not, what is refused."""

import numpy as np
import pytest

from closed_loop.metrics.catalogue import METRICS, metrics_named
from closed_loop.metrics.drive import drive_of
from closed_loop.metrics.thresholds import PUBLISHED, Thresholds, published, thresholds_of
from closed_loop.registry import make_policy
from closed_loop.suites.episodes import episode_key
from closed_loop.suites.run import run_suite
from closed_loop.suites.suite import Suite
from driving_data.checked import Written
from driving_data.errors import InputError
from driving_data.taxonomy import ActorClass
from roadloom.config import load_pipeline
from roadloom.suites import read_suite
from tests.closed_loop import worlds


def measured(name, drive, thresholds=PUBLISHED):
    (metric,) = metrics_named([name], thresholds)
    return metric.measure(drive).value


def test_nothing_changed_is_the_published_definition():
    assert all(PUBLISHED.applied(metric) is metric for metric in METRICS.values())
    assert thresholds_of(Written({})) == PUBLISHED
    known = published()
    assert known["rules"]["reaction_s"] == 0.3 and known["constants"]["least_ttc_s"] == 1.5
    assert known["rss_pedestrian"]["response_s"] == 0.5 and known["rss_vehicle"]["response_s"] == 1.0
    same = thresholds_of(Written({"rss_pedestrian": {"response_s": 0.5}}))
    drive = drive_of(worlds.straight([[0.0, 0.0], [25.0, 0.0]], [10.0, 8.0]))
    assert measured("rss_dangerous_share", drive, same) == measured("rss_dangerous_share", drive)


def test_a_rule_judges_by_the_constant_and_the_parameter_that_were_set():
    """Closing 20 m at 10 m/s: less than 2 s from the beginning, less than 1.5 s only after 0.6 s of a record of 0.5 s.

    A version that reads the threshold when it is imported answers the same for both.
    """
    drive = drive_of(worlds.straight([[0.0, 0.0], [24.0, 0.0]], [15.0, 5.0], num_steps=5))
    assert measured("rule_TTC", drive) == 1.0
    assert measured("rule_TTC", drive, Thresholds(constants={"least_ttc_s": 2.5})) == 0.0
    # 10 m/s behind 10 m/s: 10 + 1.75 + 13.5^2 / 8 - 100 / 16 = 28.28 m, without reaction 100 / 8 - 100 / 16 = 6.25 m.
    road = worlds.two_lane_road()
    follow = drive_of(worlds.straight([[0.0, 0.0], [15.0, 0.0]], [10.0, 10.0], num_steps=20, lane_map=road))
    assert measured("rule_RSS_LON", follow) == 0.0
    assert measured("rule_RSS_LON", follow, Thresholds(rules={"rss_reaction_s": 0.0})) == 1.0


def test_rss_of_people_is_its_own():
    """10 m/s behind a person who stands: 10 + 1.75 + 13.5^2 / 8 = 34.53 m; without response 100 / 8 = 12.5 m."""
    kinds = (ActorClass.CAR, ActorClass.PEDESTRIAN)
    stands = drive_of(worlds.straight([[0.0, 0.0], [30.0, 0.0]], [10.0, 0.0], num_steps=2, kinds=kinds))
    assert measured("rss_dangerous_share", stands) == 1.0
    assert measured("rss_dangerous_share", stands, Thresholds(rss_vehicle={"response_s": 0.0})) == 0.0
    # Meeting one who comes at 2 m/s asks for its stopping way too, which hangs on its own response time.
    comes = drive_of(
        worlds.straight([[0.0, 0.0], [52.0, 0.0]], [10.0, 2.0], num_steps=2, yaws=[0.0, np.pi], kinds=kinds)
    )
    assert measured("rss_dangerous_share", comes) == 0.0
    assert measured("rss_dangerous_share", comes, Thresholds(rss_pedestrian={"response_s": 2.0})) == 1.0


def test_the_margin_of_rss_is_the_gap_less_the_distance_by_hand():
    drive = drive_of(worlds.straight([[0.0, 0.0], [60.0, 0.0]], [20.0, 20.0], num_steps=3))
    gap = measured("min_headway", drive)
    for response, least in ((1.0, 4.0), (0.4, 6.0)):
        safe = 20 * response + 0.5 * 3.5 * response**2 + (20 + 3.5 * response) ** 2 / (2 * least) - 400 / 16
        changed = Thresholds(rss_vehicle={"response_s": response, "min_braking_mps2": least})
        assert measured("rss_longitudinal_margin", drive, changed) == pytest.approx(gap - safe)


def test_a_changed_threshold_is_another_version_and_another_episode():
    changed = Thresholds(rss_pedestrian={"response_s": 0.8})
    versions = {metric.id: metric.version for metric in metrics_named(["criticality"], changed)}
    assert (
        versions["rss_dangerous_share"].startswith("1.0.0+")
        and versions["min_headway"] == METRICS["min_headway"].version
    )
    policy, scenario = make_policy("idm"), worlds.concrete()
    keys = {episode_key(policy, "embedded", scenario, ["criticality"], each) for each in (PUBLISHED, changed)}
    assert len(keys) == 2
    report = run_suite(
        policy, Suite("one", (scenario,)), worlds.PointWorlds(), metrics=("criticality",), thresholds=changed
    )
    assert report.metrics["rss_dangerous_share"].version == versions["rss_dangerous_share"]


def test_every_impossible_threshold_is_told():
    wrong = {
        "rules": {"reaction": 0.5, "ego_brake_mps2": 4.0, "congestion_count": 0},
        "constants": {"least_ttc": 2.0, "least_headway_s": "long"},
        "rss_pedestrian": {"response_s": -1.0, "max_lateral_acceleration_mps2": 0.0},
        "rss_pedestrians": {},
        "rss_vehicle": 3,
    }
    with pytest.raises(InputError) as caught:
        thresholds_of(Written(wrong), "suite.thresholds")
    assert {(fault.path.removeprefix("suite.thresholds."), fault.nearest) for fault in caught.value.faults} == {
        ("rules.reaction", "reaction_s"), ("rules.ego_brake_mps2", None), ("rules.congestion_count", None),
        ("constants.least_ttc", "least_ttc_s"), ("constants.least_headway_s", None),
        ("rss_pedestrian.response_s", None), ("rss_pedestrians", "rss_pedestrian"), ("rss_vehicle", None),
    }  # fmt: skip
    assert "a number below 0; published is -10" in str(caught.value)
    with pytest.raises(InputError, match="at most max_braking_mps2, 4"):
        thresholds_of(Written({"rss_pedestrian": {"min_braking_mps2": 5.0}}))


def test_they_are_set_in_a_suite_and_by_an_override(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("name: mine\nscenarios: [cut_in]\nthresholds:\n  rss_pedestrian: {response_s: 0.8}\n")
    assert read_suite(str(file)).thresholds == {"rss_pedestrian": {"response_s": 0.8}}
    file.write_text("name: mine\nscenarios: [cut_in]\nthresholds:\n  rss_pedestrian:\n    respons_s: 0.8\n")
    with pytest.raises(
        InputError, match=r"mine.yaml:5:5: thresholds.rss_pedestrian.respons_s.*did you mean 'response_s'"
    ):
        read_suite(str(file))
    config = load_pipeline(None, ["suite.thresholds.rules.reaction_s=0.5"])
    assert thresholds_of(Written(config.suite.thresholds)).rules == {"reaction_s": 0.5}
    with pytest.raises(InputError, match="did you mean 'reaction_s'"):
        load_pipeline(None, ["suite.thresholds.rules.reacton_s=0.5"])
