"""The slow, obvious twins of the laws of drivers: plain Python, the papers' own symbols.

Where a kernel works on the whole world, the twin here takes the few numbers that decide.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

_SMALLEST_GAP_M, _SMALLEST_SPEED_MPS = 0.1, 0.05


@dataclass(frozen=True, slots=True)
class Follower:
    """Parameters of a car-following law: v0, T, s0, a, b, delta."""

    v0: float
    headway: float
    s0: float
    a: float
    b: float
    delta: float = 4.0

    def wish(self, v: float, dv: float, held: bool) -> float:
        """s*; `held` keeps it from falling below s0."""
        dynamic = v * self.headway + v * dv / (2 * math.sqrt(self.a * self.b))
        return self.s0 + (max(dynamic, 0.0) if held else dynamic)

    def z(self, v: float, s: float, dv: float, held: bool = True) -> float:
        """s* / s."""
        return 0.0 if math.isinf(s) else self.wish(v, dv, held) / max(s, _SMALLEST_GAP_M)

    def share(self, v: float) -> float:
        """(v / v0)^delta."""
        return (v / max(self.v0, _SMALLEST_SPEED_MPS)) ** self.delta

    def idm_2000(self, v: float, s: float, lead: float) -> float:
        """A (1 - (v/v0)^delta - (s*/s)^2)."""
        return self.a * (1 - self.share(v) - self.z(v, s, v - lead, held=False) ** 2)

    def idm_plus(self, v: float, s: float, lead: float) -> float:
        """A min(1 - (v/v0)^delta, 1 - (s*/s)^2)."""
        return self.a * min(1 - self.share(v), 1 - self.z(v, s, v - lead) ** 2)

    def iidm(self, v: float, s: float, lead: float) -> float:
        """The four cases of the improved IDM."""
        z, v0 = self.z(v, s, v - lead), max(self.v0, _SMALLEST_SPEED_MPS)
        if v <= v0:
            free = self.a * (1 - self.share(v))
            if z >= 1:
                return self.a * (1 - z**2)
            return 0.0 if free <= 1e-9 else free * (1 - z ** (2 * self.a / free))
        free = -self.b * (1 - (v0 / v) ** (self.a * self.delta / self.b))
        return free if z < 1 else free + self.a * (1 - z**2)

    def agent(self, v: float, s: float, lead: float) -> float:
        """The reactive log agent: gap of s0 at least, result within [-b, a]."""
        ratio = 0.0 if math.isinf(s) else self.wish(v, v - lead, held=False) / max(s, self.s0)
        free = 1 - (v / max(self.v0, _SMALLEST_SPEED_MPS)) ** 4
        return min(max(self.a * (free - ratio**2), -self.b), self.a)

    def equilibrium_gap_m(self, v: float) -> float:
        """The gap at which the IDM neither brakes nor accelerates behind a leader of the same speed v < v0."""
        return (self.s0 + v * self.headway) / math.sqrt(1 - self.share(v))


def is_string_stable(f: Follower, v: float, h: float = 1e-5) -> bool:
    """Whether small waves die out along a long platoon of IDM drivers at speed v.

    With a(s, v, v_l) and its partial derivatives: stable where a_s < (a_v^2 - a_l^2) / 2, a_l the
    partial derivative by the leader's speed. Source: Wilson, Ward, Transp. Plan. Technol. 34, 3 (2011), equation 8.
    """
    s = f.equilibrium_gap_m(v)
    by_s = (f.idm_2000(v, s + h, v) - f.idm_2000(v, s - h, v)) / (2 * h)
    by_v = (f.idm_2000(v + h, s, v) - f.idm_2000(v - h, s, v)) / (2 * h)
    by_lead = (f.idm_2000(v, s, v + h) - f.idm_2000(v, s, v - h)) / (2 * h)
    return by_s < 0.5 * (by_v**2 - by_lead**2)


def draw(seed: int, i: int, k: int, stream: int) -> float:
    """splitmix64 of a counter, modulo 2^64; its upper 53 bits as a fraction."""
    z = (seed * 0x9E3779B97F4A7C15 + i * 0xD1B54A32D192ED03 + k * 0x8CB92BA72F3D8DD7) % 2**64
    z = (z + stream * 0xABC98388FB8FAC03 + 0x2545F4914F6CDD1D) % 2**64
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
    return ((z ^ (z >> 31)) >> 11) / 2**53


def noise(seed: int, i: int, step: int, stream: int) -> float:
    """Four uniform numbers about 0, whose variance is 1/12 each, scaled to unit variance."""
    return sum(draw(seed, i, 4 * step + k, stream) - 0.5 for k in range(4)) * math.sqrt(12.0 / 4.0)


def glances(seed: int, i: int, num_steps: int, every: int, length: int, stream: int) -> list[bool]:
    """For each step, whether the driver looks away."""
    away = [False] * num_steps
    for period in range(num_steps // every + 1):
        first = period * every + int(draw(seed, i, period, stream) * (every - length + 1))
        for step in range(first, min(first + length, num_steps)):
            away[step] = True
    return away


@dataclass(frozen=True, slots=True)
class Candidate:
    """The accelerations that MOBIL weighs: own (c), new follower (n) and old follower (o), before and after (~)."""

    a_c: float
    a_c_new: float
    a_n: float
    a_n_new: float
    a_o: float
    a_o_new: float

    def changes(self, p: float, threshold: float, b_safe: float, bias: float, to_right: bool) -> bool:
        """The symmetric rule: safety first, then the incentive."""
        if self.a_n_new < -b_safe:
            return False
        incentive = self.a_c_new - self.a_c + p * ((self.a_n_new - self.a_n) + (self.a_o_new - self.a_o))
        needed = threshold - bias if to_right else threshold + bias
        return incentive > needed


def accepts(arrivals: Sequence[tuple[float, float]], line: float, enter: float, clear: float, needed: float) -> bool:
    """Whether a driver enters: for every vehicle (arrives, has left) it is gone first, or comes late enough."""
    for arrive, leave in arrivals:
        gone_first = leave < enter
        late_enough = arrive - line >= needed and arrive >= clear
        if not gone_first and not late_enough:
            return False
    return True


def order_at_stop(arrived: Sequence[float]) -> list[int]:
    """Who goes when at a stop on all sides: by the moment of the full stop."""
    return sorted(range(len(arrived)), key=lambda k: arrived[k])
