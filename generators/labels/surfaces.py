"""Amodal boxes around the projected surface of actors: tighter than those around the projected 3D box."""

from collections.abc import Sequence

import numpy as np

from driving_data.labels import SurfaceBoxes2D
from generators.labels.look import Look


def surfaces(looks: Sequence[Look]) -> SurfaceBoxes2D:
    """Every actor of every picture that its surface, hidden or not, falls into."""
    rows: list[tuple[int, int, np.ndarray]] = []
    for look in looks:
        if look.silhouettes is None or look.silhouettes.outline_px is None or look.inspection is None:
            continue
        names = [model.name for model in look.inspection.opened.rig.cameras]
        for number, frame in look.frames:
            boxes = look.silhouettes.outline_px[names.index(frame.camera)]
            rows += [(number, int(actor), boxes[actor]) for actor in np.flatnonzero(np.isfinite(boxes).all(axis=-1))]
    return SurfaceBoxes2D(
        np.array([number for number, _, _ in rows], np.int64),
        np.array([actor for _, actor, _ in rows], np.int64),
        np.array([box for _, _, box in rows], np.float32).reshape(-1, 4),
    )


__all__ = ["surfaces"]
