"""The loop over a schedule: who looks when, from where it really sits, what arrives of it, and what is kept beside."""

from collections.abc import Generator as Yields
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from driving_data.between import with_moments
from driving_data.geometry import SE3
from driving_data.ports import Generator, Renderer, SceneDescription
from driving_data.rollout import Rollout, WorldState
from driving_data.sensors import (
    RENDERED,
    MountingTruth,
    Sensor,
    SensorFault,
    SensorFrames,
    SensorKind,
    SensorRig,
    SensorStreams,
    Timing,
    sensors_of,
)
from driving_data.sensors.kinds import moved
from generators.clocks.mounting import drifted, knocked, mounting_truth, true_mounting
from generators.clocks.schedule import Schedule, schedule
from generators.clocks.timing import timing
from generators.faults.apply import FAMILIES, FaultLayer
from generators.faults.declared import declared_faults
from generators.faults.draws import lost_looks
from generators.faults.reliability import Looked, Losses, around_losses, light_losses, needs_light, night_loss
from generators.interface import FlowRenderer, SelectiveRenderer, SilhouetteRenderer, Silhouettes
from generators.labels.look import InspectedRenderer, Look
from generators.motion.gnss import surroundings
from generators.motion.streams import Conditions, motion_samples
from generators.raytrace.inspection import Inspection


