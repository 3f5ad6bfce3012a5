from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.ports import SceneDescription
from driving_data.sensors import RadarModel, RadarOrigin, SensorRig
from driving_data.taxonomy import SemanticClass
from generators.raytrace.radars.echoes import Echoes, clean_returns, radar_rays
from generators.raytrace.radars.ghosts import Reflector, ghosts_in, upright_reflectors
from generators.raytrace.radars.law import (
    accuracy,
    cell_powers,
    detection_probability,
    folded,
    mean_snr,
    num_cells,
    pattern,
    rain_loss_db_per_km,
)
from generators.raytrace.radars.look import measure
from generators.raytrace.radars.sections import actor_rcs_m2, box_area_m2, flash
from tests.generators.street import PAINT, WALL, StreetGenerator, box, joined, plane, rollout

FRONT = SE3.from_yaw(np.array(0.1), np.array([3.4, 0.3, 0.6]))
QUIET = 1e-12


def front(**changes):
    return replace(RadarModel("radar_front", FRONT, reference_snr_db=30.0), **changes)


def opened(model, ride, static=None, seed=3):
    scene = SceneDescription(None, ride.actors, 0, ride.environment)
    renderer = StreetGenerator(1, static).open(scene, SensorRig("one", radars=(model,)), seed)
    return renderer, renderer._opened, renderer._moment(ride.state_at(0), ride.state_at(1))


def turning(ride, rates):
    return replace(ride, yaw_rate_radps=np.broadcast_to(np.array(rates), ride.yaw_rate_radps.shape).copy())


def echoes(range_m, rate=0.0, snr=1e9, azimuth=0.0, actor=0, origin=RadarOrigin.TARGET):
    """Exact reflections ahead, one per value."""
    columns = (np.atleast_1d(np.asarray(value, float)) for value in (range_m, rate, snr, azimuth))
    range_m, rate, snr, azimuth = (column + 0.0 for column in np.broadcast_arrays(*columns))
    position = range_m[:, None] * np.stack([np.cos(azimuth), np.sin(azimuth), np.zeros_like(azimuth)], -1)
    n = len(range_m)
    return Echoes(position, range_m, rate, np.ones(n), snr, np.full(n, actor), np.full(n, int(origin), np.uint8))


def test_doppler_is_exact_with_yaw_rates_and_lever_arms():
    ride = turning(rollout(4, speed_mps=12.0), [0.3, -0.5, 0.2, 0.0])
    model = front()
    _, look, moment = opened(model, ride)
    exact = clean_returns(look, moment, 0, radar_rays(model), ghosts=False)
    state = ride.state_at(0)
    pose = ride.world_from_ego()[0] @ FRONT
    sensor = pose.translation_m
    center = state.world_from_actor.translation_m
    arm = sensor - center[0]
    ours = state.velocity_mps[0] + 0.3 * np.array([-arm[1], arm[0], 0.0])
    assert set(exact.actor) >= {-1, 1, 2}
    for k in range(0, len(exact.range_m), 37):
        point = pose.apply(exact.position_m[k])
        away = (point - sensor) / np.linalg.norm(point - sensor)
        theirs = np.zeros(3)
        if exact.actor[k] >= 0:
            lever = point - center[exact.actor[k]]
            rate = ride.yaw_rate_radps[0, exact.actor[k]]
            theirs = state.velocity_mps[exact.actor[k]] + rate * np.array([-lever[1], lever[0], 0.0])
        assert exact.range_rate_mps[k] == pytest.approx(float((theirs - ours) @ away), abs=1e-9)
        assert np.linalg.norm(exact.position_m[k]) == pytest.approx(exact.range_m[k], abs=1e-9)


