"""A lane map in files: topology and names as JSON, polylines as arrays, the OpenDRIVE text as it came."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from driving_data.maps.lane_map import Lane, LaneMap, MapArea, MapObject, RoadSign, TrafficSignal
from driving_data.plain import from_plain, to_plain
from driving_data.store import arrays, texts

_LINES = ("centerline_m", "left_m", "right_m")


def map_encoders(lane_map: LaneMap) -> dict[str, Callable[[], bytes]]:
    """The files of a map, by name, each with what makes its bytes."""
    files: dict[str, Callable[[], bytes]] = {
        "map.json": lambda: texts.dump(_topology(lane_map)),
        "map.npz": lambda: arrays.to_npz(_points(lane_map)),
    }
    text = lane_map.opendrive
    if text is not None:
        files["map.xodr"] = text.encode
    return files


def _points(lane_map: LaneMap) -> dict[str, np.ndarray]:
    points: dict[str, np.ndarray] = {}
    for name in _LINES:
        points |= _joined(name, [getattr(lane, name) for lane in lane_map.lanes])
    return points | _joined("polygon_m", [area.polygon_m for area in lane_map.areas])


def _topology(lane_map: LaneMap) -> dict[str, Any]:
    lanes = [_without(to_plain(lane), *_LINES) for lane in lane_map.lanes]
    areas = [_without(to_plain(area), "polygon_m") for area in lane_map.areas]
    return {
        "name": lane_map.name, "left_hand_traffic": lane_map.left_hand_traffic, "lanes": lanes, "areas": areas,
        "signals": lane_map.signals, "signs": lane_map.signs, "objects": lane_map.objects,
        "routes": [[name, list(lane_map.routes[name])] for name in sorted(lane_map.routes)],
        "opendrive": lane_map.opendrive is not None,
    }  # fmt: skip


def read_map(files: Mapping[str, bytes]) -> LaneMap:
    """What `map_encoders` wrote.

    Raises:
        ValueError: the files do not fit together.
    """
    plain = texts.parse(files["map.json"])
    points = arrays.from_npz(files["map.npz"])
    lines = [_parted(points, name) for name in _LINES]
    lanes: list[Lane] = [
        from_plain(Lane, {**data, **dict(zip(_LINES, polylines, strict=True))}, "lanes")
        for data, *polylines in zip(plain["lanes"], *lines, strict=True)
    ]
    polygons = _parted(points, "polygon_m")
    return LaneMap(
        lanes=tuple(lanes),
        signals=from_plain(tuple[TrafficSignal, ...], plain["signals"], "signals"),
        signs=from_plain(tuple[RoadSign, ...], plain["signs"], "signs"),
        areas=tuple(
            MapArea(area["id"], area["kind"], polygon) for area, polygon in zip(plain["areas"], polygons, strict=True)
        ),
        objects=from_plain(tuple[MapObject, ...], plain["objects"], "objects"),
        routes={name: tuple(ids) for name, ids in plain["routes"]},
        opendrive=files["map.xodr"].decode() if plain["opendrive"] else None,
        name=plain["name"],
        left_hand_traffic=plain["left_hand_traffic"],
    )


def _joined(name: str, parts: list[np.ndarray]) -> dict[str, np.ndarray]:
    lengths = np.array([len(part) for part in parts], np.int64)
    return {name: np.concatenate(parts) if parts else np.zeros((0, 3)), f"{name}.lengths": lengths}


def _parted(points: Mapping[str, np.ndarray], name: str) -> list[np.ndarray]:
    joined, lengths = points[name], points[f"{name}.lengths"]
    if int(lengths.sum()) != len(joined):
        raise ValueError(f"{name}: {len(joined)} points do not make polylines of {int(lengths.sum())} points")
    ends = np.cumsum(lengths)
    return [joined[end - length : end].copy() for end, length in zip(ends, lengths, strict=True)]


def _without(plain: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in plain.items() if key not in names and key != "type"}
