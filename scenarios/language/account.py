"""How each phrase was read, and which words with a meaning of their own went nowhere."""

from collections.abc import Iterator, Sequence

from scenarios.language.cast import Actor
from scenarios.language.slots import Phrase, Range, Slots
from scenarios.language.tagging import Item
from scenarios.language.tokens import Token

_FUNCTION = frozenset({
    "det", "prep", "conj", "punct", "aux", "modal", "to", "pron", "poss", "possessive", "sub", "comp", "rel", "where",
    "there", "num", "ord", "lanes", "ratio", "clock", "start", "side", "pos", "ego", "ditto", "turn", "exit", "group",
    "path", "deed", "lanechange", "overtaking", "uturn", "lane",
})  # fmt: skip
_SILENT_VERBS = frozenset({
    "meta", "begin", "be", "force", "let", "warn", "move", "approach", "have", "illuminate", "hold", "hide", "reveal",
    "change", "prevent", "come_up_behind", "close", "block", "direct", "follow", "rain", "snow", "fail", "avoid",
})  # fmt: skip
_LISTS = ("relation", "manoeuvre")
_MANNERS = frozenset({
    "side by side", "hard", "abreast", "two abreast", "fast", "at high speed", "at speed", "at full speed",
    "at low speed", "too fast", "diagonally", "sideways", "together", "late", "too late", "flat out", "in single file",
})  # fmt: skip
_OPENERS = frozenset({"prep", "pos", "det", "poss", "adj", "num"})
_SILENT_ADJ = ("dir", "count_other", "same", "own", "main", "adjacent", "opposite", "near", "far", "empty")
_PARTICLES = frozenset({"along", "around", "away", "back", "off", "up", "down", "over", "out", "through", "by"})


def account_of(
    text: str, tokens: list[Token], items: list[Item], slots: Slots, actors: Sequence[Actor]
) -> tuple[Phrase, ...]:
    """The phrases that became something, in the order of the text, each with its slot, indices included."""
    found: list[Phrase] = []
    for item in items:
        start, end = tokens[item.first].start, tokens[item.last - 1].end
        for path, value in _paths(item, slots, actors):
            before = next((k for k in range(len(found) - 1, -1, -1) if found[k].path == path), None)
            if before is not None and found[before].value == value and not text[found[before].end : start].strip(" -"):
                begin = found[before].start
                found[before] = Phrase(text[begin:end], begin, end, path, value)
            else:
                found.append(Phrase(text[start:end], start, end, path, value))
    return tuple(dict.fromkeys(found))


def _paths(item: Item, slots: Slots, actors: Sequence[Actor]) -> Iterator[tuple[str, str]]:
    for owner, key, value in item.marks:
        if owner is None:
            yield from _listed(key, value, slots.negations)
        elif isinstance(owner, Actor) and owner.is_ego:
            if key == "manoeuvre":
                yield from _listed("ego.manoeuvre", value, slots.ego.manoeuvre)
            elif key == "speed_mps":
                yield "ego.speed_mps", value
        elif owner in actors:
            at = actors.index(owner)  # type: ignore[arg-type]
            if key in _LISTS:
                yield from _listed(f"actors[{at}].{key}", value, getattr(slots.actors[at], key))
                if value == "cross":
                    yield from _listed(f"actors[{at}].relation", "crossing", slots.actors[at].relation)
            else:
                yield f"actors[{at}].{key}", value
    if item.use and item.use != "-":
        yield from _scene(item, slots)


def _scene(item: Item, slots: Slots) -> Iterator[tuple[str, str]]:
    """Words of the stage: road, weather, light, surface, radio."""
    value = item.result or item.value
    lists = {"weather": slots.weather, "surface": slots.surface, "road.features": slots.road.features}
    lists["negations"] = slots.negations
    if item.use in lists:
        for word in value.split(", "):
            yield from _listed(item.use, word, lists[item.use])
    elif item.use == "road.kind":
        if slots.road.kind is not None and slots.road.kind in value:
            yield "road.kind", slots.road.kind
    elif item.use == "light":
        if slots.light is not None:
            yield "light", slots.light
    elif item.use.startswith(("road.", "v2x", "ego.")):
        yield item.use, value


