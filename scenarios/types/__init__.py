"""Typed leaves of the operational design domain."""
