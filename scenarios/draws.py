"""Values by path while one scenario is drawn, or while one that was drawn is checked again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import nextafter
from typing import Any, Protocol, runtime_checkable

from driving_data.errors import RoadloomError
from scenarios.copula import linked_value
from scenarios.expressions import Expression, Linked, Value, compile_term
from scenarios.leaf import IllTyped, Leaf
from scenarios.remember import by_identity
from scenarios.space import Const, Distribution, Scalar

Fractions = Callable[[str, int], float]
Values = Callable[[str, int, Distribution], Scalar]


class Rejected(RoadloomError):
    """No draw met the restrictions within the tries; the message gives the acceptance rates.

    `actor` is who found no room, where that is why.
    """

    def __init__(self, message: str, actor: str = "") -> None:
        super().__init__(message)
        self.actor = actor


@runtime_checkable
class Draws(Protocol):
    """Values by path."""

    def get(self, path: str) -> Any:
        """The value of a leaf, or of an expression over leaves."""
        ...

    def draw(self, path: str, value: Value) -> Any:
        """A value that no leaf holds by itself, as the speed of the third car of a stream."""
        ...


@by_identity
def _compiled(value: Expression) -> Callable[[Callable[[str], Any], str], Any]:
    return compile_term(value.term)


@by_identity
def inner_of(value: Expression) -> tuple[Distribution, ...]:
    """The ranges inside an expression, the same objects each time."""
    return value.draws()


@dataclass(slots=True)
class Sampler:
    """Draws each value when it is first asked for; what was drawn stays.

    Attributes:
        sources: values by path, of the leaves that were chosen.
        fractions: number in [0, 1) for a path and an attempt.
        attempts: attempt of the paths under a restriction.
        got: what was drawn and computed; constants are not kept.
        values: draw of a path, an attempt and a distribution, where somebody has drawn many at once.
        boxes: parts of [0, 1) to which a solved restriction holds the fractions of its paths.
        ready: draws of paths that no choice, restriction or second try can change.
    """

    sources: dict[str, Value]
    fractions: Fractions
    attempts: dict[str, int] = field(default_factory=lambda: {})
    base_attempt: int = 0
    got: dict[str, Any] = field(default_factory=lambda: {})
    open: list[str] = field(default_factory=lambda: [])
    values: Values | None = None
    boxes: dict[str, tuple[float, float]] = field(default_factory=lambda: {})
    ready: Mapping[str, Any] = field(default_factory=lambda: {})

    def fraction(self, path: str) -> float:
        """The number in [0, 1) that decides the draw at a path."""
        fraction = self.fractions(path, self.attempts.get(path, self.base_attempt))
        if path in self.boxes:
            low, high = self.boxes[path]
            return min(low + (high - low) * fraction, nextafter(high, low))
        return fraction

    def get(self, path: str) -> Any:
        """The value of a leaf, or of an expression over leaves."""
        if path in self.got:
            return self.got[path]
        if path in self.ready:
            result = self.got[path] = self.ready[path]
            return result
        value = self.sources.get(path)
        if value is None:
            raise IllTyped(f"{self.open[-1] if self.open else 'the scenario'} reads {path!r}, which nothing gives")
        return self.draw(path, value)

    def draw(self, path: str, value: Value) -> Any:
        """The value at `path`, drawn from `value` if it is not there yet."""
        if path in self.got:
            return self.got[path]
        if isinstance(value, Const):
            return value.value
        if isinstance(value, Expression):
            self._declare(path, value)
            result = self._computed(path, value)
        elif self.values is None or path in self.boxes:
            result = value.quantile(self.fraction(path))
        else:
            result = self.values(path, self.attempts.get(path, self.base_attempt), value)
        self.got[path] = result
        return result

    def _declare(self, path: str, value: Expression) -> None:
        for i, inner in enumerate(inner_of(value)):
            self.sources.setdefault(f"{path}#{i}", inner)
            if path in self.attempts:
                self.attempts.setdefault(f"{path}#{i}", self.attempts[path])

    def _computed(self, path: str, value: Expression) -> Any:
        if path in self.open:
            raise IllTyped(f"{' -> '.join([*self.open[self.open.index(path) :], path])} is computed from itself")
        self.open.append(path)
        try:
            return evaluate(value, self.get, path, self.sources)
        finally:
            self.open.pop()


@dataclass(slots=True)
class Replay:
    """Gives back what was drawn, and refuses what could not have been drawn.

    Attributes:
        sources: values by path, of the leaves that were chosen.
        recorded: what was drawn.
        seen: paths that were asked for, choices included.
        asked: the value at each path that was asked for.
    """

    sources: dict[str, Value]
    recorded: Mapping[str, Any]
    seen: set[str] = field(default_factory=lambda: set())
    asked: dict[str, Value] = field(default_factory=lambda: {})

    def get(self, path: str) -> Any:
        """The recorded value of a leaf."""
        if path not in self.sources:
            raise NotDrawn(f"nothing gives {path!r}")
        return self.draw(path, self.sources[path])

    def draw(self, path: str, value: Value) -> Any:
        """The recorded value at `path`, if `value` can give it."""
        if isinstance(value, Const):
            return value.value
        if path not in self.recorded:
            raise NotDrawn(f"{path!r} was not drawn")
        found = self.recorded[path]
        if path in self.seen:
            return found
        self.seen.add(path)
        self.asked[path] = value
        if isinstance(value, Expression):
            for i, inner in enumerate(inner_of(value)):
                self.sources.setdefault(f"{path}#{i}", inner)
            if evaluate(value, self.get, path, self.sources) != found:
                raise NotDrawn(f"{path!r} is not what its expression gives")
        elif found not in value:
            raise NotDrawn(f"{path!r} is {found!r}, outside {value.text()}")
        return found


class NotDrawn(ValueError):
    """A concrete scenario is no draw of a logical one; the message says where they part."""


def evaluate(
    value: Expression, get: Callable[[str], Any], path: str, sources: Mapping[str, Value] | None = None
) -> Any:  # fmt: skip
    """The value of an expression; `sources` are the values that it may be linked to.

    Raises:
        IllTyped: it has none, as where it divides by zero.
    """
    try:
        if isinstance(value.term, Linked):
            return linked_value(value.term, path, get, sources or {})
        result = _compiled(value)(get, path)
    except (ZeroDivisionError, OverflowError, ValueError) as error:
        if isinstance(error, (IllTyped, NotDrawn)):
            raise
        raise IllTyped(f"{path}: {value.text()!r} has no value here: {error}") from error
    return bool(result) if value.dimension.sort == "flag" else result


def sources_of(leaves: tuple[Leaf, ...]) -> dict[str, Value]:
    """Values by path of a product of leaves."""
    found: dict[str, Value] = {}
    for leaf in leaves:
        found.update(leaf.paths())
    return found
