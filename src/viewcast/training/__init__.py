"""The trainers: how the parameters of a model are estimated."""
