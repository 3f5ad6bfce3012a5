"""What is said to be absent, from noun phrases with `no` or `without` and from predicates."""

import re

from scenarios.language.phrases import Chunk, NounPhrase

_ACTORS = {
    "pedestrian": "no pedestrians", "child": "no pedestrians", "bicycle": "no cyclists", "animal": "no animals",
    "car": "no other vehicles",
    "tram": "no trains", "cone": "no cones", "truck": "no other vehicles", "van": "no other vehicles",
    "bus": "no other vehicles",
}  # fmt: skip
_SIMPLE = {
    ("denied", "street_lights"): "no street lights", ("denied", "lane_markings"): "no lane markings", ("denied",
    "sidewalk"): "no sidewalk",
    ("denied", "signs"): "no signs", ("denied", "barrier"): "no barrier", ("shoulder", "shoulder"): "no shoulder",
    ("feature", "crosswalk"): "no crosswalk", ("feature", "stop_sign"): "no signs", ("feature",
    "give_way_sign"): "no signs",
    ("weather", "rain"): "no rain", ("weather", "heavy_rain"): "no rain", ("weather", "fog"): "no fog", ("weather",
    "snow"): "no snow",
    ("weather", "blizzard"): "no snow", ("surface", "icy"): "no ice", ("surface", "snowy"): "no snow", ("radio",
    "link"): "no v2x", ("radio", "message"): "no v2x",
    ("part", "lights"): "no lights", ("part", "brake_lights"): "no lights", ("part", "signal"): "no signal",
    ("lanechange", "lanechange"): "no lane change", ("overtaking", "overtaking"): "no overtaking", ("collision",
    "collision"): "no collision",
    ("deed", "brake"): "no braking", ("deed", "stop"): "no stop", ("turn", "turn"): "no turn", ("uturn",
    "uturn"): "no turn", ("deed", "accelerate"): "no acceleration",
    ("measure", "decel"): "no acceleration", ("denied", "pavement"): "no sidewalk",
}  # fmt: skip


_SAID = tuple(
    (re.compile(pattern, re.IGNORECASE), word)
    for pattern, word in (
        (r"\b(lane[- ]changes?|changing lanes?|change (of )?lanes?)\b[^.;,]{0,40}\b(not possible|impossible"
        r"|not allowed|prohibited|forbidden|prevented|blocked|"
         r"ruled out|out of the question|not an option|not permitted|unsafe|not safe|not feasible|denied)",
         "no lane change"),
        (r"\b(impossible|no (room|space|way|chance|gap|opportunity)|not possible|unable|unsafe|not safe)[^.;"
        r",]{0,25}\b(to change lanes?|to move over|for (a|any) lane[- ]change|changing lanes?|"
         r"lane[- ]changes?|to change (to|into))", "no lane change"),
        (r"\b(overtaking|passing|an overtake|overtaking manoeuvre)\b[^.;,]{0,40}\b(not possible|impossible"
        r"|not allowed|prohibited|forbidden|prevented|ruled out|out of the question|not an option|"
         r"not permitted|banned)", "no overtaking"),
        (r"\b(impossible|no (room|space|way|chance|gap|opportunity)|not possible|unable|unsafe|not safe)[^.;"
        r",]{0,25}\b(to (overtake|pass|get past|go around|get around|get by|go round)|overtaking|for overtaking|"
         r"of overtaking|for passing)", "no overtaking"),
        (r"\b(a |the |any )?collision\b[^.;,]{0,25}\b(avoided|prevented|averted)", "no collision"),
        (r"\b(its|his|her|their|the|all|with|no working|head|tail|rear|whose)\s*(head|tail|rear)?\s?(lights?"
        r"|lamps?)\s+(is |are |was |were )?(off|out|switched off|turned off|not on|not working|broken|unlit"
        r"|extinguished|defective)\b",
         "no lights"),
        (r"\b(brake |tail |rear |head)?(lights?|lamps?)\b(?! (at|of the junction))[^.;,]{0,12}\b"
        r"(do not|don't|does not|doesn't|"
        r"did not|not) (work|function|working|functioning|come on|light up)\b", "no lights"),
        (r"\b(brake |tail |rear |head)(lights?|lamps?)\s+(is |are |was |were |have |has )?(\w+ly )?"
        r"(broken|defective|dead|"
        r"faulty|failed|out|off|out of order|smashed|missing|inoperative)\b", "no lights"),
        (r"\b(street ?(lights?|lamps?|lighting))\s+(is |are |was |were )?(off|out|switched off|not working|broken"
        r"|defective|absent|missing)", "no street lights"),
        (r"\b(lane |road )?(markings?|lines)\s+(is |are |was |were |have )?(missing|absent|worn away|worn off"
        r"|gone|faded away|not visible|invisible|been removed|removed)", "no lane markings"),
        (r"\b(signs?)\s+(is |are |was |were |have )?(missing|absent|gone|been removed)", "no signs"),
    )
)  # fmt: skip


def said_denials(text: str) -> list[str]:
    """Negations that are predicates: "a lane change is impossible", "its lights are off"."""
    found = [(match.start(), word) for pattern, word in _SAID if (match := pattern.search(text))]
    return [word for _, word in sorted(found)]


_NOBODY = {
    "follow": "no following vehicle", "overtake": "no overtaking", "cross": "no pedestrians",
    "brake": "no braking", "yield": "no yield", "lane_change": "no lane change", "let": "no yield",
    "signal": "no signal",
}  # fmt: skip


def nobody(phrase: NounPhrase, chunks: list[Chunk]) -> str:
    """What `nobody` or `nothing` denies, by what it would do or where it would be; empty for anything else."""
    at = next(k for k, chunk in enumerate(chunks) if chunk.np is phrase)
    for chunk in chunks[at + 1 : at + 5]:
        if chunk.kind in ("punct", "conj", "sub"):
            return ""
        if chunk.kind == "pos" and chunk.value in ("behind", "oncoming", "ahead"):
            return {"behind": "no following vehicle", "oncoming": "no oncoming traffic", "ahead": "no lead vehicle"}[
                chunk.value
            ]
        if chunk.kind == "adj" and chunk.value == "relation:oncoming":
            return "no oncoming traffic"
        if chunk.kind == "verb" and chunk.group is not None and chunk.group.concept in _NOBODY:
            return _NOBODY[chunk.group.concept]
    return ""


def denial_of(phrase: NounPhrase, following: str = "", alone: bool = False) -> str:
    """The canonical negation of a denied noun phrase; empty where the list has none.

    Args:
        phrase: the noun phrase.
        following: relation stated behind it ("no vehicle ahead").
        alone: nothing but `else` stands behind it.
    """
    head = phrase.head
    relations = [*phrase.mod("relation:"), following]
    if phrase.value == "actor" or head is None:
        return ""
    traffic = head.lemma == "traffic"
    if phrase.category == "actor":
        if "oncoming" in relations or phrase.mod("opposite"):
            return "no oncoming traffic"
        if "parked" in relations:
            return "no parked cars"
        if phrase.value in ("car", "truck", "van", "bus", "motorcycle"):
            if "ahead" in relations:
                return "no lead vehicle"
            if "behind" in relations:
                return "no following vehicle"
        if traffic and phrase.mod("relation:crossing"):
            return "no other vehicles"
        return _ACTORS.get(phrase.value, "")
    if phrase.category == "part" and phrase.value == "lights" and head.lemma == "lighting":
        return "no street lights"
    _ = alone
    return _SIMPLE.get((phrase.category, phrase.value), "")
