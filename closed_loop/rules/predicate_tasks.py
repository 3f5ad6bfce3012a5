"""Predicates of the task."""

import numpy as np

from closed_loop.metrics.polyline import project
from closed_loop.rules.definition import Need, PredicateDefinition
from closed_loop.rules.view import View


def distance_to_goal(view: View) -> np.ndarray:
    """Way left to the goal along the route; along the driven way where no route is known; 0 once it was reached."""
    drive, task = view.drive, view.drive.task
    assert task is not None
    if task.route_m is not None:
        s = project(drive.center_m, task.route_m)[0]
        left = task.distance_m - (s - s[0])
    else:
        left = task.distance_m - drive.ego_s_m
    for event in drive.rollout.events:
        if event.kind == "goal_reached":
            at = (event.timestamp_ns - int(drive.rollout.timestamps_ns[0])) * 1e-9
            left = np.where(drive.time_s >= at - 1e-6, np.minimum(left, 0.0), left)
    return left


PREDICATES = (
    PredicateDefinition(
        "distance_to_goal", "m", 10.0, "Way left to the goal of the task.", {"ego": distance_to_goal}, (Need.TASK,)
    ),
)
