"""Every actor class in every variant that can be drawn: what the sheet shows and what the tests build."""

from dataclasses import dataclass, field

from driving_data.taxonomy import ActorClass, ActorMode, Light

Size = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Variant:
    """One picture of the sheet.

    Attributes:
        name: what a stranger should call it; the caption.
        kind: its class.
        size_m: its box.
        draws: values of its appearance keys, without the actor's id.
        lights: lamps that are lit.
        modes: what it is about.
        also: other names that are as right in the blind check.
    """

    name: str
    kind: ActorClass
    size_m: Size
    draws: dict[str, str | float] = field(default_factory=lambda: {})
    lights: Light = Light.NONE
    modes: ActorMode = ActorMode.NONE
    also: tuple[str, ...] = ()


def _cars() -> list[Variant]:
    car, van, paint = ActorClass.CAR, ActorClass.VAN, "car_color"
    return [
        Variant("hatchback", car, (4.0, 1.85, 1.48), {"car_style": "hatchback", paint: "red"}, also=("car",)),
        Variant("saloon car", car, (4.8, 1.9, 1.45), {"car_style": "sedan", paint: "blue"}, also=("car", "sedan")),
        Variant("estate car", car, (4.8, 1.9, 1.5), {"car_style": "estate", paint: "silver"},
                also=("car", "station wagon")),
        Variant("SUV", car, (4.7, 2.0, 1.72), {"car_style": "suv", paint: "white"}, also=("car",)),
        Variant("pickup", car, (5.3, 2.05, 1.82), {"car_style": "pickup", paint: "orange"}, also=("pickup truck",)),
        Variant("sports car", car, (4.4, 1.95, 1.24), {"car_style": "sports", paint: "yellow"}, also=("car",)),
        Variant("taxi", car, (4.8, 1.9, 1.52), {"car_style": "taxi"}),
        Variant("car with a door open", car, (4.8, 1.9, 1.45), {"car_style": "sedan", paint: "green"},
                modes=ActorMode.DOOR_OPEN, also=("car",)),
        Variant("panel van", van, (5.6, 2.1, 2.4), {"van_style": "panel", paint: "white"}, also=("van",)),
        Variant("minibus", van, (5.9, 2.1, 2.5), {"van_style": "minibus", paint: "blue"}, also=("van",)),
        Variant("delivery van", van, (6.4, 2.2, 2.9), {"van_style": "delivery", paint: "brown"},
                also=("van", "delivery truck", "box van")),
    ]  # fmt: skip


def _heavy() -> list[Variant]:
    truck, trailer, bus = ActorClass.TRUCK, ActorClass.TRAILER, ActorClass.BUS
    return [
        Variant("box truck", truck, (8.6, 2.5, 3.6), {"truck_style": "box", "car_color": "white", "cargo_color": 0.5},
                also=("truck", "lorry")),
        Variant("tipper truck", truck, (7.8, 2.5, 3.2), {"truck_style": "tipper", "car_color": "orange"},
                also=("dump truck", "tipper")),
        Variant("tank truck", truck, (9.2, 2.5, 3.4), {"truck_style": "tanker", "car_color": "blue"},
                also=("tanker",)),
        Variant("flatbed truck", truck, (8.8, 2.5, 3.1), {"truck_style": "flatbed", "car_color": "green"},
                also=("truck", "flatbed")),
        Variant("concrete mixer truck", truck, (8.8, 2.5, 3.7), {"truck_style": "mixer", "car_color": "white"},
                also=("concrete mixer", "cement mixer")),
        Variant("refuse truck", truck, (8.6, 2.5, 3.4), {"truck_style": "refuse", "car_color": "orange"},
                also=("garbage truck",)),
        Variant("car transporter", truck, (12.0, 2.55, 3.9), {"truck_style": "transporter", "car_color": "red"},
                also=("car carrier",)),
        Variant("articulated truck", truck, (16.0, 2.55, 4.0), {"truck_style": "box", "car_color": "blue"},
                also=("semi truck", "lorry", "truck")),
        Variant("tractor unit", truck, (6.0, 2.55, 3.8), {"truck_style": "tractor", "car_color": "red"},
                also=("truck cab", "semi tractor", "truck")),
        Variant("semi-trailer", trailer, (13.0, 2.55, 4.0), {"trailer_style": "semi"}, also=("trailer",)),
        Variant("drawbar trailer", trailer, (7.0, 2.5, 3.4), {"trailer_style": "box"}, also=("trailer",)),
        Variant("flat trailer", trailer, (8.0, 2.5, 1.9), {"trailer_style": "flatbed"}, also=("trailer",)),
        Variant("caravan", trailer, (6.4, 2.3, 2.6), {"trailer_style": "caravan"}, also=("camper trailer",)),
        Variant("city bus", bus, (12.0, 2.55, 3.2), {"bus_style": "city", "cargo_color": 0.1}, also=("bus",)),
        Variant("coach", bus, (12.6, 2.55, 3.7), {"bus_style": "coach", "cargo_color": 0.4}, also=("bus",)),
        Variant("articulated bus", bus, (18.0, 2.55, 3.2), {"bus_style": "articulated", "cargo_color": 0.6},
                also=("bus",)),
        Variant("school bus", bus, (10.8, 2.5, 3.2), {"bus_style": "school"}),
    ]  # fmt: skip


