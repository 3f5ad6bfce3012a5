# ruff: noqa: ANN001, ANN201
"""Runs in CommonRoad-CriMe's own environment: its measures on pairs of vehicles of CommonRoad scenarios, as JSON.

Arguments: the folder of the scenarios, the cases as a JSON list of [file, ego, other, steps], and the angles (degrees)
at which the car-following scene is built: gap 36 m, 20 m/s behind 10 m/s, 6 s, on the middle one of three lanes.
"""

import contextlib
import io
import json
import logging
import math
import sys
import time
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)

AT_ONCE = ("HW", "THW", "TTC", "ALongReq", "ALatReq", "BTN", "STN", "DST", "MSD", "DeltaV", "WTTC")
EPISODE = ("TET", "TIT", "CPI", "DCE", "TTCE", "PET", "ET", "PSD", "SOI", "TTCStar", "TTB", "TTK", "TTS", "TTR")


def main():
    from commonroad.common.file_reader import CommonRoadFileReader
    from commonroad_crime.utility import solver

    folder, cases, angles = Path(sys.argv[1]), json.loads(sys.argv[2]), json.loads(sys.argv[3])
    rows, seconds = [], {}
    for name, ego, other, steps in cases:
        for step in steps:
            scenario, _ = CommonRoadFileReader(str(folder / name)).open(lanelet_assignment=True)
            place = scenario.obstacle_by_id(ego).state_at_time(step).position
            lanelet = scenario.lanelet_network.find_lanelet_by_position([place])[0]
            lane = scenario.lanelet_network.find_lanelet_by_id(lanelet[0]) if lanelet else None
            heading = float(solver.compute_lanelet_width_orientation(lane, place)[1]) if lane else math.nan
            found = evaluate(scenario, ego, other, step, AT_ONCE + (EPISODE if step == steps[0] else ()), seconds)
            rows.append({"file": name, "ego": ego, "other": other, "step": step,
                         "lane_heading_deg": round(math.degrees(heading), 2), "values": found})  # fmt: skip
    for angle in angles:
        scenario = following_scene(math.radians(angle))
        found = evaluate(scenario, 1, 2, 0, AT_ONCE + EPISODE, seconds)
        rows.append({"file": "following", "ego": 1, "other": 2, "step": 0, "lane_heading_deg": angle,
                     "values": found})  # fmt: skip
    spent = {name: sum(times) / len(times) for name, times in seconds.items()}
    print(json.dumps({"rows": rows, "seconds_per_call": spent}))


def evaluate(scenario, ego, other, step, names, seconds):
    """Values of the measures; infinities and NaN as words, errors as their text."""
    import commonroad_crime.measure as measures
    from commonroad_crime.data_structure.configuration import CriMeConfiguration

    found = {}
    for name in names:
        config = CriMeConfiguration()
        config.update(ego_id=ego, sce=scenario)
        begin = time.perf_counter()
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                value = getattr(measures, name)(config).compute(vehicle_id=other, time_step=step, verbose=False)
        except Exception as error:
            found[name] = f"error: {type(error).__name__}"
            continue
        seconds.setdefault(name, []).append(time.perf_counter() - begin)
        value = float(value) if value is not None else math.nan
        found[name] = value if math.isfinite(value) else "inf" if value > 0 else "-inf" if value < 0 else "nan"
    return found


def following_scene(angle):
    """Two cars of 4 m by 2 m on the middle of three lanes that run at this angle."""
    import numpy as np
    from commonroad.geometry.shape import Rectangle
    from commonroad.prediction.prediction import TrajectoryPrediction
    from commonroad.scenario.lanelet import Lanelet, LaneletNetwork
    from commonroad.scenario.obstacle import DynamicObstacle, ObstacleType
    from commonroad.scenario.scenario import Scenario, ScenarioID
    from commonroad.scenario.state import InitialState, KSState
    from commonroad.scenario.trajectory import Trajectory

    forward = np.array([math.cos(angle), math.sin(angle)])
    left = np.array([-forward[1], forward[0]])
    along = np.linspace(-100.0, 300.0, 401)[:, None] * forward
    network = LaneletNetwork()
    for number, offset in ((101, 4.0), (102, 0.0), (103, -4.0)):
        middle = along + offset * left
        sides = {"adjacent_left": number - 1 if number > 101 else None,
                 "adjacent_right": number + 1 if number < 103 else None}  # fmt: skip
        network.add_lanelet(
            Lanelet(
                middle + 2.0 * left,
                middle,
                middle - 2.0 * left,
                number,
                **sides,
                adjacent_left_same_direction=True if number > 101 else None,
                adjacent_right_same_direction=True if number < 103 else None,
            )
        )
    scenario = Scenario(0.1, ScenarioID.from_benchmark_id("ZAM_Following-1_1_T-1", "2020a"))
    scenario.add_objects(network)
    for number, start, speed in ((1, 0.0, 20.0), (2, 40.0, 10.0)):
        states = [
            KSState(time_step=k, position=(start + 0.1 * k * speed) * forward, velocity=speed, orientation=angle,
                    steering_angle=0.0)
            for k in range(1, 61)
        ]  # fmt: skip
        first = InitialState(time_step=0, position=start * forward, velocity=speed, orientation=angle,
                             acceleration=0.0, yaw_rate=0.0, slip_angle=0.0)  # fmt: skip
        shape = Rectangle(length=4.0, width=2.0)
        scenario.add_objects(
            DynamicObstacle(number, ObstacleType.CAR, shape, first, TrajectoryPrediction(Trajectory(1, states), shape))
        )
    scenario.assign_obstacles_to_lanelets()
    return scenario


if __name__ == "__main__":
    main()
