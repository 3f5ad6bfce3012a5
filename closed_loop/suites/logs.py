"""Suites from real logs: every log that has an ego and lasts is a scenario, in which the policy drives instead.

The scenario of a log holds what identifies it and what is asked of the policy (the way that the logged ego drove, no
faster than it ever was); the recording itself stays where it is and is read by the worker that plays it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Float

from closed_loop.suites.episodes import log_mode
from closed_loop.suites.parts import LOG_ROAD, LogPart
from driving_data.errors import Fault, InputError, Unsupported
from driving_data.logs.registry import read
from driving_data.plain import digest
from driving_data.ports import Session, Simulator
from driving_data.rollout import Rollout
from driving_data.sensors import SensorRig
from driving_data.taxonomy import ActorClass
from scenarios.concrete import ConcreteScenario, Ego, Place, RoadChoice
from sim_bridge.replay.simulator import ReplaySimulator
from sim_bridge.replay.worlds import driven_length_m, ego_speeds, uniform

MODES = ("replay", "reactive")


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A log that can be played: its scenario and the file or folder that it is read from."""

    scenario: ConcreteScenario
    source: Path


def log_scenarios(parts: Sequence[tuple[LogPart, Sequence[Path]]]) -> tuple[LogEntry, ...]:
    """The scenarios of all logs that can be played; still frames and logs that are too short are passed over.

    Raises:
        InputError: a mode is unknown, or a source that is required holds no log.
    """
    faults = [
        Fault("", 0, 0, f"logs[{k}].mode", "unknown-name", repr(part.mode), f"one of {', '.join(MODES)}")
        for k, (part, _) in enumerate(parts) if part.mode not in MODES
    ]  # fmt: skip
    if faults:
        raise InputError(faults)
    return tuple(entry for part, sources in parts for source in sources for entry in _entries(part, source))


def _entries(part: LogPart, source: Path) -> Iterator[LogEntry]:
    for name, rollout in list(recordings(str(source), part.max_duration_s).items())[: part.max_segments]:
        if playable(rollout, part.min_duration_s):
            yield LogEntry(_scenario(name, rollout, part), source)


def playable(rollout: Rollout, min_duration_s: float) -> bool:
    """Whether a recording has an ego at its beginning and lasts long enough."""
    lasts = rollout.num_steps > 1 and float(rollout.seconds()[-1]) >= min_duration_s
    return lasts and bool(rollout.valid[0, rollout.ego_index])


@lru_cache(maxsize=16)
def recordings(source: str, max_duration_s: float) -> Mapping[str, Rollout]:
    """Recordings of a source by segment id, at equal time steps and cut to a length; pictures are dropped."""
    found: dict[str, Rollout] = {}
    for segment in read(Path(source)):
        rollout = segment.rollout
        if rollout.num_steps > 1:
            rollout = cut(uniform(rollout), max_duration_s)
        found[segment.segment_id] = rollout
    return found


def cut(rollout: Rollout, seconds: float) -> Rollout:
    """The first `seconds` of a recording."""
    num = int(np.searchsorted(rollout.timestamps_ns, rollout.timestamps_ns[0] + round(seconds * 1e9), side="right"))
    if num >= rollout.num_steps:
        return rollout
    return replace(
        rollout,
        timestamps_ns=rollout.timestamps_ns[:num],
        world_from_actor=rollout.world_from_actor[:num],
        velocity_mps=rollout.velocity_mps[:num],
        acceleration_mps2=rollout.acceleration_mps2[:num],
        yaw_rate_radps=rollout.yaw_rate_radps[:num],
        steering_rad=rollout.steering_rad[:num],
        lights=rollout.lights[:num],
        modes=None if rollout.modes is None else rollout.modes[:num],
        valid=rollout.valid[:num],
        signals=replace(rollout.signals, state=rollout.signals.state[:num]),
        events=tuple(event for event in rollout.events if event.timestamp_ns <= rollout.timestamps_ns[num - 1]),
    )


