"""Slots into English: short sentences that the reader of descriptions reads back into the same slots.

The scene first, then one sentence for each group of road users in their order, then what is denied.
"""

from collections.abc import Sequence

from scenarios.language.describe.scene import SLOW_MPS
from scenarios.language.describe.wording import (
    DEEDS,
    DENIALS,
    EGO_DEEDS,
    FEATURES,
    LIGHT,
    NOUNS,
    NUMBERS,
    PLACE,
    ROADS,
    SURFACE,
    WEATHER,
    counted,
    listed,
)
from scenarios.language.slots import ActorSlots, Range, Slots

_PEOPLE = frozenset({"pedestrian", "child", "animal", "flagger"})


def text_of(slots: Slots) -> str:
    """What the slots say, in English."""
    sentences = [scene_text(slots)]
    if slots.surface:
        sentences.append(f"The road is {listed([SURFACE[word] for word in slots.surface])}.")
    seen: list[str] = []
    for actor in slots.actors:
        sentences.append(actor_text(actor, seen.count(actor.kind)))
        seen.append(actor.kind)
    if slots.v2x is not None:
        sentences.append(_radio_text(slots))
    sentences.extend(DENIALS[denial] for denial in slots.negations)
    return " ".join(sentences)


def scene_text(slots: Slots) -> str:
    """The ego, what it does and how fast, where, when, in which weather."""
    deeds = slots.ego.manoeuvre
    speed = speed_text(slots.ego.speed_mps)
    plain = speed and deeds == ("drive_straight",)
    verbs = ["drives" if plain else "drives straight on"] if deeds == ("drive_straight",) else [
        EGO_DEEDS[deed].format(other=_other(slots)) if deed != "drive_straight" else "drives straight on"
        for deed in deeds
    ]  # fmt: skip
    verbs = verbs or ["is" if slots.road.kind or slots.road.lanes_per_direction is not None else "is present"]
    if speed and not plain:
        verbs[0] = f"{verbs[0]} at {speed}" if deeds else f"is at {speed}"
    elif plain:
        verbs[0] = f"drives at {speed}"
    parts = [f"The ego {_then(verbs)}", *_where(slots)]
    parts.extend(filter(None, [LIGHT.get(slots.light or ""), *_weather(slots.weather)]))
    text = " ".join(parts)
    return f"{text}{_with_features(slots)}."


def _other(slots: Slots) -> str:
    ahead = next((actor for actor in slots.actors if "ahead" in actor.relation), None)
    return f"the {NOUNS[ahead.kind][0] if ahead.count == 1 else NOUNS[ahead.kind][1]} ahead" if ahead else "the traffic"


def _then(verbs: Sequence[str]) -> str:
    if len(verbs) == 1:
        return verbs[0]
    return f"{', '.join(verbs[:-1])} and then {verbs[-1]}"


def _where(slots: Slots) -> list[str]:
    road, kind = slots.road, slots.road.kind
    if kind is None and road.lanes_per_direction is None:
        return []
    noun = ROADS[kind] if kind else "a road"
    if road.signalized is not None and kind == "intersection":
        article, _, rest = noun.partition(" ")
        noun = f"a signalised {rest}" if road.signalized else f"an unsignalised {rest}"
        del article
    words = [f"{PLACE.get(kind or '', 'on')} {noun}"]
    if road.lanes_per_direction is not None:
        number = road.lanes_per_direction
        count = NUMBERS[number] if number < len(NUMBERS) else str(number)
        words.append(f"with {count} lane{'s' if number != 1 else ''} per direction")
    return words


def _with_features(slots: Slots) -> str:
    road = slots.road
    found = [FEATURES[feature] for feature in road.features]
    if road.signalized is not None and road.kind != "intersection":
        if road.signalized:
            found.append("traffic lights")
        else:
            return f"{f'; there is {listed(found)}' if found else ''}; there are no traffic lights"
    if not found:
        return ""
    first = found[0]
    return f"; there {'are' if first in ('tram tracks', 'traffic lights') else 'is'} {listed(found)}"


def _weather(words: Sequence[str]) -> list[str]:
    return [listed([WEATHER[word] for word in words])] if words else []


