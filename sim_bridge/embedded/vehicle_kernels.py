"""A vehicle with two axles on tyres that slip, compiled: the dynamic single-track model.

Every sub-step works in the frame in which the body stands at its beginning, so that no fictitious forces are needed;
what resists motion (brakes, rolling, tyres across) is found as the impulse that ends with the speeds after the
sub-step. Brakes therefore stop a wheel and never push it back, and tyres across become a rigid hold as the speed goes
to zero: there is no division by it. Twin: `reference_vehicles.single_track`; equations: `docs/dynamics.md`.
"""

import math

import numpy as np

from sim_bridge.embedded.compiled import scalar
from sim_bridge.embedded.layout import (
    GRAVITY,
    V_ANTILOCK,
    V_BRAKE_F,
    V_CORNER_F,
    V_CORNER_R,
    V_DRAG,
    V_DRIVE_F,
    V_FRONT,
    V_GRIP_X,
    V_GRIP_Y,
    V_HEIGHT,
    V_INERTIA,
    V_MASS,
    V_MAX_BRAKE,
    V_MAX_DRIVE,
    V_POWER,
    V_REAR,
    V_ROLLING,
    V_TRACK,
)
from sim_bridge.embedded.tyre_kernels import (
    CREEP_MPS,
    FLAT_GRIP,
    FLAT_ROLLING,
    FLAT_STIFFNESS,
    brush_force,
    burst_share,
    lateral_bound,
    longitudinal_bound,
    slope_of_slip,
)

SUBSTEP_S = 0.005
SWEEPS = 6
STANDING_MPS = 0.1
# Slower than this (m/s, rad/s) a body that nothing drives stands: what is left is the remainder of the sweeps.
STILL = 1e-4


@scalar
def axle_loads(pushed: float, slope_x: float, slope_y: float, p: np.ndarray) -> tuple[float, float]:
    """Loads of the front and the rear axle, N: the tyres' push `pushed` (m/s^2) at the road pitches the body.

    F_f = m (g_n l_r - h a) / L, F_r = m (g_n l_f + h a) / L, neither below zero, g_n across the slope.
    """
    upright = GRAVITY / math.sqrt(1.0 + slope_x * slope_x + slope_y * slope_y)
    length = p[V_FRONT] + p[V_REAR]
    front = p[V_MASS] * (upright * p[V_REAR] - p[V_HEIGHT] * pushed) / length
    front = min(max(front, 0.0), p[V_MASS] * upright)
    return front, p[V_MASS] * upright - front


@scalar
def pedals(accel: float, speed: float, resisted: float, brake_loss: float, p: np.ndarray) -> tuple[float, float]:
    """Drive force and brake force (both magnitudes, N) for a wished acceleration; `resisted` is made up for, N.

    Who asks for nothing at standstill holds the brake.
    """
    brakes = p[V_MASS] * p[V_MAX_BRAKE] * (1.0 - brake_loss)
    if accel <= 0.0 and abs(speed) < STANDING_MPS:
        return 0.0, brakes
    force = p[V_MASS] * accel + resisted
    if force >= 0.0:
        return min(force, p[V_MASS] * p[V_MAX_DRIVE], p[V_POWER] / max(abs(speed), 1.0)), 0.0
    return 0.0, min(-force, brakes)


