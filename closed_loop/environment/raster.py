"""What a learner sees as a picture from above: uint8 layers, the ego looking up, 0 or 255.

drivable, markings, route, vehicles, vulnerable, static, ego, stop line of a light that is not green
"""

import math
from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np
from gymnasium import spaces
from jaxtyping import UInt8
from PIL import Image, ImageDraw

from closed_loop.environment.raster_kernels import fill_box, sample_map
from closed_loop.environment.vectors import turned
from driving_data.maps.lane_map import DRIVABLE_KINDS, LaneMap, MarkingKind
from driving_data.ports import Observation
from driving_data.taxonomy import STATIC_OBJECTS, VULNERABLE, SignalState

LAYERS = ("drivable", "markings", "route", "vehicles", "vulnerable", "static", "ego", "stop")
MAP_LAYERS = 2
CELL_M = 0.25
SNAP_M = 64.0
KEPT_PATCHES = 64
ROUTE_HALF_WIDTH_M = 0.4
STOP_DEPTH_M = 0.5
STOP_WIDTH_M = 1.75
_SILENT = (MarkingKind.NONE,)
_NOT_GREEN = tuple(int(s) for s in (SignalState.RED, SignalState.RED_YELLOW, SignalState.YELLOW))


@dataclass(frozen=True, slots=True)
class RasterSize:
    """Size of the picture.

    Attributes:
        height: rows.
        width: columns.
        pixel_m: side of a pixel.
        back_m: how far behind the ego's centre the picture reaches.
    """

    height: int = 128
    width: int = 96
    pixel_m: float = 0.5
    back_m: float = 16.0

    @property
    def reach_m(self) -> float:
        """Largest distance from the ego to a pixel."""
        ahead = self.height * self.pixel_m - self.back_m
        return float(np.hypot(max(ahead, self.back_m), 0.5 * self.width * self.pixel_m))


@dataclass(frozen=True, slots=True, eq=False)
class MapPatch:
    """The map around a place: layers (2, rows, columns), and the world coordinates of its lower left corner."""

    layers: UInt8[np.ndarray, "2 rows columns"]
    left_m: float
    bottom_m: float


@dataclass(slots=True, eq=False)
class Raster:
    """Draws what B egos see; keeps the patches of the maps that it drew last."""

    size: RasterSize = field(default_factory=RasterSize)
    _patches: "OrderedDict[tuple[int, int, int], tuple[LaneMap, MapPatch]]" = field(default_factory=OrderedDict)

    @property
    def space(self) -> spaces.Box:
        """Pictures of one world."""
        return spaces.Box(0, 255, (len(LAYERS), self.size.height, self.size.width), np.uint8)

    def draw(self, observation: Observation) -> UInt8[np.ndarray, "B layers height width"]:
        """One picture per world."""
        shape = (len(observation.done), *self.space.shape)
        out = np.zeros(shape, dtype=np.uint8)
        for world in range(len(out)):
            self.draw_world(out[world], observation, world)
        return out

    def draw_world(self, out: UInt8[np.ndarray, "layers height width"], observation: Observation, world: int) -> None:
        """Draws one world into zeroed layers."""
        ego, size = int(observation.ego_index[world]), self.size
        x, y = (float(v) for v in observation.position_m[world, ego, :2])
        yaw = float(observation.yaw_rad[world, ego])
        lane_map = observation.lane_maps[world] if observation.lane_maps else None
        if lane_map is not None and lane_map.lanes:
            patch = self._patch(lane_map, x, y)
            sample_map(
                out[:MAP_LAYERS], patch.layers, patch.left_m, patch.bottom_m, CELL_M, x, y, yaw, size.back_m,
                size.pixel_m,
            )  # fmt: skip
        self._route(out[LAYERS.index("route")], observation, world, x, y, yaw)
        self._boxes(out, observation, world, x, y, yaw)
        self._stop(out[LAYERS.index("stop")], observation, world, x, y, yaw)

    def _patch(self, lane_map: LaneMap, x: float, y: float) -> MapPatch:
        key = (id(lane_map), round(x / SNAP_M), round(y / SNAP_M))
        found = self._patches.get(key)
        if found is None:
            found = (lane_map, map_patch(lane_map, key[1] * SNAP_M, key[2] * SNAP_M, self.size.reach_m + 0.75 * SNAP_M))
            self._patches[key] = found
            while len(self._patches) > KEPT_PATCHES:
                self._patches.popitem(last=False)
        self._patches.move_to_end(key)
        return found[1]

    def _route(self, layer: np.ndarray, seen: Observation, world: int, x: float, y: float, yaw: float) -> None:
        points = seen.route_m[world, :, :2] - (x, y)
        ahead, aside = turned(points[:, 0], points[:, 1], math.cos(yaw), math.sin(yaw))
        dx, dy = np.diff(ahead), np.diff(aside)
        for k in range(len(dx)):
            fill_box(
                layer, ahead[k] + 0.5 * dx[k], aside[k] + 0.5 * dy[k], np.arctan2(dy[k], dx[k]),
                0.5 * np.hypot(dx[k], dy[k]) + 0.05, ROUTE_HALF_WIDTH_M, self.size.back_m, self.size.pixel_m,
            )  # fmt: skip

    def _boxes(self, out: np.ndarray, seen: Observation, world: int, x: float, y: float, yaw: float) -> None:
        ego = int(seen.ego_index[world])
        for actor in np.flatnonzero(seen.valid[world]):
            ahead, aside = beside(seen.position_m[world, actor], x, y, yaw)
            kind = int(seen.kind[world, actor])
            name = "vulnerable" if kind in VULNERABLE else "static" if kind in STATIC_OBJECTS else "vehicles"
            half = 0.5 * seen.size_m[world, actor]
            fill_box(
                out[LAYERS.index("ego" if actor == ego else name)], ahead, aside,
                float(seen.yaw_rad[world, actor]) - yaw, half[0], half[1], self.size.back_m, self.size.pixel_m,
            )  # fmt: skip

    def _stop(self, layer: np.ndarray, seen: Observation, world: int, x: float, y: float, yaw: float) -> None:
        distance = float(seen.signal_distance_m[world])
        if int(seen.signal_state[world]) not in _NOT_GREEN or not distance >= 0.0:
            return
        ego = int(seen.ego_index[world])
        from_axle = distance + 0.5 * float(seen.size_m[world, ego, 0]) + float(seen.rear_axle_to_center_m[world])
        k = int(from_axle / seen.route_spacing_m)
        if k + 1 >= seen.route_m.shape[1]:
            return
        point, after = seen.route_m[world, k], seen.route_m[world, k + 1]
        ahead, aside = beside(point, x, y, yaw)
        heading = float(np.arctan2(after[1] - point[1], after[0] - point[0])) - yaw
        fill_box(layer, ahead, aside, heading, STOP_DEPTH_M, STOP_WIDTH_M, self.size.back_m, self.size.pixel_m)


