"""Where trees, bushes and hedges stand: in gardens, along streets, in woods; their crowns keep clear of the lanes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from driving_data.maps.lane_map import MapObject
from generators.raytrace.appearance import Appearance
from generators.raytrace.materials import MaterialBook
from generators.raytrace.scenery.buildings import Lot
from generators.raytrace.scenery.plan import Plan, Ruler
from generators.raytrace.scenery.poles import along_edge
from generators.raytrace.scenery.terrain import ground_height_m
from generators.raytrace.scenery.vegetation import Foliage, broadleaf, bush, conifer, far_tree, foliage, hedge
from generators.raytrace.soup import EMPTY, Soup, concat, instances, placed

# Levels of detail: far, plain, good, best; up to how far and to which rank by distance the better ones are used.
DETAIL_WITHIN_M = (150.0, 60.0, 24.0)
MOST_OF_DETAIL = {"urban": (80, 26, 6), "residential": (90, 26, 6), "rural": (110, 26, 5), "motorway": (90, 20, 4)}
SIGHT_M = 9.0


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A plant at one level of detail, and how far it reaches sideways."""

    soup: Soup
    reach_m: float


@dataclass(frozen=True, slots=True, eq=False)
class Stand:
    """Where plants of one kind stand: rows x, y, scale."""

    kind: str
    rows: np.ndarray


def planting(
    plan: Plan, lots: tuple[Lot, ...], trees: Sequence[MapObject], book: MaterialBook, appearance: Appearance
) -> Soup:
    """All vegetation of a scene; trees that the map names stand where it says, and replace the drawn street trees."""
    rng = appearance.rng("planting")
    density = max(appearance.number("vegetation_density"), 0.0)
    stands = _stands(plan, lots, appearance, rng, density, avenue=not trees)
    if trees:
        rows = np.array([[item.position_m[0], item.position_m[1], item.size_m[2] / 8.0] for item in trees])
        rows = rows[shapely.contains_xy(plan.region, rows[:, 0], rows[:, 1])]
        stands.append(Stand("broadleaf", rows))
    library = _library(book, appearance)
    parts = [_grown(plan, stands, library, appearance, rng)]
    if plan.setting == "residential":
        parts.append(_garden_hedges(plan, lots, book, appearance, rng, density))
    return concat(parts)


def _library(book: MaterialBook, appearance: Appearance) -> dict[str, list[list[Template]]]:
    """Templates by kind, level of detail and variant."""
    bare = appearance.choice("season") == "winter"
    library: dict[str, list[list[Template]]] = {"broadleaf": [], "slender": [], "conifer": [], "bush": []}
    for detail in range(-1, 3):
        row: dict[str, list[Template]] = {kind: [] for kind in library}
        for variant in range(2):
            rng = appearance.rng(f"plant {detail} {variant}")
            leaves = foliage(book, appearance, variant)
            needles = foliage(book, appearance, variant, needles=True)
            if detail < 0 and not bare:
                for kind, look in (("broadleaf", leaves), ("slender", foliage(book, appearance, variant + 1)),
                                   ("conifer", needles), ("bush", foliage(book, appearance, 2 - variant))):  # fmt: skip
                    row[kind].append(_template(far_tree(rng, look, kind)))
                continue
            level = max(detail, 0)
            row["broadleaf"].append(_template(broadleaf(rng, leaves, level, bare)))
            row["slender"].append(_template(broadleaf(rng, foliage(book, appearance, variant + 1), level, bare, 0.55)))
            row["conifer"].append(_template(conifer(rng, needles, level)))
            row["bush"].append(_template(bush(rng, foliage(book, appearance, 2 - variant), level)))
        for kind, templates in row.items():
            library[kind].append(templates)
    return library


def _template(soup: Soup) -> Template:
    return Template(soup, float(np.abs(soup.corners_m[..., :2]).max()))


