"""Pictures of logical scenarios: the road from above, with the ranges of everything that may differ."""

from scenarios.picture.sheet import SIZE_PX, scenario_picture
from scenarios.picture.spread import Mark, Trace, on_shown_road

__all__ = ["SIZE_PX", "Mark", "Trace", "on_shown_road", "scenario_picture"]
