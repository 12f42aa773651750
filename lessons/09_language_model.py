# %% [markdown]
# # 09 · A language model in scan
#
# **60 minutes.** You need: `theano.scan` from [06 scan](06_scan.ipynb), updates from
# [07 An RNN in scan](07_rnn_in_scan.ipynb), cells from [08 Gates](08_gates.ipynb), and perplexity from
# [01 Why memory](01_why_memory.ipynb).
#
# A language model gives every word a probability of being the next one. That is all it does. Here you
# build one from 85 poems, ask whether it has learned more than a table of word pairs, and let it write.

# %% [markdown]
# ## You will be able to
#
# - turn verse into whole numbers, with a start, an end and unknown words, and split it so that nothing leaks;
# - show that an embedding lookup is a product with a one-hot vector, and say which rows get a gradient;
# - cut a text into batches whose rows go on, and carry the state from batch to batch;
# - measure a model's perplexity on held-out text, against a unigram and a bigram, over three seeds;
# - sample with temperature and top k, and explain why greedy text goes in circles;
# - say what a network can and cannot learn from 1,400 lines.

# %%
import re

import matplotlib.pyplot as plt
import numpy as np

from course_utils import cells, datasets, plotting, scan_cells, session, theano_compat
from course_utils.checks import check
from course_utils.text import (
    END,
    PAD,
    START,
    UNKNOWN,
    NGram,
    Vocabulary,
    bits,
    contiguous_batches,
    next_probabilities,
    perplexity,
    sample,
    words,
)
from course_utils.training import minibatches
from course_utils.widgets import Quiz, SamplerExplorer

theano_compat.enable()

import theano
import theano.tensor as T

from course_utils.theano_training import adam, fit

session.start(seed=9)

# %% [markdown]
# ## 1. From verse to numbers
#
# **Idea.** A network reads numbers. So a text becomes a row of *tokens*, here words and marks of
# punctuation, and each token becomes its place in a list, its *id*.
#
# The course ships two collections of verse, written for it: rhymed ballads of a harbour, called *tide*,
# and unrhymed poems of a city, called *signal*. Each poem begins with a token for its start and ends
# with one for its end. `/` stands for the end of a line.
#
# **Predict.** Why does a model need the end as a token? And why the start?


# %%
def tokens_of(poem):
    """Return START, the words and marks of a poem with "/" between its lines, END."""
    lines = [words(line, punctuation=True) for line in poem.lines]
    return [START, *lines[0], *(token for line in lines[1:] for token in ["/", *line]), END]


tide, signal = datasets.load_verse("tide"), datasets.load_verse("signal")
for poem in (tide[0], signal[0]):
    print(f"# {poem.title}")
    print(" ".join(tokens_of(poem)[:16]), "...\n")

# %% [markdown]
# The end is something to predict: a model without it never stops. The start is something to predict
# *from*: the first word of a poem has no word before it. Nothing ever predicts the start.
#
# **Split first, then look.** Lines of one poem share their words. If some of them were for training and
# some for testing, the test would be easier than a new poem is. So whole poems are held out: two of ten
# for the test, one of ten for validation.
#
# The vocabulary is made from the training poems alone. What it does not have becomes the token
# `<unknown>`.
#
# **Predict.** The training poems hold 8,383 tokens. How many of the different ones occur only once: a
# tenth, a third, more than half?


# %%
def split(poems):
    """Return training, validation and test poems: of each ten, numbers 3 and 5, 10 are held out."""
    test, validation = poems[4::5], poems[2::10]
    return [p for p in poems if p not in test and p not in validation], validation, test


verse = {name: split(poems) for name, poems in (("tide", tide), ("signal", signal))}
train, validation, test = (
    [tokens_of(poem) for name in verse for poem in verse[name][part]] for part in range(3)
)
training_tokens = [token for poem in train for token in poem]
everything = Vocabulary.from_tokens(training_tokens, specials=(UNKNOWN, START, END))
vocabulary = Vocabulary.from_tokens(training_tokens, 2, specials=(UNKNOWN, START, END))
ids = everything.encode(training_tokens)
counts = np.sort(np.bincount(ids))[::-1]
counts = counts[counts > 0]

fig, ax = plt.subplots(figsize=(7, 3))
ax.loglog(np.arange(1, len(counts) + 1), counts, marker=".", linestyle="none")
ax.axvspan(np.sum(counts > 1), len(counts), color="0.9", label="seen once")
ax.set_xlabel("rank of the token, most frequent first")
ax.set_ylabel("times in the training poems")
ax.legend()
plotting.show(
    fig,
    alt="Counts of the tokens against their rank on two logarithmic axes: nearly a straight line "
    f"from {counts[0]} down to 1; from rank {np.sum(counts > 1)} on every token was seen once.",
)
print(
    f"{len(train)} poems for training, {len(validation)} for validation, {len(test)} for the test"
)
print(f"{len(ids):,} training tokens, {len(counts):,} different, {np.sum(counts == 1)} seen once")
for name, known in (("all", everything), ("seen twice", vocabulary)):
    unknown = np.mean([token not in known for poem in test for token in poem])
    print(f"vocabulary {name:11s}{known.size:5,} tokens; unknown in the test poems: {unknown:.0%}")

# %% [markdown]
# What to see: few tokens are very frequent, and most are rare. The grey part is more than half of all
# that is different. A word that was seen once has been seen in one place: nothing can be learned about
# where else it could stand.
#
# So we keep the 675 tokens that occur at least twice, and write `<unknown>` for the others. That has a
# price and an effect on every number below. 18 % of the test becomes one easy token, so perplexities look
# better than they would with all words: the bigram of section 4 has 41, and with all words 191. Compare only
# models with the same vocabulary.
#
# What if there is no `<unknown>`?

