"""Every benchmark in one run on this machine, each with the limit that it has to keep.

Run it as `python benchmarks`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCHMARKS = (
    "bench_load",
    "bench_files",
    "bench_run",
    "bench_generate",
    "bench_quality",
    "bench_warehouse",
)


def main() -> int:
    """Run them one after the other, for two at once would measure each other; 1 if one missed."""
    missed = []
    for name in BENCHMARKS:
        print(f"== {name}", flush=True)
        script = Path(__file__).with_name(f"{name}.py")
        if subprocess.run([sys.executable, str(script)], check=False).returncode:
            missed.append(name)
    print(f"missed a limit: {', '.join(missed)}" if missed else "every limit is kept")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
