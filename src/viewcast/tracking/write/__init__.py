"""From results to MLflow: runs, tags, pictures, models, nights."""
