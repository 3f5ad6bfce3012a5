"""What one event camera reports between two world states: the scene rendered often enough, and events in between.

The moments to render lie so close that nothing seen moves by more than a pixel from one to the next (at most
`MOST_MOMENTS` of them); each sees actors and camera where they then are. What each pixel remembers at the start is
drawn: after long running it may be anything between a fall and a rise away from the light that it sees.
"""

from dataclasses import replace

import numpy as np

from driving_data.sensors import EventStream
from generators.raytrace.cameras.develop import frame_rng
from generators.raytrace.cameras.exposure import LUMA
from generators.raytrace.cameras.field import masked, sparse
from generators.raytrace.cameras.look import view_of
from generators.raytrace.cameras.optics import low_passed
from generators.raytrace.cameras.rays import PixelRays
from generators.raytrace.cameras.render import Picture, render_view
from generators.raytrace.cameras.shutter import largest_flow_px
from generators.raytrace.events.changes import Changes, PixelThresholds, changes_between, log_light, thresholds_of
from generators.raytrace.moment import EVENT_DRAWS, Moment, Opened

MOST_MOMENTS = 17
_SPREAD = 0.2


def look(opened: Opened, moment: Moment, index: int, rays: PixelRays) -> EventStream:
    """The events between the start of the moment and its end."""
    model = opened.rig.event_cameras[index]
    rng = frame_rng(opened.seed, moment.start.timestamp_ns, EVENT_DRAWS + index)
    thresholds = thresholds_of(model, opened.seed, index)
    levels = _levels(opened, moment, rays)
    memory = levels[0] - _remembered(thresholds, rng)
    time_s = np.linspace(0.0, moment.duration_s, len(levels))
    seen = changes_between(levels, time_s, thresholds, model.refractory_s, memory)
    return _stream(model.camera.name, moment, seen, model.noise_hz, levels[0].shape, rng)


def _levels(opened: Opened, moment: Moment, rays: PixelRays) -> np.ndarray:
    """Logarithm of light at evenly spaced moments from the start to the end, shape (K, H, W)."""
    # One weight of bright rays for all moments, or edges would flicker where nothing moves.
    few = render_view(view_of(opened, moment, sparse(rays)), None, 1)
    exposure = 0.2 / max(float(np.median(few.light)), 1e-9)
    view = view_of(opened, moment, rays)
    start = render_view(view, exposure, opened.threads)
    levels = [_seen(start, rays)]
    if moment.duration_s <= 0.0:
        return np.stack([levels[0], levels[0]])
    flow = largest_flow_px(moment, view, start, 0.0, 1.0)
    count = min(max(int(np.ceil(flow)) + 1, 2), MOST_MOMENTS)
    for share in np.linspace(0.0, 1.0, count)[1:]:
        later = replace(view_of(opened, moment, rays, float(share) * moment.duration_s), onward=None)
        levels.append(_seen(render_view(later, exposure, opened.threads), rays))
    return np.stack(levels)


def _seen(picture: Picture, rays: PixelRays) -> np.ndarray:
    """Logarithm of the light on each pixel: the lens spreads it a little, or single rays would flicker on textures."""
    light = low_passed(masked(picture, rays).light, _SPREAD)
    return log_light(light @ LUMA)


def _remembered(thresholds: PixelThresholds, rng: np.random.Generator) -> np.ndarray:
    """How far the light is above what each pixel remembers: between a fall and a rise, both left out."""
    share = rng.uniform(1e-6, 1.0 - 1e-6, thresholds.rise.shape)
    return share * (thresholds.rise + thresholds.fall) - thresholds.fall


def _stream(
    name: str, moment: Moment, seen: Changes, noise_hz: float, shape: tuple[int, ...], rng: np.random.Generator
) -> EventStream:
    """Events of the scene and of nothing (a Poisson process in each pixel), in order of time."""
    start = moment.start.timestamp_ns
    number = int(rng.poisson(noise_hz * moment.duration_s * shape[0] * shape[1]))
    time_s = np.concatenate([seen.time_s, rng.uniform(0.0, moment.duration_s, number)])
    row = np.concatenate([seen.row, rng.integers(0, shape[0], number)])
    column = np.concatenate([seen.column, rng.integers(0, shape[1], number)])
    brighter = np.concatenate([seen.brighter, rng.random(number) < 0.5])
    noise = np.concatenate([np.zeros(len(seen.row), dtype=bool), np.ones(number, dtype=bool)])
    when = start + np.rint(time_s * 1e9).astype(np.int64)
    order = np.lexsort((column, row, when))
    return EventStream(
        camera=name,
        start_ns=start,
        end_ns=moment.end.timestamp_ns,
        timestamp_ns=when[order],
        column=column[order].astype(np.uint16),
        row=row[order].astype(np.uint16),
        brighter=brighter[order],
        noise=noise[order],
    )
