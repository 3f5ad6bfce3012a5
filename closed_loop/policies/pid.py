"""Proportional, integral and derivative control over B worlds, with the integral over a window of recent errors."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True, slots=True)
class PidParameters:
    """Gains of one controller.

    Attributes:
        proportional: command per unit of error.
        integral: command per unit of error and second.
        derivative: command per unit of error per second.
        memory: how many recent errors the integral sums (CARLA keeps ten, which also bounds the wind-up).
    """

    proportional: float
    integral: float = 0.0
    derivative: float = 0.0
    memory: int = 10

    def __post_init__(self) -> None:
        if self.memory < 1:
            raise ValueError(f"a controller remembers at least one error, not {self.memory}")


class Pid:
    """u = Kp e + Ki dt sum(recent e) + Kd (e - e_before) / dt; the last two need two errors and a dt above zero.

    The window and the rule for the first call are those of CARLA's `agents/navigation/controller.py`.
    """

    def __init__(self, parameters: PidParameters) -> None:
        self.parameters = parameters
        self._errors: list[np.ndarray] = []

    def reset(self) -> None:
        """Forgets every error."""
        self._errors = []

    def step(self, error: Float[np.ndarray, "B"], dt_s: Float[np.ndarray, "B"]) -> Float[np.ndarray, "B"]:
        """The command, not bounded."""
        if self._errors and self._errors[0].shape != error.shape:
            self._errors = []
        self._errors = [*self._errors, error][-self.parameters.memory :]
        command = self.parameters.proportional * error
        if len(self._errors) < 2:
            # With a memory of one there is nothing to compare with.
            return command
        runs = dt_s > 0
        total = np.sum(self._errors, axis=0) * dt_s
        rate = np.where(runs, (error - self._errors[-2]) / np.where(runs, dt_s, 1.0), 0.0)
        return command + self.parameters.integral * total + self.parameters.derivative * rate


@dataclass(frozen=True, slots=True)
class SpeedControl:
    """From an error of speed to an acceleration.

    The command u of the controller is cut to [-max_brake, max_throttle]; the acceleration is u times what one unit
    of throttle or brake gives. With the defaults u is the acceleration itself.

    Attributes:
        pid: gains; the error is wanted minus present speed.
        unit_per_mps: the error is told to the controller in this unit (3.6 for km/h).
        max_throttle: upper bound of u.
        max_brake: bound of -u.
        full_throttle_mps2: acceleration at u = 1.
        full_brake_mps2: deceleration at u = -1.
    """

    pid: PidParameters = field(default_factory=lambda: PidParameters(1.0, 0.05, 0.0))
    unit_per_mps: float = 1.0
    max_throttle: float = 2.0
    max_brake: float = 6.0
    full_throttle_mps2: float = 1.0
    full_brake_mps2: float = 1.0


class SpeedController:
    """Holds a speed in B worlds."""

    def __init__(self, parameters: SpeedControl) -> None:
        self.parameters = parameters
        self._pid = Pid(parameters.pid)

    def reset(self) -> None:
        """Forgets."""
        self._pid.reset()

    def step(
        self, wanted_mps: Float[np.ndarray, "B"], speed_mps: Float[np.ndarray, "B"], dt_s: Float[np.ndarray, "B"]
    ) -> Float[np.ndarray, "B"]:
        """Acceleration in m/s^2."""
        p = self.parameters
        u = np.clip(self._pid.step(p.unit_per_mps * (wanted_mps - speed_mps), dt_s), -p.max_brake, p.max_throttle)
        return np.where(u >= 0, u * p.full_throttle_mps2, u * p.full_brake_mps2)


class Clock:
    """Seconds since the step before, per world; 0 at the first."""

    def __init__(self) -> None:
        self._last: np.ndarray | None = None

    def reset(self) -> None:
        """Forgets."""
        self._last = None

    def tick(self, time_s: Float[np.ndarray, "B"]) -> Float[np.ndarray, "B"]:
        """Time gone since the last call."""
        last = self._last
        self._last = time_s.copy()
        return np.zeros_like(time_s) if last is None or last.shape != time_s.shape else time_s - last
