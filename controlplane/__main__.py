"""Run the command line, and turn every way it can end into an exit code and one clear message."""

from __future__ import annotations

import os
import sys

import click

from controlplane.errors import DatabankError, ExitCode


def main(arguments: list[str] | None = None) -> None:
    """Run `databank` with `arguments` (default: the process's own) and exit."""
    sys.exit(_run(arguments))


def _run(arguments: list[str] | None) -> int:
    from controlplane.cli import databank

    try:
        answer = databank.main(arguments, prog_name="databank", standalone_mode=False)
    except DatabankError as error:
        click.echo(f"Error: {error}", err=True)
        return error.exit_code
    except click.exceptions.Abort:
        click.echo("Interrupted.", err=True)
        return ExitCode.INTERRUPTED
    except KeyboardInterrupt:
        click.echo("Interrupted.", err=True)
        return ExitCode.INTERRUPTED
    except click.ClickException as error:
        error.show()
        return ExitCode.WRONG_REQUEST
    except BrokenPipeError:
        # The reader of our output went away (`| head`): nothing is wrong, and nothing more to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.DONE
    except Exception as error:  # a fault of ours: a person still gets one message, not a traceback
        if os.environ.get("DATABANK_TRACEBACK"):
            raise
        click.echo(
            f"Error: unforeseen {type(error).__name__}: {error}\n"
            "  this is a fault in Databank; set DATABANK_TRACEBACK=1 to see where",
            err=True,
        )
        return ExitCode.WRONG_REQUEST
    return int(answer) if isinstance(answer, int) else ExitCode.DONE


if __name__ == "__main__":
    main()
