"""Items into chunks: noun phrases with their head and modifiers, verb groups with voice and negation, the rest."""

from dataclasses import dataclass, field

from scenarios.language.tagging import Item

_PRE = frozenset({"det", "poss", "num", "adj", "ord", "lanes"})
_CONTINUES = frozenset({"being", "been", "be", "having"})


@dataclass(slots=True)
class NounPhrase:
    """A noun phrase; `head` is None for a pronoun or a bare number ("one")."""

    items: list[Item]
    head: Item | None = None
    dets: list[Item] = field(default_factory=list)
    mods: list[Item] = field(default_factory=list)
    owner: "NounPhrase | None" = None
    pronoun: Item | None = None
    number: float | None = None
    of: "NounPhrase | None" = None

    @property
    def category(self) -> str:
        """Category of the head; `pron` for a pronoun."""
        return self.head.category if self.head else ("pron" if self.pronoun else "")

    @property
    def value(self) -> str:
        """Value of the head or pronoun."""
        return self.head.value if self.head else (self.pronoun.value if self.pronoun else "")

    @property
    def det(self) -> str:
        """Value of the first determiner."""
        return self.dets[0].value if self.dets else ""

    @property
    def denied(self) -> bool:
        """Whether it begins with `no`."""
        return any(item.value == "no" and item.category == "det" for item in self.dets)

    def mod(self, prefix: str) -> list[str]:
        """Values of the adjectives that begin with `prefix`, without it."""
        return [m.value[len(prefix) :] for m in self.mods if m.category == "adj" and m.value.startswith(prefix)]

    @property
    def direction(self) -> str:
        """Left or right, where an adjective says so."""
        got = self.mod("dir:")
        if not got and self.head is not None and self.head.category in ("shoulder", "turn", "part"):
            words = self.head.lemma.split()
            got = [word for word in ("left", "right") if word in words]
        if not got:
            got = [m.value for m in self.mods if m.category == "side" and m.value in ("left", "right")]
        if not got and self.mod("far"):
            return "far"
        if not got and any(m.lemma in ("nearside", "near side") for m in self.mods):
            return "near"
        if not got and any(m.lemma == "offside" for m in self.mods):
            return "far"
        return got[0] if got else ""


@dataclass(slots=True)
class VerbGroup:
    """A verb with its auxiliaries.

    Attributes:
        verb: the meaning-bearing item; the copula itself where nothing else stands.
        finite: it can carry a sentence.
        infinitive: it is "to" + base.
        passive: be or get + participle.
        progressive: be + ing.
        denied: "" or what denies it: cannot, fails.
        modal: must, where it is required or wished.
        began: it was governed by a verb such as begin or try.
    """

    items: list[Item]
    verb: Item
    concept: str
    finite: bool = False
    infinitive: bool = False
    passive: bool = False
    progressive: bool = False
    denied: str = ""
    modal: bool = False
    began: bool = False


@dataclass(slots=True)
class Chunk:
    """One step of the walk over a sentence: np, verb, or the category of a lone item."""

    kind: str
    item: Item
    np: NounPhrase | None = None
    group: VerbGroup | None = None

    @property
    def value(self) -> str:
        """Value of the head or pronoun."""
        return self.item.value


def chunks_of(items: list[Item]) -> list[Chunk]:
    """Chunks of one sentence."""
    chunks: list[Chunk] = []
    at = 0
    while at < len(items):
        item = items[at]
        if item.category == "there":
            chunks.append(Chunk("there", item))
            at += 1
            continue
        group = _verb_group(items, at)
        if group is not None:
            chunks.append(Chunk("verb", group[0].verb, group=group[0]))
            at = group[1]
            continue
        phrase = _noun_phrase(items, at)
        if phrase is not None:
            chunks.append(Chunk("np", phrase[0].head or phrase[0].pronoun or phrase[0].items[0], np=phrase[0]))
            at = phrase[1]
            continue
        chunks.append(Chunk(item.category, item))
        at += 1
    return chunks


