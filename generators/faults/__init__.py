"""What goes wrong with sensors: pure functions from what a sensor would have given to what it gives."""
