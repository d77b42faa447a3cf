"""Bias in data: who is in it, what is recorded about whom, and what gives a label or an attribute away."""
