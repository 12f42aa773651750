# %% [markdown]
# # 16 · Sequence to sequence and attention
#
# **50 minutes.** You need: the GRU and its state of [10 Keras layers without surprises](10_keras_layers.ipynb),
# padding and masks of [12 Sentiment](12_sentiment.ipynb), and sampling one character at a time of
# [13 Text generation](13_text_generation.ipynb).
#
# "3rd of June 1998" has 16 characters, "1998-06-03" has 10, and no character of one stands where it stands in the
# other. In this lesson a network reads a sequence and writes another. First it has to squeeze all that it has read into one
# vector, and 70 % of its dates are right. Then it may look back at the input in every step, and nearly all are.

# %% [markdown]
# ## You will be able to
#
# - make the decoder's inputs and targets, with START, END and padding in their places, and name the fault when they are not;
# - take the loss over the characters that count, and say what padding does to it when it is not left out;
# - measure the gap between teacher forcing and free running, and say which of two measures has none;
# - search with a beam, with logarithms that do not underflow, and say when it changes the answer;
# - write additive attention, and read its map;
# - report exact match over seeds, and not characters right.

# %%
import matplotlib.pyplot as plt
import numpy as np

from course_utils import plotting, session
from course_utils.checks import check
from course_utils.datasets import MAX_DATE_LENGTH, dates, load_seq2seq_runs
from course_utils.datasets.generated import WEEKDAYS
from course_utils.further import keras_seq2seq
from course_utils.further.seq2seq import (
    END,
    SOURCE_SPECIALS,
    START,
    TARGET_SPECIALS,
    exact_match,
    to_ids,
    to_text,
)
from course_utils.keras_training import TrainingProgress, fresh_start
from course_utils.losses import softmax
from course_utils.padding import PAD
from course_utils.text import Vocabulary
from course_utils.widgets import AttentionExplorer, Quiz

import keras  # isort: skip  (after keras_training, which chooses the backend)

session.start(seed=16)

# %% [markdown]
# ## 1. One sequence in, another out
#
# **Idea.** Lesson 10 had one answer for a sequence, and one for each of its steps. Here neither fits: the answer is a
# sequence of its own, of another length and in another order. `dates` makes pairs: a date as people write it, in
# eight forms, and as ISO 8601 writes it.
#
# **Predict.** Which parts of the input does a reader need for the first four characters of the answer, in
# "Wed 27 March 1957", "Nov 25, 02" and "July 2025"? Where do they stand?

# %%
x_text, y_text = dates(2500, seed=16)
n_train = 2000
for written, iso in list(zip(x_text, y_text, strict=True))[:8]:
    print(f"{written:22s} -> {iso}")
for name, part in {"read": x_text, "written": y_text}.items():
    print(f"{name}: {min(map(len, part))} to {max(map(len, part))} characters")
print(
    "held out:",
    len(x_text) - n_train,
    "- also in training:",
    len(set(x_text[n_train:]) & set(x_text[:n_train])),
)

# %% [markdown]
# The year stands last in all forms, and is written first. In "Nov 25, 02" half of it has to be known: 02 is 2002,
# and 57 is 1957. A form without a day gets a shorter answer, `2025-07`.
#
# **Formula.** The answer $y = y_1, \dots, y_L$ is written one character at a time, each given the input $x$ and
# what has been written:
#
# $$p(y \mid x) = \prod_{t=1}^{L} p(y_t \mid y_1, \dots, y_{t-1}, x)$$
#
# An *encoder* reads $x$; a *decoder* writes $y$. It is the language model of lesson 13 with a second source of
# knowledge. Two signs are added to its alphabet. **START** is what it reads before it has written anything.
# **END** is what it writes when it is done: nobody else knows how long the answer is.

# %%
source = Vocabulary.from_tokens(list("".join(x_text[:n_train])), specials=SOURCE_SPECIALS)
target = Vocabulary.from_tokens(list("".join(y_text[:n_train])), specials=TARGET_SPECIALS)
x = to_ids(x_text, source, MAX_DATE_LENGTH)
y = to_ids(y_text, target, 10)
print("read   :", source.size, "tokens, the first:", source.tokens[:6])
print("written:", target.size, "tokens:", target.tokens)
print("x", x.shape, "y", y.shape)
print(x_text[5], "->", x[5])
print(y_text[5], "->", y[5])

