"""The driver models once more: one case, plain numbers, step by step, as slow and obvious as can be.

The fast twins are `models.py`, `play.py` and `grids.py`; tests compare the two case by case.
"""

import math
from dataclasses import dataclass, field

G = 9.81
L, W = 4.3, 1.9
STEPS = 350


@dataclass(slots=True)
class Ego:
    """Everything that a driver remembers."""

    model: str
    v: float
    x: float
    v_before: float = 0.0
    waits: float = 0.0
    braking: float = 0.0
    ever_unsafe: bool = False
    asked: float = math.inf
    over: bool = False
    crash: int = 0


WAIT = {"CC": 0.75, "RSS": 0.75, "FSM": 0.75, "Reg157": 0.35}


def ego_of(model: str, v: float, x: float) -> Ego:
    """A driver at the start of a case."""
    return Ego(model, v, x, v_before=v, waits=WAIT[model])


@dataclass(slots=True)
class Other:
    """The other vehicle at one step."""

    x: float
    y: float
    vx: float
    vy: float
    length: float = L


def divide(a: float, b: float) -> float:
    """The quotient as floating point has it, with inf and nan."""
    if b != 0.0:
        return a / b
    return math.nan if a == 0.0 or math.isnan(a) else math.copysign(math.inf, a)


def is_safe(ego: Ego, other: Other, told: bool) -> bool:
    """Whether the driver finds nothing wrong; notes what it asks of the brake, and whether the case is over."""
    if ego.model in ("CC", "Reg157") and told:
        return False
    if ego.x > other.x:
        return True
    gap = abs(ego.x - other.x) - L / 2 - other.length / 2
    lateral = abs(other.y) - W / 2 - W / 2
    if ego.model == "CC":
        if lateral > 0:
            return True
        if abs(divide(gap, ego.v - other.vx)) > 2.0:
            ego.over = True
            return True
        return False
    if ego.model == "Reg157":
        closing = ego.v - other.vx
        return lateral > 0.5 or abs(divide(gap, closing)) > closing / 12.0 + 0.35 + 0.1
    if ego.model == "RSS":
        return not (gap < rss_ahead(ego.v, other.vx) and lateral < rss_beside(abs(other.vy)))
    return fuzzy_is_safe(ego, other, gap, lateral)


def rss_ahead(v: float, w: float) -> float:
    """Safe distance ahead."""
    r, a, b = 0.75, 3.0, 6.0
    return v * r + a * r**2 / 2 + (v + r * a) ** 2 / (2 * b) - w**2 / (2 * b)


def rss_beside(u: float) -> float:
    """Safe distance beside."""
    r, c = 0.75, 1.0
    return 0.3 + abs((2 * u + c * r) * r / 2) + (u + c * r) ** 2 / (2 * c)


def fuzzy_is_safe(ego: Ego, other: Other, gap: float, lateral: float) -> bool:
    """The fuzzy model's opinion; notes the braking that it asks for."""
    if lateral > 0:
        towards = -other.vy
        if towards <= 0:
            return True
        passing = divide(abs(ego.x - other.x) + L / 2 + other.length / 2, ego.v - other.vx)
        if lateral / towards > passing + 0.1:
            return True
    cfs, pfs = cfs_of(gap, ego.v, other.vx, (ego.v - ego.v_before) * 10.0), pfs_of(gap, ego.v, other.vx)
    ego.asked = cfs * 2.0 + 4.0 if cfs > 0 else pfs * 4.0
    return cfs + pfs == 0


def pfs_of(gap: float, v: float, w: float) -> float:
    """Proactive fuzzy safety."""
    d = gap - 2.0
    safe = v * 0.75 + v**2 / 8.0 - w**2 / 14.0 + 2.0
    if d > safe:
        return 0.0
    unsafe = v * 0.75 + v**2 / 12.0 - w**2 / 14.0
    return 1.0 if d < unsafe else (d - safe) / (unsafe - safe)


def cfs_of(gap: float, v: float, w: float, a: float) -> float:
    """Critical fuzzy safety."""
    t, kept = 0.75, max(a, -4.0)
    later = v + t * kept
    if v <= w:
        return 0.0
    if later < w:
        return 1.0 if gap < (v - w) ** 2 / abs(2 * a) else 0.0
    travelled = (v + kept * t / 2 - w) * t
    safe = travelled + (later - w) ** 2 / 8.0
    if gap > safe:
        return 0.0
    unsafe = travelled + (later - w) ** 2 / 12.0
    return 1.0 if gap < unsafe else (gap - safe) / (unsafe - safe)


