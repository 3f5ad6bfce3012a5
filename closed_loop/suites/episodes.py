"""Runs batches of episodes and judges what happened."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from closed_loop.metrics.catalogue import METRICS, metrics_named
from closed_loop.metrics.collision import Contact, contacts
from closed_loop.metrics.definition import MetricValue
from closed_loop.metrics.drive import DrivingTask, drive_of
from closed_loop.metrics.thresholds import PUBLISHED, Thresholds
from closed_loop.policies.measured import evidence_of
from closed_loop.results import EpisodeResult, Failure
from closed_loop.suites.kept import keep
from closed_loop.suites.parts import LOG_ROAD
from closed_loop.suites.tags import episode_tags
from driving_data.errors import RoadloomError
from driving_data.maps.routes import route_path
from driving_data.plain import digest, to_plain
from driving_data.ports import Policy, Simulator
from driving_data.rollout import Rollout
from scenarios.concrete import ConcreteScenario
from scenarios.storyboard import GOAL_SHARE

EPISODE_VERSION = "1.2.0"


@runtime_checkable
class KnowsExpert(Protocol):
    """A simulator that knows who drove a scenario before, as the worlds of real logs do."""

    def expert_m(self, scenario: ConcreteScenario) -> Float[np.ndarray, "E 2"] | None:
        """Box centres of whom the ego is compared with; None where nobody drove this scenario."""
        ...


@dataclass(frozen=True, slots=True)
class EpisodeTask:
    """A batch of episodes.

    Attributes:
        policy: who drives.
        simulator: where.
        simulator_name: its registered name.
        scenarios: in which worlds.
        metrics: ids of what is measured, or names of sets; empty for the standard ones.
        directory: where the results are kept (`suites.kept`); None for nowhere.
        thresholds: numbers that metrics judge by.
    """

    policy: Policy
    simulator: Simulator
    simulator_name: str
    scenarios: tuple[ConcreteScenario, ...]
    metrics: tuple[str, ...] = ()
    directory: Path | None = None
    thresholds: Thresholds = PUBLISHED

    def of(self, scenarios: tuple[ConcreteScenario, ...]) -> "EpisodeTask":
        """The same task for other scenarios."""
        return replace(self, scenarios=scenarios)


def policy_parameters(policy: Policy) -> dict[str, Any]:
    """Parameters of a policy as plain data, where it has any."""
    found = getattr(policy, "parameters", None)
    plain = {} if found is None else to_plain(found)
    inner = getattr(policy, "inner", None)
    return plain if inner is None else {**plain, "inner": {"name": inner.name, **policy_parameters(inner)}}


def episode_key(
    policy: Policy,
    simulator_name: str,
    scenario: ConcreteScenario,
    metrics: Sequence[str] = (),
    thresholds: Thresholds = PUBLISHED,
) -> str:
    """Content hash of everything that an episode's result depends on; thresholds are in the metrics' versions."""
    chosen = metrics_named(metrics, thresholds)
    return digest(
        {
            "episode": EPISODE_VERSION,
            "policy": policy.name,
            "parameters": policy_parameters(policy),
            "simulator": simulator_name,
            "roadloom": version("roadloom"),
            "scenario": scenario.digest(),
            "metrics": {metric.id: metric.version for metric in chosen},
        }
    )


def task_of(
    scenario: ConcreteScenario, rollout: Rollout, expert_m: Float[np.ndarray, "E 2"] | None = None
) -> DrivingTask:
    """What the scenario asks of the ego, on the road that was driven, beside the expert who drove it before."""
    ego, route = scenario.ego, None
    if rollout.lane_map is not None and ego.start.route in rollout.lane_map.routes:
        route = np.ascontiguousarray(route_path(rollout.lane_map, ego.start.route).points_m[:, :2])
    distance = max(ego.goal_s_m - ego.start.s_m, 0.0)
    seconds = story_seconds(scenario, rollout)
    if seconds < scenario.duration_s:
        distance = min(distance, GOAL_SHARE * ego.target_speed_mps * seconds)
    return DrivingTask(route, distance, ego.target_speed_mps, seconds, expert_m, others_react(scenario))


def log_mode(scenario: ConcreteScenario) -> str | None:
    """How a log is played again: 'replay' or 'reactive'; None for a scenario that is no log."""
    mode = scenario.road.parameters.get("mode")
    return str(mode) if scenario.road.archetype == LOG_ROAD and mode is not None else None


def others_react(scenario: ConcreteScenario) -> bool | None:
    """Whether the other actors mind the ego: by the mode of a log, else where any of them has a driver.

    None where nobody is there, or where a storyboard of another language moves them.
    """
    mode = log_mode(scenario)
    if mode is not None:
        return mode == "reactive"
    if scenario.storyboard is not None or not scenario.actors:
        return None
    return any(actor.driver.kind != "none" for actor in scenario.actors)


def story_seconds(scenario: ConcreteScenario, rollout: Rollout) -> float:
    """The time that the ego had: less than the scenario's where its storyboard ended before, and no crash did that."""
    lived = float(rollout.seconds()[-1])
    if scenario.storyboard is None or lived >= scenario.duration_s - 1.5 * scenario.step_s:
        return scenario.duration_s
    ego = rollout.actors.ids[rollout.ego_index]
    crashed = any(event.kind == "collision" and ego in event.actor_ids for event in rollout.events)
    return scenario.duration_s if crashed else lived


