"""Reading what people have, and writing so that a file is whole or not there."""
