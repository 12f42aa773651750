# %% [markdown]
# # 01 · Why memory
#
# **40 minutes.** You need: NumPy arrays, matrix products, what a dense layer and its training are,
# and [00 Start here](00_start_here.ipynb) for the shape `(N, T, D)`.
#
# A recurrent network is a network that remembers. Before you build one, see what goes wrong
# without memory, how little memory is enough, and how far one can get by counting.

# %% [markdown]
# ## You will be able to
#
# - show that a sum of words is blind to their order, and that a window of five days knows columns, not time;
# - say how much a machine must remember for the running parity of 1,000 bits: one bit;
# - set the 11 weights of a two-unit recurrent network by hand, so that it is right on strings of any length;
# - count the parameters of a window network and of a recurrent one, and say in which of them $T$ occurs;
# - compute the perplexity of a bigram model in any base of the logarithm, and say why one unseen pair can make it infinite.

# %%
from itertools import pairwise, permutations, product

import matplotlib.pyplot as plt
import numpy as np

from course_utils import plotting, session
from course_utils.checks import check
from course_utils.losses import binary_cross_entropy
from course_utils.starts import parity_weights as hand_set_weights
from course_utils.training import Adam
from course_utils.widgets import ParityExplorer, Quiz

session.start(seed=1)

# %% [markdown]
# ## 1. A dense layer has no order
#
# **Idea.** The word that follows "I ate" is likely to be food. Today's price is likely to be near
# yesterday's. Both need to know *what came when*. A dense layer does not.
#
# **Formula.** Write each word as a one-hot row $x_t$ of shape $(1, D)$ with $D$ words in the
# vocabulary. The simplest way to give a sentence to a dense layer is to add its words up:
#
# $$y = \Big(\sum_{t=1}^{T} x_t\Big) W + b$$
#
# $W$ has the shape $(D, V)$, $b$ the shape $(V,)$, and $T$ is the number of words. This is called a
# *bag of words*. The other simple way is to put the words side by side in one long row of length
# $T D$, a *window*, with a weight matrix of shape $(T D, V)$.
#
# **Predict.** "I", "ate" and "bread" can be put in six orders. How many different outputs does the
# bag give? How many does the window give?

# %%
rng = np.random.default_rng(1)
words = ["I", "ate", "bread"]
one_hot = dict(zip(words, np.eye(3), strict=True))
W_bag = rng.normal(size=(3, 1))
W_window = rng.normal(size=(9, 1))

orders = list(permutations(words))
bag = np.array([sum(one_hot[word] for word in order) @ W_bag for order in orders])
window = np.array(
    [np.concatenate([one_hot[word] for word in order]) @ W_window for order in orders]
)
for name, outputs in {"bag": bag, "window": window}.items():
    print(f"{name:7s}different outputs: {len(np.unique(outputs.round(9)))}")

fig, ax = plt.subplots(figsize=(7, 2.8))
ax.plot(bag, "s", markersize=9, color=plotting.PALETTE["sky"], label="bag")
ax.plot(window, "o", color=plotting.PALETTE["vermillion"], label="window")
ax.set_xticks(range(6), [" ".join(order) for order in orders], fontsize=8)
ax.set_xlabel("order of the words")
ax.set_ylabel("output y")
ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
plotting.show(
    fig,
    alt="Outputs for the six orders of I, ate, bread. The bag gives the same number six times, "
    "the window six different numbers.",
)

# %% [markdown]
# What to see: the squares lie on one line. "Bread ate I" is the same bag as "I ate bread", so no
# weights, however well trained, can tell them apart. The circles differ.
#
# So the window has order? Only in a weak sense: it has *columns*. Each column has a weight of its
# own, and nothing says that column 4 is one day after column 3.
#
# Here is a price over 600 days. Each day it moves by a random step of about 1 euro. Four
# forecasters predict today's price, all by least squares on the first 400 days and scored on the
# rest: from no past at all, from the sum of the last five prices (a bag), from the last five prices
# (a window), and from the window with its columns in shuffled order, the same shuffle every day.
#
# **Predict.** Rank the four. What does the shuffle cost?

# %%
price = 100 + np.cumsum(rng.normal(0, 1, size=600))
past = np.stack([price[lag : lag + 595] for lag in range(5)], axis=1)  # (595, 5), oldest first
today = price[5:]


def forecast_error(inputs):
    """Root mean squared error, in euros, on the days after the first 400."""
    inputs = np.column_stack([inputs, np.ones(len(inputs))])
    weights, *_ = np.linalg.lstsq(inputs[:400], today[:400], rcond=None)
    return float(np.sqrt(np.mean((inputs[400:] @ weights - today[400:]) ** 2)))


shuffled = rng.permutation(5)
for name, inputs in {
    "no past": np.empty((595, 0)),
    "sum of five days": past.sum(axis=1),
    "five days": past,
    f"five days, columns {shuffled}": past[:, shuffled],
}.items():
    print(f"{name:30s} off by {forecast_error(inputs):.2f} euros")