# %%
strict = Vocabulary.from_tokens(training_tokens, specials=(START, END))
new = next(token for poem in test for token in poem if token not in strict)
try:
    strict.encode([new])
except ValueError as error:
    print("ValueError:", error)
print("with it:", vocabulary.decode(vocabulary.encode(["the", new, "is", "here"])))

# %% [markdown]
# **What it means.** A held-out poem has a word that training did not have. **The mend** is not to make
# the vocabulary from all poems: that would tell the model which words the test holds. It is a token for
# what you do not know.
#
# ## 2. Lookup in a matrix
#
# **Idea.** An id is a name, not a size: token 40 is not twice token 20. The first layer gives each token
# a vector of its own, its *embedding*, and learns it.
#
# **Formula.** $E$ has one row for each of the $V$ tokens, so its shape is $(V, D)$. With $o(x)$ the
# one-hot vector of token $x$, shape $(V,)$:
#
# $$e_t = o(x_t)\, E = E[x_t]$$
#
# The product multiplies with $V - 1$ zeros. The lookup copies one row.
#
# **Predict.** For a batch of ids of shape $(N, T)$, what is the shape of `E[x]`? The text below has 5
# tokens, 4 of them different. How many of the 678 rows of $E$ get a gradient that is not zero?

# %%
V, D = vocabulary.size, 48
E = theano.shared(np.random.default_rng(9).normal(0, 0.1, (V, D)), "E")
x = T.lmatrix("x")  # l for long: int64

by_lookup = E[x]
one_hot = T.eq(x.dimshuffle(0, 1, "x"), T.arange(V))  # (N, T, V)
by_product = T.dot(one_hot.astype("float64"), E)
loss = (by_lookup**2).sum() / 2  # its gradient with respect to a looked-up vector is that vector
run = theano.function([x], [by_lookup, by_product, T.grad(loss, E)])

sentence = vocabulary.encode(["the", "sea", "and", "the", "sky"])
e, e_product, d_E = run(sentence[None])
print("shape (N, T, D):", e.shape, " equal:", bool(np.allclose(e, e_product, rtol=0, atol=1e-15)))
used = np.flatnonzero(np.abs(d_E).sum(axis=1))
print(f"{len(used)} of {V} rows have a gradient: {vocabulary.decode(used)}")
ratio = d_E[used] / E.get_value()[used]
print(
    "times its own vector:", dict(zip(vocabulary.decode(used), ratio[:, 0].round(6), strict=True))
)
try:
    E[T.dmatrix("x")]
except TypeError as error:
    print("\nTypeError:", str(error).splitlines()[0])

# %% [markdown]
# Four rows. *the* stands there twice, so its two gradients add up: its row gets 2 times its own vector.
# A row that no token of the batch uses stays where it is. A rare word is therefore moved rarely.
#
# The error at the end is what you get when the ids are a `dmatrix`: an index must be a whole number.
# **The mend** is `T.lmatrix`.
#
# ## 3. Rows that go on
#
# **Idea.** A poem has some 100 tokens, all poems together 8,000. Backpropagation through all of them
# would be slow, and the gradient would not come through anyway (lesson 04). So the text is cut into
# windows of $T$ steps. The gradient stops at the edge of a window. The *state* does not: what a window
# ends with is where the next one starts. That is truncated backpropagation through time with a carried
# state.
#
# It works only if row $n$ of each batch is the continuation of row $n$ of the batch before. `reshape`
# alone does not do that.
#
# **Predict.** 24 windows, batches of $N = 4$ rows. Which windows should lie in row 0? And in which row
# of which batch does a plain `reshape` put window 1?

# %%
N, n_batches = 4, 6
goes_on = np.stack([x[:, 0] for x, y in contiguous_batches(np.arange(N * n_batches + 1), N, 1)], 1)
reshaped = np.arange(N * n_batches).reshape(n_batches, N).T

fig, panels = plt.subplots(1, 2, figsize=(7.4, 2.6), sharey=True)
for ax, windows, title in zip(
    panels, (goes_on, reshaped), ("rows go on", "reshape alone"), strict=True
):
    ax.imshow(windows, cmap="Blues", vmin=-8, vmax=34, aspect="auto")
    for (row, batch), window in np.ndenumerate(windows):
        ax.text(batch, row, window, ha="center", va="center")
    ax.set_title(title)
    ax.set_xlabel("batch (one after the other in time)")
    ax.grid(False)
panels[0].set_ylabel("row n")
panels[0].set_yticks(range(N))
plotting.show(
    fig,
    alt="Two tables of window numbers, four rows and six batches. On the left row 0 holds windows 0 to "
    "5, one after the other. On the right it holds windows 0, 4, 8, 12, 16 and 20.",
)
for name, windows in (("rows go on", goes_on), ("reshape alone", reshaped)):
    steps = np.unique(np.diff(windows, axis=1))
    print(
        f"{name:14s}row 0: {windows[0].tolist()}, from batch to batch {steps[0]} window(s) further"
    )

