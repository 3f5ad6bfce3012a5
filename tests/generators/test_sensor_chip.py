"""From light to raw numbers to pictures: photon transfer, linearity, full well, demosaic, exposure, tone."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from driving_data.geometry import SE3
from driving_data.sensors import CameraModel
from generators.raytrace.cameras import exposure as exposures
from generators.raytrace.cameras import isp_kernels, optics
from generators.raytrace.cameras.chips import CHIPS, SensorChip
from generators.raytrace.cameras.develop import body_of, develop, film_curve, frame_rng, gather
from generators.raytrace.cameras.exposure import Control, Exposure, electrons_per_s, exposure_for, lags_s, metered
from generators.raytrace.cameras.rays import pixel_rays
from generators.raytrace.cameras.sensor import mosaic, pattern_of, raw_picture
from generators.raytrace.cameras.settings import Development

PLAIN = Development(vignette=0.0, bloom=0.0, flare=0.0, low_pass=0.0, sharpen=0.0, denoise=0.0)
SIZE = 160


def taken(gain=1.0, factor=1.0, chip=PLAIN.chip, time_s=1e-3):
    """An exposure by which brightness `headroom` fills the converter."""
    return Exposure(time_s, gain, factor * chip.full_well_e / (gain * PLAIN.control.headroom), factor)


def flat(electrons, gain, chip, count=12, seed=1, time_s=0.0):
    """A stack of raw pictures of an evenly lit sensor."""
    pattern = pattern_of(SIZE, SIZE, chip, seed, 0)
    light = np.full((SIZE, SIZE), electrons, np.float32)
    how = Exposure(time_s, gain, 1.0, 1.0)
    return np.stack([raw_picture(light, how, chip, pattern, 1.0, frame_rng(seed, 1000 + k, 0)) for k in range(count)])


def narrow(width=SIZE, height=SIZE, **more):
    return CameraModel("c", width, height, 4.0 * width, 4.0 * width, width / 2, height / 2, SE3.identity(), **more)


@pytest.mark.parametrize("name", CHIPS)
@pytest.mark.parametrize("gain", [1.0, 8.0])
def test_the_photon_transfer_curve_has_the_declared_gain(name, gain):
    """EMVA 1288: temporal variance against mean over the lower 70 % of the range; slope K, intercept of the dark."""
    chip = CHIPS[name]
    full = chip.full_well_e / gain
    means, variances = [], []
    for level in (0.02, 0.1, 0.2, 0.35, 0.5, 0.7):
        stack = flat(level * full, gain, chip).astype(np.float64)
        means.append(stack.mean() - chip.black_level)
        variances.append(stack.var(axis=0, ddof=1).mean())
    slope, intercept = np.polyfit(means, variances, 1)
    k = chip.numbers_per_electron(gain)
    assert slope == pytest.approx(k, rel=0.05)
    dark = flat(0.0, gain, chip).astype(np.float64).var(axis=0, ddof=1).mean()
    wanted = k * k * (chip.read_noise_e**2 + chip.row_noise_e**2) + (1.0 / 12.0 if name != "perfect" else 0.0)
    # In the dark the fixed pattern's positive half adds its own shot noise: its mean is sigma / sqrt(2 pi).
    wanted += k * k * chip.dsnu_e / np.sqrt(2 * np.pi)
    # Rounding adds 1 / 12 only where the noise is not small against a step (EMVA 1288, 2.6).
    assert dark == pytest.approx(wanted, rel=0.08 if wanted > 0.4 else 0.3, abs=1e-9)
    assert abs(intercept - wanted) < 0.05 * variances[-1]


def test_fixed_patterns_stay_and_have_their_sizes():
    chip = SensorChip(prnu=0.01, dsnu_e=4.0, row_noise_e=0.0)
    bright = flat(0.5 * chip.full_well_e, 1.0, chip, 24).astype(np.float64)
    level = bright.mean() - chip.black_level
    left = (bright.var(axis=0, ddof=1) / len(bright)).mean()
    assert np.sqrt(bright.mean(axis=0).var() - left) / level == pytest.approx(0.01, rel=0.05)
    dark = flat(40.0, 1.0, chip, 60).astype(np.float64)
    left = (dark.var(axis=0, ddof=1) / len(dark)).mean()
    k = chip.numbers_per_electron(1.0)
    assert np.sqrt(dark.mean(axis=0).var() - left) / k == pytest.approx(np.hypot(4.0, 0.4), rel=0.06)
    again = flat(0.5 * chip.full_well_e, 1.0, chip, 1)
    assert np.array_equal(again[0], bright[0])


def test_rows_share_their_noise():
    chip = replace(CHIPS["perfect"], row_noise_e=20.0)
    rows = flat(100.0, 8.0, chip, 40).astype(np.float64).mean(axis=2)
    assert rows.std() / chip.numbers_per_electron(8.0) == pytest.approx(np.hypot(20.0, 10.0 / np.sqrt(SIZE)), rel=0.05)


def test_dark_current_grows_with_time():
    chip = SensorChip(dark_current_e_per_s=500.0)
    step = flat(0.0, 4.0, chip, time_s=0.2).mean() - flat(0.0, 4.0, chip).mean()
    assert step / chip.numbers_per_electron(4.0) == pytest.approx(100.0, rel=0.02)


def test_response_is_linear_up_to_the_full_well_and_flat_beyond():
    chip = SensorChip()
    levels = np.linspace(0.05, 0.9, 9) * chip.full_well_e
    seen = np.array([flat(level, 1.0, chip, 2).mean() for level in levels])
    line = np.polyval(np.polyfit(levels, seen, 1), levels)
    assert np.abs(seen - line).max() / (seen[-1] - seen[0]) < 0.002
    full = flat(1.3 * chip.full_well_e, 1.0, chip, 1)
    assert full.max() == chip.top and np.mean(full == chip.top) > 0.45  # read noise goes to both sides
    # At gain 2 the converter is full at half the well; the well itself is what limits gain 1 of a deeper converter.
    assert np.all(flat(0.55 * chip.full_well_e, 2.0, chip, 1) == chip.top)
    deep = flat(1.3 * chip.full_well_e, 0.5, chip, 1)
    assert deep.mean() == pytest.approx(chip.black_level + 0.5 * (chip.top - chip.black_level), abs=1.0)


def test_noise_can_be_switched_off_and_grows_with_its_factor():
    chip = SensorChip()
    light = np.full((SIZE, SIZE), 900.0, np.float32)
    pattern = pattern_of(SIZE, SIZE, chip, 1, 0)
    spread = [
        raw_picture(light, taken(), chip, pattern, factor, frame_rng(1, 1, 0)).astype(float).std()
        for factor in (0.0, 0.5, 1.0, 2.0)
    ]
    assert spread[0] == 0.0
    assert spread[1] / spread[2] == pytest.approx(0.5, rel=0.06)
    assert spread[3] / spread[2] == pytest.approx(2.0, rel=0.06)


def test_colours_go_through_the_filters_and_come_back():
    chip = SensorChip()
    colors = np.array([[0.4, 0.4, 0.4], [0.5, 0.3, 0.2], [0.2, 0.35, 0.5]], np.float32)
    body = body_of(pixel_rays(narrow()), chip, 0, 0)
    for color in colors:
        image = np.tile(color, (SIZE, SIZE, 1))
        bayer = mosaic(image, chip)
        assert np.ptp(bayer[0::2, 0::2]) == 0.0 and np.allclose(bayer[0::2, 0::2], (chip.channels() @ color)[0])
        noiseless = replace(PLAIN, noise=0.0)
        raw = gather(image, taken(), body, noiseless, frame_rng(0, 0, 0))
        picture = develop(raw, taken(), body, noiseless).astype(float)
        wanted = np.interp(np.log2(1 + 64 * color), np.linspace(0, 10, 2048), film_curve())
        assert np.abs(picture[4:-4, 4:-4] - wanted).max() < 2.0


def slow_demosaic(bayer, full):
    """Malvar, He and Cutler's tables of 5 x 5 numbers as printed; beside full pixels held between the nearest."""
    g_at_rb = np.array([[0, 0, -1, 0, 0], [0, 0, 2, 0, 0], [-1, 2, 4, 2, -1], [0, 0, 2, 0, 0], [0, 0, -1, 0, 0]]) / 8
    r_at_g_row = np.array([[0, 0, 0.5, 0, 0], [0, -1, 0, -1, 0], [-1, 4, 5, 4, -1], [0, -1, 0, -1, 0],
                           [0, 0, 0.5, 0, 0]]) / 8  # fmt: skip
    r_at_b = np.array([[0, 0, -1.5, 0, 0], [0, 2, 0, 2, 0], [-1.5, 0, 6, 0, -1.5], [0, 2, 0, 2, 0],
                       [0, 0, -1.5, 0, 0]]) / 8  # fmt: skip
    seen = {name: ndimage.correlate(bayer, kernel, mode="mirror") for name, kernel in
            (("g", g_at_rb), ("row", r_at_g_row), ("column", r_at_g_row.T), ("far", r_at_b))}  # fmt: skip
    height, width = bayer.shape
    out = np.empty((height, width, 3))
    for name, steps in (("g", [(0, 1), (0, -1), (1, 0), (-1, 0)]), ("row", [(0, 1), (0, -1)]),
                        ("column", [(1, 0), (-1, 0)]), ("far", [(1, 1), (1, -1), (-1, 1), (-1, -1)])):  # fmt: skip
        rim = np.pad(bayer, 1, mode="reflect")
        near = [rim[1 + v : 1 + v + height, 1 + u : 1 + u + width] for v, u in steps]
        held = np.clip(seen[name], np.min(near, axis=0), np.max(near, axis=0))
        cross = np.array([[0, 0, 1, 0, 0], [0, 0, 1, 0, 0], [1, 1, 1, 1, 1], [0, 0, 1, 0, 0], [0, 0, 1, 0, 0]])
        brightest = ndimage.maximum_filter(bayer, footprint=cross, mode="mirror")
        seen[name] = np.where(brightest >= full, held, seen[name])
    for y in range(height):
        for x in range(width):
            even_y, even_x = y % 2 == 0, x % 2 == 0
            if even_y == even_x:
                mine, other = (0, 2) if even_y else (2, 0)
                out[y, x, mine], out[y, x, 1], out[y, x, other] = bayer[y, x], seen["g"][y, x], seen["far"][y, x]
            else:
                out[y, x, 1] = bayer[y, x]
                beside, above = (0, 2) if even_y else (2, 0)
                out[y, x, beside], out[y, x, above] = seen["row"][y, x], seen["column"][y, x]
    return out


