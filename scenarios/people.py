"""How fast people walk when a scenario does not say: published means and deviations by kind and age."""

from collections.abc import Mapping
from dataclasses import dataclass

from driving_data.taxonomy import ActorClass
from scenarios.space import Normal
from scenarios.units import SPEED

SPREAD = 2.5


@dataclass(frozen=True, slots=True)
class Pace:
    """Walking speed of a group of people: mean and standard deviation, m/s, and where they come from."""

    mean_mps: float
    std_mps: float
    source: str

    def distribution(self) -> Normal:
        """Normal, cut off 2.5 deviations on both sides."""
        wide = SPREAD * self.std_mps
        return Normal(self.mean_mps, self.std_mps, self.mean_mps - wide, self.mean_mps + wide, SPEED)


ADULT = Pace(1.34, 0.26, "Weidmann, Transporttechnik der Fussgaenger, ETH Zuerich (1993)")
CHILD = Pace(1.35, 0.17, "Lythgo, Wilson, Galea, Gait & Posture 33, 29 (2011), 5 to 13 years; deviation rounded")
PACES: Mapping[str, Pace] = {
    "toddler": Pace(0.75, 0.15, "Sutherland et al. (1988), 1 to 3 years: 0.64 to 0.86; deviation assumed"),
    "child": CHILD,
    "teenager": Pace(1.40, 0.20, "assumed between children (Lythgo et al. 2011) and adults"),
    "adult": ADULT,
    "elder": Pace(1.08, 0.20, "Bohannon, Andrews, Physiotherapy 97, 182 (2011), 70 to 99 years; deviation assumed"),
}
WHEELCHAIR = Pace(0.79, 0.20, "Tolerico et al., J. Rehabil. Res. Dev. 44, 561 (2007); deviation assumed")


def usual_pace(kind: ActorClass, age: str = "adult") -> Pace | None:
    """The pace of a person of that class and age; None for whoever does not walk."""
    if kind is ActorClass.WHEELCHAIR:
        return WHEELCHAIR
    if kind is ActorClass.CHILD:
        return PACES[age] if age in ("toddler", "teenager") else CHILD
    return PACES[age] if kind in (ActorClass.PEDESTRIAN, ActorClass.FLAGGER) else None
