"""The source systems of an invented retailer, as files, and the truth about what is in them.

`make_demo` writes everything that the reference warehouse is loaded from. The same arguments give the
same bytes, on every machine.
"""
