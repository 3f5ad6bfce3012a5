"""The questions, their possible answers, and what each answer follows from: the rule set of the derivations.

A proof is a set of premises; the answer follows where the premises of one of its proofs are all stated. The claim of an
answer says, with hindsight, whether it is right. `{x}` is an actor other than the ego, `{s}` a traffic light.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from generators.labels.predicates import View, parse
from generators.labels.predicates.grammar import quoted
from generators.labels.story.words import noun

EGO = "ego"
_WHO = r"the [a-z\- ]+ \((?P<{0}>[^()]+)\)"


@dataclass(frozen=True, slots=True)
class Premise:
    """One step of a proof.

    Attributes:
        predicate: statement with `{x}` or `{s}`.
        text: the same in words.
        category: as DriveLM sorts steps.
        world: 'actual', or 'changed' for the drive played again.
    """

    predicate: str
    text: str
    category: str = "perception"
    world: str = "actual"


@dataclass(frozen=True, slots=True)
class Answer:
    """A possible answer: its words, the claim that makes it right, and the proofs from which it follows."""

    text: str
    claim: str
    proofs: tuple[tuple[Premise, ...], ...]
    claim_world: str = "actual"


@dataclass(frozen=True, slots=True)
class Question:
    """A kind of question.

    Attributes:
        name: of the kind.
        category: as in `ReasoningTrace`.
        text: with `{x}` or `{s}`, which are written 'the child (walker)'.
        answers: possible ones; at most one claim holds.
        span_s: how far steps look ahead of the moment of the question; None for the whole drive.
        about: 'actor', 'signal'.
    """

    name: str
    category: str
    text: str
    answers: tuple[Answer, ...]
    span_s: float | None = 0.0
    about: str = "actor"


def P(predicate: str, text: str, category: str = "perception", world: str = "actual") -> Premise:
    """A premise, for short."""
    return Premise(predicate, text, category, world)


_LANE = P("same_lane({x}, ego)", "{x} is in the ego's lane.")
_NOT_LANE = P("not same_lane({x}, ego)", "{x} is not in the ego's lane.")
_AHEAD = P("ahead_of({x}, ego)", "{x} is ahead of the ego.")
_NOT_AHEAD = P("not ahead_of({x}, ego)", "{x} is not ahead of the ego.")
_IN_WIDTH = P("lateral_gap(ego, {x}) == 0 m", "{x} is within the width of the ego's way.")
_BESIDE = P("lateral_gap(ego, {x}) > 1 m", "{x} is more than 1 m beside the ego's way.")
_REACHED = P("headway(ego, {x}) <= 10 s", "At its speed, the ego reaches the place of {x} within 10 s.")
_SOON = P("headway(ego, {x}) <= 4 s", "At its speed, the ego reaches the place of {x} within 4 s.")
_CROSSES = P("crossing_path({x}, ego)", "{x} is moving across the ego's way.", "prediction")
_NO_CROSS = P("not crossing_path({x}, ego)", "{x} is not moving across the ego's way.", "prediction")
_NEAR = P("distance(ego, {x}) <= 40 m", "{x} is within 40 m of the ego.")
_ROLLS = P("speed(ego) >= 2 m/s", "The ego is moving.")
_MEETS = P("time_to_collision(ego, {x}) < 4 s", "At their velocities, the ego and {x} would meet within 4 s.",
           "prediction")  # fmt: skip
_NEVER = P("time_to_collision(ego, {x}) >= 4 s", "At their velocities, the ego and {x} would not meet within 4 s.",
           "prediction")  # fmt: skip
_CLEAR = P("time_to_collision(ego, {x}) > 6 s", "At their velocities, the two would not meet within 6 s.", "prediction")
_CLOSES = P("closing_speed(ego, {x}) > 1 m/s", "The ego and {x} are coming nearer to each other.", "prediction")
_PARTS = P("closing_speed(ego, {x}) <= 0 m/s", "The ego and {x} are not coming nearer to each other.", "prediction")
_ROOM = P("headway(ego, {x}) > 2 s", "{x} is not within 2 s of driving ahead of the ego.")
_BRAKES = P("brakes(ego)", "The ego loses at least 1 m/s of speed a second.", "planning")
_LAMPS = P("brake_lights(ego)", "The ego's brake lights are on.")

_RED = P("signal_state({s}) == red", "The light {s} shows red.")
_GREEN = P("signal_state({s}) == green", "The light {s} shows green.")
_RULED = P("controlled_by(ego, {s})", "The light {s} is for the ego's lane.")
_LINE = P("stop_distance(ego, {s}) >= 0 m", "The stop line of {s} is still ahead.")

_BRAKED = P("eventually brakes(ego)", "The ego braked.", "planning")
_THREAT = P("eventually time_to_collision(ego, {x}) < 4 s", "The ego and {x} came within 4 s of a collision.",
            "prediction")  # fmt: skip
_AWAY = P("always distance(ego, {x}) > 200 m", "Played again, {x} is nowhere near.", "perception", "changed")
_FREE = P("always not brakes(ego)", "Played again, the ego never brakes.", "behavior", "changed")
_DARK = P("always not brake_lights(ego)", "Played again, the ego's brake lights never come on.", "behavior", "changed")
_STILL = P("eventually brakes(ego)", "Played again, the ego brakes all the same.", "behavior", "changed")
_LIT = P("eventually brake_lights(ego)", "Played again, the ego's brake lights come on.", "behavior", "changed")
_HIT = P("eventually collides(ego, {x})", "Played again, the two collide.", "prediction", "changed")
_TOUCH = P("eventually distance(ego, {x}) <= 0.2 m", "Played again, there is no room left between the two.",
           "prediction", "changed")  # fmt: skip
_UNHURT = P("always not collides(ego, {x})", "Played again, the two never collide.", "prediction", "changed")
_APART = P("always distance(ego, {x}) > 0.2 m", "Played again, there is always room between the two.", "prediction",
           "changed")  # fmt: skip

QUESTIONS: tuple[Question, ...] = (
    Question("ahead_in_way", "perception", "Is {x} ahead of the ego in its way?", (
        Answer("Yes.", "ahead_of({x}, ego) and (same_lane({x}, ego) or lateral_gap(ego, {x}) == 0 m)",
               ((_LANE, _AHEAD), (_IN_WIDTH, _REACHED))),
        Answer("No.", "not ahead_of({x}, ego) or (not same_lane({x}, ego) and lateral_gap(ego, {x}) > 1 m)",
               ((_NOT_AHEAD,), (_NOT_LANE, _BESIDE))),
    )),
    Question("will_meet", "prediction", "At constant velocity, will the ego and {x} meet within 4 s?", (
        Answer("Yes.", "time_to_collision(ego, {x}) < 4 s",
               ((_MEETS,), (_CROSSES, _CLOSES, _SOON), (_IN_WIDTH, _CLOSES, _SOON))),
        Answer("No.", "time_to_collision(ego, {x}) >= 4 s",
               ((_NEVER,), (_PARTS, P("distance(ego, {x}) > 0.5 m", "There is room between the ego and {x}.")),
                (_NOT_AHEAD, _BESIDE, _NO_CROSS))),
    )),
    Question("slow_down", "planning", "Does the ego need to slow down for {x} now?", (
        Answer("Yes.", "speed(ego) >= 2 m/s and ahead_of({x}, ego) and (time_to_collision(ego, {x}) < 4 s or "
               "(crossing_path({x}, ego) and distance(ego, {x}) <= 40 m))",
               ((_ROLLS, _AHEAD, _MEETS), (_ROLLS, _CROSSES, _NEAR))),
        Answer("No.", "not crossing_path({x}, ego) and time_to_collision(ego, {x}) > 6 s and headway(ego, {x}) > 2 s",
               ((_NO_CROSS, _CLEAR, _ROOM), (_NO_CROSS, _PARTS, _ROOM))),
    )),
    Question("why_braking", "behavior", "Is {x} the reason why the ego is braking?", (
        Answer("Yes, it moves across the ego's way.",
               "brakes(ego) and crossing_path({x}, ego) and distance(ego, {x}) <= 40 m",
               ((_BRAKES, _CROSSES, _NEAR), (_LAMPS, _CROSSES, _CLOSES))),
        Answer("Yes, it is slower in front of the ego.",
               "brakes(ego) and not crossing_path({x}, ego) and same_lane({x}, ego) and ahead_of({x}, ego) and "
               "closing_speed(ego, {x}) > 1 m/s",
               ((_BRAKES, _LANE, _AHEAD, _CLOSES), (_LAMPS, _IN_WIDTH, _REACHED, _CLOSES))),
        Answer("No.", "brakes(ego) and not crossing_path({x}, ego) and (not ahead_of({x}, ego) or "
               "(lateral_gap(ego, {x}) > 1 m and time_to_collision(ego, {x}) > 6 s))",
               ((_BRAKES, _NOT_AHEAD, _NO_CROSS), (_LAMPS, _BESIDE, _NO_CROSS, _CLEAR))),
    )),
    Question("light", "planning", "Must the ego stop for the light {s}?", (
        Answer("Yes.", "signal_state({s}) == red and controlled_by(ego, {s})", ((_RED, _RULED),)),
        Answer("No.", "signal_state({s}) == green and controlled_by(ego, {s})", ((_GREEN, _RULED),)),
    ), 0.0, "signal"),
    Question("without", "counterfactual", "Would the ego have braked if {x} had not been there?", (
        Answer("No.", "always not brakes(ego)", ((_BRAKED, _AWAY, _FREE), (_THREAT, _AWAY, _DARK)), "changed"),
        Answer("Yes.", "eventually brakes(ego)", ((_BRAKED, _AWAY, _STILL), (_AWAY, _LIT)), "changed"),
    ), None),
    Question("later", "counterfactual", "Would the ego and {x} have collided if {x} had acted 0.5 s later?", (
        Answer("Yes.", "eventually collides(ego, {x})", ((_HIT,), (_TOUCH,)), "changed"),
        Answer("No.", "always not collides(ego, {x})", ((_UNHURT,), (_APART,)), "changed"),
    ), None),
)  # fmt: skip
INTERVENTIONS: Mapping[str, str] = {"without": "remove {x}", "later": "{x}.start +0.5 s"}


def named(view: View, name: str) -> str:
    """An actor as questions name it, always with its id; a light by its id."""
    return f"the {noun(view.kind(name))} ({name})" if name in view.ids else name


def filled(template: str, view: View, who: str) -> str:
    """A sentence about somebody."""
    text = template.replace("{x}", named(view, who)).replace("{s}", who)
    return text[:1].upper() + text[1:]


def statement(template: str, who: str) -> str:
    """A statement about somebody, written as the language writes it."""
    return str(parse(template.replace("{x}", quoted(who)).replace("{s}", quoted(who))))


def recognised(text: str) -> tuple[Question, str] | None:
    """The kind of a question and whom it is about; None for a question of no known kind."""
    for question in QUESTIONS:
        pattern = re.escape(question.text).replace(r"\{s\}", r"(?P<who>\S+)", 1)
        pattern = pattern.replace(r"\{x\}", _WHO.format("who"), 1).replace(r"\{x\}", r"the [a-z\- ]+ \([^()]+\)")
        match = re.fullmatch(pattern, text, re.IGNORECASE)
        if match is not None:
            return question, match.group("who")
    return None
