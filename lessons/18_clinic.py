# %% [markdown]
# # 18 · Clinic
#
# **45 minutes.** You need: Parts 1 to 3, lessons [00](00_start_here.ipynb) to [13](13_text_generation.ipynb). Each
# patient names no lesson: to find the right one is part of the exercise. The capstone in section 7 is a project
# of its own and takes as long as you like.
#
# Ten programs lie here. Each runs, gives arrays of the right shape, and has one fault that was met in an earlier
# lesson. You see a symptom, find the fault, mend it in a line or two, and give it its name. At the end are a
# project with a rubric that marks itself, and a quiz over all lessons.

# %% [markdown]
# ## You will be able to
#
# - tell from a symptom which of 16 known faults a program may have, before reading it;
# - write down three properties that hold for every right recurrent network, and test them on drawn cases;
# - mend ten faulty programs so that all their properties hold, and name each fault;
# - plan a project of your own whose result survives a second look: 15 points, each with its reason.

# %%
import matplotlib.pyplot as plt
import numpy as np

from course_utils import plotting, session, theano_compat
from course_utils.cells import GRU
from course_utils.checks import check
from course_utils.datasets import load_co2, load_sunspots
from course_utils.forecasting import LinearForecaster, mase, split_windows, windows
from course_utils.further import clinic
from course_utils.gradients import numerical_gradient, relative_error
from course_utils.losses import cross_entropy
from course_utils.training import Adam, fit, minibatches
from course_utils.widgets import Quiz, WardExplorer

theano_compat.enable()
session.start(seed=18)

import keras
import theano
import theano.tensor as T

# %% [markdown]
# ## 1. What holds for every right program
#
# **Idea.** A program that runs proves little, and a falling loss proves little more: patient 1's will
# fall to 1 % of its start. To compare with a right program is best, but in your own work there is none. What you do
# have are *properties*: sentences that hold for every right program, whatever its weights and data are.
#
# **Formula.** Write $f(x, h_0)$ for the states $(N, T, U)$ of a batch $x$ $(N, T, D)$. For every right recurrent
# layer, every order $\pi$ of the batch and every step $k$,
#
# $$f(x_{\pi}, h_{0,\pi}) = f(x, h_0)_{\pi} \qquad f(x_{1..k}, h_0) = f(x, h_0)_{1..k} \qquad f(x_{k+1..T}, h_k) = f(x, h_0)_{k+1..T}$$
#
# In words: the order of the batch does not matter; the past does not know the future; two halves with the state
# $h_k$ $(N, U)$ carried over equal one run. None of them asks for the right answer.
#
# **Code.** A test draws cases from a seed, small ones first, and stops at the first that breaks. Here is a softmax
# with a fault. It should give each row of `logits` $(N, V)$ probabilities along the vocabulary.
#
# **Predict.** Which axis does it sum over? Is there a size at which nobody would notice?


# %%
def probabilities(logits):
    scores = np.exp(logits - logits.max())
    return scores / scores.sum(axis=0)


def sums_to_one(program, rng, size):
    """Return by how much the rows of (size, 4) logits miss the sum 1."""
    return abs(program(rng.normal(size=(size, 4))).sum(axis=1) - 1).max()


def first_case(program, has_property, sizes=range(1, 6)):
    """Return the smallest size that breaks the property, and by how much."""
    for size in sizes:
        broken_by = has_property(program, np.random.default_rng(size), size)
        if broken_by > 1e-9:
            return size, round(float(broken_by), 3)
    return "none"


print("rows sum to 1, broken at (N, by):", first_case(probabilities, sums_to_one))
print("sum over all of a batch:", probabilities(np.zeros((4, 4))).sum(), "for 4 rows")

# %% [markdown]
# Broken at the first case: one row alone gets a 1 four times. The second line shows how such a fault hides. The
# sum over a batch of $N = V$ rows is what it should be, 4. So test more than one property, and more than one size.
#
# The check cells of this lesson do the same with three to five properties for each patient. They do not compare
# with one solution: any program that has the properties is right. The case that you are shown is the smallest one.
#
# Faults have names. Ten of these sixteen are in the house:

# %%
for first, second in zip(clinic.NAMES[::2], clinic.NAMES[1::2], strict=True):
    print(f"{first:36s}{second}")

# %% [markdown]
# ## 2. The ward
#
# **Touch it.** Each patient beside a healthy program, on data drawn from a seed: one chart, and the properties. Guess
# the fault from the list above *before* you read a line of its program.
#
# 1. Patient 1: the tokens are throws of a die. What should the loss be at every step?
# 2. Patients 2 and 5 have the same chart. Which property tells them apart?
# 3. Patient 3: at which length would a test not see the fault?
# 4. Patient 7: by how much is the perplexity wrong if the text is cut into one piece?
# 5. Move the seed. Which charts of healthy programs are flat, whatever the seed?

# %%
WardExplorer()

