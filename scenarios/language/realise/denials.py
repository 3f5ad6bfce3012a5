"""What a description denies: each denial is kept by leaving something out, or named where it cannot be."""

from scenarios.language.realise.ledger import Ledger
from scenarios.language.slots import Slots

_BY_ABSENCE = {
    "no pedestrians", "no cyclists", "no animals", "no other vehicles", "no oncoming traffic", "no parked cars",
    "no lead vehicle", "no following vehicle", "no trains", "no cones", "no rain", "no fog", "no snow", "no ice",
    "no v2x", "no crosswalk",
}  # fmt: skip
_BY_LEAVING_OUT = {
    "no signal", "no braking", "no stop", "no acceleration", "no turn", "no overtaking", "no lane change",
}  # fmt: skip
_LOOKS = {"no lane markings", "no shoulder", "no sidewalk", "no signs", "no barrier", "no lights"}


def account_for_denials(slots: Slots, ledger: Ledger) -> None:
    """Writes down how each denial is kept."""
    for i, denial in enumerate(slots.negations):
        path = f"negations[{i}]"
        if denial in _BY_ABSENCE:
            ledger.assume(path, denial, "nothing of the kind is placed")
        elif denial in _BY_LEAVING_OUT:
            ledger.assume(path, denial, "nobody is told to; drivers that mind the traffic may still have to")
        elif denial == "no street lights":
            ledger.assume(path, denial, "light.street_lights is false")
        elif denial == "no collision":
            ledger.miss(path, denial, "an outcome, not a setting; the metrics of a run judge it")
        elif denial == "no yield":
            ledger.assume(path, denial, "scripted drivers mind no right of way")
        else:
            assert denial in _LOOKS
            ledger.miss(path, denial, "our roads and vehicles are built with it")
