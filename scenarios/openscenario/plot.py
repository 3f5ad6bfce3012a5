"""What happens in a storyboard, in the order of the file: events with who acts and what starts them."""

from collections.abc import Iterator
from dataclasses import dataclass

from scenarios import storyboard as sb


@dataclass(frozen=True, slots=True)
class Happening:
    """One event of a storyboard.

    Attributes:
        actors: names of those who act.
        event: what they do and when.
        act: start trigger of the act that it belongs to; None where that begins at once.
        path: names of story, act, group and manoeuvre.
    """

    actors: tuple[str, ...]
    event: sb.Event
    act: sb.Trigger | None
    path: tuple[str, ...] = ()

    @property
    def conditions(self) -> tuple[sb.Condition, ...]:
        """Conditions that start it; those of the act where it has none of its own."""
        own = conditions_of(self.event.start)
        return own or conditions_of(self.act)


def conditions_of(trigger: sb.Trigger | None) -> tuple[sb.Condition, ...]:
    """Conditions of a trigger, in order."""
    return () if trigger is None else tuple(condition for group in trigger.groups for condition in group)


def events(board: sb.Storyboard) -> Iterator[Happening]:
    """Every event, in the order of the file."""
    for story in board.stories:
        for act in story.acts:
            for group in act.groups:
                for maneuver in group.maneuvers:
                    path = (story.name, act.name, group.name, maneuver.name)
                    for event in maneuver.events:
                        yield Happening(group.actors, event, act.start, path)
