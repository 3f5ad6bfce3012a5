"""Words into items: longest phrases of the lexicon, quantities, clock times and lane counts, one meaning each."""

import re
from dataclasses import dataclass, field

from scenarios.language.lexicon import NOUN_CATEGORIES, Entry, table
from scenarios.language.quantities import ORDINALS, Quantity, number_at, quantity_at
from scenarios.language.tokens import Token

_EACH_WAY = tuple(
    tuple(phrase.split())
    for phrase in (
        "each way", "in each direction", "per direction", "each direction", "in each way", "per carriageway",
        "on each side", "each side", "either way", "in either direction", "in both directions", "both ways", "per side",
        "per way", "going each way", "a side", "for each direction", "on either side", "in our direction",
        "per travel direction",
        "in one direction", "in the direction of travel", "per driving direction", "on each carriageway",
        "in every direction",
        "in the ego direction", "in the ego 's direction", "in its direction", "going our way",
        "going the ego 's way", "in this direction",
        "for the ego 's direction",
    )
)  # fmt: skip


@dataclass(slots=True)
class Item:
    """One meaningful piece of the text.

    Attributes:
        category: `verb`, a noun category, a closed-class category, qty, num, ord, lanes, clock, punct or word.
        value: word of the category.
        form: verb form (base, s, ing, past, part) or noun number (one, many, either).
        lemma: the phrase in the lexicon, or the word itself.
        first: index of its first token.
        last: index behind its last token.
        meanings: what the lexicon offers.
        qty: the quantity, where it is one.
        use: the slot that it went to; empty while unused, `-` where it carries no meaning of its own.
        marks: who got which word of which slot from it.
    """

    category: str
    value: str
    form: str
    lemma: str
    first: int
    last: int
    meanings: tuple[Entry, ...] = ()
    qty: Quantity | None = None
    use: str = ""
    result: str = ""
    glued: bool = False
    marks: list[tuple[object, str, str]] = field(default_factory=lambda: [])

    def mark(self, owner: object, key: str, value: str) -> None:
        """Notes what it became: a road user (None for the scene) with the slot and the word that it gave."""
        if (owner, key, value) not in self.marks:
            self.marks.append((owner, key, value))

    @property
    def is_noun(self) -> bool:
        """Whether it can head a noun phrase."""
        return self.category in NOUN_CATEGORIES

    def offers(self, category: str, value: str = "") -> Entry | None:
        """The first meaning of that category."""
        for entry in self.meanings:
            if entry.category == category and (not value or entry.value == value):
                return entry
        return None

    def take(self, entry: Entry) -> None:
        """Settles on one meaning."""
        self.category, self.value, self.form, self.lemma = entry.category, entry.value, entry.form, entry.lemma


def items_of(tokens: list[Token]) -> list[Item]:
    """The text as items, ambiguous ones not yet settled (they hold their first meaning)."""
    items: list[Item] = []
    at = 0
    while at < len(tokens):
        item = _special(tokens, at, items) or _longest(tokens, at) or _single(tokens, at)
        item.glued = tokens[item.first].glued
        items.append(item)
        at = item.last
    return items


def _special(tokens: list[Token], at: int, before: list[Item]) -> Item | None:
    lexical = _longest(tokens, at)
    reach = lexical.last if lexical else at
    for found in (_ratio(tokens, at), _clock(tokens, at), _lanes(tokens, at), _quantity(tokens, at)):
        if found is not None and found.last >= reach and found.last > at:
            return found
    number = number_at(tokens, at)
    if number is not None and before and before[-1].category in ("actor", "aux") and number[1] + 1 < len(tokens):
        rows = tokens[number[1]].norm in ("bays", "spaces", "spots") and tokens[number[1] + 1].norm in (
            "further",
            "away",
            "along",
            "down",
            "up",
            "over",
        )
        if rows:
            end = number[1] + 2
            along = end < len(tokens) and tokens[end].norm in ("on", "along", "down", "up", "away")
            return Item("adv", "manner", "", "so many bays", at, end + along)
        counted = tokens[number[1]].norm in ("vehicle", "vehicles", "car", "cars", "lanes", "rows")
        if counted and tokens[number[1] + 1].norm in ("ahead", "behind", "back", "away", "further", "in", "over"):
            return Item("adv", "manner", "", "so many cars", at, number[1] + 1)
    if (
        number is not None
        and number[1] >= reach
        and not (lexical and lexical.last == number[1] and lexical.category == "pron")
    ):
        return Item("num", f"{number[0]:g}", "", tokens[at].norm, at, number[1])
    return None


_TIMES = {
    "twice": 2.0, "double": 2.0, "triple": 3.0, "thrice": 3.0, "half": 0.5, "quadruple": 4.0, "two thirds": 2 / 3,
    "three quarters": 0.75,
    "one third": 1 / 3, "a third": 1 / 3, "one half": 0.5, "a quarter": 0.25, "two thirds of": 2 / 3,
    "a third of": 1 / 3, "a quarter of": 0.25,
    "three quarters of": 0.75, "half of": 0.5, "one third of": 1 / 3,
}  # fmt: skip


