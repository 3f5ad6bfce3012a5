"""The land: level with the road where the road is, rising to hills at the horizon, with no end in sight."""

import numpy as np
import shapely
from jaxtyping import Float
from scipy.spatial import KDTree

from generators.raytrace.appearance import Appearance
from generators.raytrace.materials import MaterialBook
from generators.raytrace.scenery.plan import Plan
from generators.raytrace.scenery.roads import APRON_M, apron_height_m, grass
from generators.raytrace.solids import sheet
from generators.raytrace.soup import Soup, smooth

SINK_M = 0.32
FAR_M = 3200.0
HILLS_BEGIN_M = 110.0


def flat_land(book: MaterialBook, appearance: Appearance) -> Soup:
    """The land of a scene without a map: level near the origin, hills afar."""
    x = np.unique(np.concatenate([np.linspace(-200, 200, 21), _afar(-200.0, 200.0)]))
    grid = np.stack(np.meshgrid(x, x, indexing="ij"), axis=-1)
    distance = np.maximum(np.linalg.norm(grid, axis=-1) - 150.0, 0.0)
    z = hills_m(grid.reshape(-1, 2), distance.reshape(-1), appearance).reshape(distance.shape) - 0.02
    return smooth(sheet(np.concatenate([grid, z[..., None]], axis=-1), grass(book, appearance), grid), 1.2)


def land(plan: Plan, book: MaterialBook, appearance: Appearance) -> Soup:
    """The land around and beneath the roads."""
    low, high = np.array(plan.paved.bounds[:2]) - 60.0, np.array(plan.paved.bounds[2:]) + 60.0
    step = float(np.clip(np.max(high - low) / 55.0, 6.0, 14.0))
    x = np.concatenate([np.arange(low[0], high[0] + step, step), _afar(low[0], high[0])])
    y = np.concatenate([np.arange(low[1], high[1] + step, step), _afar(low[1], high[1])])
    grid = np.stack(np.meshgrid(np.unique(x), np.unique(y), indexing="ij"), axis=-1)
    flat = grid.reshape(-1, 2)
    edge = shapely.get_coordinates(shapely.segmentize(plan.paved.boundary, 4.0))
    distance, nearest = KDTree(edge).query(flat)
    inside = shapely.contains_xy(plan.paved, flat[:, 0], flat[:, 1])
    distance = np.where(inside, 0.0, distance)
    beside = plan.road_height_m(np.where(inside[:, None], flat, edge[nearest]))
    z = beside - SINK_M + hills_m(flat, distance, appearance)
    points = np.concatenate([grid, z.reshape(grid.shape[:2])[..., None]], axis=-1)
    return smooth(sheet(points, grass(book, appearance), grid), 1.2)


def ground_height_m(plan: Plan, xy_m: Float[np.ndarray, "n 2"], appearance: Appearance) -> Float[np.ndarray, "n"]:
    """Height of what one stands on beside the road: the apron near the paving, the land beyond."""
    if not len(xy_m):
        return np.zeros(0)
    distance = plan.to_paved.distance_m(xy_m)
    beside = plan.verge_height_m(xy_m)
    wild = plan.road_height_m(xy_m) - SINK_M + hills_m(xy_m, distance, appearance)
    return np.where(distance < APRON_M[plan.setting], apron_height_m(plan.setting, beside, distance), wild)


def _afar(low: float, high: float) -> np.ndarray:
    reach = np.array([25.0, 60.0, 110.0, 180.0, 280.0, 420.0, 620.0, 900.0, 1300.0, 1800.0, 2400.0, FAR_M])
    return np.concatenate([low - reach[::-1], high + reach])


def hills_m(
    xy_m: Float[np.ndarray, "n 2"], distance_m: Float[np.ndarray, "n"], appearance: Appearance
) -> Float[np.ndarray, "n"]:
    """Height of the land above the level of the nearest road."""
    rng = appearance.rng("hills")
    tall = appearance.number("hill_height")
    waves = np.zeros(len(xy_m))
    for length in (1400.0, 900.0, 520.0, 260.0):
        angle, phase = rng.uniform(0, 2 * np.pi), rng.uniform(0, 2 * np.pi)
        along = xy_m @ np.array([np.cos(angle), np.sin(angle)])
        waves += length / 1400.0 * np.sin(2 * np.pi * along / length + phase)
    share = np.clip((distance_m - HILLS_BEGIN_M) / 900.0, 0.0, 1.0)
    rise = share * share * (3 - 2 * share)
    near = (
        np.clip((distance_m - 14.0) / 60.0, 0.0, 1.0)
        * 0.35
        * (1 + np.sin(xy_m[:, 0] / 17.0) * np.sin(xy_m[:, 1] / 23.0))
    )
    return rise * tall * (0.55 + 0.30 * waves) + near
