"""Faults of cameras: what a picture becomes.

Layers that label it (depth, classes, instances, flow) stay as they are: they tell what is there, not what the sensor
made of it. Light is mixed in linear light.

BLUR         defocus: a Gaussian of `sigma_px`, else 1.5 % of the width times the severity
DIRT         translucent patches: I (1 - a) + a (0.3 scattered light + 0.06 brown light of the surroundings)
WATER_DROPS  each drop shows the scene small and upside down (a short lens), darker at its rim
BLOCKED      something nearly black comes in from one side
EXPOSURE     brighter by `ev` stops, else by 4 stops times the severity, clipped at white
NOISE        shot and read noise of a sensor that holds 9000 electrons at white, 2^(-10 severity) of them
DEAD_PIXELS  2 % of the pixels times the severity are stuck, half of them black, half of them white
FROZEN       the last picture from before the fault, again and again
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float32
from scipy import ndimage

from driving_data.sensors import CameraFrame, EventStream, FaultKind, ThermalFrame
from generators.effects.image import to_linear, to_srgb
from generators.faults.draws import FaultDraws
from generators.faults.soiling import cover, dirt, drops

BLUR_SHARE, BRIGHTER_EV, DEAD_SHARE = 0.015, 4.0, 0.02
FULL_WELL_E, READ_NOISE_E, NOISE_STOPS = 9000.0, 5.0, 10.0
_BROWN = np.array([0.42, 0.33, 0.22], dtype=np.float32)
_SHRINKS = 4.0
Light = Float32[np.ndarray, "H W 3"]


def spoiled_picture(frame: CameraFrame, before: CameraFrame | None, draws: FaultDraws) -> CameraFrame:
    """The picture with one fault; `before` is the last one that the sensor gave."""
    if draws.fault.kind == FaultKind.FROZEN:
        return frame if before is None or draws.fault.severity <= 0 else replace(frame, rgb=before.rgb, raw=before.raw)
    change = _ON_LIGHT.get(draws.fault.kind)
    if change is None or (draws.fault.severity <= 0.0 and not draws.fault.parameters):
        return frame
    # A mosaic that a fault has not touched would give the clean picture away.
    return replace(frame, rgb=to_srgb(change(to_linear(frame.rgb), draws)), raw=None)


def spoiled_thermal(frame: ThermalFrame, before: ThermalFrame | None, draws: FaultDraws) -> ThermalFrame:
    """A thermal picture with one fault: temperatures in place of light. Dirt, water and covers radiate themselves."""
    fault, kelvin = draws.fault, frame.temperature_k.astype(np.float64)
    severity, (height, width) = fault.severity, frame.temperature_k.shape
    if fault.kind == FaultKind.FROZEN:
        return frame if before is None or severity <= 0 else replace(frame, temperature_k=before.temperature_k)
    if severity <= 0.0 and not fault.parameters:
        return frame
    mean = float(np.median(kelvin))
    if fault.kind == FaultKind.BLUR:
        kelvin = ndimage.gaussian_filter(kelvin, _sigma_px(draws, width))
    elif fault.kind == FaultKind.DIRT:
        kelvin += dirt(height, width, severity, draws.still()) * (mean - kelvin)
    elif fault.kind == FaultKind.BLOCKED:
        kelvin += cover(height, width, severity, draws.still()) * (mean - kelvin)
    elif fault.kind == FaultKind.WATER_DROPS:
        # Water is opaque to long-wave infrared: a drop shows its own temperature.
        kelvin[_wet(height, width, draws)[0]] = mean
    elif fault.kind == FaultKind.BIAS:
        kelvin += float(fault.parameters.get("temperature_k", 5.0 * severity))
    elif fault.kind == FaultKind.NOISE:
        kelvin += 2.0 * severity * draws.now().standard_normal(kelvin.shape)
    elif fault.kind == FaultKind.DEAD_PIXELS:
        cold, hot = _dead(height, width, draws)
        kelvin[cold], kelvin[hot] = float(kelvin.min()), float(kelvin.max())
    return replace(frame, temperature_k=kelvin.astype(np.float32))


def spoiled_events(stream: EventStream, _: EventStream | None, draws: FaultDraws, size: tuple[int, int]) -> EventStream:
    """An event stream with one fault; `size` is height and width of the camera. Noise comes between the events."""
    fault, (height, width) = draws.fault, size
    if fault.severity <= 0.0:
        return stream
    row, column = stream.row.astype(int), stream.column.astype(int)
    if fault.kind == FaultKind.NOISE:
        return _noisy_events(stream, size, draws)
    if fault.kind == FaultKind.DEAD_PIXELS:
        cold, hot = _dead(height, width, draws)
        kept = ~(cold | hot)[row, column]
    elif fault.kind in (FaultKind.DIRT, FaultKind.BLOCKED):
        make = dirt if fault.kind == FaultKind.DIRT else cover
        kept = draws.now().random(len(row)) >= make(height, width, fault.severity, draws.still())[row, column]
    else:
        return stream
    return replace(
        stream, timestamp_ns=stream.timestamp_ns[kept], column=stream.column[kept], row=stream.row[kept],
        brighter=stream.brighter[kept], noise=stream.noise[kept],
    )  # fmt: skip


def _noisy_events(stream: EventStream, size: tuple[int, int], draws: FaultDraws) -> EventStream:
    """20 false events per pixel and second at severity 1, anywhere, either way."""
    rng, (height, width) = draws.now(), size
    span = max(stream.end_ns - stream.start_ns, 0)
    count = int(rng.poisson(20.0 * draws.fault.severity * span * 1e-9 * height * width))
    when = np.concatenate([stream.timestamp_ns, rng.integers(stream.start_ns, stream.end_ns + 1, count)])
    order = np.argsort(when, kind="stable")

    def joined(old: np.ndarray, new: np.ndarray) -> np.ndarray:
        return np.concatenate([old, new.astype(old.dtype)])[order]

    return replace(
        stream,
        timestamp_ns=when[order].astype(np.int64),
        column=joined(stream.column, rng.integers(0, width, count)),
        row=joined(stream.row, rng.integers(0, height, count)),
        brighter=joined(stream.brighter, rng.random(count) < 0.5),
        noise=joined(stream.noise, np.ones(count, dtype=bool)),
    )


def _sigma_px(draws: FaultDraws, width: int) -> float:
    return float(draws.fault.parameters.get("sigma_px", BLUR_SHARE * width * draws.fault.severity))


def _blur(light: Light, draws: FaultDraws) -> Light:
    sigma = _sigma_px(draws, light.shape[1])
    return ndimage.gaussian_filter(light, (sigma, sigma, 0.0))


def _dirty(light: Light, draws: FaultDraws) -> Light:
    height, width = light.shape[:2]
    hidden = dirt(height, width, draws.fault.severity, draws.still())[..., None]
    scattered = ndimage.gaussian_filter(light, (width / 12, width / 12, 0.0))
    veil = np.float32(0.3) * scattered * _BROWN + np.float32(0.06) * _BROWN * light.mean(axis=(0, 1))
    return light * (1.0 - hidden) + hidden * veil


def _covered(light: Light, draws: FaultDraws) -> Light:
    height, width = light.shape[:2]
    hidden = cover(height, width, draws.fault.severity, draws.still())[..., None]
    return light * (1.0 - hidden) + hidden * np.float32(0.01) * light.mean(axis=(0, 1))


def _brighter(light: Light, draws: FaultDraws) -> Light:
    return light * np.float32(2.0 ** float(draws.fault.parameters.get("ev", BRIGHTER_EV * draws.fault.severity)))


def _noisy(light: Light, draws: FaultDraws) -> Light:
    white = FULL_WELL_E * 2.0 ** (-NOISE_STOPS * draws.fault.severity)
    spread = np.sqrt(light * white + READ_NOISE_E**2) / white
    return (light + spread * draws.now().standard_normal(light.shape)).astype(np.float32)


def _dead(height: int, width: int, draws: FaultDraws) -> tuple[Bool[np.ndarray, "H W"], Bool[np.ndarray, "H W"]]:
    """Pixels stuck at black, and at white."""
    luck, side = draws.still().random((2, height, width))
    stuck = luck < DEAD_SHARE * draws.fault.severity
    return stuck & (side < 0.5), stuck & (side >= 0.5)


def _with_dead(light: Light, draws: FaultDraws) -> Light:
    black, white = _dead(light.shape[0], light.shape[1], draws)
    out = light.copy()
    out[black], out[white] = 0.0, 1.0
    return out


def _wet(height: int, width: int, draws: FaultDraws) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which pixels lie in a drop, from where in the picture its light comes, and how much of it arrives."""
    found = drops(height, width, draws.fault.severity, draws.still())
    y, x = np.mgrid[0:height, 0:width].astype(np.float64) + 0.5
    source, dim, inside = np.stack([y, x]), np.ones((height, width)), np.zeros((height, width), dtype=bool)
    for (column, row), radius in zip(found.center_px, found.radius_px, strict=True):
        away = np.hypot(x - column, y - row) / radius
        inner = away < 1.0
        # The nearer to the rim, the stronger the drop bends: the whole view in a small circle, turned over.
        bend = _SHRINKS * (1.0 + 1.5 * away[inner] ** 2)
        source[0][inner] = row - bend * (y[inner] - row)
        source[1][inner] = column - bend * (x[inner] - column)
        dim[inner] = 1.0 - 0.55 * away[inner] ** 6
        inside |= inner
    return inside, source - 0.5, dim


def _wet_lens(light: Light, draws: FaultDraws) -> Light:
    height, width = light.shape[:2]
    inside, source, dim = _wet(height, width, draws)
    soft = ndimage.gaussian_filter(light, (width / 240, width / 240, 0.0))
    out = light.copy()
    for channel in range(3):
        bent = ndimage.map_coordinates(soft[..., channel], source[:, inside], order=1, mode="mirror")
        out[..., channel][inside] = bent * dim[inside]
    return out


_ON_LIGHT: Mapping[FaultKind, Callable[[Light, FaultDraws], Light]] = {
    FaultKind.BLUR: _blur, FaultKind.DIRT: _dirty, FaultKind.WATER_DROPS: _wet_lens, FaultKind.BLOCKED: _covered,
    FaultKind.EXPOSURE: _brighter, FaultKind.NOISE: _noisy, FaultKind.DEAD_PIXELS: _with_dead,
}  # fmt: skip
