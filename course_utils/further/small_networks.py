"""Two small trainable networks in NumPy, for any sequence: a reader and an encoder-decoder.

Both are a GRU of :mod:`course_utils.cells` with a dense layer on top. Lesson 17 takes them through
five fields; :func:`course_utils.training.fit` trains them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from course_utils.arguments import (
    choice,
    class_ids,
    instance,
    number,
    quietly,
    real_array,
    whole_number,
)
from course_utils.cells import GRU, Trace
from course_utils.losses import cross_entropy
from course_utils.padding import NO_ID
from course_utils.starts import glorot
from course_utils.training import Adam, History, ending, fit, minibatches

READ_OUTS = ("each step", "mean")
DTYPE = np.float32


def one_hot(ids: np.ndarray, n_classes: int) -> np.ndarray:
    """Return ids (...) as rows (..., n_classes) of float32 with a single 1; NO_ID becomes zeros.

    Examples
    --------
    >>> one_hot(np.array([2, NO_ID]), 3)
    array([[0., 0., 1.],
           [0., 0., 0.]], dtype=float32)
    """
    n_classes = whole_number("n_classes", n_classes, 1)
    rows = np.vstack([np.eye(n_classes, dtype=DTYPE), np.zeros((1, n_classes), DTYPE)])
    return rows[class_ids("ids", ids, n_classes, low=NO_ID)]


class Reader:
    """A GRU that reads a sequence and names a class: at each step, or once for all of it.

    Parameters
    ----------
    n_features, n_units, n_classes
        D, U and C; at least 1.
    read_out
        ``"each step"``: a class for each state. ``"mean"``: one class, from the mean of the states
        at real steps (the masked mean of lesson 12).
    seed
        Of the weights, a whole number of at least 0.

    Examples
    --------
    >>> reader = Reader(n_features=4, n_units=8, n_classes=2, read_out="mean")
    >>> reader.logits(np.zeros((5, 7, 4))).shape
    (5, 2)
    """

    def __init__(
        self,
        n_features: int,
        n_units: int,
        n_classes: int,
        read_out: str = "each step",
        seed: int = 0,
    ):
        self.read_out = choice("read_out", read_out, READ_OUTS)
        n_classes = whole_number("n_classes", n_classes, 1)
        self.cell = GRU.start(n_features, n_units, seed, dtype=DTYPE)
        self.W_hy, self.b_y = _dense(n_units, n_classes, seed)

    @property
    def parameters(self) -> dict[str, np.ndarray]:
        """The weights by name; training changes them in place."""
        return {**self.cell.weights, "W_hy": self.W_hy, "b_y": self.b_y}

    def logits(self, x: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        """Return the scores (N, T, C), or (N, C) where the read-out is the mean.

        ``x`` is (N, T, D), ``mask`` (N, T) is True at real steps.
        """
        trace = self.cell.forward(x, mask=mask)
        h = trace.h
        if self.read_out == "mean":
            h = np.einsum("ntu,nt->nu", h, _shares(trace))
        return h @ self.W_hy + self.b_y

    @quietly
    def loss_and_gradients(
        self,
        parameters: dict[str, np.ndarray],
        x: np.ndarray,
        y: np.ndarray,
        mask: np.ndarray | None = None,
    ) -> tuple[float, dict[str, np.ndarray]]:
        """Return the mean cross-entropy in nats, and its gradients; see :func:`training.fit`.

        ``y`` is (N, T) or, for the mean, (N,). Steps where ``mask`` is False have no target.
        """
        parameters = _checked(parameters, self.parameters)
        cell = _gru(parameters, self.cell)
        W_hy, b_y = parameters["W_hy"], parameters["b_y"]
        trace = cell.forward(x, mask=mask)
        h = trace.h
        if self.read_out == "mean":
            shares = _shares(trace)
            read = np.einsum("ntu,nt->nu", h, shares)
        else:
            real = _real(trace)
            if not real.any():
                raise ValueError("mask must hold at least one True, got none")
            y = class_ids("y", y, low=NO_ID, shape=h.shape[:2])
            read, y = h[real], y[real]
        y = class_ids("y", y, len(b_y), shape=read.shape[:1])
        loss, d_logits = cross_entropy(read @ W_hy + b_y, y)
        d_logits = d_logits.astype(DTYPE)
        d_read = d_logits @ W_hy.T
        if self.read_out == "mean":
            dh = shares[:, :, None] * d_read[:, None, :]
        else:
            dh = np.zeros_like(h)
            dh[real] = d_read
        gradients = cell.backward(trace, dh).weights
        return loss, {**gradients, "W_hy": read.T @ d_logits, "b_y": d_logits.sum(axis=0)}


class EncoderDecoder:
    """A GRU reads one sequence; a second one starts from its last state and writes another.

    Parameters
    ----------
    n_source, n_target
        Sizes of the two vocabularies.
    n_units
        U, of both networks.
    seed
        Of the weights.

    Notes
    -----
    Ids of :data:`padding.NO_ID` are padding. In training the writer is shown the target, shifted by
    one step (teacher forcing); in :meth:`translate` it is shown what it wrote itself.

    References
    ----------
    Sutskever, Vinyals, Le 2014, *Sequence to sequence learning with neural networks*,
    arXiv 1409.3215.
    """

    def __init__(self, n_source: int, n_target: int, n_units: int, seed: int = 0):
        self.n_source = whole_number("n_source", n_source, 1)
        self.n_target = whole_number("n_target", n_target, 1)
        self.encoder = GRU.start(n_source, n_units, seed, dtype=DTYPE)
        # One input more than there are tokens: the start sign.
        self.decoder = GRU.start(n_target + 1, n_units, seed + 1000, dtype=DTYPE)
        self.W_hy, self.b_y = _dense(n_units, n_target, seed)

    @property
    def parameters(self) -> dict[str, np.ndarray]:
        """The weights by name; training changes them in place."""
        return {
            **{f"encoder {name}": each for name, each in self.encoder.weights.items()},
            **{f"decoder {name}": each for name, each in self.decoder.weights.items()},
            "W_hy": self.W_hy,
            "b_y": self.b_y,
        }

    @quietly
    def loss_and_gradients(
        self, parameters: dict[str, np.ndarray], source: np.ndarray, target: np.ndarray
    ) -> tuple[float, dict[str, np.ndarray]]:
        """Return the mean cross-entropy of the target's tokens, and its gradients.

        ``source`` (N, S) and ``target`` (N, T) are ids, padded behind with NO_ID.
        """
        parameters = _checked(parameters, self.parameters)
        source = class_ids("source", source, self.n_source, low=NO_ID, shape=("N", "S"))
        target = class_ids("target", target, self.n_target, low=NO_ID, shape=(len(source), "T"))
        real = target != NO_ID
        if not real.any():
            raise ValueError("target must hold at least one token, got padding only")
        reader = _gru(parameters, self.encoder, "encoder ")
        writer = _gru(parameters, self.decoder, "decoder ")
        W_hy, b_y = parameters["W_hy"], parameters["b_y"]
        read = reader.forward(one_hot(source, self.n_source), mask=source != NO_ID)
        shown = np.column_stack([np.full(len(target), self.n_target), target[:, :-1]])
        written = writer.forward(one_hot(shown, self.n_target + 1), read.h[:, -1])
        loss, d_logits = cross_entropy(written.h[real] @ W_hy + b_y, target[real])
        d_logits = d_logits.astype(DTYPE)
        dh = np.zeros_like(written.h)
        dh[real] = d_logits @ W_hy.T
        decoder = writer.backward(written, dh)
        d_read = np.zeros_like(read.h)
        d_read[:, -1] = decoder.h0
        encoder = reader.backward(read, d_read)
        return loss, {
            **{f"encoder {name}": each for name, each in encoder.weights.items()},
            **{f"decoder {name}": each for name, each in decoder.weights.items()},
            "W_hy": written.h[real].T @ d_logits,
            "b_y": d_logits.sum(axis=0),
        }

    def translate(self, source: np.ndarray, n_steps: int) -> np.ndarray:
        """Write the likeliest token at each of ``n_steps`` steps: ids (N, n_steps)."""
        source = class_ids("source", source, self.n_source, low=NO_ID, shape=("N", "S"))
        n_steps = whole_number("n_steps", n_steps, 1)
        read = self.encoder.forward(one_hot(source, self.n_source), mask=source != NO_ID)
        h = read.h[:, -1]
        token = np.full(len(source), self.n_target)
        written = []
        for _ in range(n_steps):
            shown = one_hot(token[:, None], self.n_target + 1)
            h = self.decoder.forward(shown, h).h[:, -1]
            token = np.argmax(h @ self.W_hy + self.b_y, axis=-1)
            written.append(token)
        return np.stack(written, axis=1)


def train(
    model: Reader | EncoderDecoder,
    arrays: Sequence[np.ndarray],
    n_epochs: int,
    seed: int = 0,
    learning_rate: float = 0.01,
) -> History:
    """Train with Adam on batches of 32, gradients clipped at norm 1; the last third at a fifth.

    ``arrays`` is what ``model.loss_and_gradients`` takes behind the parameters; ``seed`` is that of
    the order of the batches. The stop button ends the training, as in :func:`training.fit`.
    """
    instance("model", model, Reader | EncoderDecoder, "a Reader or EncoderDecoder")
    last = whole_number("n_epochs", n_epochs, 1) // 3
    learning_rate = number("learning_rate", learning_rate, 0)
    rng, whole = np.random.default_rng(whole_number("seed", seed, 0)), History()
    for epochs, rate in ((n_epochs - last, learning_rate), (last, learning_rate / 5)):
        if not epochs or whole.interrupted or whole.diverged:
            continue
        history = fit(
            model.loss_and_gradients,
            model.parameters,
            minibatches(arrays, 32, rng),
            Adam(rate),
            epochs,
            clip_norm=1.0,
        )
        whole.loss += history.loss
        whole.gradient_norm += history.gradient_norm
        whole.interrupted, whole.diverged = history.interrupted, history.diverged
        whole.message = history.message if history.diverged else ending(whole)
    return whole


def padded(rows: Sequence[Sequence[int] | np.ndarray], n_steps: int | None = None) -> np.ndarray:
    """Return rows of ids as one array (N, T), NO_ID behind the shorter ones.

    Examples
    --------
    >>> padded([[4, 2], [7]])
    array([[ 4,  2],
           [ 7, -1]])
    """
    rows = [
        class_ids(f"rows[{i}]", row, shape=("T",), empty=True)
        for i, row in enumerate(instance("rows", rows, Iterable, "a list of rows of ids"))
    ]
    if not rows:
        raise ValueError("rows must hold at least one row of ids, got none")
    longest = max(map(len, rows))
    n_steps = longest if n_steps is None else whole_number("n_steps", n_steps, 1)
    if longest > n_steps:
        raise ValueError(f"rows must have at most n_steps = {n_steps} ids, got {longest}")
    ids = np.full((len(rows), n_steps), NO_ID)
    for place, row in zip(ids, rows, strict=True):
        place[: len(row)] = row
    return ids


def _checked(
    parameters: Mapping[str, np.ndarray], like: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """``parameters`` with the names, shapes and dtype of ``like``."""
    instance("parameters", parameters, Mapping, "a dictionary from name to array")
    if parameters.keys() != like.keys():
        raise ValueError(f"parameters must be named {list(like)}, got {list(parameters)}")
    return {
        name: real_array(f"parameters[{name!r}]", parameters[name], array.shape).astype(
            array.dtype, copy=False
        )
        for name, array in like.items()
    }


def _gru(parameters: Mapping[str, np.ndarray], like: GRU, prefix: str = "") -> GRU:
    """Build a GRU of the weights among ``parameters``, which it does not copy."""
    weights = {name: parameters[prefix + name] for name in like.weights}
    return GRU(**weights, reset_after=like.reset_after)


def _dense(n_units: int, n_classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return W_hy (U, C), Glorot uniform, and b_y (C,), zeros."""
    rng = np.random.default_rng([seed, n_units, n_classes])
    return glorot(rng, n_units, n_classes, DTYPE), np.zeros(n_classes, DTYPE)


def _real(trace: Trace) -> np.ndarray:
    """Return the mask of a forward pass (N, T), True everywhere if it had none."""
    return np.ones(trace.h.shape[:2], bool) if trace.mask is None else trace.mask


def _shares(trace: Trace) -> np.ndarray:
    """Return what each state counts in the mean (N, T)."""
    real = _real(trace).astype(DTYPE)
    return real / np.maximum(real.sum(axis=1, keepdims=True), 1)
