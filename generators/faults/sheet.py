"""One picture of every fault of a camera and a lidar.

`python -m generators.faults.sheet docs/images/sensor_faults.jpg` makes it again.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw

from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.maps.lane_map import LaneMap
from driving_data.ports import SceneDescription
from driving_data.rollout import Actors, Rollout, SignalStates
from driving_data.sensors import (
    POSSIBLE_FAULTS,
    FaultKind,
    LidarSweep,
    SensorFault,
    SensorFrames,
    SensorKind,
    SensorRig,
)
from driving_data.taxonomy import ActorClass
from generators.raytrace.generator import RaytraceGenerator
from generators.watch import Watch, prepared, watched
from scenarios.concrete import RoadChoice
from scenarios.roads import build_road
from scenarios.types.sensors import camera, lidar

_COLUMNS, _SIZE_PX, _STEP_S, _SEED = 4, (400, 225), 0.1, 11
_NO_PICTURE = (FaultKind.TIME_OFFSET, FaultKind.BIAS)
_SEVERITY = 0.6


def fault_sheet() -> UInt8[np.ndarray, "H W 3"]:
    """Every fault that changes a picture or a sweep, at a severity of 0.6, beside what would have been."""
    rig = SensorRig(
        "sheet", (camera("camera_front", 0.0, 1.2, (1.7, 0.0, 1.5), _SIZE_PX),),
        (lidar("lidar_top", (0.94, 0.0, 1.84)),), rate_hz=10.0,
    )  # fmt: skip
    ride = _ride()
    tiles = [("camera: nothing wrong", _tile(ride, rig, None)), ("lidar: nothing wrong", _tile(ride, rig, None, True))]
    for sensor, kind in (("camera_front", SensorKind.CAMERA), ("lidar_top", SensorKind.LIDAR)):
        for fault in POSSIBLE_FAULTS[kind]:
            if fault not in _NO_PICTURE:
                spoiled = SensorFault(sensor, fault, 0.05, None, _SEVERITY)
                picture = _tile(ride, rig, spoiled, kind is SensorKind.LIDAR)
                tiles.append((f"{kind.value}: {fault.name.lower()}", picture))
    return _joined(tiles)


def _tile(ride: Rollout, rig: SensorRig, fault: SensorFault | None, points: bool = False) -> UInt8[np.ndarray, "H W 3"]:
    faulty = replace(
        rig,
        cameras=() if points else rig.cameras,
        lidars=rig.lidars if points else (),
        faults=() if fault is None else (fault,),
    )
    watch = prepared(ride, faulty, _SEED)
    frames = _frames(watch, ride)
    last = frames[-1]
    if points:
        return _seen_from_above(last.sweeps[0] if last.sweeps else None)
    if not last.frames:
        return np.full((_SIZE_PX[1], _SIZE_PX[0], 3), 30, np.uint8)
    return last.frames[0].rgb


def _frames(watch: Watch, ride: Rollout) -> tuple[SensorFrames, ...]:
    scene = SceneDescription(ride.lane_map, ride.actors, 0, ride.environment)
    return watched(watch, RaytraceGenerator(), scene).frames


def _seen_from_above(sweep: LidarSweep | None) -> UInt8[np.ndarray, "H W 3"]:
    """Points within 40 m by 22.5 m around the sensor, brighter the higher they are; false ones red."""
    width, height = _SIZE_PX
    out = np.full((height, width, 3), 18, np.uint8)
    if sweep is None:
        return out
    column = (width / 2 + sweep.points_m[:, 0] * width / 80).astype(int)
    row = (height / 2 - sweep.points_m[:, 1] * width / 80).astype(int)
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    tone = np.clip(90 + 60 * (sweep.points_m[:, 2] + 1.8), 60, 255)
    color = np.stack([0.6 * tone, 0.9 * tone, tone], axis=-1)
    if sweep.semantic is not None:
        color[sweep.semantic == 0] = [255, 70, 50]
    out[row[inside], column[inside]] = color[inside].astype(np.uint8)
    if sweep.semantic is not None:
        false = inside & (sweep.semantic == 0) & (column < width - 1) & (row < height - 1)
        for down, right in ((0, 1), (1, 0), (1, 1)):
            out[row[false] + down, column[false] + right] = color[false].astype(np.uint8)
    return out


def _joined(tiles: Sequence[tuple[str, np.ndarray]]) -> UInt8[np.ndarray, "H W 3"]:
    width, height = _SIZE_PX
    rows = -(-len(tiles) // _COLUMNS)
    sheet = Image.new("RGB", (_COLUMNS * (width + 6) + 6, rows * (height + 24) + 6), (245, 245, 245))
    pen = ImageDraw.Draw(sheet)
    for number, (name, picture) in enumerate(tiles):
        x, y = 6 + number % _COLUMNS * (width + 6), 6 + number // _COLUMNS * (height + 24)
        sheet.paste(Image.fromarray(picture), (x, y))
        pen.text((x + 4, y + height + 4), name.replace("_", " "), fill=(20, 20, 20))
    return np.asarray(sheet)


def _ride() -> Rollout:
    """An urban road; the ego follows a car, another waits, a third comes near; three moments."""
    lane_map = build_road(RoadChoice(archetype="urban"))
    places, headings = _along(lane_map, (0.0, 11.0, 22.0, 36.0))
    seconds = _STEP_S * np.arange(3)
    heading = np.broadcast_to(headings, (3, 4))
    ahead = np.stack([np.cos(headings), np.sin(headings), np.zeros(4)], axis=-1)
    speed = np.array([8.0, 8.0, 4.0, 0.0])[:, None] * ahead
    size = np.array([[4.6, 1.85, 1.5], [4.5, 1.8, 1.5], [4.4, 1.8, 1.6], [6.0, 2.1, 2.4]])
    place = places[None] + seconds[:, None, None] * speed + 0.5 * size[:, 2:] * [0.0, 0.0, 1.0]
    kinds = [ActorClass.CAR, ActorClass.CAR, ActorClass.CAR, ActorClass.VAN]
    actors = Actors(("ego", "a", "b", "c"), np.array(kinds, dtype=np.int64), size, np.full(4, 1.35))
    shape = (3, 4)
    return Rollout(
        (np.round(seconds * 1e9)).astype(np.int64), actors, 0, SE3.from_yaw(heading, place),
        np.broadcast_to(speed, (3, 4, 3)).copy(), np.zeros((3, 4, 3)), np.zeros(shape), np.zeros(shape),
        np.zeros(shape, np.uint8), np.ones(shape, dtype=bool), SignalStates((), np.zeros((3, 0), np.int64)), (),
        lane_map, Environment(),
    )  # fmt: skip


def _along(lane_map: LaneMap, distances_m: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Places and headings along the first route, from 10 m after its beginning."""
    route = lane_map.routes[sorted(lane_map.routes)[0]]
    line = np.concatenate([lane_map.lane_by_id[lane].centerline_m for lane in route])
    way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line[:, :2], axis=0), axis=-1))])
    wanted = 10.0 + np.array(distances_m)
    places = np.stack([np.interp(wanted, way, line[:, axis]) for axis in range(3)], axis=-1)
    onward = np.stack([np.interp(wanted + 1.0, way, line[:, axis]) for axis in range(2)], axis=-1) - places[:, :2]
    return places, np.arctan2(onward[:, 1], onward[:, 0])


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(fault_sheet()).save(target)