def actor_text(actor: ActorSlots, seen: int = 0) -> str:
    """One sentence about one group of road users; `seen` groups of the same class were told of before."""
    here = set(actor.relation)
    many = actor.count != 1
    adjective = "oncoming" if "oncoming" in here else "parked" if "parked" in here else ""
    subject = counted(actor.kind, actor.count, adjective, seen)
    if actor.occluded_by is not None:
        subject += f", hidden by {_hider(actor.occluded_by)},"
    place = _place(actor)
    speed = speed_text(actor.speed_mps)
    deeds = [_deed(deed, many, actor) for deed in actor.manoeuvre]
    if not deeds:
        if not place and not speed and "crossing" not in here:
            return _sentence(f"there {'are' if many else 'is'} {subject}")
        if speed:
            verb = ("move" if many else "moves") if actor.kind in _PEOPLE else ("drive" if many else "drives")
            across = "as cross traffic" if "crossing" in here else ""
            words = (verb, place) if place.endswith(" lane") else (place, verb)
            return _sentence(f"{subject} {' '.join(words)} at {speed} {across}{_when(actor)}")
        return _sentence(f"{subject} {_being(actor, many, place)}{_when(actor)}")
    first = deeds[0]
    crosses = "cross" in actor.manoeuvre
    side = next((f"from the {way}" for way in ("left", "right") if way in here), "") if crosses else ""
    if crosses:
        place = _place(actor, but=("left", "right") if side else ())
        at = actor.manoeuvre.index("cross")
        deeds[at] = " ".join(part for part in (deeds[at], side, f"at {speed}" if speed else "") if part)
        first, speed = deeds[0], ""
    if "crossing" in here and not crosses:
        place = " ".join(part for part in ("crossing the road", place) if part)
    before = " ".join(part for part in (place, f"travelling at {speed}" if speed else "") if part)
    trigger = _when(actor)
    return _sentence(f"{subject} {before} {_then([f'{first}{trigger}', *deeds[1:]])}".replace("  ", " "))


def _hider(kind: str) -> str:
    return f"the {NOUNS[kind][0]}"


def _deed(deed: str, many: bool, actor: ActorSlots) -> str:
    text = DEEDS[deed][1 if many else 0]
    if deed == "merge" and "parked" in actor.relation:
        text = "pull out" if many else "pulls out"
    if deed == "follow" or (deed == "overtake" and "oncoming" not in actor.relation):
        return f"{text} the ego"
    return text


def _place(actor: ActorSlots, but: tuple[str, ...] = ()) -> str:
    """The position, with the distance: '20 m ahead of the ego in the left lane'."""
    here = [word for word in actor.relation if word not in but]
    gap = length_text(actor.distance_m)
    words: list[str] = []
    sides = [word for word in ("left", "right") if word in here]
    if "ahead" in here:
        words.append(f"{gap} ahead of the ego".strip())
    if "behind" in here:
        words.append(f"{gap if 'ahead' not in here else ''} behind the ego".strip())
    for word, text in (("same_lane", "in the ego's lane"), ("left_lane", "in the left lane"),
                       ("right_lane", "in the right lane"), ("opposite_lane", "in the opposite lane"),
                       ("in_junction", "already in the junction")):  # fmt: skip
        if word in here:
            words.append(text)
    if "on_shoulder" in here:
        words.append(f"on the {sides.pop(0)} shoulder" if sides else "on the shoulder")
    words.extend(f"on the {side}" for side in sides)
    if gap and not {"ahead", "behind"}.intersection(here):
        words.append(f"{gap} away from the ego")
    return " ".join(words)


def _being(actor: ActorSlots, many: bool, place: str) -> str:
    """What is said of one that does nothing: where it is."""
    verb = "are" if many else "is"
    if "crossing" in actor.relation:
        return " ".join(part for part in (verb, place, "in the cross traffic") if part)
    return f"{verb} {place}"


def _when(actor: ActorSlots) -> str:
    trigger = actor.trigger
    if trigger is None:
        return ""
    if trigger.value is None:
        return " when the ego arrives" if trigger.kind == "event" else ""
    if trigger.kind == "distance":
        return f" when the ego is {length_text(trigger.value)} away"
    if trigger.kind == "ttc":
        return f" at a TTC of {_span(trigger.value, 's')}"
    return f" after {_span(trigger.value, 's')}"


def _radio_text(slots: Slots) -> str:
    assert slots.v2x is not None
    parts: list[str] = []
    if slots.v2x.latency_ms is not None:
        parts.append(f"{_span(slots.v2x.latency_ms, 'ms')} latency")
    if slots.v2x.loss is not None:
        low, high = slots.v2x.loss
        share = (None if low is None else 100.0 * low, None if high is None else 100.0 * high)
        parts.append(f"{_span(share, '%')} packet loss")
    return f"The ego uses V2X{f' with {listed(parts)}' if parts else ''}."


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return f"{text[0].upper()}{text[1:]}."


def speed_text(given: Range | None) -> str:
    """A speed: in km/h where that is a short number, else in m/s."""
    if given is None:
        return ""
    in_kmh = [None if end is None else end * 3.6 for end in given]
    fast = max(end for end in given if end is not None) >= SLOW_MPS
    if fast and all(end is None or abs(end - round(end, 1)) < 0.019 for end in in_kmh):
        low, high = in_kmh
        return _span((low, high), "km/h", 1)
    return _span(given, "m/s")


def length_text(given: Range | None) -> str:
    """A distance in metres."""
    return "" if given is None else _span(given, "m")


def _span(given: Range, unit: str, digits: int = 2) -> str:
    low, high = given
    if low is None:
        return f"at most {_number(high, digits)} {unit}"
    if high is None:
        return f"at least {_number(low, digits)} {unit}"
    first, last = _number(low, digits), _number(high, digits)
    return f"{first} {unit}" if first == last else f"{first} to {last} {unit}"


def _number(value: float | None, digits: int) -> str:
    assert value is not None
    return f"{round(value, digits):.10g}"
