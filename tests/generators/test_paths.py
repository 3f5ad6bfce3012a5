"""The slow light against closed forms: furnace, Lambert, penumbra, energy, convergence, and the fast picture."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.ports import SceneDescription
from driving_data.sensors import CameraModel, SensorRig
from generators.raytrace import path_kernels, shading_kernels, shading_light, sky_kernels
from generators.raytrace.cameras.settings import Development
from generators.raytrace.generator import RaytraceGenerator
from generators.raytrace.path_tracing import path_light, pictured, steps
from generators.raytrace.photometry import LUMA
from generators.raytrace.quality import Quality
from generators.raytrace.renderer import RaytraceRenderer
from generators.raytrace.shading_kernels import Lighting
from generators.raytrace.tracer import prepare
from tests.generators import street

DOWN = np.array([[0.0, -1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])


def _looking_down(height_m: float, side_px: int = 24, focal: float = 1.0):
    return CameraModel("down", side_px, side_px, focal * side_px, focal * side_px, side_px / 2, side_px / 2,
                       SE3(DOWN, np.array([0.0, 0.0, height_m])))  # fmt: skip


def _view(static, camera, albedo=0.5, reflectance=0.0, roughness=0.9, environment=street.DAY):
    """A view of a bare static mesh of one material (row 0), the ego alone at the origin."""
    rollout = street.rollout(1, environment=environment)
    rig = SensorRig("paths", (camera,), (), rate_hz=5.0)
    scene = street.mesh_scene(1, environment, static)
    plain = scene.materials
    column = np.ones(len(plain.roughness), np.float32)
    changed = replace(
        plain, albedo=np.full_like(plain.albedo, albedo), texture=np.zeros_like(plain.texture),
        roughness=roughness * column, reflectance=reflectance * column,
    )  # fmt: skip
    scene = replace(scene, materials=changed)
    description = _description(rollout)
    renderer = RaytraceRenderer(prepare(scene), description, rig, 1, Development(), 1)
    state = rollout.state_at(0)
    state = replace(
        state, world_from_actor=SE3(np.eye(3)[None], np.array([[1.35, 0.0, 0.75]])), velocity_mps=np.zeros((1, 3))
    )
    return renderer.view(state, state, 0)


def _description(rollout):

    return SceneDescription(None, rollout.actors, 0, rollout.environment)


def _lit(view, light=None, sky=None):
    """The view under another light: by default none but the sky."""
    row = np.zeros(shading_kernels.LIGHT, np.float32)
    row[2], row[19] = 1.0, 120.0
    if light is not None:
        row[: len(light)] = light
    none = np.zeros((0, shading_kernels.LAMP), np.float32), np.zeros((0, shading_kernels.COVER), np.float32)
    sky = shading_light.uniform_sky(0.0) if sky is None else sky
    return replace(view, lighting=Lighting(row, none[0], sky, none[1]))


def _mean(view, samples, bounces=2, seed=3):
    fast = np.ones((view.rays.model.height_px * view.rays.model.width_px, 3), np.float32)
    return path_light(view, Quality(samples, bounces), seed, 1, fast)


@pytest.mark.parametrize("shape", ["plane", "sphere"])
def test_a_matt_body_in_a_uniform_sky_shows_albedo_times_sky(shape):
    static = street.plane(-50, 50, -50, 50, 0) if shape == "plane" else street.sphere((0, 0, 1.0), 1.0, 24, 0)
    camera = _looking_down(6.0, focal=2.5 if shape == "plane" else 6.0)
    view = _lit(_view(static, camera, albedo=0.7), sky=shading_light.uniform_sky(0.4))
    light = _mean(view, 64)
    assert light.mean() == pytest.approx(0.7 * 0.4, rel=0.01)


@pytest.mark.parametrize("roughness", [0.2, 0.5, 0.9])
def test_a_glossy_body_never_gives_more_than_it_gets(roughness):
    static = street.plane(-50, 50, -50, 50, 0)
    camera = _looking_down(6.0)
    view = _lit(_view(static, camera, 1.0, 0.3, roughness), sky=shading_light.uniform_sky(1.0))
    light = _mean(view, 64)
    assert 0.75 < light.mean() <= 1.005


@settings(deadline=None, max_examples=25)
@given(rough=st.floats(0.25, 1.0), base=st.floats(0.0, 1.0), up=st.floats(0.15, 1.0), albedo=st.floats(0.0, 1.0))
def test_the_brdf_conserves_energy(rough, base, up, albedo):
    mu, phi = np.meshgrid((np.arange(60) + 0.5) / 60, 2 * np.pi * (np.arange(60) + 0.5) / 60)
    flat = np.sqrt(1 - mu**2)
    towards = np.stack([flat * np.cos(phi), flat * np.sin(phi), mu], axis=-1).reshape(-1, 3)
    eye = np.array([np.sqrt(1 - up * up), 0.0, up])
    half = towards + eye
    half /= np.linalg.norm(half, axis=-1, keepdims=True)
    total = np.mean([
        path_kernels.brdf(float(way[2]), up, float(h[2]), float(h @ eye), rough, base, albedo) * 2.0 * way[2]
        for way, h in zip(towards, half, strict=True)
    ])  # fmt: skip
    assert total <= 1.03  # of the quadrature: the narrowest lobe is a few cells wide


@pytest.mark.parametrize("elevation", [0.3, 0.8, 1.4])
def test_a_matt_plane_in_the_sun_shows_rho_e_over_pi(elevation):
    view = _view(street.plane(-50, 50, -50, 50, 0), _looking_down(6.0), albedo=0.3)
    sun = [np.cos(elevation), 0.0, np.sin(elevation), 0.9, 0.8, 0.7]
    light = _mean(_lit(view, light=[*sun, *[0.0] * 13, 120.0, 1.0]), 16)
    # Radiances are relative to a white wall that faces 100 klx: E / pi of it.
    assert light.mean(axis=(0, 1)) == pytest.approx(0.3 * np.array(sun[3:]) * np.sin(elevation), rel=2e-3)


def test_the_penumbra_of_an_edge_is_as_wide_as_the_sun_and_its_height_say():
    height = 4.0
    wall = street.mesh([[0, -50, height], [40, -50, height], [40, 50, height], [0, 50, height]],
                       [[0, 1, 2], [0, 2, 3], [0, 2, 1], [0, 3, 2]], 0)  # fmt: skip
    static = street.joined([street.plane(-50, 50, -50, 50, 0), wall])
    camera = _looking_down(3.0, 96, focal=40.0)  # 0.075 m of the ground around the edge's shadow
    view = _lit(_view(static, camera, 0.5), light=[0.0, 0.0, 1.0, 1.0, 1.0, 1.0, *[0.0] * 13, 120.0, 1.0])
    lit = _mean(view, 96, bounces=0)[..., 0].mean(axis=1) / 0.5
    # Rows run along x; the share of the disc that is seen falls from 1 to 0 over 2 r h.
    x = (48 - (np.arange(96) + 0.5)) * 3.0 / (40.0 * 96)
    radius = path_kernels.SUN_RADIUS_RAD * height
    u = np.clip(-x / radius, -1.0, 1.0)
    seen = 0.5 + (u * np.sqrt(1 - u * u) + np.arcsin(u)) / np.pi
    assert np.abs(lit - seen).max() < 0.06
    assert np.ptp(x[(lit > 0.02) & (lit < 0.98)]) == pytest.approx(2 * radius * 0.93, rel=0.1)


def test_the_error_falls_with_the_number_of_samples_at_least_as_its_root():
    static = street.joined([street.plane(-50, 50, -50, 50, 0), street.box((0.0, 2.2, 1.5), (4.0, 1.0, 3.0), 0)])
    sky = shading_light.sky_row(street.DAY, 1)
    view = _lit(_view(static, _looking_down(6.0), 0.6), sky=sky)
    truth = _mean(view, 700, seed=99)
    error = [np.sqrt(np.mean((_mean(view, samples) - truth) ** 2)) for samples in (4, 16, 64)]
    slope = np.polyfit(np.log([4, 16, 64]), np.log(error), 1)[0]
    assert -1.1 < slope < -0.45


def test_steps_fill_the_square_better_than_chance():
    points = (np.arange(256)[:, None] * steps(2)) % 1.0
    cells = np.histogram2d(points[:, 0], points[:, 1], bins=8, range=[[0, 1], [0, 1]])[0]
    assert cells.std() < 1.0  # chance: 2.0


def test_bytes_hang_on_the_seed_and_not_on_threads():
    view = _view(street.street_mesh(), street.rig().cameras[0])
    one, two = (pictured(view, None, threads, Quality(2), 5) for threads in (1, 3))
    assert one.light.tobytes() == two.light.tobytes()
    assert one.light.tobytes() != pictured(view, None, 1, Quality(2), 6).light.tobytes()


@pytest.mark.parametrize(
    ("environment", "band"),
    [(street.DAY, 0.1), (Environment(0.6, cloud_cover=1.0), 0.1), (Environment(-0.4, street_lights=True), 0.5)],
)
def test_the_fast_picture_is_as_bright_within_its_band_and_its_labels_are_the_same(environment, band):
    rollout = street.rollout(4, environment=environment)
    rig = SensorRig("front", street.rig(96, 64).cameras, (), rate_hz=5.0)
    made = street.mesh_scene(4, environment)
    renderer = RaytraceRenderer(prepare(made), _description(rollout), rig, 1, Development(), 1)
    state = rollout.state_at(0)
    view = renderer.view(state, state, 0)
    fast, slow = (pictured(view, None, 1, quality, 3) for quality in (Quality(), Quality(24)))
    # Lamps' own glass is thousands of times brighter than what it lights, and a matter of how edges are smoothed.
    most = np.percentile(fast.light @ LUMA, 95)
    bright = [np.minimum(each.light @ LUMA, most).mean() for each in (slow, fast)]
    ratio = float(bright[0] / bright[1])
    assert 1.0 / (1.0 + band) < ratio < 1.0 + band
    for name in ("depth_m", "semantic", "instance", "normal"):
        assert np.array_equal(getattr(fast, name), getattr(slow, name))


def test_quality_is_chosen_by_name():
    assert RaytraceGenerator(quality="high", samples=4).samples == 4
    with pytest.raises(ValueError, match="did you mean 'high'"):
        RaytraceGenerator(quality="hihg")
    with pytest.raises(ValueError, match="samples"):
        RaytraceGenerator(quality="high", samples=0)
    with pytest.raises(ValueError, match="bounces"):
        Quality(4, -1)


def test_the_sky_of_the_furnace_is_even():
    sky = shading_light.uniform_sky(0.3)
    rng = np.random.default_rng(1)
    towards = rng.standard_normal((200, 3)).astype(np.float32)
    towards /= np.linalg.norm(towards, axis=1, keepdims=True)
    out = np.empty_like(towards)
    sky_kernels.sky_radiance(towards, sky, 1.0, out)
    assert np.allclose(out, 0.3, rtol=1e-5)
