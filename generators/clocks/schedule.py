"""Which sensor looks when.

A sensor whose clock names neither a rate nor a phase looks with the rig: at the rollout's own moments nearest to the
rig's rate. Any other looks at phase + k / rate by its own clock, k = 0, 1, ...; a clock that runs d parts per million
fast reaches that after (phase + k / rate) / (1 + d 1e-6) of true time. Nothing looks while the ego is not there.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from driving_data.rollout import Rollout
from driving_data.sensors import RENDERED, Clock, Sensor, SensorKind, SensorRig, sensors_of

_LABELLED = (SensorKind.CAMERA, SensorKind.LIDAR, SensorKind.RADAR, SensorKind.THERMAL)
_NS = 1e9


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """When every sensor of a rig looks.

    Attributes:
        looks: true times of each sensor, by name, in the order of the rig.
        rendered_ns: every time at which something is rendered, shape (n,).
        labelled_ns: those among them at which cameras, lidars, radars or thermal cameras look; labels are made then.
        due: names of the rendered sensors that look at each rendered time, n of them.
    """

    looks: Mapping[str, Int[np.ndarray, "_"]]
    rendered_ns: Int[np.ndarray, "n"]
    labelled_ns: Int[np.ndarray, "m"]
    due: tuple[frozenset[str], ...]


def schedule(rollout: Rollout, rig: SensorRig, max_frames: int | None = None) -> Schedule:
    """The schedule of a rig during a rollout.

    Args:
        rollout: what happened.
        rig: the sensors.
        max_frames: at most so many looks of each rendered sensor; every n-th is taken, so that its period stays
            steady.

    Raises:
        ValueError: the ego exists at no moment, or `max_frames` is below 1.
    """
    together = rollout.timestamps_ns[moments(rollout, rig.rate_hz, max_frames)]
    looks: dict[str, np.ndarray] = {}
    due: dict[int, set[str]] = {}
    labelled: set[int] = set()
    for sensor in sensors_of(rig):
        times = _times(rollout, rig, sensor, together, max_frames)
        looks[sensor.name] = times
        if sensor.kind in RENDERED:
            for time in times.tolist():
                due.setdefault(time, set()).add(sensor.name)
        if sensor.kind in _LABELLED:
            labelled.update(times.tolist())
    if not labelled:
        labelled.update(together.tolist())
        for time in together.tolist():
            due.setdefault(time, set())
    rendered = sorted(due)
    return Schedule(
        looks, np.array(rendered, dtype=np.int64), np.array(sorted(labelled), dtype=np.int64),
        tuple(frozenset(due[time]) for time in rendered),
    )  # fmt: skip


def keeps_rig_time(clock: Clock) -> bool:
    """Whether a sensor looks whenever the rig does."""
    return clock.rate_hz == 0.0 and clock.phase_s == 0.0


def _times(
    rollout: Rollout, rig: SensorRig, sensor: Sensor, together: np.ndarray, max_frames: int | None
) -> Int[np.ndarray, "_"]:
    rendered = sensor.kind in RENDERED
    if keeps_rig_time(sensor.clock) and rendered:
        return together
    times = look_times(rollout, sensor.clock, rig.rate_hz)
    if rendered and max_frames is not None and len(times) > max_frames:
        return times[:: -(-len(times) // max_frames)]
    return times


def look_times(rollout: Rollout, clock: Clock, rig_rate_hz: float) -> Int[np.ndarray, "_"]:
    """True times at which a clock strikes while the ego is there."""
    rate = clock.rate_hz or rig_rate_hz
    pace = 1.0 + clock.drift_ppm * 1e-6
    span_s = float(rollout.timestamps_ns[-1] - rollout.timestamps_ns[0]) / _NS
    first = max(0, int(np.ceil(-clock.phase_s * rate - 1e-9)))
    last = int(np.floor((span_s * pace - clock.phase_s) * rate + 1e-6))
    own_s = clock.phase_s + np.arange(first, last + 1) / rate
    times = rollout.timestamps_ns[0] + np.round(own_s / pace * _NS).astype(np.int64)
    times = np.clip(times, rollout.timestamps_ns[0], rollout.timestamps_ns[-1])
    return np.asarray(times[ego_there(rollout, times)], dtype=np.int64)


def ego_there(rollout: Rollout, times_ns: Int[np.ndarray, "n"]) -> Bool[np.ndarray, "n"]:
    """Whether the ego exists at both moments around each time."""
    known, valid = rollout.timestamps_ns, rollout.valid[:, rollout.ego_index]
    after = np.clip(np.searchsorted(known, times_ns), 0, len(known) - 1)
    before = np.where(known[after] == times_ns, after, np.maximum(after - 1, 0))
    return np.asarray(valid[after] & valid[before])


def moments(rollout: Rollout, rate_hz: float, max_frames: int | None = None) -> Int[np.ndarray, "n"]:
    """Indices of the moments nearest to a steady rate at which the ego exists; at most `max_frames`, every n-th.

    Raises:
        ValueError: there is none, or `max_frames` is below 1.
    """
    if max_frames is not None and max_frames < 1:
        raise ValueError(f"at least one frame must be asked for, not {max_frames}")
    seconds = rollout.seconds()
    wanted = np.arange(int(np.floor(seconds[-1] * rate_hz + 1e-6)) + 1) / rate_hz
    after = np.clip(np.searchsorted(seconds, wanted), 0, len(seconds) - 1)
    before = np.maximum(after - 1, 0)
    nearest = np.where(np.abs(seconds[before] - wanted) < np.abs(seconds[after] - wanted), before, after)
    steps = np.unique(nearest)
    steps = steps[rollout.valid[steps, rollout.ego_index]]
    if len(steps) == 0:
        raise ValueError("the ego exists at no moment of the rollout; nothing can be seen")
    if max_frames is not None and len(steps) > max_frames:
        steps = steps[:: -(-len(steps) // max_frames)]
    return steps.astype(np.int64)
