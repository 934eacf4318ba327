"""Measures of forecasts of views: one class for each, as in ``viewcast.scoring.measure``."""
