"""The words that the reader knows, as a table from phrase to meanings, built once."""

import functools
import importlib.resources
from dataclasses import dataclass

from scenarios.language.lexicon.inflection import plural, verb_forms

NOUN_CATEGORIES = frozenset(
    [
        "actor",
        "ego",
        "place",
        "feature",
        "weather",
        "light",
        "surface",
        "part",
        "measure",
        "radio",
        "shoulder",
        "lane",
        "signal",
        "turn",
        "uturn",
        "lanechange",
        "overtaking",
        "deed",
        "collision",
        "denied",
        "side",
        "path",
        "opaque",
        "space",
        "start",
        "exit",
        "group",
    ]
)
_NO_PLURAL = frozenset({"weather", "light", "surface", "turn", "side"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One meaning of a phrase.

    Attributes:
        category: noun category, `verb`, or closed-class category such as `det` or `prep`.
        value: word of the category, such as an actor class or a verb's concept.
        form: of a verb base, s, ing, past or part; of a noun one or many.
        lemma: the uninflected phrase.
    """

    category: str
    value: str
    form: str
    lemma: str


@functools.cache
def table() -> dict[str, tuple[tuple[tuple[str, ...], tuple[Entry, ...]], ...]]:
    """First word -> (words of the phrase, its meanings), longest phrases first."""
    phrases: dict[tuple[str, ...], list[Entry]] = {}
    for phrase, entry in (*_nouns(), *_verbs(), *_closed()):
        meanings = phrases.setdefault(tuple(phrase.split()), [])
        if entry not in meanings:
            meanings.append(entry)
    by_first: dict[str, list[tuple[tuple[str, ...], tuple[Entry, ...]]]] = {}
    for words, entries in phrases.items():
        by_first.setdefault(words[0], []).append((words, tuple(entries)))
    return {first: tuple(sorted(rows, key=lambda row: -len(row[0]))) for first, rows in by_first.items()}


@functools.cache
def vocabulary() -> frozenset[str]:
    """Every single word that occurs in a phrase."""
    return frozenset(word for rows in table().values() for words, _ in rows for word in words)


def _lines(name: str) -> list[tuple[str, list[str]]]:
    """Rows of a word table: head and phrases; a row goes on in indented lines."""
    rows: list[tuple[str, list[str]]] = []
    for line in importlib.resources.files(__name__).joinpath(name).read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if not line.startswith(" "):
            rows.append((line.partition("|")[0].strip(), []))
            line = line.partition("|")[2]
        rows[-1][1].append(line.strip())
    return [(head, [phrase.strip() for phrase in " ".join(parts).split(";") if phrase.strip()]) for head, parts in rows]


def _nouns() -> list[tuple[str, Entry]]:
    found: list[tuple[str, Entry]] = []
    for head, phrases in _lines("nouns.txt"):
        category, _, value = head.partition(" ")
        for phrase in phrases:
            found.append((phrase, Entry(category, value, "one", phrase)))
            many = plural(phrase)
            if many == phrase:
                found.append((phrase, Entry(category, value, "either", phrase)))
            elif category not in _NO_PLURAL or category == "turn":
                found.append((many, Entry(category, value, "many", phrase)))
    return found


def _verbs() -> list[tuple[str, Entry]]:
    found: list[tuple[str, Entry]] = []
    for concept, lemmas in _lines("verbs.txt"):
        for lemma in lemmas:
            for form, phrases in verb_forms(lemma).items():
                found += [(phrase, Entry("verb", concept, form, lemma)) for phrase in phrases]
    return found


def _closed() -> list[tuple[str, Entry]]:
    found: list[tuple[str, Entry]] = []
    for head, phrases in _lines("closed.txt"):
        category, _, value = head.partition(" ")
        found += [(phrase, Entry(category, value, "", phrase)) for phrase in phrases]
    return found