# %% [markdown]
# Both sides are filled up with zeros at the end. The alphabets are two: 45 characters are read, 14 signs are
# written.
#
# ## 2. Teaching a decoder
#
# **Idea.** In training the right answer is known. So the decoder reads the *right* character of the step before,
# whatever it has just written itself. That is *teacher forcing*. All steps of an answer can be trained at once, and
# an early mistake does not spoil the rest.
#
# **Formula.** With the answer $y_1, \dots, y_L$:
#
# | step | 1 | 2 | … | $L$ | $L + 1$ |
# |---|---|---|---|---|---|
# | the decoder reads | START | $y_1$ | … | $y_{L-1}$ | $y_L$ |
# | it has to write | $y_1$ | $y_2$ | … | $y_L$ | END |
#
# Both rows have $L + 1$ steps, and they are shifted by one against each other. Without the shift the decoder
# reads what it has to write.
#
# ### Exercise 16.1 · What the decoder reads
#
# Make inputs and targets from answers that are filled up with padding. PAD is 0, START 1, END 2.
#
# <details><summary>Hint 1: shapes</summary>
#
# `y` is $(N, L)$, and both results are $(N, L + 1)$. Begin with two arrays of zeros, and put things in.
# </details>
#
# <details><summary>Hint 2: where END goes</summary>
#
# Row $n$ has `(y[n] != PAD).sum()` characters, and that is the index of the place after them.
# `targets[np.arange(N), places] = END` sets one element in each row.
# </details>


# %% exercise="16.1"
def teacher_forcing(y):
    """Return what the decoder reads and what it has to write.

    y: ids (N, L), padding at the end -> inputs (N, L + 1), targets (N, L + 1)
    """
    ### BEGIN SOLUTION
    n_samples, n_steps = y.shape
    inputs = np.zeros((n_samples, n_steps + 1), dtype=y.dtype)
    targets = np.zeros((n_samples, n_steps + 1), dtype=y.dtype)
    inputs[:, 0] = START
    inputs[:, 1:] = y
    targets[:, :-1] = y
    targets[np.arange(n_samples), (y != PAD).sum(axis=1)] = END
    return inputs, targets
    ### END SOLUTION


# %% check="16.1"
check("16.1", teacher_forcing)

# %%
from course_utils.further import seq2seq

inputs, targets = seq2seq.teacher_forcing(y)
shown = y_text.index(next(each for each in y_text if len(each) == 7))
print("the answer:", y_text[shown])
for name, row in {"reads ": inputs[shown], "writes": targets[shown]}.items():
    print(name, " ".join(f"{token:7s}" for token in target.decode(row)))

# %% [markdown]
# **Padding costs nothing.** Most answers fill all 11 steps, END among them. Those without a day leave three steps
# over. What a network writes there is nobody's business, so it must not be in the loss.
#
# **Formula.** With the mask $m_{nt} = 1$ where a target is there and 0 where there is padding, and
# the logits $\ell$ $(N, L + 1, V)$,
#
# $$\mathrm{loss} = -\frac{\sum_{n,t} m_{nt} \ln p_{nt}(\mathrm{target}_{nt})}{\sum_{n,t} m_{nt}}
# \qquad p_{nt} = \mathrm{softmax}(\ell_{nt})$$
#
# **Predict.** A network has learned one thing: to write padding, with probability 0.99, and the 13 other signs share
# the rest equally. What does a character that counts cost it? In a batch with 75 % padding, what does
# the mean over *all* positions say?

# %%
lazy = np.full((4, 12, 14), np.log(0.01 / 13))
lazy[:, :, PAD] = np.log(0.99)
padded = np.zeros((4, 12), dtype=int)
padded[:, :3] = [5, 6, END]
print("share of padding:", (padded == PAD).mean())
print("mean over all positions:", round(float(seq2seq.cross_entropy(lazy, padded)[0]), 2), "nats")
print("masked                 :", round(seq2seq.masked_loss(lazy, padded), 2), "nats")
print("knowing nothing, ln 14 :", round(np.log(14), 2), "nats")

# %% [markdown]
# 1.8 nats look better than the 2.64 of knowing nothing. But on the characters that count, it is far worse: 7.17. Whoever
# counts the padding rewards a network for writing nothing, the more the longer the batch is.
#
# ### Exercise 16.2 · Masked loss
#
# Take the mean over the targets that are not padding, in nats. Logits may be thousands apart.
#
# <details><summary>Hint 1: the logarithm of a softmax</summary>
#
# Take the largest logit of each position off. What is left, minus the logarithm of the sum of its exponentials, is $\ln p$.
# </details>
#
# <details><summary>Hint 2: one of V</summary>
#
# `np.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]` picks the target of each position: $(N, T)$.
# </details>
#
# <details><summary>Hint 3: the mean</summary>
#
# A boolean array as an index keeps what is True, and what it keeps has a mean of its own.
# </details>


# %% exercise="16.2"
def masked_loss(logits, targets):
    """Return the mean cross-entropy over the targets that are not padding.

    logits (N, T, V), targets (N, T) -> a number
    """
    ### BEGIN SOLUTION
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    costs = -np.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]
    return costs[targets != PAD].mean()
    ### END SOLUTION


# %% check="16.2"
check("16.2", masked_loss)

