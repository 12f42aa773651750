# %% [markdown]
# # 07 · An RNN in scan
#
# **55 minutes.** You need: [03 Backpropagation through time](03_backpropagation_through_time.ipynb)
# and [06 scan](06_scan.ipynb).
#
# Lesson 06 put a loop into a graph, and `T.grad` went through it. Now the loop becomes a network that
# learns. It starts as the one line that many texts on RNNs print. At the end it has counted bits in
# strings that it has never seen, it knows where a sequence ends, and you can stop it, save it and go on
# tomorrow with the same numbers.

# %% [markdown]
# ## You will be able to
#
# - turn a one-step formula into a scan over a batch, and show that its gradient equals the one by hand to $10^{-8}$;
# - take the input's product out of the loop, and count the products that are left inside;
# - run sequences of different lengths in one batch so that no state changes past an end or crosses into the next sequence;
# - train parity of 12 bits to 100 % on strings held out and on longer ones, and tell this from memorising;
# - say which labels and which lengths a network learns parity from, measured over three seeds;
# - truncate a gradient, learn the start state, and resume a saved training with unchanged numbers.

# %%
import itertools
import tempfile
import timeit
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from course_utils import cells, plotting, session, theano_compat
from course_utils.checks import check
from course_utils.starts import orthogonal
from course_utils.training import minibatches
from course_utils.widgets import ParityTrainingExplorer, Quiz

theano_compat.enable()

import theano
import theano.tensor as T
from theano.graph.basic import ancestors
from theano.scan.op import Scan

from course_utils.theano_training import adam, fit, load, save

session.start(seed=7)

# %% [markdown]
# ## 1. One step, as it is printed
#
# **Idea.** Texts on RNNs in Theano often show this much and no more: two symbols, three shared
# variables, one formula. The cell below is such a text's code, as printed. Only the two sizes are ours.
#
# **Formula.** $h_t = \tanh(x_t W_{xh} + h_{t-1} W_{hh} + b_h)$
#
# | symbol | what it is | shape |
# |---|---|---|
# | $x_t$, $h_{t-1}$ | input of the step, state before it | $(N, D)$, $(N, U)$ |
# | $W_{xh}$, $W_{hh}$, $b_h$ | weights | $(D, U)$, $(U, U)$, $(U,)$ |
#
# **Predict.** The cell ends by printing `h_t`. What do you see: numbers, zeros, or a name?

# %%
input_dim, hidden_dim = 2, 4

x_t = T.matrix("input")
h_prev = T.matrix("hidden_prev")
W_xh = theano.shared(np.random.randn(input_dim, hidden_dim))
W_hh = theano.shared(np.random.randn(hidden_dim, hidden_dim))
b_h = theano.shared(np.zeros(hidden_dim))

h_t = T.tanh(T.dot(x_t, W_xh) + T.dot(h_prev, W_hh) + b_h)
print(h_t, "of type", h_t.type)

# %% [markdown]
# A name: it is a description of one step. To get numbers, compile it, and feed it once a step. The loop
# over the steps is then yours, in Python, at run time.
#
# Take the weights and the batch that lesson 02 drew, $N = 3$ sequences of $T = 6$ steps. A shared
# variable takes new numbers with `set_value`.
#
# **Predict.** Lesson 02 ended in the state `[-0.4767 -0.1549 0.704 0.7738]`. Does the printed step get there?

# %%
n_samples, n_steps, n_features, n_units = 3, 6, input_dim, hidden_dim
rng = np.random.default_rng(2)
for shared, name, scale in ((W_xh, "W_xh", 0.5), (W_hh, "W_hh", 0.5), (b_h, "b_h", 0.1)):
    shared.set_value(rng.normal(0, scale, size=shared.get_value().shape))
    shared.name = name
weights = [W_xh, W_hh, b_h]
x_value = rng.normal(size=(n_samples, n_steps, n_features))
h0_value = np.zeros((n_samples, n_units))

run_step = theano.function([x_t, h_prev], h_t)
state, states = h0_value, []
for t in range(n_steps):
    state = run_step(x_value[:, t], state)
    states.append(state)
h_stepwise = np.stack(states, axis=1)  # (N, T, U)
print("last state of the first sequence", h_stepwise[0, -1].round(4))

# %% [markdown]
# It does. So what is missing? Training. Ask the compiled step for a gradient, and it goes back one step:
# for the graph, $h_{t-1}$ is an input like $x_t$, with no past.
#
# The loss is the sum of squares of the last state. `cells.SimpleRNN` has lesson 03's backward pass.
#
# **Predict.** What share of the gradient of $W_{hh}$ is in the last step? Is it even in the right direction?

# %%
cell = cells.SimpleRNN(*(shared.get_value() for shared in weights))
trace = cell.forward(x_value, h0_value)
dh = np.zeros_like(trace.h)
dh[:, -1] = 2 * trace.h[:, -1]  # gradient of the sum of squares of the last state
by_hand = cell.backward(trace, dh)

one_step_gradient = theano.function([x_t, h_prev], T.grad((h_t**2).sum(), W_hh))
one_step = one_step_gradient(x_value[:, -1], h_stepwise[:, -2])
cosine = np.vdot(one_step, by_hand.recurrent_kernel)
cosine /= np.linalg.norm(one_step) * np.linalg.norm(by_hand.recurrent_kernel)
ratio = np.linalg.norm(one_step) / np.linalg.norm(by_hand.recurrent_kernel)
print(f"length of the one-step gradient: {ratio:.2f} of the whole one, cosine {cosine:.2f}")

# %% [markdown]
# The direction is not far off here, yet whatever happened before the last step has no say in it. A
# network trained this way cannot learn to remember, because nobody tells the earlier steps what became of
# them. The loop has to be *in the graph*.
#
# ## 2. The loop goes into the graph
#
# **Code.** The formula stays as it is and becomes the step function. Each argument has its kind, as in
# lesson 06: $x_t$ is an element of a sequence, $h_{t-1}$ a previous output, the weights are
# non-sequences. scan loops over axis 0, so time goes first for the loop and back afterwards.

