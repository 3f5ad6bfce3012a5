"""The slow, obvious twins of the vehicle kernels: plain Python and small matrices, the symbols of the papers.

`slip_rates` is the dynamic single-track model as a differential equation, which a solver of any order can integrate
while nothing locks or stops; `Track` takes the implicit sub-steps of the kernel, row by row of a constraint matrix.
"""

import itertools
import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from sim_bridge.embedded.layout import GRAVITY
from sim_bridge.embedded.vehicles import AIR_KGPM3, Vehicle


def brush(slip: float, stiff: float, most: float) -> float:
    """Lateral force of the brush tyre of stiffness `stiff` and limit `most`, by integrating its contact patch.

    Bristles of the patch (x from 0 at the leading edge to 1) stick as long as their deflection needs less than the
    parabolic pressure allows; the force is the sum over the patch.
    """
    if most <= 0 or slip <= 0:
        return 0.0
    x = (np.arange(200_000) + 0.5) / 200_000
    return float(np.mean(np.minimum(2 * stiff * slip * x[::-1], 6 * most * x * (1 - x))))


def fiala(t: float, c: float, b: float) -> float:
    """The same in closed form: C t - (C t)^2 / (3 B) + (C t)^3 / (27 B^2)."""
    if b <= 0 or t >= 3 * b / c:
        return max(b, 0.0)
    return c * t - (c * t) ** 2 / (3 * b) + (c * t) ** 3 / (27 * b**2)


@dataclass(slots=True)
class Track:
    """A single-track vehicle: q = (u, v, r) at its centre of gravity, in the body frame."""

    vehicle: Vehicle
    q: Float[np.ndarray, "3"]
    pushed: float = 0.0
    x: float = 0.0
    y: float = 0.0
    psi: float = 0.0

    def step(
        self, delta: float, drive: float, brake: float, mu: float, h: float, slope: tuple[float, float] = (0.0, 0.0),
        flat: tuple[float, float] = (0.0, 0.0),
    ) -> list[tuple[float, float, float]]:  # fmt: skip
        """One sub-step; returns load, force along and force across of each axle."""
        car, m = self.vehicle, self.vehicle.mass_kg
        wheelbase = car.front_m + car.rear_m
        inverse = np.diag([1 / m, 1 / m, 1 / car.yaw_inertia_kgm2])
        gn = GRAVITY / math.sqrt(1 + slope[0] ** 2 + slope[1] ** 2)
        front = min(max(m * (gn * car.rear_m - car.cg_height_m * self.pushed) / wheelbase, 0.0), m * gn)
        before, q = self.q.copy(), self.q.copy()
        side = min(max(2 * q[0], -1.0), 1.0)
        q[0] += h * (-GRAVITY * slope[0] / (1 + slope[0] ** 2 + slope[1] ** 2))
        q[0] -= h * 0.5 * AIR_KGPM3 * car.drag_area_m2 * abs(before[0]) * before[0] / m
        q[1] += h * (-GRAVITY * slope[1] / (1 + slope[0] ** 2 + slope[1] ** 2))
        axles = [
            _Axle(car.front_m, delta, front, car.cornering_front_1prad, car.drive_front * drive,
                  car.brake_front * brake, flat[0]),
            _Axle(-car.rear_m, 0.0, m * gn - front, car.cornering_rear_1prad, (1 - car.drive_front) * drive,
                  (1 - car.brake_front) * brake, flat[1]),
        ]  # fmt: skip
        for sweep in range(6):
            for axle in axles:
                q = axle.act(q, inverse, car, mu, h, side, first=sweep == 0)
        a, b = axles
        self.pushed = float(math.cos(delta) * (a.driven + a.held) - math.sin(delta) * a.across + b.driven + b.held) / m
        if drive == 0 and np.max(np.abs(q)) < 1e-4:
            q = np.zeros(3)
        self._move(before, q, h)
        return [(axle.load, axle.driven + axle.held, axle.across) for axle in axles]

    def _move(self, before: np.ndarray, q: np.ndarray, h: float) -> None:
        mean = 0.5 * (before + q)
        self.x += h * (mean[0] * math.cos(self.psi) - mean[1] * math.sin(self.psi))
        self.y += h * (mean[0] * math.sin(self.psi) + mean[1] * math.cos(self.psi))
        turn = h * mean[2]
        self.psi += turn
        c, s = math.cos(turn), math.sin(turn)
        self.q = np.array([c * q[0] + s * q[1], c * q[1] - s * q[0], q[2]])


