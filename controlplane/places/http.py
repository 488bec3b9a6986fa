"""Files of web servers."""

from __future__ import annotations

import base64
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit
from urllib.request import getproxies, proxy_bypass

from controlplane.errors import SourceError
from controlplane.places import patience
from controlplane.places.place import Access, BrokenOffError, RemoteFile, ReplacedError, Stream
from controlplane.places.urls import Url

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

_CHUNK = 1 << 16
_RANGE = re.compile(r"bytes (\d+)-\d+/(?:\d+|\*)")
# Where HEAD is not allowed, as behind addresses that are signed for GET, or tells no length, the
# file itself is asked for.
_NO_HEAD = (403, 405, 501)
_LATER = (408, 425, 429, 500, 502, 503, 504)
_REDIRECTS = 5


class Http:
    """One web server."""

    def __init__(self, url: Url, access: Access) -> None:
        self._pool = _pool(url)
        self._headers = {"Accept-Encoding": "identity", "User-Agent": "databank"}
        if access.username is not None:
            pair = f"{access.username}:{access.password or ''}".encode()
            self._headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"

    def find(self, url: Url) -> list[RemoteFile]:
        """The file of the URL; a web server has no lists."""
        return [self._look(url)]

    def look(self, file: RemoteFile) -> RemoteFile:
        """The file as it is now."""
        return self._look(file.url)

    def open(self, file: RemoteFile, offset: int) -> Stream:
        """The file's bytes: from `offset` on where the server can do that, else all of them."""
        headers = {}
        if offset and file.is_resumable and file.etag:
            headers = {"Range": f"bytes={offset}-", "If-Range": file.etag}
        response = self._request("GET", file.url, headers)
        with _released_on_error(response):
            if response.status == 416:
                raise ReplacedError
            _check(response, file.url)
            start = 0
            if response.status == 206:
                found = _RANGE.match(response.headers.get("Content-Range", ""))
                start = int(found[1]) if found else -1
                if start != offset:
                    raise BrokenOffError("the server sent another part than it was asked for")
            now = _described(response, file.url)
            if _differ(now.etag, file.etag) or _differ(now.modified, file.modified):
                raise ReplacedError
            if _differ(now.size, file.size):
                raise ReplacedError
            if response.length_remaining is None and not response.chunked:
                raise SourceError(
                    f"{file.url.shown}: the server does not say how long the file is, so that a"
                    " transfer that was cut could not be told from a whole one",
                    hint="download it by other means, and load it from there",
                )
        return Stream(start, self._pieces(response))

    def close(self) -> None:
        """End all connections."""
        self._pool.clear()

    def _look(self, url: Url) -> RemoteFile:
        response = self._request("HEAD", url, {})
        length = response.headers.get("Content-Length", "0")
        if response.status in _NO_HEAD or (response.status == 200 and length == "0"):
            response.close()
            response = self._request("GET", url, {})
        with _released_on_error(response):
            _check(response, url)
            found = _described(response, url)
        response.close()
        return found

    def _request(self, method: str, url: Url, headers: dict[str, str]) -> BaseHTTPResponse:
        from urllib3 import Retry, Timeout

        # We ask again ourselves, from where it broke off; only redirects are followed here.
        retries = Retry(
            total=None,
            connect=0,
            read=0,
            status=0,
            other=0,
            redirect=_REDIRECTS,
            raise_on_status=False,
        )
        with _translated(url):
            return self._pool.request(
                method,
                _address(url),
                headers=self._headers | headers,
                preload_content=False,
                retries=retries,
                timeout=Timeout(connect=patience.CONNECT_SECONDS, read=patience.READ_SECONDS),
            )

    def _pieces(self, response: BaseHTTPResponse) -> Generator[bytes, None, None]:
        stream = response.stream(_CHUNK, decode_content=False)
        try:
            while True:
                with _translated(None):
                    piece = next(stream, None)
                if piece is None:
                    return
                yield piece
        finally:
            response.close()


def _differ(one: object, other: object) -> bool:
    """Whether two answers say different things; some say less than others."""
    return None not in (one, other) and one != other


def _pool(url: Url) -> PoolManager:
    import urllib3

    proxy = None if proxy_bypass(url.host) else getproxies().get(url.scheme)
    return urllib3.ProxyManager(proxy) if proxy else urllib3.PoolManager()


