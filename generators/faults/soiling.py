"""What sits in front of a sensor: dirt on a lens, drops of water, something that covers it, patches on a window.

Every shape grows with the severity and stays where it is: what is covered at a low severity is covered at a higher one.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32
from scipy import ndimage

MOST_DIRTY, MOST_DROPS = 0.6, 60
_OCTAVES = ((10, 0.55), (28, 0.3), (70, 0.15))


@dataclass(frozen=True, slots=True, eq=False)
class Drops:
    """Water drops on a lens.

    Attributes:
        center_px: column and row, shape (n, 2).
        radius_px: shape (n,).
    """

    center_px: Float[np.ndarray, "n 2"]
    radius_px: Float[np.ndarray, "n"]


def dirt(height: int, width: int, severity: float, rng: np.random.Generator) -> Float32[np.ndarray, "H W"]:
    """How much dirt hides of each pixel, 0 to 0.96: translucent patches over 60 % of the picture at severity 1.

    A sum of smoothed white noise at three sizes is ranked, so that the share of the picture below a threshold is exact;
    the patches' edges are soft, as dirt on a front lens is far out of focus.
    """
    field = np.zeros((height, width))
    for pieces, weight in _OCTAVES:
        noise = ndimage.gaussian_filter(rng.standard_normal((height, width)), width / pieces, mode="reflect")
        field += weight * noise / max(float(noise.std()), 1e-12)
    rank = np.empty(field.size)
    rank[np.argsort(field, axis=None, kind="stable")] = (np.arange(field.size) + 0.5) / field.size
    thick = ndimage.gaussian_filter(rng.standard_normal((height, width)), width / 40, mode="reflect")
    thickness = np.clip(0.72 + 0.12 * thick / max(float(thick.std()), 1e-12), 0.4, 0.96)
    depth = np.clip((MOST_DIRTY * severity - rank.reshape(height, width)) / 0.08, 0.0, 1.0)
    return (depth * depth * (3.0 - 2.0 * depth) * thickness).astype(np.float32)


def drops(height: int, width: int, severity: float, rng: np.random.Generator) -> Drops:
    """Drops of 1 to 5 % of the picture's width, up to sixty."""
    drawn = rng.random((MOST_DROPS, 3))
    count = int(np.ceil(severity * MOST_DROPS - 1e-9))
    radius = width * (0.01 + 0.04 * drawn[:, 2] ** 2)
    return Drops((drawn[:, :2] * [width, height])[:count], radius[:count])


def cover(height: int, width: int, severity: float, rng: np.random.Generator) -> Float32[np.ndarray, "H W"]:
    """How much something dark in front of the lens hides, 0 to 1: it comes in from a drawn side, all at severity 1."""
    angle = rng.uniform(0.0, 2.0 * np.pi)
    y, x = np.mgrid[0:height, 0:width]
    along = (x + 0.5 - width / 2) * np.cos(angle) + (y + 0.5 - height / 2) * np.sin(angle)
    wave = 0.04 * width * np.sin((x * -np.sin(angle) + y * np.cos(angle)) / width * rng.uniform(6.0, 12.0))
    reach = 0.5 * (width * abs(np.cos(angle)) + height * abs(np.sin(angle))) + 0.04 * width
    soft = 0.03 * width
    edge = -reach - soft + (2.0 * reach + 2.0 * soft) * severity
    return (
        np.clip((edge - (along + wave)) / soft, 0.0, 1.0).astype(np.float32)
        if severity > 0
        else np.zeros((height, width), np.float32)
    )


def window(
    azimuth_rad: Float[np.ndarray, "n"], elevation_rad: Float[np.ndarray, "n"], severity: float, small: bool,
    rng: np.random.Generator,
) -> Float[np.ndarray, "n"]:  # fmt: skip
    """Share of the light that a lidar's window lets through in each direction.

    Forty round patches at drawn places, as many of them as the severity says: mud of 4 to 15 degrees that lets
    none to 12 % through, or (`small`) drops of 1 to 4 degrees that scatter all but 3 %.
    """
    drawn = rng.random((40, 4))
    through = np.ones(len(azimuth_rad))
    for k in range(int(np.ceil(severity * len(drawn) - 1e-9))):
        turn = 2.0 * np.pi * drawn[k, 0] - np.pi
        rise = -0.45 + 0.6 * drawn[k, 1]
        radius = np.deg2rad(1.0 + 3.0 * drawn[k, 2] if small else 4.0 + 11.0 * drawn[k, 2])
        left = 0.03 if small else 0.12 * drawn[k, 3] ** 2
        away = np.hypot(np.remainder(azimuth_rad - turn + np.pi, 2.0 * np.pi) - np.pi, elevation_rad - rise)
        edge = np.clip((away / radius - 0.7) / 0.3, 0.0, 1.0)
        through = np.minimum(through, left + (1.0 - left) * edge)
    return through