# %% [markdown]
# <details><summary>Answers</summary>
#
# 1. ln 8 = 2.08 nats. A die cannot be predicted; who predicts it has seen the answer.
# 2. The order of the batch. Both forget what came before, but patient 5's sequences have an effect on each other.
# 3. T = 1: the error there is 0.
# 4. By nothing. With one piece there is nothing to average.
# 5. Those of patients 3, 4, 6, 7, 9 and 10: no error at any length, no turn at any limit, a load that stays, a number
#    that does not depend on the scissors, on the future or on padding.
# </details>
#
# ## 3. Data and states
#
# From here on each patient has four cells: the symptom in words, the broken program with its symptom, a cell for your
# mend, and the check. Copy the program into your cell and change what is wrong. Put its name in the place of `...`.
#
# ### Exercise 18.1 · A perfect score on dice
#
# `make_pairs` cuts token ids into inputs and next-step targets. A table of logits, one row for each token, is trained on
# them and tested on other throws. The tokens are throws of an 8-sided die.
#
# **Predict.** A model that knows nothing pays ln 8 = 2.08 nats. How much can training take off, on new throws?
#
# <details><summary>Hint 1: print it</summary>
#
# Call `make_pairs(np.array([[0, 1, 2, 3]]))`. What is the network asked at each step, and what is it told?
# </details>
#
# <details><summary>Hint 2: where</summary>
#
# One index is wrong, in one of the last two assignments. `x` should hold what is known at a step, `y` what comes next.
# </details>


# %%
def make_pairs(ids):
    """Return inputs and next-step targets: ids (N, T) -> x, y (N, T - 1) each."""
    n_samples, n_steps = ids.shape
    x = np.zeros((n_samples, n_steps - 1), dtype=int)
    y = np.zeros((n_samples, n_steps - 1), dtype=int)
    for t in range(1, n_steps):
        x[:, t - 1] = ids[:, t]
        y[:, t - 1] = ids[:, t]
    return x, y


throws = np.random.default_rng(18).integers(0, 8, size=(2, 40, 51))  # training and test
(x, y), (x_test, y_test) = (make_pairs(ids) for ids in throws)
W, curves = np.zeros((8, 8)), {"training": [], "new throws": []}
for _ in range(60):
    loss, d_logits = cross_entropy(W[x], y)
    curves["training"].append(loss)
    curves["new throws"].append(cross_entropy(W[x_test], y_test)[0])
    gradient = np.zeros_like(W)
    np.add.at(gradient, x, d_logits)
    W -= 8 * gradient

fig, ax = plt.subplots(figsize=(7, 2.6))
for (name, curve), style in zip(curves.items(), ("-", "--"), strict=True):
    ax.plot(curve, style, label=name)
ax.axhline(np.log(8), color="0.4", linestyle=":")
ax.text(60, 1.9, "ln 8: a fair die", ha="right", color="0.4")
ax.set_ylim(0, 2.4)
ax.set_xlabel("training step")
ax.set_ylabel("loss (nats)")
ax.legend(loc="center right")
plotting.show(
    fig,
    alt="Loss against training step. On the training throws and on new throws alike it falls from "
    "2.08 to 0.02 nats, far below the dotted line at ln 8.",
)
print(
    f"at the start {curves['new throws'][0]:.2f}, after 60 steps {curves['new throws'][-1]:.2f} nats"
)

# %% exercise="18.1"
### BEGIN SOLUTION
name = "target leak"
### END SOLUTION


@clinic.diagnosis(name)
def make_pairs(ids):
    """Return inputs and next-step targets: ids (N, T) -> x, y (N, T - 1) each."""
    ### BEGIN SOLUTION
    return ids[:, :-1], ids[:, 1:]
    ### END SOLUTION


# %% check="18.1"
check("18.1", make_pairs)

# %% [markdown]
# What to see in the picture: both curves fall to nearly nothing, on new throws too. A test part does not catch
# this fault, since it is made by the same function. The dotted line does: know what the best possible loss is.
#
# ### Exercise 18.2 · A layer that does not listen
#
# `run_rnn` is the loop of a recurrent layer, with one weight matrix for the input and one for the state. Its states
# differ from step to step, as they should. We replace the first 9 of 10 steps by other numbers.
#
# **Predict.** By how much should the last state change: not at all, a little, or completely?
#
# <details><summary>Hint 1: two turns</summary>
#
# Go through the loop for t = 0 and t = 1 with a pencil. What is `h_prev` each time?
# </details>
#
# <details><summary>Hint 2: what is missing</summary>
#
# No line is wrong. One is missing, at the end of the loop.
# </details>


# %%
def run_rnn(x, h0, W_xh, W_hh, b_h):
    """Return the states of a batch: x (N, T, D), h0 (N, U) -> h (N, T, U)."""
    n_samples, n_steps, _ = x.shape
    h = np.zeros((n_samples, n_steps, len(b_h)))
    h_prev = h0
    for t in range(n_steps):
        drive = x[:, t] @ W_xh + b_h
        h_t = np.tanh(drive + h_prev @ W_hh)
        h[:, t] = h_t
    return h


x, h0, *weights = clinic.patient(2).args(size=10)
other = x.copy()
other[:, :9] += 1
moved = np.abs(run_rnn(other, h0, *weights) - run_rnn(x, h0, *weights)).max(axis=(0, 2))
print("x", x.shape, "first nine steps replaced")
print("change of the states at steps 1 to 9:", moved[:9].round(2))
print("change of the last state:            ", moved[9])

