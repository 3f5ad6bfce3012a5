"""The vectorised map as it holds and is seen at a moment, and a patch of it in the ego frame as MapTR takes it.

Elements: 'divider' (painted lines between lanes), 'boundary' (edges of the drivable area), 'ped_crossing',
'stop_line', 'centerline', 'drivable_area'. Only those that come within `REACH_M` of the ego are listed.

What holds: a temporary line is a yellow or orange one on a map with work-zone signs; any other painted line that
lies within a lane's width of a temporary one for at least half of its length does not hold there. Snow covers paint.
What is seen: points every metre, a hand above the surface, within 120 m, to which a camera has a free ray.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from jaxtyping import Float
from scipy.spatial import KDTree

from driving_data.geometry import SE3
from driving_data.labels import MapElement
from driving_data.maps.lane_map import DRIVABLE_KINDS, LaneMap, MarkingKind
from driving_data.maps.queries import drivable_area, ground_height_m
from driving_data.rollout import Rollout
from generators.labels.controls import TEMPORARY
from generators.labels.look import Look
from generators.raytrace.inspection import Inspection

REACH_M = 60.0
PATCH_M = (60.0, 30.0)
POINTS_PER_LINE = 20
MAPTR_KINDS = ("divider", "ped_crossing", "boundary")
PAINTED = frozenset({"divider", "ped_crossing", "stop_line"})
_UNPAINTED = frozenset({MarkingKind.NONE, MarkingKind.KERB, MarkingKind.GRASS})
_SAMPLE_M, _LIFT_M, _SHORT_OF_M, _LANE_M = 1.0, 0.1, 0.05, 3.75


@dataclass(frozen=True, slots=True, eq=False)
class _Element:
    """An element of the map, whatever the moment."""

    kind: str
    name: str
    points_m: Float[np.ndarray, "P 3"]
    closed: bool
    temporary: bool
    in_force: bool


def map_elements(rollout: Rollout, looks: Sequence[Look]) -> tuple[MapElement, ...]:
    """Every element near the ego at every look."""
    if rollout.lane_map is None or not rollout.lane_map.lanes:
        return ()
    elements = _elements(rollout.lane_map)
    snow = rollout.environment.snow_mmph > 0
    made: list[MapElement] = []
    for look in looks:
        ego = rollout.world_from_actor.translation_m[look.step, rollout.ego_index]
        near = [item for item in elements if np.linalg.norm(item.points_m - ego, axis=-1).min() < REACH_M]
        seen = _visible_fractions(look, near, ego)
        for item, fraction in zip(near, seen, strict=True):
            made.append(
                MapElement(
                    look.step, item.kind, item.name, item.points_m, item.closed, item.in_force,
                    snow and item.kind in PAINTED, item.temporary, fraction,
                )
            )  # fmt: skip
    return tuple(made)


def _elements(lane_map: LaneMap) -> tuple[_Element, ...]:
    lines = _dividers(lane_map)
    made = [*_in_force(lines), *_areas(lane_map), *_stop_lines(lane_map)]
    for lane in lane_map.lanes:
        if lane.kind in DRIVABLE_KINDS and len(lane.centerline_m) > 1:
            made.append(_Element("centerline", lane.id, lane.centerline_m, False, False, True))
    for number, polygon in enumerate(shapely.get_parts(drivable_area(lane_map))):
        rings = [polygon.exterior, *polygon.interiors]
        for k, ring in enumerate(rings):
            points = _grounded(lane_map, shapely.get_coordinates(ring))
            made.append(_Element("boundary", f"edge.{number}.{k}", points, True, False, True))
        points = _grounded(lane_map, shapely.get_coordinates(polygon.exterior))
        made.append(_Element("drivable_area", f"area.{number}", points, True, False, True))
    return tuple(made)


def _dividers(lane_map: LaneMap) -> list[_Element]:
    """Painted boundaries of lanes, each once though two lanes share it."""
    works = any(sign.kind in TEMPORARY for sign in lane_map.signs)
    made: list[_Element] = []
    middles: list[np.ndarray] = []
    for lane in lane_map.lanes:
        for side, line, marking in (
            ("left", lane.left_m, lane.left_marking),
            ("right", lane.right_m, lane.right_marking),
        ):
            if marking.kind in _UNPAINTED or len(line) < 2:
                continue
            middle = np.concatenate([0.5 * (line[0] + line[-1]), line[len(line) // 2]])
            if any(np.linalg.norm(middle - other) < 0.5 for other in middles):
                continue
            middles.append(middle)
            temporary = works and marking.color in ("yellow", "orange")
            made.append(_Element("divider", f"{lane.id}.{side}", line, False, temporary, True))
    return made


def _in_force(lines: list[_Element]) -> list[_Element]:
    """The lines, those beside a temporary one no longer in force."""
    temporary = [_sampled(line.points_m, False) for line in lines if line.temporary]
    if not temporary:
        return lines
    tree = KDTree(np.concatenate(temporary)[:, :2])
    made: list[_Element] = []
    for line in lines:
        points = _sampled(line.points_m, line.closed)
        beside = tree.query(points[:, :2])[0] < _LANE_M
        holds = line.temporary or float(beside.mean()) < 0.5
        made.append(_Element(line.kind, line.name, line.points_m, line.closed, line.temporary, holds))
    return made


def _areas(lane_map: LaneMap) -> list[_Element]:
    kinds = {"crosswalk": "ped_crossing", "stop_line": "stop_line"}
    return [
        _Element(kinds[area.kind], area.id, area.polygon_m, True, False, True)
        for area in lane_map.areas
        if area.kind in kinds and len(area.polygon_m) > 2
    ]


def _stop_lines(lane_map: LaneMap) -> list[_Element]:
    return [
        _Element("stop_line", f"{signal.id}.line", signal.stop_line_m, False, False, True)
        for signal in lane_map.signals
    ]


def _grounded(lane_map: LaneMap, xy_m: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 3"]:
    return np.column_stack([xy_m, ground_height_m(lane_map, xy_m)])


def _sampled(points_m: Float[np.ndarray, "P 3"], closed: bool) -> Float[np.ndarray, "n 3"]:
    """Points about every metre along a line, its ends included."""
    line = np.concatenate([points_m, points_m[:1]]) if closed else points_m
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=-1))])
    at = np.linspace(0.0, arc[-1], max(2, int(np.ceil(arc[-1] / _SAMPLE_M)) + 1))
    return np.stack([np.interp(at, arc, line[:, k]) for k in range(3)], axis=-1)


def _visible_fractions(look: Look, elements: Sequence[_Element], ego_m: np.ndarray) -> list[float]:
    if look.inspection is None or not look.frames or not elements:
        return [float("nan")] * len(elements)
    parts = [_sampled(item.points_m, item.closed) for item in elements]
    points = np.concatenate(parts)
    seen = np.zeros(len(points), dtype=bool)
    near = np.flatnonzero(np.linalg.norm(points - ego_m, axis=-1) < 2 * REACH_M)
    for index in range(len(look.inspection.opened.rig.cameras)):
        seen[near] |= _seen_from(look.inspection, index, points[near] + [0.0, 0.0, _LIFT_M])
    ends = np.cumsum([len(part) for part in parts])
    return [float(seen[end - len(part) : end].mean()) for part, end in zip(parts, ends, strict=True)]


def _seen_from(inspection: Inspection, camera: int, points_m: Float[np.ndarray, "n 3"]) -> np.ndarray:
    """Which points a camera has in its picture with nothing before them."""
    view = inspection.seen_by(camera)
    pixel, front, slot = view.project(points_m)
    size = np.array([view.model.width_px, view.model.height_px])
    with np.errstate(invalid="ignore"):
        inside = front & np.all((pixel >= 0) & (pixel < size), axis=-1)
    rows = np.flatnonzero(inside)
    if len(rows):
        hits, far = view.first_hits(points_m[rows], slot[rows])
        inside[rows] = hits.distance_m > far - _SHORT_OF_M
    return inside


def vector_patch(
    elements: Sequence[MapElement],
    world_from_ego: SE3,
    kinds: Sequence[str] = MAPTR_KINDS,
    patch_m: tuple[float, float] = PATCH_M,
    num_points: int = POINTS_PER_LINE,
) -> Mapping[str, Float[np.ndarray, "n points 2"]]:
    """Lines of a patch around the ego in its frame, each with the same number of evenly spaced points.

    As MapTR takes them: the patch is `patch_m` long (ahead and behind) and wide, lines are cut at its edge, rings stay
    closed where they lie inside it. Only elements in force are taken. Source: Liao et al., "MapTR", ICLR 2023.

    Args:
        elements: of one moment.
        world_from_ego: the ego frame at that moment.
        kinds: which kinds.
        patch_m: length and width.
        num_points: points per line.
    """
    frame = shapely.box(-0.5 * patch_m[0], -0.5 * patch_m[1], 0.5 * patch_m[0], 0.5 * patch_m[1])
    ego_from_world = world_from_ego.inverse()
    made: dict[str, list[np.ndarray]] = {kind: [] for kind in kinds}
    for item in elements:
        if item.kind not in made or not item.in_force:
            continue
        local = ego_from_world.apply(item.points_m)[:, :2]
        if item.closed and item.kind == "ped_crossing":
            shape = shapely.Polygon(local).buffer(0).intersection(frame).boundary
        else:
            ring = np.concatenate([local, local[:1]]) if item.closed else local
            shape = shapely.LineString(ring).intersection(frame)
        merged = shapely.line_merge(shape) if shape.geom_type == "MultiLineString" else shape
        for part in shapely.get_parts(merged):
            if part.geom_type == "LineString" and part.length > 0.5:
                at = np.linspace(0.0, part.length, num_points)
                made[item.kind].append(shapely.get_coordinates(shapely.line_interpolate_point(part, at)))
    return {kind: np.array(lines).reshape(-1, num_points, 2) for kind, lines in made.items()}


__all__ = ["MAPTR_KINDS", "map_elements", "vector_patch"]
