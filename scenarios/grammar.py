"""The grammar of written values, read from left to right into terms.

    value      = option { "|" option };  option = condition [ "@" weight ]
condition  = comparison { ("and" | "or") comparison } | "not" condition
comparison = sum [ ("<" | "<=" | ">" | ">=" | "==" | "!=") sum ]
sum        = product { ("+" | "-") product };  product = factor { ("*" | "/") factor }
factor     = "-" factor | number [unit] | number [unit] ".." number [unit] | ["$"] name | "${" name "}"
           | function "(" values ")" | "(" value ")" | 'text' | true | false

Functions are those of `expressions.FUNCTIONS`, `linked(value, name, rank, ...)`, and the distributions of `forms`.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache

from driving_data.errors import nearest_name
from scenarios.expressions import COMPARISONS, FUNCTIONS, Apply, Draw, Linked, Literal, Name, Term, TextFault
from scenarios.forms import DISTRIBUTIONS, Argument, Number, distribution_of
from scenarios.space import Choice, Const, Distribution, IntRange, Uniform
from scenarios.units import COUNT, FLAG, RATIO, TEXT, UNIT_PATTERN, UNITS, nearest_unit, to_base

MAX_LENGTH = 2000
MAX_DEPTH = 40
NUMBER = re.compile(r"(?:\d+\.(?!\.)\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?")
_NAME = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*")
_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"[A-Za-z%/^0-9]+")


@lru_cache(maxsize=4096)
def parse_term(text: str) -> Term:
    """A written term: a number, a range, or an expression over names.

    Raises:
        TextFault: it cannot be read.
    """
    if len(text) > MAX_LENGTH:
        raise TextFault("too-long", f"{len(text)} characters", f"at most {MAX_LENGTH}")
    reader = _Reader(text)
    term = reader.alternatives()
    reader.skip()
    if reader.at < len(text):
        raise _leftover(reader, term)
    return term


def _leftover(reader: "_Reader", term: Term) -> TextFault:
    rest = reader.text[reader.at :].strip()
    word = _WORD.match(rest)
    if isinstance(term, Literal) and word and word.group() not in UNITS:
        return TextFault("unknown-unit", repr(word.group()), "a unit such as m, s, km/h, deg", reader.at,
                         nearest_unit(word.group()))  # fmt: skip
    return TextFault("bad-expression", f"{rest!r} is left over", "an operator or the end", reader.at)


@dataclass(slots=True)
class _Reader:
    """Reads a term from left to right; one object per text."""

    text: str
    at: int = field(default=0)
    depth: int = field(default=0)

    def skip(self) -> None:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def peek(self, token: str) -> bool:
        self.skip()
        if not self.text.startswith(token, self.at):
            return False
        end = self.at + len(token)
        return not (
            token[-1].isalpha() and end < len(self.text) and (self.text[end].isalnum() or self.text[end] in "_.")
        )

    def take(self, *tokens: str) -> str:
        """The first of the tokens that stands here, and moves behind it; '' for none."""
        for token in tokens:
            if self.peek(token):
                self.at += len(token)
                return token
        return ""

    def expect(self, token: str) -> None:
        if not self.take(token):
            # Inside { } YAML ends a text at a comma, so that the rest of a call never arrives here.
            hint = " (inside { } a text with commas stands in quotes)" if self.at >= len(self.text) else ""
            raise TextFault("bad-expression", self.found(), f"{token!r}{hint}", self.at)

    def found(self) -> str:
        self.skip()
        return repr(self.text[self.at :][:20]) if self.at < len(self.text) else "the end"

    def alternatives(self) -> Term:
        """A condition, or several values to choose from."""
        start, weighted = self.at, False
        options: list[tuple[Term, float]] = []
        while not options or self.take("|"):
            term, weight = self.condition(), 1.0
            if self.take("@"):
                weight, weighted = self.weight(), True
            options.append((term, weight))
        if len(options) == 1:
            if weighted:
                raise TextFault("bad-weight", "a weight without alternatives", "alternatives, as 0 m/s @ 3 | 5 m/s")
            return options[0][0]
        distributions = [_as_distribution(term, start) for term, _ in options]
        try:
            return Draw(0, Choice(tuple((d, w) for d, (_, w) in zip(distributions, options, strict=True))))
        except ValueError as error:
            raise TextFault("bad-distribution", str(error), "alternatives that measure the same", start) from None

    def condition(self) -> Term:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise TextFault("too-deep", repr(self.text[:20]), f"at most {MAX_DEPTH} nested terms", self.at)
        term = self.conjunction()
        while offset := self._taken("or"):
            term = Apply("or", (term, self.conjunction()), offset)
        self.depth -= 1
        return term

    def _taken(self, token: str) -> int:
        """Offset behind a token that stands here, else 0."""
        return self.at if self.take(token) else 0

    def conjunction(self) -> Term:
        term = self.comparison()
        while offset := self._taken("and"):
            term = Apply("and", (term, self.comparison()), offset)
        return term

    def comparison(self) -> Term:
        start = self.at
        if self.take("not"):
            return Apply("not", (self.comparison(),), start)
        left = self.sum()
        name = self.take("<=", ">=", "==", "!=", "<", ">")
        return Apply(name, (left, self.sum()), start) if name in COMPARISONS else left

    def sum(self) -> Term:
        start = self.at
        term = self.product()
        while name := self.take("+", "-"):
            term = Apply(name, (term, self.product()), start)
        return term

    def product(self) -> Term:
        start = self.at
        term = self.factor()
        while name := self.take("*", "/"):
            term = Apply(name, (term, self.factor()), start)
        return term

    def factor(self) -> Term:
        self.skip()
        start = self.at
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise TextFault("too-deep", repr(self.text[:20]), f"at most {MAX_DEPTH} nested terms", start)
        try:
            if self.take("-"):
                self.skip()
                if NUMBER.match(self.text, self.at):
                    return self.number(-1.0)
                return Apply("-", (self.factor(),), start)
            return self.primary(start)
        finally:
            self.depth -= 1

    def primary(self, start: int) -> Term:
        if NUMBER.match(self.text, self.at):
            return self.number(1.0)
        if self.take("("):
            term = self.alternatives()
            self.expect(")")
            return term
        if quote := self.take("'", '"'):
            return self.quoted(quote)
        if self.take("${"):
            name = self.name(start)
            self.expect("}")
            return Name(name, start)
        if self.take("$"):
            return Name(self.name(start), start)
        word = self.name(start)
        if word in ("true", "false"):
            return Literal(word == "true", FLAG)
        if self.take("("):
            return self.call(word, start)
        return Name(word, start)

    def name(self, start: int) -> str:
        self.skip()
        match = _NAME.match(self.text, self.at)
        if not match:
            raise TextFault("bad-expression", self.found(), "a number with its unit, a range or a name", start)
        self.at = match.end()
        return match.group()

    def quoted(self, quote: str) -> Term:
        end = self.text.find(quote, self.at)
        if end < 0:
            raise TextFault("bad-expression", self.found(), f"a closing {quote}", self.at)
        literal = Literal(self.text[self.at : end], TEXT)
        self.at = end + 1
        return literal

    def number(self, sign: float) -> Term:
        """A quantity or a range; the unit of a range may stand behind its last number only."""
        low, unit = self.quantity(sign)
        if not self.take(".."):
            return self.literal(low, unit)
        self.skip()
        negative = -1.0 if self.take("-") else 1.0
        self.skip()
        if not NUMBER.match(self.text, self.at):
            raise TextFault("bad-range", self.found(), "a number behind '..'", self.at)
        high, last = self.quantity(negative)
        return Draw(0, _range(self.literal(low, unit or last), self.literal(high, last or unit), self.at))

    def quantity(self, sign: float) -> tuple[tuple[float, bool], str]:
        match = NUMBER.match(self.text, self.at)
        if not match:
            raise TextFault("bad-expression", self.found(), "a number", self.at)
        self.at = match.end()
        # A point in the text keeps 1.0 a ratio; 2 is a count.
        whole = match.group().isdigit()
        here = self.at
        self.skip()
        unit = UNIT_PATTERN.match(self.text, self.at)
        behind = self.text[unit.end() : unit.end() + 1] if unit else ""
        if unit and not (behind.isalnum() or behind in ("_", "^")):
            self.at = unit.end()
            return (sign * float(match.group()), whole), unit.group()
        self.at = here
        return (sign * float(match.group()), whole), ""

    def literal(self, number: tuple[float, bool], unit: str) -> Literal:
        value, whole = number
        if not unit:
            return Literal(int(value), COUNT) if whole else Literal(value, RATIO)
        return Literal(to_base(value, unit), UNITS[unit][1])

    def call(self, name: str, start: int) -> Term:
        if name in FUNCTIONS:
            return self.function(name, start)
        if name == "linked":
            return self.linked(start)
        if name in DISTRIBUTIONS:
            return Draw(0, distribution_of(name, self.arguments(), start))
        known = (*FUNCTIONS, *DISTRIBUTIONS, "linked")
        raise TextFault("unknown-function", repr(name), f"one of {', '.join(known)}", start, nearest_name(name, known))

    def function(self, name: str, start: int) -> Apply:
        terms: list[Term] = []
        while not self.take(")"):
            terms.append(self.alternatives() if name == "if" else self.condition())
            if not self.take(","):
                self.expect(")")
                break
        fewest = FUNCTIONS[name][0]
        if len(terms) < fewest or (name == "if" and len(terms) % 2 == 0):
            expected = "if(condition, value, otherwise)" if name == "if" else f"at least {fewest}"
            raise TextFault("bad-expression", f"{name} with {len(terms)} terms", expected, start)
        if name in ("abs", "sqrt") and len(terms) > 1:
            raise TextFault("bad-expression", f"{name} with {len(terms)} terms", "one term", start)
        return Apply(name, tuple(terms), start)

    def arguments(self) -> list[Argument]:
        """Arguments of a distribution: numbers with their units, ranges that may be open at one end, weights."""
        found: list[Argument] = []
        while not self.take(")"):
            found.append(self.argument())
            if not self.take(","):
                self.expect(")")
                break
        return found

    def argument(self) -> Argument:
        self.skip()
        start = self.at
        if self.take(".."):
            return Argument(None, self.plain_quantity(), 1.0, start, True)
        low = self.plain_quantity()
        if self.take(".."):
            self.skip()
            open_end = self.text.startswith((",", ")"), self.at)
            return Argument(low, None if open_end else self.plain_quantity(), 1.0, start, True)
        return Argument(low, None, self.weight(least=0.0) if self.take("@") else 1.0, start, False)

    def plain_quantity(self) -> Number:
        sign = -1.0 if self.take("-") else 1.0
        self.skip()
        if not NUMBER.match(self.text, self.at):
            raise TextFault("bad-distribution", self.found(), "numbers inside a distribution", self.at)
        (value, _), unit = self.quantity(sign)
        return Number(value, unit)

    def linked(self, start: int) -> Linked:
        marginal = _as_distribution(self.alternatives(), start)
        partners: list[tuple[str, float]] = []
        while self.take(","):
            path = self.name(self.at)
            self.expect(",")
            here = self.at
            rank = self.plain_quantity()
            if rank.unit or not -1.0 < rank.value < 1.0:
                found = f"{rank.value:g} {rank.unit}".rstrip()
                raise TextFault("bad-distribution", found, "a rank correlation between -1 and 1", here)
            partners.append((path, rank.value))
        self.expect(")")
        if not partners or len({path for path, _ in partners}) < len(partners):
            raise TextFault("bad-distribution", "linked", "linked(20..30 m/s, ego.speed, 0.7), each name once", start)
        return Linked(marginal, tuple(partners))

    def weight(self, least: float | None = None) -> float:
        self.skip()
        match = NUMBER.match(self.text, self.at)
        if not match or (least is None and float(match.group()) <= 0):
            raise TextFault("bad-weight", self.found(), "a weight above 0", self.at)
        self.at = match.end()
        return float(match.group())


def _range(low: Literal, high: Literal, offset: int) -> Distribution:
    if low.dimension.as_number() != high.dimension.as_number():
        raise TextFault("wrong-dimension", "a range between different dimensions", "ends that measure the same", offset)
    try:
        if low.dimension == high.dimension == COUNT:
            return IntRange(int(low.value), int(high.value))
        return Uniform(float(low.value), float(high.value), low.dimension.as_number())
    except ValueError as error:
        raise TextFault("bad-range", str(error), "a range from the smaller to the larger number", offset) from None


def _as_distribution(term: Term, offset: int) -> Distribution:
    if isinstance(term, Literal):
        return Const(term.value, term.dimension)
    if isinstance(term, Draw):
        return term.distribution
    raise TextFault("bad-distribution", repr(term.text()), "numbers and ranges inside a distribution", offset)
