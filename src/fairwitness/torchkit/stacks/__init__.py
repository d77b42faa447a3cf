"""Several networks of one architecture as one: their weights stacked along a first axis, a step for all at once."""