# %% exercise="18.2"
### BEGIN SOLUTION
name = "state reset each step"
### END SOLUTION


@clinic.diagnosis(name)
def run_rnn(x, h0, W_xh, W_hh, b_h):
    """Return the states of a batch: x (N, T, D), h0 (N, U) -> h (N, T, U)."""
    ### BEGIN SOLUTION
    h = np.zeros((*x.shape[:2], len(b_h)))
    h_prev = h0
    for t in range(x.shape[1]):
        h_prev = np.tanh(x[:, t] @ W_xh + b_h + h_prev @ W_hh)
        h[:, t] = h_prev
    return h
    ### END SOLUTION


# %% check="18.2"
check("18.2", run_rnn)

# %% [markdown]
# ## 4. Gradients
#
# ### Exercise 18.3 · A gradient for one step
#
# `backward` computes the gradients of the weights. Its author has checked it against central differences, with
# sequences of one step, and found no error. In use the sequences have ten.
#
# **Predict.** In the relative error against T, does the error rise slowly, or is it there at T = 2?
#
# <details><summary>Hint 1: what T = 1 cannot see</summary>
#
# With one step, all indices `t`, `t - 1` and `max(t - 1, 0)` are 0 or not used. Look for an index that is right at
# t = 0 by accident.
# </details>
#
# <details><summary>Hint 2: whose tanh</summary>
#
# `da` is the gradient before the tanh of step t. That tanh made `h[:, t]`, and its slope is 1 − h².
# </details>


# %%
def backward(x, h0, h, W_hh, dh):
    """Return the gradients of the weights: dh (N, T, U) -> dW_xh (D, U), dW_hh (U, U), db_h (U,)."""
    n_steps, n_units = h.shape[1:]
    dW_xh = np.zeros((x.shape[2], n_units))
    dW_hh, db_h = np.zeros((n_units, n_units)), np.zeros(n_units)
    carried = np.zeros_like(h0)
    for t in reversed(range(n_steps)):
        h_prev = h[:, t - 1] if t > 0 else h0
        slope = 1 - h[:, max(t - 1, 0)] ** 2
        da = (dh[:, t] + carried) * slope
        dW_xh += x[:, t].T @ da
        dW_hh += h_prev.T @ da
        db_h += da.sum(axis=0)
        carried = da @ W_hh.T
    return dW_xh, dW_hh, db_h


def error_at(program, n_steps):
    """Return the relative error of dW_hh beside central differences, for sequences of n_steps."""
    x, h0, *weights = clinic.patient(2).args(size=n_steps)
    healthy_run = clinic.patient(2).mended
    h = healthy_run(x, h0, *weights)
    dh = np.random.default_rng(n_steps).normal(size=h.shape)

    def loss(W_hh):
        return (dh * healthy_run(x, h0, weights[0], W_hh, weights[2])).sum()

    wanted = numerical_gradient(loss, weights[1])
    return relative_error(program(x, h0, h, weights[1], dh)[1], wanted)


lengths = range(1, 11)
errors = [error_at(backward, n_steps) for n_steps in lengths]
fig, ax = plt.subplots(figsize=(7, 2.6))
ax.plot(lengths, errors, "o-", color=plotting.PALETTE["vermillion"])
ax.set_ylim(bottom=-0.03)
ax.set_xlabel("length of the sequences T (steps)")
ax.set_ylabel("relative error of dW_hh")
plotting.show(
    fig,
    alt="Relative error of the gradient against the length of the sequences: 0 at one step, and "
    "between 0.1 and 1 from two steps on.",
)
print("T = 1, error below 1e-7:", bool(errors[0] < 1e-7))
print(f"T = 2 to 10, errors from {min(errors[1:]):.2f} to {max(errors[1:]):.2f}")

# %% exercise="18.3"
### BEGIN SOLUTION
name = "tanh' at the wrong step"
### END SOLUTION


@clinic.diagnosis(name)
def backward(x, h0, h, W_hh, dh):
    """Return the gradients of the weights: dh (N, T, U) -> dW_xh (D, U), dW_hh (U, U), db_h (U,)."""
    ### BEGIN SOLUTION
    n_steps, n_units = h.shape[1:]
    dW_xh = np.zeros((x.shape[2], n_units))
    dW_hh, db_h = np.zeros((n_units, n_units)), np.zeros(n_units)
    carried = np.zeros_like(h0)
    for t in reversed(range(n_steps)):
        h_prev = h[:, t - 1] if t > 0 else h0
        da = (dh[:, t] + carried) * (1 - h[:, t] ** 2)
        dW_xh += x[:, t].T @ da
        dW_hh += h_prev.T @ da
        db_h += da.sum(axis=0)
        carried = da @ W_hh.T
    return dW_xh, dW_hh, db_h
    ### END SOLUTION


# %% check="18.3"
check("18.3", backward)

