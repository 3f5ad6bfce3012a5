"""What people mean who write a number as they are used to: commas, dashes, units by their full name.

A text is looked at only after the grammar has refused it, so that nothing valid is ever touched.
"""

import re
from collections.abc import Callable, Iterable
from difflib import SequenceMatcher

from driving_data.errors import nearest_name
from scenarios.expressions import TextFault
from scenarios.units import UNITS

_ALMOST = 0.75
_NUM = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_UNIT = r"[A-Za-z%°²³][A-Za-z%°/^²³0-9]*|1/k?m|1/s"

# Units as people call them.
ALIASES = {
    "kmph": "km/h", "kmh": "km/h", "km/hr": "km/h", "kmhr": "km/h", "kms/h": "km/h", "kph/h": "km/h", "km/s": "m/s",
    "mps": "m/s", "ms-1": "m/s", "m/sec": "m/s", "meter/s": "m/s", "meters/s": "m/s", "mi/h": "mph",
    "meter": "m", "meters": "m", "metre": "m", "metres": "m", "mtr": "m", "feet": "ft", "foot": "ft",
    "kilometer": "km", "kilometers": "km", "kilometre": "km", "kilometres": "km",
    "sec": "s", "secs": "s", "second": "s", "seconds": "s", "msec": "ms", "minute": "min", "minutes": "min",
    "mins": "min", "hour": "h", "hours": "h", "hr": "h", "hrs": "h",
    "degree": "deg", "degrees": "deg", "degs": "deg", "°": "deg", "radian": "rad", "radians": "rad",
    "m/s²": "m/s2", "mps2": "m/s2", "m/s/s": "m/s2", "m/ss": "m/s2", "m/s³": "m/s3",
    "percent": "%", "pct": "%", "mm/hr": "mm/h", "mmph": "mm/h", "mmh": "mm/h",
}  # fmt: skip
_FUNCTIONS = {"gauss": "normal", "gaussian": "normal", "norm": "normal", "randint": "int", "rand": "uniform",
              "random": "uniform", "unif": "uniform", "log_uniform": "loguniform", "lognormal": "loguniform",
              "range": "uniform", "randrange": "int"}  # fmt: skip

# Keys as other formats and people call them: what they may mean, in order.
_KEYS: dict[str, tuple[str, ...]] = {
    "type": ("kind",), "class": ("kind",), "category": ("kind",), "model": ("kind",), "vehicle": ("kind",),
    "lane": ("on",), "route": ("on", "to"), "road_lane": ("on",), "target_lane": ("to",), "lane_id": ("on",),
    "position": ("at",), "pos": ("at",), "s": ("at",), "start": ("at", "from"), "x": ("at",), "location": ("at",),
    "velocity": ("speed",), "initial_speed": ("speed",), "v": ("speed",), "v0": ("speed",), "speed_limit": ("road",),
    "offset": ("lateral",), "d": ("lateral",), "t": ("lateral",), "yaw": ("heading",), "orientation": ("heading",),
    "behavior": ("do",), "behaviour": ("do",), "actions": ("do",), "action": ("do",), "maneuver": ("do",),
    "manoeuvre": ("do",), "maneuvers": ("do",), "steps": ("do",), "events": ("do",),
    "trigger": ("when",), "condition": ("when",), "if": ("when",), "conditions": ("where",), "constraints": ("where",),
    "require": ("where",), "name": ("scenario",), "title": ("scenario",), "id": ("scenario",), "map": ("road",),
    "vehicles": ("actors",), "agents": ("actors",), "npcs": ("actors",), "objects": ("actors",), "others": ("actors",),
    "pedestrians": ("actors",), "participants": ("actors",), "background": ("traffic",), "streams": ("traffic",),
    "time": ("light", "within"), "time_of_day": ("light",), "daytime": ("light",), "sun": ("light",),
    "timeout": ("duration",),
    "environment": ("weather",), "sensor": ("sensors",), "rig": ("sensors",), "cameras": ("sensors",),
    "number": ("count",), "n": ("count",), "num": ("count",), "amount": ("count",), "gap": ("spacing",),
    "distance": ("spacing",), "variables": ("parameters",), "vars": ("parameters",), "params": ("parameters",),
    "base": ("extends",), "inherits": ("extends",), "parent": ("extends",), "import": ("include",),
    "includes": ("include",), "alternatives": ("one_of",), "options": ("one_of",), "dt": ("step",),
    "length": ("duration",),
    "in_front_of": ("ahead_of",), "front_of": ("ahead_of",), "ahead": ("ahead_of",), "next_to": ("beside",),
    "behind_of": ("behind",), "lights": ("signals", "light"), "traffic_lights": ("signals",),
    "fog": ("fog_visibility",),
    "visibility": ("fog_visibility",), "duration": ("within", "for"), "destination": ("goal",), "target": ("to", "of"),
    "acceleration": ("rate",), "deceleration": ("rate",), "until": ("to",),
}  # fmt: skip


