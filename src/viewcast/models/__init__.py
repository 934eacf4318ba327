"""The models: which functions of the features may be learnt, and how a learnt one predicts."""
