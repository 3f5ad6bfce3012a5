"""When the logarithm of light crosses a pixel's thresholds, compiled."""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def walk(
    levels: np.ndarray, time_s: np.ndarray, rise: np.ndarray, fall: np.ndarray, refractory_s: float,
    memory: np.ndarray, first: np.ndarray, count: np.ndarray, when_s: np.ndarray, brighter: np.ndarray,
) -> None:  # fmt: skip
    """Follows every pixel through K levels (K, N) that change evenly from one to the next.

    Counts the events of each pixel in `count`; from `first[i]` on writes those of pixel i where there is room (rows
    without room, -1, are only counted). `memory` is what each pixel compares with; at the end, what it would then.
    """
    for i in range(levels.shape[1]):
        reference, last, number = memory[i], -1e30, 0
        for k in range(1, levels.shape[0]):
            a, b = levels[k - 1, i], levels[k, i]
            step = time_s[k] - time_s[k - 1]
            while (b > a and b >= reference + rise[i]) or (b < a and b <= reference - fall[i]):
                up = b > a
                reference += rise[i] if up else -fall[i]
                part = min(max((reference - a) / (b - a), 0.0), 1.0)
                moment = time_s[k - 1] + part * step
                if moment - last >= refractory_s:
                    if first[i] >= 0:
                        when_s[first[i] + number], brighter[first[i] + number] = moment, up
                    number += 1
                    last = moment
        count[i] = number
        if first[i] >= 0:
            memory[i] = reference
