"""Contact sheets: every actor, road, weather and time of day, drawn by one command."""
