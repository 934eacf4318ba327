"""Readers of panels: one class for each shape of table."""