def _stands(
    plan: Plan, lots: tuple[Lot, ...], appearance: Appearance, rng: np.random.Generator, density: float, *, avenue: bool
) -> list[Stand]:
    if plan.setting in ("urban", "residential"):
        stands = [_scatter(plan, rng, int(70 * density), 1.0, 40.0, "mixed", (0.55, 1.1)),
                  _scatter(plan, rng, int(45 * density), 0.9, 14.0, "bush", (0.5, 1.1))]  # fmt: skip
        if avenue:
            stands.append(_street_trees(plan, rng, density))
    else:
        stands = [
            _woods(plan, rng, int(9 * density), int(26 * density) + 1),
            _scatter(plan, rng, int(90 * density), 4.0, 120.0, "mixed", (0.6, 1.35)),
            _scatter(plan, rng, int(110 * density), 2.2, 40.0, "bush", (0.5, 1.4)),
        ]
    stands.append(_belts(plan, rng, int((60 if plan.setting == "urban" else 150) * density)))
    areas = shapely.union_all([lot.area.buffer(1.0) for lot in lots]) if lots else Polygon()
    sight = plan.junctions.buffer(SIGHT_M) if not plan.junctions.is_empty else Polygon()
    result: list[Stand] = []
    for stand in stands:
        rows = _clear(stand.rows, areas, sight, plan)
        if stand.kind != "mixed":
            result.append(Stand(stand.kind, rows))
            continue
        result += _species(rows, appearance.choice("tree_species"), rng)
    return result


def _species(rows: np.ndarray, drawn: str, rng: np.random.Generator) -> list[Stand]:
    kinds = ("broadleaf", "conifer", "slender")
    weights = {"mixed": (0.62, 0.2, 0.18), "broadleaf": (1.0, 0.0, 0.0), "conifer": (0.15, 0.85, 0.0),
               "slender": (0.3, 0.0, 0.7)}[drawn]  # fmt: skip
    which = rng.choice(3, size=len(rows), p=np.array(weights))
    return [Stand(kind, rows[which == i]) for i, kind in enumerate(kinds)]


def _clear(rows: np.ndarray, areas: BaseGeometry, sight: BaseGeometry, plan: Plan) -> np.ndarray:
    if not len(rows):
        return rows
    keep = Ruler(areas).distance_m(rows[:, :2]) > 0.5 * rows[:, 2]
    keep &= Ruler(sight).distance_m(rows[:, :2]) > 0
    return rows[keep & (plan.to_paved.distance_m(rows[:, :2]) > 0.25)]


def _street_trees(plan: Plan, rng: np.random.Generator, density: float) -> Stand:
    """A row behind the pavement."""
    spacing = 13.0 / max(density, 0.15) if plan.setting == "urban" else 17.0 / max(density, 0.15)
    spot = along_edge(plan, plan.paved, 0.75 if plan.setting == "urban" else 1.6, spacing, float(rng.uniform(2, 9)))
    scale = rng.uniform(0.55, 0.85, len(spot.xy_m))
    jitter = rng.normal(0, 0.25, (len(spot.xy_m), 2)) * (0.0 if plan.setting == "urban" else 1.0)
    kind = "slender" if plan.setting == "urban" and rng.random() < 0.6 else "broadleaf"
    return Stand(kind, np.column_stack([spot.xy_m + jitter, scale]))


def _scatter(
    plan: Plan, rng: np.random.Generator, count: int, near_m: float, far_m: float, kind: str, scale: tuple[float, float]
) -> Stand:
    """Plants at random distances from the paving, between `near_m` and `far_m`."""
    low, high = np.array(plan.region.bounds[:2]), np.array(plan.region.bounds[2:])
    xy = rng.uniform(low, high, (count * 14 + 1, 2))
    distance = plan.to_paved.distance_m(xy)
    keep = (distance > near_m) & (distance < far_m) & shapely.contains_xy(plan.region, xy[:, 0], xy[:, 1])
    chosen = xy[keep][:count]
    return Stand(kind, np.column_stack([chosen, rng.uniform(*scale, len(chosen))]))


def _woods(plan: Plan, rng: np.random.Generator, clusters: int, size: int) -> Stand:
    """Groups of trees."""
    centers = _scatter(plan, rng, clusters, 18.0, 190.0, "mixed", (1.0, 1.0)).rows
    if not len(centers):
        return Stand("mixed", np.zeros((0, 3)))
    own = np.repeat(centers[:, :2], size, axis=0)
    xy = own + rng.normal(0, 11.0, own.shape)
    distance = plan.to_paved.distance_m(xy)
    chosen = xy[distance > 5.0]
    return Stand("mixed", np.column_stack([chosen, rng.uniform(0.9, 1.7, len(chosen))]))


