"""What a predicate is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from closed_loop.rules.view import View


class Need(Enum):
    """What a rollout must have for a predicate to mean anything."""

    ROAD = "a lane map that holds the ego"
    SIGNALS = "a traffic light with a known state on the ego's way"
    STOP_SIGNS = "a stop sign on the ego's way"
    MINIMUM_SPEED = "a minimum speed sign"
    TASK = "a task"
    MOTION = "moments enough to filter"


@dataclass(frozen=True, slots=True)
class PredicateDefinition:
    """A predicate.

    Attributes:
        name: as in formulae.
        unit: of its margin.
        scale: what counts as one in normalised margins.
        description: what it says and how the margin is measured.
        measure: margins by pattern: '' or 'ego' give (T,), '*', 'ego,*' and '*,ego' give (T, N).
        needs: what the rollout must have.
        strict: whether it holds only above zero.
    """

    name: str
    unit: str
    scale: float
    description: str
    measure: Mapping[str, Callable[[View], np.ndarray]] = field(default_factory=lambda: {})
    needs: tuple[Need, ...] = (Need.ROAD,)
    strict: bool = False
