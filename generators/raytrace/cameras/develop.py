"""A camera's way from light to a picture: lens, sensor, and the processor that develops the raw numbers.

light -> stray light and ghosts -> cos^4 -> electrons with noise -> raw numbers -> black level -> lens shading undone
-> white balance -> demosaic -> noise reduction -> colour matrix -> film curve -> sharpening -> 8 bit (-> JPEG)

The tone curve is the same everywhere in the picture unless `local_tone` asks for more: a global curve keeps equal
light equal, which is what networks that read brightness want and what has no halos; a local one opens shadows.
"""

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32, UInt8, UInt16
from PIL import Image
from scipy import ndimage

from generators.raytrace.cameras import isp_kernels, optics
from generators.raytrace.cameras.chips import SensorChip
from generators.raytrace.cameras.exposure import Exposure
from generators.raytrace.cameras.rays import PixelRays
from generators.raytrace.cameras.sensor import BAYER, Pattern, mosaic, pattern_of, raw_picture
from generators.raytrace.cameras.settings import Development

_CURVE_SIZE = 2048
_CURVE_TOP = 10.0
_LEAST_SIGMA = 0.02
_COARSE_GRAIN = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """What is the same in all pictures of one camera.

    Attributes:
        rays: of its pixels.
        shading: light on each pixel relative to the axis.
        pattern: how its pixels differ.
    """

    rays: PixelRays
    shading: Float32[np.ndarray, "H W"]
    pattern: Pattern


def body_of(rays: PixelRays, chip: SensorChip, seed: int, stream: int) -> Body:
    """Works out the lens shading and the fixed pattern of a camera once."""
    model = rays.model
    return Body(rays, optics.shading(rays), pattern_of(model.height_px, model.width_px, chip, seed, stream))


def film_curve(headroom: float = 4.0) -> Float32[np.ndarray, "n"]:
    """8-bit sRGB of light x, tabulated over log2(1 + 64 x): a filmic shoulder (Hable's operator), then sRGB's gamma.

    The headroom is white.
    """
    x = (2.0 ** np.linspace(0.0, _CURVE_TOP, _CURVE_SIZE) - 1.0) / 64.0

    def hable(v: np.ndarray | float) -> Any:
        a, b, c, d, e, f = 0.22, 0.30, 0.10, 0.20, 0.01, 0.30
        return (v * (a * v + c * b) + d * e) / (v * (a * v + b) + d * f) - e / f

    mapped = np.clip(hable(2.2 * x) / hable(2.2 * headroom), 0.0, 1.0)
    srgb = np.where(mapped <= 0.0031308, 12.92 * mapped, 1.055 * mapped ** (1 / 2.4) - 0.055)
    return (255.0 * srgb).astype(np.float32)


def through_lens(
    light: Float32[np.ndarray, "H W 3"], factor: float, body: Body, settings: Development
) -> Float32[np.ndarray, "H W 3"]:
    """Light on the sensor before the darkening of the corners, times the factor."""
    exposed = light * np.float32(factor)
    if settings.blur_px > 0:
        exposed = ndimage.gaussian_filter(exposed, (settings.blur_px, settings.blur_px, 0.0))
    if settings.low_pass > 0:
        exposed = optics.low_passed(exposed, settings.low_pass)
    mirrored = optics.ghosts(exposed, body.rays.model) if settings.flare > 0 else None
    if settings.bloom > 0:
        share = np.float32(settings.bloom)
        exposed = exposed * (1 - share) + share * optics.glare(exposed)
    if mirrored is not None:
        exposed = exposed + np.float32(settings.flare) * mirrored
    return exposed


def gather(
    light: Float32[np.ndarray, "H W 3"],
    exposure: Exposure,
    body: Body,
    settings: Development,
    rng: np.random.Generator,
) -> UInt16[np.ndarray, "H W"]:
    """The raw picture of linear light."""
    seen = through_lens(light, exposure.factor, body, settings)
    electrons = mosaic(seen, settings.chip) * body.shading * np.float32(exposure.electrons / exposure.factor)
    return raw_picture(electrons, exposure, settings.chip, body.pattern, settings.noise, rng)