# %% [markdown]
# What to see: on the left, each row reads on from left to right. On the right, window 1 is in row 1, and
# row 0 jumps over three windows each time. A state that is carried along a row would then belong to
# another place of the text. Nothing fails: the network trains, and the state is worth less.
#
# Shuffling windows does the same harm. What you may shuffle is the order of the *poems*, before you cut.
#
# ### Exercise 9.1 · Contiguous batches
#
# Cut a text into batches. Row $n$ of all batches together is one piece of the text, and the next row
# starts where that piece ends.
#
# <details><summary>Hint 1: how many batches</summary>
#
# The last id has no successor, so $L$ ids give $L - 1$ targets. A batch takes $N T$ of them. What does
# not fill a batch is left out, at the end of the text.
# </details>
#
# <details><summary>Hint 2: the axes</summary>
#
# Give the used ids three axes: row, batch, step. Which order of the axes makes a row one piece of text?
# The targets are the same, cut from the text one id later.
# </details>


# %% exercise="9.1"
def cut_into_batches(ids, batch_size, n_steps):
    """Return a list of (x, y) whose rows go on from batch to batch.

    ids (L,) -> x (N, T), y (N, T): y is x one step later in the text
    """
    ### BEGIN SOLUTION
    n_batches = (len(ids) - 1) // (batch_size * n_steps)
    n_used = n_batches * batch_size * n_steps
    x = ids[:n_used].reshape(batch_size, n_batches, n_steps)
    y = ids[1 : n_used + 1].reshape(batch_size, n_batches, n_steps)
    return [(x[:, b], y[:, b]) for b in range(n_batches)]
    ### END SOLUTION


# %% check="9.1"
check("9.1", cut_into_batches)

# %% [markdown]
# ## 4. What the network has to beat
#
# **Idea.** A perplexity means nothing alone. Two tables of counts are the measure: the *unigram* knows
# how frequent each token is, the *bigram* how frequent it is after the token before.
#
# **Formula.** With $p_i$ the probability that the model gave to the $i$-th of $M$ tokens that came,
#
# $$\text{cost} = -\frac1M \sum_i \ln p_i \ \text{(nats)}, \qquad \text{perplexity} = e^{\text{cost}}$$
#
# It is the number of equally likely tokens that would be as hard to guess. Pairs that were never seen
# need a probability above 0; `NGram` mixes each table with the next shorter one (Witten–Bell).
#
# **Predict.** $V = 678$. Order the unigram, bigram and trigram on the training poems, then on the test
# poems. Is it the same order?

# %%
train_ids, validation_ids, test_ids = (
    [vocabulary.encode(poem) for poem in part] for part in (train, validation, test)
)
ngrams = {
    name: NGram(order, V).fit(train_ids)
    for order, name in enumerate(("unigram", "bigram", "trigram"), start=1)
}

print("perplexity on  training    test")
for name, model in ngrams.items():
    on_train, on_test = (perplexity(model.cross_entropy(part)) for part in (train_ids, test_ids))
    print(f"{name:12s}{on_train:10.1f}{on_test:10.1f}")
bigram_test = perplexity(ngrams["bigram"].cross_entropy(test_ids))

costs = np.array([ngrams["bigram"].cross_entropy(poem) for poem in test_ids])
lengths = np.array([len(poem) - 1 for poem in test_ids])  # START is never predicted
print(f"\nmean of the {len(costs)} poems' perplexities: {np.exp(costs).mean():.1f}")
print(f"perplexity of their mean cost:      {np.exp(costs.mean()):.1f}")
print(f"perplexity of all their tokens:     {np.exp(np.average(costs, weights=lengths)):.1f}")
print(f"the same cost in bits:              {bits(np.log(bigram_test)):.2f} bits a token")

# %% [markdown]
# On the training poems the trigram is best by far, because it has learned them by heart. On the test it
# is worse than the bigram: two words before are a context that has hardly ever been seen. **A low
# perplexity on training text is no merit.** The number to beat is the bigram's 41.3.
#
# The lower half shows a frequent mistake. Perplexities must not be averaged. The exponential makes hard
# poems count more than they should. And a mean of the poems' mean costs lets a short poem count as much
# as a long one. Add up the nats of all tokens, divide by their number, then take the exponential, once.
#
# ### Exercise 9.2 · Perplexity
#
# Lines of different lengths come in one array, filled up with padding. The mask is True where there is a
# token. Compute one perplexity of all tokens. Logits may be thousands apart.
#
# <details><summary>Hint 1: from logits to costs</summary>
#
# Logits are scores. They become probabilities by a softmax over the last axis. Take off the largest
# logit first, or $e^{1000}$ overflows.
# </details>
#
# <details><summary>Hint 2: what to divide by</summary>
#
# Padding costs nothing and counts as nothing. It must be missing above and below the fraction bar.
# </details>


# %% exercise="9.2"
def masked_perplexity(logits, targets, mask):
    """Return the perplexity of the targets that are not padding.

    logits (N, T, V), targets (N, T) whole numbers, mask (N, T) bool -> one number
    """
    ### BEGIN SOLUTION
    z = logits - logits.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    costs = -np.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]
    return np.exp(costs[mask].mean())
    ### END SOLUTION


# %% check="9.2"
check("9.2", masked_perplexity)

# %% [markdown]
# ## 5. The network
#
# **Formula.** A window has the ids $x$, shape $(N, T)$, and the targets $y$: the same text one step later.
#
# $$e_t = E[x_t], \qquad h_t = \text{cell}(e_t, h_{t-1}), \qquad z_t = h_t E^\top + b_y, \qquad
# \text{cost}_t = -\ln \operatorname{softmax}(z_t)[y_t]$$
#
# $z_t$ has the shape $(N, V)$: one logit for each token. The output layer uses $E$ a second time, so $h$
# needs as many units as a token has numbers, $U = D$. A token then scores high if the state points in
# the direction of its embedding. These *tied* weights save $U V = 32{,}544$ parameters. And where the
# lookup moves 4 rows, the output layer moves all of them a little, since every token was a candidate.
#
# The initial state is a shared variable. To `T.grad` it is a constant, so the gradient stops at the
# window's edge by itself. One more update puts the window's last state in its place.
#
# **Predict.** Before training all logits are close to 0. What is the perplexity?