@dataclass(frozen=True, slots=True, eq=False)
class Watch:
    """A rig that is about to look at a rollout: everything that is known before anything is rendered.

    Attributes:
        rollout: with a moment wherever labels are made.
        played: with a moment wherever something is rendered.
        rig: as believed.
        schedule: who looks when.
        sensors: by name.
        faults: of each sensor that has any.
        lost: looks of each sensor that never arrive.
        drift: angles and shifts by calibration drift at each look, of sensors that drift.
        knock: the same by faults, of sensors that these move.
        seed: of everything that is drawn.
    """

    rollout: Rollout
    played: Rollout
    rig: SensorRig
    schedule: Schedule
    sensors: Mapping[str, Sensor]
    faults: Mapping[str, tuple[SensorFault, ...]]
    lost: Mapping[str, Bool[np.ndarray, "_"]]
    drift: Mapping[str, Float[np.ndarray, "_ 6"]]
    knock: Mapping[str, Float[np.ndarray, "_ 6"]]
    seed: int

    @property
    def start_ns(self) -> int:
        """When the rollout begins."""
        return int(self.rollout.timestamps_ns[0])


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What a rig saw.

    Attributes:
        looks: for the labels, one per labelled moment.
        frames: what arrived, in order of time, clean values beside.
        light: what light took from each look of each camera, by name and time.
    """

    looks: tuple[Look, ...]
    frames: tuple[SensorFrames, ...]
    light: Mapping[str, Mapping[int, Losses]]


def prepared(rollout: Rollout, rig: SensorRig, seed: int, max_frames: int | None = None) -> Watch:
    """Works out who looks when and from where, what is lost and which faults there are.

    Raises:
        ValueError: the ego exists at no moment, or `max_frames` is below 1.
        InputError: a fault is of no sensor of the rig, or of one that cannot have it.
    """
    plan = schedule(rollout, rig, max_frames)
    faults, start = declared_faults(rollout, rig), int(rollout.timestamps_ns[0])
    sensors = {sensor.name: sensor for sensor in sensors_of(rig)}
    lost, drift, knock = {}, {}, {}
    for name, sensor in sensors.items():
        times = plan.looks[name]
        seconds = (times - start) * 1e-9
        lost[name] = lost_looks(name, faults.get(name, ()), times, start, seed)
        slow, sudden = drifted(sensor, rig.drifts, seconds, seed), knocked(name, faults.get(name, ()), seconds, seed)
        if slow.any():
            drift[name] = slow
        if sudden.any():
            knock[name] = sudden
    return Watch(
        with_moments(rollout, plan.labelled_ns), with_moments(rollout, plan.rendered_ns), rig, plan, sensors, faults,
        lost, drift, knock, seed,
    )  # fmt: skip


def watched(watch: Watch, generator: Generator, scene: SceneDescription, inspected: bool = False) -> Seen:
    """Renders every look of the schedule and lays the faults over it; `inspected` keeps the geometry for labels."""
    layer = FaultLayer(watch.sensors, watch.faults, watch.start_ns, watch.seed)
    labelled = {int(time): k for k, time in enumerate(watch.rollout.timestamps_ns)}
    wanted = set(watch.schedule.labelled_ns.tolist())
    looks: list[Look] = []
    given: list[SensorFrames] = []
    light: dict[str, dict[int, Losses]] = {}
    count = 0
    renderer = generator.open(scene, watch.rig, watch.seed)
    try:
        for time, due in zip(watch.schedule.rendered_ns.tolist(), watch.schedule.due, strict=True):
            shot = _shot(watch, renderer, generator, scene, time, due, inspected and time in wanted)
            _lit(watch, shot.seen, time, light)
            frames = layer.lay(shot.seen, time, _missing(watch, due, time), shot.nominal)
            if time in wanted:
                numbered = tuple((count + k, frame) for k, frame in enumerate(frames.frames))
                looks.append(Look(labelled[time], numbered, frames.sweeps, shot.silhouettes, shot.inspection))
            given.append(frames)
            count += len(frames.frames)
    finally:
        renderer.close()
    return Seen(tuple(looks), tuple(given), light)


@dataclass(frozen=True, slots=True, eq=False)
class _Shot:
    seen: SensorFrames
    nominal: SensorFrames | None
    silhouettes: Silhouettes | None
    inspection: Inspection | None


def _shot(
    watch: Watch, renderer: Renderer, generator: Generator, scene: SceneDescription, time: int, due: frozenset[str],
    inspected: bool,
) -> _Shot:  # fmt: skip
    step = int(np.searchsorted(watch.played.timestamps_ns, time))
    start, span = watch.played.state_at(step), span_s(watch.rig, due)
    end, later = next_state(watch.played, step, span), _later(watch, due, time)
    with _eyes(watch, renderer, generator, scene, due, _mountings(watch, due, time, knocks=True)) as eyes:
        everything = _rendered(eyes, start, end, later)
        counts = eyes.silhouettes(start, end, everything) if isinstance(eyes, SilhouetteRenderer) else None
        geometry = eyes.inspect(start, end) if inspected and isinstance(eyes, InspectedRenderer) else None
    hit = frozenset(name for name in due if name in watch.knock and _row(watch, watch.knock, name, time).any())
    nominal = None
    if hit:
        with _eyes(watch, renderer, generator, scene, hit, _mountings(watch, hit, time, knocks=False)) as eyes:
            nominal = only(_rendered(eyes, start, end, later), hit)
    return _Shot(only(everything, due), nominal, counts, geometry)


def _rendered(renderer: Renderer, start: WorldState, end: WorldState, later: WorldState | None) -> SensorFrames:
    if isinstance(renderer, FlowRenderer) and later is not None:
        return renderer.render_before(start, end, later)
    return renderer.render(start, end)


@contextmanager
def _eyes(
    watch: Watch, renderer: Renderer, generator: Generator, scene: SceneDescription, names: frozenset[str],
    mountings: Mapping[str, SE3],
) -> Yields[Renderer]:  # fmt: skip
    """A renderer of these sensors from where they sit: a view of the open one, or where it has none, a new one."""
    rendered = frozenset(name for name, sensor in watch.sensors.items() if sensor.kind in RENDERED)
    if not mountings and (names == rendered or not names or not isinstance(renderer, SelectiveRenderer)):
        yield renderer
    elif isinstance(renderer, SelectiveRenderer):
        yield renderer.only(names, mountings)
    else:
        other = generator.open(scene, moved(watch.rig, mountings), watch.seed)
        try:
            yield other
        finally:
            other.close()


def only(frames: SensorFrames, names: frozenset[str]) -> SensorFrames:
    """What these sensors gave."""
    left = {family: tuple(v for v in getattr(frames, family) if getattr(v, name) in names)
            for family, name in FAMILIES.items()}  # fmt: skip
    return replace(frames, **left)


def _row(watch: Watch, offsets: Mapping[str, np.ndarray], name: str, time: int) -> np.ndarray:
    if name not in offsets:
        return np.zeros(6)
    return offsets[name][int(np.searchsorted(watch.schedule.looks[name], time))]


def _mountings(watch: Watch, names: frozenset[str], time: int, knocks: bool) -> dict[str, SE3]:
    found: dict[str, SE3] = {}
    for name in sorted(names):
        offset = _row(watch, watch.drift, name, time)
        if knocks:
            offset = offset + _row(watch, watch.knock, name, time)
        if offset.any():
            found[name] = true_mounting(watch.sensors[name], offset[None])[0]
    return found


def _later(watch: Watch, due: frozenset[str], time: int) -> WorldState | None:
    """The state at which the first of the cameras that look now looks again."""
    again: list[int] = []
    for name in due:
        times = watch.schedule.looks[name]
        k = int(np.searchsorted(times, time)) + 1
        if watch.sensors[name].kind is SensorKind.CAMERA and k < len(times):
            again.append(int(times[k]))
    if not again:
        return None
    return watch.played.state_at(int(np.searchsorted(watch.played.timestamps_ns, min(again))))


def _missing(watch: Watch, due: frozenset[str], time: int) -> frozenset[str]:
    return frozenset(name for name in due if watch.lost[name][int(np.searchsorted(watch.schedule.looks[name], time))])


def _lit(watch: Watch, seen: SensorFrames, time: int, light: dict[str, dict[int, Losses]]) -> None:
    """Notes what light takes; event cameras see no picture of their own, so the sun's place decides."""
    environment = watch.rollout.environment
    for frame in seen.frames:
        light.setdefault(frame.camera, {})[time] = light_losses(frame, environment)
    for stream in seen.events:
        light.setdefault(stream.camera, {})[time] = (("darkness", night_loss(environment)),)


