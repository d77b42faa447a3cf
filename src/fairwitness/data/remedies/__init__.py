"""Remedies of biased data; each file is one."""