def _scenario(name: str, rollout: Rollout, part: LogPart) -> ConcreteScenario:
    ego, speeds = rollout.ego_index, ego_speeds(rollout)
    length, width, height = (float(v) for v in rollout.actors.size_m[ego])
    rear = float(rollout.actors.rear_axle_to_center_m[ego]) or 0.3 * length
    step_s = float(rollout.timestamps_ns[1] - rollout.timestamps_ns[0]) * 1e-9
    kinds = sorted({ActorClass(int(kind)).label for k, kind in enumerate(rollout.actors.kind) if k != ego})
    return ConcreteScenario(
        name=name,
        road=RoadChoice(LOG_ROAD, {"segment": name, "mode": part.mode, "max_duration_s": part.max_duration_s,
                                   "recording": recording_digest(rollout)}),
        environment=rollout.environment,
        ego=Ego(Place(LOG_ROAD, 0.0), float(speeds[0]), max(float(speeds.max()), 1.0), driven_length_m(rollout),
                ActorClass(int(rollout.actors.kind[ego])), (length, width, height), 0.6 * length, rear),
        actors=(),
        rig=SensorRig("none"),
        duration_s=(rollout.num_steps - 1) * step_s,
        step_s=step_s,
        tags=(f"log:{part.mode}", "road:log", *(f"actor:{kind}" for kind in kinds), *part.tags),
        description=f"The log {name}, played again around the policy ({part.mode}).",
    )  # fmt: skip


def recording_digest(rollout: Rollout) -> str:
    """Digest of who was where when in a recording."""
    poses = rollout.world_from_actor
    return digest([array.tobytes().hex() for array in (rollout.timestamps_ns, rollout.valid, poses.translation_m)])


@dataclass(frozen=True, slots=True)
class LogWorlds:
    """Plays scenarios of logs by replay and hands all others to another simulator.

    Attributes:
        inner: for scenarios that are no logs.
        sources: file or folder of each log, by segment id.
        replays: how logs are played; whether the others react is the scenario's to say.
    """

    inner: Simulator
    sources: Mapping[str, str]
    replays: ReplaySimulator = field(default_factory=ReplaySimulator)

    def open(self, scenarios: Sequence[ConcreteScenario], seeds: Sequence[int]) -> Session:
        """Opens a batch that is of no logs, or of logs that are all played alike.

        Raises:
            Unsupported: it is of several kinds, a log is not among the sources, or it has changed since the suite was
                made.
        """
        modes = {log_mode(scenario) for scenario in scenarios}
        if modes == {None}:
            return self.inner.open(scenarios, seeds)
        if len(modes) > 1:
            raise Unsupported("a batch is of scenarios, of replayed logs or of reactive logs, not of several of these")
        recorded = {scenario.digest(): self._recording(scenario) for scenario in scenarios}
        return replace(self.replays, recorded=recorded, reactive=modes == {"reactive"}).open(scenarios, seeds)

    def expert_m(self, scenario: ConcreteScenario) -> Float[np.ndarray, "E 2"] | None:
        """Where the box centre of the ego of a log was; None for a scenario that is no log.

        Raises:
            Unsupported: the log is not among the sources, or it has changed since the suite was made.
        """
        if log_mode(scenario) is None:
            return None
        rollout = self._recording(scenario)
        there = rollout.valid[:, rollout.ego_index]
        return np.array(rollout.world_from_actor.translation_m[there, rollout.ego_index, :2], dtype=np.float64)

    def _recording(self, scenario: ConcreteScenario) -> Rollout:
        road = scenario.road.parameters
        source = self.sources.get(road["segment"])
        if source is None:
            raise Unsupported(f"no source of the log {road['segment']!r} is known here")
        rollout = recordings(source, float(road["max_duration_s"])).get(road["segment"])
        if rollout is None or recording_digest(rollout) != road["recording"]:
            raise Unsupported(f"the log {road['segment']!r} at {source} is not what it was when the suite was made")
        return rollout
