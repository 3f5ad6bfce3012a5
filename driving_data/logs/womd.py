"""Waymo Open Motion Dataset: `Scenario` protos in TFRecord files, without TensorFlow or protobuf.

Source: field numbers of `scenario.proto` and `map.proto` of the data set.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

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
from driving_data.logs.waymo_map import (
    Boundary,
    Feature,
    LaneSignal,
    lane_map_from_features,
    mph,
    signal_number,
    vehicle_by_length,
)
from driving_data.logs.wire import Value, fields, integers, looks_like_tfrecord, object_states, points, tfrecords
from driving_data.maps.lane_map import LaneMap
from driving_data.rollout import Rollout, SignalStates
from driving_data.segment import Raw, Segment
from driving_data.taxonomy import ActorClass

LICENCE = "Waymo Dataset License Agreement for Non-Commercial Use (non-commercial)"
WAYMO_REAR_AXLE_TO_CENTER_M = 0.0
_CLASSES = {
    0: ActorClass.OTHER,
    1: ActorClass.CAR,
    2: ActorClass.PEDESTRIAN,
    3: ActorClass.BICYCLE,
    4: ActorClass.OTHER,
}
_STATES = ("UNKNOWN", "ARROW_STOP", "ARROW_CAUTION", "ARROW_GO", "STOP", "CAUTION", "GO", "FLASHING_STOP",
           "FLASHING_CAUTION")  # fmt: skip
_LANES = ("LANE_UNKNOWN", "LANE_FREEWAY", "LANE_SURFACE_STREET", "LANE_BIKE_LANE")
_LINES = ("ROAD_LINE_UNKNOWN", "ROAD_LINE_BROKEN_SINGLE_WHITE", "ROAD_LINE_SOLID_SINGLE_WHITE",
          "ROAD_LINE_SOLID_DOUBLE_WHITE", "ROAD_LINE_BROKEN_SINGLE_YELLOW", "ROAD_LINE_BROKEN_DOUBLE_YELLOW",
          "ROAD_LINE_SOLID_SINGLE_YELLOW", "ROAD_LINE_SOLID_DOUBLE_YELLOW",
          "ROAD_LINE_PASSING_DOUBLE_YELLOW")  # fmt: skip
_EDGES = ("ROAD_EDGE_UNKNOWN", "ROAD_EDGE_BOUNDARY", "ROAD_EDGE_MEDIAN")


@dataclass(slots=True)
class _Scenario:
    """The parts of a `Scenario` message while it is being read."""

    seconds: list[float] = field(default_factory=lambda: [])
    tracks: list[memoryview] = field(default_factory=lambda: [])
    signals: list[memoryview] = field(default_factory=lambda: [])
    features: list[memoryview] = field(default_factory=lambda: [])
    scenario_id: str = ""
    ego: int = -1


class WomdReader:
    """Reads TFRecord files of `Scenario` protos."""

    @property
    def name(self) -> str:
        """Format name."""
        return "womd"

    def recognises(self, path: Path) -> bool:
        """Whether the file starts with a sound record header."""
        return path.is_file() and looks_like_tfrecord(head(path, 12))

    def read(self, path: Path) -> Iterator[Segment[Raw]]:
        """One segment per scenario in the file.

        Raises:
            InputError: a record is damaged or holds no scenario.
        """
        return checked_segments(path, "a TFRecord file of Scenario protos", self._segments(path))

    def _segments(self, path: Path) -> Iterator[Segment[Raw]]:
        for number, payload in enumerate(tfrecords(path)):
            scenario = _parse(memoryview(payload))
            if not scenario.tracks or not scenario.seconds or not 0 <= scenario.ego < len(scenario.tracks):
                raise input_error(path, "no tracks, times or ego", "a Scenario proto", place=f"record[{number}]")
            rollout = _rollout(scenario)
            source = LogSource(self.name, "Waymo Open Motion Dataset", LICENCE, scenario.scenario_id, path.name,
                               {"record": number, "rear_axle_to_center_m": WAYMO_REAR_AXLE_TO_CENTER_M})  # fmt: skip
            yield real_segment(
                source, rollout, labels=labels_of_every_track(rollout),
                tags=("dataset:womd", "location:unknown", "lane_width:estimated", "class:by_length"),
                description=f"{rollout.seconds()[-1]:.1f} s of {rollout.num_actors} tracks.",
            )  # fmt: skip


def _parse(message: memoryview) -> _Scenario:
    scenario = _Scenario()
    for number, value in fields(message):
        if number == 1:
            scenario.seconds += _doubles(value)
        elif number == 5:
            scenario.scenario_id = _bytes(value).tobytes().decode()
        elif number == 6 and isinstance(value, int):
            scenario.ego = value
        elif number in (2, 7, 8):
            {2: scenario.tracks, 7: scenario.signals, 8: scenario.features}[number].append(_bytes(value))
    return scenario


def _bytes(value: Value) -> memoryview:
    if not isinstance(value, memoryview):
        raise ValueError("expected a length-delimited field")
    return value


def _doubles(value: Value) -> list[float]:
    return np.frombuffer(value, dtype="<f8").tolist() if isinstance(value, memoryview) else [float(value)]


def _rollout(scenario: _Scenario) -> Rollout:
    times = np.round(np.asarray(scenario.seconds) * 1e9).astype(np.int64)
    ids: list[str] = []
    kinds: list[int] = []
    states = np.zeros((len(times), len(scenario.tracks), 10))
    for index, message in enumerate(scenario.tracks):
        track_id, kind, rows = _track(message)
        if len(rows) != len(times):
            raise ValueError(f"track {track_id} has {len(rows)} states for {len(times)} moments")
        ids.append(str(track_id))
        kinds.append(int(_CLASSES[kind]))
        states[:, index] = object_states(rows)
    signals = _signals(scenario.signals)
    lane_map = lane_map_from_features([_feature(message) for message in scenario.features], signals)
    return tracks_rollout(times, ids, kinds, states, scenario.ego, signals=signals, lane_map=lane_map)


def tracks_rollout(times_ns: np.ndarray, ids: list[str], kinds: list[int], states: np.ndarray, ego: int, *,
                   signals: list[LaneSignal], lane_map: LaneMap | None) -> Rollout:  # fmt: skip
    """A rollout from state rows x, y, z, length, width, height, heading, vx, vy, valid, shape (T, A, 10).

    Tracks that are never valid are left out.
    """
    valid = states[..., 9] > 0.5
    kept: np.ndarray = valid.any(axis=0) | (np.arange(len(ids)) == ego)
    size = np.full((len(ids), 3), np.nan)
    for index in np.flatnonzero(kept):
        if valid[:, index].any():
            size[index] = np.median(states[valid[:, index], index, 3:6], axis=0)
    chosen = np.flatnonzero(kept)
    rows = states[:, chosen]
    velocity = np.concatenate([rows[..., 7:9], np.full((*rows.shape[:2], 1), np.nan)], axis=-1)
    fine = [int(vehicle_by_length(size[i, 0])) if kinds[i] == ActorClass.CAR else kinds[i] for i in chosen]
    actors = actors_of([ids[i] for i in chosen], fine, size[chosen])
    tracks = Tracks(actors, int(np.flatnonzero(chosen == ego)[0]), SE3.from_yaw(rows[..., 6], rows[..., :3]),
                    valid[:, chosen], velocity)  # fmt: skip
    table = np.array([[signal_number(state) for state in item.states] for item in signals], dtype=np.int64)
    states_of_lights = SignalStates(tuple(f"signal_{item.lane_id}" for item in signals),
                                    table.reshape(len(signals), len(times_ns)).T)  # fmt: skip
    return rollout_from_tracks(times_ns, tracks, signals=states_of_lights,
                               lane_map=lane_map)  # fmt: skip


def _track(message: memoryview) -> tuple[int, int, list[memoryview]]:
    track_id = kind = 0
    rows: list[memoryview] = []
    for number, value in fields(message):
        if number == 3:
            rows.append(_bytes(value))
        elif number == 1 and isinstance(value, int):
            track_id = value
        elif number == 2 and isinstance(value, int):
            kind = value
    return track_id, kind, rows


def _signals(moments: list[memoryview]) -> list[LaneSignal]:
    states: dict[str, dict[int, str]] = {}
    stops: dict[str, np.ndarray] = {}
    for moment, message in enumerate(moments):
        for number, value in fields(message):
            if number != 1:
                continue
            lane, state, stop = "", "UNKNOWN", np.zeros(3)
            for key, item in fields(_bytes(value)):
                if key == 1 and isinstance(item, int):
                    lane = str(item)
                elif key == 2 and isinstance(item, int):
                    state = _STATES[item]
                elif key == 3:
                    stop = points([_bytes(item)])[0]
            states.setdefault(lane, {})[moment] = state
            stops.setdefault(lane, stop)
    count = len(moments)
    return [
        LaneSignal(lane, tuple(seen.get(moment, "UNKNOWN") for moment in range(count)), stops[lane])
        for lane, seen in states.items()
    ]


def _feature(message: memoryview) -> Feature:
    feature_id, body, kind = "", memoryview(b""), 0
    for number, value in fields(message):
        if number == 1 and isinstance(value, int):
            feature_id = str(value)
        elif isinstance(value, memoryview):
            kind, body = number, value
    if kind == 3:
        return _lane(feature_id, body)
    parts: dict[int, list[memoryview]] = {}
    numbers: dict[int, list[int]] = {}
    for number, value in fields(body):
        if isinstance(value, memoryview):
            parts.setdefault(number, []).append(value)
        elif isinstance(value, int):
            numbers.setdefault(number, []).append(value)
    style = numbers.get(1, [0])[0]
    if kind == 4:
        return Feature(feature_id, _LINES[style], points(parts.get(2, [])))
    if kind == 5:
        return Feature(feature_id, _EDGES[style], points(parts.get(2, [])))
    if kind == 7:
        lanes = [*numbers.get(1, []), *(number for packed in parts.get(1, []) for number in integers(packed))]
        return Feature(feature_id, "STOP_SIGN", points(parts[2]), lane_ids=tuple(map(str, lanes)))
    areas: Mapping[int, str] = {8: "CROSSWALK", 9: "SPEED_BUMP", 10: "DRIVEWAY"}
    if kind not in areas:
        raise ValueError(f"map feature {feature_id} of unknown kind {kind}")
    return Feature(feature_id, areas[kind], points(parts.get(1, [])))


def _lane(feature_id: str, body: memoryview) -> Feature:
    parts: dict[int, list[Value]] = {}
    for number, value in fields(body):
        parts.setdefault(number, []).append(value)
    style = parts.get(2, [0])[0]
    limit = parts.get(1, [0.0])[0]
    return Feature(
        feature_id,
        _LANES[style if isinstance(style, int) else 0],
        points([_bytes(value) for value in parts.get(8, [])]),
        entries=tuple(str(i) for value in parts.get(9, []) for i in integers(value)),
        exits=tuple(str(i) for value in parts.get(10, []) for i in integers(value)),
        left=tuple(_boundary(_bytes(value)) for value in parts.get(13, [])),
        right=tuple(_boundary(_bytes(value)) for value in parts.get(14, [])),
        left_neighbors=tuple(_neighbor(_bytes(value)) for value in parts.get(11, [])),
        right_neighbors=tuple(_neighbor(_bytes(value)) for value in parts.get(12, [])),
        speed_limit_mps=mph(limit if isinstance(limit, float) else 0.0),
    )


def _boundary(message: memoryview) -> Boundary:
    values = {number: value for number, value in fields(message) if isinstance(value, int)}
    return Boundary(values.get(1, 0), values.get(2, 0), str(values.get(3, "")))


def _neighbor(message: memoryview) -> str:
    return next((str(value) for number, value in fields(message) if number == 1), "")
