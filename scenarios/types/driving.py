"""Driver keys of a scenario file beyond car following, and the `Driver` that they make.

A file picks a style and changes single numbers of it. Where it gives none of these keys, the driver stays the plain
car follower, as before.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from scenarios.concrete import Driver
from scenarios.habits import DRIVER_KINDS, FOLLOWING, HANDS, LANE_CHANGES, STYLES, Habits, Style, Walking
from scenarios.leaf import Leaf
from scenarios.types.fields import Field, Get
from scenarios.units import ACCELERATION, FLAG, FREQUENCY, LENGTH, RATIO, TEXT, TIME

# Keys whose names are not those of the attributes of `Habits`; what is missing here is made from the attribute.
_HABIT_FIELDS: Mapping[str, tuple[str, Field]] = {
    "following": ("following", Field(TEXT, "law of car following", None, names=FOLLOWING)),
    "exponent": ("exponent", Field(RATIO, "of the speed in the free-road term", None, 0.5, 20.0)),
    "lane_changes": ("lane_changes", Field(TEXT, "whether it changes lanes by itself", None, names=LANE_CHANGES)),
    "politeness": ("politeness", Field(RATIO, "weight of other drivers' gains", None, -2.0, 2.0)),
    "threshold": ("threshold_mps2", Field(ACCELERATION, "gain below which nobody changes lane", None, 0.0, 5.0)),
    "safe_braking": ("safe_braking_mps2", Field(ACCELERATION, "asked of a new follower at most", None, 0.1, 9.0)),
    "right_bias": ("right_bias_mps2", Field(ACCELERATION, "favours the right lane", None, -5.0, 5.0)),
    "change_time": ("change_s", Field(TIME, "of a lane change", None, 1.0, 20.0)),
    "destination": ("destination", Field(TEXT, "route that it must be on in the end", None)),
    "critical_gap": ("critical_gap_s", Field(TIME, "shortest gap that it accepts", None, 0.5, 30.0)),
    "follow_up": ("follow_up_s", Field(TIME, "the same right behind another", None, 0.5, 30.0)),
    "smallest_gap": ("smallest_gap_s", Field(TIME, "what waiting shrinks the gap to", None, 0.0, 30.0)),
    "impatience": ("impatience_s", Field(TIME, "waiting time that does so", None, 0.1, 1e4)),
    "yields_on_crossings": ("yields_on_crossings", Field(FLAG, "lets walkers cross on crossings", None)),
    "keeps_clear": ("keeps_clear", Field(FLAG, "enters no junction that it cannot leave", None)),
    "makes_way": ("makes_way", Field(FLAG, "moves aside for emergency vehicles", None)),
    "passes_red": ("passes_red", Field(FLAG, "passes red with care", None)),
    "obeys_hands": ("obeys_hands", Field(FLAG, "follows flaggers rather than lights", None)),
    "glance_every": ("glance_every_s", Field(TIME, "period with one glance away; 0 never", None, 0.0, 600.0)),
    "glance": ("glance_s", Field(TIME, "length of a glance away", None, 0.0, 20.0)),
    "gap_error": ("gap_error", Field(RATIO, "relative error of judged gaps", None, 0.0, 1.0)),
    "approach_error": ("approach_error_1ps", Field(FREQUENCY, "error of judged approach", None, 0.0, 1.0)),
    "error_persistence": ("error_persistence_s", Field(TIME, "correlation time of errors", None, 0.1, 1e3)),
    "anticipates": ("anticipates", Field(FLAG, "extrapolates over the reaction time", None)),
    "sight": ("sight_m", Field(LENGTH, "how far it sees", None, 1.0, 1e4)),
    "hand": ("hand", Field(TEXT, "what a flagger shows", None, names=HANDS)),
    "hand_stop": ("hand_stop_s", Field(TIME, "a flagger shows stop for so long, then slow", None, 0.0, 600.0)),
    "hand_slow": ("hand_slow_s", Field(TIME, "for so long, then stop again", None, 0.0, 600.0)),
    "weights": ("weights", Field(TEXT, "of an imitation driver: a set that is shipped, or a file", None)),
}
_WALKING_FIELDS: Mapping[str, tuple[str, Field]] = {
    "walk_margin": ("margin_s", Field(TIME, "left when a walker reaches the far side", None, 0.0, 30.0)),
    "look": ("look_s", Field(TIME, "how long a walker looks at the kerb", None, 0.0, 60.0)),
    "turn_back": ("turn_back", Field(RATIO, "probability that a walker turns back", None, 0.0, 1.0)),
    "walk_impatience": ("impatience_s", Field(TIME, "waiting that uses the margin up; 0 never", None, 0.0, 1e4)),
}
_STYLE_FIELDS = {
    "headway": "time_headway_s", "min_gap": "min_gap_m", "max_acceleration": "max_acceleration_mps2",
    "comfortable_deceleration": "comfortable_deceleration_mps2", "reaction_time": "reaction_time_s",
}  # fmt: skip
HABITS: Mapping[str, Field] = {
    "driver.kind": Field(TEXT, "which law", None, names=DRIVER_KINDS),
    "driver.style": Field(TEXT, "a named set of the values below and above", None, names=tuple(STYLES)),
    **{f"driver.{key}": field for key, (_, field) in (_HABIT_FIELDS | _WALKING_FIELDS).items()},
}


def driver_from(leaf: Leaf, read: Get, kind: str, is_person: bool, speed_mps: float) -> Driver:
    """The driver of an actor; `kind` where its keys do not say. People with a style or walking keys are walkers."""
    given = {name.removeprefix("driver.") for name, _ in leaf.values if name.startswith("driver.")}
    style = STYLES[str(read("driver.style"))] if "style" in given else Style()
    if "kind" in given:
        kind = str(read("driver.kind"))
    elif is_person and given & (set(_WALKING_FIELDS) | {"style"}):
        kind = "walker"
    elif is_person and given & set(_HABIT_FIELDS):
        kind = "none"

    def value(key: str) -> float:
        return float(read(f"driver.{key}") if key in given or "style" not in given else _of(style, _STYLE_FIELDS[key]))

    desired = read("driver.desired_speed")
    return Driver(
        kind=kind,
        desired_speed_mps=float(desired if desired is not None else speed_mps),
        time_headway_s=value("headway"),
        min_gap_m=value("min_gap"),
        max_acceleration_mps2=value("max_acceleration"),
        comfortable_deceleration_mps2=value("comfortable_deceleration"),
        minds_signals=bool(read("driver.minds_signals")),
        minds_conflicts=bool(read("driver.minds_conflicts")),
        reaction_time_s=value("reaction_time"),
        habits=_habits(style, given, read) if _has_habits(kind, given) else None,
        walking=_walking(style, given, read) if kind == "walker" else None,
    )


def _has_habits(kind: str, given: set[str]) -> bool:
    return kind == "imitation" or bool(given & (set(_HABIT_FIELDS) | {"style"}))


def _habits(style: Style, given: set[str], read: Get) -> Habits:
    changed = {attribute: read(f"driver.{key}") for key, (attribute, _) in _HABIT_FIELDS.items() if key in given}
    return replace(style.habits, **{name: _typed(style.habits, name, value) for name, value in changed.items()})


def _walking(style: Style, given: set[str], read: Get) -> Walking:
    changed = {attribute: float(read(f"driver.{key}")) for key, (attribute, _) in _WALKING_FIELDS.items()
               if key in given}  # fmt: skip
    return replace(style.walking, **changed)


def _typed(habits: Habits, name: str, value: Any) -> Any:
    return type(_of(habits, name))(value)


def _of(record: Habits | Style, name: str) -> Any:
    return {field.name: getattr(record, field.name) for field in fields(record)}[name]
