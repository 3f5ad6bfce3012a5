"""One picture from one scene: a first ray through every pixel, shadows, ambient light, mirrors, then finer edges.

Labels (depth, class, actor) come from the first rays alone, which pass through the pixel centres, so they are exact.
The work runs in bands of rows on several threads; no band reads what another writes in the same pass, and every
pixel's rays are fixed, so the bytes do not depend on the number of threads.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float16, Float32, Int32

from driving_data.geometry import SE3
from driving_data.sensors import CameraModel
from driving_data.taxonomy import SemanticClass
from generators.raytrace import shading_kernels, surface_kernels
from generators.raytrace.cameras import geometry, motion_kernels, raster_kernels
from generators.raytrace.cameras.motion import Onward, flow_of
from generators.raytrace.cameras.rays import PixelRays
from generators.raytrace.shading_kernels import Lighting
from generators.raytrace.surface_kernels import Looks
from generators.raytrace.tracer import Placed, TracedScene, bands_of, for_each, trace

BAND_ROWS = 16
_CHUNK = 8192
_AMBIENT_REACH_M = 4.0
_SUBPIXELS = np.array([[-0.32, -0.1], [0.1, -0.32], [0.24, 0.28]])


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A scene at the moment of one picture.

    Attributes:
        traced: the scene.
        placed: the actors, with one time slot per row of a rolling shutter or one in all.
        looks: materials as they look now.
        lighting: sun, sky, lamps, air.
        rays: the camera's rays.
        world_from_camera: pose for each time slot, batch shape (S,).
        onward: where camera and actors are at the next look; None gives no flow.
    """

    traced: TracedScene
    placed: Placed
    looks: Looks
    lighting: Lighting
    rays: PixelRays
    world_from_camera: SE3
    onward: Onward | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Raster:
    """What the first rays met, one row per pixel (row-major)."""

    origin: Float32[np.ndarray, "n 3"]
    direction: Float32[np.ndarray, "n 3"]
    slot: Int32[np.ndarray, "n"]
    distance: Float32[np.ndarray, "n"]
    instance: Int32[np.ndarray, "n"]
    material: Int32[np.ndarray, "n"]
    point: Float32[np.ndarray, "n 12"]
    ambient: Float32[np.ndarray, "n"]


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """Linear light and exact labels of one camera.

    Attributes:
        light: linear RGB relative to a white wall in full sun, shape (H, W, 3).
        depth_m: along the camera's z axis; inf for sky.
        semantic: `SemanticClass` numbers.
        instance: actor index + 1; 0 for none.
        normal: unit, in the axes of the camera at the pixel's own row, towards it; 0 for the sky.
        flow_px: as `motion` defines it; None where the view does not look onward.
    """

    light: Float32[np.ndarray, "H W 3"]
    depth_m: Float32[np.ndarray, "H W"]
    semantic: np.ndarray
    instance: np.ndarray
    normal: Float16[np.ndarray, "H W 3"]
    flow_px: Float32[np.ndarray, "H W 2"] | None


@dataclass(frozen=True, slots=True, eq=False)
class _Met:
    """Surfaces that a bundle of rays met."""

    distance: np.ndarray
    instance: np.ndarray
    material: np.ndarray
    point: np.ndarray
    finish: np.ndarray

    def __getitem__(self, which: np.ndarray) -> "_Met":
        return _Met(
            self.distance[which], self.instance[which], self.material[which], self.point[which], self.finish[which]
        )


def _meet(view: View, origin: np.ndarray, direction: np.ndarray, slot: np.ndarray) -> _Met:
    """What rays meet, ready to be lit."""
    return _finished(view, _reach(view, origin, direction, slot))