def further_streams(watch: Watch, seen: Seen) -> SensorStreams:
    """Everything beyond pictures, sweeps and radar returns: further sensors, timing, mountings, clean values."""
    mountings = {name: truth for name, truth in _truths(watch)}
    true = {name: SE3(truth.rotation, truth.translation_m) for name, truth in mountings.items()}
    conditions = Conditions(watch.schedule.looks, true, watch.faults, watch.lost, watch.seed)
    imu, gnss, odometry = motion_samples(watch.rollout, watch.rig, conditions)
    clean = [frames.clean for frames in seen.frames if frames.clean is not None]
    return SensorStreams(
        thermal=tuple(frame for each in seen.frames for frame in each.thermal),
        events=tuple(stream for each in seen.frames for stream in each.events),
        ultrasonic=tuple(echoes for each in seen.frames for echoes in each.ultrasonic),
        imu=imu,
        gnss=gnss,
        odometry=odometry,
        timing=tuple(_timings(watch)),
        mountings=tuple(mountings.values()),
        clean=None if not clean else replace(
            SensorFrames(), **{family: tuple(v for each in clean for v in getattr(each, family)) for family in FAMILIES}
        ),
    )  # fmt: skip


def _truths(watch: Watch) -> Iterator[tuple[str, MountingTruth]]:
    for name, sensor in watch.sensors.items():
        times = watch.schedule.looks[name]
        nothing = np.zeros((len(times), 6))
        truth = mounting_truth(sensor, times, watch.drift.get(name, nothing) + watch.knock.get(name, nothing))
        if truth is not None:
            yield name, truth


def _timings(watch: Watch) -> Iterator[Timing]:
    for name, sensor in watch.sensors.items():
        yield timing(
            name, sensor.clock, watch.schedule.looks[name], watch.start_ns, watch.faults.get(name, ()),
            watch.lost[name], watch.seed,
        )  # fmt: skip


def looked(watch: Watch, seen: Seen) -> list[Looked]:
    """Every look of every sensor, for the reliability."""
    found: list[Looked] = []
    for name, sensor in watch.sensors.items():
        times = watch.schedule.looks[name]
        around: tuple[Losses, ...] = ()
        if sensor.kind is SensorKind.GNSS:
            played = with_moments(watch.rollout, times)
            rows = np.searchsorted(played.timestamps_ns, times)
            around = around_losses(*surroundings(watch.rollout.lane_map, played.world_from_ego()[rows].translation_m))
        light = seen.light.get(name, {}) if needs_light(sensor.kind) else {}
        found.append(Looked(sensor, times, watch.faults.get(name, ()), watch.lost[name], light, around))
    return found


def span_s(rig: SensorRig, due: frozenset[str]) -> float:
    """The longest time that one of these sensors looks."""
    turns = [1.0 / lidar.rate_hz for lidar in rig.lidars if lidar.name in due]
    return max([*turns, *(camera.readout_s for camera in rig.cameras if camera.name in due)], default=0.0)


def next_state(rollout: Rollout, step: int, span_s: float) -> WorldState:
    """The moment that ends what a sensor sees from `step` on: the first one `span_s` later, or the last there is.

    At the last moment of a rollout all go on as they are moving, so that sensors never see a still world there.
    """
    seconds = rollout.seconds()
    later = int(np.searchsorted(seconds, seconds[step] + span_s - 1e-6))
    later = min(max(later, step + 1), rollout.num_steps - 1)
    state = rollout.state_at(step)
    if later == step and span_s <= 0:
        return state
    passed_s = float(seconds[later] - seconds[step]) if later > step else span_s
    onward = _moved_on(state, passed_s)
    if later == step:
        return onward
    # An actor that leaves in between must not leave the world half way through a turn of the lidar.
    end = rollout.state_at(later)
    gone = state.valid & ~end.valid
    return replace(
        end,
        world_from_actor=SE3(
            np.where(gone[:, None, None], onward.world_from_actor.rotation, end.world_from_actor.rotation),
            np.where(gone[:, None], onward.world_from_actor.translation_m, end.world_from_actor.translation_m),
        ),
        velocity_mps=np.where(gone[:, None], state.velocity_mps, end.velocity_mps),
        valid=end.valid | gone,
    )


def _moved_on(state: WorldState, passed_s: float) -> WorldState:
    """The state after every actor has kept its velocity for a while."""
    place = state.world_from_actor.translation_m + passed_s * np.nan_to_num(state.velocity_mps)
    return replace(
        state,
        timestamp_ns=state.timestamp_ns + round(passed_s * 1e9),
        world_from_actor=replace(state.world_from_actor, translation_m=place),
    )
