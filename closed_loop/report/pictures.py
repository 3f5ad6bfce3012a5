"""Pictures of segments for the gallery: depth, classes and instances in colour, lidar from above."""

import colorsys
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from closed_loop.report.data import GallerySample, Picture
from driving_data.segment import Raw, Segment
from driving_data.sensors import CameraFrame, LidarSweep
from driving_data.taxonomy import SEMANTIC_PALETTE

_TURBO = np.array(
    [[48, 18, 59], [70, 107, 227], [40, 187, 236], [49, 242, 153], [162, 252, 60], [237, 208, 58], [251, 128, 34],
     [208, 47, 5], [122, 4, 3]],
    dtype=np.float64,
)  # fmt: skip
NEAR_M, FAR_M = 2.0, 80.0
LIDAR_RANGE_M = 40.0


def ramp(values: Float[np.ndarray, "*shape"]) -> UInt8[np.ndarray, "*shape 3"]:
    """Colours of values in [0, 1] on a rainbow of even steps (control points of Google's Turbo)."""
    position = np.clip(values, 0.0, 1.0) * (len(_TURBO) - 1)
    k = np.minimum(position.astype(np.int64), len(_TURBO) - 2)
    share = (position - k)[..., None]
    return np.round(_TURBO[k] * (1 - share) + _TURBO[k + 1] * share).astype(np.uint8)


def depth_picture(depth_m: Float[np.ndarray, "H W"]) -> UInt8[np.ndarray, "H W 3"]:
    """Near is red, far is blue on a logarithmic scale from 2 m to 80 m; sky is pale."""
    known = np.isfinite(depth_m)
    depth = np.where(known, depth_m, FAR_M).astype(np.float64)
    share = np.log(np.clip(depth, NEAR_M, FAR_M) / NEAR_M) / np.log(FAR_M / NEAR_M)
    colors = ramp(1.0 - share)
    colors[~known] = (225, 230, 238)
    return colors


def semantic_picture(semantic: UInt8[np.ndarray, "H W"]) -> UInt8[np.ndarray, "H W 3"]:
    """Colours of the ontology."""
    table = np.zeros((256, 3), dtype=np.uint8)
    for kind, color in SEMANTIC_PALETTE.items():
        table[int(kind)] = color
    return table[semantic]


def instance_picture(instance: np.ndarray) -> UInt8[np.ndarray, "H W 3"]:
    """A colour for each actor, neighbours in number far apart in hue; dark where no actor is."""
    count = int(instance.max(initial=0)) + 1
    golden = 0.61803398875
    table = [(24, 27, 34)]
    for k in range(1, count):
        red, green, blue = colorsys.hsv_to_rgb((0.08 + golden * k) % 1.0, 0.62, 0.95)
        table.append((round(255 * red), round(255 * green), round(255 * blue)))
    return np.asarray(table, dtype=np.uint8)[instance]


def lidar_picture(sweep: LidarSweep, size_px: int = 420, range_m: float = LIDAR_RANGE_M) -> UInt8[np.ndarray, "H W 3"]:
    """A sweep from above, x up, coloured by class where known, else by height; rings every 10 m."""
    scale = size_px / (2 * range_m)
    canvas = np.full((size_px, size_px, 3), (17, 20, 27), dtype=np.uint8)
    rows, columns = np.mgrid[:size_px, :size_px]
    radius = np.hypot(rows - size_px / 2, columns - size_px / 2) / scale
    canvas[np.abs(radius % 10.0 - 5.0) > 5.0 - 0.6 / scale] = (34, 39, 50)
    points = sweep.points_m.astype(np.float64)
    if sweep.semantic is not None:
        colors = _brightened(semantic_picture(sweep.semantic[None])[0])
    else:
        colors = ramp((points[:, 2] + 2.5) / 5.0)
    row = np.floor(size_px / 2 - points[:, 0] * scale).astype(np.int64)
    column = np.floor(size_px / 2 - points[:, 1] * scale).astype(np.int64)
    order = np.argsort(points[:, 2], kind="stable")
    for dr, dc in ((0, 0), (0, 1), (1, 0), (1, 1)):
        r, c = row[order] + dr, column[order] + dc
        inside = (r >= 0) & (r < size_px) & (c >= 0) & (c < size_px)
        canvas[r[inside], c[inside]] = colors[order][inside]
    return canvas


def _brightened(colors: UInt8[np.ndarray, "N 3"]) -> UInt8[np.ndarray, "N 3"]:
    """Colours that can be seen on the dark ground: each at least as bright as a mid grey."""
    value = colors.max(axis=1, keepdims=True).astype(np.float64)
    return np.clip(colors * np.maximum(170.0 / np.maximum(value, 1.0), 1.0), 0, 255).astype(np.uint8)


def frame_pictures(frame: CameraFrame) -> tuple[Picture, ...]:
    """Camera picture with the depth, classes and instances that the frame has."""
    who = frame.camera.replace("_", " ")
    found = [Picture("camera", f"picture of {who}", frame.rgb)]
    if frame.depth_m is not None:
        found.append(Picture("depth", f"depth seen by {who}: near red, far blue", depth_picture(frame.depth_m)))
    if frame.semantic is not None:
        found.append(Picture("semantic", f"class of each pixel of {who}", semantic_picture(frame.semantic)))
    if frame.instance is not None:
        found.append(Picture("instance", f"actor at each pixel of {who}", instance_picture(frame.instance)))
    return tuple(found)


def sample_of(segment: Segment[Raw], title: str = "", max_tags: int = 5) -> GallerySample:
    """A gallery sample: the middle frame of the first camera and the middle sweep of the first lidar."""
    pictures: list[Picture] = []
    if segment.frames:
        first = [frame for frame in segment.frames if frame.camera == segment.frames[0].camera]
        pictures.extend(frame_pictures(first[len(first) // 2]))
    if segment.sweeps:
        sweep = segment.sweeps[len(segment.sweeps) // 2]
        pictures.append(
            Picture("lidar", f"{sweep.lidar.replace('_', ' ')} from above, 40 m around", lidar_picture(sweep))
        )
    tags = tuple(tag for tag in segment.tags if ":" in tag)[:max_tags]
    return GallerySample(
        segment.segment_id, title or segment.provenance.family, segment.description, (segment.source.value, *tags),
        tuple(pictures),
    )  # fmt: skip


def shrunk(pixels: UInt8[np.ndarray, "H W 3"], max_width_px: int, smooth: bool) -> Any:
    """A Pillow image of at most that width; label pictures keep their exact colours."""
    image = Image.fromarray(np.ascontiguousarray(pixels))
    if image.width > max_width_px:
        height = max(1, round(image.height * max_width_px / image.width))
        image = image.resize((max_width_px, height), Image.Resampling.LANCZOS if smooth else Image.Resampling.NEAREST)
    return image
