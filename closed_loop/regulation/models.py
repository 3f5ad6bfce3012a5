"""The four driver models: when each finds a situation unsafe, how it brakes, which distance it keeps.

Each has a slow, obvious twin in `reference.py`. Sources: UN Regulation 157, annex 3 (competent and careful driver) and
paragraph 5.2.5.2; Shalev-Shwartz et al., arXiv 1708.06374 (responsibility-sensitive safety); Mattas et al. 2020 and
2022 (fuzzy safety model, and the comparison of all four on the grids of `grids.py`).
"""

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float

from closed_loop.regulation.fuzzy import FuzzyParameters, critical, proactive
from closed_loop.regulation.situation import Danger, Situation, firm

GRAVITY_MPS2 = 9.81
CAREFUL_BRAKING_MPS2 = 0.774 * GRAVITY_MPS2


@dataclass(frozen=True, slots=True)
class Braking:
    """How a driver brakes once it found danger.

    Attributes:
        wait_s: time from danger to the brake.
        release_mps2: deceleration meanwhile, from lifting the foot.
        jerk_mps3: growth of the deceleration afterwards.
        most_mps2: its end.
    """

    wait_s: float
    release_mps2: float
    jerk_mps3: float
    most_mps2: float


@runtime_checkable
class DriverModel(Protocol):
    """A driver model of the regulation."""

    @property
    def name(self) -> str:
        """Short name, as in the published tables."""
        ...

    @property
    def braking(self) -> Braking:
        """How it brakes."""
        ...

    def judge(self, seen: Situation, *, triggered: bool = False) -> Danger:
        """What it thinks of a situation; `triggered` where the scenario itself tells it (cut-out, following)."""
        ...

    def distance_m(self, speed_mps: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
        """The gap that it keeps behind a vehicle of the same speed."""
        ...


def ratio(above: Float[np.ndarray, "n"], below: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
    """The quotient, with inf (or nan for 0 / 0) where nothing closes in."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(above / below)


@dataclass(frozen=True, slots=True)
class CarefulDriver:
    """The competent and careful human driver of the regulation.

    Danger begins where the boxes overlap across the lane, if the time to collision is then at most `critical_ttc_s`;
    if it is longer the case is settled. A vehicle ahead that brakes or leaves an obstacle is always danger.
    """

    critical_ttc_s: float = 2.0
    headway_s: float = 2.0
    braking: Braking = field(default_factory=lambda: Braking(0.75, 0.4, 12.65, CAREFUL_BRAKING_MPS2))
    name: str = "CC"

    def judge(self, seen: Situation, *, triggered: bool = False) -> Danger:
        """Danger as described above."""
        if triggered:
            return firm(np.ones(len(seen.gap_m), dtype=bool))
        beside = seen.passed | (seen.lateral_gap_m > 0)
        ttc = np.abs(ratio(np.abs(seen.gap_m), seen.speed_mps - seen.other_speed_mps))
        late = ~beside & (ttc > self.critical_ttc_s)
        return Danger(~beside & ~late, np.full(len(late), np.inf), late)

    def distance_m(self, speed_mps: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
        """Two seconds."""
        return self.headway_s * speed_mps


@dataclass(frozen=True, slots=True)
class RssDriver:
    """Responsibility-sensitive safety: danger where both the longitudinal and the lateral distance are too small.

    d_lon = v r + a r^2 / 2 + (v + a r)^2 / (2 b) - w^2 / (2 b)
    d_lat = mu + |(2 u + c r) r / 2| + (u + c r)^2 / (2 c), u the other's lateral speed, c its lateral acceleration
    """

    response_s: float = 0.75
    acceleration_mps2: float = 3.0
    braking_mps2: float = 6.0
    lateral_mps2: float = 1.0
    fluctuation_m: float = 0.3
    braking: Braking = field(default_factory=lambda: Braking(0.75, 0.0, 12.65, CAREFUL_BRAKING_MPS2))
    name: str = "RSS"

    def judge(self, seen: Situation, *, triggered: bool = False) -> Danger:
        """Danger as described above; it needs no trigger."""
        unsafe = (seen.gap_m < self.safe_m(seen.speed_mps, seen.other_speed_mps)) & (
            seen.lateral_gap_m < self.safe_lateral_m(np.abs(seen.approach_mps))
        )
        return firm(unsafe & ~seen.passed)

    def safe_m(self, speed_mps: Float[np.ndarray, "n"], lead_mps: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
        """Safe longitudinal distance."""
        r, a, b = self.response_s, self.acceleration_mps2, self.braking_mps2
        return speed_mps * r + a * r**2 / 2 + (speed_mps + r * a) ** 2 / (2 * b) - lead_mps**2 / (2 * b)

    def safe_lateral_m(self, approach_mps: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
        """Safe lateral distance to a vehicle that approaches sideways at that speed."""
        r, c = self.response_s, self.lateral_mps2
        reached = np.abs((2 * approach_mps + c * r) * r / 2)
        return self.fluctuation_m + reached + (approach_mps + c * r) ** 2 / (2 * c)

    def distance_m(self, speed_mps: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
        """A distance that is still safe one response time after the vehicle ahead began to brake."""
        r, b = self.response_s, self.braking_mps2
        later = np.maximum(speed_mps - r * b, 0.0)
        return self.safe_m(speed_mps, later) + 1 / 2 * b * r**2


@dataclass(frozen=True, slots=True)
class Reg157Driver:
    """The performance that paragraph 5.2.5.2 asks of an automated lane keeping system.

    A cut-in must be avoided if TTC > dv / (2 b) + t, measured when the box is `intrusion_m` from the ego's; the model
    reacts from there where TTC is at most that plus one step of `step_s`, with full braking after t.
    """

    response_s: float = 0.35
    braking_mps2: float = 6.0
    intrusion_m: float = 0.5
    step_s: float = 0.1
    headway_s: float = 2.0
    braking: Braking = field(default_factory=lambda: Braking(0.35, 0.0, np.inf, 6.0))
    name: str = "Reg157"

    def judge(self, seen: Situation, *, triggered: bool = False) -> Danger:
        """Danger as described above."""
        if triggered:
            return firm(np.ones(len(seen.gap_m), dtype=bool))
        closing = seen.speed_mps - seen.other_speed_mps
        ttc = np.abs(ratio(seen.gap_m, closing))
        enough = ttc > closing / (2 * self.braking_mps2) + self.response_s + self.step_s
        return firm(~(seen.passed | (seen.lateral_gap_m > self.intrusion_m) | enough))

    def distance_m(self, speed_mps: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
        """Two seconds, as the careful driver."""
        return self.headway_s * speed_mps


@dataclass(frozen=True, slots=True)
class FuzzyDriver:
    """The fuzzy safety model: brakes as hard as the two fuzzy measures ask.

    A vehicle beside counts only if it will overlap the ego across the lane before the ego has passed it.
    """

    fuzzy: FuzzyParameters = field(default_factory=FuzzyParameters)
    foresight_s: float = 0.1
    braking: Braking = field(default_factory=lambda: Braking(0.75, 0.0, 12.65, CAREFUL_BRAKING_MPS2))
    name: str = "FSM"

    def judge(self, seen: Situation, *, triggered: bool = False) -> Danger:
        """Danger as described above; it needs no trigger."""
        cfs, pfs = critical(seen, self.fuzzy), proactive(seen, self.fuzzy)
        unsafe = (cfs + pfs != 0) & ~seen.passed & ~self.will_miss(seen)
        harder = cfs * (self.fuzzy.braking_mps2 - self.fuzzy.comfort_mps2) + self.fuzzy.comfort_mps2
        braking = np.where(cfs > 0, harder, pfs * self.fuzzy.comfort_mps2)
        return Danger(unsafe, braking, np.zeros(len(unsafe), dtype=bool))

    def will_miss(self, seen: Situation) -> Bool[np.ndarray, "n"]:
        """Who is beside and will not reach the ego's swath before the ego has passed."""
        reaches = ratio(seen.lateral_gap_m, seen.approach_mps)
        passes = ratio(seen.center_distance_m + seen.length_m, seen.speed_mps - seen.other_speed_mps)
        with np.errstate(invalid="ignore"):
            late = (seen.approach_mps <= 0) | (reaches > passes + self.foresight_s)
        return (seen.lateral_gap_m > 0) & late

    def distance_m(self, speed_mps: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
        """The distance at which PFS becomes 0 behind a vehicle of the same speed."""
        p = self.fuzzy
        lead = speed_mps**2 / (2 * p.lead_braking_mps2)
        return speed_mps * p.reaction_s + speed_mps**2 / (2 * p.comfort_mps2) - lead + p.safe_margin_m + p.margin_m


MODELS: tuple[DriverModel, ...] = (CarefulDriver(), RssDriver(), FuzzyDriver(), Reg157Driver())
