"""Text into words with their places, contractions undone, hyphens taken as spaces."""

import re
from dataclasses import dataclass

_PATTERN = re.compile(
    r"""(?P<unit>km/h(?:r)?|kms/h|mi/h|m/sec|m/s\^?[2²]|m/s/s|m/s|ft/s\^?2?|km\.h-1|m\.s-2|w/o\b|\+\s*/\s*-|\+-)"""
    r"""|(?P<clock>\d{1,2}[:.]\d{2}(?=\s*(?:[ap]\.?\s?m\b|hrs?\b|hours\b|o'?clock))|\d{1,2}:\d{2}|[ap]\.\s?m\.?(?![a-z]))"""
    r"""|(?P<road>(?<![\w])(?:[AaBbMmIi]-?\d{1,4}(?:\(M\))?)(?![\w.,]*\d|\w|/|\s*(?:km|m/s|mph)))"""
    r"""|(?P<abbr>(?:e\.\s?g|i\.\s?e|approx|ca|max|min|sec|secs|vs|no|nr|ft|yd|yds|hrs|fig|dist|veh)\.(?=\s*[a-z0-9,;~:]))"""
    r"""|(?P<spec>802\.11p|t0\b|4x4|c2c|c?v2[xvipn]\b|car2x|car2car|5g\b|lte)"""
    r"""|(?P<num>\d+(?:[.,]\d+)*(?:st|nd|rd|th)?(?![a-z]*\d))"""
    r"""|(?P<word>[^\W\d_]+(?:['’][^\W\d_]+)?['’]?)"""
    r"""|(?P<alnum>\w+)"""
    r"""|(?P<sign>[^\s\w])""",
    re.VERBOSE | re.IGNORECASE,
)
_CONTRACTED = {
    "can't": ("can", "not"), "cannot": ("can", "not"), "won't": ("will", "not"), "shan't": ("shall", "not"),
    "let's": ("let", "us"), "it's": ("it", "is"), "there's": ("there", "is"), "that's": ("that", "is"),
    "what's": ("what", "is"), "who's": ("who", "is"), "here's": ("here", "is"), "he's": ("he", "is"),
    "she's": ("she", "is"), "ain't": ("is", "not"), "i'm": ("i", "am"), "o'clock": ("o'clock",), "where's": ("where",
    "is"),
}  # fmt: skip
_ENDINGS = {"n't": "not", "'re": "are", "'ve": "have", "'ll": "will", "'d": "would", "'m": "am"}
_FUSED = {
    "infront": ("in", "front"), "aswell": ("as", "well"), "alot": ("a", "lot"), "atleast": ("at", "least"),
    "upto": ("up", "to"), "alongwith": ("along", "with"), "eachway": ("each", "way"), "thats": ("that", "is"),
    "theres": ("there", "is"), "dont": ("do", "not"), "doesnt": ("does", "not"), "didnt": ("did", "not"),
    "isnt": ("is", "not"), "cant": ("can", "not"), "wont": ("will", "not"), "wasnt": ("was", "not"),
    "arent": ("are", "not"), "w/o": ("without",), "w/": ("with",), "im": ("i", "am"), "couldnt": ("could", "not"),
    "shouldnt": ("should", "not"), "ahed": ("ahead",), "infrontof": ("in", "front", "of"), "inbetween": ("in",
    "between"),
    "andthen": ("and", "then"), "onramp": ("on", "ramp"), "offramp": ("off", "ramp"), "hasnt": ("has", "not"),
    "hadnt": ("had", "not"), "havent": ("have", "not"), "wouldnt": ("would", "not"), "thier": ("their",),
    "noone": ("no", "one"), "ontop": ("on", "top"), "offof": ("off", "of"), "approx": ("approximately",),
    "ca": ("circa",), "vs": ("versus",), "veh": ("vehicle",), "peds": ("pedestrians",), "ped": ("pedestrian",),
    "rd": ("road",), "xing": ("crossing",), "pelcan": ("pelican",), "&": ("and",), "thru": ("through",),
    "hwy": ("highway",),
}  # fmt: skip


@dataclass(slots=True)
class Token:
    """One word, number or sign.

    Attributes:
        text: as written.
        norm: lower case, repaired; what the lexicon is asked for.
        start: index of the first character.
        end: index behind the last.
        kind: word, num, unit, clock, road or sign.
        glued: nothing but a hyphen stood before it.
    """

    text: str
    norm: str
    start: int
    end: int
    kind: str
    glued: bool = False


def tokenize(text: str) -> list[Token]:
    """Words, numbers and signs of a text; a contraction gives two tokens over the same characters."""
    tokens: list[Token] = []
    glued = False
    for match in _PATTERN.finditer(text):
        kind, raw = str(match.lastgroup), match.group()
        if raw in "-‐‑" and tokens and _inside_word(text, match.start(), match.end()):
            glued = True
            continue
        tokens += _tokens_of(kind, raw, match.start(), match.end(), glued)
        glued = False
    return tokens


def _inside_word(text: str, start: int, end: int) -> bool:
    """Whether a hyphen joins two words; between two numbers it is a range."""
    if not (start > 0 and end < len(text) and text[start - 1].isalnum() and text[end].isalnum()):
        return False
    return not (text[start - 1].isdigit() and text[end].isdigit())


def _tokens_of(kind: str, raw: str, start: int, end: int, glued: bool) -> list[Token]:
    lower = raw.lower().replace("’", "'")
    if kind in ("alnum", "spec", "abbr"):
        kind = "word"
    if kind == "abbr" or (lower.endswith(".") and kind == "word"):
        lower = lower.rstrip(".").replace(". ", ".")
    if kind == "clock" and lower[0] in "ap":
        return [Token(raw, lower[0] + "m", start, end, "word", glued)]
    parts = _split_word(lower) if kind in ("word", "unit") else (lower,)
    return [Token(raw, part, start, end, kind, glued and not index) for index, part in enumerate(parts)]


def _split_word(lower: str) -> tuple[str, ...]:
    if lower in _CONTRACTED:
        return _CONTRACTED[lower]
    if lower in _FUSED:
        return _FUSED[lower]
    for ending, full in _ENDINGS.items():
        if lower.endswith(ending) and len(lower) > len(ending):
            return (lower[: -len(ending)], full)
    if lower.endswith("'s"):
        return (lower[:-2], "'s")
    if lower.endswith("'"):
        return (lower[:-1], "'s") if lower.endswith("s'") else (lower[:-1],)
    return (lower,)
