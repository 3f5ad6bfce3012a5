"""From an actor's class, size and draws to its body, in eight poses where it walks or pedals."""

from collections.abc import Mapping

import numpy as np

from driving_data.ports import SceneDescription
from driving_data.taxonomy import SEMANTIC_OF_ACTOR, ActorClass, SemanticClass
from generators.raytrace.appearance import Appearance
from generators.raytrace.assets.animals import animal
from generators.raytrace.assets.body import Body, Size, solid
from generators.raytrace.assets.car import car
from generators.raytrace.assets.car_shapes import SHAPES
from generators.raytrace.assets.coach import bus
from generators.raytrace.assets.debris import debris
from generators.raytrace.assets.devices import barrier, cone, fitting_barrier, other
from generators.raytrace.assets.finish import CAR_COLORS, Finish, vehicle_finish
from generators.raytrace.assets.lorries import lorry
from generators.raytrace.assets.machines import machine
from generators.raytrace.assets.people import (
    NUM_POSES,
    flagger,
    person_look,
    walker,
    wheelchair_user,
)
from generators.raytrace.assets.trailers import trailer
from generators.raytrace.assets.two_wheelers import DEVELOPMENT_M, bicycle, e_scooter, motorcycle
from generators.raytrace.materials import MaterialBook, Surface, linear
from generators.raytrace.meshes import mesh_of, user_body
from scenarios.types.traits import VARIANTS

CARGO_COLORS = ("#d8d8d2", "#c9d4dc", "#e6e4dc", "#27518a", "#8c2026", "#2f6b46", "#c98a1b", "#5a5e63")
BUS_COLORS = (("#a83226", "#e8e4d8"), ("#1d5a8c", "#dfe3e6"), ("#2f7a4a", "#e6e6dc"), ("#d9a520", "#2b2d30"))
ELDER_SIZE_M = (0.5, 0.55, 1.68)
LIVERIES = {"police": ("#e9e9e6", "#123a94"), "ambulance": ("#e2c81e", "#1f7a3a"), "fire": ("#a8141a", "#e6d21e")}


def body_of(scene: SceneDescription, index: int, appearance: Appearance, book: MaterialBook) -> Body:
    """The body of one actor, in its own frame (box centre), within its box but for arms at work and open doors."""
    kind = scene.actors.kind_of(index)
    actor = scene.actors.ids[index]
    length, width, height = (max(float(value), 0.05) for value in scene.actors.size_m[index])
    size = (length, width, height)
    worn = mesh_of(actor, kind, appearance)
    if worn is not None:
        return user_body(worn.file, size, worn.fit, worn.axes, SEMANTIC_OF_ACTOR[kind], book)
    style = style_of(kind, size, actor, appearance)
    if kind in _PEOPLE:
        return _person(kind, size, actor, appearance, book)
    if kind in (ActorClass.MOTORCYCLE, ActorClass.BICYCLE, ActorClass.E_SCOOTER):
        return _two_wheeler(kind, size, style, actor, appearance, book)
    if kind == ActorClass.ANIMAL:
        return Body(animal(style, size, book), 0.85 * length)
    if kind == ActorClass.CONE:
        return solid(cone(size, style, book), size)
    if kind == ActorClass.BARRIER:
        return barrier(size, style, book)
    if kind == ActorClass.DEBRIS:
        return solid(debris(size, style, book, appearance.rng(f"debris.{actor}")), size)
    if kind == ActorClass.OTHER:
        return solid(other(size, book), size)
    return _vehicle(kind, size, style, actor, appearance, book)


_PEOPLE = (ActorClass.PEDESTRIAN, ActorClass.CHILD, ActorClass.WHEELCHAIR, ActorClass.FLAGGER)


def _person(kind: ActorClass, size: Size, actor: str, appearance: Appearance, book: MaterialBook) -> Body:
    child = kind == ActorClass.CHILD or (size[2] < 1.35 and kind == ActorClass.PEDESTRIAN)
    age = "child" if child else _age(size, actor, appearance)
    vest = kind == ActorClass.FLAGGER or (
        kind == ActorClass.PEDESTRIAN and np.allclose(size, VARIANTS[kind]["worker"], rtol=0.0, atol=1e-3)
    )
    look = person_look(book, appearance, actor, SemanticClass.PEDESTRIAN, age, vest=vest)
    if kind == ActorClass.FLAGGER:
        return flagger(size, look, book)
    if kind == ActorClass.WHEELCHAIR:
        return wheelchair_user(size, look, book)
    carry = appearance.choice("carry", actor)
    if size[0] > 1.25 and carry == "auto":
        carry = "pushchair"
    if carry == "auto" or (vest and f"carry.{actor}" not in appearance.draws):
        carry = "stick" if age == "elderly" else "none"
    return walker(size, look, age, carry, book)


def _age(size: Size, actor: str, appearance: Appearance) -> str:
    drawn = appearance.choice("age", actor)
    if f"age.{actor}" in appearance.draws and drawn != "auto":
        return drawn
    if np.allclose(size, ELDER_SIZE_M, rtol=0.0, atol=1e-3):
        return "elderly"
    return "adult" if drawn == "auto" else drawn


