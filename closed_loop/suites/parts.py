"""What a suite is made of, as data: one frozen dataclass for each kind of part in `conf/suite/*.yaml`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

STRICT: Mapping[str, str] = {"extra": "forbid"}
LOG_ROAD = "log"
"""The archetype by which the scenario of a log is known."""


@dataclass(frozen=True, slots=True)
class SuitePart:
    """Some scenarios of a suite.

    Attributes:
        scenarios: names of the library (`cut_in`, `core`, `all`), of its families (`r157/cut_in`), or paths.
        count: draws of each scenario, or of each cell of its grid.
        design: how draws fill the space: random, sobol, lhs, grid, pairwise; not together with `grid`.
        grid: values by path: `10..60 km/h step 10 km/h`, or a list of single values. Every combination is a cell.
        where: conditions over the grid; other cells are left out.
        stride: every so-manyth cell of the grid is played. A prime that divides no axis meets all values of all axes.
        set: values that are set from outside in each scenario, by parameter or path.
        tags: further tags of each scenario, as `protocol:ccrs`.
    """

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT

    scenarios: tuple[str, ...]
    count: int = 1
    design: str = "random"
    grid: Mapping[str, str | tuple[str, ...]] = field(default_factory=lambda: {})
    where: tuple[str, ...] = ()
    stride: int = 1
    set: Mapping[str, str] = field(default_factory=lambda: {})
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LogPart:
    """Real logs that are played again around the policy.

    Attributes:
        sources: files or folders; a relative path is looked up below the current folder, then below the shared data.
        mode: 'replay' (the others do what the log says) or 'reactive' (vehicles mind the ego and one another).
        max_segments: at most so many segments of each source.
        min_duration_s: shorter logs, single frames among them, are left out.
        max_duration_s: longer ones are cut.
        required: whether a source that is missing is a fault (else it is passed over).
        tags: further tags of each scenario.
    """

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT

    sources: tuple[str, ...]
    mode: str = "replay"
    max_segments: int = 50
    min_duration_s: float = 1.0
    max_duration_s: float = 30.0
    required: bool = True
    tags: tuple[str, ...] = ()