def meant_key(key: str, valid: Iterable[str]) -> str | None:
    """The key that was meant by one that is not known: the same thing by another name, else the nearest spelling."""
    known = tuple(valid)
    near = nearest_name(key, known)
    if near is not None and SequenceMatcher(None, key.lower(), near).ratio() > _ALMOST:
        return near
    return next((name for name in _KEYS.get(key.lower(), ()) if name in known), near)


# Words for what has a name of its own here.
_WORDS = {
    "lorry": "truck", "hgv": "truck", "semi": "truck", "bike": "bicycle", "cyclist": "bicycle", "cycle": "bicycle",
    "motorbike": "motorcycle", "biker": "motorcycle", "scooter": "e_scooter", "person": "pedestrian",
    "man": "pedestrian",
    "woman": "pedestrian", "human": "pedestrian", "walker": "pedestrian", "kid": "child", "dog": "animal",
    "deer": "animal", "cow": "animal", "horse": "animal", "ambulance": "emergency_vehicle",
    "police": "emergency_vehicle", "fire_truck": "emergency_vehicle", "excavator": "construction_vehicle",
    "digger": "construction_vehicle", "cargo": "debris", "box": "debris", "obstacle": "debris", "sedan": "car",
    "suv": "car", "taxi": "car", "highway": "motorway", "freeway": "motorway", "autobahn": "motorway",
    "country": "rural", "city": "urban", "town": "urban", "street": "urban", "intersection": "crossroads",
    "crossing": "crossroads", "junction": "crossroads", "merge": "ramp", "construction": "work_zone",
    "sunny": "clear", "dry": "clear", "cloudy": "overcast", "storm": "heavy_rain", "foggy": "fog", "snowy": "snow",
    "evening": "dusk", "sunset": "dusk", "sunrise": "dawn", "morning": "dawn", "midday": "noon", "afternoon": "day",
    "brake": "lead_brake", "lane_change": "change_lane", "accelerate": "change_speed", "decelerate": "change_speed",
    "amber": "yellow",
}  # fmt: skip


def meant_word(word: str, valid: Iterable[str]) -> str | None:
    """The name that was meant by a word that is none: the same thing by another name, else the nearest spelling."""
    known = tuple(valid)
    other = _WORDS.get(word.lower().strip("'"))
    return other if other in known else nearest_name(word, known)


def explained(text: str, fault: TextFault) -> TextFault:
    """The fault of a text in words that say what to write instead, where that can be told."""
    for hint in _HINTS:
        better = hint(text, fault)
        if better is not None:
            return better
    return fault


def refused_outright(text: str) -> TextFault | None:
    """The fault of a text that the grammar would take for a name: not a number, infinite."""
    match = _NOT_FINITE.match(text)
    return None if match is None else TextFault("bad-number", repr(match[0].strip()), "a finite number", match.start())


_NOT_FINITE = re.compile(r"\s*[-+]?\.?(?:nan|inf|infinity)\b(?!\s*\()", re.IGNORECASE)
_GROUPED = re.compile(r"(?<![\w.])\d{1,3}(?:([,_' ])\d{3})(?:\1\d{3})*(?![\d.]*\.\.)(?!\w)")
_COMMA = re.compile(r"(?<![\w.])\d+,\d+(?!\w)")
_SPAN = re.compile(
    rf"\s*(?:between\s+|from\s+)?({_NUM})\s*({_UNIT})?\s*(?:-|–|—|~|\.{{3,}}|…|\bto\b|\band\b|\buntil\b|\.)\s*"
    rf"({_NUM})\s*({_UNIT})?\s*", re.IGNORECASE
)  # fmt: skip
_RANGE = re.compile(rf"({_NUM})\s*({_UNIT})?\s*\.\.\s*({_NUM})\s*({_UNIT})?")
_ONE_EQUALS = re.compile(r"(?<=[^<>=!])(?<!^)=(?!=)")
_DOTS = re.compile(r"\.{3,}|…")
_SIZED = re.compile(rf"(?<!\w)({_NUM})(\s*)([^\s\d.,:|@+\-*()<>=!'\"$]+[^\s.,|@+\-*()<>=!'\"$]*)")


