"""Data sets of the course, batch first: ``x (n_samples, n_steps, n_features)``.

Generated ones come with the loss that a learner without memory cannot beat.
"""

from course_utils.datasets.generated import (
    adding,
    adding_baseline,
    copy_baseline,
    copy_memory,
    generate_sine_wave,
    parity,
    parity_baseline,
    temporal_order,
    temporal_order_baseline,
)
from course_utils.datasets.shipped import Poem, load_prose, load_verse

__all__ = [
    "Poem",
    "adding",
    "adding_baseline",
    "copy_baseline",
    "copy_memory",
    "generate_sine_wave",
    "load_prose",
    "load_verse",
    "parity",
    "parity_baseline",
    "temporal_order",
    "temporal_order_baseline",
]
