"""fairwitness audits data and models for fairness, and says how sure it is."""

__version__ = "0.1.0"
