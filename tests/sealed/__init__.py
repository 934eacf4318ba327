"""The sealed test, and who may open it."""
