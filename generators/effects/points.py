"""Effects on lidar sweeps: weaker echoes, lost points, the same law as the ray-traced lidar's."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float

from driving_data.sensors import LidarModel, LidarSweep
from generators.effects.atmosphere import LN_20
from generators.effects.kinds import Effect, Fog, Rain, Snow
from generators.raytrace.lidars.detector import detection_chance


def added_extinction_per_m(effects: Sequence[Effect]) -> float:
    """What the effects add to the extinction at 905 nm."""
    alpha = 0.0
    for effect in effects:
        if isinstance(effect, Fog):
            alpha += LN_20 / effect.visibility_m
        elif isinstance(effect, Rain):
            alpha += 0.01 * effect.rate_mmph**0.6
        elif isinstance(effect, Snow):
            alpha += LN_20 / (1000.0 * effect.rate_mmph**-0.9)
    return alpha


def attenuated(
    sweep: LidarSweep, model: LidarModel, alpha_per_m: float, rng: np.random.Generator
) -> tuple[LidarSweep, Bool[np.ndarray, "N"]]:
    """The sweep through thicker air, and which of its points are left.

    A point that was seen stays with the ratio of the chances of detection after and before, so that thicker air never
    makes a point appear.
    """
    distance = np.linalg.norm(sweep.points_m.astype(np.float64), axis=-1)
    through = np.exp(-2.0 * alpha_per_m * distance)
    before = np.maximum(sweep.intensity.astype(np.float64), 0.02)
    chance = _chance(before * through, distance, model) / np.maximum(_chance(before, distance, model), 1e-12)
    kept = rng.random(len(distance)) < chance
    dimmed = (sweep.intensity * through).astype(np.float32)[kept]
    return (
        replace(
            sweep,
            points_m=sweep.points_m[kept],
            intensity=dimmed,
            ring=sweep.ring[kept],
            offset_ns=sweep.offset_ns[kept],
            semantic=None if sweep.semantic is None else sweep.semantic[kept],
            instance=None if sweep.instance is None else sweep.instance[kept],
            echo=None if sweep.echo is None else sweep.echo[kept],
            velocity_mps=None if sweep.velocity_mps is None else sweep.velocity_mps[kept],
            scatter=None if sweep.scatter is None else sweep.scatter[kept],
        ),
        kept,
    )


def _chance(echo: np.ndarray, distance_m: np.ndarray, model: LidarModel) -> Float[np.ndarray, "N"]:
    return detection_chance(echo, np.maximum(distance_m, 0.1), model)
