"""How each phrase was read, and which words with a meaning of their own went nowhere."""

from scenarios.language.slots import Phrase, Slots
from scenarios.language.tagging import Item
from scenarios.language.tokens import Token

_MEANINGLESS = frozenset({
    "det", "prep", "conj", "punct", "aux", "modal", "to", "pron", "poss", "possessive", "sub", "comp", "rel", "where",
    "there", "num", "ord",
    "lanes", "ratio", "clock", "start", "side", "pos",
})  # fmt: skip
_SILENT_VERBS = frozenset(
    {
        "meta",
        "begin",
        "be",
        "force",
        "let",
        "warn",
        "move",
        "approach",
        "have",
        "illuminate",
        "hold",
        "hide",
        "reveal",
        "change",
        "prevent",
        "come_up_behind",
    }
)


def account_of(text: str, tokens: list[Token], items: list[Item], slots: Slots) -> tuple[Phrase, ...]:
    """The phrases that became something, in the order of the text."""
    _ = slots
    return tuple(
        Phrase(
            text[tokens[i.first].start : tokens[i.last - 1].end],
            tokens[i.first].start,
            tokens[i.last - 1].end,
            i.use,
            i.result or i.value,
        )
        for i in items
        if i.use and i.use != "-"
    )


def not_understood(text: str, tokens: list[Token], items: list[Item]) -> tuple[str, ...]:
    """Verbatim spans that carry meaning and are in no slot; neighbours are joined."""
    spans: list[tuple[int, int]] = []
    open_span = False
    for item in items:
        lost = _lost(item)
        if lost:
            start, end = tokens[item.first].start, tokens[item.last - 1].end
            if open_span and spans:
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((start, end))
        open_span = lost
    return tuple(text[start:end] for start, end in spans)


def _lost(item: Item) -> bool:
    if item.use or item.category in _MEANINGLESS:
        return False
    if item.category == "verb":
        return item.value in ("other", "stuck")
    if item.category == "adv":
        return (item.value == "manner" and item.lemma.endswith("ly")) or item.lemma in (
            "side by side",
            "hard",
            "abreast",
            "two abreast",
            "fast",
        )
    if item.category in ("adj", "word", "opaque", "qty"):
        return item.lemma not in ("ego",) and not (
            item.category == "adj" and item.value.startswith(("dir", "count_other", "same", "own", "main"))
        )
    return False