def _reach(view: View, origin: np.ndarray, direction: np.ndarray, slot: np.ndarray) -> _Met:
    """What rays meet, before its texture is looked at."""
    traced, placed = view.traced, view.placed
    hits = trace(traced, placed, origin, direction, slot)
    n = len(origin)
    material, point = np.empty(n, np.int32), np.empty((n, surface_kernels.POINT), np.float32)
    attributes = surface_kernels.Attributes(traced.material, traced.uv_m, traced.normals)
    pixel_rad = 1.0 / view.rays.model.fx_px
    surface_kernels.surface(
        traced.geometry, attributes, placed.instances, origin, direction, slot, hits.distance_m, hits.triangle,
        hits.instance, hits.barycentric, pixel_rad, point, material,
    )  # fmt: skip
    return _Met(hits.distance_m, hits.instance, material, point, np.empty((n, surface_kernels.FINISH), np.float32))


def _finished(view: View, met: _Met) -> _Met:
    """The same with textures filled in; ripples on wet ground bend the normals of its points."""
    surface_kernels.finish(view.looks, met.point, met.material, met.instance, met.finish)
    return met


def _shade(
    view: View, met: _Met, direction: np.ndarray, slot: np.ndarray, ambient: np.ndarray, seeds: np.ndarray,
    mirrors: bool,
) -> np.ndarray:  # fmt: skip
    """Radiance of rays that met surfaces; with `mirrors`, glossy ones send one ray on."""
    n = len(direction)
    origin, towards = np.empty((n, 3), np.float32), np.empty((n, 3), np.float32)
    limit, which = np.empty(n, np.float32), np.empty(n, np.int32)
    shading_kernels.key_rays(view.lighting, met.point, met.material, origin, towards, limit, which)
    blocked = trace(view.traced, view.placed, origin, towards, slot, limit, any_hit=True).triangle >= 0
    lit = np.where(blocked, np.float32(0.0), np.float32(1.0))
    weight, image = np.zeros(n, np.float32), np.zeros((n, 3), np.float32)
    shading_kernels.mirror_rays(met.point, met.material, met.finish, direction, seeds, weight, origin, towards)
    if mirrors:
        glossy = np.flatnonzero(weight >= 0.02)
        if len(glossy):
            far, onwards = origin[glossy], towards[glossy]
            second = _meet(view, far, onwards, slot[glossy])
            open_sky = np.full(len(glossy), 0.8, np.float32)
            image[glossy] = _shade(view, second, onwards, slot[glossy], open_sky, seeds[glossy], mirrors=False)
    else:
        weight = np.where(weight >= 0.02, np.float32(0.019), weight)
    out = np.empty((n, 3), np.float32)
    shading_kernels.light(
        view.lighting, met.point, met.material, met.finish, direction, met.distance, which, lit, ambient, weight,
        image, out,
    )  # fmt: skip
    return out


