"""What traffic lights will show: time to the next change from their real programmes."""

from driving_data.messages import SignalTiming
from driving_data.taxonomy import SignalState
from scenarios.concrete import SignalProgram

EPSILON_S = 1e-9


def timing(
    signal_id: str, lane_ids: tuple[str, ...], program: SignalProgram | None, time_s: float, shown: SignalState
) -> SignalTiming:
    """What a light shows at `time_s` and when that ends.

    Phases that follow one another with the same state are one. Where the light shows something else than its
    programme says (it has failed), or has none, nothing is foretold.
    """
    if program is None:
        return SignalTiming(signal_id, lane_ids, shown)
    phases = program.phases
    cycle = sum(duration for _, duration in phases)
    clock = (time_s + program.offset_s) % cycle + EPSILON_S
    index = 0
    while index < len(phases) - 1 and clock >= phases[index][1]:
        clock -= phases[index][1]
        index += 1
    state = phases[index][0]
    if state is not shown:
        return SignalTiming(signal_id, lane_ids, shown)
    left = phases[index][1] - clock + EPSILON_S
    for ahead in range(1, len(phases)):
        following, duration = phases[(index + ahead) % len(phases)]
        if following is not state:
            return SignalTiming(signal_id, lane_ids, state, max(left, 0.0), following)
        left += duration
    return SignalTiming(signal_id, lane_ids, state)
