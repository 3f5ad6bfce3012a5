"""Misspelt words repaired against the lexicon; known English words are never touched."""

import functools

from scenarios.language.lexicon import Entry, table, vocabulary
from scenarios.language.lexicon.ordinary import ordinary_words
from scenarios.language.quantities import spelled_words
from scenarios.language.tokens import Token

_KNOWN_SLIPS = {
    "nite": "night", "tonite": "night", "lite": "light", "lites": "lights", "rite": "right", "rd": "road",
    "tho": "though", "thru": "through", "ur": "your",
    "hiway": "highway", "hi-way": "highway", "wich": "which", "whil": "while", "wen": "when", "wth": "with",
    "wiht": "with", "becuse": "because", "cuz": "because",
    "vehical": "vehicle", "vehicel": "vehicle", "vehcile": "vehicle", "vehicals": "vehicles", "tyer": "tyre",
    "breaks": "brakes", "breaking": "braking", "brakeing": "braking", "ped": "pedestrian",
    "frm": "from", "hte": "the", "teh": "the", "adn": "and", "nad": "and", "fo": "of", "form": "from", "ot": "to",
    "si": "is", "ahed": "ahead", "ahaed": "ahead", "trun": "turn", "truns": "turns",
    "egos": "ego", "ther": "there", "thre": "three", "tow": "two", "lain": "lane", "lanne": "lane", "rode": "road",
    "vans": "vans", "kmh": "kmh", "cyclest": "cyclist", "byke": "bike", "steet": "street", "foggie": "foggy",
    "raning": "raining", "snoing": "snowing", "u-trun": "u-turn", "vheicle": "vehicle", "dusck": "dusk",
    "rainig": "raining", "stoping": "stopping", "stoped": "stopped", "crosing": "crossing", "runing": "running",
    "overtakeing": "overtaking", "merg": "merge", "folow": "follow", "folows": "follows", "folowing": "following",
    "hevy": "heavy", "wating": "waiting", "waitng": "waiting", "swerv": "swerve", "fro": "for", "abuot": "about",
    "infornt": "in front", "buss": "bus",
}  # fmt: skip
_CONTEXT_ONLY = frozenset({"breaks", "breaking", "form", "tow", "rode", "rite", "lain", "lite", "fro"})
_SIDED = frozenset({"lane", "side", "turn", "shoulder", "hand", "lan", "at", "now"})
# Twice the longest word that is repaired: nothing longer is a misspelling of one.
_LONGEST = 30
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def repair(tokens: list[Token]) -> list[Token]:
    """The tokens with repaired `norm`; text and places stay as written."""
    for at, token in enumerate(tokens):
        if token.kind != "word" or not token.norm.isalpha():
            continue
        if token.norm in ("breaks", "breaking"):
            if _vehicle_brakes(tokens, at):
                token.norm = _KNOWN_SLIPS[token.norm]
            continue
        if token.norm == "an" and at + 1 < len(tokens) and tokens[at + 1].norm in ("the", "then", "a", "an"):
            token.norm = "and"
            continue
        if token.norm == "son" and at and tokens[at - 1].norm == "as":
            token.norm = "soon"
            continue
        if token.norm in _CONTEXT_ONLY:
            if token.norm == "rite" and at + 1 < len(tokens) and tokens[at + 1].norm in _SIDED:
                token.norm = "right"
            if token.norm == "form" and at + 1 < len(tokens) and tokens[at + 1].norm in ("the", "a", "behind", "an"):
                token.norm = "from"
            continue
        if token.norm in _KNOWN_SLIPS and token.norm not in ("rode",):
            token.norm = _KNOWN_SLIPS[token.norm]
            continue
        if _known(token.norm):
            continue
        found = _nearest(token.norm)
        if found is not None and not (token.text[0].isupper() and token.start > 0 and not _starts(tokens, at)):
            token.norm = found
    return tokens


