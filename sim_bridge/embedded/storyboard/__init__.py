"""Plays a `scenarios.storyboard.Storyboard` on an OpenDRIVE network: triggers, actions, motion of every entity."""
