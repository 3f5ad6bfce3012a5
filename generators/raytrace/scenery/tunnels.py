"""Tunnels: a lined tube with lamps over the road, a portal at either end, and the hill that it goes through.

A map names what lies under the roof (areas of kind 'tunnel': one edge along the road, the other back). Lamps follow
the zones of CIE 88: a threshold zone behind each portal, many times as bright by day as the interior, so that drivers
who come from the sun see into it, and a fading one after that.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from jaxtyping import Float

from driving_data.maps.lane_map import LaneMap, MapArea
from driving_data.taxonomy import SemanticClass
from generators.raytrace.appearance import Appearance
from generators.raytrace.materials import MaterialBook, Surface
from generators.raytrace.scene import Glow, Lamps
from generators.raytrace.scenery.plan import Plan
from generators.raytrace.scenery.roads import concrete, grass
from generators.raytrace.solids import box, sheet
from generators.raytrace.soup import EMPTY, Soup, concat, placed

CROWN_M, SPRING_M, PANEL_M = 5.9, 4.4, 3.0
LAMP_HEIGHT_M, LAMP_SPACING_M = 5.6, 10.0
# 1 800 cd a lamp: some 40 lx on the road, 3 cd/m2 on asphalt; by day twenty times as much behind a portal.
LAMP_COLOR = np.array([1.0, 0.94, 0.8]) * 0.018
THRESHOLD, FADE_M = 20.0, 32.0
SIGN_SPACING_M = 50.0
_HILL_OFFSET_M = np.array([-46.0, -30.0, -18.0, -9.0, 0.0, 9.0, 18.0, 30.0, 46.0])
_HILL_HEIGHT_M = np.array([-0.6, 3.6, 7.4, 9.0, 9.6, 9.0, 7.4, 3.6, -0.6])


@dataclass(frozen=True, slots=True, eq=False)
class Tube:
    """One tunnel, station by station.

    Attributes:
        middle_m: middle of the road, shape (n, 3).
        left: unit vector to the left, shape (n, 2).
        right_wall_m: where the right wall stands, along `left`, negative.
        left_wall_m: where the left one stands.
        arc_m: way along, shape (n,).
    """

    middle_m: Float[np.ndarray, "n 3"]
    left: Float[np.ndarray, "n 2"]
    right_wall_m: float
    left_wall_m: float
    arc_m: Float[np.ndarray, "n"]

    def surface(self, offset_m: Float[np.ndarray, "k"], height_m: Float[np.ndarray, "k"]) -> Float[np.ndarray, "n k 3"]:
        """Points at offsets to the left and heights above the road, at every station."""
        xy = self.middle_m[:, None, :2] + offset_m[None, :, None] * self.left[:, None]
        z = self.middle_m[:, None, 2] + np.broadcast_to(height_m, (len(self.middle_m), len(height_m)))
        return np.concatenate([xy, z[..., None]], axis=-1)


def tunnels(
    plan: Plan, lane_map: LaneMap, book: MaterialBook, appearance: Appearance
) -> tuple[Soup, Lamps, "Float[np.ndarray, 'C 14'] | None"]:
    """All tunnels within reach: what is seen, their lamps, and the pieces that keep the sky out.

    The pieces are rows of `shading_kernels.COVER`, with a last column: factor on the light within by day.
    """
    found = [tube for area in lane_map.areas if area.kind == "tunnel" for tube in _tube(plan, area)]
    if not found:
        return EMPTY, _lamps([]), None
    parts = [soup for tube in found for soup in _bodies(tube, book, appearance)]
    return concat(parts), _lamps(found), np.concatenate([_covers(tube) for tube in found])


def _tube(plan: Plan, area: MapArea) -> list[Tube]:
    half = len(area.polygon_m) // 2
    left, right = area.polygon_m[:half], area.polygon_m[half:][::-1]
    if len(left) != len(right) or len(left) < 2:
        return []
    middle = 0.5 * (left + right)
    across = left[:, :2] - right[:, :2]
    width = np.linalg.norm(across, axis=-1)
    unit = across / np.maximum(width, 1e-9)[:, None]
    inside = shapely.contains_xy(plan.region, middle[:, 0], middle[:, 1])
    if inside.sum() < 2:
        return []
    middle, unit = middle[inside], unit[inside]
    reach = np.arange(-0.5 * width.max(), 0.5 * width.max() + 0.1, 0.1)
    points = middle[:, None, :2] + reach[None, :, None] * unit[:, None]
    on_road = shapely.contains_xy(plan.road, points[..., 0], points[..., 1])
    low = np.median([reach[row].min() if row.any() else -4.0 for row in on_road])
    high = np.median([reach[row].max() if row.any() else 4.0 for row in on_road])
    z = plan.road_height_m(middle[:, :2])
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(middle[:, :2], axis=0), axis=-1))])
    return [Tube(np.column_stack([middle[:, :2], z]), unit, float(low) - 0.06, float(high) + 0.06, arc)]


def _profile(tube: Tube) -> tuple[np.ndarray, np.ndarray]:
    """Offsets and heights of the lining from the right foot over the crown to the left foot."""
    a, b = tube.right_wall_m, tube.left_wall_m
    half, center = 0.5 * (b - a), 0.5 * (a + b)
    angle = np.linspace(np.pi, 0.0, 9)
    offset = np.concatenate([[a, a], center + half * np.cos(angle), [b, b]])
    rise = SPRING_M + (CROWN_M - SPRING_M) * np.sin(angle)
    return offset, np.concatenate([[-0.1, PANEL_M], rise, [PANEL_M, -0.1]])


def _bodies(tube: Tube, book: MaterialBook, appearance: Appearance) -> list[Soup]:
    offset, height = _profile(tube)
    vault = concrete(book, SemanticClass.WALL, "#7d7a74")
    panel = book.add(Surface("#d9d6c8", SemanticClass.WALL, roughness=0.4, reflectance=0.05, lidar_reflectivity=0.6,
                             wettable=0.1))  # fmt: skip
    grid = tube.surface(offset, height)
    materials = np.full(len(offset) - 1, vault)
    materials[[0, -1]] = panel
    parts = [sheet(grid, np.broadcast_to(materials, (len(grid) - 1, len(materials))))]
    wobble = 0.7 * np.sin(0.11 * tube.arc_m)[:, None] * np.array([0, 1, 1, 1, 1, 1, 1, 1, 0.0])[None]
    hill = tube.surface(_HILL_OFFSET_M, np.zeros(len(_HILL_OFFSET_M)))
    hill[..., 2] += _HILL_HEIGHT_M + np.where(_ends(len(hill)), 0.0, wobble)
    parts.append(sheet(hill, grass(book, appearance), hill[..., :2]))
    for index in (0, -1):
        parts.append(_portal(tube, index, offset, height, concrete(book, SemanticClass.WALL, "#9c988e")))
        parts.append(_hillside(tube, index, grass(book, appearance)))
    parts += [_luminaires(tube, book), _exit_signs(tube, book)]
    return parts


def _ends(count: int) -> np.ndarray:
    ends = np.zeros((count, 1), dtype=bool)
    ends[[0, -1]] = True
    return ends


def _portal(tube: Tube, index: int, offset: np.ndarray, height: np.ndarray, material: int) -> Soup:
    """A wall about the opening, as wide as 6 m beyond it and 3 m above, with a rim."""
    a, b = offset[0] - 6.0, offset[-1] + 6.0
    share = np.linspace(0.0, 1.0, len(offset) - 4)
    outer_x = np.concatenate([[a, a], a + (b - a) * share, [b, b]])
    outer_z = np.concatenate([[-0.6, 4.0], np.full(len(share), CROWN_M + 2.6), [4.0, -0.6]])
    rim_x, rim_z = 1.07 * offset, np.where(height > 0.0, height + 0.35, height)
    away = _outward(tube, index)
    rows = [tube.surface(x, z)[index] for x, z in ((offset, height), (rim_x, rim_z), (outer_x, outer_z))]
    rim = sheet(np.stack([rows[0] + 0.4 * away, rows[1] + 0.4 * away]), material)
    collar = sheet(np.stack([rows[0], rows[0] + 0.4 * away]), material)
    edge = sheet(np.stack([rows[1] + 0.4 * away, rows[1]]), material)
    return concat([sheet(np.stack([rows[1], rows[2]]), material), rim, collar, edge])


def _outward(tube: Tube, index: int) -> np.ndarray:
    """Unit vector out of the tunnel at one of its ends."""
    step = tube.middle_m[1] - tube.middle_m[0] if index == 0 else tube.middle_m[-1] - tube.middle_m[-2]
    forward = step / max(float(np.linalg.norm(step)), 1e-9)
    return -forward if index == 0 else forward


def _hillside(tube: Tube, index: int, material: int) -> Soup:
    """The slopes beside the portal's wall, leaning back from their feet."""
    away = _outward(tube, index)
    top = tube.surface(_HILL_OFFSET_M, _HILL_HEIGHT_M)[index]
    wide = np.abs(_HILL_OFFSET_M) > 0.5 * (tube.left_wall_m - tube.right_wall_m) + 5.0
    foot = top.copy()
    foot[:, 2] = tube.middle_m[index, 2] - 0.6
    foot += np.where(wide, 5.0, 0.0)[:, None] * away
    left, right = np.flatnonzero(_HILL_OFFSET_M < 0.0), np.flatnonzero(_HILL_OFFSET_M > 0.0)
    parts = [sheet(np.stack([foot[side], top[side]]), material) for side in (left[:3], right[-3:])]
    # Above the wall the hill goes on from its upper edge.
    inner = np.abs(_HILL_OFFSET_M) <= 18.0
    lip = top[inner].copy()
    lip[:, 2] = tube.middle_m[index, 2] + CROWN_M + 2.4
    return concat([*parts, sheet(np.stack([lip, top[inner]]), material)])


