"""What the simulator assumes of each class of actor: mass, agility, lamps, how far ahead others foresee its moves."""

from dataclasses import dataclass

from driving_data.taxonomy import PEDESTRIANS, STATIC_OBJECTS, TWO_WHEELERS, VEHICLES, ActorClass
from sim_bridge.embedded.layout import HAS_BEACON, HAS_BRAKE_LIGHTS, HAS_HEADLIGHTS, HAS_INDICATORS

MASS_KG: dict[ActorClass, float] = {
    ActorClass.CAR: 1600.0,
    ActorClass.VAN: 2200.0,
    ActorClass.TRUCK: 14000.0,
    ActorClass.TRAILER: 8000.0,
    ActorClass.BUS: 13000.0,
    ActorClass.EMERGENCY_VEHICLE: 2600.0,
    ActorClass.CONSTRUCTION_VEHICLE: 12000.0,
    ActorClass.MOTORCYCLE: 280.0,
    ActorClass.BICYCLE: 95.0,
    ActorClass.E_SCOOTER: 90.0,
    ActorClass.PEDESTRIAN: 78.0,
    ActorClass.CHILD: 30.0,
    ActorClass.WHEELCHAIR: 110.0,
    ActorClass.FLAGGER: 78.0,
    ActorClass.ANIMAL: 60.0,
    ActorClass.CONE: 5.0,
    ActorClass.BARRIER: 1e9,
    ActorClass.DEBRIS: 20.0,
    ActorClass.OTHER: 100.0,
}


@dataclass(frozen=True, slots=True)
class ClassTraits:
    """Traits of a class.

    Attributes:
        mass_kg: for the impulse of a contact; 1e9 does not move.
        jerk_mps3: fastest change of acceleration.
        foresight_s: for how long others extrapolate its sideways motion into their way.
        walks: whether it may turn on the spot and move sideways.
        rolls: whether it has wheels that steer.
        lamps: bits of `layout.HAS_*`.
    """

    mass_kg: float
    jerk_mps3: float
    foresight_s: float
    walks: bool
    rolls: bool
    lamps: int


def traits_of(kind: ActorClass) -> ClassTraits:
    """The traits of a class."""
    walks = kind in PEDESTRIANS or kind is ActorClass.ANIMAL
    rolls = kind in VEHICLES or kind in TWO_WHEELERS
    lamps = 0
    if kind in VEHICLES or kind is ActorClass.MOTORCYCLE:
        lamps = HAS_HEADLIGHTS | HAS_BRAKE_LIGHTS | HAS_INDICATORS
    elif kind in TWO_WHEELERS:
        lamps = HAS_HEADLIGHTS
    if kind is ActorClass.EMERGENCY_VEHICLE:
        lamps |= HAS_BEACON
    foresight = 0.0 if kind in STATIC_OBJECTS else (1.5 if walks or kind in TWO_WHEELERS else 0.6)
    return ClassTraits(MASS_KG[kind], 15.0 if rolls else 8.0, foresight, walks, rolls, lamps)
