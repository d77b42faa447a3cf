"""The worst small change to a row: by gradients, and by search where there are none. Every break is judged as deployed."""