def _service() -> list[Variant]:
    emergency, machine = ActorClass.EMERGENCY_VEHICLE, ActorClass.CONSTRUCTION_VEHICLE
    work = ActorMode.OPERATIONAL
    return [
        Variant("police car", emergency, (4.8, 1.95, 1.6), {"livery": "police"}, Light.EMERGENCY),
        Variant("ambulance", emergency, (6.0, 2.15, 2.75), {"livery": "ambulance"}, Light.EMERGENCY),
        Variant("fire engine", emergency, (8.6, 2.5, 3.3), {"livery": "fire"}, Light.EMERGENCY,
                also=("fire truck",)),
        Variant("excavator", machine, (8.6, 2.8, 3.2), {"machine": "excavator"}, modes=work, also=("digger",)),
        Variant("wheel loader", machine, (7.6, 2.7, 3.3), {"machine": "wheel_loader"}, modes=work,
                also=("front loader",)),
        Variant("dump truck", machine, (8.8, 3.2, 3.5), {"machine": "dump_truck"}, also=("dumper", "haul truck")),
        Variant("road roller", machine, (4.8, 2.1, 3.0), {"machine": "roller"}, modes=work,
                also=("roller", "steamroller")),
        Variant("road paver", machine, (6.4, 3.0, 3.3), {"machine": "paver"}, modes=work, also=("asphalt paver",)),
        Variant("grader", machine, (8.8, 2.6, 3.3), {"machine": "grader"}, modes=work, also=("motor grader",)),
        Variant("mobile crane", machine, (11.0, 2.7, 3.7), {"machine": "crane"}, modes=work, also=("crane",)),
    ]  # fmt: skip


def _two_wheelers() -> list[Variant]:
    return [
        Variant("motorcycle", ActorClass.MOTORCYCLE, (2.15, 0.8, 1.55),
                {"motorcycle_style": "naked", "car_color": "red"}, also=("motorcyclist",)),
        Variant("motor scooter", ActorClass.MOTORCYCLE, (1.85, 0.75, 1.6),
                {"motorcycle_style": "scooter", "car_color": "beige"}, also=("scooter", "moped", "motorcycle")),
        Variant("bicycle with rider", ActorClass.BICYCLE, (1.75, 0.62, 1.75),
                {"bicycle_style": "city", "upper_color": 0.5}, also=("bicycle", "cyclist")),
        Variant("cargo bike", ActorClass.BICYCLE, (2.5, 0.75, 1.75),
                {"bicycle_style": "cargo", "upper_color": 0.2}, also=("cargo bicycle",)),
        Variant("e-scooter with rider", ActorClass.E_SCOOTER, (1.2, 0.6, 1.85), also=("kick scooter", "e-scooter")),
    ]  # fmt: skip