@scalar
def single_track(
    u: float, v: float, r: float, steer: float, drive: float, brake: float, pushed: float, slope_x: float,
    slope_y: float, friction: float, flat_front: float, flat_rear: float, p: np.ndarray, h: float,
) -> tuple[float, float, float, float, float, float, float, float, float]:  # fmt: skip
    """One sub-step of forces: speeds of the centre of gravity along and across the body and yaw rate.

    All in the frame of the body at its beginning. `drive`, `brake`: forces of `pedals`; `pushed`: specific force of
    the tyres in the sub-step before; slopes: rise of the road ahead and to the left; `flat_*`: as in `layout`.
    Returns: u, v, r, pushed, then the forces of the tyres along and across front and rear wheels.
    """
    mass, inertia = p[V_MASS], p[V_INERTIA]
    load_front, load_rear = axle_loads(pushed, slope_x, slope_y, p)
    cos_f, sin_f = math.cos(steer), math.sin(steer)
    upright = 1.0 + slope_x * slope_x + slope_y * slope_y
    gear = min(max(2.0 * u, -1.0), 1.0)
    u += h * (-GRAVITY * slope_x / upright - p[V_DRAG] * abs(u) * u / mass)
    v -= h * GRAVITY * slope_y / upright
    x_front, y_front, x_rear, y_rear = 0.0, 0.0, 0.0, 0.0
    hold_front, hold_rear, drive_front, drive_rear = 0.0, 0.0, 0.0, 0.0
    for sweep in range(SWEEPS):
        for axle in range(2):
            if axle == 0:
                arm, cos, sin, load, flat = p[V_FRONT], cos_f, sin_f, load_front, flat_front
                stiffness, share, gearing = p[V_CORNER_F], p[V_BRAKE_F], p[V_DRIVE_F]
                hold, across, driven = hold_front, y_front, drive_front
            else:
                arm, cos, sin, load, flat = -p[V_REAR], 1.0, 0.0, load_rear, flat_rear
                stiffness, share, gearing = p[V_CORNER_R], 1.0 - p[V_BRAKE_F], 1.0 - p[V_DRIVE_F]
                hold, across, driven = hold_rear, y_rear, drive_rear
            loss = abs(flat)
            stiffness *= load * (1.0 - 0.5 * loss * (1.0 - FLAT_STIFFNESS))
            grip = friction * load * (1.0 - 0.5 * loss * (1.0 - FLAT_GRIP))
            wx, wy = cos * u + sin * (v + arm * r), -sin * u + cos * (v + arm * r)
            most = longitudinal_bound(slope_of_slip(wy, wx), stiffness, p[V_GRIP_X] * grip, p[V_ANTILOCK] > 0.5)
            if sweep == 0:
                driven = min(gearing * drive, most)
                u, v, r = u + h * driven * cos / mass, v + h * driven * sin / mass, r + h * driven * arm * sin / inertia
                if loss > 0.0:
                    extra = burst_share(p[V_ROLLING], FLAT_ROLLING, loss) - p[V_ROLLING]
                    side = 1.0 if flat > 0.0 else -1.0
                    r += h * gear * side * extra * load * 0.5 * p[V_TRACK] / inertia
                wx, wy = cos * u + sin * (v + arm * r), -sin * u + cos * (v + arm * r)
            # Brakes and rolling hold the wheel with at most so much.
            ease = h * (1.0 / mass + arm * arm * sin * sin / inertia)
            bound = min(share * brake + burst_share(p[V_ROLLING], FLAT_ROLLING, loss) * load, most)
            room = p[V_GRIP_X] * grip
            low, high = max(-bound, -room - driven), min(bound, room - driven)
            change = min(max(hold - wx / ease, low), high) - hold
            hold += change
            u, v = u + h * change * cos / mass, v + h * change * sin / mass
            r += h * change * arm * sin / inertia
            # The tyre across: a brush at the slip that is left once it has pushed.
            wx, wy = cos * u + sin * (v + arm * r), -sin * u + cos * (v + arm * r)
            ease = h * (1.0 / mass + arm * arm * cos * cos / inertia)
            bound = lateral_bound(driven + hold, p[V_GRIP_X] * grip, p[V_GRIP_Y] * grip)
            slip = slope_of_slip(wy, wx)
            change = -across
            if bound > 0.0:
                firm = stiffness
                if slip > 1e-9:
                    firm = brush_force(slip, stiffness, bound) / slip
                firm /= max(abs(wx), CREEP_MPS)
                wish = -firm * (wy - ease * across) / (1.0 + ease * firm)
                change = min(max(wish, -bound), bound) - across
            across += change
            u, v = u - h * change * sin / mass, v + h * change * cos / mass
            r += h * change * arm * cos / inertia
            if axle == 0:
                hold_front, y_front, drive_front = hold, across, driven
                x_front = driven + hold
            else:
                hold_rear, y_rear, drive_rear = hold, across, driven
                x_rear = driven + hold
    pushed = (cos_f * x_front - sin_f * y_front + x_rear) / mass
    if drive == 0.0 and max(abs(u), abs(v), abs(r)) < STILL:
        u, v, r = 0.0, 0.0, 0.0
    return u, v, r, pushed, x_front, y_front, x_rear, y_rear, load_front


@scalar
def drift(
    x: float, y: float, yaw: float, u0: float, v0: float, r0: float, u: float, v: float, r: float, h: float
) -> tuple[float, float, float, float, float]:
    """Moves a body over a sub-step; speeds before and after are in its old frame, those returned in its new one.

    Returns: x, y, yaw, u, v.
    """
    cos, sin = math.cos(yaw), math.sin(yaw)
    du, dv, turn = 0.5 * h * (u0 + u), 0.5 * h * (v0 + v), 0.5 * h * (r0 + r)
    x, y = x + du * cos - dv * sin, y + du * sin + dv * cos
    cos, sin = math.cos(turn), math.sin(turn)
    return x, y, yaw + turn, cos * u + sin * v, cos * v - sin * u
