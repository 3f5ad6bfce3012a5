"""Writers of public formats, each accepted by the real client."""
