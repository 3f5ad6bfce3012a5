"""THE DOOR: the `roadloom` command and the pipelines that join the rooms. No domain logic.

Once it is imported, Gymnasium knows our environments.
"""

from closed_loop.registration import register_with_gymnasium

register_with_gymnasium()