def _people() -> list[Variant]:
    walker, flagger = ActorClass.PEDESTRIAN, ActorClass.FLAGGER
    adult = (0.75, 0.62, 1.76)

    def dressed(carry: str, upper: float, lower: float, garment: str, **more: str | float) -> dict[str, str | float]:
        return {"carry": carry, "upper_color": upper, "lower_color": lower, "garment": garment, **more}

    return [
        Variant("adult walking", walker, adult, dressed("none", 0.15, 0.1, "trousers", skin_tone=0.1),
                also=("pedestrian",)),
        Variant("woman in a skirt", walker, (0.7, 0.6, 1.68),
                dressed("none", 0.68, 0.75, "skirt", skin_tone=0.5, hair="long"), also=("pedestrian",)),
        Variant("man in a coat", walker, adult, dressed("bag", 0.05, 0.3, "coat", skin_tone=0.9),
                also=("pedestrian", "adult with a bag", "pedestrian with a bag")),
        Variant("pedestrian with a backpack", walker, adult, dressed("backpack", 0.9, 0.75, "shorts"),
                also=("pedestrian", "hiker")),
        Variant("pedestrian with an umbrella", walker, (1.0, 1.0, 2.1), dressed("umbrella", 0.3, 0.2, "coat")),
        Variant("pedestrian with a pushchair", walker, (1.6, 0.62, 1.7), dressed("pushchair", 0.75, 0.1, "trousers"),
                also=("pedestrian with a pram", "stroller")),
        Variant("elderly person with a stick", walker, (0.75, 0.62, 1.64),
                dressed("stick", 0.28, 0.4, "trousers", age="elderly", skin_tone=0.1),
                also=("elderly person", "old person")),
        Variant("pedestrian on the phone", walker, adult, dressed("none", 0.35, 0.1, "trousers"),
                modes=ActorMode.PHONE, also=("pedestrian",)),
        Variant("child", ActorClass.CHILD, (0.5, 0.46, 1.15), dressed("none", 0.85, 0.7, "shorts")),
        Variant("wheelchair user", ActorClass.WHEELCHAIR, (1.1, 0.7, 1.35), {}, also=("person in a wheelchair",)),
        Variant("flagger with a stop paddle", flagger, (0.9, 0.9, 2.0), modes=ActorMode.SIGN_STOP,
                also=("flagger", "road worker with a stop sign")),
        Variant("flagger with a slow paddle", flagger, (0.9, 0.9, 2.0), modes=ActorMode.SIGN_SLOW,
                also=("flagger",)),
        Variant("flagger waving on", flagger, (0.9, 0.9, 2.0), modes=ActorMode.WAVE_ON,
                also=("flagger", "road worker with a flag")),
        Variant("flagger pointing left", flagger, (0.9, 0.9, 2.0), modes=ActorMode.DIRECT_LEFT,
                also=("flagger", "road worker")),
        Variant("flagger pointing right", flagger, (0.9, 0.9, 2.0), modes=ActorMode.DIRECT_RIGHT,
                also=("flagger", "road worker")),
    ]  # fmt: skip


def _animals() -> list[Variant]:
    sizes: dict[str, Size] = {
        "deer": (1.7, 0.5, 1.5), "wild boar": (1.5, 0.5, 0.9), "dog": (1.0, 0.32, 0.65), "cat": (0.5, 0.18, 0.36),
        "cow": (2.3, 0.75, 1.5), "horse": (2.3, 0.6, 1.85), "fox": (1.05, 0.25, 0.48),
    }  # fmt: skip
    return [
        Variant(name, ActorClass.ANIMAL, size, {"animal": name.split()[-1]}, also=(name.split()[-1],))
        for name, size in sizes.items()
    ]


def _things() -> list[Variant]:
    cone, barrier, debris = ActorClass.CONE, ActorClass.BARRIER, ActorClass.DEBRIS
    return [
        Variant("traffic cone", cone, (0.4, 0.4, 0.75), {"cone_style": "cone"}, also=("cone",)),
        Variant("traffic drum", cone, (0.6, 0.6, 1.05), {"cone_style": "drum"}, also=("drum", "barrel")),
        Variant("marker post", cone, (0.4, 0.3, 1.1), {"cone_style": "panel"},
                also=("delineator", "vertical panel", "beacon", "warning beacon")),
        Variant("concrete barrier", barrier, (3.0, 0.6, 0.85), {"barrier_style": "concrete"},
                also=("jersey barrier",)),
        Variant("plastic barrier", barrier, (2.0, 0.5, 1.0), {"barrier_style": "plastic"},
                also=("water-filled barrier",)),
        Variant("striped barricade", barrier, (1.8, 0.6, 1.5), {"barrier_style": "type_iii"},
                also=("type III barricade", "road barrier", "barrier", "barricade")),
        Variant("arrow board", barrier, (2.4, 1.2, 2.7), {"barrier_style": "arrow_board"}),
        Variant("cardboard box", debris, (0.6, 0.5, 0.45), {"debris_style": "box"}, also=("box",)),
        Variant("tyre", debris, (0.68, 0.68, 0.24), {"debris_style": "tyre"}, also=("tire",)),
        Variant("ladder", debris, (3.0, 0.5, 0.1), {"debris_style": "ladder"}),
        Variant("planks", debris, (2.4, 0.7, 0.12), {"debris_style": "plank"}, also=("plank", "boards")),
        Variant("pallet", debris, (1.2, 0.8, 0.15), {"debris_style": "pallet"}),
        Variant("sofa", debris, (1.9, 0.85, 0.8), {"debris_style": "sofa"}, also=("couch",)),
        Variant("fallen load", debris, (2.2, 1.8, 0.8), {"debris_style": "load"}, also=("debris", "lost cargo")),
        Variant("waste container", ActorClass.OTHER, (1.0, 0.8, 1.2), also=("waste bin", "dumpster", "bin")),
    ]  # fmt: skip


def variants() -> tuple[Variant, ...]:
    """All of them, in the order of the sheet."""
    return (*_cars(), *_heavy(), *_service(), *_two_wheelers(), *_people(), *_animals(), *_things())