@given(st.integers(2, 7), st.integers(2, 7), st.integers(0, 2**31), st.sampled_from([0.8, 0.95, 2.0]))
@settings(deadline=None, max_examples=25)
def test_the_demosaic_is_malvars(half_height, half_width, seed, full):
    bayer = np.random.default_rng(seed).random((2 * half_height, 2 * half_width)).astype(np.float32)
    split = np.empty((*bayer.shape, 3), np.float32)
    isp_kernels.demosaic(np.pad(bayer, 2, mode="reflect"), full, split)
    green = split[..., 0].astype(float)
    fast = np.stack([split[..., 1] + green, green, split[..., 2] + green], axis=-1)
    assert np.allclose(fast, slow_demosaic(bayer.astype(float), full), atol=1e-5)


@given(
    st.integers(3, 12), st.integers(3, 12), st.floats(0.01, 0.3), st.floats(0.0, 0.8), st.sampled_from([1, 2, 3]),
    st.integers(0, 2**31),
)  # fmt: skip
@settings(deadline=None, max_examples=25)
def test_noise_reduction_is_the_written_mean(height, width, sigma, luma, step, seed):
    roots = np.random.default_rng(seed).random((height, width, 3)).astype(np.float32)
    fast = np.empty_like(roots)
    isp_kernels.smooth(roots, sigma, luma, step, fast)
    for y in range(height):
        for x in range(width):
            rows = [v for v in range(y - 2 * step, y + 3 * step, step) if 0 <= v < height]
            columns = [u for u in range(x - 2 * step, x + 3 * step, step) if 0 <= u < width]
            near = roots[np.ix_(rows, columns)].reshape(-1, 3).astype(float)
            weight = (1 + ((near[:, 0] - roots[y, x, 0]) / (3 * sigma)) ** 2) ** -2.0
            mean = weight @ near / weight.sum()
            assert np.allclose(fast[y, x, 1:], mean[1:], atol=2e-5)
            assert fast[y, x, 0] == pytest.approx(roots[y, x, 0] + luma * (mean[0] - roots[y, x, 0]), abs=2e-5)


