"""Domain randomization: declared parameter spaces, drawn by counter."""