def _two_wheeler(
    kind: ActorClass, size: Size, style: str, actor: str, appearance: Appearance, book: MaterialBook
) -> Body:
    look = person_look(book, appearance, actor, SemanticClass.RIDER, "adult", rider=True)
    finish = vehicle_finish(book, SEMANTIC_OF_ACTOR[kind], _car_paint(appearance, actor))
    if kind == ActorClass.BICYCLE:
        poses = bicycle(size, style, finish, look, book)
        return Body(poses, DEVELOPMENT_M if len(poses) == NUM_POSES else float("inf"))
    if kind == ActorClass.MOTORCYCLE:
        return motorcycle(size, style, finish, look)
    return Body((e_scooter(size, finish, look, book),))


def _car_paint(appearance: Appearance, actor: str) -> str:
    shades = CAR_COLORS[appearance.choice("car_color", actor)]
    return shades[int(appearance.rng(f"shade.{actor}").integers(len(shades)))]


def _vehicle(kind: ActorClass, size: Size, style: str, actor: str, appearance: Appearance, book: MaterialBook) -> Body:
    semantic = SEMANTIC_OF_ACTOR[kind]
    share = min(max(appearance.number("cargo_color", actor), 0.0), 0.999)
    if kind == ActorClass.BUS:
        paint, band = ("#e0a010", "#e0a010") if style == "school" else BUS_COLORS[int(share * len(BUS_COLORS))]
        return bus(size, style, vehicle_finish(book, semantic, paint, band))
    if kind in (ActorClass.CONSTRUCTION_VEHICLE, ActorClass.TRUCK, ActorClass.TRAILER):
        color = CARGO_COLORS[int(share * len(CARGO_COLORS))]
        cargo = book.add(Surface(linear(color), semantic, roughness=0.5, reflectance=0.04, wettable=0.2))
        return _heavy(kind, size, style, cargo, _car_paint(appearance, actor), book)
    if kind == ActorClass.EMERGENCY_VEHICLE:
        return _emergency(size, style, book)
    finish = vehicle_finish(book, semantic, _car_paint(appearance, actor))
    if style == "taxi":
        return car(SHAPES["sedan"], size, vehicle_finish(book, semantic, "#e5b012"), "taxi")
    if kind == ActorClass.VAN:
        shape = {"panel": "van"}.get(style, style)
        return car(SHAPES[shape], size, finish, "parcels" if style == "delivery" else "")
    return car(SHAPES[style], size, finish)


def _heavy(kind: ActorClass, size: Size, style: str, cargo: int, paint: str, book: MaterialBook) -> Body:
    semantic = SEMANTIC_OF_ACTOR[kind]
    if kind == ActorClass.CONSTRUCTION_VEHICLE:
        return machine(size, style, vehicle_finish(book, semantic, "#d99a0c", gloss=0.4), cargo)
    finish = vehicle_finish(book, semantic, paint)
    return trailer(size, style, finish, cargo) if kind == ActorClass.TRAILER else lorry(size, style, finish, cargo)


def _emergency(size: Size, style: str, book: MaterialBook) -> Body:
    paint, band = LIVERIES[style]
    finish: Finish = vehicle_finish(book, SEMANTIC_OF_ACTOR[ActorClass.EMERGENCY_VEHICLE], paint, band)
    if size[0] > 6.8:
        return lorry(size, "fire", finish, finish.paint)
    shape = SHAPES["van"] if size[2] > 1.9 else SHAPES["estate" if size[2] < 1.66 else "suv"]
    return car(shape, size, finish, style)


# Which appearance key says the style of a class.
STYLE_KEYS: Mapping[ActorClass, str] = {
    ActorClass.CAR: "car_style", ActorClass.VAN: "van_style", ActorClass.TRUCK: "truck_style",
    ActorClass.TRAILER: "trailer_style", ActorClass.BUS: "bus_style", ActorClass.EMERGENCY_VEHICLE: "livery",
    ActorClass.CONSTRUCTION_VEHICLE: "machine", ActorClass.MOTORCYCLE: "motorcycle_style",
    ActorClass.BICYCLE: "bicycle_style", ActorClass.ANIMAL: "animal", ActorClass.CONE: "cone_style",
    ActorClass.BARRIER: "barrier_style", ActorClass.DEBRIS: "debris_style",
}  # fmt: skip


def style_of(kind: ActorClass, size: Size, actor: str, appearance: Appearance) -> str:
    """The drawn style of an actor, or where none was drawn one that suits its measures; '' for classes without.

    A box with exactly the usual measures of a variant that scenarios know (`scenarios.types.traits.VARIANTS`) is that
    variant.
    """
    key = STYLE_KEYS.get(kind)
    if key is None:
        return ""
    drawn = appearance.choice(key, actor)
    if drawn != "auto" and (f"{key}.{actor}" in appearance.draws or kind == ActorClass.MOTORCYCLE):
        return drawn
    return _known_variant(kind, size) or _fitting(kind, size, actor, appearance)


