"""Cargo and doors that behaviours let go, as actors of their own behind all others of a world."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from driving_data.rollout import Actors
from driving_data.taxonomy import ActorClass
from scenarios.behaviour import DropCargo, OpenDoor
from scenarios.concrete import Actor
from scenarios.types.cargo import CARGO, DOOR_KG, DOOR_SIZE_M
from sim_bridge.embedded import layout as at
from sim_bridge.faults import walk


@dataclass(frozen=True, slots=True)
class Loose:
    """One of them: whose it is, which node lets it go, what it is.

    Attributes:
        id: of the actor that it becomes.
        owner: index of the vehicle.
        label: of the node, as phases have it.
        kind: debris; a door is 'other'.
        size_m: length, width, height.
        mass_kg: for contacts.
    """

    id: str
    owner: int
    label: str
    kind: ActorClass
    size_m: tuple[float, float, float]
    mass_kg: float


def loose_of(actors: Sequence[Actor]) -> tuple[Loose, ...]:
    """Everything that the behaviours of these actors let go; the ego is index 0 and lets nothing go."""
    found: list[Loose] = []
    for owner, actor in enumerate(actors, start=1):
        for label, node in walk(actor.behaviour, "behaviour"):
            if isinstance(node, DropCargo):
                size, mass = CARGO[node.what]
                found.append(Loose(f"{actor.id}.cargo_{len(found)}", owner, label, ActorClass.DEBRIS, size, mass))
            elif isinstance(node, OpenDoor):
                name = f"{actor.id}.door_{len(found)}"
                found.append(Loose(name, owner, label, ActorClass.OTHER, DOOR_SIZE_M, DOOR_KG))
    return tuple(found)


def index_of(loose: Sequence[Loose], first: int, owner: int, label: str) -> int:
    """Index of the actor that a node lets go."""
    return first + next(k for k, item in enumerate(loose) if (item.owner, item.label) == (owner, label))


def fill_loose(loose: Sequence[Loose], first: int, param_f: np.ndarray, param_i: np.ndarray, flags: np.ndarray) -> None:
    """Writes parameters and flags of actors that are not there yet."""
    for k, item in enumerate(loose, start=first):
        param_f[: at.MASS + 1, k] = [*item.size_m, item.mass_kg]
        param_i[at.KIND, k], param_i[at.TOWED_BY, k] = item.kind, item.owner
        flags[at.VALID, k], flags[at.MODE, k], flags[at.PATH, k] = 0, at.MODE_STATIC, flags[at.PATH, item.owner]


def with_loose(actors: Actors, loose: Sequence[Loose]) -> Actors:
    """The actors, and these behind them."""
    if not loose:
        return actors
    return Actors(
        (*actors.ids, *(item.id for item in loose)),
        np.append(actors.kind, [int(item.kind) for item in loose]),
        np.concatenate([actors.size_m, [item.size_m for item in loose]]),
        np.append(actors.rear_axle_to_center_m, np.zeros(len(loose))),
    )
