"""Where a value came from: plain data only, enough to make it again."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from driving_data.plain import digest


@dataclass(frozen=True, slots=True)
class Step:
    """One transformation in the life of a segment.

    Attributes:
        name: registered name, as `sim_bridge.embedded` or `generators.raytrace`.
        version: version of that producer.
        parameters: its configuration, as plain data.
        draws: every random number it drew that matters, by name.
    """

    name: str
    version: str
    parameters: Mapping[str, Any] = field(default_factory=lambda: {})
    draws: Mapping[str, Any] = field(default_factory=lambda: {})


@dataclass(frozen=True, slots=True)
class Provenance:
    """The whole history of a segment.

    Attributes:
        producer: who made it: a package and version, or the name of the data set that was read.
        seed: the seed of the concrete scenario; None for a real log.
        scenario: the concrete scenario as plain data; None for a real log.
        scenario_digest: sha256 of its canonical text.
        steps: the transformations, in order; each names its draws.
        parents: ids of segments that this one was made from.
        generation_depth: 0 for sensor data and physics-based rendering of a scenario, +1 for each learned model.
        origin: path inside the data set that was read, for a real log.
        licence: licence of the underlying data, where known.
        family: scenario template or source log; all variants of one family stay in one split.
        versions: versions of the packages that the bytes depend on.
        hashes: sha256 of each stored file, by its path in the segment directory; filled by the store.
    """

    producer: str
    seed: int | None = None
    scenario: Mapping[str, Any] | None = None
    scenario_digest: str | None = None
    steps: tuple[Step, ...] = ()
    parents: tuple[str, ...] = ()
    generation_depth: int = 0
    origin: str | None = None
    licence: str | None = None
    family: str = ""
    versions: Mapping[str, str] = field(default_factory=lambda: {})
    hashes: Mapping[str, str] = field(default_factory=lambda: {})

    def signed(self, step: Step) -> "Provenance":
        """The same history with one more step."""
        return replace(self, steps=(*self.steps, step))

    def draws(self) -> dict[str, Any]:
        """Every draw of every step, as `step.draw`."""
        return {f"{step.name}.{name}": value for step in self.steps for name, value in step.draws.items()}

    def identity(self) -> str:
        """sha256 of everything but the file hashes: equal where the same thing was asked for."""
        return digest(replace(self, hashes={}))
