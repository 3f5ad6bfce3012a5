"""Coverage of a scenario by everything that is at hand, as one record: for the command, the table and the picture."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from scenarios.coverage.axes import Axis
from scenarios.coverage.figure import Coverage, difference
from scenarios.coverage.unseen import Unseen, unseen_tuples
from scenarios.designs.universe import Universe


@dataclass(frozen=True, eq=False)
class Report:
    """What is covered, and by whom.

    Attributes:
        name: of the scenario or store.
        made: coverage by generated draws.
        real: coverage by real segments.
        both: coverage by all of them.
        made_rows: rows of bins of generated draws.
        real_rows: rows of bins of real segments.
        weighted: measure of what is covered, between 0 and 1; None where the axes have no measure.
        unmeasured: axes that no real segment tells.
    """

    name: str
    made: Coverage
    real: Coverage
    both: Coverage
    made_rows: np.ndarray
    real_rows: np.ndarray
    weighted: float | None = None

    @cached_property
    def unseen(self) -> Unseen:
        """Good-Turing over the generated draws."""
        return unseen_tuples(self.both.universe, self.made_rows)

    @property
    def unmeasured(self) -> tuple[str, ...]:
        """Axes that no real segment tells; empty where there are none."""
        if not len(self.real_rows):
            return ()
        return tuple(axis.path for i, axis in enumerate(self.both.axes) if (self.real_rows[:, i] < 0).all())

    def bins(self) -> list[tuple[Axis, list[int], list[int], list[bool]]]:
        """Per axis: how often each bin was drawn, how often a real segment shows it, and whether it can be."""
        found: list[tuple[Axis, list[int], list[int], list[bool]]] = []
        for i, axis in enumerate(self.both.axes):
            size = len(axis.labels)
            counts = [np.bincount(rows[rows[:, i] >= 0, i], minlength=size + 1)[:size].tolist()
                      for rows in (self.made_rows, self.real_rows)]  # fmt: skip
            found.append((axis, counts[0], counts[1], _can_be(self.both.universe, i)[:size]))
        return found

    def missing(self, most: int | None = None) -> tuple[dict[str, str], ...]:
        """Missing combinations by name."""
        return self.both.gaps()[:most]

    def plain(self, most: int | None = None) -> dict[str, Any]:
        """As plain data."""
        only_real, only_made = difference(self.real, self.made), difference(self.made, self.real)
        return {
            "name": self.name, "strength": self.both.strength, "coverage": self.both.ratio,
            "covered": self.both.num_covered, "feasible": self.both.total, "infeasible": self.both.infeasible,
            "undecided": self.both.universe.num_undecided, "weighted": self.weighted,
            "draws": {"generated": len(self.made_rows), "real": len(self.real_rows)},
            "by_source": {"generated": self.made.num_covered, "real": self.real.num_covered,
                          "real_only": len(only_real), "generated_only": len(only_made)},
            "unseen_mass": self.unseen.mass if len(self.made_rows) else None,
            "unmeasured_in_real": list(self.unmeasured),
            "axes": [_axis_plain(*row) for row in self.bins()],
            "missing": [dict(each) for each in self.missing(most)],
            "real_only": [dict(each) for each in only_real[:most]],
        }  # fmt: skip


def _axis_plain(axis: Axis, made: list[int], real: list[int], can_be: list[bool]) -> Mapping[str, Any]:
    bins = [
        {"bin": label, "generated": a, "real": b, "feasible": c}
        for label, a, b, c in zip(axis.labels, made, real, can_be, strict=True)
    ]
    return {"path": axis.path, "bins": bins}


def _can_be(universe: Universe, axis: int) -> list[bool]:
    """Whether each value of an axis is part of a combination that can be."""
    for combo, table in zip(universe.combos, universe.possible, strict=True):
        if axis in combo:
            others = tuple(k for k in range(len(combo)) if combo[k] != axis)
            return [bool(each) for each in np.atleast_1d(table.any(axis=others))]
    return [True] * len(universe.axes.values[axis])