# %% [markdown]
# What to see: nothing at T = 1, and errors from 0.34 to 1.00 from T = 2 on. The smallest case is not always a case. Check a
# gradient with at least three steps, two sequences, and a start state that is not zero.
#
# ### Exercise 18.4 · A step that turns
#
# `clip` shortens gradients that have exploded. No number of the result is too large. But a step has a direction,
# too, and that was to stay.
#
# **Predict.** We clip at 1. What are the common norm of all three and the cosine with the gradient before?
#
# <details><summary>Hint 1: how many norms</summary>
#
# The three arrays are one step. How long is it, and how many lengths does the program compute?
# </details>
#
# <details><summary>Hint 2: one factor</summary>
#
# Add up the squares of *all* numbers first. Then one factor for all three keeps the direction.
# </details>


# %%
def clip(dW_xh, dW_hh, db_h, max_norm):
    """Return the three gradients, shortened so that their common norm is at most max_norm."""
    clipped = []
    for gradient in (dW_xh, dW_hh, db_h):
        norm = np.sqrt((gradient**2).sum())
        factor = max_norm / norm if norm > max_norm else 1.0
        clipped.append(factor * gradient)
    return tuple(clipped)


*before, _ = clinic.patient(4).args(size=4)
after = clip(*before, 1.0)
for name, *pair in zip(("dW_xh", "dW_hh", "db_h"), before, after, strict=True):
    print(
        f"{name:6s} norm before {np.linalg.norm(pair[0]):6.2f}, after {np.linalg.norm(pair[1]):.2f}"
    )
long, short = (np.concatenate([g.ravel() for g in arrays]) for arrays in (before, after))
cosine = long @ short / np.linalg.norm(long) / np.linalg.norm(short)
print(f"common norm after {np.linalg.norm(short):.2f}, cosine with the gradient {cosine:.2f}")

# %% exercise="18.4"
### BEGIN SOLUTION
name = "each matrix clipped alone"
### END SOLUTION


@clinic.diagnosis(name)
def clip(dW_xh, dW_hh, db_h, max_norm):
    """Return the three gradients, shortened so that their common norm is at most max_norm."""
    ### BEGIN SOLUTION
    gradients = dW_xh, dW_hh, db_h
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients))
    factor = max_norm / norm if norm > max_norm else 1.0
    return tuple(factor * gradient for gradient in gradients)
    ### END SOLUTION


# %% check="18.4"
check("18.4", clip)

# %% [markdown]
# ## 5. Axes and gates
#
# ### Exercise 18.5 · Strangers in a batch
#
# `scan_rnn` builds the graph of a recurrent layer in Theano. Shapes are right, no error, no warning. In use, a sequence
# gets other states each time, depending on which sequences happen to be in its batch.
#
# **Predict.** All sequences keep their numbers, only their order in the batch is reversed. Which states change?
#
# <details><summary>Hint 1: what scan cuts</summary>
#
# `theano.scan` takes one slice after the other along the *first* axis of `sequences`. What is the first axis of `drive`?
# </details>
#
# <details><summary>Hint 2: turning axes</summary>
#
# `drive.dimshuffle(1, 0, 2)` exchanges the first two axes. What comes back from scan has its loop first, too.
# </details>


# %%
def scan_rnn(x, W_xh, W_hh, b_h):
    """Return the symbolic states of a batch, from zero: x (N, T, D) -> h (N, T, U)."""
    drive = T.dot(x, W_xh) + b_h

    def step(drive_t, h_prev, W_hh):
        return T.tanh(drive_t + T.dot(h_prev, W_hh))

    h, _ = theano.scan(
        step, sequences=drive, outputs_info=T.zeros_like(drive[0]), non_sequences=W_hh
    )
    return h


symbols = T.dtensor3("x"), T.dmatrix("W_xh"), T.dmatrix("W_hh"), T.dvector("b_h")
run_scan = theano.function(symbols, scan_rnn(*symbols))
x, *weights = clinic.patient(5).args(size=6)
h, h_other = run_scan(x, *weights), run_scan(x[::-1], *weights)[::-1]
print("x", x.shape, "h", h.shape)
for n in range(len(x)):
    print(f"sequence {n}: its states change by", round(float(np.abs(h_other - h)[n].max()), 2))
x[:, 0] += 1
print("first step replaced, last states change by", np.abs(run_scan(x, *weights) - h)[:, -1].max())

# %% exercise="18.5"
### BEGIN SOLUTION
name = "time and batch exchanged"
### END SOLUTION


@clinic.diagnosis(name)
def scan_rnn(x, W_xh, W_hh, b_h):
    """Return the symbolic states of a batch, from zero: x (N, T, D) -> h (N, T, U)."""
    ### BEGIN SOLUTION
    drive = (T.dot(x, W_xh) + b_h).dimshuffle(1, 0, 2)

    def step(drive_t, h_prev, W_hh):
        return T.tanh(drive_t + T.dot(h_prev, W_hh))

    h, _ = theano.scan(
        step, sequences=drive, outputs_info=T.zeros_like(drive[0]), non_sequences=W_hh
    )
    return h.dimshuffle(1, 0, 2)
    ### END SOLUTION


# %% check="18.5"
check("18.5", scan_rnn)

