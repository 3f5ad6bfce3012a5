"""CommonRoad scenarios (XML 2020a): lanelets, traffic lights, obstacles with their trajectories, a planning problem.

Source: the CommonRoad XML documentation, version 2020a. Everything that was recorded becomes a trajectory; the ego's
own is left out, its first state is the initial state and the place where it ended is the goal. Lights repeat what
they showed during the recording.
"""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from driving_data.errors import Fault, InputError
from driving_data.exports.card import write_card
from driving_data.exports.common import fresh_directory
from driving_data.maps.lane_map import Lane, LaneKind, LaneMap, MarkingKind
from driving_data.rollout import Rollout
from driving_data.segment import Segment, Validated
from driving_data.taxonomy import STATIC_OBJECTS, ActorClass, SignalState

_TYPES: Mapping[ActorClass, str] = {
    ActorClass.CAR: "car", ActorClass.VAN: "car", ActorClass.TRUCK: "truck", ActorClass.TRAILER: "truck",
    ActorClass.BUS: "bus", ActorClass.EMERGENCY_VEHICLE: "priorityVehicle",
    ActorClass.CONSTRUCTION_VEHICLE: "truck", ActorClass.MOTORCYCLE: "motorcycle", ActorClass.BICYCLE: "bicycle",
    ActorClass.E_SCOOTER: "bicycle", ActorClass.PEDESTRIAN: "pedestrian", ActorClass.CHILD: "pedestrian",
    ActorClass.WHEELCHAIR: "pedestrian", ActorClass.FLAGGER: "pedestrian",
}  # fmt: skip
_STILL: Mapping[ActorClass, str] = {
    ActorClass.CONE: "constructionZone", ActorClass.BARRIER: "constructionZone", ActorClass.DEBRIS: "unknown",
    ActorClass.OTHER: "unknown", ActorClass.CAR: "parkedVehicle", ActorClass.VAN: "parkedVehicle",
    ActorClass.TRUCK: "parkedVehicle", ActorClass.BUS: "parkedVehicle", ActorClass.TRAILER: "parkedVehicle",
}  # fmt: skip
_LANELETS: Mapping[LaneKind, str] = {
    LaneKind.DRIVING: "urban", LaneKind.BICYCLE: "bicycleLane", LaneKind.SIDEWALK: "sidewalk",
    LaneKind.SHOULDER: "shoulder", LaneKind.BUS: "busLane", LaneKind.PARKING: "parking",
    LaneKind.ENTRY: "accessRamp", LaneKind.EXIT: "exitRamp",
}  # fmt: skip
_MARKINGS: Mapping[MarkingKind, str] = {
    MarkingKind.SOLID: "solid", MarkingKind.BROKEN: "dashed", MarkingKind.KERB: "curb",
}  # fmt: skip
_LIGHTS: Mapping[int, str] = {
    SignalState.RED: "red", SignalState.YELLOW: "yellow", SignalState.GREEN: "green",
    SignalState.RED_YELLOW: "redYellow", SignalState.FLASHING_YELLOW: "yellow", SignalState.FLASHING_RED: "red",
}  # fmt: skip
_MOVED_M = 0.5


@dataclass(frozen=True, slots=True)
class CommonRoadExporter:
    """Writes one scenario file for each segment that has a lane map."""

    @property
    def name(self) -> str:
        """Format name."""
        return "commonroad"

    def export(self, segments: Iterable[Segment[Validated]], directory: Path) -> Path:
        """Writes a new folder of scenario files and returns it.

        Raises:
            InputError: the folder is not empty, or a segment has no lane map.
        """
        count = 0
        with fresh_directory(directory) as root:
            for segment in segments:
                name = f"ZAM_{''.join(c for c in segment.segment_id.title() if c.isalnum())}-1_1_T-1"
                (root / f"{name}.xml").write_bytes(commonroad_xml(segment.rollout, name, segment.description))
                count += 1
            write_card(root, "CommonRoad 2020a", "load with commonroad-io: CommonRoadFileReader(path).open()",
                       {"scenarios": count})  # fmt: skip
        return Path(directory)