# %% [markdown]
# Without the past the forecast is off by 6.58 euros; with five days in a window by 1.08, close to
# the step of 1 euro that nobody can foresee. The sum of the five, 1.70, lies between.
#
# The shuffle costs nothing: the weights are shuffled with the columns, and the forecasts are the
# same. **A dense layer assumes no temporal order.** It can learn that one column matters most, but
# what it learns about "yesterday" in one column says nothing about any other.
#
# A window has a second weakness. It ends. What lies further back than five days does not exist.
#
# ## 2. The smallest task that needs memory
#
# **Idea.** Read bits one at a time and say after each whether the number of ones so far is *odd*.
# That is the running parity.
#
# **Formula.** With the bit $x_t$ and the parity $p_t$, both 0 or 1, and $p_0 = 0$:
#
# $$p_t = p_{t-1} \oplus x_t$$
#
# The sign $\oplus$ is "exclusive or" (XOR): 1 if its two sides differ, 0 if they are equal.
#
# **Predict.** Take a string of 20 bits, and flip its first bit and no other. How many of the 20
# answers change? And for comparison: by how much does the *mean* of the 20 bits change?


# %%
def running_parity(bits):
    """Return the parity after each bit: bits (T,) -> parity (T,)."""
    parity, answers = 0, []
    for bit in bits:
        parity ^= int(bit)
        answers.append(parity)
    return np.array(answers)


bits = np.array([1, 1, 0, 1, 0, 0, 0, 1, 0, 1, 1, 0, 1, 0, 0, 1, 1, 1, 0, 0])
print("bits  ", *bits)
print("parity", *running_parity(bits))

flipped = bits.copy()
flipped[0] ^= 1
changed = running_parity(bits) != running_parity(flipped)
print("answers that change:", int(changed.sum()), "of", len(bits))
print("the mean changes by", abs(round(float(flipped.mean() - bits.mean()), 2)))

fig, axes = plt.subplots(3, 1, figsize=(7, 3.4), sharex=True)
rows = {
    "bits x": bits,
    "parity p": running_parity(bits),
    "first bit\nflipped": running_parity(flipped),
}
colours = [plotting.PALETTE[name] for name in ("black", "blue", "vermillion")]
for ax, (name, values), colour in zip(axes, rows.items(), colours, strict=True):
    ax.step(range(1, 21), values, where="mid", color=colour)
    ax.set_yticks([0, 1])
    ax.set_ylim(-0.2, 1.2)
    ax.set_ylabel(name)
axes[-1].set_xticks(range(1, 21))
axes[-1].set_xlabel("time step t")
plotting.show(
    fig,
    alt="Twenty bits, their running parity, and the running parity after the first bit was "
    "flipped: the third line is the second one upside down.",
)

# %% [markdown]
# What to see: the third line is the second one upside down. All 20 answers change. Each answer
# depends on *every* bit before it, the oldest as much as the newest. Most tasks are kinder: the
# mean moved by 0.05.
#
# **Predict.** Someone may look at the last $w$ of 8 bits only, but at all 256 strings and with
# the best rule there can be. How often can the rule be right about the parity of all 8, for
# $w = 0, 1, \ldots, 8$? Is seeing 7 of 8 bits worth much?


# %%
def all_strings(length):
    """Every string of bits: (2 ** length, length)."""
    return np.array(list(product([0, 1], repeat=length)))


strings = all_strings(8)
final_parity = strings.sum(axis=1) % 2
best = []
for w in range(9):
    suffixes = strings[:, 8 - w :] @ 2 ** np.arange(w)  # one number a suffix
    ones = np.bincount(suffixes, weights=final_parity)
    seen = np.bincount(suffixes)
    best.append(float(np.maximum(ones, seen - ones).sum() / len(strings)))
print("best share right:", *(f"w={w}: {share:.0%}" for w, share in enumerate(best)), sep="  ")

fig, ax = plt.subplots(figsize=(7, 2.8))
ax.bar(range(9), best, color=[plotting.PALETTE["sky"]] * 8 + [plotting.PALETTE["vermillion"]])
ax.axhline(0.5, color="0.3", linestyle="--")
ax.set_xticks(range(9))
ax.set_xlabel("number of last bits seen, w")
ax.set_ylabel("best share right")
ax.grid(axis="x", visible=False)
plotting.show(
    fig,
    alt="Bars of the best possible share of right answers about the parity of 8 bits: one half "
    "for 0 to 7 bits seen, 1 for all 8.",
)

# %% [markdown]
# What to see: a cliff. Seven of eight bits are worth nothing, for the missing one turns the answer
# around. Minsky and Papert showed in 1969 that this is so for parity in general: any part of the
# bits that is not all of them says nothing.
#
# So to know the parity of 1,000 bits, must you keep 1,000 bits? A common answer is that **the
# memory must grow with the string**. Look at the formula again: $p_t$ needs $p_{t-1}$ and the new
# bit. No more.
#
# **Predict.** Take all 1,024 strings of 10 bits and let each be followed by all 16 strings of
# 4 bits. Sort the 1,024 by the answers that they lead to from then on. Into how many groups do
# they fall?

# %%
futures = all_strings(4)
groups = {
    tuple(running_parity([*start, *future])[10:].tobytes() for future in futures)
    for start in all_strings(10)
}
print("strings of 10 bits:", 2**10, " groups with the same future:", len(groups))

# %% [markdown]
# Two groups, odd and even. Within a group nothing that comes later can tell the strings apart, so
# nobody needs to. That is what a **state** is: *what the future needs to know of the past*. It is
# often much less than the past itself. Here it is one bit, after 10 steps as after 1,000.
#
# ## 3. A network with a window learns parity
#
# **Idea.** Give a dense network the last 8 bits and train it. Eight bits have only 256 strings, so
# it can see all of them.
#
# **Formula.** With one hidden layer of $U$ units, the bits $x$ of shape $(N, 8)$ written as −1 and
# 1 (this makes it easier to train):
#
# $$h = \tanh(x W_{xh} + b_h) \qquad y = h W_{hy} + b_y$$
#
# $W_{xh}$ has the shape $(8, U)$, $b_h$ $(U,)$, $W_{hy}$ $(U, 1)$, $b_y$ $(1,)$. We read
# $y > 0$ as "odd". `binary_cross_entropy` returns the loss with its gradient for $y$, the lines
# below it take the gradient back through the two layers, and `Adam` is the optimiser. You need not
# follow the gradient here: lesson 03 derives it.


