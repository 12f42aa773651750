"""The clinic's patient in Theano, broken and mended."""

from __future__ import annotations

from course_utils import theano_compat

theano_compat.enable()

import theano  # noqa: E402
import theano.tensor as T  # noqa: E402


def broken(x, W_xh, W_hh, b_h):
    """Return the symbolic states of a batch, from zero: x (N, T, D) -> h (N, T, U)."""
    drive = T.dot(x, W_xh) + b_h

    def step(drive_t, h_prev, W_hh):
        return T.tanh(drive_t + T.dot(h_prev, W_hh))

    h, _ = theano.scan(
        step, sequences=drive, outputs_info=T.zeros_like(drive[0]), non_sequences=W_hh
    )
    return h


def mended(x, W_xh, W_hh, b_h):
    """Return the symbolic states of a batch, from zero: x (N, T, D) -> h (N, T, U)."""
    drive = (T.dot(x, W_xh) + b_h).dimshuffle(1, 0, 2)

    def step(drive_t, h_prev, W_hh):
        return T.tanh(drive_t + T.dot(h_prev, W_hh))

    h, _ = theano.scan(
        step, sequences=drive, outputs_info=T.zeros_like(drive[0]), non_sequences=W_hh
    )
    return h.dimshuffle(1, 0, 2)


def compiled(program):
    """Return a function of arrays that runs the graph which ``program`` builds."""
    symbols = T.dtensor3("x"), T.dmatrix("W_xh"), T.dmatrix("W_hh"), T.dvector("b_h")
    return theano.function(symbols, program(*symbols), on_unused_input="ignore")
