"""What came of a draw when it was played: bins measured again from the rollout.

A draw says what was asked for. Whether a manoeuvre began is told by its trigger events; how close it became, by gaps
and times to collision; weather, light and the ego's first speed by the rollout itself. Coverage of what was realised
counts only what happened.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from driving_data.rollout import Rollout
from scenarios.behaviour import Behaviour, Parallel, Sequence, When
from scenarios.concrete import ConcreteScenario
from scenarios.coverage.axes import Axis
from scenarios.coverage.grid import Grid

GAP_EDGES_M = (0.0, 2.0, 5.0, 10.0, 20.0, 50.0)
TTC_EDGES_S = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
MIN_CLOSING_MPS = 0.1
_STEP = re.compile(r"^(?P<actor>.+?)\.do\[(?P<step>\d+)\]")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rollout shows.

    Attributes:
        min_gap_m: smallest gap between the ego's front and the rear of an actor in its path; inf if none ever was.
        min_ttc_s: smallest time to collision with one, at constant speeds; inf if it never closed in.
        collided: whether the ego hit something.
        fired: actors and labels of the steps that began, as the simulator wrote them.
    """

    min_gap_m: float
    min_ttc_s: float
    collided: bool
    fired: tuple[tuple[str, str], ...]


def outcome_of(rollout: Rollout) -> Outcome:
    """What a rollout shows (see `Outcome`). The path is a straight strip ahead, as wide as both boxes together."""
    ego = rollout.ego_index
    frame, centre = rollout.world_from_actor.rotation[:, ego], rollout.world_from_actor.translation_m
    # The transpose takes vectors of the world into the frame of the ego's box.
    apart = np.einsum("tji,taj->tai", frame, centre - centre[:, ego, None])
    closing = -np.einsum("tji,taj->tai", frame, rollout.velocity_mps - rollout.velocity_mps[:, ego, None])
    size = rollout.actors.size_m
    with np.errstate(invalid="ignore", divide="ignore"):
        in_path = rollout.valid & (np.abs(apart[..., 1]) < 0.5 * (size[:, 1] + size[ego, 1])) & (apart[..., 0] > 0)
        in_path[:, ego] = False
        gap = np.where(in_path, np.maximum(apart[..., 0] - 0.5 * (size[:, 0] + size[ego, 0]), 0.0), np.inf)
        ttc = np.where(closing[..., 0] > MIN_CLOSING_MPS, gap / closing[..., 0], np.inf)
    ego_id = rollout.actors.ids[ego]
    fired = tuple(
        (event.actor_ids[0] if event.actor_ids else "", str(event.data.get("trigger", "")))
        for event in rollout.events if event.kind == "trigger"
    )  # fmt: skip
    hit = any(event.kind == "collision" and ego_id in event.actor_ids for event in rollout.events)
    return Outcome(float(gap.min(initial=np.inf)), float(ttc.min(initial=np.inf)), hit, fired)


def outcome_axes() -> tuple[Axis, ...]:
    """Axes of what happened: smallest gap, smallest time to collision, collision."""
    return (
        _open_axis("outcome.min_gap", GAP_EDGES_M, "m"),
        _open_axis("outcome.min_ttc", TTC_EDGES_S, "s"),
        Axis("outcome.collided", ("no", "yes"), (frozenset([False]), frozenset([True]))),
    )


def outcome_bins(outcome: Outcome) -> dict[str, str]:
    """The bin of each outcome axis, by label."""
    values: dict[str, Any] = {
        "outcome.min_gap": outcome.min_gap_m, "outcome.min_ttc": outcome.min_ttc_s,
        "outcome.collided": outcome.collided,
    }  # fmt: skip
    found: dict[str, str] = {}
    for axis in outcome_axes():
        number = axis.bin_of(values[axis.path])
        assert number is not None
        found[axis.path] = axis.labels[number]
    return found


def _open_axis(path: str, edges: tuple[float, ...], unit: str) -> Axis:
    ends = [*edges, float("inf")]
    cells = tuple(pairwise(ends))
    labels = tuple(f"{a:g}..{b:g} {unit}" if np.isfinite(b) else f"over {a:g} {unit}" for a, b in cells)
    return Axis(path, labels, cells)