def _ratio(tokens: list[Token], at: int) -> Item | None:
    """`twice as fast as`, `half its speed`, `1.5 times the speed of`, `the same speed as`: the value is the factor."""
    factor: float | None = None
    end = at
    for words, value in sorted(_TIMES.items(), key=lambda pair: -len(pair[0])):
        parts = words.split()
        if [t.norm for t in tokens[at : at + len(parts)]] == parts:
            factor, end = value, at + len(parts)
            break
    if factor is None:
        number = number_at(tokens, at)
        if number is not None and [t.norm for t in tokens[number[1] : number[1] + 1]] == ["times"]:
            factor, end = number[0], number[1] + 1
        elif number is not None and [t.norm for t in tokens[number[1] : number[1] + 2]] in (
            ["%", "of"],
            ["percent", "of"],
        ):
            factor, end = number[0] / 100, number[1] + 2
    words = [t.norm for t in tokens[end : end + 7]]
    if factor is None:
        if words[:3] == ["as", "fast", "as"] and (at == 0 or tokens[at - 1].norm not in ("twice", "half")):
            return Item("ratio", "1", "", "as fast as", at, at + 3)
        for same in (
            ["the", "same", "speed", "as"],
            ["same", "speed", "as"],
            ["as", "quickly", "as"],
            ["equal", "speed", "to"],
            ["the", "speed", "of"],
        ):
            if words[: len(same)] == same and same[-1] == "as":
                return Item("ratio", "1", "", "same speed", at, at + len(same))
        return None
    if words[:3] in (["as", "fast", "as"], ["as", "quick", "as"]):
        return Item("ratio", f"{factor:.12g}", "", "times", at, end + 3)
    if words[:2] == ["faster", "than"]:
        return Item("ratio", f"{factor:.12g}", "", "times", at, end + 2)
    if words[:2] == ["that", "of"] or words[:3] == ["the", "speed", "of"]:
        return Item("ratio", f"{factor:.12g}", "", "times", at, end + (2 if words[0] == "that" else 3))
    if any(word in ("speed", "velocity", "pace") for word in words[:5]):
        return Item("ratio", f"{factor:.12g}", "", "times", at, end)
    return None


def _quantity(tokens: list[Token], at: int) -> Item | None:
    got = quantity_at(tokens, at)
    if got is None or got[0].kind == "plain":
        return None
    return Item("qty", got[0].kind, "", "", at, got[1], qty=got[0])


def _longest(tokens: list[Token], at: int) -> Item | None:
    for words, entries in table().get(tokens[at].norm, ()):
        last = at + len(words)
        if last <= len(tokens) and all(tokens[at + i].norm == words[i] for i in range(1, len(words))):
            if words in (("bus", "stops"), ("tram", "stops"), ("lane", "changes"), ("bus",
            "halts")) and at and tokens[at - 1].norm in (
                "a", "the", "that", "this", "when", "if", "our", "its", "same", "'s", "once", "school", "as", "and",
                ",", "city", "while", "until",
            ):  # fmt: skip
                continue
            if _broken_phrase(tokens, at, last, words, entries):
                continue
            if (
                words[-1] == "in"
                and len(words) > 1
                and last < len(tokens)
                and tokens[last].norm in ("front", "between")
            ):
                continue
            first = entries[0]
            return Item(first.category, first.value, first.form, first.lemma, at, last, entries)
    return None


_BE_FORMS = frozenset({"is", "are", "was", "were", "be", "been", "being", "gets", "getting", "got"})
_SHOUTED = frozenset({"STOP", "SLOW", "GO", "WAIT", "CLOSED"})


def _broken_phrase(tokens: list[Token], at: int, last: int, words: tuple[str, ...], entries: tuple[Entry, ...]) -> bool:
    """Whether a phrase of the lexicon is none here: `passed by a van`, `the two cars`, `turns right after it`."""
    before = tokens[at - 1].norm if at else ""
    if len(words) == 2 and before in _ONE_OF and entries[0].form == "many" and words[0] in _STOPPERS:
        return words[1] in ("stops", "halts", "turns", "brakes", "changes", "crosses", "exits", "merges")
    if len(words) == 1:
        return tokens[at].text in _SHOUTED and not all(token.text.isupper() for token in tokens if token.kind == "word")
    following = tokens[last].norm if last < len(tokens) else ""
    if len(words) == 2 and words[1] == "crossing" and words[0] in ("pedestrian", "cycle", "foot", "deer"):
        return following in (
            "the",
            "our",
            "its",
            "their",
            "from",
            "his",
            "her",
            "against",
            "behind",
            "slowly",
            "in",
            "ahead",
        ) and (following != "in" or (tokens[last + 1 : last + 2] != [] and tokens[last + 1].norm == "front"))
    if words == ("straight", "on") and following in ("its", "the", "our", "a", "your", "his", "her"):
        return True
    if (
        words[-1] == "across"
        and words[0] in ("comes", "come", "came", "coming")
        and following in ("into", "onto", "to")
    ):
        return True
    if words == ("in", "that"):
        return following in ("lane", "direction", "case", "junction", "tunnel", "street", "road", "bend", "moment")
    if len(words) == 2 and words[1] == "along" and entries[0].category == "verb":
        return following in ("the", "a", "its", "our", "their", "his", "her")
    if words == ("stuck", "behind"):
        return before in _BE_FORMS
    if len(words) == 2 and words[1] == "turns" and words[0] in ("left", "right"):
        return before in ("its", "the", "our", "'s", "his", "her", "my")
    if words[-1] == "by" and entries[0].category == "verb":
        earlier = {token.norm for token in tokens[max(0, at - 2) : at]}
        return bool(earlier & _BE_FORMS) and any(entry.form == "part" for entry in entries)
    if words[0] == "the" and entries[0].category == "pron" and last < len(tokens):
        following = _longest(tokens, last)
        return following is not None and any(
            entry.category == "adj" or (entry.category in NOUN_CATEGORIES and entry.category not in _DEED_NOUNS)
            for entry in following.meanings
        ) and not any(entry.form in ("s", "past") and entry.category == "verb" and entry.value not in ("other", "stand")
        for entry in following.meanings)  # fmt: skip
    if words[0] in ("right", "left") and entries[0].category in ("sub", "pos", "prep", "adv"):
        return before in _TURNING or before in ("the", "its", "our", "my", "your", "their")
    return False


