"""Energy and emissions of training and of the audit itself: always a range, always with how it is known."""
