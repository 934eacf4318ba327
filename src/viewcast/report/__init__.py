"""What people look at: the table on the terminal, the pictures, the page."""
