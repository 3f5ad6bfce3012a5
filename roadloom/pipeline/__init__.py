"""The main job: stages, tasks and recipes."""
