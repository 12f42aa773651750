# %% [markdown]
# # 13 · Text generation
#
# **50 minutes.** You need: cross-entropy and softmax of [02 The forward pass](02_forward_pass.ipynb),
# and layers, states and `fit` of [10 Keras layers without surprises](10_keras_layers.ipynb). Of the GRU you need no
# equation, only that it has a state.
#
# A network that predicts the next character can write: draw a character from the prediction, feed it
# back, predict again. You train one on 52,000 characters of a lighthouse keeper's journal. The writing
# is the pleasant part. The other part is to say how good the network is, in a number that can be
# compared. Counting will turn out to do nearly as well.

# %% [markdown]
# ## You will be able to
#
# - state what a model of text costs in bits per character, and turn that into nats and perplexity and back;
# - split a text in order, and beat (or fail to beat) unigram, bigram and 5-gram on the part that no model has seen;
# - train a character GRU in Keras on windows that carry their state on, and say when the state has to be reset;
# - sample with temperature and top-k, one step a character, and prove that the carried state equals reading all again;
# - recognise four faults by their trace: a greedy loop, a temperature after the softmax, a state that is reset, a model that recites.

# %%
import csv

import matplotlib.pyplot as plt
import numpy as np

from course_utils import interop, plotting, session
from course_utils.checks import check
from course_utils.datasets import load_prose, load_shakespeare
from course_utils.datasets.shipped import read_shipped
from course_utils.keras_training import TrainingProgress
from course_utils.losses import softmax
from course_utils.text import (
    NGram,
    Vocabulary,
    bits,
    characters,
    contiguous_batches,
    next_probabilities,
    perplexity,
    sample,
    words,
)
from course_utils.widgets import Quiz, SamplerExplorer

import keras  # isort: skip  (after keras_training, which chooses the backend)

session.start(seed=13)

# %% [markdown]
# ## 1. A text and its characters
#
# **Idea.** A character model needs no list of words and meets no unknown word: every text is made of the
# same few dozen signs. The journal in `data/prose_lighthouse.txt` was written for this course.
#
# Text has an order, so it is split in order: the first 80 % to train on, the next 10 % for choices such as
# the number of epochs (*validation*), the last 10 % for the final report (*test*). Pages drawn at random
# would put the second half of a story among the training pages and its first half into the test.
#
# **Predict.** How many different characters does English prose need, capitals and punctuation among them:
# about 26, 60 or 250? Will the test part hold one that the training part does not?

# %%
text = load_prose()
cuts = [int(0.8 * len(text)), int(0.9 * len(text))]
parts = dict(
    zip(
        ("train", "validation", "test"),
        (text[: cuts[0]], text[cuts[0] : cuts[1]], text[cuts[1] :]),
        strict=True,
    )
)
vocabulary = Vocabulary.from_tokens(characters(parts["train"]), specials=())
for part, passage in parts.items():
    new = set(passage) - set(vocabulary.tokens)
    print(f"{part:11s}{len(passage):6d} characters, not in the vocabulary: {len(new)}")
print("vocabulary:", vocabulary.size, "characters, the most frequent first:")
print(repr("".join(vocabulary.tokens)))
ids = {part: vocabulary.encode(characters(passage)) for part, passage in parts.items()}
print("the journal begins:", repr(text[32:80]))

# %% [markdown]
# 64, line end and space among them. The list was made from the training part only, and the rest happens to
# need no other. A prompt that *you* type may: the journal has no digit and no capital X.

# %%
try:
    vocabulary.encode(characters("Xmas 1899"))
except ValueError as error:
    print("ValueError:", error)


def encode_prompt(prompt):
    """Return the ids of a prompt; what the vocabulary does not have is read as a space."""
    if not prompt:
        raise ValueError("prompt must hold at least one character for the network to go on from")
    strange = sorted(set(prompt) - set(vocabulary.tokens))
    if strange:
        print(f"{', '.join(strange)}: not in the vocabulary, read as a space.")
    return vocabulary.encode([c if c in vocabulary else " " for c in prompt])


print(repr("".join(vocabulary.decode(encode_prompt("Xmas 1899")))))

# %% [markdown]
# **What it means.** A character without an id cannot be fed to a network. **The mend** is a rule, and a
# sentence that says it was applied. A special id for unknown characters would be no better here: nothing
# in the training text would train it.
#
# ## 2. What a character costs
#
# **Idea.** A model gives each possible next character a probability. The one that comes had the
# probability $p$, and the model pays $-\log p$. A model that expected it pays little.
#
# **Formula.** For a text of $n$ characters $c_1, \dots, c_n$, each predicted from those before it,
#
# $$\mathrm{bpc} = -\frac{1}{n} \sum_{i=1}^{n} \log_2 p(c_i \mid c_1, \dots, c_{i-1})$$
#
# is the cost in *bits per character*. With the natural logarithm, which Keras and NumPy take, the unit is
# the *nat*. One bit is $\ln 2 = 0.693$ nats, so a number in bits is larger:
#
# $$\mathrm{bits} = \frac{\mathrm{nats}}{\ln 2} \qquad \mathrm{perplexity} = e^{\mathrm{nats}} = 2^{\mathrm{bits}}$$
#
# *Perplexity* is the number of equally likely characters that would cost as much.
#
# **Predict.** A model that knows nothing gives each of 64 characters 1/64. What does it pay in bits? In nats?

# %%
for name, probability in {"one of 64": 1 / 64, "one of 2": 1 / 2, "for sure": 1.0}.items():
    nats = np.log(1 / probability)
    print(f"{name:10s}{nats:6.3f} nats = {bits(nats):.3f} bits, perplexity {perplexity(nats):.0f}")
print("2 nats reported as 2 bits would be too good by", round(bits(2.0) - 2.0, 3), "bits")

# %% [markdown]
# Six bits: $64 = 2^6$. Whoever reports nats as bits makes a model 31 % better than it is, in one line of
# code and without training.
#
# **Baselines.** An *n-gram* counts: how often did each character follow these $n - 1$ characters? A unigram
# looks at none, a bigram at one, a 5-gram at four. `NGram` of `course_utils.text` smooths its counts, so
# that nothing is impossible.
#
# **Predict.** We count with orders 1 to 7 on the training part. Which order is cheapest on the *training*
# part, and which on the validation part?