# %%
x = T.dtensor3("x")  # (N, T, D)
h0 = T.dmatrix("h0")  # (N, U)


def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    """The printed step: x_t (N, D), h_prev (N, U) -> h_t (N, U)."""
    return T.tanh(T.dot(x_t, W_xh) + T.dot(h_prev, W_hh) + b_h)


h_by_time, _ = theano.scan(
    rnn_step,
    sequences=x.dimshuffle(1, 0, 2),  # (T, N, D)
    outputs_info=h0,
    non_sequences=weights,
    strict=True,
)
h = h_by_time.dimshuffle(1, 0, 2)  # (N, T, U)
h_scan = theano.function([x, h0], h)(x_value, h0_value)
print("h", h_scan.shape, "last state", h_scan[0, -1].round(4))
print(
    "equal to the step by step run to 1e-12:", np.allclose(h_scan, h_stepwise, rtol=0, atol=1e-12)
)

# %% [markdown]
# Now the gradient. Lesson 03 derived five of them by hand: for the three weights, the inputs and the start
# state. Here they are one call.
#
# **Predict.** The same loss, the sum of squares of the last state. How close will `T.grad` be to your
# derivation: to $10^{-3}$, to $10^{-8}$ or better?

# %%
loss = (h[:, -1] ** 2).sum()
by_theano = theano.function([x, h0], T.grad(loss, [*weights, x, h0]))(x_value, h0_value)

names = {"W_xh": "kernel", "W_hh": "recurrent_kernel", "b_h": "bias", "x": "x", "h0": "h0"}
for (name, field), gradient in zip(names.items(), by_theano, strict=True):
    difference = np.abs(gradient - getattr(by_hand, field)).max()
    print(
        f"{name:5s}{gradient.shape!s:10s} equal to lesson 03 to 1e-8: {difference < 1e-8}", end=""
    )
    print(f", to 1e-13: {difference < 1e-13}")

# %% [markdown]
# To $10^{-13}$, with nothing but rounding between them. Every rule that you derived in lesson 03 is in
# Theano's scan, and you need not write any of them again.
#
# ### Three errors on the way
#
# You will meet each of these. The cell makes them on purpose.
#
# **Predict.** Which of the three is found while the graph is built, which when it runs, and which never?


# %%
def states_from(step, start):
    """States of the batch by another step or from another start."""
    return theano.scan(
        step, sequences=x.dimshuffle(1, 0, 2), outputs_info=start, non_sequences=weights
    )[0]


def exchanged_step(h_prev, x_t, W_xh, W_hh, b_h):
    """The first two parameters stand in the wrong order."""
    return rnn_step(x_t, h_prev, W_xh, W_hh, b_h)


print("1. the start state has another dtype")
try:
    states_from(rnn_step, T.zeros((x.shape[0], n_units), dtype="float32"))
except ValueError as error:
    message = " ".join(str(error).split())
    print("   building: the initial state", message[message.index("has dtype") :].split(". ")[0])

print("2. the step takes its arguments in another order")
try:
    theano.function([x, h0], states_from(exchanged_step, h0))(x_value, h0_value)
except ValueError as error:
    print("   running :", str(error).split("\n")[0])

print("3. the same, where D = U")
square = np.random.default_rng(7).normal(size=(2, 4, 4))  # N = 2, T = 4, D = 4
W_xh.set_value(2 * np.eye(4))
right, wrong = (
    theano.function([x, h0], states_from(step, h0))(square, np.zeros((2, 4)))
    for step in (rnn_step, exchanged_step)
)
print("   no error; equal numbers:", np.allclose(right, wrong))
W_xh.set_value(cell.kernel)

# %% [markdown]
# 1. **Building.** scan keeps the state in the dtype of its start; the step returns float64. **Mend:**
#    `T.zeros(…)` without a dtype here, or everything in float32, weights and inputs too.
# 2. **Running.** $x_t$ arrived as `h_prev`, and its 2 features met the 4 rows of $W_{hh}$. **Mend:** the
#    order of the parameters: sequences, previous outputs, non-sequences.
# 3. **Never.** With $D = U$ all shapes fit. Compare a new scan with a loop in NumPy once, as above.
#
# In a fourth error a Python `for` writes the steps into the graph one after the other. Section 1 of
# [06 scan](06_scan.ipynb) shows what it costs. A fifth waits in section 5.
#
# ## 3. What does not need the loop
#
# **Idea.** $x_t W_{xh}$ needs no state. So it need not wait for one: all steps can be multiplied at once,
# *before* the loop. One large product is faster than $T$ small ones.
#
# **Formula.** $a = x\, W_{xh} + b_h$ of shape $(N, T, U)$ first, then in the loop only
#
# $$h_t = \tanh(a_t + h_{t-1} W_{hh})$$
#
# **Code.** How many products does a loop hold? The graph of the step is stored in the node of the scan,
# so you can count.
#
# **Predict.** How many matrix products does the loop of section 2 hold? How many must it hold?


# %%
def products_in_loop(result):
    """Count the matrix products inside the scan that computes `result`."""
    nodes = {variable.owner for variable in ancestors([result]) if variable.owner}
    (scan_node,) = (node for node in nodes if isinstance(node.op, Scan))
    inside = {variable.owner for variable in ancestors(scan_node.op.outputs) if variable.owner}
    return sum(isinstance(node.op, T.Dot) for node in inside)


n_products = products_in_loop(h)
print("the printed step in scan:", n_products, "products in the loop")
print("for 6 steps:", 6 * n_products, "products; with one outside:", 6 + 1)

# %% [markdown]
# ### Exercise 7.1 · The RNN in scan
#
# Write the whole layer, for a batch and from a given start state. Keep the input's product outside the
# loop. The check compiles your graph, compares it with NumPy and looks into your loop.
#
# <details><summary>Hint 1: a product of three axes</summary>
#
# `T.dot(x, W_xh)` multiplies the last axis of `x`, whatever stands before it: $(N, T, D)$ becomes
# $(N, T, U)$.
# </details>
#
# <details><summary>Hint 2: what the step gets</summary>
#
# An element of `a`, the state before, and one weight matrix. The other two weights have done their
# work before the loop starts.
# </details>
#
# <details><summary>Hint 3: the axes</summary>
#
# scan takes the steps from axis 0 and stacks its results there. A batch has them on axis 1, before the
# loop and after it.
# </details>


