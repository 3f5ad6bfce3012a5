"""From light on the sensor to the raw picture, and what stays the same in all pictures of one camera.

electrons ~ Poisson(light (1 + PRNU) + dark current t + DSNU) held at the full well, + read noise + row noise;
number = round(K electrons + black level), held between 0 and the converter's top. Over flat fields the variance of a
pixel's number is therefore K (mean - black) + K^2 (read noise^2 + row noise^2) (+ 1/12 for rounding): the photon
transfer curve (Janesick, Photon Transfer, SPIE 2007; EMVA Standard 1288).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, UInt16

from generators.raytrace.cameras.chips import SensorChip
from generators.raytrace.cameras.exposure import Exposure

# Colour of the pixels at even and odd rows and columns: red, green, green, blue.
BAYER = ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2))


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """How the pixels of one camera differ from one another.

    Attributes:
        response: of each pixel to light, relative to the mean.
        dark_e: of each pixel's dark signal, against the mean.
    """

    response: Float32[np.ndarray, "H W"]
    dark_e: Float32[np.ndarray, "H W"]


def pattern_of(height: int, width: int, chip: SensorChip, seed: int, stream: int) -> Pattern:
    """The fixed pattern that the seed gives this camera; the same in each of its pictures."""
    rng = np.random.Generator(np.random.Philox(key=[seed % 2**64, 0x5E4501 + stream]))
    response = 1.0 + chip.prnu * rng.standard_normal((height, width), dtype=np.float32)
    dark = chip.dsnu_e * rng.standard_normal((height, width), dtype=np.float32)
    return Pattern(response.astype(np.float32), dark.astype(np.float32))


def mosaic(image: Float32[np.ndarray, "H W 3"], chip: SensorChip) -> Float32[np.ndarray, "H W"]:
    """Light through the colour filter of each pixel, relative to that of green for white."""
    out = np.empty(image.shape[:2], np.float32)
    channels = chip.channels().astype(np.float32)
    for row, column, color in BAYER:
        out[row::2, column::2] = image[row::2, column::2] @ channels[color]
    return np.maximum(out, np.float32(0.0))


def raw_picture(
    electrons: Float32[np.ndarray, "H W"],
    exposure: Exposure,
    chip: SensorChip,
    pattern: Pattern,
    noise: float,
    rng: np.random.Generator,
) -> UInt16[np.ndarray, "H W"]:
    """The numbers that the chip gives.

    Args:
        electrons: mean number that the light frees in each pixel.
        exposure: time and gain.
        chip: the sensor.
        pattern: fixed pattern of this camera.
        noise: factor on everything that is not the mean; 0 for the mean itself.
        rng: shot, read and row noise of this picture.
    """
    dark = chip.dark_current_e_per_s * exposure.time_s
    if noise <= 0.0:
        held = np.minimum(electrons + dark, chip.full_well_e)
        return _converted(held, exposure.gain, chip)
    mean = np.maximum(electrons * (1.0 + noise * (pattern.response - 1.0)) + dark + noise * pattern.dark_e, 0.0)
    counted = rng.poisson(np.minimum(mean, 8.0 * chip.full_well_e)).astype(np.float32)
    if noise != 1.0:
        counted = mean + np.float32(noise) * (counted - mean)
    counted = np.minimum(counted, chip.full_well_e)
    read = rng.standard_normal(electrons.shape, dtype=np.float32) * np.float32(noise * chip.read_noise_e)
    rows = rng.standard_normal(len(electrons), dtype=np.float32) * np.float32(noise * chip.row_noise_e)
    return _converted(counted + read + rows[:, None], exposure.gain, chip)


def _converted(electrons: np.ndarray, gain: float, chip: SensorChip) -> UInt16[np.ndarray, "H W"]:
    numbers = np.rint(chip.numbers_per_electron(gain) * electrons + chip.black_level)
    return np.clip(numbers, 0, chip.top).astype(np.uint16)