# %%
ngrams = {order: NGram(order, vocabulary.size).fit(ids["train"]) for order in range(1, 8)}
seen = ids["train"][-6500:]  # a piece of the training part as long as the others
ngram_bits = {
    name: [bits(model.cross_entropy(part)) for model in ngrams.values()]
    for name, part in {"training": seen, "validation": ids["validation"]}.items()
}

fig, ax = plt.subplots(figsize=(7, 3.2))
for (name, costs), marker in zip(ngram_bits.items(), "so", strict=True):
    ax.plot(list(ngrams), costs, marker=marker, label=f"{name} part")
ax.set_ylim(0, 5)
ax.set_xlabel("order of the n-gram (characters, the predicted one among them)")
ax.set_ylabel("bits per character")
ax.legend()
plotting.show(
    fig,
    alt="Bits per character against the order of the n-gram, 1 to 7. On the training part the cost "
    "falls from 4.3 to 0.7; on the validation part it falls to 2.1 at order 5 and rises again.",
)
for name, costs in ngram_bits.items():
    print(f"{name:11s}", " ".join(f"{cost:.2f}" for cost in costs))

# %% [markdown]
# What to see: on the text that was counted, longer is always better: 0.75 bits at order 7, and it would go
# on to nearly 0. On the next pages the cost turns at order 5. From there on the model knows its
# text by heart and the language no better. **A training cost is no result**, for a counter as for a network.
#
# So the number to beat is the 5-gram's: 2.12 bits on the validation part.

# %%
test_bits = {
    name: bits(ngrams[order].cross_entropy(ids["test"]))
    for name, order in {"unigram": 1, "bigram": 2, "5-gram": 5}.items()
}
for name, cost in {"uniform": np.log2(vocabulary.size), **test_bits}.items():
    nats = cost * np.log(2)
    print(f"{name:8s} test {cost:.2f} bits, {nats:.2f} nats, perplexity {2**cost:5.1f}")
per_word = len(text) / len(words(text))
print(f"a word and its space: {per_word:.2f} characters; 5-gram: {2.15 * per_word:.1f} bits a word")

# %% [markdown]
# The last line is a warning about units. 4.4 per *character* is a perplexity of $2^{10.7} = 1700$ per *word*, for
# the same model and text. Perplexities compare only where the same things are counted.
#
# For orientation: Shannon let people guess the next letter of English, and put its cost between 0.6 and 1.3
# bits, with 26 letters and the space. They had read more than 52,000 characters.
#
# ## 3. A character GRU
#
# **Idea.** An n-gram looks back $n - 1$ characters and treats two contexts that differ in one as strangers. A
# recurrent network keeps a state, has no fixed length, and similar contexts give similar states.
#
# **Formula.** Character $c_t$ picks a row of the embedding, the GRU updates its state, and a dense layer makes
# $V = 64$ logits, the scores of the next character:
#
# $$h_t = \mathrm{GRU}(E_{c_t}, h_{t-1}) \qquad \ell_t = h_t W_{hy} + b_y \qquad p(c_{t+1}) = \mathrm{softmax}(\ell_t)$$
#
# $E$ is $(V, D)$, $h_t$ $(U,)$, $W_{hy}$ $(U, V)$, $b_y$ and $\ell_t$ $(V,)$; here $D = 64$ and $U = 128$.
#
# **Windows that carry their state.** Nobody backpropagates through 52,000 steps. The text is cut into windows
# of $T = 50$, and the state is carried from window to window, while the gradient stops at the border. For
# that, row $n$ of each batch must continue row $n$ of the batch before: `contiguous_batches`.
#
# **Predict.** 51,953 characters, $N = 16$ rows, $T = 50$ steps. How many batches make one pass? How many
# characters apart are rows 0 and 1 of a batch?

# %%
N_ROWS, N_STEPS = 16, 50
batches = contiguous_batches(ids["train"], N_ROWS, N_STEPS)
(x0, y0), (x1, _) = batches[:2]
print(len(batches), "batches, x", x0.shape, "y", y0.shape)
for name, row in {
    "x, batch 0, row 0": x0[0],
    "y, batch 0, row 0": y0[0],
    "x, batch 1, row 0": x1[0],
}.items():
    print(f"{name}: {''.join(vocabulary.decode(row))!r}")
print("rows are", len(batches) * N_STEPS, "characters apart")

# %% [markdown]
# 64 batches, and rows are 3,200 characters apart: 16 readers begin at 16 places of the journal and read on
# side by side. Batch 1 goes on where batch 0 stopped, in every row.
#
# **Code.** [Lesson 10](10_keras_layers.ipynb) had a layer for that: `stateful=True` keeps the state from one call
# to the next. There the layer was called directly. Here Keras will call it, inside `fit`. A claim about a library
# is tested before it is trained on: two windows of five steps against one reading of ten.
#
# **Predict.** Called directly, the state was carried. Do `predict` and `fit` carry it too?

# %%
rng = np.random.default_rng(13)
x_ten = rng.normal(size=(N_ROWS, 10, 3)).astype("float32")
windows = x_ten[:, :5], x_ten[:, 5:]


def read_windows(layer):
    """Return the states of two windows, read one after the other by predict: (N, 10, U)."""
    network = keras.Sequential([keras.Input(batch_shape=(N_ROWS, None, 3)), layer])
    return np.concatenate([network.predict_on_batch(window) for window in windows], axis=1)


plain = keras.layers.GRU(4, return_sequences=True)
whole = keras.ops.convert_to_numpy(plain(x_ten))
stateful = keras.layers.GRU(4, return_sequences=True, stateful=True)
stateful(x_ten)
stateful.set_weights(plain.get_weights())

stateful.reset_state()
called = np.concatenate([keras.ops.convert_to_numpy(stateful(w)) for w in windows], axis=1)
stateful.reset_state()
for name, h in {"called": called, "by predict": read_windows(stateful)}.items():
    print(f"stateful, {name:11s}equal to one reading: {bool(np.allclose(h, whole, atol=1e-5))}")

