"""What sensors are: calibration, timing and the numbers of their noise. What they give stands in `frames`."""

from dataclasses import dataclass
from math import pi
from typing import TypeVar

import numpy as np
from jaxtyping import Float

from driving_data.geometry import SE3
from driving_data.sensors.clock import PERFECT_CLOCK, Clock
from driving_data.sensors.faults import CalibrationDrift, SensorFault

_ULTRASONIC_CLOCK = Clock(rate_hz=20.0)
_IMU_CLOCK = Clock(rate_hz=100.0)
_GNSS_CLOCK = Clock(rate_hz=10.0, latency_s=0.05)
_ODOMETRY_CLOCK = Clock(rate_hz=50.0)


@dataclass(frozen=True, slots=True, eq=False)
class CameraModel:
    """A camera and where it sits.

    Attributes:
        name: as `camera_front`.
        width_px: image width.
        height_px: image height.
        fx_px: focal length in x; the pixel centre of column u is u + 0.5.
        fy_px: focal length in y.
        cx_px: principal point.
        cy_px: principal point.
        distortion: k1, k2, p1, p2, k3 (Brown-Conrady, as OpenCV), k1..k4 for 'fisheye' (Kannala-Brandt), or for
            'f_theta' the coefficients a1, a2, ... of r = f (a1 t + a2 t^2 + ...), t the angle from the axis; empty
            for none (for 'f_theta': r = f t).
        model: 'pinhole', 'fisheye' or 'f_theta'.
        ego_from_camera: mounting; camera axes are x right, y down, z forward.
        readout_s: time from the first to the last row (rolling shutter); 0 is a global shutter.
        exposure_s: time for which each row gathers light; 0 lets the exposure control choose and gives no blur.
        f_number: focal length over aperture; 0 is a pinhole, sharp at every distance.
        focus_m: distance at which a lens of finite `f_number` is sharp.
        pixel_pitch_m: side of one pixel; with `fx_px` it gives the focal length in metres.
        clock: when it looks.
        max_angle_rad: angle from the axis beyond which the lens sees nothing; 0 for as far as its formula rises.
    """

    name: str
    width_px: int
    height_px: int
    fx_px: float
    fy_px: float
    cx_px: float
    cy_px: float
    ego_from_camera: SE3
    distortion: tuple[float, ...] = ()
    model: str = "pinhole"
    readout_s: float = 0.0
    exposure_s: float = 0.0
    f_number: float = 0.0
    focus_m: float = 20.0
    pixel_pitch_m: float = 3.0e-6
    clock: Clock = PERFECT_CLOCK
    max_angle_rad: float = 0.0

    def matrix(self) -> Float[np.ndarray, "3 3"]:
        """The intrinsic matrix."""
        return np.array([[self.fx_px, 0, self.cx_px], [0, self.fy_px, self.cy_px], [0, 0, 1.0]])


@dataclass(frozen=True, slots=True, eq=False)
class LidarModel:
    """A lidar and where it sits: one that spins, or, with a pattern, one that scans.

    Attributes:
        name: as `lidar_top`.
        elevation_rad: elevation of each beam, from the lowest ring up.
        num_azimuths: firings in one turn.
        rate_hz: turns per second.
        min_range_m: nearer returns are dropped.
        max_range_m: farther returns are dropped.
        range_noise_m: standard deviation of the range.
        ego_from_lidar: mounting; lidar axes are x forward, y left, z up.
        azimuth_offset_rad: of each beam against the firing's azimuth, left positive; empty for none.
        pattern: name of a scan pattern in `generators.raytrace` that says where it looks when; empty for spinning.
        divergence_rad: full angle of a beam; 0 is a ray.
        returns: how many echoes of one pulse are kept: 1 the strongest, 2 the strongest and the last.
        device: the real device that it stands for; empty for none.
        clock: when its turns begin.
        firing_offset_s: when each beam fires after its firing began; empty for all at once. A spinning head has turned
            on by then.
        start_azimuth_rad: where the first firing of a turn looks; the head turns clockwise seen from above.
        range_bias_m: standard deviation of the constant range error that each beam has.
        dark_range_m: range at which 90 % of the pulses see a matt target of 10 % reflectivity; 0 for a detector whose
            threshold that target meets at twice the largest range.
        pulse_s: width of a pulse between its half-power points; echoes nearer to each other than it merge.
    """

    name: str
    elevation_rad: tuple[float, ...]
    num_azimuths: int
    ego_from_lidar: SE3
    rate_hz: float = 10.0
    min_range_m: float = 1.0
    max_range_m: float = 100.0
    range_noise_m: float = 0.02
    azimuth_offset_rad: tuple[float, ...] = ()
    pattern: str = ""
    divergence_rad: float = 0.0
    returns: int = 1
    device: str = ""
    clock: Clock = PERFECT_CLOCK
    firing_offset_s: tuple[float, ...] = ()
    start_azimuth_rad: float = pi
    range_bias_m: float = 0.0
    dark_range_m: float = 0.0
    pulse_s: float = 5.0e-9