def _noun_phrase(items: list[Item], at: int) -> tuple[NounPhrase, int] | None:
    start, dets, mods = at, [], []
    number: float | None = None
    while at < len(items) and (items[at].category in _PRE or (items[at].category == "word" and _head_ahead(items, at))):
        item = items[at]
        if item.category == "adj" and not _head_ahead(items, at):
            break
        if item.category in ("det", "poss"):
            if (
                item.category == "det"
                and item.value in ("def", "indef")
                and mods
                and (dets or mods[-1].category == "lanes")
            ):
                break
            dets.append(item)
        elif item.category == "num":
            number = float(item.value)
        else:
            mods.append(item)
        at += 1
    return _with_head(items, start, at, dets, mods, number)


def _head_ahead(items: list[Item], at: int) -> bool:
    """Whether a noun follows through adjectives, numbers and quantities only."""
    for later in items[at + 1 : at + 8]:
        if later.is_noun:
            return True
        if later.category == "pron" and later.value in ("first_one",):
            return False
        if later.category == "word" and later.lemma == "one":
            return True
        if later.category not in ("adj", "num", "ord", "qty", "lanes", "word", "adv") and later.value != ",":
            return False
        if later.category == "adv" and later.lemma not in (
            "very",
            "quite",
            "already",
            "still",
            "fully",
            "partly",
            "badly",
            "slowly",
            "heavily",
            "brightly",
            "poorly",
            "dimly",
            "illegally",
            "closely",
            "fast",
            "slightly",
            "extremely",
            "oncoming",
            "lightly",
            "so",
            "rather",
            "partially",
        ):
            return False
        if later.value == "," and (items[at].category != "adj" or items[at].lemma in ("slower", "faster", "quicker")):
            return False
    return False


def _with_head(
    items: list[Item], start: int, at: int, dets: list[Item], mods: list[Item], number: float | None
) -> tuple[NounPhrase, int] | None:
    while (
        at < len(items)
        and items[at].category in ("qty", "adv", "punct", "word")
        and (dets or mods)
        and _head_ahead(items, at)
    ):
        if items[at].category == "punct" and items[at].value != ",":
            break
        mods.append(items[at])
        at += 1
        while at < len(items) and items[at].category in ("adj", "lanes", "num", "ord"):
            if items[at].category == "num":
                number = float(items[at].value)
            mods.append(items[at])
            at += 1
    if at < len(items) and items[at].category == "pron":
        phrase = NounPhrase(items[start : at + 1], None, dets, mods, None, items[at], number)
        return phrase, at + 1
    nouns: list[Item] = []
    while at < len(items) and (items[at].is_noun or (nouns and _bridges(items, at, nouns))):
        if nouns and items[at].is_noun and not _compounds(nouns[-1], items[at]):
            break
        nouns.append(items[at])
        at += 1
    if not nouns:
        if number is not None and at == start + 1 + len(dets):
            return NounPhrase(items[start:at], None, dets, mods, None, None, number), at
        if dets and any(d.value in ("both", "each", "other_def", "another", "several") for d in dets):
            return NounPhrase(items[start:at], None, dets, mods, None, None, number), at
        if dets and at < len(items) and items[at].category == "word":
            return NounPhrase([*items[start : at + 1]], items[at], dets, mods, None, None, number), at + 1
        if not dets and not mods:
            return None
        if mods and not dets and not any(m.category != "adj" for m in mods):
            return None
        return NounPhrase(items[start:at], None, dets, mods, None, None, number), max(at, start + 1)
    phrase = NounPhrase(items[start:at], nouns[-1], dets, mods + nouns[:-1], None, None, number)
    if (
        len(nouns) > 1
        and nouns[-2].category in ("ego", "actor")
        and nouns[-1].category in ("measure", "part", "lane", "path", "side")
    ):
        phrase.owner = NounPhrase(
            [nouns[-2]], nouns[-2], [d for d in dets if d.category == "det"], [m for m in mods if m.category == "adj"]
        )
    return _owned(items, at, phrase)