# %%
def window_network(parameters, x):
    """Return hidden layer and output: x (N, 8) -> h (N, U), y (N, 1)."""
    h = np.tanh(x @ parameters["W_xh"] + parameters["b_h"])
    return h, h @ parameters["W_hy"] + parameters["b_y"]


def train_window_network(bits, targets, seed, n_units=32, n_updates=300):
    """Return the parameters after training on bits (N, 8) and targets (N,)."""
    rng = np.random.default_rng(seed)
    x, targets = 2.0 * bits - 1, targets[:, None].astype(float)
    parameters = {
        "W_xh": rng.normal(0, 1 / np.sqrt(8), size=(8, n_units)),
        "b_h": np.zeros(n_units),
        "W_hy": rng.normal(0, 1 / np.sqrt(n_units), size=(n_units, 1)),
        "b_y": np.zeros(1),
    }
    optimiser = Adam(learning_rate=0.03)
    for _ in range(n_updates):
        h, y = window_network(parameters, x)
        _, d_y = binary_cross_entropy(y, targets)
        d_sum = (d_y @ parameters["W_hy"].T) * (1 - h**2)
        gradients = {
            "W_xh": x.T @ d_sum,
            "b_h": d_sum.sum(axis=0),
            "W_hy": h.T @ d_y,
            "b_y": d_y.sum(axis=0),
        }
        optimiser.update(parameters, gradients)
    return parameters


def says_odd(parameters, bits):
    """Return True where the network says odd: bits (N, 8) -> (N,)."""
    return window_network(parameters, 2.0 * bits - 1)[1][:, 0] > 0


seeds = range(5)
networks = [train_window_network(strings, final_parity, seed) for seed in seeds]
shares = [float((says_odd(network, strings) == final_parity).mean()) for network in networks]
print("right on the 256 strings it was trained on, 5 seeds:", *(f"{share:.0%}" for share in shares))

# %% [markdown]
# All five networks (five random starts) learn all 256 strings. But did they learn *parity*, or
# 256 answers?
#
# **Predict.** Train on a part of the 256 strings and ask about the others. How often is the network
# right about those if it has seen 64? 128? 192?

# %%
held_out = {}
for n_seen in (64, 128, 192):
    for seed in seeds:
        order = np.random.default_rng(100 + seed).permutation(256)
        seen, unseen = order[:n_seen], order[n_seen:]
        network = train_window_network(strings[seen], final_parity[seen], seed)
        right = says_odd(network, strings[unseen]) == final_parity[unseen]
        held_out.setdefault(n_seen, []).append(float(right.mean()))
    low, median, high = np.quantile(held_out[n_seen], [0, 0.5, 1])
    print(f"seen {n_seen:3d}: {median:.0%} of the unseen right (range {low:.0%} to {high:.0%})")

fig, ax = plt.subplots(figsize=(7, 2.8))
low, median, high = np.quantile(list(held_out.values()), [0, 0.5, 1], axis=1)
ax.errorbar(list(held_out), median, [median - low, high - median], marker="o", capsize=4)
ax.axhline(0.5, color="0.3", linestyle="--")
ax.annotate("guessing", (66, 0.5), xytext=(0, 5), textcoords="offset points")
ax.set_xticks(list(held_out))
ax.set_ylim(0.3, 1.02)
ax.set_xlabel("strings seen in training, of 256")
ax.set_ylabel("share of unseen right")
plotting.show(
    fig,
    alt="Share of unseen strings answered rightly against the number of strings seen, median and "
    "range over five seeds: near guessing for 64, higher for 128 and 192, never 1.",
)
print(
    "perfect on the unseen in",
    sum(share == 1 for part in held_out.values() for share in part),
    "of 15 runs",
)

# %% [markdown]
# What to see: with a quarter of the strings the network is close to guessing. With three quarters
# it is right on 84 % of the rest (median), and in none of the 15 runs on all of it. It finds
# something *like* parity, and pays with examples: each column has its own weights, so what it
# learns about bit 3 it must learn again for bit 4.
#
# **Predict.** Now take the five networks that know all 256 strings. Give them longer strings; they
# look at the last 8 bits. (Shorter ones get zeros in front.) How often are they right on strings
# of 7 bits, of 9, of 30?

# %%
lengths = np.arange(1, 31)
accuracy = np.empty((len(networks), len(lengths)))
for column, length in enumerate(lengths):
    long = rng.integers(0, 2, size=(2000, length))
    last_8 = np.hstack([np.zeros((2000, 8), int), long])[:, -8:]
    for row, network in enumerate(networks):
        accuracy[row, column] = (says_odd(network, last_8) == long.sum(axis=1) % 2).mean()

for length in (7, 8, 9, 16, 30):
    low, median, high = np.quantile(accuracy[:, length - 1], [0, 0.5, 1])
    print(f"{length:2d} bits: {median:.1%} right (range {low:.1%} to {high:.1%})")

