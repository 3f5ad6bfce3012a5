"""Labels from the same world state that the sensors saw."""
