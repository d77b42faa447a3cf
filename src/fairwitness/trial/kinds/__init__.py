"""Kinds of fault, one file a pillar."""
