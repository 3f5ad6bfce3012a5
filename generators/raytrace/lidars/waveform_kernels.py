"""The waveform of one pulse that met several surfaces, compiled: its peaks, the strongest and the last.

The waveform is the sum of Gaussian pulses of the same width at the ranges of the sub-rays. Its peaks are the fixed
points of R <- sum(a_i g_i R_i) / sum(a_i g_i), g_i = exp(-(R - R_i)^2 / (2 s^2)): climbing from every sub-ray finds
them all (mean shift: D. Comaniciu, P. Meer, IEEE PAMI 24, 603, 2002).
"""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def peaks(
    distance: np.ndarray, power: np.ndarray, sigma: float, floor: float, out_range: np.ndarray, out_power: np.ndarray,
    out_ray: np.ndarray,
) -> None:  # fmt: skip
    """Per beam (row) the strongest peak (column 0) and the last one above `floor` where it is another (column 1).

    Sub-rays of power 0 met nothing. `out_ray` is the sub-ray nearest to the peak; -1 for no peak.
    """
    rays = distance.shape[1]
    found_r, found_p = np.empty(rays), np.empty(rays)
    scale = -0.5 / (sigma * sigma)
    for b in range(distance.shape[0]):
        count = 0
        for i in range(rays):
            if power[b, i] <= 0.0:
                continue
            r = float(distance[b, i])
            value = 0.0
            for _ in range(200):
                value, moment = 0.0, 0.0
                for j in range(rays):
                    if power[b, j] > 0.0:
                        gap = r - distance[b, j]
                        g = power[b, j] * np.exp(scale * gap * gap)
                        value += g
                        moment += g * distance[b, j]
                step = moment / value - r
                r += step
                if abs(step) < 1e-6 * sigma:
                    break
            known = False
            for k in range(count):
                known = known or abs(found_r[k] - r) < 0.1 * sigma
            if not known:
                found_r[count], found_p[count] = r, value
                count += 1
        best, last = -1, -1
        for k in range(count):
            if best < 0 or found_p[k] > found_p[best]:
                best = k
        for k in range(count):
            if found_p[k] >= floor and (last < 0 or found_r[k] > found_r[last]):
                last = k
        for column in range(2):
            k = best if column == 0 else last
            out_ray[b, column] = -1
            out_power[b, column] = 0.0
            out_range[b, column] = np.inf
            if k < 0 or (column == 1 and k == best):
                continue
            near = -1
            for i in range(rays):
                if power[b, i] > 0.0 and (
                    near < 0 or abs(distance[b, i] - found_r[k]) < abs(distance[b, near] - found_r[k])
                ):
                    near = i
            out_ray[b, column] = near
            out_power[b, column] = found_p[k]
            out_range[b, column] = found_r[k]
