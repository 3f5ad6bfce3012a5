"""PDMS and EPDMS from their sub-scores, the human filter, two stages, and plans judged along a drive.

PDMS  = NC DAC (5 TTC + 5 EP + 2 C) / 12
EPDMS = NC DAC DDC TLC (5 EP + 5 TTC + 2 LK + 2 HC + 2 EC) / 16
EP = clip(progress / M, 0, 1) with M the greatest of the progress of plan and reference times their multipliers; 1 where
M is at most 5 m. The human filter sets a sub-score to 1 where the human driver of an original scene got 0.
Source: navsim 0a380a9. The score as first published filtered the sub-scores that were reported and forgot the ones
that the score was made of: `HumanFilter.AS_FIRST_PUBLISHED` repeats that, under a name of its own.
A part that does not apply (EC without a plan before, LK without a centreline) leaves its weight out of the mean, as
the scorer does with EC while it ranks proposals; `left_out` names it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from jaxtyping import Float, Int

from closed_loop.metrics.comfort import raw_acceleration_mps2
from closed_loop.metrics.drive import Drive
from closed_loop.metrics.navsim import subscores as part
from closed_loop.metrics.navsim.scene import STEP_S, PlanMotion, PlanScene, drive_plans, scene_of_drive
from closed_loop.tracking import (
    NUPLAN_BICYCLE,
    NUPLAN_TRACKER,
    KinematicBicycle,
    LqrTracker,
    RearAxleState,
    Trajectory,
)

PDMS_WEIGHTS: Mapping[str, float] = {"ep": 5.0, "ttc": 5.0, "c": 2.0}
EPDMS_WEIGHTS: Mapping[str, float] = {"ep": 5.0, "ttc": 5.0, "lk": 2.0, "hc": 2.0, "ec": 2.0}
PDMS_FACTORS, EPDMS_FACTORS = ("nc", "dac"), ("nc", "dac", "ddc", "tlc")
_NAMES = frozenset({*PDMS_FACTORS, *PDMS_WEIGHTS, *EPDMS_FACTORS, *EPDMS_WEIGHTS})
MIN_PROGRESS_M = 5.0
SIGMA2_M2 = 0.1
HISTORY_FRAMES = 15
MAX_APART_S = 0.55


class HumanFilter(Enum):
    """What is done with sub-scores at which the human failed too."""

    OFF = "off"
    FIXED = "fixed"
    AS_FIRST_PUBLISHED = "as_first_published"


@dataclass(frozen=True, slots=True)
class PlanScore:
    """A score and the sub-scores that it is reported with.

    Attributes:
        score: 0 to 1.
        parts: sub-scores by name, after the human filter.
        left_out: sub-scores that do not apply, with the reason.
    """

    score: float
    parts: Mapping[str, float]
    left_out: Mapping[str, str]


def weighted_score(parts: Mapping[str, float | None], factors: Sequence[str], weights: Mapping[str, float]) -> float:
    """Product of the factors times the weighted mean of the rest; what is None or absent is left out.

    Raises:
        ValueError: a factor is absent (None says that it does not apply), a name is unknown, or nothing is left to
            weigh.
    """
    _require(parts, factors)
    known = {name: value for name, value in parts.items() if value is not None}
    total = sum(weight for name, weight in weights.items() if name in known)
    if not total:
        raise ValueError("no weighted sub-score applies")
    mean = sum(weight * known[name] for name, weight in weights.items() if name in known) / total
    return float(np.prod([known.get(name, 1.0) for name in factors])) * mean


def _require(parts: Mapping[str, float | None], factors: Sequence[str]) -> None:
    absent, unknown = set(factors) - set(parts), set(parts) - _NAMES
    if absent or unknown:
        found = ", ".join(sorted(unknown)) or "no " + ", ".join(sorted(absent))
        raise ValueError(f"sub-scores: {found}; expected {', '.join((*factors, *sorted(_NAMES - {*factors})))}")


def pdms(parts: Mapping[str, float | None]) -> float:
    """NC DAC (5 TTC + 5 EP + 2 C) / 12 from sub-scores 'nc', 'dac', 'ttc', 'ep', 'c'."""
    return weighted_score(parts, PDMS_FACTORS, PDMS_WEIGHTS)


def epdms(
    parts: Mapping[str, float | None],
    human: Mapping[str, float | None] | None = None,
    human_filter: HumanFilter = HumanFilter.FIXED,
) -> PlanScore:
    """EPDMS from sub-scores 'nc', 'dac', 'ddc', 'tlc', 'ep', 'ttc', 'lk', 'hc', 'ec'.

    Args:
        parts: of the plan.
        human: of the human driver in the same scene; None for synthetic scenes, which are not filtered.
        human_filter: whether and how the filter works.

    Raises:
        ValueError: as `weighted_score`.
    """
    _require(parts, EPDMS_FACTORS)
    mine = {name: parts.get(name) for name in (*EPDMS_FACTORS, *EPDMS_WEIGHTS)}
    filtered = mine
    if human is not None and human_filter is not HumanFilter.OFF:
        filtered = {name: 1.0 if value is not None and human.get(name) == 0 else value for name, value in mine.items()}
    used = filtered if human_filter is HumanFilter.FIXED else mine
    return PlanScore(
        weighted_score(used, EPDMS_FACTORS, EPDMS_WEIGHTS),
        {name: value for name, value in filtered.items() if value is not None},
        {name: "does not apply" for name, value in filtered.items() if value is None},
    )


def ego_progress(progress_m: float, factor: float, reference_m: float, reference_factor: float = 1.0) -> float:
    """EP from the progress of plan and reference and the products of their multipliers."""
    most = max(progress_m * factor, reference_m * reference_factor)
    return float(np.clip(progress_m / most, 0.0, 1.0)) if most > MIN_PROGRESS_M else 1.0


def stage_weights(end_m: Float[np.ndarray, "2"], starts_m: Float[np.ndarray, "K 2"]) -> Float[np.ndarray, "K"]:
    """exp(-d^2 / (2 x 0.1 m^2)) for the distance of each second-stage start from the first stage's end, made to sum 1.

    Where all vanish, each counts alike.
    """
    kernel = np.exp(-np.sum((starts_m - end_m) ** 2, axis=-1) / (2 * SIGMA2_M2))
    total = float(kernel.sum())
    return np.full(len(kernel), 1.0 / len(kernel)) if np.isclose(total, 0.0) else kernel / total


def two_stage_score(
    first: float, end_m: Float[np.ndarray, "2"], second: Float[np.ndarray, "K"], starts_m: Float[np.ndarray, "K 2"]
) -> float:
    """S1 x S2, S2 the mean of the second-stage scores by `stage_weights`."""
    return first * float(np.sum(stage_weights(end_m, starts_m) * second))


def sub_scores(
    motion: PlanMotion,
    scene: PlanScene,
    reference: PlanMotion | float | None = None,
    history: tuple[Float[np.ndarray, "H 2"], Float[np.ndarray, "H"]] | None = None,
) -> list[dict[str, float | None]]:
    """Sub-scores of P plans, with 'c' for version 1 and without 'ec'; None where one does not apply.

    Args:
        motion: how the plans move the ego.
        scene: the world.
        reference: motion of the reference planner (one plan), or the progress it makes in metres; None for none.
        history: acceleration in the vehicle's axes and yaw of the frames before, 0.1 s apart.
    """
    columns: dict[str, np.ndarray | None] = {
        "nc": part.no_collision(motion, scene),
        "dac": None if scene.index is None else part.drivable_area(motion, scene),
        "ddc": part.driving_direction(motion, scene) if scene.on_route.any() else None,
        "tlc": None if scene.index is None else part.traffic_light(motion, scene),
        "ttc": part.time_to_collision(motion, scene),
        "lk": None if scene.centerline_m is None else part.lane_keeping(motion, scene),
        "c": part.is_comfortable(motion),
        "hc": part.is_comfortable(motion, *(history or (None, None))),
        "ep": None,
    }
    rows = [
        {name: None if c is None else float(c[k]) for name, c in columns.items()} for k in range(len(motion.speed_mps))
    ]
    if scene.centerline_m is not None and reference is not None:
        gained = part.progress_m(motion, scene)
        for row, way in zip(rows, gained, strict=True):
            row["ep"] = ego_progress(float(way), _factor(row), *_reference(reference, scene))
    return rows


def _factor(row: Mapping[str, float | None]) -> float:
    return float(np.prod([1.0 if (value := row[name]) is None else value for name in EPDMS_FACTORS]))


def _reference(reference: PlanMotion | float, scene: PlanScene) -> tuple[float, float]:
    if not isinstance(reference, PlanMotion):
        return float(reference), 1.0
    (row,) = sub_scores(reference, scene)
    return float(part.progress_m(reference, scene)[0]), _factor(row)


def score_plans(
    drive: Drive,
    steps: Int[np.ndarray, "K"],
    plans: Trajectory,
    reference: Trajectory | None = None,
    tracker: LqrTracker = NUPLAN_TRACKER,
    model: KinematicBicycle = NUPLAN_BICYCLE,
) -> tuple[PlanScore | None, ...]:
    """EPDMS of plans that the ego made along a drive: 4 s of rear-axle poses at 10 Hz each.

    Every plan is driven by the tracker and the bicycle from the ego's state of its moment, among the actors of the
    drive. EC compares it with the plan before, where that began at most 0.55 s earlier.

    Args:
        drive: at 10 Hz.
        steps: frame at which each plan was made, increasing.
        plans: K of them; the first pose of each is the ego's at its frame.
        reference: plans of the reference planner (PDM-Closed in NAVSIM) at the same frames; the plan itself where None.
        tracker: that follows the plans.
        model: of the vehicle.

    Returns:
        scores in the order of the plans; None where the drive ends before the plan does.

    Raises:
        ValueError: the drive or the plans are not at 10 Hz, or there are not as many plans as frames.
    """
    if not (np.isclose(drive.step_s, STEP_S) and np.isclose(plans.step_s, STEP_S)):
        raise ValueError(
            f"plans are judged at 10 Hz; the drive has {drive.step_s} s, the plans {plans.step_s} s a step"
        )
    if len(steps) != len(plans.yaw_rad):
        raise ValueError(f"{len(plans.yaw_rad)} plans for {len(steps)} frames")
    num_steps = plans.yaw_rad.shape[1] - 1
    state = _state_at(drive, steps)
    moved = drive_plans(state, plans, drive.size_m, drive.rear_axle_to_center_m, num_steps, tracker, model)
    best = None if reference is None else drive_plans(
        state, reference, drive.size_m, drive.rear_axle_to_center_m, num_steps, tracker, model
    )  # fmt: skip
    scores: list[PlanScore | None] = []
    for k, step in enumerate(int(s) for s in steps):
        if step + num_steps >= drive.num_steps:
            scores.append(None)
            continue
        scene, one = scene_of_drive(drive, step, num_steps + 1), _one(moved, k)
        basis = 0.0 if best is None else _one(best, k)
        (row,) = sub_scores(one, scene, basis, _history(drive, step))
        gap = step - int(steps[k - 1]) if k else 0
        if 0 < gap * STEP_S <= MAX_APART_S:
            row["ec"] = float(part.extended_comfort(_one(moved, k - 1), one, gap)[0][0])
        scores.append(epdms(row))
    return tuple(scores)


def _state_at(drive: Drive, steps: np.ndarray) -> RearAxleState:
    ego = drive.rollout.ego_index
    steering = np.nan_to_num(drive.rollout.steering_rad[drive.step[steps], ego])
    return RearAxleState(
        drive.rear_axle_m[steps], drive.yaw_rad[steps], np.sum(drive.velocity_mps * drive.forward, axis=-1)[steps],
        raw_acceleration_mps2(drive)[steps, 0], steering,
    )  # fmt: skip


def _one(motion: PlanMotion, k: int) -> PlanMotion:
    return replace(
        motion, center_m=motion.center_m[k : k + 1], yaw_rad=motion.yaw_rad[k : k + 1],
        speed_mps=motion.speed_mps[k : k + 1], acceleration_mps2=motion.acceleration_mps2[k : k + 1],
    )  # fmt: skip


def _history(drive: Drive, step: int) -> tuple[np.ndarray, np.ndarray] | None:
    frames = slice(max(step - HISTORY_FRAMES, 0), step)
    if frames.start == frames.stop:
        return None
    return raw_acceleration_mps2(drive)[frames], drive.yaw_rad[frames]
