"""Who is in the scene: road users as they are built up while the text is read, and what a word refers to."""

from dataclasses import dataclass, field

from scenarios.language.phrases import NounPhrase
from scenarios.language.slots import SEVERAL, ActorSlots, Range, TriggerSlots

MOTOR = frozenset({"car", "van", "truck", "bus", "motorcycle", "emergency_vehicle", "construction_vehicle", "tram"})
RIDDEN = frozenset({"motorcycle", "bicycle", "e_scooter"})
WALKING = frozenset({"pedestrian", "child", "flagger"})
LIVING = frozenset({"pedestrian", "child", "flagger", "animal"})
THINGS = frozenset({"debris", "cone"})
_ALSO: dict[str, frozenset[str]] = {
    "vehicle": MOTOR | {"trailer"},
    "motor vehicle": MOTOR,
    "driver": MOTOR,
    "motorist": MOTOR,
    "target vehicle": MOTOR,
    "heavy vehicle": frozenset({"truck", "bus", "construction_vehicle"}),
    "rider": RIDDEN,
    "car": frozenset({"car", "emergency_vehicle"}),
    "van": frozenset({"van", "emergency_vehicle"}),
    "truck": frozenset({"truck", "emergency_vehicle", "construction_vehicle"}),
    "bike": RIDDEN,
    "scooter": frozenset({"e_scooter", "motorcycle"}),
    "motorcycle": frozenset({"motorcycle", "emergency_vehicle"}),
    "person": WALKING,
    "people": WALKING,
    "man": WALKING,
    "woman": WALKING,
    "pedestrian": frozenset({"pedestrian", "child"}),
    "worker": frozenset({"pedestrian", "flagger"}),
    "officer": frozenset({"pedestrian", "flagger"}),
    "animal": frozenset({"animal"}),
    "object": frozenset({"debris", "cone", "trailer"}),
    "obstacle": frozenset({"debris", "cone", "trailer", "truck", "car", "van", "bus", "construction_vehicle"}),
    "obstruction": frozenset({"debris", "cone", "trailer", "truck", "car", "van", "bus", "construction_vehicle"}),
    "item": THINGS,
    "student": WALKING,
    "passenger": WALKING,
    "cyclist": frozenset({"bicycle"}),
    "machine": frozenset({"construction_vehicle"}),
    "traffic": frozenset({"car"}),
    "emergency vehicle": frozenset({"emergency_vehicle"}),
    "train": frozenset({"tram"}),
}


@dataclass(slots=True, eq=False)
class Actor:
    """A road user while it is read; the ego is one too, with `kind` ego."""

    kind: str
    lemma: str
    count: int | str = 1
    relation: list[str] = field(default_factory=list)
    manoeuvre: list[str] = field(default_factory=list)
    speed: Range | None = None
    distance: Range | None = None
    occluded_by: "Actor | None" = None
    trigger: TriggerSlots | None = None
    order: int = 0
    members: list["Actor"] = field(default_factory=list)
    group: "Actor | None" = None
    gone: bool = False
    words: set[str] = field(default_factory=set)
    towed: bool = False
    boarded: bool = False
    like: "Actor | None" = None

    @property
    def is_ego(self) -> bool:
        """Whether this is the ego."""
        return self.kind == "ego"

    @property
    def many(self) -> bool:
        """Whether the entry names more than one."""
        return self.count == SEVERAL or (isinstance(self.count, int) and self.count > 1)

    def relate(self, *words: str) -> None:
        """Adds positions, each once; the ego has none."""
        for word in words:
            if word and word not in self.relation and not self.is_ego:
                self.relation.append(word)

    def does(self, *words: str) -> None:
        """Adds deeds in the order of time, each once."""
        for word in words:
            if word and word not in self.manoeuvre:
                self.manoeuvre.append(word)

    def slots(self) -> ActorSlots:
        """The entry of the contract: parked things do not also stand still, who crosses is crossing."""
        manoeuvre = list(self.manoeuvre)
        relation = list(self.relation)
        if "parked" in relation and "stand_still" in manoeuvre:
            manoeuvre.remove("stand_still")
        if self.kind in THINGS and "stand_still" in manoeuvre:
            manoeuvre.remove("stand_still")
        if "cross" in manoeuvre and "crossing" not in relation:
            relation.append("crossing")
        hidden = self.occluded_by.kind if self.occluded_by else None
        return ActorSlots(
            self.kind, self.count, tuple(relation), tuple(manoeuvre), self.speed, self.distance, hidden, self.trigger
        )


