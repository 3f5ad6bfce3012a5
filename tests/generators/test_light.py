"""Sky, sun and lamps against published numbers, and what they do in pictures."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.taxonomy import ActorClass, Light
from generators.raytrace import lamp_light, photometry, shading_kernels, shading_light, sky_dome, sky_kernels
from generators.raytrace.build import build_scene
from generators.raytrace.scenery import tunnels
from generators.raytrace.sheet import conditions
from generators.raytrace.sheet.stages import STAGES, placed, stage_of
from scenarios.roads import archetypes


def _deg(elevation: float, **given: float) -> Environment:
    return Environment(float(np.deg2rad(elevation)), **{"cloud_cover": 0.0, **given})


# Full daylight of the RCA Electro-Optics Handbook; RP-21; ends of civil and nautical twilight (USNO); stars.
@pytest.mark.parametrize(
    ("elevation", "cover", "lux", "share"),
    [(60, 0.0, 103_000, 0.1), (42, 0.0, 72_000, 0.1), (60, 1.0, 18_500, 0.02), (0, 0.0, 759, 0.1), (-6, 0.0, 3.4, 0.1),
     (-12, 0.0, 0.009, 0.15), (-30, 0.0, 0.001, 0.01)],
)  # fmt: skip
def test_illuminance_is_that_of_the_tables(elevation, cover, lux, share):
    assert photometry.horizontal_lx(_deg(elevation, cloud_cover=cover)) == pytest.approx(lux, rel=share)


def test_clouds_rain_and_streets_change_the_light_as_they_should():
    clear, grey, rain = (photometry.horizontal_lx(each) for each in (
        _deg(40), _deg(40, cloud_cover=1.0), _deg(40, cloud_cover=1.0, rain_mmph=20.0)))  # fmt: skip
    assert clear > 4.0 * grey and rain == pytest.approx(0.5 * grey, rel=1e-6)
    night = _deg(-30)
    assert photometry.sky_lx(replace(night, street_lights=True)) > 20.0 * photometry.sky_lx(night)
    assert photometry.beam_lx(_deg(30, fog_visibility_m=100.0)) < 0.01 * photometry.beam_lx(_deg(30))


@given(elevation=st.floats(-30.0, 89.0), more=st.floats(0.05, 1.0))
def test_a_higher_sun_is_never_darker(elevation, more):
    low, high = photometry.horizontal_lx(_deg(elevation)), photometry.horizontal_lx(_deg(min(elevation + more, 90.0)))
    assert high >= 0.995 * low


@given(elevation=st.floats(-20.0, 85.0), even=st.sampled_from([0.0, 1.0]))
def test_the_dome_gives_the_level_surface_what_photometry_says(elevation, even):
    environment = _deg(elevation, cloud_cover=even)
    dome = sky_dome.dome_of(environment, even)
    lux = float(sky_dome.horizontal(dome) @ photometry.LUMA) * photometry.WHITE_LX
    assert lux == pytest.approx(photometry.sky_lx(environment), rel=1e-6)
    assert (dome >= 0.0).all()


def test_the_table_covers_the_upper_half():
    towards = sky_dome.directions()
    weight = sky_dome.solid_angles(towards)
    assert weight.sum() == pytest.approx(2.0 * np.pi)
    assert (weight * towards[..., 2]).sum() == pytest.approx(np.pi, rel=5e-3)  # the cosine's own integral


def test_the_overcast_sky_is_three_times_as_bright_above_as_around():
    dome = sky_dome.dome_of(_deg(30, cloud_cover=1.0), 1.0)
    middle = sky_dome.SIDE // 2
    assert dome[middle, middle, 1] / dome[0, 0, 1] == pytest.approx(3.0, rel=0.05)


def test_preetham_at_the_zenith_is_his_own_chromaticity():
    # T = 3, sun at 45 degrees: the paper's polynomial by hand.
    t, h = 3.0, np.pi / 4
    sun = np.array([np.sin(h), 0.0, np.cos(h)])
    rgb = sky_dome.clear_sky(np.array([[[0.0, 0.0, 1.0]]]), sun, t)[0, 0]
    x = (t * t * (0.00166 * h**3 - 0.00375 * h**2 + 0.00209 * h)
         + t * (-0.02903 * h**3 + 0.06377 * h**2 - 0.03202 * h + 0.00394)
         + 0.11693 * h**3 - 0.21196 * h**2 + 0.06052 * h + 0.25886)  # fmt: skip
    xyz = np.linalg.inv(np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]]))
    back = xyz @ rgb
    assert back[0] / back.sum() == pytest.approx(x, abs=1e-3)
    assert back[1] == pytest.approx(1.0, abs=1e-3)


def test_the_clear_sky_is_blue_above_brighter_beside_the_sun_and_red_at_dusk():
    def seen(environment, towards):
        row = shading_light.sky_row(environment, 1)
        out = np.empty((1, 3), np.float32)
        direction = np.array([towards], np.float32) / np.float32(np.linalg.norm(towards))
        sky_kernels.sky_radiance(direction, row, 0.0, out)
        return out[0]

    noon = _deg(40, sun_azimuth_rad=np.pi / 2)  # in the east
    above, ahead, behind = (seen(noon, way) for way in ((0, 0, 1), (1, 0, 0.4), (-1, 0, 0.4)))
    assert above[2] > 1.5 * above[0]
    assert ahead[1] > 1.3 * behind[1]
    dusk = seen(_deg(-3, sun_azimuth_rad=np.pi / 2), (1, 0, 0.03))
    assert dusk[0] > 1.3 * dusk[2]


# UN Regulation 112, class B, right-hand traffic: (degrees right, degrees up, least and most candela).
R112 = [
    ("B50L", -3.43, 0.57, 0, 350), ("75R", 1.15, -0.57, 10_100, 1e9), ("75L", -3.43, -0.57, 0, 10_600),
    ("50L", -3.43, -0.86, 0, 13_200), ("50R", 1.72, -0.86, 10_100, 1e9), ("50V", 0.0, -0.86, 5_100, 1e9),
    ("25L", -9.0, -1.72, 1_700, 1e9), ("25R", 9.0, -1.72, 1_700, 1e9),
]  # fmt: skip


@pytest.mark.parametrize(("point", "right", "up", "least", "most"), R112)
def test_the_low_beam_meets_the_points_of_the_regulation(point, right, up, least, most):
    assert least <= 1e5 * shading_kernels.low_beam(right, up) <= most, point


def test_the_low_beam_has_a_kink_and_glares_nobody():
    # The edge is level to the left and rises by 15 degrees to the right: at 4 degrees right it is 1.07 degrees higher.
    def edge(right):
        up = np.linspace(-3, 3, 601)
        level = np.array([shading_kernels.low_beam(right, float(u)) for u in up])
        return up[np.argmin(np.abs(np.gradient(np.log10(level), up) - np.gradient(np.log10(level), up).min()))]

    assert edge(4.0) - edge(-4.0) == pytest.approx(4.0 * np.tan(np.deg2rad(15.0)), abs=0.15)
    zone_3 = [shading_kernels.low_beam(float(r), float(u)) for r in (-6, -3, -1) for u in (0.6, 1.0, 2.0)]
    assert 1e5 * max(zone_3) <= 625.0


def _row(kind, color=1.0, cone=0.17, reach=200.0, forward=(1.0, 0.0, 0.0), flag=None):
    row = np.zeros(shading_kernels.LAMP, np.float32)
    row[3:6], row[6:9], row[9], row[10], row[11] = forward, color, cone if flag is None else flag, kind, reach
    return row


def test_the_high_beam_meets_its_least_at_the_middle():
    lamp = _row(lamp_light.HIGH_BEAM)
    assert 1e5 * shading_kernels.pattern(lamp, -1.0, 0.0, 0.0) >= 40_500
    sine = np.sin(np.deg2rad(2.57))
    assert 1e5 * shading_kernels.pattern(lamp, -np.cos(np.deg2rad(2.57)), float(sine), 0.0) >= 20_300


def test_lux_of_street_lamps_agree_with_the_kernel():
    rng = np.random.default_rng(2)
    points = np.column_stack([rng.uniform(-15, 15, (30, 2)), np.zeros(30)])
    at = np.array([[0.0, 0.0, 8.0]])
    lux = photometry.lamp_lx(np.full((1, 3), 0.018), at, np.array([[0.0, 0.0, -1.0]]), np.array([0.17]), points)
    lamp = _row(lamp_light.CONE, 0.018, forward=(0.0, 0.0, -1.0))
    lamp[2] = 8.0
    for point, value in zip(points, lux, strict=True):
        row = np.array([*point, 0, 0, 1, 0, 0, 1, 0, 0, 0], np.float32)
        strength, _, _, up, _ = shading_kernels.lamp_at(lamp, row)
        assert value == pytest.approx(1e5 * 0.018 * strength * up, rel=2e-2, abs=1e-3)
    assert lux.max() < 60.0 and photometry.lamp_lx(np.zeros((0, 3)), at[:0], at[:0], np.zeros(0), points).sum() == 0.0


def test_a_halo_is_the_integral_along_the_ray():
    lamp = _row(lamp_light.SURFACE, forward=(0.0, 0.0, -1.0))
    lamp[0:3] = (20.0, 0.0, 3.0)
    view, start, scatter = np.array([1.0, 0.0, 0.0], np.float32), np.zeros(3, np.float32), 0.01
    s = np.linspace(0.005, 60.0, 12_000)
    away = np.column_stack([20.0 - s, np.zeros_like(s), np.full_like(s, 3.0)])
    r = np.linalg.norm(away, axis=1)
    truth = 0.25 * scatter * np.sum(np.exp(-scatter * (s + r)) / r**2) * 0.005
    ours = shading_kernels.halo(lamp, start, view, 60.0, scatter)
    assert ours == pytest.approx(truth, rel=0.35)
    assert shading_kernels.halo(lamp, start, -view, 60.0, scatter) < 0.1 * ours


def _lamps_of(bits, kind=ActorClass.CAR, at_ns=0):
    scene, state = placed(stage_of("rural"), _deg(-30))
    lights = np.zeros(len(scene.actors), np.uint8)
    lights[1] = int(bits)
    kinds = scene.actors.kind.copy()
    kinds[1] = kind
    actors = replace(scene.actors, kind=kinds)
    changed = replace(state, lights=lights, timestamp_ns=at_ns)
    return lamp_light.vehicle_lamps(changed, actors, 0, dark=True), actors, changed


def test_lamps_sit_on_their_corners_and_shine_their_way():
    found, actors, state = _lamps_of(Light.LOW_BEAM)
    beams = [lamp for lamp in found if lamp.kind == lamp_light.LOW_BEAM]
    tails = [lamp for lamp in found if lamp.kind == lamp_light.SURFACE]
    assert len(beams) == 2 and len(tails) == 2
    pose, size = state.world_from_actor[1], actors.size_m[1]
    for lamp, ahead in [(each, 1.0) for each in beams] + [(each, -1.0) for each in tails]:
        place = pose.inverse().apply(lamp.world_from_lamp.translation_m)
        assert ahead * place[0] == pytest.approx(0.5 * size[0], abs=0.05)
        assert abs(place[1]) == pytest.approx(0.38 * size[1])
        assert 0.55 < place[2] + 0.5 * size[2] < 1.0
        assert lamp.world_from_lamp.rotation[:, 0] @ pose.rotation[:, 0] == pytest.approx(ahead)


def test_brakes_indicators_and_warning_lamps_light_the_road():
    tail, brake = (sum(lamp.color[0] for lamp in _lamps_of(bits)[0] if lamp.kind == lamp_light.SURFACE)
                   for bits in (Light.LOW_BEAM, Light.LOW_BEAM | Light.BRAKE))  # fmt: skip
    assert brake > 10.0 * tail
    on, off = (len(_lamps_of(Light.LEFT_INDICATOR, at_ns=moment)[0]) for moment in (0, 350_000_000))
    assert (on, off) == (2, 0)
    blue = _lamps_of(Light.EMERGENCY, ActorClass.EMERGENCY_VEHICLE)[0]
    assert all(lamp.color[2] > 5.0 * lamp.color[0] for lamp in blue) and len(blue) == 2
    assert any(lamp.color[2] > 0 for lamp in _lamps_of(Light.REVERSE)[0])
    assert not lamp_light.vehicle_lamps(_lamps_of(Light.LOW_BEAM)[2], _lamps_of(Light.LOW_BEAM)[1], 0, dark=False)


def test_the_viewers_own_beams_come_first_and_numbers_are_bounded():
    pose = SE3(np.eye(3), np.array([40.0, 0.0, 0.6]))
    far = [lamp_light.VehicleLamp(SE3(np.eye(3), np.array([5.0 + k, 3.0, 0.6])), np.ones(3), lamp_light.LOW_BEAM,
                                  False, 60.0) for k in range(40)]  # fmt: skip
    own = lamp_light.VehicleLamp(pose, np.full(3, 2.0), lamp_light.LOW_BEAM, True, 110.0)
    rows = lamp_light.lamp_rows(tunnels.joined(_no(), _no()), True, [*far, own], np.zeros(3), np.zeros(3))
    assert len(rows) == lamp_light.MOST_BEAMS
    assert rows[0, 6] == 2.0 and rows[0, 9] == 0.0 and (rows[1:, 9] == 1.0).all()


def _no():
    from generators.raytrace.scenery.poles import no_lamps

    return no_lamps()


def test_a_tunnel_keeps_the_sky_out_and_its_lamps_burn_by_day():
    scene, _ = placed(stage_of("tunnel"), _deg(40))
    made = build_scene(scene, 3)
    assert made.covers is not None
    by_day = made.lamps.levels(night=False)
    burning = by_day > 0.0
    assert burning.sum() == 20  # every 10 m of 200 m
    assert by_day[burning].max() == pytest.approx(tunnels.THRESHOLD) and by_day[burning].min() < 4.0
    rows = lamp_light.cover_rows(made.covers, False, np.zeros(3))

    def share(x):
        z = float(made.covers[0, 6]) + 1.0
        place = made.covers[0, :2] + (x - made.covers[0, 8]) * made.covers[0, 2:4]
        return shading_kernels.covered(rows, np.array([*place, z, 0, 0, 1, 0, 0, 1, 0, 0, 0], np.float32))[0]

    assert share(-5.0) == 1.0
    assert 0.3 < share(2.0) < 0.7 and share(20.0) < 0.05 and share(100.0) < 0.002
    assert (lamp_light.cover_rows(made.covers, True, np.zeros(3))[0, 10:13] < 0.1 * rows[0, 10:13]).all()


def test_light_towers_stand_where_the_road_names_them():
    names = [parameter.name for parameter in archetypes()["work_zone"].parameters]
    assert "light_towers" in names
    scene, _ = placed(stage_of("work_zone"), _deg(-30, street_lights=True))
    made = build_scene(scene, 3)
    floods = made.lamps.color[:, 1] > 0.1
    assert floods.sum() == 6  # three towers, two ways each
    assert (made.lamps.levels(night=False)[floods] == 0.0).all()


def test_the_sheet_shows_every_road_and_every_condition():
    assert {road for road, _ in conditions.SHEET} == {stage.name for stage in STAGES}
    assert {hour for _, hour in conditions.SHEET} == {condition.name for condition in conditions.CONDITIONS}
    with pytest.raises(KeyError):
        conditions.condition_of("noon")


def test_night_is_dark_and_beams_light_the_road_ahead():
    small = (120, 68)
    dark, lit = (
        conditions.frame(stage_of("rural"), conditions.condition_of(name), *small).astype(float).mean(axis=-1)
        for name in ("night_unlit", "day_clear")
    )
    assert dark[:20].mean() < 0.45 * lit[:20].mean()
    assert dark[50:].mean() > 3.0 * dark[:20].mean()
