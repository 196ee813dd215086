"""What all commands share: how errors end a command, and how numbers are read."""

import math
import sys
from collections.abc import Iterator, MutableMapping
from datetime import date
from importlib import import_module
from typing import Any, Final

import click

from drift_assets.errors import DriftAssetsError

DRIFT_FOUND: Final = 1
BAD_INPUT: Final = 2
STOPPED: Final = 130
"""As shells have it for what Ctrl-C ended: 128 and the number of its signal."""


class Number(click.FloatRange):
    """A float in a range; NaN, which compares as neither inside nor outside, is refused."""

    def convert(
        self,
        value: Any,  # noqa: ANN401  # as click has it
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float:
        """Return the number, or fail as click does."""
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail("NaN is not a number.", param, ctx)
        return number


def day_of(_: click.Context, __: click.Parameter, value: str | None) -> date | None:
    """Return the day that an option's text means, such as 2026-11-23; None for none given."""
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"found {value!r}, expected a day such as 2026-11-23") from None


class ByModule(MutableMapping[str, click.Command]):
    """Commands by name, each loaded when it is asked for from the module of that name.

    `compare` must not wait for what the others are made of.
    """

    def __init__(self, *names: str) -> None:
        self._loaded: dict[str, click.Command | None] = dict.fromkeys(names)

    def __getitem__(self, name: str) -> click.Command:
        command = self._loaded[name]
        if command is None:
            command = getattr(import_module(f"drift_assets.cli.{name}"), name)
            self._loaded[name] = command
        return command

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._loaded)

    def __len__(self) -> int:
        return len(self._loaded)


class Commands(click.Group):
    """Prints the errors that drift_assets raises on purpose, and leaves with status 2.

    What Ctrl-C stops leaves with 130: click's own 1 would say that drift was found.
    """

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  # as click has it
        """Run a command; an error on purpose becomes a line and status 2."""
        try:
            return super().invoke(ctx)
        except DriftAssetsError as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(BAD_INPUT)
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)
            ctx.exit(STOPPED)
        except BrokenPipeError:
            # The reader of a pipe has seen enough.
            sys.stderr.close()
            ctx.exit(0)
        except OSError as error:
            # A disk that is full or may not be written to, wherever that shows.
            if error.filename is None:
                raise
            click.echo(
                f"Error: Cannot use {error.filename}: {error.strerror}; expected a place that "
                "this user may read and write, with room.",
                err=True,
            )
            ctx.exit(BAD_INPUT)
