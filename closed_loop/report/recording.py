"""An episode as a Rerun file, to be watched with `rerun FILE.rrd`. Needs the extra `view`.

Entities, all on the timeline `time` (seconds since the start of the world):
    world/map/...           lane boundaries, roads, stop lines in the colour of their signal (map and its static parts)
    world/actors/KIND/ID    one oriented box for each actor while it is there, in the colour of its kind
    world/ego/way           where the ego goes, as a line
    metrics/ID              time series: speed, acceleration, time to collision, distance
    events                  what happened, as a text log
"""

from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from closed_loop.report.birdseye import color_group
from closed_loop.report.film import COLORS, KERB, WHITE, YELLOW
from closed_loop.report.replays import marks_of
from closed_loop.report.series import series_of
from closed_loop.results import EpisodeResult
from driving_data.errors import MissingExtra
from driving_data.maps.lane_map import DRIVABLE_KINDS, LaneMap, MarkingKind
from driving_data.rollout import Rollout
from driving_data.taxonomy import SignalState

TIMELINE = "time"
_SIGNAL_COLORS: dict[str, tuple[int, int, int]] = {
    "green": (44, 138, 85), "yellow": (232, 176, 40), "red": (214, 69, 80), "red_yellow": (232, 120, 40),
    "flashing_yellow": (232, 176, 40), "flashing_red": (214, 69, 80),
}  # fmt: skip


def write_recording(rollout: Rollout, path: Path, episode: EpisodeResult | None = None) -> Path:
    """Writes what happened as a Rerun recording; the failures of `episode` stand in the text log.

    Returns:
        The path of the file.

    Raises:
        MissingExtra: rerun-sdk is not installed.
        ValueError: the ego never exists.
    """
    try:
        import rerun  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise MissingExtra("rerun-sdk", "view", "writing Rerun recordings") from error
    path.parent.mkdir(parents=True, exist_ok=True)
    name = "roadloom" if episode is None else f"{episode.policy} in {episode.scenario_name}"
    stream: Any = rerun.RecordingStream(name, recording_id=None if episode is None else episode.key[:32])
    temporary = path.with_name(f".{path.name}.tmp")
    stream.save(str(temporary))
    stream.log("world", rerun.ViewCoordinates.RIGHT_HAND_Z_UP, static=True)
    if rollout.lane_map is not None:
        _log_map(rerun, stream, rollout.lane_map)
    _log_actors(rerun, stream, rollout)
    _log_signals(rerun, stream, rollout)
    _log_series(rerun, stream, rollout)
    _log_events(rerun, stream, rollout, episode)
    stream.flush()
    stream.disconnect()
    return temporary.replace(path)


def _log_map(rerun: Any, stream: Any, lane_map: LaneMap) -> None:
    lines: dict[str, list[np.ndarray]] = {"white": [], "yellow": [], "kerb": []}
    centers: list[np.ndarray] = []
    for lane in lane_map.lanes:
        if lane.kind in DRIVABLE_KINDS:
            centers.append(lane.centerline_m)
        for line, marking in ((lane.left_m, lane.left_marking), (lane.right_m, lane.right_marking)):
            kind = "kerb" if marking.kind is MarkingKind.KERB else "yellow" if marking.color == "yellow" else "white"
            if marking.kind not in (MarkingKind.NONE, MarkingKind.GRASS):
                lines[kind].append(line)
    for kind, color in (("white", WHITE), ("yellow", YELLOW), ("kerb", KERB)):
        if lines[kind]:
            stream.log(
                f"world/map/markings/{kind}", rerun.LineStrips3D(lines[kind], colors=[color], radii=[0.06]), static=True
            )
    if centers:
        stream.log(
            "world/map/centerlines", rerun.LineStrips3D(centers, colors=[(120, 128, 140)], radii=[0.02]), static=True
        )