# %% exercise="7.1"
def rnn_states(x, h0, W_xh, W_hh, b_h):
    """Return the states of all steps, with one matrix product in the loop.

    x (N, T, D), h0 (N, U), W_xh (D, U), W_hh (U, U), b_h (U,), all symbolic -> h (N, T, U)
    """
    ### BEGIN SOLUTION
    a = T.dot(x, W_xh) + b_h
    h, _ = theano.scan(
        lambda a_t, h_prev, W_hh: T.tanh(a_t + T.dot(h_prev, W_hh)),
        sequences=a.dimshuffle(1, 0, 2),
        outputs_info=h0,
        non_sequences=W_hh,
    )
    return h.dimshuffle(1, 0, 2)
    ### END SOLUTION


# %% check="7.1"
check("7.1", rnn_states)

# %% [markdown]
# Is it worth it? That depends on the size of the input. Time both, with a gradient, for 32 sequences of 50
# steps, 32 units, and inputs of 1 and of 256 features.
#
# **Predict.** Which of the two sizes gains more?

# %% tags=["nbval-ignore-output"] reason="Times differ from machine to machine."
for n_inputs in (1, 256):
    W_in = theano.shared(np.random.default_rng(7).normal(size=(n_inputs, 32)) / np.sqrt(n_inputs))
    W_rec, bias = (
        theano.shared(orthogonal(32, np.random.default_rng(7))),
        theano.shared(np.zeros(32)),
    )
    batch = np.random.default_rng(8).normal(size=(32, 50, n_inputs))
    milliseconds = []
    for outside in (False, True):
        sequence = (T.dot(x, W_in) + bias if outside else x).dimshuffle(1, 0, 2)
        step = (lambda a_t, h_prev, *w: T.tanh(a_t + T.dot(h_prev, w[1]))) if outside else rnn_step
        start = T.zeros((x.shape[0], 32))
        h_timed, _ = theano.scan(
            step, sequences=sequence, outputs_info=start, non_sequences=[W_in, W_rec, bias]
        )
        timed = theano.function([x], T.grad((h_timed[-1] ** 2).sum(), [W_in, W_rec, bias]))
        milliseconds.append(
            1000 * min(timeit.repeat(lambda run=timed, x=batch: run(x), number=3, repeat=5)) / 3
        )
    print(f"D = {n_inputs:3d}: inside {milliseconds[0]:.1f} ms, outside {milliseconds[1]:.1f} ms")

# %% [markdown]
# Where this course was made, the product outside saves about a quarter of the time at $D = 1$ and about
# half at $D = 256$, where the input's products are most of the work. (Other programs on the machine move
# such times; take the smallest of several, as this cell does.) Theano's optimising C mode moves what
# it can out of a loop by itself; the default mode of the course does what you write.
#
# ## 4. A batch of different lengths
#
# **Idea.** A batch is one array, so short sequences are filled up with zeros: *padding*. The padding is no
# input. But a network with $x_t = 0$ does not stand still: $\tanh(h_{t-1} W_{hh} + b_h)$ goes on. So tell
# the loop which steps exist, by a *mask* of shape $(N, T)$: True for a step, False for padding.
#
# **Formula.** Where there is no step, the state stays what it was:
#
# $$h_t = \begin{cases} \tanh(a_t + h_{t-1} W_{hh}) & \text{if } m_t \text{ is True} \\ h_{t-1} & \text{if it is False} \end{cases}$$
#
# **Code.** In the graph that is `T.switch(mask_t, new, old)`. A Python `if` cannot do it, for it would ask
# a symbol at build time. The mask is a second sequence; it gets a last axis of length 1, so that one flag
# decides for all units of a sequence.
#
# **Predict.** Three rules for the padded steps: go on, multiply the state by the mask, hold it. Which of
# them give the right last state $h_T$ in the last column?

# %%
lengths = np.array([4, 6, 2])
mask_value = np.arange(10) < lengths[:, None]  # (N, T): T = 10, no sequence is that long
x_padded = np.random.default_rng(7).normal(size=(3, 10, n_features)) * mask_value[:, :, None]
mask = T.matrix("mask", dtype="bool")  # (N, T)


def padded_states(rule):
    """States of a padded batch; `rule(mask_t, new, old)` says what a padded step does."""

    def step(a_t, mask_t, h_prev, W_hh):
        return rule(mask_t, T.tanh(a_t + T.dot(h_prev, W_hh)), h_prev)

    a = T.dot(x, W_xh) + b_h
    by_time = [a.dimshuffle(1, 0, 2), mask.dimshuffle(1, 0, "x")]
    h, _ = theano.scan(
        step,
        sequences=by_time,
        outputs_info=T.zeros_like(a[:, 0]),
        non_sequences=[W_hh],
        strict=True,
    )
    return h.dimshuffle(1, 0, 2)


rules = {
    "goes on": lambda mask_t, new, old: T.switch(mask_t, new, new),
    "times the mask": lambda mask_t, new, old: mask_t * new,
    "held": lambda mask_t, new, old: T.switch(mask_t, new, old),
}
alone = [cell.forward(x_padded[[n], : lengths[n]]).h[0, -1] for n in range(3)]
fig, ax = plt.subplots(figsize=(7, 3))
for (name, rule), style in zip(rules.items(), ("o--", "s:", "^-"), strict=True):
    h_value = theano.function([x, mask], padded_states(rule))(x_padded, mask_value)
    right = np.allclose(h_value[:, -1], alone, rtol=0, atol=1e-12)
    print(f"{name:15s} last column equal to each sequence alone: {right}")
    ax.plot(np.arange(1, 11), h_value[0, :, 3], style, label=name, markersize=5)
