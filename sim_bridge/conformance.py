"""What every simulator must keep, as a suite that plug-in authors can run on their own.

    from sim_bridge.conformance import check_simulator
    check_simulator(MySimulator(), scenarios)

Each law is a function of its own; `check_simulator` runs them all and names every one that is broken.
"""

from collections.abc import Callable, Sequence
from dataclasses import fields

import numpy as np

from driving_data.errors import RoadloomError, Unsupported
from driving_data.ports import Control, Observation, Session, Simulator
from driving_data.rollout import Rollout
from scenarios.concrete import ConcreteScenario

TOP_SPEED_MPS = 100.0
PROBE_STEPS = 15


class ConformanceError(AssertionError):
    """A simulator breaks a law of the port; the message names the law and what was found."""


def check_simulator(simulator: Simulator, scenarios: Sequence[ConcreteScenario]) -> None:
    """Runs every law over the scenarios (two or more, so that batches can be compared with single worlds).

    Raises:
        ConformanceError: one or more laws are broken; the message lists them all.
    """
    if len(scenarios) < 2:
        raise ValueError("the suite needs at least two scenarios to compare batches with single worlds")
    broken: list[str] = []
    for law in LAWS:
        try:
            law(simulator, scenarios)
        except ConformanceError as error:
            broken.append(f"{law.__name__}: {error}")
    if broken:
        raise ConformanceError("\n".join(broken))


def steady(count: int, accel_mps2: float = 0.5, steer_rad: float = 0.0) -> Control:
    """The same gentle command for every world."""
    return Control(np.full(count, accel_mps2), np.full(count, steer_rad))


def play(
    simulator: Simulator, scenarios: Sequence[ConcreteScenario], seeds: Sequence[int], steps: int = PROBE_STEPS
) -> tuple[Rollout, ...]:
    """Rollouts after some steps of a gentle command."""
    session = simulator.open(scenarios, seeds)
    for _ in range(steps):
        session.step(steady(len(scenarios)))
    rollouts = session.rollouts()
    session.close()
    return rollouts


def same_seed_same_bytes(simulator: Simulator, scenarios: Sequence[ConcreteScenario]) -> None:
    """The same scenarios and seeds give the same bytes."""
    seeds = list(range(len(scenarios)))
    for one, two in zip(play(simulator, scenarios, seeds), play(simulator, scenarios, seeds), strict=True):
        expect_same(one, two)


def batch_changes_nothing(simulator: Simulator, scenarios: Sequence[ConcreteScenario]) -> None:
    """A world in a batch gives the same bytes as the same world alone."""
    seeds = [7 + k for k in range(len(scenarios))]
    together = play(simulator, scenarios, seeds)
    for k, scenario in enumerate(scenarios):
        expect_same(together[k], play(simulator, [scenario], [seeds[k]])[0])


def reset_starts_again(simulator: Simulator, scenarios: Sequence[ConcreteScenario]) -> None:
    """After `reset` a session repeats itself."""
    session = simulator.open(scenarios, [3] * len(scenarios))
    for _ in range(PROBE_STEPS):
        session.step(steady(len(scenarios)))
    first = session.rollouts()
    expect(bool(np.all(session.reset().time_s == 0.0)), "reset must put the clock of every world to 0")
    for _ in range(PROBE_STEPS):
        session.step(steady(len(scenarios)))
    for one, two in zip(first, session.rollouts(), strict=True):
        expect_same(one, two)
    session.close()


def nobody_jumps(simulator: Simulator, scenarios: Sequence[ConcreteScenario]) -> None:
    """A step never moves an actor farther than the highest speed there is allows."""
    for rollout in play(simulator, scenarios, [1] * len(scenarios), 40):
        both = rollout.valid[1:] & rollout.valid[:-1]
        gone = np.linalg.norm(np.diff(rollout.world_from_actor.translation_m, axis=0), axis=-1)
        room = TOP_SPEED_MPS * np.diff(rollout.timestamps_ns)[:, None] * 1e-9
        bad = both & ~(gone <= room)
        if bad.any():
            step, actor = (int(n[0]) for n in np.nonzero(bad))
            name = rollout.actors.ids[actor]
            raise ConformanceError(
                f"{name!r} moved {gone[step, actor]:.2f} m in step {step}, {room[step, 0]:.2f} m at most"
            )


def rollouts_keep_their_word(simulator: Simulator, scenarios: Sequence[ConcreteScenario]) -> None:
    """Shapes agree, time rises, step 0 is the initial state, floats are finite where valid and NaN where not."""
    for scenario, rollout in zip(scenarios, play(simulator, scenarios, [1] * len(scenarios)), strict=True):
        steps, count = rollout.valid.shape
        expect(rollout.num_steps == steps and len(rollout.actors) == count, "rollout shapes must agree")
        expect(bool(np.all(np.diff(rollout.timestamps_ns) > 0)), "timestamps must strictly increase")
        expect(rollout.signals.state.shape == (steps, len(rollout.signals.ids)), "signals must have shape (T, S)")
        expect(bool(rollout.valid[0, rollout.ego_index]), "the ego must exist at step 0")
        speed = float(np.linalg.norm(rollout.velocity_mps[0, rollout.ego_index]))
        expect(
            abs(speed - scenario.ego.speed_mps) < 0.5, f"the ego must start at {scenario.ego.speed_mps}, not {speed}"
        )
        for name in ("velocity_mps", "acceleration_mps2", "yaw_rate_radps"):
            expect_masked(getattr(rollout, name), rollout.valid, name)
        expect_masked(rollout.world_from_actor.translation_m, rollout.valid, "translation_m")
        expect_masked(rollout.world_from_actor.rotation, rollout.valid, "rotation")
        times = [event.timestamp_ns for event in rollout.events]
        expect(times == sorted(times), "events must be in time order")
        names = set(rollout.actors.ids)
        expect(all(names.issuperset(event.actor_ids) for event in rollout.events), "events must name actors that exist")


