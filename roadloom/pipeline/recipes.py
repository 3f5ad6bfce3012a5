"""Recipes: everything that a made segment depends on, and nothing else. The same recipe gives the same bytes."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from closed_loop.registry import make_policy
from driving_data.plain import from_plain, to_plain
from driving_data.provenance import Provenance, Step
from driving_data.rollout import Rollout
from driving_data.segment import Raw, Segment
from driving_data.sensors import SensorRig
from generators.effects.augment import augment
from generators.generate import generate
from generators.labels.choice import ALL
from generators.randomize.randomization import read_randomization
from generators.registry import GENERATORS
from roadloom.settings import Choice
from scenarios.concrete import ConcreteScenario
from sim_bridge.registry import SIMULATORS

MAKE_STEP = "roadloom.make"
AUGMENT_STEP = "roadloom.augment"
PRODUCER = "roadloom"
SETTLING_STEPS, JUMP_MPS = 5, 1.0
WORDS = "words"
CODE = ("driving_data", "scenarios", "sim_bridge", "generators", "validation", "closed_loop", "roadloom/pipeline")
BYTE_MAKERS = ("roadloom", "numpy", "scipy", "numba", "llvmlite", "pillow", "pyarrow", "shapely", "lxml")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one synthetic segment is made.

    Attributes:
        scenario: the concrete scenario.
        policy: who drives the ego.
        simulator: which simulator.
        generator: which generator.
        randomization: which parameter space is drawn from; the draw is keyed by the scenario's seed and index.
        max_frames: at most so many frames.
        rig: replaces the scenario's own sensors.
        labels: labels beside the boxes: names of `generators.labels.choice.ON_REQUEST`, 'words', or 'all'.
    """

    scenario: ConcreteScenario
    policy: str
    simulator: Choice
    generator: Choice
    randomization: Choice
    max_frames: int
    rig: SensorRig | None = None
    labels: tuple[str, ...] = ()

    def make(self) -> Segment[Raw]:
        """Plays the scenario, draws the look, renders, labels."""
        scenario = self.scenario
        rollout = simulate(scenario, self.policy, self.simulator)
        if scenario.storyboard is not None:
            rollout = settled(rollout)
        left_out = {"scenario"} if self.labels else {"scenario", "labels"}
        parameters = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in left_out}
        provenance = Provenance(
            producer=PRODUCER,
            seed=scenario.seed,
            scenario=scenario.to_plain(),
            scenario_digest=scenario.digest(),
            steps=(
                Step(MAKE_STEP, version(PRODUCER), to_plain(parameters)),
                Step(
                    "scenarios.sample",
                    version(PRODUCER),
                    {"name": scenario.name, "index": scenario.index},
                    scenario.draws,
                ),
            ),
            family=f"scenario:{scenario.name}",
            versions=byte_versions(),
        )
        segment = generate(
            rollout,
            self.rig or scenario.rig,
            int(scenario.digest()[:8], 16),
            GENERATORS.load(self.generator.name)(**self.generator.parameters),
            provenance,
            randomization=read_randomization(self.randomization.name, self.randomization.parameters),
            index=scenario.index,
            max_frames=self.max_frames,
            tags=scenario.tags,
            description=scenario.description,
            triggers=("scenario",),
            labels=tuple(name for name in self.labels if name != WORDS),
        )
        return self._told(segment) if {WORDS, ALL} & set(self.labels) else segment

    def _told(self, segment: Segment[Raw]) -> Segment[Raw]:
        """The segment with relations, captions, causes and reasoning; what-if answers are played again."""
        from closed_loop.reasoning.counterfactual import Replay
        from closed_loop.reasoning.reason import told

        scenario, replay = self.scenario, None
        if scenario.storyboard is None:
            engine = SIMULATORS.load(self.simulator.name)(**self.simulator.parameters)
            replay = Replay(scenario, engine, scenario.seed, policy=make_policy(self.policy))
        return replace(segment, labels=told(segment, scenario.seed, replay))


@dataclass(frozen=True, slots=True)
class AugmentRecipe:
    """How one augmented segment is made: which stored segment, which effect, which seed."""

    parent: str
    effect: str
    seed: int

    def make(self, parent: Segment[Raw]) -> Segment[Raw]:
        """The parent seen through the effect."""
        return augment(parent, self.effect, self.seed, Step(AUGMENT_STEP, version(PRODUCER), to_plain(self)))


@cache
def byte_versions() -> Mapping[str, str]:
    """Versions of the packages that the bytes of a made segment depend on, and a hash of our own code.

    The hash lets a store notice an edited checkout: its segments are made again, not taken for the new ones.
    """
    return {**{name: version(name) for name in BYTE_MAKERS}, "roadloom.code": _code_hash()}


def _code_hash() -> str:
    packages = Path(__file__).resolve().parent.parent.parent
    content = hashlib.sha256()
    for room in CODE:
        for path in sorted((packages / room).rglob("*.py")):
            content.update(path.relative_to(packages).as_posix().encode())
            content.update(path.read_bytes())
    return content.hexdigest()[:16]


def recipe_of(provenance: Provenance) -> Recipe | AugmentRecipe | None:
    """The recipe that a segment's provenance carries, the latest one; None where it was not made by one."""
    for step in reversed(provenance.steps):
        if step.name == AUGMENT_STEP:
            return from_plain(AugmentRecipe, _bare(step.parameters))
        if step.name == MAKE_STEP:
            return from_plain(Recipe, {**_bare(step.parameters), "scenario": provenance.scenario})
    return None


def _bare(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in parameters.items() if key != "type"}


def settled(rollout: Rollout) -> Rollout:
    """The rollout of a storyboard from where its first moments are over.

    Files bring actors up to speed by a step in the first moments. That is no movement: whoever learns from a segment
    begins after it. Steps later on stay, for validation to judge.
    """
    last = min(SETTLING_STEPS, rollout.num_steps - 2)
    with np.errstate(invalid="ignore"):
        jumps = np.linalg.norm(np.diff(rollout.velocity_mps[: last + 1], axis=0), axis=-1) > JUMP_MPS
    rows = np.flatnonzero(jumps.any(axis=1))
    if not len(rows):
        return rollout
    first = int(rows[-1]) + 2  # the moment after a jump still tells its acceleration
    begin = int(rollout.timestamps_ns[first])
    return replace(
        rollout,
        timestamps_ns=rollout.timestamps_ns[first:],
        world_from_actor=rollout.world_from_actor[first:],
        velocity_mps=rollout.velocity_mps[first:],
        acceleration_mps2=rollout.acceleration_mps2[first:],
        yaw_rate_radps=rollout.yaw_rate_radps[first:],
        steering_rad=rollout.steering_rad[first:],
        lights=rollout.lights[first:],
        valid=rollout.valid[first:],
        modes=None if rollout.modes is None else rollout.modes[first:],
        signals=replace(rollout.signals, state=rollout.signals.state[first:]),
        events=tuple(event for event in rollout.events if event.timestamp_ns >= begin),
    )


def simulate(scenario: ConcreteScenario, policy: str, simulator: Choice) -> Rollout:
    """Plays one scenario with one policy from start to end."""
    driver = make_policy(policy)
    engine = SIMULATORS.load(simulator.name)(**simulator.parameters)
    session = engine.open([scenario], [scenario.seed])
    try:
        driver.reset(1)
        observation = session.reset()
        for _ in range(round(scenario.duration_s / scenario.step_s)):
            if bool(observation.done.all()):
                break
            observation = session.step(driver.act(observation))
        return session.rollouts()[0]
    finally:
        session.close()
