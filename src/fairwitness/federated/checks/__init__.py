"""One file a check; an id is its place."""
