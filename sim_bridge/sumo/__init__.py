"""Background traffic by SUMO: an optional plug-in (extra `sumo`)."""
