"""The store: segment directories, catalogue, dataset versions."""