def commonroad_xml(rollout: Rollout, name: str, source: str = "") -> bytes:
    """A rollout as CommonRoad XML 2020a.

    Args:
        rollout: what happened; its steps must be equally long.
        name: benchmark id.
        source: where it is from, in words.

    Raises:
        InputError: the rollout has no lane map, fewer than two moments or uneven steps.
    """
    from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

    lane_map, step_s = _checked(rollout)
    root = etree.Element("commonRoad", timeStepSize=_text(step_s), commonRoadVersion="2020a", author="Roadloom",
                         affiliation="", source=source or "Roadloom", benchmarkID=name, date="1970-01-01")  # fmt: skip
    location = _add(root, "location")
    for tag, value in (("geoNameId", "-999"), ("gpsLatitude", "999"), ("gpsLongitude", "999")):
        _add(location, tag).text = value
    _add(_add(root, "scenarioTags"), "simulated")
    numbers = {lane.id: index for index, lane in enumerate(lane_map.lanes, start=1)}
    lights = {signal.id: len(numbers) + index for index, signal in enumerate(lane_map.signals, start=1)}
    for lane in lane_map.lanes:
        _lanelet(root, lane, lane_map, numbers, lights)
    _lights(root, rollout, lane_map, lights)
    next_id = len(numbers) + len(lights) + 1
    moving, yaw = _moving(rollout), rollout.world_from_actor.yaw_rad()
    others = [a for a in range(rollout.num_actors) if a != rollout.ego_index and rollout.valid[:, a].any()]
    for still in (True, False):
        for actor in others:
            if moving[actor] != still:
                _obstacle(root, rollout, yaw, actor, next_id + actor, not still)
    _problem(root, rollout, yaw, next_id + rollout.num_actors)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _checked(rollout: Rollout) -> tuple[LaneMap, float]:
    if rollout.lane_map is None:
        raise InputError([Fault("", 0, 0, "lane_map", "no-map", "a rollout without a lane map", "one with a map")])
    steps = np.diff(rollout.timestamps_ns)
    if len(steps) == 0 or (np.abs(steps - steps[0]) > 1_000_000).any():
        raise InputError([Fault("", 0, 0, "timestamps_ns", "bad-times", f"{len(steps)} steps of unequal length",
                                "at least one, all alike")])  # fmt: skip
    return rollout.lane_map, float(np.median(steps)) * 1e-9


def _moving(rollout: Rollout) -> np.ndarray:
    """Which actors move or are there only for a part of the time, shape (A,)."""
    place = np.where(rollout.valid[..., None], rollout.world_from_actor.translation_m, np.nan)
    found = np.zeros(rollout.num_actors, dtype=bool)
    for actor in range(rollout.num_actors):
        own = place[rollout.valid[:, actor], actor, :2]
        spread = float(np.ptp(own, axis=0).max()) if len(own) else 0.0
        mobile = ActorClass(int(rollout.actors.kind[actor])) not in STATIC_OBJECTS
        found[actor] = mobile and (spread > _MOVED_M or not rollout.valid[:, actor].all())
    return found


def _lanelet(root: Any, lane: Lane, lane_map: LaneMap, numbers: Mapping[str, int], lights: Mapping[str, int]) -> None:
    element = _add(root, "lanelet", id=str(numbers[lane.id]))
    for tag, points, marking in (("leftBound", lane.left_m, lane.left_marking),
                                 ("rightBound", lane.right_m, lane.right_marking)):  # fmt: skip
        bound = _add(element, tag)
        for row in points:
            _point(bound, row[:2])
        if marking.kind in _MARKINGS:
            _add(bound, "lineMarking").text = _MARKINGS[marking.kind]
    for tag, names in (("predecessor", lane.predecessors), ("successor", lane.successors)):
        for other in names:
            if other in numbers:
                _add(element, tag, ref=str(numbers[other]))
    for tag, other in (("adjacentLeft", lane.left_neighbor), ("adjacentRight", lane.right_neighbor)):
        if other is not None and other in numbers:
            _add(element, tag, ref=str(numbers[other]), drivingDir="same")
    _add(element, "laneletType").text = _LANELETS.get(lane.kind, "unknown")
    for signal in lane_map.signals:
        if lane.id in signal.lane_ids:
            _add(element, "trafficLightRef", ref=str(lights[signal.id]))


