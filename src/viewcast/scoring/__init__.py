"""Losses, scores with their errors, and what the scores of a run say."""
