"""Boxes of the moving parts of actors, where they stood when the rig looked."""

from collections.abc import Sequence

import numpy as np

from driving_data.geometry import SE3
from driving_data.labels import PartBoxes3D
from generators.labels.look import Look
from generators.raytrace.articulation import part_boxes


def parts(looks: Sequence[Look]) -> PartBoxes3D:
    """Every part of every actor that exists, but the ego's, at every look with geometry."""
    shown = [(look.step, look.inspection) for look in looks if look.inspection is not None]
    made = [(step, part_boxes(each.traced.scene, each.moment.start)) for step, each in shown]
    rotation = [boxes.world_from_box.rotation for _, boxes in made]
    place = [boxes.world_from_box.translation_m for _, boxes in made]
    return PartBoxes3D(
        step=np.array([step for step, boxes in made for _ in boxes.name], np.int64),
        actor=np.concatenate([np.zeros(0, np.int64), *(boxes.actor for _, boxes in made)]).astype(np.int64),
        name=tuple(name for _, boxes in made for name in boxes.name),
        world_from_box=SE3(
            np.concatenate([np.zeros((0, 3, 3)), *rotation]), np.concatenate([np.zeros((0, 3)), *place])
        ),
        size_m=np.concatenate([np.zeros((0, 3)), *(boxes.size_m for _, boxes in made)]),
    )


__all__ = ["parts"]
