"""The slow, high-quality light of a picture: several paths a pixel, soft shadows, light from surface to surface.

Labels stay those of the fast picture. Each path begins at another place in its pixel (a box filter), asks the sun
(0.53 degrees wide) or one lamp at every surface by a shadow ray, and goes on off the surface `bounces` times; what
would come after the last one is left out. Light that comes by way of another surface counts for at most `CEILING`
times the picture's median: rarer and brighter glints would need thousands of paths. Draws are a sequence of low
discrepancy (Roberts, 2018: steps by powers of the generalised golden ratio) shifted at random in every pixel; they
hang on seed and sample alone, and the bytes do not depend on the number of threads.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Float, Float32

from generators.raytrace import path_kernels
from generators.raytrace.cameras.render import Picture, View, met_by, render_view
from generators.raytrace.photometry import LUMA
from generators.raytrace.quality import Quality
from generators.raytrace.tracer import bands_of, for_each, trace

CEILING = 25.0
_CHUNK = 8192


def pictured(view: View, key_exposure: float | None, threads: int, quality: Quality, seed: int) -> Picture:
    """The picture of a view, fast or of high quality, with the same labels."""
    picture = render_view(view, key_exposure, threads)
    if quality.samples == 0:
        return picture
    return replace(picture, light=path_light(view, quality, seed, threads, picture.light.reshape(-1, 3)))


def steps(count: int) -> Float[np.ndarray, "count"]:
    """Steps of the sequence in each of `count` dimensions: powers of 1 / phi, with phi^(count + 1) = phi + 1."""
    phi = 2.0
    for _ in range(60):
        phi = (1.0 + phi) ** (1.0 / (count + 1))
    return (1.0 / phi) ** np.arange(1, count + 1) % 1.0


def path_light(
    view: View, quality: Quality, seed: int, threads: int, fast_light: Float32[np.ndarray, "n 3"]
) -> Float32[np.ndarray, "H W 3"]:
    """Mean light of all paths of each pixel; the fast picture's light tells what is bright."""
    height, width = view.rays.model.height_px, view.rays.model.width_px
    count = height * width
    slots = view.world_from_camera.shape[0]
    slot = np.repeat(np.arange(height) if slots > 1 else np.zeros(height), width).astype(np.int32)
    rotation = view.world_from_camera.rotation.astype(np.float32)
    begin = (view.world_from_camera.translation_m - view.traced.origin_m).astype(np.float32)
    straight = view.rays.direction.reshape(-1, 3)
    along_u, along_v = view.rays.along_u.reshape(-1, 3), view.rays.along_v.reshape(-1, 3)
    light = np.zeros((count, 3), np.float32)
    width_of_draws = 2 + path_kernels.DRAWS * (quality.bounces + 1)
    rng = np.random.Generator(np.random.Philox(key=[seed % 2**64, 0x9A7]))
    shift = rng.random((count, width_of_draws), dtype=np.float32)
    stride = steps(width_of_draws)
    most = CEILING * max(float(np.median(fast_light @ LUMA)), 1e-9)
    for sample in range(quality.samples):
        offset = ((sample * stride) % 1.0).astype(np.float32)

        def part_of(part: slice, offset: np.ndarray = offset) -> None:
            draws = (shift[part] + offset) % np.float32(1.0)
            place = draws[:, :2] - np.float32(0.5)
            local = straight[part] + place[:, :1] * along_u[part] + place[:, 1:] * along_v[part]
            local /= np.sqrt(np.sum(local * local, axis=-1, keepdims=True))
            direction = np.matmul(rotation[slot[part]], local[..., None])[..., 0]
            light[part] += _paths(view, begin[slot[part]], direction, slot[part], draws[:, 2:], most)

        for_each(part_of, bands_of(count, _CHUNK), threads)
    return (light / np.float32(quality.samples)).reshape(height, width, 3)


def _paths(
    view: View, origin: np.ndarray, direction: np.ndarray, slot: np.ndarray, draws: np.ndarray, most: float
) -> Float32[np.ndarray, "n 3"]:
    """Light along one path for each ray."""
    count = len(origin)
    result = np.zeros((count, 3), np.float32)
    alive, weight = np.arange(count), np.ones((count, 3), np.float32)
    origin, direction = np.ascontiguousarray(origin), np.ascontiguousarray(direction)
    for bounce in range(draws.shape[1] // path_kernels.DRAWS):
        n = len(alive)
        numbers = draws[alive, path_kernels.DRAWS * bounce : path_kernels.DRAWS * (bounce + 1)]
        met = met_by(view, origin, direction, slot)
        total, gain = np.zeros((n, 3), np.float32), np.zeros((n, 3), np.float32)
        begin, towards, limit = np.zeros((n, 3), np.float32), np.zeros((n, 3), np.float32), np.zeros(n, np.float32)
        towards[:, 2] = 1.0
        following, onward = np.zeros((n, 3), np.float32), np.zeros((n, 3), np.float32)
        path_kernels.step(
            view.lighting, bounce == 0, met.point, met.material, met.finish, direction, met.distance,
            np.ascontiguousarray(numbers), weight, total, begin, towards, limit, gain, following, onward,
        )  # fmt: skip
        asked = np.flatnonzero(limit > 0.0)
        blocked = trace(
            view.traced, view.placed, begin[asked], towards[asked], slot[asked], limit[asked], any_hit=True
        ).triangle >= 0  # fmt: skip
        free = asked[~blocked]
        total[free] += gain[free]
        result[alive] += total if bounce == 0 else _limited(total, most)
        going = np.flatnonzero(weight.max(axis=1) > 1e-4)
        alive, weight, slot = alive[going], np.ascontiguousarray(weight[going]), slot[going]
        origin, direction = np.ascontiguousarray(following[going]), np.ascontiguousarray(onward[going])
        if not len(alive):
            break
    return result


def _limited(light: np.ndarray, most: float) -> np.ndarray:
    """The same colours, none brighter than that."""
    bright = light @ LUMA
    return light * np.minimum(1.0, most / np.maximum(bright, 1e-12))[:, None].astype(np.float32)
