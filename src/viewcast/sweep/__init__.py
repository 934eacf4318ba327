"""Sweeps: many candidates of a run, drawn from a space of settings, trained as cohorts."""
