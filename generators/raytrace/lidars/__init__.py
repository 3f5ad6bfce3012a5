"""Lidars: where they look when, and the echoes that come back."""
