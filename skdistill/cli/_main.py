"""The entry point: whatever goes wrong below becomes one line and an exit code."""

import sys
import warnings
from collections.abc import Sequence

from skdistill._optional import import_optional
from skdistill.cli._errors import CommandError, InterruptedWorkError, one_line
from skdistill.cli._signals import ending_as_interrupted

__all__ = ["main"]

_WRONG_DATA, _WRONG_USAGE, _INTERRUPTED = 1, 2, 130


def main(args: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    args : sequence of str, default=None
        The words after `skdistill`. If None, those of the process are used.

    Returns
    -------
    int
        The exit code: 0 for success; 1 if data, a file or a fit is at fault; 2 if the
        words are; 130 if it was interrupted.
    """
    args = list(sys.argv[1:] if args is None else args)
    debug = "--debug" in args
    try:
        import_optional("click", extra="cli")
        with ending_as_interrupted():
            return _run(args, debug)
    except InterruptedWorkError as error:
        return _fail(error, _INTERRUPTED, debug)
    except KeyboardInterrupt as error:
        return _fail(error, _INTERRUPTED, debug, "Interrupted. Nothing was written.")
    except (CommandError, ImportError) as error:
        return _fail(error, _WRONG_DATA, debug)
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        if not debug:
            message += " (run it again with --debug for the traceback)"
        return _fail(error, _WRONG_DATA, debug, message)


def _run(args: list[str], debug: bool) -> int:
    """Run the command of these words; return the exit code."""
    import click

    from skdistill.cli._commands import skdistill

    try:
        with warnings.catch_warnings():
            if not debug:
                warnings.simplefilter("ignore")
            skdistill.main(args, prog_name="skdistill", standalone_mode=False, obj=args)
    except click.exceptions.NoArgsIsHelpError as error:
        sys.stdout.write(f"{error.format_message()}\n")
    except click.ClickException as error:
        remedy = ""
        if isinstance(error, click.UsageError) and error.ctx is not None:
            remedy = f" See {error.ctx.command_path} --help."
        message = f"{error.format_message().rstrip('.')}.{remedy}"
        return _fail(error, _WRONG_USAGE, debug, message)
    except click.Abort as error:
        raise KeyboardInterrupt from error
    return 0


def _fail(
    error: BaseException, code: int, debug: bool, message: str | None = None
) -> int:
    """Write the error, with its traceback if `debug`; return the code."""
    if debug:
        import traceback

        sys.stderr.write("".join(traceback.format_exception(error)))
    sys.stderr.write(f"error: {one_line(message or str(error))}\n")
    return code
