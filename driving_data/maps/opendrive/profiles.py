"""Piecewise cubic profiles along the road: elevation, bank, lane offset, widths and borders."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from driving_data.maps.opendrive.document import Cubic


def value(profile: Sequence[Cubic], s_m: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
    """The profile at `s_m`; 0 where it is empty, its first record before its first start."""
    if not profile:
        return np.zeros(len(s_m))
    ds, k = _local(profile, s_m)
    return k[:, 0] + ds * (k[:, 1] + ds * (k[:, 2] + ds * k[:, 3]))


def bend(profile: Sequence[Cubic], s_m: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
    """Magnitude of the second derivative of the profile: how much a chord may miss it."""
    if not profile:
        return np.zeros(len(s_m))
    ds, k = _local(profile, s_m)
    return np.abs(2.0 * k[:, 2] + 6.0 * k[:, 3] * ds)


def _local(profile: Sequence[Cubic], s_m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    starts = np.array([record.s for record in profile])
    table = np.array([(record.a, record.b, record.c, record.d) for record in profile])
    owner = np.clip(np.searchsorted(starts, s_m, side="right") - 1, 0, len(profile) - 1)
    return s_m - starts[owner], table[owner]
