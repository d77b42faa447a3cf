"""Accountability: who answers for the system, and what only a person can say about it."""
