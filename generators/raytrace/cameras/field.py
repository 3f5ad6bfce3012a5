"""Parts of a camera's field: where its lens ends, and the few pixels by which light is metered."""

from dataclasses import replace

import numpy as np

from driving_data.taxonomy import SemanticClass
from generators.raytrace.cameras.rays import PixelRays
from generators.raytrace.cameras.render import Picture

_METER_COLUMNS = 40


def masked(picture: Picture, rays: PixelRays) -> Picture:
    """The picture, dark and without labels where the lens sees nothing."""
    if rays.seen is None:
        return picture
    seen = rays.seen
    return replace(
        picture,
        light=np.where(seen[..., None], picture.light, np.float32(0.0)),
        depth_m=np.where(seen, picture.depth_m, np.float32(np.inf)),
        semantic=np.where(seen, picture.semantic, np.uint8(SemanticClass.UNLABELED)),
        instance=np.where(seen, picture.instance, np.uint16(0)),
        normal=np.where(seen[..., None], picture.normal, np.float16(0.0)),
        flow_px=None if picture.flow_px is None else np.where(seen[..., None], picture.flow_px, np.float32(np.nan)),
    )


def sparse(rays: PixelRays) -> PixelRays:
    """Every n-th pixel of a camera, as a camera of at most about 40 columns and one time slot."""
    step = max(1, -(-rays.model.width_px // _METER_COLUMNS))
    half = step // 2
    picked = np.ascontiguousarray(rays.direction[half::step, half::step])
    height, width = picked.shape[:2]
    model = rays.model
    small = replace(
        model, width_px=width, height_px=height, fx_px=model.fx_px / step, fy_px=model.fy_px / step,
        cx_px=(model.cx_px - half - 0.5) / step + 0.5, cy_px=(model.cy_px - half - 0.5) / step + 0.5, readout_s=0.0,
    )  # fmt: skip
    return PixelRays(
        small,
        picked,
        step * rays.along_u[half::step, half::step],
        step * rays.along_v[half::step, half::step],
        None if rays.seen is None else rays.seen[half::step, half::step],
    )