_ONE_OF = frozenset({"a", "an", "the", "this", "that", "its", "our", "another", "one", "each", "second", "first"})
_STOPPERS = frozenset({"coach", "bus", "tram", "truck", "car", "van", "lorry", "taxi", "train", "cyclist", "vehicle"})
_DEED_NOUNS = frozenset(
    {"deed", "turn", "uturn", "overtaking", "lanechange", "collision", "exit", "signal", "start", "light"}
)
_TURNING = frozenset(
    form for verb in ("turn", "go", "veer", "swing", "hook", "steer", "swerve") for form in
    (verb, verb + "s", verb + "ed", verb + "ing", verb + "es")
) | {"going", "went", "goes", "swerved", "swerving"}  # fmt: skip


def _single(tokens: list[Token], at: int) -> Item:
    token = tokens[at]
    if token.kind == "sign":
        return Item("punct", token.norm, "", token.norm, at, at + 1)
    if token.kind == "num" and token.norm[-1].isalpha():
        return Item("ord", re.sub(r"\D", "", token.norm), "", token.norm, at, at + 1)
    if token.norm in ORDINALS:
        return Item("ord", str(ORDINALS[token.norm]), "", token.norm, at, at + 1)
    if token.kind == "road":
        number = token.norm
        kind = {"m": "motorway", "i": "motorway"}.get(number[0], "rural")
        if number[0] in "mi" or number[0] in "ab":
            return Item("place", "motorway" if number.endswith("(m)") else kind, "one", number, at, at + 1)
    if token.norm == "'s":
        return Item("possessive", "", "", "'s", at, at + 1)
    return Item("word", token.norm, "", token.norm, at, at + 1)


def _lanes(tokens: list[Token], at: int) -> Item | None:
    """Lane counts: `three-lane`, `two lanes each way`, `lanes: 3`, `single-lane`."""
    words = [token.norm for token in tokens[at : at + 4]]
    if words[:1] in (["lanes"], ["lane"]) and len(words) > 2 and words[1] in (":", "=", "count") and words[2] != "ends":
        number = number_at(tokens, at + 2)
        return Item("lanes", f"{number[0]:g}", "count", "", at, number[1]) if number else None
    if words[:1] == ["lane"] and words[2:3] == ["of"] and len(words) == 4 and words[1].isdigit() and words[3].isdigit():
        return Item("lanes", words[3], "each", "", at, at + 4)
    if words[:2] in (["single", "lane"], ["dual", "lane"]) or words[:3] == ["a", "single", "lane"]:
        size = 3 if words[0] == "a" else 2
        behind = _each_way(tokens, at + size)
        if words[0] == "a" and not behind:
            return None
        return Item(
            "lanes", "2" if words[0] == "dual" else "1", "each" if behind else "hyphen", "", at, behind or at + size
        )
    number = number_at(tokens, at)
    if number is None or number[0] != int(number[0]) or not 0 < number[0] < 13:
        return None
    end = number[1]
    while end < len(tokens) and tokens[end].norm in (
        "traffic",
        "driving",
        "travel",
        "through",
        "marked",
        "narrow",
        "wide",
        "running",
        "live",
        "open",
        "full",
    ):
        end += 1
    if end >= len(tokens) or tokens[end].norm not in ("lane", "lanes", "laned"):
        return None
    hyphen = tokens[end].norm != "lanes"
    if hyphen and not tokens[end].glued:
        nxt = tokens[end + 1].norm if end + 1 < len(tokens) else ""
        if not _each_way(tokens, end + 1) and (
            nxt in ("left", "right", "over", "to", "is", "closed", "of", "only", "ends", "remains", "open", "")
            or tokens[end + 1].kind == "sign"
        ):
            return None
    behind = _each_way(tokens, end + 1)
    form = "each" if behind else ("hyphen" if hyphen else "count")
    return Item("lanes", f"{number[0]:g}", form, "", at, behind or end + 1)


