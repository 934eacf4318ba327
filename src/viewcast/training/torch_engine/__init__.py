"""Gradient descent by PyTorch: on a GPU, in float64, with paths, and as the oracle of tests."""
