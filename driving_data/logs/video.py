"""Dash-cam clips: pictures and times, nothing else. No pose, no speed, an assumed camera."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from driving_data.errors import MissingExtra
from driving_data.geometry import SE3
from driving_data.logs.assemble import LogSource, Tracks, actors_of, real_segment, rollout_from_tracks
from driving_data.logs.files import MAX_PIXELS, checked_segments, head, input_error, read_bytes
from driving_data.segment import Raw, Segment
from driving_data.sensors import CameraFrame, CameraModel, SensorRig
from driving_data.taxonomy import ActorClass

ASSUMED_FOV_RAD = 1.05
ASSUMED_MOUNT_M = (1.6, 0.0, 1.3)
MAX_CLIP_PIXELS = 1 << 29
# Camera axes (x right, y down, z forward) in ego axes (x forward, y left, z up).
_EGO_FROM_CAMERA = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
_LICENCES = {"solidWhiteRight": ("Udacity CarND", "MIT"), "solidYellowLeft": ("Udacity CarND", "MIT")}


class VideoClipReader:
    """Reads an mp4 file; about `rate_hz` of its frames per second are kept."""

    def __init__(self, rate_hz: float = 2.0) -> None:
        if not rate_hz > 0:
            raise ValueError("rate_hz must be positive")
        self._rate_hz = rate_hz

    @property
    def name(self) -> str:
        """Format name."""
        return "video"

    def recognises(self, path: Path) -> bool:
        """Whether the file is an ISO base media file (mp4, mov)."""
        return path.is_file() and head(path, 12)[4:8] == b"ftyp"

    def read(self, path: Path) -> Iterator[Segment[Raw]]:
        """One segment per clip.

        Raises:
            InputError: the clip is damaged, too large or has no picture.
            MissingExtra: PyAV is not installed.
        """
        return checked_segments(path, "a video clip", self._segments(path))

    def _segments(self, path: Path) -> Iterator[Segment[Raw]]:
        pictures = _decode(path, self._rate_hz)
        if not pictures:
            raise input_error(path, "no picture", "at least one video frame", code="empty-file")
        height, width = pictures[0][1].shape[:2]
        focal = 0.5 * width / np.tan(0.5 * ASSUMED_FOV_RAD)
        mount = SE3(_EGO_FROM_CAMERA, np.array(ASSUMED_MOUNT_M))
        camera = CameraModel("camera_front", width, height, focal, focal, 0.5 * width, 0.5 * height, mount)
        times = np.array([time for time, _ in pictures], dtype=np.int64)
        # The log knows no pose: the ego is there, but nowhere valid.
        unknown = SE3(np.full((len(times), 1, 3, 3), np.nan), np.full((len(times), 1, 3), np.nan))
        actors = actors_of(("ego",), [ActorClass.CAR], np.array([[4.6, 1.9, 1.6]]))
        rollout = rollout_from_tracks(times, Tracks(actors, 0, unknown, np.zeros((len(times), 1), dtype=bool)))
        dataset, licence = _LICENCES.get(path.stem, ("video", "unknown"))
        source = LogSource(self.name, dataset, licence, path.stem, path.name,
                           {"rate_hz": self._rate_hz, "assumed_fov_rad": ASSUMED_FOV_RAD})  # fmt: skip
        yield real_segment(
            source, rollout, rig=SensorRig("assumed_front", (camera,), rate_hz=self._rate_hz),
            frames=[CameraFrame("camera_front", time, unknown[index, 0], rgb)
                    for index, (time, rgb) in enumerate(pictures)],
            tags=(f"dataset:{dataset.lower().replace(' ', '_')}", "location:unknown", "calibration:assumed",
                  "pose:unknown"),
            description=f"{rollout.seconds()[-1]:.1f} s of dash-cam video, {len(pictures)} frames kept.",
        )  # fmt: skip


def _decode(path: Path, rate_hz: float) -> list[tuple[int, np.ndarray]]:
    """Times in ns and pictures; one damaged packet ends the reading with an error, not with a shorter clip."""
    try:
        import av
        import av.error
    except ImportError as error:
        raise MissingExtra("av", "video", "reading video clips") from error
    read_bytes(path)
    pictures: list[tuple[int, np.ndarray]] = []
    try:
        with av.open(str(path), options={"err_detect": "explode"}) as container:
            stream: Any = container.streams.video[0]
            if stream.width * stream.height > MAX_PIXELS:
                found = f"{stream.width}x{stream.height} pixels"
                raise input_error(path, found, f"at most {MAX_PIXELS} pixels", code="too-large")
            due = -np.inf
            decoded = 0
            for frame in container.decode(stream):
                decoded += 1
                seconds = float(frame.time or 0.0)
                if seconds + 1e-6 >= due:
                    pictures.append((round(seconds * 1e9), frame.to_ndarray(format="rgb24")))
                    due = seconds + 1.0 / rate_hz
                    if len(pictures) * frame.width * frame.height > MAX_CLIP_PIXELS:
                        found = f"more than {MAX_CLIP_PIXELS} pixels at {rate_hz:g} frames per second"
                        raise input_error(path, found, "a shorter clip or a lower rate", code="too-large")
            if stream.frames and decoded < stream.frames:
                raise input_error(path, f"{decoded} frames", f"{stream.frames} frames, as the header says")
    except av.error.FFmpegError as error:
        raise input_error(path, f"{type(error).__name__}: {error}", "a video clip") from error
    return pictures
