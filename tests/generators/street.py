"""A small hand-made street with box cars: scenes whose answer is known, without the scenery."""

from dataclasses import dataclass, field, replace

import numpy as np

from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.ports import SceneDescription
from driving_data.rollout import Actors, Rollout, SignalStates, WorldState
from driving_data.sensors import CameraModel, LidarModel, SensorRig
from driving_data.taxonomy import ActorClass, Light, SemanticClass
from generators.raytrace.cameras.settings import Development
from generators.raytrace.renderer import RaytraceRenderer
from generators.raytrace.scene import Glow, Lamps, Materials, Mesh, MeshScene, Texture
from generators.raytrace.tracer import prepare

CAMERA_AXES = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
ROAD, MARKING, WALL, PAINT, GLASS, HEADLIGHT, BRAKE, LAMP = range(8)
CAR_SIZE = (4.6, 1.85, 1.5)
DAY = Environment()


def mesh(vertices, triangles, material):
    """A flat-shaded mesh; texture coordinates from the two axes that a face spans."""
    vertices, triangles = np.asarray(vertices, np.float32), np.asarray(triangles, np.int32)
    corners = vertices[triangles].astype(np.float64)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    uv = np.zeros((len(triangles), 3, 2), np.float32)
    main = np.argmax(np.abs(normal), axis=1)
    for axis, (i, j) in enumerate(((1, 2), (0, 2), (0, 1))):
        uv[main == axis] = corners[main == axis][:, :, [i, j]]
    normals = np.repeat(normal[:, None], 3, axis=1).astype(np.float32)
    return Mesh(vertices, triangles, np.full(len(triangles), material, np.int32), uv, normals)


def joined(meshes):
    """One mesh of several."""
    shift = np.cumsum([0, *(len(each.vertices_m) for each in meshes)])
    return Mesh(
        np.concatenate([each.vertices_m for each in meshes]),
        np.concatenate([each.triangles + start for each, start in zip(meshes, shift, strict=False)]).astype(np.int32),
        np.concatenate([each.material for each in meshes]),
        np.concatenate([each.uv_m for each in meshes]),
        np.concatenate([each.normals for each in meshes]),
    )


def plane(x0, x1, y0, y1, material, z=0.0):
    """A horizontal rectangle."""
    return mesh([[x0, y0, z], [x1, y0, z], [x1, y1, z], [x0, y1, z]], [[0, 1, 2], [0, 2, 3]], material)


def box(center, size, material):
    """A box with its faces outwards."""
    signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], dtype=np.float64)
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    triangles = [t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))]
    return mesh(signs * np.asarray(size) / 2 + np.asarray(center), triangles, material)


def sphere(center, radius, rings, material):
    """A sphere of triangles with smooth normals."""
    theta, phi = np.linspace(0, np.pi, rings + 1), np.linspace(0, 2 * np.pi, 2 * rings, endpoint=False)
    points = np.array([[np.sin(a) * np.cos(b), np.sin(a) * np.sin(b), np.cos(a)] for a in theta for b in phi])
    triangles = []
    for i in range(rings):
        for j in range(2 * rings):
            a, b = i * 2 * rings + j, i * 2 * rings + (j + 1) % (2 * rings)
            triangles += [(a, a + 2 * rings, b + 2 * rings), (a, b + 2 * rings, b)]
    made = mesh(points * radius + np.asarray(center), triangles, material)
    return replace(made, normals=points[made.triangles].astype(np.float32))


def materials():
    """Road, marking, wall, paint, glass, head light, brake light, lamp."""
    classes = [SemanticClass.ROAD, SemanticClass.LANE_MARKING, SemanticClass.BUILDING, SemanticClass.CAR,
               SemanticClass.CAR, SemanticClass.CAR, SemanticClass.CAR, SemanticClass.POLE]  # fmt: skip
    albedo = np.array([[0.1] * 3, [0.7] * 3, [0.5, 0.45, 0.4], [0.5, 0.04, 0.03], [0.03] * 3, [0.6] * 3,
                       [0.3, 0.01, 0.01], [0.3] * 3], np.float32)  # fmt: skip
    emission = np.zeros((8, 3), np.float32)
    emission[HEADLIGHT], emission[BRAKE], emission[LAMP] = 6.0, [2.0, 0.05, 0.03], [2.0, 1.6, 1.1]
    glow = np.zeros(8, np.int32)
    glow[HEADLIGHT], glow[BRAKE], glow[LAMP] = Glow.LOW_BEAM, Glow.BRAKE, Glow.NIGHT
    texture = np.zeros(8, np.int32)
    texture[ROAD], texture[WALL] = Texture.ASPHALT, Texture.FACADE
    column = np.ones(8, np.float32)
    return Materials(
        albedo, 0.3 * albedo, np.array([0.9, 0.7, 0.9, 0.2, 0.03, 0.3, 0.3, 0.5], np.float32), 0.04 * column, emission,
        glow, np.full(8, -1, np.int32), texture, np.where(texture == Texture.FACADE, 3.0, 1.0).astype(np.float32),
        np.array(classes, np.uint8), np.array([0.2, 0.6, 0.4, 0.5, 0.1, 0.8, 0.8, 0.3], np.float32),
        np.array([1, 1, 0.3, 0, 0, 0, 0, 0], np.float32),
    )  # fmt: skip


