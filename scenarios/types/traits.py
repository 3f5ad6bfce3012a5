"""What distinguishes actors of one class: variants with their sizes, ages, beacons, trailers, arms, gestures.

Sizes are length, width, height in metres: data sheets of the usual representatives of each variant, rounded (16.5 m
articulated lorry and 18.75 m road train of directive 96/53/EC; 18 m articulated bus; Mercedes Sprinter ambulance;
MAN TGM fire engine; 21 t crawler excavator, 12 t roller, 20 t wheel loader; two-section tram of 30 m; animals at the
shoulder, mean of grown ones).
"""

from collections.abc import Iterable, Mapping
from math import pi
from typing import Any

from driving_data.taxonomy import PEDESTRIANS, VEHICLES, ActorClass
from scenarios.leaf import Leaf
from scenarios.types.fields import Field
from scenarios.types.leaf_type import only_texts
from scenarios.types.lookup import with_article
from scenarios.units import ANGLE, COUNT, FLAG, LENGTH, TEXT

Size = tuple[float, float, float]
A = ActorClass

# What a file may call an actor besides its class, and what it then is. The ontology has no tram: it moves as a bus.
ALIASES: Mapping[str, tuple[ActorClass, str]] = {"tram": (A.BUS, "tram")}

VARIANTS: Mapping[ActorClass, Mapping[str, Size]] = {
    A.CAR: {"small_car": (3.7, 1.65, 1.5), "sedan": (4.8, 1.85, 1.45), "estate": (4.8, 1.85, 1.5),
            "suv": (4.7, 1.95, 1.7), "pickup": (5.3, 1.95, 1.85), "sports_car": (4.4, 1.9, 1.25),
            "taxi": (4.8, 1.85, 1.45)},
    A.VAN: {"delivery_van": (5.9, 2.0, 2.6), "minibus": (5.5, 2.0, 2.3), "camper": (7.0, 2.3, 3.0)},
    A.TRUCK: {"rigid_truck": (9.5, 2.5, 3.6), "articulated_truck": (16.5, 2.55, 4.0), "road_train": (18.75, 2.55, 4.0),
              "tanker": (10.0, 2.5, 3.5), "refuse_truck": (9.5, 2.5, 3.6), "car_transporter": (18.0, 2.55, 4.0),
              "snow_plough": (9.0, 3.0, 3.5)},
    A.TRAILER: {"caravan": (7.0, 2.3, 2.6), "flatbed": (13.6, 2.55, 1.5), "box_trailer": (13.6, 2.55, 4.0)},
    A.BUS: {"city_bus": (12.0, 2.55, 3.1), "articulated_bus": (18.0, 2.55, 3.1), "coach": (13.0, 2.55, 3.8),
            "school_bus": (11.0, 2.45, 3.2), "tram": (30.0, 2.4, 3.6)},
    A.EMERGENCY_VEHICLE: {"ambulance": (6.5, 2.1, 2.8), "police_car": (4.8, 1.85, 1.6),
                          "fire_engine": (8.5, 2.5, 3.3)},
    A.CONSTRUCTION_VEHICLE: {"excavator": (9.6, 2.8, 3.1), "wheel_loader": (8.0, 2.7, 3.4), "roller": (5.5, 2.3, 3.0),
                             "paver": (6.5, 2.6, 3.1), "dumper": (9.0, 2.9, 3.5), "bulldozer": (6.0, 3.0, 3.2),
                             "mobile_crane": (12.0, 2.75, 3.8), "milling_machine": (8.0, 2.6, 3.2),
                             "attenuator_truck": (9.0, 2.5, 3.4)},
    A.MOTORCYCLE: {"moped": (1.8, 0.7, 1.6), "scooter": (1.9, 0.75, 1.6), "touring_motorcycle": (2.4, 0.95, 1.6)},
    A.BICYCLE: {"city_bicycle": (1.8, 0.6, 1.75), "racing_bicycle": (1.7, 0.5, 1.6), "cargo_bicycle": (2.5, 0.8, 1.7),
                "tandem": (2.4, 0.6, 1.75)},
    A.PEDESTRIAN: {"with_pram": (1.4, 0.6, 1.75), "with_dog": (1.4, 0.6, 1.75), "worker": (0.5, 0.6, 1.8),
                   "police_officer": (0.5, 0.6, 1.8)},
    A.ANIMAL: {"deer": (1.4, 0.45, 1.15), "moose": (2.6, 0.8, 2.0), "wild_boar": (1.5, 0.5, 0.9),
               "fox": (0.7, 0.25, 0.4), "dog": (0.8, 0.3, 0.6), "cat": (0.45, 0.2, 0.3), "cow": (2.3, 0.75, 1.45),
               "horse": (2.2, 0.6, 1.65), "sheep": (1.2, 0.45, 0.8), "kangaroo": (1.1, 0.5, 1.5),
               "hedgehog": (0.25, 0.15, 0.15), "duck": (0.5, 0.25, 0.35)},
    A.DEBRIS: {"tyre": (0.65, 0.65, 0.25), "tyre_shreds": (0.8, 0.3, 0.1), "box": (0.6, 0.4, 0.4),
               "plank": (2.0, 0.2, 0.05), "branch": (2.5, 0.8, 0.3), "rock": (0.5, 0.5, 0.4),
               "pallet": (1.2, 0.8, 0.15), "mattress": (2.0, 0.9, 0.2), "ladder": (3.0, 0.45, 0.1)},
}  # fmt: skip
AGES = ("toddler", "child", "teenager", "adult", "elder")
_AGE_SIZES: Mapping[str, Size] = {
    "toddler": (0.3, 0.35, 0.9), "child": (0.4, 0.45, 1.25), "teenager": (0.45, 0.5, 1.6), "elder": (0.5, 0.55, 1.68),
}  # fmt: skip
WORKING_MODES = ("idle", "travelling", "digging", "loading", "lifting", "paving", "rolling", "milling", "dumping")
GESTURES = ("none", "stop", "slow", "go", "wave", "point_left", "point_right")

