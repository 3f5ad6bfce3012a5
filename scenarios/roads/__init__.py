"""Road archetypes: a few numbers become an OpenDRIVE network with named routes.

lane_map = build_road(RoadChoice(archetype="motorway", parameters={"lanes": 3}))
"""

from scenarios.roads.archetypes import Archetype, archetype, archetypes
from scenarios.roads.build import build_road, road_text
from scenarios.roads.parameters import Parameter

__all__ = ["Archetype", "Parameter", "archetype", "archetypes", "build_road", "road_text"]