# %% [markdown]
# ## 3. Everything in one vector
#
# **Idea.** The first such networks squeezed the input into one vector and let a decoder unfold it. Ours reads in both
# directions, and the two last states together are the summary.
#
# **Formula.** The encoder, a bidirectional GRU, has the states $h_1, \dots, h_T$, each $(2U,)$. The summary is
# $c = [\overrightarrow{h}_T, \overleftarrow{h}_1]$. The decoder's state is $s_t$ $(U,)$, and
#
# $$s_0 = \tanh(c W_0 + b_0) \qquad s_t = \mathrm{GRU}([E_{y_{t-1}}, c],\, s_{t-1}) \qquad
# \ell_t = [s_t, c]\, W_{sy} + b_y$$
#
# $E_{y_{t-1}}$ $(D,)$ is the row of the embedding that belongs to what has been read, $y_0$ is START, and $\ell_t$
# $(V,)$ are the logits. The summary $c$ goes into every step. Here $U = 32$ and $D = 16$.
#
# **Code.** `keras_seq2seq.build` puts this together. Its loss has `ignore_class=0`, which is the masked
# loss of section 2. The learning rate falls from 0.01 to 0 over 12 epochs, and gradients are clipped.
#
# **Predict.** What is its loss before training? And after 480 updates, what share of 500 new dates is right in
# every character: 10 %, 70 % or 99 %?

# %%
n_epochs, batch_size = 12, 50
train, test = slice(n_train), slice(n_train, None)


