"""Multiple testing: p-values adjusted for having looked at many columns at once."""

import numpy as np
from numpy.typing import ArrayLike

from drift_assets.errors import ConfigurationError
from drift_assets.profiles.binning import FloatArray


def benjamini_hochberg(p_values: ArrayLike) -> FloatArray:
    """Return the Benjamini-Hochberg adjusted p-values of one family.

    Parameters
    ----------
    p_values
        Shape ``(n,)``, each in [0, 1], any order.

    Returns
    -------
    numpy.ndarray
        Shape ``(n,)``, in the same order, in [0, 1]: rejecting those at or
        below a level keeps the expected share of false rejections there [1]_.

    Raises
    ------
    ConfigurationError
        If a p-value is NaN or outside [0, 1].

    References
    ----------
    .. [1] Y. Benjamini, Y. Hochberg, "Controlling the false discovery rate",
       Journal of the Royal Statistical Society B 57 (1995), 289-300.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03, 0.5]).round(4).tolist()
    [0.04, 0.0533, 0.0533, 0.5]
    """
    p = np.asarray(p_values, dtype=np.float64)
    if not ((p >= 0) & (p <= 1)).all():
        raise ConfigurationError(f"Found the p-values {p.tolist()}, expected each in [0, 1].")
    order = np.argsort(p)[::-1]
    n = len(p)
    scaled = p[order] * n / np.arange(n, 0, -1)
    adjusted = np.empty(n)
    adjusted[order] = np.minimum.accumulate(np.minimum(scaled, 1.0))
    return adjusted