def _bridges(items: list[Item], at: int, nouns: list[Item]) -> bool:
    return False


_NO_COMPOUND = frozenset({"place", "light", "weather", "surface", "feature", "signal"})


def _compounds(first: Item, second: Item) -> bool:
    """Whether two neighbouring nouns make one phrase."""
    if second.lemma == "tonight":
        return False
    if first.category == "ego":
        return second.category in ("lane", "measure", "path", "part", "side")
    if first.category == "actor":
        if second.category in _NO_COMPOUND:
            return False
        if second.category == "lane" and second.value != "plain":
            return False
        return second.category not in ("side", "shoulder")
    if second.category in ("light", "weather") and first.category not in ("light", "weather"):
        return False
    if second.category == "ego":
        return first.category in ("actor",)
    return not (second.category == "actor" and first.category in ("light", "weather", "lane", "side", "measure"))


def _owned(items: list[Item], at: int, phrase: NounPhrase) -> tuple[NounPhrase, int]:
    if at < len(items) and items[at].category in ("possessive",):
        inner = _noun_phrase(items, at + 1)
        if inner is None:
            return phrase, at + 1
        owned = inner[0]
        if owned.owner is None:
            owned.owner = phrase
        owned.items = [*phrase.items, items[at], *owned.items]
        return owned, inner[1]
    if phrase.category == "group" and phrase.head is not None and not (at < len(items) and items[at].value == "of"):
        phrase.head.category = "actor"
        phrase.head.form = "many"
        phrase.head.value, phrase.head.lemma = {"herd": ("animal", "animal"), "group": ("pedestrian", "people")}.get(
            phrase.head.value, ("car", "traffic")
        )
    if (
        phrase.category == "lane"
        and phrase.value in ("plain", "adjacent")
        and at < len(items)
        and items[at].lemma in ("to", "on")
    ):
        inner = _noun_phrase(items, at + 1)
        if (
            inner is not None
            and inner[0].category == "side"
            and inner[0].value in ("left", "right")
            and inner[0].head is not None
        ):
            phrase.mods.append(inner[0].head)
            phrase.items = [*phrase.items, items[at], *inner[0].items]
            return phrase, inner[1]
    if at + 1 < len(items) and items[at].category == "prep" and items[at].value == "of":
        inner = _noun_phrase(items, at + 1)
        if inner is not None and not (phrase.category == "ego" and inner[0].category == "actor"):
            return _of(phrase, inner[0], items[at]), inner[1]
    return phrase, at


def _of(phrase: NounPhrase, inner: NounPhrase, of: Item) -> NounPhrase:
    """`the driver of the truck` is the truck; `a queue of cars` are cars; `the lane of the ego` is the ego's."""
    items = [*phrase.items, of, *inner.items]
    if phrase.category == "group" and inner.category == "actor":
        inner.mods = [*(m for m in phrase.mods if m not in inner.mods), *inner.mods]
        if inner.number is None:
            inner.dets = [Item("det", "several", "", phrase.value, of.first, of.first)]
        else:
            inner.dets = phrase.dets
        inner.items = items
        return inner
    if phrase.category == "actor" and inner.category == "actor" and phrase.head is not None:
        part_of = phrase.head.lemma in ("driver", "motorist", "passenger", "rider", "crew") or phrase.value == "debris"
        if part_of:
            keep = inner if phrase.value != "debris" else phrase
            keep.items = items
            return keep
    phrase.of, phrase.items = inner, items
    if phrase.owner is None:
        phrase.owner = inner
    return phrase