TRAITS: Mapping[str, Field] = {
    "variant": Field(TEXT, "which kind of its class", None,
                     names=tuple(name for of_class in VARIANTS.values() for name in of_class)),
    "age": Field(TEXT, "of a person", "adult", names=AGES),
    "attention": Field(TEXT, "of a person or driver", "attentive", names=("attentive", "distracted", "impaired")),
    "gesture": Field(TEXT, "what a person shows by hand", "none", names=GESTURES),
    "beacon": Field(FLAG, "blue or yellow beacon flashes", False),
    "siren": Field(FLAG, "siren sounds", False),
    "lamps": Field(TEXT, "lamps that are lit besides those that driving lights", "none",
                   names=("none", "left", "right", "hazard", "high_beam", "off")),
    "trailers": Field(COUNT, "trailers behind it", 0, 0, 3),
    "trailer_length": Field(LENGTH, "of each trailer", None, 1.0, 15.0),
    "towed_by": Field(TEXT, "who tows it: an actor or the ego; it then hangs behind that and is placed by it", None),
    "cargo": Field(TEXT, "what it carries", "none", 
                   names=("none", "boxes", "timber", "pipes", "gravel", "cars", "liquid", "unsecured")),
    "door": Field(TEXT, "doors that stand open", "closed", names=("closed", "left", "right", "rear")),
    "working_mode": Field(TEXT, "what a machine is doing", "idle", names=WORKING_MODES),
    "swing": Field(ANGLE, "upper body of a machine against its tracks, left positive", 0.0, -pi, pi),
    "boom": Field(ANGLE, "boom above the horizon", None, -1.2, 1.6),
    "stick": Field(ANGLE, "stick against the boom; 0 is straight", None, -3.0, 0.5),
    "bucket": Field(ANGLE, "bucket against the stick; 0 is straight", None, -3.0, 1.5),
}  # fmt: skip

