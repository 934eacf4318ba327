"""Gradient descent by a compiled kernel: one candidate after another, on a CPU, in float32."""
