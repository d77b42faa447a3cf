"""Remedies of unfair decisions; each file is one."""
