"""Drops and flakes in the air before a camera, drawn as what they leave on one exposure.

Rain: Marshall and Palmer, N(D) = 8000 exp(-4.1 R^-0.21 D) per m^3 and mm (J. Meteorology 5, 165, 1948); drops fall
at 9.65 - 10.3 exp(-0.6 D) m/s (Atlas et al., 1973). Snow: Gunn and Marshall, N(D) = 3800 R^-0.87
exp(-2.55 R^-0.48 D) (J. Meteorology 15, 452, 1958), R in mm/h of water, D the melted diameter; flakes fall near 1 m/s
and are about three times as wide as melted.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32
from PIL import Image, ImageDraw

_NEAR_M, _FAR_M = 0.6, 14.0
_MAX_PARTICLES = 2500
_MIN_WIDTH_PX = 0.03


@dataclass(frozen=True, slots=True)
class Precipitation:
    """What falls and how it is seen.

    Attributes:
        rate_mmph: of water.
        snow: flakes, not drops.
        wind_mps: sideways.
        speed_mps: of the camera, forwards.
        exposure_s: time during which a drop leaves a streak.
    """

    rate_mmph: float
    snow: bool
    wind_mps: float = 0.0
    speed_mps: float = 0.0
    exposure_s: float = 0.008


def _number_and_slope(fall: Precipitation, smallest_mm: float) -> tuple[float, float]:
    """Particles above a diameter in a cubic metre, and the slope of their exponential distribution in 1/mm."""
    if fall.snow:
        intercept, slope = 3800.0 * fall.rate_mmph**-0.87, 2.55 * fall.rate_mmph**-0.48
    else:
        intercept, slope = 8000.0, 4.1 * fall.rate_mmph**-0.21
    return intercept / slope * float(np.exp(-slope * smallest_mm)), slope


def streaks(
    width_px: int, height_px: int, focal_px: float, fall: Precipitation, rng: np.random.Generator
) -> Float32[np.ndarray, "H W"]:
    """Share of each pixel's light that particles replace, 0 to 1."""
    if fall.rate_mmph <= 0:
        return np.zeros((height_px, width_px), np.float32)
    smallest_mm = 0.4 if fall.snow else 0.8
    density, slope = _number_and_slope(fall, smallest_mm)
    solid = width_px * height_px / focal_px**2
    volume = solid / 3.0 * (_FAR_M**3 - _NEAR_M**3)
    count = min(int(rng.poisson(min(density * volume, 1e7))), 400_000)
    depth = (_NEAR_M**3 + rng.random(count) * (_FAR_M**3 - _NEAR_M**3)) ** (1.0 / 3.0)
    diameter_mm = smallest_mm + rng.exponential(1.0 / slope, count)
    place = rng.random((count, 2)) * 1.3 - 0.15
    width = diameter_mm * (3e-3 if fall.snow else 1e-3) * focal_px / depth
    chosen = np.flatnonzero(width > _MIN_WIDTH_PX)
    chosen = chosen[np.argsort(-width[chosen], kind="stable")[:_MAX_PARTICLES]]
    x = (place[chosen, 0] * width_px - 0.5 * width_px) / focal_px * depth[chosen]
    y = (place[chosen, 1] * height_px - 0.5 * height_px) / focal_px * depth[chosen]
    start = np.stack([x, y, depth[chosen]], axis=-1)
    return _draw(width_px, height_px, focal_px, start, _moved(start, diameter_mm[chosen], fall, rng), width[chosen],
                 fall.snow)  # fmt: skip


def _moved(start: np.ndarray, diameter_mm: np.ndarray, fall: Precipitation, rng: np.random.Generator) -> np.ndarray:
    speed = np.full(len(start), 1.1) if fall.snow else np.maximum(9.65 - 10.3 * np.exp(-0.6 * diameter_mm), 1.0)
    flutter = rng.normal(0.0, 0.5 if fall.snow else 0.15, len(start))
    velocity = np.stack([0.6 * fall.wind_mps + flutter, speed, np.full(len(start), -fall.speed_mps)], axis=-1)
    end = start + velocity * fall.exposure_s * (0.4 if fall.snow else 1.0)
    end[:, 2] = np.maximum(end[:, 2], 0.3)
    return end


def _draw(
    width_px: int, height_px: int, focal_px: float, start: Float[np.ndarray, "n 3"], end: Float[np.ndarray, "n 3"],
    size_px: Float[np.ndarray, "n"], snow: bool,
) -> np.ndarray:  # fmt: skip
    """Streaks on a canvas of twice the size, so that thin ones are smooth."""
    canvas = Image.new("L", (2 * width_px, 2 * height_px))
    pen = ImageDraw.Draw(canvas)
    center = np.array([0.5 * width_px, 0.5 * height_px])
    a = 2.0 * (start[:, :2] / start[:, 2:] * focal_px + center)
    b = 2.0 * (end[:, :2] / end[:, 2:] * focal_px + center)
    for k in np.argsort(size_px, kind="stable"):
        wide = 2.0 * size_px[k]
        length = float(np.hypot(*(b[k] - a[k])))
        strength = min(1.0, wide) * (0.8 if snow else 0.5)
        if snow and length < 3.0 * max(wide, 1.5):
            soft = min(max(wide, 1.6), 14.0)
            value = int(255 * strength / (1.0 + 0.06 * soft * soft))
            pen.ellipse([*(a[k] - 0.5 * soft), *(a[k] + 0.5 * soft)], fill=value)
        else:
            value = int(255 * strength / max(1.0, 0.12 * length))
            if value > 2:
                pen.line([tuple(a[k]), tuple(b[k])], fill=value, width=max(1, min(6, round(float(wide)))))
    small = canvas.resize((width_px, height_px), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float32) / np.float32(255.0)
