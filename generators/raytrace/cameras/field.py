"""What the end of a lens's field does to a picture: nothing arrives beyond it."""

from dataclasses import replace

import numpy as np

from driving_data.taxonomy import SemanticClass
from generators.raytrace.cameras.render import Picture, PixelRays


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