# %% [markdown]
# One bit more than the window, and five perfect networks guess. The range is empty because they
# all agree with each other: each computes, without an error, the parity of the last 8 bits. That is
# the wrong question. No training on a window of 8 can mend that, as section 2 has shown.
#
# ## 4. Two units, set by hand
#
# **Idea.** Let the network read one bit at a time, and give it the parity so far as a second input.
# Then it needs XOR of two bits, and nothing else. XOR is "one or both, but not both":
#
# | $x_t$ | $p_{t-1}$ | sum | OR: sum above 0.5 | AND: sum above 1.5 | OR − AND $= p_t$ |
# |---|---|---|---|---|---|
# | 0 | 0 | 0 | 0 | 0 | 0 |
# | 0 | 1 | 1 | 1 | 0 | 1 |
# | 1 | 0 | 1 | 1 | 0 | 1 |
# | 1 | 1 | 2 | 1 | 1 | 0 |
#
# Two units that fire above a threshold are enough. And their difference is the new parity, so the
# next step can read it from them: **the two units are the memory**.
#
# **Predict.** Below, the loop runs over all 4,096 strings of 12 bits. How many wrong answers are
# there among the 49,152?

# %%
bits_12 = all_strings(12)
parity_12 = bits_12.cumsum(axis=1) % 2
fires_or = fires_and = np.zeros(len(bits_12), dtype=int)
n_wrong = 0
for t in range(12):
    total = bits_12[:, t] + (fires_or - fires_and)  # the new bit and the old parity
    fires_or, fires_and = (total > 0.5).astype(int), (total > 1.5).astype(int)
    n_wrong += int((fires_or - fires_and != parity_12[:, t]).sum())
print("answers:", parity_12.size, " wrong:", n_wrong)

# %% [markdown]
# **From thresholds to a network.** A threshold has no useful gradient, so recurrent networks use a
# smooth step, the hyperbolic tangent. Its units run from −1 (off) to 1 (on). With the state $h_t$
# of shape $(N, U)$ one step is
#
# $$h_t = \tanh(x_t W_{xh} + h_{t-1} W_{hh} + b_h) \qquad\qquad y_t = h_t W_{hy} + b_y$$
#
# | symbol | what it is | shape | here |
# |---|---|---|---|
# | $x_t$ | bit at step $t$, 0 or 1, one row a string | $(N, D)$ | $(N, 1)$ |
# | $h_t$ | state, starts as $h_0 = 0$ | $(N, U)$ | $(N, 2)$ |
# | $W_{xh}$ | weights from input to state | $(D, U)$ | $(1, 2)$ |
# | $W_{hh}$ | weights from state to state | $(U, U)$ | $(2, 2)$ |
# | $b_h$ | bias: minus the threshold | $(U,)$ | $(2,)$ |
# | $W_{hy}$, $b_y$ | read-out | $(U, V)$, $(V,)$ | $(2, 1)$, $(1,)$ |
# | $y_t$ | output; above 0 means odd | $(N, V)$ | $(N, 1)$ |
#
# Lesson 02 is about these two lines. Here is a loop that runs them.


# %%
def run_rnn(bits, W_xh, W_hh, b_h, W_hy, b_y):
    """Return the output at each step: bits (N, T) -> y (N, T)."""
    h = np.zeros((len(bits), W_hh.shape[0]))
    outputs = []
    for t in range(bits.shape[1]):
        h = np.tanh(bits[:, t, None] @ W_xh + h @ W_hh + b_h)
        outputs.append(h @ W_hy + b_y)
    return np.concatenate(outputs, axis=1)


smooth_step = np.tanh(np.outer([1, 5, 20], [-0.5, 0.5]))
for factor, (below, above) in zip([1, 5, 20], smooth_step, strict=True):
    print(f"tanh({factor:2d} · ±0.5) = {below:.3f}, {above:.3f}")

# %% [markdown]
# The larger the factor, the more the tanh is a step. That factor is yours to choose.
#
# ### Exercise 1.1 · Weights set by hand
#
# Return the five arrays with which two tanh units compute the running parity. The check runs them
# over all strings of 1 to 12 bits, and over strings of up to 30. Try them yourself first:
# `run_rnn(all_strings(3), *parity_weights()) > 0` shows the answers to eight short strings.
#
# <details><summary>Hint 1: read the parity from the units</summary>
#
# A unit that is off is at −1, not at 0. If unit 0 is OR and unit 1 is AND, both off or both on
# means even, and OR on with AND off means odd: the difference of the two is 0 or 2.
# So $p = (h_{\text{OR}} - h_{\text{AND}})/2$.
# </details>
#
# <details><summary>Hint 2: what stands inside the tanh</summary>
#
# For OR it is $x + p - 0.5$, for AND $x + p - 1.5$. Put the $p$ of hint 1 in, and read off what
# multiplies $x$, $h_{\text{OR}}$ and $h_{\text{AND}}$. In `W_hh[i, j]` the weight goes from unit
# $i$ to unit $j$.
# </details>
#
# <details><summary>Hint 3: size and sign</summary>
#
# Multiply all weights *into* the units by one factor, 5 or 10, so that they come close to −1 and
# 1. The read-out needs no factor: the difference is 0 or 2, so where must $b_y$ put the zero?
# </details>


# %% exercise="1.1"
def parity_weights():
    """Return W_xh (1, 2), W_hh (2, 2), b_h (2,), W_hy (2, 1), b_y (1,)."""
    ### BEGIN SOLUTION
    factor = 10
    W_xh = factor * np.array([[1.0, 1.0]])
    W_hh = factor * np.array([[0.5, 0.5], [-0.5, -0.5]])
    b_h = factor * np.array([-0.5, -1.5])
    W_hy = np.array([[1.0], [-1.0]])
    b_y = np.array([-1.0])
    return W_xh, W_hh, b_h, W_hy, b_y
    ### END SOLUTION


