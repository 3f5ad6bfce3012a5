"""One picture of one thermal camera: apparent temperatures and the noise of the detector."""

import numpy as np

from driving_data.sensors import ThermalFrame
from generators.raytrace.cameras.develop import frame_rng
from generators.raytrace.cameras.look import at_rows
from generators.raytrace.cameras.rays import PixelRays
from generators.raytrace.moment import THERMAL_DRAWS, Moment, Opened, middle
from generators.raytrace.thermal import render
from generators.raytrace.thermal.radiance import band_of


def look(opened: Opened, moment: Moment, index: int, rays: PixelRays) -> ThermalFrame:
    """The picture of one thermal camera at the start of the moment."""
    model = opened.rig.thermals[index]
    band = band_of(*model.band_m)
    placed, poses = at_rows(opened, moment, model.camera)
    warmth = render.warmth_of(opened, moment.start, band)
    clean = render.apparent_k(opened, moment, placed, poses, rays, warmth).astype(np.float32)
    rng = frame_rng(opened.seed, moment.start.timestamp_ns, THERMAL_DRAWS + index)
    noise = rng.standard_normal(clean.shape, dtype=np.float32) * np.float32(model.noise_k)
    return ThermalFrame(model.camera.name, moment.start.timestamp_ns, middle(poses), clean + noise, clean)
