"""Panels: the daily views of many videos."""
