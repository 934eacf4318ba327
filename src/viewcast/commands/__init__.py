"""The program ``viewcast``: the audit, and the stage scripts of a project folder by name."""
