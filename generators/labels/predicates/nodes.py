"""The tree of a statement. `str` of a node writes it so that it reads back to an equal node."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Number:
    """A number with its unit ('' fits every quantity)."""

    value: float
    unit: str = ""

    def __str__(self) -> str:
        text = f"{self.value:.10g}"
        return f"{text} {self.unit}" if self.unit else text


@dataclass(frozen=True, slots=True)
class Word:
    """A name that stands for itself: a state of a light, a class."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Call:
    """A function of actors, lanes, signals or names."""

    function: str
    arguments: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.function}({', '.join(self.arguments)})"


@dataclass(frozen=True, slots=True)
class Change:
    """How much a quantity is greater at the end of the span than now."""

    of: "Term"

    def __str__(self) -> str:
        return f"change({self.of})"


@dataclass(frozen=True, slots=True)
class Onset:
    """Seconds from now to the first moment of the span at which a statement holds; infinite where it never does."""

    of: "Node"

    def __str__(self) -> str:
        return f"onset({self.of})"


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Sum or difference of two quantities of one unit."""

    sign: str
    left: "Term"
    right: "Term"

    def __str__(self) -> str:
        return f"({self.left} {self.sign} {self.right})"


@dataclass(frozen=True, slots=True)
class Compare:
    """One of `<`, `<=`, `>`, `>=`, `==`, `!=` between two terms."""

    sign: str
    left: "Term"
    right: "Term"

    def __str__(self) -> str:
        return f"{self.left} {self.sign} {self.right}"


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary."""

    of: "Node"

    def __str__(self) -> str:
        return f"not {wrapped(self.of)}"


@dataclass(frozen=True, slots=True)
class Both:
    """`and`, `or` or `implies` between statements."""

    word: str
    left: "Node"
    right: "Node"

    def __str__(self) -> str:
        return f"{wrapped(self.left)} {self.word} {wrapped(self.right)}"


@dataclass(frozen=True, slots=True)
class Over:
    """A statement about a stretch of time, in the word 'always', 'eventually' or 'finally'.

    It reaches over what is left of the span, or over [from, to] seconds from now; 'finally' is the end of the span.
    """

    word: str
    of: "Node"
    from_s: float | None = None
    to_s: float | None = None

    def __str__(self) -> str:
        window = "" if self.from_s is None else f"[{self.from_s:.10g}, {self.to_s:.10g}]"
        return f"{self.word}{window} {wrapped(self.of)}"


Term = Number | Word | Call | Change | Onset | Arithmetic
Node = Compare | Call | Not | Both | Over


def wrapped(node: Node) -> str:
    """A part of a statement, in parentheses where it would be read otherwise."""
    return f"({node})" if isinstance(node, (Both, Over)) else str(node)


def calls_in(node: Node | Term) -> tuple[Call, ...]:
    """Every call in a statement, from left to right."""
    match node:
        case Call():
            return (node,)
        case Number() | Word():
            return ()
        case Change(of) | Onset(of) | Not(of):
            return calls_in(of)
        case Over():
            return calls_in(node.of)
        case Arithmetic() | Compare() | Both():
            return (*calls_in(node.left), *calls_in(node.right))
