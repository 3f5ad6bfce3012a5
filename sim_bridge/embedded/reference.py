"""The slow, obvious twin of the kernels: plain Python, one body at a time.

Laws of single bodies are here; `reference_world` plays whole scenarios with them.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.interpolate import CubicHermiteSpline

from scenarios.concrete import Driver
from sim_bridge.embedded.layout import GRAVITY, PCURV, PTX, PTY, PX, PY
from sim_bridge.embedded.options import EmbeddedOptions
from sim_bridge.embedded.paths import PathTable


def idm_acceleration(v: float, v0: float, gap: float, lead: float, driver: Driver) -> float:
    """The Intelligent Driver Model with its own symbols; no harder than comfortable braking on a free road."""
    a, b, s0, headway = (
        driver.max_acceleration_mps2, driver.comfortable_deceleration_mps2, driver.min_gap_m, driver.time_headway_s,
    )  # fmt: skip
    free = max(a * (1 - (v / v0) ** 4), -b) if v0 >= 0.05 else (-b if v > 0 else 0.0)
    wish = s0 + max(0.0, v * headway + v * (v - lead) / (2 * math.sqrt(a * b)))
    return free - (a * (wish / max(gap, 0.1)) ** 2 if gap < math.inf else 0.0)


def quintic(start: float, rate: float, curve: float, end: float, duration: float) -> Float[np.ndarray, "6"]:
    """Coefficients of the quintic by solving its six conditions as a linear system."""
    t = duration
    conditions = np.array(
        [
            [1, 0, 0, 0, 0, 0],
            [0, 1, 0, 0, 0, 0],
            [0, 0, 2, 0, 0, 0],
            [1, t, t**2, t**3, t**4, t**5],
            [0, 1, 2 * t, 3 * t**2, 4 * t**3, 5 * t**4],
            [0, 0, 2, 6 * t, 12 * t**2, 20 * t**3],
        ]
    )
    return np.linalg.solve(conditions, np.array([start, rate, curve, end, 0.0, 0.0]))


def clip(value: float, bound: float) -> float:
    """The value within plus and minus `bound`."""
    return max(-bound, min(bound, value))


def wrap(angle: float) -> float:
    """The same angle in [-pi, pi)."""
    return (angle + math.pi) % (2 * math.pi) - math.pi


@dataclass(slots=True)
class Car:
    """The ego: rear axle pose and the state of its actuators."""

    x: float
    y: float
    yaw: float
    v: float
    a: float = 0.0
    delta: float = 0.0
    rate: float = 0.0


def drive(
    car: Car, command: float, angle: float, wheelbase: float, friction: float, limits: EmbeddedOptions, dt: float
) -> None:
    """Kinematic bicycle in sub-steps of at most 20 ms; each runs along an exact arc."""
    n = max(1, math.ceil(dt / 0.02 - 1e-9))
    h = dt / n
    mu_g = friction * GRAVITY
    for _ in range(n):
        lag = 1 - math.exp(-h / limits.steering_lag_s) if limits.steering_lag_s > 0 else 1.0
        wish = clip(angle, limits.max_steering_rad)
        car.delta += clip((wish - car.delta) * lag, limits.steering_rate_radps * h)
        car.delta = clip(car.delta, limits.max_steering_rad)
        kappa = clip(math.tan(car.delta) / wheelbase, mu_g / max(car.v**2, 1e-6))
        room = math.sqrt(max(mu_g**2 - (car.v**2 * kappa) ** 2, 0.0))
        target = max(min(command, room, limits.max_acceleration_mps2), -room)
        lag = 1 - math.exp(-h / limits.acceleration_lag_s) if limits.acceleration_lag_s > 0 else 1.0
        car.a = clip(car.a + (target - car.a) * lag, room)
        if car.v <= 0 and car.a < 0:
            car.a = 0.0
        stops = car.v + car.a * h < 0
        distance = car.v**2 / (2 * -car.a) if stops else car.v * h + 0.5 * car.a * h**2
        car.v = 0.0 if stops else car.v + car.a * h
        turn = kappa * distance
        if abs(turn) > 1e-4:
            radius = distance / turn
            car.x += radius * (math.sin(car.yaw + turn) - math.sin(car.yaw))
            car.y -= radius * (math.cos(car.yaw + turn) - math.cos(car.yaw))
        else:
            car.x += distance * math.cos(car.yaw + 0.5 * turn)
            car.y += distance * math.sin(car.yaw + 0.5 * turn)
        car.yaw = wrap(car.yaw + turn)
        car.rate = car.v * kappa
    if car.v <= 0 and car.a < 0:
        car.a = 0.0


class Road:
    """One path, by splines over its samples."""

    def __init__(self, table: PathTable) -> None:
        self.rows = table.rows
        self.length = table.length_m
        self.stops = table.stops
        self.leaves = table.leaves_world
        self.s = np.arange(len(table.rows)) * table.spacing_m
        self.curve = CubicHermiteSpline(self.s, table.rows[:, PX : PY + 1], table.rows[:, PTX : PTY + 1])

    def value(self, column: int, s: float) -> float:
        """One column at `s`, linear between samples."""
        return float(np.interp(s, self.s, self.rows[:, column]))

    def point(self, s: float) -> tuple[np.ndarray, np.ndarray]:
        """Point and unit tangent; straight beyond the ends."""
        inside = min(max(s, 0.0), self.length)
        tangent = np.asarray(self.curve(inside, 1))
        tangent = tangent / np.linalg.norm(tangent)
        return np.asarray(self.curve(inside)) + (s - inside) * tangent, tangent

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Place (s, d) of a point: the nearest sample, then steps along the tangent until it is square to it."""
        target = np.array([x, y])
        s = float(self.s[np.argmin(np.linalg.norm(self.rows[:, PX : PY + 1] - target, axis=-1))])
        d = 0.0
        for _ in range(50):
            point, tangent = self.point(s)
            d = float(tangent[0] * (target - point)[1] - tangent[1] * (target - point)[0])
            step = float((target - point) @ tangent) / max(1 - self.value(PCURV, s) * d, 0.3)
            s += step
            if abs(step) < 1e-13:
                break
        return s, d