def _each_way(tokens: list[Token], at: int) -> int | None:
    words = [token.norm for token in tokens[at : at + 5]]
    if words[:2] == ["of", "traffic"]:
        at, words = at + 2, [token.norm for token in tokens[at + 2 : at + 6]]
    for phrase in _EACH_WAY:
        if tuple(words[: len(phrase)]) == phrase:
            return at + len(phrase)
    return None


def _clock(tokens: list[Token], at: int) -> Item | None:
    """Clock times; the value is the hour of the day."""
    token = tokens[at]
    words = [t.norm for t in tokens[at : at + 8]]
    hour: float | None = None
    end = at + 1
    if token.kind == "clock" and token.norm[0].isdigit():
        parts = re.split(r"[:.]", token.norm)
        hour = int(parts[0]) + int(parts[1]) / 60
    elif words[:2] in (["half", "past"], ["quarter", "past"], ["quarter", "to"]) or words[:3] in (
        ["a", "quarter", "past"],
        ["a", "quarter", "to"],
    ):
        skip = 3 if words[0] == "a" else 2
        number = number_at(tokens, at + skip)
        if number and number[0] <= 12:
            hour = number[0] + {"half": 0.5}.get(words[0], -0.25 if words[skip - 1] == "to" else 0.25)
            end = number[1]
    else:
        number = number_at(tokens, at)
        if number and number[0] <= 24 and number[1] < len(tokens):
            behind = [t.norm for t in tokens[number[1] : number[1] + 3]]
            before = tokens[at - 1].norm if at else ""
            if (
                behind[0] in ("am", "pm", "o'clock")
                or (
                    before in ("at", "around", "about")
                    and behind[:2] == ["in", "the"]
                    and behind[2:]
                    and behind[2] in ("morning", "afternoon", "evening")
                )
                or (before == "at" and behind[:2] == ["at", "night"])
            ):
                hour, end = number[0], number[1]
        elif token.kind == "num" and len(token.norm) == 4 and words[1:2] and words[1] in ("hrs", "hours", "h", "hr"):
            hour, end = int(token.norm[:2]) + int(token.norm[2:]) / 60, at + 2
    if hour is None or hour > 24.99:
        return None
    hour, end = _part_of_day(tokens, end, hour)
    return Item("clock", f"{hour:g}", "", "", at, end)


def _part_of_day(tokens: list[Token], at: int, hour: float) -> tuple[float, int]:
    end = at
    while end < len(tokens):
        words = [t.norm for t in tokens[end : end + 3]]
        if words[:1] in (["am"], ["pm"]):
            hour = hour % 12 + (12 if words[0] == "pm" else 0) if hour < 13 else hour
            end += 1
        elif words[:1] in (["o'clock"], ["hrs"], ["hours"], ["h"]):
            end += 1
        elif words[:2] == ["in", "the"] and words[2:] and words[2] in ("morning", "afternoon", "evening"):
            hour = hour % 12 + (0 if words[2] == "morning" else 12) if hour < 13 else hour
            end += 3
        elif words[:2] == ["at", "night"]:
            hour = hour if hour < 5 or hour > 12.99 else (hour + 12) % 24
            end += 2
        else:
            break
    return hour, end


def settle(items: list[Item]) -> list[Item]:
    """Chooses one meaning for every ambiguous item by its neighbours."""
    for index, item in enumerate(items):
        if len(item.meanings) > 1 or item.category == "verb" or item.lemma == "line":
            _settle_one(items, index)
    return items


def _settle_one(items: list[Item], index: int) -> None:
    item = items[index]
    before = items[index - 1] if index else None
    behind = items[index + 1] if index + 1 < len(items) else None
    chosen = _by_word(items, index, before, behind) or _by_neighbours(items, index, before, behind)
    if chosen is not None:
        item.take(chosen)


def _nominal(item: Item | None) -> bool:
    """Whether a noun must follow."""
    return item is not None and (
        item.category in ("det", "poss", "num", "possessive", "ord", "lanes")
        or (item.category == "adj" and not item.value.startswith("state:"))
    )


def _noun_entry(item: Item) -> Entry | None:
    return next((entry for entry in item.meanings if entry.category in NOUN_CATEGORIES), None)


def _by_word(items: list[Item], index: int, before: Item | None, behind: Item | None) -> Entry | None:
    """Words that need a rule of their own."""
    item = items[index]
    word = item.meanings[0].lemma if item.meanings else item.lemma
    rule = _WORD_RULES.get(_surface(item))
    return (
        rule(items, index, before, behind)
        if rule
        else (_WORD_RULES[word](items, index, before, behind) if word in _WORD_RULES else None)
    )


def _surface(item: Item) -> str:
    return next((entry.lemma for entry in item.meanings if entry.category not in ("verb",)), item.lemma)


