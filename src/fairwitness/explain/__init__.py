"""Transparency: what the model is, and why it decides as it does."""
