"""Every ready scenario plays in the embedded simulator, and what it waits for comes true in some draw."""

import numpy as np
import pytest

from roadloom.pipeline.recipes import simulate
from roadloom.settings import Choice
from scenarios import library

DRAWS = 2


@pytest.mark.slow
@pytest.mark.parametrize("name", library.names())
def test_it_plays(name):
    for index in range(DRAWS):
        concrete = library.load(name).sample(7, index)
        rollout = simulate(concrete, "idm", Choice("embedded"))
        places = rollout.world_from_actor.translation_m[rollout.valid]
        assert np.isfinite(places).all() and rollout.num_steps > 20
        assert {"ego", *(actor.id for actor in concrete.actors)} == set(rollout.actors.ids)
        ego = rollout.world_from_actor.translation_m[:, rollout.ego_index, :2]
        assert np.linalg.norm(ego[-1] - ego[0]) > 5.0
