"""Writes dbt's documentation site as one page that works without a server."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from controlplane.config import Project
from controlplane.dbt.process import dbt_dir, run_dbt
from controlplane.errors import DbtError

PAGE = "index.html"
# Beside the page, for programs that read them.
ARTIFACTS = ("manifest.json", "catalog.json")


def write_site(
    project: Project, folder: Path, *, args: Sequence[str] = (), pass_fds: Sequence[int] = ()
) -> Path:
    """The page, newly written into `folder`; on an error the one before is still there.

    Args:
        project: the project that is documented.
        folder: where the page and dbt's artifacts go; made if missing.
        args: further arguments of `dbt docs generate`.
        pass_fds: descriptors that dbt holds open, such as the warehouse's lock.

    Raises:
        DbtError: dbt cannot read the project or the warehouse.
    """
    work = dbt_dir(project)
    work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=work, prefix="tmp-") as name:
        scratch = Path(name)
        run = run_dbt(
            project,
            "docs generate",
            ("--static", *args),
            target_path=scratch,
            pass_fds=pass_fds,
        )
        page = scratch / "static_index.html"
        if run.exit_code != 0 or not page.exists():
            raise DbtError(f"dbt docs generate failed: {run.error or 'it wrote no page'}")
        folder.mkdir(parents=True, exist_ok=True)
        for artifact in ARTIFACTS:
            shutil.move(scratch / artifact, folder / artifact)
        shutil.move(page, folder / PAGE)
    return folder / PAGE
