"""Experiments logged the usual way, by the libraries themselves, on data that come with them.

Each makes an MLflow experiment in a given store and says what a right audit of it finds.
"""
