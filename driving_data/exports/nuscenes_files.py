"""nuScenes' binary files: lidar sweeps, radar sweeps, point labels, the map mask."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from driving_data.exports.nuscenes_names import CATEGORIES, CATEGORY_OF_ACTOR, CATEGORY_OF_SEMANTIC
from driving_data.maps.lane_map import DRIVABLE_KINDS, LaneMap
from driving_data.rollout import Actors
from driving_data.sensors import LidarSweep, RadarReturns
from driving_data.store.arrays import to_npz
from driving_data.taxonomy import ActorClass, SemanticClass

MAP_RESOLUTION_M = 0.1
MAP_MARGIN_M = 60.0
MAP_LIMIT_PX = 8000
_PANOPTIC_FACTOR = 1000
_STUFF_FROM = 24
_RADAR_FIELDS = (
    ("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("dyn_prop", "<i1"), ("id", "<i2"), ("rcs", "<f4"), ("vx", "<f4"),
    ("vy", "<f4"), ("vx_comp", "<f4"), ("vy_comp", "<f4"), ("is_quality_valid", "<i1"), ("ambig_state", "<i1"),
    ("x_rms", "<i1"), ("y_rms", "<i1"), ("invalid_state", "<i1"), ("pdh0", "<i1"), ("vx_rms", "<i1"), ("vy_rms", "<i1"),
)  # fmt: skip
_UNAMBIGUOUS = 3


def write_lidar(path: Path, sweep: LidarSweep | None) -> None:
    """float32 N x 5: x, y, z in the sensor frame, intensity 0 to 255, ring."""
    rows = np.zeros((0 if sweep is None else len(sweep.points_m), 5), np.float32)
    if sweep is not None:
        rows[:, :3] = sweep.points_m
        rows[:, 3] = sweep.intensity * 255.0
        rows[:, 4] = sweep.ring
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(rows.tobytes())


def write_radar(path: Path, returns: RadarReturns, velocity_mps: np.ndarray) -> None:
    """A binary PCD of version 0.7 with the 18 fields of nuScenes.

    Args:
        path: file.
        returns: detections; there must be at least one (the devkit refuses empty clouds).
        velocity_mps: the radar's own velocity in its frame, shape (3,), by which range rates are compensated.
    """
    rows = np.zeros(len(returns.position_m), np.dtype(list(_RADAR_FIELDS)))
    rows["x"], rows["y"], rows["z"] = returns.position_m.T
    distance = np.maximum(np.linalg.norm(returns.position_m, axis=1), 1e-6)
    direction = returns.position_m / distance[:, None]
    compensated = returns.range_rate_mps + direction @ velocity_mps
    for names, rate in ((("vx", "vy"), returns.range_rate_mps), (("vx_comp", "vy_comp"), compensated)):
        for name, part in zip(names, (direction * rate[:, None]).T[:2], strict=True):
            rows[name] = part
    rows["id"] = np.clip(returns.track_id, -1, 2**15 - 1)
    rows["is_quality_valid"] = 1
    rows["ambig_state"] = _UNAMBIGUOUS
    header = [
        "# .PCD v0.7 - Point Cloud Data file format", "VERSION 0.7",
        "FIELDS " + " ".join(name for name, _ in _RADAR_FIELDS),
        "SIZE " + " ".join(kind[-1] for _, kind in _RADAR_FIELDS),
        "TYPE " + " ".join("F" if "f" in kind else "I" for _, kind in _RADAR_FIELDS),
        "COUNT " + " ".join("1" for _ in _RADAR_FIELDS), f"WIDTH {len(rows)}", "HEIGHT 1",
        "VIEWPOINT 0 0 0 1 0 0 0", f"POINTS {len(rows)}", "DATA binary",
    ]  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    # The devkit asks for at least one byte behind the last record.
    path.write_bytes("\n".join(header).encode() + b"\n" + rows.tobytes() + b"\n")


def point_categories(sweep: LidarSweep, actors: Actors) -> np.ndarray:
    """The lidarseg index of each point, uint8; a point on an actor has that actor's category."""
    index = {name: k for k, name in enumerate(CATEGORIES)}
    table = np.zeros(256, np.uint8)
    for semantic in SemanticClass:
        table[semantic] = index[CATEGORY_OF_SEMANTIC[semantic]]
    if sweep.semantic is None:
        raise ValueError(f"the sweep of {sweep.lidar!r} at {sweep.timestamp_ns} has no point labels")
    categories = table[sweep.semantic]
    if sweep.instance is not None:
        of_actor = np.array([0, *(index[CATEGORY_OF_ACTOR[ActorClass(int(kind))]] for kind in actors.kind)], np.uint8)
        on_actor = (sweep.instance > 0) & (sweep.instance <= len(actors))
        categories = np.where(on_actor, of_actor[np.where(on_actor, sweep.instance, 0)], categories)
    return categories.astype(np.uint8)


def panoptic_bytes(categories: np.ndarray, sweep: LidarSweep) -> bytes:
    """Panoptic labels: category * 1000 + instance for things, category * 1000 for stuff and noise."""
    labels = categories.astype(np.uint16) * _PANOPTIC_FACTOR
    if sweep.instance is not None:
        thing = (categories > 0) & (categories < _STUFF_FROM)
        # Instance 0 means none; ours are actor index + 1, folded into the thousand that there are.
        number = np.where(sweep.instance > 0, (sweep.instance - 1) % (_PANOPTIC_FACTOR - 1) + 1, 0)
        labels = np.where(thing, labels + number, labels)
    return to_npz({"data": labels.astype(np.uint16)})


def map_bounds(path_m: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
    """Lower left corner in `world` (whole metres, shape (2,)) and size in pixels of the mask around a path.

    The mask reaches `MAP_MARGIN_M` beyond the path; where that is too large it is cut around the middle.
    """
    low = path_m.min(axis=0) - MAP_MARGIN_M
    high = path_m.max(axis=0) + MAP_MARGIN_M
    limit_m = MAP_LIMIT_PX * MAP_RESOLUTION_M
    middle = 0.5 * (low + high)
    low, high = np.maximum(low, middle - limit_m / 2), np.minimum(high, middle + limit_m / 2)
    corner = np.floor(low)
    width, height = np.ceil((high - corner) / MAP_RESOLUTION_M).astype(int)
    return corner, (int(min(width, MAP_LIMIT_PX)), int(min(height, MAP_LIMIT_PX)))


def write_map_mask(path: Path, lane_map: LaneMap | None, corner_m: np.ndarray, size_px: tuple[int, int]) -> None:
    """The drivable surface, white on black, 0.1 m a pixel; the lower left corner of the picture is `corner_m`."""
    mask = Image.new("L", size_px)
    draw = ImageDraw.Draw(mask)
    outlines: list[np.ndarray] = []
    if lane_map is not None:
        drivable = [lane for lane in lane_map.lanes if lane.kind in DRIVABLE_KINDS]
        outlines += [np.concatenate([lane.left_m, lane.right_m[::-1]]) for lane in drivable]
        outlines += [area.polygon_m for area in lane_map.areas if area.kind == "drivable"]
    for outline in outlines:
        pixels = (outline[:, :2] - corner_m) / MAP_RESOLUTION_M
        pixels[:, 1] = size_px[1] - pixels[:, 1]
        if len(pixels) > 2 and np.isfinite(pixels).all():
            draw.polygon([(float(x), float(y)) for x, y in pixels], fill=255)
    path.parent.mkdir(parents=True, exist_ok=True)
    mask.save(path, "PNG", compress_level=1)