def measured(rollout: Rollout) -> Mapping[str, float]:
    """Values of a rollout under the paths that a scenario has them under: a real log has no draws."""
    ego = rollout.ego_index
    seen = np.flatnonzero(rollout.valid[:, ego])
    found = {
        "weather.rain": rollout.environment.rain_mmph,
        "weather.snow": rollout.environment.snow_mmph,
        "weather.fog_visibility": rollout.environment.fog_visibility_m,
        "weather.wind": rollout.environment.wind_mps,
        "weather.clouds": rollout.environment.cloud_cover,
        "weather.wetness": rollout.environment.road_wetness,
        "weather.friction": rollout.environment.road_friction,
        "light.sun_elevation": rollout.environment.sun_elevation_rad,
        "light.sun_azimuth": rollout.environment.sun_azimuth_rad,
        "duration": float(rollout.seconds()[-1]) if rollout.num_steps else 0.0,
    }
    if len(seen):
        found["ego.speed"] = float(np.linalg.norm(rollout.velocity_mps[seen[0], ego, :2]))
    return {path: float(value) for path, value in found.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Realisation:
    """Requested against realised bins.

    Attributes:
        rows: what was asked for, shape (scenarios, axes).
        realised: the same, -1 where it did not happen.
        outcomes: what each rollout shows.
        agreement: for each axis that could be measured again, the share of draws that landed in the bin asked for.
        never: steps that were asked for and never began, as `actor.do[i]`, with how often.
    """

    rows: np.ndarray
    realised: np.ndarray
    outcomes: tuple[Outcome, ...]
    agreement: Mapping[str, float]
    never: Mapping[str, int]


def realise(grid: Grid, played: Iterable[tuple[ConcreteScenario, Rollout]]) -> Realisation:
    """Measures the bins of played scenarios again.

    Axes of a step (`actor.do[i]...`) count only where the rollout says that the actor's step began; axes that can be
    read off the rollout (`measured`) take the bin that it shows; all others stay as they were drawn.
    """
    rows, realised, outcomes = list[tuple[int, ...]](), list[list[int]](), list[Outcome]()
    same: dict[str, list[bool]] = {}
    never: dict[str, int] = {}
    for concrete, rollout in played:
        row, outcome, values = grid.row(concrete.draws, concrete.tags), outcome_of(rollout), measured(rollout)
        now = list(row)
        missing: set[str] = set()
        for i, axis in enumerate(grid.axes):
            step = _STEP.match(axis.path)
            if step and row[i] >= 0 and not _began(concrete, step["actor"], int(step["step"]), outcome):
                now[i] = -1
                missing.add(step[0])
            elif axis.path in values and row[i] >= 0:
                number = axis.bin_of(values[axis.path])
                now[i] = -1 if number is None else number
                same.setdefault(axis.path, []).append(now[i] == row[i])
        for name in missing:
            never[name] = never.get(name, 0) + 1
        rows.append(row)
        realised.append(now)
        outcomes.append(outcome)
    shape = len(rows), len(grid.axes)
    return Realisation(
        np.array(rows, dtype=np.int64).reshape(shape), np.array(realised, dtype=np.int64).reshape(shape),
        tuple(outcomes), {path: float(np.mean(each)) for path, each in sorted(same.items())},
        dict(sorted(never.items())),
    )  # fmt: skip


def _began(concrete: ConcreteScenario, actor: str, step: int, outcome: Outcome) -> bool:
    """Whether a step of an actor began: as many of its triggers fired as stand up to it."""
    behaviour = next((each.behaviour for each in concrete.actors if each.id == actor), None)
    if behaviour is None:
        return False
    steps = behaviour.steps if isinstance(behaviour, Sequence) else (behaviour,)
    here = steps[min(step, len(steps) - 1)]
    needed = sum(_triggers(each) for each in steps[: min(step, len(steps) - 1)]) + isinstance(here, When)
    return sum(1 for who, _ in outcome.fired if who == actor) >= needed


def _triggers(behaviour: Behaviour) -> int:
    if isinstance(behaviour, When):
        return 1 + _triggers(behaviour.then)
    if isinstance(behaviour, Sequence):
        return sum(_triggers(each) for each in behaviour.steps)
    return sum(_triggers(each) for each in behaviour.branches) if isinstance(behaviour, Parallel) else 0
