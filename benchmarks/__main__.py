"""Every benchmark in one run on this machine, each with the limit that it has to keep.

Run it as `python benchmarks [--dlt PYTHON]`; the option goes to `bench_files`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

BENCHMARKS = (
    "bench_load",
    "bench_files",
    "bench_run",
    "bench_generate",
    "bench_discover",
    "bench_quality",
    "bench_warehouse",
)


def main() -> int:
    """Run them one after the other, for two at once would measure each other; 1 if one missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--dlt", metavar="PYTHON", help="a Python with dlt[duckdb], pyarrow and pandas"
    )
    dlt = parser.parse_args().dlt
    missed = []
    for name in BENCHMARKS:
        print(f"== {name}", flush=True)
        script = Path(__file__).with_name(f"{name}.py")
        options = ["--dlt", dlt] if dlt and name == "bench_files" else []
        if subprocess.run([sys.executable, str(script), *options], check=False).returncode:
            missed.append(name)
    print(f"missed a limit: {', '.join(missed)}" if missed else "every limit is kept")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
