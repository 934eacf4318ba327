"""Figures that know the experiments of the two lectures by name."""
