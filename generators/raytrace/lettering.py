"""Letters and digits as strokes: what stands on signs, buses and vehicles."""

from itertools import pairwise

import numpy as np

from generators.raytrace.solids import quads
from generators.raytrace.soup import EMPTY, Soup

# Whole numbers are welcome where glyphs are written by hand.
Stroke = tuple[tuple[float | int, float | int], ...]

# Strokes on a grid of width 1 and height 2: lists of polylines.
GLYPHS: dict[str, tuple[Stroke, ...]] = {
    "0": (((0, 0), (1, 0), (1, 2), (0, 2), (0, 0)),),
    "1": (((0.2, 1.6), (0.6, 2), (0.6, 0)),),
    "2": (((0, 2), (1, 2), (1, 1), (0, 0.9), (0, 0), (1, 0)),),
    "3": (((0, 2), (1, 2), (1, 0), (0, 0)), ((0.2, 1), (1, 1))),
    "4": (((0.8, 0), (0.8, 2), (0, 0.7), (1, 0.7)),),
    "5": (((1, 2), (0, 2), (0, 1.1), (1, 1.1), (1, 0), (0, 0)),),
    "6": (((1, 2), (0, 2), (0, 0), (1, 0), (1, 1), (0, 1)),),
    "7": (((0, 2), (1, 2), (0.4, 0)),),
    "8": (((0, 0), (1, 0), (1, 2), (0, 2), (0, 0)), ((0, 1), (1, 1))),
    "9": (((1, 1), (0, 1), (0, 2), (1, 2), (1, 0), (0, 0)),),
    "A": (((0, 0), (0.5, 2), (1, 0)), ((0.2, 0.7), (0.8, 0.7))),
    "B": (((0, 0), (0, 2), (0.8, 2), (0.9, 1.1), (0, 1)), ((0.9, 1.1), (1, 0), (0, 0))),
    "C": (((1, 2), (0, 2), (0, 0), (1, 0)),),
    "D": (((0, 0), (0, 2), (0.7, 2), (1, 1.5), (1, 0.5), (0.7, 0), (0, 0)),),
    "E": (((1, 2), (0, 2), (0, 0), (1, 0)), ((0, 1), (0.8, 1))),
    "F": (((1, 2), (0, 2), (0, 0)), ((0, 1), (0.8, 1))),
    "G": (((1, 2), (0, 2), (0, 0), (1, 0), (1, 1), (0.6, 1)),),
    "H": (((0, 0), (0, 2)), ((1, 0), (1, 2)), ((0, 1), (1, 1))),
    "I": (((0.5, 0), (0.5, 2)),),
    "J": (((1, 2), (1, 0), (0, 0), (0, 0.6)),),
    "K": (((0, 0), (0, 2)), ((1, 2), (0, 1), (1, 0))),
    "L": (((0, 2), (0, 0), (1, 0)),),
    "M": (((0, 0), (0, 2), (0.5, 1), (1, 2), (1, 0)),),
    "N": (((0, 0), (0, 2), (1, 0), (1, 2)),),
    "O": (((0, 0), (1, 0), (1, 2), (0, 2), (0, 0)),),
    "P": (((0, 0), (0, 2), (1, 2), (1, 1), (0, 1)),),
    "R": (((0, 0), (0, 2), (1, 2), (1, 1), (0, 1)), ((0.4, 1), (1, 0))),
    "S": (((1, 2), (0, 2), (0, 1), (1, 1), (1, 0), (0, 0)),),
    "T": (((0, 2), (1, 2)), ((0.5, 2), (0.5, 0))),
    "U": (((0, 2), (0, 0), (1, 0), (1, 2)),),
    "V": (((0, 2), (0.5, 0), (1, 2)),),
    "W": (((0, 2), (0.25, 0), (0.5, 1.2), (0.75, 0), (1, 2)),),
    "X": (((0, 0), (1, 2)), ((0, 2), (1, 0))),
    "Y": (((0, 2), (0.5, 1), (1, 2)), ((0.5, 1), (0.5, 0))),
    "Z": (((0, 2), (1, 2), (0, 0), (1, 0)),),
    "^": (((0.5, 0), (0.5, 2)), ((0, 1.3), (0.5, 2), (1, 1.3))),
    ">": (((-0.5, 1), (1.5, 1)), ((0.8, 1.7), (1.5, 1), (0.8, 0.3))),
    "<": (((-0.5, 1), (1.5, 1)), ((0.2, 1.7), (-0.5, 1), (0.2, 0.3))),
    "/": (((0, 0), (1, 2)),),
    "!": (((0.5, 0.7), (0.5, 2)), ((0.5, 0), (0.5, 0.25))),
    "-": (((-0.6, 1), (1.6, 1)),),
}
PITCH, STROKE = 1.55, 0.26


def lettering(text: str, height_m: float, material: int, lift_m: float = 0.0, stroke: float = STROKE) -> Soup:
    """Strokes of the glyphs of a text, centred, in the plane x = `lift_m`, to be read from +x.

    A character without a glyph, as the space, leaves a gap.

    Args:
        text: capital letters, digits and the signs of `GLYPHS`.
        height_m: of a capital.
        material: of the strokes.
        lift_m: how far before the plate the strokes lie.
        stroke: width of a stroke, as a share of the width of a letter.
    """
    return strokes([_placed_glyph(line, text, i) for i, glyph in enumerate(text) for line in GLYPHS.get(glyph, ())],
                   0.5 * height_m, material, lift_m, stroke)  # fmt: skip


def _placed_glyph(line: Stroke, text: str, index: int) -> Stroke:
    left = -0.5 * (len(text) * PITCH - (PITCH - 1.0)) + index * PITCH
    return tuple((x + left, y - 1.0) for x, y in line)


def strokes(lines: list[Stroke], scale_m: float, material: int, lift_m: float = 0.0, stroke: float = STROKE) -> Soup:
    """Polylines (right, up) as flat strokes in the plane x = `lift_m`, seen from +x; lengths times `scale_m`."""
    corners_2d: list[np.ndarray] = []
    for line in lines:
        for a, b in pairwise(line):
            p, q = np.array(a, dtype=np.float64), np.array(b, dtype=np.float64)
            along = (q - p) / max(float(np.linalg.norm(q - p)), 1e-6)
            side = 0.5 * stroke * np.array([-along[1], along[0]])
            p, q = p - 0.5 * stroke * along, q + 0.5 * stroke * along
            corners_2d.append(np.array([p - side, q - side, q + side, p + side]))
    if not corners_2d:
        return EMPTY
    plane = np.array(corners_2d) * scale_m
    # Seen from +x with z up, +y is on the right.
    return quads(np.stack([np.full(plane.shape[:2], lift_m), plane[..., 0], plane[..., 1]], axis=-1), material)
