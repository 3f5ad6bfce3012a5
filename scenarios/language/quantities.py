"""Numbers with units as ranges in SI: `about 50 km/h`, `at least two seconds`, `40 to 60 mph`, `one in four`."""

from dataclasses import dataclass

from scenarios.language.slots import Range
from scenarios.language.tokens import Token

_ONES = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90,
}  # fmt: skip
ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "quarter": 4,
}  # fmt: skip
_KMH, _MPH, _FT, _YD = 1 / 3.6, 0.44704, 0.3048, 0.9144
_UNITS: dict[str, tuple[str, float]] = {}
for _kind, _factor, _names in (
    ("speed", _KMH, "km/h;km/hr;kms/h;km.h-1;kph;kmh;kmph;kmhr;km h;km per hour;km an hour;kilometre per hour;"
    "kilometres per hour;"
     "kilometer per hour;kilometers per hour;kilometres an hour;kilometers an hour;kms per hour;k per hour;km / h;"
     "kms an hour;"
     "kilometres / hour;kilometers / hour;kilometre an hour;kilometers hour;kilometres hour;kilometers each hour;"
     "k p h;clicks;klicks"),
    ("speed", _MPH, "mph;mi/h;m p h;mile per hour;miles per hour;miles an hour;mile an hour;miles / hour;mph s"),
    ("speed", 1.0, "m/s;m/sec;mps;metre per second;metres per second;meter per second;meters per second;"
    "metres a second;"
     "meters a second;m per s;m per second;m / s;metre a second;meter a second;m s;metres / second"),
    ("speed", _FT, "ft/s;fps;feet per second;foot per second;feet a second;ft per second;ft per s"),
    ("speed", 0.514444, "knots;knot;kn;kts"),
    ("length", 1.0, "m;metre;metres;meter;meters;mtr;mtrs;metr"),
    ("length", 1000.0, "km;kilometre;kilometres;kilometer;kilometers;kms"),
    ("length", 0.01, "cm;centimetre;centimetres;centimeter;centimeters"),
    ("length", 0.001, "mm;millimetre;millimetres;millimeter;millimeters"),
    ("length", _FT, "ft;foot;feet"),
    ("length", _YD, "yd;yds;yard;yards"),
    ("length", 1609.344, "mile;miles;mi"),
    ("time", 1.0, "s;sec;secs;second;seconds"),
    ("time", 0.001, "ms;msec;msecs;millisecond;milliseconds;millis"),
    ("time", 60.0, "min;mins;minute;minutes"),
    ("time", 3600.0, "hour;hours;hr;hrs"),
    ("share", 0.01, "%;percent;per cent;pct;percents"),
    ("accel", 1.0, "m/s²;m/s^2;m/s2;m/s/s;m.s-2;ft/s2;ft/s^2;g;metres per second squared;meters per second squared;"
     "metres per second per second;m/s ²;metre per second squared;meter per second squared;m per s squared"),
    ("other", 1.0, "degree;degrees;deg;°;lanes;axles;tonne;tonnes;ton;tons;kg;kw;hz;ghz;mhz;mbps;litre;litres;"
    "years;year;°c;"
     "degrees celsius;car lengths;car length;vehicle lengths;celsius;lengths;lux;lx;bar;hp;minutes past;metre wide;"
     "meter wide;"
     "inches;inch;storeys;percent grade;decibels;db;bytes;kilograms;axle;times;months;month;weeks;week;days"),
):  # fmt: skip
    for _name in _names.split(";"):
        _UNITS[_name] = (_kind, _factor)
