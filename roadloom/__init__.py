"""THE DOOR: the `roadloom` command and the pipelines that join the rooms. No domain logic."""
