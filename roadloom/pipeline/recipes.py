"""Recipes: everything that a made segment depends on, and nothing else. The same recipe gives the same bytes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

from closed_loop.registry import POLICIES
from driving_data.plain import digest, from_plain, to_plain
from driving_data.provenance import Provenance, Step
from driving_data.rollout import Rollout
from driving_data.segment import Raw, Segment
from generators.generate import generate
from generators.registry import GENERATORS
from roadloom.settings import Choice
from scenarios.concrete import ConcreteScenario
from sim_bridge.registry import SIMULATORS

RECIPE_STEP = "roadloom.recipe"
BYTE_MAKERS = ("roadloom", "numpy", "scipy", "numba", "llvmlite", "pillow", "pyarrow", "shapely")


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
    """

    scenario: ConcreteScenario
    policy: str
    simulator: Choice
    generator: Choice
    randomization: Choice
    max_frames: int

    def key(self) -> str:
        """sha256 of the recipe and of the versions that its bytes depend on."""
        return digest({"recipe": to_plain(self), "versions": dict(byte_versions())})


def byte_versions() -> Mapping[str, str]:
    """Versions of the packages that the bytes of a made segment depend on."""
    return {name: version(name) for name in BYTE_MAKERS}


def recipe_of(provenance: Provenance) -> Recipe | None:
    """The recipe that a segment's provenance carries; None where it was not made by one."""
    for step in provenance.steps:
        if step.name == RECIPE_STEP:
            return from_plain(Recipe, {**step.parameters, "scenario": provenance.scenario})
    return None


def simulate(scenario: ConcreteScenario, policy: str, simulator: Choice) -> Rollout:
    """Plays one scenario with one policy from start to end."""
    driver = POLICIES.load(policy)()
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
