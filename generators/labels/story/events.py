"""What happened, with beginning and end: detectors over a rollout, each with a statement that says the same.

| kind | definition |
|---|---|
| hard_braking | deceleration of 3.4 m/s^2 or more (AASHTO Green Book: what most drivers hold for comfortable at most) |
| braking | 1 m/s^2 or more for 0.5 s, without reaching 3.4 |
| stop, start | falls below 0.3 m/s from 1.5 m/s or more, and the reverse; held for 0.5 s |
| lane_change | the centre crosses into a neighbouring lane and stays for 1 s |
| cut_in | a lane change that ends ahead of another in its lane with less than 2 s of headway |
| cut_out | the one ahead, with less than 3 s of headway, leaves the lane |
| turn | heading changes by 45 degrees or more at 0.05 rad/s or more, in a junction where the map has one, unhurt |
| crossing | one moves across the ego's way (`crossing_path`) for 0.3 s or more within 60 m, and comes onto the road |
| yielding | the ego brakes (1 m/s^2) while someone crosses its path, and does not hit them |
| overtaking | from behind to ahead of another that moves the same way at 1 m/s or more, beside it within 6 m |
| hesitation, door_open, hand_signal | as the modes of the log say |
| signal_change | a light that controls the ego changes |
| collision, tyre_burst, brake_failure, steering_failure | as the log's events say |
| near_miss | time to collision with the ego below 1.5 s (van der Horst and Hogema 1993), and no collision of the two |
| work_zone_entry | the ego comes within 5 m of the hull of three or more devices |
| warning | the first radio warning of a cause by a sender |
| debris | something lies on the road ahead of the ego within 60 m, or falls onto it |
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool

from driving_data.messages import Hazard
from driving_data.taxonomy import PEDESTRIANS, TWO_WHEELERS, VEHICLES, ActorClass, ActorMode, SignalState
from generators.labels.predicates import FUNCTIONS, View
from generators.labels.predicates.grammar import quoted

NEAR_M = 60.0
HARD_MPS2, SOFT_MPS2 = 3.4, 1.0
MOVES_MPS, STANDS_MPS = 1.5, 0.3
CUT_IN_S, CUT_OUT_S = 2.0, 3.0
TURN_RAD, YAW_RATE_RADPS = np.radians(45.0), 0.05
NEAR_MISS_S = 1.5
AROUND_S = 1.5
HAND_SIGNS = (ActorMode.SIGN_STOP, ActorMode.SIGN_SLOW, ActorMode.WAVE_ON, ActorMode.DIRECT_LEFT,
              ActorMode.DIRECT_RIGHT)  # fmt: skip
_MOVERS = VEHICLES | TWO_WHEELERS
_CROSSERS = PEDESTRIANS | {ActorClass.ANIMAL, ActorClass.BICYCLE, ActorClass.E_SCOOTER}


@dataclass(frozen=True, slots=True)
class Happening:
    """An event of a drive.

    Attributes:
        kind: as in the table.
        first: index of its first moment.
        last: index of its last moment.
        actors: who takes part, the one who acts first.
        claim: statement that holds over its span.
        core: statement that holds when it begins; for the order of events.
        values: quantities, by name with unit.
        words: further words for the sentence, as 'side': 'left'.
    """

    kind: str
    first: int
    last: int
    actors: tuple[str, ...]
    claim: str
    core: str
    values: Mapping[str, float] = field(default_factory=lambda: {})
    words: Mapping[str, str] = field(default_factory=lambda: {})

    def start_ns(self, view: View) -> int:
        """First moment."""
        return int(view.rollout.timestamps_ns[self.first])

    def end_ns(self, view: View) -> int:
        """Last moment."""
        return int(view.rollout.timestamps_ns[self.last])


def happenings(view: View) -> tuple[Happening, ...]:
    """Every event near the ego, by beginning."""
    near = near_actors(view)
    movers = [a for a in near if view.kind(a) in _MOVERS and not view.is_static(a)]
    found = [
        *(h for a in movers for h in _speeds(view, a)),
        *(h for a in movers for h in _turns(view, a)),
        *(h for a in movers for h in _lane_changes(view, a, movers)),
        *(h for a in movers for b in movers if a != b for h in _overtaking(view, a, b)),
        *(h for a in near if a != view.ego for h in _crossing(view, a)),
        *(h for a in near if a != view.ego for h in _near_miss(view, a)),
        *(h for a in near for h in _modes(view, a)),
        *_signals(view), *_logged(view), *_work_zone(view), *_warnings(view),
        *(h for a in near if view.kind(a) is ActorClass.DEBRIS for h in _debris(view, a)),
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda h: (h.first, h.kind, h.actors)))


def near_actors(view: View) -> tuple[str, ...]:
    """The ego and everybody who comes within 60 m of it."""
    apart = np.linalg.norm(view.center_m - view.center_m[:, [view.rollout.ego_index]], axis=-1)
    least = np.where(np.isnan(apart), np.inf, apart).min(axis=0)
    return tuple(name for name, distance in zip(view.ids, least, strict=True) if distance <= NEAR_M)


def value(view: View, name: str, *arguments: str) -> np.ndarray:
    """Values of a function of the language."""
    return FUNCTIONS[name].values(view, arguments)


def runs(mask: Bool[np.ndarray, "T"], shortest: int = 1, bridge: int = 0) -> list[tuple[int, int]]:
    """First and last index of each run of true; runs that fewer than `bridge` false ones part are one."""
    edges = np.diff(np.concatenate([[0], mask.astype(int), [0]]))
    found: list[tuple[int, int]] = []
    for start, stop in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
        if found and start - found[-1][1] - 1 < bridge:
            found[-1] = (found[-1][0], int(stop) - 1)
        else:
            found.append((int(start), int(stop) - 1))
    return [run for run in found if run[1] - run[0] + 1 >= shortest]


def steps(view: View, seconds: float) -> int:
    """Moments in a time, one at least."""
    if len(view.seconds) < 2:
        return 1
    return max(round(seconds / float(view.seconds[1] - view.seconds[0])), 1)


def between(text: str, number: float, tolerance: float, unit: str) -> str:
    """A statement that a quantity is about a number."""
    return f"{text} >= {number - tolerance:g} {unit} and {text} <= {number + tolerance:g} {unit}"


def _speeds(view: View, a: str) -> Iterator[Happening]:
    name, speed, here = quoted(a), view.speed(a), view.here(a)
    acceleration = np.where(here, value(view, "acceleration", a), 0.0)
    for first, last in runs(acceleration <= -SOFT_MPS2, steps(view, 0.3), steps(view, 0.3)):
        last = min(last + 1, len(speed) - 1) if here[min(last + 1, len(speed) - 1)] else last
        hard = bool((acceleration[first : last + 1] <= -HARD_MPS2).any())
        if not hard and last - first < steps(view, 0.5):
            continue
        before, after = 3.6 * float(speed[first]), 3.6 * float(speed[last])
        limit = HARD_MPS2 if hard else SOFT_MPS2
        claim = f"eventually acceleration({name}) <= {-limit:g} m/s2 and " + between(
            f"speed({name})", float(round(before)), 1.0, "km/h")  # fmt: skip
        claim += f" and finally ({between(f'speed({name})', float(round(after)), 1.0, 'km/h')})"
        yield Happening("hard_braking" if hard else "braking", first, last, (a,), claim, f"brakes({name})",
                        {"from_kmph": before, "to_kmph": after,
                         "deceleration_mps2": float(-acceleration[first : last + 1].min())})  # fmt: skip
    stands = here & (speed < STANDS_MPS)
    still = runs(stands, steps(view, 0.5))
    for number, (first, last) in enumerate(still):
        since = still[number - 1][1] if number else 0
        moved = np.flatnonzero(speed[since:first] >= MOVES_MPS) + since
        if len(moved) and here[int(moved[-1]) : first].all():
            claim = f"speed({name}) >= 1.5 m/s and finally stands({name})"
            yield Happening("stop", int(moved[-1]), first, (a,), claim, f"stands({name})")
        going = np.flatnonzero(speed[last + 1 :] >= MOVES_MPS)
        if len(going) and here[last + 1 : last + 1 + int(going[0])].all():
            claim = f"stands({name}) and finally speed({name}) >= 1.5 m/s"
            yield Happening("start", last, last + 1 + int(going[0]), (a,), claim, f"not stands({name})")


def _turns(view: View, a: str) -> Iterator[Happening]:
    name, heading = quoted(a), value(view, "heading", a)
    rate = np.nan_to_num(np.gradient(heading, view.seconds)) if len(heading) > 1 else np.zeros(len(heading))
    for sign, side in ((1.0, "left"), (-1.0, "right")):
        for first, last in runs(sign * rate >= YAW_RATE_RADPS, steps(view, 0.5), steps(view, 0.5)):
            if sign * float(heading[last] - heading[first]) < TURN_RAD or not _in_junction(view, a, first, last):
                continue
            claim = f"change(heading({name})) {'>=' if sign > 0 else '<='} {sign * 45:g} deg"
            yield Happening("turn", first, last, (a,), claim, f"speed({name}) >= 0 m/s", words={"side": side})


def _in_junction(view: View, a: str, first: int, last: int) -> bool:
    """Whether it passes a lane of a junction then, and has not been hit before: who spins does not turn."""
    hit = [e for e in view.rollout.events if e.kind == "collision" and a in e.actor_ids]
    if any(view.step(event.timestamp_ns) <= last for event in hit):
        return False
    lane_map = view.rollout.lane_map
    if lane_map is None:
        return True
    lanes = {int(k) for k in view.lanes()[first : last + 1, view.index(a)] if k >= 0}
    return any(lane_map.lanes[k].junction_id is not None for k in lanes)


def _lane_changes(view: View, a: str, movers: list[str]) -> Iterator[Happening]:
    lane_map = view.rollout.lane_map
    lanes = view.lanes()[:, view.index(a)]
    around, stay = steps(view, AROUND_S), steps(view, 1.0)
    if lane_map is None:
        return
    for k in np.flatnonzero((lanes[1:] != lanes[:-1]) & (lanes[1:] >= 0) & (lanes[:-1] >= 0)) + 1:
        old, new = lane_map.lanes[int(lanes[k - 1])], lane_map.lanes[int(lanes[k])]
        side = "left" if old.left_neighbor == new.id else "right" if old.right_neighbor == new.id else ""
        first, last = _lane_span(lanes, int(k), around)
        if not side or last - k + 1 < min(stay, len(lanes) - k):
            continue
        name = quoted(a)
        claim = (f"in_lane({name}, {quoted(old.id)}) and finally in_lane({name}, {quoted(new.id)}) and "
                 f"lane_{side}_of({quoted(new.id)}, {quoted(old.id)})")  # fmt: skip
        core = f"in_lane({name}, {quoted(new.id)})"
        yield Happening("lane_change", first, last, (a,), claim, core, words={"side": side})
        for b in movers:
            if b != a:
                yield from _cuts(view, a, b, first, int(k), last, side)


def _lane_span(lanes: np.ndarray, k: int, around: int) -> tuple[int, int]:
    """A span about the moment of crossing within which the old and then the new lane is kept."""
    first, last = k - 1, k
    while first > max(k - around, 0) and lanes[first - 1] == lanes[k - 1]:
        first -= 1
    while last < min(k + around, len(lanes) - 1) and lanes[last + 1] == lanes[k]:
        last += 1
    return first, last


def _cuts(view: View, a: str, b: str, first: int, k: int, last: int, side: str) -> Iterator[Happening]:
    together, ahead = value(view, "same_lane", a, b), value(view, "ahead_of", a, b)
    one, two = quoted(a), quoted(b)
    time = value(view, "headway", b, a)
    if not together[first] and together[last] and ahead[last] and time[last] < CUT_IN_S and _next(view, a, b, last):
        claim = (f"not same_lane({one}, {two}) and finally (same_lane({one}, {two}) and ahead_of({one}, {two}) and "
                 f"headway({two}, {one}) < 2 s)")  # fmt: skip
        gap = float(value(view, "gap", b, a)[last])
        yield Happening("cut_in", first, last, (a, b), claim, f"same_lane({one}, {two})", {"gap_m": gap},
                        {"side": "right" if side == "left" else "left"})  # fmt: skip
    if together[first] and not together[last] and ahead[first] and time[first] < CUT_OUT_S and _next(view, a, b, first):
        claim = f"same_lane({one}, {two}) and ahead_of({one}, {two}) and finally not same_lane({one}, {two})"
        yield Happening("cut_out", first, last, (a, b), claim, f"not same_lane({one}, {two})", words={"side": side})


def _next(view: View, a: str, b: str, k: int) -> bool:
    """Whether nobody is between `b` and `a`, who is ahead of it in its lane."""
    room = float(value(view, "gap", b, a)[k])
    for other in view.ids:
        if other not in (a, b) and view.rollout.valid[k, view.index(other)] and not view.is_static(other):
            gap = float(value(view, "gap", b, other)[k])
            if 0.0 < gap < room and bool(value(view, "same_lane", other, b)[k]):
                return False
    return True


def _overtaking(view: View, a: str, b: str) -> Iterator[Happening]:
    if view.ego not in (a, b):
        return
    gap, offset = value(view, "gap", b, a), value(view, "lateral_offset", b, a)
    same = np.cos(value(view, "heading", a) - value(view, "heading", b)) > 0.7
    beside = same & (np.abs(offset) < 6.0) & (view.speed(b) >= 1.0) & view.here(a) & view.here(b)
    for first, last in runs(beside & (gap == 0.0)):
        if first == 0 or last + 1 >= len(gap) or not (gap[first - 1] < 0.0 < gap[last + 1]):
            continue
        one, two = quoted(a), quoted(b)
        claim = f"ahead_of({two}, {one}) and finally ahead_of({one}, {two})"
        room, stop = steps(view, 0.5), last + 1
        start = max(first - room, 0)
        while start < first and not (value(view, "ahead_of", b, a)[start]):
            start += 1
        side = "left" if float(offset[first]) > 0 else "right"
        if value(view, "ahead_of", b, a)[start]:
            yield Happening("overtaking", start, stop, (a, b), claim, f"ahead_of({one}, {two})", words={"side": side})


def _crossing(view: View, a: str) -> Iterator[Happening]:
    person = view.kind(a) in _CROSSERS
    if not person and view.kind(a) not in _MOVERS:
        return
    ego, name, me = view.ego, quoted(a), quoted(view.ego)
    near = value(view, "distance", ego, a) <= NEAR_M
    onto = value(view, "on_road", a) if view.rollout.lane_map is not None else view.here(a)
    mask = value(view, "crossing_path", a, ego) & near
    core = f"crossing_path({name}, {me})"
    within = f"on_road({name}) and {core}" if view.rollout.lane_map is not None else core
    for first, last in runs(mask, steps(view, 0.3), steps(view, 0.5)):
        shift = float(value(view, "lateral_offset", ego, a)[last] - value(view, "lateral_offset", ego, a)[first])
        if abs(shift) < 0.2 or not onto[first : last + 1].any():
            continue
        sides = ("right", "left") if shift > 0 else ("left", "right")
        claim = f"eventually ({within}) and change(lateral_offset({me}, {name})) {'>' if shift > 0 else '<'} 0 m"
        words = {"from": sides[0], "to": sides[1]}
        yield Happening("crossing", first, last, (a, ego), claim, core, words=words)
        yield from _yielding(view, a, first, last)


def _yielding(view: View, a: str, first: int, last: int) -> Iterator[Happening]:
    ego, name, me = view.ego, quoted(a), quoted(view.ego)
    braking = value(view, "brakes", ego)[first : last + 1] & value(view, "crossing_path", a, ego)[first : last + 1]
    hit = value(view, "collides", ego, a)[first:].any()
    if braking.any() and not hit:
        claim = f"eventually (crossing_path({name}, {me}) and brakes({me})) and always not collides({me}, {name})"
        start = first + int(np.argmax(braking))
        yield Happening("yielding", start, last, (ego, a), claim, f"brakes({me})")


def _near_miss(view: View, a: str) -> Iterator[Happening]:
    if view.is_static(a):
        return
    ego, name, me = view.ego, quoted(a), quoted(view.ego)
    time = value(view, "time_to_collision", ego, a)
    for first, last in runs((time < NEAR_MISS_S), 1, steps(view, 0.5)):
        if value(view, "collides", ego, a)[first:].any() or float(value(view, "distance", ego, a)[first]) <= 0.0:
            continue
        claim = f"eventually time_to_collision({me}, {name}) < 1.5 s and always not collides({me}, {name})"
        core = f"time_to_collision({me}, {name}) < 1.5 s"
        yield Happening("near_miss", first, last, (ego, a), claim, core, {"ttc_s": float(time[first : last + 1].min())})


def _modes(view: View, a: str) -> Iterator[Happening]:
    shown = [(ActorMode.HESITATE, "hesitation"), (ActorMode.DOOR_OPEN, "door_open"),
             *((sign, "hand_signal") for sign in HAND_SIGNS)]  # fmt: skip
    for mode, kind in shown:
        name = (mode.name or "").lower()
        for first, last in runs(value(view, "mode", a, name), steps(view, 0.3)):
            core = f"mode({quoted(a)}, {name})"
            yield Happening(kind, first, last, (a,), f"always {core}", core, words={"sign": name})


def _signals(view: View) -> Iterator[Happening]:
    for column, signal in enumerate(view.rollout.signals.ids):
        state, name, me = view.rollout.signals.state[:, column], quoted(signal), quoted(view.ego)
        ruled = value(view, "controlled_by", view.ego, signal)
        for k in np.flatnonzero((state[1:] != state[:-1]) & ruled[1:]) + 1:
            before, after = (SignalState(int(state[j])).name.lower() for j in (k - 1, k))
            claim = (f"signal_state({name}) == {before} and finally (signal_state({name}) == {after} and "
                     f"controlled_by({me}, {name}))")  # fmt: skip
            core = f"signal_state({name}) == {after}"
            yield Happening("signal_change", int(k) - 1, int(k), (signal,), claim, core,
                            words={"from": before, "to": after})  # fmt: skip


_BROKEN = {"tyre": "tyre_burst", "brakes": "brake_failure", "steering": "steering_failure"}


def _logged(view: View) -> Iterator[Happening]:
    for event in view.rollout.events:
        k = view.step(event.timestamp_ns)
        if event.kind == "collision" and len(event.actor_ids) == 2:
            a, b = sorted(event.actor_ids, key=lambda x: view.kind(x) in _CROSSERS)
            core = f"collides({quoted(a)}, {quoted(b)})"
            speed = float(event.data.get("impact_speed_mps", np.nan))
            yield Happening("collision", max(k - 1, 0), k, (a, b), f"eventually {core}", core,
                            {} if np.isnan(speed) else {"impact_kmph": 3.6 * speed})  # fmt: skip
        if event.kind == "failure" and event.data.get("part") in _BROKEN:
            a, part = event.actor_ids[0], str(event.data["part"])
            core = f"fails({quoted(a)}, {part})"
            words = {"wheel": str(event.data.get("wheel", "")).replace("_", " ")}
            yield Happening(_BROKEN[part], k, k, (a,), core, core, words=words)


def _work_zone(view: View) -> Iterator[Happening]:
    inside, me = value(view, "in_work_zone", view.ego), quoted(view.ego)
    for k in np.flatnonzero(inside[1:] & ~inside[:-1]) + 1:
        claim, core = f"not in_work_zone({me}) and finally in_work_zone({me})", f"in_work_zone({me})"
        yield Happening("work_zone_entry", int(k) - 1, int(k), (view.ego,), claim, core)


def _warnings(view: View) -> Iterator[Happening]:
    told: set[tuple[str, int]] = set()
    for message in view.rollout.messages:
        content = message.content
        if not isinstance(content, Hazard) or (message.sender, int(content.cause)) in told:
            continue
        told.add((message.sender, int(content.cause)))
        k = view.step(message.received_ns)
        if int(view.rollout.timestamps_ns[k]) < message.received_ns:
            continue
        core = f"warned_of({quoted(message.receiver)}, {content.cause.name.lower()})"
        words = {"cause": content.cause.name.lower(), "sender": message.sender}
        yield Happening("warning", k, k, (message.receiver,), core, core, words=words)


def _debris(view: View, a: str) -> Iterator[Happening]:
    name, me, here = quoted(a), quoted(view.ego), view.here(a)
    for k in np.flatnonzero(here[1:] & ~here[:-1]) + 1:
        claim, core = f"not exists({name}) and finally exists({name})", f"exists({name})"
        yield Happening("debris_falls", int(k) - 1, int(k), (a,), claim, core)
    ahead = value(view, "ahead_of", a, view.ego) & value(view, "on_road", a)
    ahead &= (value(view, "distance", view.ego, a) <= NEAR_M) & (value(view, "lateral_gap", view.ego, a) == 0.0)
    for first, last in runs(ahead, steps(view, 0.5), steps(view, 0.5))[:1]:
        core = f"ahead_of({name}, {me})"
        claim = f"{core} and on_road({name}) and lateral_gap({me}, {name}) == 0 m"
        yield Happening("debris", first, last, (a, view.ego), claim, core)
