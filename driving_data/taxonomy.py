"""One versioned ontology: what an actor is, what a pixel or a point shows, and what other formats call it.

Fine classes are kept to the end; a format that knows fewer names gets the nearest one on export.
"""

from enum import IntEnum, IntFlag

ONTOLOGY_VERSION = "1.0.0"


class ActorClass(IntEnum):
    """What moves, may move, or was put on the road. The number is stored; the lower-case name is written."""

    CAR = 1
    VAN = 2
    TRUCK = 3
    TRAILER = 4
    BUS = 5
    EMERGENCY_VEHICLE = 6
    CONSTRUCTION_VEHICLE = 7
    MOTORCYCLE = 8
    BICYCLE = 9
    E_SCOOTER = 10
    PEDESTRIAN = 11
    CHILD = 12
    WHEELCHAIR = 13
    FLAGGER = 14
    ANIMAL = 15
    CONE = 16
    BARRIER = 17
    DEBRIS = 18
    OTHER = 19

    @property
    def label(self) -> str:
        """The name as it stands in files: lower case."""
        return self.name.lower()

    @staticmethod
    def from_label(label: str) -> "ActorClass":
        """The class of that name.

        Raises:
            KeyError: no class has that name.
        """
        return ActorClass[label.upper()]


VEHICLES = frozenset(
    {
        ActorClass.CAR, ActorClass.VAN, ActorClass.TRUCK, ActorClass.TRAILER, ActorClass.BUS,
        ActorClass.EMERGENCY_VEHICLE, ActorClass.CONSTRUCTION_VEHICLE,
    }
)  # fmt: skip
TWO_WHEELERS = frozenset({ActorClass.MOTORCYCLE, ActorClass.BICYCLE, ActorClass.E_SCOOTER})
PEDESTRIANS = frozenset({ActorClass.PEDESTRIAN, ActorClass.CHILD, ActorClass.WHEELCHAIR, ActorClass.FLAGGER})
STATIC_OBJECTS = frozenset({ActorClass.CONE, ActorClass.BARRIER, ActorClass.DEBRIS})
VULNERABLE = PEDESTRIANS | TWO_WHEELERS


class SemanticClass(IntEnum):
    """What a pixel or a lidar point shows."""

    UNLABELED = 0
    ROAD = 1
    LANE_MARKING = 2
    KERB = 3
    SIDEWALK = 4
    TERRAIN = 5
    BUILDING = 6
    WALL = 7
    FENCE = 8
    VEGETATION = 9
    POLE = 10
    TRAFFIC_SIGN = 11
    TRAFFIC_LIGHT = 12
    GUARD_RAIL = 13
    BRIDGE = 14
    SKY = 15
    CAR = 16
    TRUCK = 17
    BUS = 18
    MOTORCYCLE = 19
    BICYCLE = 20
    PEDESTRIAN = 21
    RIDER = 22
    ANIMAL = 23
    CONE = 24
    BARRIER = 25
    CONSTRUCTION_VEHICLE = 26
    OTHER_DYNAMIC = 27
    WATER = 28


SEMANTIC_OF_ACTOR: dict[ActorClass, SemanticClass] = {
    ActorClass.CAR: SemanticClass.CAR,
    ActorClass.VAN: SemanticClass.CAR,
    ActorClass.TRUCK: SemanticClass.TRUCK,
    ActorClass.TRAILER: SemanticClass.TRUCK,
    ActorClass.BUS: SemanticClass.BUS,
    ActorClass.EMERGENCY_VEHICLE: SemanticClass.CAR,
    ActorClass.CONSTRUCTION_VEHICLE: SemanticClass.CONSTRUCTION_VEHICLE,
    ActorClass.MOTORCYCLE: SemanticClass.MOTORCYCLE,
    ActorClass.BICYCLE: SemanticClass.BICYCLE,
    ActorClass.E_SCOOTER: SemanticClass.BICYCLE,
    ActorClass.PEDESTRIAN: SemanticClass.PEDESTRIAN,
    ActorClass.CHILD: SemanticClass.PEDESTRIAN,
    ActorClass.WHEELCHAIR: SemanticClass.PEDESTRIAN,
    ActorClass.FLAGGER: SemanticClass.PEDESTRIAN,
    ActorClass.ANIMAL: SemanticClass.ANIMAL,
    ActorClass.CONE: SemanticClass.CONE,
    ActorClass.BARRIER: SemanticClass.BARRIER,
    ActorClass.DEBRIS: SemanticClass.OTHER_DYNAMIC,
    ActorClass.OTHER: SemanticClass.OTHER_DYNAMIC,
}

