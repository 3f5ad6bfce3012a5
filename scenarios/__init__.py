"""WISHES: the typed scenario algebra and its front ends. What should happen on the road."""
