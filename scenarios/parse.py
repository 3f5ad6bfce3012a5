"""Reads written values: quantities with units, ranges, distributions and expressions over other values.

The grammar is in `grammar`; here what was read is fitted to what a key measures.
"""

from collections.abc import Mapping
from dataclasses import replace

from driving_data.errors import nearest_name
from scenarios.expressions import (
    Apply,
    Draw,
    Expression,
    Linked,
    Literal,
    Name,
    Term,
    TextFault,
    Value,
    dimension_of,
    walk,
)
from scenarios.grammar import NUMBER, parse_term
from scenarios.space import Choice, Const, Distribution, IntRange, Scalar, Uniform
from scenarios.units import COUNT, FLAG, TEXT, Dimension


def parse_value(text: str, dimension: Dimension) -> Value:
    """A written value that measures `dimension`.

    Raises:
        TextFault: it cannot be read or measures something else.
    """
    if dimension == TEXT and not text.startswith("="):
        return _texts(text)
    value = parse_term(text.removeprefix("="))
    shift = len(text) - len(text.removeprefix("="))
    try:
        return _fit(value, dimension, text.strip())
    except TextFault as fault:
        raise TextFault(fault.code, fault.found, fault.expected, fault.offset + shift, fault.nearest) from None


def parse_condition(text: str) -> Expression:
    """A condition over values, as of `where`.

    Raises:
        TextFault: it cannot be read or is no condition.
    """
    term = parse_term(text.removeprefix("="))
    kind = dimension_of(term, {})
    if kind is not None and kind != FLAG:
        raise TextFault("not-a-condition", repr(text), "a condition such as ego.speed > 10 m/s")
    return Expression(_numbered(term, [0]), FLAG)


def _texts(text: str) -> Value:
    """A name, or names with weights: `main.1 @ 2 | main.2`."""
    options: list[tuple[Distribution, float]] = []
    for part in text.split("|"):
        name, at, weight = (piece.strip() for piece in part.partition("@"))
        if not name or (at and (not NUMBER.fullmatch(weight) or float(weight) <= 0)):
            raise TextFault("bad-weight" if at else "empty-value", repr(part), "a name, with '@ 3' for its weight")
        options.append((Const(name, TEXT), float(weight) if at else 1.0))
    return options[0][0] if len(options) == 1 else Choice(tuple(options))


def parse_any(text: str, types: Mapping[str, Dimension]) -> Value:
    """A written value whose dimension is seen from its units or from the names that it reads.

    One unknown word alone is a text.

    Raises:
        TextFault: it cannot be read, or what it measures cannot be told.
    """
    term = parse_term(text)
    if isinstance(term, Literal):
        return Const(term.value, term.dimension)
    if isinstance(term, Draw):
        return term.distribution
    if isinstance(term, Name) and term.path not in types and "." not in term.path and "$" not in text:
        return Const(term.path, TEXT)
    for part in walk(term):
        if isinstance(part, Name) and part.path not in types:
            raise TextFault("unknown-name", f"nothing gives {part.path!r}", "a value of this scenario", part.offset,
                            nearest_name(part.path, types))  # fmt: skip
    kind = dimension_of(term, types)
    if kind is None:
        raise TextFault("bad-expression", repr(text), "an expression whose terms measure something")
    return Expression(_numbered(term, [0]), kind)


def _fit(term: Term, dimension: Dimension, text: str) -> Value:
    if isinstance(term, Literal):
        return Const(_fitting_scalar(term, dimension, text), dimension)
    if isinstance(term, Draw):
        return _fitting_distribution(term.distribution, dimension, text)
    kind = dimension_of(term, {})
    if kind is not None and kind.as_number() != dimension.as_number():
        raise _misfit(text, kind, dimension)
    return Expression(_numbered(_fitted_branches(term, dimension, text), [0]), dimension)


def _fitted_branches(term: Term, dimension: Dimension, text: str) -> Term:
    """Numbers and ranges that stand alone in a branch are read as the key's own: 0..1 of a ratio is no count."""
    if isinstance(term, Draw):
        return replace(term, distribution=_fitting_distribution(term.distribution, dimension, text))
    if isinstance(term, Literal):
        return Literal(_fitting_scalar(term, dimension, text), dimension)
    if isinstance(term, Linked):
        return replace(term, marginal=_fitting_distribution(term.marginal, dimension, text))
    if not isinstance(term, Apply) or term.name != "if":
        return term
    last = len(term.terms) - 1
    return replace(term, terms=tuple(
        _fitted_branches(child, dimension, text) if i % 2 or i == last else child for i, child in enumerate(term.terms)
    ))  # fmt: skip


def _fitting_scalar(literal: Literal, dimension: Dimension, text: str) -> Scalar:
    value = literal.value
    if literal.dimension.as_number() != dimension.as_number():
        raise _misfit(text, literal.dimension, dimension)
    if dimension == COUNT:
        if not float(value).is_integer():
            raise TextFault("not-whole", text, dimension.words)
        return int(value)
    return float(value) if dimension.numeric else value


def _fitting_distribution(distribution: Distribution, dimension: Dimension, text: str) -> Distribution:
    if isinstance(distribution, Choice):
        options = tuple((_fitting_distribution(option, dimension, text), w) for option, w in distribution.options)
        return Choice(options)
    if distribution.dimension.as_number() != dimension.as_number():
        raise _misfit(text, distribution.dimension, dimension)
    if isinstance(distribution, IntRange) and dimension != COUNT:
        return Uniform(float(distribution.low), float(distribution.high), dimension)
    if dimension == COUNT and isinstance(distribution, Uniform):
        low, high = distribution.bounds()
        if not (low.is_integer() and high.is_integer()):
            raise TextFault("not-whole", text, dimension.words)
        return IntRange(int(low), int(high))
    if dimension == COUNT and not isinstance(distribution, (Const, IntRange)):
        raise TextFault("not-whole", text, dimension.words)
    if isinstance(distribution, Const):
        return Const(_fitting_scalar(Literal(distribution.value, distribution.dimension), dimension, text), dimension)
    return distribution


def _misfit(text: str, found: Dimension, expected: Dimension) -> TextFault:
    if found.plain and expected.numeric and not expected.plain:
        return TextFault("missing-unit", f"{text} has no unit", expected.words)
    return TextFault("wrong-dimension", f"{text} is {found.words.split(' such')[0]}", expected.words)


def _numbered(term: Term, counter: list[int]) -> Term:
    """The term with its draws numbered from left to right."""
    if isinstance(term, Draw):
        counter[0] += 1
        return replace(term, index=counter[0] - 1)
    if isinstance(term, Apply):
        if linked := next((child for child in term.terms if isinstance(child, Linked)), None):
            expected = "linked alone; a parameter can hold it, and this expression read the parameter"
            raise TextFault("bad-expression", repr(linked.text()), expected, term.offset)
        return replace(term, terms=tuple(_numbered(child, counter) for child in term.terms))
    return term