SEMANTIC_PALETTE: dict[SemanticClass, tuple[int, int, int]] = {
    SemanticClass.UNLABELED: (0, 0, 0),
    SemanticClass.ROAD: (94, 84, 104),
    SemanticClass.LANE_MARKING: (236, 236, 228),
    SemanticClass.KERB: (150, 140, 150),
    SemanticClass.SIDEWALK: (206, 158, 190),
    SemanticClass.TERRAIN: (160, 196, 120),
    SemanticClass.BUILDING: (110, 110, 122),
    SemanticClass.WALL: (132, 118, 130),
    SemanticClass.FENCE: (170, 144, 140),
    SemanticClass.VEGETATION: (76, 138, 62),
    SemanticClass.POLE: (128, 128, 128),
    SemanticClass.TRAFFIC_SIGN: (240, 214, 40),
    SemanticClass.TRAFFIC_LIGHT: (246, 160, 40),
    SemanticClass.GUARD_RAIL: (176, 164, 180),
    SemanticClass.BRIDGE: (140, 100, 100),
    SemanticClass.SKY: (120, 170, 216),
    SemanticClass.CAR: (38, 70, 190),
    SemanticClass.TRUCK: (24, 30, 116),
    SemanticClass.BUS: (16, 80, 120),
    SemanticClass.MOTORCYCLE: (70, 30, 190),
    SemanticClass.BICYCLE: (130, 30, 50),
    SemanticClass.PEDESTRIAN: (222, 36, 66),
    SemanticClass.RIDER: (246, 60, 30),
    SemanticClass.ANIMAL: (196, 110, 40),
    SemanticClass.CONE: (250, 120, 20),
    SemanticClass.BARRIER: (216, 96, 60),
    SemanticClass.CONSTRUCTION_VEHICLE: (240, 190, 60),
    SemanticClass.OTHER_DYNAMIC: (110, 74, 0),
    SemanticClass.WATER: (50, 100, 140),
}


class Light(IntFlag):
    """Lamps of an actor that are lit, as bits."""

    NONE = 0
    LOW_BEAM = 1
    HIGH_BEAM = 2
    BRAKE = 4
    LEFT_INDICATOR = 8
    RIGHT_INDICATOR = 16
    HAZARD = 24
    REVERSE = 32
    EMERGENCY = 64


class ActorMode(IntFlag):
    """What an actor is about beyond its motion, as bits; several may hold at once."""

    NONE = 0
    TRANSIT = 1
    OPERATIONAL = 2
    SIGN_STOP = 4
    SIGN_SLOW = 8
    WAVE_ON = 16
    DIRECT_LEFT = 32
    DIRECT_RIGHT = 64
    PHONE = 128
    GLANCE = 256
    HESITATE = 512
    DOOR_OPEN = 1024
    DISTRACTED = 2048
    EMERGENCY = 4096


class SignalState(IntEnum):
    """What a traffic light shows."""

    UNKNOWN = 0
    GREEN = 1
    YELLOW = 2
    RED = 3
    RED_YELLOW = 4
    FLASHING_YELLOW = 5
    FLASHING_RED = 6
    OFF = 7
