"""What is shown of a referee that was closed."""
