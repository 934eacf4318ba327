"""Retraining that can be left alone: fresh days in, a better model out or the reason why not."""