# %% [markdown]
# No, and no message says so. On JAX, a step of `fit`, `evaluate` or `predict` is a pure function: it gets the
# variables of the model and returns the changed ones. Keras 3.15 does not count the states of a stateful layer among
# them, so what a step leaves there is lost, and every window starts at zero. (Other backends write in place
# and do carry it.)
#
# **The mend.** Keep the state in a variable that does count: a weight of your own layer, one that is not trained.
#
# Two conditions remain. The batches must come in order: `shuffle=False`, because `fit` shuffles by default. And
# somebody must reset the state where the text starts again, at each epoch and before each validation.
#
# **Predict.** The output layer makes logits, so the loss gets `from_logits=True`. The network is untrained and
# has 64 choices. What is its loss, in nats and in bits?


# %%
class CarriedGRU(keras.layers.Layer):
    """A GRU that starts each batch from the states that the one before left."""

    def __init__(self, n_units, n_rows):
        super().__init__()
        self.gru = keras.layers.GRU(n_units, return_sequences=True, return_state=True)
        self.state = self.add_weight((n_rows, n_units), initializer="zeros", trainable=False)

    def call(self, x):
        h, state = self.gru(x, initial_state=keras.ops.copy(self.state))
        self.state.assign(state)
        return h

    def reset(self):
        self.state.assign(keras.ops.zeros_like(self.state))


class ResetStates(keras.callbacks.Callback):
    """Start every pass through a text with states of zero."""

    def on_epoch_begin(self, epoch, logs=None):
        self.model.layers[2].reset()

    def on_test_begin(self, logs=None):
        self.model.layers[2].reset()


def build(n_tokens, n_units=128, dropout=0.3):
    """Return the untrained network; it reads batches of N_ROWS rows and keeps their states."""
    return keras.Sequential(
        [
            keras.Input(batch_shape=(N_ROWS, None), dtype="int32"),
            keras.layers.Embedding(n_tokens, 64),
            keras.layers.Dropout(dropout),
            CarriedGRU(n_units, N_ROWS),
            keras.layers.Dropout(dropout),
            keras.layers.Dense(n_tokens),
        ]
    )


def stacked(batches):
    """Return x and y of all batches, one batch below the other, for fit to cut again."""
    return tuple(np.concatenate(arrays).astype("int32") for arrays in zip(*batches, strict=True))


mended = CarriedGRU(4, N_ROWS)
mended(x_ten)
mended.gru.set_weights(plain.get_weights())
mended.reset()
equal = np.allclose(read_windows(mended), whole, atol=1e-5)
print("mended, by predict: equal to one reading:", bool(equal))

keras.utils.set_random_seed(13)
model = build(vocabulary.size)
x, y = stacked(batches)
validation = stacked(contiguous_batches(ids["validation"], N_ROWS, N_STEPS))
print("x", x.shape, "y", y.shape, "validation", validation[0].shape)
print("trained parameters:", sum(np.size(w) for w in model.trainable_weights))

n_epochs = 30
rate = keras.optimizers.schedules.CosineDecay(0.01, n_epochs * len(batches))
model.compile(
    keras.optimizers.Adam(rate, clipnorm=1.0),
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
)
untrained = model.evaluate(*validation, batch_size=N_ROWS, verbose=0)
print(f"untrained: {untrained:.1f} nats = {bits(untrained):.1f} bits")
print("equal to ln 64 within 0.01:", bool(abs(untrained - np.log(64)) < 0.01))

# %% [markdown]
# 4.2 nats or 6.0 bits: no knowledge yet. If your own network starts elsewhere, look for a missing
# `from_logits` or a wrong vocabulary before you train.
#
# Now 30 passes through the training part, 1,920 updates. The learning rate falls from 0.01 to 0 along a cosine;
# gradients are clipped at 1. The stop button ends the training early and keeps the weights.
#
# **Predict.** After 30 epochs, is the cost of the training part above or below that of the validation part? By
# a little or a lot? And where is the 5-gram's 2.12?

# %%
history = model.fit(
    x,
    y,
    batch_size=N_ROWS,
    epochs=n_epochs,
    shuffle=False,
    validation_data=validation,
    validation_batch_size=N_ROWS,
    callbacks=[ResetStates(), TrainingProgress()],
    verbose=0,
).history
reported = {name: [bits(nats) for nats in history[name]] for name in ("loss", "val_loss")}

fig, ax = plt.subplots(figsize=(7, 3.2))
epochs = np.arange(1, len(reported["loss"]) + 1)
ax.plot(epochs, reported["loss"], label="training part, as Keras reports it")
ax.plot(epochs, reported["val_loss"], label="validation part")
ax.axhline(ngram_bits["validation"][1], color="0.5", linestyle=":")
ax.text(30, ngram_bits["validation"][1] + 0.05, "bigram", ha="right", color="0.4")
ax.axhline(ngram_bits["validation"][4], color="0.3", linestyle="--")
ax.text(1, ngram_bits["validation"][4] - 0.2, "5-gram", color="0.3")
ax.set_ylim(1.5, 4.5)
ax.set_xlabel("epoch")
ax.set_ylabel("bits per character")
ax.legend()
plotting.show(
    fig,
    alt="Bits per character over 30 epochs: both curves fall below the bigram's 3.3 within 5 epochs "
    "and end near 2.05, a little below the 5-gram's 2.12.",
)
after_5 = reported["val_loss"][:5][-1]  # or fewer, if you have stopped the training
print("validation below the bigram after 5 epochs:", after_5 < 3.2)
print("validation at the end below the 5-gram's 2.12:", reported["val_loss"][-1] < 2.12)

