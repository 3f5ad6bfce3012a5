"""Rollouts from above as compact plain data, for the player in the report and for film strips.

Everything is given in the frame of the ego's start (x along its first heading, to the right of the picture), in
centimetres and milliradians as integers, so that a scene is small and the picture is level.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import shapely

from driving_data.geometry import SE3
from driving_data.maps.lane_map import DRIVABLE_KINDS, Lane, LaneKind, LaneMap, MarkingKind
from driving_data.maps.queries import drivable_area, lane_polygon
from driving_data.rollout import Rollout
from driving_data.taxonomy import PEDESTRIANS, STATIC_OBJECTS, TWO_WHEELERS, ActorClass

VIEW_MARGIN_M = 45.0
SIMPLIFY_M = 0.04
PLATES = frozenset({"stop", "yield", "priority"})
_SIDE_KINDS = frozenset({LaneKind.SIDEWALK, LaneKind.SHOULDER, LaneKind.PARKING, LaneKind.BICYCLE})


def color_group(kind: ActorClass) -> str:
    """Which colour an actor has: 'car', 'heavy', 'two_wheeler', 'person', 'static' or 'other'."""
    if kind in PEDESTRIANS or kind is ActorClass.ANIMAL:
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
        "origin": _origin(view_from_world),
        "every": every,
        "step_s": round(step_s, 4),
        "num": len(steps),
        "bounds": [round(float(v) * 100) for v in bounds],
        "map": _map(rollout.lane_map, view_from_world, bounds),
        "actors": [actor for actor in actors if actor is not None],
        "signals": _signals(rollout, view_from_world, steps),
        "events": _events(rollout, every),
    }


def pack_scene(data: dict[str, Any]) -> dict[str, Any]:
    """A scene as the page holds it: numbers as differences, signals as run lengths (`birdseye.js` undoes both)."""
    actors = [
        {**actor, **{key: pack(actor[key]) for key in ("x", "y", "h", "v") if key in actor}} for actor in data["actors"]
    ]
    signals = [{**signal, "state": run_lengths(signal["state"])} for signal in data["signals"]]
    return {**data, "actors": actors, "signals": signals}


def pack(values: Sequence[int | None]) -> list[int | None]:
    """Differences from the last number that is known; None stays None."""
    packed: list[int | None] = []
    last = 0
    for value in values:
        packed.append(None if value is None else value - last)
        last = last if value is None else value
    return packed


def run_lengths(values: Sequence[int]) -> list[int]:
    """Value, how often, value, how often, ..."""
    packed: list[int] = []
    for value in values:
        if packed and packed[-2] == value:
            packed[-1] += 1
        else:
            packed += [value, 1]
    return packed


def _origin(view_from_world: SE3) -> list[float]:
    """Where the frame of the ego's start lies in the world: x, y in m, heading in rad."""
    world = view_from_world.inverse()
    x, y = (float(v) for v in world.translation_m[:2])
    return [round(x, 4), round(y, 4), round(float(world.yaw_rad()), 7)]


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
        return [round(float(v) * scale) if ok and np.isfinite(v) else None for v, ok in zip(values, valid, strict=True)]

    still = bool(valid.all()) and float(np.ptp(poses.translation_m[:, :2], axis=0).max()) < 0.01
    x, y = numbers(poses.translation_m[:, 0], 100.0), numbers(poses.translation_m[:, 1], 100.0)
    heading = numbers(np.unwrap(np.where(valid, poses.yaw_rad(), 0.0)), 1000.0)
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
        **({"v": numbers(speed, 10.0)} if ego else {}),
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
        return {"road": [], "side": [], "marks": [], "crossings": [], "plates": []}
    window = shapely.box(*bounds)
    side = [lane_polygon(lane) for lane in lane_map.lanes if lane.kind in _SIDE_KINDS]
    crossings = [shapely.Polygon(area.polygon_m[:, :2]) for area in lane_map.areas if area.kind == "crosswalk"]
    return {
        "road": _rings(_moved(drivable_area(lane_map), view), window),
        "side": [ring for part in side for ring in _rings(_moved(part, view), window)],
        "marks": list(_marks(lane_map.lanes, view, window)),
        "crossings": [ring for part in crossings for ring in _rings(_moved(part, view), window)],
        "plates": list(_plates(lane_map, view, window)),
    }


def _plates(lane_map: LaneMap, view: SE3, window: Any) -> Iterable[dict[str, Any]]:
    """Signs inside the window that say who goes first, each where it stands."""
    for sign in lane_map.signs:
        point = view.apply(sign.position_m)
        if sign.kind in PLATES and window.contains(shapely.Point(point[:2])):
            yield {"kind": sign.kind, "p": _flat(point[None])}


def _moved(shape: Any, view: SE3) -> Any:
    def move(points: np.ndarray) -> np.ndarray:
        return view.apply(np.concatenate([points, np.zeros((len(points), 1))], axis=1))[:, :2]

    return shapely.transform(shape, move)


def _rings(shape: Any, window: Any) -> list[list[list[int]]]:
    """Polygons inside the window, each as rings (outer first, then holes)."""
    cut = shapely.simplify(shapely.intersection(shapely.make_valid(shape), window), SIMPLIFY_M)
    parts = [part for part in shapely.get_parts(cut) if part.geom_type == "Polygon" and part.area > 0.05]
    return [[_flat(np.asarray(ring.coords)) for ring in (polygon.exterior, *polygon.interiors)] for polygon in parts]


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
                    yield {
                        "kind": _mark_style(marking.kind),
                        "color": marking.color,
                        "p": _flat(np.asarray(part.coords)),
                    }


def _mark_style(kind: MarkingKind) -> str:
    if kind is MarkingKind.KERB:
        return "kerb"
    broken = kind in (MarkingKind.BROKEN, MarkingKind.BOTTS_DOTS)
    return "broken" if broken else "double" if kind is MarkingKind.SOLID_SOLID else "solid"
