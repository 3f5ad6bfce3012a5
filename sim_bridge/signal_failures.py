"""Programmes of traffic lights that fail: the nominal one, another state for a while, the nominal one again.

The controller keeps its time meanwhile, so that the light comes back where it would have been.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from driving_data.rollout import FaultSpan
from driving_data.taxonomy import SignalState
from scenarios.concrete import ConcreteScenario, SignalProgram
from scenarios.types.digital import SENSOR_FAULTS
from scenarios.types.temporary import SIGNAL_FAILURES
from sim_bridge.embedded.triggered import timed_fault

Span = tuple[SignalState, float]
_SHOWN = {
    "dark": SignalState.OFF, "flashing": SignalState.FLASHING_YELLOW, "conflicting": SignalState.GREEN,
}  # fmt: skip


def played_programs(scenario: ConcreteScenario, signal_ids: Sequence[str]) -> dict[str, SignalProgram]:
    """What each light shows in the whole scenario, failures included; of several failures the last in order wins."""
    programs = {program.signal_id: program for program in scenario.signals}
    end_s = scenario.duration_s + scenario.step_s
    for feature in scenario.features:
        if feature.kind != "signal_failures":
            continue
        values: dict[str, Any] = {name: field.default for name, field in SIGNAL_FAILURES.fields.items()}
        values |= feature.values
        for signal_id in signal_ids:
            if signal_id.startswith(str(values["signal"] or "")):
                programs[signal_id] = failed(programs.get(signal_id), signal_id, values, end_s)
    return programs


def timed_faults(scenario: ConcreteScenario) -> tuple[FaultSpan, ...]:
    """What goes wrong with sensors of the ego by the clock: the features `sensor_faults`."""
    usual = {name: field.default for name, field in SENSOR_FAULTS.fields.items()}
    return tuple(timed_fault(usual | dict(x.values)) for x in scenario.features if x.kind == "sensor_faults")


def failed(program: SignalProgram | None, signal_id: str, values: Mapping[str, Any], end_s: float) -> SignalProgram:
    """A programme with one failure, written out up to `end_s`."""
    begin = min(float(values["from"]), end_s)
    until = end_s if values["for"] is None else min(begin + float(values["for"]), end_s)
    before = list(spans(program, 0.0, begin))
    kind = str(values["kind"])
    stuck = next(spans(program, begin, begin + 1e-3))[0]
    shown = stuck if kind == "stuck" else _SHOWN[kind]
    phases = (*before, (shown, until - begin), *spans(program, until, end_s), (shown, 1.0))
    return SignalProgram(signal_id, tuple((state, length) for state, length in phases if length > 0.0))


def spans(program: SignalProgram | None, begin_s: float, end_s: float) -> Iterator[Span]:
    """What a programme shows between two moments, piece by piece."""
    if program is None:
        yield SignalState.OFF, end_s - begin_s
        return
    cycle = sum(duration for _, duration in program.phases)
    now, clock, k = begin_s, (begin_s + program.offset_s) % cycle + 1e-9, 0
    while k < len(program.phases) - 1 and clock >= program.phases[k][1]:
        clock, k = clock - program.phases[k][1], k + 1
    left = program.phases[k][1] - clock + 1e-9
    while now < end_s - 1e-9:
        length = min(left, end_s - now)
        yield program.phases[k][0], length
        now, k = now + length, (k + 1) % len(program.phases)
        left = program.phases[k][1]