# %% [markdown]
# What to see: the network passes the bigram within a few epochs and the 5-gram after about 15. At the end both
# curves lie together.
#
# Do not read from it that nothing is memorised. The blue curve is the *mean over an epoch, with dropout on, of
# weights that were still changing*. Measure the training part as you measure the others, and it looks
# different. For that the network must read one long text without dropout, and give its state away.
#
# ## 4. The same weights, one character at a time
#
# **Code.** A sampler wants three things from a model: its `tokens`, the state before the first character
# (`start`), and one step. The class below gives a Keras model this face. Embedding and dense layer are the
# trained ones. The GRU is a second layer with a copy of the weights, because the trained one keeps states for 16 rows.


# %%
class CharacterModel:
    """A trained network, as a sampler wants it: tokens, start and step."""

    def __init__(self, model, tokens):
        embedding, _, carried, _, dense = model.layers
        self.tokens, self.n_units = list(tokens), carried.gru.units
        x = keras.Input((None,), dtype="int32")
        state = keras.Input((self.n_units,))
        gru = keras.layers.GRU(self.n_units, return_sequences=True, return_state=True)
        h, new_state = gru(embedding(x), initial_state=state)
        gru.set_weights(carried.gru.get_weights())
        self.layers = embedding, gru, dense
        self.network = keras.Model([x, state], [dense(h), new_state])

    def start(self):
        """Return the state before the first character: zeros (1, U)."""
        return np.zeros((1, self.n_units), dtype="float32")

    def read(self, ids, state):
        """Read several characters: ids (T,) -> logits (T, V), new state."""
        ids = np.asarray(ids, dtype="int32")[None]
        logits, state = self.network.predict_on_batch([ids, state])
        return logits[0], state

    def step(self, token_id, state):
        """Read one character: logits of the next one (V,), new state."""
        logits, state = self.read([token_id], state)
        return logits[0], state


writer = CharacterModel(model, vocabulary.tokens)
prompt = encode_prompt("The lamp was lit, and Davy")
all_at_once, _ = writer.read(prompt, writer.start())

state, one_by_one = writer.start(), []
for token_id in prompt:
    logits, state = writer.step(token_id, state)
    one_by_one.append(logits)
difference = np.abs(all_at_once - np.array(one_by_one)).max()
print("prompt of", len(prompt), "characters, logits", all_at_once.shape)
print("carried state equals reading the whole prefix, to 1e-5:", bool(difference < 1e-5))

embedding, gru, dense = writer.layers
E, (W_hy, b_y) = embedding.get_weights()[0], dense.get_weights()
by_hand = interop.from_keras(gru).forward(E[prompt][None]).h[0] @ W_hy + b_y
print("equal to the GRU in NumPy, to 1e-4:", bool(np.allclose(by_hand, all_at_once, atol=1e-4)))

# %% [markdown]
# The last line is the running thread of the course: the trained weights in the NumPy GRU give the same logits.
#
# The state after 26 steps holds all that the network knows of 26 characters. One step then costs the same
# after 26 characters and after 26,000. To read the prefix again for each character gives the same logits, and for
# a text of 1,000 characters it takes 500,500 steps in place of 1,000.
#
# ### What the network costs
#
# **Predict.** Training part, validation part, test part, all read in one piece and without dropout. Where is the
# network cheaper than the 5-gram, and by how much?


# %%
def costs_in_bits(model, ids):
    """Return what each character but the first costs: ids (T,) -> bits (T - 1,)."""
    logits, _ = model.read(ids[:-1], model.start())
    p = softmax(logits.astype(float))
    return -np.log2(p[np.arange(len(p)), ids[1:]])


network_bits = {
    "training": costs_in_bits(writer, seen).mean(),
    "validation": costs_in_bits(writer, ids["validation"]).mean(),
    "test": costs_in_bits(writer, ids["test"]).mean(),
}
print("training part below 1.9:", bool(network_bits["training"] < 1.9))
print("validation part between 1.95 and 2.2:", bool(1.95 < network_bits["validation"] < 2.2))
print("test part between 2.0 and 2.25:", bool(2.0 < network_bits["test"] < 2.25))
gap = network_bits["test"] - network_bits["training"]
print("training cost as test cost would flatter by more than 0.2 bits:", bool(gap > 0.2))

# %% [markdown]
# Training 1.78, validation 2.05, test 2.11 in our run. The 5-gram has 2.12 and 2.15 on the last two. So two things
# are true.
#
# The network wins, by 0.07 and 0.04 bits. That is little for 87,000 weights and 20 seconds of training against a table
# that was counted in a quarter of a second.
#
# Reported as a result, its training cost would make the lead 0.37 bits, nine times as large as it is.
#
# The two models err at different places. So let both speak, and give each character the mean of their two
# probabilities.
#
# **Predict.** Both cost about 2.1 bits. What does the mean of the two cost: 2.1, a bit more, or less than either?


# %%
def ngram_costs(model, ids):
    """Return what each character but the first costs: ids (T,) -> bits (T - 1,)."""
    contexts = (ids[max(0, t - model.order + 1) : t] for t in range(1, len(ids)))
    p = [model.probabilities(context)[c] for context, c in zip(contexts, ids[1:], strict=True)]
    return -np.log2(p)


for part in ("validation", "test"):
    by_network = costs_in_bits(writer, ids[part])
    by_counts = ngram_costs(ngrams[5], ids[part])
    mixed = -np.log2((2**-by_network + 2**-by_counts) / 2)
    lead = min(by_network.mean(), by_counts.mean()) - mixed.mean()
    print(f"{part}: 5-gram {by_counts.mean():.2f}, mixture below 2.05: {bool(mixed.mean() < 2.05)}")
    print(f"   cheaper than the better of the two by more than 0.08 bits: {bool(lead > 0.08)}")
    share = (by_network < by_counts).mean()
    print(f"   the network is cheaper at 40 to 60 % of the characters: {bool(0.4 < share < 0.6)}")

# %% [markdown]
# Less than either: 1.93 and 1.96 bits, 0.12 and 0.15 below the network. At half of the characters the 5-gram is the
# better one. Two models that err at different places correct each other.
#
# ### What a state is worth
#
# **Predict.** We forget the state after every 32 characters and begin with zeros. How much more does the first
# prediction cost than the last? And if the state is forgotten after *every* character, is the network still
# better than the bigram's 3.29 bits, which looks at one character too?

