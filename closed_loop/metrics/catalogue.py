"""Every metric by name, and their measurement on one rollout."""

from collections.abc import Mapping, Sequence

from closed_loop.metrics import (
    carla_drive,
    collision,
    comfort,
    criticality,
    energy,
    proximity,
    published,
    ride,
    road,
    score,
)
from closed_loop.metrics.definition import Metric, MetricValue
from closed_loop.metrics.drive import DrivingTask, drive_of
from closed_loop.metrics.navsim import metrics as navsim
from closed_loop.metrics.nuplan import score as nuplan
from closed_loop.metrics.thresholds import PUBLISHED, Thresholds
from closed_loop.rules import metrics as rules
from driving_data.errors import Fault, InputError, nearest_name
from driving_data.rollout import Rollout

_FAMILIES: Mapping[str, tuple[Metric, ...]] = {
    "drive": (*score.METRICS, *collision.METRICS, *road.METRICS, *proximity.METRICS, *comfort.METRICS),
    "nuplan": nuplan.METRICS,
    "navsim": navsim.METRICS,
    "published": published.METRICS,
    "carla": carla_drive.METRICS,
    "criticality": criticality.METRICS,
    "energy": energy.METRICS,
    "ride": ride.METRICS,
    "rules": rules.METRICS,
}
METRICS: Mapping[str, Metric] = {metric.id: metric for family in _FAMILIES.values() for metric in family}
# What is measured where nobody says what: quick, and enough for reports and gates.
STANDARD = (*(metric.id for metric in _FAMILIES["drive"]), "nuplan_cls", "carla_driving_score_2_1")
SETS: Mapping[str, tuple[str, ...]] = {
    "standard": STANDARD,
    "all": tuple(METRICS),
    **{name: tuple(metric.id for metric in family) for name, family in _FAMILIES.items()},
}


def metrics_named(names: Sequence[str], thresholds: Thresholds = PUBLISHED) -> tuple[Metric, ...]:
    """The metrics of these names, each once; a name of `SETS` stands for its metrics, none for the standard set.

    Args:
        names: of metrics and sets.
        thresholds: numbers that they judge by; those of the definitions where nothing is said.

    Raises:
        InputError: a name is unknown; every unknown name is told.
    """
    known = (*SETS, *METRICS)
    faults = [
        Fault("", 0, 0, f"metrics[{i}]", "unknown-name", repr(name), f"one of {', '.join(known)}",
              nearest_name(name, known))
        for i, name in enumerate(names) if name not in known
    ]  # fmt: skip
    if faults:
        raise InputError(faults)
    wanted = dict.fromkeys(one for name in names or ("standard",) for one in SETS.get(name, (name,)))
    return tuple(thresholds.applied(METRICS[name]) for name in wanted)


def measure(
    rollout: Rollout, task: DrivingTask | None = None, metrics: Sequence[Metric] = ()
) -> dict[str, MetricValue]:
    """Measures metrics (all of them by default) on one rollout; values by metric id.

    Raises:
        ValueError: the ego never exists.
    """
    drive = drive_of(rollout, task)
    return {metric.id: metric.measure(drive) for metric in (metrics or tuple(METRICS.values()))}
