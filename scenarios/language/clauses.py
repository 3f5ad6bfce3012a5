"""The clause under way: its frame, subject, event and what waits for the next one."""

from collections.abc import Callable
from dataclasses import dataclass, field

from scenarios.language.cast import Actor, Cast
from scenarios.language.deeds import Event, Place
from scenarios.language.phrases import Chunk, NounPhrase
from scenarios.language.quantities import Quantity
from scenarios.language.references import Resolver
from scenarios.language.slots import Range
from scenarios.language.tagging import Item

TRANSITIVE = frozenset({
    "follow", "overtake", "approach", "hide", "reveal", "collide", "prevent", "avoid", "force", "let", "warn", "drop",
    "open", "hold", "have",
    "close", "meta", "come_up_behind", "signal", "enter", "exit", "cross", "block", "cut", "direct", "run", "cut_in",
    "illuminate", "other", "change", "yield",
    "begin", "fail", "join", "merge", "turn", "be", "pull", "ignore", "park", "brake", "reverse", "stop", "lane_change",
})  # fmt: skip
INTRANSITIVE_NEXT_SUBJECT = frozenset({
    "brake", "stop", "stand", "accelerate", "move", "emerge", "slow_move", "swerve", "cut_out", "lane_change",
    "u_turn", "reverse", "park", "fall", "pull",
    "turn", "merge", "run", "signal", "cross", "cut_in", "be", "approach", "yield", "stuck", "rain", "snow",
    "come_up_behind", "other", "enter", "exit", "begin",
})  # fmt: skip
CONTROL = frozenset({"force", "let", "warn", "prevent", "meta", "ask", "stop"})
_TAKES_ANTECEDENT = frozenset({"follow", "overtake", "approach", "come_up_behind", "meta", "hide", "yield", "collide"})
TRIGGERS = frozenset({"when", "once", "after", "if", "whereupon"})


@dataclass(slots=True)
class Frame:
    """A clause under way.

    Attributes:
        kind: main, rel, part, trigger, sub, before, instead.
        prefix: the clause stands before the one that it belongs to.
    """

    kind: str
    subject: list[Actor] = field(default_factory=list)
    event: Event | None = None
    prefix: bool = False
    word: str = ""
    numbers: list[tuple[Quantity, str, NounPhrase | None]] = field(default_factory=list)
    had_verb: bool = False
    lead: Quantity | None = None
    deed: bool = False
    mentions_ego: bool = False
    resumed: "Frame | None" = None
    topic: list[Actor] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    comma: bool = False


