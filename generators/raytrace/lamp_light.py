"""Lamps that matter to a viewer, as rows of `shading_kernels`: street lamps, beams and lights of vehicles, tunnels.

Beams follow `shading_kernels.pattern`: the low beam with the cut-off and the levels of UN Regulation 112 class B, the
high beam with 44 kcd at its middle (the regulation asks for 40.5 kcd at least). A stop lamp gives 60 to 185 cd, a tail
lamp 4 to 17, an indicator to the rear 50 to 500 (UN Regulations 7 and 6); a blue warning lamp some hundred.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32

from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.rollout import Actors, WorldState
from driving_data.taxonomy import VEHICLES, ActorClass, Light
from generators.raytrace import shading_kernels
from generators.raytrace.scene import Lamps

CONE, LOW_BEAM, HIGH_BEAM, SURFACE = 0.0, 1.0, 2.0, 3.0
MOST_LAMPS, MOST_BEAMS, MOST_SMALL = 14, 10, 8
LAMP_REACH_M, OWN_BEAM_M, OTHER_BEAM_M, SMALL_REACH_M = 36.0, 110.0, 60.0, 14.0
BEAM_WHITE, BEAM_LED = np.array([1.04, 1.0, 0.88]), np.array([0.98, 1.0, 1.06])
_RED, _AMBER, _BLUE, _WHITE = (
    np.array([1.0, 0.04, 0.02]), np.array([1.0, 0.42, 0.03]), np.array([0.06, 0.16, 1.0]), np.array([1.0, 0.95, 0.85])
)  # fmt: skip
# Candela over 100 kcd, as lamps' colours are: tail, stop, indicator, reverse, warning lamp, work lamp.
_TAIL, _STOP, _INDICATOR, _REVERSE, _WARNING, _WORK = 8e-5, 1.6e-3, 3e-3, 4e-3, 1.2e-2, 6e-2
# White lamps light much of the spectrum; coloured ones are given by their luminance.
_LUMA = np.array([0.2126, 0.7152, 0.0722])


@dataclass(frozen=True, slots=True, eq=False)
class VehicleLamp:
    """One lamp of an actor that lights its surroundings.

    Attributes:
        world_from_lamp: x is the way it shines.
        color: linear RGB, in shares of 100 kcd.
        kind: one of the numbers above.
        own: whether it is the viewer's.
        reach_m: how far it is followed.
    """

    world_from_lamp: SE3
    color: Float[np.ndarray, "3"]
    kind: float
    own: bool
    reach_m: float


def vehicle_lamps(state: WorldState, actors: Actors, ego_index: int, dark: bool) -> list[VehicleLamp]:
    """Lamps of all actors that burn at this moment; small ones count in the dark alone."""
    found: list[VehicleLamp] = []
    if not dark:
        return found
    for actor in np.flatnonzero(state.valid & (state.lights > 0)):
        found += _of_actor(state, actors, int(actor), ego_index)
    return found


def _of_actor(state: WorldState, actors: Actors, actor: int, ego_index: int) -> list[VehicleLamp]:
    bits, own, kind = int(state.lights[actor]), actor == ego_index, actors.kind_of(actor)
    length, width, height = (float(value) for value in actors.size_m[actor])
    pose = state.world_from_actor[actor]
    reach = OWN_BEAM_M if own else OTHER_BEAM_M
    found: list[VehicleLamp] = []

    def add(place: tuple[float, float, float], yaw: float, color: np.ndarray, what: float, far: float) -> None:
        turn = np.array([[np.cos(yaw), -np.sin(yaw), 0.0], [np.sin(yaw), np.cos(yaw), 0.0], [0.0, 0.0, 1.0]])
        found.append(VehicleLamp(_at(pose, place, turn), color, what, own, far))

    # Lamps sit 0.7 m above the road on a car and 0.9 m on a lorry; on a cycle at a third of its height with rider.
    low = min(0.5 * height, 0.62 + 0.08 * height) - 0.5 * height
    four = kind in VEHICLES and kind != ActorClass.MOTORCYCLE
    sides = (-0.38 * width, 0.38 * width) if four else (0.0,)
    tone = BEAM_LED if actor % 3 == 1 else BEAM_WHITE
    strength = 1.0 if four else (1.6 if kind == ActorClass.MOTORCYCLE else 0.02)
    for side in sides:
        front, back = (0.5 * length, side, low), (-0.5 * length - 0.03, side, low + 0.1)
        if bits & Light.LOW_BEAM:
            add(front, 0.0, strength * tone, LOW_BEAM, reach)
        if bits & Light.HIGH_BEAM:
            add(front, 0.0, strength * tone, HIGH_BEAM, 2.0 * reach if own else reach)
        red = (_STOP if bits & Light.BRAKE else 0.0) + (_TAIL if bits & (Light.LOW_BEAM | Light.HIGH_BEAM) else 0.0)
        if red > 0.0:
            add(back, np.pi, _RED * red / float(_RED @ _LUMA), SURFACE, SMALL_REACH_M)
        if bits & Light.REVERSE:
            add(back, np.pi, _WHITE * _REVERSE, SURFACE, 1.5 * SMALL_REACH_M)
        turning = Light.RIGHT_INDICATOR if side < 0 else Light.LEFT_INDICATOR
        if four and bits & turning and blinks(state.timestamp_ns, 1.5):
            amber = _AMBER * _INDICATOR / float(_AMBER @ _LUMA)
            add(back, np.pi, amber, SURFACE, SMALL_REACH_M)
            add(front, 0.0, amber, SURFACE, SMALL_REACH_M)
    if bits & Light.EMERGENCY:
        blue = _BLUE * _WARNING / float(_BLUE @ _LUMA)
        flash = 1.0 if blinks(state.timestamp_ns, 2.0) else 0.25
        for yaw in (0.0, np.pi):
            add((0.0, 0.0, 0.5 * height + 0.1), yaw, flash * blue, SURFACE, 2.5 * SMALL_REACH_M)
    if kind == ActorClass.CONSTRUCTION_VEHICLE:
        for yaw in (0.0, np.pi):
            add((0.3 * length * np.cos(yaw), 0.0, 0.5 * height), yaw, _WHITE * _WORK, SURFACE, 2.5 * SMALL_REACH_M)
    return found


def blinks(timestamp_ns: int, rate_hz: float) -> bool:
    """Whether a lamp that blinks at this rate is on."""
    return int(timestamp_ns * 2e-9 * rate_hz) % 2 == 0


def lamp_rows(
    lamps: Lamps,
    night: bool,
    others: list[VehicleLamp],
    viewer_m: Float[np.ndarray, "3"],
    origin_m: Float[np.ndarray, "3"],
) -> Float32[np.ndarray, "L 12"]:
    """The lamps that matter to a viewer: of each sort the few that are strongest where it is.

    Args:
        lamps: fixed ones.
        night: whether street lamps burn; by day only those burn that burn always.
        others: of vehicles.
        viewer_m: where the sensor is, in `world`.
        origin_m: the tracer's origin.
    """
    level = lamps.levels(night)
    burning = np.flatnonzero(level > 0.0)
    distance = np.linalg.norm(lamps.position_m[burning] - viewer_m, axis=-1)
    rows = [
        [*(lamps.position_m[k] - origin_m), *lamps.direction[k], *(level[k] * lamps.color[k]), float(lamps.cos_cone[k]),
         CONE, LAMP_REACH_M]
        for k in burning[np.argsort(distance, kind="stable")[:MOST_LAMPS]]
    ]  # fmt: skip
    beams = [lamp for lamp in others if lamp.kind in (LOW_BEAM, HIGH_BEAM)]
    small = [lamp for lamp in others if lamp.kind == SURFACE]
    for group, most in ((beams, MOST_BEAMS), (small, MOST_SMALL)):
        near = sorted(group, key=lambda lamp: _weight(lamp, viewer_m))
        for lamp in near[:most]:
            place = lamp.world_from_lamp.translation_m - origin_m
            forward = lamp.world_from_lamp.rotation[:, 0]
            rows.append([*place, *forward, *lamp.color, 0.0 if lamp.own else 1.0, lamp.kind, lamp.reach_m])
    table = np.array(rows) if rows else np.zeros((0, shading_kernels.LAMP))
    return np.ascontiguousarray(table, dtype=np.float32)


def _weight(lamp: VehicleLamp, viewer_m: np.ndarray) -> tuple[float, float]:
    """Own lamps first, then by distance in units of the reach."""
    away = float(np.linalg.norm(lamp.world_from_lamp.translation_m - viewer_m))
    return (0.0 if lamp.own else 1.0, away / lamp.reach_m)


def _at(pose: SE3, place_m: tuple[float, float, float], turn: np.ndarray) -> SE3:
    return SE3(pose.rotation @ turn, pose.apply(np.array(place_m)))


def is_dark(environment: Environment) -> bool:
    """Whether vehicles' lamps are followed onto the road: by day they light nothing that can be seen."""
    return environment.sun_elevation_rad < np.deg2rad(4.0) or bool(environment.street_lights)


def cover_rows(
    covers: "Float[np.ndarray, 'C 14'] | None", night: bool, origin_m: Float[np.ndarray, "3"]
) -> Float32[np.ndarray, "C 13"]:
    """Pieces of tunnels as the kernels take them, relative to the tracer's origin; lamps within are brighter by day."""
    if covers is None:
        return np.zeros((0, shading_kernels.COVER), np.float32)
    rows = covers[:, :13].copy()
    rows[:, 0:2] -= origin_m[:2]
    rows[:, 6:8] -= origin_m[2]
    if not night:
        rows[:, 10:13] *= covers[:, 13:]
    return np.ascontiguousarray(rows, dtype=np.float32)
