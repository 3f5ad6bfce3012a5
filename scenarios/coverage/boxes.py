"""Whether conditions can hold while values stay in boxes: interval arithmetic, a witness, and bisection.

`bounds_of` never leaves a value out, so that a box it refuses is empty. Where it cannot tell, the middle of the box
is tried as a witness, and the widest side is cut in two; after a few cuts the box counts as possible.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from scenarios.expressions import Apply, Bounds, Draw, Expression, Linked, Name, Term, Value, bounds_of
from scenarios.normal_form import value_bounds

NEVER, ALWAYS = frozenset([False]), frozenset([True])
MAX_BOXES = 160

Box = dict[str, Bounds]


@dataclass(frozen=True, slots=True)
class System:
    """Conditions over values by path.

    Attributes:
        conditions: all must hold.
        values: what the paths are, where they are known.
        whole: paths that are whole numbers.
    """

    conditions: tuple[Term, ...]
    values: Mapping[str, Value]
    whole: frozenset[str]

    def can_hold(self, fixed: Mapping[str, Bounds], max_boxes: int = MAX_BOXES) -> bool:
        """Whether some values within the boxes meet every condition; True where that is not known."""
        sides = {path: self._side(path, fixed) for path in self.read()}
        todo: list[Box] = [{path: side for path, side in sides.items() if side is not None}]
        for _ in range(max_boxes):
            if not todo:
                return False
            # Large boxes first: a witness that a draw would find is found soon.
            box = todo.pop(0)
            verdict = self._verdict(box)
            if verdict is False:
                continue
            if verdict or self._verdict({path: self._middle(path, side) for path, side in box.items()}):
                return True
            halves = self._halves(box)
            if halves is None:
                return True
            todo.extend(halves)
        return bool(todo)

    def read(self) -> tuple[str, ...]:
        """Paths that the conditions read and that are drawn, directly or through expressions."""
        return drawn_paths(self.conditions, self.values)

    def _side(self, path: str, fixed: Mapping[str, Bounds]) -> Bounds | None:
        return fixed[path] if path in fixed else value_bounds(self.values[path], lambda inner: None)

    def _verdict(self, box: Box) -> bool | None:
        def look(path: str) -> Bounds | None:
            if path in box:
                return box[path]
            value = self.values.get(path)
            return bounds_of(named_draws(value.term, path), look) if isinstance(value, Expression) else None

        found = [bounds_of(condition, look) for condition in self.conditions]
        if NEVER in found:
            return False
        return True if all(each == ALWAYS for each in found) else None

    def _middle(self, path: str, side: Bounds) -> Bounds:
        if isinstance(side, frozenset):
            return side
        middle = 0.5 * (side[0] + side[1])
        middle = float(int(middle)) if path in self.whole else middle
        return middle, middle

    def _halves(self, box: Box) -> list[Box] | None:
        """The box cut across its widest side, relative to its place; None where it is a point."""
        widths = {
            path: (side[1] - side[0]) / max(abs(side[0]), abs(side[1]), 1e-9)
            for path, side in box.items() if not isinstance(side, frozenset) and side[1] > side[0]
        }  # fmt: skip
        if not widths or max(widths.values()) < 1e-9:
            return None
        path = max(widths, key=lambda each: widths[each])
        low, high = box[path]  # type: ignore[misc]
        middle = 0.5 * (low + high)
        ends = (float(int(middle)), float(int(middle) + 1)) if path in self.whole else (middle, middle)
        return [{**box, path: (low, ends[0])}, {**box, path: (ends[1], high)}]


def drawn_paths(terms: Sequence[Term], values: Mapping[str, Value]) -> tuple[str, ...]:
    """Paths with a value that is no expression, that terms read directly or through expressions; sorted."""
    found: set[str] = set()
    seen: set[str] = set()
    todo = [name for term in terms for name in _names(term)]
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        value = values.get(path)
        if isinstance(value, Expression) and not isinstance(value.term, Linked):
            todo.extend(_names(named_draws(value.term, path)))
        elif value is not None:
            found.add(path)
    return tuple(sorted(found))


def named_draws(term: Term, path: str) -> Term:
    """The term of the value at a path with its ranges as names (`path#0`), so that they have boxes of their own."""
    return _changed(term, lambda draw: Name(f"{path}#{draw.index}"))


def contradicts(terms: Sequence[Term]) -> bool:
    """Whether one of the conditions is the negation of another, word for word; no box can show that."""
    plain = [part for term in terms for part in _conjuncts(term)]
    texts = {part.text() for part in plain}
    return any(part.terms[0].text() in texts for part in plain if isinstance(part, Apply) and part.name == "not")


def _conjuncts(term: Term) -> list[Term]:
    if isinstance(term, Apply) and term.name == "and":
        return [part for child in term.terms for part in _conjuncts(child)]
    if isinstance(term, Apply) and term.name == "not":
        inner = term.terms[0]
        return _conjuncts(inner.terms[0]) if isinstance(inner, Apply) and inner.name == "not" else [term]
    return [term]


def draws_under(term: Term, given: tuple[Term, ...] = ()) -> Iterator[tuple[int, tuple[Term, ...]]]:
    """Each range of a term with the conditions under which it is drawn at all: those of the `if` around it."""
    if isinstance(term, Draw) and given:
        yield term.index, given
    if not isinstance(term, Apply):
        return
    if term.name != "if":
        for child in term.terms:
            yield from draws_under(child, given)
        return
    cases = list(zip(term.terms[:-1:2], term.terms[1::2], strict=True))
    for condition, value in cases:
        yield from draws_under(condition, given)
        yield from draws_under(value, (*given, condition))
        given = (*given, Apply("not", (condition,)))
    yield from draws_under(term.terms[-1], given)


def _changed(term: Term, change: Callable[[Draw], Term]) -> Term:
    if isinstance(term, Draw):
        return change(term)
    if isinstance(term, Apply):
        return Apply(term.name, tuple(_changed(child, change) for child in term.terms), term.offset)
    return term


def with_draws(term: Term, change: Callable[[Draw], Term]) -> Term:
    """The term with each of its ranges changed."""
    return _changed(term, change)


def _names(term: Term) -> list[str]:
    if isinstance(term, Apply):
        return [name for child in term.terms for name in _names(child)]
    return [term.path] if isinstance(term, Name) else []