def test_night_pictures_are_grainier_than_day():
    body = body_of(pixel_rays(narrow()), PLAIN.chip, 0, 0)
    grain = []
    for gain in (1.0, 4.0, 16.0):
        image = np.full((SIZE, SIZE, 3), 0.18, np.float32)
        raw = gather(image, taken(gain), body, PLAIN, frame_rng(1, 2, 0))
        grain.append(develop(raw, taken(gain), body, PLAIN)[8:-8, 8:-8, 1].astype(float).std())
    assert 1.6 < grain[1] / grain[0] < 2.6 and grain[2] > 1.6 * grain[1]


def test_lens_shading_is_the_fourth_power_and_is_undone():
    model = CameraModel("c", 160, 96, 100.0, 100.0, 80.0, 48.0, SE3.identity())
    rays = pixel_rays(model)
    assert np.allclose(optics.shading(rays), rays.direction[..., 2] ** 4, rtol=2e-3)
    body = body_of(rays, PLAIN.chip, 0, 0)
    quiet = replace(PLAIN, noise=0.0)
    image = np.full((96, 160, 3), 0.3, np.float32)
    raw = gather(image, taken(), body, quiet, frame_rng(0, 0, 0))
    corner, center = (int(raw[y, x]) - quiet.chip.black_level for y, x in ((0, 1), (48, 81)))
    assert corner / center == pytest.approx(rays.direction[0, 1, 2] ** 4 / rays.direction[48, 81, 2] ** 4, rel=0.02)
    assert np.ptp(develop(raw, taken(), body, quiet)[..., 1].astype(int)) <= 2