@dataclass(slots=True)
class Cast:
    """All road users of the text in the order of first mention, and who was spoken of last."""

    ego: Actor = field(default_factory=lambda: Actor("ego", "ego"))
    actors: list[Actor] = field(default_factory=list)
    recent: list[Actor] = field(default_factory=list)
    subjects: list[list[Actor]] = field(default_factory=list)
    mentioned: int = 0

    def add(self, kind: str, lemma: str, count: int | str) -> Actor:
        """A new road user, spoken of last."""
        actor = Actor(kind, lemma, count, order=len(self.actors))
        self.actors.append(actor)
        self.touch(actor)
        return actor

    def touch(self, actor: Actor) -> None:
        """This one was spoken of last."""
        if actor in self.recent:
            self.recent.remove(actor)
        self.recent.append(actor)

    def last_of(self, group: Actor) -> None:
        """What remained of a group is singled out too: it stands behind the members named before it."""
        members = [actor for actor in group.members if actor in self.actors]
        if members:
            self.actors.remove(group)
            self.actors.insert(self.actors.index(members[-1]) + 1, group)
        self.touch(group)

    def live(self) -> list[Actor]:
        """Those that stand for somebody still."""
        return [actor for actor in self.actors if not actor.gone]

    def latest(self, accept: frozenset[str] | None = None, but: tuple[Actor, ...] = ()) -> Actor | None:
        """The road user spoken of last (not the ego) of these classes."""
        for actor in reversed(self.recent):
            if actor.is_ego or actor.gone or actor in but:
                continue
            if accept is None or actor.kind in accept:
                return actor
        return None

    def split(self, group: Actor, size: int) -> Actor:
        """Singles out members of a group; the rest of a counted group keeps its entry."""
        member = Actor(
            group.kind, group.lemma, size, list(group.relation), list(group.manoeuvre), group.speed, group.distance,
            group.occluded_by, group.trigger, group=group,
        )  # fmt: skip
        group.members.append(member)
        at = self.actors.index(group) + len(group.members)
        self.actors.insert(at, member)
        if isinstance(group.count, int):
            group.count -= size
            group.gone = group.count <= 0
        self.touch(member)
        return member


def matches(phrase: NounPhrase, actor: Actor) -> bool:
    """Whether a noun phrase can name that road user."""
    head = phrase.head
    if head is None or actor.gone:
        return False
    words = head.lemma.split()
    accepted = (
        _ALSO.get(head.lemma) or _ALSO.get(words[-1], frozenset())
        if len(words) < 2 or words[-1] in actor.lemma
        else frozenset()
    )
    if head.lemma in _ALSO:
        accepted = _ALSO[head.lemma]
    if (
        head.lemma == "bike"
        and actor.kind == "motorcycle"
        and actor.lemma not in ("motorbike", "motor bike", "biker", "motorcycle")
    ):
        return False
    if actor.kind == "animal" and head.value == "animal":
        return (
            head.lemma in ("animal", "wildlife", "critter")
            or head.lemma == actor.lemma
            or actor.lemma in ("animal", "wildlife")
        )
    if actor.kind == "debris" and head.value == "debris":
        generic = ("object", "obstacle", "debris", "item", "obstruction", "stuff", "lost item", "soft target")
        return head.lemma in generic or actor.lemma in generic or head.lemma.split()[-1] == actor.lemma.split()[-1]
    return actor.kind == head.value or actor.kind in accepted


def exact_match(phrase: NounPhrase, actor: Actor) -> bool:
    """Whether class and word agree."""
    head = phrase.head
    return (
        head is not None
        and actor.kind == head.value
        and (head.lemma == actor.lemma or head.lemma.split()[-1] == actor.lemma.split()[-1])
    )
