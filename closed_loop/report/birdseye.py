"""Rollouts from above: compact plain data for the player in the report, and film strips as pictures.

Everything is given in the frame of the ego's start (x along its first heading, to the right of the picture), in
centimetres and milliradians as integers, so that a scene is small and the picture is level.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import shapely
import shapely.ops
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

from driving_data.geometry import SE3
from driving_data.maps.lane_map import DRIVABLE_KINDS, Lane, LaneKind, LaneMap, MarkingKind
from driving_data.maps.queries import drivable_area, lane_polygon
from driving_data.rollout import Rollout
from driving_data.taxonomy import PEDESTRIANS, STATIC_OBJECTS, TWO_WHEELERS, ActorClass

VIEW_MARGIN_M = 45.0
SIMPLIFY_M = 0.04
_SIDE_KINDS = frozenset({LaneKind.SIDEWALK, LaneKind.SHOULDER, LaneKind.PARKING, LaneKind.BICYCLE})
COLORS = {
    "ego": (15, 139, 141), "car": (74, 111, 165), "heavy": (75, 72, 134), "two_wheeler": (143, 84, 176),
    "person": (214, 69, 80), "static": (232, 140, 48), "other": (120, 128, 140),
}  # fmt: skip


def color_group(kind: ActorClass) -> str:
    """Which colour an actor has: 'car', 'heavy', 'two_wheeler', 'person', 'static' or 'other'."""
    if kind in PEDESTRIANS:
        return "person"
    if kind in TWO_WHEELERS:
        return "two_wheeler"
    if kind in STATIC_OBJECTS:
        return "static"
    if kind in (ActorClass.CAR, ActorClass.VAN, ActorClass.EMERGENCY_VEHICLE):
        return "car"
    heavy = (ActorClass.TRUCK, ActorClass.BUS, ActorClass.TRAILER, ActorClass.CONSTRUCTION_VEHICLE)
    return "heavy" if kind in heavy else "other"


def scene_data(rollout: Rollout, max_steps: int = 150) -> dict[str, Any]:
    """The player's data of a rollout; long ones are thinned to `max_steps` moments."""
    every = max(1, -(-rollout.num_steps // max_steps))
    steps = np.arange(0, rollout.num_steps, every)
    view_from_world = _view(rollout)
    actors = [_actor(rollout, view_from_world, k, steps) for k in range(rollout.num_actors)]
    center = view_from_world.apply(rollout.world_from_actor.translation_m[steps, rollout.ego_index])
    bounds = _bounds(center)
    step_s = float(np.median(np.diff(rollout.seconds()))) * every if rollout.num_steps > 1 else 0.1
    return {
        "step_s": round(step_s, 4),
        "num": len(steps),
        "bounds": [round(float(v) * 100) for v in bounds],
        "map": _map(rollout.lane_map, view_from_world, bounds),
        "actors": [actor for actor in actors if actor is not None],
        "signals": _signals(rollout, view_from_world, steps),
        "events": _events(rollout, every),
    }


def _view(rollout: Rollout) -> SE3:
    """From `world` to the frame of the ego's start."""
    first = int(np.argmax(rollout.valid[:, rollout.ego_index]))
    pose = rollout.world_from_actor[first, rollout.ego_index]
    flat = SE3.from_yaw(np.asarray(pose.yaw_rad()), np.array([*pose.translation_m[:2], 0.0]))
    return flat.inverse()


def _bounds(center_m: np.ndarray) -> tuple[float, float, float, float]:
    low, high = np.nanmin(center_m[:, :2], axis=0), np.nanmax(center_m[:, :2], axis=0)
    return (
        float(low[0]) - VIEW_MARGIN_M, float(low[1]) - VIEW_MARGIN_M,
        float(high[0]) + VIEW_MARGIN_M, float(high[1]) + VIEW_MARGIN_M,
    )  # fmt: skip


def _actor(rollout: Rollout, view: SE3, index: int, steps: np.ndarray) -> dict[str, Any] | None:
    valid = rollout.valid[steps, index]
    if not valid.any():
        return None
    poses = view @ rollout.world_from_actor[steps, index]
    kind = rollout.actors.kind_of(index)
    ego = index == rollout.ego_index

    def numbers(values: np.ndarray, scale: float) -> list[int | None]:
        return [round(float(v) * scale) if ok else None for v, ok in zip(values, valid, strict=True)]

    still = bool(valid.all()) and float(np.ptp(poses.translation_m[:, :2], axis=0).max()) < 0.01
    x, y = numbers(poses.translation_m[:, 0], 100), numbers(poses.translation_m[:, 1], 100)
    heading = numbers(np.unwrap(np.where(valid, poses.yaw_rad(), 0.0)), 1000)
    speed = np.linalg.norm(rollout.velocity_mps[steps, index, :2], axis=-1)
    return {
        "id": rollout.actors.ids[index],
        "kind": kind.label,
        "group": "ego" if ego else color_group(kind),
        "size": [round(float(v) * 100) for v in rollout.actors.size_m[index, :2]],
        # What never moves is written once.
        "x": x[:1] if still else x,
        "y": y[:1] if still else y,
        "h": heading[:1] if still else heading,
        **({"v": numbers(speed, 10)} if ego else {}),
    }


def _signals(rollout: Rollout, view: SE3, steps: np.ndarray) -> list[dict[str, Any]]:
    if rollout.lane_map is None:
        return []
    column = {name: k for k, name in enumerate(rollout.signals.ids)}
    return [
        {
            "line": _flat(view.apply(signal.stop_line_m)),
            "state": [int(v) for v in rollout.signals.state[steps, column[signal.id]]],
        }
        for signal in rollout.lane_map.signals
        if signal.id in column
    ]


def _events(rollout: Rollout, every: int) -> list[dict[str, Any]]:
    start = int(rollout.timestamps_ns[0])
    shown = ("collision", "off_road", "signal_violation", "goal_reached", "trigger")
    return [
        {
            "k": int(np.searchsorted(rollout.timestamps_ns, event.timestamp_ns)) // every,
            "t": round((event.timestamp_ns - start) * 1e-9, 2),
            "kind": event.kind,
            "who": list(event.actor_ids),
        }
        for event in rollout.events
        if event.kind in shown
    ]


def _flat(points_m: np.ndarray) -> list[int]:
    return [round(float(v) * 100) for v in np.asarray(points_m)[:, :2].reshape(-1)]


def _map(lane_map: LaneMap | None, view: SE3, bounds: tuple[float, float, float, float]) -> dict[str, Any]:
    if lane_map is None:
        return {"road": [], "side": [], "marks": [], "crossings": []}
    window = shapely.box(*bounds)
    side = [lane_polygon(lane) for lane in lane_map.lanes if lane.kind in _SIDE_KINDS]
    crossings = [shapely.Polygon(area.polygon_m[:, :2]) for area in lane_map.areas if area.kind == "crosswalk"]
    return {
        "road": _rings(_moved(drivable_area(lane_map), view), window),
        "side": [ring for part in side for ring in _rings(_moved(part, view), window)],
        "marks": list(_marks(lane_map.lanes, view, window)),
        "crossings": [ring for part in crossings for ring in _rings(_moved(part, view), window)],
    }


def _moved(shape: Any, view: SE3) -> Any:
    def move(points: np.ndarray) -> np.ndarray:
        return view.apply(np.concatenate([points, np.zeros((len(points), 1))], axis=1))[:, :2]

    return shapely.transform(shape, move)


def _rings(shape: Any, window: Any) -> list[list[list[int]]]:
    """Polygons inside the window, each as rings (outer first, then holes)."""
    cut = shapely.simplify(shapely.intersection(shapely.make_valid(shape), window), SIMPLIFY_M)
    parts = [part for part in shapely.get_parts(cut) if part.geom_type == "Polygon" and part.area > 0.05]
    return [
        [_flat(np.asarray(ring.coords)) for ring in (polygon.exterior, *polygon.interiors)] for polygon in parts
    ]


def _marks(lanes: Sequence[Lane], view: SE3, window: Any) -> Iterable[dict[str, Any]]:
    """Painted boundaries inside the window, each once."""
    seen: set[tuple[int, ...]] = set()
    for lane in lanes:
        if lane.kind not in DRIVABLE_KINDS and lane.kind not in _SIDE_KINDS:
            continue
        for line, marking in ((lane.left_m, lane.left_marking), (lane.right_m, lane.right_marking)):
            if marking.kind in (MarkingKind.NONE, MarkingKind.GRASS):
                continue
            ends = sorted([tuple(np.round(line[0, :2], 1)), tuple(np.round(line[-1, :2], 1))])
            key = tuple(int(10 * v) for end in ends for v in end)
            if key in seen:
                continue
            seen.add(key)
            points = view.apply(line)[:, :2]
            cut = shapely.simplify(shapely.intersection(shapely.LineString(points), window), SIMPLIFY_M)
            for part in shapely.get_parts(cut):
                if part.geom_type == "LineString" and part.length > 0.3:
                    yield {"kind": _mark_style(marking.kind), "color": marking.color, "p": _flat(np.asarray(part.coords))}


def _mark_style(kind: MarkingKind) -> str:
    if kind is MarkingKind.KERB:
        return "kerb"
    broken = kind in (MarkingKind.BROKEN, MarkingKind.BOTTS_DOTS)
    return "broken" if broken else "double" if kind is MarkingKind.SOLID_SOLID else "solid"


def film_strip(
    rollout: Rollout, num_frames: int = 4, width_px: int = 300, height_px: int = 190
) -> UInt8[np.ndarray, "H W 3"]:
    """Moments of a rollout side by side, from above, with the way that the ego has come and the time."""
    data = scene_data(rollout)
    picked = np.unique(np.round(np.linspace(0, data["num"] - 1, num_frames)).astype(int))
    tiles = [_tile(data, int(k), width_px, height_px) for k in picked]
    gap = np.full((height_px, 6, 3), 255, dtype=np.uint8)
    parts = [part for tile in tiles for part in (tile, gap)][:-1]
    return np.concatenate(parts, axis=1)


def _tile(data: dict[str, Any], k: int, width_px: int, height_px: int, oversample: int = 3) -> np.ndarray:
    """One moment, drawn large and shrunk, so that edges are smooth."""
    ego = next(actor for actor in data["actors"] if actor["group"] == "ego")
    scale = oversample * width_px / 9000.0
    middle = np.array([_at(ego["x"], k) + 1500.0, _at(ego["y"], k)])
    size = np.array([width_px, height_px]) * oversample
    image = Image.new("RGB", (int(size[0]), int(size[1])), (236, 239, 233))
    draw = ImageDraw.Draw(image)

    def screen(values: Sequence[float]) -> list[tuple[float, float]]:
        points = (np.asarray(values, dtype=np.float64).reshape(-1, 2) - middle) * scale * [1, -1] + size / 2
        return [(float(x), float(y)) for x, y in points]

    for color, name in (((205, 203, 195), "side"), ((90, 96, 106), "road")):
        for rings in data["map"][name]:
            draw.polygon(screen(rings[0]), fill=color)
            for hole in rings[1:]:
                draw.polygon(screen(hole), fill=(236, 239, 233))
    for rings in data["map"]["crossings"]:
        draw.polygon(screen(rings[0]), fill=(150, 154, 162))
    for mark in data["map"]["marks"]:
        shade = {"kerb": (170, 168, 162)}.get(mark["kind"], (236, 200, 90) if mark["color"] == "yellow" else (255, 255, 255))
        for piece in _dashes(mark["p"]) if mark["kind"] == "broken" else [mark["p"]]:
            draw.line(screen(piece), fill=shade, width=oversample)
    trail = [value for j in range(k + 1) for value in (_at(ego["x"], j), _at(ego["y"], j))]
    if len(trail) >= 4:
        draw.line(screen(trail), fill=COLORS["ego"], width=2 * oversample)
    for actor in sorted(data["actors"], key=lambda a: a["group"] == "ego"):
        if _at(actor["x"], k) is not None:
            draw.polygon(screen(_box(actor, k)), fill=COLORS[actor["group"]], outline=(255, 255, 255), width=oversample)
    label = f"{k * data['step_s']:.1f} s"
    font = ImageFont.load_default(13 * oversample)
    box = draw.textbbox((0, 0), label, font=font)
    draw.rectangle((0, 0, box[2] + 12 * oversample, box[3] + 8 * oversample), fill=(255, 255, 255))
    draw.text((6 * oversample, 3 * oversample), label, fill=(40, 44, 52), font=font)
    return np.asarray(image.resize((width_px, height_px), Image.Resampling.LANCZOS))


def _at(values: Sequence[Any], k: int) -> Any:
    return values[0] if len(values) == 1 else values[k]


def _box(actor: dict[str, Any], k: int) -> list[float]:
    """Outline with a pointed front, in centimetres."""
    length, width = actor["size"]
    nose = min(0.25 * length, 60.0) if actor["group"] not in ("static", "person") else 0.0
    half_l, half_w = 0.5 * length, 0.5 * width
    local = np.array([[half_l, 0.55 * half_w], [half_l, -0.55 * half_w], [half_l - nose, -half_w], [-half_l, -half_w],
                      [-half_l, half_w], [half_l - nose, half_w]])  # fmt: skip
    heading = _at(actor["h"], k) / 1000.0
    turn = np.array([[np.cos(heading), np.sin(heading)], [-np.sin(heading), np.cos(heading)]])
    return [float(v) for v in (local @ turn + [_at(actor["x"], k), _at(actor["y"], k)]).reshape(-1)]


def _dashes(points: Sequence[int], on_cm: float = 300.0, off_cm: float = 450.0) -> list[list[float]]:
    line = shapely.LineString(np.asarray(points, dtype=np.float64).reshape(-1, 2))
    starts = np.arange(0.0, line.length, on_cm + off_cm)
    pieces = [shapely.ops.substring(line, s, min(s + on_cm, line.length)) for s in starts]
    return [[float(v) for v in np.asarray(piece.coords).reshape(-1)] for piece in pieces if piece.length > 1.0]


