"""Other renderers on the triangles of the fixed street, each in an environment of its own.

Every script reads one file of arrays (triangles and their colours in `world`, the camera, the sun), renders the same
view, writes its picture for a look, and prints its median seconds of processor time over all its threads (on a machine
that others use too, wall times would compare the others). They differ in what they give: the note of each peer says it.
"""

from dataclasses import dataclass

_GIVEN = """
import json, os, statistics, sys, time
import numpy as np
given, answer, repeats = sys.argv[1], sys.argv[2], int(sys.argv[3])
data = np.load(given)
corners, color = data["triangle_m"], data["color"]
width, height = (int(v) for v in data["size"])
"""


@dataclass(frozen=True, slots=True)
class PicturePeer:
    """Another renderer.

    Attributes:
        name: name and version.
        folder: its environment.
        requirements: what is installed there.
        script: what runs there.
        gives: what its picture has and lacks.
    """

    name: str
    folder: str
    requirements: tuple[str, ...]
    script: str
    gives: str


_MITSUBA = (
    _GIVEN
    + """
import mitsuba as mi
mi.set_variant("scalar_rgb")
pose = np.eye(4)
pose[:3, :3], pose[:3, 3] = data["rotation"] * [-1.0, -1.0, 1.0], data["translation_m"]
scene = {
    "type": "scene", "integrator": {"type": "path", "max_depth": 3},
    "sky": {"type": "constant", "radiance": {"type": "rgb", "value": [0.25, 0.3, 0.4]}},
    "sun": {"type": "directional", "direction": (-data["sun"]).tolist(),
            "irradiance": {"type": "rgb", "value": [2.5, 2.4, 2.2]}},
    "sensor": {"type": "perspective", "fov": float(2 * np.degrees(np.arctan(0.5 * width / data["matrix"][0, 0]))),
               "fov_axis": "x", "to_world": mi.ScalarTransform4f(pose),
               "film": {"type": "hdrfilm", "width": width, "height": height, "rfilter": {"type": "box"}},
               "sampler": {"type": "independent", "sample_count": 8}},
}
for k, one in enumerate(np.unique(color, axis=0)):
    part = corners[np.all(color == one, axis=1)]
    properties = mi.Properties()
    properties["bsdf"] = mi.load_dict(
        {"type": "twosided", "inner": {"type": "diffuse", "reflectance": {"type": "rgb", "value": one.tolist()}}})
    mesh = mi.Mesh(f"part_{k}", 3 * len(part), len(part), props=properties)
    values = mi.traverse(mesh)
    values["vertex_positions"], values["faces"] = part.reshape(-1), np.arange(3 * len(part), dtype=np.uint32)
    values.update()
    scene[f"part_{k}"] = mesh
loaded = mi.load_dict(scene)
times = []
for repeat in range(max(1, repeats // 3)):
    start = time.process_time()
    image = np.array(mi.render(loaded, spp=8))
    times.append(time.process_time() - start)
np.save(answer, (255 * np.clip(image[..., :3], 0, 1) ** 0.45).astype(np.uint8))
print(json.dumps({"seconds": statistics.median(times), "device": mi.variant()}))
"""
)
_PANDA3D = (
    _GIVEN
    + """
from panda3d import core
for line in ("load-display p3tinydisplay", "window-type offscreen", "audio-library-name null", "notify-level fatal"):
    core.load_prc_file_data("", line)
normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
shade = 0.35 + 0.65 * np.maximum(normal @ data["sun"], 0.0)
seen = np.sqrt(np.clip(color * shade[:, None], 0.0, 1.0))
rows = np.zeros(3 * len(corners), dtype=[("vertex", "<f4", 3), ("color", "u1", 4)])
rows["vertex"] = corners.reshape(-1, 3)
rows["color"][:, :3] = np.repeat(255 * seen, 3, axis=0)
rows["color"][:, 3] = 255
layout = core.GeomVertexFormat.get_v3c4()
table = core.GeomVertexData("street", layout, core.Geom.UH_static)
table.unclean_set_num_rows(len(rows))
memoryview(table.modify_array(0)).cast("B")[:] = rows.tobytes()
faces = core.GeomTriangles(core.Geom.UH_static)
faces.add_next_vertices(len(rows))
geom = core.Geom(table); geom.add_primitive(faces)
node = core.GeomNode("street"); node.add_geom(geom)
root = core.NodePath("root"); root.attach_new_node(node); root.set_two_sided(True)
pipe = core.GraphicsPipeSelection.get_global_ptr().make_default_pipe()
engine = core.GraphicsEngine.get_global_ptr()
props = core.FrameBufferProperties(); props.set_rgba_bits(8, 8, 8, 8); props.set_depth_bits(24)
size = core.WindowProperties.size(width, height)
buffer = engine.make_output(pipe, "out", 0, props, size, core.GraphicsPipe.BF_refuse_window)
lens = core.PerspectiveLens(); f = data["matrix"][0, 0]
lens.set_fov(*(float(2 * np.degrees(np.arctan(0.5 * side / f))) for side in (width, height)))
lens.set_near_far(0.1, 500.0)
camera = root.attach_new_node(core.Camera("camera", lens))
x, y, z = data["rotation"].T
to_world = np.eye(4)
to_world[:, :3] = x, z, -y, data["translation_m"]
camera.set_mat(core.LMatrix4(*to_world.ravel().tolist()))
buffer.make_display_region().set_camera(camera)
buffer.set_clear_color((0.6, 0.7, 0.85, 1))
picture = core.Texture(); buffer.add_render_texture(picture, core.GraphicsOutput.RTM_copy_ram)
times = []
for repeat in range(repeats + 1):
    start = time.process_time()
    engine.render_frame()
    memoryview(picture.get_ram_image())
    times.append(time.process_time() - start)
image = np.frombuffer(picture.get_ram_image(), np.uint8).reshape(height, width, -1)[::-1, :, 2::-1]
np.save(answer, image)
print(json.dumps({"seconds": statistics.median(times[1:]), "device": pipe.get_interface_name()}))
"""
)
_MODERNGL = (
    _GIVEN
    + """
os.environ.setdefault("LIBGL_ALWAYS_SOFTWARE", "1")
import moderngl
try:
    context = moderngl.create_context(standalone=True, backend="egl")
except Exception as error:
    print(json.dumps({"missing": f"no EGL: {error}"}))
    sys.exit(0)
program = context.program(
    vertex_shader='''#version 330
    in vec3 place; in vec3 normal; in vec3 color; in int number; uniform mat4 clip; uniform mat4 clip_then;
    out vec3 v_normal; out vec3 v_color; out float v_depth; out vec4 v_now; out vec4 v_then; flat out int v_number;
    void main() { gl_Position = clip * vec4(place, 1.0); v_normal = normal; v_color = color; v_depth = gl_Position.w;
    v_now = gl_Position; v_then = clip_then * vec4(place, 1.0); v_number = number; }''',
    fragment_shader='''#version 330
    in vec3 v_normal; in vec3 v_color; in float v_depth; in vec4 v_now; in vec4 v_then; flat in int v_number;
    uniform vec3 sun;
    layout(location=0) out vec4 rgb; layout(location=1) out vec4 shape; layout(location=2) out int number;
    layout(location=3) out vec2 flow;
    void main() { vec3 n = normalize(v_normal); float s = 0.35 + 0.65 * max(dot(n, sun), 0.0);
    rgb = vec4(sqrt(v_color * s), 1.0); shape = vec4(n, v_depth); number = v_number;
    flow = v_then.xy / v_then.w - v_now.xy / v_now.w; }''',
)
normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
columns = [("place", "<f4", 3), ("normal", "<f4", 3), ("color", "<f4", 3), ("number", "<i4")]
rows = np.zeros(3 * len(corners), dtype=columns)
rows["place"] = corners.reshape(-1, 3)
rows["normal"], rows["color"] = np.repeat(normal, 3, axis=0), np.repeat(color, 3, axis=0)
rows["number"] = np.repeat(np.arange(len(corners)), 3)
buffer = context.buffer(rows.tobytes())
array = context.vertex_array(program, [(buffer, "3f 3f 3f 1i", "place", "normal", "color", "number")])
size = (width, height)
kinds = ((4, "f1"), (4, "f4"), (1, "i4"), (2, "f4"))
targets = [context.texture(size, parts, dtype=kind) for parts, kind in kinds]
frame = context.framebuffer(targets, context.depth_renderbuffer(size))
near, far = 0.1, 500.0
matrix = data["matrix"]
lens = np.array([
    [2 * matrix[0, 0] / width, 0, 2 * matrix[0, 2] / width - 1, 0],
    [0, -2 * matrix[1, 1] / height, 1 - 2 * matrix[1, 2] / height, 0],
    [0, 0, (far + near) / (far - near), -2 * far * near / (far - near)], [0, 0, 1, 0]])
def clip(shift):
    pose, turn = np.eye(4), data["rotation"].T
    pose[:3, :3], pose[:3, 3] = turn, -turn @ (data["translation_m"] + shift)
    return (lens @ pose).T.astype("<f4").tobytes()
program["clip"].write(clip(np.zeros(3)))
program["clip_then"].write(clip(np.array([1.2, 0.0, 0.0])))
program["sun"].value = tuple(data["sun"])
context.enable(moderngl.DEPTH_TEST)
times = []
for repeat in range(repeats + 1):
    start = time.process_time()
    frame.use()
    frame.clear(0.6, 0.7, 0.85, 1.0)
    array.render()
    parts = [texture.read() for texture in targets]
    times.append(time.process_time() - start)
np.save(answer, np.frombuffer(parts[0], np.uint8).reshape(height, width, 4)[::-1, :, :3])
print(json.dumps({"seconds": statistics.median(times[1:]), "device": context.info["GL_RENDERER"]}))
"""
)
EMBREE = """
import json, statistics, sys, time
import numpy as np
from embreex import rtcore_scene
from embreex.mesh_construction import TriangleMesh
given, answer, repeats = sys.argv[1], sys.argv[2], int(sys.argv[3])
data = np.load(given)
built = []
for repeat in range(repeats + 1):
    start = time.process_time()
    scene = rtcore_scene.EmbreeScene()
    mesh = TriangleMesh(scene, data["triangle_m"])
    scene.run(data["origin_m"][:1], data["direction"][:1], query="DISTANCE")
    built.append(time.process_time() - start)
times = []
for repeat in range(repeats + 1):
    start = time.process_time()
    distance = scene.run(data["origin_m"], data["direction"], query="DISTANCE")
    times.append(time.process_time() - start)
np.save(answer, distance)
print(json.dumps({"seconds": statistics.median(times[1:]), "build_seconds": statistics.median(built[1:])}))
"""
OPEN3D = """
import json, statistics, sys, time
import numpy as np
try:
    import open3d
except (ImportError, OSError) as error:
    print(json.dumps({"missing": f"open3d cannot be imported: {error}"}))
    sys.exit(0)
given, answer, repeats = sys.argv[1], sys.argv[2], int(sys.argv[3])
data = np.load(given)
corners = data["triangle_m"]
rays = open3d.core.Tensor(np.concatenate([data["origin_m"], data["direction"]], axis=1))
built = []
for repeat in range(repeats + 1):
    start = time.process_time()
    scene = open3d.t.geometry.RaycastingScene(nthreads=1)
    faces = np.arange(3 * len(corners), dtype=np.uint32).reshape(-1, 3)
    scene.add_triangles(open3d.core.Tensor(corners.reshape(-1, 3)), open3d.core.Tensor(faces))
    scene.cast_rays(rays[:1])
    built.append(time.process_time() - start)
times = []
for repeat in range(repeats + 1):
    start = time.process_time()
    distance = scene.cast_rays(rays, nthreads=1)["t_hit"].numpy()
    times.append(time.process_time() - start)
np.save(answer, distance)
print(json.dumps({"seconds": statistics.median(times[1:]), "build_seconds": statistics.median(built[1:])}))
"""

PICTURE_PEERS = (
    PicturePeer(
        "mitsuba 3.9.1 scalar_rgb", "mitsuba", ("mitsuba==3.9.1", "numpy<3"), _MITSUBA,
        "path tracer, 8 samples a pixel, depth 3, all cores; colour alone",
    ),
    PicturePeer(
        "panda3d 1.10.16 p3tinydisplay", "panda3d", ("panda3d==1.10.16", "numpy<3"), _PANDA3D,
        "software rasteriser; flat colour and z, no shadows, labels or flow",
    ),
    PicturePeer(
        "moderngl 5.12.0 on llvmpipe", "moderngl", ("moderngl==5.12.0", "numpy<3"), _MODERNGL,
        "software rasteriser; colour, normals, depth, ids and flow of the camera, no shadows",
    ),
)  # fmt: skip
