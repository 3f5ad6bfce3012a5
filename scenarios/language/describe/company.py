"""Others as slots: from the route that they are on, relative to the ego's, follows where they are."""

from collections.abc import Iterable

from scenarios.language.slots import SEVERAL, ActorSlots

WALKERS = frozenset({"pedestrian", "child", "animal", "flagger", "wheelchair"})
SMALL = WALKERS | {"bicycle", "e_scooter"}
# Classes of ours that the slots have no word for, and the nearest that they have; None is not spoken of.
CLASSES: dict[str, str | None] = {"wheelchair": "pedestrian", "barrier": None, "other": None}


def class_word(label: str, variant: str = "") -> str | None:
    """The class in the slots; None for what they have no word for."""
    if variant == "tram":
        return "tram"
    return CLASSES.get(label, label)


def lane_number(route: str) -> int | None:
    """The number of a lane such as `main.2`."""
    stem, _, number = route.partition(".")
    return int(number) if stem == "main" and number.isdigit() else None


def relations(route: str, ego_route: str, moves: bool, crosses: bool, against: bool, lateral_m: float) -> list[str]:
    """Where an actor is as its route tells it, without ahead and behind.

    Args:
        route: of the actor.
        ego_route: of the ego.
        moves: whether it moves at the start.
        crosses: whether it goes across the road.
        against: whether it goes against the direction of its route.
        lateral_m: how far left of its route it begins.
    """
    stem, _, rest = route.partition(".")
    if crosses:
        side = rest if stem in ("sidewalk", "shoulder", "parking") and rest in ("left", "right") else ""
        side = side or {"from_left": "left", "from_right": "right", "minor": "right"}.get(stem, "")
        side = side or ("right" if lateral_m < -1.0 else "left" if lateral_m > 1.0 else "")
        return [*([side] if side else []), "crossing"]
    if stem in ("parking", "shoulder"):
        return ["on_shoulder" if stem == "shoulder" else "parked", rest] if not moves else [rest]
    if stem == "sidewalk":
        return [rest]
    if stem == "oncoming":
        return ["oncoming"]
    if stem in ("from_left", "from_right", "minor"):
        return ["left" if stem == "from_left" else "right"]
    here, own = lane_number(route), lane_number(ego_route)
    if against and moves:
        return ["oncoming", *(["same_lane"] if here == own else [])]
    if here is not None and own is not None and here != own:
        return ["left_lane" if here > own else "right_lane"]
    return []


def grouped(actors: Iterable[ActorSlots]) -> list[ActorSlots]:
    """Those of whom exactly the same is said become one group, at the place of the first."""
    counts: dict[ActorSlots, int] = {}
    for actor in actors:
        counts[actor] = counts.get(actor, 0) + 1
    return [_counted(actor, count) for actor, count in counts.items()]


def _counted(actor: ActorSlots, count: int) -> ActorSlots:
    if count == 1:
        return actor
    number = count if count <= 12 else SEVERAL
    return ActorSlots(actor.kind, number, actor.relation, actor.manoeuvre, actor.speed_mps, actor.distance_m,
                      actor.occluded_by, actor.trigger)  # fmt: skip
