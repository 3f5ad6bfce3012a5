"""Road archetypes: a name and a few numbers become a valid OpenDRIVE road with named routes."""