class Walk:
    """Where the reading of a sentence stands, and the moves from clause to clause.

    The hooks (`on_event` and the like) are set by the reader; they put what is read into the cast.
    """

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.chunks: list[Chunk] = []
        self.at = 0
        self.frame = Frame("main")
        self.outer: list[Frame] = []
        self.prep: Chunk | None = None
        self.last: tuple[NounPhrase, list[Actor]] | None = None
        self.last_actor: list[Actor] = []
        self.resolver = Resolver(cast)
        self.events: list[Event] = []
        self.frames: list[Frame] = []
        self.links: list[tuple[Frame, Event | None, str]] = []
        self.notes: list[tuple[str, Actor | None, Chunk]] = []
        self.denials: list[tuple[NounPhrase, Chunk]] = []
        self.pending: list[Frame] = []
        self.dangling: list[Event] = []
        self.placed: list[tuple[list[Actor], Place]] = []
        self.measure: NounPhrase | None = None
        self.compare: tuple[str, float, Range, list[Actor]] | None = None
        self.comparisons: list[tuple[str, float, Range, Actor, Actor]] = []
        self.said_from = False
        self.as_participle = False
        self.subject_part: NounPhrase | None = None
        self.subject_phrase: NounPhrase | None = None
        self.front: list[Place] = []
        self.front_used: list[Place] = []
        self.front_gap: Range | None = None
        self.emptied: list[NounPhrase] = []
        self.last_prep = ""
        self.last_place = ""
        self.last_lane: NounPhrase | None = None
        self.lane_sides: dict[str, Item] = {}
        self.gap_told = False
        self.same_deed: Event | None = None
        self.next_gap: Range | None = None
        self.lane_of_next: NounPhrase | None = None
        self.radio = False
        self.moments: list[tuple[str, Quantity, Event | int | None]] = []
        self.on_event: Callable[[Event], None] = lambda event: None
        self.on_quantity: Callable[[Chunk, Chunk | None], None] = lambda chunk, prep: None
        self.on_phrase: Callable[[NounPhrase, list[Actor], Chunk], None] = lambda phrase, actors, chunk: None
        self.on_place: Callable[[Actor, Place, Event | None], None] = lambda actor, place, event: None

    def chunk(self, offset: int) -> Chunk | None:
        """The chunk so many steps from here."""
        at = self.at + offset
        return self.chunks[at] if 0 <= at < len(self.chunks) else None

    def kind_at(self, offset: int) -> str:
        """Kind of the chunk so many steps from here; empty where the sentence ends."""
        chunk = self.chunk(offset)
        return chunk.kind if chunk is not None else ""

    def close(self) -> None:
        """Ends the event under way and all clauses."""
        self.end_event()
        while self.outer:
            self.leave()
        self.finish_frame(self.frame)

    def finish_frame(self, frame: Frame) -> None:
        """Links a subordinate clause that is over to the event that it belongs to."""
        if frame.kind in ("trigger", "before", "sub", "instead") and not frame.prefix:
            self.links.append(
                (
                    frame,
                    frame.resumed.event if frame.resumed and frame.resumed.event else self.last_event(frame),
                    "behind",
                )
            )

    def last_event(self, frame: Frame) -> Event | None:
        """The event before this clause."""
        for event in reversed(self.events):
            if event is not frame.event and event not in self.dangling:
                return event
        return None

    def end_event(self) -> None:
        """Ends the event under way and has it written down."""
        event = self.frame.event
        if event is not None:
            event.emitted = True
            self.on_event(event)

    def push(self, frame: Frame) -> None:
        """Begins a clause inside the one under way."""
        if self.frame.event is not None:
            self.on_event(self.frame.event)
        frame.resumed = self.frame
        self.outer.append(self.frame)
        self.frame = frame

    def leave(self) -> None:
        """Returns to the clause outside."""
        self.finish_frame(self.frame)
        self.end_event()
        if self.frame.prefix and self.frame.kind in ("trigger", "sub", "before"):
            self.pending.append(self.frame)
        self.frame = self.outer.pop()

    def to_main(self) -> None:
        """Returns to the main clause."""
        while self.outer:
            self.leave()

    def start(self, subject: list[Actor], phrase: NounPhrase | None) -> None:
        """A noun phrase becomes the subject of a new clause."""
        if self.frame.kind in ("rel", "part", "inf"):
            while self.outer and self.frame.kind in ("rel", "part", "inf"):
                self.leave()
        if (
            self.frame.kind in ("trigger", "sub", "before", "instead", "comp")
            and self.frame.had_verb
            and (self.frame.event is not None)
        ):
            if self._clause_goes_on():
                self.end_event()
                self.frame.subject, self.frame.event, self.frame.had_verb = subject, None, True
                self.resolver.clause_subject = subject
                return
            self.to_main()
        if self.frame.had_verb and self.frame.event is not None:
            self.end_event()
            if self.frame.kind == "main" and not self.outer:
                self.frame = Frame("main")
        if self.lane_of_next is not None:
            for actor in subject:
                self.on_place(actor, Place("in", "in", self.lane_of_next, []), None)
            self.lane_of_next = None
        if subject and not subject[0].is_ego:
            for place in self.front:
                for actor in subject:
                    self.on_place(actor, place, None)
            for actor in subject:
                actor.distance = actor.distance or self.front_gap
            if self.front_gap is not None:
                self.front_gap = None
        self.front_used, self.front = self.front if subject else [], []
        self.subject_phrase = phrase if not subject else None
        self.frame.subject = subject
        self.frame.topic = subject if self.frame.word != "object" else self.frame.topic
        self.frame.event = None
        self.frame.had_verb = False
        if subject:
            self.resolver.clause_subject = subject
            self.resolver.clause_objects = []

    def _clause_goes_on(self) -> bool:
        """`once the bus has gone and the ego is near, a boy ...`: the second clause is under the same `once`."""
        before = self.chunk(-1)
        if not self.frame.prefix or before is None or before.kind != "conj" or before.value != "and":
            return False
        rest = self.chunks[self.at + 1 :]
        comma = next((k for k, c in enumerate(rest) if c.kind == "punct" and c.value == ","), None)
        if comma is None or not any(c.kind == "verb" and c.group and c.group.finite for c in rest[:comma]):
            return False
        main = rest[comma + 1 : comma + 2]
        return bool(main) and main[0].kind in ("np", "adv") and any(
            c.kind == "verb" and c.group and c.group.finite for c in rest[comma + 1 :]
        )  # fmt: skip

    def open_event(self, chunk: Chunk, subject: list[Actor], kind: str = "") -> Event:
        """A verb begins an event of this subject; clauses that wait for one are linked to it."""
        kind_participle, self.as_participle = self.as_participle, False
        self.last_prep = ""
        group = chunk.group
        assert group is not None
        if self.frame.event is not None:
            self.end_event()
        event = Event(group.concept, group.verb.lemma, group, subject, kind or self.frame.kind)
        event.denied, event.scene = group.denied, self.last_place
        event.passive = group.passive or (bool(kind_participle) and group.verb.form in ("part", "past"))
        earlier = self.chunk(-1)
        if earlier is not None and earlier.item.lemma == "having":
            event.passive = False
        frame = self.frame
        if (
            frame.word == "object"
            and frame.topic
            and group.concept in _TAKES_ANTECEDENT
            and frame.topic[0] not in subject
        ):
            event.objects = list(frame.topic)
        if self.subject_part is not None:
            event.things.append(self.subject_part)
            self.subject_part = None
        if self.subject_phrase is not None and not subject and group.concept in ("block", "close", "hide"):
            event.things.append(self.subject_phrase)
            self.subject_phrase = None
        if (
            self.subject_phrase is not None
            and not subject
            and event.passive
            and self.subject_phrase.category == "signal"
        ):
            event.things.append(self.subject_phrase)
            self.subject_phrase = None
        event.text_first = group.items[0].first
        event.manner = [item.lemma for item in group.items if item.category == "adv"]
        self.frame.event = event
        self.frame.had_verb = True
        self.frame.items += group.items
        self.events.append(event)
        if kind != "dangling":
            for frame in self.pending:
                self.links.append((frame, event, "prefix"))
            if self.frame.kind == "main":
                self.pending = []
                for dangling in self.dangling:
                    dangling.subject = subject
                    dangling.passive = dangling.passive and not dangling.objects
                    for actor in subject:
                        actor.speed = actor.speed or next((q.value for q in dangling.speeds), None)
                    self.on_event(dangling)
                self.dangling = []
        if subject and self.frame.kind not in ("inf",):
            self.cast.subjects.append(subject)
        return event

    def moment(self, kind: str, quantity: Quantity) -> None:
        """A delay or a time to collision said of the deed before or behind it."""
        at = self.at - 1
        while at >= 0 and self.chunks[at].kind in ("prep", "adv"):
            at -= 1
        opens = at < 0 or self.chunks[at].kind in ("conj", "punct")
        rest = self.chunks[self.at + 1 : self.at + 5]
        coming = next((c.kind for c in rest if c.kind not in ("adv", "punct", "prep", "qty")), "")
        if opens and coming in ("np", "there") and self.frame.event is not None:
            self.moments.append((kind, quantity, len(self.events)))
            return
        self.moments.append((kind, quantity, self.frame.event))

    def whereupon(self, chunk: Chunk) -> None:
        """What was told last is the trigger of what follows."""
        self.end_event()
        frame = Frame("trigger", prefix=True, word="whereupon")
        frame.deed = True
        self.to_main()
        self.pending.append(frame)
        self.frame = Frame("main", self.frame.event.subject if self.frame.event else [])

    def close_soft(self) -> None:
        """A colon or dash: the topic stays, the clause ends."""
        self.end_event()
        self.to_main()
        topic = self.frame.topic
        group = self.last_actor[0] if len(self.last_actor) == 1 and self.last_actor[0].many else None
        named = group is not None and group.lemma in (
            "vehicle",
            "car",
            "animal",
            "person",
            "people",
            "object",
            "road user",
        )
        self.resolver.colon_group = group if named and self.chunks[self.at].value == ":" else None
        self.frame = Frame("main")
        self.frame.topic = topic
        self.last = None
