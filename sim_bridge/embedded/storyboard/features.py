"""What of a storyboard is played, member by member, with what is only approximated said in words.

What cannot even be written as a storyboard (a traffic swarm, a geographic position) is refused while a file is
lowered, with its line; this table is about everything else.
"""

from dataclasses import dataclass
from typing import get_args

from scenarios import storyboard as sb


@dataclass(frozen=True, slots=True)
class Played:
    """How well one member of the storyboard is played: `exact` against the reference player, or with a remark."""

    kind: str
    exact: bool = True
    remark: str = ""


_REMARKS: dict[type, str] = {
    sb.RandomRoute: "at junctions the straightest way is taken, as by an entity without a route",
    sb.ControllerSwitch: "written down; entities keep their speed and lane, as with the default controller",
    sb.OverrideControls: "written down; entities move by their speed, pedals and wheel have no effect",
    sb.Visibility: "written down; nobody is hidden from sensors or pictures",
    sb.LightState: "switched in the rollout where it has a bit for the light; fog and daytime lights have none",
    sb.SetEnvironment: "written down; the rollout keeps the weather, lights and friction of the start",
    sb.UserCommand: "written down; it has no effect",
    sb.OnUserValue: "never holds, since nobody outside sets the value",
}


def _members() -> dict[type, str]:
    kinds = {
        "action": sb.Action, "condition": sb.ByValue | sb.ByEntity, "position": sb.Position, "shape": sb.Shape,
    }  # fmt: skip
    return {member: kind for kind, union in kinds.items() for member in get_args(union)}


PLAYED: dict[type, Played] = {
    member: Played(kind, member not in _REMARKS, _REMARKS.get(member, "")) for member, kind in _members().items()
}
"""Every action, condition, position and shape that a storyboard may hold."""


def table() -> str:
    """The table as Markdown."""
    lines = ["| kind | member | played |", "|---|---|---|"]
    for member, played in PLAYED.items():
        lines.append(f"| {played.kind} | `{member.__name__}` | {played.remark or 'yes'} |")
    return "\n".join(lines) + "\n"
