"""A scenario with a storyboard in English: the scene, who is where, and what happens when, in the words of the file.

The slots hold what they have words for; the text tells more: names of the file, every action and what triggers it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import cos, remainder, sin, tau

from driving_data.maps.lane_map import DRIVABLE_KINDS
from driving_data.taxonomy import ActorClass
from scenarios import storyboard as sb
from scenarios.algebra import LogicalScenario
from scenarios.concrete import ConcreteScenario
from scenarios.language.describe.company import class_word, grouped
from scenarios.language.describe.drawn import sky_slots
from scenarios.language.describe.happenings import condition_text, deed_text, is_then
from scenarios.language.describe.scene import speed_range
from scenarios.language.describe.text import length_text, scene_text, speed_text
from scenarios.language.describe.wording import NOUNS, NUMBERS, SURFACE, listed, with_article
from scenarios.language.slots import (
    ACTOR_MANOEUVRES,
    EGO_MANOEUVRES,
    ActorSlots,
    EgoSlots,
    RoadSlots,
    Slots,
    TriggerSlots,
)
from scenarios.openscenario.beginnings import Beginning, Ground, beginnings
from scenarios.openscenario.deeds import Deed, deeds
from scenarios.openscenario.story_tags import ground_under
from scenarios.openscenario.surroundings import lanes_per_direction, road_kind
from scenarios.openscenario.varied import varied_parameters

STILL_MPS = 0.005
FAR_M = 1500.0
BESIDE_M = 2.0
MAX_TOLD = 14


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """A storyboard as its description sees it."""

    scenario: ConcreteScenario
    board: sb.Storyboard
    ground: Ground
    begins: Mapping[str, Beginning]
    deeds: tuple[Deed, ...]

    @staticmethod
    def of(scenario: ConcreteScenario) -> "Told":
        """Looks at a scenario with a storyboard."""
        assert scenario.storyboard is not None
        ground = ground_under(scenario)
        begins = beginnings(scenario.storyboard, ground)
        return Told(scenario, scenario.storyboard, ground, begins, deeds(scenario.storyboard, ground, begins))

    @property
    def ego(self) -> Beginning:
        """How the ego begins."""
        return self.begins[self.board.ego]

    def name(self, entity: str) -> str:
        """What an entity is called."""
        return "the ego" if entity == self.board.ego else entity


def story_slots(scenario: ConcreteScenario) -> Slots:
    """What a scenario with a storyboard says, as far as slots have words for it."""
    told = Told.of(scenario)
    own = [deed.word for deed in told.deeds if deed.actor == told.board.ego]
    own = [word for word in dict.fromkeys(own) if word in EGO_MANOEUVRES]
    fast = abs(told.ego.speed_mps)
    moves = fast > STILL_MPS
    others = [_slots(told, one) for name, one in told.begins.items() if name != told.board.ego and one.present]
    return sky_slots(
        scenario, _road(told),
        EgoSlots(tuple(own) or (("drive_straight",) if moves else ()), speed_range(fast, fast) if moves else None),
        tuple(grouped(slot for slot in others if slot is not None)),
    )  # fmt: skip


def _road(told: Told) -> RoadSlots:
    route = told.scenario.road.routes.get(told.scenario.ego.start.route, ())
    kind = road_kind(told.ground, told.ego.spot, route) or None
    return RoadSlots(kind, lanes_per_direction(told.ground, told.ego.spot))


def _slots(told: Told, one: Beginning) -> ActorSlots | None:
    name = one.entity.name
    kind = class_word(ActorClass(one.entity.kind).label)
    if kind is None:
        return None
    own = [deed for deed in told.deeds if deed.actor == name and deed.word in ACTOR_MANOEUVRES]
    where, gap, _ = _relation(told, one)
    trigger = next((found for deed in own if (found := _trigger(told, deed)) is not None), None)
    fast = abs(one.speed_mps)
    return ActorSlots(
        kind, 1, where, tuple(dict.fromkeys(deed.word for deed in own)),
        speed_range(fast, fast) if fast > STILL_MPS else None,
        (round(gap, 1), round(gap, 1)) if gap is not None and gap > 0.1 else None, None, trigger,
    )  # fmt: skip


def _trigger(told: Told, deed: Deed) -> TriggerSlots | None:
    """What starts a deed, where it is a distance to the ego, a time to it or a time."""
    ego = told.board.ego
    for condition in deed.happening.conditions if deed.happening is not None else ():
        what = condition.what
        if isinstance(what, sb.OnTime):
            return TriggerSlots("time", (round(what.than.value, 2), round(what.than.value, 2)))
        if isinstance(what, sb.RelativeDistance | sb.TimeToCollision) and ego in (*condition.entities, what.entity):
            kind = "distance" if isinstance(what, sb.RelativeDistance) else "ttc"
            return TriggerSlots(kind, (round(what.than.value, 2), round(what.than.value, 2)))
    return None


def _relation(told: Told, one: Beginning) -> tuple[tuple[str, ...], float | None, float]:
    """Words for where somebody is, the free gap along the road where it is ahead or behind, and the metres to the left.

    On the road of the ego it is measured along it, elsewhere along the heading of the ego.
    """
    ego, spot = told.ego, one.spot
    (ex, ey, yaw), (x, y, other) = ego.center, one.center
    ahead = (x - ex) * cos(yaw) + (y - ey) * sin(yaw)
    left = (y - ey) * cos(yaw) - (x - ex) * sin(yaw)
    turned = abs(remainder(other - yaw, tau))
    same_road = bool(spot.road) and spot.road == ego.spot.road
    words: list[str] = []
    if same_road:
        along = 1.0 if _along(told, ego) else -1.0
        ahead, left = along * (spot.s_m - ego.spot.s_m), along * (spot.t_m - ego.spot.t_m)
        shift = one.entity.center_m[0] * (1.0 if turned < 0.25 * tau else -1.0) - ego.entity.center_m[0]
        ahead += shift
    gap = abs(ahead) - 0.5 * (one.entity.size_m[0] + ego.entity.size_m[0])
    if turned > 0.4 * tau and abs(one.speed_mps) > STILL_MPS:
        words.append("oncoming")
    words += ["ahead"] if ahead > BESIDE_M else ["behind"] if ahead < -BESIDE_M else []
    lane = told.ground.lane_map.lane_by_id.get(told.ground.lane_id(spot))
    driven = lane is not None and lane.kind in DRIVABLE_KINDS
    if same_road and driven and spot.lane * ego.spot.lane > 0:
        step = (spot.lane - ego.spot.lane) * (1 if _along(told, ego) else -1)
        words.append("same_lane" if step == 0 else "left_lane" if step > 0 else "right_lane")
    elif (same_road and "oncoming" not in words and abs(left) > BESIDE_M) or (not same_road and abs(left) > BESIDE_M):
        words.append("left" if left > 0 else "right")
    return tuple(words), gap if same_road and gap > 0 else None, left


def _along(told: Told, one: Beginning) -> bool:
    here = told.ground.on_lane(one.spot.road, one.spot.lane, one.spot.s_m)
    return here is None or cos(here.yaw_rad - one.spot.yaw_rad) >= 0.0


def story_text(scenario: ConcreteScenario) -> str:
    """A scenario with a storyboard in English."""
    told = Told.of(scenario)
    slots = story_slots(scenario)
    begins = EgoSlots(("drive_straight",) if slots.ego.speed_mps else (), slots.ego.speed_mps)
    sentences = [scene_text(Slots(slots.road, slots.weather, slots.light, slots.surface, begins))]
    if slots.surface:
        sentences.append(f"The road is {listed([SURFACE[word] for word in slots.surface])}.")
    sentences += list(_company(told))
    happens = list(_happens(told))
    if len(happens) > MAX_TOLD:
        happens = [*happens[:MAX_TOLD], f"{len(happens) - MAX_TOLD} further events follow."]
    return " ".join([*sentences, *happens])


def _company(told: Told) -> Iterator[str]:
    """Who there is, where and how fast; those of whom there are many in one sentence by class."""
    others = [one for name, one in told.begins.items() if name != told.board.ego]
    towed = {one.entity.trailer for one in told.begins.values()}
    single = [one for one in others if one.entity.name not in towed]
    acting = {deed.actor for deed in told.deeds if deed.happening is not None}
    crowd = [one for one in single if one.entity.name not in acting] if len(single) > 6 else []
    for one in single:
        if one not in crowd:
            yield _sentence(_person(told, one))
    if crowd:
        kinds = [_noun(one) for one in crowd]
        plural = {_noun(one): _plural(one) for one in crowd}
        words = [
            with_article(noun) if count == 1 else f"{NUMBERS[count] if count < len(NUMBERS) else count} {plural[noun]}"
            for noun in dict.fromkeys(kinds)
            for count in (kinds.count(noun),)
        ]
        yield _sentence(f"around {'are' if len(crowd) > 1 else 'is'} {listed(words)} that only drive or stand there")


def _plural(one: Beginning) -> str:
    word = class_word(ActorClass(one.entity.kind).label)
    return NOUNS[word][1] if word is not None and word in NOUNS else f"{_noun(one)}s"


def _noun(one: Beginning) -> str:
    label = ActorClass(one.entity.kind).label
    word = class_word(label)
    return NOUNS[word][0] if word is not None and word in NOUNS else label.replace("_", " ").replace("other", "thing")


def _person(told: Told, one: Beginning) -> str:
    """'a car (OverTaker) drives at 72 km/h 19.3 m ahead of the ego in the right lane'."""
    who = f"{with_article(_noun(one))} ({one.entity.name})"
    if one.entity.trailer:
        who = f"{who} with a trailer"
    if not one.present:
        return f"{who} joins later"
    fast = abs(one.speed_mps)
    walks = _noun(one) in ("pedestrian", "child", "animal", "flagger")
    verb = ("walks" if walks else "drives") if fast > STILL_MPS else "stands"
    if one.speed_mps < -STILL_MPS:
        verb = "reverses"
    speed = f" at {speed_text(speed_range(fast, fast))}" if fast > STILL_MPS else ""
    words, gap, left = _relation(told, one)
    if "oncoming" in words:
        speed += ", oncoming,"
    return f"{who} {verb}{speed} {_where(told, one, words, gap, left)}"


def _where(told: Told, one: Beginning, words: tuple[str, ...], gap: float | None, left: float) -> str:
    (ex, ey, _), (x, y, _) = told.ego.center, one.center
    far = ((x - ex) ** 2 + (y - ey) ** 2) ** 0.5
    way = next((word for word in words if word in ("ahead", "behind")), "")
    parts = ["beside the ego"]
    if way:
        length = gap if gap is not None else far
        told_m = length_text((round(length, 1), round(length, 1))) if length < FAR_M else "far"
        parts = [f"{told_m} {'ahead of' if way == 'ahead' else 'behind'} the ego"]
    lane = {"same_lane": "in its lane", "left_lane": _lane("left", told, one), "right_lane": _lane("right", told, one)}
    parts += [lane[word] for word in words if word in lane]
    if not set(lane).intersection(words):
        parts += [f"{abs(left):.0f} m to its {word}" for word in words if word in ("left", "right")]
    return " ".join(parts)


def _lane(side: str, told: Told, one: Beginning) -> str:
    steps = abs(one.spot.lane - told.ego.spot.lane)
    return f"in the lane to its {side}" if steps == 1 else f"{steps} lanes to its {side}"


def _happens(told: Told) -> Iterator[str]:
    """What happens, in the order of the file; what one event does in one sentence."""
    first = [deed for deed in told.deeds if deed.happening is None]
    for deed in first:
        text = deed_text(deed, told.name)
        if text:
            yield _sentence(
                f"from the start {told.name(deed.actor)} {text}" if deed.actor else f"from the start {text}"
            )
    groups: dict[int, list[Deed]] = {}
    for deed in told.deeds:
        if deed.happening is not None:
            groups.setdefault(id(deed.happening), []).append(deed)
    before: sb.Event | None = None
    for group in groups.values():
        happening = group[0].happening
        assert happening is not None
        texts = list(dict.fromkeys(f"{told.name(deed.actor) + ' ' if deed.actor else ''}{text}"
                                   for deed in group if (text := deed_text(deed, told.name))))  # fmt: skip
        if not texts:
            continue
        whens = [when for c in happening.conditions if (when := condition_text(c, told.name, told.board))]
        whens = list(dict.fromkeys(whens))
        after = any(is_then(condition, told.board) for condition in happening.conditions)
        lead = "then " if after and not whens and before is not None else ""
        when = f" {' and '.join(whens)}" if whens else ""
        text = f"{lead}{listed(_same_subject(texts))}{when}"
        named = not lead and group[0].actor not in ("", told.board.ego)
        yield f"{text}." if named else _sentence(text)  # names stay as they are
        before = happening.event


def _same_subject(texts: list[str]) -> list[str]:
    """'the ego brakes', 'the ego stops' as 'the ego brakes', 'stops'."""
    subject = texts[0].split(" ")[0] if not texts[0].startswith("the ego ") else "the ego"
    return [texts[0], *(text.removeprefix(f"{subject} ") for text in texts[1:])]


def logical_story_text(logical: LogicalScenario) -> str:
    """One draw of a logical scenario with a storyboard, and what differs between draws."""
    varied = [f"{name} ({values})" for name, values in varied_parameters(logical).items()]
    text = story_text(logical.sample(0, 0))
    return text if not varied else f"{text} This is one draw; from draw to draw differ {listed(varied)}."


def has_story(logical: LogicalScenario) -> bool:
    """Whether a logical scenario is that of a file with a storyboard."""
    return any(leaf.kind == "storyboard" for leaf in logical.leaves())


def _sentence(text: str) -> str:
    text = " ".join(text.split()).replace(" ,", ",")
    return f"{text[0].upper()}{text[1:]}."
