"""A module that no configuration may import: it says that it was."""

raise RuntimeError("a configuration had this module imported")