def test_who_reflects_and_where():
    ride = rollout(3)
    model = front(vertical_fov_rad=0.4)
    _, look, moment = opened(model, ride)
    exact = clean_returns(look, moment, 0, radar_rays(model), ghosts=False)
    origins = {RadarOrigin.TARGET: exact.actor >= 0}
    assert np.array_equal(exact.origin == RadarOrigin.TARGET, origins[RadarOrigin.TARGET])
    world = (ride.world_from_ego()[0] @ FRONT).apply(exact.position_m)
    ground = exact.origin == RadarOrigin.CLUTTER
    assert ground.sum() > 1000 and np.abs(world[ground, 2]).max() < 0.02
    assert np.all(np.abs(world[exact.origin == RadarOrigin.STATIC][:, 1]) > 10.9)
    for actor in (1, 2):
        local = ride.world_from_actor[0, actor].inverse().apply(world[exact.actor == actor])
        assert np.all(np.abs(local) < np.array([2.31, 0.93, 0.76]))


def test_an_unhidden_car_has_the_mean_section_of_its_class_times_its_flash():
    """The rear face, square to the radar, fills its outline: 10 dBsm x (0.5 + 4 x 1); half hidden, half of that."""
    ride = rollout(2)
    ahead = replace(ride, world_from_actor=SE3.from_yaw(
        np.zeros((11, 2)), np.tile([[0.0, 0.0, 0.75], [30.0, 0.0, 0.75]], (11, 1, 1))))  # fmt: skip
    model = front(ego_from_radar=SE3(np.eye(3), np.array([3.4, 0.0, 0.75])), horizontal_fov_rad=0.4)
    empty = plane(-50, -40, -5, 5, 0)
    _, look, moment = opened(model, ahead, empty)
    exact = clean_returns(look, moment, 0, radar_rays(model), ghosts=False)
    on = exact.actor == 1
    assert exact.rcs_m2[on].sum() == pytest.approx(10.0 * 4.5, rel=0.04)
    curtain = joined([empty, box((20.0, 5.0, 0.0), (0.2, 10.0, 10.0), WALL)])
    _, look, moment = opened(model, ahead, curtain)
    half = clean_returns(look, moment, 0, radar_rays(model), ghosts=False)
    assert half.rcs_m2[half.actor == 1].sum() == pytest.approx(0.5 * 10.0 * 4.5, rel=0.1)
    assert actor_rcs_m2(np.array([1, 11]))[0] == pytest.approx(10.0)
    assert flash(np.array([1.0]))[0] == 1.0 and flash(np.array([0.9]))[0] < 1e-4
    view = np.array([[1.0, 0, 0], [0, 1.0, 0], [np.sqrt(0.5), np.sqrt(0.5), 0]])
    area = box_area_m2(view, np.tile([4.6, 1.85, 1.5], (3, 1)))
    assert area == pytest.approx([2.775, 6.9, (2.775 + 6.9) * np.sqrt(0.5)])


@given(st.floats(1.0, 150.0), st.floats(1.1, 5.0))
def test_power_falls_with_the_fourth_power_of_range(range_m, factor):
    one, two = mean_snr(front(), np.array([2.0, 2.0]), np.array([range_m, range_m * factor]))
    assert one / two == pytest.approx(factor**4)
    assert mean_snr(front(), np.array([1.0]), np.array([100.0]))[0] == pytest.approx(10.0**3)


def test_the_same_target_farther_away_in_the_whole_chain():
    """A car's summed mean SNR at 20 m and at 40 m: sixteen times, as the radar equation says."""
    totals = []
    for distance in (20.0, 40.0):
        ride = rollout(2)
        places = [[0.0, 0.0, 0.75], [3.4 - 1.35 + distance + 2.277, 0.0, 0.75]]
        ride = replace(ride, world_from_actor=SE3.from_yaw(np.zeros((11, 2)), np.tile(places, (11, 1, 1))))
        model = front(ego_from_radar=SE3(np.eye(3), np.array([3.4, 0.0, 0.75])), horizontal_fov_rad=0.4)
        _, look, moment = opened(model, ride, plane(-50, -40, -5, 5, 0))
        exact = clean_returns(look, moment, 0, radar_rays(model, 80_000), ghosts=False)
        assert exact.range_m[exact.actor == 1].min() == pytest.approx(distance, abs=0.05)
        totals.append(exact.snr[exact.actor == 1].sum())
    assert totals[0] / totals[1] == pytest.approx(16.0, rel=0.06)


