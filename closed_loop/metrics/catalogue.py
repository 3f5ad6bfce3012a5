"""Every metric by name, and their measurement on one rollout."""

from collections.abc import Mapping, Sequence

from closed_loop.metrics import carla_drive, collision, comfort, criticality, proximity, published, road, score
from closed_loop.metrics import carla_drive, collision, comfort, criticality, energy, proximity, ride, road, score
from closed_loop.metrics.definition import Metric, MetricValue
from closed_loop.metrics.drive import DrivingTask, drive_of
from closed_loop.metrics.navsim import metrics as navsim
from closed_loop.metrics.nuplan import score as nuplan
from closed_loop.rules import metrics as rules
from driving_data.errors import Fault, InputError, nearest_name
from driving_data.rollout import Rollout

METRICS: Mapping[str, Metric] = {
    metric.id: metric
    for metric in (
        *score.METRICS,
        *collision.METRICS,
        *road.METRICS,
        *proximity.METRICS,
        *comfort.METRICS,
        *nuplan.METRICS,
        *navsim.METRICS,
        *published.METRICS,
        *carla_drive.METRICS,
        *criticality.METRICS,
        *energy.METRICS,
        *ride.METRICS,
        *rules.METRICS,
    )
}


def metrics_named(names: Sequence[str]) -> tuple[Metric, ...]:
    """The metrics of these names, all of them where there are none.

    Raises:
        InputError: a name is unknown; every unknown name is told.
    """
    faults = [
        Fault("", 0, 0, f"metrics[{i}]", "unknown-name", repr(name), f"one of {', '.join(METRICS)}",
              nearest_name(name, METRICS))
        for i, name in enumerate(names) if name not in METRICS
    ]  # fmt: skip
    if faults:
        raise InputError(faults)
    return tuple(METRICS[name] for name in names) if names else tuple(METRICS.values())


def measure(
    rollout: Rollout, task: DrivingTask | None = None, metrics: Sequence[Metric] = ()
) -> dict[str, MetricValue]:
    """Measures metrics (all of them by default) on one rollout; values by metric id.

    Raises:
        ValueError: the ego never exists.
    """
    drive = drive_of(rollout, task)
    return {metric.id: metric.measure(drive) for metric in (metrics or tuple(METRICS.values()))}