def car():
    """A box of the size that its label has, with lamps on its faces."""
    length, width, height = CAR_SIZE
    lamps = [box((0.498 * length, y, 0), (0.02, 0.3, 0.15), HEADLIGHT) for y in (-0.6, 0.6)]
    tails = [box((-0.498 * length, y, 0), (0.02, 0.3, 0.15), BRAKE) for y in (-0.6, 0.6)]
    return joined([box((0, 0, 0), (0.99 * length, width, height), PAINT), *lamps, *tails])


def street_mesh(extra=()):
    """A road with walls on both sides."""
    walls = [box((x, side * 14.0, 4.0), (9.0, 6.0, 8.0), WALL) for x in range(-20, 100, 12) for side in (-1, 1)]
    dashes = [plane(x, x + 3.0, -0.06, 0.06, MARKING, 0.004) for x in range(-20, 100, 9)]
    return joined([plane(-120, 220, -60, 60, ROAD), *walls, *dashes, *extra])


def mesh_scene(num_actors, environment=DAY, static=None, ego_index=0):
    """The street (or another static mesh) with box cars."""
    frames = np.zeros((num_actors, 1), np.int64)
    frames[ego_index] = -1
    lamps = np.array([[x, side * 6.0, 6.0] for x in range(-10, 90, 20) for side in (-1.0, 1.0)])
    count = len(lamps)
    return MeshScene(
        static if static is not None else street_mesh(), (car(),), frames, np.full(num_actors, np.inf), materials(),
        Lamps(lamps, np.tile([0.0, 0.0, -1.0], (count, 1)), np.full((count, 3), 0.08), np.full(count, np.cos(1.2))),
        environment,
    )  # fmt: skip


def rig(width=160, height=96, readout_s=0.0, lidar=True, **camera):
    """One camera ahead and one lidar on the roof."""
    front = CameraModel("camera_front", width, height, 0.6 * width, 0.6 * width, width / 2, height / 2,
                        SE3(CAMERA_AXES, np.array([1.6, 0.0, 1.5])), readout_s=readout_s, **camera)  # fmt: skip
    beams = tuple(np.deg2rad(np.linspace(-24.0, 4.0, 32)))
    top = LidarModel("lidar_top", beams, 360, SE3(np.eye(3), np.array([1.0, 0.0, 1.9])), max_range_m=80.0)
    return SensorRig("test", (front,), (top,) if lidar else (), rate_hz=5.0)


def rollout(num_actors=5, num_steps=11, environment=DAY, speed_mps=5.0):
    """The ego follows other cars along x; one comes towards it and one crosses its view close by."""
    seconds = 0.1 * np.arange(num_steps)
    start = np.array([[0.0, -1.8], [14.0, -1.8], [25.0, 1.8], [40.0, -1.8], [9.0, 3.4], [55.0, 1.8]])[:num_actors]
    yaw = np.array([0.0, 0.0, np.pi, 0.0, 0.6, np.pi])[:num_actors]
    speed = np.array([speed_mps, speed_mps, 0.6 * speed_mps, 0.0, 0.0, 2.0])[:num_actors]
    velocity = np.zeros((num_actors, 3))
    velocity[:, 0], velocity[:, 1] = speed * np.cos(yaw), speed * np.sin(yaw)
    place = np.zeros((num_steps, num_actors, 3))
    place[..., :2] = start
    place[..., 2] = 0.5 * CAR_SIZE[2]
    place += seconds[:, None, None] * velocity
    shape = (num_steps, num_actors)
    actors = Actors(
        ("ego", *(f"car_{k}" for k in range(1, num_actors))),
        np.full(num_actors, ActorClass.CAR),
        np.tile(CAR_SIZE, (num_actors, 1)),
        np.full(num_actors, 1.35),
    )
    return Rollout(
        (1_000_000_000 + np.round(seconds * 1e9)).astype(np.int64), actors, 0,
        SE3.from_yaw(np.broadcast_to(yaw, shape), place), np.broadcast_to(velocity, (*shape, 3)).copy(),
        np.zeros((*shape, 3)), np.zeros(shape), np.zeros(shape), np.full(shape, int(Light.LOW_BEAM), np.uint8),
        np.ones(shape, dtype=bool), SignalStates((), np.zeros((num_steps, 0), np.int64)), (), None, environment,
    )  # fmt: skip


def still(state: WorldState) -> WorldState:
    """The same moment without motion."""
    return replace(state, velocity_mps=np.zeros_like(state.velocity_mps))


@dataclass(frozen=True)
class StreetGenerator:
    """The tracer over the hand-made street."""

    threads: int = 0
    static: Mesh | None = None
    development: Development = field(default=Development())

    @property
    def name(self) -> str:
        return "raytrace_street"

    @property
    def version(self) -> str:
        return "1.0.0"

    def open(self, scene: SceneDescription, rig: SensorRig, seed: int) -> RaytraceRenderer:
        made = mesh_scene(len(scene.actors), scene.environment, self.static, scene.ego_index)
        return RaytraceRenderer(prepare(made), scene, rig, seed, self.development, self.threads)
