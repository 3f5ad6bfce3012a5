"""Features of the road: those that the stage was built with, devices that close a lane, and the rest by name."""

from scenarios.language.realise.cast import in_taper, taper
from scenarios.language.realise.ledger import Ledger
from scenarios.language.realise.stage import Stage
from scenarios.language.slots import Slots
from scenarios.leaf import Leaf
from scenarios.types.catalogue import LEAF_TYPES
from scenarios.types.traffic import traffic

# The kind of leaf that has a preset of the feature's name.
_LEAF_OF = {
    preset: kind for kind in ("structures", "signs", "lane_uses", "zones") for preset in LEAF_TYPES[kind].presets
}  # fmt: skip


def furniture(slots: Slots, stage: Stage, ledger: Ledger) -> list[Leaf]:
    """Cones that close a lane, where the text closes one and sets up no cones of its own."""
    row = taper(slots, stage)
    if (
        row is None
        or "no cones" in slots.negations
        or any(actor.kind == "cone" and not in_taper(actor, slots, stage) for actor in slots.actors)
    ):
        return []
    start = float(stage.parameters.get("closure_start_m", stage.ego_at_m + 90.0)) - 36.0
    ledger.assume("traffic.taper", f"8 cones on {row.route}", "a closed lane is closed by something")
    return [
        traffic(
            "taper",
            count=8,
            on=row.route,
            kind="cone",
            speed="0 m/s",
            spacing="5 m",
            from_=f"{start:g} m",
            lateral="-1.4 m",
            lateral_step="0.36 m",
            clear="0.5 m",
        )
    ]


def _is_built(feature: str, slots: Slots, stage: Stage) -> bool:
    parameters, name = stage.parameters, stage.archetype
    if feature == "crosswalk":
        return bool(parameters.get("crosswalks")) or "crosswalk_s_m" in parameters
    if feature == "curve":
        return bool(parameters.get("curvature_1pm"))
    if feature == "hill":
        return bool(parameters.get("crest_m"))
    if feature == "lane_closure":
        return taper(slots, stage) is not None
    if feature == "one_way":
        return parameters.get("oncoming") == 0
    if feature == "on_ramp":
        return name == "ramp"
    if feature in ("stop_sign", "give_way_sign"):
        return name == "t_junction" and parameters.get("control") == ("stop" if feature == "stop_sign" else "yield")
    return False


def scenery(slots: Slots, stage: Stage, ledger: Ledger) -> list[Leaf]:
    """Leaves of what the road has besides its lanes; what the map does not show is named."""
    said = [*slots.road.features]
    if slots.road.kind in ("tunnel", "bridge"):
        said.append(slots.road.kind)
    leaves: list[Leaf] = []
    for i, feature in enumerate(said):
        path = f"road.features[{i}]" if i < len(slots.road.features) else "road.kind"
        shown = _is_built(feature, slots, stage)
        kind = _LEAF_OF.get(feature)
        if kind is not None and not (shown and feature in ("crosswalk", "on_ramp")):
            leaves.append(LEAF_TYPES[kind].make(feature, feature))
        if not shown:
            kept = "it is kept as a leaf and tag; " if kind else ""
            ledger.miss(path, feature, f"{kept}our {stage.archetype} is built without it")
    if slots.road.signalized and not stage.parameters.get("signals"):
        ledger.miss("road.signalized", True, f"our {stage.archetype} has no traffic lights")
    if "no lane markings" in slots.negations:
        leaves.append(LEAF_TYPES["markings"].make("missing", "missing"))
    return leaves