# %% check="1.1"
check("1.1", parity_weights)

# %% [markdown]
# ### Touch it
#
# Step the bits through such a network. The circles are the two units, filled where they are on.
#
# 1. Move $t$ from 0 to 12. When do both units light up together?
# 2. Put $t$ at 12 and change $x_1$. What happens to the rows "network" and "parity"?
# 3. Turn all bits off but $x_1$. What holds the parity while nothing comes in?
# 4. Lower the gain with the string as it was at the start. At which gain does the first error
#    appear?

# %%
ParityExplorer()

# %% [markdown]
# <details><summary>Answers</summary>
#
# 1. When a 1 arrives and the parity was odd: OR and AND both fire, their difference is 0, and the
#    answer turns back to even.
# 2. Every entry of both rows turns around, from step 1 on.
# 3. OR keeps itself on: its own old state adds to it at each step. It is a latch.
# 4. At 1.5: the units stay away from −1 and 1, and at step 5 "odd" has faded while a 0 came in. At
#    1.0 the network says even at every step, which is right at 6 of 12.
# </details>
#
# Now the comparison. The two units were never trained, on no length at all.
#
# **Predict.** Draw the two lines in your head before you run the cell: share right against the
# length, from 1 to 30, for the window network and for the two units.

# %%
long = rng.integers(0, 2, size=(2000, 30))
right = (run_rnn(long, *hand_set_weights()) > 0) == long.cumsum(axis=1) % 2

fig, ax = plt.subplots(figsize=(7, 3.2))
low, median, high = np.quantile(accuracy, [0, 0.5, 1], axis=0)
ax.plot(lengths, median, marker="o", markersize=4, label="window of 8, 5 seeds")
ax.fill_between(lengths, low, high, alpha=0.3)
ax.plot(
    lengths, right.mean(axis=0), marker="s", markerfacecolor="white", label="two recurrent units"
)
ax.axvline(8, color="0.3", linestyle="--")
ax.set_ylim(0.4, 1.05)
ax.set_xlabel("length of the string (bits)")
ax.set_ylabel("share right")
ax.legend(loc="center right")
plotting.show(
    fig,
    alt="Share right against the length of the string. The window network is at 1 up to 8 bits "
    "and at one half from 9 on; the two recurrent units are at 1 for all lengths up to 30.",
)
print("two units, wrong answers among", right.size, "up to length 30:", int((~right).sum()))

# %% [markdown]
# What to see: the blue line falls off the cliff of section 2 right after the dashed line. The other
# one does not notice the length.
#
# ### Does the error add up?
#
# A tanh unit is never exactly at 1. With a factor (*gain*) of 5 it stands at 0.987 and not at 1, and
# that at each of 1,000 steps.
#
# **Predict.** The *margin* is $y_t$ with its sign turned so that right is positive: 1 at best,
# wrong below 0. For a gain of 5 the worst margin after the first step is 0.973. What is it after
# 1,000 steps: much smaller, a little smaller, the same?

# %%
very_long = rng.integers(0, 2, size=(200, 1000))
sign = 2 * (very_long.cumsum(axis=1) % 2) - 1
worst = {}
for gain in (1.5, 2.0, 2.5, 5.0):
    worst[gain] = (sign * run_rnn(very_long, *hand_set_weights(gain))).min(axis=0)
    wrong = np.flatnonzero(worst[gain] < 0)
    first = f"first error at step {wrong[0] + 1}" if len(wrong) else "no error in 1,000 steps"
    print(f"gain {gain}: worst margin at step 1 {worst[gain][0]:.3f}; {first}")
print("gain 5.0, worst margin at step 1,000:", round(float(worst[5.0][-1]), 3))

fig, ax = plt.subplots(figsize=(7, 3))
plotting.plot_sequences(
    {f"gain {gain}": margin[:30] for gain, margin in worst.items()},
    ax=ax,
    ylabel="worst margin of 200 strings",
)
ax.axhline(0, color="0.3", linestyle="--")
ax.set_xlim(0, 34)
plotting.show(
    fig,
    alt="Worst margin over the first 30 steps. For gains 5 and 2.5 it stays level, at 0.97 and "
    "about 0.54; for 2.0 and 1.5 it falls below zero within 11 steps.",
)
print("level from step 10 to 1,000 for gain 5:", bool(np.ptp(worst[5.0][9:]) < 1e-6))

# %% [markdown]
# What to see: the two upper lines go flat. With enough gain the error does not add up; it does not
# even move. Each step takes a state that is nearly 1 and pushes it back to the same place: the tanh
# is *saturated*, its slope there is almost 0, so an error of the input hardly reaches the output.
# With too little gain each step loses a little of the parity, and after a few steps it is gone.
#
# **Predict.** In the middle of a string we push the OR unit away from where it belongs, by 0.4 or
# by 1.6. How far is $y$ from its undisturbed value one, two, three steps later?


# %%
def after_push(push, n_after=4):
    """Return |change of y| at the step of the push and after it, all bits 0, gain 5."""
    W_xh, W_hh, b_h, W_hy, _ = hand_set_weights(5.0)
    h = np.tanh(W_xh[0] + b_h)  # a single 1 came in: odd
    for _ in range(10):
        h = np.tanh(h @ W_hh + b_h)
    pushed, changes = h - [push, 0], []
    for _ in range(n_after):
        changes.append(float(abs((pushed - h) @ W_hy)[0]))
        h, pushed = np.tanh(h @ W_hh + b_h), np.tanh(pushed @ W_hh + b_h)
    return changes


