"""Noun phrases to road users: new ones, those spoken of before, pronouns, members of groups."""

from scenarios.language.cast import LIVING, MOTOR, THINGS, Actor, Cast, exact_match, matches
from scenarios.language.phrases import NounPhrase
from scenarios.language.slots import SEVERAL

_COUNT_WORDS = {"pair": 2, "trio": 3, "dozen": 12, "half_dozen": 6}
_PLURAL_HEADS = frozenset(
    {
        "people",
        "cattle",
        "traffic",
        "livestock",
        "wildlife",
        "debris",
        "luggage",
        "rubble",
        "litter",
        "garbage",
        "trash",
        "timber",
        "lumber",
    }
)
_ACTS = frozenset({
    "brake", "cut_in", "cut_out", "cut", "signal", "drop", "open", "reverse", "swerve", "cross", "run", "emerge",
    "accelerate", "u_turn", "pull",
    "stand", "stop", "merge", "turn", "fall", "stuck",
})  # fmt: skip

_NEVER_EGO = frozenset(
    {"run", "cross", "cut_in", "cut_out", "drop", "open", "emerge", "reverse", "swerve", "fall", "accelerate", "u_turn"}
)

_BY_WHEEL = frozenset({"open", "merge", "pull", "brake", "reverse", "cut_in", "signal", "overtake", "u_turn"})


def count_of(phrase: NounPhrase) -> int | str:
    """How many a noun phrase names."""
    if phrase.number is not None:
        return int(phrase.number) if phrase.number == int(phrase.number) else SEVERAL
    for det in phrase.dets:
        if det.value in _COUNT_WORDS:
            return _COUNT_WORDS[det.value]
        if det.value == "several":
            single = phrase.head is not None and phrase.head.form == "one" and phrase.head.lemma not in _PLURAL_HEADS
            return 1 if det.lemma == "some" and single else SEVERAL
        if det.value == "both":
            return 2
    head = phrase.head
    if head is not None and head.lemma.endswith("couple"):
        return 2
    if head is not None and head.lemma == "family":
        return SEVERAL
    if head is not None and (head.form == "many" or head.lemma in _PLURAL_HEADS):
        return SEVERAL
    if (
        head is not None
        and head.form == "either"
        and not any(d.value in ("indef", "another", "def") for d in phrase.dets)
    ):
        return SEVERAL if not phrase.dets else 1
    return 1


_NTH = {"third": 3, "fourth": 4, "fifth": 5}


def _size(group: Actor) -> int:
    """How many a counted group had before its members were singled out; 0 for several."""
    if not isinstance(group.count, int):
        return 0
    return group.count + sum(member.count for member in group.members if isinstance(member.count, int))


