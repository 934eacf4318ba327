"""What ``import viewcast`` offers: the audit of any MLflow store, and the record of scored rows."""