for push in (0.4, 1.6):
    print(f"push {push}: y off by", *(f"{change:.3f}" for change in after_push(push)))

# %% [markdown]
# The small push is a fifth of itself after one step and gone after three. The large one takes the
# state across the threshold: $y$ ends 1.96 away, which is the other answer, and stays there. A
# saturated memory forgives small errors and keeps large ones. It behaves like a switch.
#
# So the weights need not be exact. That gradient descent can *find* such weights is not said yet: in
# lesson 03 you train a recurrent network, and in lesson 07 you measure how far its parity carries.
#
# ## 5. What does not grow
#
# **Idea.** The window network has weights for each step of its window. The recurrent network uses
# the same weights at each step.
#
# **Formula.** The shapes say it all. With $T$ steps, $D$ features, $U$ units and $V$ outputs:
#
# | | from the input | from the state | bias | read-out |
# |---|---|---|---|---|
# | window | $(T D, U)$ | none | $(U,)$ | $(U, V)$ and $(V,)$ |
# | recurrent | $(D, U)$ | $(U, U)$ | $(U,)$ | $(U, V)$ and $(V,)$ |
#
# The length $T$ occurs in one shape only.
#
# **Predict.** Take $D = 1$, $V = 1$ and 32 units each. Which of the two networks is smaller for
# $T = 8$? For $T = 1000$?


# %%
def n_parameters(*shapes):
    """Return how many numbers arrays of these shapes hold together."""
    return sum(int(np.prod(shape)) for shape in shapes)


T = np.array([1, 2, 5, 8, 20, 33, 34, 50, 100, 200, 500, 1000])
sizes = {
    "window, 32 units": [n_parameters((t, 32), 32, (32, 1), 1) for t in T],
    "recurrent, 32 units": [n_parameters((1, 32), (32, 32), 32, (32, 1), 1) for _ in T],
    "recurrent, 2 units": [sum(array.size for array in hand_set_weights()) for _ in T],
}
for name, counted in sizes.items():
    shown = dict(zip(T.tolist(), counted, strict=True))
    print(f"{name:20s}", *(f"T = {t}: {shown[t]:,}" for t in (8, 33, 34, 1000)), sep="   ")

fig, ax = plt.subplots(figsize=(7, 3.2))
for name, counted in sizes.items():
    ax.loglog(T, counted, marker="o", markersize=4, label=name)
ax.set_xlabel("length T (steps)")
ax.set_ylabel("parameters")
ax.legend(loc="upper left")
plotting.show(
    fig,
    alt="Number of parameters against the length, both axes logarithmic: the window network grows "
    "in proportion to the length up to 32,065, the recurrent ones stay at 1,121 and 11.",
)

# %% [markdown]
# What to see: one line rises and two are level. The recurrent network is not always the smaller
# one. Its $U^2$ weights from state to state cost 1,024 parameters here, and below $T = 33$ the
# window network has fewer. What it never does is grow.
#
# ### Exercise 1.2 · Count the parameters
#
# Return the two counts for any sizes: the window network first, then the recurrent one.
#
# <details><summary>Hint</summary>
#
# Multiply out each shape of the table, and add them up: the window network has four arrays, the
# recurrent one five. Does your count give 11 for the network of exercise 1.1?
# </details>


# %% exercise="1.2"
def count_parameters(n_steps, n_features, n_units, n_classes):
    """Return the parameters of a window network and of a recurrent one: two whole numbers."""
    ### BEGIN SOLUTION
    read_out = n_units * n_classes + n_classes
    window = n_steps * n_features * n_units + n_units
    recurrent = n_features * n_units + n_units**2 + n_units
    return window + read_out, recurrent + read_out
    ### END SOLUTION


# %% check="1.2"
check("1.2", count_parameters)

# %% [markdown]
# ## 6. How far counting gets
#
# **Idea.** Back to "I ate". The simplest model with a memory is a table: for each word count what
# came next. This is a *bigram*. Its state is the last word, and it learns by counting.

# %%
train_text = """
i ate bread . i ate warm soup . you ate an apple . the cook ate fish .
the dog ate the bread . we ate soup and bread . you drank milk . i drank tea .
the cook drank warm milk . the dog saw the cat . the cat saw a fish .
i saw the cook . we saw a dog and a cat . the cat slept . the dog slept .
i slept and you slept . the cook made soup . we made bread . you made warm tea .
i made tea and you drank tea . the cook who ate fish sings .
the cooks who ate fish sing . the dog who drank milk slept . we ate fish and bread .
"""
test_text = """
i ate fish . the dog drank milk . we saw the cat . you ate soup .
the cook made tea . the cat ate an apple . a dog slept . you saw the fish .
"""

vocabulary = sorted(set(train_text.split()))
number = {word: i for i, word in enumerate(vocabulary)}
V = len(vocabulary)


def word_pairs(text):
    """Return the numbers of each word and its successor: (M, 2)."""
    ids = [number[word] for word in text.split()]
    return np.array(list(pairwise(ids)))


train_pairs, test_pairs = word_pairs(train_text), word_pairs(test_text)
counts = np.zeros((V, V), dtype=int)
np.add.at(counts, tuple(train_pairs.T), 1)  # counts[i, j]: word j came after word i
print("words:", V, " pairs in training:", len(train_pairs), " in the test:", len(test_pairs))
print("cells of the table:", counts.size, " never seen:", int((counts == 0).sum()))