def test_the_antenna_falls_to_a_quarter_at_the_edge_both_ways():
    model = front()
    gain = pattern(model, np.array([0.0, 0.6, 0.0, 0.6]), np.array([0.0, 0.0, 0.15, 0.15]))
    assert gain == pytest.approx([1.0, 0.25, 0.25, 0.0625])


@pytest.mark.parametrize("snr_db", [0.0, 6.0, 10.0, 15.0, 20.0])
def test_detections_are_as_frequent_as_swerling_says(snr_db):
    rng = np.random.default_rng(int(snr_db))
    snr, alarm = 10.0 ** (0.1 * snr_db), 1e-4
    seen = np.mean(cell_powers(np.full(60_000, snr), rng) > -np.log(alarm))
    assert seen == pytest.approx(float(detection_probability(np.array(snr), alarm)), abs=0.006)
    assert float(detection_probability(np.array(snr), alarm)) == pytest.approx(alarm ** (1 / (1 + snr)))


def test_single_targets_are_detected_through_the_chain_as_the_formula_says():
    model = front(false_alarm_rate=1e-4)
    # Far apart in range, so that none is another's neighbour; false alarms are told apart.
    ranges = 2.0 + 2.0 * np.arange(70) + 0.25
    rng = np.random.default_rng(8)
    hits = sum(
        int(np.sum(measure(model, echoes(ranges, snr=10.0), 0.0, rng).origin == RadarOrigin.TARGET)) for _ in range(150)
    )
    assert hits / (70 * 150) == pytest.approx(float(detection_probability(np.array(10.0), 1e-4)), abs=0.015)


def test_false_alarms_come_at_the_stated_rate():
    model = front(false_alarm_rate=2e-5)
    rng = np.random.default_rng(9)
    none = echoes(np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0))
    seen = [measure(model, none, 0.0, rng) for _ in range(400)]
    count = np.array([len(each.snr) for each in seen])
    assert num_cells(model) == 300 * 600
    assert count.mean() == pytest.approx(num_cells(model) * 2e-5, rel=0.06)
    assert count.var() == pytest.approx(count.mean(), rel=0.25)
    whole = np.concatenate([each.snr for each in seen])
    assert whole.min() >= -np.log(2e-5) - 1.0
    assert (whole - whole.min()).mean() == pytest.approx(1.0, abs=0.08)
    assert all(np.all(each.origin == RadarOrigin.FALSE_ALARM) and np.all(each.actor == -1) for each in seen)


def test_estimates_are_as_exact_as_their_signal():
    model = front(false_alarm_rate=QUIET, elevation_resolution_rad=0.0)
    rng = np.random.default_rng(10)
    for snr in (100.0, 2500.0):
        found = [measure(model, echoes(50.2, 3.0, snr, 0.017), 0.0, rng) for _ in range(700)]
        seen = [each for each in found if len(each.snr) == 1]
        # Normalised by the accuracy at each look's own SNR, errors are standard normal.
        for name, true, cell in (("range_m", 50.2, 0.5), ("rate_mps", 3.0, 0.2), ("azimuth_rad", 0.017, 0.035)):
            error = np.array([float(getattr(each, name)[0]) - true for each in seen])
            sigma = accuracy(cell, np.array([float(each.snr[0]) for each in seen]))
            assert (error / sigma).std() == pytest.approx(1.0, abs=0.09)
            assert abs((error / sigma).mean()) < 0.13
    assert accuracy(0.5, np.array([50.0]))[0] == pytest.approx(0.05)


@given(st.floats(-200.0, 200.0))
def test_speeds_beyond_the_largest_fold_back(rate):
    read = float(folded(np.array(rate), 60.0))
    assert -60.0 <= read < 60.0
    turns = (rate - read) / 120.0
    assert turns == pytest.approx(round(turns), abs=1e-9)