# %%
held_out = np.concatenate([ids["validation"], ids["test"]])
n_read = 32
starts = np.random.default_rng(13).choice(len(held_out) - n_read, size=2560, replace=False)
pieces = held_out[starts[:, None] + np.arange(n_read + 1)]
zeros = np.zeros((len(pieces), writer.n_units), dtype="float32")
logits, _ = writer.network.predict([pieces[:, :-1], zeros], batch_size=256, verbose=0)
p = np.take_along_axis(softmax(logits), pieces[:, 1:, None], axis=-1)
by_age = -np.log2(p[..., 0]).mean(axis=0)

fig, ax = plt.subplots(figsize=(7, 3))
ax.plot(np.arange(1, n_read + 1), by_age, marker="o", markersize=4)
for order, name in {2: "bigram", 5: "5-gram"}.items():
    cost = bits(ngrams[order].cross_entropy(held_out))
    ax.axhline(cost, color="0.4", linestyle="--")
    ax.text(n_read, cost + 0.04, name, ha="right", color="0.3")
ax.set_ylim(1.6, 4.2)
ax.set_xlabel("characters read since the state was zero")
ax.set_ylabel("bits for the next one")
plotting.show(
    fig,
    alt="Cost of the next character against the number of characters read since the state was "
    "reset: 3.9 bits after one character, steeply down for about seven, level near 2.1 from there.",
)
print("after one character, dearer than the bigram:", bool(by_age[0] > 3.29))
print("after 20 or more, cheaper by more than 1 bit:", bool(by_age[19:].mean() < by_age[0] - 1))

# %% [markdown]
# What to see: the curve falls steeply for seven characters, a word and a bit, and is level from there. **A state that is
# reset for every character** leaves the network at the left end, for ever: dearer than a bigram that has only
# counted. The program runs, the shapes are right, and the text is poor.
#
# It also shows why the lead over the 5-gram is small. A GRU *can* look back for ever, but in 52,000 characters there is
# little to learn from what is more than seven of them away.
#
# ## 5. From scores to a text
#
# **Idea.** The logits say how much the network favours each character. Always taking the favourite gives
# dull text, drawing from the probabilities as they are sometimes gives nonsense. The *temperature* $\tau$ sets how much
# the favourites count.
#
# **Formula.** With logits $\ell$ $(V,)$,
#
# $$p_i = \frac{e^{\ell_i / \tau}}{\sum_j e^{\ell_j / \tau}}$$
#
# $\tau = 1$ is the network's own opinion. Towards $\tau = 0$ the favourite gets everything (*greedy*), towards
# large $\tau$ all get the same. *Top-k* is a second knob: only the $k$ largest logits remain, the others
# become $-\infty$.
#
# **Code.** Logarithms of probabilities are logits as well, so the knobs work for any model. Here is the
# 5-gram, which gives the same numbers everywhere. It has read " sto".
#
# **Predict.** An "o" follows with probability 0.37 ("stood"), then "p" with 0.29 and "r" with 0.21. What does
# $\tau = 0.5$ make of the 0.37? What do the 61 others together have at $\tau = 2$, from 0.13?

# %%
context = vocabulary.encode(characters(" sto"))
ngram_logits = np.log(ngrams[5].probabilities(context))
favourites = np.argsort(-ngram_logits)[:8]
names = [repr(name) for name in vocabulary.decode(favourites)]

fig, panels = plt.subplots(1, 3, figsize=(8, 2.6), sharey=True)
for ax, temperature in zip(panels, (0.5, 1.0, 2.0), strict=True):
    p = next_probabilities(ngram_logits, temperature)
    entropy = -(p * np.log2(p)).sum()
    ax.bar(range(8), p[favourites], color=plotting.PALETTE["blue"])
    ax.set_xticks(range(8), names)
    ax.set_xlabel("next character")
    ax.set_title(f"temperature {temperature:g}")
    shown = " ".join(f"{name} {p[i]:.3f}" for name, i in zip(names[:3], favourites, strict=False))
    print(
        f"temperature {temperature:g}: {shown}, all others {1 - p[favourites[:3]].sum():.3f};",
        end=" ",
    )
    print(f"entropy {entropy:.2f} bits")
panels[0].set_ylabel("probability")
plotting.show(
    fig,
    alt="Probabilities of the eight likeliest characters after ' sto' at temperatures 0.5, 1 and 2: "
    "the three highest bars grow from 1 to 0.5 at the cost of the others, and at 2 all come closer.",
)

# %% [markdown]
# What to see: the order of the bars never changes. What changes is how far they lie apart.
#
# **A fault that nobody sees.** Three programs that look alike. The second divides the *probabilities* and rescales
# them, the third multiplies.
#
# **Predict.** Which of them do you recognise by the numbers, if you set 0.5 and expect a tame text?

# %%
tau = 0.5
p = softmax(ngram_logits)
faulty = {
    "logits / tau": softmax(ngram_logits / tau),
    "softmax / tau, rescaled": (p / tau) / (p / tau).sum(),
    "logits * tau": softmax(ngram_logits * tau),
}
for name, values in faulty.items():
    print(f"{name:25s}favourite {values[favourites[0]]:.3f}, sum {values.sum():.3f}")
print("second equal to temperature 1:", bool(np.allclose(faulty["softmax / tau, rescaled"], p)))
print(
    "third equal to temperature 2 :",
    bool(np.allclose(faulty["logits * tau"], softmax(ngram_logits / 2))),
)

# %% [markdown]
# All sum to 1, all can be sampled from. The second knob is not connected. The third turns the wrong way.
#
# ### Exercise 13.1 · Temperature and top-k
#
# Return the probabilities to draw from. Keep the `top_k` largest logits and give all others probability 0.
# The result has a place for every character, in the order of the ids. Logits may be as large as 1000.
#
# <details><summary>Hint 1: a logit with probability 0</summary>
#
# $e^{-\infty} = 0$, and NumPy has `-np.inf`.
# </details>
#
# <details><summary>Hint 2: large logits</summary>
#
# `np.exp(1000)` is infinite. The softmax does not change when the same number is taken off all logits.
# </details>


