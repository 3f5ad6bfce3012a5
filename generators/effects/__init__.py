"""Effects on what was seen: weather, light, camera; for real segments too."""
