"""Run the command line, and turn every way it can end into an exit code and one clear message."""

from __future__ import annotations

import errno
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
        _say(f"Error: {error}")
        return error.exit_code
    except (click.exceptions.Abort, KeyboardInterrupt):
        _say("Interrupted.")
        return ExitCode.INTERRUPTED
    except click.ClickException as error:
        error.show()
        return ExitCode.WRONG_REQUEST
    except BrokenPipeError:
        # The reader of our output went away (`| head`): nothing is wrong, and nothing more to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.DONE
    except OSError as error:
        _say(_os_error(error))
        return ExitCode.FAILED
    except Exception as error:  # a fault of ours: a person still gets one message, not a traceback
        if os.environ.get("DATABANK_TRACEBACK"):
            raise
        _say(
            f"Error: unforeseen {type(error).__name__}: {error}\n"
            "  this is a fault in Databank; set DATABANK_TRACEBACK=1 to see where"
        )
        return ExitCode.WRONG_REQUEST
    return int(answer) if isinstance(answer, int) else ExitCode.DONE


def _os_error(error: OSError) -> str:
    """What the system did not allow: the machine has to be put right, not the request."""
    if os.environ.get("DATABANK_TRACEBACK"):
        raise error
    place = f"{error.filename}: " if error.filename else ""
    if error.errno == errno.ENOSPC:
        hint = "free some space and run the same command again; nothing was lost"
        return f"Error: {place}the disk is full\n  {hint}"
    return f"Error: {place}{error.strerror or error}"


def _say(message: str) -> None:
    from controlplane.cli.output import narrate

    narrate(message)


if __name__ == "__main__":
    main()
