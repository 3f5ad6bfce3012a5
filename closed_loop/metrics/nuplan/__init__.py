"""The closed-loop and open-loop scores of nuPlan, definition by definition (nuplan-devkit e924167)."""
