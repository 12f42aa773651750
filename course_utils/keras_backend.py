"""Keras 3 on the course's backend; every module takes Keras from here.

Keras looks for TensorFlow, which the course does not have, unless ``KERAS_BACKEND`` names another
backend before its import. Importing this module imports Keras, on JAX unless another one is named.
"""

from __future__ import annotations

from course_utils import environment

environment.choose_backend()

import keras  # noqa: E402

__all__ = ["keras"]
