"""GPUDrive JSON: Waymo motion scenarios as plain JSON (fixed 91 steps at 10 Hz, roads as polylines)."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from driving_data.logs.assemble import LogSource, labels_of_every_track, real_segment
from driving_data.logs.files import checked_segments, head, input_error, read_json
from driving_data.logs.waymo_map import Feature, as_feature_points, lane_map_from_features
from driving_data.logs.womd import LICENCE, tracks_rollout
from driving_data.rollout import Rollout
from driving_data.segment import Raw, Segment
from driving_data.taxonomy import ActorClass

_STEP_NS = 100_000_000
_CLASSES = {
    "vehicle": ActorClass.CAR,
    "pedestrian": ActorClass.PEDESTRIAN,
    "cyclist": ActorClass.BICYCLE,
    "other": ActorClass.OTHER,
    "unset": ActorClass.OTHER,
}
_ELEMENTS = {
    0: "LANE_UNKNOWN", 1: "LANE_FREEWAY", 2: "LANE_SURFACE_STREET", 3: "LANE_BIKE_LANE",
    5: "ROAD_LINE_UNKNOWN", 6: "ROAD_LINE_BROKEN_SINGLE_WHITE", 7: "ROAD_LINE_SOLID_SINGLE_WHITE",
    8: "ROAD_LINE_SOLID_DOUBLE_WHITE", 9: "ROAD_LINE_BROKEN_SINGLE_YELLOW", 10: "ROAD_LINE_BROKEN_DOUBLE_YELLOW",
    11: "ROAD_LINE_SOLID_SINGLE_YELLOW", 12: "ROAD_LINE_SOLID_DOUBLE_YELLOW", 13: "ROAD_LINE_PASSING_DOUBLE_YELLOW",
    14: "ROAD_EDGE_UNKNOWN", 15: "ROAD_EDGE_BOUNDARY", 16: "ROAD_EDGE_MEDIAN", 17: "STOP_SIGN", 18: "CROSSWALK",
    19: "SPEED_BUMP", 20: "DRIVEWAY",
}  # fmt: skip


class GpuDriveReader:
    """Reads one scenario file."""

    @property
    def name(self) -> str:
        """Format name."""
        return "gpudrive"

    def recognises(self, path: Path) -> bool:
        """Whether the file is JSON that starts with the keys of a GPUDrive scenario."""
        start = head(path, 512).lstrip() if path.is_file() else b""
        return start[:1] == b"{" and b'"name"' in start and b'"scenario_id"' in start and b'"objects"' in start

    def read(self, path: Path) -> Iterator[Segment[Raw]]:
        """One segment.

        Raises:
            InputError: the file is damaged or no scenario.
        """
        return checked_segments(path, "a GPUDrive scenario", self._segments(path))

    def _segments(self, path: Path) -> Iterator[Segment[Raw]]:
        document = read_json(path)
        if not isinstance(document, dict) or not document.get("objects"):
            raise input_error(path, "no objects", "a GPUDrive scenario")
        rollout = _rollout(document)
        source = LogSource(self.name, "Waymo Open Motion Dataset", LICENCE, str(document["scenario_id"]), path.name,
                           {"tfrecord": str(document["name"])})  # fmt: skip
        yield real_segment(
            source, rollout, labels=labels_of_every_track(rollout),
            tags=("dataset:womd", "format:gpudrive", "location:unknown", "lane_width:assumed", "class:by_length"),
            description=f"{rollout.seconds()[-1]:.1f} s of {rollout.num_actors} tracks.",
        )  # fmt: skip


def _rollout(document: Mapping[str, Any]) -> Rollout:
    objects = document["objects"]
    count = len(objects[0]["position"])
    states = np.zeros((count, len(objects), 10))
    for index, item in enumerate(objects):
        states[:, index, :3] = [(p["x"], p["y"], p["z"]) for p in item["position"]]
        states[:, index, 3:6] = (item["length"], item["width"], item["height"])
        states[:, index, 6] = item["heading"]
        states[:, index, 7:9] = [(v["x"], v["y"]) for v in item["velocity"]]
        states[:, index, 9] = item["valid"]
    kinds = [int(_CLASSES[item["type"]]) for item in objects]
    lane_map = lane_map_from_features([_feature(index, road) for index, road in enumerate(document["roads"])])
    ego = int(document["metadata"]["sdc_track_index"])
    times = np.arange(count, dtype=np.int64) * _STEP_NS
    return tracks_rollout(times, [str(item["id"]) for item in objects], kinds, states, ego, signals=[],
                          lane_map=lane_map)  # fmt: skip


def _feature(index: int, road: Mapping[str, Any]) -> Feature:
    geometry = road["geometry"]
    geometry = geometry if isinstance(geometry, list) else [geometry]
    points = as_feature_points([(point["x"], point["y"], point["z"]) for point in geometry])
    return Feature(str(road.get("id", index)), _ELEMENTS[int(road["map_element_id"])], points)