def _log_actors(rerun: Any, stream: Any, rollout: Rollout) -> None:
    seconds = rollout.seconds()
    for index, name in enumerate(rollout.actors.ids):
        ego, kind = index == rollout.ego_index, rollout.actors.kind_of(index)
        entity = f"world/actors/{'ego' if ego else kind.label}/{rerun.escape_entity_path_part(name)}"
        color = COLORS["ego" if ego else color_group(kind)]
        box = rerun.Boxes3D(
            half_sizes=[0.5 * rollout.actors.size_m[index]], colors=[color], labels=[name], fill_mode="solid"
        )
        _log_presence(rerun, stream, rollout.valid[:, index], seconds, entity, box)
        _log_poses(rerun, stream, rollout, index, entity, seconds)
    ego = rollout.ego_index
    way = rollout.world_from_actor.translation_m[rollout.valid[:, ego], ego]
    stream.log("world/ego/way", rerun.LineStrips3D([way], colors=[COLORS["ego"]], radii=[0.12]), static=True)


def _log_presence(rerun: Any, stream: Any, valid: np.ndarray, seconds: np.ndarray, entity: str, box: Any) -> None:
    """An actor's box where it appears, and its removal where it is gone."""
    for row in np.flatnonzero(np.diff(np.r_[False, valid].astype(np.int8))):
        stream.set_time(TIMELINE, duration=float(seconds[row]))
        stream.log(entity, box if valid[row] else rerun.Clear(recursive=False))


def _log_poses(rerun: Any, stream: Any, rollout: Rollout, index: int, entity: str, seconds: np.ndarray) -> None:
    rows = np.flatnonzero(rollout.valid[:, index])
    if len(rows):
        poses = rollout.world_from_actor[rows, index]
        stream.send_columns(
            entity,
            indexes=[rerun.TimeColumn(TIMELINE, duration=seconds[rows])],
            # Quaternions x, y, z, w: the order in which matrices are read has changed between versions of Rerun.
            columns=rerun.Transform3D.columns(
                translation=poses.translation_m, quaternion=Rotation.from_matrix(poses.rotation).as_quat()
            ),
        )


def _log_signals(rerun: Any, stream: Any, rollout: Rollout) -> None:
    if rollout.lane_map is None:
        return
    column = {name: k for k, name in enumerate(rollout.signals.ids)}
    seconds = rollout.seconds()
    for signal in rollout.lane_map.signals:
        if signal.id not in column:
            continue
        states = rollout.signals.state[:, column[signal.id]]
        entity = f"world/signals/{rerun.escape_entity_path_part(signal.id)}"
        for row in np.flatnonzero(np.r_[True, np.diff(states) != 0]):
            label = SignalState(int(states[row])).name.lower()
            color = _SIGNAL_COLORS.get(label, (120, 128, 140))
            stream.set_time(TIMELINE, duration=float(seconds[row]))
            stream.log(entity, rerun.LineStrips3D([signal.stop_line_m], colors=[color], radii=[0.25], labels=[label]))


def _log_series(rerun: Any, stream: Any, rollout: Rollout) -> None:
    seconds = rollout.seconds()
    for series in series_of(rollout):
        known = np.flatnonzero(~np.isnan(series.values))
        entity = f"metrics/{series.id}"
        stream.log(entity, rerun.SeriesLines(names=[f"{series.title} [{series.unit}]"]), static=True)
        if len(known):
            stream.send_columns(
                entity,
                indexes=[rerun.TimeColumn(TIMELINE, duration=seconds[known])],
                columns=rerun.Scalars.columns(scalars=series.values[known]),
            )


def _log_events(rerun: Any, stream: Any, rollout: Rollout, episode: EpisodeResult | None) -> None:
    start = int(rollout.timestamps_ns[0])
    entries = [
        ((event.timestamp_ns - start) * 1e-9, f"{event.kind} {' '.join(event.actor_ids)}".rstrip(), "INFO")
        for event in rollout.events
    ]
    if episode is not None:
        entries += [(mark.at_s, mark.text, "ERROR" if mark.bad else "WARN") for mark in marks_of(episode)]
    for at_s, text, level in sorted(entries, key=lambda entry: entry[0]):
        stream.set_time(TIMELINE, duration=at_s)
        stream.log("events", rerun.TextLog(text, level=level))
