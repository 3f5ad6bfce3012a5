"""Expressions over columns: the same results as row by row, branches that a row does not take left alone."""

from collections.abc import Callable
from typing import Any

import numpy as np

from scenarios.expressions import COMPARISONS, Apply, Draw, Expression, Literal, Name, Term
from scenarios.leaf import IllTyped

Column = np.ndarray
ValueAt = Callable[[str, np.ndarray], Column]


def evaluate_rows(value: Expression, path: str, rows: np.ndarray, value_at: ValueAt) -> Column:
    """The value of an expression in some rows; `value_at` gives values by path and rows.

    Raises:
        IllTyped: it has none in one of them, as where it divides by zero.
    """
    with np.errstate(all="ignore"):
        try:
            result = _of(value.term, path, rows, value_at)
        except (ZeroDivisionError, OverflowError, ValueError) as error:
            if isinstance(error, IllTyped):
                raise
            raise IllTyped(f"{path}: {value.text()!r} has no value here: {error}") from error
    return result.astype(bool) if value.dimension.sort == "flag" else result


def _of(term: Term, path: str, rows: np.ndarray, value_at: ValueAt) -> Column:
    if isinstance(term, Literal):
        column = np.empty(len(rows), dtype=object if isinstance(term.value, str) else type(term.value))
        column[:] = term.value
        return column
    if isinstance(term, Name):
        return value_at(term.path, rows)
    if isinstance(term, Draw):
        return value_at(f"{path}#{term.index}", rows)
    assert isinstance(term, Apply)
    if term.name in ("and", "or"):
        return _connected(term, path, rows, value_at)
    if term.name == "if":
        return _branched(term, path, rows, value_at)
    return _applied(term.name, [_of(child, path, rows, value_at) for child in term.terms])


def _applied(name: str, parts: list[Column]) -> Column:
    one, *others = parts
    if name == "not":
        return ~one.astype(bool)
    if name in COMPARISONS:
        return np.asarray(COMPARISONS[name](one, others[0]))
    if name == "abs":
        return np.abs(one)
    if name == "sqrt":
        if (one < 0).any():
            raise ValueError("math domain error")
        return np.sqrt(one.astype(np.float64))
    if name in ("min", "max"):
        # As Python has it: the first of equal ones, each with its own type.
        for other in others:
            later = other < one if name == "min" else other > one
            mixed = one.dtype != other.dtype
            one = np.where(later, other.astype(object), one.astype(object)) if mixed else np.where(later, other, one)
        return one
    if not others:
        return -one
    if name == "/":
        if (others[0] == 0).any():
            raise ZeroDivisionError("division by zero")
        return np.true_divide(one, others[0])
    return one + others[0] if name == "+" else one - others[0] if name == "-" else one * others[0]


def _connected(term: Apply, path: str, rows: np.ndarray, value_at: ValueAt) -> Column:
    """`and` and `or` look at the next part only in rows that the parts before leave open."""
    stop = term.name == "or"
    result = np.full(len(rows), not stop)
    open_rows = np.arange(len(rows))
    for child in term.terms:
        if not len(open_rows):
            break
        holds = _of(child, path, rows[open_rows], value_at).astype(bool)
        result[open_rows[holds == stop]] = stop
        open_rows = open_rows[holds != stop]
    return result


def _branched(term: Apply, path: str, rows: np.ndarray, value_at: ValueAt) -> Column:
    pieces: list[tuple[np.ndarray, Column]] = []
    open_rows = np.arange(len(rows))
    for condition, value in zip(term.terms[:-1:2], term.terms[1::2], strict=True):
        holds = _of(condition, path, rows[open_rows], value_at).astype(bool)
        taken = open_rows[holds]
        pieces.append((taken, _of(value, path, rows[taken], value_at)))
        open_rows = open_rows[~holds]
    pieces.append((open_rows, _of(term.terms[-1], path, rows[open_rows], value_at)))
    dtypes: set[Any] = {piece.dtype for at, piece in pieces if len(at)}
    result = np.zeros(len(rows), dtype=dtypes.pop() if len(dtypes) == 1 else object)
    for at, piece in pieces:
        result[at] = piece.tolist() if result.dtype == object else piece
    return result
