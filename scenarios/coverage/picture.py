"""A picture of what is covered: every pair of axes as a block of cells, shaded by who has touched it.

Blocks fill the triangle below the diagonal; on the diagonal each axis shows its own bins and its name. Teal is
generated data, orange real data, violet both; a pale cell can be touched and was not, a hatched one cannot be.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import UInt8

from scenarios.coverage.axes import Axis
from scenarios.coverage.figure import Coverage
from scenarios.designs.axes import Axes
from scenarios.designs.universe import Feasibility, Universe, universe_of
from scenarios.picture.canvas import FAINT, INK, OVERSAMPLE, Canvas, Color, width_of

MADE, REAL, BOTH = (15, 139, 141), (232, 140, 48), (107, 76, 154)
MISSING, REFUSED, STROKE = (244, 226, 222), (222, 225, 230), (178, 183, 191)
PAD_PX, HEAD_PX, GAP_PX = 28, 92, 3
NAME_SIZE = 13


@dataclass(frozen=True, slots=True, eq=False)
class Shades:
    """What is drawn.

    Attributes:
        axes: the axes.
        finite: the same with their relations.
        made: rows of bins of generated draws, shape (draws, axes).
        real: rows of real ones.
    """

    axes: tuple[Axis, ...]
    finite: Axes
    made: np.ndarray
    real: np.ndarray


def coverage_picture(shades: Shades, title: str, coverage: Coverage | None = None) -> UInt8[np.ndarray, "H W 3"]:
    """The picture; `coverage` is told in the headline if it is not of pairs."""
    count = len(shades.axes)
    pairs = universe_of(shades.finite, combinations(range(count), 2), Feasibility(shades.finite))
    singles = universe_of(shades.finite, combinations(range(count), 1), Feasibility(shades.finite))
    cell = _cell_size(shades)
    starts = PAD_PX + np.cumsum([0, *(len(axis.labels) * cell + GAP_PX for axis in shades.axes)])
    names = [(axis.name, _range(axis)) for axis in shades.axes]
    reach = max((float(start) + width_of(f"{name}  {extent}", NAME_SIZE) for start, (name, extent) in
                 zip(starts[1:], names, strict=True)), default=0.0)  # fmt: skip
    lines = _headline(shades, pairs, coverage)
    width = max(reach + 8, PAD_PX + max(width_of(line, 14) for line in lines), PAD_PX + 470) + PAD_PX
    canvas = Canvas((round(width), HEAD_PX + round(float(starts[-1])) + PAD_PX))
    canvas.text((PAD_PX, 20), title, 19, bold=True)
    for number, line in enumerate(lines):
        canvas.text((PAD_PX, 48 + 20 * number), line, 14, INK if number == 0 else FAINT)
    top = float(HEAD_PX + 20 * (len(lines) - 1) - PAD_PX)
    canvas_starts = [float(start) for start in starts]
    for i in range(count):
        _block(canvas, (canvas_starts[i], top + canvas_starts[i]), cell, _state(shades, singles, (i,)), diagonal=True)
        place = canvas_starts[i + 1] + 5, top + canvas_starts[i] + len(shades.axes[i].labels) * cell / 2
        canvas.text(place, names[i][0], NAME_SIZE, anchor="lm")
        canvas.text(
            (place[0] + width_of(names[i][0] + "  ", NAME_SIZE), place[1]), names[i][1], NAME_SIZE, FAINT, anchor="lm"
        )
    for i, j in pairs.combos:
        _block(canvas, (canvas_starts[i], top + canvas_starts[j]), cell, _state(shades, pairs, (i, j)))
    _legend(canvas, float(canvas.size_px[0]), top + PAD_PX, len(shades.real) > 0)
    return canvas.pixels()


def _cell_size(shades: Shades) -> float:
    total = sum(len(axis.labels) for axis in shades.axes)
    return float(min(max(880 // max(total, 1), 5), 26))


def _range(axis: Axis) -> str:
    """The bins in a few words: all of them where they are short, else from the first to the last."""
    labels = list(axis.labels)
    words = " | ".join(labels)
    if axis.title:
        return words if len(words) <= 90 else f"{words[:88].rstrip(' |')} …"
    if len(words) <= (90 if not any(letter.isdigit() for letter in words) else 44) and len(labels) <= 8:
        return words
    return f"{labels[0].split('..')[0]} … {labels[-1].split('..')[-1]}"


def _headline(shades: Shades, pairs: Universe, coverage: Coverage | None) -> list[str]:
    rows = np.concatenate([shades.made, shades.real])
    hit = sum(int(table.sum()) for table in pairs.covered(rows))
    share = hit / pairs.size if pairs.size else 1.0
    lines = [f"{share:.1%} of pairs: {hit:,} of {pairs.size:,} that can be; {pairs.num_refused:,} cannot"]
    if coverage is not None and coverage.strength != 2:
        lines.append(coverage.text())
    counts = [f"{len(shades.made)} generated"] if len(shades.made) or not len(shades.real) else []
    counts += [f"{len(shades.real)} real"] if len(shades.real) else []
    return [*lines, f"{len(shades.axes)} axes; {' and '.join(counts)}"]


def _state(shades: Shades, universe: Universe, combo: tuple[int, ...]) -> np.ndarray:
    """0 cannot be, 1 missing, 2 generated, 3 real, 4 both; only the bins that count."""
    number = universe.combos.index(combo)
    one = Universe(universe.axes, (combo,), (universe.possible[number],), 0)
    made, real = one.covered(shades.made)[0], one.covered(shades.real)[0]
    state = universe.possible[number].astype(np.int64) + made + 2 * real
    return state[tuple(slice(0, len(shades.axes[axis].labels)) for axis in combo)]


_FILLS: dict[int, Color] = {0: REFUSED, 1: MISSING, 2: MADE, 3: REAL, 4: BOTH}


def _block(canvas: Canvas, at: tuple[float, float], cell: float, state: np.ndarray, diagonal: bool = False) -> None:
    """A block of cells: the first axis to the right, the second down; on the diagonal one axis along both."""
    inset = 0.5 if cell < 9 else 1.0
    if diagonal:
        for i, value in enumerate(state.tolist()):
            _cell(canvas, (at[0] + i * cell, at[1] + i * cell), cell, inset, value)
        return
    for i, column in enumerate(state.tolist()):
        for j, value in enumerate(column):
            _cell(canvas, (at[0] + i * cell, at[1] + j * cell), cell, inset, value)


def _cell(canvas: Canvas, at: tuple[float, float], cell: float, inset: float, value: int) -> None:
    size = cell - 2 * inset
    canvas.box(at[0] + inset, at[1] + inset, size, size, _FILLS[value])
    if value == 0:
        ends = at[0] + inset, at[1] + inset + size, at[0] + inset + size, at[1] + inset
        canvas.draw.line([end * OVERSAMPLE for end in ends], STROKE, OVERSAMPLE)


def _legend(canvas: Canvas, width: float, top: float, with_real: bool) -> None:
    rows: list[tuple[int, str]] = [(2, "generated"), (1, "can be, is missing"), (0, "cannot be")]
    if with_real:
        rows = [(2, "generated only"), (3, "real only"), (4, "both"), *rows[1:]]
    left = width - PAD_PX - max(width_of(words, NAME_SIZE) for _, words in rows) - 24
    for number, (value, words) in enumerate(rows):
        y = top - PAD_PX - 62 + 20 * number
        _cell(canvas, (left, y), 15.0, 0.5, value)
        canvas.text((left + 22, y + 7.5), words, NAME_SIZE, anchor="lm")
