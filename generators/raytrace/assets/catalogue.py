"""From an actor's class, size and draws to its body, in eight poses where it walks or pedals."""

from dataclasses import dataclass

import numpy as np

from driving_data.ports import SceneDescription
from driving_data.taxonomy import SEMANTIC_OF_ACTOR, ActorClass, SemanticClass
from generators.raytrace.appearance import Appearance
from generators.raytrace.assets.animals import animal
from generators.raytrace.assets.car import car
from generators.raytrace.assets.car_shapes import SHAPES
from generators.raytrace.assets.coach import bus
from generators.raytrace.assets.devices import barrier, cone, debris, other
from generators.raytrace.assets.finish import CAR_COLORS, Finish, vehicle_finish
from generators.raytrace.assets.lorries import lorry, trailer
from generators.raytrace.assets.machines import excavator, wheel_loader
from generators.raytrace.assets.people import (
    NUM_POSES,
    flagger,
    person_look,
    stride_length_m,
    walker,
    wheelchair_user,
)
from generators.raytrace.assets.two_wheelers import DEVELOPMENT_M, bicycle, e_scooter, motorcycle
from generators.raytrace.materials import MaterialBook, Surface, linear
from generators.raytrace.soup import Soup

Size = tuple[float, float, float]
CARGO_COLORS = ("#d8d8d2", "#c9d4dc", "#e6e4dc", "#27518a", "#8c2026", "#2f6b46", "#c98a1b", "#5a5e63")
BUS_COLORS = (("#a83226", "#e8e4d8"), ("#1d5a8c", "#dfe3e6"), ("#2f7a4a", "#e6e6dc"), ("#d9a520", "#2b2d30"))
LIVERIES = {"police": ("#e9e9e6", "#123a94"), "ambulance": ("#e2c81e", "#1f7a3a"), "fire": ("#a8141a", "#e6d21e")}


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """Meshes of one actor: one, or `NUM_POSES` over `stride_m` of travel."""

    poses: tuple[Soup, ...]
    stride_m: float = float("inf")


def body_of(scene: SceneDescription, index: int, appearance: Appearance, book: MaterialBook) -> Body:
    """The body of one actor, in its own frame (box centre), within its box."""
    kind = scene.actors.kind_of(index)
    actor = scene.actors.ids[index]
    length, width, height = (max(float(value), 0.05) for value in scene.actors.size_m[index])
    size = (length, width, height)
    if kind in _PEOPLE:
        return _person(kind, size, actor, appearance, book)
    if kind in (ActorClass.MOTORCYCLE, ActorClass.BICYCLE, ActorClass.E_SCOOTER):
        return _two_wheeler(kind, size, actor, appearance, book)
    if kind == ActorClass.ANIMAL:
        drawn = appearance.choice("animal", actor)
        breed = drawn if drawn != "auto" else ("deer" if height > 0.95 else "dog")
        return Body(animal(breed, size, book), 0.85 * length)
    if kind == ActorClass.CONE:
        return Body((cone(size, book),))
    if kind == ActorClass.BARRIER:
        return Body((barrier(size, book),))
    if kind == ActorClass.DEBRIS:
        return Body((debris(size, book, appearance.rng(f"debris.{actor}")),))
    if kind == ActorClass.OTHER:
        return Body((other(size, book),))
    return Body((_vehicle(kind, size, actor, appearance, book),))


_PEOPLE = (ActorClass.PEDESTRIAN, ActorClass.CHILD, ActorClass.WHEELCHAIR, ActorClass.FLAGGER)


def _person(kind: ActorClass, size: Size, actor: str, appearance: Appearance, book: MaterialBook) -> Body:
    age = "child" if kind == ActorClass.CHILD or (size[2] < 1.35 and kind == ActorClass.PEDESTRIAN) else "adult"
    look = person_look(book, appearance, actor, SemanticClass.PEDESTRIAN, age, vest=kind == ActorClass.FLAGGER)
    if kind == ActorClass.FLAGGER:
        return Body(flagger(size, look, book))
    if kind == ActorClass.WHEELCHAIR:
        return Body(wheelchair_user(size, look, book))
    return Body(walker(size, look), stride_length_m(size))


