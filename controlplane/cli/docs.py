"""`databank docs`: writes the dbt docs site, and serves it to this machine."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from controlplane.cli.options import output_option, project_options
from controlplane.errors import ConfigError

if TYPE_CHECKING:
    from http.server import ThreadingHTTPServer

    from controlplane.config import Project

HOST = "127.0.0.1"


@click.command(epilog="Example: databank docs --no-serve")
@click.option("--serve/--no-serve", default=None, help="Serve the site; default: in a terminal.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="Where to serve it; 0 takes any port that is free.",
)
@output_option
@project_options
def docs(project: Project, serve: bool | None, port: int, output: str) -> None:
    """Write the dbt docs site: one page, which works without a server too.

    Beside it stands a diagram of the tables and references of each layer, which the page links to.
    """
    from controlplane.cli.output import emit, narrate
    from controlplane.dbt.site import write_site
    from controlplane.discover.erd.site import add_diagrams
    from controlplane.targets import open_target

    folder = project.ensure_state_dir() / "docs"
    target = open_target(project.target)
    with target.write_lock("databank docs", on_wait=narrate) as lock:
        page = write_site(project, folder, pass_fds=lock.pass_fds)
    diagrams = [str(picture) for picture in add_diagrams(page)]
    emit({"page": str(page), "diagrams": diagrams}, output, lambda: str(page))
    if serve is None:
        serve = output == "text" and sys.stdin.isatty() and sys.stdout.isatty()
    if serve:
        with docs_server(folder, port) as server:
            narrate(f"Serving http://{HOST}:{server.server_address[1]}/ until Ctrl-C")
            server.serve_forever()


def docs_server(folder: Path, port: int) -> ThreadingHTTPServer:
    """A server of the folder's files that only this machine can reach.

    Raises:
        ConfigError: the port is taken.
    """
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing: a line for each request would bury the address."""

    try:
        return ThreadingHTTPServer((HOST, port), partial(Quiet, directory=str(folder)))
    except OSError as error:
        raise ConfigError(
            f"cannot serve on {HOST}:{port}: {error.strerror}", hint="try --port 0"
        ) from error