def _lights(root: Any, rollout: Rollout, lane_map: LaneMap, lights: Mapping[str, int]) -> None:
    columns = {name: rollout.signals.state[:, i] for i, name in enumerate(rollout.signals.ids)}
    for signal in lane_map.signals:
        element = _add(root, "trafficLight", id=str(lights[signal.id]))
        shown = columns.get(signal.id)
        if shown is not None:
            cycle = _add(element, "cycle")
            edges = [0, *(np.flatnonzero(np.diff(shown)) + 1), len(shown)]
            for start, end in itertools.pairwise(edges):
                item = _add(cycle, "cycleElement")
                _add(item, "duration").text = str(int(end - start))
                _add(item, "color").text = _LIGHTS.get(int(shown[start]), "inactive")
        _point(_add(element, "position"), signal.position_m[:2])


def _obstacle(root: Any, rollout: Rollout, yaw: np.ndarray, actor: int, number: int, moving: bool) -> None:
    element = _add(root, "dynamicObstacle" if moving else "staticObstacle", id=str(number))
    kind = ActorClass(int(rollout.actors.kind[actor]))
    _add(element, "type").text = (_TYPES if moving else _STILL).get(kind, "unknown")
    _rectangle(_add(element, "shape"), rollout.actors.size_m[actor])
    there = np.flatnonzero(rollout.valid[:, actor])
    _state(_add(element, "initialState"), rollout, yaw, int(there[0]), actor, moving)
    if moving and len(there) > 1:
        trajectory = _add(element, "trajectory")
        for t in there[1:]:
            _state(_add(trajectory, "state"), rollout, yaw, int(t), actor, moving)


def _state(element: Any, rollout: Rollout, yaw: np.ndarray, t: int, actor: int, moving: bool) -> None:
    _point(_add(element, "position"), rollout.world_from_actor.translation_m[t, actor, :2])
    _exact(element, "orientation", float(yaw[t, actor]))
    _add(_add(element, "time"), "exact").text = str(t if moving else 0)
    if moving:
        _exact(element, "velocity", _speed(rollout, yaw, t, actor))


def _problem(root: Any, rollout: Rollout, yaw: np.ndarray, number: int) -> None:
    """The ego's first state, and as goal the box in which it was at the end, at any time until then."""
    ego = rollout.ego_index
    there = np.flatnonzero(rollout.valid[:, ego])
    first, last = int(there[0]), int(there[-1])
    element = _add(root, "planningProblem", id=str(number))
    start = _add(element, "initialState")
    _state(start, rollout, yaw, first, ego, True)
    _exact(start, "yawRate", float(np.nan_to_num(rollout.yaw_rate_radps[first, ego])))
    _exact(start, "slipAngle", 0.0)
    goal = _add(element, "goalState")
    box = _rectangle(_add(goal, "position"), rollout.actors.size_m[ego] * 2.0)
    _add(box, "orientation").text = _text(float(yaw[last, ego]))
    center = _add(box, "center")
    for tag, value in zip("xy", rollout.world_from_actor.translation_m[last, ego, :2], strict=True):
        _add(center, tag).text = _text(float(value))
    time = _add(goal, "time")
    _add(time, "intervalStart").text = str(first)
    _add(time, "intervalEnd").text = str(last)


def _speed(rollout: Rollout, yaw: np.ndarray, t: int, actor: int) -> float:
    velocity = np.nan_to_num(rollout.velocity_mps[t, actor, :2])
    return float(velocity @ np.array([np.cos(yaw[t, actor]), np.sin(yaw[t, actor])]))


def _rectangle(parent: Any, size_m: np.ndarray) -> Any:
    box = _add(parent, "rectangle")
    _add(box, "length").text = _text(float(size_m[0]))
    _add(box, "width").text = _text(float(size_m[1]))
    return box


def _exact(parent: Any, tag: str, value: float) -> None:
    _add(_add(parent, tag), "exact").text = _text(value)


def _point(parent: Any, xy: np.ndarray) -> None:
    point = _add(parent, "point")
    for tag, value in zip("xy", xy, strict=True):
        _add(point, tag).text = _text(float(value))


def _text(value: float) -> str:
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0.0" if text in ("-0", "0", "") else text


def _add(parent: Any, tag: str, **attributes: str) -> Any:
    from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

    return etree.SubElement(parent, tag, attributes)
