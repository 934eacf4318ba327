"""``viewcast referee``, as it is typed."""
