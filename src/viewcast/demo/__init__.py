"""What only the two lectures need: the demonstration of validation reuse, and their own figures."""
