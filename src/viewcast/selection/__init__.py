"""What a validation score is worth: pure functions on matrices of row losses."""
