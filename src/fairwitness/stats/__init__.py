"""Counts, intervals, tests and power: NumPy and SciPy only, usable without the rest."""
