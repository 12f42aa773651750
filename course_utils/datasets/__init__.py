"""Data sets of the course, batch first: ``x (n_samples, n_steps, n_features)``.

Generated ones come with the loss that a learner without memory cannot beat.
"""

from course_utils.datasets.fetched import EncodedReviews, load_imdb, load_shakespeare
from course_utils.datasets.generated import (
    MAX_DATE_LENGTH,
    adding,
    adding_baseline,
    additions,
    copy_baseline,
    copy_memory,
    dates,
    generate_sine_wave,
    parity,
    parity_baseline,
    temporal_order,
    temporal_order_baseline,
)
from course_utils.datasets.measured import (
    ARCHITECTURE_TASKS,
    architecture_skill,
    load_application_runs,
    load_architecture_runs,
    load_gate_runs,
    load_seed_runs,
    load_seq2seq_runs,
)
from course_utils.datasets.names import (
    Place,
    TerritoryNames,
    load_place_names,
    load_territory_names,
)
from course_utils.datasets.series import load_co2, load_sunspots, mackey_glass
from course_utils.datasets.shipped import (
    Melody,
    Poem,
    Review,
    load_melodies,
    load_prose,
    load_reviews,
    load_verse,
)

__all__ = [
    "ARCHITECTURE_TASKS",
    "MAX_DATE_LENGTH",
    "EncodedReviews",
    "Melody",
    "Place",
    "Poem",
    "Review",
    "TerritoryNames",
    "adding",
    "adding_baseline",
    "additions",
    "architecture_skill",
    "copy_baseline",
    "copy_memory",
    "dates",
    "generate_sine_wave",
    "load_application_runs",
    "load_architecture_runs",
    "load_co2",
    "load_gate_runs",
    "load_imdb",
    "load_melodies",
    "load_place_names",
    "load_prose",
    "load_reviews",
    "load_seed_runs",
    "load_seq2seq_runs",
    "load_shakespeare",
    "load_sunspots",
    "load_territory_names",
    "load_verse",
    "mackey_glass",
    "parity",
    "parity_baseline",
    "temporal_order",
    "temporal_order_baseline",
]