# %% exercise="13.1"
def sampling_probabilities(logits, temperature, top_k):
    """Return the probabilities to draw the next character from.

    logits (V,), temperature above 0, top_k from 1 to V -> p (V,) with sum 1
    """
    ### BEGIN SOLUTION
    p = np.zeros_like(logits)
    kept = np.argsort(-logits)[:top_k]
    p[kept] = np.exp((logits[kept] - logits.max()) / temperature)
    return p / p.sum()
    ### END SOLUTION


# %% check="13.1"
check("13.1", sampling_probabilities)

# %% [markdown]
# ### Exercise 13.2 · Stateful sampling
#
# Read the prompt, then choose and feed back, `n_new` times. `model` has `start()` and `step(token_id, state)`
# like `CharacterModel`; the check passes a small network that answers at once. `choose(logits)` returns an id. Return the
# new ids, without the prompt.
#
# <details><summary>Hint 1: two loops</summary>
#
# The first loop feeds the prompt and chooses nothing. The second chooses, and feeds what it has chosen. One
# state goes through both.
# </details>
#
# <details><summary>Hint 2: which logits</summary>
#
# After the last character of the prompt, the logits for the first new character are already in your hand.
# </details>


# %% exercise="13.2"
def generate(model, prompt, n_new, choose):
    """Return n_new ids that continue the prompt.

    prompt (P,) ids with P at least 1, choose: logits (V,) -> id -> list of n_new ids
    """
    ### BEGIN SOLUTION
    state = model.start()
    for token_id in prompt:
        logits, state = model.step(token_id, state)
    new = []
    for _ in range(n_new):
        new.append(choose(logits))
        logits, state = model.step(new[-1], state)
    return new
    ### END SOLUTION


# %% check="13.2"
check("13.2", generate)

# %% [markdown]
# ### Read what it writes, and touch it
#
# The cell after next shows samples, and below them your network in a sampler: the bars are the probabilities of
# the next character, the text so far stands above them.
#
# **Predict.** At which temperature will you like the text most: 0, 0.5, 1 or 1.5? What will be wrong at each end?


# %%
def write(prompt, n_new, temperature=1.0, top_k=None, seed=0):
    """Return n_new characters that the trained network writes after the prompt."""
    rng, state, written = np.random.default_rng(seed), writer.start(), []
    for token_id in encode_prompt(prompt):
        logits, state = writer.step(token_id, state)
    for _ in range(n_new):
        p = next_probabilities(logits.astype(float), temperature, top_k)
        written.append(sample(p, rng))
        logits, state = writer.step(written[-1], state)
    return "".join(vocabulary.decode(written))


temperatures = (0.0, 0.3, 0.5, 0.7, 1.0, 1.5)
texts = {
    tau: [write("The lamp ", 400, tau, seed=seed) for seed in range(3)] for tau in temperatures
}
print(sum(len(each) for group in texts.values() for each in group), "characters written")

# %% tags=["nbval-ignore-output"] reason="Texts of a network trained on this machine: the last bits of its weights decide."
for tau in (0.0, 0.5, 1.0, 1.5):
    print(f"--- temperature {tau:g}\nThe lamp {texts[tau][0][:240]}\n")
SamplerExplorer(writer, prompt=characters("The lamp "))

# %% [markdown]
# Your texts will differ from the stored ones: a trained network depends on the last bits of your processor's
# arithmetic, and one other character changes all that follow. What does not differ is the kind of text.
#
# - At 0 a loop: the same few words for ever.
# - At 0.5 mostly English words, in an order without sense. Names, quotes and paragraphs are in place.
# - At 1 many invented words, pronounceable ones.
# - At 1.5 letters.
#
# Now the sampler.
#
# 1. Temperature 0, then step through the characters. Where is the favourite far ahead, and where is it not?
# 2. Temperature 1: find a place where two characters are about equally likely. Where in a word is it?
# 3. Top-k 2 at temperature 3: why is the text still nearly readable?
# 4. Another seed, temperature 0: what changes, and why?
#
# <details><summary>Answers</summary>
#
# 1. Far ahead inside a word, often above 90 %. Barely at the beginning of one; greedy takes it all the same.
# 2. Mostly at the beginning of a word: there the past decides least.
# 3. Only two characters are possible, however flat the temperature makes them, and the second favourite is
#    mostly a possible one.
# 4. Nothing. The seed decides which number is drawn, and at temperature 0 one character has it all.
# </details>
#
# **Predict.** What share of the words stands in the training text, at 0.3 and at 1.5? On the author's own
# last pages it is 93 %.

# %%
known = set(words(parts["train"]))


def share_known(passage):
    """Return the share of the words of a passage that the training part has, too."""
    return np.mean([word in known for word in words(passage)])


shares = {tau: np.mean([share_known(passage) for passage in texts[tau]]) for tau in temperatures}
print("the author, test part:", f"{share_known(parts['test']):.0%}")
for tau, low, high in ((0.3, 0.8, 1.0), (0.7, 0.65, 0.95), (1.5, 0.3, 0.62)):
    inside = bool(low <= shares[tau] <= high)
    print(f"temperature {tau}: between {low:.0%} and {high:.0%}: {inside}")
falling = shares[0.3] > shares[0.7] > shares[1.0] > shares[1.5]
print("falls from 0.3 over 0.7 and 1 to 1.5:", bool(falling))

# %% [markdown]
# 93 % at 0.3, 82 % at 0.7, 67 % at 1 and 42 % at 1.5 in our run, and 93 % for the author himself. That does not make
# 0.3 the right temperature: a loop of four known words has a share of 100 %.
#
# ### A loop, and why
#
# **Predict.** Greedy text from four different prompts. How long is the loop that each one ends in? Why does
# nothing lead out of it?


# %%
def loop_length(passage, longest=200):
    """Return after how many characters the end of a passage repeats itself, or 0."""
    tail = passage[-2 * longest :]
    repeats = (k for k in range(1, longest + 1) if tail[k:] == tail[:-k])
    return next(repeats, 0)


