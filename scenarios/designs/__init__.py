"""Designs: which draws to make, by covering arrays over finite axes or by points that fill the unit cube."""
