"""Events of pixels from the light that they see: thresholds on its logarithm, a dead time, noise.

A pixel remembers the logarithm of light at its last event; when the light has risen by its threshold since then, it
reports a rise and moves what it remembers by exactly that threshold, and likewise for a fall (Lichtsteiner, Posch and
Delbrueck, IEEE JSSC 43, 566, 2008). Between rendered moments the logarithm changes evenly, so each event has its exact
time. A pixel that has just reported is silent for the refractory time: what would fall into it is lost, though the
memory moves on (as in Rebecq, Gehrig and Scaramuzza, "ESIM", CoRL 2018).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from driving_data.sensors import EventCameraModel
from generators.raytrace.events import changes_kernels

DARK_LIGHT = 3.0e-6
_LEAST_SHARE = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class PixelThresholds:
    """Change of the logarithm that each pixel reports.

    Attributes:
        rise: shape (H, W).
        fall: shape (H, W).
    """

    rise: Float[np.ndarray, "H W"]
    fall: Float[np.ndarray, "H W"]


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """Events in order of time (then of rows and columns).

    Attributes:
        time_s: since the first level, shape (N,).
        row: shape (N,).
        column: shape (N,).
        brighter: shape (N,).
        memory: what each pixel compares with afterwards, shape (H, W).
    """

    time_s: Float[np.ndarray, "N"]
    row: Int[np.ndarray, "N"]
    column: Int[np.ndarray, "N"]
    brighter: Bool[np.ndarray, "N"]
    memory: Float[np.ndarray, "H W"]


def thresholds_of(model: EventCameraModel, seed: int, stream: int) -> PixelThresholds:
    """Thresholds of each pixel, drawn once for a camera; at least a fifth of the nominal ones."""
    rng = np.random.Generator(np.random.Philox(key=[seed % 2**64, 0xE7E27 + stream]))
    shape = (model.camera.height_px, model.camera.width_px)
    rise, fall = (
        np.maximum(nominal + model.threshold_spread * rng.standard_normal(shape), _LEAST_SHARE * nominal)
        for nominal in (model.contrast_on, model.contrast_off)
    )
    return PixelThresholds(rise, fall)


def log_light(luminance: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
    """Logarithm of light as a pixel sees it: its dark current stands for 0.1 cd/m2."""
    return np.log(np.asarray(luminance, dtype=np.float64) + DARK_LIGHT)


def changes_between(
    levels: Float[np.ndarray, "K H W"],
    time_s: Float[np.ndarray, "K"],
    thresholds: PixelThresholds,
    refractory_s: float,
    memory: Float[np.ndarray, "H W"],
) -> Changes:
    """All events of a camera.

    Args:
        levels: logarithm of light at K moments.
        time_s: of the moments, rising.
        thresholds: of each pixel.
        refractory_s: dead time.
        memory: logarithm that each pixel compares with at first; not changed.

    Error: agrees with `reference.changes_of_pixel` exactly.
    """
    height, width = levels.shape[1:]
    flat = np.ascontiguousarray(levels.reshape(len(levels), -1))
    rise, fall = thresholds.rise.ravel(), thresholds.fall.ravel()
    after = memory.ravel().copy()
    count = np.zeros(height * width, np.int64)
    nowhere = np.full(height * width, -1, np.int64)
    none = np.zeros(0)
    changes_kernels.walk(
        flat, time_s, rise, fall, refractory_s, after, nowhere, count, none, np.zeros(0, dtype=bool)
    )  # fmt: skip
    total = int(count.sum())
    when, brighter = np.empty(total), np.empty(total, dtype=bool)
    pixel = np.repeat(np.arange(height * width), count)
    first = np.cumsum(count) - count
    changes_kernels.walk(flat, time_s, rise, fall, refractory_s, after, first, count, when, brighter)
    order = np.lexsort((pixel, when))
    pixel = pixel[order]
    return Changes(when[order], pixel // width, pixel % width, brighter[order], after.reshape(height, width))
