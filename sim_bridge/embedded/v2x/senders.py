"""When stations speak, and what they say of themselves.

`bsm` (SAE J2735, J2945/1): one message per period, each station with a phase of its own. `cam` (ETSI EN 302 637-2,
6.1.3): looked at every 100 ms; sent when the heading has changed by more than 4 degrees, the position by more than
4 m or the speed by more than 0.5 m/s since the last one, else after the interval that the last such change had, for
three messages, then every second. People and cyclists do likewise, at most every 5 s (VAM, ETSI TS 103 300-3). In
both, messages are never nearer than the load of the channel allows.
"""

import math
from dataclasses import dataclass

from driving_data.messages import UserState
from driving_data.rollout import Actors
from driving_data.taxonomy import VULNERABLE
from sim_bridge.embedded.moments import Moment

CHECK_NS, SLOWEST_NS, SLOWEST_PERSON_NS = 100_000_000, 1_000_000_000, 5_000_000_000
TURNED_RAD, MOVED_M, FASTER_MPS, REPEATS = math.radians(4.0), 4.0, 0.5, 3


@dataclass(frozen=True, slots=True)
class Sent:
    """What a triggered station remembers: its last message, the interval that it keeps, how often it kept it."""

    time_ns: int
    state: UserState
    interval_ns: int
    kept: int


def triggered(last: Sent | None, time_ns: int, state: UserState, least_gap_ns: int) -> Sent | None:
    """What a station remembers if it sends now, by the rules of CAM; None where it is silent."""
    slowest = SLOWEST_PERSON_NS if state.user_class in VULNERABLE else SLOWEST_NS
    if last is None:
        return Sent(time_ns, state, slowest, 0)
    elapsed = time_ns - last.time_ns
    if elapsed < max(CHECK_NS, least_gap_ns):
        return None
    if _changed(last.state, state):
        return Sent(time_ns, state, min(elapsed, slowest), 0)
    if elapsed < last.interval_ns:
        return None
    kept = last.kept + 1
    return Sent(time_ns, state, slowest if kept >= REPEATS else last.interval_ns, kept)


def _changed(old: UserState, new: UserState) -> bool:
    turned = abs(math.remainder(new.heading_rad - old.heading_rad, 2.0 * math.pi))
    moved = math.dist(old.position_m[:2], new.position_m[:2])
    return turned > TURNED_RAD or moved > MOVED_M or abs(new.speed_mps - old.speed_mps) > FASTER_MPS


def state_between(actors: Actors, i: int, before: Moment, now: Moment, time_ns: int) -> UserState:
    """What actor `i` says of itself at a moment between two steps, both of which know it; linear in time."""
    share = (time_ns - before.time_ns) / (now.time_ns - before.time_ns)

    def mixed(old: float, new: float) -> float:
        return float(old + share * (new - old))

    ground = [mixed(before.ground_m[i, k], now.ground_m[i, k]) for k in range(3)]
    length, width, height = (float(size) for size in actors.size_m[i])
    turn = math.remainder(float(now.yaw_rad[i] - before.yaw_rad[i]), 2.0 * math.pi)
    return UserState(
        user_class=actors.kind_of(i),
        position_m=(ground[0], ground[1], ground[2] + 0.5 * height),
        heading_rad=math.remainder(float(before.yaw_rad[i]) + share * turn, 2.0 * math.pi),
        speed_mps=mixed(before.speed_mps[i], now.speed_mps[i]),
        acceleration_mps2=mixed(before.acceleration_mps2[i], now.acceleration_mps2[i]),
        yaw_rate_radps=mixed(before.yaw_rate_radps[i], now.yaw_rate_radps[i]),
        size_m=(length, width, height),
        brakes=bool(now.braking[i]),
    )


def due_times_ns(phase_ns: int, period_ns: int, after_ns: int, until_ns: int) -> list[int]:
    """Moments `phase + n period` with n >= 0 in (after, until]."""
    first = max(0, -(-(after_ns + 1 - phase_ns) // period_ns))
    return list(range(phase_ns + first * period_ns, until_ns + 1, period_ns))
