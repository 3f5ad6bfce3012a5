"""How lenses bend: the distance from the image's centre as a polynomial of where the light comes from, and back.

Lengths here are in focal lengths. A pinhole with Brown's distortion (Brown, Photogrammetric Engineering 37, 855, 1971;
the order of the numbers is OpenCV's) has r_d = r (1 + k1 r^2 + k2 r^4 + k3 r^6) of r = tan(angle) and two tangential
terms p1, p2. Kannala and Brandt (IEEE PAMI 28, 1335, 2006) have r_d = t (1 + k1 t^2 + k2 t^4 + k3 t^6 + k4 t^8) of the
angle t itself, which goes beyond a right angle; the f-theta lens has r_d = a1 t + a2 t^2 + ... A formula holds as far
as it rises: beyond its first maximum it would fold the world back into the picture, so there the lens sees nothing.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from driving_data.errors import Fault, InputError, nearest_name
from driving_data.sensors import CameraModel

_TABLE = 4096
_POLISH = 8
_STEEP = 50.0  # tangent of nearly a right angle: as far as a pinhole is asked for
_FIELD = 0.999999  # what is held at the edge of the field stays just inside it
MODELS = ("pinhole", "fisheye", "f_theta")


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """The radial part of a lens.

    Attributes:
        coefficients: of 1, s, s^2, ... in the distance from the centre, s the angle or, for a pinhole, its tangent.
        limit: the largest s that the lens sees.
        by_angle: whether s is the angle.
    """

    coefficients: Float[np.ndarray, "n"]
    limit: float
    by_angle: bool

    def distance(self, s: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
        """Distance from the centre of the image."""
        return np.asarray(np.polynomial.polynomial.polyval(s, self.coefficients))

    def inverse(self, distance: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
        """The s that is seen at a distance; NaN beyond the field. Error: below 1e-12 relative to the distance."""
        top = float(self.distance(np.array(self.limit)))
        table = np.linspace(0.0, self.limit, _TABLE) if self.by_angle else np.tan(
            np.linspace(0.0, np.arctan(self.limit), _TABLE)
        )  # fmt: skip
        s = np.interp(distance, self.distance(table), table)
        slope = np.polynomial.polynomial.polyder(self.coefficients)
        for _ in range(_POLISH):
            rise = np.polynomial.polynomial.polyval(s, slope)
            s = s - (self.distance(s) - distance) / np.where(np.abs(rise) < 1e-9, 1e-9, rise)
            s = np.clip(s, 0.0, self.limit)
        return np.where(distance <= top, s, np.nan)


def profile(camera: CameraModel) -> Profile:
    """The radial part of a camera's lens.

    Raises:
        InputError: the model has no such name.
    """
    numbers = np.array(camera.distortion, dtype=np.float64)
    if camera.model == "f_theta":
        coefficients = np.concatenate([[0.0], numbers if len(numbers) else [1.0]])
    elif camera.model in ("pinhole", "fisheye"):
        radial = numbers[:4] if camera.model == "fisheye" else np.array(_five(camera))[[0, 1, 4]]
        coefficients = np.zeros(2 + 2 * len(radial))
        coefficients[1], coefficients[3::2] = 1.0, radial
    else:
        raise InputError(
            [
                Fault("", 0, 0, f"cameras.{camera.name}.model", "unknown-name", repr(camera.model),
                      "one of " + ", ".join(MODELS), nearest_name(camera.model, MODELS))
            ]
        )  # fmt: skip
    by_angle = camera.model != "pinhole"
    asked = camera.max_angle_rad if camera.max_angle_rad > 0.0 else np.pi
    reach = asked if by_angle else (np.tan(asked) if asked < np.arctan(_STEEP) else _STEEP)
    return Profile(coefficients, float(min(reach, _first_maximum(coefficients))), by_angle)


def _five(camera: CameraModel) -> tuple[float, ...]:
    """k1, k2, p1, p2, k3."""
    return (*camera.distortion, *(0.0,) * (5 - len(camera.distortion)))[:5]


def _first_maximum(coefficients: Float[np.ndarray, "n"]) -> float:
    roots = np.roots(np.polynomial.polynomial.polyder(coefficients)[::-1])
    real = roots.real[(np.abs(roots.imag) < 1e-9) & (roots.real > 1e-9)]
    return float(real.min()) if len(real) else np.inf


def bend(camera: CameraModel, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Brown's distortion of straight image points, in focal lengths."""
    k1, k2, p1, p2, k3 = _five(camera)
    square = x * x + y * y
    radial = 1.0 + square * (k1 + square * (k2 + square * k3))
    return (
        x * radial + 2.0 * p1 * x * y + p2 * (square + 2.0 * x * x),
        y * radial + p1 * (square + 2.0 * y * y) + 2.0 * p2 * x * y,
    )


