"""The embedded simulator: worlds stepped inside the kernel and from Python; peer: highway-env."""

import os
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from benchmarks.harness import Figure, median_seconds
from benchmarks.peers import ask_peer
from benchmarks.worlds import motorway
from closed_loop.policies.idm import IdmPolicy
from driving_data.ports import Control, Observation, Policy
from scenarios.concrete import ConcreteScenario
from sim_bridge.embedded.options import EmbeddedOptions
from sim_bridge.embedded.simulator import EmbeddedSimulator

PEER = "highway-env 1.12.1"
PEER_VEHICLES = 21
_PEER_SCRIPT = """
import json, statistics, sys, time
import gymnasium, highway_env
vehicles, steps, repeats = map(int, sys.argv[1:])
env = gymnasium.make("highway-v0", config={
    "vehicles_count": vehicles - 1, "lanes_count": 3, "simulation_frequency": 10, "policy_frequency": 10,
    "duration": 10 * steps})
rates = []
for repeat in range(repeats + 1):
    env.reset(seed=repeat)
    spent = 0.0
    for step in range(steps):
        start = time.perf_counter()
        _, _, ended, cut, _ = env.step(1)
        spent += time.perf_counter() - start
        if ended or cut:
            env.reset(seed=1000 * repeat + step)
    rates.append(steps / spent)
count = len(env.unwrapped.road.vehicles)
print(json.dumps({"steps_per_second": statistics.median(rates[1:]), "vehicles": count}))
"""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    num_actors: int = 32
    num_worlds: int = 64
    num_steps: int = 400
    python_steps: int = 100
    peer_steps: int = 60
    repeats: int = 3


class HoldSpeed:
    """The least policy there is: what remains is the cost of the interface."""

    @property
    def name(self) -> str:
        """Name in reports."""
        return "hold_speed"

    def reset(self, num_worlds: int) -> None:
        """There is nothing to forget."""

    def act(self, observation: Observation) -> Control:
        """No acceleration, no steering."""
        count = len(observation.done)
        return Control(np.zeros(count), np.zeros(count))


def kernel_rate(scenario: ConcreteScenario, num_worlds: int, threads: int, steps: int, repeats: int) -> float:
    """World-steps per second inside one call of `Session.run`."""
    simulator = EmbeddedSimulator(EmbeddedOptions(num_threads=threads))
    session = simulator.open([scenario] * num_worlds, list(range(num_worlds)))
    # `reset` and the one observation at the end are left in: a few steps' worth.
    seconds = median_seconds(lambda: (session.reset(), session.run(steps, "idm_lane_follow")), repeats)
    done = round(float(session.run(0, "idm_lane_follow").time_s.sum()) / scenario.step_s)
    session.close()
    return done / seconds


def stepwise_rate(scenario: ConcreteScenario, num_worlds: int, policy: Policy, steps: int, repeats: int) -> float:
    """World-steps per second where a policy in Python acts at every step."""
    session = EmbeddedSimulator().open([scenario] * num_worlds, list(range(num_worlds)))

    def drive() -> Observation:
        observation = session.reset()
        policy.reset(num_worlds)
        for _ in range(steps):
            observation = session.step(policy.act(observation))
        return observation

    seconds = median_seconds(drive, repeats)
    done = round(float(session.run(0, "idm_lane_follow").time_s.sum()) / scenario.step_s)
    session.close()
    return done / seconds


def measure(sizes: Sizes) -> list[Figure]:
    """Our figures, without the peer."""
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    actors, worlds = sizes.num_actors, sizes.num_worlds
    long = motorway(actors, 0.1 * sizes.num_steps)
    short = motorway(actors, 0.1 * sizes.python_steps)
    one = kernel_rate(long, 1, 1, sizes.num_steps, sizes.repeats)
    many = kernel_rate(long, worlds, threads, sizes.num_steps, sizes.repeats)
    stepwise = partial(stepwise_rate, short, steps=sizes.python_steps, repeats=sizes.repeats)
    note = f"{actors} actors, steps of 0.1 s"
    return [
        Figure("one world in the kernel", one, "world-steps/s", 20_000.0, note=note),
        Figure("one world in the kernel, simulated time", 0.1 * one, "s/s", note=note),
        Figure("one world in the kernel, actors", actors * one, "agent-steps/s", note=note),
        Figure("batch in the kernel", many, "world-steps/s", note=f"{worlds} worlds, {threads} threads, {note}"),
        Figure("batch in the kernel, actors", actors * many, "agent-steps/s", note=f"{worlds} worlds, {note}"),
        Figure("one world, trivial policy in Python", stepwise(1, HoldSpeed()), "world-steps/s", note=note),
        Figure("one world, IDM policy in Python", stepwise(1, IdmPolicy()), "world-steps/s", note=note),
        Figure("batch, IDM policy in Python", stepwise(worlds, IdmPolicy()), "world-steps/s",
               note=f"{worlds} worlds, one thread, {note}"),
    ]  # fmt: skip


def ask_highway_env(sizes: Sizes) -> dict[str, Any] | None:
    """Steps per second of highway-env and its vehicles; None where it cannot be installed."""
    numbers = (PEER_VEHICLES, sizes.peer_steps, sizes.repeats)
    return ask_peer("highway", ("highway-env==1.12.1",), _PEER_SCRIPT, *numbers)


def compare(sizes: Sizes) -> list[Figure]:
    """Ours against highway-env: 21 vehicles, 10 Hz, one environment, one step per call."""
    told = ask_highway_env(sizes)
    theirs = None if told is None else float(told["steps_per_second"])
    name, note = PEER, f"{PEER_VEHICLES} vehicles, 10 Hz"
    if theirs is None:
        name, note = "", f"{note}; {PEER} could not be installed"
    scenario = motorway(PEER_VEHICLES, 0.1 * sizes.python_steps)
    ours = stepwise_rate(scenario, 1, HoldSpeed(), sizes.python_steps, sizes.repeats)
    inside = kernel_rate(scenario, 1, 1, sizes.python_steps, sizes.repeats)
    return [
        Figure("one step per call", ours, "world-steps/s", peer=name, peer_value=theirs, note=note),
        Figure("in the kernel", inside, "world-steps/s", peer=name, peer_value=theirs,
               note=f"{note}; they have one step per call only"),
    ]  # fmt: skip


def run() -> list[Figure]:
    """Everything."""
    return [*measure(Sizes()), *compare(Sizes())]