_MODIFIERS: dict[str, str] = {}
for _op, _names in (
    ("about", "about;around;roughly;approximately;some;an estimated;estimated;estimated at;approx;circa;ca;~;≈;nearly;"
     "almost;close to;in the region of;in the order of;just about;more or less;say;of about;near;something like;"
     "in the neighborhood of;"
     "in the neighbourhood of;somewhere around;around about;roughly about;c;in the range of;give or take;"
     "an estimated speed of;"
     "on the order of;an approximate;approximate;round about;±;about the;somewhere near;somewhere in the region of;"
     "an approximately;"
     "a rough;an estimated distance of;presumably;what looks like"),
    ("least", "at least;no less than;not less than;over;more than;above;exceeding;in excess of;a minimum of;"
    "minimum;min;upwards of;"
     ">;>=;≥;faster than;greater than;minimum of;no slower than;not under;not below;never less than;no fewer than;"
     "well over;"
     "upward of;higher than;north of;larger than;longer than;beyond;no shorter than;no closer than;not slower than;"
     "at a minimum;"
     "not less;at minimum;at the very least;just over;a little over;slightly over;slightly more than;a bit over;"
     "further than;"
     "farther than;exceeds;exceeded;at the least;or more than;no nearer than;> =;well above;a good;"
     "not lower than;no lower than;from at least"),
    ("most", "at most;no more than;not more than;up to;under;within;less than;below;a maximum of;maximum;max;<;<=;"
    "≤;not exceeding;"
     "not over;no faster than;slower than;maximum of;fewer than;not above;never more than;at the most;shorter than;"
     "smaller than;"
     "closer than;lower than;not faster than;no longer than;nothing over;not quite;just under;a little under;"
     "slightly under;"
     "not greater than;no greater than;no higher than;less then;well under;inside;a bit under;at maximum;"
     "not higher than;no farther than;"
     "no further than;south of;< =;not longer than;nearer than;at the very most;never exceeding;without exceeding;"
     "well below"),
    ("exact", "exactly;precisely;just;only;a constant;a steady;constant;a speed of;a full;full;fully;another;"
    "a mere;a further;"
     "even;=;of exactly;a brisk;a leisurely;fewer;an exact;only about"),
):  # fmt: skip
    for _name in _names.split(";"):
        _MODIFIERS[_name] = _op
_MODIFIERS["only about"] = "about"
_AFTER = {
    "or more": "least", "or faster": "least", "and more": "least", "or above": "least", "at least": "least",
    "or over": "least", "plus": "least", "+": "least", "or higher": "least", "minimum": "least", "and above": "least",
    "upwards": "least", "or longer": "least", "or further": "least", "or greater": "least", "and faster": "least",
    "or less": "most", "or slower": "most", "or below": "most", "at most": "most", "or under": "most", "max": "most",
    "maximum": "most", "at the most": "most", "or lower": "most", "or closer": "most", "tops": "most",
    "or nearer": "most",
    "or fewer": "most", "or shorter": "most", "and below": "most", "at the very least": "least",
    "at the least": "least",
    "or so": "about", "or thereabouts": "about", "more or less": "about", "give or take": "about",
    "approximately": "about",
    "roughly": "about", "approx": "about", "ish": "about", "in round figures": "about", "at the very most": "most",
    "or better": "least", "or quicker": "least", "and up": "least", "and over": "least", "as a minimum": "least",
    "as a maximum": "most", "min": "least", "as an estimate": "about",
}  # fmt: skip


def _sequences(table: dict[str, str]) -> list[tuple[tuple[str, ...], str]]:
    return sorted(((tuple(key.split()), value) for key, value in table.items()), key=lambda pair: -len(pair[0]))


