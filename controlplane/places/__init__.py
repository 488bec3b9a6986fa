"""Files that lie elsewhere: object stores, web servers and SFTP servers.

A place lists the files of a URL and opens one at any byte; `fetch` brings files to the disk, whole
or not at all. The libraries that speak with a kind of server are imported when it is asked.
"""

from __future__ import annotations

from controlplane.places.fetch import Fetched, Postponed, fetch_all
from controlplane.places.place import Access, Place, RemoteFile
from controlplane.places.urls import Url, is_remote, parse_url, url_fault

__all__ = [
    "Access",
    "Fetched",
    "Place",
    "Postponed",
    "RemoteFile",
    "Url",
    "fetch_all",
    "is_remote",
    "open_place",
    "parse_url",
    "url_fault",
]


def open_place(url: Url, access: Access) -> Place:
    """The place where the files of the URL lie; nothing is asked of it yet."""
    if url.scheme == "sftp":
        from controlplane.places.sftp import Sftp

        return Sftp(url, access)
    if url.scheme in ("http", "https"):
        from controlplane.places.http import Http

        return Http(url, access)
    from controlplane.places.objects import Objects

    return Objects(url, access)