ax.axvspan(4.5, 10.5, color="0.93")
ax.text(7.5, -0.85, "padding", ha="center", color="0.4")
ax.set_ylim(-1, 1)
ax.set_xlim(0.5, 10.5)
ax.set_xlabel("time step t")
ax.set_ylabel("state of unit 4")
ax.legend(ncols=3, loc="upper right")
plotting.show(
    fig,
    alt="State of one unit for a sequence of 4 steps, padded to 10. All three rules agree for 4 steps. "
    "In the padding one line wanders on, one drops to 0 and stays, one is flat at the value of step 4.",
)

# %% [markdown]
# What to see: up to step 4 the three lines are one. In the grey part the dashed line wanders off to a state
# that has nothing to do with the sequence. The dotted line is 0: multiplying by the mask does not *skip* a
# step, it *erases* the state. Only the flat line still knows what was read.
#
# Holding has a practical side: the last state of every sequence, short or long, stands in the last column.
#
# The second danger is the opposite one. Put two sequences into one row, the second behind the first. That
# saves padding, and long texts are batched in this way. But the second sequence must not begin with the last state of
# the first. So mark its first step, and start from zeros there.
#
# **Predict.** A row holds a sequence of 4 steps and then one of 5. How many states of the second are wrong when
# nobody resets: the first, all five, or none? Does the error grow or shrink?

# %%
row = np.random.default_rng(8).normal(size=(1, 9, n_features))
second_alone = cell.forward(row[:, 4:]).h[0]
leaking = cell.forward(row).h[0, 4:]
off = np.abs(leaking - second_alone).max(axis=1)
print("largest error at each step of the second sequence:", off.round(2))

# %% [markdown]
# All five are off, the first by 0.65. Here the error fades, as this network forgets within a few steps.
# A network that has learned to remember keeps it: section 7 lets one trained on parity run over such a
# boundary. No message comes, and the outputs look healthy. Only the sequence run alone shows the leak.
#
# ### Exercise 7.2 · Batching without leaking state
#
# A row may hold several sequences, one behind the other, and padding at its end. `first` is True at the
# first step of each sequence, `mask` is False on padding. Every sequence starts from zeros; past the last
# end the state stays.
#
# <details><summary>Hint 1: two questions a step</summary>
#
# Before the formula: which state does this step start from? After it: is there a step at all?
# </details>
#
# <details><summary>Hint 2: zeros of the right shape</summary>
#
# `T.switch` broadcasts, so a plain 0 will do as one of its two values.
# </details>
#
# <details><summary>Hint 3: three sequences</summary>
#
# `a`, `mask` and `first` all go to the loop, each with time first. The flags get a last axis:
# `dimshuffle(1, 0, "x")`.
# </details>


# %% exercise="7.2"
def batch_states(x, mask, first, W_xh, W_hh, b_h):
    """Return states that neither change past an end nor cross into the next sequence.

    x (N, T, D), mask (N, T) bool, first (N, T) bool, weights as before -> h (N, T, U)
    """

    ### BEGIN SOLUTION
    def step(a_t, mask_t, first_t, h_prev, W_hh):
        h_start = T.switch(first_t, 0, h_prev)
        h_t = T.tanh(a_t + T.dot(h_start, W_hh))
        return T.switch(mask_t, h_t, h_prev)

    a = T.dot(x, W_xh) + b_h
    flags = [mask.dimshuffle(1, 0, "x"), first.dimshuffle(1, 0, "x")]
    h, _ = theano.scan(
        step,
        sequences=[a.dimshuffle(1, 0, 2), *flags],
        outputs_info=T.zeros_like(a[:, 0]),
        non_sequences=W_hh,
    )
    return h.dimshuffle(1, 0, 2)
    ### END SOLUTION


# %% check="7.2"
check("7.2", batch_states)

# %% [markdown]
# ## 5. Train: parity of 12 bits
#
# **The task.** Is the number of ones so far odd? Lesson 01 set the weights of two units by hand for it. Now
# 20 units find their own. There are $2^{12} = 4096$ strings of 12 bits. Half of them, drawn at random, are
# for training; the other 2,048 are *held out*: no update sees them.
#
# **Formula.** An output $\hat y_t = \sigma(z_t)$ with $z_t = h_t W_{hy} + b_y$, where $W_{hy}$ is $(U, 1)$ and
# $b_y$ is $(1,)$: the probability of "odd". The loss of a step with label $y_t \in \{0, 1\}$ is the
# cross-entropy, written so that no logarithm can overflow:
#
# $$\ell_t = \log(1 + e^{z_t}) - y_t z_t \qquad L = \frac{\sum_{n,t} m_{n,t}\, \ell_{n,t}}{\sum_{n,t} m_{n,t}}$$
#
# Divide by the number of steps that *exist*. The plain mean over $(N, T)$ would count padding as solved.

# %%
n_bits, n_units = 12, 20


def padded(bits, lengths):
    """Return x (N, T, 1), mask (N, T) and running parity y (N, T) of the first `lengths` bits."""
    mask = np.arange(bits.shape[1]) < lengths[:, None]
    bits = bits * mask
    return bits[:, :, None].astype(float), mask, (bits.cumsum(axis=1) % 2).astype(float)


def split(seed):
    """Return half of all strings for training and the other half, held out, with 28 more bits."""
    rng = np.random.default_rng(seed)
    bits = rng.permutation(np.arange(2**n_bits)[:, None] >> np.arange(n_bits) & 1)
    longer = np.hstack([bits[2048:], rng.integers(0, 2, size=(2048, 28))])
    return bits[:2048], longer


train_bits, new_bits = split(seed=0)
print("training", train_bits.shape, " held out", new_bits[:, :n_bits].shape)
known = {tuple(bits) for bits in train_bits}
print(
    "held-out strings that are in the training:", sum(tuple(b[:n_bits]) in known for b in new_bits)
)