def _vehicle_brakes(tokens: list[Token], at: int) -> bool:
    following = tokens[at + 1].norm if at + 1 < len(tokens) else ""
    return following not in ("down", "loose", "away", "free", "into", "out", "off", "the")


def _starts(tokens: list[Token], at: int) -> bool:
    return at == 0 or tokens[at - 1].kind == "sign"


@functools.cache
def _targets() -> frozenset[str]:
    """Words worth being repaired to: the lexicon, units and number words."""
    return frozenset(word for word in (vocabulary() | spelled_words()) if len(word) > 2 and word.isalpha())


def _known(word: str) -> bool:
    return (
        len(word) < 3
        or word in _targets()
        or word in ordinary_words()
        or any(
            word.endswith(tail) and (word[: -len(tail)] + base) in ordinary_words()
            for tail, base in (
                ("s", ""),
                ("ed", ""),
                ("ed", "e"),
                ("d", ""),
                ("ing", ""),
                ("ing", "e"),
                ("ly", ""),
                ("es", ""),
                ("er", ""),
                ("ies", "y"),
                ("ied", "y"),
                ("ness", ""),
            )
        )
    )


@functools.lru_cache(maxsize=4096)
def _nearest(word: str) -> str | None:
    """The one word of the lexicon within one slip (two for long words), the likeliest slip first."""
    if len(word) > _LONGEST:
        return None
    once = _slips(word)
    hits = [w for w in once if w in _targets() and (len(word) > 4 or len(w) != len(word) or sorted(w) == sorted(word))]
    if not hits and len(_stem(word)) >= 7:
        near = _by_start().get(word[:2], ())
        hits = [w for w in near if abs(len(w) - len(word)) < 3 and _within_two(word, w)]
    if len(word) < 4:
        hits = [w for w in hits if sorted(w) == sorted(word)]
    if not hits:
        return None
    return min(
        set(hits),
        key=lambda w: (
            w in _rare(),
            sorted(w) != sorted(word),
            w[0] != word[0],
            w[-1] != word[-1],
            abs(len(w) - len(word) - 0.5),
            w,
        ),
    )


def _stem(word: str) -> str:
    """The word without its ending: two slips in a short stem make another word."""
    tail = next((tail for tail in ("ing", "ed", "ly", "es", "s") if word.endswith(tail)), "")
    return word[: len(word) - len(tail)]


@functools.cache
def _rare() -> frozenset[str]:
    """Words of the lexicon that say nothing of traffic; a slip rather means another word."""
    common = {w for rows in table().values() for words, entries in rows for w in words if not _idle(entries)}
    idle = {w for rows in table().values() for words, entries in rows for w in words if _idle(entries)}
    return frozenset(idle - common)


def _idle(entries: tuple[Entry, ...]) -> bool:
    return all(
        (entry.category == "verb" and entry.value in ("other", "meta"))
        or (entry.category == "adj" and entry.value == "plain")
        or entry.category in ("opaque", "start")
        for entry in entries
    )


def _slips(word: str) -> set[str]:
    cuts = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    slips = {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    slips |= {a + b[1:] for a, b in cuts if b}
    slips |= {a + c + b[1:] for a, b in cuts if b for c in _LETTERS}
    slips |= {a + c + b for a, b in cuts for c in _LETTERS}
    return slips


@functools.cache
def _by_start() -> dict[str, tuple[str, ...]]:
    """Long words by their first two letters, which a double slip seldom touches."""
    groups: dict[str, list[str]] = {}
    for word in sorted(_targets()):
        if len(word) > 5:
            groups.setdefault(word[:2], []).append(word)
    return {start: tuple(words) for start, words in groups.items()}


def _within_two(one: str, two: str) -> bool:
    """Whether two slips (transpositions among them) lead from one word to the other."""
    before: list[int] = []
    row = list(range(len(two) + 1))
    for i, a in enumerate(one, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(two, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == two[j - 2] and one[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > 2:
            return False
    return row[-1] <= 2