@dataclass(frozen=True, slots=True, eq=False)
class RadarModel:
    """A radar and where it sits (x forward, y left, z up).

    Attributes:
        name: as `radar_front`.
        ego_from_radar: mounting.
        max_range_m: farther returns are dropped.
        horizontal_fov_rad: full angle, about the x axis.
        vertical_fov_rad: full angle.
        range_resolution_m: size of a range cell.
        azimuth_resolution_rad: half-power width of the beam in azimuth.
        elevation_resolution_rad: the same in elevation; 0 for a radar that does not measure elevation.
        speed_resolution_mps: size of a Doppler cell.
        max_speed_mps: range rates beyond plus or minus this fold back.
        reference_snr_db: signal-to-noise ratio of a target of 0 dBsm at 100 m.
        false_alarm_rate: chance of a false alarm in one cell.
        frequency_hz: of the carrier.
        clock: when it looks.
    """

    name: str
    ego_from_radar: SE3
    max_range_m: float = 150.0
    horizontal_fov_rad: float = 1.2
    vertical_fov_rad: float = 0.3
    range_resolution_m: float = 0.5
    azimuth_resolution_rad: float = 0.035
    elevation_resolution_rad: float = 0.07
    speed_resolution_mps: float = 0.2
    max_speed_mps: float = 60.0
    reference_snr_db: float = 20.0
    false_alarm_rate: float = 1e-5
    frequency_hz: float = 77.0e9
    clock: Clock = PERFECT_CLOCK


@dataclass(frozen=True, slots=True, eq=False)
class ThermalModel:
    """A long-wave infrared camera: the optics of `camera`, and how well it tells temperatures.

    Attributes:
        camera: optics, mounting and clock; its name is the sensor's.
        noise_k: noise-equivalent temperature difference.
        band_m: shortest and longest wavelength.
    """

    camera: CameraModel
    noise_k: float = 0.05
    band_m: tuple[float, float] = (8.0e-6, 14.0e-6)


@dataclass(frozen=True, slots=True, eq=False)
class EventCameraModel:
    """A camera whose pixels report changes of light.

    Attributes:
        camera: optics, mounting and clock; its name is the sensor's.
        contrast_on: rise of the logarithm of light that makes an event.
        contrast_off: the same for a fall.
        threshold_spread: standard deviation of both thresholds from pixel to pixel.
        refractory_s: a pixel is silent for so long after an event.
        noise_hz: rate of events of a pixel in which nothing changes.
    """

    camera: CameraModel
    contrast_on: float = 0.2
    contrast_off: float = 0.2
    threshold_spread: float = 0.03
    refractory_s: float = 1.0e-4
    noise_hz: float = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class UltrasonicModel:
    """An ultrasonic parking sensor and where it sits (x forward).

    Attributes:
        name: as `ultrasonic_rear_left`.
        ego_from_ultrasonic: mounting.
        min_range_m: blind zone while the membrane rings.
        max_range_m: farther echoes are lost.
        cone_rad: full angle.
        frequency_hz: of the tone.
        range_noise_m: standard deviation of the range.
        clock: when it looks.
    """

    name: str
    ego_from_ultrasonic: SE3
    min_range_m: float = 0.15
    max_range_m: float = 5.5
    cone_rad: float = 1.2
    frequency_hz: float = 48.0e3
    range_noise_m: float = 0.01
    clock: Clock = _ULTRASONIC_CLOCK


@dataclass(frozen=True, slots=True, eq=False)
class ImuModel:
    """An inertial unit and where it sits; noise after IEEE Std 952 and 1293.

    Attributes:
        name: as `imu`.
        ego_from_imu: mounting.
        gyro_noise: angle random walk, rad/s/sqrt(Hz).
        gyro_bias_radps: standard deviation of the turn-on bias.
        gyro_walk: rate random walk, rad/s^2/sqrt(Hz).
        accel_noise: velocity random walk, m/s^2/sqrt(Hz).
        accel_bias_mps2: standard deviation of the turn-on bias.
        accel_walk: m/s^3/sqrt(Hz).
        scale_error: standard deviation of the scale factors' error.
        clock: when it measures.
    """

    name: str
    ego_from_imu: SE3
    gyro_noise: float = 1.0e-4
    gyro_bias_radps: float = 1.0e-3
    gyro_walk: float = 2.0e-6
    accel_noise: float = 1.0e-3
    accel_bias_mps2: float = 0.02
    accel_walk: float = 1.0e-4
    scale_error: float = 1.0e-3
    clock: Clock = _IMU_CLOCK


