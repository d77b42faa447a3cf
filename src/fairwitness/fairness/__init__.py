"""Fairness of decisions: rates by group and by intersection, how far apart they are, and how sure that is."""
