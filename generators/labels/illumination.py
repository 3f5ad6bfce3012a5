"""What can be made out in the present light: lux on the side of each actor that faces the ego, and its lit pixels.

Illuminance is the mean over samples of the surfaces that face the ego, of sun (where a ray to it is free), the part
of the sky that the surface looks at, light from the ground, and every near lamp and low beam that a free ray reaches;
the formulas stand in `light`. A pixel is lit where the developed picture's luma (Rec. 709 weights on the 8-bit values)
is at least `LIT_LUMA`: what stands out of the dark for whoever looks at the picture, auto-exposure included.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, UInt8

from driving_data.geometry import SE3
from driving_data.labels import Boxes3D, IlluminationLabels
from driving_data.rollout import Rollout
from driving_data.taxonomy import VEHICLES, ActorClass, Light
from generators.labels import light
from generators.labels.light import Lights
from generators.labels.look import Look
from generators.raytrace.inspection import Inspection, Shape

LIT_LUMA = 24.0
SAMPLES = 48
LAMPS_NEAR_M, BEAMS_NEAR_M = 40.0, 90.0
_OFF_M = 0.02


def illumination(rollout: Rollout, looks: Sequence[Look], boxes: Boxes3D) -> IlluminationLabels:
    """Rows as those of `boxes`, which must be of the same looks."""
    count = len(boxes.step)
    lux, lit = np.full(count, np.nan), np.full(count, np.nan)
    frames: list[int] = []
    rows: list[int] = []
    extents: list[np.ndarray] = []
    row_of = {
        (int(step), int(actor)): row for row, (step, actor) in enumerate(zip(boxes.step, boxes.actor, strict=True))
    }
    for look in looks:
        if look.inspection is not None:
            for actor, value in _lux_of_actors(rollout, look.step, look.inspection).items():
                lux[row_of[look.step, actor]] = value
        seen, bright = np.zeros(rollout.num_actors + 1), np.zeros(rollout.num_actors + 1)
        for number, frame in look.frames:
            if frame.instance is None:
                continue
            shining = luma(frame.rgb) >= LIT_LUMA
            seen += np.bincount(frame.instance.ravel(), minlength=len(seen))
            bright += np.bincount(frame.instance[shining], minlength=len(seen))
            for actor in np.unique(frame.instance[shining & (frame.instance > 0)]).astype(np.int64) - 1:
                frames.append(number)
                rows.append(row_of[look.step, int(actor)])
                extents.append(_bounds(shining & (frame.instance == actor + 1)))
        for actor in np.flatnonzero(seen[1:] > 0):
            lit[row_of[look.step, int(actor)]] = bright[actor + 1] / seen[actor + 1]
    return IlluminationLabels(
        lux, lit, np.array(frames, np.int64), np.array(rows, np.int64), np.array(extents, np.float32).reshape(-1, 4)
    )


def luma(rgb: UInt8[np.ndarray, "H W 3"]) -> Float[np.ndarray, "H W"]:
    """Rec. 709 weights on the values as they are."""
    return rgb @ np.array([0.2126, 0.7152, 0.0722])


def _bounds(mask: Bool[np.ndarray, "H W"]) -> np.ndarray:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.float32)


def lights_of(rollout: Rollout, step: int, inspection: Inspection) -> Lights:
    """What burns at a moment: street lamps if it is dark or they are switched on, and every low beam."""
    lit = inspection.opened.lamps_are_lit()
    lamps = inspection.traced.scene.lamps.position_m if lit else np.zeros((0, 3))
    place: list[np.ndarray] = []
    forward: list[np.ndarray] = []
    owner: list[int] = []
    burning = rollout.valid[step] & ((rollout.lights[step] & (Light.LOW_BEAM | Light.HIGH_BEAM)) > 0)
    for actor in np.flatnonzero(burning):
        length, width, height = rollout.actors.size_m[actor]
        pose: SE3 = rollout.world_from_actor[step, int(actor)]
        sides = (-0.38, 0.38) if ActorClass(int(rollout.actors.kind[actor])) in VEHICLES else (0.0,)
        for side in sides:
            place.append(pose.apply(np.array([0.5 * length + 0.02, side * width, -0.08 * height])))
            forward.append(pose.rotation[:, 0])
            owner.append(int(actor))
    return Lights(
        np.asarray(lamps, np.float64), np.array(place).reshape(-1, 3), np.array(forward).reshape(-1, 3),
        np.array(owner, np.int64),
    )  # fmt: skip


def _lux_of_actors(rollout: Rollout, step: int, inspection: Inspection) -> dict[int, float]:
    lights = lights_of(rollout, step, inspection)
    eye = inspection.moment.ego_start.translation_m + np.array([0.0, 0.0, 1.5])
    samples: dict[int, list[tuple[np.ndarray, np.ndarray, np.ndarray]]] = {}
    for shape in inspection.shapes():
        samples.setdefault(shape.actor, []).append(_facing(shape, eye))
    made: dict[int, float] = {}
    for actor, parts in samples.items():
        point, normal, area = (np.concatenate(column) for column in zip(*parts, strict=True))
        if len(point):
            made[actor] = float(np.average(lux_at(inspection, lights, point, normal), weights=area))
    return made


def _facing(shape: Shape, eye_m: Float[np.ndarray, "3"]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Middles, normals and areas of triangles that face the ego: the largest ones, at most `SAMPLES`."""
    corners = shape.world_from_mesh.apply(shape.mesh.vertices_m[shape.mesh.triangles].astype(np.float64))
    cross = 0.5 * np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(cross, axis=-1)
    middle = corners.mean(axis=1)
    normal = cross / np.maximum(area, 1e-12)[:, None]
    turned = np.flatnonzero((np.sum((eye_m - middle) * normal, axis=-1) > 0) & (area > 1e-6))
    rows = turned[np.argsort(-area[turned], kind="stable")[:SAMPLES]]
    return middle[rows], normal[rows], area[rows]