# %% [markdown]
# ### Exercise 18.6 · A belt that loses its load
#
# `run_lstm` is an LSTM with its gates in Keras's order. It is built to keep a number for as long as the forget gate is
# open. We hold its gates by their biases: at the first step it takes a load on, then the input gate is shut.
#
# **Predict.** What is on the belt after 30 steps: everything, half of it, nothing?
#
# <details><summary>Hint 1: the formula</summary>
#
# $c_t = f_t \odot c_{t-1} + i_t \odot g_t$ and $h_t = o_t \odot \tanh c_t$. Compare it with the program letter by letter.
# </details>
#
# <details><summary>Hint 2: one letter</summary>
#
# The forget gate multiplies what is on the belt, not what was shown.
# </details>


# %%
def run_lstm(x, kernel, recurrent_kernel, bias):
    """Return h and c, (N, T, U) each, from zero; blocks i, f, g, o as Keras lays them."""
    n_samples, n_steps, _ = x.shape
    h_t = c_t = np.zeros((n_samples, len(recurrent_kernel)))
    h, c = [], []
    for t in range(n_steps):
        a = x[:, t] @ kernel + h_t @ recurrent_kernel + bias
        i, f, g, o = np.split(a, 4, axis=1)
        i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
        c_t = f * h_t + i * np.tanh(g)
        h_t = o * np.tanh(c_t)
        h.append(h_t)
        c.append(c_t)
    return np.stack(h, axis=1), np.stack(c, axis=1)


x = np.zeros((1, 30, 1))
x[:, 0] = 1  # opens the input gate, at the first step only
held = np.array([[60.0, 0, 0, 0]]), np.zeros((1, 4)), np.array([-30.0, 30.0, 1.2, 1.0])
c = run_lstm(x, *held)[1][0, :, 0]
fig, ax = plt.subplots(figsize=(7, 2.6))
ax.plot(range(1, 31), c, "o-", color=plotting.PALETTE["vermillion"], label="this program")
ax.axhline(c[0], color=plotting.PALETTE["blue"], linestyle="--", label="a belt that keeps its load")
ax.set_ylim(0, 1)
ax.set_xlabel("step")
ax.set_ylabel("cell state c")
ax.legend()
plotting.show(
    fig,
    alt="Cell state against the step. It should stay at 0.83, the dashed line; it falls to 0.5 after "
    "one step and to nothing within 20.",
)
print("load after 1, 2, 5 and 30 steps:", [float(c[t - 1].round(2)) for t in (1, 2, 5, 30)])

# %% exercise="18.6"
### BEGIN SOLUTION
name = "carries h for c"
### END SOLUTION


@clinic.diagnosis(name)
def run_lstm(x, kernel, recurrent_kernel, bias):
    """Return h and c, (N, T, U) each, from zero; blocks i, f, g, o as Keras lays them."""
    ### BEGIN SOLUTION
    n_samples, n_steps, _ = x.shape
    h_t = c_t = np.zeros((n_samples, len(recurrent_kernel)))
    h, c = [], []
    for t in range(n_steps):
        a = x[:, t] @ kernel + h_t @ recurrent_kernel + bias
        i, f, g, o = np.split(a, 4, axis=1)
        i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
        c_t = f * c_t + i * np.tanh(g)
        h_t = o * np.tanh(c_t)
        h.append(h_t)
        c.append(c_t)
    return np.stack(h, axis=1), np.stack(c, axis=1)
    ### END SOLUTION


# %% check="18.6"
check("18.6", run_lstm)

# %% [markdown]
# What to see: the load goes down at every step although the forget gate stands at 1. Each turn takes it through the
# output gate and a tanh: 0.73 · tanh 0.83 = 0.50 after the first. After 20 steps nothing is left of it.
#
# ## 6. Reading off and measuring
#
# ### Exercise 18.7 · Scissors and perplexity
#
# `perplexity_of` reports what a language model is worth on a test set: for each poem an array with the cost of each token,
# in nats. Two groups with the same model and the same test text report different numbers.
#
# **Predict.** The same 600 costs, cut into 1, 6 and 60 poems. Does the perplexity rise, fall or stay?
#
# <details><summary>Hint 1: the definition</summary>
#
# Perplexity is the exponential of the mean cost over all *tokens*. How often does the program take an exponential?
# </details>
#
# <details><summary>Hint 2: poems of different length</summary>
#
# A mean of the poems' means is no way out: a token of a short poem would count more. `np.concatenate` joins them.
# </details>


# %%
def perplexity_of(poems):
    """Return the perplexity of a test set: a list of arrays (T_k,), the nats of each token."""
    perplexities = []
    for nats in poems:
        cost = nats.sum() / len(nats)
        perplexities.append(np.exp(cost))
    return np.mean(perplexities)


rng = np.random.default_rng(18)
costs = rng.gamma(2, 0.5, 600) * np.linspace(1, 5, 600)  # towards the end the poems get stranger
for n_poems in (1, 6, 60):
    print(f"{n_poems:2d} poems: perplexity {perplexity_of(np.array_split(costs, n_poems)):5.1f}")

# %% exercise="18.7"
### BEGIN SOLUTION
name = "perplexities averaged"
### END SOLUTION


@clinic.diagnosis(name)
def perplexity_of(poems):
    """Return the perplexity of a test set: a list of arrays (T_k,), the nats of each token."""
    ### BEGIN SOLUTION
    return np.exp(np.concatenate(poems).mean())
    ### END SOLUTION


# %% check="18.7"
check("18.7", perplexity_of)

