"""Echoes from the air: fog, drops, flakes, spray behind vehicles on wet roads, dust around working machines.

Fog: the soft return of `generators.effects.fog_return`, its density uneven from beam to beam (log-normal, 0.5).

Drops and flakes: discs of their size distribution in the cone of the beam. One of diameter D at r covers (D / (2 w))^2
of the beam of radius w = w0 + r theta / 2 and sends back that share of its reflectivity: 0.9 of a flake (discs after
M. Hahner et al., "LiDAR snowfall simulation", CVPR 2022), 0.0125 of a drop, which sends back 0.05 of what meets it
evenly to all sides, where a matt white disc sends four times its area. Only particles
whose echo can be noticed are drawn: of each diameter those nearer than the range at which their echo meets the
threshold, a Poisson number for the volume of the cone up to there. Who lies behind a surface is gone again. What the
unnoticed ones take away is the extinction of the air.

Plumes: a box behind each vehicle (spray) or around each machine at work (dust) with extinction a e^{-x / l}, patchy
(each beam meets a gamma-distributed share, shape 1/2). Its echo lies a random free path into the chord,
p(s) = a e^{-2 a s}, and has rho = pi (a / S) times the half pulse, S the lidar ratio: 18.8 sr of water drops
(E. J. O'Connor, J. Atmos. Oceanic Technol. 21, 777, 2004), 50 sr of mineral dust (D. Mueller et al., J. Geophys. Res.
112, D16202, 2007). The extinction of spray, 0.25 / m at 25 m/s on a flooded road, and its growth with the square of
the speed beyond 8 m/s are our choice in the range of the clouds measured by C. Linnhoff et al., "Simulating road spray
effects in automotive lidar sensor models", arXiv 2212.08558 (2022), who see detections behind cars up to 20 m; lorries
throw twice as much, twice as high.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.rollout import Actors, WorldState
from driving_data.sensors import LidarModel
from driving_data.taxonomy import VEHICLES, ActorClass, ActorMode
from generators.effects.atmosphere import lidar_extinction_per_m
from generators.effects.fog_return import LIGHT_MPS, soft_return
from generators.effects.hydrometeors import SizeDistribution, gunn_marshall, marshall_palmer
from generators.raytrace.lidars.detector import NOISE_RATIO, threshold

DROP, FLAKE = 0.0125, 0.9
_APERTURE_M = 0.006
_THIN_BEAM_RAD = 2.0e-3
_UNEVEN_FOG = 0.5
_FAR_M = 60.0
_SPRAY_PER_M, _SPRAY_SPEED_MPS, _SPRAY_FROM_MPS, _SPRAY_RATIO_SR = 0.25, 25.0, 8.0, 18.8
_DUST_PER_M, _DUST_RATIO_SR = 0.15, 50.0
_HEAVY = (ActorClass.TRUCK, ActorClass.TRAILER, ActorClass.BUS, ActorClass.CONSTRUCTION_VEHICLE)


@dataclass(frozen=True, slots=True, eq=False)
class Plume:
    """A box of spray or dust.

    Attributes:
        world_from_box: middle of its front face on the ground, x against the motion.
        size_m: length, width, height.
        extinction_per_m: at its front face.
        decay_m: length in which it falls to 1 / e.
        ratio_sr: extinction over backscatter.
    """

    world_from_box: SE3
    size_m: tuple[float, float, float]
    extinction_per_m: float
    decay_m: float
    ratio_sr: float


@dataclass(frozen=True, slots=True, eq=False)
class AirEchoes:
    """The strongest echo of the air in each beam, and what plumes leave of the light that comes through.

    Attributes:
        distance_m: inf for none, shape (n,).
        power: 0 for none, shape (n,).
        left: share of the surface's echo that comes through plumes, shape (n,).
    """

    distance_m: Float[np.ndarray, "n"]
    power: Float[np.ndarray, "n"]
    left: Float[np.ndarray, "n"]


def plumes(environment: Environment, state: WorldState, actors: Actors) -> tuple[Plume, ...]:
    """Spray behind moving vehicles on a wet road, dust around machines at work in dry weather."""
    made: list[Plume] = []
    dry = environment.road_wetness < 0.2 and environment.rain_mmph <= 0.0 and environment.snow_mmph <= 0.0
    for k in np.flatnonzero(state.valid):
        kind, size = actors.kind_of(int(k)), actors.size_m[k]
        speed = float(np.linalg.norm(np.nan_to_num(state.velocity_mps[k])[:2]))
        heavy = kind in _HEAVY
        at_work = state.modes is not None and bool(int(state.modes[k]) & int(ActorMode.OPERATIONAL))
        if kind in VEHICLES and environment.road_wetness > 0.0 and speed > _SPRAY_FROM_MPS:
            alpha = _SPRAY_PER_M * environment.road_wetness * (speed / _SPRAY_SPEED_MPS) ** 2 * (2.0 if heavy else 1.0)
            box = (0.6 * speed, float(size[1]) + 0.6, (0.9 if heavy else 0.7) * float(size[2]))
            made.append(Plume(_behind(state, int(k), size, 0.5), box, alpha, 0.25 * speed, _SPRAY_RATIO_SR))
        elif kind is ActorClass.CONSTRUCTION_VEHICLE and at_work and dry:
            box = (2.0 * float(size[0]), 2.5 * float(size[1]), 1.2 * float(size[2]))
            made.append(Plume(_behind(state, int(k), size, -1.0), box, _DUST_PER_M, float(size[0]), _DUST_RATIO_SR))
    return tuple(made)


def _behind(state: WorldState, actor: int, size_m: np.ndarray, lengths: float) -> SE3:
    """The frame of a plume that begins so many lengths of the actor behind its middle."""
    pose = state.world_from_actor[actor]
    place = pose.translation_m - pose.rotation @ np.array([lengths * size_m[0], 0.0, 0.5 * size_m[2]])
    return SE3(pose.rotation @ np.diag([-1.0, -1.0, 1.0]), place)


def air_echoes(
    environment: Environment, model: LidarModel, hit_m: Float[np.ndarray, "n"], origin_m: Float[np.ndarray, "n 3"],
    direction: Float[np.ndarray, "n 3"], clouds: tuple[Plume, ...], rng: np.random.Generator,
) -> AirEchoes:  # fmt: skip
    """What comes back from the air before each beam's first surface.

    Args:
        environment: weather.
        model: the lidar.
        hit_m: range of the first surface of each beam; inf for none.
        origin_m: in `world`.
        direction: unit, in `world`.
        clouds: of spray and dust.
        rng: draws.
    """
    alpha = lidar_extinction_per_m(environment)
    n = len(hit_m)
    distance, power = np.full(n, np.inf), np.zeros(n)
    best_fog = soft_return(alpha).power[-1]
    if best_fog * np.exp(4.0 * _UNEVEN_FOG) > threshold(model) * (1.0 - 4.0 / NOISE_RATIO):
        fog, place = soft_return(alpha).at(hit_m)
        fog = fog * np.exp(_UNEVEN_FOG * rng.standard_normal(n) - 0.5 * _UNEVEN_FOG**2)
        place = place + 0.1 * np.abs(rng.standard_normal(n)) * (place - 0.9)
        distance, power = _stronger(distance, power, np.minimum(place, hit_m), fog)
    for law, rate, rho in (
        (marshall_palmer, environment.rain_mmph, DROP),
        (gunn_marshall, environment.snow_mmph, FLAKE),
    ):
        if rate > 0.0:
            beam, place, strength = particles(law(rate), rho, alpha, model, n, rng)
            before = place < hit_m[beam]
            there, much = _strongest(beam[before], place[before], strength[before], n)
            distance, power = _stronger(distance, power, there, much)
    left = np.ones(n)
    azimuth = np.arctan2(direction[:, 1], direction[:, 0]) if clouds else np.zeros(0)
    corners = np.stack([origin_m[:, :2].min(axis=0), origin_m[:, :2].max(axis=0)]) if clouds else np.zeros((2, 2))
    for cloud in clouds:
        towards = _towards(cloud, corners, azimuth, model.max_range_m)
        limit = np.minimum(hit_m[towards], model.max_range_m)
        rows, near, far, along = _chords(cloud, origin_m[towards], direction[towards], limit)
        rows = towards[rows]
        if len(rows):
            there, much, through = _plume_echoes(cloud, near, far, along, alpha, model, rng)
            distance[rows], power[rows] = _stronger(distance[rows], power[rows], there, much * left[rows])
            left[rows] *= through
    return AirEchoes(distance, power, left)


def _stronger(
    distance: np.ndarray, power: np.ndarray, other_m: np.ndarray, other_power: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    more = other_power > power
    return np.where(more, other_m, distance), np.where(more, other_power, power)


def _strongest(beam: np.ndarray, place: np.ndarray, strength: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The strongest particle of each beam."""
    distance, power = np.full(n, np.inf), np.zeros(n)
    order = np.argsort(strength, kind="stable")
    distance[beam[order]], power[beam[order]] = place[order], strength[order]
    return distance, power


