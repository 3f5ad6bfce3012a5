"""Gates: plans, decisions with their rules and reasons, texts of them, flips, and how often a gate errs."""
