"""Regular expressions for written values, as the JSON Schema needs them (ECMA-262, which Python reads too).

They take every text that the reader takes; of what the reader refuses they catch the usual slips: no unit, a unit of
something else, a unit that does not exist, a comma in a number.
"""

import re
from collections.abc import Iterable

from scenarios.types.manoeuvres import TRIGGERS
from scenarios.units import UNITS, Dimension

_NUMBER = r"-?\s*(\d+\.(?!\.)\d*|\.\d+|\d+)([eE][+-]?\d+)?"
_NAME = r"(\$?[A-Za-z_]\w*(\.\w+)*|\$\{\s*[A-Za-z_]\w*(\.\w+)*\s*\})"


def _either(texts: Iterable[str]) -> str:
    return "|".join(re.escape(text).replace("/", r"\/") for text in sorted(texts, key=len, reverse=True))


def quantity(dimension: Dimension) -> str:
    """Pattern of numbers, ranges and weighted alternatives that measure `dimension`."""
    units = [unit for unit, (_, measured) in UNITS.items() if measured.as_number() == dimension.as_number()]
    unit = f"({_either(units)})" if units else ""
    behind = rf"(\s*{unit})?" if dimension.plain else rf"\s*{unit}"
    one = rf"{_NUMBER}((\s*{unit})?\s*\.\.\s*{_NUMBER})?{behind}" if unit else rf"{_NUMBER}(\s*\.\.\s*{_NUMBER})?"
    weighted = rf"\s*\(?{one}\)?\s*(@\s*[\d.]+\s*)?"
    return rf"^=?{weighted}(\|{weighted})*$"


def computed() -> str:
    """Pattern of expressions: a name, a call, or terms joined by operators."""
    number = rf"{_NUMBER}(\s*({_either(UNITS)}))?(\s*\.\.\s*{_NUMBER}(\s*({_either(UNITS)}))?)?"
    term = rf"[(\s-]*({number}|{_NAME}|'[^']*'|\"[^\"]*\")[)\s]*"
    joint = r"([-+*\/<>]|[<>=!]=|\band\b|\bor\b)"
    return rf"^=?(\s*not\b)?({term}({joint}{term})+|[(\s-]*{_NAME}[)\s]*|[^'\"]*[A-Za-z_]\w*\s*\(.*)$"


def named(names: Iterable[str]) -> str:
    """Pattern of weighted alternatives of names, or of an expression that computes one."""
    one = rf"\s*({_either(names)})\s*(@\s*[\d.]+\s*)?"
    return rf"^({one}(\|{one})*|[=$].*)$"


def trigger() -> str:
    """Pattern of `when`: `ttc(ego) < 3 s`."""
    other = r"\(\s*\w+\s*\)\s*"
    forms = [rf"{name}\s*{other if kind.target else ''}{kind.sign[0]}=?(?!=).+" for name, kind in TRIGGERS.items()]
    return rf"^\s*({'|'.join(forms)})$"


PLACE = r"^\s*[A-Za-z_]\w*\s*(\bby\b\s*.+)?$"
