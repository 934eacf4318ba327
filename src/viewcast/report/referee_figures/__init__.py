"""Pictures of a referee that was closed. The report of a project does not draw them."""
