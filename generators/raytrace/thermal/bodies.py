"""What is warm about actors: engines, tyres, exhausts, skin, clothes, fur.

A hit is told by where it lies in the actor's box (x forward, y left, z up, about the centre) and whether its material
is a person's. Numbers in kelvin above the surface as the weather leaves it, or absolute for what lives; chosen from
the usual range of published thermograms, none from one source.

| part | where | how warm |
|---|---|---|
| bonnet | front quarter of cars and vans, upper half | +22, running |
| radiator | front face of every motor vehicle, rear face of buses | +18, running |
| tyres | below 0.6 m above the ground, outer 30 % of the width | +4, and +0.6 per m/s up to +24 |
| exhaust | 0.25 m around the pipe at the rear, right, low | +70, running |
| engine of a motorcycle | 0.3 m around its lower middle | +55, running |
| skin (head) | uppermost 13 % of a standing person | 34 C |
| clothes | the rest of a person | 40 % of the way from the air to the skin in warm air, 28 % in frost |
| fur | an animal; its head | 35 %; 55 % of the way from the air to 38 C |
"""

import numpy as np
from jaxtyping import Bool, Float

from driving_data.taxonomy import PEDESTRIANS, VEHICLES, ActorClass
from generators.raytrace.thermal.climate import ZERO_C_K

SKIN_K = ZERO_C_K + 34.0
_BLOOD_K = ZERO_C_K + 38.0
_MOTORS = VEHICLES - {ActorClass.TRAILER}
_REAR_ENGINES = frozenset({ActorClass.BUS})


def warmed(
    kind: ActorClass,
    size_m: Float[np.ndarray, "3"],
    place_m: Float[np.ndarray, "n 3"],
    is_person: Bool[np.ndarray, "n"],
    surface_k: Float[np.ndarray, "n"],
    air_k: float,
    running: bool,
    speed_mps: float,
) -> Float[np.ndarray, "n"]:
    """Temperature of hits on one actor.

    Args:
        kind: what it is.
        size_m: length, width, height.
        place_m: hits in its own frame.
        is_person: whether the material hit is a person's.
        surface_k: what the weather alone would make of the surface.
        air_k: the air.
        running: whether its engine is.
        speed_mps: how fast it goes.
    """
    along, _, up = (place_m / np.maximum(size_m, 1e-3)).T
    if kind == ActorClass.ANIMAL:
        head = (along > 0.3) & (up > 0.15)
        return air_k + np.where(head, 0.55, 0.35) * (_BLOOD_K - air_k)
    out = surface_k.copy()
    if kind in _MOTORS:
        out += _motor_vehicle(kind, size_m, place_m, running, speed_mps)
    elif kind == ActorClass.MOTORCYCLE:
        out += running * 55.0 * _around(place_m, np.array([0.0, 0.0, -0.15 * size_m[2]]), 0.3)
    if kind in PEDESTRIANS or bool(is_person.any()):
        covered = 0.28 + 0.12 * float(np.clip((air_k - ZERO_C_K) / 15.0, 0.0, 1.0))
        person = np.where(up > 0.37, SKIN_K, air_k + covered * (SKIN_K - air_k))
        # Clothes in the sun warm up as other things do; skin keeps its temperature.
        person = np.where(up > 0.37, person, np.maximum(person, surface_k))
        out = np.where(is_person, person, out)
    return out


def _motor_vehicle(
    kind: ActorClass, size_m: np.ndarray, place_m: np.ndarray, running: bool, speed_mps: float
) -> np.ndarray:
    along, across, up = (place_m / np.maximum(size_m, 1e-3)).T
    more = np.zeros(len(place_m))
    above_ground = place_m[:, 2] + 0.5 * size_m[2]
    tyre = (above_ground < 0.6) & (np.abs(across) > 0.35) & (np.abs(along) < 0.47)
    more = np.where(tyre, min(4.0 + 0.6 * speed_mps, 24.0) * float(running or speed_mps > 0.5), more)
    if not running:
        return more
    if kind in (ActorClass.CAR, ActorClass.VAN, ActorClass.EMERGENCY_VEHICLE):
        bonnet = np.clip((along - 0.2) / 0.1, 0.0, 1.0) * (np.abs(across) < 0.46) * (above_ground > 0.6)
        more = np.maximum(more, 22.0 * bonnet)
    end = -along if kind in _REAR_ENGINES else along
    radiator = (end > 0.46) & (np.abs(across) < 0.36) & (up < 0.2)
    more = np.maximum(more, np.where(radiator, 18.0, 0.0))
    pipe = np.array([-0.5 * size_m[0], -0.3 * size_m[1], 0.35 - 0.5 * size_m[2]])
    return more + 70.0 * _around(place_m, pipe, 0.25)


def _around(place_m: np.ndarray, center_m: np.ndarray, radius_m: float) -> np.ndarray:
    square = np.sum((place_m - center_m) ** 2, axis=-1) / radius_m**2
    return np.exp(-2.0 * square)
