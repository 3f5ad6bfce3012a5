"""The account of a realisation: what was decided for the writer, and what could not be played.

Every line reads `path = value: reason`, so that a person finds the slot and a program can split it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from scenarios.language.slots import Phrase, Range

NEAR_LETTERS = 3
"""Words of one phrase lie no further apart than this."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """Lines gathered while a reading is realised; the lists grow, the ledger stays."""

    account: Sequence[Phrase] = ()
    text: str = ""
    assumed: list[str] = field(default_factory=lambda: [])
    unplayed: list[str] = field(default_factory=lambda: [])

    def assume(self, path: str, value: object, reason: str) -> None:
        """A decision that the text did not make."""
        _add(self.assumed, f"{path} = {_shown(value)}: {reason}")

    def miss(self, path: str, value: object, reason: str) -> None:
        """Something that the text says and the scenario cannot hold."""
        _add(self.unplayed, f"{path} = {_shown(value)}: {reason}")

    def words(self, path: str, value: str) -> str:
        """The words that were read into a slot; empty where none are known.

        An account says `weather[0]`, or only `weather` and what the words became.
        """
        exact = [phrase for phrase in self.account if phrase.path == path]
        stem = path.partition("[")[0]
        alike = [phrase for phrase in self.account if phrase.path == stem and phrase.value == value]
        found = (exact or alike)[:1]
        for phrase in alike if found and not exact else ():
            if 0 < phrase.start - found[-1].end <= NEAR_LETTERS:
                found.append(phrase)
        return " ".join(phrase.text for phrase in found)

    def quoted(self, path: str, value: str) -> str:
        """A slot for a letter to the writer: its words where they are known, else its value; and its path."""
        return f"{(self.words(path, value) or value)!r} ({path})"


def _add(lines: list[str], line: str) -> None:
    if line not in lines:
        lines.append(line)


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@dataclass(frozen=True, slots=True)
class Span:
    """A closed range of numbers in SI units."""

    low: float
    high: float

    @property
    def middle(self) -> float:
        """Its middle."""
        return 0.5 * (self.low + self.high)

    def text(self, unit: str = "") -> str:
        """As a value of a scenario file, as `20..30 m/s`."""
        return span_text(self.low, self.high, unit)

    def scaled(self, low: float, high: float) -> "Span":
        """From `low` times its lower end to `high` times its upper end."""
        return Span(low * self.low, high * self.high)


def span_text(low: float, high: float, unit: str = "") -> str:
    """A constant or a range as a value of a scenario file."""
    first, last = _number(low), _number(high)
    return f"{first if first == last else f'{first}..{last}'} {unit}".strip()


def _number(value: float) -> str:
    return f"{round(value, 3):.10g}"


def closed(given: Range, path: str, unit: str, ledger: Ledger, factors: tuple[float, float] = (0.6, 1.4)) -> Span:
    """A stated range with both ends: a missing one is assumed at a multiple of the other.

    Args:
        given: the range; one end may be None.
        path: its slot, for the ledger.
        unit: of its numbers.
        ledger: where an assumed end is written down.
        factors: lower end as a multiple of the upper one, and the other way round.
    """
    low, high = given
    if low is not None and high is not None:
        return Span(low, high)
    if low is None:
        assert high is not None
        made = Span(factors[0] * high, high)
        ledger.assume(path, made.text(unit), f"at most {_number(high)} {unit} is said; nothing of a lower end")
        return made
    made = Span(low, factors[1] * low)
    ledger.assume(path, made.text(unit), f"at least {_number(low)} {unit} is said; nothing of an upper end")
    return made
