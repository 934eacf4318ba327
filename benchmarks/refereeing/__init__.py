"""Loops that improve themselves, simulated, and the rules that could judge them."""