starts = ("The lamp ", "I ", "Davy ", "\n\n")
lengths = [loop_length(write(start, 800, temperature=0)) for start in starts]
print("greedy texts that end in a loop, 3 or 4 of 4:", sum(length > 0 for length in lengths) > 2)
print("the journal ends in a loop:", loop_length(parts["test"]) > 0)
print("at temperature 0.7, texts with a loop:", sum(loop_length(t) > 0 for t in texts[0.7]), "of 3")

# %% [markdown]
# In our run all four, three of them in the same loop of 123 characters. The journal repeats no passage.
# The loop is made by the choice: the favourite of each state leads back into a state like one before,
# which has the same favourite. Chance is the way out, and a small one is enough: at temperature 0.7 no
# loop is left.
#
# ### Does it recite?
#
# **Idea.** A model that has stored its training text would write wonderful prose: somebody else's. So look for
# the longest passage that a sample shares with the training part. And have a yardstick, because English repeats
# itself anyway: what the *test* part shares with it.
#
# **Predict.** The longest shared passage of 1,200 characters: by the author himself on his last pages, by the network
# at temperature 0.5, and by a 10-gram?


# %%
def longest_copy(passage, source):
    """Return the longest piece of the passage that stands word for word in the source."""
    longest = ""
    for start in range(len(passage)):
        while (piece := passage[start : start + len(longest) + 1]) in source:
            if len(piece) <= len(longest):
                break
            longest = piece
    return longest


ten_gram = NGram(10, vocabulary.size).fit(ids["train"])
rng, recited = np.random.default_rng(13), list(encode_prompt("The lamp "))
for _ in range(1200):
    recited.append(sample(ten_gram.probabilities(recited[-9:]), rng))

by_author = longest_copy(parts["test"][:1200], parts["train"])
by_ten_gram = longest_copy("".join(vocabulary.decode(recited)), parts["train"])
by_network = longest_copy("".join(texts[0.5]), parts["train"])
print(f"author : {len(by_author)} {by_author!r}")
print(f"10-gram: {len(by_ten_gram)} {by_ten_gram!r}")
print("network: below 35 characters:", len(by_network) < 35)

# %% [markdown]
# The network's longest copy is about as long as the author's own, set phrases and names. It does not recite; with
# dropout, 30 epochs and 87,000 weights it has hardly the means. The 10-gram does, and reads best of all. If a
# model of yours writes suspiciously well, run this cell.
#
# ## 6. What to report
#
# **Idea.** A number for a model of text says: which text, which part of it, which unit, how many runs. The cost of
# the training part is none, the validation part has been used for choices, and a cost is a mean over
# *characters*, however the text was cut for the computer.
#
# **Predict.** Two chunks: 1,000 characters at 2 bits each and 10 characters at 6 bits each. What is the cost per
# character? What comes out if you average the two chunks, and what if you average their perplexities?
#
# The characters cost $(1000 \cdot 2 + 10 \cdot 6) / 1010 = 2.04$ bits. The mean of the chunks is 4, and
# the mean of the perplexities, $(2^2 + 2^6) / 2 = 34$, would be 5.09 bits. All three from the same predictions.
#
# ### Exercise 13.3 · Bits per character
#
# A run has left its record: a list of chunks `(part, logits, targets)`. Row `t` of the logits predicts
# `targets[t]`. Return the number that belongs into the report. Logits may be thousands
# apart.
#
# <details><summary>Hint 1: which chunks</summary>
#
# `part` is "train", "validation" or "test". One of the three is text that nobody has used, neither for training
# nor for choosing.
# </details>
#
# <details><summary>Hint 2: from logits to costs</summary>
#
# A softmax along the last axis gives the probabilities. `p[np.arange(len(targets)), targets]` picks one a row.
# </details>
#
# <details><summary>Hint 3: one mean</summary>
#
# Collect the costs of all characters first, for instance with `np.concatenate`, and take one mean.
# </details>


# %% exercise="13.3"
def bits_per_character(record):
    """Return the bits per character of the test part.

    record: list of (part, logits (T, V), targets (T,)), T may differ -> a number
    """
    ### BEGIN SOLUTION
    costs = []
    for part, logits, targets in record:
        if part == "test":
            z = logits - logits.max(axis=-1, keepdims=True)
            log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
            costs.append(-log_p[np.arange(len(targets)), targets])
    return np.concatenate(costs).mean() / np.log(2)
    ### END SOLUTION


# %% check="13.3"
check("13.3", bits_per_character)

# %% [markdown]
# ### Three seeds, and what was changed
#
# One training is one draw. `data/text_runs.csv` holds this lesson's training with seeds 0, 1 and 2, and with one
# thing changed at a time; `python tools/measure/text_runs.py` measures it again, in about eight minutes. The cell
# prints bits per character, median and range.
#
# **Predict.** What makes a larger difference on the test part: to leave out the dropout, to take an LSTM, or to
# shuffle the windows and start each one at zero? And with a quarter of the text, who loses more, network or 5-gram?

# %%
rows = {}
for row in csv.DictReader(read_shipped("text_runs.csv").splitlines()):
    costs = [float(row[part]) for part in ("train", "validation", "test")]
    rows.setdefault(row["model"], []).append(costs)
runs = {name: np.array(costs) for name, costs in rows.items()}  # (n_seeds, 3)

print(f"{'':26s}{'training':>19s}{'validation':>19s}{'test':>19s}")
for name, costs in runs.items():
    cells = [
        f"{middle:.2f} ({low:.2f}-{high:.2f})" if len(costs) > 1 else f"{middle:.2f}"
        for low, middle, high in np.quantile(costs, [0, 0.5, 1], axis=0).T
    ]
    print(f"{name:26s}" + "".join(f"{cell:>19s}" for cell in cells))

