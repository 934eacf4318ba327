"""Pictures of a referee that was closed. The report of a project does not draw them."""

LETTERS = 60  # of a referee's name that fit above a picture
