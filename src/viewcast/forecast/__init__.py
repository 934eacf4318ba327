"""From a fitted model to the views of the next days, with prediction intervals."""
