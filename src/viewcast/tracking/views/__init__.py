"""Ready-made views of MLflow's UI: for each a function of what an experiment holds.

A module with a function ``views(shown)`` is found without a list.
"""
