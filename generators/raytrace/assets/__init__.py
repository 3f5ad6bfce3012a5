"""Bodies of actors: vehicles, two-wheelers, people, animals and work-zone devices, in the actor's own frame."""