def develop(
    raw: UInt16[np.ndarray, "H W"], exposure: Exposure, body: Body, settings: Development
) -> UInt8[np.ndarray, "H W 3"]:
    """The picture of a raw picture."""
    height, width = raw.shape
    values = linear_mosaic(raw, exposure, body, settings)
    headroom = settings.control.headroom
    if settings.local_tone > 0:
        values = values * _opened_shadows(values, settings.local_tone)
    # Above what green holds, the balanced colours of a full pixel differ: all are cut to the same white.
    floor = _dark_floor(exposure, settings)
    roots = np.sqrt(np.maximum(np.minimum(values, headroom) + np.float32(floor), 0.0))
    split, even = np.empty((height, width, 3), np.float32), np.empty((height, width, 3), np.float32)
    full = 0.99 * float(np.sqrt(headroom + floor))
    isp_kernels.demosaic(np.pad(roots, 2, mode="reflect"), full, split)
    sigma = float(np.hypot(noise_of_roots(exposure, settings), _LEAST_SIGMA))
    grain = settings.denoise * (sigma - _LEAST_SIGMA) / _LEAST_SIGMA
    isp_kernels.smooth(split, sigma, min(grain, 0.9), 1, even)
    if grain > _COARSE_GRAIN:
        # At night grain is as strong as what it lies on: farther pixels help, and colour is believed where light is.
        isp_kernels.smooth(even, 0.6 * sigma, 0.9, 2, split)
        above = np.maximum(split[..., :1] - np.float32(np.sqrt(floor)), 0.0)
        split[..., 1:] *= above * above / (above * above + np.float32(sigma * sigma))
        even, split = split, even
    out = np.empty((height, width, 3), np.uint8)
    isp_kernels.tone(
        even, np.array(settings.chip.color_matrix), floor, headroom, (_CURVE_SIZE - 1) / _CURVE_TOP,
        settings.sharpen, film_curve(headroom), split, out,
    )  # fmt: skip
    return _jpeg(out, settings.jpeg_quality) if settings.jpeg_quality > 0 else out


def noise_of_roots(exposure: Exposure, settings: Development) -> float:
    """Standard deviation of the square root of a balanced value: of shot noise, 1 / 2 sqrt(electrons of a white)."""
    return float(0.5 * settings.noise / np.sqrt(exposure.electrons / exposure.factor))


def _dark_floor(exposure: Exposure, settings: Development) -> float:
    """What is added before roots are drawn, so that the noise of the dark is not cut off at one side: 3 sigma of it."""
    chip = settings.chip
    sigma = np.hypot(chip.read_noise_e, chip.row_noise_e) * exposure.factor / exposure.electrons
    return float(3.0 * settings.noise * sigma / min(chip.response) + 1e-6)


def linear_mosaic(
    raw: UInt16[np.ndarray, "H W"], exposure: Exposure, body: Body, settings: Development
) -> Float32[np.ndarray, "H W"]:
    """Raw numbers as white-balanced light, each pixel still of one colour: white is 1 in all, full is the headroom."""
    chip = settings.chip
    scale = exposure.factor / (chip.numbers_per_electron(exposure.gain) * exposure.electrons)
    corrected = (raw.astype(np.float32) - np.float32(chip.black_level)) * (np.float32(scale) / body.shading)
    corrected *= _falloff(raw.shape[0], raw.shape[1], settings.vignette)
    balance = (settings.white_balance_r / chip.response[0], 1.0, settings.white_balance_b / chip.response[2])
    for row, column, color in BAYER:
        corrected[row::2, column::2] *= np.float32(balance[color])
    return corrected


def _falloff(height: int, width: int, vignette: float) -> Float32[np.ndarray, "H W"]:
    x = (np.arange(width) + 0.5) / width * 2.0 - 1.0
    y = ((np.arange(height) + 0.5) / height * 2.0 - 1.0) * height / width
    return ((1.0 + vignette * (x[None, :] ** 2 + y[:, None] ** 2)) ** -2).astype(np.float32)


def _opened_shadows(values: Float32[np.ndarray, "H W"], strength: float) -> Float32[np.ndarray, "H W"]:
    """Factor that draws the light around each pixel towards the mean of the picture (in logarithms)."""
    logs = np.log(np.maximum(values, 1e-4))
    around = ndimage.gaussian_filter(logs, max(values.shape[1] / 24.0, 2.0))
    return np.exp(np.float32(strength) * (float(around.mean()) - around)).astype(np.float32)


def _jpeg(picture: UInt8[np.ndarray, "H W 3"], quality: int) -> UInt8[np.ndarray, "H W 3"]:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file).convert("RGB")).copy()


def frame_rng(seed: int, timestamp_ns: int, stream: int) -> np.random.Generator:
    """The random stream of one picture: the same whenever that picture is made again."""
    key = np.array([seed % 2**64, (timestamp_ns * 64 + stream) % 2**64], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key))
