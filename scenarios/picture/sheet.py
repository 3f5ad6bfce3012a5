"""The whole picture: a view of the road with ranges, names and a scale, and the legend beside or below it."""

from collections.abc import Sequence
from math import ceil, cos, sin

import numpy as np
import shapely
from jaxtyping import UInt8

from driving_data.maps.lane_map import DRIVABLE_KINDS, LaneKind, LaneMap
from driving_data.taxonomy import PEDESTRIANS, STATIC_OBJECTS, TWO_WHEELERS, ActorClass
from scenarios.algebra import LogicalScenario
from scenarios.concrete import ConcreteScenario
from scenarios.picture.canvas import FAINT, INK, KERB, PAPER, WHITE, Canvas, Color, Pane, to_view, width_of, wrapped
from scenarios.picture.legend import Entry, entries
from scenarios.picture.road import draw_road
from scenarios.picture.spread import Mark, Spread, Starts, Trace, box_of, spread_of, story_starts, swath_of
from scenarios.picture.story import story_entries, story_view
from scenarios.types.manoeuvres import all_steps

SIZE_PX = (1280, 800)
MARGIN_PX = 14.0
TITLE_PX = 62.0
LEGEND_PX = 352.0
SHORT_M, LONG_M, STRIP_SHARE, TALL_SHARE = 90.0, 250.0, 0.22, 0.42
STORY_M = 600.0  # of a storyboard the events are shown, too, as far as that
GHOSTS = 8
EGO: Color = (15, 139, 141)
STREAM: Color = (74, 111, 165)
# One after the other, so that neighbours in the legend are told apart.
PALETTE: tuple[Color, ...] = ((214, 69, 80), (143, 84, 176), (232, 140, 48), (52, 116, 190), (176, 60, 120),
                              (120, 110, 40), (90, 60, 40))  # fmt: skip


def scenario_picture(
    logical: LogicalScenario, draws: Sequence[ConcreteScenario], traces: Sequence[Trace] = (),
    marks: Sequence[Mark] = (),
) -> UInt8[np.ndarray, "H W 3"]:  # fmt: skip
    """The scenario from above.

    Args:
        logical: the scenario.
        draws: draws of it: they show the ranges, and the first of them lend their outlines.
        traces: ways of actors in draws that were played.
        marks: where actors were when what they waited for happened.

    Returns:
        A picture as wide as `SIZE_PX`, and at most as high.
    """
    spread = spread_of(logical, draws)
    colors = _colors(spread)
    canvas = Canvas(SIZE_PX)
    _title(canvas, spread)
    panes, beside = _panes(canvas, spread, _window(spread, traces, marks))
    several = len(draws) > 1
    begins = f"where everyone begins: shaded over {len(draws)} draws, one of them filled"
    begins = begins if several else "where everyone begins"
    goes = f"where everyone goes: {'some draws, ' if several else ''}played" if traces else "where the ego goes"
    if marks:
        goes += "; a diamond where what an actor waited for came true"
    if len(panes) == 1:
        _view_of(panes[0], spread, colors, traces, marks, True)
        _caption(panes[0], f"{begins}; {goes.removeprefix('where ')}")
    else:
        _view_of(panes[0], spread, colors, (), (), True)
        _view_of(panes[1], spread, colors, traces, marks, False)
        _caption(panes[0], begins)
        _caption(panes[1], goes)
    below = panes[-1].corner_px[1] + panes[-1].size_px[1]
    if beside:
        area = (SIZE_PX[0] - LEGEND_PX, TITLE_PX + 4, LEGEND_PX - MARGIN_PX, SIZE_PX[1] - TITLE_PX - MARGIN_PX)
    else:
        area = (MARGIN_PX, below + 14, SIZE_PX[0] - 2 * MARGIN_PX, SIZE_PX[1] - below - 14 - 6)
    told = story_entries(spread) if spread.sample.storyboard else entries(spread, _idle(spread, traces, marks))
    end = _legend(canvas, told, colors, area, 1 if beside else 4)
    # Below a long road the picture ends with the legend.
    return canvas.pixels() if beside else canvas.pixels()[: min(SIZE_PX[1], ceil(end + MARGIN_PX))]


