"""From what happened to what was seen: a loop over the moments of a rollout."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from driving_data.environment import Environment
from driving_data.plain import digest, to_plain
from driving_data.ports import Generator, SceneDescription
from driving_data.provenance import Provenance, Step
from driving_data.rollout import Rollout
from driving_data.segment import Raw, Segment, Source
from driving_data.sensors import SensorRig
from generators.clocks.schedule import moments
from generators.faults.reliability import reliability
from generators.labels.annotate import annotate
from generators.labels.choice import chosen_labels
from generators.randomize.randomization import NOTHING, Randomization, randomized
from generators.raytrace.meshes import mesh_digests
from generators.watch import further_streams, looked, next_state, prepared, watched


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
    labels: Iterable[str] = (),
    appearance: Mapping[str, Any] | None = None,
) -> Segment[Raw]:
    """What a rig saw during a rollout, with labels and provenance.

    Every sensor looks at the times of its own clock (`clocks.schedule`), from where it really sits, and what its faults
    leave of that is kept with the clean value beside it. Every timestamp of a frame or sweep is a moment of the
    segment's rollout, which gets moments in between where clocks ask for them. The same arguments give the same bytes
    and the same id; the id depends on the provenance alone, which must therefore say how the rollout was made.

    Args:
        rollout: what happened.
        rig: the ego's sensors with their clocks, drifts and faults; those without a clock of their own look at its
            rate.
        seed: of scenery, noise and randomization.
        generator: who makes the pictures.
        provenance: history of the rollout; signed here with one step.
        randomization: what is drawn about look, light, weather and cameras.
        index: which draw of the randomization.
        max_frames: at most so many looks of each rendered sensor; every n-th is taken, so that the period stays steady.
        tags: OpenLABEL names and slices; `weather:` and `light:` follow what was drawn.
        description: one sentence.
        triggers: why it is kept.
        labels: which labels are made beside boxes (`labels.choice.ON_REQUEST`), or 'all'.
        appearance: how the scene and its actors shall look, by the keys of `raytrace.build` and of `raytrace.meshes`;
            what the randomization draws comes before it.

    Raises:
        ValueError: the ego exists at no moment, or `max_frames` is below 1.
        InputError: a fault is of no sensor of the rig, or of one that cannot have it, or no label has one of the names.
    """
    chosen = chosen_labels(labels)
    plain = SceneDescription(
        rollout.lane_map, rollout.actors, rollout.ego_index, rollout.environment, rollout.signals.ids,
        dict(appearance or {}),
    )  # fmt: skip
    scene, rig, draws = randomized(plain, rig, randomization, seed, index)
    watch = prepared(replace(rollout, environment=scene.environment), rig, seed, max_frames)
    seen = watched(watch, generator, scene, inspected=bool(chosen))
    made = annotate(watch.rollout, rig, seen.looks, chosen)
    trust = reliability(looked(watch, seen), scene.environment, watch.start_ns)
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
                **({"labels": sorted(chosen)} if chosen else {}),
                **_looks_asked(scene, appearance, seed),
            },
            draws=draws,
        )
    )
    return Segment(
        segment_id=segment_id(signed),
        source=Source.SYNTHETIC,
        rollout=watch.rollout,
        rig=rig,
        provenance=signed,
        frames=tuple(frame for each in seen.frames for frame in each.frames),
        sweeps=tuple(sweep for each in seen.frames for sweep in each.sweeps),
        radar=tuple(returns for each in seen.frames for returns in each.radar),
        labels=replace(made, reliability=trust),
        tags=environment_tags(tags, scene.environment),
        description=description,
        triggers=tuple(triggers),
        streams=further_streams(watch, seen),
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


__all__ = ["environment_tags", "generate", "moments", "next_state", "segment_id"]
