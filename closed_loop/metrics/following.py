"""Criticality against the leader: the extremes of `leader.LeaderSeries` over the moments before a contact."""

from collections.abc import Callable

import numpy as np

from closed_loop.metrics.definition import MetricValue, not_applicable
from closed_loop.metrics.drive import Drive
from closed_loop.metrics.extremes import counted, least, most
from closed_loop.metrics.leader import LeaderSeries, curvilinear, leader_series
from closed_loop.metrics.longitudinal import crash_potential_index, time_exposed_s, time_integrated_s2
from closed_loop.metrics.threats import RSS_VEHICLE, RssParameters, rss_same_direction_m

CAP_S = 10.0
CAP_M = 100.0
CAP_MPS2 = 100.0
CAP_NUMBER = 10.0
_NO_LEADER = "no leader"


def _against(drive: Drive, judge: Callable[[LeaderSeries], MetricValue]) -> MetricValue:
    """A judgment of the series; not applicable where nobody leads before the first contact."""
    series = leader_series(drive)
    return judge(series) if bool(series.present[counted(drive)].any()) else not_applicable(_NO_LEADER)


def min_headway(drive: Drive) -> MetricValue:
    """Least HW, at most 100 m."""
    return _against(drive, lambda series: least(drive, series.headway_m[counted(drive)], CAP_M))


def min_ttc_acceleration(drive: Drive) -> MetricValue:
    """Least TTC at constant acceleration, at most 10 s."""
    return _against(drive, lambda series: least(drive, series.ttc_acceleration_s[counted(drive)], CAP_S))


def max_drac(drive: Drive) -> MetricValue:
    """Greatest DRAC, at most 100 m/s^2."""
    return _against(drive, lambda series: most(drive, series.drac_mps2[counted(drive)], CAP_MPS2))


def required_longitudinal(drive: Drive) -> MetricValue:
    """Least a_long,req (hardest braking needed), at least -100 m/s^2."""

    def hardest(series: LeaderSeries) -> MetricValue:
        worst = most(drive, -series.required_longitudinal_mps2[counted(drive)], CAP_MPS2)
        return MetricValue(-float(worst.value or 0.0) + 0.0, at_s=worst.at_s)

    return _against(drive, hardest)


def brake_threat(drive: Drive) -> MetricValue:
    """Greatest BTN, at most 10."""
    return _against(drive, lambda series: most(drive, series.brake_threat[counted(drive)], CAP_NUMBER))


def required_lateral(drive: Drive) -> MetricValue:
    """Greatest a_lat,req, at most 100 m/s^2."""
    return _against(drive, lambda series: most(drive, series.required_lateral_mps2[counted(drive)], CAP_MPS2))


def steer_threat(drive: Drive) -> MetricValue:
    """Greatest STN, at most 10."""
    return _against(drive, lambda series: most(drive, series.steer_threat[counted(drive)], CAP_NUMBER))


def safety_time_deceleration(drive: Drive) -> MetricValue:
    """Greatest DST, at most 100 m/s^2."""
    return _against(drive, lambda series: most(drive, series.safety_time_mps2[counted(drive)], CAP_MPS2))


def rss_margin(drive: Drive, vehicle: RssParameters = RSS_VEHICLE) -> MetricValue:
    """Least headway less RSS distance, at most 100 m."""

    def margin(series: LeaderSeries) -> MetricValue:
        speed, lead = curvilinear(drive).ego_speed_mps, np.nan_to_num(series.lead_mps)
        safe = rss_same_direction_m(np.maximum(speed, 0.0), np.maximum(lead, 0.0), vehicle, vehicle)
        return least(drive, np.where(series.present, series.headway_m - safe, np.inf)[counted(drive)], CAP_M)

    return _against(drive, margin)


def exposed(drive: Drive) -> MetricValue:
    """TET below 2 s."""
    return _against(drive, lambda series: _over_time(drive, series, time_exposed_s))


def integrated(drive: Drive) -> MetricValue:
    """TIT below 2 s."""
    return _against(drive, lambda series: _over_time(drive, series, time_integrated_s2))


def _over_time(drive: Drive, series: LeaderSeries, measure: Callable[[np.ndarray, float], np.ndarray]) -> MetricValue:
    if drive.num_steps < 2:
        return not_applicable("a single moment")
    return MetricValue(float(measure(series.ttc_s[counted(drive)], drive.step_s)))


def crash_potential(drive: Drive) -> MetricValue:
    """CPI."""
    return _against(drive, lambda series: MetricValue(float(crash_potential_index(series.drac_mps2[counted(drive)]))))
