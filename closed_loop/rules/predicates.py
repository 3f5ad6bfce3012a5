"""Every predicate that rules may use: a signed margin with a unit, positive where it holds.

Patterns: `ego` speaks of the ego (T,), `*` of each other actor, `ego,*` of the ego against each other and `*,ego` the
other way round (T, N). `in_front_of(x, y)`: y is in front of x, as in the source. A strict predicate holds only above
zero. Margins of things that are or are not (a light, a class) are +inf and -inf: no metre changes them, so that the
margin of a rule is that of what can change.

Definitions after Maierhofer et al. (IV 2020, IV 2022) and CommonRoad's stl-monitor unless another source stands there.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from closed_loop.rules import predicate_lanes, predicate_limits, predicate_motion, predicate_pairs, predicate_tasks
from closed_loop.rules.definition import Need, PredicateDefinition
from closed_loop.rules.view import View

PREDICATES: Mapping[str, PredicateDefinition] = {
    one.name: one
    for room in (predicate_pairs, predicate_limits, predicate_motion, predicate_lanes, predicate_tasks)
    for one in room.PREDICATES
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One signal that a formula asks for: a predicate in one pattern."""

    definition: PredicateDefinition
    pattern: str

    @property
    def key(self) -> str:
        """As `Signal.key`."""
        return f"{self.definition.name}({self.pattern})" if self.pattern else self.definition.name


def asked_of(key: str) -> Asked | None:
    """The predicate behind a signal's key; None where there is none of that name or pattern."""
    name, _, rest = key.partition("(")
    definition = PREDICATES.get(name)
    pattern = rest.removesuffix(")")
    return Asked(definition, pattern) if definition is not None and pattern in definition.measure else None


def margins_of(view: View, keys: Mapping[str, Asked]) -> dict[str, np.ndarray]:
    """Margins of the predicates that a formula asks for; NaN where an actor is absent."""
    present = view.scene.valid[:, 1:]
    made: dict[str, np.ndarray] = {}
    for key, asked in keys.items():
        value = np.asarray(asked.definition.measure[asked.pattern](view), dtype=np.float64)
        made[key] = np.where(present, value, np.nan) if "*" in asked.pattern else value
    return made


def needs_of(keys: Mapping[str, Asked]) -> frozenset[Need]:
    """What the predicates need of a rollout."""
    return frozenset(need for asked in keys.values() for need in asked.definition.needs)
