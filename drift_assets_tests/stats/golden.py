"""The golden vectors: rows whose statistics other programs, or the definition in numpy, gave."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

_random = np.random.default_rng(20260101)
ROWS: Final[dict[str, npt.NDArray[Any]]] = {
    "baseline": _random.normal(0, 1, 10_000),
    "A": _random.normal(0.25, 1.1, 5_000),
    "same": _random.normal(0, 1, 5_000),
    "B": _random.normal(3, 1, 5_000),
    "letters": _random.choice(list("abcd"), p=[0.5, 0.3, 0.15, 0.05], size=10_000),
    "now": _random.choice(list("abcde"), p=[0.4, 0.3, 0.2, 0.05, 0.05], size=5_000),
}
