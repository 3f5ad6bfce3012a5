"""The ray tracer: cameras, lidars and all labels from one scene description, on CPU."""
