"""Training the same networks on the same rows as others do it, each as its own documentation shows.

Everyone gets the same work and the same initial parameters, on one thread and in float32. A library
that is not installed is left out: install the extra ``peers``.
"""
