"""CommonRoad scenarios (XML, versions 2018b and 2020a): lanelets, obstacles, the planning problem as ego.

Source: the CommonRoad XML documentation, version 2020a.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from driving_data.geometry import SE3
from driving_data.logs.assemble import LogSource, Tracks, actors_of, real_segment, rollout_from_tracks
from driving_data.logs.files import checked_segments, head, input_error, read_bytes
from driving_data.logs.polylines import as_points, left_normals, matched_sides
from driving_data.maps.lane_map import Lane, LaneKind, LaneMap, MapArea, Marking, MarkingKind, RoadSign, TrafficSignal
from driving_data.rollout import Rollout, SignalStates
from driving_data.segment import Raw, Segment
from driving_data.taxonomy import ActorClass, SignalState

LICENCE = "BSD-3-Clause (CommonRoad scenario; sources named by the file)"
EGO_SIZE_M = (4.508, 1.610, 1.5)
MAX_STEPS = 100_000
_HEIGHT_M = {ActorClass.TRUCK: 3.5, ActorClass.BUS: 3.2, ActorClass.PEDESTRIAN: 1.75, ActorClass.BICYCLE: 1.7}
_CLASSES = {
    "car": ActorClass.CAR,
    "truck": ActorClass.TRUCK,
    "bus": ActorClass.BUS,
    "motorcycle": ActorClass.MOTORCYCLE,
    "bicycle": ActorClass.BICYCLE,
    "pedestrian": ActorClass.PEDESTRIAN,
    "priorityVehicle": ActorClass.EMERGENCY_VEHICLE,
    "taxi": ActorClass.CAR,
    "train": ActorClass.OTHER,
    "parkedVehicle": ActorClass.CAR,
    "constructionZone": ActorClass.BARRIER,
    "roadBoundary": ActorClass.BARRIER,
    "building": ActorClass.BARRIER,
    "pillar": ActorClass.BARRIER,
    "median_strip": ActorClass.BARRIER,
    "unknown": ActorClass.OTHER,
}
_KINDS = {
    "bicycleLane": LaneKind.BICYCLE,
    "sidewalk": LaneKind.SIDEWALK,
    "shoulder": LaneKind.SHOULDER,
    "busLane": LaneKind.BUS,
    "parking": LaneKind.PARKING,
    "accessRamp": LaneKind.ENTRY,
    "exitRamp": LaneKind.EXIT,
    "crosswalk": LaneKind.OTHER,
}
_MARKINGS = {
    "solid": MarkingKind.SOLID,
    "broad_solid": MarkingKind.SOLID,
    "dashed": MarkingKind.BROKEN,
    "broad_dashed": MarkingKind.BROKEN,
    "curb": MarkingKind.KERB,
}
_LIGHTS = {
    "red": SignalState.RED,
    "yellow": SignalState.YELLOW,
    "green": SignalState.GREEN,
    "redYellow": SignalState.RED_YELLOW,
    "inactive": SignalState.OFF,
}


@dataclass(frozen=True, slots=True, eq=False)
class _Obstacle:
    id: str
    kind: ActorClass
    size_m: tuple[float, float, float]
    steps: np.ndarray
    position_m: np.ndarray
    yaw_rad: np.ndarray
    speed_mps: np.ndarray


class CommonRoadReader:
    """Reads one scenario file."""

    @property
    def name(self) -> str:
        """Format name."""
        return "commonroad"

    def recognises(self, path: Path) -> bool:
        """Whether the file starts with a `commonRoad` element."""
        return path.is_file() and b"<commonRoad" in head(path, 4096)

    def read(self, path: Path) -> Iterator[Segment[Raw]]:
        """One segment; the ego is the first planning problem, known at its initial state only.

        Raises:
            InputError: the file is no well-formed scenario; the fault names the line.
        """
        return checked_segments(path, "a CommonRoad scenario", self._segments(path))

    def _segments(self, path: Path) -> Iterator[Segment[Raw]]:
        root = _parse(path)
        step_s = float(root.get("timeStepSize"))
        if not 0 < step_s < 10:
            raise ValueError(f"timeStepSize {step_s}")
        benchmark = str(root.get("benchmarkID") or path.stem)
        obstacles = [_obstacle(path, item) for tag in ("obstacle", "dynamicObstacle", "staticObstacle")
                     for item in root.findall(tag)]  # fmt: skip
        obstacles = [*(_ego(path, item) for item in root.findall("planningProblem")[:1]), *obstacles]
        if not obstacles:
            raise input_error(path, "no obstacle and no planning problem", "at least one actor", code="empty-file")
        count = max(int(item.steps[-1]) for item in obstacles) + 1
        lane_map = _lane_map(root, benchmark)
        rollout = _rollout(obstacles, count, step_s, _signal_states(root, count), lane_map)
        tags = [tag.tag for element in root.findall("scenarioTags") for tag in element] or str(
            root.get("tags", "")
        ).split()
        source = LogSource(self.name, "CommonRoad", LICENCE, benchmark, path.name,
                           {"version": str(root.get("commonRoadVersion")), "source": str(root.get("source", "")),
                            "heights": "assumed by class"})  # fmt: skip
        yield real_segment(
            source, rollout, tags=("dataset:commonroad", *(f"commonroad:{tag}" for tag in tags), "height:assumed"),
            description=f"{rollout.seconds()[-1]:.1f} s of {rollout.num_actors} actors in {benchmark}.",
        )  # fmt: skip


def _parse(path: Path) -> Any:
    from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
                             remove_comments=True, remove_pis=True)  # fmt: skip
    try:
        root = etree.fromstring(read_bytes(path), parser)
    except etree.XMLSyntaxError as error:
        raise input_error(path, str(error.msg), "well-formed XML", line=error.lineno or 0) from error
    if root is None or root.tag != "commonRoad":
        raise input_error(path, f"<{'' if root is None else root.tag}>", "<commonRoad>")
    return root


def _number(element: Any, place: str) -> float:
    """A number, or the middle of an interval."""
    found = element.find(place)
    if found is None:
        raise ValueError(f"line {element.sourceline}: <{element.tag}> lacks <{place}>")
    exact = found.find("exact")
    parts = [exact] if exact is not None else [found.find("intervalStart"), found.find("intervalEnd")]
    if any(part is None for part in parts):
        parts = [found]
    return float(np.mean([float(part.text) for part in parts]))


def _state(element: Any) -> tuple[int, float, float, float, float]:
    position = element.find("position")
    point = position.find("point") if position is not None else None
    if point is None and position is not None:
        point = position.find("rectangle/center")
    if point is None:
        raise ValueError(f"line {element.sourceline}: <{element.tag}> has no point position")
    speed = _number(element, "velocity") if element.find("velocity") is not None else float("nan")
    step = round(_number(element, "time")) if element.find("time") is not None else 0
    if not 0 <= step < MAX_STEPS:
        raise ValueError(f"line {element.sourceline}: time step {step}")
    return step, _text(point, "x"), _text(point, "y"), _number(element, "orientation"), speed


def _text(element: Any, name: str) -> float:
    found = element.find(name)
    if found is None or found.text is None:
        raise ValueError(f"line {element.sourceline}: <{element.tag}> lacks <{name}>")
    return float(found.text)


def _obstacle(path: Path, element: Any) -> _Obstacle:
    kind_name = str(element.findtext("type"))
    if kind_name not in _CLASSES:
        raise input_error(path, repr(kind_name), f"one of {', '.join(_CLASSES)}", code="unknown-name",
                          line=int(element.sourceline))  # fmt: skip
    kind = _CLASSES[kind_name]
    states = [_state(element.find("initialState")), *(_state(item) for item in element.findall("trajectory/state"))]
    return _from_states(str(element.get("id")), kind, _extent(element.find("shape"), kind), states)


def _extent(shape: Any, kind: ActorClass) -> tuple[float, float, float]:
    height = _HEIGHT_M.get(kind, 1.5)
    rectangle, circle = shape.find("rectangle"), shape.find("circle")
    if rectangle is not None:
        return _text(rectangle, "length"), _text(rectangle, "width"), height
    if circle is not None:
        diameter = 2 * _text(circle, "radius")
        return diameter, diameter, height
    points = [(_text(point, "x"), _text(point, "y")) for point in shape.iter("point")]
    if len(points) < 3:
        raise ValueError(f"line {shape.sourceline}: a shape without extent")
    length, width = np.ptp(np.asarray(points), axis=0)
    return float(length), float(width), height


def _ego(path: Path, element: Any) -> _Obstacle:
    return _from_states("ego", ActorClass.CAR, EGO_SIZE_M, [_state(element.find("initialState"))])


def _from_states(name: str, kind: ActorClass, size: tuple[float, float, float],
                 states: Sequence[tuple[int, float, float, float, float]]) -> _Obstacle:  # fmt: skip
    table = np.array(sorted(states))
    if (np.diff(table[:, 0]) <= 0).any():
        raise ValueError(f"obstacle {name} has two states at one time step")
    return _Obstacle(name, kind, size, table[:, 0].astype(np.int64), table[:, 1:3], table[:, 3], table[:, 4])


def _rollout(obstacles: Sequence[_Obstacle], count: int, step_s: float, signals: SignalStates,
             lane_map: LaneMap) -> Rollout:  # fmt: skip
    shape = (count, len(obstacles))
    valid, yaw = np.zeros(shape, dtype=bool), np.zeros(shape)
    position, velocity = np.zeros((*shape, 3)), np.full((*shape, 3), np.nan)
    for index, item in enumerate(obstacles):
        valid[item.steps, index] = True
        yaw[item.steps, index] = item.yaw_rad
        position[item.steps, index, :2] = item.position_m
        position[item.steps, index, 2] = 0.5 * item.size_m[2]
        heading = np.stack([np.cos(item.yaw_rad), np.sin(item.yaw_rad), np.zeros(len(item.steps))], axis=-1)
        velocity[item.steps, index] = item.speed_mps[:, None] * heading
    actors = actors_of([item.id for item in obstacles], [item.kind for item in obstacles],
                       np.array([item.size_m for item in obstacles]))  # fmt: skip
    times = np.round(np.arange(count) * step_s * 1e9).astype(np.int64)
    tracks = Tracks(actors, 0, SE3.from_yaw(yaw, position), valid, velocity)
    return rollout_from_tracks(times, tracks, signals=signals, lane_map=lane_map)


def _lane_map(root: Any, name: str) -> LaneMap:
    limits = {str(item.get("id")): _speed_limit(item) for item in root.findall("trafficSign")}
    lanes = tuple(_lane(item, limits) for item in root.findall("lanelet"))
    return LaneMap(
        lanes=lanes,
        signals=tuple(_signal(item, lanes, root) for item in root.findall("trafficLight")),
        signs=tuple(_sign(item, lanes, root) for item in root.findall("trafficSign")),
        areas=tuple(
            MapArea(f"{lane.id}_area", "drivable", np.concatenate([lane.left_m, lane.right_m[::-1]])) for lane in lanes
        ),
        name=name,
    )


def _bound(element: Any, side: str) -> np.ndarray:
    return as_points([(_text(point, "x"), _text(point, "y")) for point in element.find(side).findall("point")])


def _lane(element: Any, limits: Mapping[str, float]) -> Lane:
    left, right = matched_sides(_bound(element, "leftBound"), _bound(element, "rightBound"))
    if len(left) < 2:
        raise ValueError(f"line {element.sourceline}: lanelet {element.get('id')} has fewer than two points a side")
    speeds = [limits.get(str(item.get("ref")), float("nan")) for item in element.findall("trafficSignRef")]
    direct = element.findtext("speedLimit")
    speeds = [*speeds, float(direct) if direct else float("nan")]
    known = [speed for speed in speeds if np.isfinite(speed)]
    kinds = [_KINDS[str(item.text)] for item in element.findall("laneletType") if item.text in _KINDS]
    return Lane(
        id=str(element.get("id")),
        kind=kinds[0] if kinds else LaneKind.DRIVING,
        centerline_m=0.5 * (left + right),
        left_m=left,
        right_m=right,
        left_marking=_lane_marking(element, "leftBound"),
        right_marking=_lane_marking(element, "rightBound"),
        predecessors=tuple(str(item.get("ref")) for item in element.findall("predecessor")),
        successors=tuple(str(item.get("ref")) for item in element.findall("successor")),
        left_neighbor=_neighbour(element, "adjacentLeft"),
        right_neighbor=_neighbour(element, "adjacentRight"),
        speed_limit_mps=known[0] if known else float("nan"),
    )


def _neighbour(element: Any, side: str) -> str | None:
    found = element.find(side)
    return str(found.get("ref")) if found is not None and found.get("drivingDir") == "same" else None


def _lane_marking(element: Any, side: str) -> Marking:
    return Marking(_MARKINGS.get(str(element.find(side).findtext("lineMarking")), MarkingKind.NONE))


def _speed_limit(sign: Any) -> float:
    for element in sign.findall("trafficSignElement"):
        if element.findtext("trafficSignID") in ("274", "R2-1", "274.1"):
            return float(element.findtext("additionalValue") or "nan")
    return float("nan")


def _sign(sign: Any, lanes: Sequence[Lane], root: Any) -> RoadSign:
    number = str(sign.findtext("trafficSignElement/trafficSignID"))
    kind = {"274": "speed_limit", "R2-1": "speed_limit", "206": "stop", "R1-1": "stop", "205": "yield"}.get(
        number, number
    )
    lane_ids, place, heading = _controlled(str(sign.get("id")), "trafficSignRef", sign, lanes, root)
    return RoadSign(str(sign.get("id")), kind, place, heading, _speed_limit(sign), lane_ids)


def _controlled(ref: str, tag: str, element: Any, lanes: Sequence[Lane],
                root: Any) -> tuple[tuple[str, ...], np.ndarray, float]:  # fmt: skip
    """Lanes that refer to a sign or light, where it stands (else the lane's end), and where it faces."""
    holders = [str(item.get("id")) for item in root.findall("lanelet")
               if any(str(found.get("ref")) == ref for found in item.findall(tag))]  # fmt: skip
    lane = next((item for item in lanes if item.id in holders), lanes[0] if lanes else None)
    point = element.find("position/point")
    if lane is None:
        raise ValueError(f"line {element.sourceline}: a sign without any lanelet")
    ahead = lane.centerline_m[-1] - lane.centerline_m[-2]
    place = as_points([(_text(point, "x"), _text(point, "y"))])[0] if point is not None else lane.right_m[-1]
    return tuple(holders), place, float(np.arctan2(-ahead[1], -ahead[0]))


def _signal(light: Any, lanes: Sequence[Lane], root: Any) -> TrafficSignal:
    lane_ids, place, heading = _controlled(str(light.get("id")), "trafficLightRef", light, lanes, root)
    lane = next((item for item in lanes if item.id in lane_ids), lanes[0])
    end = lane.centerline_m[-1]
    across = 1.75 * left_normals(lane.centerline_m)[-1]
    return TrafficSignal(str(light.get("id")), place, heading, lane_ids, np.stack([end + across, end - across]))


def _signal_states(root: Any, count: int) -> SignalStates:
    ids: list[str] = []
    columns: list[np.ndarray] = []
    for light in root.findall("trafficLight"):
        colors = [int(_LIGHTS[str(item.findtext("color"))]) for item in light.findall("cycle/cycleElement")]
        durations = [int(item.findtext("duration")) for item in light.findall("cycle/cycleElement")]
        if not colors or min(durations) <= 0 or sum(durations) > MAX_STEPS:
            continue
        cycle = np.repeat(colors, durations)
        offset = int(light.findtext("cycle/timeOffset") or 0)
        ids.append(str(light.get("id")))
        columns.append(cycle[(np.arange(count) - offset) % len(cycle)])
    table = np.array(columns, dtype=np.int64).reshape(len(ids), count).T
    return SignalStates(tuple(ids), table)
