"""How long and how strongly a camera gathers light: photons of a scene, metering, and the control that adapts.

Light 1 is a white wall in full sun, 32 000 cd/m2. Through a lens of f-number N such a surface gives the sensor
pi L T / (4 N^2) lux (T the transmission of the lens); a lux second of daylight is 1.1e16 photons per square metre
between 400 and 700 nm (54 lux per umol/m2/s: Thimijan and Heins, HortScience 18, 818, 1983), of which the pass band of
one colour takes about a third.

The control is asked for a factor on light; it takes time first, then gain, within limits. It looks back: the exposure
of a picture follows what the camera saw before it, with a lag. What it saw is made again from the motion at the
picture's moment, run backwards, at low resolution: so a picture does not depend on which pictures were asked for
before it, nor on their order, and a resumed or parallel run gives the same bytes.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from driving_data.sensors import CameraModel
from generators.raytrace.cameras.chips import SensorChip

LUMA = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
WHITE_CD_M2 = 32000.0
PHOTONS_PER_LUX_S_M2 = 6.02214e17 / 54.0
_BAND = 1.0 / 3.0
_TRANSMISSION = 0.9
FRAME_S = 1.0 / 30.0


@dataclass(frozen=True, slots=True)
class Control:
    """What the exposure control is told.

    Attributes:
        key: brightness that the mean of a scene by day gets.
        f_number: of a camera that does not say.
        min_exposure_s: shortest time.
        max_exposure_s: longest time.
        adapt_s: time in which 63 % of a change of light is followed; 0 for at once.
        headroom: light relative to a white of brightness 1 at which a pixel is full.
    """

    key: float = 0.17
    f_number: float = 1.8
    min_exposure_s: float = 1.0e-5
    max_exposure_s: float = 0.03
    adapt_s: float = 0.4
    headroom: float = 4.0


@dataclass(frozen=True, slots=True)
class Exposure:
    """How one picture was taken.

    Attributes:
        time_s: for which light was gathered.
        gain: of the amplifier.
        electrons: of a green pixel on the axis in that time, for light 1.
        factor: brightness in the picture for light 1.
    """

    time_s: float
    gain: float
    electrons: float
    factor: float


def metered(light: Float[np.ndarray, "n 3"], key: float) -> float:
    """Factor that brings the log mean of a picture to the key.

    Dark scenes stay a little dark and even, bright ones (fog, snow) a little bright, as people see them; and the
    brightest twentieth is not driven far beyond white (by night, lamps may be).
    """
    luma = np.maximum(light @ LUMA, 1e-9).astype(np.float64).ravel()
    logs = np.log(np.minimum(luma, 8.0 * np.median(luma) + 1e-9))
    level = float(np.exp(np.mean(logs)))
    adapted = key * float(np.clip(level / 0.06, 1e-6, 1.0)) ** 0.13
    even = 1.0 + 0.9 * float(np.clip(1.0 - np.std(logs) / 0.8, 0.0, 1.0)) * float(level > 1e-3)
    headroom = 1.0 + 1.2 * float(np.clip(np.log10(2e-2 / level) / 2.0, 0.0, 1.0))
    # By night the brightest fifth, the road in the beams, is what must be seen; the dark around it may stay dark.
    dark = float(np.clip(np.log10(2e-3 / level), 0.0, 1.0))
    fifth = (0.45 + 10.0 * (1.0 - dark)) / float(np.percentile(luma, 82))
    return min(adapted * even / level, headroom / float(np.percentile(luma, 95)), fifth)


def lags_s(control: Control, duration_s: float) -> tuple[float, ...]:
    """How long before the picture the control looked: at the middles of three equal shares of its memory.

    A first-order control weights the past by exp(-t / adapt_s); each look then counts the same. The last frame is
    the newest that it knows. In a still world one look says it all.
    """
    if duration_s <= 0.0:
        return (0.0,)
    if control.adapt_s <= 0.0:
        return (FRAME_S,)
    return tuple(FRAME_S - control.adapt_s * float(np.log1p(-share)) for share in (1 / 6, 3 / 6, 5 / 6))


def electrons_per_s(model: CameraModel, chip: SensorChip, control: Control) -> float:
    """Electrons that a green pixel on the axis gathers in a second of light 1."""
    stop = model.f_number if model.f_number > 0.0 else control.f_number
    lux = np.pi * WHITE_CD_M2 * _TRANSMISSION / (4.0 * stop * stop)
    photons = lux * PHOTONS_PER_LUX_S_M2 * _BAND * model.pixel_pitch_m**2
    return float(photons * chip.quantum_efficiency)


def exposure_for(factor: float, model: CameraModel, chip: SensorChip, control: Control) -> Exposure:
    """Time and gain for a factor on light.

    A camera with a time of its own (`CameraModel.exposure_s`) keeps it; where that would be too much light at gain 1,
    it sees through a grey filter, as cameras do whose long exposures keep the lamps of signals from flickering. What
    the amplifier cannot give is made up by multiplying numbers.
    """
    rate = electrons_per_s(model, chip, control)
    wanted = factor * chip.full_well_e / control.headroom
    if model.exposure_s > 0.0:
        time, grey = model.exposure_s, min(1.0, wanted / (rate * model.exposure_s))
    else:
        time, grey = float(np.clip(wanted / rate, control.min_exposure_s, control.max_exposure_s)), 1.0
    gain = float(np.clip(wanted / (rate * time * grey), 1.0, chip.max_gain))
    # Too much light for the shortest time: the picture is brighter than asked for, and a full pixel is white still.
    held = max(factor, rate * time * grey * gain * control.headroom / chip.full_well_e) if gain == 1.0 else factor
    return Exposure(time, gain, rate * time * grey, held)
