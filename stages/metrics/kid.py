"""KID (Binkowski 2018): the squared kernel distance of generated pictures and test works."""

from stages.metrics.comparison import Comparison
from stages.metrics.kernel import squared_mmd


def kid(comparison: Comparison) -> float:
    """Of all pictures at once, 2 or more on both sides; for equal distributions 0 on average, so often below 0."""
    return squared_mmd(comparison.pair)
