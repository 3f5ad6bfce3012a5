"""Effects on one picture, in linear light.

Fog is Koschmieder's law, I = J e^{-beta z} + A (1 - e^{-beta z}); see `atmosphere` for beta.
"""

import io
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, UInt8
from PIL import Image
from scipy import ndimage

from driving_data.sensors import CameraModel
from generators.effects.atmosphere import LN_20
from generators.effects.kinds import Blur, Effect, Exposure, Fog, Jpeg, Night, Rain, Snow, WhiteBalance
from generators.effects.precipitation import Precipitation, streaks
from generators.raytrace.cameras.geometry import directions, pixel_grid

LUMA = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
_FULL_WELL_E = 9000.0
_READ_NOISE_E = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """What an effect needs besides the picture.

    Attributes:
        model: the camera.
        depth_m: distance of every pixel along its ray, shape (H, W).
        speed_mps: of the camera.
        lamps: column, row, radius in pixels and colour (0 white, 1 red) of lamps of other actors, shape (n, 4).
    """

    model: CameraModel
    depth_m: Float32[np.ndarray, "H W"]
    speed_mps: float
    lamps: Float[np.ndarray, "n 4"]


def to_linear(rgb: UInt8[np.ndarray, "H W 3"]) -> Float32[np.ndarray, "H W 3"]:
    """Linear light of an sRGB picture, 0 to 1."""
    value = np.arange(256) / 255.0
    table = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)
    return table[rgb]


def to_srgb(linear: Float32[np.ndarray, "H W 3"]) -> UInt8[np.ndarray, "H W 3"]:
    """8-bit sRGB of linear light; what is above 1 is clipped."""
    x = np.clip(linear, 0.0, 1.0)
    value = np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.power(x, 1 / 2.4) - 0.055)
    return np.round(255.0 * value).astype(np.uint8)


def apply_effect(
    rgb: UInt8[np.ndarray, "H W 3"], effect: Effect, shot: Shot, rng: np.random.Generator
) -> UInt8[np.ndarray, "H W 3"]:
    """The picture with one effect."""
    if isinstance(effect, Jpeg):
        return _jpeg(rgb, effect.quality)
    linear = to_linear(rgb)
    if isinstance(effect, Fog):
        out = foggy(linear, shot.depth_m, LN_20 / effect.visibility_m, air_light(linear))
    elif isinstance(effect, (Rain, Snow)):
        out = _falling(linear, effect, shot, rng)
    elif isinstance(effect, Night):
        out = _night(linear, effect, shot, rng)
    elif isinstance(effect, Exposure):
        out = linear * np.float32(2.0**effect.ev)
    elif isinstance(effect, WhiteBalance):
        out = linear * np.array([effect.red, 1.0, effect.blue], dtype=np.float32)
    else:
        out = _blurred(linear, effect)
    return to_srgb(out.astype(np.float32))


def foggy(
    linear: Float32[np.ndarray, "H W 3"],
    depth_m: Float32[np.ndarray, "H W"],
    beta_per_m: float,
    air: Float[np.ndarray, "3"],
) -> Float32[np.ndarray, "H W 3"]:
    """Koschmieder's law with extinction `beta_per_m` and air light `air`."""
    through = np.exp(-beta_per_m * depth_m.astype(np.float64))[..., None]
    return (linear * through + air * (1.0 - through)).astype(np.float32)


