"""Explorers, quizzes and the course map: what a learner can move, answer and read.

How to add an explorer ``GateExplorer``:

1. ``widgets/gate.py``: a subclass of :class:`~course_utils.widgets.base.Explorer` that declares
   ``script = "gate"``, its ``title`` and ``controls``, and overrides three methods: ``compute``
   (the numbers), ``sentence`` (what they say) and ``plot`` (the picture without a page).
2. ``widgets/static/gate.js``: the same three for the page, as pure functions: ``compute``,
   ``sentence`` and ``draw``, then ``export default explorer({ compute, sentence, draw })``.
   ``static/common.js`` (helpers for drawing) and ``static/frame.js`` (the controls) come before
   it in the same module. There is nothing to import. ``make lint-page`` checks it.
3. One import below.

The subclass is then in :func:`explorers`, and the tests hold page and Python equal.
"""

from __future__ import annotations

from .architectures import ArchitectureExplorer
from .attention import AttentionExplorer
from .base import Choice, Explorer, Range, Text, Toggle
from .batch_slicer import BatchSlicer
from .course_map import CourseMap
from .gate_playground import GatePlaygroundExplorer
from .gradient_lag import GradientLagExplorer
from .graph_browser import GraphBrowserExplorer
from .horizon import HorizonExplorer
from .melody_player import MelodyPlayer
from .moved_weights import MovedWeightsExplorer
from .mutations import MutationExplorer
from .parity import ParityExplorer
from .parity_training import ParityTrainingExplorer
from .quiz import Quiz
from .sampler import SamplerExplorer
from .scalar_rnn import ScalarRNNExplorer
from .scan_tracer import ScanTracerExplorer
from .sentiment import SentimentExplorer
from .shape_explorer import ShapeExplorer
from .unrolled_graph import UnrolledGraphExplorer
from .ward import WardExplorer

__all__ = [
    "ArchitectureExplorer",
    "AttentionExplorer",
    "BatchSlicer",
    "Choice",
    "CourseMap",
    "Explorer",
    "GatePlaygroundExplorer",
    "GradientLagExplorer",
    "GraphBrowserExplorer",
    "HorizonExplorer",
    "MelodyPlayer",
    "MovedWeightsExplorer",
    "MutationExplorer",
    "ParityExplorer",
    "ParityTrainingExplorer",
    "Quiz",
    "Range",
    "SamplerExplorer",
    "ScalarRNNExplorer",
    "ScanTracerExplorer",
    "SentimentExplorer",
    "ShapeExplorer",
    "Text",
    "Toggle",
    "UnrolledGraphExplorer",
    "WardExplorer",
    "explorers",
]


def explorers() -> list[type[Explorer]]:
    """Every explorer of the course, by name; each can be made without arguments."""
    own = [each for each in Explorer.__subclasses__() if each.__module__.startswith(__name__)]
    return sorted(own, key=lambda each: each.__name__)