def _not_finite(text: str, fault: TextFault) -> TextFault | None:
    if refused := refused_outright(text):
        return refused
    for match in re.finditer(_NUM, text):
        if abs(float(match[0])) == float("inf"):
            return TextFault("bad-number", repr(match[0]), "a finite number", match.start())
    return None


def _separated(text: str, fault: TextFault) -> TextFault | None:
    if fault.code not in ("bad-expression", "unknown-unit", "bad-range", "not-whole"):
        return None
    if match := _GROUPED.search(text):
        plain = re.sub(r"[,_' ]", "", match[0])
        return TextFault("bad-number", repr(match[0]), "a number without separators", match.start(), plain)
    if match := _COMMA.search(text):
        plain = match[0].replace(",", ".")
        return TextFault("bad-number", repr(match[0]), "a point before the decimals", match.start(), plain)
    return None


def _span(text: str, fault: TextFault) -> TextFault | None:
    """`90-110 km/h`, `90 to 110 km/h`, `90...110 km/h`."""
    match = _SPAN.fullmatch(text)
    if match and (match[2] or match[4]):
        low, one, high, two = match[1], match[2], match[3].lstrip("+"), match[4]
        if not _RANGE.fullmatch(text.strip()):
            unit = f" {_known(two or one)}"
            begin = f"{low} {_known(one)}" if one and two and one != two else low
            nearest = f"{begin}..{high}{unit}"
            return TextFault("bad-range", repr(text.strip()), "a range such as 5..15 m/s", match.start(1), nearest)
    if dots := _DOTS.search(text):
        return TextFault("bad-range", repr(dots[0]), "two points between the ends of a range", dots.start(), "..")
    return None


def _known(unit: str) -> str:
    return unit if unit in UNITS else ALIASES.get(unit.lower(), unit)


def _reversed(text: str, fault: TextFault) -> TextFault | None:
    if fault.code != "bad-range":
        return None
    for match in _RANGE.finditer(text):
        if (not match[2] or match[2] == match[4]) and float(match[1]) > float(match[3]):
            right = f"{match[3]}..{match[1]} {match[4] or ''}".strip()
            return TextFault("bad-range", repr(match[0]), "the smaller number first", match.start(), right)
    return None


def _unit(text: str, fault: TextFault) -> TextFault | None:
    """A number with a word behind it that is no unit."""
    if fault.code not in ("bad-expression", "unknown-unit"):
        return None
    for match in _SIZED.finditer(text):
        word = match[3].rstrip(")")
        if word in UNITS or word in ("and", "or", "if", "by") or word.startswith(".."):
            continue
        near = ALIASES.get(word.lower()) or next((unit for unit in UNITS if unit.lower() == word.lower()), None)
        near = near or nearest_name(word, UNITS)
        return TextFault("unknown-unit", repr(word), "a unit such as m, s, km/h, m/s2, deg", match.start(3), near)
    return None


def _share(text: str, fault: TextFault) -> TextFault | None:
    if fault.code == "missing-unit" and text.strip().endswith("%"):
        return TextFault("wrong-dimension", f"{text.strip()} is a share", fault.expected, fault.offset)
    return None


def _equals(text: str, fault: TextFault) -> TextFault | None:
    """One `=` between two values."""
    match = _ONE_EQUALS.search(text)
    if fault.code != "bad-expression" or match is None:
        return None
    return TextFault(fault.code, "'='", "a comparison: < <= > >= == !=", match.start(), "==")


def _function(text: str, fault: TextFault) -> TextFault | None:
    name = fault.found.strip("'")
    if fault.code == "unknown-function" and name in _FUNCTIONS:
        return TextFault(fault.code, fault.found, fault.expected, fault.offset, _FUNCTIONS[name])
    return None


_HINTS: tuple[Callable[[str, TextFault], TextFault | None], ...] = (
    _not_finite, _separated, _reversed, _span, _unit, _share, _equals, _function,
)  # fmt: skip
