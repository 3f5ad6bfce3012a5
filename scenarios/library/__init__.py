"""Ready scenarios: YAML files with ranges, found by name."""
