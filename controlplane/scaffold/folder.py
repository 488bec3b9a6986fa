"""A new folder that is there whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from controlplane.errors import ConfigError


@contextmanager
def new_folder(wanted: Path) -> Iterator[Path]:
    """A folder beside the wanted one, which takes its place when the block ends without an error.

    Both have the same parent, so that a path relative to the one is relative to the other, too.

    Raises:
        ConfigError: there is something in the wanted place, or it cannot be written to.
    """
    _refuse_what_is_there(wanted)
    try:
        wanted.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=wanted.parent, prefix=f".{wanted.name}-"))
        made.chmod(0o755)
    except OSError as error:
        raise ConfigError(f"{wanted}: cannot be made: {error.strerror}") from error
    try:
        yield made
        _refuse_what_is_there(wanted)
        try:
            # An empty folder in the place gives way; on every system that keeps folders so.
            made.rename(wanted)
        except OSError as error:
            raise ConfigError(f"{wanted}: cannot be made: {error.strerror}") from error
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def _refuse_what_is_there(wanted: Path) -> None:
    if wanted.is_dir():
        found = sorted(each.name for each in wanted.iterdir())
        if not found:
            return
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""
        raise ConfigError(
            f"{wanted}: the folder holds files ({', '.join(found[:3])}{more})",
            hint="name a folder that does not exist or is empty; a new project takes nothing over",
        )
    if wanted.exists() or wanted.is_symlink():
        raise ConfigError(f"{wanted}: is there already, and is no folder", hint="name another one")
