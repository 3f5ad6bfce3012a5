"""From light to a picture: exposure, bloom, vignette, sensor noise, white balance, film curve, 8 bit.

The sensor counts electrons: e = light * full well, with shot noise of variance e and read noise; what the photon
transfer curve of the picture shows is therefore known.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Float32, UInt8
from PIL import Image
from scipy import ndimage

from generators.raytrace.cameras import raster_kernels

LUMA = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
_CURVE_SIZE = 2048
_CURVE_TOP = 10.0


@dataclass(frozen=True, slots=True)
class Development:
    """How a camera turns light into a picture.

    Attributes:
        exposure_ev: added to the automatic exposure, in stops.
        key: brightness that the automatic exposure gives the mean of a scene by day.
        white_balance_r: gain of red.
        white_balance_b: gain of blue.
        noise: factor on the noise; 0 for none.
        full_well_e: electrons that full white stands for at base gain.
        read_noise_e: read noise in electrons.
        vignette: how much the corners darken.
        bloom: share of light that the lens spreads.
        blur_px: standard deviation of the lens blur.
    """

    exposure_ev: float = 0.0
    key: float = 0.17
    white_balance_r: float = 1.0
    white_balance_b: float = 1.0
    noise: float = 1.0
    full_well_e: float = 9000.0
    read_noise_e: float = 4.0
    vignette: float = 0.12
    bloom: float = 0.05
    blur_px: float = 0.0

    def drawn(self, appearance: Mapping[str, Any]) -> "Development":
        """The same with the draws `camera.<field>` of a scene's appearance."""
        names = [field.name for field in fields(self) if f"camera.{field.name}" in appearance]
        return replace(self, **{name: float(appearance[f"camera.{name}"]) for name in names})


def auto_exposure(linear: Float32[np.ndarray, "H W 3"], key: float) -> float:
    """Factor that brings the log mean of a picture to the key.

    Dark scenes stay a little dark and even, bright ones (fog, snow) a little bright, as people see them; and the
    brightest twentieth is not driven far beyond white (by night, lamps may be). Every fourth row and column is seen.
    """
    luma = np.maximum(linear[2::4, 2::4] @ LUMA, 1e-9).astype(np.float64).ravel()
    logs = np.log(np.minimum(luma, 8.0 * np.median(luma) + 1e-9))
    level = float(np.exp(np.mean(logs)))
    adapted = key * float(np.clip(level / 0.06, 1e-6, 1.0)) ** 0.13
    even = 1.0 + 0.9 * float(np.clip(1.0 - np.std(logs) / 0.8, 0.0, 1.0)) * float(level > 1e-3)
    headroom = 1.0 + 1.2 * float(np.clip(np.log10(2e-2 / level) / 2.0, 0.0, 1.0))
    return min(adapted * even / level, headroom / float(np.percentile(luma, 95)))


def film_curve() -> Float32[np.ndarray, "n"]:
    """8-bit sRGB of light x, tabulated over log2(1 + 64 x): a filmic shoulder (Hable's operator), then sRGB's gamma."""
    x = (2.0 ** np.linspace(0.0, _CURVE_TOP, _CURVE_SIZE) - 1.0) / 64.0

    def hable(v: np.ndarray | float) -> Any:
        a, b, c, d, e, f = 0.22, 0.30, 0.10, 0.20, 0.01, 0.30
        return (v * (a * v + c * b) + d * e) / (v * (a * v + b) + d * f) - e / f

    mapped = np.clip(hable(2.2 * x) / hable(11.2), 0.0, 1.0)
    srgb = np.where(mapped <= 0.0031308, 12.92 * mapped, 1.055 * mapped ** (1 / 2.4) - 0.055)
    return (255.0 * srgb).astype(np.float32)


def spread_light(exposed: Float32[np.ndarray, "H W 3"]) -> Float32[np.ndarray, "H W 3"]:
    """What a lens spreads around bright places: the sum of a narrow and a wide blur, worked out at a quarter size."""
    height, width = exposed.shape[:2]
    small_h, small_w = -(-height // 4), -(-width // 4)
    padded = np.pad(exposed, ((0, 4 * small_h - height), (0, 4 * small_w - width), (0, 0)), mode="edge")
    small = np.minimum(padded, 60.0).reshape(small_h, 4, small_w, 4, 3).mean(axis=(1, 3))
    wide = width / 100.0
    blurred = 0.6 * ndimage.gaussian_filter(small, (1.0, 1.0, 0.0)) + 0.4 * ndimage.gaussian_filter(
        small, (wide, wide, 0.0), truncate=2.5
    )
    full = (4 * small_w, 4 * small_h)
    small_planes = [Image.fromarray(np.ascontiguousarray(blurred[..., c])) for c in range(3)]
    planes = [np.asarray(plane.resize(full, Image.Resampling.BILINEAR)) for plane in small_planes]
    return np.ascontiguousarray(np.stack(planes, axis=-1)[:height, :width], dtype=np.float32)


def develop(
    exposed: Float32[np.ndarray, "H W 3"], gain: float, settings: Development, rng: np.random.Generator
) -> UInt8[np.ndarray, "H W 3"]:
    """The picture.

    Args:
        exposed: light times exposure: 1 is a white that the sensor just holds.
        gain: analogue gain of the exposure over that of full daylight, which makes noise grainier; at least 1.
        settings: the camera.
        rng: noise.
    """
    height, width = exposed.shape[:2]
    if settings.blur_px > 0:
        exposed = ndimage.gaussian_filter(exposed, (settings.blur_px, settings.blur_px, 0.0))
    noise = settings.noise * rng.standard_normal((height, width, 3), dtype=np.float32)
    electrons = settings.full_well_e / max(gain, 1.0)
    numbers = np.array(
        [settings.bloom, settings.vignette, electrons, settings.read_noise_e,
         settings.white_balance_r, 1.0, settings.white_balance_b, (_CURVE_SIZE - 1) / _CURVE_TOP]
    )  # fmt: skip
    out = np.empty((height, width, 3), np.uint8)
    raster_kernels.develop(0, height, exposed, spread_light(exposed), noise, numbers, film_curve(), out)
    return out


def gain_of(exposure: float) -> float:
    """Analogue gain that an exposure needs: the shutter and the aperture give the first few stops."""
    return float(np.clip((exposure / 40.0) ** 0.5, 1.0, 24.0))


def frame_rng(seed: int, timestamp_ns: int, stream: int) -> np.random.Generator:
    """The random stream of one picture: the same whenever that picture is made again."""
    key = np.array([seed % 2**64, (timestamp_ns * 64 + stream) % 2**64], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key))


def mean_light(image: Float[np.ndarray, "H W 3"]) -> float:
    """Mean luminance."""
    return float((image @ LUMA).mean())