def test_folding_in_the_chain_and_elevation_of_flat_radars():
    model = front(max_speed_mps=20.0, false_alarm_rate=QUIET, elevation_resolution_rad=0.0)
    seen = measure(model, echoes(40.0, 27.0), 0.0, np.random.default_rng(1))
    assert seen.rate_mps == pytest.approx([-13.0], abs=0.01) and seen.elevation_rad[0] == 0.0


def test_targets_in_one_cell_are_one_return_and_apart_are_two():
    model = front(false_alarm_rate=QUIET)
    rng = np.random.default_rng(2)
    assert len(measure(model, echoes([40.05, 40.4]), 0.0, rng).snr) == 1
    assert len(measure(model, echoes([40.05, 42.05]), 0.0, rng).snr) == 2
    # Same range and direction, told apart by speed alone.
    assert len(measure(model, echoes(40.05, [0.05, 1.05]), 0.0, rng).snr) == 2
    assert len(measure(model, echoes(40.05, 0.05, 1e9, [0.0, 0.2]), 0.0, rng).snr) == 2


def test_ghosts_by_hand_geometry():
    """Radar at the origin, target at (40, 0) coming at 10 m/s, a wall along y = 5."""
    wall = Reflector(np.array([0.0, 1.0, 0.0]), 5.0, 0.5)
    found = ghosts_in(wall, np.zeros(3), np.array([2.0, 0, 0]), np.array([[40.0, 0, 0]]), np.array([[-10.0, 1.0, 0]]))
    far = np.hypot(40.0, 10.0)
    assert found.range_m[0] == pytest.approx([0.5 * (40 + far), 0.5 * (40 + far), far])
    image = np.array([40.0, 10.0, 0.0]) / far
    assert np.allclose(found.direction[0], [[1, 0, 0], image, image])
    direct, mirrored = -12.0, float(np.array([-12.0, -1.0, 0.0]) @ image)
    assert found.range_rate_mps[0] == pytest.approx([0.5 * (direct + mirrored), 0.5 * (direct + mirrored), mirrored])
    assert found.loss == pytest.approx([0.25, 0.25, 0.0625])
    assert found.spread[0] == pytest.approx([(40 * far) ** 2, (40 * far) ** 2, far**4])


@given(st.floats(-3, 3), st.floats(-20, 20), st.floats(-10, 10), st.floats(-10, 10))
def test_range_rates_of_ghosts_are_the_change_of_their_ranges(angle, offset, vx, vy):
    mirror = Reflector(np.array([np.cos(angle), np.sin(angle), 0.0]), offset, 0.5)
    sensor, target = np.array([1.0, -2.0, 0.5]), np.array([[30.0, 8.0, 1.0]])
    ours, theirs = np.array([8.0, 0.5, 0.0]), np.array([[vx, vy, 0.0]])
    dt = 1e-5
    ranges = [ghosts_in(mirror, sensor + t * ours, ours, target + t * theirs, theirs).range_m for t in (-dt, 0.0, dt)]
    if ranges[1].min() > 1.0:
        rate = ghosts_in(mirror, sensor, ours, target, theirs).range_rate_mps
        assert np.allclose((ranges[2] - ranges[0]) / (2 * dt), rate, atol=1e-4)


