"""What a fault draws: once for as long as it lasts, or anew at each look."""

from dataclasses import dataclass

import numpy as np

from driving_data.draws import named_generator
from driving_data.sensors import FaultKind, SensorFault


@dataclass(frozen=True, slots=True)
class FaultDraws:
    """The draws of one fault at one look: they depend on the seed, the sensor, the fault's kind and begin, no more.

    The severity is no part of the names: the same fault made worse keeps its dirt where it was and adds to it.

    Attributes:
        seed: of the whole.
        fault: whose.
        timestamp_ns: true time of the look.
    """

    seed: int
    fault: SensorFault
    timestamp_ns: int

    def still(self, name: str = "") -> np.random.Generator:
        """What stays while the fault lasts: where the dirt sits, which pixels are dead."""
        return named_generator(self.seed, *self._names(), name)

    def now(self, name: str = "") -> np.random.Generator:
        """What is new at each look: noise."""
        return named_generator(self.seed, *self._names(), name, self.timestamp_ns)

    def _names(self) -> tuple[str, str, int]:
        return self.fault.sensor, self.fault.kind.name, round(self.fault.start_s * 1e9)


def lost_looks(
    sensor: str, faults: tuple[SensorFault, ...], times_ns: np.ndarray, start_ns: int, seed: int
) -> np.ndarray:
    """Which looks never arrive: all of them during an OUTAGE, each with the severity as chance by DROPPED_FRAMES.

    Shape (n,), bool. The luck of a look does not depend on the severity: what is lost at a low one is lost at a
    higher one.
    """
    lost = np.zeros(len(times_ns), dtype=bool)
    for fault in faults:
        if fault.kind not in (FaultKind.OUTAGE, FaultKind.DROPPED_FRAMES):
            continue
        for k, time in enumerate(times_ns.tolist()):
            if not fault.active((time - start_ns) * 1e-9):
                continue
            if fault.kind == FaultKind.OUTAGE:
                lost[k] |= fault.severity > 0.0
            else:
                lost[k] |= named_generator(seed, sensor, "loss", time).random() < fault.severity
    return lost
