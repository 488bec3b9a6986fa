"""Finds out how a file that nobody described is to be read."""

from controlplane.sniff.layout import Layout, find_file_encoding, find_layout

__all__ = ["Layout", "find_file_encoding", "find_layout"]
