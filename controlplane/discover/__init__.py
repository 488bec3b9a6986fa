"""Finds out what unknown data is: types, keys, relationships, roles and hierarchies."""
