"""From what happened to what was seen: a loop over the moments of a rollout."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Int

from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.plain import digest, to_plain
from driving_data.ports import Generator, Renderer, SceneDescription
from driving_data.provenance import Provenance, Step
from driving_data.rollout import Rollout, WorldState
from driving_data.segment import Raw, Segment, Source
from driving_data.sensors import SensorFrames, SensorRig
from generators.interface import FlowRenderer, SilhouetteRenderer
from generators.labels.boxes import Look, make_labels
from generators.randomize.randomization import NOTHING, Randomization, randomized
from generators.raytrace.meshes import mesh_digests


def generate(
    rollout: Rollout,
    rig: SensorRig,
    seed: int,
    generator: Generator,
    provenance: Provenance,
    *,
    randomization: Randomization = NOTHING,
    index: int = 0,
    max_frames: int | None = None,
    tags: Iterable[str] = (),
    description: str = "",
    triggers: Iterable[str] = (),
    appearance: Mapping[str, Any] | None = None,
) -> Segment[Raw]:
    """What a rig saw during a rollout, with labels and provenance.

    Every timestamp of a frame or sweep is a moment of the rollout. The same arguments give the same bytes and the
    same id; the id depends on the provenance alone, which must therefore say how the rollout was made.

    Args:
        rollout: what happened.
        rig: the ego's sensors; pictures are made at its rate.
        seed: of scenery, noise and randomization.
        generator: who makes the pictures.
        provenance: history of the rollout; signed here with one step.
        randomization: what is drawn about look, light, weather and cameras.
        index: which draw of the randomization.
        max_frames: at most so many moments; every n-th is taken, so that the period stays steady.
        tags: OpenLABEL names and slices; `weather:` and `light:` follow what was drawn.
        description: one sentence.
        triggers: why it is kept.
        appearance: how the scene and its actors shall look, by the keys of `raytrace.build` and of `raytrace.meshes`;
            what the randomization draws comes before it.

    Raises:
        ValueError: the ego exists at no moment, or `max_frames` is below 1.
    """
    plain = SceneDescription(
        rollout.lane_map, rollout.actors, rollout.ego_index, rollout.environment, rollout.signals.ids,
        dict(appearance or {}),
    )  # fmt: skip
    scene, rig, draws = randomized(plain, rig, randomization, seed, index)
    steps = moments(rollout, rig.rate_hz, max_frames)
    seen = replace(rollout, environment=scene.environment)
    renderer = generator.open(scene, rig, seed)
    try:
        looks, frames = _look(renderer, seen, rig, steps)
    finally:
        renderer.close()
    signed = provenance.signed(
        Step(
            name=f"generators.{generator.name}",
            version=generator.version,
            parameters={
                "seed": seed,
                "rig": rig.name,
                "rig_digest": digest(rig),
                "rate_hz": rig.rate_hz,
                "max_frames": max_frames,
                "randomization": to_plain(randomization.texts()),
                "randomization_name": randomization.name,
                "index": index,
                **_looks_asked(scene, appearance, seed),
            },
            draws=draws,
        )
    )
    return Segment(
        segment_id=segment_id(signed),
        source=Source.SYNTHETIC,
        rollout=seen,
        rig=rig,
        provenance=signed,
        frames=tuple(frame for each in frames for frame in each.frames),
        sweeps=tuple(sweep for each in frames for sweep in each.sweeps),
        radar=tuple(returns for each in frames for returns in each.radar),
        labels=make_labels(seen, rig, looks),
        tags=environment_tags(tags, scene.environment),
        description=description,
        triggers=tuple(triggers),
    )


def _looks_asked(scene: SceneDescription, appearance: Mapping[str, Any] | None, seed: int) -> dict[str, Any]:
    """What provenance says of the looks that were asked for: the keys, and the sha256 of users' meshes."""
    if not appearance:
        return {}
    digests = mesh_digests(scene.actors, scene.appearance, seed, scene.ego_index)
    return {"appearance": to_plain(dict(appearance)), **({"mesh_sha256": digests} if digests else {})}


def segment_id(provenance: Provenance) -> str:
    """A UUID that is the same wherever the same thing was asked for."""
    return str(uuid.UUID(hex=provenance.identity()[:32], version=5))


def environment_tags(tags: Iterable[str], environment: Environment) -> tuple[str, ...]:
    """The tags with `weather:` and `light:` as they are now."""
    kept = [tag for tag in tags if not tag.startswith(("weather:", "light:"))]
    return (*kept, f"weather:{environment.weather()}", f"light:{environment.light()}")


def moments(rollout: Rollout, rate_hz: float, max_frames: int | None = None) -> Int[np.ndarray, "n"]:
    """Indices of the moments nearest to a steady rate at which the ego exists; at most `max_frames`, every n-th.

    Raises:
        ValueError: there is none, or `max_frames` is below 1.
    """
    if max_frames is not None and max_frames < 1:
        raise ValueError(f"at least one frame must be asked for, not {max_frames}")
    seconds = rollout.seconds()
    wanted = np.arange(int(np.floor(seconds[-1] * rate_hz + 1e-6)) + 1) / rate_hz
    after = np.clip(np.searchsorted(seconds, wanted), 0, len(seconds) - 1)
    before = np.maximum(after - 1, 0)
    nearest = np.where(np.abs(seconds[before] - wanted) < np.abs(seconds[after] - wanted), before, after)
    steps = np.unique(nearest)
    steps = steps[rollout.valid[steps, rollout.ego_index]]
    if len(steps) == 0:
        raise ValueError("the ego exists at no moment of the rollout; nothing can be seen")
    if max_frames is not None and len(steps) > max_frames:
        steps = steps[:: -(-len(steps) // max_frames)]
    return steps.astype(np.int64)


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
    moved = state.world_from_actor.translation_m + passed_s * np.nan_to_num(state.velocity_mps)
    return replace(
        state,
        timestamp_ns=state.timestamp_ns + round(passed_s * 1e9),
        world_from_actor=replace(state.world_from_actor, translation_m=moved),
    )


def _span_s(rig: SensorRig) -> float:
    """The longest time that a sensor of the rig looks."""
    turns = [1.0 / lidar.rate_hz for lidar in rig.lidars]
    return max([*turns, *(camera.readout_s for camera in rig.cameras)], default=0.0)


def _look(
    renderer: Renderer, rollout: Rollout, rig: SensorRig, steps: Int[np.ndarray, "n"]
) -> tuple[list[Look], list[SensorFrames]]:
    looks: list[Look] = []
    seen: list[SensorFrames] = []
    count = 0
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        start = rollout.state_at(int(step))
        end = next_state(rollout, int(step), _span_s(rig))
        if isinstance(renderer, FlowRenderer) and following is not None:
            frames = renderer.render_before(start, end, rollout.state_at(int(following)))
        else:
            frames = renderer.render(start, end)
        counts = renderer.silhouettes(start, end, frames) if isinstance(renderer, SilhouetteRenderer) else None
        numbered = tuple((count + k, frame) for k, frame in enumerate(frames.frames))
        looks.append(Look(int(step), numbered, frames.sweeps, counts))
        seen.append(frames)
        count += len(frames.frames)
    return looks, seen


__all__ = ["environment_tags", "generate", "moments", "next_state", "segment_id"]
