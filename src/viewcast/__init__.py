"""viewcast predicts video views and says how far a validation score can be believed."""

__version__ = "0.1.0"
