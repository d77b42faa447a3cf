"""How models are trained here, one recipe a file."""