def test_planes_are_found_from_hits():
    rng = np.random.default_rng(3)
    one = np.stack([rng.uniform(0, 50, 200), np.full(200, 7.03), rng.uniform(0, 3, 200)], -1)
    two = np.stack([np.full(50, 30.04), rng.uniform(-5, 5, 50), rng.uniform(0, 3, 50)], -1)
    points = np.concatenate([one, two, rng.uniform(-50, 50, (100, 3))])
    normals = np.concatenate([np.tile([0, -1.0, 0], (200, 1)), np.tile([-1.0, 0, 0], (50, 1)),
                              np.tile([0, 0, 1.0], (100, 1))])  # fmt: skip
    kinds = np.concatenate([np.full(200, SemanticClass.GUARD_RAIL), np.full(50, SemanticClass.WALL),
                            np.full(100, SemanticClass.WALL)])  # fmt: skip
    planes = upright_reflectors(points, normals, kinds, np.ones(350))
    assert len(planes) == 2
    assert np.allclose(planes[0].normal, [0, -1, 0]) and planes[0].offset_m == pytest.approx(-7.03)
    assert planes[0].gamma == 0.7 and planes[1].gamma == 0.5
    assert np.allclose(planes[1].mirrored(np.zeros(3)), [60.08, 0, 0], atol=1e-9)
    assert upright_reflectors(points[:5], normals[:5], kinds[:5], np.ones(5)) == ()


def wall_scene(blocked=False):
    """A car 30 m ahead and a long wall on the left whose face is 6 m away; perhaps a post that hides the bounce."""
    ride = rollout(2)
    ride = replace(ride, world_from_actor=SE3.from_yaw(
        np.zeros((11, 2)), np.tile([[0.0, 0.0, 0.75], [34.0, 0.0, 0.75]], (11, 1, 1))))  # fmt: skip
    parts = [box((30.0, 6.5, 2.0), (120.0, 1.0, 4.0), WALL)]
    if blocked:
        parts.append(box((18.0, 4.0, 2.0), (1.0, 2.0, 4.0), PAINT))
    return ride, joined(parts)


def test_a_wall_shows_the_car_three_times_more_unless_something_hides_the_bounce():
    model = front(ego_from_radar=SE3(np.eye(3), np.array([3.4, 0.0, 0.75])), elevation_resolution_rad=0.0)
    ride, static = wall_scene()
    _, look, moment = opened(model, ride, static)
    exact = clean_returns(look, moment, 0, radar_rays(model))
    ghosts = exact.origin == RadarOrigin.GHOST
    assert ghosts.sum() == 3 and np.all(exact.actor[ghosts] == 1)
    car = exact.actor == 1
    target = np.average(exact.position_m[car & ~ghosts], axis=0, weights=exact.rcs_m2[car & ~ghosts])
    image = target * np.array([1, -1, 1]) + np.array([0, 12.0, 0])
    d, far = np.linalg.norm(target), np.linalg.norm(image)
    assert exact.range_m[ghosts] == pytest.approx([0.5 * (d + far), 0.5 * (d + far), far], abs=1e-6)
    assert np.allclose(exact.position_m[ghosts][2], image, atol=1e-6)
    section = exact.rcs_m2[car & ~ghosts].sum()
    assert exact.rcs_m2[ghosts] == pytest.approx(section * np.array([0.25, 0.25, 0.0625]))
    ride, static = wall_scene(blocked=True)
    _, look, moment = opened(model, ride, static)
    assert not np.any(clean_returns(look, moment, 0, radar_rays(model)).origin == RadarOrigin.GHOST)


def test_a_hidden_car_shows_in_the_mirror_alone():
    """A lorry-sized box between radar and car: nothing straight, one ghost after two bounces."""
    ride, static = wall_scene()
    screen = box((20.0, -0.5, 1.5), (2.0, 5.0, 3.0), PAINT)
    model = front(ego_from_radar=SE3(np.eye(3), np.array([3.4, 0.0, 0.75])), elevation_resolution_rad=0.0)
    _, look, moment = opened(model, ride, joined([static, screen]))
    exact = clean_returns(look, moment, 0, radar_rays(model))
    ours = exact.actor == 1
    assert ours.sum() == 1 and np.all(exact.origin[ours] == RadarOrigin.GHOST)
    sensor = (ride.world_from_ego()[0] @ model.ego_from_radar).translation_m
    image = np.array([34.0, 12.0, 0.75]) - sensor
    assert exact.range_m[ours][0] == pytest.approx(np.linalg.norm(image), abs=1e-5)
    assert exact.rcs_m2[ours][0] == pytest.approx(10.0 * 0.5**4)


