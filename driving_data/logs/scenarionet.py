"""ScenarioNet / MetaDrive scenario pickles (`sd_*.pkl`), converted from Waymo motion data or nuScenes."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from driving_data.geometry import SE3
from driving_data.logs.assemble import (
    LogSource,
    Tracks,
    actors_of,
    labels_of_every_track,
    real_segment,
    rollout_from_tracks,
)
from driving_data.logs.files import checked_segments, head, input_error
from driving_data.logs.polylines import distance_m
from driving_data.logs.restricted_pickle import read_pickle
from driving_data.logs.waymo_map import (
    Boundary,
    Feature,
    LaneSignal,
    as_feature_points,
    lane_map_from_features,
    mph,
    signal_number,
    vehicle_by_length,
)
from driving_data.maps.lane_map import LaneMap, MapArea
from driving_data.rollout import Rollout, SignalStates
from driving_data.segment import Raw, Segment
from driving_data.taxonomy import ActorClass

LICENCES = {
    "waymo": "Waymo Dataset License Agreement for Non-Commercial Use (non-commercial)",
    "nuscenes": "CC BY-NC-SA 4.0 (non-commercial)",
}
_PRODUCERS = {"waymo": "Waymo Open Motion Dataset", "nuscenes": "nuScenes"}
_CLASSES = {
    "VEHICLE": ActorClass.CAR,
    "PEDESTRIAN": ActorClass.PEDESTRIAN,
    "CYCLIST": ActorClass.BICYCLE,
    "TRAFFIC_CONE": ActorClass.CONE,
    "TRAFFIC_BARRIER": ActorClass.BARRIER,
    "OTHER": ActorClass.OTHER,
    "UNSET": ActorClass.OTHER,
}
NUSCENES_CLASSES = {
    "vehicle.car": ActorClass.CAR,
    "vehicle.truck": ActorClass.TRUCK,
    "vehicle.trailer": ActorClass.TRAILER,
    "vehicle.bus.rigid": ActorClass.BUS,
    "vehicle.bus.bendy": ActorClass.BUS,
    "vehicle.construction": ActorClass.CONSTRUCTION_VEHICLE,
    "vehicle.emergency.ambulance": ActorClass.EMERGENCY_VEHICLE,
    "vehicle.emergency.police": ActorClass.EMERGENCY_VEHICLE,
    "vehicle.motorcycle": ActorClass.MOTORCYCLE,
    "vehicle.bicycle": ActorClass.BICYCLE,
    "human.pedestrian.adult": ActorClass.PEDESTRIAN,
    "human.pedestrian.child": ActorClass.CHILD,
    "human.pedestrian.construction_worker": ActorClass.FLAGGER,
    "human.pedestrian.police_officer": ActorClass.FLAGGER,
    "human.pedestrian.personal_mobility": ActorClass.E_SCOOTER,
    "human.pedestrian.wheelchair": ActorClass.WHEELCHAIR,
    "human.pedestrian.stroller": ActorClass.OTHER,
    "animal": ActorClass.ANIMAL,
    "movable_object.trafficcone": ActorClass.CONE,
    "movable_object.barrier": ActorClass.BARRIER,
    "movable_object.debris": ActorClass.DEBRIS,
    "movable_object.pushable_pullable": ActorClass.DEBRIS,
    "static_object.bicycle_rack": ActorClass.OTHER,
}
NUSCENES_EGO_SIZE_M = (4.084, 1.73, 1.562)
NUSCENES_REAR_AXLE_TO_CENTER_M = 1.385


class ScenarioNetReader:
    """Reads one scenario pickle."""

    @property
    def name(self) -> str:
        """Format name."""
        return "scenarionet"

    def recognises(self, path: Path) -> bool:
        """Whether the file is a pickle that starts like a scenario description."""
        start = head(path, 512) if path.is_file() else b""
        return start[:1] == b"\x80" and b"version" in start and b"length" in start

    def read(self, path: Path) -> Iterator[Segment[Raw]]:
        """One segment.

        Raises:
            InputError: the pickle is damaged, unsafe or no scenario.
        """
        return checked_segments(path, "a ScenarioNet scenario", self._segments(path))

    def _segments(self, path: Path) -> Iterator[Segment[Raw]]:
        document = read_pickle(path)
        if not isinstance(document, dict) or not {"tracks", "metadata", "map_features"} <= set(document):
            raise input_error(path, "no tracks, metadata and map_features", "a ScenarioNet scenario")
        metadata: Mapping[str, Any] = document["metadata"]
        dataset = str(metadata["dataset"])
        rollout = _rollout(document, dataset)
        scenario_id = str(metadata.get("scenario_id", document["id"]))
        source = LogSource(self.name, _PRODUCERS.get(dataset, dataset),
                           LICENCES.get(dataset, "unknown"), scenario_id, path.name,
                           {"version": str(document["version"])})  # fmt: skip
        place = str(metadata.get("map", "unknown"))
        yield real_segment(
            source, rollout, labels=labels_of_every_track(rollout),
            tags=(f"dataset:{dataset}", "format:scenarionet", f"location:{place}", "lane_width:estimated",
                  "height:flat_ego" if dataset == "nuscenes" else "class:by_length"),
            description=f"{rollout.seconds()[-1]:.1f} s of {rollout.num_actors} tracks ({dataset}, {place}).",
        )  # fmt: skip


def _rollout(document: Mapping[str, Any], dataset: str) -> Rollout:
    metadata = document["metadata"]
    seconds = np.asarray(metadata["ts"], dtype=np.float64).reshape(-1)
    times = np.round(seconds * 1e9).astype(np.int64)
    tracks = _tracks(document["tracks"], str(metadata["sdc_id"]), len(times), dataset)
    signals = [_signal(key, item, len(times)) for key, item in document.get("dynamic_map_states", {}).items()]
    place = str(metadata.get("map", dataset))
    lane_map = _lane_map(document["map_features"], signals, place)
    table = np.array([[signal_number(state) for state in item.states] for item in signals], dtype=np.int64)
    states = SignalStates(tuple(f"signal_{item.lane_id}" for item in signals),
                          table.reshape(len(signals), len(times)).T)  # fmt: skip
    return rollout_from_tracks(times, tracks, signals=states, lane_map=lane_map)


def _tracks(items: Mapping[str, Any], ego_id: str, count: int, dataset: str) -> Tracks:
    ids = [key for key, item in items.items() if key == ego_id or np.asarray(item["state"]["valid"]).any()]
    if ego_id not in ids:
        raise ValueError(f"no track of the ego {ego_id!r}")
    shape = (count, len(ids))
    valid, yaw = np.zeros(shape, dtype=bool), np.zeros(shape)
    position, velocity = np.zeros((*shape, 3)), np.full((*shape, 3), np.nan)
    size = np.zeros((len(ids), 3))
    for index, key in enumerate(ids):
        state = items[key]["state"]
        valid[:, index] = np.asarray(state["valid"]).reshape(count) > 0.5
        position[:, index] = np.asarray(state["position"], dtype=np.float64).reshape(count, 3)
        yaw[:, index] = np.asarray(state["heading"], dtype=np.float64).reshape(count)
        velocity[:, index, :2] = np.asarray(state["velocity"], dtype=np.float64).reshape(count, 2)
        extent = np.stack(
            [np.asarray(state[name], np.float64).reshape(count) for name in ("length", "width", "height")]
        )
        size[index] = np.median(extent[:, valid[:, index]], axis=1)
    ego = ids.index(ego_id)
    offset = np.zeros(len(ids))
    if dataset == "nuscenes":
        # The converter stores the ego at its rear axle on the ground and swaps its length and width.
        size[ego], offset[ego] = NUSCENES_EGO_SIZE_M, NUSCENES_REAR_AXLE_TO_CENTER_M
        ahead = np.stack([np.cos(yaw[:, ego]), np.sin(yaw[:, ego])], axis=-1) * NUSCENES_REAR_AXLE_TO_CENTER_M
        position[:, ego, :2] += ahead
        position[:, ego, 2] += 0.5 * NUSCENES_EGO_SIZE_M[2]
        # The velocity of the log is that of the rear axle and lags by a sample: ours follows from the poses.
        velocity[:, ego] = np.nan
    kinds = [_class_of(items[key], float(size[index, 0])) for index, key in enumerate(ids)]
    return Tracks(actors_of(ids, kinds, size, offset), ego, SE3.from_yaw(yaw, position), valid, velocity)


def _class_of(item: Mapping[str, Any], length_m: float) -> ActorClass:
    fine = str(item.get("metadata", {}).get("type", ""))
    if fine in NUSCENES_CLASSES:
        return NUSCENES_CLASSES[fine]
    kind = _CLASSES[str(item["type"])]
    return vehicle_by_length(length_m) if kind is ActorClass.CAR else kind


def _signal(key: str, item: Mapping[str, Any], count: int) -> LaneSignal:
    states = tuple(str(state) for state in item["state"]["object_state"])
    stop = np.asarray(item["stop_point"], dtype=np.float64).reshape(-1, 3)[0]
    if len(states) != count:
        raise ValueError(f"signal {key} has {len(states)} states for {count} moments")
    return LaneSignal(str(item["lane"]), states, stop)


def _lane_map(items: Mapping[Any, Any], signals: Sequence[LaneSignal], place: str) -> LaneMap:
    from dataclasses import replace

    features = [_feature(str(key), item) for key, item in items.items()]
    lane_map = lane_map_from_features(features, signals, place, left_hand_traffic=place.startswith("singapore"))
    polygons = [
        MapArea(f"{key}_area", "drivable", as_feature_points(item["polygon"]))
        for key, item in items.items()
        if str(item["type"]).startswith("LANE_") and "polygon" in item and len(item["polygon"]) > 2
    ]
    return replace(lane_map, areas=(*lane_map.areas, *polygons))


def _feature(key: str, item: Mapping[str, Any]) -> Feature:
    kind = str(item["type"])
    if kind.startswith("LANE_"):
        return _lane(key, kind, item)
    points = as_feature_points(item[next(name for name in ("polyline", "polygon", "position") if name in item)])
    lanes = tuple(str(lane) for lane in item.get("lane", ())) if kind == "STOP_SIGN" else ()
    return Feature(key, kind, points, lane_ids=lanes)


def _lane(key: str, kind: str, item: Mapping[str, Any]) -> Feature:
    points = as_feature_points(item["polyline"])
    width = float("nan")
    if "polygon" in item and len(points) > 2 and len(item["polygon"]) > 2:
        outline = as_feature_points(item["polygon"])
        width = float(np.median(distance_m(points[1:-1], np.concatenate([outline, outline[:1]]))))
    return Feature(
        key, kind, points,
        entries=_ids(item.get("entry_lanes")), exits=_ids(item.get("exit_lanes")),
        left=_boundaries(item.get("left_boundaries")), right=_boundaries(item.get("right_boundaries")),
        left_neighbors=_neighbors(item.get("left_neighbor")), right_neighbors=_neighbors(item.get("right_neighbor")),
        speed_limit_mps=mph(item.get("speed_limit_mph")), half_width_m=width,
    )  # fmt: skip


def _ids(values: Sequence[Any] | None) -> tuple[str, ...]:
    return tuple(str(value) for value in values or ())


def _boundaries(values: Sequence[Mapping[str, Any]] | None) -> tuple[Boundary, ...]:
    return tuple(
        Boundary(int(item["lane_start_index"]), int(item["lane_end_index"]), str(item["boundary_feature_id"]))
        for item in values or ()
    )


def _neighbors(values: Sequence[Any] | None) -> tuple[str, ...]:
    return tuple(str(item["feature_id"] if isinstance(item, Mapping) else item) for item in values or ())