def _idle(spread: Spread, traces: Sequence[Trace], marks: Sequence[Mark]) -> frozenset[str]:
    """Actors that were played and wait for something that never came."""
    waiting = {
        leaf.name for leaf in spread.logical.leaves()
        if leaf.kind == "do" and any(step.when is not None for step in all_steps(leaf))
    }  # fmt: skip
    return frozenset(waiting & {trace.actor for trace in traces} - {mark.actor for mark in marks})


def _colors(spread: Spread) -> dict[str, Color]:
    found: dict[str, Color] = {"ego": EGO}
    named = [name for name, starts in spread.starts.items() if not starts.stream and name != "ego"]
    for k, name in enumerate(named):
        found[name] = PALETTE[k % len(PALETTE)]
    return {**found, **{name: STREAM for name, starts in spread.starts.items() if starts.stream}}


def _title(canvas: Canvas, spread: Spread) -> None:
    name = spread.logical.name or "scenario"
    canvas.text((MARGIN_PX, 9), name.replace("_", " "), 21, INK, bold=True)
    lines = wrapped(spread.logical.description, 13, SIZE_PX[0] - 2 * MARGIN_PX)
    canvas.text((MARGIN_PX, 37), lines[0] if lines else "", 13, FAINT)


def _window(spread: Spread, traces: Sequence[Trace], marks: Sequence[Mark] = ()) -> tuple[float, float, float, float]:
    """The part of the road where things happen, in the frame of the ego's start."""
    view = _view(spread)
    works = {leaf.name for leaf in spread.logical.leaves() if leaf.kind == "work_zones"}
    shown = [starts for starts in spread.starts.values() if not starts.stream or starts.name in works]
    boxes = [box for starts in shown for box in starts.boxes]
    begin = _range([np.asarray(box.exterior.coords) for box in boxes], view)
    named = {name for name, starts in spread.starts.items() if not starts.stream}
    ways = [trace.points_m for trace in traces if trace.actor in named]
    whole = _range([*[np.asarray(box.exterior.coords) for box in boxes], *ways], view)
    left, right = whole[0] - 14.0, whole[2] + 14.0
    longest = max(LONG_M, begin[2] - begin[0] + 60.0)
    if marks and spread.sample.storyboard is not None:
        reach = _range([np.array([mark.point_m for mark in marks])], view)[2]
        longest = max(longest, min(reach - begin[0] + 100.0, STORY_M))
    if right - left > longest:
        left = max(left, begin[0] - 14.0)
        right = min(right, left + longest)
    left, right = left - 0.3 * max(0.0, SHORT_M - right + left), right + 0.7 * max(0.0, SHORT_M - right + left)
    low, high = _road_range(spread.layout.lane_map, view, left, right, (whole[1], whole[3]))
    return left, low, right, high


def _view(spread: Spread) -> tuple[tuple[float, float], float]:
    """The frame of the view: at the ego's first place, its direction to the right."""
    if spread.sample.storyboard is not None:
        x, y, yaw = story_view(spread)
        return (x, y), yaw
    pose = spread.layout.pose(spread.sample.ego.start)
    heading = spread.sample.ego.start.heading_rad
    return (pose[0], pose[1]), pose[2] - heading


