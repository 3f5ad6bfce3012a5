"""Entities of a resolved tree: sizes, axles, performance, trailers, controllers."""

from driving_data.taxonomy import ActorClass
from scenarios import storyboard as sb
from scenarios.openscenario.lower_context import Context, only
from scenarios.openscenario.node import Node

VEHICLES = {
    "car": ActorClass.CAR, "van": ActorClass.VAN, "truck": ActorClass.TRUCK, "trailer": ActorClass.TRAILER,
    "semitrailer": ActorClass.TRAILER, "bus": ActorClass.BUS, "motorbike": ActorClass.MOTORCYCLE,
    "bicycle": ActorClass.BICYCLE, "train": ActorClass.OTHER, "tram": ActorClass.BUS,
}  # fmt: skip
PEDESTRIANS = {
    "pedestrian": ActorClass.PEDESTRIAN, "wheelchair": ActorClass.WHEELCHAIR, "animal": ActorClass.ANIMAL,
}  # fmt: skip
THINGS = {
    "barrier": ActorClass.BARRIER, "railing": ActorClass.BARRIER, "trafficIsland": ActorClass.BARRIER,
    "roadMark": ActorClass.OTHER, "obstacle": ActorClass.DEBRIS, "none": ActorClass.OTHER,
}  # fmt: skip
EMERGENCY = ("ambulance", "fire", "police")
BODIES = ("Vehicle", "Pedestrian", "MiscObject")
SMALLEST_M = 0.05


def entities_of(context: Context, node: Node) -> tuple[sb.Entity, ...]:
    """Entities in the order of the file; a trailer that is described inside its tractor follows it."""
    found: list[sb.Entity] = []
    for item in node.all("ScenarioObject"):
        body = next((child for child in item.children if child.tag in BODIES), None)
        if body is None:
            context.unsupported(item, ", ".join(child.tag for child in item.children) or "an entity without a body")
            continue
        names = tuple(
            controller.get("name")
            for holder in item.all("ObjectController")
            for controller in holder.children
            if controller.tag == "Controller"
        )
        _add(context, found, item.get("name"), body, names)
    for selection in node.all("EntitySelection"):
        context.unsupported(selection, "EntitySelection")
    return tuple(found)


def _add(context: Context, found: list[sb.Entity], name: str, body: Node, controllers: tuple[str, ...]) -> None:
    trailer, inner = _trailer(name, body)
    found.append(_entity(context, name, body, controllers, trailer))
    if inner is not None:
        _add(context, found, trailer, inner, ())


def _trailer(name: str, body: Node) -> tuple[str, Node | None]:
    """Name of the trailer that is coupled at the start, and its body where it stands inside the tractor."""
    holder = body.child("Trailer")
    choice = only(holder) if holder is not None else None
    if choice is None:
        return "", None
    if choice.tag == "TrailerRef":
        return choice.get("entityRef"), None
    inner = next((child for child in choice.children if child.tag in BODIES), None)
    return (f"{name}+", inner) if inner is not None else ("", None)


def _entity(context: Context, name: str, body: Node, controllers: tuple[str, ...], trailer: str) -> sb.Entity:
    center, size = body.find("BoundingBox/Center"), body.find("BoundingBox/Dimensions")
    middle = (0.0, 0.0, 0.0) if center is None else tuple(context.number(center, axis) for axis in "xyz")
    box = (1.0, 1.0, 1.0)
    if size is not None:
        box = tuple(max(context.number(size, side), SMALLEST_M) for side in ("length", "width", "height"))
    performance = body.child("Performance")
    limits = [
        None if performance is None else context.optional(performance, limit)
        for limit in ("maxSpeed", "maxAcceleration", "maxDeceleration")
    ]
    front, rear = body.find("Axles/FrontAxle"), body.find("Axles/RearAxle")
    hitch, coupler = body.child("TrailerHitch"), body.child("TrailerCoupler")
    holder = body.child("Properties")
    kind, category = _kind(context, body)
    return sb.Entity(
        name=name,
        kind=kind,
        category=category,
        size_m=(box[0], box[1], box[2]),
        center_m=(middle[0], middle[1], middle[2]),
        max_speed_mps=limits[0],
        max_acceleration_mps2=limits[1],
        max_deceleration_mps2=limits[2],
        front_axle_m=None if front is None else context.number(front, "positionX"),
        rear_axle_m=0.0 if rear is None else context.number(rear, "positionX"),
        hitch_m=None if hitch is None else context.number(hitch, "dx"),
        coupler_m=None if coupler is None else context.number(coupler, "dx"),
        trailer=trailer,
        controllers=controllers,
        properties=({} if holder is None else {item.get("name"): item.get("value") for item in holder.all("Property")}),
    )


def _kind(context: Context, body: Node) -> tuple[ActorClass, str]:
    if body.tag == "Vehicle":
        if body.get("role") in EMERGENCY:
            return ActorClass.EMERGENCY_VEHICLE, "vehicle"
        return _named(context, body, "vehicleCategory", VEHICLES), "vehicle"
    if body.tag == "Pedestrian":
        return _named(context, body, "pedestrianCategory", PEDESTRIANS), "pedestrian"
    if "cone" in f"{body.get('name')} {body.get('model3d')}".lower():
        return ActorClass.CONE, "miscellaneous"
    return THINGS.get(body.get("miscObjectCategory"), ActorClass.OTHER), "miscellaneous"


def _named(context: Context, body: Node, attribute: str, table: dict[str, ActorClass]) -> ActorClass:
    text = body.get(attribute)
    if text not in table:
        context.note(body, f"{attribute}={text!r}", "not known; taken for something else on the road")
    return table.get(text, ActorClass.OTHER)