def _listed(path: str, value: str, words: Sequence[str]) -> Iterator[tuple[str, str]]:
    if value in words:
        yield f"{path}[{list(words).index(value)}]", value


def settle_quantities(items: list[Item], slots: Slots, actors: Sequence[Actor]) -> None:
    """Marks every quantity with the slot that holds it."""
    taken: set[tuple[int, str]] = set()
    for item in items:
        if item.qty is None:
            continue
        for at, key, value in _ranges(slots):
            if (at, key) not in taken and _same(item.qty.value, value):
                taken.add((at, key))
                owner = actors[at] if at >= 0 else None
                if owner is not None:
                    item.mark(owner, key, _shown(value))
                else:
                    item.use, item.result = f"ego.{key}" if not key.startswith("v2x") else key, _shown(value)
                break
        else:
            if item.use in ("speed", "distance", "trigger"):
                item.use = ""
        if item.use in ("speed", "distance", "trigger"):
            item.use = "-"


def _ranges(slots: Slots) -> Iterator[tuple[int, str, Range | None]]:
    yield -1, "speed_mps", slots.ego.speed_mps
    for at, actor in enumerate(slots.actors):
        yield at, "speed_mps", actor.speed_mps
        yield at, "distance_m", actor.distance_m
        if actor.trigger is not None:
            yield at, "trigger.value", actor.trigger.value


def _same(one: Range, two: Range | None) -> bool:
    if two is None:
        return False
    pairs = zip(one, two, strict=True)
    return all(a is b or (a is not None and b is not None and abs(a - b) < 1e-6) for a, b in pairs)


def _shown(value: Range | None) -> str:
    low, high = value if value is not None else (None, None)
    return "[" + ", ".join("null" if end is None else f"{end:.2f}".rstrip("0").rstrip(".") for end in (low, high)) + "]"


def not_understood(text: str, tokens: list[Token], items: list[Item]) -> tuple[str, ...]:
    """Verbatim spans that carry meaning and are in no slot, with the small words before them; neighbours are joined."""
    spans: list[list[int]] = []
    for at, item in enumerate(items):
        if item.category == "measure" and any(
            i.qty is not None and (i.marks or i.use) for i in items[max(0, at - 2) : at + 4]
        ):
            continue
        if not _lost(item) and not (spans and spans[-1][1] == at and _particle(items, at)):
            continue
        begin = at
        if item.is_noun or item.category in ("word", "qty"):
            begin = _opening(items, at, spans[-1][1] if spans else 0)
        if spans and begin <= spans[-1][1]:
            spans[-1][1] = at + 1
        else:
            spans.append([begin, at + 1])
    return tuple(text[tokens[items[a].first].start : tokens[items[b - 1].last - 1].end] for a, b in spans)


def _opening(items: list[Item], at: int, floor: int) -> int:
    """Where the phrase of a lost noun begins: preposition, article and idle adjectives."""
    begin = at
    while begin > floor and items[begin - 1].category in _OPENERS and not items[begin - 1].marks:
        begin -= 1
        if items[begin].category in ("prep", "pos"):
            break
    return begin


def _particle(items: list[Item], at: int) -> bool:
    """`along` of "walks along": it belongs to the verb before it."""
    item = items[at]
    return item.category in ("adv", "prep") and item.lemma in _PARTICLES and items[at - 1].category == "verb"


def _lost(item: Item) -> bool:
    if item.use or item.marks or item.category in _FUNCTION:
        return False
    if item.category == "verb":
        return item.value not in _SILENT_VERBS and item.lemma not in ("take", "make", "do", "fall asleep at")
    if item.category == "adv":
        return item.lemma in _MANNERS or (item.value == "manner" and item.lemma.endswith("ly"))
    if item.category == "adj":
        return not item.value.startswith(_SILENT_ADJ)
    return item.category in ("word", "qty", "opaque", "part", "denied", "space", "actor", "measure")
