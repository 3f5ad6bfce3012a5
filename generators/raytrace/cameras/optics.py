"""What a lens does to light before the sensor: it darkens towards the corners, spreads, and mirrors bright spots.

Stray light: a share of all light falls around its place as 1 / (1 + (r / a)^2)^b, the form that measured glare of
camera lenses has, worked out at a quarter of the size. Ghosts: light that is reflected twice between glasses makes
images of bright spots on the line through the optical centre, each with its own size, colour and blur.
"""

from typing import Any, cast

import numpy as np
from jaxtyping import Float32
from PIL import Image
from scipy import ndimage

from driving_data.sensors import CameraModel
from generators.raytrace.cameras.rays import PixelRays

_SMALL = 4
_CORE_PX = 3.0
_POWER = 1.25
_BRIGHTEST = 60.0
_GHOST_FROM = 12.0  # brightness, relative to white, from which ghosts are looked for
_GHOSTS = (
    (-0.45, (1.0, 0.75, 0.45), 1.5), (-0.8, (0.45, 1.0, 0.6), 3.0), (0.35, (0.5, 0.65, 1.0), 2.0),
    (-1.3, (1.0, 0.5, 0.8), 6.0),
)  # fmt: skip


def shading(rays: PixelRays) -> Float32[np.ndarray, "H W"]:
    """Light on each pixel relative to the axis: the fourth power of the cosine for a straight lens.

    It is the solid angle of the pixel, times the foreshortened pupil of a lens that keeps straight lines straight;
    the pupil of a fisheye turns towards the light. Nothing beyond the field; at least 2 % within.
    """
    solid = np.linalg.norm(np.cross(rays.along_u, rays.along_v), axis=-1)
    axis = 1.0 / (rays.model.fx_px * rays.model.fy_px)
    share = solid / axis * _on_axis(rays.model) ** 2
    if rays.model.model == "pinhole":
        share = share * rays.direction[..., 2]
    share = np.clip(share, 0.02, 1.5)
    return (share if rays.seen is None else np.where(rays.seen, share, 1.0)).astype(np.float32)


def _on_axis(model: CameraModel) -> float:
    """Stretch of the image at its centre, in focal lengths per radian."""
    return model.distortion[0] if model.model == "f_theta" and model.distortion else 1.0


def low_passed(exposed: Float32[np.ndarray, "H W 3"], share: float) -> Float32[np.ndarray, "H W 3"]:
    """Light after a filter that sends a share of it to the next pixel on either side, in both directions."""
    side, middle = np.float32(share), np.float32(1.0 - 2.0 * share)
    tall = np.pad(exposed, ((1, 1), (0, 0), (0, 0)), mode="edge")
    rows = middle * exposed + side * (tall[:-2] + tall[2:])
    wide = np.pad(rows, ((0, 0), (1, 1), (0, 0)), mode="edge")
    return middle * rows + side * (wide[:, :-2] + wide[:, 2:])


def glare(exposed: Float32[np.ndarray, "H W 3"]) -> Float32[np.ndarray, "H W 3"]:
    """Where the stray share of the light falls; light beyond the edges counts as that at the edges."""
    small = _shrunk(exposed)
    margin = max(8, small.shape[1] // 6)
    # Sizes that are multiples of 16 are quick to transform; the rest of the rim only pads.
    tall, wide = (16 * (-(-(n + 2 * margin) // 16)) for n in small.shape[:2])
    below, right = tall - small.shape[0] - margin, wide - small.shape[1] - margin
    padded = np.pad(small, ((margin, below), (margin, right), (0, 0)), mode="edge")
    kernel = np.fft.rfft2(_spread(tall, wide))
    spread = np.fft.irfft2(np.fft.rfft2(padded, axes=(0, 1)) * kernel[..., None], (tall, wide), axes=(0, 1))
    kept = spread[margin : margin + small.shape[0], margin : margin + small.shape[1]]
    return _grown(kept.astype(np.float32), exposed.shape[0], exposed.shape[1])


def _spread(tall: int, wide: int) -> Float32[np.ndarray, "h w"]:
    y, x = (np.minimum(np.arange(n), n - np.arange(n)) for n in (tall, wide))
    square = (y[:, None] ** 2 + x[None, :] ** 2) * (_SMALL / _CORE_PX) ** 2
    kernel = (1.0 + square) ** -_POWER
    return (kernel / kernel.sum()).astype(np.float32)


def ghosts(exposed: Float32[np.ndarray, "H W 3"], model: CameraModel) -> Float32[np.ndarray, "H W 3"] | None:
    """Mirror images of what is far brighter than white, of full strength; None where nothing is.

    Each ghost is the picture of the bright spots, scaled about the optical centre (negative: turned over), tinted and
    blurred.
    """
    if float(exposed.max()) < _GHOST_FROM:
        return None
    bright = np.maximum(_shrunk(exposed) - _GHOST_FROM / 4.0, 0.0)
    if not bright.any():
        return None
    center = [model.cy_px / _SMALL - 0.5, model.cx_px / _SMALL - 0.5]
    total = np.zeros_like(bright)
    for scale, tint, blur in _GHOSTS:
        part = cast(Any, [place * (1.0 - 1.0 / scale) for place in center])
        moved = [
            ndimage.affine_transform(bright[..., c], np.array([1.0 / scale] * 2), offset=part, order=1, prefilter=False)
            for c in range(3)
        ]
        total += np.array(tint, np.float32) * ndimage.gaussian_filter(np.stack(moved, -1), (blur, blur, 0.0))
    return _grown(total.astype(np.float32), exposed.shape[0], exposed.shape[1])


def _shrunk(image: Float32[np.ndarray, "H W 3"]) -> Float32[np.ndarray, "h w 3"]:
    height, width = image.shape[:2]
    small_h, small_w = -(-height // _SMALL), -(-width // _SMALL)
    pads = ((0, _SMALL * small_h - height), (0, _SMALL * small_w - width), (0, 0))
    padded = np.pad(np.minimum(image, np.float32(_BRIGHTEST)), pads, mode="edge")
    return padded.reshape(small_h, _SMALL, small_w, _SMALL, 3).mean(axis=(1, 3))


def _grown(small: Float32[np.ndarray, "h w 3"], height: int, width: int) -> Float32[np.ndarray, "H W 3"]:
    full = (_SMALL * small.shape[1], _SMALL * small.shape[0])
    planes = [
        np.asarray(Image.fromarray(np.ascontiguousarray(small[..., c])).resize(full, Image.Resampling.BILINEAR))
        for c in range(3)
    ]
    return np.ascontiguousarray(np.stack(planes, axis=-1)[:height, :width], dtype=np.float32)