def test_the_road_mirrors_for_radars_that_measure_elevation_and_more_so_when_wet():
    model = front(ego_from_radar=SE3(np.eye(3), np.array([3.4, 0.0, 0.75])))
    ride, _ = wall_scene()
    road = plane(-50, 150, -8, 8, 0)
    below = []
    for wetness in (0.0, 1.0):
        wet = replace(ride, environment=Environment(road_wetness=wetness))
        _, look, moment = opened(model, wet, road)
        exact = clean_returns(look, moment, 0, radar_rays(model))
        ghosts = exact.origin == RadarOrigin.GHOST
        assert ghosts.sum() == 3 and exact.position_m[ghosts][2, 2] < -0.8
        below.append(exact.snr[ghosts])
    assert below[1][0] / below[0][0] == pytest.approx(4.0, rel=1e-6)
    _, look, moment = opened(replace(model, elevation_resolution_rad=0.0), ride, road)
    assert not np.any(clean_returns(look, moment, 0, radar_rays(model)).origin == RadarOrigin.GHOST)


def test_attenuation_by_rain_is_that_of_the_recommendation():
    """Coefficients k and alpha (horizontal) as tabled in P.838-3 for 10 and 100 GHz."""
    for hertz, k, alpha in ((10e9, 0.01217, 1.2571), (100e9, 1.3671, 0.6815)):
        assert rain_loss_db_per_km(1.0, hertz) == pytest.approx(k, rel=1e-3)
        assert rain_loss_db_per_km(50.0, hertz) == pytest.approx(k * 50.0**alpha, rel=2e-3)
    assert rain_loss_db_per_km(0.0, 77e9) == 0.0
    wet, dry = (mean_snr(front(), np.array([1.0]), np.array([100.0]), r)[0] for r in (25.0, 0.0))
    assert 10 * np.log10(dry / wet) == pytest.approx(2 * 0.1 * rain_loss_db_per_km(25.0, 77e9))


def test_fog_and_dust_do_not_touch_a_radar():
    ride = rollout(4)
    model = front()
    clear, foggy = (
        opened(model, replace(ride, environment=Environment(fog_visibility_m=sight)))[0]
        .render(ride.state_at(0), ride.state_at(1))
        .radar[0]
        for sight in (20_000.0, 20.0)
    )
    assert np.array_equal(clear.position_m, foggy.position_m) and np.array_equal(clear.snr_db, foggy.snr_db)


def test_what_a_radar_reports_of_a_street():
    ride = rollout(5, speed_mps=15.0)
    model = front()
    renderer, _, _ = opened(model, ride)
    one, two = (renderer.render(ride.state_at(0), ride.state_at(1)).radar[0] for _ in range(2))
    for name in ("position_m", "range_rate_mps", "snr_db", "rcs_dbsm", "instance", "origin"):
        assert np.array_equal(getattr(one, name), getattr(two, name))
    assert one.rcs_dbsm is not None and one.instance is not None and one.origin is not None
    assert np.all(one.track_id == -1) and np.all(np.linalg.norm(one.position_m, axis=1) <= 151.0)
    moving = (one.origin == RadarOrigin.TARGET) & (one.instance == 2)
    assert moving.any()
    # The car ahead drives as fast as we do: no range rate; a wall ahead comes towards us.
    assert np.abs(one.range_rate_mps[moving]).max() < 1.0
    still = (one.origin == RadarOrigin.STATIC) & (one.position_m[:, 0] > 20)
    assert still.any() and one.range_rate_mps[still].max() < -8.0
    ground = one.origin == RadarOrigin.CLUTTER
    assert ground.mean() < 0.2
    # The section is what the SNR says at that range, on the axis.
    snr = one.snr_db - 30.0 + 40 * np.log10(np.linalg.norm(one.position_m, axis=1) / 100.0)
    assert np.all(one.rcs_dbsm >= snr - 1e-6)