# %% [markdown]
# ### Exercise 18.8 · Half deaf
#
# A Keras layer reads each sequence in both directions and returns both states at every step. `features` takes from them
# what a classifier gets. Each half of them should know the whole sequence.
#
# **Predict.** We replace the first 9 of 10 steps. How far do the forward and the backward half of the features move?
#
# <details><summary>Hint 1: who starts where</summary>
#
# The backward layer begins at the last step. After one step of reading, at which index does its state stand?
# </details>
#
# <details><summary>Hint 2: the other end</summary>
#
# Keras puts the backward states back into the order of the steps. The one that has read all stands at index 0.
# </details>


# %%
def features(h):
    """Return what a bidirectional layer knows of the whole: h (N, T, 2U) -> (N, 2U)."""
    n_units = h.shape[2] // 2
    forwards = h[:, :, :n_units]
    backwards = h[:, :, n_units:]
    last = forwards[:, -1], backwards[:, -1]
    return np.concatenate(last, axis=1)


keras.utils.set_random_seed(18)
layer = keras.layers.Bidirectional(keras.layers.SimpleRNN(4, return_sequences=True))
x = np.random.default_rng(18).normal(size=(2, 10, 3)).astype("float32")
other = x.copy()
other[:, :9] += 1
read_by_keras = [features(keras.ops.convert_to_numpy(layer(each))) for each in (x, other)]
moved = np.abs(read_by_keras[1] - read_by_keras[0])
print("features", moved.shape)
print("forward half moved:", bool(moved[:, :4].max() > 0.1))
print("backward half moved by", moved[:, 4:].max())

# %% exercise="18.8"
### BEGIN SOLUTION
name = "backward output at the wrong end"
### END SOLUTION


@clinic.diagnosis(name)
def features(h):
    """Return what a bidirectional layer knows of the whole: h (N, T, 2U) -> (N, 2U)."""
    ### BEGIN SOLUTION
    n_units = h.shape[2] // 2
    return np.concatenate([h[:, -1, :n_units], h[:, 0, n_units:]], axis=1)
    ### END SOLUTION


# %% check="18.8"
check("18.8", features)

# %% [markdown]
# ### Exercise 18.9 · A scaler that knew
#
# `scale` brings a series into a range that a network likes, here the CO2 of Mauna Loa. All numbers lie between 0 and 1.
# Somebody asks how the program could know, in 1990, where the series would end.
#
# **Predict.** The training part ends in 1990, and the series rises until 2001. What is the largest scaled value of each
# part? If the last month of 2001 had been 100 ppm higher, would the scaled value of January 1959 be another?
#
# <details><summary>Hint 1: what is fitted</summary>
#
# A scaler is a model with two numbers. Which values were they computed from?
# </details>
#
# <details><summary>Hint 2: both parts, one scaler</summary>
#
# Fit on `series[:n_train]`, apply to everything. Test values may leave the range; so will those of the future. Minimum and
# maximum, or mean and spread: the check takes either.
# </details>


# %%
def scale(series, n_train):
    """Return the training and the test part of a series (n,), scaled for a network."""
    low = series.min()
    high = series.max()
    scaled = (series - low) / (high - low)
    return scaled[:n_train], scaled[n_train:]


months, co2 = load_co2()
n_train = int((months < np.datetime64("1991-01")).sum())
train, test = scale(co2, n_train)
print(f"{n_train} months to train on: {train.min():.2f} to {train.max():.2f}")
print(f"{len(test)} months to test on:  {test.min():.2f} to {test.max():.2f}")
higher = co2.copy()
higher[-1] += 100
for month in (0, n_train - 1):
    now, then = train[month], scale(higher, n_train)[0][month]
    print(f"{months[month]}: {now:.3f}, and {then:.3f} with a higher value in {months[-1]}")

# %% exercise="18.9"
### BEGIN SOLUTION
name = "scaler fitted on all data"
### END SOLUTION


@clinic.diagnosis(name)
def scale(series, n_train):
    """Return the training and the test part of a series (n,), scaled for a network."""
    ### BEGIN SOLUTION
    mean, spread = series[:n_train].mean(), series[:n_train].std()
    scaled = (series - mean) / spread
    return scaled[:n_train], scaled[n_train:]
    ### END SOLUTION


# %% check="18.9"
check("18.9", scale)

# %% [markdown]
# ### Exercise 18.10 · A score that depends on the neighbours
#
# `read` turns padded reviews into one state each, which a dense layer scores. In production the same review gets a
# different score in the evening, when long reviews come in and the batches are padded to more steps.
#
# **Predict.** Two reviews of four words each, in front of 0 to 20 steps of padding. Do their scores drift a little, or
# does the program forget which is which?
#
# <details><summary>Hint 1: an argument</summary>
#
# The program gets `mask` and never looks at it.
# </details>
#
# <details><summary>Hint 2: two ways</summary>
#
# Keep the old state where there is no word: `np.where(mask[:, t, None], new, old)`. Or keep all states, and pick that of each
# review's last word.
# </details>