def _belts(plan: Plan, rng: np.random.Generator, count: int) -> Stand:
    """Rows of trees afar, that hide where the fields end."""
    low, high = np.array(plan.paved.bounds[:2]), np.array(plan.paved.bounds[2:])
    middle, half = 0.5 * (low + high), 0.5 * (high - low)
    groups = max(1, count // 15)
    angle = np.repeat(rng.uniform(0, 2 * np.pi, groups), 15) + rng.normal(0, 0.07, groups * 15)
    reach = np.repeat(rng.uniform(110.0, 300.0, groups), 15) + rng.normal(0, 6.0, groups * 15)
    direction = np.column_stack([np.cos(angle), np.sin(angle)])
    along = np.min((half + 1.0) / np.maximum(np.abs(direction), 1e-6), axis=1)
    xy = middle + direction * (along + reach)[:, None]
    return Stand("mixed", np.column_stack([xy, rng.uniform(1.0, 1.7, len(xy))]))


def _grown(
    plan: Plan,
    stands: list[Stand],
    library: dict[str, list[list[Template]]],
    appearance: Appearance,
    rng: np.random.Generator,
) -> Soup:
    """Copies of the templates, detailed near the focus; crowns never over a lane."""
    kinds = list(library)
    rows = np.concatenate([stand.rows for stand in stands])
    kind = np.concatenate([np.full(len(stand.rows), kinds.index(stand.kind)) for stand in stands])
    reach = np.array([max(item.reach_m for level in library[name] for item in level) for name in kinds])[kind]
    room = np.full(len(rows), 99.0)
    if not plan.driven.is_empty and len(rows):
        room = plan.to_driven.distance_m(rows[:, :2])
    scale = np.minimum(rows[:, 2], (room - 0.1) / reach)
    keep = scale > 0.35 * rows[:, 2]
    xy, scale, kind = rows[keep, :2], scale[keep], kind[keep]
    if not len(xy):
        return EMPTY
    distance = plan.focus_distance_m(xy)
    rank = np.argsort(np.argsort(distance, kind="stable"), kind="stable")
    detail = sum(((distance < far) & (rank < most)).astype(np.int64)
                 for far, most in zip(DETAIL_WITHIN_M, MOST_OF_DETAIL[plan.setting], strict=True))  # fmt: skip
    variant = rng.integers(2, size=len(xy))
    yaw = rng.uniform(0, 2 * np.pi, len(xy))
    position = np.column_stack([xy, ground_height_m(plan, xy, appearance) - 0.05 - 0.0015 * distance])
    parts: list[Soup] = []
    for index, name in enumerate(kinds):
        for level, templates in enumerate(library[name]):
            for k, template in enumerate(templates):
                mine = (kind == index) & (detail == level) & (variant == k)
                parts.append(instances(template.soup, position[mine], yaw[mine], scale[mine]))
    return concat(parts)


def _garden_hedges(
    plan: Plan,
    lots: tuple[Lot, ...],
    book: MaterialBook,
    appearance: Appearance,
    rng: np.random.Generator,
    density: float,
) -> Soup:
    """A hedge along the street side of some gardens, with a gap for the door."""
    look: Foliage = foliage(book, appearance, 1)
    parts: list[Soup] = []
    for lot in lots:
        if rng.random() > 0.6 * density:
            continue
        away = np.array([-np.sin(lot.yaw_rad), np.cos(lot.yaw_rad)])
        along = np.array([np.cos(lot.yaw_rad), np.sin(lot.yaw_rad)])
        gap = float(plan.paved.distance(shapely.Point(*lot.corner_m)))
        start = lot.corner_m - max(gap - 0.7, 0.0) * away + 1.6 * along
        length = lot.shape.width_m - 3.2
        line = shapely.LineString([start, start + length * along])
        if plan.paved.distance(line) < 0.4 or plan.junctions.distance(line) < SIGHT_M:
            continue
        detail = 1 if plan.focus_distance_m(start[None])[0] < 40 else 0
        soup = hedge(rng, look, length, float(rng.uniform(0.8, 1.3)), detail)
        z = float(plan.verge_height_m(start[None])[0])
        parts.append(placed(soup, (start[0], start[1], z), lot.yaw_rad))
    return concat(parts)
