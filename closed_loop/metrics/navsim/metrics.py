"""PDMS and EPDMS of what an ego drove: the whole drive is judged as one plan that was carried out."""

from functools import lru_cache

import numpy as np

from closed_loop.metrics.definition import Direction, Metric, MetricValue, Scale, not_applicable
from closed_loop.metrics.drive import Drive
from closed_loop.metrics.navsim.scene import STEP_S, motion_of_drive, scene_of_drive
from closed_loop.metrics.navsim.score import epdms as epdms_of
from closed_loop.metrics.navsim.score import pdms as pdms_of
from closed_loop.metrics.navsim.score import sub_scores

_SOURCE = "NAVSIM (navsim 0a380a9, pdm_scorer)"


@lru_cache(maxsize=8)
def parts_of(drive: Drive) -> dict[str, float | None] | str:
    """Sub-scores of a drive, or why it has none."""
    if drive.rollout.lane_map is None:
        return "no lane map"
    if drive.task is None or drive.task.route_m is None:
        return "no route is known"
    if drive.num_steps < 5:
        return "too few frames to filter"
    if not np.isclose(drive.step_s, STEP_S):
        return f"the definition is at 10 Hz, the drive at {1 / drive.step_s:.3g} Hz"
    task = drive.task
    reference = min(task.distance_m, task.target_speed_mps * float(drive.time_s[-1]))
    (row,) = sub_scores(motion_of_drive(drive), scene_of_drive(drive), reference)
    return row


def pdms(drive: Drive) -> MetricValue:
    """PDMS of the drive."""
    row = parts_of(drive)
    if isinstance(row, str):
        return not_applicable(row)
    return MetricValue(pdms_of(row), evidence={"parts": {k: row[k] for k in ("nc", "dac", "ttc", "ep", "c")}})


def epdms(drive: Drive) -> MetricValue:
    """EPDMS of the drive; EC has no plan before and is left out, as the evidence says."""
    row = parts_of(drive)
    if isinstance(row, str):
        return not_applicable(row)
    score = epdms_of(row)
    return MetricValue(score.score, evidence={"parts": dict(score.parts), "left_out": sorted(score.left_out)})


METRICS = (
    Metric(
        "pdms", "1.0.0", "PDM score", "", Direction.HIGHER_IS_BETTER, Scale.MEAN, _SOURCE,
        "NC x DAC x (5 TTC + 5 EP + 2 C) / 12 of the motion that was driven; progress against the task's.", pdms,
    ),
    Metric(
        "epdms", "1.0.0", "Extended PDM score", "", Direction.HIGHER_IS_BETTER, Scale.MEAN, _SOURCE,
        "NC x DAC x DDC x TLC x (5 EP + 5 TTC + 2 LK + 2 HC + 2 EC) / 16 of the motion that was driven; EC needs plans "
        "and is left out here.", epdms,
    ),
)  # fmt: skip