def test_photons_per_second_are_those_of_the_stated_light():
    """32 000 cd/m2 through f/2, 3 um: pi 32000 0.9 / 16 lux, 1.115e16 / 3 photons per lux s m2, 0.6 electrons each."""
    model = narrow(f_number=2.0)
    lux = np.pi * 32000.0 * 0.9 / 16.0
    assert electrons_per_s(model, SensorChip(), Control()) == pytest.approx(lux * 1.1152e16 / 3 * 9e-12 * 0.6, rel=1e-3)
    doubled = replace(model, pixel_pitch_m=6.0e-6)
    assert electrons_per_s(doubled, SensorChip(), Control()) == pytest.approx(
        4 * electrons_per_s(model, SensorChip(), Control())
    )


def test_exposure_takes_time_first_then_gain_within_limits():
    model, chip, control = narrow(), SensorChip(), Control()
    sun, dusk, night, dark = (exposure_for(factor, model, chip, control) for factor in (1e-3, 3.0, 2e3, 1e9))
    assert sun.time_s == control.min_exposure_s and sun.gain == 1.0
    assert sun.factor > 1e-3 and sun.electrons * control.headroom == pytest.approx(sun.factor * chip.full_well_e)
    assert control.min_exposure_s < dusk.time_s < control.max_exposure_s and dusk.gain == 1.0
    assert dusk.electrons * control.headroom == pytest.approx(3.0 * chip.full_well_e)
    assert night.time_s == control.max_exposure_s and 1.0 < night.gain < chip.max_gain
    assert night.electrons * night.gain * control.headroom == pytest.approx(2e3 * chip.full_well_e)
    assert dark.time_s == control.max_exposure_s and dark.gain == chip.max_gain
    own = exposure_for(3.0, replace(model, exposure_s=0.01), chip, control)
    assert own.time_s == 0.01 and own.gain == pytest.approx(1.0) and own.electrons == pytest.approx(dusk.electrons)


