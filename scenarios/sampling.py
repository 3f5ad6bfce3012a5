"""Many concrete scenarios from one logical scenario: at random, or by a design that fills the space evenly.

Every leaf is drawn through its quantile function, so that a design only replaces the numbers in [0, 1). Axes are the
paths of the ranges and choices in alphabetical order. What no axis has (draws inside streams and repetitions) and
what a restriction draws again is random, by the same counter as always.

- `random`: independent draws (Philox).
- `sobol`: scrambled Sobol points (Owen scrambling; scipy.stats.qmc).
- `lhs`: Latin hypercube: each axis has one draw in each of `count` equal strata.
- `grid`: the smallest regular grid with at least `count` cells, midpoints; axis by axis as many levels as needed.
- `pairwise`, `3way`, ...: the rows of a covering array over the bins of the axes, a draw in the cell of each; the
  first `count` of them, those that show most first, and further draws in the same cells beyond the last row.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import Any

import numpy as np
from jaxtyping import Float

from driving_data.errors import nearest_name
from scenarios.algebra import LogicalScenario
from scenarios.columns import Chunk, quantiles
from scenarios.concrete import ConcreteScenario
from scenarios.designs.names import strength_of
from scenarios.drawing import draw_scenario
from scenarios.draws import inner_of
from scenarios.expressions import Expression
from scenarios.leaf import IllTyped, Leaf
from scenarios.normal_form import Block, ChoiceOf, Restricted, leaves_of
from scenarios.randomness import unit_draw
from scenarios.selection import choice_path, drawn_paths
from scenarios.space import is_constant

DESIGNS = ("random", "sobol", "lhs", "grid")
CHUNK = 1024
FEWEST_FOR_COLUMNS = 8


def sample_many(
    logical: LogicalScenario, count: int, seed: int, design: str = "random"
) -> list[ConcreteScenario]:  # fmt: skip
    """`count` concrete scenarios; the one at index i is `sample_one(logical, i, count, seed, design)`.

    Raises:
        ValueError: there is no such design, or `count` is below 0.
        Rejected: a restriction rejects everything.
    """
    require_complete(logical)
    if design not in DESIGNS and (strength := strength_of(design)) is not None:
        from scenarios.designs.cells import draw_cells  # needs what is defined here, through the algebra

        return draw_cells(logical, strength, count, seed)
    return [one for chunk in chunks_of(logical, count, seed, design) for one in _drawn(logical, chunk)]


def chunks_of(
    logical: LogicalScenario, count: int, seed: int, design: str, size: int = CHUNK
) -> Iterator[Chunk]:  # fmt: skip
    """Blocks of indices, with the fractions that a design gives them.

    Raises:
        ValueError: there is no such design.
    """
    _refuse_unknown(design)
    points, axes = (None, ()) if design == "random" else points_of(logical, count, seed, design)
    for start in range(0, count, size):
        indices = np.arange(start, min(start + size, count))
        columns = {} if points is None else {path: points[indices, k] for k, path in enumerate(axes)}
        yield Chunk(seed, indices, columns)


def _drawn(logical: LogicalScenario, chunk: Chunk) -> Iterator[ConcreteScenario]:
    ready = _first_draws(logical, chunk)
    for row, index in enumerate(chunk.indices.tolist()):
        chunk.row = row
        yield draw_scenario(logical.blocks, chunk.fraction, chunk.seed, index, chunk.value, ready[row])


def _first_draws(logical: LogicalScenario, chunk: Chunk) -> list[dict[str, Any]]:
    """What the leaves draw that stand in every product under no restriction, for each index."""
    columns: dict[str, list[Any]] = {}
    for block in logical.blocks if len(chunk.indices) >= FEWEST_FOR_COLUMNS else ():
        for path, value in drawn_paths(block) if isinstance(block, Leaf) else ():
            inner = enumerate(inner_of(value)) if isinstance(value, Expression) else ()
            drawn = {f"{path}#{i}": one for i, one in inner} if isinstance(value, Expression) else {path: value}
            for name, one in drawn.items():
                if not is_constant(one):
                    columns[name] = quantiles(one, chunk.fractions(name, 0)).tolist()
    names = tuple(columns)
    if not names:
        return [{} for _ in chunk.indices]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def require_complete(logical: LogicalScenario) -> None:
    """Refuses a logical scenario that lacks something.

    Raises:
        IllTyped: it does; everything that is missing is named.
    """
    if problems := logical.problems():
        raise IllTyped("; ".join(str(problem) for problem in problems))


def _refuse_unknown(design: str) -> None:
    if design not in DESIGNS:
        near = nearest_name(design, DESIGNS)
        known = f"{', '.join(DESIGNS)}, pairwise, 3way"
        raise ValueError(f"no design {design!r}; there are {known}" + (f"; {near!r}?" if near else ""))


def points_of(
    logical: LogicalScenario, count: int, seed: int, design: str
) -> tuple[Float[np.ndarray, "count dimensions"], tuple[str, ...]]:
    """The fractions of a design, one row for each scenario, and the paths of its columns."""
    axes = axes_of(logical)
    return _POINTS[design](len(axes), count, seed), axes


def sample_one(
    logical: LogicalScenario, index: int, count: int, seed: int, design: str = "random"
) -> ConcreteScenario:  # fmt: skip
    """The scenario at `index` of `sample_many(logical, count, seed, design)`, made alone.

    Raises:
        ValueError: there is no such design, or the index is not one of `count`.
    """
    if not 0 <= index < count:
        raise ValueError(f"index {index} is not one of {count}")
    if design not in DESIGNS and strength_of(design) is not None:
        return sample_many(logical, count, seed, design)[index]
    _refuse_unknown(design)
    if design == "random":
        return logical.sample(seed, index)
    points, axes = points_of(logical, count, seed, design)
    row = dict(zip(axes, points[index].tolist(), strict=True))
    return logical.sample(seed, index, partial(_fraction, row, seed, index))


def _fraction(row: dict[str, float], seed: int, index: int, path: str, attempt: int) -> float:
    return row[path] if attempt == 0 and path in row else unit_draw(seed, index, path, attempt)


@lru_cache(maxsize=64)
def axes_of(logical: LogicalScenario) -> tuple[str, ...]:
    """Paths of the ranges and choices of a logical scenario, in alphabetical order."""
    paths = {
        path
        for leaf in leaves_of(logical.blocks)
        for path, value in leaf.paths().items()
        if not is_constant(value) and not isinstance(value, Expression)
    }
    return tuple(sorted(paths | set(_choices(logical.blocks))))


def _choices(blocks: tuple[Block, ...]) -> list[str]:
    found: list[str] = []
    for block in blocks:
        if isinstance(block, Restricted):
            found.extend(_choices(block.blocks))
        elif isinstance(block, ChoiceOf):
            found.append(choice_path(block))
            for _, parts in block.options:
                found.extend(_choices(parts))
    return found


@lru_cache(maxsize=16)
def sobol_points(dimensions: int, count: int, seed: int) -> Float[np.ndarray, "count dimensions"]:
    """Scrambled Sobol points in [0, 1); the first of any larger set of the same seed."""
    from scipy.stats import qmc

    rng = _generator(seed, dimensions)
    power = max(count - 1, 0).bit_length()
    return np.asarray(qmc.Sobol(max(dimensions, 1), scramble=True, rng=rng).random_base2(power)[:count, :dimensions])


@lru_cache(maxsize=16)
def hypercube_points(dimensions: int, count: int, seed: int) -> Float[np.ndarray, "count dimensions"]:
    """A Latin hypercube in [0, 1): each column has one point in each of `count` strata."""
    rng = _generator(seed, dimensions)
    strata = np.zeros((count, dimensions))
    for axis in range(dimensions):
        strata[:, axis] = rng.permutation(count)
    return (strata + rng.random((count, dimensions))) / count


@lru_cache(maxsize=16)
def grid_points(dimensions: int, count: int, seed: int) -> Float[np.ndarray, "count dimensions"]:
    """Cells of a regular grid, midpoints, in an order that `seed` shuffles."""
    levels = grid_levels(dimensions, count)
    total = int(np.prod(levels, dtype=np.float64)) if dimensions else 1
    rng = _generator(seed, dimensions)
    cells = rng.permutation(total)[np.arange(count) % total]
    columns = [column + 0.5 for column in np.unravel_index(cells, levels)] if dimensions else []
    return np.stack(columns, axis=-1) / np.array(levels) if dimensions else np.zeros((count, 0))


def _generator(seed: int, dimensions: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed % 2**64, dimensions])))


def grid_levels(dimensions: int, count: int) -> tuple[int, ...]:
    """Levels of each axis, at most one apart, so that the grid has at least `count` cells."""
    levels = [1] * dimensions
    axis = 0
    while dimensions and int(np.prod(levels, dtype=np.float64)) < count:
        levels[axis % dimensions] += 1
        axis += 1
    return tuple(levels)


_POINTS: dict[str, Callable[[int, int, int], np.ndarray]] = {
    "sobol": sobol_points, "lhs": hypercube_points, "grid": grid_points,
}  # fmt: skip