def _verb_group(items: list[Item], at: int) -> tuple[VerbGroup, int] | None:
    start, state = at, {"be": False, "modal": False, "to": False, "have": False}
    denied, began, finite = "", False, False
    last_aux: Item | None = None
    while at < len(items):
        item = items[at]
        if item.category == "modal":
            denied = item.value if item.value in ("cannot", "fails") else denied
            state["modal"] = state["modal"] or item.value == "must"
            finite = finite or ((item.value != "fails" or item.lemma.split()[0] not in ("without", "failing",
            "refusing", "forgetting", "neglecting", "omitting", "instead", "rather", "not", "no",
            "having")) and item.lemma not in (
                "prevented from", "blocked from", "unable to", "incapable of", "about to", "impossible to",
                "be able to", "be unable to", "too late to", "too narrow to", "not safe to", "unsafe to",
            )) or last_aux is not None  # fmt: skip
            if item.lemma in ("is not", "are not", "was not", "were not"):
                state["be"], last_aux = True, item
            if item.lemma.startswith(("is ", "are ", "was ", "were ")) and item.lemma.endswith("not") is False:
                last_aux = item
            if item.lemma in ("has not", "have not", "had not"):
                last_aux = item
        elif item.category == "aux":
            state["be"] = state["be"] or item.value == "be"
            state["have"] = state["have"] or item.value == "have"
            finite = finite or (item.lemma not in _CONTINUES and not (state["to"] and item.lemma == "be"))
            last_aux = item
        elif item.category == "to" and (at + 1 < len(items)):
            if at != start and not began and last_aux is None and not state["modal"]:
                break
            state["to"] = True
        elif item.category == "adv" and (at != start) and _group_goes_on(items, at):
            pass
        elif item.category == "verb":
            if item.value == "begin" and _governs(items, at):
                began = True
                finite = finite or item.form in ("s", "past") or (item.form == "base" and not state["to"])
                at += 1
                continue
            return _finish(items, start, at, item, state, denied, began, finite), at + 1
        else:
            break
        at += 1
    if last_aux is not None:
        end = items.index(last_aux, start) + 1
        concept = "have" if last_aux.value == "have" else ("do" if last_aux.value == "do" else "be")
        group = VerbGroup(
            items[start:end], last_aux, concept, finite, state["to"] and not finite, denied=denied, modal=state["modal"]
        )
        return group, end
    return None


def _group_goes_on(items: list[Item], at: int) -> bool:
    for later in items[at + 1 : at + 4]:
        if later.category in ("verb", "aux", "modal"):
            return True
        if later.category not in ("adv", "to"):
            return False
    return False


def _governs(items: list[Item], at: int) -> bool:
    """Whether a verb such as begin is followed by the verb that it governs."""
    here = items[at]
    for later in items[at + 1 : at + 4]:
        if later.category == "verb":
            return later.form == "ing" or (
                later.form == "base" and (here.lemma.endswith(" to") or items[at + 1].category == "to")
            )
        if later.category in ("aux",) and later.lemma in ("be", "being"):
            return True
        if later.category == "modal" and later.value == "must":
            return True
        if later.category not in ("to", "adv"):
            return False
    return False


def _finish(
    items: list[Item], start: int, at: int, verb: Item, state: dict[str, bool], denied: str, began: bool, finite: bool
) -> VerbGroup:
    form = verb.form
    entries = [entry for entry in verb.meanings if entry.category == "verb" and entry.value == verb.value]
    forms = {entry.form for entry in entries} or {form}
    passive = (
        state["be"] and "part" in forms and "ing" not in forms and not (state["have"] and items[at - 1].value == "have")
    )
    progressive = state["be"] and "ing" in forms
    if not (state["be"] or state["have"] or state["modal"] or state["to"] or denied):
        finite = finite or form in ("s", "past", "base")
    infinitive = state["to"] and not finite
    return VerbGroup(
        items[start : at + 1],
        verb,
        verb.value,
        finite,
        infinitive,
        passive,
        progressive,
        denied,
        state["modal"] or began,
        began,
    )
