"""Logs as worlds: replays real or simulated rollouts around an ego that is free to drive otherwise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from driving_data.rollout import Rollout
from scenarios.concrete import ConcreteScenario
from sim_bridge.embedded.options import EmbeddedOptions
from sim_bridge.embedded.pool import PoolBuilder
from sim_bridge.embedded.session import EmbeddedSession
from sim_bridge.embedded.simulator import EmbeddedSimulator
from sim_bridge.replay.agents import AgentOptions, with_agents
from sim_bridge.replay.worlds import EgoTask, ego_path, uniform, world_of_rollout


@dataclass(frozen=True, slots=True)
class ReplaySimulator:
    """Replays logs: the others do what the log says whatever the ego does; a world ends where its log ends.

    Attributes:
        options: dynamics of the ego and threads, as for the embedded simulator.
        recorded: rollouts by the digest of the scenario that they came from. A scenario that is not among them is
            played once by the embedded simulator with the driver `recorder`, and that rollout is replayed.
        recorder: built-in ego driver for these recordings.
        reactive: whether the vehicles of a log keep to their logged way but mind who is ahead (people and riders
            always do what the log says).
        agents: how reactive vehicles drive.
    """

    options: EmbeddedOptions = field(default_factory=EmbeddedOptions)
    recorded: Mapping[str, Rollout] = field(default_factory=lambda: {})
    recorder: str = "idm_lane_follow"
    reactive: bool = False
    agents: AgentOptions = field(default_factory=AgentOptions)

    def open(self, scenarios: Sequence[ConcreteScenario], seeds: Sequence[int]) -> EmbeddedSession:
        """Opens one replay per scenario.

        Raises:
            InputError, Unsupported: as the embedded simulator, for scenarios that it has to record first.
        """
        if len(scenarios) != len(seeds) or not scenarios:
            raise ValueError(f"{len(scenarios)} scenarios need as many seeds and at least one, not {len(seeds)}")
        rollouts = [self._rollout_of(scenario, seed) for scenario, seed in zip(scenarios, seeds, strict=True)]
        tasks = [EgoTask(s.ego.target_speed_mps, s.ego.wheelbase_m) for s in scenarios]
        return self._open(rollouts, tasks, seeds)

    def open_rollouts(self, rollouts: Sequence[Rollout], seeds: Sequence[int] | None = None) -> EmbeddedSession:
        """Opens one replay per rollout; the ego starts as logged, on the way that it drove.

        Raises:
            RoadloomError: a rollout is too short or lacks its ego at the beginning.
        """
        if not rollouts:
            raise ValueError("there must be at least one rollout to replay")
        return self._open(rollouts, [EgoTask()] * len(rollouts), seeds or [0] * len(rollouts))

    def _rollout_of(self, scenario: ConcreteScenario, seed: int) -> Rollout:
        known = self.recorded.get(scenario.digest())
        if known is not None:
            return known
        session = EmbeddedSimulator(self.options).open([scenario], [seed])
        session.run(round(scenario.duration_s / scenario.step_s), self.recorder)
        recording = session.rollouts()[0]
        session.close()
        return recording

    def _open(self, rollouts: Sequence[Rollout], tasks: Sequence[EgoTask], seeds: Sequence[int]) -> EmbeddedSession:
        pool, specs = PoolBuilder(), []
        for k, (rollout, task, seed) in enumerate(zip(rollouts, tasks, seeds, strict=True)):
            even = uniform(rollout)
            table = ego_path(even)
            spec = world_of_rollout(even, pool.add(("log", k), table), table, task, self.options, seed)
            specs.append(with_agents(spec, even, pool, k, self.agents) if self.reactive else spec)
        return EmbeddedSession(specs, pool.build(), self.options)