# %%
def read(x, mask, W_xh, W_hh, b_h):
    """Return the state after the last word of each review, (N, U).

    x (N, T, D) word vectors, padded behind; mask (N, T), True where there is a word
    """
    n_samples, n_steps, _ = x.shape
    h_t = np.zeros((n_samples, len(b_h)))
    for t in range(n_steps):
        h_t = np.tanh(x[:, t] @ W_xh + h_t @ W_hh + b_h)
    return h_t


rng = np.random.default_rng(12)
reviews, padding = rng.normal(size=(2, 4, 2)), rng.normal(size=2)
weights = rng.normal(size=(2, 3)), 0.9 * np.linalg.qr(rng.normal(size=(3, 3)))[0], np.zeros(3)
w = rng.normal(0, 2, size=3)
scores = []
for n_padding in range(21):
    x = np.concatenate([reviews, np.tile(padding, (2, n_padding, 1))], axis=1)
    mask = np.arange(4 + n_padding) < np.array([[4], [4]])
    scores.append(1 / (1 + np.exp(-read(x, mask, *weights) @ w)))
scores = np.array(scores)  # (n_padding, 2)
fig, ax = plt.subplots(figsize=(7, 2.8))
for n, colour in enumerate(("blue", "vermillion")):
    ax.plot(scores[:, n], "o-", color=plotting.PALETTE[colour], label=f"review {n}")
    ax.axhline(scores[0, n], linestyle="--", color=plotting.PALETTE[colour])
ax.set_ylim(0, 1)
ax.set_xticks(range(0, 21, 5))
ax.set_xlabel("steps of padding behind the reviews")
ax.set_ylabel("score")
ax.legend(loc=(0.68, 0.5), title="dashed: as it should be")
plotting.show(
    fig,
    alt="Scores of two reviews against the steps of padding behind them. Without padding they are "
    "at 0.20 and 0.91; they come nearer step by step, and after 20 both are at 0.39.",
)
for k in (0, 1, 5, 20):
    print(f"{k:2d} steps of padding: scores", scores[k].round(2))

# %% exercise="18.10"
### BEGIN SOLUTION
name = "last step is padding"
### END SOLUTION


@clinic.diagnosis(name)
def read(x, mask, W_xh, W_hh, b_h):
    """Return the state after the last word of each review, (N, U).

    x (N, T, D) word vectors, padded behind; mask (N, T), True where there is a word
    """
    ### BEGIN SOLUTION
    h_t = np.zeros((len(x), len(b_h)))
    for t in range(x.shape[1]):
        new = np.tanh(x[:, t] @ W_xh + h_t @ W_hh + b_h)
        h_t = np.where(mask[:, t, None], new, h_t)
    return h_t
    ### END SOLUTION


# %% check="18.10"
check("18.10", read)

# %% [markdown]
# What to see: two reviews with scores of 0.20 and 0.91. With 20 steps of padding behind them both have 0.39, which
# is the score of the padding.
#
# ## 7. Capstone
#
# **The brief.** Forecast the yearly number of sunspots one year ahead, from 1930 to 2008, with a recurrent network of your
# choice. Write `capstone(series, n_train, seed)`. It gets all 309 values and returns two things: a forecast for each of
# `series[n_train:]`, made from the values *before* its year, and the parameters of the network, a list or dict of arrays.
#
# **The rubric** runs it five times: with three seeds, once more with the first, and once on a series that has other
# values from 1969 on. No forecast up to 1969 may move: what comes later could not have been known. This one test
# finds a leaking scaler, windows drawn at random from the whole series, a target in the input, and mostly a choice
# that was made by the test part. Errors are MASE, lesson 11's ruler, over three seeds with median and range.
#
# Here is a weak submission: scaled first, split at random, no seed.
#
# **Predict.** It fits a straight line, and so does a baseline of the rubric. Which has the lower error? How many of
# the 15 points does it get?