# %% [markdown]
# **Predict.** The nouns for food and drink make up a part of all words. Is that part larger among
# the words that follow "ate"?

# %%
food = ["apple", "bread", "fish", "milk", "soup", "tea"]
anywhere = counts.sum(axis=0) / counts.sum()
after_ate = counts[number["ate"]] / counts[number["ate"]].sum()
places = [number[word] for word in food]
print(
    f"food among all words: {anywhere[places].sum():.0%}, after 'ate': {after_ate[places].sum():.0%}"
)

shown = ["an", "apple", "bread", "fish", "soup", "tea", "the", "warm", "slept", "."]
places = np.array([number[word] for word in shown])
fig, ax = plt.subplots(figsize=(7, 3))
ax.bar(np.arange(10) - 0.2, anywhere[places], 0.4, label="any place", color=plotting.PALETTE["sky"])
ax.bar(
    np.arange(10) + 0.2,
    after_ate[places],
    0.4,
    label="after 'ate'",
    color=plotting.PALETTE["vermillion"],
)
ax.set_xticks(range(10), shown)
ax.set_xlabel("next word")
ax.set_ylabel("share")
ax.grid(axis="x", visible=False)
ax.legend()
plotting.show(
    fig,
    alt="Share of ten words at any place and after the word ate. Fish, soup and bread are more "
    "frequent after ate; slept, tea and the full stop never follow it.",
)

# %% [markdown]
# What to see: one word of memory moves the bars. Food is 16 % of all words and 67 % of those after
# "ate", and "an" and "warm" lead to it. That is what no bag of words can know.
#
# **How good is it?** Take the probability $p_m$ that the model gave to each of the $M$ words that
# did come. Their mean surprise is the cross-entropy $H$, and the **perplexity** is
#
# $$H = -\frac{1}{M}\sum_{m=1}^{M} \ln p_m \qquad\qquad \text{perplexity} = e^{H}$$
#
# Read it as "on average as unsure as between so many equally likely words". Guessing evenly among
# 27 words gives 27.
#
# **Predict.** In base 2, $H$ is a number of *bits*. Is $2^{H_{\text{bits}}}$ larger than
# $e^{H_{\text{nats}}}$, smaller, or the same? And what happens if you mix them?

# %%
p = np.array([0.5, 0.25, 0.125, 0.125])
nats, bits_each = -np.log(p).mean(), -np.log2(p).mean()
print(f"{nats:.4f} nats, e to that: {np.exp(nats):.4f}")
print(f"{bits_each:.4f} bits, 2 to that: {2**bits_each:.4f}")
print(f"mixed: e to the bits {np.exp(bits_each):.4f}, 2 to the nats {2**nats:.4f}")

# %% [markdown]
# The perplexity has no base, as long as logarithm and power use the same. Mixed, it is 9.49 or 2.95
# in place of 4.76, and nothing raises an error.
#
# **Predict.** The plain table has seen 78 different pairs. What is its perplexity on the test text,
# in which a few pairs are new?

# %%
unseen = [(vocabulary[i], vocabulary[j]) for i, j in test_pairs if counts[i, j] == 0]
print("new pairs:", len(unseen), "of", len(test_pairs), "such as", unseen[0], "and", unseen[1])

with np.errstate(divide="ignore"):
    p_test = (counts / counts.sum(axis=1, keepdims=True))[tuple(test_pairs.T)]
    print("perplexity without smoothing:", np.exp(-np.log(p_test).mean()))

# %% [markdown]
# Infinite. "The dog drank" and "the cat ate" are perfectly good English, but the table gives them
# probability 0, and $-\ln 0$ is infinite. One such pair outweighs all others.
#
# The old remedy is **smoothing**: add a little, $\alpha$, to each count, seen or not. Then
#
# $$p(j \mid i) = \frac{c_{ij} + \alpha}{\sum_{k=1}^{V} c_{ik} + \alpha V}$$
#
# where $c_{ij}$ counts how often word $j$ came after word $i$. With $\alpha = 1$ this is *add-one*
# smoothing. The $\alpha V$ below keeps the sum over all $j$ at 1.
#
# ### Exercise 1.3 · Perplexity of a bigram
#
# Return the perplexity of test pairs under smoothed counts. With $\alpha = 0$ and a pair that was
# never seen, the result is infinity (`np.inf`), not an error and not a number that leaves the pair
# out.
#
# <details><summary>Hint 1: all probabilities at once</summary>
#
# Make the whole table of probabilities first: `counts.sum(axis=1, keepdims=True)` has the shape
# $(V, 1)$ and divides each row by its own total.
# </details>
#
# <details><summary>Hint 2: pick the pairs</summary>
#
# `table[pairs[:, 0], pairs[:, 1]]` takes one number a pair. NumPy gives $-\infty$ for `np.log(0)`
# with a warning, and carries it on correctly.
# </details>


# %% exercise="1.3"
def bigram_perplexity(counts, pairs, alpha):
    """Return the perplexity of pairs, one float.

    counts (V, V) whole numbers, pairs (M, 2) numbers of words, alpha at least 0
    """
    ### BEGIN SOLUTION
    n_words = len(counts)
    table = (counts + alpha) / (counts.sum(axis=1, keepdims=True) + alpha * n_words)
    p = table[pairs[:, 0], pairs[:, 1]]
    return float(np.exp(-np.log(p).mean()))
    ### END SOLUTION


# %% check="1.3"
check("1.3", bigram_perplexity)

# %% [markdown]
# **Predict.** With more smoothing, does the perplexity on the *training* text rise or fall? And on
# the test text?