def cone_volume_m3(range_m: Float[np.ndarray, "n"], divergence_rad: float) -> Float[np.ndarray, "n"]:
    """Volume of a beam up to a range: a cone of that full angle on a disc of 6 mm radius."""
    slope = 0.5 * divergence_rad
    end = _APERTURE_M + slope * range_m
    return np.asarray(np.pi / (3.0 * slope) * (end**3 - _APERTURE_M**3))


def particle_power(
    width_m: Float[np.ndarray, "*#n"], range_m: Float[np.ndarray, "*#n"], rho: float, alpha_per_m: float,
    divergence_rad: float,
) -> Float[np.ndarray, "*n"]:  # fmt: skip
    """Echo of a disc in the middle of the beam: rho min(1, (D / 2w)^2) e^{-2 alpha r} / r^2."""
    radius = _APERTURE_M + 0.5 * divergence_rad * range_m
    share = np.minimum(1.0, (0.5 * width_m / radius) ** 2)
    return np.asarray(rho * share * np.exp(-2.0 * alpha_per_m * range_m) / range_m**2)


def particles(
    sizes: SizeDistribution, rho: float, alpha_per_m: float, model: LidarModel, num_beams: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Every particle whose echo can be noticed: beam, range and power of each."""
    theta = model.divergence_rad if model.divergence_rad > 0.0 else _THIN_BEAM_RAD
    edges = np.concatenate([np.linspace(0.2, 3.0, 15), np.linspace(3.5, 8.0, 10)])
    middle = 0.5 * (edges[1:] + edges[:-1])
    grid = np.linspace(model.min_range_m, _FAR_M, 600)
    floor = threshold(model) * (1.0 - 3.5 / NOISE_RATIO)
    power = particle_power(1e-3 * middle[:, None], grid[None], rho, alpha_per_m, theta)
    # Power falls with range, so the noticed ones of each width lie before one range.
    reach = grid[np.maximum(np.sum(power >= floor, axis=1) - 1, 0)]
    volume = cone_volume_m3(grid, theta) - cone_volume_m3(grid[:1], theta)
    filled = np.interp(reach, grid, volume)
    mean = sizes.within(edges) * filled
    total = float(mean.sum())
    count = rng.poisson(total, num_beams) if total > 0.0 else np.zeros(num_beams, np.int64)
    beam = np.repeat(np.arange(num_beams), count)
    kind = np.searchsorted(np.cumsum(mean) / max(total, 1e-300), rng.random(len(beam)), side="right")
    kind = np.minimum(kind, len(middle) - 1)
    place = np.interp(rng.random(len(beam)) * filled[kind], volume, grid)
    strength = particle_power(1e-3 * middle[kind], place, rho, alpha_per_m, theta)
    return beam, place, strength


def _towards(cloud: Plume, corners_m: np.ndarray, azimuth_rad: np.ndarray, max_range_m: float) -> np.ndarray:
    """Beams whose azimuth may lead them into a plume: those within the ball around it, seen from all origins.

    `corners_m` are the least and the largest coordinates (x, y) of the origins.
    """
    center = cloud.world_from_box.apply(np.array([0.5 * cloud.size_m[0], 0.0, 0.5 * cloud.size_m[2]]))
    low, high = corners_m
    way = center[:2] - 0.5 * (low + high)
    radius = 0.5 * float(np.linalg.norm(cloud.size_m)) + 0.5 * float(np.linalg.norm(high - low))
    distance = float(np.linalg.norm(way))
    if distance <= radius:
        return np.arange(len(azimuth_rad))
    if distance - radius > max_range_m:
        return np.zeros(0, np.int64)
    off = np.abs((azimuth_rad - np.arctan2(way[1], way[0]) + np.pi) % (2.0 * np.pi) - np.pi)
    return np.flatnonzero(off <= np.arcsin(radius / distance))


def _chords(
    cloud: Plume, origin_m: np.ndarray, direction: np.ndarray, limit_m: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Beams that cross a plume before their surface: rows, way in, way out, middle of the chord in the plume."""
    box_from_world = cloud.world_from_box.inverse()
    o, d = box_from_world.apply(origin_m), box_from_world.rotate(direction)
    length, width, height = cloud.size_m
    low, high = np.array([0.0, -0.5 * width, 0.0]), np.array([length, 0.5 * width, height])
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = (low - o) / d, (high - o) / d
    near = np.maximum(np.nanmax(np.minimum(a, b), axis=1), 0.0)
    far = np.minimum(np.nanmin(np.maximum(a, b), axis=1), limit_m)
    rows = np.flatnonzero(far > near)
    near, far = near[rows], far[rows]
    return rows, near, far, o[rows, 0] + 0.5 * (near + far) * d[rows, 0]


def _plume_echoes(
    cloud: Plume, near: np.ndarray, far: np.ndarray, along_m: np.ndarray, alpha_per_m: float, model: LidarModel,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Range and power of the echo of each beam that crosses, and the share of light that comes through and back."""
    chord = far - near
    patch = rng.gamma(0.5, 2.0, len(chord))
    extinction = cloud.extinction_per_m * np.exp(-along_m / cloud.decay_m) * patch
    depth = 2.0 * extinction * chord
    luck, meets = rng.random(len(chord)), rng.random(len(chord))
    echoes = meets < -np.expm1(-depth)
    path = -np.log1p(luck * np.expm1(-depth)) / np.maximum(2.0 * extinction, 1e-12)
    place = np.maximum(near + path, 0.5)
    pulse_m = 0.5 * LIGHT_MPS * model.pulse_s
    rho = np.pi * extinction / cloud.ratio_sr * np.minimum(pulse_m, chord)
    power = rho * np.exp(-2.0 * alpha_per_m * place - 2.0 * extinction * path) / place**2
    return np.where(echoes, place, np.inf), np.where(echoes, power, 0.0), np.exp(-depth)
