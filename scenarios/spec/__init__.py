"""The YAML front end: our own reader with file, line and column of every fault."""
