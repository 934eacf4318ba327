"""A fuzzer: damaged, odd and hostile inputs of every kind, and what becomes of each.

An input is a ``Case``: some files. A ``Target`` makes cases and reads them as the package does. A
``Verdict`` says what came of one: an accepted input must give the right value where that is known,
and any other is refused in words, with nothing written. ``test_fuzz`` runs a few of each target,
``python -m fuzz`` many, in processes of their own; ``python -m fuzz FILE`` repeats a kept one.
"""