def _stations(tube: Tube, spacing_m: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places along the middle (points, left vectors, way along), the first half a spacing in."""
    at = np.arange(0.5 * spacing_m, tube.arc_m[-1], spacing_m)
    middle = np.column_stack([np.interp(at, tube.arc_m, tube.middle_m[:, k]) for k in range(3)])
    left = np.column_stack([np.interp(at, tube.arc_m, tube.left[:, k]) for k in range(2)])
    return middle, left / np.maximum(np.linalg.norm(left, axis=-1, keepdims=True), 1e-9), at


def _luminaires(tube: Tube, book: MaterialBook) -> Soup:
    """Two rows of long lamps under the vault."""
    glass = book.add(Surface("#d8d8d0", SemanticClass.POLE, roughness=0.3, emission=(0.42, 0.4, 0.34),
                             glow=Glow.ALWAYS, wettable=0.0))  # fmt: skip
    middle, left, _ = _stations(tube, 0.5 * LAMP_SPACING_M)
    yaw = np.arctan2(left[:, 1], left[:, 0]) - 0.5 * np.pi
    body = box((1.6, 0.22, 0.1), (0.0, 0.0, 0.0), glass)
    center = 0.5 * (tube.left_wall_m + tube.right_wall_m)
    half = 0.35 * (tube.left_wall_m - tube.right_wall_m)
    height = SPRING_M + (CROWN_M - SPRING_M) * float(np.sqrt(1.0 - 0.7**2)) - 0.08
    return concat([
        placed(body, (*(middle[k, :2] + (center + side * half) * left[k]), middle[k, 2] + height), float(yaw[k]))
        for k in range(len(middle)) for side in (-1.0, 1.0)
    ])  # fmt: skip


def _exit_signs(tube: Tube, book: MaterialBook) -> Soup:
    """Green signs over the escape doors in the right wall."""
    green = book.add(Surface("#1d8a4a", SemanticClass.TRAFFIC_SIGN, roughness=0.5, emission=(0.004, 0.05, 0.018),
                             glow=Glow.ALWAYS, wettable=0.0))  # fmt: skip
    door = book.add(Surface("#2f6b46", SemanticClass.WALL, roughness=0.6, wettable=0.0))
    middle, left, _ = _stations(tube, SIGN_SPACING_M)
    parts: list[Soup] = []
    for k in range(len(middle)):
        yaw = float(np.arctan2(left[k, 1], left[k, 0]) - 0.5 * np.pi)
        xy = middle[k, :2] + (tube.right_wall_m + 0.12) * left[k]
        parts.append(placed(box((1.2, 0.12, 2.2), (0, 0, 1.15), door), (*xy, middle[k, 2]), yaw))
        parts.append(placed(box((0.1, 0.9, 0.45), (0, 0.4, 2.75), green), (*xy, middle[k, 2]), yaw))
    return concat(parts) if parts else EMPTY


def day_factor(way_m: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
    """How much brighter than by night the lamps burn by day, by the way to the nearest portal."""
    return 1.0 + (THRESHOLD - 1.0) * np.exp(-np.maximum(way_m - 30.0, 0.0) / FADE_M)


def _lamps(found: list[Tube]) -> Lamps:
    places: list[np.ndarray] = []
    factors: list[np.ndarray] = []
    for tube in found:
        middle, _, at = _stations(tube, LAMP_SPACING_M)
        places.append(middle + np.array([0.0, 0.0, LAMP_HEIGHT_M]))
        factors.append(day_factor(np.minimum(at, tube.arc_m[-1] - at)))
    position = np.concatenate(places) if places else np.zeros((0, 3))
    count = len(position)
    return Lamps(position, np.tile([0.0, 0.0, -1.0], (count, 1)), np.tile(LAMP_COLOR, (count, 1)),
                 np.full(count, 0.2), np.concatenate(factors) if factors else np.zeros(0))  # fmt: skip


def _covers(tube: Tube) -> Float[np.ndarray, "C 14"]:
    """One row for each piece between two stations."""
    step = np.diff(tube.middle_m, axis=0)
    length = np.linalg.norm(step[:, :2], axis=-1)
    middle = 0.5 * (tube.middle_m[:-1] + tube.middle_m[1:])
    at = 0.5 * (tube.arc_m[:-1] + tube.arc_m[1:])
    width = tube.left_wall_m - tube.right_wall_m
    # Half of what the lamps send down comes back from road and walls: a lamp of pattern 0 sends about 5 units.
    within = 0.5 * 5.0 * LAMP_COLOR / (LAMP_SPACING_M * width)
    count = len(step)
    return np.column_stack([
        middle[:, :2], step[:, :2] / length[:, None], 0.5 * length + 1e-3, np.full(count, 0.5 * width + 0.3),
        middle[:, 2] - 0.5, middle[:, 2] + CROWN_M + 0.2, at, tube.arc_m[-1] - at,
        np.tile(within, (count, 1)), day_factor(np.minimum(at, tube.arc_m[-1] - at)),
    ])  # fmt: skip


def joined(one: Lamps, other: Lamps) -> Lamps:
    """Two sets of lamps as one."""
    by_day = [lamps.levels(night=False) for lamps in (one, other)]
    return Lamps(
        np.concatenate([one.position_m, other.position_m]), np.concatenate([one.direction, other.direction]),
        np.concatenate([one.color, other.color]), np.concatenate([one.cos_cone, other.cos_cone]),
        np.concatenate(by_day),
    )  # fmt: skip
