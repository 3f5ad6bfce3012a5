"""A sheet of everything that one look at the fixed street gives: `python -m benchmarks.tracer_sheet FILE.png`."""

import sys
from dataclasses import replace

import numpy as np
from PIL import Image

from benchmarks.tracer_street import fixed_street
from benchmarks.worlds import camera_rig
from driving_data.sensors import CameraFrame

_SIZE = (480, 270)
_LONGEST_FLOW_PX = 25.0


def panels(frame: CameraFrame) -> list[np.ndarray]:
    """Colour, depth, normals; semantics, instances, flow; each (H, W, 3) uint8.

    Raises:
        ValueError: the frame lacks one of them.
    """
    depth, normal, flow, instance = frame.depth_m, frame.normal, frame.flow_px, frame.instance
    if depth is None or normal is None or flow is None or instance is None or frame.semantic is None:
        raise ValueError("a frame without labels")
    near = np.clip(1.0 - np.log2(np.maximum(depth, 2.0) / 2.0) / 7.0, 0.0, 1.0)
    facing = 0.5 + 0.5 * normal.astype(np.float32) * [1.0, -1.0, -1.0]
    facing[~np.isfinite(depth)] = 0.0
    return [
        frame.rgb,
        _bytes(np.repeat(near[..., None], 3, axis=-1)),
        _bytes(facing),
        _colors(frame.semantic.astype(np.int64) + 100),
        np.where((instance > 0)[..., None], _colors(instance.astype(np.int64)), np.uint8(30)),
        _wheel(flow),
    ]


def _bytes(share: np.ndarray) -> np.ndarray:
    return np.round(255.0 * np.clip(share, 0.0, 1.0)).astype(np.uint8)


def _colors(number: np.ndarray) -> np.ndarray:
    """A colour of its own for each number."""
    hue = number[..., None] * 0.618 + np.array([0.0, 1 / 3, 2 / 3])
    return _bytes(0.55 + 0.4 * np.cos(2 * np.pi * hue))


def _wheel(flow_px: np.ndarray) -> np.ndarray:
    """Flow as hue (direction) and brightness (length, square root); black where there is none."""
    angle = np.arctan2(flow_px[..., 1], flow_px[..., 0])[..., None] + 2 * np.pi * np.array([0.0, 1 / 3, 2 / 3])
    length = np.sqrt(np.linalg.norm(flow_px, axis=-1, keepdims=True) / _LONGEST_FLOW_PX)
    return _bytes(np.nan_to_num(np.clip(length, 0.0, 1.0) * (0.6 + 0.4 * np.cos(angle))))


def main(path: str) -> None:
    """Renders the sheet."""
    street = fixed_street()
    rig = replace(camera_rig(*_SIZE), rate_hz=10.0)
    frame = street.renderer(rig, 2).render(street.start, street.end).frames[0]
    six = panels(frame)
    rows = [np.concatenate(six[:3], axis=1), np.concatenate(six[3:], axis=1)]
    Image.fromarray(np.concatenate(rows, axis=0)).save(path)


if __name__ == "__main__":
    main(sys.argv[1])
