"""JUDGMENTS: does the policy live with it? Policies, metrics, suites, gates and reports."""
