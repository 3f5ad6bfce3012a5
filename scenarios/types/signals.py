"""Programmes of traffic lights, by approach (`main`, `from_left`, ...) or by the id of a light."""

from collections.abc import Iterable

from driving_data.taxonomy import SignalState
from scenarios.concrete import SignalProgram
from scenarios.leaf import IllTyped, Leaf, make_leaf
from scenarios.types.fields import Field, Get, Given, as_values
from scenarios.types.lookup import known
from scenarios.units import TIME

STATES = tuple(state.name.lower() for state in SignalState if state is not SignalState.UNKNOWN)
OFFSET = Field(TIME, "how far into the cycle time zero is", 0.0, 0.0, 3600.0)
PHASE = Field(TIME, "duration of the phase", None, 0.1, 3600.0)
STEADY_S = 3600.0


def signal(approach: str, phases: Iterable[tuple[str, Given]], offset: Given | None = None) -> Leaf:
    """A programme: states and durations in order, repeated for ever.

    Raises:
        IllTyped: there are no phases, or a state or duration does not fit.
    """
    listed = list(phases)
    if not listed:
        raise IllTyped(f"the signal {approach} has no phases")
    values = as_values(f"signal {approach}", {"offset": OFFSET}, {"offset": offset})
    for i, (state, duration) in enumerate(listed):
        name = phase_name(i, known("signal state", state, STATES))
        values |= as_values(f"signal {approach}", {name: PHASE}, {name: duration})
    return make_leaf("signals", approach, values=values)


def phase_name(index: int, state: str) -> str:
    """Name of a phase among the leaf's values; sorting keeps the order."""
    return f"{index:02d}_{state}"


def build_programs(leaf: Leaf, ids: Iterable[str], get: Get) -> list[SignalProgram]:
    """The programme of each light of an approach, numbers fixed."""
    values = {name: get(leaf.path_of(name)) for name, _ in leaf.values}
    phases = tuple((SignalState[name[3:].upper()], float(values[name])) for name in sorted(values) if name != "offset")
    return [SignalProgram(light, phases, float(values.get("offset", 0.0))) for light in ids]
