"""Robustness: what small changes and worse conditions do to decisions."""