# What scenarios call their variants, and what we draw for them.
STYLE_OF_VARIANT: Mapping[str, str] = {
    "small_car": "hatchback", "sedan": "sedan", "estate": "estate", "suv": "suv", "pickup": "pickup",
    "sports_car": "sports", "delivery_van": "panel", "minibus": "minibus", "camper": "delivery", "rigid_truck": "box",
    "articulated_truck": "box", "road_train": "box", "tanker": "tanker", "refuse_truck": "refuse",
    "car_transporter": "transporter", "snow_plough": "tipper", "caravan": "caravan", "flatbed": "flatbed",
    "box_trailer": "semi", "city_bus": "city", "articulated_bus": "articulated", "coach": "coach",
    "school_bus": "school", "ambulance": "ambulance", "police_car": "police", "fire_engine": "fire",
    "excavator": "excavator", "wheel_loader": "wheel_loader", "roller": "roller", "paver": "paver",
    "dumper": "dump_truck", "bulldozer": "wheel_loader", "mobile_crane": "crane", "milling_machine": "paver",
    "scooter": "scooter", "moped": "scooter", "city_bicycle": "city", "cargo_bicycle": "cargo", "deer": "deer",
    "moose": "moose", "wild_boar": "boar", "fox": "fox", "dog": "dog", "cat": "cat", "cow": "cow", "horse": "horse",
    "sheep": "sheep", "tyre": "tyre", "box": "box", "plank": "plank", "branch": "branch", "rock": "rock",
    "pallet": "pallet", "mattress": "mattress", "ladder": "ladder",
}  # fmt: skip


def _known_variant(kind: ActorClass, size: Size) -> str:
    for variant, usual in VARIANTS.get(kind, {}).items():
        if variant in STYLE_OF_VARIANT and np.allclose(usual, size, rtol=0.0, atol=1e-3):
            return STYLE_OF_VARIANT[variant]
    return ""


def _fitting(kind: ActorClass, size: Size, actor: str, appearance: Appearance) -> str:
    length, width, height = size
    rng = appearance.rng(f"style.{actor}")

    def one_of(names: tuple[str, ...], weights: tuple[float, ...]) -> str:
        return names[int(rng.choice(len(names), p=np.array(weights) / sum(weights)))]

    match kind:
        case ActorClass.CAR:
            if height > 1.95:
                return "minibus"
            if height > 1.6:
                return one_of(("suv", "pickup"), (6.0, 1.0)) if length > 5.0 else "suv"
            if height < 1.32:
                return "sports"
            return "hatchback" if length < 4.25 else one_of(("sedan", "estate", "hatchback"), (5.0, 3.0, 2.0))
        case ActorClass.VAN:
            return one_of(("panel", "minibus", "delivery"), (6.0, 2.0, 1.0 if height > 2.5 else 0.0))
        case ActorClass.TRUCK:
            if length > 10.5 or length < 6.5:
                return "box"
            names = ("box", "tipper", "tanker", "flatbed", "mixer", "refuse")
            return one_of(names, (6.0, 1.0, 1.0, 1.0, 0.5, 0.7) if height < 3.75 else (1.0, 0.0, 0.0, 0.0, 0.0, 0.0))
        case ActorClass.TRAILER:
            if height < 2.2:
                return "flatbed"
            return "semi" if length > 9.0 else ("caravan" if height < 2.8 else "box")
        case ActorClass.BUS:
            return "articulated" if length > 15.0 else ("coach" if height > 3.45 else "city")
        case ActorClass.EMERGENCY_VEHICLE:
            return "fire" if length > 6.8 else ("ambulance" if height > 1.9 else "police")
        case ActorClass.CONSTRUCTION_VEHICLE:
            names = ("excavator", "wheel_loader", "dump_truck", "grader", "roller", "paver")
            return one_of(names, (5.0, 3.0, 1.0, 1.0, 0.0, 0.0) if length > 6.0 else (2.0, 2.0, 0.0, 0.0, 2.0, 1.0))
        case ActorClass.BICYCLE:
            return "cargo" if length > 2.2 else "city"
        case ActorClass.ANIMAL:
            if height > 1.4:
                return "horse" if length > 1.9 and width < 0.7 else ("cow" if length > 1.9 else "deer")
            return "deer" if height > 0.95 else ("dog" if height > 0.5 else one_of(("fox", "cat"), (1.0, 1.0)))
        case ActorClass.CONE:
            thin = min(length, width) < 0.2 or (height > 0.95 and max(length, width) < 0.5)
            return "panel" if thin else ("drum" if min(length, width) > 0.5 and height > 0.8 else "cone")
        case ActorClass.BARRIER:
            return fitting_barrier(size)
        case ActorClass.DEBRIS:
            if height < 0.3:
                return "plank" if length > 1.5 else one_of(("tyre", "pallet", "plank"), (1.0, 1.0, 1.0))
            return "load" if length > 1.5 else one_of(("box", "mixed", "rock"), (2.0, 2.0, 1.0))
        case _:
            return "mixed"


def poses_of(body: Body, first: int) -> np.ndarray:
    """Rows of the asset table for a body whose meshes begin at `first`, shape (K,)."""
    return first + np.arange(NUM_POSES) % len(body.poses)