def _address(url: Url) -> str:
    """The URL as it is sent; what may not stand in one is escaped, what is escaped stays."""
    path = quote(url.path, safe="/%:@!$&'()*+,;=~[]")
    return f"{url.root}{path}" + (f"?{url.query}" if url.query else "")


def _described(response: BaseHTTPResponse, url: Url) -> RemoteFile:
    headers = response.headers
    etag = headers.get("ETag")
    modified = None
    if given := headers.get("Last-Modified"):
        try:
            modified = parsedate_to_datetime(given).timestamp()
        except ValueError:
            modified = None
    size = headers.get("Content-Length", "")
    md5 = None
    if given := headers.get("Content-MD5"):
        try:
            md5 = base64.b64decode(given, validate=True).hex() or None
        except ValueError:
            md5 = None
    is_exact = etag is not None and not etag.startswith("W/")
    return RemoteFile(
        url,
        int(size) if size.isdigit() and response.status == 200 else None,
        modified,
        etag,
        is_exact=is_exact,
        is_resumable=is_exact,
        md5=md5,
        is_md5_certain=True,
    )


def _check(response: BaseHTTPResponse, url: Url) -> None:
    """Raise what the status means, if it is not that the file comes."""
    from urllib3 import Retry
    from urllib3.exceptions import InvalidHeader

    status = response.status
    if status in (200, 206):
        return
    if status in (401, 403, 407):
        raise SourceError(
            f"{url.shown}: access was denied by {url.host} (status {status})",
            hint="check that the address is still valid; user and password belong into"
            " storage.username and storage.password of a spec",
        )
    if status in (404, 410):
        raise SourceError(f"{url.shown}: no such file (status {status})", hint="check the URL")
    if status not in _LATER:
        raise SourceError(
            f"{url.shown}: {url.host} answers with status {status}", hint="check the URL"
        )
    asked = None
    if given := response.headers.get("Retry-After"):
        try:
            asked = Retry().parse_retry_after(given)
        except InvalidHeader:
            asked = None
    raise BrokenOffError(f"{url.host} answers with status {status}", retry_after=asked)


@contextmanager
def _released_on_error(response: BaseHTTPResponse) -> Iterator[None]:
    try:
        yield
    except BaseException:
        response.close()
        raise


@contextmanager
def _translated(url: Url | None) -> Iterator[None]:
    """Turns what urllib3 says into our errors; its own words may hold signed addresses."""
    from urllib3 import exceptions

    host = urlsplit(url.root).netloc if url else "the server"
    try:
        yield
    except exceptions.MaxRetryError as error:
        raise _error(url, f"{host}", error.reason or error) from None
    except exceptions.HTTPError as error:
        raise _error(url, f"{host}", error) from None
    except OSError as error:
        raise BrokenOffError(f"the connection to {host} was cut") from error


def _error(url: Url | None, host: str, error: Exception) -> Exception:
    from urllib3 import exceptions

    shown = url.shown if url else host
    if isinstance(error, exceptions.SSLError):
        return SourceError(
            f"{shown}: no secure connection to {host}: {_reason(error)}",
            hint="check the URL; set SSL_CERT_FILE for a certificate authority of your own",
        )
    if isinstance(error, exceptions.ResponseError):
        return SourceError(f"{shown}: {host} redirects in a circle", hint="check the URL")
    if isinstance(error, exceptions.LocationValueError):
        return SourceError(f"{shown}: is no URL that can be asked for", hint="check it")
    if isinstance(error, exceptions.NameResolutionError):
        return BrokenOffError(f"the name of {host} is not known")
    if isinstance(error, exceptions.ProxyError):
        return BrokenOffError("the proxy of the environment cannot be reached")
    if isinstance(error, exceptions.NewConnectionError):
        return BrokenOffError(f"the connection is refused by {host}, or cannot be made")
    if isinstance(error, exceptions.ConnectTimeoutError):
        return BrokenOffError(f"{host} cannot be reached")
    if isinstance(error, exceptions.TimeoutError):
        return BrokenOffError(f"nothing came from {host} for too long")
    return BrokenOffError(f"the connection to {host} was cut")


def _reason(error: Exception) -> str:
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return "its certificate is not trusted"
    return "it speaks no TLS that we know" if "WRONG_VERSION" in text else "TLS failed"
