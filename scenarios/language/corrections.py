"""Slips of the tongue that the writer takes back: "a tram, no, sorry, make that a bus"."""

from scenarios.language.tagging import Item

_MARKS = frozenset({
    "sorry", "oops", "i mean", "i meant", "make that", "correction", "scratch that", "no wait", "or rather", "rather",
    "strike that", "er", "wait", "my mistake", "actually", "pardon", "excuse me", "apologies",
})  # fmt: skip
_WEAK = frozenset({"rather", "actually", "wait", "er"})
_SAME = ("actor", "ego", "qty", "side", "num", "place", "light", "weather", "surface", "feature", "lane", "turn")


def corrected(items: list[Item]) -> list[Item]:
    """The items without what was taken back; the words that take it back mark nothing."""
    at = 0
    while at < len(items):
        end = _mark_end(items, at)
        if end > at:
            start = _taken_back(items, at, end)
            if start is not None:
                for item in items[start:end]:
                    item.use = "-"
                items = items[:start] + items[end:]
                at = start
        at += 1
    return items


def _mark_end(items: list[Item], at: int) -> int:
    """Index behind a mark of correction that begins here, commas and `no` included; `at` where none does."""
    end, strong = at, 0
    if not (items[at].category == "punct" and items[at].value in (",", "-", "–", "—", ".", "(")):
        return at
    while end < len(items):
        item = items[end]
        if item.lemma in _MARKS or item.value in _MARKS:
            strong += 1 if item.lemma not in _WEAK else 0
        elif item.lemma == "no" and end + 1 < len(items) and items[end + 1].category == "punct":
            strong += 1
        elif not (item.category == "punct" and item.value in (",", "-", "–", "—", ".")):
            break
        end += 1
    return end if strong else at


def _taken_back(items: list[Item], at: int, end: int) -> int | None:
    """Where the words begin that the words behind the mark replace."""
    new = next((item for item in items[end : end + 5] if item.category in _SAME or _noun_of(item)), None)
    if new is None:
        return None
    for index in range(at - 1, max(-1, at - 8), -1):
        old = items[index]
        if old.category == "punct" and old.value in ".;:":
            return None
        numeric = new.category == "qty" and old.category == "num"
        if old.category == new.category or numeric:
            while index and items[index - 1].category in ("det", "poss", "adj", "num") and old.category != "qty":
                index -= 1
            return index
    return None


def _noun_of(item: Item) -> bool:
    return item.is_noun
