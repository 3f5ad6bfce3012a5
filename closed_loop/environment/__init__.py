"""Closed-loop driving for learners: Gymnasium environments over one world and over batches of worlds.

Importing this package makes Gymnasium know `roadloom/Scenario-v0`; `gymnasium.make` does it by itself when asked for
`closed_loop.environment:roadloom/Scenario-v0`.
"""

import gymnasium

ENV_ID = "roadloom/Scenario-v0"


def register_envs() -> None:
    """Registers `roadloom/Scenario-v0`; a second call does nothing."""
    if ENV_ID not in gymnasium.registry:
        gymnasium.register(
            ENV_ID,
            entry_point="closed_loop.environment.single:ScenarioEnv",
            vector_entry_point="closed_loop.environment.vector:ScenarioVectorEnv",
        )


register_envs()