def observations_keep_their_word(simulator: Simulator, scenarios: Sequence[ConcreteScenario]) -> None:
    """Every array of an observation has B rows, the ego exists, the route begins beside the rear axle."""
    session = simulator.open(scenarios, [1] * len(scenarios))
    seen = session.step(steady(len(scenarios)))
    for item in fields(Observation):
        value = getattr(seen, item.name)
        if isinstance(value, np.ndarray):
            expect(len(value) == len(scenarios), f"observation.{item.name} must have one row per world")
    worlds = np.arange(len(scenarios))
    expect(bool(seen.valid[worlds, seen.ego_index].all()), "the ego must exist")
    expect(np.isfinite(seen.route_m).all().item(), "route points must be finite")
    center, yaw = seen.position_m[worlds, seen.ego_index, :2], seen.yaw_rad[worlds, seen.ego_index]
    rear = center - seen.rear_axle_to_center_m[:, None] * np.stack([np.cos(yaw), np.sin(yaw)], axis=-1)
    offset = np.linalg.norm(seen.route_m[:, 0, :2] - rear, axis=-1) - np.abs(seen.route_lateral_m)
    expect(bool(np.all(np.abs(offset) < 0.2)), "the first route point must lie beside the rear axle")
    session.close()


def closing_is_safe(simulator: Simulator, scenarios: Sequence[ConcreteScenario]) -> None:
    """`close` may be called twice; a closed session refuses to go on."""
    session = simulator.open(scenarios[:1], [0])
    session.close()
    session.close()
    expect_raises(lambda: session.step(steady(1)), RoadloomError, "step after close")
    expect_raises(lambda: session.run(1, "idm_lane_follow"), RoadloomError, "run after close")


def unmet_wishes_are_refused(simulator: Simulator, scenarios: Sequence[ConcreteScenario]) -> None:
    """A built-in driver that does not exist is `Unsupported`, not replaced by another."""
    session = simulator.open(scenarios[:1], [0])
    expect_raises(lambda: session.run(1, "a driver that nobody has"), Unsupported, "an unknown built-in driver")
    session.close()


def ended_worlds_stand_still(simulator: Simulator, scenarios: Sequence[ConcreteScenario]) -> None:
    """A world that is done stays as it is, and does end when its time is over."""
    scenario = scenarios[0]
    session = simulator.open([scenario], [0])
    steps = round(scenario.duration_s / scenario.step_s)
    seen: Observation | None = None
    for _ in range(steps):
        seen = session.step(steady(1, 0.0))
    expect(seen is not None and bool(seen.done[0]), f"a world must be done after {steps} steps")
    before = session.rollouts()[0]
    session.step(steady(1))
    expect_same(before, session.rollouts()[0])
    session.close()


def expect(holds: bool, message: str) -> None:
    """Raises ConformanceError with `message` where the law does not hold."""
    if not holds:
        raise ConformanceError(message)


def expect_raises(call: Callable[[], object], kind: type[Exception], what: str) -> None:
    """Raises ConformanceError unless `call` raises an error of that kind."""
    try:
        call()
    except kind:
        return
    except Exception as error:
        raise ConformanceError(f"{what} must raise {kind.__name__}, it raised {type(error).__name__}") from error
    raise ConformanceError(f"{what} must raise {kind.__name__}")


def expect_masked(values: np.ndarray, valid: np.ndarray, name: str) -> None:
    """Floats are finite where the actor exists and NaN where it does not."""
    flat = values.reshape(*valid.shape, -1)
    expect(bool(np.isfinite(flat[valid]).all()), f"{name} must be finite where valid")
    expect(bool(np.isnan(flat[~valid]).all()), f"{name} must be NaN where not valid")


def expect_same(one: Rollout, two: Rollout) -> None:
    """Two rollouts hold the same bytes."""
    for name in (
        "timestamps_ns",
        "velocity_mps",
        "acceleration_mps2",
        "yaw_rate_radps",
        "steering_rad",
        "lights",
        "valid",
    ):
        same = getattr(one, name).tobytes() == getattr(two, name).tobytes()
        expect(same, f"{name} differs between two runs that must be equal")
    for name in ("rotation", "translation_m"):
        left, right = getattr(one.world_from_actor, name), getattr(two.world_from_actor, name)
        expect(left.tobytes() == right.tobytes(), f"{name} differs between two runs that must be equal")
    expect(one.signals.state.tobytes() == two.signals.state.tobytes(), "signal states differ between two equal runs")
    expect(one.events == two.events, "events differ between two runs that must be equal")


LAWS: tuple[Callable[[Simulator, Sequence[ConcreteScenario]], None], ...] = (
    same_seed_same_bytes,
    batch_changes_nothing,
    reset_starts_again,
    nobody_jumps,
    rollouts_keep_their_word,
    observations_keep_their_word,
    closing_is_safe,
    unmet_wishes_are_refused,
    ended_worlds_stand_still,
)

__all__ = ["LAWS", "ConformanceError", "Session", "check_simulator"]
