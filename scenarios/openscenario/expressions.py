"""The expressions of OpenSCENARIO XML, `${...}`: numbers, truth values, functions, parameters, and joined texts.

    or < and < not < == != < <= > >= < + - < * / % < unary - + < ( ) call name number

`%` has the sign of the dividend and `round` takes halves away from zero, as the C library does.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from driving_data.errors import nearest_name

Value = float | bool | str


class ExpressionFault(ValueError):
    """An expression cannot be read or has no value; `code` is stable, the text says why."""

    def __init__(self, code: str, found: str, expected: str, nearest: str | None = None) -> None:
        self.code = code
        self.found = found
        self.expected = expected
        self.nearest = nearest
        super().__init__(f"{found}; expected {expected}")


def _round(value: float) -> float:
    return math.copysign(math.floor(abs(value) + 0.5), value)


CONSTANTS: Mapping[str, Value] = {"pi": math.pi, "true": True, "false": False}
FUNCTIONS: Mapping[str, tuple[int, Callable[..., Any]]] = {
    "round": (1, _round),
    "floor": (1, math.floor),
    "ceil": (1, math.ceil),
    "sqrt": (1, math.sqrt),
    "abs": (1, abs),
    "sign": (1, lambda x: float((x > 0) - (x < 0))),
    "pow": (2, math.pow),
    "max": (-2, max),
    "min": (-2, min),
    "sin": (1, math.sin),
    "cos": (1, math.cos),
    "tan": (1, math.tan),
    "asin": (1, math.asin),
    "acos": (1, math.acos),
    "atan": (1, math.atan),
    "atan2": (2, math.atan2),
    "sinh": (1, math.sinh),
    "cosh": (1, math.cosh),
    "tanh": (1, math.tanh),
    "exp": (1, math.exp),
    "log": (1, math.log),
    "log10": (1, math.log10),
}
_TOKEN = re.compile(
    r"\s*(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|\$?[A-Za-z_][A-Za-z0-9_]*|[<>=!]=|&&|\|\||[-+*/%(),<>!])"
)
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
MAX_LENGTH = 10_000
MAX_TOKENS = 400
MAX_DEPTH = 20


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    at, text = 0, text.strip()
    if len(text) > MAX_LENGTH:
        raise ExpressionFault("bad-expression", "a very long expression", f"at most {MAX_LENGTH} characters")
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ExpressionFault("bad-expression", repr(text[at:].strip()[:20]), "a number, name, operator or bracket")
        found.append(match[1])
        at = match.end()
    if len(found) > MAX_TOKENS:
        raise ExpressionFault("bad-expression", f"{len(found)} terms and operators", f"at most {MAX_TOKENS}")
    return found


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, a truth value, or a bare word of joined texts."""

    value: Value


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter, by its name without `$`."""

    name: str


@dataclass(frozen=True, slots=True)
class Apply:
    """An operator or function on terms; `negate` is the minus in front, `join` puts texts together."""

    name: str
    terms: "tuple[Term, ...]"


Term = Constant | Parameter | Apply


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.at = 0
        self.depth = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, *wanted: str) -> str:
        token = self.peek()
        if token in wanted and token:
            self.at += 1
            return token
        return ""

    def need(self, token: str) -> None:
        if not self.take(token):
            raise ExpressionFault("bad-expression", repr(self.peek() or "the end"), repr(token))

    def whole(self) -> Term:
        term = self.either()
        if self.peek():
            raise ExpressionFault("bad-expression", repr(self.peek()), "an operator or the end")
        return term

    def either(self) -> Term:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ExpressionFault("bad-expression", "many brackets", f"at most {MAX_DEPTH} levels")
        term = self.chain(self.both, {"or": "or", "||": "or"})
        self.depth -= 1
        return term

    def both(self) -> Term:
        return self.chain(self.negated, {"and": "and", "&&": "and"})

    def chain(self, below: "Callable[[], Term]", signs: Mapping[str, str]) -> Term:
        """Terms of one level, joined from left to right."""
        term = below()
        while sign := self.take(*signs):
            term = Apply(signs[sign], (term, below()))
        return term

    def negated(self) -> Term:
        negations = 0
        while self.take("not", "!"):
            negations += 1
        term = self.chain(self.total, {sign: sign for sign in _COMPARE})
        for _ in range(negations):
            term = Apply("not", (term,))
        return term

    def total(self) -> Term:
        return self.chain(self.product, {"+": "+", "-": "-"})

    def product(self) -> Term:
        return self.chain(self.signed, {"*": "*", "/": "/", "%": "%"})

    def signed(self) -> Term:
        negations = 0
        while sign := self.take("-", "+"):
            negations += sign == "-"
        term = self.primary()
        return Apply("negate", (term,)) if negations % 2 else term

    def primary(self) -> Term:
        token = self.peek()
        self.at += 1
        if token == "(":
            term = self.either()
            self.need(")")
            return term
        if token[:1].isdigit() or token[:1] == ".":
            return Constant(float(token))
        if token.startswith("$"):
            return Parameter(token[1:])
        if token in FUNCTIONS and self.peek() == "(":
            return self.call(token)
        if token in CONSTANTS:
            return Constant(CONSTANTS[token])
        expected = "a number, a parameter ($name), pi or a function"
        near = nearest_name(token, [*FUNCTIONS, *CONSTANTS]) if token else None
        raise ExpressionFault("bad-expression", repr(token or "the end"), expected, near)

    def call(self, name: str) -> Term:
        self.need("(")
        terms = [self.either()]
        while self.take(","):
            terms.append(self.either())
        self.need(")")
        count = FUNCTIONS[name][0]
        if (count >= 0 and len(terms) != count) or len(terms) < abs(count):
            raise ExpressionFault("bad-expression", f"{len(terms)} values for {name}", f"{abs(count)} values")
        return Apply(name, tuple(terms))


def _joined(text: str) -> Term:
    """Texts joined by `+`, as `$name + braking`: bare words stand for themselves."""
    parts: list[Term] = []
    for part in text.split("+"):
        word = part.strip()
        if re.match(r"\$[A-Za-z_][A-Za-z0-9_]*\Z", word):
            parts.append(Parameter(word[1:]))
        elif re.match(r"[A-Za-z_0-9][A-Za-z0-9_.\- ]*\Z", word):
            parts.append(Constant(word))
        else:
            raise ExpressionFault("bad-expression", repr(word or "the end"), "texts joined by '+'")
    return Apply("join", tuple(parts))


@lru_cache(maxsize=4096)
def parse_expression(text: str) -> Term:
    """The term of an expression, given without its `${` and `}`.

    Raises:
        ExpressionFault: where the text is no expression.
    """
    try:
        return _Parser(text).whole()
    except ExpressionFault as fault:
        if "+" not in text:
            raise
        try:
            return _joined(text)
        except ExpressionFault:
            raise fault from None


def names_in(term: Term) -> tuple[str, ...]:
    """The parameters that a term reads, in order."""
    if isinstance(term, Parameter):
        return (term.name,)
    found = (name for part in term.terms for name in names_in(part)) if isinstance(term, Apply) else ()
    return tuple(dict.fromkeys(found))


def evaluate_term(term: Term, lookup: Callable[[str], Value]) -> Value:
    """The value of a term."""
    if isinstance(term, Constant):
        return term.value
    if isinstance(term, Parameter):
        return lookup(term.name)
    values = [evaluate_term(part, lookup) for part in term.terms]
    if term.name == "join":
        return "".join(to_text(value) for value in values)
    if term.name in FUNCTIONS:
        return float(FUNCTIONS[term.name][1](*map(_number, values)))
    if term.name == "negate":
        return -_number(values[0])
    if term.name in ("not", "and", "or"):
        truths = [_truth(value) for value in values]
        return not truths[0] if term.name == "not" else all(truths) if term.name == "and" else any(truths)
    if term.name in _COMPARE:
        return _compared(term.name, values[0], values[1])
    return _calculated(term.name, values[0], values[1])


def _compared(sign: str, left: Value, right: Value) -> bool:
    if _is_word(left) or _is_word(right):
        if sign not in ("==", "!="):
            raise ExpressionFault("bad-expression", "texts", "numbers to compare")
        return (to_text(left) == to_text(right)) == (sign == "==")
    return _COMPARE[sign](_number(left), _number(right))


def _calculated(sign: str, left: Value, right: Value) -> Value:
    if sign == "+" and (_is_word(left) or _is_word(right)):
        return to_text(left) + to_text(right)
    one, two = _number(left), _number(right)
    if sign in ("/", "%") and two == 0.0:
        raise ExpressionFault("bad-expression", "a division by zero", "a divisor other than 0")
    return (
        {"+": one + two, "-": one - two, "*": one * two}[sign]
        if sign in "+-*"
        else (one / two if sign == "/" else math.fmod(one, two))
    )


def _is_word(value: Value) -> bool:
    """True for a text that is no number; parameters declared as text often hold numbers."""
    if not isinstance(value, str):
        return False
    try:
        float(value)
    except ValueError:
        return True
    return False


def _number(value: Value) -> float:
    if _is_word(value):
        raise ExpressionFault("bad-expression", repr(value), "a number")
    return float(value)


def _truth(value: Value) -> bool:
    if isinstance(value, str):
        if value.strip().lower() not in ("true", "false", "1", "0"):
            raise ExpressionFault("bad-expression", repr(value), "true or false")
        return value.strip().lower() in ("true", "1")
    return bool(value)


def evaluate(text: str, lookup: Callable[[str], Value]) -> Value:
    """The value of an expression, given without its `${` and `}`.

    Args:
        text: the expression.
        lookup: value of a parameter by its name without `$`; raises ExpressionFault where there is none.

    Raises:
        ExpressionFault: where the text is no expression, or has no value (division by zero, root of a negative number).
    """
    try:
        value = evaluate_term(parse_expression(text), lookup)
    except ExpressionFault:
        raise
    except (ValueError, OverflowError) as error:
        raise ExpressionFault("bad-expression", str(error), "an expression that has a value") from None
    if isinstance(value, float) and not math.isfinite(value):
        raise ExpressionFault("bad-expression", str(value), "an expression that has a finite value")
    return value


def to_text(value: Value) -> str:
    """A value as OpenSCENARIO writes it: whole numbers without a point, `true` and `false`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(value)


def to_value(text: str, type_name: str) -> Value:
    """The value of a text of an OpenSCENARIO parameter type; texts and times stay texts.

    Raises:
        ExpressionFault: where the text is no value of that type.
    """
    if type_name in ("string", "dateTime"):
        return text
    try:
        if type_name == "boolean":
            return {"true": True, "1": True, "false": False, "0": False}[text.strip().lower()]
        value = float(text)
    except (KeyError, ValueError):
        raise ExpressionFault("wrong-type", repr(text), f"a value of type {type_name}") from None
    whole = type_name in ("int", "integer", "unsignedInt", "unsignedShort")
    if (whole and not value.is_integer()) or (type_name.startswith("unsigned") and value < 0):
        raise ExpressionFault("wrong-type", repr(text), f"a value of type {type_name}")
    return value