# %%
class VerseModel:
    """A language model in scan: embedding, recurrent cell, and the embedding again for the logits."""

    def __init__(self, tokens, cell, seed=0, n_rows=32, learning_rate=0.01):
        rng = np.random.default_rng(seed)
        self.tokens, self.cell = tokens, cell
        self.E = theano.shared(rng.normal(0, 0.1, (len(tokens), cell.n_features)), "E")
        self.b_y = theano.shared(np.zeros(len(tokens)), "b_y")
        self.carried = theano.shared(np.zeros((n_rows, cell.n_units)), "carried state")
        self.parameters = [self.E, self.b_y, *cell.parameters.values()]

        x, y, h0 = T.lmatrix("x"), T.lmatrix("y"), T.dmatrix("h0")
        h = cell.forward(self.E[x], self.carried).h  # (N, T, U)
        loss = self.nats(h, y).mean()
        updates = adam(loss, self.parameters, learning_rate)
        self.update = theano.function([x, y], loss, updates=[*updates, (self.carried, h[:, -1])])

        h = cell.forward(self.E[x], h0).h
        self.read = theano.function([x, y, h0], self.nats(h, y))
        self.next = theano.function([x, h0], [self.logits(h)[-1], h[:, -1]])

    def logits(self, h):
        """Scores of all tokens, symbolic (N T, V)."""
        return T.dot(h.reshape((-1, self.cell.n_units)), self.E.T) + self.b_y

    def nats(self, h, y):
        """Cost of each target, symbolic (N T,)."""
        z = self.logits(h)
        z = z - z.max(axis=1, keepdims=True)
        log_p = z - T.log(T.exp(z).sum(axis=1, keepdims=True))
        return -log_p[T.arange(z.shape[0]), y.ravel()]

    def start(self):
        """State before the first token, (1, U)."""
        return np.zeros((1, self.cell.n_units))

    def step(self, token_id, state):
        """Read one token: logits (V,) of the one after it, and the new state."""
        return self.next([[token_id]], state)


def make_cell(name, seed, n_units=48):
    """Return a cell over scan that reads embeddings of as many numbers as it has units."""
    if name == "rated":
        return scan_cells.RatedRNN.start(n_units, n_units, seed)
    in_numpy, in_scan = {
        "plain": (cells.SimpleRNN, scan_cells.SimpleRNN),
        "GRU": (cells.GRU, scan_cells.GRU),
    }[name]
    return in_scan.from_cell(in_numpy.start(n_units, n_units, seed))


