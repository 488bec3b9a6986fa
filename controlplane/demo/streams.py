"""Random numbers that are the same on every machine, one stream a name.

Only the raw words of the bit generator are used, because numpy promises that those never change;
how it makes floats, integers and normals of them may. A stream is seeded with the run's seed and
its own name, so one that is added later leaves the others as they are. Weights are rounded to
integers before anything is drawn by them: the last bit of a machine's `exp` decides nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

_WEIGHT_STEPS = 1e9


class Stream:
    """The random numbers of one purpose."""

    def __init__(self, seed: int, name: str) -> None:
        digest = hashlib.sha256(name.encode()).digest()
        words = [int.from_bytes(digest[at : at + 4], "little") for at in range(0, 32, 4)]
        self._bits = np.random.PCG64(np.random.SeedSequence([seed, *words]))

    def uniform(self, size: int) -> Floats:
        """Numbers from 0 up to, not including, 1."""
        return self._words(size, 53).astype(np.float64) * 2.0**-53

    def between(self, low: ArrayLike, high: ArrayLike, size: int) -> Ints:
        """Whole numbers from `low` to `high`, both included; either may be one for each number."""
        first = np.asarray(low, dtype=np.int64)
        span = np.asarray(high, dtype=np.int64) - first + 1
        return np.asarray(first + (self.uniform(size) * span).astype(np.int64))

    def chance(self, share: ArrayLike, size: int) -> Flags:
        """True in this share of cases, which may be one for each case."""
        return np.asarray(self.uniform(size) < np.asarray(share))

    def normal(self, size: int) -> Floats:
        """Bell-shaped numbers of mean 0 and deviation 1: a sum of twelve, free of logarithms."""
        # Summed as whole numbers, which add up to the same in whatever order it is done.
        total: Ints = self._words(12 * size, 48).reshape(size, 12).sum(axis=1)
        return total.astype(np.float64) * 2.0**-48 - 6.0

    def exponential(self, size: int) -> Floats:
        """Numbers of mean 1, most of them small; to nine places, as every machine has them."""
        logs: Floats = np.log(1.0 - self.uniform(size))
        return np.round(-logs, 9)

    def pareto(self, alpha: float, size: int) -> Floats:
        """Numbers from 1 up with a heavy tail: the smaller `alpha`, the heavier."""
        return np.asarray(np.round((1.0 - self.uniform(size)) ** (-1.0 / alpha), 9), np.float64)

    def pick(self, weights: ArrayLike, size: int) -> Ints:
        """Positions of `weights`, each as often as its weight asks for."""
        return pick_at(self.uniform(size), cumulated(weights))

    def sample(self, count: int, size: int) -> Ints:
        """`size` different whole numbers below `count`, in any order; all if there are fewer."""
        return np.argsort(self.uniform(count), kind="stable")[:size].astype(np.int64)

    def choose(self, options: Sequence[int], weights: Sequence[float], size: int) -> Ints:
        """Values out of `options`, each as often as its weight asks for."""
        return np.asarray(options, dtype=np.int64)[self.pick(weights, size)]

    def _words(self, size: int, bits: int) -> Ints:
        """Whole numbers of so many random bits."""
        raw: NDArray[np.uint64] = np.asarray(self._bits.random_raw(size), dtype=np.uint64)
        return (raw >> np.uint64(64 - bits)).astype(np.int64)


def cumulated(weights: ArrayLike) -> Ints:
    """Running totals of the weights as whole numbers, for `pick_at`."""
    parts = np.asarray(weights, dtype=np.float64).ravel()
    steps = np.rint(parts * (_WEIGHT_STEPS / max(float(parts.sum()), 1e-12))).astype(np.int64)
    return np.cumsum(steps)


def pick_at(uniform: Floats, totals: Ints) -> Ints:
    """The position that each number from 0 to 1 falls on."""
    place = (uniform * totals[-1]).astype(np.int64)
    return np.asarray(np.searchsorted(totals, place, side="right"), dtype=np.int64)
