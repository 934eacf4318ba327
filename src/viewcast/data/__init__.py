"""From raw files to one tidy table per data set."""
