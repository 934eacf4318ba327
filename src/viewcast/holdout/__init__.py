"""The validation rows: how they are guarded, and the record of every look at them."""
