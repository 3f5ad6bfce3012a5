"""Tractor and trailer, slowly: two free bodies, a hitch that holds them together, and the linear theory of swing.

`Train` has six speeds and finds the forces at the hitch as Lagrange multipliers, where the kernels eliminate them.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from sim_bridge.embedded.articulated import Trailer
from sim_bridge.embedded.layout import GRAVITY
from sim_bridge.embedded.reference_vehicles import fiala
from sim_bridge.embedded.vehicles import AIR_KGPM3, Vehicle


@dataclass(slots=True)
class Train:
    """A vehicle and its trailer: z = (u, v, r, u2, v2, w), both centres of gravity in the frame of the tractor."""

    car: Vehicle
    trailer: Trailer
    hitch: float
    theta: float
    z: Float[np.ndarray, "6"]
    pushed: float = 0.0
    pull: float = 0.0
    shifted: float = 0.0
    x: float = 0.0
    y: float = 0.0
    psi: float = 0.0

    def weights(self) -> Float[np.ndarray, "6 6"]:
        """Masses and inertias of the free bodies."""
        m1, m2 = self.car.mass_kg, self.trailer.mass_kg
        return np.diag([m1, m1, self.car.yaw_inertia_kgm2, m2, m2, self.trailer.yaw_inertia_kgm2])

    def coupling(self) -> Float[np.ndarray, "2 6"]:
        """Rows whose product with z is how fast the two halves of the hitch part: u - u2 ..., v - e r - ...."""
        c, s = math.cos(self.theta), math.sin(self.theta)
        far = self.trailer.centre_m
        return np.array([[1, 0, 0, -1, 0, far * s], [0, 1, -self.hitch, 0, -1, -far * c]])

    def joined(self, z: Float[np.ndarray, "6"]) -> Float[np.ndarray, "6"]:
        """Speeds after the impulses at the hitch that end its parting."""
        g, inverse = self.coupling(), np.linalg.inv(self.weights())
        return z - inverse @ g.T @ np.linalg.solve(g @ inverse @ g.T, g @ z)

    def energy(self) -> float:
        """Kinetic energy, J."""
        return float(0.5 * self.z @ self.weights() @ self.z)

    def loads(self, upright: float) -> tuple[float, float, float]:
        """Loads of the axles from the moments about the rear axles of both bodies."""
        car, tow = self.car, self.trailer
        weight = tow.mass_kg * upright
        hitch = min(max(weight * (tow.axle_m - tow.centre_m) / tow.axle_m + self.shifted, -0.2 * weight), weight)
        moments = (
            car.mass_kg * (upright * car.rear_m - car.cg_height_m * self.pushed)
            + hitch * (car.rear_m - self.hitch)
            - self.pull * tow.hitch_height_m
        )
        front = min(max(moments / car.wheelbase_m, 0.0), car.mass_kg * upright + hitch)
        return front, car.mass_kg * upright + hitch - front, weight - hitch

    def step(
        self, delta: float, drive: float, brake: float, mu: float, h: float, slope: tuple[float, float] = (0.0, 0.0)
    ) -> None:
        """One sub-step of the tyres, then the way of both bodies."""
        car, tow, before = self.car, self.trailer, self.z.copy()
        steep = 1 + slope[0] ** 2 + slope[1] ** 2
        loads = self.loads(GRAVITY / math.sqrt(steep))
        c, s = math.cos(self.theta), math.sin(self.theta)
        inverse = np.linalg.inv(self.weights())
        g = self.coupling()
        # What an impulse on free bodies does once the hitch has answered.
        held = inverse - inverse @ g.T @ np.linalg.solve(g @ inverse @ g.T, g @ inverse)
        fall = -GRAVITY / steep * np.array([slope[0], slope[1], 0, slope[0], slope[1], 0])
        pace = c * before[3] + s * before[4]
        drag = np.array([-0.5 * AIR_KGPM3 * car.drag_area_m2 * abs(before[0]) * before[0], 0, 0, 0, 0, 0])
        drag[3:5] = -0.5 * AIR_KGPM3 * tow.drag_area_m2 * abs(pace) * pace * np.array([c, s])
        z = before + h * fall + h * held @ drag
        start = z.copy()
        mass, arm = car.mass_kg + tow.mass_kg, tow.axle_m - tow.centre_m
        cd, sd = math.cos(delta), math.sin(delta)
        axles = [
            _Wheel(_row(cd, sd, car.front_m * sd, 0.0, 0.0, 0.0), _row(-sd, cd, car.front_m * cd, 0.0, 0.0, 0.0),
                   loads[0],
                   car.cornering_front_1prad, car.drive_front * drive,
                   car.brake_front * brake * car.mass_kg / mass + car.rolling * loads[0], car.antilock),
            _Wheel(_row(1.0, 0.0, 0.0, 0.0, 0.0, 0.0), _row(0.0, 1.0, -car.rear_m, 0.0, 0.0, 0.0), loads[1],
                   car.cornering_rear_1prad,
                   (1 - car.drive_front) * drive,
                   (1 - car.brake_front) * brake * car.mass_kg / mass + car.rolling * loads[1], car.antilock),
            _Wheel(_row(0.0, 0.0, 0.0, c, s, 0.0), _row(0.0, 0.0, 0.0, -s, c, -arm), loads[2], tow.cornering_1prad, 0.0,
                   min(brake / mass, tow.max_brake_mps2) * tow.mass_kg + tow.rolling * loads[2], tow.antilock),
        ]  # fmt: skip
        for sweep in range(6):
            for axle in axles:
                z = axle.act(z, held, mu, h, first=sweep == 0)
        if drive == 0 and max(np.abs(z[:3]).max(), abs(z[5])) < 1e-4:
            z = np.zeros(6)
        ahead = float(c * (z[3] - start[3]) + s * (z[4] - start[4])) / h
        towed = tow.mass_kg * ahead - axles[2].held
        self.pushed, self.pull = float(z[0] - start[0]) / h, towed * c
        self.shifted = (towed * tow.hitch_height_m - tow.mass_kg * ahead * tow.height_m) / tow.axle_m
        self._move(before, z, h)

    def _move(self, before: np.ndarray, z: np.ndarray, h: float) -> None:
        mean = 0.5 * (before + z)
        self.x += h * float(mean[0] * math.cos(self.psi) - mean[1] * math.sin(self.psi))
        self.y += h * float(mean[0] * math.sin(self.psi) + mean[1] * math.cos(self.psi))
        turn = h * float(mean[2])
        self.psi += turn
        self.theta += h * float(mean[5] - mean[2])
        c, s = math.cos(turn), math.sin(turn)
        back = np.array([[c, s], [-s, c]])
        self.z = self.joined(np.concatenate([back @ z[:2], z[2:3], back @ z[3:5], z[5:]]))


@dataclass(slots=True)
class _Wheel:
    along: np.ndarray
    across: np.ndarray
    load: float
    slope: float
    wish: float
    bound: float
    antilock: bool
    driven: float = 0.0
    held: float = 0.0
    side: float = 0.0

    def act(self, z: np.ndarray, held: np.ndarray, mu: float, h: float, first: bool) -> np.ndarray:
        """One sweep, as `reference_vehicles.Track` has it."""
        grip, stiff = mu * self.load, self.slope * self.load
        tan = abs(float(self.across @ z)) / max(abs(float(self.along @ z)), 1e-3)
        kappa = min(3 * grip / stiff, 1.0) if self.antilock and stiff > 0 else 1.0
        most = grip * kappa / math.hypot(kappa, tan) if grip > 0 else 0.0
        if first:
            self.driven = min(self.wish, most)
            z = z + h * held @ self.along * self.driven
        ease = h * float(self.along @ held @ self.along)
        bound = min(self.bound, most)
        new = self.held - float(self.along @ z) / ease
        new = min(max(new, max(-bound, -grip - self.driven)), min(bound, grip - self.driven))
        z, self.held = z + h * held @ self.along * (new - self.held), new
        tan = abs(float(self.across @ z)) / max(abs(float(self.along @ z)), 1e-3)
        ease = h * float(self.across @ held @ self.across)
        left = max(1 - ((self.driven + self.held) / grip) ** 2, 0.0) if grip > 0 else 0.0
        limit, new = grip * math.sqrt(left), 0.0
        if limit > 0:
            firm = fiala(tan, stiff, limit) / tan if tan > 1e-9 else stiff
            firm /= max(abs(float(self.along @ z)), 1e-3)
            new = -firm * (float(self.across @ z) - ease * self.side) / (1 + ease * firm)
            new = min(max(new, -limit), limit)
        z, self.side = z + h * held @ self.across * (new - self.side), new
        return z


def _row(*numbers: float) -> np.ndarray:
    return np.array(numbers)


def swing_matrix(car: Vehicle, trailer: Trailer, hitch_m: float, speed_mps: float) -> Float[np.ndarray, "4 4"]:
    """d/dt of (v, r, w, theta) at a steady speed on a straight road, for small angles: its eigenvalues tell of swing.

    m1 (v' + u r) = F_f + F_r + H, I1 r' = a F_f - b F_r - e H, m2 (v' - e r' - c w' + u r) = F_t - H,
    I2 w' = -c H - (L - c) F_t, theta' = w - r, with H the force at the hitch and F = -C alpha of the axles; Ellis,
    Vehicle Handling Dynamics (1994), chapter 4. The trailer swings by itself where an eigenvalue has a positive part.
    """
    a, b, e, far, long = car.front_m, car.rear_m, hitch_m, trailer.centre_m, trailer.axle_m
    m1, m2, u = car.mass_kg, trailer.mass_kg, speed_mps
    train = Train(car, trailer, hitch_m, 0.0, np.array([u, 0.0, 0.0, u, 0.0, 0.0]))
    front, rear, towed = train.loads(GRAVITY)
    slopes = car.cornering_front_1prad * front, car.cornering_rear_1prad * rear, trailer.cornering_1prad * towed
    # Forces of the axles from (v, r, w, theta).
    f = -slopes[0] * np.array([1, a, 0, 0]) / u
    k = -slopes[1] * np.array([1, -b, 0, 0]) / u
    t = -slopes[2] * (np.array([1, -e, -long, 0]) / u - np.array([0, 0, 0, 1.0]))
    turning = np.array([0, 1.0, 0, 0])
    # Unknowns: v', r', w', H.
    left = np.array(
        [
            [m1, 0, 0, -1],
            [0, car.yaw_inertia_kgm2, 0, e],
            [m2, -m2 * e, -m2 * far, 1],
            [0, 0, trailer.yaw_inertia_kgm2, far],
        ]
    )
    right = np.stack([f + k - m1 * u * turning, a * f - b * k, t - m2 * u * turning, -(long - far) * t])
    rates = np.linalg.solve(left, right)[:3]
    return np.concatenate([rates, [[0.0, -1.0, 1.0, 0.0]]])


def growth_of_swing(car: Vehicle, trailer: Trailer, hitch_m: float, speed_mps: float) -> float:
    """Largest real part of the eigenvalues, 1/s: negative where swing dies out."""
    return float(np.linalg.eigvals(swing_matrix(car, trailer, hitch_m, speed_mps)).real.max())
