"""Every error that drift_assets raises on purpose, drawn as a tree.

::

    DriftAssetsError
    ├── ConfigurationError        a monitor, an option or a call is described wrongly
    │   └── UnknownNameError      a name is not among the known ones
    ├── DataError                 the rows cannot be used as they are
    │   ├── UnreadableFileError   a file is absent, damaged or not what its name says
    │   ├── NoDataError           there is nothing to read: no file, no row, no value
    │   ├── ColumnError           a column is absent, ambiguous or of an unsupported type
    │   └── EmptyProfileError     a statistic was asked of a side without values
    ├── BinningMismatchError      two profiles were made with different rulers
    ├── BaselineError             no frozen baseline fits what was asked
    ├── HistoryError              the history cannot be read or written
    │   ├── HistoryBusyError      another process held it for too long
    │   ├── HistoryVersionError   it was written by a newer drift_assets
    │   └── QueryError            a query was refused or failed
    └── DeliveryError             an alert could not be handed over

Each message says what was found, what was expected and what to do. The
command line prints it without a traceback and leaves with status 2.
"""

from collections.abc import Iterable


class DriftAssetsError(Exception):
    """The root: catch this to catch all that drift_assets raises on purpose."""


class ConfigurationError(DriftAssetsError):
    """A monitor, an option or a call is described wrongly."""


class UnknownNameError(ConfigurationError):
    """A name is not among the known ones.

    Examples
    --------
    >>> print(UnknownNameError("statistic", "psy", ["psi", "ks"]))
    Unknown statistic 'psy'. Did you mean 'psi'? Known: ks, psi.
    """

    def __init__(self, what: str, name: str, known: Iterable[str], *, hint: str = "") -> None:
        # Only who errs pays for its import.
        import difflib  # noqa: PLC0415

        names = sorted(known)
        folded = {known_name.casefold(): known_name for known_name in names}
        close = difflib.get_close_matches(name.casefold(), folded, n=1)
        guess = f" Did you mean {folded[close[0]]!r}?" if close else ""
        listing = ", ".join(names) if names else "none"
        super().__init__(
            f"Unknown {what} {name!r}.{guess} Known: {listing}.{' ' + hint if hint else ''}"
        )
        self.what = what
        self.name = name
        self.known = names
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        # Exception's own way passes the whole message as the first argument.
        return _unknown_name, (self.what, self.name, self.known, self.hint)


def _unknown_name(what: str, name: str, known: list[str], hint: str) -> UnknownNameError:
    return UnknownNameError(what, name, known, hint=hint)


class DataError(DriftAssetsError):
    """The rows cannot be used as they are."""


class UnreadableFileError(DataError):
    """A file is absent, damaged or not what its name says."""


class NoDataError(DataError):
    """There is nothing to read: no file, no row or no value."""


class ColumnError(DataError):
    """A column is absent, ambiguous or of an unsupported type."""


class EmptyProfileError(DataError):
    """A statistic was asked of a side without values."""


class BinningMismatchError(DriftAssetsError):
    """Two profiles were made with different rulers and cannot be compared or added."""


class BaselineError(DriftAssetsError):
    """No frozen baseline fits what was asked."""


class HistoryError(DriftAssetsError):
    """The history cannot be read or written."""


class HistoryBusyError(HistoryError):
    """Another process held the history for longer than the caller would wait."""


class HistoryVersionError(HistoryError):
    """The history was written by a newer drift_assets than this one."""


class QueryError(HistoryError):
    """A query was refused or failed."""


class DeliveryError(DriftAssetsError):
    """An alert could not be handed over to its channel.

    Attributes
    ----------
    retry_after_seconds
        How long the receiver asks to be left alone; None if it does not say.
    is_permanent
        Whether the same message would be refused again, so that trying is no use.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after_seconds: float | None = None,
        is_permanent: bool = False,
    ) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
        self.is_permanent = is_permanent

    def __reduce__(self) -> tuple[object, ...]:
        return _delivery_error, (str(self), self.retry_after_seconds, self.is_permanent)


def _delivery_error(message: str, retry_after: float | None, is_permanent: bool) -> DeliveryError:  # noqa: FBT001  # pickle passes by position
    return DeliveryError(message, retry_after_seconds=retry_after, is_permanent=is_permanent)
