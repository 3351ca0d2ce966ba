"""Owns how fast a figure grows over time, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import linear_regression, mean

# Neighbouring samples are alike: means of so many blocks stand for them, so that the confidence is not overstated.
_BLOCKS = 20
# Student's t for 95 % and 18 degrees of freedom.
_T = 2.101


@dataclass(frozen=True, slots=True)
class Slope:
    """Growth per unit of time, and the half width of its 95 % confidence interval."""

    value: float
    half_width: float

    def __str__(self) -> str:
        return f"{self.value:+.1f} ± {self.half_width:.1f}"


def slope(samples: Sequence[tuple[float, float]]) -> Slope:
    """The least-squares line through the means of 20 blocks of samples (time, figure); at least 60 samples.

    Raises:
        ValueError: There are too few.
    """
    if len(samples) < 3 * _BLOCKS:
        raise ValueError(f"{len(samples)} samples are too few for a slope: {3 * _BLOCKS} are needed")
    size = len(samples) // _BLOCKS
    # What is over falls to the beginning, which is the least settled.
    rest = samples[len(samples) - size * _BLOCKS :]
    blocks = [rest[start : start + size] for start in range(0, len(rest), size)]
    times = [mean(time for time, _ in block) for block in blocks]
    figures = [mean(figure for _, figure in block) for block in blocks]
    line = linear_regression(times, figures)
    errors = sum(
        (figure - line.slope * time - line.intercept) ** 2 for time, figure in zip(times, figures, strict=True)
    )
    spread = sum((time - mean(times)) ** 2 for time in times)
    return Slope(line.slope, _T * sqrt(errors / (_BLOCKS - 2) / spread))
