"""What a study is worth: everything that was gathered for one holdout, priced and put in words."""