def run_rollouts(policy: Policy, simulator: Simulator, scenarios: Sequence[ConcreteScenario]) -> tuple[Rollout, ...]:
    """Drives a policy through a batch of scenarios; what happened in each.

    Raises:
        Unsupported: the simulator cannot play one of them.
        RoadloomError: the policy gave something that is no control.
    """
    session = simulator.open(scenarios, [scenario.seed for scenario in scenarios])
    try:
        observation = session.reset()
        policy.reset(len(scenarios))
        steps = max(round(scenario.duration_s / scenario.step_s) for scenario in scenarios)
        for _ in range(steps):
            if observation.done.all():
                break
            control = policy.act(observation)
            bad = ~(np.isfinite(control.acceleration_mps2) & np.isfinite(control.steering_rad))
            if (bad & ~observation.done).any():
                world = int(np.argmax(bad & ~observation.done))
                raise RoadloomError(f"policy {policy.name!r} gave a control that is not finite (world {world})")
            observation = session.step(control)
        return session.rollouts()
    finally:
        session.close()


def run_batch(task: EpisodeTask) -> tuple[EpisodeResult, ...]:
    """Results of a batch; where the batch cannot be run, each episode is tried alone so that one fault costs one."""
    try:
        rollouts = run_rollouts(task.policy, task.simulator, task.scenarios)
        pairs = zip(task.scenarios, rollouts, strict=True)
        evidence = evidence_of(task.policy)
        results = tuple(replace(judge(task, scenario, rollout), evidence=evidence) for scenario, rollout in pairs)
    except Exception as error:  # a plug-in may raise anything; it is told in the result
        if len(task.scenarios) == 1:
            return (failed_episode(task, task.scenarios[0], f"{type(error).__name__}: {error}"),)
        return tuple(result for scenario in task.scenarios for result in run_batch(task.of((scenario,))))
    if task.directory is not None:
        keep(results, task.directory)
    return results


def run_and_keep(task: EpisodeTask) -> tuple[EpisodeResult, ...]:
    """Runs a batch and hands back only what it did not keep on disk: the episodes that could not be run."""
    results = run_batch(task)
    return results if task.directory is None else tuple(result for result in results if result.error is not None)


def judge(task: EpisodeTask, scenario: ConcreteScenario, rollout: Rollout) -> EpisodeResult:
    """The result of one episode from what happened in it."""
    expert = task.simulator.expert_m(scenario) if isinstance(task.simulator, KnowsExpert) else None
    drive = drive_of(rollout, task_of(scenario, rollout, expert))
    metrics = {metric.id: metric.measure(drive) for metric in metrics_named(task.metrics, task.thresholds)}
    watched = {name: metrics.get(name) or METRICS[name].measure(drive) for name in _WATCHED}
    failures = (*_collisions(contacts(drive)), *_other_failures(watched))
    ordered = tuple(sorted(failures, key=lambda failure: np.inf if failure.at_s is None else failure.at_s))
    return EpisodeResult(
        key=episode_key(task.policy, task.simulator_name, scenario, task.metrics, task.thresholds),
        scenario_name=scenario.name,
        scenario_digest=scenario.digest(),
        seed=scenario.seed,
        index=scenario.index,
        tags=episode_tags(scenario),
        policy=task.policy.name,
        metrics=metrics,
        failures=ordered,
        duration_s=float(rollout.seconds()[-1]),
        trajectory_sha256=trajectory_sha256(rollout),
        draws=scenario.draws,
    )


_WATCHED: Mapping[str, str] = {
    "off_road": "off_road", "signal_violation": "signal_violation", "making_progress": "no_progress"
}  # fmt: skip


def _collisions(found: Sequence[Contact]) -> tuple[Failure, ...]:
    return tuple(
        Failure(
            "collision",
            f"hit {c.actor_id} ({c.kind.label}) at {c.impact_speed_mps:.1f} m/s, {c.type.value.replace('_', ' ')}",
            c.time_s,
            c.at_fault,
            actor=c.actor_id,
            actor_kind=c.kind.label,
            geometry=c.type.value,
            evidence={"impact_speed_mps": c.impact_speed_mps, "delta_v_mps": c.delta_v_mps},
        )
        for c in found
    )


def _other_failures(values: Mapping[str, MetricValue]) -> tuple[Failure, ...]:
    found: list[Failure] = []
    for name, kind in _WATCHED.items():
        value = values[name]
        if value.value is not None and value.value == (0.0 if name == "making_progress" else 1.0):
            gained = float(value.evidence.get("gained_m", 0.0))
            reason = value.reason or f"gained only {gained:.1f} m"
            found.append(Failure(kind, reason, value.at_s, evidence=value.evidence))
    return tuple(found)


def trajectory_sha256(rollout: Rollout) -> str:
    """Digest of every actor's pose and presence at every moment."""
    digester = hashlib.sha256()
    for array in (rollout.timestamps_ns, rollout.valid, rollout.world_from_actor.translation_m):
        digester.update(np.ascontiguousarray(array).tobytes())
    digester.update(np.ascontiguousarray(rollout.world_from_actor.rotation).tobytes())
    return digester.hexdigest()


def failed_episode(task: EpisodeTask, scenario: ConcreteScenario, reason: str, tries: int = 1) -> EpisodeResult:
    """The result of an episode that could not be run: it counts as missing, never as passed."""
    return EpisodeResult(
        key=episode_key(task.policy, task.simulator_name, scenario, task.metrics, task.thresholds),
        scenario_name=scenario.name,
        scenario_digest=scenario.digest(),
        seed=scenario.seed,
        index=scenario.index,
        tags=episode_tags(scenario),
        policy=task.policy.name,
        metrics={},
        failures=(Failure("error", reason, evidence={"tries": tries}),),
        draws=scenario.draws,
    )
