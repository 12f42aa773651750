"""Recurrent cells in NumPy, forward and backward: the equations, in order, one file a cell.

Each cell takes the weights of its Keras layer as they are, ``LSTM(*layer.get_weights())``, and
gives the same numbers.
"""

from course_utils.cells.gru import GRU
from course_utils.cells.lstm import LSTM
from course_utils.cells.shared import Cell, Gradients, Trace, checked_weight
from course_utils.cells.simple_rnn import SimpleRNN

__all__ = ["GRU", "LSTM", "Cell", "Gradients", "SimpleRNN", "Trace", "checked_weight"]
