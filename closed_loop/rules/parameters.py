"""Parameters of the predicates, with their sources; rule files name the ones that they change.

[CR] CommonRoad stl-monitor, crmonitor/config.yaml and traffic_rules_rtamt.yaml @01190a2, after Maierhofer et al.,
IV 2020 and IV 2022. [CARLA] carla/rss/RssCheck.cpp. [R157] UN Regulation No. 157, paragraph 5.2.3.3.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RuleParameters:
    """Numbers that the predicates use.

    Attributes:
        ego_brake_mps2: hardest braking of the ego [CR: a_min -10.0].
        other_brake_mps2: hardest braking of others [CR: a_min -10.5].
        reaction_s: reaction time of a follower [CR: t_react 0.3].
        abrupt_mps2: below this acceleration braking is abrupt [CR].
        standstill_mps: speed that still counts as standing [CR].
        slow_by_mps: below the permitted speed by more than this is slow [CR: min_velocity_dif].
        road_condition_mps: speed that the road condition permits [CR].
        truck_mps: limit of trucks [CR].
        bus_mps: limit of buses, 100 km/h (German road code, paragraph 18).
        desired_mps: suggested speed where no limit holds [CR: desired_interstate_velocity].
        field_of_view_m: [CR].
        comfort_brake_mps2: braking that the brake speed limit allows for within the field of view; the source names
            no number, -4.0 is the bound of comfort of nuPlan (-4.05) rounded.
        congestion_count: leading vehicles that make a congestion, slow traffic or a queue [CR].
        congestion_mps: [CR]; likewise slow_moving_mps.
        slow_moving_mps: [CR].
        queue_mps: [CR, PredicateConfig: 16.67; the yaml file of the same project says 3].
        slightly_faster_mps: [CR].
        u_turn_rad: [CR].
        interstate_width_m: least width in which an emergency lane can be made [CR].
        border_m: close to the lane border [CR].
        beside_m: close to the vehicle beside [CR: close_to_other_vehicle 0.5].
        stop_line_m: a stop line within this distance is in front [CR: d_sl].
        broad_marking_m: width from which a lane marking is broad (German RMS: 0.25 m on motorways).
        rss_reaction_s: [CARLA], likewise all that begins with rss.
        rss_accelerate_mps2: greatest acceleration during the reaction.
        rss_brake_max_mps2: hardest braking of the one in front.
        rss_brake_min_mps2: least braking of the one behind.
        rss_brake_correct_mps2: least braking of the one in the right lane, who meets an oncoming one.
        rss_lateral_accelerate_mps2: greatest lateral acceleration.
        rss_lateral_brake_mps2: least lateral braking.
        rss_lateral_margin_m: fluctuation margin.
    """

    ego_brake_mps2: float = -10.0
    other_brake_mps2: float = -10.5
    reaction_s: float = 0.3
    abrupt_mps2: float = -2.0
    standstill_mps: float = 0.01
    slow_by_mps: float = 15.0
    road_condition_mps: float = 50.0
    truck_mps: float = 22.22
    bus_mps: float = 27.78
    desired_mps: float = 36.11
    field_of_view_m: float = 200.0
    comfort_brake_mps2: float = -4.0
    congestion_count: float = 3.0
    congestion_mps: float = 2.78
    slow_moving_mps: float = 8.33
    queue_mps: float = 16.67
    slightly_faster_mps: float = 5.55
    u_turn_rad: float = 1.57
    interstate_width_m: float = 7.0
    border_m: float = 0.2
    beside_m: float = 0.5
    stop_line_m: float = 1.0
    broad_marking_m: float = 0.25
    rss_reaction_s: float = 1.0
    rss_accelerate_mps2: float = 3.5
    rss_brake_max_mps2: float = 8.0
    rss_brake_min_mps2: float = 4.0
    rss_brake_correct_mps2: float = 3.0
    rss_lateral_accelerate_mps2: float = 0.2
    rss_lateral_brake_mps2: float = 0.8
    rss_lateral_margin_m: float = 0.1


R157_GAPS: tuple[tuple[float, float], ...] = (
    (7.2, 1.0), (10.0, 1.1), (20.0, 1.2), (30.0, 1.3), (40.0, 1.4), (50.0, 1.5), (60.0, 1.6),
)  # fmt: skip
"""Speed in km/h and least time gap in s of UN R157, 5.2.3.3; linear between, 2.0 m at least, constant beyond."""