@dataclass(frozen=True, slots=True, eq=False)
class GnssModel:
    """A satellite receiver and where its antenna sits.

    Attributes:
        name: as `gnss`.
        ego_from_antenna: mounting.
        horizontal_sigma_m: of the slow error, each of east and north, under an open sky.
        vertical_sigma_m: the same, up.
        correlation_s: time in which the slow error forgets itself (first-order Gauss-Markov).
        white_sigma_m: of the error that is new at each fix.
        speed_sigma_mps: of the Doppler speed.
        clock: when it fixes.
    """

    name: str
    ego_from_antenna: SE3
    horizontal_sigma_m: float = 1.2
    vertical_sigma_m: float = 2.4
    correlation_s: float = 60.0
    white_sigma_m: float = 0.15
    speed_sigma_mps: float = 0.05
    clock: Clock = _GNSS_CLOCK


@dataclass(frozen=True, slots=True, eq=False)
class OdometryModel:
    """Wheel-speed sensors of an axle and the steering-angle sensor.

    Attributes:
        name: as `odometry`.
        ticks_per_turn: of each wheel.
        wheel_radius_m: rolling radius.
        radius_error: standard deviation of the relative error of each wheel's radius.
        track_m: distance between the wheels of the axle.
        steering_sigma_rad: noise of the road-wheel angle.
        clock: when it measures.
    """

    name: str
    ticks_per_turn: int = 96
    wheel_radius_m: float = 0.32
    radius_error: float = 0.003
    track_m: float = 1.58
    steering_sigma_rad: float = 0.002
    clock: Clock = _ODOMETRY_CLOCK


_Sensor = TypeVar("_Sensor", CameraModel, LidarModel, RadarModel)


@dataclass(frozen=True, slots=True, eq=False)
class SensorRig:
    """The calibration bundle: every sensor of a vehicle, and how often it looks.

    Attributes:
        name: as `front_camera_top_lidar`.
        cameras: cameras.
        lidars: lidars.
        radars: radars.
        rate_hz: looks per second of every sensor whose clock does not say otherwise.
        thermals: long-wave infrared cameras.
        event_cameras: cameras that report changes.
        ultrasonics: parking sensors.
        imus: inertial units.
        receivers: satellite receivers.
        odometers: wheel and steering sensors.
        faults: what is wrong with them.
        drifts: how their mountings move away from the calibration.
    """

    name: str
    cameras: tuple[CameraModel, ...] = ()
    lidars: tuple[LidarModel, ...] = ()
    radars: tuple[RadarModel, ...] = ()
    rate_hz: float = 2.0
    thermals: tuple[ThermalModel, ...] = ()
    event_cameras: tuple[EventCameraModel, ...] = ()
    ultrasonics: tuple[UltrasonicModel, ...] = ()
    imus: tuple[ImuModel, ...] = ()
    receivers: tuple[GnssModel, ...] = ()
    odometers: tuple[OdometryModel, ...] = ()
    faults: tuple[SensorFault, ...] = ()
    drifts: tuple[CalibrationDrift, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Names of all sensors, kind after kind."""
        bare = (*self.cameras, *self.lidars, *self.radars, *self.ultrasonics, *self.imus, *self.receivers)
        optics = (*self.thermals, *self.event_cameras)
        return (
            *(one.name for one in bare),
            *(one.name for one in self.odometers),
            *(one.camera.name for one in optics),
        )

    def camera(self, name: str) -> CameraModel:
        """The camera of that name.

        Raises:
            KeyError: the rig has none.
        """
        return _named(self.cameras, name)

    def lidar(self, name: str) -> LidarModel:
        """The lidar of that name.

        Raises:
            KeyError: the rig has none.
        """
        return _named(self.lidars, name)


def _named(sensors: tuple[_Sensor, ...], name: str) -> _Sensor:
    for sensor in sensors:
        if sensor.name == name:
            return sensor
    raise KeyError(f"no sensor {name!r}; there are {[sensor.name for sensor in sensors]}")
