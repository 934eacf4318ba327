"""What the live lecture shows: one module for each part, on viewcast's own functions."""
