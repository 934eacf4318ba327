"""The audit: from what was gathered for one holdout to figures, verdicts and sentences."""