def test_too_much_light_is_white_and_has_no_colour():
    model = narrow()
    how = exposure_for(1e-3, model, PLAIN.chip, PLAIN.control)
    body = body_of(pixel_rays(model), PLAIN.chip, 0, 0)
    image = np.tile(np.array([60.0, 50.0, 45.0], np.float32), (SIZE, SIZE, 1))
    assert develop(gather(image, how, body, PLAIN, frame_rng(0, 0, 0)), how, body, PLAIN).min() >= 250


def test_metering_follows_the_light_and_the_memory_has_equal_shares():
    image = np.random.default_rng(0).lognormal(-2.0, 0.7, (800, 3))
    assert metered(image, 0.17) / metered(8.0 * image, 0.17) == pytest.approx(8.0, rel=0.3)
    assert metered(image, 0.34) >= metered(image, 0.17)
    lags = lags_s(Control(adapt_s=0.5), 0.1)
    weights = np.exp(-(np.array(lags) - exposures.FRAME_S) / 0.5)
    assert np.allclose(weights, [5 / 6, 1 / 2, 1 / 6])
    assert lags_s(Control(), 0.0) == (0.0,) and lags_s(Control(adapt_s=0.0), 0.1) == (exposures.FRAME_S,)


def test_stray_light_keeps_its_energy_and_falls_as_its_formula():
    point = np.zeros((128, 256, 3), np.float32)
    point[64:68, 128:132] = 40.0
    spread = optics.glare(point)
    assert spread.sum() == pytest.approx(point.sum(), rel=0.15)
    center, one, two = (spread[62:70, 126 + d : 134 + d, 1].mean() for d in (0, 24, 48))
    assert center > one > two > 0
    wanted = ((1 + (24 / 3) ** 2) / (1 + (48 / 3) ** 2)) ** -1.25
    assert one / two == pytest.approx(wanted, rel=0.25)


def test_ghosts_lie_across_the_optical_centre():
    model = narrow(240, 160)
    dull = np.full((160, 240, 3), 0.2, np.float32)
    assert optics.ghosts(dull, model) is None
    dull[38:44, 58:64] = 60.0  # 60 px left of and 40 above the centre
    ghost = optics.ghosts(dull, model)[..., 1]
    far = ghost[100:, 130:]
    y, x = np.unravel_index(np.argmax(far), far.shape)
    assert abs((y + 100 - 80) / (x + 130 - 120) - 40 / 60) < 0.2


def test_jpeg_and_local_tone_do_what_they_say():
    body = body_of(pixel_rays(narrow()), PLAIN.chip, 0, 0)
    rng = np.random.default_rng(3)
    image = np.full((SIZE, SIZE, 3), 0.02, np.float32)
    image[:, SIZE // 2 :] = 0.8
    image *= rng.uniform(0.8, 1.2, image.shape[:2])[..., None].astype(np.float32)
    raw = gather(image, taken(), body, PLAIN, frame_rng(0, 0, 0))
    plain = develop(raw, taken(), body, PLAIN).astype(float)
    error = {q: np.abs(develop(raw, taken(), body, replace(PLAIN, jpeg_quality=q)) - plain).mean() for q in (30, 90)}
    assert 0.0 < error[90] < 0.7 * error[30]
    opened = develop(raw, taken(), body, replace(PLAIN, local_tone=0.5)).astype(float)
    assert opened[:, :40].mean() > 1.3 * plain[:, :40].mean() and opened[:, -40:].mean() < plain[:, -40:].mean()


def test_draws_reach_the_camera_and_its_chip():
    drawn = Development().drawn({"camera.noise": 0.5, "camera.read_noise_e": 9.0, "camera.key": 0.3})
    assert drawn.noise == 0.5 and drawn.chip.read_noise_e == 9.0 and drawn.control.key == 0.3
    assert drawn.chip.full_well_e == SensorChip().full_well_e
