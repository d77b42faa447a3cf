"""Decisions about people, and how they are appealed, put right, explained in a letter, and forgotten.

What is personal lies encrypted in a vault that can erase; the ledger holds keyed commitments to it.
"""