def beside(point_m: np.ndarray, x: float, y: float, yaw: float) -> tuple[float, float]:
    """How far ahead and to the left of a pose a point of `world` lies."""
    dx, dy = float(point_m[0]) - x, float(point_m[1]) - y
    return dx * math.cos(yaw) + dy * math.sin(yaw), dy * math.cos(yaw) - dx * math.sin(yaw)


def map_patch(lane_map: LaneMap, x_m: float, y_m: float, half_m: float) -> MapPatch:
    """Drivable lanes and painted boundaries of a square around a place."""
    cells = int(np.ceil(2 * half_m / CELL_M))
    left, bottom = x_m - half_m, y_m - half_m
    ground, paint = Image.new("L", (cells, cells)), Image.new("L", (cells, cells))
    fill, line = ImageDraw.Draw(ground), ImageDraw.Draw(paint)

    def at(points: np.ndarray) -> list[tuple[float, float]]:
        return [(float(px), float(py)) for px, py in (points[:, :2] - (left, bottom)) / CELL_M]

    for lane in lane_map.lanes:
        outline = np.concatenate([lane.left_m, lane.right_m[::-1]])[:, :2]
        if (outline.max(axis=0) < (left, bottom)).any() or (
            outline.min(axis=0) > (left + 2 * half_m, bottom + 2 * half_m)
        ).any():
            continue
        if lane.kind in DRIVABLE_KINDS:
            fill.polygon(at(outline), fill=255)
        for edge, marking in ((lane.left_m, lane.left_marking), (lane.right_m, lane.right_marking)):
            if marking.kind not in _SILENT and lane.junction_id is None:
                line.line(at(edge), fill=255, width=1)
    return MapPatch(np.stack([np.asarray(ground), np.asarray(paint)]), left, bottom)


COLORS = {
    "drivable": (82, 84, 88), "markings": (200, 200, 200), "route": (88, 130, 190), "stop": (220, 60, 50),
    "static": (230, 160, 60), "vulnerable": (240, 210, 60), "vehicles": (110, 190, 130), "ego": (235, 240, 250),
}  # fmt: skip
GROUND = (58, 66, 58)


def picture(observation: Observation, world: int, size: RasterSize = RasterSize(384, 288, 0.2, 20.0)) -> np.ndarray:
    """One world in colours, for people: shape (height, width, 3), uint8."""
    raster = Raster(size)
    layers = np.zeros(raster.space.shape, dtype=np.uint8)
    raster.draw_world(layers, observation, world)
    out = np.empty((size.height, size.width, 3), dtype=np.uint8)
    out[:] = GROUND
    for name, color in COLORS.items():
        out[layers[LAYERS.index(name)] > 0] = color
    return out
