"""One file a check, over the plain functions of `fairwitness.data`."""
