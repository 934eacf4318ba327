"""A night with the real store and the real recipes."""