class Resolver:
    """Finds or makes the road users that a noun phrase names."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.aliases: dict[str, Actor] = {}
        self.clause_subject: list[Actor] = []
        self.clause_objects: list[Actor] = []
        self.split_from: Actor | None = None
        self.distributed = False
        self.colon_group: Actor | None = None
        self.wanted_now: tuple[str, ...] = ()
        self.last_it: Actor | None = None
        self.perceived = False

    def resolve(
        self,
        phrase: NounPhrase,
        wanted: tuple[str, ...] = (),
        concept: str = "",
        role: str = "subject",
        must: bool = False,
        prep: str = "",
    ) -> list[Actor]:
        """Road users of a noun phrase; empty where it names none.

        Args:
            phrase: the noun phrase.
            wanted: relations that words behind it state, as `ahead` in "the car ahead".
            concept: verb that it is the subject of.
            role: subject or object.
            must: whether that verb is required of it ("it must brake").
            prep: preposition before it, where there is one.
        """
        if phrase.category == "ego":
            return [self.cast.ego]
        if phrase.pronoun is not None:
            return self._pronoun(phrase, concept, role, must)
        if phrase.category == "actor":
            return self._named(phrase, wanted, prep)
        if phrase.head is None or (phrase.category == "word" and phrase.value in ("one", "ones")):
            return self._headless(phrase)
        return []

    def peek(self, phrase: NounPhrase) -> list[Actor]:
        """As `resolve`, but nobody new appears."""
        if phrase.category == "actor":
            known = self._known(phrase, ())
            return [known] if known is not None else []
        return self.resolve(phrase, (), "", "object")

    def _named(self, phrase: NounPhrase, wanted: tuple[str, ...], role_prep: str = "") -> list[Actor]:
        head = phrase.head
        if head is None or phrase.denied:
            return []
        if (
            head.lemma in ("bumper", "wheel", "tyre", "tire", "exhaust", "window frame", "door panel", "luggage")
            and phrase.owner is not None
            and not phrase.mod("state:")
        ):
            return []
        if (
            head.lemma == "traffic"
            and not phrase.mod("relation:")
            and not phrase.mod("state:")
            and role_prep in ("in", "with", "into", "across", "to", "out_of", "from", "of", "on", "for", "by", "during")
        ):
            return []
        if head.lemma.startswith("unit:"):
            return [self._unit(head.lemma)]
        owned = any(d.category == "poss" and d.value != "ego" for d in phrase.dets)
        if owned and head.lemma in ("rider", "driver", "jockey", "coachman") and self.cast.latest() is not None:
            latest = self.cast.latest()
            return [latest] if latest is not None else []
        self.wanted_now = wanted
        known = self._known(phrase, wanted)
        if known is not None:
            self.cast.touch(known)
            return [known]
        if self._means_ego(phrase):
            return [self.cast.ego]
        fitting = self._known_group(phrase)
        if fitting:
            return fitting
        count = count_of(phrase)
        if any(d.value in ("other_def",) for d in phrase.dets) or any(
            m.value == "count_other"
            and m.lemma in ("other", "remaining", "first", "second", "third", "last", "leading")
            for m in phrase.mods
        ):
            member = self._member(phrase)
            if member is not None:
                return [member]
        return [self._new(phrase, head.value, head.lemma, count)]

    def _means_ego(self, phrase: NounPhrase) -> bool:
        """`the car` where no other car was named and the ego was."""
        plain = phrase.head is not None and phrase.head.lemma in ("car", "vehicle") and phrase.head.form == "one"
        told = any(actor.is_ego for group in self.cast.subjects for actor in group)
        return bool(
            plain
            and told
            and phrase.det == "def"
            and not phrase.mods
            and not self.wanted_now
            and not any(a.kind == "car" for a in self.cast.live())
        )

    def _new(self, phrase: NounPhrase, kind: str, lemma: str, count: int | str) -> Actor:
        actor = self.cast.add(kind, lemma, count)
        group = self.colon_group
        if group is not None and (
            kind == group.kind or group.lemma in ("vehicle", "animal", "person", "people", "object", "car")
        ):
            actor.relation, actor.manoeuvre, group.gone = list(group.relation), list(group.manoeuvre), True
            actor.speed, actor.distance = group.speed, group.distance
        if lemma == "lead":
            actor.lemma = "car"
            actor.relate("ahead")
        actor.words |= {m.lemma for m in phrase.mods if m.category == "adj"}
        return actor

    def _unit(self, name: str) -> Actor:
        if name not in self.aliases:
            self.aliases[name] = self.cast.add("car", name, 1)
        self.cast.touch(self.aliases[name])
        return self.aliases[name]

    def _known(self, phrase: NounPhrase, wanted: tuple[str, ...]) -> Actor | None:
        """An earlier road user that a definite phrase names."""
        if not self._definite(phrase):
            return None
        fits = [a for a in reversed(self.cast.recent) if not a.is_ego and not a.gone and matches(phrase, a)]
        fits = [a for a in fits if exact_match(phrase, a)] + [a for a in fits if not exact_match(phrase, a)]
        relations = [word for word in (*phrase.mod("relation:"), *wanted)]
        many = count_of(phrase) != 1
        for actor in fits:
            if many != actor.many and not (phrase.head is not None and phrase.head.lemma == "traffic"):
                continue
            if (
                isinstance(count_of(phrase), int)
                and many
                and actor.count != count_of(phrase)
                and actor.count != SEVERAL
            ):
                continue
            if relations and not set(relations) <= set(actor.relation) and self._contradicts(relations, actor):
                continue
            dets = {d.value for d in phrase.dets}
            if "other_def" in dets and actor in self.clause_subject:
                continue
            if (
                "other_def" in dets
                and len(fits) == 1
                and phrase.head is not None
                and phrase.head.lemma == actor.lemma
                and phrase.head.form == "one"
            ):
                return None
            return actor
        return None

    def _contradicts(self, relations: list[str], actor: Actor) -> bool:
        """A road user of whom nothing is known yet takes any relation."""
        return bool(actor.relation) or bool(actor.manoeuvre) or bool(actor.speed) or not relations

    def _known_group(self, phrase: NounPhrase) -> list[Actor]:
        """`the cars`, `both vehicles` for several entries named one by one."""
        head = phrase.head
        if head is None or not self._definite(phrase) or count_of(phrase) == 1:
            return []
        wanted = count_of(phrase)
        fits = [a for a in self.cast.live() if matches(phrase, a) and not a.is_ego]
        if phrase.mod("relation:") or phrase.mod("state:"):
            return []
        if len(fits) >= 2 and (wanted == SEVERAL or wanted == len(fits)):
            return fits
        if (
            wanted == 2
            and len(fits) == 1
            and not fits[0].many
            and head.value in MOTOR
            and head.lemma in ("vehicle", "car")
        ):
            return [fits[0], self.cast.ego]
        return []

    def _definite(self, phrase: NounPhrase) -> bool:
        dets = {d.value for d in phrase.dets}
        if dets & {"indef", "another", "several", "pair", "trio", "dozen"}:
            return False
        if (
            dets & {"def", "other_def", "both", "each"}
            or any(d.category == "poss" for d in phrase.dets)
            or phrase.owner is not None
        ):
            return True
        told = all(m.category == "adj" and m.value.startswith("relation:") for m in phrase.mods)
        return phrase.number is None and phrase.head is not None and phrase.head.form == "one" and told

    def _member(self, phrase: NounPhrase) -> Actor | None:
        """`the first car` of a group named before."""
        for actor in reversed(self.cast.recent):
            if not actor.is_ego and not actor.gone and actor.many and matches(phrase, actor):
                size = int(phrase.number) if phrase.number else 1
                if isinstance(actor.count, int) and actor.count <= size:
                    return actor
                if any(m.lemma in ("other", "remaining") for m in phrase.mods) or "other_def" in {
                    d.value for d in phrase.dets
                }:
                    return actor if not isinstance(actor.count, int) or actor.count > 1 or actor.members else None
                return self.cast.split(actor, size)
        return None

    def _headless(self, phrase: NounPhrase) -> list[Actor]:
        """`two of ...`, `the other`, `another`, `one` on its own."""
        dets = {d.value for d in phrase.dets}
        if "both" in dets:
            return self._both()
        group = self._latest_group()
        if "other_def" in dets:
            return self._others(group)
        word = next((d.lemma.split()[-1] for d in phrase.dets if d.value == "another"), "")
        if group is not None and 0 < _size(group) < _NTH.get(word, 0):
            added = self._another(group, 1)
            added.relate(*group.relation)
            return [added]
        if "another" in dets and group is not None:
            return [self._single(group, 1)]
        latest = self.cast.latest()
        if "another" in dets and latest is not None:
            return [self._another(latest, int(phrase.number) if phrase.number else 1)]
        if (phrase.number is not None or any(m.category in ("ord", "adj") for m in phrase.mods)) and group is not None:
            size = int(phrase.number) if phrase.number else 1
            return [group] if self.distributed else [self._single(group, size)]
        return []

    def _single(self, group: Actor, size: int) -> Actor:
        if isinstance(group.count, int) and group.count <= size and group.group is None and not group.members:
            return group
        if isinstance(group.count, int) and group.count == size and group.members:
            self.cast.last_of(group)
            return group
        self.split_from = group
        return self.cast.split(group, size)

    def _another(self, like: Actor, count: int) -> Actor:
        """`another one`: of the same kind, parked where the first is parked."""
        actor = self.cast.add(like.kind, like.lemma, count)
        actor.like = like
        actor.relate(*[word for word in like.relation if word == "parked"])
        return actor

    def _latest_group(self) -> Actor | None:
        for actor in reversed(self.cast.recent):
            if actor.is_ego:
                continue
            if not actor.gone and (actor.many or actor.members):
                return actor
            if actor.group is not None and not actor.group.gone:
                return actor.group
        return None

    def _group_meant(self, concept: str) -> Actor | None:
        """The group that `one of them` is of: those who can do it, else the last subject, else the latest."""
        groups = [a for a in reversed(self.cast.recent) if not a.is_ego and not a.gone and (a.many or a.members)]
        if len(groups) > 1:
            can = LIVING if concept in ("run",) else (MOTOR if concept in _BY_WHEEL else frozenset())
            fit = [group for group in groups if group.kind in can]
            if fit:
                return fit[0]
            before = self.cast.subjects[-1] if self.cast.subjects else []
            if len(before) == 1 and before[0] in groups:
                return before[0]
        return self._latest_group()

    def _others(self, group: Actor | None) -> list[Actor]:
        if group is not None:
            self.cast.touch(group)
            return [group]
        recent = [a for a in self.cast.recent if not a.is_ego and not a.gone]
        if len(recent) >= 2:
            return [recent[-2]]
        return []

    def _both(self) -> list[Actor]:
        recent = [a for a in self.cast.recent if not a.gone and not a.is_ego]
        if recent and recent[-1].count == 2:
            return [recent[-1]]
        if len(recent) >= 2:
            return sorted(recent[-2:], key=lambda a: a.order)
        return [*recent, self.cast.ego]

    def _pronoun(self, phrase: NounPhrase, concept: str, role: str, must: bool) -> list[Actor]:
        word = phrase.pronoun.value if phrase.pronoun else ""
        if word == "ego":
            return [self.cast.ego]
        if word == "it":
            return self._it(concept, role, must)
        if word == "they":
            return self._they(role)
        if word == "person":
            actor = self.cast.latest(LIVING | {"bicycle", "e_scooter", "motorcycle"}) or self.cast.latest()
            return [actor] if actor else []
        if word in ("former", "latter"):
            return self._former(word)
        if word in ("one_of_them", "two_of_them", "three_of_them", "another_of_them", "first_one"):
            group = self._group_meant(concept)
            size = {"two_of_them": 2, "three_of_them": 3}.get(word, 1)
            whole = group.group if group is not None else None
            if word == "first_one" and whole is not None and not whole.gone and whole.count == 1:
                self.cast.last_of(whole)
                return [whole]
            latest = self.cast.latest()
            named = phrase.pronoun.lemma.split() if phrase.pronoun else []
            beyond = _NTH.get(named[1] if len(named) > 1 else "", 0)
            if group is not None and beyond and 0 < _size(group) < beyond:
                added = self._another(group, 1)
                added.relate(*group.relation)
                return [added]
            if group is None and word == "another_of_them" and latest is not None:
                return [self._another(latest, 1)]
            if group is None:
                pair = self._former("latter" if word == "another_of_them" else "former")
                return pair[:1]
            return [self._single(group, size)]
        if word == "others":
            return self._others(self._latest_group())
        if word == "both_them":
            return self._both()
        if word == "all_them":
            return self._they(role)
        return []

    def _former(self, word: str) -> list[Actor]:
        first: list[Actor] = []
        for actor in self.cast.live():
            if not first or actor.order >= 0:
                first.append(actor)
        recent = [a for a in self.cast.recent if not a.gone and not a.is_ego][-2:]
        recent.sort(key=lambda a: self.cast.actors.index(a))
        if not recent:
            return []
        return [recent[0] if word == "former" else recent[-1]]

    def _it(self, concept: str, role: str, must: bool) -> list[Actor]:
        ego = self.cast.ego
        singles = [a for a in reversed(self.cast.recent) if not a.gone and not a.many]
        if role == "subject" and self.perceived and any(not a.is_ego for a in singles):
            self.perceived = False
            return [next(a for a in singles if not a.is_ego)]
        if role == "subject":
            before = self.cast.subjects[-1] if self.cast.subjects else []
            if len(before) == 1 and before[0].is_ego:
                actor = next((a for a in singles if not a.is_ego), None)
                if actor is not None and not must and concept in _NEVER_EGO:
                    return [actor]
                if actor is not None and not must and (concept in _ACTS) and actor in self.clause_objects:
                    return [actor]
                return [ego]
            if len(before) == 1 and not before[0].many and not before[0].gone:
                return [before[0]]
            actor = next((a for a in singles if not a.is_ego), None)
            return [actor] if actor else [ego]
        singles = [a for a in singles if not a.towed]
        now = self.clause_subject
        if self.last_it is ego and not any(a.is_ego for a in now) and role == "object":
            return [ego]
        if any(a.is_ego for a in now):
            actor = next((a for a in singles if not a.is_ego), None)
            return [actor] if actor else []
        before = [group for group in self.cast.subjects if not set(map(id, group)) & set(map(id, now))]
        if before and len(before[-1]) == 1 and not before[-1][0].many:
            self.last_it = before[-1][0]
            return [before[-1][0]]
        other = next((a for a in singles if a not in now), None)
        return [other] if other else [ego]

    def _they(self, role: str) -> list[Actor]:
        before = self.cast.subjects[-1] if self.cast.subjects else []
        if len(before) > 1 and role == "subject":
            return [a for a in before]
        if before and before[0].many and role == "subject":
            return before
        for actor in reversed(self.cast.recent):
            if not actor.is_ego and not actor.gone and actor.many and actor.kind not in THINGS:
                if actor.members:
                    return [actor, *[m for m in actor.members if not m.gone]]
                return [actor]
        for group in reversed(self.cast.subjects):
            if len(group) > 1:
                return group
        return [a for a in self.cast.recent if not a.gone and not a.is_ego][-2:]
