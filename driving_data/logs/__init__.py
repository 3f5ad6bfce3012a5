"""Readers of real logs: each turns one public format into segments at stage `Raw`.

`driving_data.logs.registry.read(path)` finds the reader by content. What each keeps and loses: docs/logs.md.
"""
