"""What goes wrong with sensors, and how far each of their looks may be believed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from jaxtyping import Float, Int


class FaultKind(IntEnum):
    """What is wrong; the lower-case name is written."""

    BLUR = 0
    DIRT = 1
    DEAD_PIXELS = 2
    MISALIGNMENT = 3
    DROPPED_FRAMES = 4
    TIME_OFFSET = 5
    FROZEN = 6
    EXPOSURE = 7
    WATER_DROPS = 8
    DEAD_BEAMS = 9
    INTERFERENCE = 10
    BLOCKED = 11
    BIAS = 12
    VIBRATION = 13
    OUTAGE = 14
    NOISE = 15


@dataclass(frozen=True, slots=True)
class SensorFault:
    """One fault of one sensor during a span of time.

    Attributes:
        sensor: name in the rig.
        kind: what is wrong.
        start_s: since the start of the rollout.
        end_s: None for a fault that stays.
        severity: 0 none to 1 as bad as the model goes.
        parameters: values that the severity does not say, by name, as `yaw_rad` of a misalignment.
    """

    sensor: str
    kind: FaultKind
    start_s: float = 0.0
    end_s: float | None = None
    severity: float = 0.5
    parameters: Mapping[str, float] = field(default_factory=lambda: {})

    def active(self, time_s: float) -> bool:
        """Whether it is there at that time since the start: from `start_s` on, until just before `end_s`."""
        return self.start_s <= time_s and (self.end_s is None or time_s < self.end_s)


@dataclass(frozen=True, slots=True)
class CalibrationDrift:
    """How a mounting moves away from its calibration, each of six directions on its own.

    The true mounting is the believed one, turned and shifted in the sensor's own axes by
    `error n + walk W(t) + warm (1 - e^(-t / warming_s)) m`, where n and m are standard normal and W is a Wiener
    process: what calibration left, what vibration works loose, and what heat bends.

    Attributes:
        sensor: name in the rig; empty for every sensor that is mounted.
        turn_rad: standard deviation of each angle when the rollout starts.
        shift_m: the same of each direction.
        turn_walk: by vibration, rad/sqrt(s).
        shift_walk: m/sqrt(s).
        warm_turn_rad: standard deviation of each angle that a full warm-up adds.
        warm_shift_m: the same of each direction.
        warming_s: time in which 63 % of the warm-up has happened.
    """

    sensor: str = ""
    turn_rad: float = 0.0
    shift_m: float = 0.0
    turn_walk: float = 0.0
    shift_walk: float = 0.0
    warm_turn_rad: float = 0.0
    warm_shift_m: float = 0.0
    warming_s: float = 600.0


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """How far each look of each sensor may be believed, one row per look.

    Attributes:
        sensor: name in the rig, N of them.
        timestamp_ns: true time of the look, shape (N,).
        score: 1 as good as the sensor can be, 0 useless, shape (N,).
        weather: share of the score lost to weather, for satellite receivers to tunnels and buildings, shape (N,).
        light: lost to darkness or glare, shape (N,).
        fault: lost to faults, shape (N,).
        causes: names of what took something, comma separated, N of them; empty for none.
    """

    sensor: tuple[str, ...]
    timestamp_ns: Int[np.ndarray, "N"]
    score: Float[np.ndarray, "N"]
    weather: Float[np.ndarray, "N"]
    light: Float[np.ndarray, "N"]
    fault: Float[np.ndarray, "N"]
    causes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class MountingTruth:
    """Where one sensor really sat at each look; the rig says where it is believed to sit.

    Attributes:
        sensor: name in the rig.
        timestamp_ns: true time of the look, shape (N,).
        rotation: true `ego_from_sensor`, shape (N, 3, 3).
        translation_m: shape (N, 3).
    """

    sensor: str
    timestamp_ns: Int[np.ndarray, "N"]
    rotation: Float[np.ndarray, "N 3 3"]
    translation_m: Float[np.ndarray, "N 3"]
