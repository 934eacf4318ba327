"""YouTube Analytics as a source of days."""
