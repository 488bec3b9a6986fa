"""Packed files are known by their first bytes, read to the end, and refused when they are cut."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
import zstandard

from controlplane.errors import SourceError
from controlplane.load.describe import describe_source

CSV = b'id,name\n1,"a" "b"\n2,y\n'


def zipped(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside.txt", data)
    return out.getvalue()


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zip": zipped,
    "zst": zstd,
}
CONTENTS = {
    "csv": b"id,name\n1,x\n2,y\n",
    "tsv": b"id\tname\n1\tx\n2\ty\n",
    "json": b'[{"id": 1, "name": "x"}, {"id": 2, "name": "y"}]',
    "jsonl": b'{"id": 1, "name": "x"}\n{"id": 2, "name": "y"}\n',
    "xml": b"<a><r><id>1</id><name>x</name></r><r><id>2</id><name>y</name></r></a>",
}


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("kind", CONTENTS)
@pytest.mark.parametrize("named", [True, False])
def test_packed_text_of_a_spec_is_read(loading: Any, kind: str, packer: str, named: bool) -> None:
    path = f"shop.{kind}.{packer}" if named else f"shop.{kind}"
    loading.warehouse.file(path, PACKERS[packer](CONTENTS[kind]))
    loading.load(loading.csv(path, source_type=kind))
    assert loading.rows("id", "name") == [("1", "x"), ("2", "y")]


def test_text_that_is_called_packed_is_read_as_it_is(loading: Any) -> None:
    loading.warehouse.file("shop.csv.gz", CONTENTS["csv"])
    loading.load(loading.csv("shop.csv.gz"))
    assert loading.rows("id", "name") == [("1", "x"), ("2", "y")]


def test_a_packed_parquet_file_keeps_its_types(loading: Any, tmp_path: Any) -> None:
    import duckdb

    path = tmp_path / "x.parquet"
    duckdb.sql(f"copy (select 1::bigint as id, date '2024-01-01' as day) to '{path}'")
    loading.warehouse.file("shop.parquet.zst", zstd(path.read_bytes()))
    process = loading.csv("shop.parquet.zst", source_type="parquet")
    columns = describe_source(process, loading.warehouse.project).columns
    assert [(c.name, c.type) for c in columns] == [("id", "bigint"), ("day", "date")]
    loading.load(process)
    assert loading.rows() == [("1", "2024-01-01")]


def test_what_needs_care_is_seen_inside_of_a_packed_file(loading: Any) -> None:
    loading.warehouse.file("shop.csv", CSV)
    loading.warehouse.file("shop.csv.zst", zstd(CSV))
    for path, table in (("shop.csv", "plain"), ("shop.csv.zst", "packed")):
        handling = {"error_action": "quarantine"}
        loading.load(loading.csv(path, name=table, error_handling=handling))
    assert loading.rows("id", "name", table="packed") == loading.rows("id", "name", table="plain")
    [first, second] = loading.rejects("raw_text", "reason")
    assert first == second


@pytest.mark.parametrize("packer", ["gz", "bz2", "xz", "zst"])
@pytest.mark.parametrize("name", ["shop.csv", "shop.csv.gz"])
def test_all_parts_of_a_file_that_was_put_together_are_read(
    loading: Any, packer: str, name: str
) -> None:
    if name.endswith(".gz") and packer != "gz":
        name = f"shop.csv.{packer}"
    pack = PACKERS[packer]
    loading.warehouse.file(name, pack(b"id,name\n1,x\n") + pack(b"2,y\n"))
    loading.load(loading.csv(name))
    assert loading.rows("id", "name") == [("1", "x"), ("2", "y")]


def test_a_file_of_a_parallel_packer_begins_with_a_frame_of_no_data(loading: Any) -> None:
    skipped = b"\x50\x2a\x4d\x18\x04\0\0\0abcd"
    loading.warehouse.file("shop.csv", skipped + zstd(b"id\n1\n") + skipped + zstd(b"2\n"))
    loading.load(loading.csv("shop.csv"))
    assert loading.rows("id") == [("1",), ("2",)]


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("named", [True, False])
def test_a_cut_file_is_refused_and_nothing_is_loaded(
    loading: Any, packer: str, named: bool
) -> None:
    lines = b"".join(b"%d,%d\n" % (n, n * n) for n in range(50_000))
    whole = PACKERS[packer](b"id,square\n" + lines)
    path = f"shop.csv.{packer}" if named else "shop.csv"
    for cut in (len(whole) - 1, len(whole) // 2):
        loading.warehouse.file(path, whole[:cut])
        with pytest.raises(SourceError, match=r"damaged|ends too early"):
            loading.load(loading.csv(path))
    assert ("raw", "shop") not in loading.warehouse.target.relations()


@pytest.mark.parametrize("packer", ["bz2", "xz", "zst"])
def test_a_damaged_file_is_refused(loading: Any, packer: str) -> None:
    whole = bytearray(PACKERS[packer](CSV * 1000))
    whole[len(whole) // 2] ^= 0xFF
    loading.warehouse.file("shop.csv", bytes(whole))
    with pytest.raises(SourceError, match="damaged"):
        loading.load(loading.csv("shop.csv"))


def test_one_packing_in_another_is_undone_but_not_without_end(loading: Any) -> None:
    loading.warehouse.file("shop.csv", zipped(gzip.compress(zstd(b"id\n1\n"))))
    loading.load(loading.csv("shop.csv"))
    assert loading.rows("id") == [("1",)]
    content = b"id\n1\n"
    for _ in range(6):
        content = gzip.compress(content)
    loading.warehouse.file("shop.csv", content)
    with pytest.raises(SourceError, match="packed more than 4 times"):
        loading.load(loading.csv("shop.csv"))