def lux_at(
    inspection: Inspection, lights: Lights, point_m: Float[np.ndarray, "n 3"], normal: Float[np.ndarray, "n 3"]
) -> Float[np.ndarray, "n"]:
    """Illuminance on surfaces, with what stands in the way of each light."""
    environment = inspection.opened.scene.environment
    start = point_m + _OFF_M * normal
    sun = environment.sun_direction()
    direct = light.sun_lux(environment) * np.maximum(normal @ sun, 0.0)
    if direct.max(initial=0.0) > 0:
        direct = np.where(_free(inspection, start, start + 500.0 * sun), direct, 0.0)
    up = 0.5 * (1.0 + normal[:, 2])
    sky = light.sky_lux(environment) * up
    ground = light.GROUND_ALBEDO * light.level_lux(environment) * (1.0 - up)
    total = direct + sky + ground
    middle = point_m.mean(axis=0)
    near = np.linalg.norm(lights.lamp_m - middle, axis=-1) < LAMPS_NEAR_M
    for lamp in lights.lamp_m[near]:
        given = light.lamp_lux(lamp[None], point_m, normal)[:, 0]
        total += np.where(_free(inspection, start, lamp - np.array([0.0, 0.0, 0.4])), given, 0.0)
    given = light.beam_lux(lights, point_m, normal)
    for k in np.flatnonzero(np.linalg.norm(lights.beam_m - middle, axis=-1) < BEAMS_NEAR_M):
        if given[:, k].max(initial=0.0) > 0.01:
            total += np.where(_free(inspection, start, lights.beam_m[k] + 0.1 * lights.forward[k]), given[:, k], 0.0)
    return total


def _free(inspection: Inspection, start_m: Float[np.ndarray, "n 3"], end_m: np.ndarray) -> Bool[np.ndarray, "n"]:
    """Whether nothing lies between points."""
    way = np.broadcast_to(end_m, start_m.shape) - start_m
    far = np.linalg.norm(way, axis=-1)
    hits = inspection.rays(start_m, way / np.maximum(far, 1e-9)[:, None], far.astype(np.float32))
    return hits.triangle < 0


__all__ = ["LIT_LUMA", "illumination", "lights_of", "luma", "lux_at"]