# %% [markdown]
# Four things to read.
#
# - All three seeds of the GRU are below the 5-gram, by 0.03 to 0.05 bits on the test part.
# - Without dropout the training cost falls from 1.78 to 1.29, and the test cost *rises* from 2.12 to 2.35. Whoever
#   chooses by the training cost chooses the worse network.
# - Carried windows bring 0.01 bits over shuffled ones that start from zero. On the validation part the two ranges
#   do not touch, on the test part they do. Small either way: seven characters are what counts here, and a window
#   has fifty. Carrying pays where windows are short beside what there is to remember. It is necessary when you
#   write.
# - The LSTM costs 0.02 to 0.03 more, and its seeds lie 0.05 apart. One run of each would prove nothing.
#
# **Predict.** The last lines had less text to learn from. What does twice the text bring, beside all these
# changes of the network?

# %%
percent = [25, 50, 100]
by_share = {
    "5-gram": [runs["5-gram, quarter"], runs["5-gram, half"], runs["5-gram"]],
    "GRU": [runs["GRU, quarter of the text"], runs["GRU, half of the text"], runs["GRU"]],
}
fig, ax = plt.subplots(figsize=(7, 2.9))
for (name, groups), marker in zip(by_share.items(), "so", strict=True):
    tests = [costs[:, 2] for costs in groups]
    ax.plot(percent, [np.median(t) for t in tests], marker=marker, label=name)
    ax.fill_between(percent, [t.min() for t in tests], [t.max() for t in tests], alpha=0.25)
    print(f"{name:7s}", [round(float(np.median(t)), 2) for t in tests])
ax.set_xlabel("share of the training part (%)")
ax.set_ylabel("bits per character (test)")
ax.legend()
plotting.show(
    fig,
    alt="Test cost of 5-gram and GRU with a quarter, half and all of the training part; both fall "
    "from 2.6 to 2.1 bits, and the GRU stays 0.01 to 0.04 below the 5-gram.",
)

# %% [markdown]
# What to see: two lines, one nearly on the other. Each doubling of the text brings 0.2 to 0.3 bits, to the counter as to the
# network. Of the changes to the network only dropout is worth as much. If you may choose between a better
# network and more text, take the text.
#
# **On a larger text.** `load_shakespeare()` fetches 1.1 MB of Shakespeare's plays once, checks its checksum, and falls back to the
# journal with a sentence where there is no network. The cell does nothing until you write `True`. One epoch takes
# about 20 times as long as one on the journal.

# %%
TRY_SHAKESPEARE = False

if TRY_SHAKESPEARE:
    larger = load_shakespeare()
    cut = int(0.9 * len(larger))
    larger_vocabulary = Vocabulary.from_tokens(characters(larger), specials=())
    larger_ids = larger_vocabulary.encode(characters(larger))
    x, y = stacked(contiguous_batches(larger_ids[:cut], N_ROWS, N_STEPS))
    larger_model = build(larger_vocabulary.size, dropout=0.1)
    larger_model.compile(
        keras.optimizers.Adam(0.003, clipnorm=1.0),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    watch = [ResetStates(), TrainingProgress()]
    larger_model.fit(x, y, batch_size=N_ROWS, epochs=3, shuffle=False, callbacks=watch, verbose=0)
    reader = CharacterModel(larger_model, larger_vocabulary.tokens)
    five_gram = NGram(5, larger_vocabulary.size).fit(larger_ids[:cut])
    print("network:", costs_in_bits(reader, larger_ids[cut:]).mean().round(2))
    print("5-gram :", round(bits(five_gram.cross_entropy(larger_ids[cut:])), 2))
else:
    print("Shakespeare is left for you.")

# %% [markdown]
# ## Quiz

# %%
Quiz("13")

# %% [markdown]
# ## Summary
#
# - Bits per character: the mean of $-\log_2 p$ over the characters that came. One bit is 0.693 nats;
#   perplexity is $2^{\mathrm{bits}}$. **Keras reports nats.**
# - Split a text in order. The training part's cost is no result: a 7-gram has 0.75 bits there and 2.33 on the next pages.
# - Beat a counter before you praise a network. On 52,000 characters a GRU is 0.03 to 0.05 bits below a 5-gram, and
#   the mean of the two is another 0.12 to 0.15 below.
# - Carry the state from window to window: contiguous batches, `shuffle=False`, a state that is a variable of the
#   model, and a reset where the text starts again. **`stateful=True` does not carry it through `fit` on JAX.**
# - Sample with one step a character and the carried state. **Temperature divides the logits**, before the softmax.
# - Greedy text loops. A reset state gives a poor bigram. Text that is too good may be a copy: look for it.
#
# | trace | fault |
# |---|---|
# | cost too low by the factor 0.69 | nats reported as bits |
# | first loss far from $\ln V$ | `from_logits` missing, wrong vocabulary |
# | temperature has no effect | it divides probabilities |
# | low temperature, wild text | it multiplies the logits |
# | each character fits its neighbour only | state reset for every character |
# | a doubled letter after the prompt | last character of the prompt fed twice |
# | cost depends on how the text was cut | mean of means |
#
# ## What next
#
# [00 Start here](00_start_here.ipynb) has the map. Part 3 ends here.
# [14 Keras on Theano, for real](14_keras_on_theano.ipynb) runs programs written for Keras 1 and 2.
# [15 Choosing an architecture](15_choosing_an_architecture.ipynb) asks which architecture suits which
# task, and [16 Sequence to sequence and attention](16_seq2seq_attention.ipynb) lets a network read one
# sequence and write another.
#
# ## References
#
# - C. E. Shannon, *Prediction and entropy of printed English*, Bell System Technical Journal 30, 50–64 (1951): bits per
#   letter, measured on people.
# - I. Sutskever, J. Martens, G. Hinton, *Generating text with recurrent neural networks*, ICML 2011: a character
#   network in bits per character.
# - A. Graves, *Generating sequences with recurrent neural networks*, arXiv:1308.0850 (2013), section 3: character
#   models with LSTM, and their samples.
# - A. Karpathy, *The unreasonable effectiveness of recurrent neural networks* (2015): the Shakespeare text and
#   temperature, by example.
# - A. Fan, M. Lewis, Y. Dauphin, *Hierarchical neural story generation*, arXiv:1805.04833 (2018), section 5: top-k
#   sampling.
# - A. Holtzman et al., *The curious case of neural text degeneration*, arXiv:1904.09751 (2020): why the likeliest
#   text repeats itself.