# %%
alphas = np.array([0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5])
curves = {"training text": [], "test text": []}
for alpha in alphas:
    smoothed = (counts + alpha) / (counts.sum(axis=1, keepdims=True) + alpha * V)
    for name, pairs in {"training text": train_pairs, "test text": test_pairs}.items():
        curves[name].append(float(np.exp(-np.log(smoothed[tuple(pairs.T)]).mean())))

fig, ax = plt.subplots(figsize=(7, 3.2))
for name, curve in curves.items():
    ax.semilogx(alphas, curve, marker="o", markersize=4, label=name)
ax.axhline(V, color="0.3", linestyle="--")
ax.annotate("guessing", (0.005, V), xytext=(0, -12), textcoords="offset points")
ax.set_xlabel("added to each count, α")
ax.set_ylabel("perplexity")
ax.legend(loc="center left")
plotting.show(
    fig,
    alt="Perplexity against the amount of smoothing, from 0.005 to 5. On the training text it only "
    "rises; on the test text it first falls, is lowest at 0.05, and then rises.",
)
p_word = (counts.sum(axis=0) + 1) / (counts.sum() + V)
one_word = np.exp(-np.log(p_word[test_pairs[:, 1]]).mean())
print(
    f"test text: guessing {V}, single words {one_word:.1f}, bigram with α = 1 {curves['test text'][7]:.1f}"
)
print(f"lowest: {min(curves['test text']):.1f} at α = {alphas[np.argmin(curves['test text'])]}")

# %% [markdown]
# What to see: smoothing always costs on the training text, since it takes probability away from
# what was seen. On new text it pays up to a point: from 27 for guessing and 18.7 for single words to
# 12.3 with add-one and 6.2 at the best $\alpha$.
#
# Two warnings. A perplexity means something only on text that was not counted. And the 6.2 is a
# little too good: we found its $\alpha$ by looking at the test text. A third text should choose it.
#
# ### What a bigram forgets
#
# "The cook who ate fish sings." "The cooks who ate fish sing." Which verb is right depends on a word
# four places back.
#
# **Predict.** What does the bigram give for "sings" and for "sing" after "the cook who ate fish"?
# And after "the cooks who ate fish"?

# %%
smoothed = (counts + 0.05) / (counts.sum(axis=1, keepdims=True) + 0.05 * V)
for start in ("the cook who ate fish", "the cooks who ate fish"):
    last = number[start.split()[-1]]
    p_sings, p_sing = (smoothed[last, number[verb]] for verb in ("sings", "sing"))
    print(f"{start:23s} sings {p_sings:.3f}, sing {p_sing:.3f}")

words = train_text.split()
for n in (2, 3, 5):
    seen = len({tuple(words[i : i + n]) for i in range(len(words) - n + 1)})
    print(f"{n} words in a row: {V**n:12,d} cells, {seen:3d} of them seen")

# %% [markdown]
# The same numbers twice: both beginnings end with "fish", and that is all that the model knows. A
# longer memory in a table is paid in cells. Five words in a row would see "cook" or "cooks", and
# need 14,348,907 cells, of which the text has seen 128. The window of section 3 has come back: long
# enough to be useful is too large to be learned.
#
# How much is there to win? Shannon measured printed English in 1951, with 26 letters and the space:
#
# | known | bits a letter | perplexity |
# |---|---|---|
# | nothing | 4.76 | 27 |
# | how frequent each letter is | 4.03 | 16.3 |
# | the letter before | 3.32 | 10.0 |
# | the two letters before | 3.1 | 8.6 |
# | the 100 letters before (people guessing) | 0.6 to 1.3 | 1.5 to 2.5 |
#
# From a choice among 27 letters to a choice among two: most of what can be known about the next
# letter lies further back than a table reaches. A recurrent network keeps a state of fixed size and
# *learns* what to put into it. For parity that was one bit. For "the cook who ate fish" it would be:
# singular. What it should be for a whole text is what the rest of this course is about.

# %% [markdown]
# ## Quiz

# %%
Quiz("01")

# %% [markdown]
# ## Summary
#
# - A bag has no order. A window has columns, and shuffling them changes nothing; it also ends.
# - Running parity needs every bit: a window that lacks one of them can only guess. Five networks,
#   perfect on 8 bits, are right half of the time on 9.
# - A state is what the future needs of the past. For parity it is one bit, for any length.
# - Two tanh units with 11 weights set by hand make no error in 1,000 steps: saturation restores the
#   state at each step. With a gain of 2 or less they forget.
# - The parameters of a recurrent network do not grow with $T$; those of a window do.
# - A bigram remembers one word. Its perplexity is the same in every base, infinite without
#   smoothing when a pair is new, and it cannot reach four words back.

# %% [markdown]
# ## What next
#
# [02 The forward pass](02_forward_pass.ipynb) takes the two lines of section 4 apart: shapes,
# batches, how long a state remembers, and the loss at the start. The map in
# [00 Start here](00_start_here.ipynb) shows what you have solved.

# %% [markdown]
# ## References
#
# - M. Minsky, S. Papert, *Perceptrons*, MIT Press 1969, section 3.1: parity needs all bits at once.
# - J. L. Elman, *Finding structure in time*, Cognitive Science 14 (1990), 179–211: the recurrent
#   layer of section 4; its first experiment is XOR in time, two bits and then their exclusive or.
# - C. E. Shannon, *Prediction and entropy of printed English*, Bell System Technical Journal 30
#   (1951), 50–64: the figures at the end of section 6.
