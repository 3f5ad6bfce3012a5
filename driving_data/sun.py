"""Where the sun stands, by place and time.

Source: J. Meeus, Astronomical Algorithms, 2nd edition, chapters 12 (sidereal time), 22 (obliquity), 25 (the sun, low
accuracy: 0.01 degrees) and 16 (refraction, Saemundsson's formula), which the calculator of NOAA's Global Monitoring
Laboratory follows too. Universal time is used for terrestrial time: the minute between them moves the sun by less
than 0.001 degrees against the stars.
"""

from datetime import UTC, datetime

import numpy as np

J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)
_DAYS_PER_CENTURY = 36525.0


def sun_equatorial_rad(days_since_j2000: float) -> tuple[float, float]:
    """Apparent right ascension (0 to 2 pi) and declination of the sun, in radians."""
    t = days_since_j2000 / _DAYS_PER_CENTURY
    mean_longitude = 280.46646 + 36000.76983 * t + 0.0003032 * t * t
    anomaly = np.deg2rad(357.52911 + 35999.05029 * t - 0.0001537 * t * t)
    center = (
        (1.914602 - 0.004817 * t - 0.000014 * t * t) * np.sin(anomaly)
        + (0.019993 - 0.000101 * t) * np.sin(2.0 * anomaly)
        + 0.000289 * np.sin(3.0 * anomaly)
    )
    node = np.deg2rad(125.04 - 1934.136 * t)
    longitude = np.deg2rad(mean_longitude + center - 0.00569 - 0.00478 * np.sin(node))
    obliquity = 23.0 + (26.0 + (21.448 - 46.8150 * t - 0.00059 * t * t + 0.001813 * t**3) / 60.0) / 60.0
    tilt = np.deg2rad(obliquity + 0.00256 * np.cos(node))
    ascension = np.arctan2(np.cos(tilt) * np.sin(longitude), np.cos(longitude))
    return float(ascension % (2.0 * np.pi)), float(np.arcsin(np.sin(tilt) * np.sin(longitude)))


def refraction_rad(true_elevation_rad: float) -> float:
    """How much the air lifts the sun at 10 degrees C and 1010 hPa; 0 from 5 degrees below the horizon down."""
    degrees = float(np.rad2deg(true_elevation_rad))
    if degrees < -5.0:
        return 0.0
    if degrees > 85.0:
        return 0.0
    minutes = 1.02 / np.tan(np.deg2rad(degrees + 10.3 / (degrees + 5.11)))
    # Below the horizon the formula is no longer meant; it fades out, so that the sun moves on without a jump.
    return float(np.deg2rad(minutes / 60.0) * np.clip((degrees + 5.0) / 4.0, 0.0, 1.0))


def sun_position(
    latitude_rad: float, longitude_rad: float, moment: datetime, refracted: bool = True
) -> tuple[float, float]:
    """Elevation and azimuth of the sun's middle, in radians.

    Args:
        latitude_rad: north is positive.
        longitude_rad: east is positive.
        moment: with a time zone.
        refracted: whether the elevation is the apparent one.

    Returns:
        Elevation above the horizon, and azimuth clockwise from north in 0 to 2 pi, as `Environment` keeps them.

    Raises:
        ValueError: `moment` names no time zone, or the latitude lies beyond a pole.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment} names no time zone; expected one, as datetime(..., tzinfo=timezone.utc)")
    if abs(latitude_rad) > 0.5 * np.pi + 1e-12:
        raise ValueError(f"latitude {latitude_rad} rad; expected -pi/2 to pi/2")
    days = (moment - J2000).total_seconds() / 86400.0
    t = days / _DAYS_PER_CENTURY
    sidereal = 280.46061837 + 360.98564736629 * days + 0.000387933 * t * t
    ascension, declination = sun_equatorial_rad(days)
    hour = np.deg2rad(sidereal % 360.0) + longitude_rad - ascension
    sine = np.sin(latitude_rad) * np.sin(declination) + np.cos(latitude_rad) * np.cos(declination) * np.cos(hour)
    elevation = float(np.arcsin(np.clip(sine, -1.0, 1.0)))
    azimuth = np.arctan2(
        -np.cos(declination) * np.sin(hour),
        np.sin(declination) * np.cos(latitude_rad) - np.cos(declination) * np.sin(latitude_rad) * np.cos(hour),
    )
    return elevation + (refraction_rad(elevation) if refracted else 0.0), float(azimuth % (2.0 * np.pi))
