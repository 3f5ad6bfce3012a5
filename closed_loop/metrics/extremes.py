"""Greatest and least values of a drive with their moments, and the moments that count: those before a contact."""

import numpy as np

from closed_loop.metrics.collision import contacts
from closed_loop.metrics.definition import MetricValue
from closed_loop.metrics.drive import Drive


def counted(drive: Drive) -> slice:
    """The moments before the first contact: what follows is aftermath."""
    found = contacts(drive)
    return slice(0, max(found[0].step, 1)) if found else slice(None)


def least(drive: Drive, values: np.ndarray, cap: float, unit: str = "") -> MetricValue:
    """The least value, or the cap where none is under it; the unit stands in the reason."""
    step = int(np.argmin(values))
    if not values[step] < cap:
        return MetricValue(cap, reason=f"never under {cap:g}{unit}")
    return MetricValue(float(values[step]), at_s=float(drive.time_s[step]))


def most(drive: Drive, values: np.ndarray, cap: float) -> MetricValue:
    """The greatest value, at most the cap."""
    step = int(np.argmax(values))
    return MetricValue(float(min(values[step], cap)), at_s=float(drive.time_s[step]))
