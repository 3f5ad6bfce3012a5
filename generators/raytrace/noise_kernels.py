"""Lattice noise, compiled: the grain of every procedural surface and of the clouds."""

from numba import njit

_MASK = 0xFFFFFFFF


@njit(cache=True, nogil=True)
def hashed(x: int, y: int, salt: int) -> float:
    """A number in [0, 1) that depends on two integers and a salt alone."""
    h = (x * 374761393 + y * 668265263 + salt * 974711 + 12345) & _MASK
    h = ((h ^ (h >> 13)) * 1274126177) & _MASK
    h = ((h ^ (h >> 15)) * 2246822519) & _MASK
    return (h ^ (h >> 16)) / 4294967296.0


@njit(cache=True, nogil=True)
def floor(x: float) -> int:
    """Largest integer not above x."""
    i = int(x)
    return i - 1 if x < i else i


@njit(cache=True, nogil=True)
def smooth(low: float, high: float, x: float) -> float:
    """Smooth step: 0 below `low`, 1 above `high`."""
    t = (x - low) / (high - low)
    t = 0.0 if t < 0.0 else (1.0 if t > 1.0 else t)
    return t * t * (3.0 - 2.0 * t)


@njit(cache=True, nogil=True)
def noise(x: float, y: float, salt: int) -> float:
    """Value noise in [0, 1): smooth between random values on the unit grid."""
    i, j = floor(x), floor(y)
    a, b = x - i, y - j
    a, b = a * a * (3.0 - 2.0 * a), b * b * (3.0 - 2.0 * b)
    low = hashed(i, j, salt) * (1.0 - a) + hashed(i + 1, j, salt) * a
    high = hashed(i, j + 1, salt) * (1.0 - a) + hashed(i + 1, j + 1, salt) * a
    return low * (1.0 - b) + high * b


@njit(cache=True, nogil=True)
def fractal(x: float, y: float, octaves: int, footprint: float, salt: int) -> float:
    """Sum of octaves of noise, mean 0, about -0.5 to 0.5; octaves finer than `footprint` fade out.

    `footprint` is the width of a pixel in the units of x and y: what is finer would flicker.
    """
    total, weight, norm, width = 0.0, 1.0, 0.0, footprint
    for octave in range(octaves):
        norm += weight
        if width < 1.0:
            fade = 1.0 - smooth(0.3, 1.0, width)
            total += weight * fade * (noise(x, y, salt + 17 * octave) - 0.5)
        x, y, width, weight = x * 2.03 + 11.3, y * 2.03 - 7.1, width * 2.03, weight * 0.55
    return total / norm