def _rule_that(items: list[Item], index: int, before: Item | None, behind: Item | None) -> Entry | None:
    item = items[index]
    follows_noun = before is not None and (before.is_noun or before.category in ("pron", "word") or before.value == ",")
    starts_verb = behind is not None and (
        behind.category in ("modal", "aux") or behind.offers("verb") is not None or behind.offers("adv") is not None
    )
    if follows_noun and (starts_verb or (before is not None and before.category == "actor")):
        return item.offers("rel")
    if before is not None and before.category == "verb":
        return Entry("comp", "that", "", "that")
    if follows_noun:
        return Entry("comp", "that", "", "that")
    return item.offers("det")


def _rule_as(items: list[Item], index: int, before: Item | None, behind: Item | None) -> Entry | None:
    item = items[index]
    for later in items[index + 1 :]:
        if later.category == "punct":
            break
        if later.category == "aux" or (
            (entry := later.offers("verb")) is not None and entry.form in ("s", "past", "ing", "part", "base")
        ):
            return item.offers("sub")
    return item.offers("prep")


def _rule_without(items: list[Item], index: int, before: Item | None, behind: Item | None) -> Entry | None:
    item = items[index]
    verb = behind.offers("verb") if behind else None
    if (
        behind is not None
        and verb is not None
        and verb.form == "ing"
        and not (_noun_entry(behind) and behind.offers("denied"))
    ):
        return item.offers("modal")
    return item.offers("prep") or item.offers("sub") or item.offers("modal")


def _rule_not(items: list[Item], index: int, before: Item | None, behind: Item | None) -> Entry | None:
    item = items[index]
    if behind is not None and (behind.offers("verb") and behind.category != "adj"):
        return item.offers("modal")
    if (
        behind is not None
        and behind.category in ("det", "actor")
        and before is not None
        and before.value in (",", "and", "but")
    ):
        return item.offers("sub")
    return item.offers("modal")


def _rule_left(items: list[Item], index: int, before: Item | None, behind: Item | None) -> Entry | None:
    item = items[index]
    verb = item.offers("verb")
    if (
        verb is not None
        and behind is not None
        and behind.category in ("det", "poss")
        and before is not None
        and (
            (before.is_noun and before.category in ("actor", "ego"))
            or before.category in ("pron", "aux")
            or before.value in ("and", "then")
        )
    ):
        return verb
    noun_next = behind is not None and (
        behind.category
        in ("lane", "shoulder", "actor", "part", "feature", "space", "denied", "deed", "turn", "place", "light", "adj")
    )
    deed = behind.offers("verb") if behind is not None else None
    if (
        deed is not None
        and deed.form in ("s", "past")
        and index > 1
        and before is not None
        and before.category in ("det", "poss")
        and items[index - 2].lemma in ("on", "to", "from", "at", "in")
    ):
        return item.offers("side")
    if (
        noun_next
        and behind is not None
        and behind.category == "adj"
        and not behind.value.startswith(("plain", "state", "adjacent", "main"))
    ):
        noun_next = False
    if (
        noun_next
        and behind is not None
        and behind.category == "actor"
        and before is not None
        and before.category == "verb"
    ):
        noun_next = False
    if behind is not None and behind.offers("turn") and _nominal(before):
        return item.offers("adj")
    if noun_next:
        return item.offers("adj") or item.offers("side")
    if before is not None and _nominal(before) and item.offers("turn") and before.lemma in ("unprotected", "protected"):
        return item.offers("turn")
    return item.offers("side") or item.offers("adj")


def _rule_lights(items: list[Item], index: int, before: Item | None, behind: Item | None) -> Entry | None:
    item = items[index]
    at = index
    while at and items[at - 1].category in ("det", "adj"):
        at -= 1
    prep = items[at - 1].lemma if at else ""
    window = [later.lemma for later in items[index + 1 : index + 5]]
    if prep in ("at", "near", "through") or ({"red", "green", "amber"} & set(window)):
        return item.offers("signal")
    deed = items[at - 1] if at else None
    if deed is not None and item.offers("signal") and any(e.lemma in _AGAINST_LIGHTS for e in deed.meanings):
        return item.offers("signal")
    return item.offers("part") or item.offers("signal")


_AGAINST_LIGHTS = frozenset({"jump", "run", "shoot", "beat", "ignore", "disobey", "disregard", "blow", "crash"})


def _rule_lead(items: list[Item], index: int, before: Item | None, behind: Item | None) -> Entry | None:
    """`lead brakes`, `the lead slows`: the lead vehicle."""
    items[index]
    deed = behind.offers("verb") if behind is not None else None
    opens = before is None or before.category in ("det", "punct", "conj", "sub")
    if opens and (behind is None or behind.category in ("modal", "aux", "punct", "qty", "pos") or (deed is not None
    and deed.form in ("s", "past") and behind.offers("adj") is None and behind.offers("actor") is None)):  # fmt: skip
        return Entry("actor", "car", "one", "lead")
    return None


