"""The source systems of an invented retailer, as files, and the truth about what is in them.

`make_demo` writes everything that the reference warehouse is loaded from. The same arguments give the
same bytes, on every machine.
"""

from __future__ import annotations

from controlplane.demo.make import Demo, make_demo
from controlplane.demo.scope import DEFAULT_END, Scope

__all__ = ["DEFAULT_END", "Demo", "Scope", "make_demo"]
