"""Parts of the training step: weights, samplers, transforms, penalties, gradient processors, an adversary, and edits of
scores and decisions. Each works in `fairwitness.torchkit.step.Step`, so in a PyTorch loop of one's own, in `train`, and
in a Lightning trainer.
"""
