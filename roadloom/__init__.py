"""THE DOOR: the `roadloom` command and the pipelines that join the rooms. No domain logic.

Importing it makes Gymnasium know our environments.
"""

from closed_loop.environment import register_envs

register_envs()
