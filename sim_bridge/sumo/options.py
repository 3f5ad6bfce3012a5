"""What a user may choose about background traffic."""

from dataclasses import dataclass, field

from sim_bridge.embedded.options import EmbeddedOptions


@dataclass(frozen=True, slots=True)
class SumoOptions:
    """Choices of the simulator `embedded+sumo`.

    Attributes:
        embedded: choices of the embedded simulator, which moves the ego and the actors of the scenario.
        vehicles: SUMO vehicles that live in a world, all told.
        depart_s: they enter one by one within this time; those of the first tenth stand on the road at the start.
        car_following: SUMO's car-following model.
        clear_m: nobody enters nearer than this to an actor of the scenario.
    """

    embedded: EmbeddedOptions = field(default_factory=EmbeddedOptions)
    vehicles: int = 12
    depart_s: float = 20.0
    car_following: str = "IDM"
    clear_m: float = 25.0
