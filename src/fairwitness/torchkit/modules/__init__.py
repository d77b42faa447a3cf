"""The networks that are trained here, one family a file."""
