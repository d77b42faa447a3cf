"""One file a check; the id of a check is its place."""
