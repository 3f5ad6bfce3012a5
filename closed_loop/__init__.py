"""JUDGMENTS: does the policy live with it? Policies, metrics, suites, gates and reports.

Once it is imported, Gymnasium knows our environments.
"""

from closed_loop.registration import register_with_gymnasium

register_with_gymnasium()
