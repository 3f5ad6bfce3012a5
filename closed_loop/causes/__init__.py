"""Why it failed: modes of failure, one draw changed alone, what the outcome hangs on."""