_MODIFIER_LIST, _AFTER_LIST = _sequences(_MODIFIERS), _sequences(_AFTER)
_UNIT_LIST = sorted(((tuple(key.split()), value) for key, value in _UNITS.items()), key=lambda pair: -len(pair[0]))


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number or range with what it measures.

    Attributes:
        kind: speed (m/s), length (m), time (s), share (0 to 1), accel, other, or plain for a bare number.
        value: the range in SI.
        exact: no word such as "about" or "at least" stood by it.
    """

    kind: str
    value: Range
    exact: bool = True


def number_at(tokens: list[Token], at: int) -> tuple[float, int] | None:
    """The number that begins at a token, in digits or words, and the index behind it."""
    if at >= len(tokens):
        return None
    whole = _digits(tokens, at) or _number_words(tokens, at)
    if whole is None:
        return None
    value, end = whole
    words = [token.norm for token in tokens[end : end + 3]]
    if words[:3] == ["and", "a", "half"]:
        return value + 0.5, end + 3
    if words[:3] == ["and", "a", "quarter"]:
        return value + 0.25, end + 3
    if words[:1] == ["½"]:
        return value + 0.5, end + 1
    return value, end


def _digits(tokens: list[Token], at: int) -> tuple[float, int] | None:
    token = tokens[at]
    if token.norm in ("½", "¼", "¾"):
        return {"½": 0.5, "¼": 0.25, "¾": 0.75}[token.norm], at + 1
    if token.kind != "num" or not token.norm[-1].isdigit():
        return None
    text = token.norm
    if "," in text and "." not in text:
        head, _, tail = text.rpartition(",")
        text = head + tail if len(tail) == 3 and head != "0" else text.replace(",", ".")
    text = text.replace(",", "")
    if text.count(".") > 1:
        return None
    nxt = tokens[at + 1 : at + 3]
    if len(nxt) == 2 and nxt[0].norm == "/" and nxt[1].kind == "num" and nxt[1].norm.isdigit() and int(nxt[1].norm):
        return float(text) / int(nxt[1].norm), at + 3
    return float(text), at + 1


def _number_words(tokens: list[Token], at: int) -> tuple[float, int] | None:
    total, current, end, seen = 0.0, 0.0, at, False
    while end < len(tokens):
        word = tokens[end].norm
        if word in _ONES and (not seen or current % 100 == 0 or (current % 100 >= 20 and current % 10 == 0)):
            current += _ONES[word]
        elif word in _TENS and (not seen or current % 100 == 0):
            current += _TENS[word]
        elif word == "hundred" and (seen or _article_before(tokens, end)):
            current = (current or 1) * 100
        elif word == "thousand" and (seen or _article_before(tokens, end)):
            total, current = total + (current or 1) * 1000, 0.0
        elif (word == "and" and seen and current >= 100 and end + 1 < len(tokens) and _small(tokens[end + 1].norm)) or (
            word in ("a", "one")
            and not seen
            and end + 1 < len(tokens)
            and tokens[end + 1].norm in ("hundred", "thousand")
        ):
            end += 1
            continue
        else:
            break
        seen, end = True, end + 1
    if not seen:
        return _fraction_words(tokens, at)
    value = total + current
    if end + 1 < len(tokens) and tokens[end].norm == "point" and tokens[end + 1].norm in _ONES:
        digits = ""
        end += 1
        while end < len(tokens) and tokens[end].norm in _ONES and _ONES[tokens[end].norm] < 10:
            digits, end = digits + str(_ONES[tokens[end].norm]), end + 1
        return value + float("0." + (digits or "0")), end
    return value, end


def _article_before(tokens: list[Token], at: int) -> bool:
    return at > 0 and tokens[at - 1].norm in ("a", "one")


def _small(word: str) -> bool:
    return word in _ONES or word in _TENS


def _fraction_words(tokens: list[Token], at: int) -> tuple[float, int] | None:
    words = [token.norm for token in tokens[at : at + 4]]
    for pattern, value in (
        (("half", "of", "a"), 0.5), (("half", "a"), 0.5), (("half", "an"), 0.5), (("a", "half"), 0.5),
        (("a", "quarter", "of", "a"), 0.25), (("quarter", "of", "a"), 0.25), (("three", "quarters", "of", "a"), 0.75),
        (("a", "couple", "of"), 2.0), (("couple", "of"), 2.0), (("a", "dozen"), 12.0),
    ):  # fmt: skip
        if tuple(words[: len(pattern)]) == pattern and _unit(tokens, at + len(pattern)):
            return value, at + len(pattern)
    if words[:1] in (["a"], ["an"], ["1"]) and _unit(tokens, at + 1):
        unit = tokens[at + 1].norm
        after = [token.norm for token in tokens[at + 2 : at + 5]]
        if unit in ("second", "minute", "metre", "meter", "millisecond"):
            half = after[:3] == ["and", "a", "half"]
            if half or (after[:1] and after[0] in ("later", "after", "before", "away", "into", "from")):
                return (1.5 if half else 1.0), at + 1
    return None


def _match(tokens: list[Token], at: int, sequences: list[tuple[tuple[str, ...], str]]) -> tuple[str, int] | None:
    for words, value in sequences:
        if at + len(words) <= len(tokens) and all(tokens[at + index].norm == word for index, word in enumerate(words)):
            return value, at + len(words)
    return None


def _unit(tokens: list[Token], at: int) -> tuple[str, float, int] | None:
    for words, (kind, factor) in _UNIT_LIST:
        if at + len(words) <= len(tokens) and all(tokens[at + i].norm == word for i, word in enumerate(words)):
            if words == ("s",) and tokens[at].text == "'s":
                continue
            return kind, factor, at + len(words)
    return None


def quantity_at(tokens: list[Token], at: int) -> tuple[Quantity, int] | None:
    """The quantity that begins at a token (its modifier included) and the index behind it."""
    modifier = _match(tokens, at, _MODIFIER_LIST)
    start = at
    ops: list[str] = []
    while modifier is not None:
        ops.append(modifier[0])
        start = modifier[1]
        modifier = _match(tokens, start, _MODIFIER_LIST)
    got = _plain_quantity(tokens, start)
    if got is None:
        return None
    kind, low, high, end = got
    lone_bound = low == high
    after = _match(tokens, end, _AFTER_LIST)
    if after is not None and not (after[0] in ("most", "least") and _number_follows(tokens, after[1])):
        ops.append(after[0])
        end = after[1]
    if kind == "plain" and not ops and start == at:
        return Quantity("plain", (low, high)), end
    if kind == "plain" and after is not None:
        ops, end = ops[:-1], got[3]
    op = next((word for word in ops if word != "exact"), "exact")
    if "least" in ops or "most" in ops:
        op = "least" if "least" in ops else "most"
    if not lone_bound:
        op = "exact"
    value: Range = {"exact": (low, high), "about": (0.9 * low, 1.1 * high), "least": (low, None), "most": (None, high)}[
        op
    ]
    return Quantity(kind, value, op == "exact"), end


def _number_follows(tokens: list[Token], at: int) -> bool:
    return number_at(tokens, at) is not None


def _plain_quantity(tokens: list[Token], at: int) -> tuple[str, float, float, int] | None:
    share = _one_in(tokens, at)
    if share is not None:
        return ("share", share[0], share[0], share[1])
    between = at < len(tokens) and tokens[at].norm in ("between", "from", "anywhere between")
    first = number_at(tokens, at + 1 if between else at)
    if first is None:
        return None
    low, end = first
    unit = _unit(tokens, end)
    behind = unit[2] if unit else end
    joiner = tokens[behind].norm if behind < len(tokens) else ""
    second = None
    if joiner in ("to", "-", "–", "—", "until", "till", "..") or (joiner in ("and", "or") and between):
        second = number_at(tokens, behind + 1)
    if joiner == "or" and not between and not unit:
        second = number_at(tokens, behind + 1)
        if second and not _unit(tokens, second[1]):
            second = None
    if joiner == "." and behind + 2 < len(tokens) and tokens[behind + 1].norm == ".":
        second = number_at(tokens, behind + 2)
    if second is not None:
        unit_two = _unit(tokens, second[1]) or unit
        one = unit or unit_two
        if unit_two and one and unit_two[0] == one[0]:
            low_value, high_value = low * one[1], second[0] * unit_two[1]
            finish = unit_two[2] if unit_two is not unit else second[1]
            return unit_two[0], min(low_value, high_value), max(low_value, high_value), finish
        if between:
            return "plain", low, second[0], second[1]
    if between:
        return None
    spread = _spread(tokens, behind)
    if spread is not None:
        delta, finish = spread
        unit_two = _unit(tokens, finish) or unit
        if unit_two:
            one = unit or unit_two
            finish = unit_two[2] if unit_two is not unit else finish
            middle = low * one[1]
            delta *= middle if unit_two[0] == "share" and one[0] != "share" else unit_two[1]
            if unit_two[0] == "share" and one[0] != "share":
                delta *= 0.01
            return one[0], middle - delta, middle + delta, finish
    if unit is None:
        return "plain", low, low, end
    if low == 1.5 and [token.norm for token in tokens[behind : behind + 3]] == ["and", "a", "half"]:
        behind += 3
    return unit[0], low * unit[1], low * unit[1], behind


def _spread(tokens: list[Token], at: int) -> tuple[float, int] | None:
    words = [token.norm.replace(" ", "") for token in tokens[at : at + 3]]
    for pattern in (
        ("plus", "or", "minus"), ("plus", "/", "minus"), ("give", "or", "take"), ("±",), ("+/-",), ("+-",),
        ("plus", "minus"), ("+", "or", "-"), ("plus", "and", "minus"),
    ):  # fmt: skip
        if tuple(words[: len(pattern)]) == pattern:
            return number_at(tokens, at + len(pattern))
    return None


def _one_in(tokens: list[Token], at: int) -> tuple[float, int] | None:
    """Shares in words: one in four, one message in four, every fourth message, half of the messages."""
    words = [token.norm for token in tokens[at : at + 6]]
    if not words:
        return None
    if words[0] == "every" and len(words) > 1 and words[1] in ORDINALS:
        return 1 / ORDINALS[words[1]], at + 2
    if words[:2] == ["every", "other"]:
        return 0.5, at + 2
    for pattern, value in (
        (("half", "of", "the"), 0.5), (("half", "of", "all"), 0.5), (("half", "the"), 0.5), (("a", "quarter", "of",
        "the"), 0.25),
        (("a", "quarter", "of", "all"), 0.25), (("a", "third", "of", "the"), 1 / 3), (("a", "third", "of", "all"),
        1 / 3),
        (("a", "fifth", "of", "the"), 0.2), (("a", "fifth", "of", "all"), 0.2), (("a", "tenth", "of", "the"), 0.1),
        (("a", "tenth", "of", "all"), 0.1), (("half", "of"), 0.5), (("a", "quarter", "of"), 0.25), (("a", "third",
        "of"), 1 / 3),
        (("a", "fifth", "of"), 0.2), (("a", "tenth", "of"), 0.1), (("one", "third", "of"), 1 / 3), (("one", "fifth",
        "of"), 0.2),
        (("one", "tenth", "of"), 0.1), (("one", "quarter", "of"), 0.25), (("two", "thirds", "of"), 2 / 3),
        (("three", "quarters", "of"), 0.75), (("half",), 0.5),
    ):  # fmt: skip
        if tuple(words[: len(pattern)]) == pattern and any(word in _RADIO_WORDS for word in words[len(pattern) :]):
            return value, at + len(pattern)
    first = number_at(tokens, at)
    if first is None:
        return None
    value, end = first
    for skip in range(3):
        place = end + skip
        if (
            place + 1 < len(tokens)
            and tokens[place].norm == "in"
            and (not skip or tokens[place - 1].norm in _RADIO_WORDS)
        ):
            second = number_at(tokens, place + 1)
            if second and second[0] > value and not _unit(tokens, second[1]):
                return value / second[0], second[1]
        if [token.norm for token in tokens[place : place + 2]] == ["out", "of"] and (
            not skip or tokens[place - 1].norm in _RADIO_WORDS
        ):
            offset = 3 if place + 2 < len(tokens) and tokens[place + 2].norm == "every" else 2
            second = number_at(tokens, place + offset)
            if second and second[0] > value:
                return value / second[0], second[1]
    return None


_RADIO_WORDS = frozenset(
    [
        "message",
        "messages",
        "packet",
        "packets",
        "warning",
        "warnings",
        "broadcast",
        "broadcasts",
        "frame",
        "frames",
        "cams",
        "denms",
        "them",
        "bsms",
        "cam",
        "denm",
        "data",
    ]
)


def spelled_words() -> frozenset[str]:
    """Every word that units, modifiers and number words are made of."""
    words = {word for key in (*_UNITS, *_MODIFIERS, *_AFTER) for word in key.split()}
    return frozenset(
        words | set(_ONES) | set(_TENS) | set(ORDINALS) | {"hundred", "thousand", "half", "quarter", "dozen"}
    )
