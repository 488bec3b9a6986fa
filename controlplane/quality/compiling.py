"""dbt for compiling alone: started only if it is needed, and gone afterwards."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from controlplane.config import Project
from controlplane.dbt.process import DbtSession, dbt_dir
from controlplane.errors import DbtError
from controlplane.quality.prepared import RunDbt
from controlplane.targets import Target
from controlplane.targets.base import OnWait

_HOLDER = "databank quality validate"


@contextmanager
def compiling(project: Project, target: Target, on_wait: OnWait | None = None) -> Iterator[RunDbt]:
    """Runs commands of dbt's that write nothing; what they leave behind is gone at the end."""
    with ExitStack() as stack:
        sessions: list[DbtSession] = []

        def run(command: str, args: Sequence[str]) -> Path:
            if not sessions:
                sessions.append(stack.enter_context(DbtSession(project)))
            parent = dbt_dir(project)
            parent.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(dir=parent, prefix="tmp-"))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            # dbt opens the warehouse: who writes it is waited for.
            with target.write_lock(_HOLDER, on_wait=on_wait):
                done = sessions[0].run(command, args, target_path=folder)
            if done.exit_code != 0:
                raise DbtError(
                    f"dbt {command} failed: {done.error or f'exit code {done.exit_code}'}"
                )
            return folder

        yield run
