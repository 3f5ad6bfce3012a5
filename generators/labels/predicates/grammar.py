"""Reads statements: `eventually (time_to_collision(ego, lead) < 3 s and brakes(lead))`. All faults are told at once.

Loosest first: `implies`, `or`, `and`, `not`, then `always`, `eventually`, `finally` (which reach as little as a
parenthesis, a comparison or a call). Names of actors, lanes and signals may hold letters, digits, `_`, `.` and `-`;
what does not begin with a letter stands in quotation marks, as `in_lane(ego, "1.0.-1")`.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from driving_data.errors import Fault, InputError, nearest_name
from generators.labels.predicates import nodes as n
from generators.labels.predicates.table import FUNCTIONS, TRUTH, WORDS
from generators.labels.predicates.view import View

_TOKEN = re.compile(
    r'\s*(?:(?P<number>\d+(?:\.\d+)?(?:e-?\d+)?)|(?P<name>[A-Za-z_][\w.\-]*)|"(?P<quoted>[^"]*)"|'
    r"(?P<sign><=|>=|==|!=|[<>()\[\],+\-/])|(?P<other>\S))"
)
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
UNITS = {
    "m": ("m", 1.0), "km": ("m", 1000.0), "s": ("s", 1.0), "ms": ("s", 1e-3), "m/s": ("m/s", 1.0),
    "km/h": ("m/s", 1 / 3.6), "m/s2": ("m/s2", 1.0), "rad": ("rad", 1.0), "deg": ("rad", math.pi / 180),
}  # fmt: skip
WINDOWS = ("always", "eventually", "finally")
_KEYWORDS = ("implies", "or", "and", "not", "change", "onset", *WINDOWS)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    column: int


@dataclass(frozen=True, slots=True)
class Names:
    """Which actors, lanes and signals there are; None accepts every name."""

    actors: tuple[str, ...]
    lanes: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()

    @staticmethod
    def of(view: View) -> "Names":
        """The names of a drive."""
        lanes = () if view.rollout.lane_map is None else view.rollout.lane_map.lanes
        return Names(tuple(dict.fromkeys(("ego", *view.ids))), tuple(x.id for x in lanes), view.rollout.signals.ids)

    def known(self, kind: str) -> Sequence[str]:
        """The names of a kind of argument."""
        known = {"actor": self.actors, "lane": self.lanes, "signal": self.signals}
        return known[kind] if kind in known else WORDS[kind]


def parse(text: str, names: Names | None = None) -> n.Node:
    """The statement that a text makes.

    Args:
        text: the statement.
        names: what it may speak of; None for anything.

    Raises:
        InputError: it is no statement, names what is not there, or compares what cannot be compared; every fault of
            names and types is told, with the nearest name.
    """
    reader = _Reader(text, _tokens(text), names)
    node = reader.statement()
    if reader.peek() is not None:
        reader.stop("the end of the statement")
    reader.check_statement(node)
    if reader.faults:
        raise InputError(reader.faults)
    return node


def quoted(name: str) -> str:
    """A name as it must be written as an argument."""
    return name if re.fullmatch(r"[A-Za-z_][\w.\-]*", name) and name not in _KEYWORDS else f'"{name}"'


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    place = 0
    while place < len(text.rstrip()):
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            break
        kind = match.lastgroup
        found.append(_Token(kind, match.group(kind), match.start(kind) + 1))
        place = match.end()
    return found


@dataclass(slots=True)
class _Reader:
    text: str
    tokens: list[_Token]
    names: Names | None
    at: int = 0
    faults: list[Fault] = field(default_factory=list[Fault])
    columns: dict[int, int] = field(default_factory=dict[int, int])

    def peek(self, ahead: int = 0) -> _Token | None:
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else None

    def is_next(self, *texts: str) -> bool:
        token = self.peek()
        return token is not None and token.kind != "quoted" and token.text in texts

    def take(self, *texts: str) -> _Token | None:
        if not self.is_next(*texts):
            return None
        self.at += 1
        return self.tokens[self.at - 1]

    def need(self, text: str) -> None:
        if self.take(text) is None:
            self.stop(repr(text))

    def stop(self, expected: str) -> None:
        token = self.peek()
        found = "the end" if token is None else repr(token.text)
        column = len(self.text) + 1 if token is None else token.column
        raise InputError([*self.faults, Fault("", 1, column, "predicate", "syntax", found, expected)])

    def statement(self) -> n.Node:
        left = self.disjunction()
        while self.take("implies"):
            left = n.Both("implies", left, self.disjunction())
        return left

    def disjunction(self) -> n.Node:
        left = self.conjunction()
        while self.take("or"):
            left = n.Both("or", left, self.conjunction())
        return left

    def conjunction(self) -> n.Node:
        left = self.single()
        while self.take("and"):
            left = n.Both("and", left, self.single())
        return left

    def single(self) -> n.Node:
        if self.take("not"):
            return n.Not(self.single())
        word = self.take(*WINDOWS)
        if word is not None:
            start, end = self.window(word.text)
            return n.Over(word.text, self.single(), start, end)
        if self.is_next("(") and self._is_group():
            self.need("(")
            inner = self.statement()
            self.need(")")
            return inner
        return self.comparison()

    def _is_group(self) -> bool:
        """Whether the parenthesis here holds a statement rather than a term of a comparison."""
        depth, k = 0, self.at
        while k < len(self.tokens):
            text = self.tokens[k].text if self.tokens[k].kind == "sign" else ""
            depth += (text == "(") - (text == ")")
            if depth == 0:
                break
            k += 1
        following = self.tokens[k + 1].text if k + 1 < len(self.tokens) else ""
        return following not in (*COMPARISONS, "+", "-")

    def window(self, word: str) -> tuple[float | None, float | None]:
        if word == "finally" or not self.take("["):
            return None, None
        start = self.seconds()
        self.need(",")
        end = self.seconds()
        self.need("]")
        if end < start:
            expected = f"an end of at least {start:g} s"
            self.fault(self.tokens[self.at - 1].column, "range", f"{end:g}", expected)
        return start, end

    def seconds(self) -> float:
        number = self.number()
        if number.unit not in ("", "s"):
            self.stop("seconds")
        return number.value

    def number(self) -> n.Number:
        sign = -1.0 if self.take("-") else 1.0
        token = self.peek()
        if token is None or token.kind != "number":
            self.stop("a number")
            raise AssertionError
        self.at += 1
        unit, factor = self.unit()
        return n.Number(sign * float(token.text) * factor, unit)

    def unit(self) -> tuple[str, float]:
        token = self.peek()
        if token is None or token.kind != "name" or token.text in _KEYWORDS:
            return "", 1.0
        following, last = self.peek(1), self.peek(2)
        text = token.text
        if following is not None and following.text == "/" and last is not None:
            text = f"{token.text}/{last.text}"
        if text not in UNITS:
            expected = f"a unit: {', '.join(UNITS)}"
            raise InputError(
                [*self.faults, Fault("", 1, token.column, "predicate", "unknown-unit", repr(text), expected,
                                     nearest_name(text, UNITS))]
            )  # fmt: skip
        self.at += 3 if "/" in text else 1
        return UNITS[text]

    def comparison(self) -> n.Node:
        column = self.peek()
        left = self.sum()
        sign = self.take(*COMPARISONS)
        if sign is None:
            if not isinstance(left, n.Call):
                self.stop("a comparison")
            assert isinstance(left, n.Call)
            return left
        node = n.Compare(sign.text, left, self.sum())
        self.columns[id(node)] = 1 if column is None else column.column
        return node

    def sum(self) -> n.Term:
        left = self.term()
        while (sign := self.take("+", "-")) is not None:
            left = n.Arithmetic(sign.text, left, self.term())
        return left

    def term(self) -> n.Term:
        token = self.peek()
        if token is None:
            self.stop("a quantity")
            raise AssertionError
        if self.take("("):
            inner = self.sum()
            self.need(")")
            return inner
        if token.kind == "number" or token.text == "-":
            return self.number()
        if token.kind != "name":
            self.stop("a quantity or a name")
        self.at += 1
        if not self.take("("):
            return n.Word(token.text)
        if token.text in ("change", "onset"):
            made: n.Term = n.Change(self.sum()) if token.text == "change" else n.Onset(self.statement())
            self.need(")")
            return made
        arguments: list[str] = []
        columns: list[int] = []
        while not self.take(")"):
            if arguments:
                self.need(",")
            name = self.peek()
            if name is None or name.kind not in ("name", "quoted", "number"):
                self.stop("a name")
                raise AssertionError
            self.at += 1
            arguments.append(name.text)
            columns.append(name.column)
        call = n.Call(token.text, tuple(quoted(x) for x in arguments))
        self.check_call(call, arguments, token.column, columns)
        return call

    def fault(self, column: int, code: str, found: str, expected: str, nearest: str | None = None) -> None:
        self.faults.append(Fault("", 1, column, "predicate", code, found, expected, nearest))

    def check_call(self, call: n.Call, arguments: list[str], column: int, columns: list[int]) -> None:
        function = FUNCTIONS.get(call.function)
        if function is None:
            expected = "a function of the language"
            self.fault(column, "unknown-name", repr(call.function), expected, nearest_name(call.function, FUNCTIONS))
            return
        if len(arguments) != len(function.takes):
            wanted = ", ".join(function.takes)
            self.fault(column, "arguments", f"{len(arguments)} arguments", f"{call.function}({wanted})")
            return
        for kind, name, place in zip(function.takes, arguments, columns, strict=True):
            if self.names is None and kind not in WORDS:
                continue
            known = WORDS[kind] if self.names is None else self.names.known(kind)
            if name not in known:
                self.fault(place, "unknown-name", repr(name), f"the name of a {kind}", nearest_name(name, known))

    def check_statement(self, node: n.Node) -> None:
        match node:
            case n.Call():
                given = self.unit_of(node)
                if given not in (TRUTH, None):
                    self.fault(1, "type", f"{node} is a quantity", "a comparison of it")
            case n.Compare():
                self.check_compare(node)
            case n.Not(of):
                self.check_statement(of)
            case n.Over():
                self.check_statement(node.of)
            case n.Both():
                self.check_statement(node.left)
                self.check_statement(node.right)

    def check_compare(self, node: n.Compare) -> None:
        left, right = self.unit_of(node.left), self.unit_of(node.right)
        column = self.columns.get(id(node), 1)
        if isinstance(node.right, n.Word) and left is not None and left in WORDS:
            if node.right.name not in WORDS[left]:
                nearest = nearest_name(node.right.name, WORDS[left])
                self.fault(column, "unknown-name", repr(node.right.name), f"the name of a {left}", nearest)
            elif node.sign not in ("==", "!="):
                self.fault(column, "type", repr(node.sign), "== or != between names")
            return
        if isinstance(node.left, n.Word) or isinstance(node.right, n.Word):
            self.fault(column, "type", str(node), "quantities, or a state or class and its name")
            return
        if None in (left, right):
            return
        if TRUTH in (left, right) or left in WORDS or right in WORDS:
            self.fault(column, "type", str(node), "quantities on both sides")
        elif left and right and left != right:
            self.fault(column, "unit", f"{left} and {right}", "quantities of one unit")

    def unit_of(self, term: n.Term) -> str | None:
        """Unit or type of a term; '' fits all, None is unknown."""
        match term:
            case n.Number():
                return term.unit
            case n.Call():
                return FUNCTIONS[term.function].gives if term.function in FUNCTIONS else None
            case n.Change(of):
                return self.unit_of(of)
            case n.Onset(of):
                self.check_statement(of)
                return "s"
            case n.Arithmetic():
                left, right = self.unit_of(term.left), self.unit_of(term.right)
                if left and right and left != right:
                    self.fault(1, "unit", f"{left} and {right}", "quantities of one unit")
                return left or right
            case n.Word():
                return None
