"""How long the demo data take to write, and how much memory.

    python benchmarks/bench_demo.py [--scale 10] [--json]

Scale 10 is a million transactions with everything that belongs to them.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from controlplane.demo import Scope, make_demo

LIMITS = {"seconds": 30.0, "peak memory GiB": 2.0}


def main() -> int:
    """Print the figures; 1 if one is beyond its limit, which is that of scale 10."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--scale", type=float, default=10.0)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        demo = make_demo(Scope(scale=arguments.scale), Path(folder))
        seconds = time.perf_counter() - begun
    # Linux counts in KiB, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    totals = demo.totals()
    figures = {
        "transactions": sum(row[2] for row in totals if row[0] in ("pos", "web")),
        "records": sum(row[2] for row in totals),
        "GB written": round(sum(row[3] for row in totals) / 1e9, 3),
        "seconds": round(seconds, 1),
        "peak memory GiB": round(peak / 2**30, 2),
    }
    if arguments.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:16} {value:,}")
    return int(any(figures[name] > limit for name, limit in LIMITS.items()))


if __name__ == "__main__":
    sys.exit(main())
