"""Objects in S3, Google Cloud Storage and Azure Blob Storage, read by obstore."""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from controlplane.errors import SourceError
from controlplane.places import patience
from controlplane.places.globs import fixed_prefix, matches, pattern_parts
from controlplane.places.place import Access, BrokenOffError, RemoteFile, ReplacedError, Stream
from controlplane.places.urls import Url

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import AzureStore, GCSStore, S3Store

_CHUNK = 1 << 20
_MD5 = re.compile(r'"([0-9a-f]{32})"')
_STATUS = re.compile(r"status code: (\d{3})")
_FAMILY = {
    "s3": ("AWS", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
    "gs": ("GOOGLE", "set GOOGLE_APPLICATION_CREDENTIALS to the file of a service account"),
    "az": ("AZURE", "set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY"),
}
_ENDPOINTS = {
    "s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
    "gs": ("GOOGLE_BASE_URL",),
    "az": ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
}


class Objects:
    """One bucket or container."""

    def __init__(self, url: Url, access: Access) -> None:
        self._url = url
        self._access = access
        with self._translated(url):
            self._store = _store(url, access)

    def find(self, url: Url) -> list[RemoteFile]:
        """The objects that the URL means."""
        import obstore

        if not url.is_glob:
            return [self._head(url)]
        parts = pattern_parts(url.path)
        prefix = "/".join(fixed_prefix(parts))
        with self._translated(url):
            return [
                self._file(meta)
                for page in obstore.list(self._store, prefix=prefix or None)
                for meta in page
                if matches(meta["path"].split("/"), parts)
            ]

    def look(self, file: RemoteFile) -> RemoteFile:
        """The object as it is now."""
        return self._head(file.url)

    def open(self, file: RemoteFile, offset: int) -> Stream:
        """The object's bytes from `offset` on."""
        import obstore

        with self._translated(file.url):
            found = obstore.get(
                self._store,
                file.url.path,
                options={"if_match": file.etag, "range": {"offset": offset}}
                if offset
                else {"if_match": file.etag},
            )
        return Stream(offset, self._pieces(file.url, found.stream(_CHUNK)))

    def close(self) -> None:
        """Nothing is kept open."""

    def _head(self, url: Url) -> RemoteFile:
        import obstore

        with self._translated(url):
            return self._file(obstore.head(self._store, url.path))

    def _file(self, meta: ObjectMeta) -> RemoteFile:
        etag = meta["e_tag"]
        md5 = _MD5.fullmatch(etag or "")
        return RemoteFile(
            self._url.at(meta["path"]),
            meta["size"],
            meta["last_modified"].timestamp(),
            etag,
            is_exact=etag is not None,
            is_resumable=etag is not None,
            md5=md5[1] if md5 else None,
        )

    def _pieces(self, url: Url, stream: Iterator[Any]) -> Generator[bytes, None, None]:
        while True:
            with self._translated(url):
                piece = next(stream, None)
            if piece is None:
                return
            yield piece

    @contextmanager
    def _translated(self, url: Url) -> Iterator[None]:
        """Turns what obstore says into our errors; its own words may hold signed addresses."""
        from obstore import exceptions

        try:
            yield
        except FileNotFoundError:
            raise SourceError(
                f"{url.shown}: no such object", hint="check the path; it is taken letter by letter"
            ) from None
        except exceptions.PreconditionError:
            raise ReplacedError from None
        except exceptions.InvalidPathError as error:
            raise SourceError(
                f"{url.shown}: the name of an object has an empty part, as in a//b, or one that"
                " is a dot; such names cannot be read",
                hint="copy the object to another name, or choose the others by a longer path",
            ) from error
        except exceptions.BaseError as error:
            raise self._error(url, str(error)) from None

    def _error(self, url: Url, text: str) -> Exception:
        prefix, how = _FAMILY[url.scheme]
        where = self._access.endpoint or _endpoint(url.scheme) or "the store"
        status = _STATUS.search(text)
        if "169.254.169.254" in text or "metadata.google" in text:
            return SourceError(
                f"{url.shown}: there are no credentials for it",
                hint=f"{how}, or say storage.anonymous: true (without a spec"
                f" {prefix}_SKIP_SIGNATURE=true) if anybody may read it",
            )
        if status and status[1] in ("401", "403"):
            return SourceError(
                f"{url.shown}: access was denied by {where}",
                hint=f"check the credentials ({prefix}_… or `storage` of the spec), and that they"
                " may list and read",
            )
        if status and status[1] == "404":
            what = "container" if url.scheme == "az" else "bucket"
            return SourceError(
                f"{url.shown}: no such {what}: {url.host}", hint="check its name, and the endpoint"
            )
        if status and status[1] == "301":
            return SourceError(
                f"{url.shown}: the bucket is in another region",
                hint="set AWS_REGION, or storage.region of the spec",
            )
        if status:
            # 501 and the like will not go away.
            said = f"{where} answers with status {status[1]}"
            again = status[1] in ("408", "429") or (status[1] >= "500" and status[1] != "501")
            return BrokenOffError(said) if again else SourceError(f"{url.shown}: {said}")
        lower = text.lower()
        if "certificate" in lower or "tls" in lower:
            return SourceError(
                f"{url.shown}: no secure connection to {where}: its certificate is not trusted",
                hint="check the endpoint; set SSL_CERT_FILE for a certificate authority of your own",
            )
        if "timed out" in lower or "timedout" in lower:
            return BrokenOffError(f"nothing came from {where} for too long")
        if "dns error" in lower or "failed to lookup" in lower:
            return BrokenOffError(f"the name of {where} is not known")
        if "connection refused" in lower:
            return BrokenOffError(f"the connection is refused by {where}")
        if "kind: connect" in lower:
            return BrokenOffError(f"{where} cannot be reached")
        if "error decoding response body" in lower or "http error" in lower:
            return BrokenOffError(f"the connection to {where} was cut")
        return SourceError(
            f"{url.shown}: cannot be read by way of {where}{self._harmless(prefix, text)}",
            hint=f"check the settings {prefix}_… and `storage` of the spec",
        )

    def _harmless(self, prefix: str, text: str) -> str:
        """The first line of what obstore says, if nothing secret can be in it."""
        line = text.partition("\n")[0]
        family = [value for name, value in os.environ.items() if name.startswith(f"{prefix}_")]
        secrets = [*family, self._access.username, self._access.password]
        if "://" in line or any(secret and secret in line for secret in secrets):
            return ""
        return f": {line}"


def _endpoint(scheme: str) -> str | None:
    return next((os.environ[name] for name in _ENDPOINTS[scheme] if os.environ.get(name)), None)


def _store(url: Url, access: Access) -> S3Store | GCSStore | AzureStore:
    from obstore import store

    endpoint = access.endpoint or _endpoint(url.scheme)
    options: Any = {
        "connect_timeout": timedelta(seconds=patience.CONNECT_SECONDS),
        "read_timeout": timedelta(seconds=patience.READ_SECONDS),
        # The default ends large files after half a minute, however well they come.
        "timeout": timedelta(days=1),
        "allow_http": bool(endpoint and endpoint.startswith("http://")),
    }
    # We ask again ourselves, from where it broke off.
    retry: Any = {"max_retries": 0, "retry_timeout": timedelta(seconds=patience.READ_SECONDS)}
    names: dict[str, dict[str, object]] = {
        "s3": {
            "endpoint": endpoint,
            "region": access.region,
            "access_key_id": access.username,
            "secret_access_key": access.password,
        },
        "gs": {"base_url": endpoint, "service_account": access.key_file},
        "az": {
            "endpoint": endpoint,
            "account_name": access.username,
            "account_key": access.password,
        },
    }
    config: Any = {name: value for name, value in names[url.scheme].items() if value}
    if access.anonymous:
        config["skip_signature"] = True
    make = {"s3": store.S3Store, "gs": store.GCSStore, "az": store.AzureStore}[url.scheme]
    found: S3Store | GCSStore | AzureStore = make(
        url.host, config=config, client_options=options, retry_config=retry
    )
    return found
