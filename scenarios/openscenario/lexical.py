"""Texts of attributes: which texts a type allows, and which near misses are put right."""

import re

from scenarios.openscenario.schema import words

PARAMETER = re.compile(r"\$[A-Za-z_][A-Za-z0-9_]*\Z")
EXPRESSION = re.compile(r"\$\{.*\}\Z", re.DOTALL)
_WRITABLE = re.compile(r"\$\{[ A-Za-z0-9_+\-*/%$().,]*\}\Z")
_CALCULATED = ("Boolean", "Double", "Int", "UnsignedInt", "UnsignedShort")

_DOUBLE = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\Z|[+-]?INF\Z|NaN\Z")
_INTEGER = re.compile(r"[+-]?\d+\Z")
_DATE = re.compile(r"-?\d{4,}-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?\Z")
_LIMITS = {"Int": (-(2**31), 2**31 - 1), "UnsignedInt": (0, 2**32 - 1), "UnsignedShort": (0, 2**16 - 1)}
_PHRASES = {
    "Double": "a number",
    "Int": "a whole number",
    "UnsignedInt": "a whole number from 0",
    "UnsignedShort": "a whole number from 0 to 65535",
    "Boolean": "true or false",
    "DateTime": "a date and time, as 2024-05-31T12:00:00",
    "String": "a text",
}


def is_reference(text: str) -> bool:
    """True for a parameter reference (`$speed`) or an expression (`${$speed / 3.6}`)."""
    return bool(PARAMETER.match(text) or EXPRESSION.match(text))


def allows_reference(type_name: str, text: str) -> bool:
    """True where the type allows the text as a reference: parameters anywhere, expressions for numbers and flags."""
    return bool(PARAMETER.match(text)) or (type_name in _CALCULATED and bool(_WRITABLE.match(text)))


def allows(type_name: str, text: str) -> bool:
    """True where the type allows the text literally (a reference is judged elsewhere)."""
    if type_name == "String":
        return True
    if type_name == "Double":
        return bool(_DOUBLE.match(text))
    if type_name == "Boolean":
        return text in ("true", "false", "0", "1")
    if type_name == "DateTime":
        return _is_date(text)
    if type_name in _LIMITS:
        low, high = _LIMITS[type_name]
        return bool(_INTEGER.match(text)) and len(text) < 20 and low <= int(text) <= high
    return text in words()[type_name]


def _is_date(text: str) -> bool:
    match = _DATE.match(text)
    if match is None:
        return False
    month, day, hour, minute, second = (int(match[i]) for i in range(1, 6))
    days = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    return 1 <= month <= 12 and 1 <= day <= days[month - 1] and hour <= 24 and minute <= 59 and second <= 59


def mended(type_name: str, text: str) -> str:
    """The text as the type wants it, where only the spelling is off (blanks, `True`, `1.0` for a whole number)."""
    if type_name == "String" or is_reference(text):
        return text
    stripped = text.strip()
    if allows(type_name, stripped):
        return stripped
    if type_name == "Boolean" and stripped.lower() in ("true", "false"):
        return stripped.lower()
    if type_name == "Double" and stripped.lower().lstrip("+-") in ("inf", "infinity", "nan"):
        sign = "-" if stripped.startswith("-") else ""
        return "NaN" if stripped.lower().endswith("nan") else f"{sign}INF"
    if type_name == "Double" and re.match(r"[+-]?[\d.]+f\Z", stripped):
        return stripped[:-1]
    if type_name in _LIMITS and _DOUBLE.match(stripped) and "N" not in stripped and float(stripped).is_integer():
        return str(int(float(stripped)))
    if type_name == "DateTime":
        return _mended_date(stripped)
    if type_name in words():
        return next((word for word in words()[type_name] if word.lower() == stripped.lower()), text)
    return text


def _mended_date(text: str) -> str:
    match = re.match(
        r"(\d{4})-(\d\d?)-(\d\d?)(?:[T ](\d\d?)(?::(\d\d?)(?::(\d\d?(?:\.\d+)?))?)?)?(Z|[+-]\d\d:?\d\d)?\Z", text
    )
    if match is None:
        return text
    year, month, day, hour, minute, second, zone = match.groups(default="")
    whole, _, rest = second.partition(".")
    fraction = f".{rest}" if rest else ""
    if len(zone) == 5:
        zone = f"{zone[:3]}:{zone[3:]}"
    parts = [part.rjust(2, "0") for part in (month, day, hour, minute, whole)]
    return f"{year}-{parts[0]}-{parts[1]}T{parts[2]}:{parts[3]}:{parts[4]}{fraction}{zone}"


def phrase(type_name: str) -> str:
    """What a type allows, in words."""
    known = _PHRASES.get(type_name)
    return known if known is not None else f"one of {', '.join(words()[type_name])}"
