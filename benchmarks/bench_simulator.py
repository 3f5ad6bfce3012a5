"""The embedded simulator: agent-steps per second of processor time, inside the kernels and from Python, and peers.

32 actors at 10 Hz: IDM with the leaders of every path, bodies held to their paths as a bicycle's rear axle demands
(the ego: the full bicycle with actuators), exact contacts of oriented boxes. Only actors that exist are counted.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from benchmarks.harness import Figure
from benchmarks.peers import ask_peer
from benchmarks.simulator_peers import PEERS, Peer
from benchmarks.worlds import crossing, jam, motorway
from closed_loop.policies.idm import IdmPolicy
from driving_data.ports import Control, Observation, Policy
from scenarios.concrete import ConcreteScenario
from sim_bridge.embedded.options import EmbeddedOptions
from sim_bridge.embedded.simulator import EmbeddedSimulator

PLAIN_GOAL, QUERY_GOAL, SESSION_GOAL = 3e6, 1e6, 20_000.0
COLD_GOAL_S, WARM_GOAL_S = 15.0, 2.0
_START_SCRIPT = """
import json, time
from benchmarks.worlds import motorway
from sim_bridge.embedded.simulator import EmbeddedSimulator
scenario = motorway(4, 10.0)
wall, cpu = time.perf_counter(), time.process_time()
session = EmbeddedSimulator().open([scenario], [0])
session.run(10, "idm_lane_follow")
print(json.dumps({"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}))
"""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    num_actors: int = 32
    num_worlds: int = 1024
    num_steps: int = 1000
    long_steps: int = 10_000
    python_steps: int = 1000
    policy_steps: int = 300
    repeats: int = 3
    starts: bool = True


@dataclass(frozen=True, slots=True)
class Rate:
    """Agent-steps per second: of the clock, and of processor time over all threads."""

    per_s: float
    per_cpu_s: float


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


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the clock and of processor time."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def kernel_rate(scenario: ConcreteScenario, num_worlds: int, threads: int, steps: int, repeats: int) -> Rate:
    """Agent-steps of actors that exist, inside one call of `Session.run`; the worlds are reset outside the clock."""
    many = num_worlds * steps * len(scenario.actors) > 4e6
    options = EmbeddedOptions(num_threads=threads, records=not many, ends_at_goal=False)
    session = EmbeddedSimulator(options).open([scenario] * num_worlds, list(range(num_worlds)))
    agents = num_worlds * (1 + len(scenario.actors)) * steps
    walls, cpus = [], []
    for _ in range(repeats + 1):
        session.reset()
        wall, cpu = timed(lambda: session.run(steps, "idm_lane_follow"))
        walls.append(wall)
        cpus.append(cpu)
    if many:
        # Nobody comes back who has left: all are here at the end, so all were here all the time.
        assert session.run(0, "idm_lane_follow").valid.all()
    else:
        agents = sum(int(rollout.valid[1:].sum()) for rollout in session.rollouts())
    session.close()
    return Rate(agents / median(walls[1:]), agents / median(cpus[1:]))


def ends_rate(scenario: ConcreteScenario, steps: int) -> tuple[float, float]:
    """World-steps per processor second over the first and the last tenth of a long run."""
    session = EmbeddedSimulator(EmbeddedOptions(records=False, ends_at_goal=False)).open([scenario], [0])
    session.run(min(10, steps // 10), "idm_lane_follow")
    session.reset()
    spent = [timed(lambda: session.run(steps // 10, "idm_lane_follow"))[1] for _ in range(10)]
    session.close()
    return steps / 10 / spent[0], steps / 10 / spent[-1]


def stepwise_rate(scenario: ConcreteScenario, num_worlds: int, policy: Policy, steps: int, repeats: int) -> float:
    """World-steps per processor second where a policy in Python acts at every step."""
    options = EmbeddedOptions(ends_at_goal=False)
    session = EmbeddedSimulator(options).open([scenario] * num_worlds, list(range(num_worlds)))

    def drive() -> None:
        observation = session.reset()
        policy.reset(num_worlds)
        for _ in range(steps):
            observation = session.step(policy.act(observation))

    spent = [timed(drive)[1] for _ in range(repeats + 1)]
    session.close()
    return num_worlds * steps / median(spent[1:])


def start_seconds() -> dict[str, tuple[float, float]]:
    """Seconds until the first ten steps are done, cold (an empty cache) and warm: of the clock and of a processor."""
    found: dict[str, tuple[float, float]] = {}
    with tempfile.TemporaryDirectory() as cache:
        environment = dict(os.environ, NUMBA_CACHE_DIR=cache, PYTHONPATH=os.pathsep.join(p for p in sys.path if p))
        for name in ("cold", "warm"):
            done = subprocess.run(
                [sys.executable, "-W", "ignore", "-c", _START_SCRIPT],
                env=environment, capture_output=True, text=True, timeout=300, check=True,
            )  # fmt: skip
            told = json.loads(done.stdout.strip().splitlines()[-1])
            found[name] = (told["wall"], told["cpu"])
    return found


def kernel_figures(sizes: Sizes) -> list[Figure]:
    """What the kernels do, without and with look-ups on the map."""
    actors, steps, repeats = sizes.num_actors, sizes.num_steps, sizes.repeats
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    plain = motorway(actors, 0.1 * steps)
    busy = crossing(actors, 0.1 * min(steps, 400))
    busy_steps, busy_worlds = min(steps, 400), max(1, sizes.num_worlds // 64)
    one, many = kernel_rate(plain, 1, 1, steps, repeats), kernel_rate(plain, sizes.num_worlds, 1, steps, 1)
    spread = kernel_rate(plain, sizes.num_worlds, threads, steps, 1)
    turns = kernel_rate(busy, 1, 1, busy_steps, repeats)
    turns_many = kernel_rate(busy, busy_worlds, threads, busy_steps, repeats)
    first, last = ends_rate(jam(max(actors, 5), 0.1 * sizes.long_steps), sizes.long_steps)
    note = f"{actors} actors, {steps} steps of 0.1 s in one call"
    here = "crossroads: bends, 4 lights, conflicts, events (contacts, off road, red lights, goals)"
    unit = "agent-steps/CPU-s"
    return [
        Figure("plain road, 1 world", one.per_cpu_s, unit, PLAIN_GOAL, note=note),
        Figure(f"plain road, {sizes.num_worlds} worlds", many.per_cpu_s, unit, PLAIN_GOAL, note=note),
        Figure(f"plain road, {sizes.num_worlds} worlds, all cores", spread.per_s, "agent-steps/s",
               note=f"{note}; {threads} threads, {spread.per_cpu_s:.3g} per CPU-second"),
        Figure("map queries, signals, events, 1 world", turns.per_cpu_s, unit, QUERY_GOAL, note=here),
        Figure(f"map queries, signals, events, {busy_worlds} worlds", turns_many.per_cpu_s, unit, QUERY_GOAL,
               note=f"{here}; {threads} threads, {turns_many.per_s:.3g} per second of the clock"),
        Figure("long jam, last tenth over first tenth", last / first, "ratio", 0.9,
               note=f"{sizes.long_steps} steps; traffic that stands must not be slower (denormal numbers)"),
    ]  # fmt: skip


def python_figures(sizes: Sizes) -> list[Figure]:
    """What a session does that is stepped from Python."""
    road = motorway(sizes.num_actors, 0.1 * sizes.python_steps)
    short = motorway(sizes.num_actors, 0.1 * sizes.policy_steps)
    least = stepwise_rate(road, 1, HoldSpeed(), sizes.python_steps, sizes.repeats)
    idm = stepwise_rate(short, 1, IdmPolicy(), sizes.policy_steps, sizes.repeats)
    batch = stepwise_rate(short, min(sizes.num_worlds, 64), IdmPolicy(), min(sizes.policy_steps, 100), sizes.repeats)
    note = f"{sizes.num_actors} actors, one step per call"
    unit = "world-steps/CPU-s"
    return [
        Figure("session stepped from Python, trivial policy", least, unit, SESSION_GOAL, note=note),
        Figure("session stepped from Python, IDM policy", idm, unit, note=note),
        Figure("64 worlds stepped from Python, IDM policy", batch, unit, note=note),
    ]


def start_figures() -> list[Figure]:
    """How long the first steps take."""
    found = start_seconds()
    return [
        Figure("cold start of the compiled core", found["cold"][1], "s", COLD_GOAL_S,
               note=f"empty cache, first ten steps, processor time; {found['cold'][0]:.1f} s of the clock"),
        Figure("warm start of the compiled core", found["warm"][1], "s", WARM_GOAL_S,
               note=f"kernels from the cache, first ten steps; {found['warm'][0]:.1f} s of the clock"),
    ]  # fmt: skip


def measure(sizes: Sizes) -> list[Figure]:
    """Our figures, without the peers."""
    return [*kernel_figures(sizes), *python_figures(sizes), *(start_figures() if sizes.starts else [])]


def ask(peer: Peer) -> dict[str, float] | None:
    """What the peer measured of itself; None where it cannot be installed."""
    return ask_peer(peer.folder, peer.requirements, peer.script, peer.vehicles, peer.steps)


def against(peer: Peer, sizes: Sizes) -> Figure:
    """Ours against one peer with as many vehicles: ours inside the kernel, theirs as their interface allows."""
    told = ask(peer)
    count = peer.vehicles if told is None else round(told["vehicles"])
    steps = sizes.num_steps
    ours = kernel_rate(motorway(max(count, 2), 0.1 * steps), peer.worlds, 1, steps, 1).per_cpu_s
    note = f"{count} vehicles, {peer.note}"
    if told is None:
        return Figure(f"against {peer.name}", ours, "agent-steps/CPU-s", note=f"{note}; could not be installed")
    theirs = told["steps_per_second"] * told["vehicles"]
    return Figure(f"against {peer.name}", ours, "agent-steps/CPU-s", peer=peer.name, peer_value=theirs, note=note)


def run() -> list[Figure]:
    """Everything."""
    sizes = Sizes()
    return [*measure(sizes), *(against(peer, replace(sizes, repeats=1)) for peer in PEERS)]