def _pattern(height: int, width: int) -> Float32[np.ndarray, "n 2"]:
    """16 stratified points, laid out so that every 4 x 4 pixels hold each once."""
    order = np.array([[0, 10, 2, 8], [5, 15, 7, 13], [1, 11, 3, 9], [4, 14, 6, 12]])
    cell = np.tile(order, (height // 4 + 1, width // 4 + 1))[:height, :width].ravel()
    return np.stack([(cell % 4 + 0.5) / 4, ((cell * 5 // 4) % 4 + 0.25 * (cell % 4) / 4 + 0.4) / 4], axis=-1).astype(
        np.float32
    )


def _open_sky(view: View, met: _Met, slot: np.ndarray, pattern: np.ndarray) -> np.ndarray:
    """How open the surroundings are along one ray per hit: 0 touching, 1 nothing within reach."""
    n = len(slot)
    origin, towards, limit = np.empty((n, 3), np.float32), np.empty((n, 3), np.float32), np.empty(n, np.float32)
    shading_kernels.ambient_rays(met.point, met.material, pattern, _AMBIENT_REACH_M, origin, towards, limit)
    distance = trace(view.traced, view.placed, origin, towards, slot, limit).distance_m
    closed = 1.0 - np.minimum(distance / _AMBIENT_REACH_M, 1.0)
    return (1.0 - closed * np.sqrt(closed)).astype(np.float32)


def _rays_of_rows(
    view: View, rows: slice, offset: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Origins (relative to the tracer's), directions and slots of whole rows."""
    width = view.rays.model.width_px
    slots = view.world_from_camera.shape[0]
    index = np.arange(rows.start, rows.stop) if slots > 1 else np.zeros(rows.stop - rows.start, dtype=np.int64)
    rotation = view.world_from_camera.rotation[index].astype(np.float32)
    local = view.rays.direction[rows]
    direction = np.matmul(local, np.swapaxes(rotation, -1, -2))
    origin = (view.world_from_camera.translation_m[index] - view.traced.origin_m).astype(np.float32)
    return (
        np.repeat(origin, width, axis=0),
        np.ascontiguousarray(direction.reshape(-1, 3), dtype=np.float32),
        np.repeat(index.astype(np.int32), width),
    )


def render_view(view: View, key_exposure: float | None, threads: int) -> Picture:
    """Traces and shades one picture.

    Args:
        view: the scene at that moment.
        key_exposure: exposure by which bright rays are weighted where edges are smoothed; None for the picture's own.
        threads: how many bands are worked on at once; the result does not depend on it.
    """
    model = view.rays.model
    height, width = model.height_px, model.width_px
    n = height * width
    raster = Raster(
        np.empty((n, 3), np.float32), np.empty((n, 3), np.float32), np.empty(n, np.int32), np.empty(n, np.float32),
        np.empty(n, np.int32), np.empty(n, np.int32), np.empty((n, surface_kernels.POINT), np.float32),
        np.empty(n, np.float32),
    )  # fmt: skip
    finish = np.empty((n, surface_kernels.FINISH), np.float32)
    raw = np.empty(n, np.float32)
    pattern = _pattern(height, width)
    light = np.empty((n, 3), np.float32)
    marked = np.empty(n, np.bool_)
    normal = np.empty((height, width, 3), np.float16)
    flow = np.empty((n, 2), np.float32) if view.onward is not None else None
    centers = geometry.pixel_grid(model).reshape(-1, 2) if view.world_from_camera.shape[0] == 1 else None

    def first(rows: slice) -> None:
        part = slice(rows.start * width, rows.stop * width)
        raster.origin[part], raster.direction[part], raster.slot[part] = _rays_of_rows(view, rows)
        met = _reach(view, raster.origin[part], raster.direction[part], raster.slot[part])
        # Before the ripples of wet ground bend the normals.
        normal[rows] = _seen_normals(view, met, raster.slot[part], rows)
        met = _finished(view, met)
        raster.distance[part], raster.instance[part], raster.material[part] = met.distance, met.instance, met.material
        raster.point[part], finish[part] = met.point, met.finish
        if view.onward is not None and flow is not None:
            flow[part] = flow_of(
                model, view.onward, view.placed, met.point, met.instance, raster.slot[part], met.material,
                centers[part] if centers is not None else None,
            )  # fmt: skip
        raw[part] = _open_sky(view, met, raster.slot[part], pattern[part])

    def second(rows: slice) -> None:
        part = slice(rows.start * width, rows.stop * width)
        raster_kernels.smooth_ambient(
            rows.start, rows.stop, width, height, raster.point, raster.material, raster.distance, raw, raster.ambient
        )
        raster_kernels.edges(
            rows.start,
            rows.stop,
            width,
            height,
            raster.point,
            raster.material,
            raster.instance,
            raster.distance,
            marked,
        )
        met = _Met(
            raster.distance[part], raster.instance[part], raster.material[part], raster.point[part], finish[part]
        )
        seeds = np.arange(part.start, part.stop)
        light[part] = _shade(
            view, met, raster.direction[part], raster.slot[part], raster.ambient[part], seeds, mirrors=True
        )

    bands = bands_of(height, BAND_ROWS)
    for_each(first, bands, threads)
    for_each(second, bands, threads)
    exposure = key_exposure if key_exposure is not None else 0.2 / max(float(np.median(light)), 1e-9)
    _refine(view, raster, np.flatnonzero(marked), light, exposure, threads)
    return _picture(view, raster, light.reshape(height, width, 3), normal, flow)


def _refine(
    view: View, raster: Raster, pixels: np.ndarray, light: np.ndarray, exposure: float, threads: int
) -> None:  # fmt: skip
    """Averages extra rays into the marked pixels.

    A ray that meets the surface of a first ray beside it takes that ray's light: what is wanted is how much of the
    pixel each surface covers. The others are lit on their own.
    """
    along_u, along_v = view.rays.along_u.reshape(-1, 3), view.rays.along_v.reshape(-1, 3)
    straight = view.rays.direction.reshape(-1, 3)
    rotations = view.world_from_camera.rotation.astype(np.float32)
    height, width = view.rays.direction.shape[:2]
    first_light = light.copy()

    def refine(part: slice) -> None:
        chosen = pixels[part]
        slot = raster.slot[chosen]
        origin, direction = raster.origin[chosen], np.empty((len(chosen), 3), np.float32)
        extra, seen = np.empty((len(chosen), len(_SUBPIXELS), 3), np.float32), np.empty((len(chosen), 3), np.float32)
        for k, (du, dv) in enumerate(_SUBPIXELS.tolist()):
            raster_kernels.between(chosen, straight, along_u, along_v, du, dv, rotations, slot, direction)
            met = _reach(view, origin, direction, slot)
            wanting = np.empty(len(chosen), np.bool_)
            raster_kernels.reuse(
                width, height, chosen, 1 if du > 0 else -1, 1 if dv > 0 else -1, met.point, met.material, met.instance,
                raster.point, raster.material, raster.instance, raster.distance, first_light, seen, wanting,
            )  # fmt: skip
            alone = np.flatnonzero(wanting)
            seeds = chosen[alone] * 7 + k + 1_000_003
            seen[alone] = _shade(
                view, _finished(view, met[alone]), direction[alone], slot[alone], raster.ambient[chosen[alone]], seeds,
                mirrors=True,
            )  # fmt: skip
            extra[:, k] = seen
        raster_kernels.merge(chosen, extra, exposure, light)

    for_each(refine, bands_of(len(pixels), _CHUNK), threads)


def _seen_normals(view: View, met: _Met, slot: np.ndarray, rows: slice) -> Float16[np.ndarray, "R W 3"]:
    """Surface normals in the axes of the camera as it stands while each row is read; 0 for the sky."""
    seen = np.empty((len(slot), 3), np.float32)
    rotation = view.world_from_camera.rotation.astype(np.float32)
    motion_kernels.seen_normals(met.point, met.material, slot, rotation, seen)
    return seen.astype(np.float16).reshape(rows.stop - rows.start, -1, 3)


def _picture(view: View, raster: Raster, light: np.ndarray, normal: np.ndarray, flow: np.ndarray | None) -> Picture:
    height, width = light.shape[:2]
    hit = raster.material >= 0
    depth = np.where(hit, raster.distance * view.rays.direction.reshape(-1, 3)[:, 2], np.float32(np.inf))
    classes = view.traced.scene.materials.semantic
    semantic = np.where(hit, classes[np.maximum(raster.material, 0)], np.uint8(SemanticClass.SKY))
    actor = view.placed.actor
    number = np.zeros(len(hit), np.uint16)
    mine = raster.instance >= 0
    number[mine] = actor[raster.instance[mine]] + 1
    return Picture(
        light,
        depth.reshape(height, width).astype(np.float32),
        semantic.reshape(height, width).astype(np.uint8),
        number.reshape(height, width),
        normal,
        flow.reshape(height, width, 2) if flow is not None else None,
    )


def camera_slots(model: CameraModel, duration_s: float) -> Float[np.ndarray, "S"]:
    """Fractions of the interval at which the rows are read, about the frame's timestamp; one in all if global."""
    if model.readout_s <= 0.0 or duration_s <= 0.0:
        return np.zeros(1)
    row = (np.arange(model.height_px) + 0.5) / model.height_px - 0.5
    return row * model.readout_s / duration_s


def met_by(view: View, origin: np.ndarray, direction: np.ndarray, slot: np.ndarray) -> _Met:
    """Surfaces that rays meet, with their textures; origins relative to the tracer's."""
    return _meet(view, origin, direction, slot)