def air_light(linear: Float32[np.ndarray, "H W 3"]) -> Float[np.ndarray, "3"]:
    """Light of the air: the brightest part of the upper half of the picture, greyed, within what fog can be."""
    upper = linear[: max(1, linear.shape[0] // 2)].reshape(-1, 3)
    luma = upper @ LUMA
    bright = upper[luma >= np.percentile(luma, 90)].mean(axis=0).astype(np.float64)
    grey = 0.35 * bright + 0.65 * float(bright @ LUMA)
    level = max(float(grey @ LUMA), 1e-6)
    return grey * np.clip(level, 0.015, 0.62) / level


def _falling(linear: np.ndarray, effect: Rain | Snow, shot: Shot, rng: np.random.Generator) -> np.ndarray:
    snow = isinstance(effect, Snow)
    beta = LN_20 / (1000.0 * effect.rate_mmph**-0.9 if snow else 11600.0 * effect.rate_mmph**-0.63)
    air = air_light(linear)
    out = foggy(linear, shot.depth_m, beta, air)
    grey = (out @ LUMA)[..., None]
    dull = 0.25 if snow else min(0.35, 0.1 + 0.01 * effect.rate_mmph)
    out = out + np.float32(dull) * (grey - out)
    if not snow:
        out = out * np.float32(0.85)
    fall = Precipitation(effect.rate_mmph, snow, speed_mps=shot.speed_mps)
    share = streaks(shot.model.width_px, shot.model.height_px, shot.model.fx_px, fall, rng)[..., None]
    return out + share * (np.maximum(air * 1.1, out) - out)


def _night(linear: np.ndarray, effect: Night, shot: Shot, rng: np.random.Generator) -> np.ndarray:
    """Little, bluish light from the sky; the ego's low beam on what is near; lamps of others; a noisy sensor."""
    ambient = np.array([0.75, 0.9, 1.3]) * 2.0**-effect.darkness
    surface = np.minimum(linear, 0.55)
    sky = shot.depth_m >= 1000.0
    surface = np.where(sky[..., None], surface * np.float32(0.3), surface)
    lit = surface * (ambient + effect.beam * low_beam(shot)[..., None] * np.array([1.0, 0.95, 0.85]))
    lit = lit + _glows(lit.shape, shot.lamps)
    electrons = _FULL_WELL_E / 6.0
    counted = lit * electrons
    spread = effect.noise * np.sqrt(counted + _READ_NOISE_E**2)
    return np.maximum(counted + spread * rng.standard_normal(lit.shape), 0.0) / electrons


def low_beam(shot: Shot) -> Float[np.ndarray, "H W"]:
    """Illuminance of the ego's low beam at every pixel, 1 about twelve metres ahead (inverse square, cut off above)."""
    rays = shot.model.ego_from_camera.rotate(np.nan_to_num(directions(shot.model, pixel_grid(shot.model))))
    point = shot.model.ego_from_camera.translation_m + rays * shot.depth_m[..., None].astype(np.float64)
    ahead = point - np.array([3.6, 0.0, 0.65])
    distance = np.maximum(np.linalg.norm(ahead, axis=-1), 1.5)
    forward = np.maximum(ahead[..., 0] / distance, 0.0)
    drop = -ahead[..., 2] / distance
    side = ahead[..., 1] / distance
    cut = 1.0 / (1.0 + np.exp(-np.clip((drop + 0.01) / 0.008, -60, 60)))
    beam = np.where(forward > 0.1, np.exp(-(side**2) / 0.3) * (0.05 + 0.95 * cut), 0.0)
    return np.minimum(beam * (0.25 + 0.75 * np.exp(-np.maximum(drop, 0) * 6.0)) * 170.0 / distance**2, 1.3)


def _glows(shape: tuple[int, ...], lamps: np.ndarray) -> np.ndarray:
    """Lamps of others as bright spots with a halo."""
    out = np.zeros(shape)
    height, width = shape[:2]
    for column, row, radius, red in lamps:
        reach = int(np.ceil(radius * 8)) + 2
        x0, x1 = max(0, int(column) - reach), min(width, int(column) + reach + 1)
        y0, y1 = max(0, int(row) - reach), min(height, int(row) + reach + 1)
        if x0 >= x1 or y0 >= y1:
            continue
        dx, dy = np.meshgrid(np.arange(x0, x1) + 0.5 - column, np.arange(y0, y1) + 0.5 - row)
        square = (dx * dx + dy * dy) / max(radius, 0.4) ** 2
        spot = 1.2 * np.exp(-square) + 0.12 / (1.0 + 0.5 * square) * np.exp(-square / 30.0)
        color = np.array([0.9, 0.06, 0.04]) if red > 0.5 else np.array([1.6, 1.55, 1.4])
        out[y0:y1, x0:x1] += spot[..., None] * color
    return out


def _blurred(linear: np.ndarray, effect: Blur) -> np.ndarray:
    return ndimage.gaussian_filter(linear, (effect.sigma_px, effect.sigma_px, 0.0))


def _jpeg(rgb: np.ndarray, quality: float) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, format="JPEG", quality=int(np.clip(round(quality), 1, 95)))
    return np.asarray(Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")).copy()