# %%
def weak(series, n_train, seed):
    """Forecast by a straight line on 11 years."""
    low, high = series.min(), series.max()
    x, y = windows((series - low) / (high - low), 11)
    chosen = np.random.permutation(len(x))[: 3 * len(x) // 4]
    model = LinearForecaster.fit(x[chosen], y[chosen])
    forecast = model.predict(x[n_train - 11 :])[:, 0]
    return low + (high - low) * forecast, [model.weights]


clinic.rubric(weak)

# %% [markdown]
# Its error beats the baseline's 0.88, and that is worth nothing: three quarters of the years that it forecasts were
# among those that it was fitted on. The points that are left are for things that it did not break.
#
# Now a good one: a GRU with 8 units in NumPy, trained on windows of 11 years that end before 1930. It predicts the
# *change* to the next year. Everything random comes from the seed.
#
# **Predict.** 264 numbers in the matrices and biases of the gates, 9 in the output, and about 220 windows to learn
# from. Does it beat the straight line with each of three seeds?


# %%
def good(series, n_train, seed):
    """Forecast by a small GRU on 11 years; its output is the change to the next year."""
    train = series[:n_train]
    mean, spread = train.mean(), train.std()
    x, y, x_test, _ = split_windows((series - mean) / spread, n_train, 11, 1)
    cell = GRU.start(1, 8, seed=seed)
    p = {**cell.weights, "W_hy": np.zeros((8, 1)), "b_y": np.zeros(1)}

    def run(p, x):
        cell = GRU(p["kernel"], p["recurrent_kernel"], p["bias"])
        trace = cell.forward(x)
        return cell, trace, x[:, -1] + trace.h[:, -1] @ p["W_hy"] + p["b_y"]

    def loss_and_gradients(p, x, y):
        cell, trace, y_hat = run(p, x)
        d_y = 2 * (y_hat - y) / len(x)
        dh = np.zeros_like(trace.h)
        dh[:, -1] = d_y @ p["W_hy"].T
        own = {"W_hy": trace.h[:, -1].T @ d_y, "b_y": d_y.sum(axis=0)}
        return float(np.mean((y_hat - y) ** 2)), cell.backward(trace, dh).weights | own

    batches = minibatches((x, y), 32, np.random.default_rng(seed))
    fit(loss_and_gradients, p, batches, Adam(0.01), 40, clip_norm=1.0, progress=False)
    return mean + spread * run(p, x_test)[2][:, 0], p


clinic.rubric(good)

# %% [markdown]
# All points: the median of three seeds is 0.76 beside 0.88 for the straight line and 1.53 for the naive forecast, and the
# worst seed is 0.82. A single number, 0.73 from the best seed, would have been true as well, and would have promised
# too much.
#
# **Predict.** Where are the errors: at the minima, on the way up, or at the peaks?

# %%
_, sunspots = load_sunspots()
years, truth = np.arange(1930, 2009), sunspots[230:]
forecast, _ = good(sunspots, 230, seed=0)
fig, ax = plt.subplots(figsize=(7, 2.8))
ax.plot(years, truth, color="0.3", label="measured")
ax.plot(
    years, forecast, "--", color=plotting.PALETTE["vermillion"], label="forecast, one year ahead"
)
ax.set_xlabel("year")
ax.set_ylabel("sunspots")
ax.legend(fontsize="small", loc="upper right")
plotting.show(
    fig,
    alt="Sunspots from 1930 to 2008, measured and forecast one year ahead. The forecast follows all "
    "seven cycles; on the steepest ways up, before 1957 above all, it comes late.",
)
errors = np.abs(truth - forecast)
rising = np.diff(sunspots)[229:] > 0  # more sunspots than in the year before
for name, rows in {"rising": rising, "falling": ~rising}.items():
    print(f"{name:8s}{rows.sum():3d} years, mean error {errors[rows].mean():.0f}")
print("MASE above 0.70 and below 0.77:", bool(0.70 < mase(truth, forecast, sunspots[:230]) < 0.77))

# %% [markdown]
# What to see: the forecast follows every cycle and comes late on the way up. There the error is 17 sunspots a year, on the way
# down 9. A cycle rises in four years and falls in seven, so each year of the rise brings a larger step.
#
# **Yours.** Write it below and run the rubric again after each change. Do not choose by the test error: keep a validation part,
# the years 1880 to 1929 for instance.


# %%
def capstone(series, n_train, seed):
    """Return forecasts (len(series) - n_train,) and the parameters, a list or dict of arrays."""
    raise NotImplementedError("Exercise 18: your capstone")


clinic.rubric(capstone)

# %% [markdown]
# ## Quiz
#
# 24 questions, one or two for each lesson. The first answer counts; below the last question stands what to read again.

# %%
Quiz("18")

# %% [markdown]
# ## Summary
#
# | symptom | first suspect |
# |---|---|
# | loss below what the data allow | target leak |
# | early steps have no effect | state reset; backward output at the wrong end |
# | gradient right for one step only | tanh' at the wrong step |
# | clipped, and slow for some parameters | each matrix clipped alone |
# | a sequence changes with its neighbours | time and batch exchanged; padding read |
# | an LSTM without long memory | h carried for c |
# | the number depends on how the text is cut | a mean of perplexities |
# | the past changes with the future | a scaler, or windows, fitted on all data |
#
# - A property holds for every right program and needs no right answer. Test it on drawn cases, small ones first.
# - The order of the batch, the future, two halves, more padding, another unit, central differences: six properties
#   that find these ten faults.
# - Know the loss at the start, ln V, and the best possible one. A number that is too good is a symptom.
# - A result is a median and a range over seeds, beside a baseline, on data that could not have been known.
#
# ## What next
#
# [00 Start here](00_start_here.ipynb) has the map, with what you have solved. The quiz has told you what to read again. Then
# take data of your own, write down three properties and a baseline *before* the first line of the network, and begin.
#
# ## References
#
# - K. Claessen, J. Hughes, *QuickCheck: a lightweight tool for random testing of Haskell programs*, ICFP 2000: properties,
#   drawn cases, and the smallest one that breaks.
# - S. Kapoor, A. Narayanan, *Leakage and the reproducibility crisis in machine-learning-based science*, Patterns 4, 100804
#   (2023): 17 fields with leaks, and a list of their kinds.
# - A. Karpathy, *A recipe for training neural networks* (2019): the loss at the start, a batch that must be learned by
#   heart, and other first tests.
# - P. Henderson et al., *Deep reinforcement learning that matters*, arXiv:1709.06560 (2018): what seeds alone can do.
# - R. Hyndman, A. Koehler, *Another look at measures of forecast accuracy*, International Journal of Forecasting 22, 679–688
#   (2006): MASE.
