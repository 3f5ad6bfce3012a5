"""The reference line: plan-view pieces of every kind, evaluated at many s at once.

Formulae: ASAM OpenDRIVE 1.7, section 7 (road reference line). A spiral is integrated with 12-point Gauss-Legendre
quadrature over at most 1 rad of turning at a time: exact to rounding, also where Fresnel integrals cancel (a spiral
that is almost an arc).
"""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from driving_data.maps.opendrive.document import Arc, Geometry, Line, ParamPoly3, Poly3, Shape, Spiral

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)


def local_pose(
    shape: Shape, length_m: float, s_m: Float[np.ndarray, "n"]
) -> tuple[Float[np.ndarray, "n"], Float[np.ndarray, "n"], Float[np.ndarray, "n"], Float[np.ndarray, "n"]]:
    """u, v, heading and curvature at distances from the start of a piece, in the frame of its start.

    `paramPoly3` with a parameter range over arc length takes s as its parameter, as the format defines it.
    """
    if isinstance(shape, Line):
        zero = np.zeros_like(s_m)
        return s_m.copy(), zero, zero.copy(), zero.copy()
    if isinstance(shape, Arc):
        return _spiral(shape.curvature, 0.0, s_m)
    if isinstance(shape, Spiral):
        return _spiral(shape.curv_start, (shape.curv_end - shape.curv_start) / length_m, s_m)
    if isinstance(shape, ParamPoly3):
        return _param_poly3(shape, length_m, s_m)
    return _poly3(shape, s_m)


def _spiral(curvature: float, slope: float, s: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    heading = s * (curvature + 0.5 * slope * s)
    bend = curvature + slope * s
    if abs(slope) < 1e-14 and abs(curvature) > 1e-9:
        return np.sin(heading) / curvature, 2.0 * np.sin(0.5 * heading) ** 2 / curvature, heading, bend
    reach = float(np.max(np.abs(s), initial=0.0))
    turning = reach * (abs(curvature) + 0.5 * abs(slope) * reach)
    parts = max(1, math.ceil(turning))
    edges = np.arange(parts) / parts
    fractions = (edges[:, None] + 0.5 * (_NODES + 1.0) / parts).ravel()
    weights = np.tile(0.5 * _WEIGHTS / parts, parts)
    at = s[:, None] * fractions
    angle = at * (curvature + 0.5 * slope * at)
    return s * (np.cos(angle) @ weights), s * (np.sin(angle) @ weights), heading, bend


def _param_poly3(
    shape: ParamPoly3, length_m: float, s: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    p = s / length_m if shape.normalized else s
    u, du, ddu = _cubic(shape.u, p)
    v, dv, ddv = _cubic(shape.v, p)
    speed = np.maximum(np.hypot(du, dv), 1e-12)
    return u, v, _unwrapped_heading(du, dv), (du * ddv - dv * ddu) / speed**3


def _poly3(shape: Poly3, s: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Walks u to arc length s by Newton's method on the length of the curve, which Gauss-Legendre integrates."""
    coefficients = (shape.a, shape.b, shape.c, shape.d)
    u = s / math.hypot(1.0, shape.b)
    for _ in range(20):
        at = u[:, None] * 0.5 * (_NODES + 1.0)
        slope = _cubic(coefficients, at)[1]
        travelled = u * (np.sqrt(1.0 + slope * slope) @ (0.5 * _WEIGHTS))
        step = (s - travelled) / np.sqrt(1.0 + _cubic(coefficients, u)[1] ** 2)
        u = u + step
        if np.max(np.abs(step), initial=0.0) < 1e-12:
            break
    v, dv, ddv = _cubic(coefficients, u)
    return u, v, np.arctan(dv), ddv / (1.0 + dv * dv) ** 1.5


def _cubic(k: tuple[float, float, float, float], p: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    value = k[0] + p * (k[1] + p * (k[2] + p * k[3]))
    return value, k[1] + p * (2.0 * k[2] + p * 3.0 * k[3]), 2.0 * k[2] + 6.0 * k[3] * p


def _unwrapped_heading(du: np.ndarray, dv: np.ndarray) -> np.ndarray:
    heading = np.arctan2(dv, du)
    return np.unwrap(heading) if len(heading) else heading


def reference_line(
    geometry: Sequence[Geometry], s_m: Float[np.ndarray, "n"]
) -> tuple[Float[np.ndarray, "n 2"], Float[np.ndarray, "n"], Float[np.ndarray, "n"]]:
    """Points, heading and curvature of the reference line at s of the road (ascending); straight beyond its ends."""
    starts = np.array([piece.s for piece in geometry])
    owner = np.clip(np.searchsorted(starts, s_m, side="right") - 1, 0, len(geometry) - 1)
    points, heading, curvature = np.zeros((len(s_m), 2)), np.zeros(len(s_m)), np.zeros(len(s_m))
    for k in np.unique(owner):
        piece, mask = geometry[k], owner == k
        ds = s_m[mask] - piece.s
        inside = np.clip(ds, 0.0, piece.length)
        u, v, turn, bend = local_pose(piece.shape, piece.length, inside)
        beyond = ds - inside
        u, v = u + beyond * np.cos(turn), v + beyond * np.sin(turn)
        cos, sin = math.cos(piece.hdg), math.sin(piece.hdg)
        points[mask] = np.stack([piece.x + u * cos - v * sin, piece.y + u * sin + v * cos], axis=-1)
        heading[mask], curvature[mask] = piece.hdg + turn, bend
    return points, heading, curvature


def end_pose(piece: Geometry) -> tuple[float, float, float]:
    """x, y and heading at the end of a piece."""
    u, v, turn, _ = local_pose(piece.shape, piece.length, np.array([piece.length]))
    cos, sin = math.cos(piece.hdg), math.sin(piece.hdg)
    return (
        piece.x + float(u[0]) * cos - float(v[0]) * sin,
        piece.y + float(u[0]) * sin + float(v[0]) * cos,
        piece.hdg + float(turn[0]),
    )
