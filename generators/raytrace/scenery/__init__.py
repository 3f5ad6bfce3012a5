"""The street: ground, roads, kerbs, buildings, vegetation, poles, signals, signs and rails, in `world`."""
