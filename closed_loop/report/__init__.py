"""The static report: plain data in, one folder with index.html and assets/ out; opens from a file, needs no network."""
