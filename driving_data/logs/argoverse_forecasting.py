"""Argoverse 2 motion-forecasting scenarios: 11 s of tracks at 10 Hz (parquet) and a vector map."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from driving_data.geometry import SE3
from driving_data.logs.argoverse_map import read_argoverse_map
from driving_data.logs.argoverse_sensor import EGO_REAR_AXLE_TO_CENTER_M, EGO_SIZE_M, LICENCE
from driving_data.logs.assemble import (
    LogSource,
    Tracks,
    actors_of,
    labels_of_every_track,
    real_segment,
    rollout_from_tracks,
)
from driving_data.logs.files import checked_segments, head, input_error
from driving_data.logs.polylines import arc_length_m, resampled
from driving_data.logs.tables import read_parquet
from driving_data.maps.lane_map import LaneMap
from driving_data.segment import Raw, Segment
from driving_data.taxonomy import ActorClass

_COLUMNS = ("track_id", "object_type", "timestep", "position_x", "position_y", "heading", "velocity_x", "velocity_y",
            "scenario_id", "start_timestamp", "end_timestamp", "num_timestamps", "focal_track_id", "city")  # fmt: skip
CLASSES = {
    "vehicle": ActorClass.CAR,
    "pedestrian": ActorClass.PEDESTRIAN,
    "motorcyclist": ActorClass.MOTORCYCLE,
    "cyclist": ActorClass.BICYCLE,
    "bus": ActorClass.BUS,
    "static": ActorClass.BARRIER,
    "background": ActorClass.OTHER,
    "construction": ActorClass.CONE,
    "riderless_bicycle": ActorClass.BICYCLE,
    "unknown": ActorClass.OTHER,
}
ASSUMED_SIZE_M = {
    ActorClass.CAR: (4.6, 1.9, 1.6),
    ActorClass.PEDESTRIAN: (0.7, 0.7, 1.75),
    ActorClass.MOTORCYCLE: (2.2, 0.9, 1.6),
    ActorClass.BICYCLE: (1.8, 0.7, 1.7),
    ActorClass.BUS: (12.0, 2.9, 3.2),
    ActorClass.BARRIER: (0.5, 0.5, 1.0),
    ActorClass.CONE: (0.4, 0.4, 0.7),
    ActorClass.OTHER: (0.7, 0.7, 1.0),
}


class Argoverse2ForecastingReader:
    """Reads `scenario_<id>.parquet`, or the folder that holds it, with the map beside it."""

    @property
    def name(self) -> str:
        """Format name."""
        return "argoverse2_forecasting"

    def recognises(self, path: Path) -> bool:
        """Whether the path is a scenario file or a folder with one."""
        file = _scenario_file(path)
        return file is not None and head(file, 4) == b"PAR1"

    def read(self, path: Path) -> Iterator[Segment[Raw]]:
        """One segment per scenario.

        Raises:
            InputError: the scenario or its map is missing or damaged.
        """
        return checked_segments(path, "an Argoverse 2 forecasting scenario", self._segments(path))

    def _segments(self, path: Path) -> Iterator[Segment[Raw]]:
        file = _scenario_file(path)
        if file is None:
            raise input_error(path, "no scenario_*.parquet", "a forecasting scenario", code="missing-file")
        table = read_parquet(file, _COLUMNS)
        if len(table["timestep"]) == 0:
            raise input_error(file, "no rows", "at least one track", code="empty-file")
        scenario_id, city = str(table["scenario_id"][0]), str(table["city"][0])
        map_file = file.parent / f"log_map_archive_{scenario_id}.json"
        lane_map = read_argoverse_map(map_file, city) if map_file.is_file() else None
        times = _times(table, file)
        rollout = rollout_from_tracks(times, _tracks(table, times, lane_map, file), lane_map=lane_map)
        source = LogSource(self.name, "Argoverse 2 Motion Forecasting", LICENCE, scenario_id,
                           f"{scenario_id}/{file.name}", {"sizes": "assumed by class"})  # fmt: skip
        yield real_segment(
            source, rollout, labels=labels_of_every_track(rollout),
            tags=("dataset:argoverse2_forecasting", f"location:{city}", "size:assumed", "height:from_map",
                  f"focal_track:{table['focal_track_id'][0]}"),
            description=f"{rollout.seconds()[-1]:.1f} s of {rollout.num_actors} tracks in {city}.",
        )  # fmt: skip


def _scenario_file(path: Path) -> Path | None:
    if path.is_file():
        return path if path.name.startswith("scenario_") and path.suffix == ".parquet" else None
    files = sorted(path.glob("scenario_*.parquet")) if path.is_dir() else []
    return files[0] if len(files) == 1 else None


def _times(table: Mapping[str, np.ndarray], path: Path) -> np.ndarray:
    count = int(table["num_timestamps"][0])
    if not 2 <= count <= 100_000:
        raise input_error(path, f"{count} time steps", "2 to 100000", code="bad-value")
    start, end = float(table["start_timestamp"][0]), float(table["end_timestamp"][0])
    return np.linspace(start, end, count).astype(np.int64)


def _tracks(table: Mapping[str, np.ndarray], times: np.ndarray, lane_map: LaneMap | None, path: Path) -> Tracks:
    ids, first, actor = np.unique(table["track_id"].astype(str), return_index=True, return_inverse=True)
    if "AV" not in ids:
        raise input_error(path, "no track 'AV'", "the track of the ego", code="missing-track")
    step = table["timestep"].astype(np.int64)
    if (step < 0).any() or (step >= len(times)).any():
        raise input_error(path, "a time step outside the scenario", f"0 to {len(times) - 1}", code="bad-value")
    names = [str(table["object_type"][index]) for index in first]
    unknown = sorted(set(names) - set(CLASSES))
    if unknown:
        raise input_error(path, repr(unknown[0]), f"one of {', '.join(CLASSES)}", code="unknown-name")
    kinds = [CLASSES[name] for name in names]
    ego = int(np.flatnonzero(ids == "AV")[0])
    size = np.array([ASSUMED_SIZE_M[kind] for kind in kinds])
    size[ego] = EGO_SIZE_M
    offset = np.zeros(len(ids))
    offset[ego] = EGO_REAR_AXLE_TO_CENTER_M
    valid = np.zeros((len(times), len(ids)), dtype=bool)
    valid[step, actor] = True
    ground = np.stack([table["position_x"], table["position_y"]], axis=-1).astype(np.float64)
    height = _ground_height(ground, lane_map) + 0.5 * size[actor, 2]
    position, velocity = np.full((*valid.shape, 3), np.nan), np.full((*valid.shape, 3), np.nan)
    yaw = np.zeros(valid.shape)
    position[step, actor] = np.concatenate([ground, height[:, None]], axis=1)
    velocity[step, actor, :2] = np.stack([table["velocity_x"], table["velocity_y"]], axis=-1)
    yaw[step, actor] = table["heading"]
    return Tracks(actors_of(ids.tolist(), kinds, size, offset), ego, SE3.from_yaw(yaw, position), valid, velocity)


def _ground_height(points: np.ndarray, lane_map: LaneMap | None) -> np.ndarray:
    """Height of the lane boundaries around each point, weighted by distance; the tracks themselves are flat."""
    if lane_map is None or not lane_map.lanes:
        return np.zeros(len(points))
    from scipy.spatial import cKDTree  # pyright: ignore[reportAttributeAccessIssue]

    sides = [side for lane in lane_map.lanes for side in (lane.left_m, lane.right_m)]
    ground = np.concatenate([resampled(side, np.linspace(0, 1, 2 + int(arc_length_m(side)[-1] / 2))) for side in sides])
    distance, nearest = cKDTree(ground[:, :2]).query(points, k=min(16, len(ground)))
    weight = 1.0 / (np.square(np.asarray(distance).reshape(len(points), -1)) + 1.0)
    heights = ground[np.asarray(nearest).reshape(len(points), -1), 2]
    return np.sum(weight * heights, axis=1) / np.sum(weight, axis=1)


__all__ = ["ASSUMED_SIZE_M", "Argoverse2ForecastingReader"]
