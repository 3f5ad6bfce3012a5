"""Scenarios, rollouts and segments in English.

    describe(logical)    what every draw of it has in common, ranges as ranges
    describe(concrete)   the numbers that were drawn
    describe(rollout)    what happened: who braked when, the closest approach
    describe(segment)    the same, and where the data came from

Texts about scenarios are written in the words that the reader of descriptions knows: `read(describe(s)).slots` gives
`slots_of(s)` back. Those about files of other languages, which have a storyboard, also tell what no slot holds. Texts
about what was lived tell results, which no scenario has slots for.
"""

from functools import singledispatch

from driving_data.rollout import Rollout
from driving_data.segment import Raw, Segment
from scenarios.algebra import LogicalScenario
from scenarios.concrete import ConcreteScenario
from scenarios.language.describe.drawn import drawn_slots
from scenarios.language.describe.lived import rollout_text, segment_text
from scenarios.language.describe.story import has_story, logical_story_text, story_slots, story_text
from scenarios.language.describe.text import text_of
from scenarios.language.describe.wished import wished_slots
from scenarios.language.slots import Slots


def slots_of(thing: LogicalScenario | ConcreteScenario) -> Slots:
    """What a scenario says, in slots."""
    if isinstance(thing, LogicalScenario):
        return story_slots(thing.sample(0, 0)) if has_story(thing) else wished_slots(thing)
    return drawn_slots(thing) if thing.storyboard is None else story_slots(thing)


@singledispatch
def describe(thing: object) -> str:
    """A scenario, a rollout or a segment in English.

    Raises:
        TypeError: it is none of them.
    """
    raise TypeError(f"a {type(thing).__name__} describes itself in no way that is known here")


@describe.register
def _(thing: LogicalScenario) -> str:
    return logical_story_text(thing) if has_story(thing) else text_of(wished_slots(thing))


@describe.register
def _(thing: ConcreteScenario) -> str:
    return text_of(drawn_slots(thing)) if thing.storyboard is None else story_text(thing)


@describe.register
def _(thing: Rollout) -> str:
    return rollout_text(thing)


@describe.register(Segment)
def _(thing: Segment[Raw]) -> str:
    return segment_text(thing)


__all__ = ["describe", "slots_of", "text_of"]
