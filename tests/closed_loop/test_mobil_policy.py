"""Lane changes: the incentive by hand, safety, the way across, and what a policy without politeness would do."""

from dataclasses import replace

import numpy as np
import pytest

from closed_loop.policies.idm_mobil import IdmMobilPolicy, MobilParameters
from closed_loop.policies.lane_paths import beside_route, lane_of, onward
from closed_loop.policies.longitudinal import IdmParameters
from closed_loop.registry import make_policy
from driving_data.maps.lane_map import LaneMap
from tests.closed_loop import worlds

IDM = IdmParameters()


def motorway(end_m=300.0):
    """Two lanes eastwards: the route on the right, another on its left that ends at `end_m`."""
    right = worlds.lane("right", 0.0, limit_mps=30.0, left_neighbor="left")
    left = worlds.lane("left", 3.5, limit_mps=30.0, right_neighbor="right", end_m=end_m)
    return LaneMap((right, left), routes={"main": ("right",)})


def seen_on(places, velocities, road=None, time=0.0, y=0.0, target=20.0):
    """The ego on the right lane (or elsewhere); the route is that lane."""
    route = np.stack([places[0][0] - 1.3 + np.arange(101.0), np.zeros(101), np.zeros(101)], axis=-1)
    what = worlds.observation(
        places, velocities, route_m=route, lateral_m=places[0][1], target_mps=target, limit_mps=30
    )
    return replace(what, lane_maps=(road or motorway(),), routes=("main",), time_s=np.array([time]))


def law(v, wanted, gap, lead):
    wish = 2 + max(0.0, 1.5 * v + v * (v - lead) / (2 * np.sqrt(3.0)))
    return max(1.5 * (1 - (v / wanted) ** 4), -2.0) - (1.5 * (wish / gap) ** 2 if np.isfinite(gap) else 0.0)


def test_lanes_are_found_with_their_way_onward():
    road = motorway()
    assert lane_of(road, np.array([10.0, 0.4]), 0.1) == "right"
    assert lane_of(road, np.array([10.0, 3.0]), 0.0) == "left"
    assert lane_of(road, np.array([10.0, 3.0]), np.pi) is None
    assert beside_route(road, "main") == {"right", "left"}
    assert onward(road, "left", "main").lane_ids == ("left",)


def test_the_incentive_weighs_the_other_drivers():
    """A slow leader ahead, a follower behind in the other lane; with p = 0 the follower would not count."""
    seen = seen_on([[50, 0], [80, 0], [20, 3.5]], [[18, 0], [10, 0], [22, 0]])
    own = law(18, 20, np.inf, 0) - law(18, 20, 26.0, 10)
    follower = law(22, 22, 26.0, 18) - law(22, 22, np.inf, 0)
    polite, safe = IdmMobilPolicy(MobilParameters(safe_braking_mps2=9.0)).gain_mps2(seen, "", "left")
    selfish, _ = IdmMobilPolicy(MobilParameters(politeness=0.0)).gain_mps2(seen, "", "left")
    assert selfish == pytest.approx(own)
    assert polite == pytest.approx(own + 0.5 * follower) and safe
    assert not IdmMobilPolicy(MobilParameters(safe_braking_mps2=0.5)).gain_mps2(seen, "", "left")[1]


def test_the_follower_who_is_left_behind_gains():
    seen = seen_on([[50, 0], [80, 0], [25, 0]], [[18, 0], [10, 0], [18, 0]])
    own = law(18, 20, np.inf, 0) - law(18, 20, 26.0, 10)
    behind = law(18, 20, 21.0 + 4.0 + 26.0, 10) - law(18, 20, 21.0, 18)
    gain, _ = IdmMobilPolicy().gain_mps2(seen, "", "left")
    assert gain == pytest.approx(own + 0.5 * behind)


def first_steering(seen, **parameters):
    policy = IdmMobilPolicy(MobilParameters(**parameters))
    policy.reset(1)
    later = replace(seen, time_s=seen.time_s + 1.5)
    policy.act(seen)
    return float(policy.act(later).steering_rad[0])


def test_a_lane_is_changed_when_it_pays_and_is_safe():
    slow = [[50, 0], [80, 0]], [[18, 0], [10, 0]]
    assert first_steering(seen_on(*slow)) > 0.002
    assert first_steering(seen_on(*slow), threshold_mps2=50.0) == pytest.approx(0.0, abs=1e-9)
    beside = [[50, 0], [80, 0], [50, 3.5]], [[18, 0], [10, 0], [18, 0]]
    assert first_steering(seen_on(*beside)) == pytest.approx(0.0, abs=1e-9)
    free = [[50, 0]], [[18, 0]]
    assert first_steering(seen_on(*free)) == pytest.approx(0.0, abs=1e-9)


def test_a_lane_that_ends_is_not_changed_to():
    slow = [[50, 0], [80, 0]], [[18, 0], [10, 0]]
    assert first_steering(seen_on(*slow, road=motorway(end_m=140.0))) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.slow
def test_it_overtakes_and_comes_back_before_the_lane_ends():
    policy = make_policy("idm_mobil")
    policy.reset(1)
    road = motorway(end_m=800.0)
    right = worlds.lane("right", 0.0, limit_mps=30.0, left_neighbor="left", end_m=1500.0)
    road = replace(road, lanes=(right, road.lanes[1]))
    x, y, yaw, speed, lead, places = 0.0, 0.0, 0.0, 18.0, 40.0, []
    for k in range(700):
        seen = seen_on([[x + 1.3, y], [lead, 0]], [[speed, 0], [8, 0]], road, 0.1 * k)
        seen = replace(
            seen, yaw_rad=np.array([[yaw, 0.0]]),
            velocity_mps=np.array([[[speed * np.cos(yaw), speed * np.sin(yaw), 0], [8.0, 0, 0]]]),
        )  # fmt: skip
        control = policy.act(seen)
        speed = max(0.0, speed + 0.1 * float(control.acceleration_mps2[0]))
        x, y = x + 0.1 * speed * np.cos(yaw), y + 0.1 * speed * np.sin(yaw)
        yaw += 0.1 * speed / 2.7 * np.tan(float(control.steering_rad[0]))
        lead += 0.8
        places.append((x, y))
        assert abs(x - lead) > 4.0 or abs(y) > 2.0
    path = np.array(places)
    assert path[:, 1].max() == pytest.approx(3.5, abs=0.3)
    assert x > lead + 20.0
    assert path[path[:, 0] > 780.0, 1].max() < 1.0
    assert np.abs(np.diff(path[:, 1])).max() < 0.25


def test_without_a_map_it_is_idm():
    seen = worlds.observation([[0, 0], [30, 0]], [[12, 0], [5, 0]])
    one, two = make_policy("idm_mobil").act(seen), make_policy("idm").act(seen)
    assert one.acceleration_mps2.tobytes() == two.acceleration_mps2.tobytes()
    assert one.steering_rad.tobytes() == two.steering_rad.tobytes()
