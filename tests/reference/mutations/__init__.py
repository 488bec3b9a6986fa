"""Corrupts the reference warehouse, source by source and table by table, and sees what notices.

`python -m tests.reference.mutations --write docs/reference/mutations.md` makes the page of what was
tried; `tests/reference/test_mutations.py` holds that everything is noticed, and that no data test is
left that nothing makes fail.
"""