# %% [markdown]
# **Code.** The network is section 4's with two more weights. The start is orthogonal (lesson 04). `adam` and
# `fit` are those of lesson 03, as a graph: `adam` returns a list of pairs, *shared variable* and *new value*,
# and clips by the global norm first; `fit` calls the compiled `update` for each batch. What Adam remembers are
# shared variables too, so they stand in the list.


# %%
def start_weights(seed):
    """Return the weights to begin with, by name."""
    rng = np.random.default_rng([seed, 1])  # another stream than the split's
    return {
        "W_xh": rng.normal(0, 0.6, size=(1, n_units)),
        "W_hh": orthogonal(n_units, rng),
        "b_h": np.zeros(n_units),
        "W_hy": rng.normal(0, n_units**-0.5, size=(n_units, 1)),
        "b_y": np.zeros(1),
    }


def rnn_logits(x, mask, W_xh, W_hh, b_h, W_hy, b_y, h0=None):
    """Return z (N, T) of a padded batch: x (N, T, 1), mask (N, T), the state held past the end."""

    def step(a_t, mask_t, h_prev, W_hh):
        return T.switch(mask_t, T.tanh(a_t + T.dot(h_prev, W_hh)), h_prev)

    a = T.dot(x, W_xh) + b_h
    start = T.zeros_like(a[:, 0])
    h, _ = theano.scan(
        step,
        sequences=[a.dimshuffle(1, 0, 2), mask.dimshuffle(1, 0, "x")],
        outputs_info=start if h0 is None else start + h0,
        non_sequences=[W_hh],
        strict=True,
    )
    return (T.dot(h, W_hy) + b_y)[:, :, 0].dimshuffle(1, 0)


def step_losses(z, y):
    """Return the cross-entropy of each step: z (N, T), y (N, T) -> (N, T)."""
    return T.nnet.softplus(z) - y * z


p = {name: theano.shared(value, name) for name, value in start_weights(seed=0).items()}
y = T.dmatrix("y")  # (N, T)
z = rnn_logits(x, mask, **p)
loss_per_step = T.sum(step_losses(z, y) * mask) / T.sum(mask)
updates_per_step = adam(loss_per_step, p, learning_rate=0.015, clip_norm=0.3)
predict = theano.function([x, mask], z > 0)
print("shared variables that an update changes:", len(updates_per_step))
print("of the first weight:", [shared.name for shared, _ in updates_per_step[1:4]])

# %% [markdown]
# **The fifth error.** Everything is described. Now compile and call it, and look at the loss.
#
# **Predict.** The first function below is given the loss, and nothing else. What does its loss do in three
# calls on the same batch?

# %%
batch = padded(train_bits[:64], np.full(64, n_bits))
for name, given in {"without": None, "with": updates_per_step}.items():
    update = theano.function([x, mask, y], loss_per_step, updates=given)
    losses = [float(update(*batch)) for _ in range(3)]
    print(f"{name:8s} updates: {[round(loss, 3) for loss in losses]}")

# %% [markdown]
# It stays, to the last digit. `adam` *describes* a change; only `updates=` makes a function carry it out. No
# message comes, because a function without updates is a good function: it measures. **Mend:**
# `theano.function(…, updates=…)`.
#
# ### Exercise 7.3 · Momentum for all parameters
#
# In lesson 05 one neuron had momentum. Now write it for a whole list of parameters, with clipping: with
# $g_k$ the gradient of the $k$-th parameter $\theta_k$ and $\lVert g \rVert$ the norm over *all* of them,
#
# $$v_k \leftarrow \mu\, v_k - \eta\, g_k \min\Big(1, \frac{c}{\lVert g \rVert}\Big) \qquad \theta_k \leftarrow \theta_k + v_k$$
#
# $\mu$ is the momentum, $\eta$ the learning rate, $c$ the largest norm. Return the list of pairs. The check
# puts it into a function, calls that several times and looks at the parameters.
#
# <details><summary>Hint 1: where a velocity lives</summary>
#
# It has to outlive the call, like a weight: a shared variable of its own for each parameter, of zeros, of the
# parameter's shape: `np.zeros_like(parameter.get_value())`.
# </details>
#
# <details><summary>Hint 2: old and new</summary>
#
# All new values of one call are computed from the *old* ones. If the parameter should move by the new velocity,
# use the expression of the new velocity, not the shared variable.
# </details>
#
# <details><summary>Hint 3: one norm</summary>
#
# `sum(T.sum(g**2) for g in gradients)` adds over all arrays. `T.minimum` takes the smaller of two.
# </details>


# %% exercise="7.3"
def momentum_updates(loss, parameters, learning_rate, momentum, clip_norm):
    """Return [(shared variable, new value), ...] for the parameters and their velocities.

    loss a symbolic number, parameters a list of shared variables, the rest plain numbers
    """
    ### BEGIN SOLUTION
    gradients = T.grad(loss, parameters)
    norm = T.sqrt(sum(T.sum(g**2) for g in gradients))
    factor = T.minimum(1, clip_norm / norm)
    updates = []
    for parameter, g in zip(parameters, gradients, strict=True):
        velocity = theano.shared(np.zeros_like(parameter.get_value()))
        new_velocity = momentum * velocity - learning_rate * factor * g
        updates += [(velocity, new_velocity), (parameter, parameter + new_velocity)]
    return updates
    ### END SOLUTION


# %% check="7.3"
check("7.3", momentum_updates)

# %% [markdown]
# ### The run
#
# Three seeds: other weights, other strings held out, another order. 6 epochs of 64 updates each, with batches
# of 32 strings, Adam at a rate of 0.015, and gradients clipped at a common norm of 0.3.
#
# **Predict.** Accuracy on held-out strings after 6 epochs: 50 %, 90 %, 100 %? And on strings of 40 bits, more
# than three times as long as any in the training?


# %%
def start_anew(updates, seed):
    """Put in the weights of `seed`, and zeros into all that the optimiser remembers."""
    for shared, _ in updates:
        shared.set_value(np.zeros_like(shared.get_value()))
    for name, value in start_weights(seed).items():
        p[name].set_value(value)


