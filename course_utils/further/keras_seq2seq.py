"""An encoder and a decoder with additive attention: trained in Keras, used in NumPy (lesson 16).

Importing this module imports Keras, on the course's backend unless ``KERAS_BACKEND`` names another.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from course_utils import interop
from course_utils.arguments import class_ids, flag, instance, number, string, whole_number
from course_utils.further import seq2seq
from course_utils.keras_backend import keras
from course_utils.padding import PAD
from course_utils.text import Vocabulary

ops = keras.ops


class AttentiveDecoder(keras.layers.Layer):
    """A GRU that looks at the input again before each step, and writes.

    Called on ``[h, last, y, x]``: the encoder's states (N, T, H), their summary (N, H), the ids
    that the decoder reads (N, L) and those that the encoder read (N, T). Gives logits (N, L, V).

    Parameters
    ----------
    n_tokens, n_units, n_embedding
        V, U, and numbers that an id is turned into.
    attention
        Without it, the context of each step is the summary.
    **options
        Of every Keras layer, such as ``name``.

    References
    ----------
    Bahdanau, Cho, Bengio 2015, arXiv 1409.0473, section 3.1; without attention: Cho et al. 2014,
    arXiv 1406.1078, section 2.2.
    """

    def __init__(
        self,
        n_tokens: int,
        n_units: int = 32,
        n_embedding: int = 16,
        attention: bool = True,
        **options: Any,
    ):
        super().__init__(**options)
        n_tokens = whole_number("n_tokens", n_tokens, 1)
        n_units = whole_number("n_units", n_units, 1)
        n_embedding = whole_number("n_embedding", n_embedding, 1)
        self.attention = flag("attention", attention)
        self.n_embedding = n_embedding
        self.supports_masking = True
        self.embedding = keras.layers.Embedding(n_tokens, n_embedding)
        self.start = keras.layers.Dense(n_units, activation="tanh")
        self.gru = keras.layers.GRU(n_units)
        self.dense = keras.layers.Dense(n_tokens)
        if attention:
            self.W_s = keras.layers.Dense(n_units, use_bias=False)
            self.W_h = keras.layers.Dense(n_units, use_bias=False)
            self.v = keras.layers.Dense(1, use_bias=False)

    def build(self, shapes: list[tuple]) -> None:
        """Make the weights."""
        n_context, n_units = shapes[0][-1], self.gru.units
        self.embedding.build()
        self.start.build((None, n_context))
        self.gru.build((None, None, self.n_embedding + n_context))
        self.dense.build((None, None, n_units + n_context))
        if self.attention:
            self.W_s.build((None, n_units))
            self.W_h.build((None, None, n_context))
            self.v.build((None, None, n_units))

    def call(self, inputs: list):
        """Return the logits of all steps; each step reads the id that the one before should write."""
        h, last, y, x = inputs
        mask = ops.not_equal(x, PAD)
        keys = self.W_h(h) if self.attention else None

        # On TensorFlow, Keras wants the outputs of a step to be shaped like what it carries: so the
        # context is carried, too, and not used. It begins as `last`, which has its shape.
        def step(carried, embedded):
            s, _ = carried
            context = self._context(s, h, keys, mask) if self.attention else last
            s, _ = self.gru.cell(ops.concatenate([embedded, context], axis=-1), [s])
            return (s, context), (s, context)

        embedded = ops.transpose(self.embedding(y), (1, 0, 2))
        _, written = ops.scan(step, (self.start(last), last), embedded)
        return self.dense(ops.transpose(ops.concatenate(written, axis=-1), (1, 0, 2)))

    def compute_output_shape(self, shapes: list[tuple]) -> tuple:
        """(N, L, V)."""
        return (*shapes[2], self.dense.units)

    def compute_mask(self, inputs: list, mask: list | None = None) -> None:
        """Hand no mask on: the loss leaves padding out by its id."""

    def _context(self, s, h, keys, mask):
        scores = self.v(ops.tanh(keys + self.W_s(s)[:, None]))[..., 0]
        weights = ops.softmax(ops.where(mask, scores, -1e9), axis=-1)
        return ops.sum(weights[..., None] * h, axis=1)


def build(
    n_source: int,
    n_target: int,
    n_steps: int,
    n_written: int,
    *,
    n_units: int = 32,
    n_embedding: int = 16,
    attention: bool = True,
    learning_rate: float | keras.optimizers.schedules.LearningRateSchedule = 0.01,
) -> keras.Model:
    """Return a compiled network that reads ``[x, inputs]`` and gives the logits of the targets.

    Parameters
    ----------
    n_source, n_target
        Sizes of the two vocabularies.
    n_steps, n_written
        Of ``x`` (N, n_steps), and of ``inputs`` and targets (N, n_written).
    n_units
        Of the decoder, of the attention, and of each of the encoder's two directions.
    n_embedding
        Numbers that an id is turned into.
    attention
        Without it, the decoder gets the encoder's last two states in every step.
    learning_rate
        Of Adam; gradients are clipped at global norm 1.
    """
    n_source = whole_number("n_source", n_source, 1)
    n_target = whole_number("n_target", n_target, 1)
    n_steps = whole_number("n_steps", n_steps, 1)
    n_written = whole_number("n_written", n_written, 1)
    n_units = whole_number("n_units", n_units, 1)
    n_embedding = whole_number("n_embedding", n_embedding, 1)
    if not isinstance(learning_rate, keras.optimizers.schedules.LearningRateSchedule):
        learning_rate = number("learning_rate", learning_rate, 0)
    x = keras.Input((n_steps,), dtype="int32", name="x")
    y = keras.Input((n_written,), dtype="int32", name="inputs")
    encoder = keras.layers.Bidirectional(
        keras.layers.GRU(n_units, return_sequences=True, return_state=True), name="encoder"
    )
    embedded = keras.layers.Embedding(n_source, n_embedding, name="embedding")(x)
    h, *states = encoder(embedded, mask=ops.not_equal(x, PAD))
    last = ops.concatenate(states, axis=-1)
    decoder = AttentiveDecoder(n_target, n_units, n_embedding, attention)
    model = keras.Model([x, y], decoder([h, last, y, x]))
    # A target that is padding costs nothing, and the mean is taken over all the others.
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=PAD)
    model.compile(keras.optimizers.Adam(learning_rate, global_clipnorm=1.0), loss)
    return model


@dataclass(frozen=True, eq=False)
class Memory:
    """What the encoder has made of N texts, and where the decoder stands.

    Attributes
    ----------
    h : ndarray (N, T, H)
        The encoder's states.
    last : ndarray (N, H)
        Their summary: the last state of each direction.
    mask : ndarray (N, T) of bool
        True at real steps.
    s : ndarray (N, U)
        The decoder's state.
    weights : ndarray (N, T) or None
        Where the decoder looked in its last step; None before it, and without attention.
    """

    h: np.ndarray
    last: np.ndarray
    mask: np.ndarray
    s: np.ndarray
    weights: np.ndarray | None = None


class Translator:
    """A trained network in NumPy, with copies of its weights: one step of the decoder at a time.

    Parameters
    ----------
    model
        Of :func:`build`.
    source, target
        Vocabularies of what is read and what is written.
    """

    def __init__(self, model: keras.Model, source: Vocabulary, target: Vocabulary):
        instance("model", model, keras.Model, "a Keras model of build")
        decoder = next((each for each in model.layers if isinstance(each, AttentiveDecoder)), None)
        if decoder is None:
            raise ValueError(f"model must be one of build, got {model.name!r}")
        encoder = model.get_layer("encoder")
        self.source, self.target = source, target
        self.n_steps, self.n_written = model.inputs[0].shape[1], model.inputs[1].shape[1]
        self.embedding_x = _weights(model.get_layer("embedding"))[0]
        self.forward = interop.from_keras(encoder.forward_layer)
        self.backward = interop.from_keras(encoder.backward_layer)
        self.embedding_y = _weights(decoder.embedding)[0]
        self.start = _weights(decoder.start)
        self.gru = interop.from_keras(decoder.gru)
        self.dense = _weights(decoder.dense)
        for name, vocabulary, embedding in (
            ("source", source, self.embedding_x),
            ("target", target, self.embedding_y),
        ):
            size = instance(name, vocabulary, Vocabulary, "a text.Vocabulary").size
            if size != len(embedding):
                raise ValueError(f"{name} must have {len(embedding)} tokens, got {size}")
        self.attention = None
        if decoder.attention:
            layers = (decoder.W_s, decoder.W_h, decoder.v)
            W_s, W_h, v = (_weights(layer)[0] for layer in layers)
            self.attention = {"W_s": W_s, "W_h": W_h, "v": v[:, 0]}

    def read(self, texts: list[str]) -> Memory:
        """Read N texts; characters that the source vocabulary does not have become UNKNOWN."""
        x = seq2seq.to_ids(texts, self.source, self.n_steps)
        # An empty text has one step of padding to look at, so that its weights are defined.
        mask = (x != PAD) | (np.arange(self.n_steps) == 0)
        embedded = self.embedding_x[x]
        forth = self.forward.forward(embedded, mask=x != PAD).h
        back = self.backward.forward(embedded[:, ::-1], mask=(x != PAD)[:, ::-1]).h
        last = np.concatenate([forth[:, -1], back[:, -1]], axis=-1)
        W, b = self.start
        h = np.concatenate([forth, back[:, ::-1]], axis=-1)
        return Memory(h, last, mask, np.tanh(last @ W + b))

    def step(self, ids: np.ndarray, memory: Memory) -> tuple[np.ndarray, Memory]:
        """Write one character for each text: last ids (N,) -> logits (N, V), memory after it."""
        instance("memory", memory, Memory, "a Memory, as read returns it")
        ids = class_ids("ids", ids, len(self.embedding_y), shape=memory.s.shape[:1])
        weights, context = None, memory.last
        if self.attention:
            weights, context = seq2seq.additive_attention(
                memory.s, memory.h, memory.mask, **self.attention
            )
        given = np.concatenate([self.embedding_y[ids], context], axis=-1)
        s = self.gru.forward(given[:, None], memory.s).h[:, 0]
        W, b = self.dense
        logits = np.concatenate([s, context], axis=-1) @ W + b
        return logits, replace(memory, s=s, weights=weights)

    def forced(self, texts: list[str], inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Read given ids in place of its own: inputs (N, L) -> logits (N, L, V), weights (N, L, T)."""
        memory, logits, weights = self.read(texts), [], []
        inputs = class_ids("inputs", inputs, len(self.embedding_y), shape=(len(memory.s), "L"))
        for ids in inputs.T:
            each, memory = self.step(ids, memory)
            logits.append(each)
            if memory.weights is not None:
                weights.append(memory.weights)
        looked = np.stack(weights, axis=1) if weights else None
        return np.stack(logits, axis=1), looked

    def greedy_ids(self, texts: list[str]) -> np.ndarray:
        """Write the likeliest id in each step, and read it in the next: ids (N, n_written)."""
        memory, written = self.read(texts), []
        last = np.full(len(texts), seq2seq.START)
        for _ in range(self.n_written):
            logits, memory = self.step(last, memory)
            last = logits.argmax(axis=-1)
            written.append(last)
        return np.stack(written, axis=1)

    def greedy(self, texts: list[str]) -> list[str]:
        """Answer each text with the likeliest id in each step."""
        return [seq2seq.to_text(ids, self.target) for ids in self.greedy_ids(texts)]

    def one_step(self, last_id: int, memory: Memory) -> tuple[np.ndarray, Memory]:
        """Write one character of one text, as :func:`seq2seq.beam_search` wants it: logits (V,)."""
        last_id = whole_number("last_id", last_id, 0, len(self.embedding_y) - 1)
        logits, memory = self.step(np.array([last_id]), memory)
        return logits[0], memory

    def search(self, text: str, width: int, length_power: float = 0.0) -> list[seq2seq.Hypothesis]:
        """Answer one text by beam search: the ``width`` best, the best first."""
        return seq2seq.beam_search(
            self.one_step, self.read([string("text", text)]), width, self.n_written, length_power
        )


def _weights(layer: keras.layers.Layer) -> list[np.ndarray]:
    return [np.array(weight) for weight in layer.get_weights()]