def test_perplexity(model, poems, reset_after=None):
    """Perplexity of poems read one after the other; the state is carried, or reset now and then."""
    ids = np.concatenate(poems)
    n_steps = reset_after or len(ids) - 1
    x, y = (
        part[: len(part) // n_steps * n_steps].reshape(-1, n_steps) for part in (ids[:-1], ids[1:])
    )
    costs = model.read(x, y, np.zeros((len(x), model.cell.n_units)))
    return float(np.exp(costs[y.ravel() != model.tokens.index(START)].mean()))


model = VerseModel(vocabulary.tokens, make_cell("plain", seed=0))
at_start = test_perplexity(model, test_ids)
print(f"perplexity before training: {at_start:.0f}; V is {V}")
print(f"parameters: {sum(p.get_value().size for p in model.parameters):,}, of them in E: {V * D:,}")

# %% [markdown]
# Close to $V$: a network that knows nothing is as uncertain as a die with 678 faces. If your start is far
# from it, something is wrong before the first update.
#
# `test_perplexity` leaves START out of the mean. In a text of many poems START follows each END, and
# costs nothing once that is learned. It would make every model look better.
#
# ## 6. Training, and the verdict
#
# One *pass* goes through all training poems, in a new order each time, in windows of $T = 8$ steps and
# $N = 32$ rows. The state starts at zero for a pass and is carried from window to window.
#
# **Predict.** Twelve passes. How do the perplexities on the training and on the validation poems move?
# When would you stop?


# %%
class Passes:
    """The batches of one pass; each time the poems come in another order."""

    def __init__(self, model, poems, seed):
        self.model, self.poems, self.rng = model, poems, np.random.default_rng(seed)

    def __iter__(self):
        self.model.carried.set_value(0 * self.model.carried.get_value())
        order = self.rng.permutation(len(self.poems))
        return iter(contiguous_batches(np.concatenate([self.poems[i] for i in order]), 32, 8))

    def __len__(self):
        return (sum(map(len, self.poems)) - 1) // (32 * 8)


def train_model(cell_name, seed, n_passes=6, held_out=None):
    """Return a trained model, and the perplexity on held-out poems after each pass."""
    model = VerseModel(vocabulary.tokens, make_cell(cell_name, seed), seed)
    validate = None if held_out is None else lambda: np.log(test_perplexity(model, held_out))
    history = fit(model.update, Passes(model, train_ids, seed), n_passes, validate=validate)
    return model, history


model, history = train_model("plain", seed=0, n_passes=12, held_out=validation_ids)
by_pass = {
    "training (during the pass)": np.exp(np.reshape(history.loss, (12, -1)).mean(axis=1)),
    "validation (after it)": np.exp(history.validation),
}
fig, ax = plt.subplots(figsize=(7, 3))
for (name, values), marker in zip(by_pass.items(), "os", strict=True):
    ax.semilogy(np.arange(1, 13), values, marker=marker, label=name)
ax.set_yticks([20, 30, 50, 100, 200], [20, 30, 50, 100, 200])
ax.yaxis.set_minor_formatter("")
ax.set_xlabel("pass through the training poems")
ax.set_ylabel("perplexity")
ax.legend()
best = int(np.argmin(history.validation)) + 1
plotting.show(
    fig,
    alt="Perplexity against the pass, logarithmic. Training falls all the way, from "
    f"{by_pass['training (during the pass)'][0]:.0f} to "
    f"{by_pass['training (during the pass)'][-1]:.0f}; validation falls to "
    f"{min(by_pass['validation (after it)']):.0f} at pass {best}, then rises slowly.",
)
for name, values in by_pass.items():
    print(f"{name:27s}pass 1: {values[0]:5.1f}   6: {values[5]:5.1f}   12: {values[11]:5.1f}")
print("lowest on the validation poems after pass", best)

# %% [markdown]
# What to see: the two curves part. From about pass 6 on the network learns its poems and no longer the
# language: training falls on and on, validation turns. So we stop after 6 passes. The validation poems
# have decided that, so that the test poems did not have to.
#
# **A perplexity that is too good.** One mistake makes the training look wonderful: targets that are not
# shifted. The network then has to answer with the token that it has just read.

# %%
model = VerseModel(vocabulary.tokens, make_cell("plain", seed=0))
unshifted = [(x, x) for x, y in Passes(model, train_ids, seed=0)]
history = fit(model.update, unshifted, 3)
by_pass = np.exp(np.reshape(history.loss, (3, -1)).mean(axis=1))
print("training perplexity in passes 1 to 3:", by_pass.round(1).tolist())
print("on the test poems: above 1,000:", test_perplexity(model, test_ids) > 1000)

# %% [markdown]
# It has learned to copy: it gives *the* after *the*. With the right targets the third pass stood at 64. A
# training perplexity far below the bigram's after three short passes is not a success. It is a sign that the
# target is in the input.
#
# **The verdict.** The same training with three cells, three seeds each. Lesson 08 has introduced the
# rated cell and the GRU.
#
# **Predict.** The test perplexity of the bigram is 41.3. Does a plain recurrent network beat it? By how
# much do the gates improve on the plain cell?

# %%
models = {name: [] for name in ("plain", "rated", "GRU")}
for name, trained in models.items():
    trained += [train_model(name, seed)[0] for seed in range(3)]
scores = {
    name: [test_perplexity(model, test_ids) for model in trained]
    for name, trained in models.items()
}

fig, ax = plt.subplots(figsize=(7, 2.4))
for row, values in enumerate(scores.values()):
    ax.plot(values, [row] * 3, "o", markersize=7)
for name in ("bigram", "trigram"):
    at = perplexity(ngrams[name].cross_entropy(test_ids))
    ax.axvline(at, color="k", linestyle="--")
    ax.annotate(name, (at, 2.3), xytext=(5, 0), textcoords="offset points", va="center")
ax.set_yticks(range(3), scores)
ax.set_ylim(-0.6, 2.6)
ax.set_xlim(28, 52)
ax.set_xlabel("perplexity on the test poems (a point is a seed)")
plotting.show(
    fig,
    alt="Test perplexities of three cells with three seeds each: all nine points lie between 31 and "
    "36, left of the bigram at 41 and the trigram at 48; the three cells overlap.",
)
print("test perplexity  median  lowest  highest  parameters")
for name, values in scores.items():
    n_parameters = sum(p.get_value().size for p in models[name][0].parameters)
    print(
        f"{name:15s}{np.median(values):8.1f}{min(values):8.1f}{max(values):9.1f}{n_parameters:12,}"
    )
print(
    f"all nine below the bigram's {bigram_test:.1f}: {max(map(max, scores.values())) < bigram_test}"
)

# %% [markdown]
# What to see: all nine networks beat the bigram, by some 20 %. The three cells overlap. With windows of
# 8 words and 8,000 training tokens, gates do not show their worth; three seeds are needed to notice that
# you must not conclude anything from one.
#
# **Where does the gain come from?** A bigram sees one token. The network has a state. Take it away now and
# then, and see. And mix the two models, half and half, to see whether they know the same.
#
# **Predict.** The state is set to zero before every token, every 2, 4, 8, 16 tokens. Where does the network
# fall behind the bigram?

# %%
print("median of 3 plain networks, test perplexity")
for reset_after in (1, 2, 4, 8, 16, None):
    values = [test_perplexity(model, test_ids, reset_after) for model in models["plain"]]
    when = f"reset every {reset_after}" if reset_after else "carried"
    print(f"  state {when:15s}{np.median(values):6.1f}")

text = np.concatenate(test_ids)
counted = text[1:] != vocabulary.id(START)
bigram_costs = np.array(
    [ngrams["bigram"].cross_entropy(text[t : t + 2]) for t in range(len(text) - 1)]
)
network_costs = np.array(
    [model.read(text[None, :-1], text[None, 1:], model.start()) for model in models["plain"]]
)
mixed = -np.log((np.exp(-network_costs) + np.exp(-bigram_costs)) / 2)[:, counted].mean(axis=1)
print(f"bigram alone {bigram_test:.1f}; mean of both probabilities {np.exp(np.median(mixed)):.1f}")

# %% [markdown]
# Each doubling of what the state has seen helps, and beyond 8 tokens, the length of the training windows,
# it still does. With its state set back every token the network is worse than the table: the table was
# counted for one token, the network was trained to have more. The mixture is no worse than the network
# alone, although the bigram is much worse.
#
# **Where the network wins, and where it does not.** The mean over all tokens hides that. Sort the test
# tokens by how often training has seen them, and compare the costs.
#
# **Predict.** Marks and line ends, frequent words, rare words: where does a network of 8,000 training tokens
# gain most on the table?

# %%
seen = np.bincount(np.concatenate(train_ids), minlength=V)[text[1:]]
is_mark = np.isin(text[1:], vocabulary.encode([*",.;:?", "/", END]))
is_unknown = text[1:] == vocabulary.id(UNKNOWN)
is_word = counted & ~is_mark & ~is_unknown
kinds = {
    "marks and ends": is_mark,
    "unknown": is_unknown,
    "words seen 50 times or more": is_word & (seen >= 50),
    "words seen 6 to 49 times": is_word & (seen >= 6) & (seen < 50),
    "words seen 2 to 5 times": is_word & (seen < 6),
}
print(f"{'nats a token':28s} share  bigram  network")
for name, chosen in kinds.items():
    share = chosen.sum() / counted.sum()
    by_table = bigram_costs[chosen].mean()
    by_network = np.median(network_costs[:, chosen].mean(axis=1))  # of 3 networks
    print(f"{name:28s}{share:6.0%}{by_table:8.2f}{by_network:9.2f}")

# %% [markdown]
# The gain is in the marks, the line ends and the frequent words. A bigram cannot know how long a line is, for
# it sees one token; a state can count. On words that training has seen two to five times, the network is
# hardly better than the table: 7.54 nats against 7.62, so it gives the right word one chance in 1,900.
# No cell mends that. More text would.
#
# ## 7. Writing
#
# **Idea.** Feed a token, get probabilities, choose one, feed it, and so on. How to choose? *Greedy* takes
# the most likely token. *Sampling* draws. In between, the *temperature* $\tau$ divides the logits,
#
# $$p = \operatorname{softmax}(z / \tau)$$
#
# and *top k* draws from the $k$ most likely tokens only. Small $\tau$ sharpens, large $\tau$ flattens.
#
# **Predict.** Greedy is the best choice at each token. Is the text the best text?


# %%
def write(model, temperature=1.0, top_k=None, n_tokens=48, seed=0):
    """Return tokens that a model writes, unknown ones never, and what each cost by the model."""
    rng, never = np.random.default_rng(seed), [model.tokens.index(t) for t in (UNKNOWN, START)]
    token_id, state, tokens, costs = model.tokens.index(START), model.start(), [], []
    while len(tokens) < n_tokens and END not in tokens:
        logits, state = model.step(token_id, state)
        logits[never] = -np.inf  # probability 0
        token_id = sample(next_probabilities(logits, temperature, top_k), rng)
        tokens.append(model.tokens[token_id])
        costs.append(-np.log(next_probabilities(logits)[token_id]))
    return tokens, costs


def show_verse(tokens):
    """Print tokens as lines, with no space before a mark."""
    text = re.sub(r" (?=[,.;:?])", "", " ".join(tokens))
    print("\n".join(f"    {line.strip()}" for line in text.split("/")))


poet = models["GRU"][0]
for temperature in (0, 0.5, 1.0, 2.0):
    tokens, costs = write(poet, temperature, n_tokens=32 if temperature else 48, seed=1)
    print(
        f"temperature {temperature}{'' if temperature else ', greedy'}: {np.mean(costs):.1f} nats a token"
    )
    show_verse(tokens)


def words_in_a_line(texts):
    """Median length of the lines of token lists."""
    lines = " ".join(token for text in texts for token in text).replace(END, "/").split("/")
    return np.median([len(words(line)) for line in lines if words(line)])


written = [write(poet, seed=seed)[0] for seed in range(12)]
print(
    f"words in a line, median: verse {words_in_a_line(test):.0f}, written {words_in_a_line(written):.0f}"
)

# %% [markdown]
# Greedy verse goes in circles. A state that has led to a line once leads to it again, and nothing ever
# intervenes. Such text is not likely, either, it is too likely: see its cost, and compare it with the
# $\ln 33 = 3.5$ nats that a token of real verse costs this network. Real verse surprises now and then.
#
# At temperature 1 the text surprises as much as the network expects of verse. At 2 it is a list of words. What
# has been learned shows: lines are as long as in the poems, marks stand at their ends, an article is mostly
# followed by a noun. There is no rhyme and no thought. A rhyme spans two lines and is a matter of sound, and
# no token tells how it sounds.
#
# ### Exercise 9.3 · A sampler
#
# Write what stands behind `next_probabilities` and `sample`. `number` is uniform between 0 and 1: the
# token drawn is the first id at which the running sum of the probabilities exceeds it.
#
# <details><summary>Hint 1: where the temperature belongs</summary>
#
# Divide the logits, before the exponential. Probabilities divided by a number and normalised again are the
# same probabilities.
# </details>
#
# <details><summary>Hint 2: top k</summary>
#
# Give the logits that are not among the $k$ largest the value minus infinity. Its exponential is 0, and the
# softmax normalises the rest.
# </details>
#
# <details><summary>Hint 3: large logits</summary>
#
# At temperature 0.01 a logit of 20 becomes 2,000, and its exponential overflows. Subtract the largest first.
# </details>


# %% exercise="9.3"
def draw_token(logits, temperature, top_k, number):
    """Return the probabilities to draw from, and the id that `number` draws.

    logits (V,), temperature > 0, top_k from 1 to V, number in [0, 1) -> p (V,), id
    """
    ### BEGIN SOLUTION
    kept = np.full(len(logits), -np.inf)
    largest = np.argsort(logits)[-top_k:]
    kept[largest] = logits[largest]
    weights = np.exp((kept - kept.max()) / temperature)
    p = weights / weights.sum()
    return p, int(np.argmax(np.cumsum(p) > number))
    ### END SOLUTION


# %% check="9.3"
check("9.3", draw_token)

# %% [markdown]
# ### Watch it write
#
# The sampler below runs the GRU that you have just trained. The bars show the next token's probabilities
# after the text so far, the outlines what they would be without temperature and top k. One number picks
# from them. `<unknown>` is never drawn.
#
# **Predict, then move.** Set the temperature to 0 and move the seed: what changes? At temperature 3, how
# many equally likely tokens is the choice worth? Which helps more against the list of words at 2.0: top k
# 10, or temperature 1.0?

# %%
SamplerExplorer(poet, temperature=0.8, n_tokens=14, seed=5)

# %% [markdown]
# ## 8. What the embedding has learned
#
# **Idea.** Two tokens that are followed and preceded by the same tokens get the same gradients, so their
# rows of $E$ move the same way. Nobody told the network about grammar. Is there any in $E$?
#
# **Formula.** Likeness is the cosine, $\cos(a, b) = a \cdot b / (|a|\,|b|)$. For a map, the two directions
# in which frequent tokens differ most (principal components) stand in for all 48.
#
# **Predict.** Which tokens are nearest to *the*? To *you*? To *wind*, which training has seen 5 times?

# %%
E = poet.E.get_value()
unit = E / np.linalg.norm(E, axis=1, keepdims=True)
token_counts = np.bincount(np.concatenate(train_ids), minlength=V)

print("nearest by cosine, in each of 3 GRU networks")
for token in ("the", "you", "is", ",", "wind"):
    i = vocabulary.id(token)
    for seed, model in enumerate(models["GRU"]):
        rows = model.E.get_value()
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        nearest = vocabulary.decode(np.argsort(-(rows @ rows[i]), kind="stable")[1:5])
        print(
            f"{token if seed == 0 else '':6s}{f'({token_counts[i]})' if seed == 0 else '':7s}{' '.join(nearest)}"
        )

groups = {
    "determiners": "the a an his her my your our its",
    "pronouns": "i you he she it we they",
    "prepositions": "in on by with at to from of for",
    "verbs": "is are was were has have goes says come go",
    "marks": ", . ; ? :",
}
shown = {name: vocabulary.encode(tokens.split()) for name, tokens in groups.items()}
chosen = np.concatenate(list(shown.values()))
centred = E - E[chosen].mean(axis=0)
_, _, directions = np.linalg.svd(centred[chosen], full_matrices=False)
axes = (
    directions[:2]
    * np.sign(directions[:2, np.abs(directions[:2]).argmax(axis=1)].diagonal())[:, None]
)
places = centred @ axes.T

fig, ax = plt.subplots(figsize=(7, 4.6))
for (name, members), marker in zip(shown.items(), "os^DX", strict=True):
    ax.plot(*places[members].T, marker, label=name, markersize=5)
    for i in members:
        ax.annotate(
            vocabulary.tokens[i], places[i], xytext=(5, 2), textcoords="offset points", fontsize=9
        )
ax.set_xlabel("first principal component of E")
ax.set_ylabel("second")
ax.legend(fontsize="small")
within = np.mean(
    [(unit[m] @ unit[m].T)[~np.eye(len(m), dtype=bool)].mean() for m in shown.values()]
)
across = np.mean(
    [(unit[a] @ unit[b].T).mean() for a in shown.values() for b in shown.values() if a is not b]
)
plotting.show(
    fig,
    alt="Map of 40 frequent tokens by two principal components of their embeddings: marks of "
    "punctuation far left, verbs below, most prepositions in the middle, most determiners and all "
    "pronouns together on the right.",
)
print(f"\nmean cosine within the groups {within:.1f}, between different groups {across:.1f}")
print(f"tokens seen 5 times or less: {np.sum(token_counts <= 5)} of {V}")

# %% [markdown]
# What to see: the network has sorted the frequent tokens by what they do. The marks lie apart on the left, the
# verbs below, most prepositions in the middle. Determiners and pronouns share the right side: both begin a
# phrase. All that from 8,000 tokens, without one label.
#
# **Be honest about the rest.** The same list says it. *wind* was seen 5 times, and its neighbours are others
# with each seed: words that happen to have stood in similar places. 499 of the 678 tokens were seen five
# times or less, so most rows of $E$ say little. Maps in textbooks come from billions of words.
#
# ## 9. Which style is it?
#
# **Idea.** The last state of a network can also say *which collection a line is from*. The text is the same,
# the question simpler: one answer for a line. Before you believe in the network, ask what simply counting
# words can do: a *bag of words*, which does not know their order, with logistic regression on it.
#
# Both read the lines of the training poems, without punctuation, and answer for the lines of the test
# poems. Both know all words. The padding mask holds the state at a line's last word.
#
# **Predict.** Half right is guessing. What does the bag reach on 289 lines? Does order help?

# %%
lines = {
    part: [
        (words(line), k)
        for k, name in enumerate(verse)
        for poem in verse[name][i]
        for line in poem.lines
    ]
    for i, part in ((0, "train"), (2, "test"))
}
line_words = Vocabulary.from_tokens(
    [w for line, _ in lines["train"] for w in line], specials=(PAD, UNKNOWN)
)


def padded(part):
    """Ids of the lines, filled up with PAD (id 0), and 1.0 where a line is from the city."""
    longest = max(len(line) for line, _ in lines["train"] + lines["test"])
    x = np.zeros((len(lines[part]), longest), dtype=int)
    for row, (line, _) in zip(x, lines[part], strict=True):
        row[: len(line)] = line_words.encode(line)
    return x, np.array([float(k) for _, k in lines[part]])


def bag(x):
    """1 where a word is in the line, (N, V); padding and unknown words are left out."""
    return np.stack([np.isin(np.arange(2, line_words.size), row) for row in x]).astype(float)


def style_loss(z, y):
    """Logistic loss of scores z for answers y."""
    return (T.nnet.softplus(z) - y * z).mean()


(x_train, y_train), (x_test, y_test) = padded("train"), padded("test")

features, answers = T.dmatrix("features"), T.dvector("answers")
weights = {"w": theano.shared(np.zeros(line_words.size - 2), "w"), "b": theano.shared(0.0, "b")}
z = T.dot(features, weights["w"]) + weights["b"]
loss = style_loss(z, answers) + 0.003 * (weights["w"] ** 2).sum()  # keeps rare words in check
update = theano.function([features, answers], loss, updates=adam(loss, weights, 0.05))
fit(update, [(bag(x_train), y_train)], 100)
score = theano.function([features], z)
right_bag = np.mean((score(bag(x_test)) > 0) == y_test)
print(
    f"{len(y_train):,} lines for training, {len(y_test)} for the test, {np.mean(y_test):.0%} of them city"
)
print(f"bag of words: {right_bag:.0%} of the test lines right")
order = np.argsort(weights["w"].get_value())
print("most like the harbour:", *line_words.decode(order[:8] + 2))
print("most like the city:   ", *line_words.decode(order[:-9:-1] + 2))


# %%
def train_classifier(seed, n_units=16):
    """Return the share of test lines that a plain recurrent network has right."""
    rng, cell = np.random.default_rng(seed), make_cell("plain", seed, n_units)
    E = theano.shared(rng.normal(0, 0.1, (line_words.size, n_units)), "E")
    w, b = theano.shared(rng.normal(0, 0.1, n_units), "w"), theano.shared(0.0, "b")
    x, y = T.lmatrix("x"), T.dvector("y")
    h = cell.forward(E[x], mask=T.neq(x, 0)).h
    z = T.dot(h[:, -1], w) + b
    loss = style_loss(z, y)
    updates = adam(loss, [E, w, b, *cell.parameters.values()], 0.01)
    update, score = theano.function([x, y], loss, updates=updates), theano.function([x], z)
    fit(update, minibatches((x_train, y_train), 64, rng), 3)
    return np.mean((score(x_test) > 0) == y_test)


right = [train_classifier(seed) for seed in range(3)]
print(
    f"recurrent network, 3 seeds: {min(right):.0%} to {max(right):.0%}, median {np.median(right):.0%}"
)
print(f"bag of words:               {right_bag:.0%}; one line is {1 / len(y_test):.1%}")

# %% [markdown]
# They are level. One line is 0.3 %, chance alone moves 289 answers by some 2.5 % either way, and the bag lies
# inside the range of the three seeds. The style is in the words: *we*, *I* and *my* in the harbour, *you* in the
# city. Their order adds nothing that 1,007 lines could teach. The bag has no hidden layer, trains in an
# instant, and its weights can be read. Take the simpler model when the two are level, and always build it.
#
# ## Quiz

# %%
Quiz("09")

# %% [markdown]
# ## Summary
#
# - Split by whole poems; make the vocabulary from training text alone; `<unknown>` is for the rest. START
#   is only read, END is predicted.
# - A lookup is a product with a one-hot vector. **Only the rows that were used get a gradient.**
# - With a carried state, **row n of a batch must continue row n of the batch before**. Shuffle poems, not
#   windows.
# - **Perplexity is the exponential of the mean cost of all tokens**, taken once. Padding and START are not
#   tokens. Numbers compare only with the same vocabulary and the same text.
# - Nine of nine networks beat the bigram's 41.3. The state makes the difference, mostly at line ends and
#   frequent words; the kind of cell does not here.
# - The temperature divides logits, **before** the softmax. Greedy text goes in circles.
# - 1,400 lines teach what frequent words do. They do not teach what rare words mean.

# %% [markdown]
# ## What next
#
# Part 3 does the same with less code: [10 Keras layers without surprises](10_keras_layers.ipynb) ports
# these cells to Keras, and [13 Text generation](13_text_generation.ipynb) writes text letter by letter. The
# map is in [00 Start here](00_start_here.ipynb). If the carried state was new to you,
# truncated backpropagation is in [03](03_backpropagation_through_time.ipynb).

# %% [markdown]
# ## References
#
# - T. Mikolov et al., *Recurrent neural network based language model*, Interspeech 2010: a word-level
#   network against n-grams, and mixing the two.
# - I. H. Witten, T. C. Bell, *The zero-frequency problem*, IEEE Transactions on Information Theory 37
#   (1991), method C: the smoothing of section 4.
# - O. Press, L. Wolf, *Using the output embedding to improve language models*, EACL 2017, section 2: tied
#   weights.
# - A. Fan, M. Lewis, Y. Dauphin, *Hierarchical neural story generation*, ACL 2018, section 5.2: top-k
#   sampling.
# - A. Holtzman et al., *The curious case of neural text degeneration*, ICLR 2020, section 1: why likely text
#   goes in circles.
