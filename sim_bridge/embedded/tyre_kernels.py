"""Tyres, compiled: what an axle can do to the road at its slip. Twins in `reference_vehicles.py`."""

import math

from sim_bridge.embedded.compiled import scalar

# Slip speeds are divided by at least this; below it a tyre holds its place like a brush that does not move.
CREEP_MPS = 1e-3
COASTING_MPS2 = 0.4
# A flat tyre: its rolling resistance, and what is left of its cornering stiffness and grip. Chosen within what tests
# with deflated tyres report (Blythe, Day, Grimes, SAE 980221: resistance tens of times, stiffness a third).
FLAT_ROLLING, FLAT_STIFFNESS, FLAT_GRIP = 0.2, 0.3, 0.6


@scalar
def brush_force(slip: float, stiffness: float, bound: float) -> float:
    """Size of the lateral force of a brush tyre at `slip` = |tan alpha|, N; `bound` is all that it can do.

    F = C t - (C t)^2 / (3 B) + (C t)^3 / (27 B^2), and B once it slides (t >= 3 B / C). Fiala (1954) as in Pacejka,
    Tyre and Vehicle Dynamics (2012), section 3.2; under a longitudinal force the bound shrinks (`lateral_bound`).
    """
    wish = stiffness * slip
    if wish >= 3.0 * bound:
        return bound
    share = wish / bound
    return wish * (1.0 - share / 3.0 + share * share / 27.0)


@scalar
def slope_of_slip(across: float, along: float) -> float:
    """|tan alpha| of a wheel whose contact moves at these speeds across and along it."""
    return abs(across) / max(abs(along), CREEP_MPS)


@scalar
def longitudinal_bound(slip: float, stiffness: float, grip: float, antilock: bool) -> float:
    """Largest drive or brake force of an axle whose tyres also slip sideways, N; `grip` is friction times load.

    At the limit the force points against the slip (kappa, tan alpha). With anti-lock brakes and traction control the
    wheel is held at the slip kappa = 3 grip / C at which the brush slides; without them it locks, kappa = 1.
    """
    if grip <= 0.0:
        return 0.0
    kappa = min(3.0 * grip / stiffness, 1.0) if antilock else 1.0
    return grip * kappa / math.sqrt(kappa * kappa + slip * slip)


@scalar
def lateral_bound(along: float, grip_along: float, grip_across: float) -> float:
    """What the friction ellipse leaves across a wheel that pushes `along`, N."""
    if grip_along <= 0.0:
        return 0.0
    used = along / grip_along
    return grip_across * math.sqrt(max(1.0 - used * used, 0.0))


@scalar
def within_grip(accel: float, across: float, grip: float, brake_loss: float) -> float:
    """What a vehicle on a path gets of an acceleration, m/s^2: inside the friction circle, with the brakes it has.

    |a| <= sqrt(grip^2 - across^2); a bend that takes all leaves a tenth, with which a driver gets out of it. Without
    brakes the engine and the resistances still slow it (`COASTING_MPS2`).
    """
    room = math.sqrt(max(grip * grip - across * across, 0.01 * grip * grip))
    least = -min(room, (1.0 - brake_loss) * room + COASTING_MPS2 * brake_loss)
    return min(max(accel, least), room)


@scalar
def burst_share(rolling: float, burst_rolling: float, loss: float) -> float:
    """Rolling resistance coefficient of an axle one of whose two tyres has lost the share `loss` of itself."""
    return rolling + 0.5 * loss * (burst_rolling - rolling)
