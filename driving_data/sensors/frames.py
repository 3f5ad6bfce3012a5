"""What sensors give: pictures, sweeps, returns, events and samples, with what was rendered beside them."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from jaxtyping import Bool, Float, Float16, Float32, Int, Int64, UInt8, UInt16

from driving_data.geometry import SE3


@dataclass(frozen=True, slots=True, eq=False)
class CameraFrame:
    """One picture, with what was rendered beside it.

    Attributes:
        camera: name in the rig.
        timestamp_ns: middle of the exposure.
        world_from_camera: pose at that moment.
        rgb: shape (H, W, 3).
        depth_m: distance along the camera's z axis, shape (H, W); inf where nothing was hit (sky).
        semantic: `SemanticClass` numbers, shape (H, W).
        instance: actor index + 1; 0 where no actor is seen; shape (H, W).
        normal: unit surface normals in camera axes, towards the camera, smooth where the surface is shaded smoothly,
            shape (H, W, 3); 0 for the sky.
        flow_px: how far what is seen at each pixel moves in the image (right, down) until the next moment at which
            the rig looks (the next kept moment of a rollout; where that is unknown, one period of the camera's clock
            or the rig's later, all going on as they move), shape (H, W, 2); NaN for the sky and for what is then
            behind the camera. What is seen is static or moves rigidly with its actor; the swing of limbs is left out.
            With a rolling shutter it is the flow between pictures taken all at once at the two timestamps.
        raw: numbers of the sensor's pixels before any processing, in a Bayer mosaic RGGB, shape (H, W).
        exposure_s: time for which the light was gathered; 0 where unknown.
        gain: of the amplifier; 0 where unknown.
    """

    camera: str
    timestamp_ns: int
    world_from_camera: SE3
    rgb: UInt8[np.ndarray, "H W 3"]
    depth_m: Float32[np.ndarray, "H W"] | None = None
    semantic: UInt8[np.ndarray, "H W"] | None = None
    instance: UInt16[np.ndarray, "H W"] | None = None
    normal: Float16[np.ndarray, "H W 3"] | None = None
    flow_px: Float32[np.ndarray, "H W 2"] | None = None
    raw: UInt16[np.ndarray, "H W"] | None = None
    exposure_s: float = 0.0
    gain: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class LidarSweep:
    """One turn of a lidar, motion-compensated to `timestamp_ns`.

    Attributes:
        lidar: name in the rig.
        timestamp_ns: reference time of the sweep.
        world_from_lidar: pose at that time.
        points_m: in the lidar frame at that time, shape (N, 3).
        intensity: 0 to 1, shape (N,).
        ring: beam number, shape (N,).
        offset_ns: time of firing after `timestamp_ns`, shape (N,).
        semantic: `SemanticClass` numbers, shape (N,); None for real logs without point labels.
        instance: actor index + 1, 0 for none, shape (N,).
        echo: 0 the strongest echo of its pulse, 1 the last where it is another one, shape (N,); None for all 0.
        velocity_mps: of the surface at the point, in `world`, shape (N, 3): scene flow over dt is velocity x dt.
        scatter: whether the echo came from fog, rain, snow, dust or spray, not from a surface, shape (N,).
    """

    lidar: str
    timestamp_ns: int
    world_from_lidar: SE3
    points_m: Float32[np.ndarray, "N 3"]
    intensity: Float32[np.ndarray, "N"]
    ring: Int[np.ndarray, "N"]
    offset_ns: Int[np.ndarray, "N"]
    semantic: UInt8[np.ndarray, "N"] | None = None
    instance: UInt16[np.ndarray, "N"] | None = None
    echo: UInt8[np.ndarray, "N"] | None = None
    velocity_mps: Float32[np.ndarray, "N 3"] | None = None
    scatter: Bool[np.ndarray, "N"] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RadarReturns:
    """Detections of a radar at one moment.

    Attributes:
        radar: name in the rig.
        timestamp_ns: when.
        world_from_radar: pose at that time; None where the log does not say.
        position_m: in the radar frame, shape (N, 3).
        range_rate_mps: towards the sensor negative, shape (N,).
        track_id: -1 where the radar gives none, shape (N,).
        rcs_dbsm: radar cross-section as the radar estimates it, shape (N,); None where the log does not say.
        snr_db: signal-to-noise ratio, shape (N,); None where the log does not say.
        instance: actor index + 1, 0 for none, shape (N,); None for real logs.
        origin: `RadarOrigin` numbers: what made the return, shape (N,); None for real logs.
    """

    radar: str
    timestamp_ns: int
    world_from_radar: SE3 | None
    position_m: Float[np.ndarray, "N 3"]
    range_rate_mps: Float[np.ndarray, "N"]
    track_id: Int[np.ndarray, "N"]
    rcs_dbsm: Float[np.ndarray, "N"] | None = None
    snr_db: Float[np.ndarray, "N"] | None = None
    instance: UInt16[np.ndarray, "N"] | None = None
    origin: UInt8[np.ndarray, "N"] | None = None


class RadarOrigin(IntEnum):
    """What made a radar return."""

    TARGET = 0
    STATIC = 1
    GHOST = 2
    CLUTTER = 3
    FALSE_ALARM = 4


@dataclass(frozen=True, slots=True, eq=False)
class ThermalFrame:
    """One picture of a long-wave infrared camera.

    Attributes:
        camera: name in the rig.
        timestamp_ns: middle of the exposure.
        world_from_camera: pose at that moment.
        temperature_k: apparent temperature with noise, shape (H, W).
        clean_k: the same without noise, shape (H, W).
    """

    camera: str
    timestamp_ns: int
    world_from_camera: SE3
    temperature_k: Float32[np.ndarray, "H W"]
    clean_k: Float32[np.ndarray, "H W"]


@dataclass(frozen=True, slots=True, eq=False)
class EventStream:
    """Changes of light between two moments, in order of time.

    Attributes:
        camera: name in the rig.
        start_ns: first moment.
        end_ns: last moment.
        timestamp_ns: of each event, shape (N,).
        column: shape (N,).
        row: shape (N,).
        brighter: whether the light rose, shape (N,).
        noise: whether nothing in the scene caused it, shape (N,).
    """

    camera: str
    start_ns: int
    end_ns: int
    timestamp_ns: Int64[np.ndarray, "N"]
    column: UInt16[np.ndarray, "N"]
    row: UInt16[np.ndarray, "N"]
    brighter: Bool[np.ndarray, "N"]
    noise: Bool[np.ndarray, "N"]


@dataclass(frozen=True, slots=True, eq=False)
class UltrasonicEchoes:
    """What one parking sensor heard at one moment, nearest first.

    Attributes:
        ultrasonic: name in the rig.
        timestamp_ns: when the tone was sent.
        range_m: shape (N,).
        amplitude: relative to the detection threshold, shape (N,).
        clean_range_m: without noise, shape (N,).
        instance: actor index + 1, 0 for none, shape (N,).
        sender: sensor whose tone each echo is of, N of them; empty where all are of its own. The range of another's
            tone is half of its way.
    """

    ultrasonic: str
    timestamp_ns: int
    range_m: Float[np.ndarray, "N"]
    amplitude: Float[np.ndarray, "N"]
    clean_range_m: Float[np.ndarray, "N"]
    instance: UInt16[np.ndarray, "N"]
    sender: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ImuSamples:
    """Everything that one inertial unit measured, with the clean value beside each.

    Attributes:
        imu: name in the rig.
        timestamp_ns: true time, shape (N,).
        angular_velocity_radps: in the unit's axes, shape (N, 3).
        specific_force_mps2: acceleration without gravity's pull (a unit at rest reads +9.81 upwards), shape (N, 3).
        clean_angular_velocity_radps: shape (N, 3).
        clean_specific_force_mps2: shape (N, 3).
    """

    imu: str
    timestamp_ns: Int[np.ndarray, "N"]
    angular_velocity_radps: Float[np.ndarray, "N 3"]
    specific_force_mps2: Float[np.ndarray, "N 3"]
    clean_angular_velocity_radps: Float[np.ndarray, "N 3"]
    clean_specific_force_mps2: Float[np.ndarray, "N 3"]


@dataclass(frozen=True, slots=True, eq=False)
class GnssFixes:
    """Every fix of one receiver, with the clean value beside each; NaN where there was none.

    Attributes:
        receiver: name in the rig.
        timestamp_ns: true time, shape (N,).
        position_m: antenna in `world` (east, north, up), shape (N, 3).
        speed_mps: over ground, shape (N,).
        course_rad: of the motion over ground, from east counter-clockwise, shape (N,).
        sigma_m: as the receiver states it (east, north, up), shape (N, 3).
        valid: whether there was a fix, shape (N,).
        clean_position_m: shape (N, 3).
    """

    receiver: str
    timestamp_ns: Int[np.ndarray, "N"]
    position_m: Float[np.ndarray, "N 3"]
    speed_mps: Float[np.ndarray, "N"]
    course_rad: Float[np.ndarray, "N"]
    sigma_m: Float[np.ndarray, "N 3"]
    valid: Bool[np.ndarray, "N"]
    clean_position_m: Float[np.ndarray, "N 3"]


@dataclass(frozen=True, slots=True, eq=False)
class OdometrySamples:
    """Wheel speeds (left, right) and the steering angle, with the clean value beside each.

    Attributes:
        odometer: name in the rig.
        timestamp_ns: true time, shape (N,).
        ticks: counted since the start, shape (N, 2).
        wheel_speed_mps: as the vehicle computes it from the ticks, shape (N, 2).
        steering_rad: road-wheel angle, shape (N,).
        clean_wheel_speed_mps: shape (N, 2).
        clean_steering_rad: shape (N,).
    """

    odometer: str
    timestamp_ns: Int[np.ndarray, "N"]
    ticks: Int[np.ndarray, "N 2"]
    wheel_speed_mps: Float[np.ndarray, "N 2"]
    steering_rad: Float[np.ndarray, "N"]
    clean_wheel_speed_mps: Float[np.ndarray, "N 2"]
    clean_steering_rad: Float[np.ndarray, "N"]


@dataclass(frozen=True, slots=True, eq=False)
class SensorFrames:
    """Everything that the rendered sensors of a rig gave between two world states.

    Attributes:
        frames: pictures.
        sweeps: lidar turns.
        radar: radar returns.
        thermal: long-wave infrared pictures.
        events: changes that event cameras saw.
        ultrasonic: what parking sensors heard.
        clean: what the same sensors would have given had nothing been wrong with them: only those of the above that a
            fault changed, by the same names and times; None where nothing was changed.
    """

    frames: tuple[CameraFrame, ...] = ()
    sweeps: tuple[LidarSweep, ...] = ()
    radar: tuple[RadarReturns, ...] = ()
    thermal: tuple[ThermalFrame, ...] = ()
    events: tuple[EventStream, ...] = ()
    ultrasonic: tuple[UltrasonicEchoes, ...] = ()
    clean: "SensorFrames | None" = None
