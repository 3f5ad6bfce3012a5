"""The fixed street on which the tracer is measured: 150,000 triangles and 30 moving actors under the sun.

It is made here from boxes, grids and bodies of revolution alone, so that it stays the same while the scenery and the
assets of the generator grow: figures of different versions can be compared. `fixed_street` is the scene with the two
moments between which all move; `flattened` is the same triangles, at the first moment, as other renderers take them.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float32, Int32

from benchmarks.tracer_shapes import CAR_SIZE_M, LENGTH_M, Paints, car, ground, house, paints_of, person, post, tree
from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.ports import SceneDescription
from driving_data.rollout import Actors, WorldState
from driving_data.sensors import SensorRig
from driving_data.taxonomy import ActorClass
from generators.raytrace.cameras.settings import Development
from generators.raytrace.materials import MaterialBook
from generators.raytrace.renderer import RaytraceRenderer
from generators.raytrace.scene import Lamps, Materials, MeshScene
from generators.raytrace.soup import Soup, concat, placed, to_mesh
from generators.raytrace.tracer import TracedScene, prepare

NUM_TRIANGLES = 150_000
NUM_ACTORS = 30
STEP_NS = 100_000_000
SEED = 3
SUNNY = replace(Environment(), sun_elevation_rad=0.8, sun_azimuth_rad=2.2, cloud_cover=0.1)
_TREES = 28
_LEAVES = 1000


@dataclass(frozen=True, slots=True, eq=False)
class FixedStreet:
    """The scene of the tracer's figures.

    Attributes:
        traced: the scene ready for rays.
        scene: what a renderer is told of it.
        start: the moment that is looked at.
        end: a tenth of a second later.
    """

    traced: TracedScene
    scene: SceneDescription
    start: WorldState
    end: WorldState

    def renderer(self, rig: SensorRig, threads: int) -> RaytraceRenderer:
        """The street opened for a rig."""
        return RaytraceRenderer(self.traced, self.scene, rig, SEED, Development(), threads)


def fixed_street() -> FixedStreet:
    """Builds the street; the same triangles every time."""
    book = MaterialBook()
    paints = paints_of(book)
    cars = tuple(to_mesh(car(paints, body)) for body in paints.bodies)
    walker = to_mesh(person(paints))
    static = to_mesh(_street(paints))
    frames = np.array([[-1], *([1 + k % len(cars)] if k < 20 else [0] for k in range(NUM_ACTORS))])
    made = MeshScene(
        static, (walker, *cars), frames, np.full(NUM_ACTORS + 1, np.inf), book.freeze(),
        Lamps(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0)), SUNNY,
    )  # fmt: skip
    kinds = np.array([ActorClass.CAR] * 21 + [ActorClass.PEDESTRIAN] * (NUM_ACTORS - 20))
    size = np.where((kinds == ActorClass.CAR)[:, None], CAR_SIZE_M, (0.5, 0.5, 1.75))
    actors = Actors(("ego", *(f"actor_{k}" for k in range(NUM_ACTORS))), kinds, size, np.full(len(kinds), 1.35))
    scene = SceneDescription(None, actors, 0, SUNNY, ())
    return FixedStreet(prepare(made), scene, _state(0.0), _state(STEP_NS * 1e-9))


def _street(paints: Paints) -> Soup:
    """Ground, houses, trees, lamp posts and parked cars; the last tree has as many leaves as make the number round."""
    rng = np.random.default_rng(11)
    sides = [(x, s) for x in np.arange(-0.5 * LENGTH_M + 10.0, 0.5 * LENGTH_M - 5.0, 17.5) for s in (-1.0, 1.0)]
    parts = [ground(paints)]
    parts += [placed(house(rng, paints), (x, s * 19.0, 0.14), 0.0 if s > 0 else np.pi) for x, s in sides]
    rows = np.linspace(-0.45 * LENGTH_M, 0.45 * LENGTH_M, _TREES // 2)
    spots = [(x, s) for x in rows for s in (-1.0, 1.0)]
    parts += [placed(post(paints), (x + 6.0, s * 6.2, 0.14), 0.0) for x, s in spots]
    parts += [placed(car(paints, paints.bodies[k % 5]), (x - 3.0, s * 4.6, 0.75), 0.0)
              for k, (x, s) in enumerate(spots[::3])]  # fmt: skip
    parts += [placed(tree(rng, paints, _LEAVES), (x, s * 7.6, 0.14), 0.0) for x, s in spots[:-1]]
    bare = len(tree(rng, paints, 0))
    missing = NUM_TRIANGLES - sum(len(part) for part in parts) - bare
    return concat([*parts, placed(tree(rng, paints, missing // 2), (spots[-1][0], 7.6, 0.14), 0.0)])


def _state(seconds: float) -> WorldState:
    """The ego at 12 m/s, cars in three lanes both ways, one that turns, people who walk and cross."""
    k = np.arange(NUM_ACTORS)
    driving = k < 20
    lane = np.array([-1.8, 1.8, -4.6])[k % 3]
    x0 = np.where(driving, -60.0 + 9.5 * k, -40.0 + 7.0 * (k - 20))
    y0 = np.where(driving, lane, np.where(k % 2, 6.6, -6.4))
    speed = np.where(driving, np.where(lane > 0, -9.0, 8.0 + 0.3 * k), 1.4)
    heading = np.where(driving, np.where(lane > 0, np.pi, 0.0), np.where(k % 3, 0.0, 0.5 * np.pi))
    turning = np.where(k == 10, 0.6, 0.0)
    way = np.where(driving, np.abs(speed), speed) * seconds
    yaw = heading + turning * seconds
    place = np.stack([x0 + way * np.cos(heading), y0 + way * np.sin(heading), np.where(driving, 0.75, 0.14)], axis=-1)
    place = np.concatenate([[[-45.0 + 12.0 * seconds, -1.8, 0.75]], place])
    yaw = np.concatenate([[0.0], yaw])
    velocity = np.zeros((NUM_ACTORS + 1, 3))
    velocity[0, 0] = 12.0
    velocity[1:, 0], velocity[1:, 1] = np.abs(speed) * np.cos(heading), np.abs(speed) * np.sin(heading)
    return WorldState(
        round(seconds * 1e9), SE3.from_yaw(yaw, place), velocity, np.zeros(len(yaw)), np.zeros(len(yaw)),
        np.zeros(len(yaw), np.uint8), np.ones(len(yaw), dtype=bool), np.zeros(0, np.int64),
    )  # fmt: skip


def flattened(street: FixedStreet) -> tuple[Float32[np.ndarray, "F 3 3"], Int32[np.ndarray, "F"], Materials]:
    """All triangles at the first moment in `world`, the material of each, and the materials."""
    made = street.traced.scene
    corners = [made.static.vertices_m[made.static.triangles]]
    rows = [made.static.material]
    for actor in np.flatnonzero(made.asset_frames[:, 0] >= 0):
        mesh = made.assets[made.asset_frames[actor, 0]]
        pose = street.start.world_from_actor[int(actor)]
        corners.append(pose.apply(mesh.vertices_m.astype(np.float64))[mesh.triangles])
        rows.append(mesh.material)
    return np.concatenate(corners).astype(np.float32), np.concatenate(rows).astype(np.int32), made.materials