def brake(ego: Ego) -> float:
    """The speed after a step of reaction."""
    if ego.waits > 0:
        ego.waits -= 0.1
        ego.braking = 0.4 if ego.model == "CC" else 0.0
    elif ego.model == "Reg157":
        ego.braking = 6.0
    else:
        ego.braking = min(ego.braking + 12.65 / 10.0, 0.774 * G)
        if ego.model == "FSM":
            ego.braking = min(ego.braking, ego.asked)
    return max(ego.v - ego.braking / 10.0, 0.0)


def advance(ego: Ego, other: Other, told: bool) -> None:
    """One step of one driver."""
    safe = is_safe(ego, other, told)
    new = ego.v if safe else brake(ego)
    ego.ever_unsafe = ego.ever_unsafe or not safe
    beside = abs(other.y) - W / 2 - W / 2 < 0
    if beside and abs(ego.x - other.x) - L / 2 - other.length / 2 < 0 and ego.crash == 0:
        ego.crash = 1 if ego.x > other.x else 2
    ego.v_before, ego.v = ego.v, new
    ego.x += new / 10.0


def places(start: float, ramp: list[float], speeds: list[float]) -> list[float]:
    """Places at every step: back from the start through the lead-in, the start itself, then summed speeds.

    Sums are taken in this order so that cases that touch to the last bit come out as in the fast twin.
    """
    back, total = [], 0.0
    for speed in reversed(ramp):
        total += -speed / 10.0
        back.append(total + start)
    ahead, total = [], 0.0
    for speed in speeds:
        total += speed
        ahead.append(total / 10.0 + start)
    return [*reversed(back), start, *ahead]


def cut_in(model: str, ego_kph: float, other_kph: float, distance_m: float, lateral_mps: float) -> int:
    """One cut-in: kind of crash, 0 for none."""
    v, w = ego_kph / 3.6, other_kph / 3.6
    ramp = [-1.5 / 10.0 * k for k in range(math.ceil(lateral_mps / (1.5 / 10.0)))]
    moving = 0 if lateral_mps == 0 else int(10.0 * (1.6 + W) // lateral_mps + 1)
    speeds = ([-lateral_mps] * moving + [0.0] * STEPS)[:STEPS]
    y = places(1.6 + W, ramp, speeds)
    vy = [*ramp, -lateral_mps, *speeds]
    x = places(distance_m + L, [w] * len(ramp), [w] * STEPS)
    ego = ego_of(model, v, places(0.0, [v] * len(ramp), [])[0])
    for k in range(len(y) - 1):
        advance(ego, Other(x[k], y[k], w, vy[k]), told=False)
        if ego.over:
            break
    return ego.crash


@dataclass(slots=True)
class Standing:
    """The vehicle that stands where the one ahead leaves the lane."""

    x: float
    length: float = 5.0
    hit: bool = field(default=False)


def keeps(model: str, v: float) -> float:
    """The gap that a driver keeps."""
    if model == "RSS":
        return rss_ahead(v, max(v - 0.75 * 6.0, 0.0)) + 0.5 * 6.0 * 0.75**2
    if model == "FSM":
        return v * 0.75 + v**2 / 8.0 - v**2 / 14.0 + 4.0
    return 2.0 * v


def cut_out(model: str, kph: float, front_m: float, lateral_mps: float) -> int:
    """One cut-out: kind of crash, 0 for none."""
    v = kph / 3.6
    start = keeps(model, v) + L
    ego, lead = ego_of(model, v, v / 10.0), Other(start + v / 10.0, -lateral_mps / 10.0, v, -lateral_mps)
    standing, moving = Standing(start + front_m + L), int(10.0 * 4.0 // lateral_mps + 1)
    for k in range(STEPS - 1):
        if abs(lead.y) - W < 0 and abs(standing.x - lead.x) - standing.length / 2 - L / 2 < 0:
            standing.hit, lead.vx, lead.vy = True, 0.0, 0.0
        stopped = ego.v == 0.0
        if standing.hit:
            advance(ego, Other(lead.x, lead.y, 0.0, 0.0), told=True)
        elif lead.y < -0.375:
            advance(ego, Other(standing.x, 0.0, 0.0, 0.0, standing.length), told=True)
        else:
            ego.x += ego.v / 10.0
        if stopped:
            break
        lead.x += lead.vx / 10.0
        lead.y += lead.vy / 10.0 if k + 1 < moving else 0.0
    return ego.crash


def following(model: str, kph: float, braking_g: float) -> int:
    """One braking leader: kind of crash, 0 for none."""
    v = kph / 3.6
    ego, lead = ego_of(model, v, v / 10.0), Other(keeps(model, v) + L + v / 10.0, 0.0, v, 0.0)
    for k in range(STEPS - 1):
        stopped = ego.v == 0.0
        advance(ego, Other(lead.x, 0.0, lead.vx, 0.0), told=True)
        if stopped or ego.crash:
            break
        lead.vx = max(v - (k + 1) * braking_g * G / 10.0, 0.0)
        lead.x += lead.vx / 10.0
    return ego.crash