def build(attention):
    """Return an untrained network, compiled for n_epochs of training."""
    keras.utils.set_random_seed(16)
    rate = keras.optimizers.schedules.CosineDecay(0.01, n_epochs * n_train // batch_size)
    sizes = source.size, target.size, MAX_DATE_LENGTH, 11
    return keras_seq2seq.build(*sizes, attention=attention, learning_rate=rate)


def train_network(network, read, epochs):
    """Train a network to write the targets while it reads ``read``; return its losses."""
    watch = TrainingProgress()
    pairs = [x[train], read[train]], targets[train]
    record = network.fit(*pairs, batch_size=batch_size, epochs=epochs, verbose=0, callbacks=[watch])
    return record.history["loss"]


squeezed = build(attention=False)
untrained = keras_seq2seq.Translator(squeezed, source, target)
loss = seq2seq.masked_loss(untrained.forced(x_text[test], inputs[test])[0], targets[test])
print("parameters:", squeezed.count_params())
print(
    f"untrained: {loss:.1f} nats; equal to ln 14 within 0.1: {bool(abs(loss - np.log(14)) < 0.1)}"
)
losses = {"one vector": train_network(squeezed, inputs, n_epochs)}
print("last epoch below 0.3 nats a character:", losses["one vector"][-1] < 0.3)

# %% [markdown]
# **The same weights, the same numbers.** Training runs all steps at once. Writing goes one step at a time, and for that we take
# the weights over into NumPy: `Translator` holds copies, and the GRU is `cells.GRU` of lesson 08. Its `forced` reads
# given inputs as the training does, and its `greedy` reads what it has written itself.

# %%
reader = keras_seq2seq.Translator(squeezed, source, target)
by_numpy, _ = reader.forced(x_text[test], inputs[test])
by_keras = squeezed.predict([x[test], inputs[test]], batch_size=batch_size, verbose=0)
difference = np.abs(softmax(by_numpy) - softmax(by_keras)).max()
print("logits", by_numpy.shape, "- probabilities equal to 1e-5:", bool(difference < 1e-5))

answers = reader.greedy(x_text[test])
exact = exact_match(answers, y_text[test])
print(f"exact match between 50 and 90 %: {0.5 < exact < 0.9}")
wrong = [
    each for each in zip(x_text[test], answers, y_text[test], strict=True) if each[1] != each[2]
]
slips = [sum(a != b for a, b in zip(one, other, strict=False)) for _, one, other in wrong]
print(
    "of the wrong answers, most have 1 or 2 wrong characters:", np.mean(np.array(slips) <= 2) > 0.5
)

# %% [markdown]
# 63 to 77 % in four runs of ours. (Yours differs a little: training depends on the last bits of your processor's arithmetic,
# and so cells print bounds.) Most wrong answers are wrong in a digit or two, mostly of the day, which comes last:
# `2042-07-13` in place of `2042-07-31`. The summary holds *that* there was a 3 and a 1, and not surely in which order.
#
# ### Forced against free
#
# **Idea.** In training the decoder has always read the right character. When it writes on its own, it reads its own, wrong ones among
# them: a situation that it has never seen. This is called *exposure bias*.
#
# **Predict.** Which of these three numbers is lower in free running than under teacher forcing: the share of right characters, the
# share of answers that are right in every character, or the share right *after the first mistake*?

# %%
forced = by_numpy.argmax(axis=-1)
free = reader.greedy_ids(x_text[test])
real = targets[test] != PAD
hits = {"forced": forced == targets[test], "free": free == targets[test]}

whole = {name: (each | ~real).all(axis=1) for name, each in hits.items()}
print(
    "the same answers are right in every character:", bool((whole["forced"] == whole["free"]).all())
)
missed = real & ~hits["forced"]
after = real & (np.cumsum(missed, axis=1) > missed)  # there was a mistake before this step
share = {name: (each[real].mean(), each[after].mean()) for name, each in hits.items()}
print("characters right, free below forced:", bool(share["free"][0] < share["forced"][0]))
gap = share["forced"][1] - share["free"][1]
print("after the first mistake, free lower by more than 5 points:", bool(gap > 0.05))
print("characters right above 90 %, answers below 90 %:", bool(share["free"][0] > 0.9 > exact))

# %% [markdown]
# Exact match is *equal*, answer by answer, and it must be. Up to its first mistake, a greedy decoder reads what
# the teacher would have given it. So an answer without a mistake is the same in both, and the first mistake is, too.
#
# The gap opens after it. Over three seeds (section 6 has the file): 97 % of the later characters are right when the teacher puts the wrong
# one right, and 82 % (79 to 84) when nobody does. Of all characters it is 96.9 against 95.8 %, because few come after a mistake.
#
# And mind the last line. 95 % of the characters sounds like a finished program; 30 % of its dates are wrong. With
# independent mistakes, $0.958^{10} = 0.65$. **Report exact match.**
#
# ### The decoder sees the target
#
# **Predict.** We forget the shift: in step $t$ the decoder reads what it has to write in step $t$. We start afresh and train 4
# epochs only. Is the loss higher or lower than that of the right training? What will it write on its own?

# %%
fresh_start(squeezed, seed=16)
leaky = train_network(squeezed, read=targets, epochs=4)
print(
    "after 4 epochs, a tenth of the right training's loss or less:",
    leaky[-1] < 0.1 * losses["one vector"][:4][-1],
)
copyist = keras_seq2seq.Translator(squeezed, source, target)
print("right dates when it writes alone:", exact_match(copyist.greedy(x_text[test]), y_text[test]))

# %% [markdown]
# The best loss of this lesson so far, and not one right date. It has learned to copy what it reads, and alone it has
# nothing to copy. **What it means:** a loss under teacher forcing says nothing if the inputs hold the answer. **The mend:** look
# at one row of inputs and targets before every training, and let the network write before you believe a loss.
#
# ## 4. More than one beginning
#
# **Idea.** Greedy takes the likeliest character and never looks back. But the likeliest *answer* need not begin with
# the likeliest character. A *beam search* keeps the $k$ likeliest beginnings.
#
# **Predict.** A model writes `a` with probability 0.5 or `b` with 0.4 (END has the rest). After `a` come `c` 0.4, `d` 0.4, END
# 0.2; after `b` come `c` 0.9 and END 0.1. Then END. Which answer is greedy? Which is the likeliest?

# %%
signs = ["<pad>", "<start>", "<end>", "a", "b", "c", "d"]
continuations = {
    "<start>": {"a": 0.5, "b": 0.4, "<end>": 0.1},
    "a": {"c": 0.4, "d": 0.4, "<end>": 0.2},
    "b": {"c": 0.9, "<end>": 0.1},
    "c": {"<end>": 1.0},
    "d": {"<end>": 1.0},
}


def table_step(last_id, state):
    """Return the logits of the next sign after one sign; there is no state to carry."""
    p = np.full(len(signs), 1e-12)
    for sign, probability in continuations[signs[last_id]].items():
        p[signs.index(sign)] = probability
    return np.log(p), state


for width in (1, 2, 3):
    print(f"width {width}:")
    for each in seq2seq.beam_search(table_step, None, width, max_steps=4):
        written = " ".join(signs[i] for i in each.ids)
        print(
            f"   {written:10s} ln p = {each.log_probability:6.3f}   p = {np.exp(each.log_probability):.2f}"
        )

# %% [markdown]
# Greedy, which is width 1, begins with `a` and ends at 0.20. Width 2 keeps `b` for one step longer and finds 0.36.
#
# The rules, all of which the exercise below asks for:
#
# 1. In every step, each unfinished beginning is continued by every token. The score of a continuation is
#    the score so far **plus** $\ln p$.
# 2. What ends with END is finished. It is not continued, and competes with the score that it has.
# 3. Of all these the $k$ best are kept, each **with its own state**.
# 4. It ends when all that is kept is finished, or after `max_steps`.
#
# **Predict.** Why logarithms? 1,000 characters with probability 0.4 each: what is the product, and what is the sum of the logarithms?

# %%
print("product of 1000 times 0.4:", np.prod(np.full(1000, 0.4)))
print("sum of 1000 logarithms   :", round(1000 * np.log(0.4), 1))

# %% [markdown]
# The product underflows to 0, and all answers would be equally good.
#
# ### Exercise 16.3 · Beam search
#
# `step(last_id, state)` returns the logits of the next id $(V,)$ and the new state. The first call reads START, with
# the state that you are given. Return the ids of the best answer, without START and with END if it is finished, and the
# sum of its logarithms.
#
# <details><summary>Hint 1: what to keep</summary>
#
# A list of triples: score, ids, state. It begins with one, `(0.0, [], state)`.
# </details>
#
# <details><summary>Hint 2: one step</summary>
#
# Make a new list: finished ones go into it as they are; each other one calls `step` once, with its last id (or START)
# and *its* state, and adds a triple for each id. Then sort by the score and cut.
# </details>
#
# <details><summary>Hint 3: logits</summary>
#
# Logits are no logarithms of probabilities yet: subtract the logarithm of the sum of their exponentials.
# </details>


# %% exercise="16.3"
def beam_search(step, state, width, max_steps):
    """Return the ids of the best answer and the logarithm of its probability.

    step(last_id, state) -> logits (V,), new state
    """
    ### BEGIN SOLUTION
    kept = [(0.0, [], state)]
    for _ in range(max_steps):
        candidates = [each for each in kept if each[1][-1:] == [END]]
        for score, ids, before in kept:
            if ids[-1:] != [END]:
                logits, after = step(ids[-1] if ids else START, before)
                log_p = logits - logits.max()
                log_p = log_p - np.log(np.exp(log_p).sum())
                for token_id, gain in enumerate(log_p):
                    candidates.append((score + gain, [*ids, token_id], after))
        kept = sorted(candidates, key=lambda each: -each[0])[:width]
        if all(ids[-1] == END for _, ids, _ in kept):
            break
    return kept[0][1], kept[0][0]
    ### END SOLUTION


# %% check="16.3"
check("16.3", beam_search)

# %% [markdown]
# **On the network.** `reader` is still the network of section 3: it holds copies, made before we spoiled the other.
#
# **Predict.** 150 test dates with width 1 and with width 4. How many answers change: 1 %, 10 % or 50 %? Does exact match rise?

# %%
some = slice(n_train, n_train + 150)
best = {width: [reader.search(each, width)[0] for each in x_text[some]] for width in (1, 4)}
found = {width: [to_text(each.ids, target) for each in kept] for width, kept in best.items()}
print("width 1 is greedy:", found[1] == answers[:150])
changed = [i for i in range(150) if found[1][i] != found[4][i]]
print("answers that change, between 1 and 20 of 150:", 1 <= len(changed) <= 20)
gains = [best[4][i].log_probability - best[1][i].log_probability for i in changed]
print("each of them is likelier than the greedy one:", bool(min(gains, default=1) > 0))
scores = {width: exact_match(each, y_text[some]) for width, each in found.items()}
print("exact match differs by less than 10 points:", bool(abs(scores[4] - scores[1]) < 0.1))

# %% [markdown]
# 7 to 10 of 150 answers changed in four runs of ours, and each became *likelier*. Likelier is not right: exact match rose by
# 1 to 5 points, so that some of them were wrong before and after. A beam finds what the model believes. It does not know more than the model.
#
# **Lengths.** Every further character has a probability below 1, so a longer answer has a lower sum. Between "1998-06" and
# "1998-06-03" END decides at once, and no harm is done. In translations, wide beams give too short sentences. Then one divides the
# sum by a power of the length, on purpose and *only to rank finished answers*.
#
# **Predict.** `b c <end>` has $p = 0.36$. Another answer has five tokens of 0.75 each. Which wins by the sum, which by the mean?

# %%
for name, p in {"three tokens": [0.4, 0.9, 1.0], "five tokens": [0.75] * 5}.items():
    logs = np.log(p)
    print(f"{name}: sum {logs.sum():.3f}, mean {logs.mean():.3f}")

# %% [markdown]
# By the sum the short one, $-1.02$ against $-1.44$; by the mean the long one. Neither is a mistake if you know which you have taken.
#
# ## 5. Looking back
#
# **Idea.** One vector is a bottleneck. The encoder has a state $h_j$ for every character that it read: let the decoder
# choose, in every step, which of them it needs. To choose must be differentiable, so it takes a little of all: a
# weighted mean, whose weights it computes.
#
# **Formula.** With the decoder's state *before* the step, $s_{t-1}$ $(U,)$, and $W_s$ $(U, A)$, $W_h$ $(2U, A)$, $v$ $(A,)$,
#
# $$e_{tj} = \tanh(s_{t-1} W_s + h_j W_h) \cdot v \qquad
# \alpha_{tj} = \frac{e^{e_{tj}}}{\sum_{k=1}^{T} e^{e_{tk}}} \qquad
# c_t = \sum_{j=1}^{T} \alpha_{tj} h_j$$
#
# The scores $e_{tj}$ are numbers, one for each input step. The weights $\alpha_{tj}$ of one $t$ sum to 1 over $j$. Padding has no
# weight: its score is set to $-\infty$. Then $c_t$ takes the place of $c$ in section 3, and nothing else changes.
# Because the two products are *added*, this is called additive attention.
#
# Why the state before the step? Because $c_t$ goes into the step: $s_t$ is made from it. (Other kinds look afterwards, with $s_t$,
# and use $c_t$ for the output only. Mixing the two up gives a network that runs and answers differently.)
#
# ### Exercise 16.4 · Additive attention
#
# For $N$ texts at once: return the weights $(N, T)$ and the contexts $(N, 2U)$. Scores may be
# thousands apart.
#
# <details><summary>Hint 1: shapes</summary>
#
# `s @ W_s` is $(N, A)$ and `h @ W_h` is $(N, T, A)$. Give the first an axis for the steps, `[:, None]`, and they can
# be added.
# </details>
#
# <details><summary>Hint 2: the mask</summary>
#
# `np.where(mask, scores, -np.inf)` before the softmax. $e^{-\infty}$ is 0.
# </details>
#
# <details><summary>Hint 3: the softmax</summary>
#
# Which axis has to sum to 1? Take the largest score of each text off before you take `np.exp`.
# </details>


# %% exercise="16.4"
def attend(s, h, mask, W_s, W_h, v):
    """Return how much each input step counts, and the weighted mean of their states.

    s (N, U), h (N, T, H), mask (N, T), W_s (U, A), W_h (H, A), v (A,)
    -> weights (N, T), context (N, H)
    """
    ### BEGIN SOLUTION
    scores = np.tanh((s @ W_s)[:, None] + h @ W_h) @ v
    scores = np.where(mask, scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights = weights / weights.sum(axis=1, keepdims=True)
    return weights, (weights[:, :, None] * h).sum(axis=1)
    ### END SOLUTION


# %% check="16.4"
check("16.4", attend)

# %% [markdown]
# **Code.** The same network, the same data, the same 12 epochs; 3,104 more weights.
#
# **Predict.** The network without attention was right on about 70 % of the dates. This one?

# %%
attentive = build(attention=True)
print(
    "parameters:",
    attentive.count_params(),
    "- more than before:",
    attentive.count_params() - squeezed.count_params(),
)
losses["attention"] = train_network(attentive, inputs, n_epochs)
translator = keras_seq2seq.Translator(attentive, source, target)
by_numpy, looked = translator.forced(x_text[test], inputs[test])
by_keras = attentive.predict([x[test], inputs[test]], batch_size=batch_size, verbose=0)
difference = np.abs(softmax(by_numpy) - softmax(by_keras)).max()
print("probabilities in NumPy and Keras equal to 1e-5:", bool(difference < 1e-5))
exact_attentive = exact_match(translator.greedy(x_text[test]), y_text[test])
print("exact match above 97 %:", exact_attentive > 0.97)
print("better than one vector by more than 10 points:", exact_attentive - exact > 0.1)

# %% [markdown]
# 99 to 100 % in our runs. The decoder no longer has to remember the input; it has to know where to look.
#
# **The map.** `looked` $(N, L + 1, T)$ holds the weights of every step of every test answer. First what must hold,
# whatever has been learned.
#
# **Predict.** While the decoder writes the four digits of the year of "Wed 27 March 1957", on which characters does it look?

# %%
print("each row of weights sums to 1:", bool(np.allclose(looked.sum(axis=-1), 1, atol=1e-5)))
print(
    "largest weight on padding:",
    looked[np.broadcast_to((x[test] == PAD)[:, None], looked.shape)].max(),
)
full = [i for i, each in enumerate(x_text[test]) if each[:3] in WEEKDAYS]
on_year = np.mean(
    [
        looked[i, 1:4, len(x_text[n_train + i]) - 4 : len(x_text[n_train + i])].sum(axis=-1).mean()
        for i in full
    ]
)
on_weekday = np.mean([looked[i, :10, :3].sum(axis=-1).mean() for i in full])
print(len(full), "dates with a weekday")
print(
    "weight on the year while digits 2 to 4 of the year are written, above one half:",
    bool(on_year > 0.5),
)
print("weight on the weekday, mean over all steps, below 15 %:", bool(on_weekday < 0.15))

# %%
recorded = AttentionExplorer()
fig = recorded.figure()
plotting.show(fig, alt=f"Attention map of a recorded run. {recorded.describe()}")
print(recorded.describe())

# %% [markdown]
# What to see (this map is a recorded one, so that it does not move; yours comes next): a row for each character
# written, a column for each character read, darker for a larger weight. The year is copied from the last four columns,
# digit by digit, and the day from columns 5 and 6. For the 3 of March the network looks at the "a". No row looks at
# "Wed". The dashes are the same in every answer and need no look; both look at the space behind the 27 all the same,
# because weights must sum to 1 and have to go somewhere.
#
# Now the map of the network that you have just trained.
#
# 1. "Nov 25, 02": where does it look for "20" of 2002? What has the input to say about it?
# 2. "30th of September 1998": which letters does it read for "09"? Is one letter enough to tell the months apart?
# 3. Type "31 February 1998", a date that does not exist. What does the network do, and how sure is it?
# 4. Type "June 3 1998", without the comma, a form that it has never seen. And "3/6/98", with signs that it has never seen?
# 5. Width 5: how far behind is the second answer? In what does it differ?

# %% tags=["nbval-ignore-output"] reason="The map of a network trained on this machine: the last bits of its weights decide."
forms = ["Wed 27 March 1957", "Nov 25, 02", "30th of September 1998", "July 2025"]
AttentionExplorer(translator, forms)

# %% [markdown]
# <details><summary>Answers</summary>
#
# 1. Around the two digits of the year. "20" stands nowhere in the input; 02 has to be looked at, because 57 would be 1957.
# 2. Mostly one or two letters in the middle. Their states know the neighbours, so the name does not have to be read letter by letter.
# 3. It writes 1998-02-31, with a probability of about 0.99, in all four runs of ours. It has learned to copy a day, and nobody has told it that some do not exist.
# 4. The missing comma did no harm in four runs. The slash has no id of its own: it is read as UNKNOWN, whose weights were never
#    trained, and 1998-06-33 is what one run wrote.
# 5. Far behind: 5 to 7 in $\ln p$, a factor of 150 to 1,000. It mostly differs in one digit.
# </details>
#
# **A map is no explanation.** The weights say which states the decoder took, and every state has seen the whole input, in both
# directions. What an answer depends on, only a changed input tells.
#
# **Predict.** We change the weekday, and nothing else, in the test dates that have one. How many answers change? Then we change the last digit of the year.

# %%
with_weekday = [x_text[n_train + i] for i in full]
before = translator.greedy(with_weekday)
other_day = ["Fri" + each[3:] if each[:3] != "Fri" else "Mon" + each[3:] for each in with_weekday]
other_year = [each[:-1] + str((int(each[-1]) + 1) % 10) for each in with_weekday]
moved = {
    name: 1 - exact_match(translator.greedy(each), before)
    for name, each in {"weekday": other_day, "year": other_year}.items()
}
print("another weekday, answers that change: below 10 %:", moved["weekday"] < 0.1)
print("another year   , answers that change: above 90 %:", moved["year"] > 0.9)

# %% [markdown]
# None and all, in four runs of ours. Here the map has told the truth; the changed input is what shows it.
#
# ## 6. Over seeds, and on sums
#
# **Idea.** One training is one draw. `data/seq2seq_runs.csv` holds networks with attention and without, on four tasks and with three
# seeds each; `python tools/measure/seq2seq.py` measures them again in ten minutes. Beside the dates of this lesson it has lines with one, two or three of them,
# `3 June 1998; Nov 25, 02`, and sums of two numbers of 2, 3 or 4 digits, `37+85` and `122`.
#
# **Predict.** The summary has 64 numbers, however long the input is. How does exact match fall from one date in a line to three: without attention, and with it?

# %%
runs = load_seq2seq_runs()


def summary(task, group, measure="exact"):
    """Return the scores of both networks as text: median and range of three seeds."""
    cells = []
    for network in ("no attention", "attention"):
        low, middle, high = np.quantile(runs[task, network, group][measure], [0, 0.5, 1])
        cells.append(f"{middle:.2f} ({low:.2f}-{high:.2f})")
    return "".join(f"{cell:>20s}" for cell in cells)


print(f"{'exact match':24s}{'no attention':>20s}{'attention':>20s}")
print(f"{'dates':24s}{summary('dates', 'all')}")
for n in "123":
    print(f"{'lines of dates: ' + n:24s}{summary('lines of dates', n)}")

# %%
fig, ax = plt.subplots(figsize=(7, 3))
for (network, marker), shift in zip(
    {"no attention": "s", "attention": "o"}.items(), (-0.04, 0.04), strict=True
):
    each = np.array(
        [runs["lines of dates", network, n]["exact"] for n in "123"]
    )  # (3 groups, 3 seeds)
    places = np.arange(1, 4) + shift
    (line,) = ax.plot(places, np.median(each, axis=1), label=f"{network}, median")
    for seed in range(3):
        ax.plot(places, each[:, seed], marker, color=line.get_color(), alpha=0.6)
ax.set_xticks([1, 2, 3])
ax.set_ylim(-0.05, 1.05)
ax.set_xlabel("dates in the line")
ax.set_ylabel("exact match (share of lines)")
ax.legend()
plotting.show(
    fig,
    alt="Share of lines right in every character against 1, 2 or 3 dates in the line, three seeds each. "
    "Without attention 0.14, 0 and 0; with attention 0.99, 1.00 and 0.83, but one of its seeds has 0 from two dates on.",
)
for network in ("no attention", "attention"):
    print(network, [float(np.median(runs["lines of dates", network, n]["exact"])) for n in "123"])

# %% [markdown]
# What to see: without attention nothing is left at two dates, in no seed. Even single dates suffer, from 0.70 to 0.14: the
# vector now has to serve lines of three as well. With attention the median stays above 0.8. (Only a third of the lines hold a single date, which is a part of the reason.)
#
# One dot contradicts it. The third seed with attention is as bad as the network without: 0 at two dates. After 480 updates it had not yet found out where to look. Attention takes
# the bottleneck away, and it has to be *learned*; the median alone would have hidden that.
#
# ### Sums, and which end to begin with
#
# **Predict.** `6732+5600`: which digit of the sum can you write without knowing any of the others? Three networks learn sums: as they are written; with the
# *question* backwards, `0065+2376`; with the *answer* backwards, `23321`. Which is easiest?

# %%
print(f"{'exact match':34s}{'no attention':>20s}{'attention':>20s}")
for digits in "34":
    for order in ("nothing", "question", "answer"):
        print(
            f"{digits} digits, {order + ' reversed':24s}{summary(f'additions, {order} reversed', digits)}"
        )

# %% [markdown]
# With three digits and no attention: 0.60 as written, 0.81 with the question reversed, 0.97 with the answer reversed, and the ranges of the
# first and the last do not touch. Two different reasons.
#
# - **Answer reversed: the carry.** The last digit of a sum depends on two digits. The next one depends on two digits and one carry, which is known
#   by then. Written from the front, the first digit depends on *all* carries: the whole sum has to be done before anything is written.
# - **Question reversed: the distance.** Sutskever, Vinyals and Le found that their translator learned better when it read the sentence backwards: the
#   first words to write are then close to the first words that were read. Here the encoder reads in both directions
#   anyway, and the gain is smaller; the ranges overlap.
#
# Attention helps little with sums. Where to look is not what makes them hard; the carry is. And see the range of its last lines, 0.13 to 0.98 with three digits: whether three
# seeds are enough depends on what you want to say.
#
# **Predict.** And the beam, over all runs: does width 4 beat greedy in exact match?

# %%
greedy_all = np.concatenate([scores["exact"] for scores in runs.values()])
beam_all = np.concatenate([scores["beam"] for scores in runs.values()])
print(
    "runs and groups:",
    len(greedy_all),
    "- mean of beam minus greedy:",
    round(float((beam_all - greedy_all).mean()), 3),
)
print(f"{'forced after the first mistake':34s}{summary('dates', 'all', 'forced after')}")
print(f"{'free after the first mistake':34s}{summary('dates', 'all', 'free after')}")

# %% [markdown]
# On average over 78 groups less than a point, on tasks in which the network is mostly sure. (The beam was tried on 100 texts a group, so a single
# difference of a few points is noise.) The last two lines are the numbers of section 3; where there is no mistake, the file has 1.
#
# ## Quiz

# %%
Quiz("16")

# %% [markdown]
# ## Summary
#
# - The decoder reads START and the answer, and writes the answer and END: one step apart. **Look at one row of both before you train.**
# - Padding is left out of the sum *and* of the number that you divide by.
# - Exact match is the same under teacher forcing and in greedy free running, answer by answer. The gap is in the
#   characters after the first mistake: 97 % against 82 %.
# - 96 % of the characters right were 70 % of the dates. Report exact match, over seeds, with the range.
# - A beam adds logarithms and keeps each state with its beginning. It finds what the network believes, 3 to 5 % of the time something other than greedy.
# - Attention: scores by $\tanh(s_{t-1} W_s + h_j W_h) \cdot v$, padding at $-\infty$, softmax over the input steps, weighted mean of the states. 70 % became 100 %.
# - It removes the bottleneck of one vector; it does not do the carry of a sum. For that, write the answer backwards.
#
# | trace | fault |
# |---|---|
# | loss near 0 at once, nonsense when it writes alone | inputs not shifted: the decoder sees the target |
# | the first character is often wrong | START missing, or another one in writing than in training |
# | answers never end | END is no target |
# | the loss falls when the batch is padded further | padding counted |
# | the loss depends on the batch, the answers do not | divided by $N \cdot T$ |
# | all answers of a beam have $p = 0$ | probabilities multiplied |
# | a beam's answers all have `max_steps` characters | finished ones keep growing |
# | an answer depends on the other texts in the batch | softmax over the wrong axis |
# | an answer depends on how far the batch is padded | attention on padding |
#
# ## What next
#
# [00 Start here](00_start_here.ipynb) has the map. [17 Sequences everywhere](17_sequences_everywhere.ipynb) takes networks that read and write to
# translation, speech, music and DNA. [18 Clinic](18_clinic.ipynb) breaks ten networks for you to mend.
#
# ## References
#
# - I. Sutskever, O. Vinyals, Q. Le, *Sequence to sequence learning with neural networks*, arXiv:1409.3215 (2014): one vector, the reversed source, beam search.
# - K. Cho et al., *Learning phrase representations using RNN encoder–decoder*, arXiv:1406.1078 (2014): the decoder that gets the summary in every step.
# - D. Bahdanau, K. Cho, Y. Bengio, *Neural machine translation by jointly learning to align and translate*, arXiv:1409.0473 (2015), section 3 and
#   appendix A: additive attention, and accuracy against length.
# - W. Zaremba, I. Sutskever, *Learning to execute*, arXiv:1410.4615 (2014): sums as text, and the reversed input.
# - R. Williams, D. Zipser, *A learning algorithm for continually running fully recurrent neural networks*, Neural Computation 1, 270–280 (1989): teacher forcing.
# - M. Ranzato et al., *Sequence level training with recurrent neural networks*, arXiv:1511.06732 (2016): exposure bias.
# - Y. Wu et al., *Google's neural machine translation system*, arXiv:1609.08144 (2016), section 7: beams and lengths.
# - S. Jain, B. Wallace, *Attention is not explanation*, arXiv:1902.10186 (2019).
