"""One line in other people's training code: the rows of every validation, with the looks."""