def train(update, updates, seed, n_epochs, mixed=False, every=64):
    """Train from a new start; return, each `every` updates, the share of right answers (looks, 40).

    It is measured on strings that were held out, after each of 40 bits.
    """
    start_anew(updates, seed)
    seen, new = split(seed)
    rng = np.random.default_rng([seed, 2])
    lengths = rng.integers(1, n_bits + 1, len(seen)) if mixed else np.full(len(seen), n_bits)
    x_new, mask_new, y_new = padded(new[:250], np.full(250, 40))
    looks, n_updates = [], itertools.count(1)

    def look():
        looks.append((predict(x_new, mask_new) == y_new).mean(axis=0))

    def update_and_look(*batch):
        loss = update(*batch)
        if next(n_updates) % every == 0:
            look()
        return loss

    fit(update_and_look, minibatches(padded(seen, lengths), 32, rng), n_epochs)
    if not looks:  # the stop button came first
        look()
    return np.array(looks)


update = theano.function([x, mask, y], loss_per_step, updates=updates_per_step)
runs, networks = {"per step, fixed": []}, {"per step, fixed": []}
for seed in range(3):
    runs["per step, fixed"].append(train(update, updates_per_step, seed, n_epochs=6, every=16))
    networks["per step, fixed"].append({name: shared.get_value() for name, shared in p.items()})
    x_held, mask_held, y_held = padded(split(seed)[1][:, :n_bits], np.full(2048, n_bits))
    held_out = (predict(x_held, mask_held) == y_held).mean()
    longer = runs["per step, fixed"][-1][-1, n_bits:].mean()
    print(f"seed {seed}: all 2,048 held-out strings right at every step: {held_out == 1}", end="")
    print(f"; steps 13 to 40 right: {100 * longer:.0f} %")

# %% [markdown]
# Every step of every held-out string, with three seeds, and the longer strings as well. The network has not
# learned strings, it has learned the *rule*: keep the parity, flip it at a 1. A rule has no length.
#
# None of this needs a C compiler or a warm cache. `make bench` trains one seed in a fresh process: 6 s from its
# start to 100 % where this course was made, 86 s in Theano's C mode with an empty cache and 12 s with a warm one.
#
# **Picture.** Which part of the rule comes first? Each line is one moment in the training of seed 0, and
# the horizontal axis says after how many bits the answer is asked for.

