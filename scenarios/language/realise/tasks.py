"""The ego: where it begins, how fast, and its task as a route and a speed."""

from scenarios.language.realise.ledger import Ledger
from scenarios.language.realise.plan import TURNS
from scenarios.language.realise.stage import Stage
from scenarios.language.slots import Slots
from scenarios.leaf import Leaf
from scenarios.types.actors import ego


def ego_leaf(slots: Slots, stage: Stage, ledger: Ledger) -> Leaf:
    """The ego as a leaf."""
    values: dict[str, str] = {
        "on": stage.ego_route, "at": f"{stage.ego_at_m:g} m", "speed": stage.ego_speed.text("m/s"),
    }  # fmt: skip
    ledger.assume("ego.at", values["at"], "room behind and ahead for the others")
    if stage.ego_lateral_m:
        values["lateral"] = f"{stage.ego_lateral_m:g} m"
    target = _target_speed(slots, stage, ledger)
    if target:
        values["target_speed"] = target
    return ego(task=" then ".join(slots.ego.manoeuvre), **values)


def _target_speed(slots: Slots, stage: Stage, ledger: Ledger) -> str:
    stands = stage.ego_speed.high < 0.3
    if slots.ego.manoeuvre[-1:] == ("stop",):
        ledger.assume("ego.target_speed", "0 m/s", "the ego has to stop" if not stands else "the ego stays where it is")
        return "0 m/s"
    if stands:
        ledger.assume("ego.target_speed", "6..10 m/s", "the ego stands at first and goes on to do more")
        return "6..10 m/s"
    if "park" in slots.ego.manoeuvre:
        return "1..2 m/s"
    if "overtake" in slots.ego.manoeuvre and stage.ego_speed.high < 70.0:
        ledger.assume("ego.target_speed", "ego.speed * 1.1..1.2", "it wants to be faster than what it overtakes")
        return "ego.speed * 1.1..1.2"
    return ""


def name_tasks(slots: Slots, stage: Stage, ledger: Ledger) -> None:
    """How each manoeuvre of the ego is kept: as its route, as its speed, or only as a tag."""
    changes = [deed for deed in slots.ego.manoeuvre if deed.startswith("lane_change")]
    for j, deed in enumerate(slots.ego.manoeuvre):
        path = f"ego.manoeuvre[{j}]"
        if deed in TURNS or deed.startswith("turn_"):
            if not stage.junction:
                ledger.miss(path, deed, f"the {stage.archetype} has no road to turn into; its task {deed} keeps it")
            elif deed in ("exit", "enter_roundabout") and stage.archetype != "roundabout":
                ledger.miss(path, deed, f"there is nothing to enter or leave here; its task {deed} keeps it")
            else:
                ledger.assume("ego.on", stage.ego_route, f"the route of its {deed}")
        elif deed in changes:
            if not stage.ego_lateral_m or len(changes) > 1:
                ledger.miss(path, deed, f"the task of the ego is one lane, {stage.ego_route}; its task {deed} keeps it")
            else:
                ledger.assume(
                    "ego.on", stage.ego_route, "the lane of its task; it begins beside it and moves over at once"
                )
        elif deed == "merge" and stage.archetype != "ramp":
            ledger.miss(path, deed, f"the {stage.archetype} has no ramp; its task merge keeps it")
        elif deed in ("overtake", "u_turn", "park"):
            reason = f"how it moves is the business of the ego's policy; its task {deed} keeps it"
            ledger.miss(path, deed, reason)
        elif deed == "stop" and slots.ego.manoeuvre[-1] != "stop":
            ledger.miss(path, deed, "the task of the ego has one speed, that of its last deed; its task stop keeps it")