_PEOPLE = frozenset(PEDESTRIANS | {A.BICYCLE, A.E_SCOOTER, A.MOTORCYCLE})
_TOWING = frozenset({A.CAR, A.VAN, A.TRUCK, A.BUS, A.CONSTRUCTION_VEHICLE, A.BICYCLE})
_ARMED = frozenset({A.CONSTRUCTION_VEHICLE})
_BEACONS = frozenset({A.EMERGENCY_VEHICLE, A.CONSTRUCTION_VEHICLE, A.TRUCK, A.VAN, A.CAR})
# Which classes a trait makes sense for.
CLASSES_OF: Mapping[str, frozenset[ActorClass]] = {
    "variant": frozenset(VARIANTS), "age": _PEOPLE, "attention": _PEOPLE | VEHICLES, "gesture": _PEOPLE,
    "beacon": _BEACONS, "siren": frozenset({A.EMERGENCY_VEHICLE}), "lamps": VEHICLES | {A.MOTORCYCLE},
    "trailers": _TOWING, "trailer_length": _TOWING, "towed_by": frozenset({A.TRAILER}),
    "cargo": _TOWING | {A.TRAILER}, "door": frozenset(VEHICLES),
    "working_mode": _ARMED, "swing": _ARMED, "boom": _ARMED, "stick": _ARMED, "bucket": _ARMED,
}  # fmt: skip


def class_of(label: str) -> ActorClass:
    """The class that a file means by a word.

    Raises:
        KeyError: no class has that name.
    """
    return ALIASES[label][0] if label in ALIASES else ActorClass.from_label(label)


def trait_objections(leaf: Leaf, kinds: Iterable[str]) -> Iterable[str]:
    """Why the traits of an actor do not fit its class."""
    classes = [class_of(kind) for kind in kinds]
    for name, _ in leaf.values:
        if name not in TRAITS or not classes:
            continue
        if not any(kind in CLASSES_OF[name] for kind in classes):
            able = ", ".join(sorted(kind.label for kind in CLASSES_OF[name]))
            yield f"{with_article(classes[0].label)} has no {name}; one of {able} has"
    for variant in only_texts(leaf, "variant"):
        own = [name for kind in classes for name in VARIANTS.get(kind, ())]
        if classes and variant not in own:
            yield f"no {classes[0].label} is {with_article(variant)}; there are {', '.join(own)}"


def traits_of(leaf: Leaf, read: Any) -> dict[str, Any]:
    """The traits that a leaf gives, drawn."""
    label = str(read("kind"))
    found = {"variant": ALIASES[label][1]} if label in ALIASES else {}
    return found | {name: read(name) for name, _ in leaf.values if name in TRAITS}


def usual_size(kind: ActorClass, label: str, traits: Mapping[str, Any], sizes: Mapping[ActorClass, Size]) -> Size:
    """Size of a class as its variant, age and trailers make it."""
    variant = traits.get("variant") or (ALIASES[label][1] if label in ALIASES else None)
    size = VARIANTS.get(kind, {}).get(str(variant), sizes[kind])
    if kind in PEDESTRIANS and traits.get("age") in _AGE_SIZES:
        size = _AGE_SIZES[str(traits["age"])]
    behind = int(traits.get("trailers", 0)) * (float(traits.get("trailer_length") or 6.0) + 1.0)
    return size[0] + behind, size[1], size[2]


def trait_tags(kind: ActorClass, traits: Mapping[str, Any]) -> list[str]:
    """OpenLABEL names and slices of an actor's traits."""
    tags: list[str] = []
    if traits.get("beacon") or traits.get("siren"):
        tags.append("CommunicationSignalEmergency")
    lamp = {
        "left": "CommunicationSignalLeft",
        "right": "CommunicationSignalRight",
        "hazard": "CommunicationSignalHazard",
    }
    if traits.get("lamps") in lamp:
        tags.append(lamp[str(traits["lamps"])])
    if traits.get("gesture", "none") != "none":
        tags.append("CommunicationWave")
    for name in ("variant", "age", "gesture", "working_mode"):
        if name in traits and traits[name] not in ("none", None):
            tags.append(f"{name}:{traits[name]}")
    return tags
