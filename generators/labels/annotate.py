"""All labels of a segment: boxes always, the others where they are asked for."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from driving_data.labels import Labels
from driving_data.rollout import Rollout
from driving_data.sensors import SensorRig
from generators.labels.boxes import make_labels
from generators.labels.choice import chosen_labels
from generators.labels.conditions import conditions
from generators.labels.controls import controls
from generators.labels.illumination import illumination
from generators.labels.keypoints import keypoints
from generators.labels.look import Look
from generators.labels.map_elements import map_elements
from generators.labels.occupancy import occupancy
from generators.labels.parts import parts
from generators.labels.solids import Solids
from generators.labels.surfaces import surfaces

_Maker = Callable[[Rollout, Sequence[Look], Labels], Any]


def annotate(rollout: Rollout, rig: SensorRig, looks: Sequence[Look], names: Iterable[str] = ()) -> Labels:
    """Labels of what the rig saw.

    Args:
        rollout: what happened, with the environment that was shown.
        rig: the sensors.
        looks: what they saw; keypoints and occupancy need looks with geometry and are left out without.
        names: labels on request (`choice.ON_REQUEST`), or 'all'.

    Raises:
        InputError: a name is no label's.
    """
    chosen = chosen_labels(names)
    labels = make_labels(rollout, rig, looks)
    made = {name: _MAKERS[name](rollout, looks, labels) for name in _MAKERS if name in chosen}
    return replace(labels, **made)


def _occupancy(rollout: Rollout, looks: Sequence[Look], labels: Labels) -> Any:
    solids = Solids()
    return tuple(occupancy(rollout, look, solids) for look in looks if look.inspection is not None)


_MAKERS: dict[str, _Maker] = {
    "surfaces": lambda rollout, looks, labels: surfaces(looks),
    "parts": lambda rollout, looks, labels: parts(looks),
    "keypoints": lambda rollout, looks, labels: keypoints(looks),
    "illumination": lambda rollout, looks, labels: illumination(rollout, looks, labels.boxes_3d),
    "occupancy": _occupancy,
    "map_elements": lambda rollout, looks, labels: map_elements(rollout, looks),
    "controls": lambda rollout, looks, labels: controls(rollout, looks),
    "conditions": lambda rollout, looks, labels: conditions(rollout, looks),
}

__all__ = ["annotate"]