def _rule_crossing(items: list[Item], index: int, before: Item | None, behind: Item | None) -> Entry | None:
    item = items[index]
    if (
        behind is not None
        and behind.category == "actor"
        and before is not None
        and (_nominal(before) or before.category in ("punct", "conj", "prep"))
    ):
        return item.offers("adj")
    if before is None and behind is not None and behind.category == "actor":
        return item.offers("adj")
    if _nominal(before):
        return item.offers("feature")
    if before is not None and before.lemma in ("at", "near", "on", "onto", "the", "over"):
        return item.offers("feature")
    return item.offers("verb")


def _rule_to(items: list[Item], index: int, before: Item | None, behind: Item | None) -> Entry | None:
    item = items[index]
    verb = behind.offers("verb") if behind else None
    if (
        verb is not None
        and verb.form == "base"
        and behind is not None
        and not (behind.category == "adj" and not behind.offers("verb"))
    ) and behind.offers("side") is None:
        return item.offers("to")
    if behind is not None and (
        behind.category == "modal"
        or behind.category == "aux"
        or (behind.category == "adv" and index + 2 < len(items) and items[index + 2].offers("verb"))
    ):
        return item.offers("to")
    return item.offers("prep") or item.offers("to")


def _rule_participle_adj(items: list[Item], index: int, before: Item | None, behind: Item | None) -> Entry | None:
    """Words such as following, leading, overtaking, stopped: adjective before a road user, else verb."""
    item = items[index]
    adjective, verb = item.offers("adj"), item.offers("verb")
    noun_next = (behind is not None and behind.category in ("actor", "ego")) or (
        behind is not None
        and behind.category in ("adj", "word")
        and index + 2 < len(items)
        and items[index + 2].category == "actor"
        and behind.offers("pos") is None
    )
    if (
        adjective is not None
        and adjective.value.startswith(("feature", "surface", "weather", "plain", "empty", "light", "place"))
        and behind is not None
        and behind.category in ("place", "lane", "surface", "actor", "feature", "light")
    ):
        noun_next = True
    free_before = (
        before is None
        or _nominal(before)
        or before.category in ("punct", "conj", "prep", "sub", "there", "adv", "state")
        or before.category == "adj"
    )
    if adjective is not None and verb is not None:
        if (
            noun_next
            and free_before
            and not (before is not None and before.category == "adv" and before.value == "then" and verb.form == "ing")
        ):
            if before is not None and before.category == "modal":
                return verb
            return adjective
        if verb.form in ("past", "part") and adjective.value in ("relation:parked", "state:stand_still", "hidden"):
            if before is not None and ((before.category == "aux" and before.value == "be") or before.lemma == "is not"):
                return adjective
            if before is not None and before.category == "adv" and index > 1 and items[index - 2].category == "aux":
                return adjective
            if adjective.value == "relation:parked":
                return adjective
            return verb
        return verb
    return None


def _rule_signal(items: list[Item], index: int, before: Item | None, behind: Item | None) -> Entry | None:
    item = items[index]
    if _nominal(before) and not (before is not None and before.category == "num"):
        return _noun_entry(item)
    return None


def _rule_dark(items: list[Item], index: int, before: Item | None, behind: Item | None) -> Entry | None:
    item = items[index]
    if behind is not None and behind.category in ("actor", "adj") and item.offers("adj"):
        return Entry("adj", "plain", "", "dark") if behind.category == "actor" else item.offers("adj")
    return item.offers("light") or item.offers("adj")


def _rule_line(items: list[Item], index: int, before: Item | None, behind: Item | None) -> Entry | None:
    """`barrels line the left`: a row that stands there."""
    many = before is not None and before.category == "actor" and before.form == "many"
    if many and behind is not None and behind.category in ("det", "poss"):
        return Entry("verb", "stand", "base", "line")
    return None


_WORD_RULES = {
    "line": _rule_line,
    "that": _rule_that, "as": _rule_as, "without": _rule_without, "not": _rule_not, "left": _rule_left,
    "right": _rule_left,
    "lights": _rule_lights, "light": _rule_lights, "crossing": _rule_crossing, "to": _rule_to, "signal": _rule_signal,
    "dark": _rule_dark, "lead": _rule_lead,
}  # fmt: skip