@dataclass(slots=True)
class _Axle:
    arm: float
    delta: float
    load: float
    slope: float
    wish: float
    brake: float
    flat: float
    driven: float = 0.0
    held: float = 0.0
    across: float = 0.0

    def act(
        self, q: np.ndarray, inverse: np.ndarray, car: Vehicle, mu: float, h: float, side: float, first: bool
    ) -> np.ndarray:
        """One sweep: the drive once, then the rows of the constraint matrix along and across the wheel."""
        loss = abs(self.flat)
        stiff = self.slope * self.load * (1 - 0.5 * loss * 0.7)
        grip = mu * self.load * (1 - 0.5 * loss * 0.4)
        room = car.grip_along * grip
        c, s = math.cos(self.delta), math.sin(self.delta)
        ex, ey = np.array([c, s, self.arm * s]), np.array([-s, c, self.arm * c])
        tan = abs(_dot(ey, q)) / max(abs(_dot(ex, q)), 1e-3)
        kappa = min(3 * room / stiff, 1.0) if car.antilock and stiff > 0 else 1.0
        most = room * kappa / math.hypot(kappa, tan) if room > 0 else 0.0
        rolling = car.rolling + 0.5 * loss * (0.2 - car.rolling)
        if first:
            self.driven = min(self.wish, most)
            pull = math.copysign((rolling - car.rolling) * self.load, self.flat) if loss > 0 else 0.0
            q = q + h * inverse @ (ex * self.driven + np.array([0.0, 0.0, side * pull * 0.5 * car.track_m]))
        ease = h * _dot(ex, inverse @ ex)
        bound = min(self.brake + rolling * self.load, most)
        new = min(max(self.held - _dot(ex, q) / ease, -bound, -room - self.driven), bound, room - self.driven)
        q, self.held = q + h * inverse @ ex * (new - self.held), new
        tan = abs(_dot(ey, q)) / max(abs(_dot(ex, q)), 1e-3)
        ease = h * _dot(ey, inverse @ ey)
        left = max(1 - ((self.driven + self.held) / room) ** 2, 0.0) if room > 0 else 0.0
        bound, new = car.grip_across * grip * math.sqrt(left), 0.0
        if bound > 0:
            firm = (fiala(tan, stiff, bound) / tan if tan > 1e-9 else stiff) / max(abs(_dot(ex, q)), 1e-3)
            new = min(max(-firm * (_dot(ey, q) - ease * self.across) / (1 + ease * firm), -bound), bound)
        q, self.across = q + h * inverse @ ey * (new - self.across), new
        return q


def _dot(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b)


def slip_rates(q: Float[np.ndarray, "3"], delta: float, force: float, car: Vehicle, mu: float) -> np.ndarray:
    """d(u, v, r)/dt of the single-track model on a level road: rear drive `force`, no brakes, no load transfer.

    m (u' - v r) = F_x - F_yf sin d, m (v' + u r) = F_yf cos d + F_yr, I r' = a F_yf cos d - b F_yr; Riekert, Schunck
    (1940) with Fiala's tyre.
    """
    u, v, r = (float(k) for k in q)
    a, b, m = car.front_m, car.rear_m, car.mass_kg
    loads = m * GRAVITY * b / (a + b), m * GRAVITY * a / (a + b)
    c, s = math.cos(delta), math.sin(delta)
    slips = (
        (c * (v + a * r) - s * u) / abs(c * u + s * (v + a * r)),
        (v - b * r) / abs(u),
    )
    slopes = car.cornering_front_1prad, car.cornering_rear_1prad
    push = (1 - car.drive_front) * force
    bounds = mu * loads[0], math.sqrt((mu * loads[1]) ** 2 - (push - car.rolling * loads[1]) ** 2)
    side_f, side_r = (
        -math.copysign(fiala(abs(t), k * z, limit), t)
        for t, k, z, limit in zip(slips, slopes, loads, bounds, strict=True)
    )
    drag = 0.5 * AIR_KGPM3 * car.drag_area_m2 * u * abs(u)
    roll = [car.rolling * z for z in loads]
    return np.array(
        [
            (push - drag - c * roll[0] - roll[1] - s * side_f) / m + v * r,
            (c * side_f + side_r - s * roll[0]) / m - u * r,
            (a * (c * side_f - s * roll[0]) - b * side_r) / car.yaw_inertia_kgm2,
        ]
    )


def towed_heading(heading: float, hitch_m: Float[np.ndarray, "n 2"], axle_m: float) -> float:
    """Heading of a trailer whose hitch has gone along a line of points, by Heun's rule.

    psi' = (v_y cos psi - v_x sin psi) / L, the differential equation of an axle that does not slide; Rouchon, Fliess,
    Levine, Martin (1993).
    """
    for a, b in itertools.pairwise(hitch_m):
        dx, dy = float(b[0] - a[0]), float(b[1] - a[1])
        first = (dy * math.cos(heading) - dx * math.sin(heading)) / axle_m
        second = (dy * math.cos(heading + first) - dx * math.sin(heading + first)) / axle_m
        heading += 0.5 * (first + second)
    return heading


def steady_articulation(radius_m: float, hitch_m: float, axle_m: float) -> float:
    """Angle at the hitch on a circle: rear axle of the tractor on `radius_m`, hitch `hitch_m` behind it, trailer L.

    gamma = atan(h / R) + asin(L / sqrt(R^2 + h^2)).
    """
    return math.atan(hitch_m / radius_m) + math.asin(axle_m / math.hypot(radius_m, hitch_m))