def _range(groups: Sequence[np.ndarray], view: tuple[tuple[float, float], float]) -> tuple[float, float, float, float]:
    local = np.concatenate([to_view(points[:, :2], *view) for points in groups])
    low, high = np.nanmin(local, axis=0), np.nanmax(local, axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _road_range(
    lane_map: LaneMap, view: tuple[tuple[float, float], float], left: float, right: float, acted: tuple[float, float]
) -> tuple[float, float]:
    """How far up and down the road reaches beside what happens."""
    kinds = DRIVABLE_KINDS | {LaneKind.SIDEWALK, LaneKind.SHOULDER, LaneKind.PARKING}
    found = [acted[0], acted[1]]
    for lane in lane_map.lanes:
        if lane.kind in kinds:
            for line in (lane.left_m, lane.right_m):
                local = to_view(line[:, :2], *view)
                inside = local[(local[:, 0] >= left) & (local[:, 0] <= right)]
                near = inside[(inside[:, 1] > acted[0] - 22.0) & (inside[:, 1] < acted[1] + 22.0)]
                found.extend(near[:, 1].tolist())
    return min(found) - 5.0, max(found) + 5.0


def _panes(canvas: Canvas, spread: Spread, window: tuple[float, float, float, float]) -> tuple[list[Pane], bool]:
    """Where the road is shown: a long one in two strips above the legend, any other beside it."""
    left, low, right, high = window
    wide = SIZE_PX[0] - 2 * MARGIN_PX
    share = (high - low) / (right - left)
    if share < STRIP_SHARE:
        height = float(np.clip(wide * share, 185.0, 250.0))
        tops = [TITLE_PX, TITLE_PX + height + 10.0]
        return [_pane(canvas, spread, window, (MARGIN_PX, top), (wide, height)) for top in tops], False
    if share < TALL_SHARE:
        size = (wide, float(np.clip(wide * share, 190.0, 440.0)))
        return [_pane(canvas, spread, window, (MARGIN_PX, TITLE_PX), size)], False
    size = (SIZE_PX[0] - LEGEND_PX - 2 * MARGIN_PX, SIZE_PX[1] - TITLE_PX - MARGIN_PX)
    return [_pane(canvas, spread, window, (MARGIN_PX, TITLE_PX), size)], True


def _pane(
    canvas: Canvas, spread: Spread, window: tuple[float, float, float, float], corner_px: tuple[float, float],
    size_px: tuple[float, float],
) -> Pane:  # fmt: skip
    """A pane that shows at least the window, its middle in the middle."""
    left, low, right, high = window
    origin, yaw = _view(spread)
    scale = min(size_px[0] / (right - left), size_px[1] / (high - low))
    half = 0.5 * size_px[0] / scale, 0.5 * size_px[1] / scale
    middle = 0.5 * (left + right), 0.5 * (low + high)
    shown = (middle[0] - half[0], middle[1] - half[1], middle[0] + half[0], middle[1] + half[1])
    return Pane(canvas, corner_px, size_px, origin, yaw, shown)


def _view_of(
    pane: Pane, spread: Spread, colors: dict[str, Color], traces: Sequence[Trace], marks: Sequence[Mark], begins: bool
) -> None:
    """The road with the ways of the traces; where everyone begins, or only the draw that is shown."""
    draw_road(pane, spread.layout.lane_map)
    ordered = sorted(spread.starts.values(), key=lambda starts: (not starts.stream, starts.name == "ego"))
    for starts in ordered:
        if begins and starts.stream and starts.boxes:
            pane.area(swath_of(starts.boxes), colors[starts.name], 0.16)
    if traces or begins:
        _ways(pane, spread, colors, traces)
    for starts in ordered:
        if starts.stream or not starts.boxes:
            continue
        color = colors[starts.name]
        pane.area(swath_of(starts.boxes), color, 0.34 if begins else 0.18)
        for box in starts.boxes[1:GHOSTS] if begins else ():
            pane.lines([np.asarray(box.exterior.coords)], WHITE, 0.8, 0.55)
    _sample(pane, spread, colors)
    for mark in marks:
        if mark.actor in colors:
            _diamond(pane, mark, colors[mark.actor])
    if begins:
        _names(pane, ordered, colors)
    _scale_bar(pane)
    _frame(pane)


def _frame(pane: Pane) -> None:
    x, y = pane.corner_px
    width, height = pane.size_px
    pane.canvas.box(x, y, width, 1.0, KERB)
    pane.canvas.box(x, y + height - 1, width, 1.0, KERB)
    pane.canvas.box(x, y, 1.0, height, KERB)
    pane.canvas.box(x + width - 1, y, 1.0, height, KERB)


def _caption(pane: Pane, words: str) -> None:
    x, y = pane.corner_px
    lines = wrapped(words, 12, pane.size_px[0] - 24)
    for k, line in enumerate(lines):
        pane.canvas.box(x + 1, y + 1 + 17 * k, width_of(line, 12) + 14, 18, PAPER)
        pane.canvas.text((x + 8, y + 3 + 17 * k), line, 12, FAINT)


def _ways(pane: Pane, spread: Spread, colors: dict[str, Color], traces: Sequence[Trace]) -> None:
    """Where everyone goes in the draws that were played; without those, the ego's route."""
    for actor in dict.fromkeys(trace.actor for trace in traces):
        stem = actor if actor in colors else actor.rsplit("_", 1)[0]
        lines = [trace.points_m for trace in traces if trace.actor == actor and len(trace.points_m) > 1]
        if stem not in colors or not lines:
            continue
        stream = spread.starts[stem].stream
        pane.lines(lines, colors[stem], 1.0 if stream else 1.6, 0.25 if stream else 0.6)
        for line in () if stream else lines:
            step = line[-1] - line[max(-6, -len(line))]
            if float(np.hypot(*step)) > 0.3:
                pane.arrow(line[-1], float(np.arctan2(step[1], step[0])), colors[stem], 10.0)
    ego = spread.sample.ego
    if not traces and ego.start.route in spread.layout.lane_map.routes:
        path = spread.layout.path(ego.start.route)
        inside = (path.s_m >= ego.start.s_m) & (path.s_m <= ego.goal_s_m)
        pane.lines([path.points_m[inside, :2]], EGO, 2.0, 0.7)


def _sample(pane: Pane, spread: Spread, colors: dict[str, Color]) -> None:
    """Everyone in the draw whose road is shown."""
    scenario = spread.sample
    layout, ego = spread.layout, scenario.ego
    everyone = [(actor.id, actor.kind, layout.pose(actor.start), actor.size_m) for actor in scenario.actors]
    if scenario.storyboard is None:
        everyone.append(("ego", ego.kind, layout.pose(ego.start), ego.size_m))
    for name, one in reversed(story_starts(scenario, layout)):
        everyone.append((name, ActorClass(one.entity.kind), one.center, one.entity.size_m))
    for name, kind, pose, size in everyone:
        stem = name if name in colors else name.rsplit("_", 1)[0]
        color = colors.get(stem, STREAM)
        smallest = 7.0 / pane.scale
        shown = (max(size[0], smallest), max(size[1], 0.7 * smallest), size[2])
        if spread.starts[stem].stream if stem in spread.starts else True:
            color = _muted(color, kind)
        pane.area(box_of(pose, shown), color, 1.0, WHITE)
        if kind not in STATIC_OBJECTS and size[0] > 1.0:
            x, y, yaw = pose
            ahead = 0.5 * shown[0] - 0.3
            pane.arrow((x + ahead * cos(yaw), y + ahead * sin(yaw)), yaw, WHITE, min(8.0, 0.7 * shown[1] * pane.scale))


def _muted(color: Color, kind: ActorClass) -> Color:
    if kind in STATIC_OBJECTS:
        return (214, 132, 60)
    if kind in PEDESTRIANS:
        return (196, 110, 116)
    return (126, 116, 168) if kind in TWO_WHEELERS else (112, 140, 182) if color == STREAM else color


def _diamond(pane: Pane, mark: Mark, color: Color) -> None:
    size = 4.5 / pane.scale
    x, y = mark.point_m
    shape = shapely.Polygon([(x + size, y), (x, y + size), (x - size, y), (x, y - size)])
    pane.area(shape, WHITE, 0.95, color, 2)


def _names(pane: Pane, ordered: Sequence[Starts], colors: dict[str, Color]) -> None:
    """Names beside the swaths, moved until none lies on another."""
    taken: list[tuple[float, float, float, float]] = []
    x0, y0 = pane.corner_px
    for starts in sorted(ordered, key=lambda one: one.stream):
        if starts.stream or not starts.boxes:
            continue
        corners = pane.screen(np.concatenate([np.asarray(box.exterior.coords) for box in starts.boxes]))
        low, high = corners.min(axis=0), corners.max(axis=0)
        width, height = width_of(starts.name, 14) + 4, 17.0
        middle = float(np.clip(0.5 * (low[0] + high[0]), x0 + 0.5 * width + 4, x0 + pane.size_px[0] - 0.5 * width - 4))
        place = (0.0, 0.0, 0.0, 0.0)
        for step in range(12):
            above = low[1] - 20 - 18 * (step // 2)
            top = above if step % 2 == 0 else high[1] + 4 + 18 * (step // 2)
            place = (middle - 0.5 * width, float(top), middle + 0.5 * width, float(top) + height)
            inside = y0 + 20 <= place[1] and place[3] <= y0 + pane.size_px[1] - 2
            if inside and not any(_meet(place, other) for other in taken):
                break
        taken.append(place)
        pane.canvas.text((place[0] + 2, place[1]), starts.name, 14, colors[starts.name], bold=True, halo=True)


def _meet(one: tuple[float, float, float, float], two: tuple[float, float, float, float]) -> bool:
    return one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]


def _scale_bar(pane: Pane) -> None:
    wanted = 130.0 / pane.scale
    length = max(step for step in (1, 2, 5, 10, 20, 50, 100) if step <= wanted)
    wide = length * pane.scale
    x = pane.corner_px[0] + 12
    y = pane.corner_px[1] + pane.size_px[1] - 14
    pane.canvas.box(x - 6, y - 20, wide + 12, 28, PAPER)
    for k in range(4):
        pane.canvas.box(x + k * wide / 4, y - 2, wide / 4, 5, INK if k % 2 == 0 else WHITE, INK)
    pane.canvas.text((x, y - 18), f"{length} m", 12, INK)


def _legend(
    canvas: Canvas,
    found: Sequence[Entry],
    colors: dict[str, Color],
    area: tuple[float, float, float, float],
    columns: int,
) -> float:
    """The entries in columns; sizes shrink until everything has room. Returns where the lowest one ends."""
    x, y, width, height = area
    gap = 18.0
    placed = None
    blocks: list[list[str]] = []
    size, end = 15, y
    for size in (15, 14, 13, 12, 11, 10, 9):
        wide = (width - gap * (columns - 1)) / columns
        blocks = [_block(entry, size, wide - 16) for entry in found]
        placed = _placed(blocks, size, height, columns)
        if placed is not None:
            break
    for entry, block, (column, top) in zip(
        found, blocks, placed or _stacked(blocks, size, height, columns), strict=True
    ):
        left = x + column * (wide + gap)
        color = colors.get(entry.name)
        if color:
            canvas.box(left, y + top + 3, 10, 10, color)
        for k, line in enumerate(block):
            at = (left + 16, y + top + k * (size + 4))
            canvas.text(at, line, size, INK if k == 0 else FAINT, bold=k == 0)
            end = max(end, at[1] + size + 4)
    return end


def _stacked(blocks: Sequence[list[str]], size: int, height: float, columns: int) -> list[tuple[int, float]]:
    """One below the other whatever the room: the last resort of a legend that is too long."""
    column, top, found = 0, 0.0, list[tuple[int, float]]()
    for block in blocks:
        if top > 0 and top + len(block) * (size + 4) > height and column < columns - 1:
            column, top = column + 1, 0.0
        found.append((column, top))
        top += len(block) * (size + 4) + 8
    return found


def _block(entry: Entry, size: int, width: float) -> list[str]:
    title = wrapped(entry.title, size, width - 8)
    body = [line for text in entry.lines for line in wrapped(text, size, width)]
    return [*title, *body]


def _placed(blocks: Sequence[list[str]], size: int, height: float, columns: int) -> list[tuple[int, float]] | None:
    """Column and top of each block; None where they have no room."""
    step = size + 4
    total = sum(len(block) * step + 8 for block in blocks)
    limit = max(total / columns, *(len(block) * step for block in blocks))
    while limit <= height:
        column, top, found = 0, 0.0, list[tuple[int, float]]()
        for block in blocks:
            need = len(block) * step
            if top > 0 and top + need > limit:
                column, top = column + 1, 0.0
            found.append((column, top))
            top += need + 8
        if column < columns:
            return found
        limit += step
    return None