def _by_neighbours(items: list[Item], index: int, before: Item | None, behind: Item | None) -> Entry | None:
    item = items[index]
    verb, noun = item.offers("verb"), _noun_entry(item)
    preposition = item.offers("prep")
    if (
        preposition is not None
        and verb is None
        and noun is None
        and (item.offers("adv") or item.offers("sub") or item.offers("pos"))
    ):
        return _preposition_or_not(items, index, preposition, before, behind)
    if (
        verb is not None
        and verb.value == "reverse"
        and verb.lemma.startswith("back")
        and before is not None
        and before.category == "verb"
    ):
        return Entry("prep", "into", "", "into") if verb.lemma == "back into" else Entry("adv", "manner", "", "back")
    be = before is not None and (before.category == "aux" and before.value == "be")
    if be and verb is not None and verb.form == "base" and item.offers("adj") is not None:
        return item.offers("adj")
    if verb is not None and item.offers("adj") is not None:
        settled = _rule_participle_adj(items, index, before, behind)
        if noun is None or (settled is not None and settled.category == "adj"):
            return settled
    if verb is not None and noun is not None:
        return _verb_or_noun(items, index, before, behind, verb, noun)
    pronoun = item.offers("pron")
    if pronoun is not None and (item.offers("adj") or item.offers("ord")):
        noun_next = behind is not None and (behind.is_noun or behind.category in ("adj", "num", "ord"))
        return item.offers("adj") if noun_next else pronoun
    if pronoun is not None and item.offers("det") is not None:
        noun_next = behind is not None and (behind.is_noun or behind.category in ("adj", "num", "ord", "det"))
        third = items[index + 2] if index + 2 < len(items) else None
        described = behind is not None and behind.offers("adj") is not None and third is not None and third.is_noun
        return item.offers("det") if noun_next or described else pronoun
    if item.offers("sub") is not None and item.offers("prep") is not None:
        return item.offers("sub")
    if verb is not None and item.offers("prep") is not None:
        return item.offers("prep")
    if item.offers("aux") is not None and verb is not None:
        following = items[index + 1 : index + 4]
        if any(
            (entry := later.offers("verb")) is not None and entry.form in ("ing", "part", "base")
            for later in following[:1]
        ):
            return item.offers("aux")
        return item.offers("aux")
    if item.offers("adj") is not None and noun is not None:
        noun_next = behind is not None and (behind.is_noun or behind.category in ("adj", "num"))
        return item.offers("adj") if noun_next else noun
    if item.offers("pos") is not None and item.offers("prep") is not None:
        return item.offers("prep")
    if verb is not None:
        entries = [entry for entry in item.meanings if entry.category == "verb"]
        if len({entry.value for entry in entries}) > 1 and any(entry.value == "begin" for entry in entries):
            governs = behind is not None and any(e.form == "ing" or e.category == "to" for e in behind.meanings)
            entries = [entry for entry in entries if (entry.value == "begin") == governs] or entries
        return _best_verb(entries, before)
    return None


_OPENS_PHRASE = frozenset({"det", "poss", "num", "ord", "pron", "adj", "lanes", "qty", "word", "ratio", "clock"})


def _chases(items: list[Item], index: int) -> bool:
    """`runs into the road after a ball`: no clause follows, but somebody or something that moves."""
    for later in items[index + 1 : index + 6]:
        if later.category == "actor":
            rest = items[items.index(later) + 1 : items.index(later) + 3]
            return not any(i.category in ("aux", "modal") or i.offers("verb") for i in rest)
        if later.category not in ("det", "adj", "poss", "num"):
            return False
    return False


def _preposition_or_not(
    items: list[Item], index: int, preposition: Entry, before: Item | None, behind: Item | None
) -> Entry | None:
    """`over the bridge` but `move over`; `on the road` but `on seeing`; `from behind the bus` but `from behind`."""
    item = items[index]
    other = item.offers("sub")
    if item.lemma == "on" and _ends_phrase(behind):
        return Entry("adv", "manner", "", "on")
    if other is not None:
        ing = behind is not None and (gerund := behind.offers("verb")) is not None and gerund.form == "ing"
        if preposition.lemma == "after" and _chases(items, index):
            return preposition
        if item.lemma == "on" or preposition.lemma == "on":
            return other if ing and behind is not None and behind.offers("adj") is None else preposition
        return other
    opens = behind is not None and (
        behind.is_noun
        or (behind.category == "rel" and behind.lemma in ("which", "whom"))
        or behind.category in _OPENS_PHRASE
        or any(e.category in _OPENS_PHRASE for e in behind.meanings)
    )
    if (
        behind is not None
        and behind.category in ("conj", "punct", "adv", "sub", "prep", "verb", "modal", "aux")
        and not behind.is_noun
    ):
        opens = False
    if item.offers("pos") is not None:
        if (
            not opens
            or (behind is not None and behind.category == "qty")
            or (behind is not None and behind.category == "ego")
            or (behind is not None and behind.lemma in ("us", "me"))
        ):
            return item.offers("pos")
        return preposition
    return preposition if opens else item.offers("adv")


def _ends_phrase(behind: Item | None) -> bool:
    """Whether no noun phrase can begin here: `with its lights on and ...`, `on, ...`, `on drives`."""
    if behind is None or behind.category in ("punct", "conj", "modal", "aux", "sub"):
        return True
    verb = behind.offers("verb")
    return verb is not None and verb.form in ("s", "past") and not any(e.category in NOUN_CATEGORIES for e in
    behind.meanings)  # fmt: skip


def _best_verb(entries: list[Entry], before: Item | None) -> Entry:
    """Among equal spellings: participle behind be or have, past else; rare concepts last."""
    if before is not None and before.category in ("aux",):
        for entry in entries:
            if entry.form in ("ing", "part"):
                return entry
    if before is not None and before.category in ("modal", "to"):
        for entry in entries:
            if entry.form == "base":
                return entry
    return next((entry for entry in entries if entry.form != "part"), entries[0])


