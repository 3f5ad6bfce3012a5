"""Dead reckoning from wheels and a gyro: the frame `odom`, smooth and drifting, with the covariance of its drift.

wheel   v_w = (1 + e) (1 + k) v + n_w   e: error of the wheel radius, drawn once, 0.5 %; n_w: 0.03 m/s, white per sample
slip    k = 0.02 u / (1 - u) with the sign of the acceleration, u = |a| / (mu g) up to 0.98, k from -1 (locked) to 1
gyro    w_m = w + b + n_g               b: 0.05 deg/s at the start, then a random walk of 0.003 deg/s per sqrt(s);
                                        n_g: 0.014 deg/s per sqrt(Hz) (data sheet of the Bosch BMI088)

The slip law is linear in small forces and grows without bound at the limit of grip, as the brush model of a tyre does
(Pacejka, Tyre and Vehicle Dynamics, 3rd ed. 2012, 3.2); on ice the same braking therefore slips far more. The
covariance is the linear one of the errors (x, y, heading, e, b); it does not know of slip, as no odometer does.
"""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from driving_data.positioning import wheel_slip
from sim_bridge.embedded.counted import Purpose, normals
from sim_bridge.embedded.localization.plan import PositioningPlan

WHEEL_SCALE, WHEEL_NOISE_MPS = 0.005, 0.03
GYRO_BIAS_RADPS, GYRO_WALK, GYRO_NOISE = np.deg2rad(0.05), np.deg2rad(0.003), np.deg2rad(0.014)


@dataclass(slots=True)
class Odometer:
    """Integrates what wheels and gyro say; `advance` is called once per step.

    Attributes:
        pose: x, y, heading in `odom`, shape (3,).
        covariance: of the errors of x, y, heading, scale and gyro bias, shape (5, 5).
        wheel_mps: last speed of the wheels.
        yaw_rate_radps: last yaw rate of the gyro.
    """

    plan: PositioningPlan
    scale: float = field(init=False)
    gyro_bias_radps: float = field(init=False)
    steps: int = 0
    pose: Float[np.ndarray, "3"] = field(default_factory=lambda: np.zeros(3))
    covariance: Float[np.ndarray, "5 5"] = field(init=False)
    wheel_mps: float = float("nan")
    yaw_rate_radps: float = float("nan")

    def __post_init__(self) -> None:
        """Draws what stays the same."""
        self.scale = WHEEL_SCALE * float(normals(self.plan.seed, Purpose.WHEEL_SCALE))
        self.gyro_bias_radps = GYRO_BIAS_RADPS * float(normals(self.plan.seed, Purpose.GYRO_BIAS))
        self.covariance = np.diag([0.0, 0.0, 0.0, WHEEL_SCALE**2, GYRO_BIAS_RADPS**2])

    def advance(self, speed_mps: float, turn_rad: float, acceleration_mps2: float, dt_s: float) -> None:
        """One step: mean true speed, true change of heading, acceleration on which slip depends."""
        seed, step = self.plan.seed, self.steps
        self.steps += 1
        slip = wheel_slip(acceleration_mps2, self.plan.friction)
        noise = WHEEL_NOISE_MPS * float(normals(seed, Purpose.WHEEL_NOISE, step))
        self.wheel_mps = (1.0 + self.scale) * (1.0 + slip) * speed_mps + noise
        white = GYRO_NOISE / np.sqrt(dt_s) * float(normals(seed, Purpose.GYRO_NOISE, step))
        self.yaw_rate_radps = turn_rad / dt_s + self.gyro_bias_radps + float(white)
        middle = self.pose[2] + 0.5 * self.yaw_rate_radps * dt_s
        cos, sin = float(np.cos(middle)), float(np.sin(middle))
        gone = self.wheel_mps * dt_s
        self.pose = self.pose + np.array([gone * cos, gone * sin, self.yaw_rate_radps * dt_s])
        self._doubt(gone, cos, sin, dt_s)
        walk = GYRO_WALK * np.sqrt(dt_s) * float(normals(seed, Purpose.GYRO_WALK, step))
        self.gyro_bias_radps += float(walk)

    def _doubt(self, gone_m: float, cos: float, sin: float, dt_s: float) -> None:
        """Carries the covariance over a step; heading errors of the middle of the step move the position aside."""
        f = np.eye(5)
        f[0, 2:] = [-gone_m * sin, gone_m * cos, -0.5 * gone_m * sin * dt_s]
        f[1, 2:] = [gone_m * cos, gone_m * sin, 0.5 * gone_m * cos * dt_s]
        f[2, 4] = dt_s
        wheel = np.array([cos * dt_s, sin * dt_s, 0.0, 0.0, 0.0]) * WHEEL_NOISE_MPS
        gyro = np.array([-0.5 * gone_m * sin, 0.5 * gone_m * cos, 1.0, 0.0, 0.0]) * GYRO_NOISE * np.sqrt(dt_s)
        self.covariance = f @ self.covariance @ f.T + np.outer(wheel, wheel) + np.outer(gyro, gyro)
        self.covariance[4, 4] += GYRO_WALK**2 * dt_s
