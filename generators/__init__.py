"""PICTURES: what the sensors saw. Generators that turn a rollout into a segment."""