def _coordinated_infinitive(items: list[Item], index: int, verbs: list[Entry]) -> bool:
    """`has to move left, overtake a tanker and exit`, `could a coach ... overtake`: the modal reaches this far."""
    before = items[index - 1] if index else None
    if before is None or not any(entry.form == "base" for entry in verbs):
        return False
    if not (before.category in ("punct", "conj") or (before.category == "adv" and before.value == "then")):
        return False
    for earlier in reversed(items[:index]):
        if earlier.category == "punct" and earlier.value in ".;:!?":
            return False
        if earlier.category == "modal" or earlier.value in ("to", "begin"):
            return earlier.category in ("modal", "to", "verb")
        if earlier.category == "verb" and earlier.form in ("s", "past"):
            return False
    return False


_MAKERS = frozenset({"make", "have", "let", "see", "watch", "help"})


def _made_to(items: list[Item], index: int, verbs: list[Entry]) -> bool:
    """`make the ego stop`, `has to merge left`: a bare infinitive."""
    if not any(entry.form == "base" for entry in verbs):
        return False
    before = items[index - 1]
    if before.category == "verb" and before.value == "begin" and before.lemma.endswith(" to"):
        return True
    at = index - 1
    if items[at].category not in ("ego", "actor") and items[at].lemma not in ("us", "me", "it", "them"):
        return False
    while at and items[at].category in ("ego", "actor", "pron", "det", "adj", "poss", "num"):
        at -= 1
    return bool(_MAKERS & {entry.lemma for entry in items[at].meanings}) and items[at].form == "base"


def _verb_or_noun(
    items: list[Item], index: int, before: Item | None, behind: Item | None, verb: Entry, noun: Entry
) -> Entry:
    item = items[index]
    verbs = [entry for entry in item.meanings if entry.category == "verb"]
    if noun.category != "actor" and (_coordinated_infinitive(items, index, verbs) or _made_to(items, index, verbs)):
        return next(entry for entry in verbs if entry.form == "base")
    if (
        before is not None
        and before.value in ("other_def", "both", "another", "each")
        and (verb.form in ("s", "past") or (before.value == "both" and verb.form == "base" and noun.form == "one"))
        and before.category == "det"
    ):
        return _best_verb(verbs, before)
    if (
        before is not None
        and before.category == "num"
        and before.lemma == "one"
        and verb.form in ("s", "past")
        and noun.category != "actor"
    ):
        return _best_verb(verbs, before)
    if (
        before is not None
        and before.category == "aux"
        and before.value == "have"
        and any(entry.form == "part" for entry in verbs)
    ):
        return next(entry for entry in verbs if entry.form == "part")
    if verb.form == "base" and before is not None and before.category in ("to", "modal"):
        return _best_verb(verbs, before)
    if (before is not None and before.category == "pron") or (before is not None and before.category == "rel"):
        return _best_verb(verbs, before)
    if before is not None and verb.form == "base" and noun.form == "one" and noun.category != "actor":
        several = (
            before.category == "num"
            and float(before.value) > 1
            and (behind is None or not behind.is_noun or behind.offers("side") is not None)
        )
        governs = behind is not None and behind.category in ("det", "ego", "poss") and noun.category == "overtaking"
        if several or (governs and before.is_noun):
            return _best_verb(verbs, before)
    if _nominal(before):
        if before is not None and before.category == "adj" and noun.category == "actor":
            return noun
        if (
            before is not None
            and before.category in ("ord", "num")
            and verb.form in ("s",)
            and noun.category != "actor"
        ):
            return noun
        return noun
    if (
        before is not None
        and before.category == "aux"
        and before.value == "be"
        and behind is not None
        and behind.lemma == "by"
        and any(entry.form == "part" for entry in verbs)
    ):
        return next(entry for entry in verbs if entry.form == "part")
    if before is not None and before.category in ("aux",) and verb.form in ("ing", "part"):
        return _best_verb(verbs, before)
    if before is not None and before.category == "modal":
        return _best_verb(verbs, before)
    if noun.category == "actor":
        return noun
    if (
        before is not None
        and before.category in ("actor", "ego", "pos", "side", "lane", "adv", "qty", "place")
        and verb.form in ("s", "past", "ing")
    ):
        return _best_verb(verbs, before)
    if before is not None and before.category == "actor" and before.form == "many":
        return _best_verb(verbs, before)
    if before is not None and before.value in ("and", "or", "but", ",") and verb.form in ("s", "past", "ing"):
        if any(earlier.category in ("verb", "actor", "ego") for earlier in items[max(0, index - 14) : index]):
            return _best_verb(verbs, before)
        return noun
    if (
        verb.form == "ing"
        and behind is not None
        and (behind.category in ("det", "poss", "pron", "ego", "prep", "qty", "adv", "pos", "side"))
    ):
        return _best_verb(verbs, before)
    inside = any(earlier.category == "rel" for earlier in items[max(0, index - 6) : index]) and _ends_phrase(behind)
    if inside and before is not None and before.category == "verb" and verb.form == "s" and noun.category != "actor":
        return _best_verb(verbs, before)
    if before is not None and before.category in ("prep", "verb"):
        return noun
    if verb.form == "s" and before is not None and before.category not in ("punct",):
        return _best_verb(verbs, before)
    return noun
