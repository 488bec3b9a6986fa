"""Chooses the records that get a fault, so that none has two."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from controlplane.demo.streams import Flags, Ints, Stream

_FEWEST = 2


class Faults:
    """The records of a source that may still get a fault, and those that have one.

    `of` has the records of each kind, in order; a kind has two at the least, so that a small run
    shows it too.
    """

    def __init__(self, stream: Stream, allowed: Flags) -> None:
        self._stream = stream
        self._total = len(allowed)
        self._free = np.flatnonzero(allowed)
        self.of: dict[str, Ints] = {}

    @property
    def free(self) -> Ints:
        """The records that have no fault."""
        return self._free

    def plant(self, shares: Mapping[str, float], only: Flags | None = None) -> None:
        """Choose records for each kind: a share of all, taken from those that `only` allows."""
        for kind, share in shares.items():
            fit = self._free if only is None else self._free[only[self._free]]
            count = min(max(round(self._total * share), _FEWEST), len(fit) // 8)
            self.of[kind] = np.sort(fit[self._stream.sample(len(fit), count)])
            self._free = self._free[~np.isin(self._free, self.of[kind])]