def _two_wheeler(kind: ActorClass, size: Size, actor: str, appearance: Appearance, book: MaterialBook) -> Body:
    look = person_look(book, appearance, actor, SemanticClass.RIDER, "adult", rider=True)
    finish = vehicle_finish(book, SEMANTIC_OF_ACTOR[kind], _car_paint(appearance, actor))
    if kind == ActorClass.BICYCLE:
        poses = bicycle(size, finish, look, book)
        return Body(poses, DEVELOPMENT_M if len(poses) == NUM_POSES else float("inf"))
    if kind == ActorClass.MOTORCYCLE:
        return Body((motorcycle(size, finish, look),))
    return Body((e_scooter(size, finish, look, book),))


def _car_paint(appearance: Appearance, actor: str) -> str:
    shades = CAR_COLORS[appearance.choice("car_color", actor)]
    return shades[int(appearance.rng(f"shade.{actor}").integers(len(shades)))]


def _vehicle(kind: ActorClass, size: Size, actor: str, appearance: Appearance, book: MaterialBook) -> Soup:
    semantic = SEMANTIC_OF_ACTOR[kind]
    share = min(max(appearance.number("cargo_color", actor), 0.0), 0.999)
    cargo_color = CARGO_COLORS[int(share * len(CARGO_COLORS))]
    if kind == ActorClass.BUS:
        paint, band = BUS_COLORS[int(share * len(BUS_COLORS))]
        return bus(size, vehicle_finish(book, semantic, paint, band))
    if kind in (ActorClass.TRUCK, ActorClass.TRAILER):
        cargo = book.add(Surface(linear(cargo_color), semantic, roughness=0.5, reflectance=0.04, wettable=0.2))
        finish = vehicle_finish(book, semantic, _car_paint(appearance, actor))
        return trailer(size, finish, cargo) if kind == ActorClass.TRAILER else lorry(size, finish, cargo)
    if kind == ActorClass.CONSTRUCTION_VEHICLE:
        finish = vehicle_finish(book, semantic, "#d19a12", gloss=0.4)
        return excavator(size, finish) if share < 0.7 or size[0] > 7.5 else wheel_loader(size, finish)
    if kind == ActorClass.EMERGENCY_VEHICLE:
        return _emergency(size, actor, appearance, book)
    finish = vehicle_finish(book, semantic, _car_paint(appearance, actor))
    if kind == ActorClass.VAN:
        return car(SHAPES["van"], size, finish)
    return car(SHAPES[_car_style(size, actor, appearance)], size, finish)


def _car_style(size: Size, actor: str, appearance: Appearance) -> str:
    """The drawn style, or one that suits the measures of the box."""
    drawn = appearance.choice("car_style", actor)
    if drawn != "auto":
        return drawn
    if size[2] > 1.95:
        return "van"
    if size[2] > 1.6:
        return "suv"
    if size[0] < 4.25:
        return "hatchback"
    return ("sedan", "estate", "hatchback")[int(appearance.rng(f"style.{actor}").choice(3, p=[0.5, 0.3, 0.2]))]


def _emergency(size: Size, actor: str, appearance: Appearance, book: MaterialBook) -> Soup:
    drawn = appearance.choice("livery", actor)
    fitting = "fire" if size[0] > 6.5 else ("ambulance" if size[2] > 1.9 else "police")
    livery = fitting if drawn == "auto" else drawn
    paint, band = LIVERIES[livery]
    finish: Finish = vehicle_finish(book, SEMANTIC_OF_ACTOR[ActorClass.EMERGENCY_VEHICLE], paint, band)
    if size[0] > 6.5:
        return lorry(size, finish, finish.paint, service=True)
    shape = SHAPES["van"] if size[2] > 1.9 else SHAPES["estate" if size[2] < 1.6 else "suv"]
    return car(shape, size, finish, livery)


def poses_of(body: Body, first: int) -> np.ndarray:
    """Rows of the asset table for a body whose meshes begin at `first`, shape (K,)."""
    return first + np.arange(NUM_POSES) % len(body.poses)