def straighten(camera: CameraModel, seen_x: np.ndarray, seen_y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The straight image points that Brown's distortion brings to the given ones; NaN beyond the field.

    The radial part is undone first, from a table; Newton's method in two dimensions then adds the tangential one.
    """
    lens = profile(camera)
    if not any(camera.distortion):
        seen = np.hypot(seen_x, seen_y) <= lens.limit
        return np.where(seen, seen_x, np.nan), np.where(seen, seen_y, np.nan)
    k1, k2, p1, p2, k3 = _five(camera)
    seen = np.hypot(seen_x, seen_y)
    ratio = np.where(seen > 1e-12, lens.inverse(seen) / np.where(seen > 1e-12, seen, 1.0), 1.0)
    # Tangential terms may bring in what the radial part alone would not: begin at the edge of the field there.
    edge = lens.limit / np.where(seen > 1e-12, seen, 1.0)
    start = np.where(np.isnan(ratio), edge, ratio)
    x, y = seen_x * start, seen_y * start
    if p1 == 0.0 and p2 == 0.0:
        return np.where(np.isnan(ratio), np.nan, x), np.where(np.isnan(ratio), np.nan, y)
    for _ in range(_POLISH):
        bent_x, bent_y = bend(camera, x, y)
        square = x * x + y * y
        radial = 1.0 + square * (k1 + square * (k2 + square * k3))
        slope = 2.0 * (k1 + square * (2.0 * k2 + square * 3.0 * k3))
        xx = radial + x * x * slope + 2.0 * p1 * y + 6.0 * p2 * x
        yy = radial + y * y * slope + 6.0 * p1 * y + 2.0 * p2 * x
        xy = x * y * slope + 2.0 * p1 * x + 2.0 * p2 * y
        determinant = xx * yy - xy * xy
        determinant = np.where(np.abs(determinant) < 1e-3, 1e-3, determinant)
        off_x, off_y = seen_x - bent_x, seen_y - bent_y
        x, y = x + (yy * off_x - xy * off_y) / determinant, y + (xx * off_y - xy * off_x) / determinant
    bent_x, bent_y = bend(camera, x, y)
    good = (np.hypot(bent_x - seen_x, bent_y - seen_y) < 1e-9) & (np.hypot(x, y) <= lens.limit)
    return np.where(good, x, np.nan), np.where(good, y, np.nan)


def within_field(
    camera: CameraModel, points_m: Float[np.ndarray, "*n 3"]
) -> tuple[Float[np.ndarray, "*n 3"], Bool[np.ndarray, "*n"]]:
    """Points (in front of a pinhole) moved to the edge of the lens's field if beyond it, and whether they were inside.

    A moved point keeps its side of the axis, so that what is seen of it is cut where the field ends.
    """
    lens = profile(camera)
    x, y, z = np.moveaxis(points_m, -1, 0)
    flat = np.hypot(x, y)
    s = np.arctan2(flat, z) if lens.by_angle else flat / np.where(z > 0.0, z, 1.0)
    inside = (s <= lens.limit) & ((z > 0.0) | lens.by_angle)
    held = lens.limit * _FIELD
    unit_x = np.where(flat > 1e-12, x / np.where(flat > 1e-12, flat, 1.0), 1.0)
    unit_y = np.where(flat > 1e-12, y / np.where(flat > 1e-12, flat, 1.0), 0.0)
    sine, cosine = (np.sin(held), np.cos(held)) if lens.by_angle else (held, 1.0)
    size = np.sqrt(flat * flat + z * z) if lens.by_angle else np.where(z > 0.0, z, 1.0)
    moved = np.stack([size * sine * unit_x, size * sine * unit_y, size * cosine], axis=-1)
    return np.where(inside[..., None], points_m, moved), np.asarray(inside)
