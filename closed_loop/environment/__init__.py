"""Closed-loop driving for learners: Gymnasium environments over one world and over batches of worlds.

Importing this package makes Gymnasium know `roadloom/Scenario-v0`; `gymnasium.make` does it by itself when asked for
`closed_loop.environment:roadloom/Scenario-v0`.
"""

from closed_loop.registration import ENV_ID, register_envs

register_envs()

__all__ = ["ENV_ID", "register_envs"]
