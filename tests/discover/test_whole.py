"""Several files are written all together or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from controlplane.discover.whole import write_whole
from controlplane.errors import DatabankError


def files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_all_files_are_written(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("old")
    write_whole(tmp_path, {"a.yml": "new", "etl/b.yml": "b"}, new=["etl/b.yml"])
    assert files(tmp_path) == {"a.yml": "new", "etl/b.yml": "b"}


@pytest.mark.parametrize("how", ["is there already", "cannot be written"])
def test_one_that_cannot_be_written_leaves_all_as_they_were(tmp_path: Path, how: str) -> None:
    (tmp_path / "a.yml").write_text("old")
    if how == "is there already":
        (tmp_path / "c.yml").write_text("theirs")
    else:
        # A folder is in the place of the file, which is noticed when the others have been moved.
        (tmp_path / "c.yml").mkdir()
    before = files(tmp_path)
    with pytest.raises(DatabankError, match=how):
        write_whole(tmp_path, {"a.yml": "new", "b.yml": "b", "c.yml": "c"}, new=["b.yml", "c.yml"])
    assert files(tmp_path) == before
