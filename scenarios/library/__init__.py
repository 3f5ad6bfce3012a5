"""Ready scenarios: YAML files with ranges, found by name."""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from driving_data.errors import Fault, InputError, nearest_name

if TYPE_CHECKING:
    from scenarios.algebra import LogicalScenario

_FOLDER = Path(__file__).resolve().parent
# A small set that covers roads, weather and manoeuvres: what the demo and the small suite play.
CORE = ("animal_crossing_dusk", "cut_in", "cut_out", "cyclist_overtake_oncoming", "dense_stop_and_go",
        "late_pedestrian", "lead_brakes_hard", "merge_from_ramp", "red_light_runner", "roundabout_entry",
        "unprotected_left_turn", "work_zone_lane_closure")  # fmt: skip


def names() -> tuple[str, ...]:
    """Names of the ready scenarios, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))


def families() -> tuple[str, ...]:
    """Names of the scenario families that suites draw from, as `r157/cut_in`, sorted."""
    folder = _FOLDER / "families"
    return tuple(sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.yaml")))


def path(name: str) -> Path:
    """The file of a ready scenario or of a family.

    Raises:
        InputError: there is none of that name; the fault names the nearest.
    """
    if name in families():
        return _FOLDER / "families" / f"{name}.yaml"
    known = (*names(), *families()) if "/" in name else names()
    if name not in known:
        expected, nearest = f"one of {', '.join(known)}", nearest_name(name, known)
        raise InputError([Fault("", 0, 0, "scenario", "unknown-name", repr(name), expected, nearest)])
    return _FOLDER / f"{name}.yaml"


@lru_cache(maxsize=64)
def load(name: str) -> "LogicalScenario":
    """The ready scenario, or the family, of that name.

    Raises:
        InputError: there is none of that name, or its file is damaged.
    """
    from scenarios.spec import read_spec  # loads pydantic and yaml

    return read_spec(path(name))


__all__ = ["CORE", "families", "load", "names", "path"]
