"""The application of all commands, and its messages for failures."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import typer

from infra.accounts import AccountMissing
from infra.control.failures import SuiteFailure
from infra.control.progress import silence_output
from infra.programs import ProgramMissing
from infra.run_folder import RunFolderClosed
from infra.topology_tables import TopologyError

P = ParamSpec("P")

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


def told(command: Callable[P, None]) -> Callable[P, None]:
    """Print known failures as a sentence on standard error, and exit with a non-zero status."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
            # What is still buffered may meet a closed pipe, too.
            sys.stdout.flush()
        except (
            AccountMissing,
            SuiteFailure,
            ProgramMissing,
            RunFolderClosed,
            TopologyError,
        ) as failure:
            sys.stderr.write(f"\n{failure}\n")
            raise typer.Exit(1) from None
        except PermissionError as error:
            sys.stderr.write(
                f"\n{error.filename} belongs to another user: run this as the user who ran"
                " `make up` first, or choose another folder with RETRATO_RUN_DIR.\n"
            )
            raise typer.Exit(1) from None
        except BrokenPipeError:
            silence_output()  # for example `make status | head`
        except KeyboardInterrupt:
            sys.stderr.write("\nInterrupted; run the same command again to go on.\n")
            raise typer.Exit(130) from None

    return run