# %%
fig, ax = plt.subplots(figsize=(7, 3.2))
moments = (16, 32, 48, 64, 80, 96, 128, 384)
looks = {n: runs["per step, fixed"][0][n // 16 - 1] for n in moments}
for shade, (n, right) in zip(np.linspace(0.1, 1, len(moments)), looks.items(), strict=True):
    ax.plot(np.arange(1, 41), 100 * right, color=plt.get_cmap("viridis_r")(shade), label=f"{n}")
ax.axvline(n_bits, color="0.6", linestyle=":")
ax.text(n_bits + 0.5, 37, "longest string in the training", color="0.4", fontsize="small")
ax.set_ylim(35, 103)
ax.set_xlabel("bits read")
ax.set_ylabel("right answers on new strings (%)")
ax.legend(title="updates", ncols=2, fontsize="small", loc="center right")
plotting.show(
    fig,
    alt="Right answers on new strings against the number of bits read, one line for each of eight "
    "moments between 16 and 384 updates. Early lines start high and fall to 50 % within a few bits; "
    "later ones reach further to the right; the last is at 100 % up to 40 bits.",
)
reach = {n: int(np.argmin(np.append(right, 0) > 0.9)) for n, right in looks.items()}
print("updates: bits up to which more than 90 % are right")
print(reach)

# %% [markdown]
# What to see: the lines fill from the left. The first bits are easy, their parity depends on one or two
# inputs. A network that can do $t$ bits needs only one more flip for $t + 1$. Once the rule is there, the
# line is flat all the way to 40. Remember this picture for section 6.
#
# ### Accuracy on what?
#
# One widely copied script for this task trains on strings of 12 bits and reports its accuracy on the strings
# it has just trained on. Ours was measured on strings held out. Does it make a difference? Train a
# fresh network on 32 strings only, for 500 updates, and measure it on both.
#
# **Predict.** Accuracy on the 32, and on the 2,048 held out, when all 12 bits are read: about the same?

# %%
start_anew(updates_per_step, seed=0)
few = padded(train_bits[:32], np.full(32, n_bits))
_ = fit(update, [few], n_epochs=500)

held = padded(new_bits[:, :n_bits], np.full(2048, n_bits))
for name, (x_some, mask_some, y_some) in {"32 it trained on": few, "2,048 held out": held}.items():
    right = predict(x_some, mask_some) == y_some
    whole = 100 * right[:, -1].mean()
    print(
        f"{name:17s} {'100 %' if whole == 100 else 'below 60 %' if whole < 60 else 'between'}",
        end="",
    )
    print(" right after 12 bits")

# %% [markdown]
# 100 % on its own strings, and no better than a coin on the others. This network knows 32 strings by heart. The
# number that the script reports is the same for it and for a network that has the rule. *Training accuracy
# says that a network can store its data; it does not say what it has understood.*
#
# ## 6. Which labels, which lengths?
#
# **Idea.** So far each step had a label. Often you have one label for a whole sequence: a review and its
# verdict. So ask for the parity of the whole string only: the loss looks at the last column, where every
# string's last state is held.
#
# There are two ways to do that: with all strings of 12 bits, or each cut at random to 1 to 12 bits. Network,
# start and optimiser stay as they were, and there are 10 epochs instead of 6.
#
# **Predict.** Which of the two learns? Think of the picture above: what can a network learn *first* in each?

# %%
loss_final = step_losses(z, y)[:, -1].mean()
updates_final = adam(loss_final, p, learning_rate=0.015, clip_norm=0.3)
update_final = theano.function([x, mask, y], loss_final, updates=updates_final)

for name in ("final, fixed", "final, mixed"):
    runs[name], networks[name] = [], []
    for seed in range(3):
        run = train(update_final, updates_final, seed, n_epochs=10, mixed="mixed" in name)
        runs[name].append(run)
        networks[name].append({weight: shared.get_value() for weight, shared in p.items()})

for name, some_runs in runs.items():
    at_12 = np.median([run[-1][n_bits - 1] for run in some_runs])
    beyond = np.median([run[-1][n_bits:].mean() for run in some_runs])
    print(f"{name:16s} median of 3 seeds", end="")
    for bits, share in {"after 12 bits": at_12, "after 13 to 40": beyond}.items():
        verdict = "above 99 %" if share > 0.99 else "below 60 %" if share < 0.6 else "between"
        print(f"; {bits}: {verdict} right", end="")
    print()

# %% [markdown]
# Two of the three have the rule, and one is a coin. It is not the network: the same 20 units, the same start, as many
# updates as its neighbour with mixed lengths. It is what the loss can see.
#
# With one label after 12 bits, a network that handles 3 bits, or 11, does no better than one that handles
# none: miss one bit, and the answer is a coin. There is no first step that pays. Mixed lengths bring strings of
# 1 and 2 bits into the training, and labels at every step bring all prefixes. Then a little of the rule earns a
# little, and the lines can fill from the left.
#
# When your own network stays on its baseline, ask this first: *is there an easy case in the data?*
#
# Three seeds are few. Of 20 more, 19 networks came to 100 % on 250 held-out strings within 10 epochs of final labels
# and mixed lengths. With labels at every step 14 of 20 did so within 6 epochs, and the other six had 98.9 to 99.7 % of
# the steps right. Expect a straggler now and then.
#
# ### Touch it
#
# The curves of four kinds of training, and one string read bit by bit. What has learned the rule are the networks that you
# have just trained. The coin, and a fourth kind with labels at every step of strings of 1 to 12 bits, were trained in
# advance; `ParityTrainingExplorer(networks)` takes all that you have.
#
# 1. Labels at every step, always 12 bits: find a string of 40 bits with a wrong answer.
# 2. Labels at the end only, always 12 bits: what does the output do along a string when a 1 comes?
# 3. Labels at the end only, 1 to 12 bits: it was never asked on the way. Are its answers on the way right?
# 4. For which of the four does anything change when the test length goes from 12 to 13?

# %%
learned = {name: networks[name] for name in ("per step, fixed", "final, mixed")}
ParityTrainingExplorer(learned, labels="at the end only", lengths="1 to 12 bits")

# %% [markdown]
# <details><summary>Answers</summary>
#
# 1. None of the ten has one. In the median of your three runs all 200 strings are right at every length; the thin band
#    at the end says that one run has 1 string of 200 wrong.
# 2. It moves a little, up or down, and stays around one half. Right and wrong answers take turns like coins.
# 3. They are. It was asked after 1, 2, … 12 bits, of different strings, so every step was some string's end.
# 4. For none. A network that has the rule goes past 12 without noticing; one that has not, fails long before.
# </details>
#
# ## 7. Truncate, start, save
#
# ### truncate_gradient
#
# **Idea.** `theano.scan(…, truncate_gradient=k)` stops the way back after $k$ steps. Lesson 03's truncation let *each* loss
# go $k$ steps back. Is that the same?
#
# **Predict.** Take section 1's batch. First a loss at the last step only, then one at each of the 6 steps. With $k = 2$: which
# of the losses reach the weights?


# %%
def one_loss_k_back(t, k):
    """Lesson 03's truncation: the gradient of step t's loss, k steps back, for W_hh."""
    first = max(0, t + 1 - k)
    piece = cell.forward(x_value[:, first : t + 1], trace.h[:, first - 1] if first else h0_value)
    dh = np.zeros_like(piece.h)
    dh[:, -1] = 2 * piece.h[:, -1]
    return cell.backward(piece, dh).recurrent_kernel


def truncated_gradient(k, loss_of):
    """What scan makes of it: the gradient of `loss_of(h)` for W_hh, h being (T, N, U)."""
    by_time = (T.dot(x, W_xh) + b_h).dimshuffle(1, 0, 2)
    h, _ = theano.scan(
        lambda a_t, h_prev, W: T.tanh(a_t + T.dot(h_prev, W)),
        sequences=by_time,
        outputs_info=T.zeros_like(by_time[0]),
        non_sequences=W_hh,
        truncate_gradient=k,
    )
    return theano.function([x], T.grad(loss_of(h), W_hh))(x_value)


for k in (2, 6):
    losses = {
        "last loss": (lambda h: (h[-1] ** 2).sum(), [5]),
        "all 6 losses": (lambda h: (h**2).sum(), range(6)),
    }
    for name, (loss_of, steps) in losses.items():
        by_hand = sum(one_loss_k_back(t, k) for t in steps)
        same = np.allclose(truncated_gradient(k, loss_of), by_hand)
        print(f"k = {k}, {name:12s} equal to lesson 03's truncation: {same}")

last_two = cell.forward(x_value[:, 4:], trace.h[:, 3])  # steps 5 and 6, and nothing before
by_hand = cell.backward(last_two, 2 * last_two.h).recurrent_kernel
by_scan = truncated_gradient(2, lambda h: (h**2).sum())
print("k = 2, all 6 losses: as if steps 1 to 4 had no loss:", np.allclose(by_scan, by_hand))

# %% [markdown]
# It is not the same. scan's way back starts at the last step and makes $k$ steps *in all*. With a loss at every step,
# those before the last $k$ are dropped, silently. For one loss at the end the two agree, and with $k = T$ everything does.
#
# So for labels at each step cut the *sequence* into pieces of $k$ steps instead, and carry the state from piece to
# piece. Lesson 09 trains its language model that way.
#
# ### A start state that is learned
#
# **Idea.** $h_0$ need not be zeros. Make it a shared variable of shape $(U,)$, added to a zero state for each sequence, and
# `T.grad` has a gradient for it: the sum of lesson 03's $dh_0$ over the batch.
#
# Here is what a state can carry. Take a trained parity network and turn the labels round: 1 for *even*. All
# weights stay as they are. Only $h_0$, 20 numbers, is trained.
#
# **Predict.** Can 20 numbers at the very start turn every answer round, up to 40 bits later?

# %%
for name, value in networks["per step, fixed"][1].items():
    p[name].set_value(value)
h0_learned = theano.shared(np.zeros(n_units), "h0")
z_from_h0 = rnn_logits(x, mask, **p, h0=h0_learned)
loss_h0 = step_losses(z_from_h0, y).mean()
learn_h0 = theano.function(
    [x, mask, y], loss_h0, updates=adam(loss_h0, [h0_learned], learning_rate=0.05, clip_norm=1.0)
)
predict_from_h0 = theano.function([x, mask], z_from_h0 > 0)

x_train, mask_train, y_train = padded(split(seed=1)[0], np.full(2048, n_bits))
x_long, mask_long, y_long = padded(split(seed=1)[1][:500], np.full(500, 40))


def turned_round():
    """Share of the new strings' steps that answer the opposite question."""
    return (predict_from_h0(x_long, mask_long) == 1 - y_long).mean()


before = turned_round()
batches = minibatches((x_train, mask_train, 1 - y_train), 64, np.random.default_rng(7))
_ = fit(learn_h0, batches, n_epochs=2)
print(f"before: {100 * before:.0f} % of the answers after 1 to 40 bits are turned round")
print("after 64 updates of h0 alone, above 99 %:", turned_round() > 0.99)

one = np.ones((500, 1, 1))  # a string of one bit, a 1, and right behind it the next string
behind_a_one = np.concatenate([one, x_long[:, :-1]], axis=1)
answers = predict(behind_a_one, mask_long)[:, 1:]
print(f"behind a string with odd parity, right: {100 * (answers == y_long[:, :-1]).mean():.0f} %")

# %% [markdown]
# They can: for this network "odd so far" is a region of the state space, and the learned $h_0$ lies in it.
# Learning the start state costs $U$ numbers and is worth a try where sequences are short.
#
# The last line keeps a promise of section 4. Here the state that leaks over the boundary is the parity of the string
# before, the network forgets nothing, and *every* answer of the next string is wrong.
#
# ### Save, load, resume
#
# **Idea.** A long training must survive a closed laptop. `save` writes shared variables by name into an `.npz` file
# of plain arrays; no pickle, so a file from someone else cannot run code. `load` puts them back into a network that was
# built by the same code.
#
# **Predict.** Six epochs in one go, against three epochs, save, a *new* start, load, three epochs. Equal to the last digit
# if only the weights are saved? If Adam's memory is saved too?


# %%
def epochs(first, last):
    """Train epochs `first` to `last` - 1 on 512 strings; an epoch's number is the seed of its order."""
    data = padded(train_bits[:512], np.full(512, n_bits))
    for epoch in range(first, last):
        fit(update, minibatches(data, 32, np.random.default_rng(epoch)))


start_anew(updates_per_step, seed=5)
epochs(0, 6)
uninterrupted = p["W_hh"].get_value()

with tempfile.TemporaryDirectory() as folder:
    start_anew(updates_per_step, seed=5)
    epochs(0, 3)
    save(Path(folder, "weights.npz"), p)
    save(Path(folder, "everything.npz"), updates_per_step)
    for file, what in (("weights.npz", p), ("everything.npz", updates_per_step)):
        start_anew(updates_per_step, seed=6)
        load(Path(folder, file), what)
        epochs(3, 6)
        same = np.array_equal(p["W_hh"].get_value(), uninterrupted)
        print(
            f"{file:15s} {len(what):2d} arrays, resumed equals uninterrupted to the last bit: {same}"
        )

assert same

# %% [markdown]
# With the weights alone, the training goes on, but as another one: Adam has forgotten how large its steps should be. With
# all 16 arrays it is the same training, to the last bit. The third thing that has to come back is the *order of
# the data*; here each epoch draws its own from its number.
#
# ## Quiz

# %%
Quiz("07")

# %% [markdown]
# ## Summary
#
# - The printed step describes one step. In a Python loop it runs, and its gradient goes back one step only. In scan,
#   `T.grad` equals lesson 03's gradient by hand to $10^{-13}$.
# - The input's product needs no state: take it out, and one product a step is left in the loop.
# - Past the end of a sequence **hold** the state; multiplying by the mask erases it. At the first step of a
#   sequence **reset** it, or all its states are wrong.
# - Divide the loss by the steps that exist.
# - 20 units learned parity from half of the strings of 12 bits, to 100 % on the other half and up to 40 bits. With 32
#   strings they knew those by heart and were a coin elsewhere. Measure on what was held out.
# - Final labels at a fixed length stayed at 50 %. Labels at every step, or mixed lengths, brought the easy cases, and
#   the same network learned.
# - `truncate_gradient=k` keeps the last $k$ steps of the loop, not $k$ steps for each loss.
# - Save what the optimiser remembers, and resume with the same numbers.

# %% [markdown]
# ## What next
#
# [08 Gates: LSTM and GRU in scan](08_gates.ipynb) puts gates into this loop and solves the adding problem that [04 Vanishing and exploding gradients](04_vanishing_gradients.ipynb) left unsolved at 100 steps.

# %% [markdown]
# ## References
#
# - J. L. Elman, *Finding structure in time*, Cognitive Science 14 (1990), 179–211: the network, and XOR as a sequence.
# - M. Minsky, S. Papert, *Perceptrons*, MIT Press 1969, section 3.1: parity needs all its inputs.
# - S. Hochreiter, J. Schmidhuber, *LSTM can solve hard long time lag problems*, NIPS 9 (1996): parity with a label at the end
#   only, solved sooner by guessing weights than by following gradients.
# - S. Shalev-Shwartz, O. Shamir, S. Shammah, *Failures of gradient-based deep learning*, ICML 2017, section 2: why gradients say
#   so little about parity.
# - Y. Bengio, J. Louradour, R. Collobert, J. Weston, *Curriculum learning*, ICML 2009: easy examples first.
# - Theano documentation, library reference, *scan*: `truncate_gradient`, `strict`.
