"""What a sensor's clock says of its looks, and when they arrive.

    stamped = true + offset + drift 1e-6 (true - start) + what faults add
    arrived = true + max(0, latency + jitter n) + what faults add,  n standard normal, one for each look

A look that a fault loses never arrives: -1.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Int

from driving_data.draws import named_generator
from driving_data.sensors import Clock, FaultKind, SensorFault, Timing

OFFSET_S = 0.1
"""Clock error that a `TIME_OFFSET` of severity 1 means where it names neither `offset_s` nor `latency_s`."""
_NS = 1e9


def timing(
    sensor: str, clock: Clock, true_ns: Int[np.ndarray, "n"], start_ns: int, faults: Sequence[SensorFault],
    lost: Bool[np.ndarray, "n"], seed: int,
) -> Timing:  # fmt: skip
    """The record of one sensor.

    Args:
        sensor: its name.
        clock: its clock.
        true_ns: when it looked.
        start_ns: when the rollout begins, at which the clock's offset holds.
        faults: its faults; those of kind TIME_OFFSET change times. `offset_s` shifts the stamps, `latency_s` the
            arrivals; without either, the stamps go wrong by the severity times 0.1 s.
        lost: looks that never arrive.
        seed: of the jitter.
    """
    passed_s = (true_ns - start_ns) / _NS
    wrong_s = clock.offset_s + clock.drift_ppm * 1e-6 * passed_s
    normal = named_generator(seed, sensor, "jitter").standard_normal(len(true_ns))
    late_s = np.maximum(clock.latency_s + clock.jitter_s * normal, 0.0)
    for fault in faults:
        if fault.kind == FaultKind.TIME_OFFSET:
            there = np.array([fault.active(float(time)) for time in passed_s], dtype=bool)
            given = fault.parameters
            usual = 0.0 if "latency_s" in given else OFFSET_S * fault.severity
            wrong_s = wrong_s + there * float(given.get("offset_s", usual))
            late_s = late_s + there * max(float(given.get("latency_s", 0.0)), 0.0)
    arrived = true_ns + np.round(late_s * _NS).astype(np.int64)
    return Timing(
        sensor,
        true_ns.astype(np.int64),
        true_ns + np.round(wrong_s * _NS).astype(np.int64),
        np.where(lost, np.int64(-1), arrived),
    )
