# %% [markdown]
# # 02 · The forward pass
#
# **50 minutes.** You need: NumPy arrays, matrix products, and
# [00 Start here](00_start_here.ipynb) for the shape `(N, T, D)`.
#
# A recurrent network reads a sequence one step at a time and carries a vector along: its *hidden
# state*. In this lesson you write that network by hand. It takes four lines. Most of the lesson
# is about what those four lines do, and about the six ways in which they are usually got wrong.

# %% [markdown]
# ## You will be able to
#
# - compute one step of a recurrent network on paper and in NumPy, and name the shape of every array in it;
# - run it over a batch of sequences without losing, resetting or overwriting the state;
# - say from one recurrent weight how long a one-unit network remembers: 5 steps, 29 steps, or for ever;
# - turn outputs into probabilities and a loss, and tell from the first loss, $\ln V$, whether a network starts well;
# - take the output of the last step, and only that, when a sequence has one label.

# %%
import matplotlib.pyplot as plt
import numpy as np

from course_utils import plotting, session
from course_utils.checks import check
from course_utils.widgets import Quiz, ScalarRNNExplorer

session.start(seed=2)

# %% [markdown]
# ## 1. One step
#
# **Idea.** A dense layer maps an input to an output and forgets both. A recurrent layer has a
# second input: what it computed one step earlier. From the two it makes a new state, and that new
# state is all that the next step will know about the past.
#
# **Formula.** With one number per arrow, one input $x_t$ and one state $h_t$:
#
# $$h_t = \tanh(w_x\, x_t + w_h\, h_{t-1} + b)$$
#
# $w_x$ says how much of the input enters, $w_h$ how much of the old state stays, and $b$ shifts the
# sum. The hyperbolic tangent squeezes the result into the interval from −1 to 1, so that a state
# cannot grow without bound, however long the sequence is.
#
# **Predict.** Take $w_x = 0.5$, $w_h = 0.8$, $b = 0.1$, an input $x_t = 1$ and an old state
# $h_{t-1} = 0.2$. Add up the three terms in your head before you run the cell.

# %%
w_x, w_h, b = 0.5, 0.8, 0.1
x_now, h_before = 1.0, 0.2

terms = [w_x * x_now, w_h * h_before, b]
print("terms:", [round(term, 2) for term in terms], "sum:", round(sum(terms), 2))
h_now = np.tanh(sum(terms))
print("new state:", round(h_now, 4))

fading = [h_now]
for _ in range(4):
    fading.append(np.tanh(w_h * fading[-1]))  # input 0 and, for a clean view, bias 0
print("fed back:", [round(float(value), 3) for value in fading])

# %% [markdown]
# The old state 0.2 has become 0.6411. The last line feeds it in again with an input of zero: it shrinks
# a little at each step, but it does not vanish at once. That rest is the memory.
#
# **From numbers to vectors.** A real layer has $D$ inputs and $U$ units. Every weight becomes a
# matrix, and we compute $N$ sequences at once:
#
# $$h_t = \tanh(x_t W_{xh} + h_{t-1} W_{hh} + b_h)$$
#
# | symbol | what it is | shape |
# |---|---|---|
# | $x_t$ | inputs at step $t$, one row a sequence | $(N, D)$ |
# | $h_{t-1}$, $h_t$ | old and new state, one row a sequence | $(N, U)$ |
# | $W_{xh}$ | weights from input to state | $(D, U)$ |
# | $W_{hh}$ | weights from state to state | $(U, U)$ |
# | $b_h$ | bias | $(U,)$ |
#
# Each row of $h_t$ depends on the same row of $x_t$ and $h_{t-1}$ and on no other: sequences in a
# batch do not see each other.
#
# Many texts write $h_t = \tanh(W_x x_t + W_h h_{t-1} + b)$. There $x_t$ is a *column*, so the
# matrix stands on the left and is the transpose of ours: $W_x = W_{xh}^\top$. Rows are the
# convention of NumPy batches, Theano and Keras, so it is ours from here on. $W_{xh}$ is the
# `kernel` of a Keras layer, $W_{hh}$ its `recurrent_kernel`, $b_h$ its `bias`.
#
# Below is a small network that you will meet again in Theano
# ([lesson 06](06_scan.ipynb)), with the same weights.

# %%
n_samples, n_steps, n_features, n_units = 3, 6, 2, 4
rng = np.random.default_rng(2)
W_xh = rng.normal(0, 0.5, size=(n_features, n_units))
W_hh = rng.normal(0, 0.5, size=(n_units, n_units))
b_h = rng.normal(0, 0.1, size=n_units)
x = rng.normal(size=(n_samples, n_steps, n_features))
h0 = np.zeros((n_samples, n_units))

for name, array in {"x": x, "h0": h0, "W_xh": W_xh, "W_hh": W_hh, "b_h": b_h}.items():
    print(f"{name:5s}{array.shape}")

# %% [markdown]
# **Predict.** `x[:, 0] @ W_xh` multiplies shapes $(3, 2)$ and $(2, 4)$. `h0 @ W_hh` multiplies
# $(3, 4)$ and $(4, 4)$. `b_h` has shape $(4,)$. What is the shape of their sum, and which of the
# three is repeated to make the sum possible?

# %%
from_input = x[:, 0] @ W_xh
from_state = h0 @ W_hh
total = from_input + from_state + b_h
print("from input", from_input.shape, "from state", from_state.shape, "sum", total.shape)
print("the first step sees no past:", bool((from_state == 0).all()))

# %% [markdown]
# NumPy repeats the bias for each of the three rows. And as the start state `h0` is zero, the
# recurrent term of the first step is zero too: the first step is an ordinary dense layer.
#
# ### Exercise 2.1 · One step
#
# Write one step of the recurrent layer. Do not change the arrays that you are given.
#
# <details><summary>Hint 1: shapes</summary>
#
# The result has one row a sequence and one column a unit: $(N, U)$. There is only one way to
# multiply $(N, D)$ by $(D, U)$, but two ways to multiply $(N, U)$ by a square matrix. The formula
# tells which.
# </details>
#
# <details><summary>Hint 2: the product</summary>
#
# `@` is the matrix product. `*` multiplies element by element.
# </details>


# %% exercise="2.1"
def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    """Return the state after one step.

    x_t (N, D), h_prev (N, U), W_xh (D, U), W_hh (U, U), b_h (U,) -> h_t (N, U)
    """
    ### BEGIN SOLUTION
    return np.tanh(x_t @ W_xh + h_prev @ W_hh + b_h)
    ### END SOLUTION


# %% check="2.1"
check("2.1", rnn_step)

# %% [markdown]
# ## 2. A sequence is the same step, again and again
#
# **Idea.** Write the steps one below the other and you have *unrolled* the network:
#
# $$\begin{aligned} h_1 &= \tanh(x_1 W_{xh} + h_0 W_{hh} + b_h)\\ h_2 &= \tanh(x_2 W_{xh} + h_1 W_{hh} + b_h)\\ h_3 &= \tanh(x_3 W_{xh} + h_2 W_{hh} + b_h) \quad\ldots\end{aligned}$$
#
# The inputs and the states change from line to line. The weights do not. A network for 6 steps
# and a network for 6,000 steps have the same parameters: $D U + U^2 + U$ of them.
#
# **Code.** The loop runs over time and not over the sequences. Time must be a loop, because step 3
# waits for the state of step 2. The $N$ sequences do not wait for each other, so the matrix
# product takes them all at once.


# %%
def run_rnn(x, h0, W_xh, W_hh, b_h):
    """Return the states of all steps: x (N, T, D), h0 (N, U) -> h (N, T, U)."""
    n_samples, n_steps, _ = x.shape
    h = np.empty((n_samples, n_steps, W_hh.shape[0]))
    h_t = h0
    for t in range(n_steps):
        h_t = np.tanh(x[:, t] @ W_xh + h_t @ W_hh + b_h)
        h[:, t] = h_t
    return h


h = run_rnn(x, h0, W_xh, W_hh, b_h)
print("h", h.shape, "parameters", W_xh.size + W_hh.size + b_h.size)
print("last state of the first sequence", h[0, -1].round(4))

# %% [markdown]
# Keep that last line in mind. Lesson 06 computes the same four numbers with `theano.scan`.
#
# **Picture.** The upper panel shows the two inputs of the first sequence, the lower one its four
# units. Read a column from top to bottom: it is the vector $h_t$. What to see: neighbouring columns
# resemble each other only a little. With random weights a unit follows the newest input more than
# it keeps the past.

# %%
fig, (top, bottom) = plt.subplots(2, 1, figsize=(7, 4.6))
plotting.plot_sequences(
    {"feature 0": x[0, :, 0], "feature 1": x[0, :, 1]}, ax=top, ylabel="input x"
)
plotting.plot_hidden_states(h[0], ax=bottom)
top.set_xlim(0.5, n_steps + 0.5)
plotting.show(
    fig,
    alt="Above, two input features over 6 steps. Below, a heat map of 4 hidden units over the "
    "same steps; the colours change from step to step.",
)
print("largest |h|:", round(float(np.abs(h).max()), 3))

# %% [markdown]
# **Predict.** Now we feed the six inputs of each sequence in reverse order. A layer that adds the
# inputs up would not notice. Does the last state change? By much?

# %%
h_reversed = run_rnn(x[:, ::-1], h0, W_xh, W_hh, b_h)
print("sum of inputs changes:", bool(np.abs(x[:, ::-1].sum(axis=1) - x.sum(axis=1)).max() > 1e-12))
print("last state changes by up to", round(float(np.abs(h_reversed[:, -1] - h[:, -1]).max()), 2))

# %% [markdown]
# States lie between −1 and 1, so this is a large change. **Order matters** to a recurrent network.
# That is the whole reason to use one.
#
# **Predict.** A batch is only a way to be fast. If we run the three sequences one at a time, how
# much do the numbers differ from those of the batch?

# %%
one_by_one = np.concatenate(
    [run_rnn(x[n : n + 1], h0[n : n + 1], W_xh, W_hh, b_h) for n in range(3)]
)
print("equal to 1e-12:", bool(np.allclose(one_by_one, h, rtol=0, atol=1e-12)))

# %% [markdown]
# ### Three bugs that raise no error
#
# All three functions below run, return the right shape, and are wrong. They are so common that the
# check of the next exercise knows them by name. Look at the second number of each line: how far the
# last state is from the right one.


# %%
def state_reset(x, h0, W_xh, W_hh, b_h):
    """Start each step from h0 again."""
    return np.stack([np.tanh(x_t @ W_xh + h0 @ W_hh + b_h) for x_t in x.swapaxes(0, 1)], axis=1)


def transposed(x, h0, W_xh, W_hh, b_h):
    """Multiply by the transpose of W_hh; no error, since it is square."""
    return run_rnn(x, h0, W_xh, W_hh.T, b_h)


def aliased(x, h0, W_xh, W_hh, b_h):
    """Keep the same array T times instead of T arrays."""
    state, states = h0.copy(), []
    for t in range(x.shape[1]):
        state[:] = np.tanh(x[:, t] @ W_xh + state @ W_hh + b_h)
        states.append(state)  # the list now holds the same array once more
    return np.stack(states, axis=1)


for function in (state_reset, transposed, aliased):
    wrong = function(x, h0, W_xh, W_hh, b_h)
    distinct = len({states.tobytes() for states in wrong.swapaxes(0, 1)})
    error = np.abs(wrong[:, -1] - h[:, -1]).max()
    print(f"{function.__name__:12s} last state off by {error:.2f}, distinct states {distinct} of 6")

# %% [markdown]
# The aliased version is the treacherous one. Its last state is right: off by 0.00. All earlier
# ones are gone, for `state[:] = …` writes into the array that the list already holds, and a list
# keeps references, not copies. You lose nothing as long as you look at the last step only, and
# everything as soon as you train.
#
# ### Exercise 2.2 · A batch of sequences
#
# Run the layer over a whole batch and return every state. The check tries one step, one sequence,
# one unit, and start states that are not zero.
#
# <details><summary>Hint 1: where the state lives</summary>
#
# Have one variable for the current state. It starts as `h0`, each step replaces it, and a copy of
# it goes into the result.
# </details>
#
# <details><summary>Hint 2: the axes</summary>
#
# Step `t` of all sequences is `x[:, t]`, of shape $(N, D)$. The result has the time on axis 1.
# </details>


# %% exercise="2.2"
def rnn_forward(x, h0, W_xh, W_hh, b_h):
    """Return the states of all steps.

    x (N, T, D), h0 (N, U), W_xh (D, U), W_hh (U, U), b_h (U,) -> h (N, T, U)
    """
    ### BEGIN SOLUTION
    states = []
    h_t = h0
    for t in range(x.shape[1]):
        h_t = np.tanh(x[:, t] @ W_xh + h_t @ W_hh + b_h)
        states.append(h_t)
    return np.stack(states, axis=1)
    ### END SOLUTION


# %% check="2.2"
check("2.2", rnn_forward)

# %% [markdown]
# ## 3. How long does it remember?
#
# **Idea.** To understand a network of a hundred units, first understand one unit. Give it a single
# input of 1 at the first step and nothing afterwards: an *impulse*. What is left of it after $k$
# steps is the memory of the unit.
#
# **Formula.** Near zero, $\tanh(a) \approx a$. So with a small impulse and no bias each step
# multiplies the state by $w_h$:
#
# $$h_{1+k} \approx w_h^{\,k}\, h_1$$
#
# The state falls below 5 % of its first value when $|w_h|^k < 0.05$, that is after
# $k > \ln 0.05 / \ln |w_h|$ steps.
#
# **Predict.** How many steps is that for $w_h = 0.5$? For $0.9$? For $0.99$?

# %%
for weight in (0.5, 0.9, 0.99):
    k = int(np.ceil(np.log(0.05) / np.log(weight)))
    print(f"w_h = {weight}: below 5 % after {k} steps")

# %% [markdown]
# From 0.9 to 0.99 the weight grows by a tenth and the memory tenfold. A network has to hit its
# recurrent weights precisely to remember for long. Lesson 04 is about why gradient descent finds
# that hard.
#
# **Code.** One function and three weights: fading, alternating, and one above 1.


# %%
def scalar_rnn(inputs, w_x, w_h, b=0.0, h0=0.0):
    """Return the states of a one-unit network: inputs (T,) -> states (T,)."""
    state, states = h0, []
    for value in inputs:
        state = np.tanh(w_x * value + w_h * state + b)
        states.append(state)
    return np.array(states)


impulse = np.zeros(30)
impulse[0] = 1.0
responses = {f"w_h = {weight}": scalar_rnn(impulse, 0.5, weight) for weight in (0.9, -0.8, 1.5)}

fig, ax = plt.subplots(figsize=(7, 3.2))
plotting.plot_sequences(responses, ax=ax, ylabel="state h")
ax.set_xlim(0, 36)
plotting.show(
    fig,
    alt="Response of one unit to an impulse over 30 steps. With recurrent weight 0.9 it fades, "
    "with -0.8 it fades with alternating sign, with 1.5 it climbs to 0.86 and stays.",
)
for name, states in responses.items():
    print(f"{name:10s} h_1 = {states[0]:.3f}, h_10 = {states[9]:.3f}, h_30 = {states[29]:.3f}")

# %% [markdown]
# What to see: the blue line fades slowly. The second one fades too and changes its sign at each
# step, because its weight is negative. The third one does the opposite of fading: it climbs and
# stays at 0.859 for ever.
#
# That constant is where the state reproduces itself, $h^* = \tanh(w_h h^*)$. With $w_h \le 1$ the
# only solution is 0, so every impulse is forgotten in the end. With $w_h > 1$ there are two more
# solutions, $h^*$ and $-h^*$. The unit has become a *latch*: one bit that remembers the sign of
# what came in.

# %%
fixed_point = 0.5
for _ in range(200):
    fixed_point = np.tanh(1.5 * fixed_point)
print("fixed point for w_h = 1.5:", round(fixed_point, 3))
print("after a negative impulse:", round(float(scalar_rnn(-impulse, 0.5, 1.5)[-1]), 3))

# %% [markdown]
# ### Touch it
#
# The explorer starts with $w_h = 0.9$ and says that less than 5 % of the impulse is left after 27
# steps, not 29. The formula is for a small impulse. This one is large enough for the tanh to bend, which
# takes a little more from the first states.
#
# Move the controls. Each question has an answer that you can read off the picture:
#
# 1. Keep the impulse, $w_x = 0.5$ and $b = 0$. Which $w_h$ holds the impulse longest without
#    becoming a latch?
# 2. Choose the step input and $w_h = 0.9$. After how many steps is the state settled, and at what
#    value? Why not at 1?
# 3. Choose the sine. Which sign of $w_h$ makes the response smaller, and why?
# 4. Choose the linear activation and $w_h = 1.2$. What did the tanh protect you from?

# %%
ScalarRNNExplorer()

# %% [markdown]
# <details><summary>Answers</summary>
#
# 1. $w_h = 1$: the largest weight whose only fixed point is 0. It still forgets, but more slowly
#    than by any constant factor.
# 2. It settles where $h = \tanh(0.5 + 0.9 h)$, at 0.853, and is within 1 % of it after 5 steps (the
#    next cell computes both). The tanh keeps it below 1.
# 3. A negative weight subtracts the last state from the new input. A slow sine has almost the same
#    value at two neighbouring steps, so they cancel.
# 4. From growth without bound: the state is multiplied by 1.2 at each step.
# </details>

# %%
settling = scalar_rnn(np.ones(40), 0.5, 0.9)
print("settles at", round(float(settling[-1]), 3))
print("first step within 1 %:", 1 + int(np.argmax(np.abs(settling / settling[-1] - 1) < 0.01)))

# %% [markdown]
# ## 4. From states to a loss
#
# **Idea.** A state is not an answer yet. A second layer reads it, at each step with the same
# weights, and gives one number a class:
#
# $$y_t = h_t W_{hy} + b_y \qquad W_{hy}\ (U, V),\quad b_y\ (V,),\quad y_t\ (N, V)$$
#
# These numbers are called *logits*. The **softmax** turns the logits of one step into
# probabilities, and the **cross-entropy** is the surprise at the true class $k$, in nats (the
# logarithm is the natural one):
#
# $$p_j = \frac{e^{y_j}}{\sum_{i=1}^{V} e^{y_i}} \qquad\qquad \ell = -\ln p_k$$
#
# The sum in the softmax runs over the $V$ classes of *one* step of *one* sequence. It never
# crosses steps or sequences.


# %%
def softmax(logits):
    """Return probabilities along the last axis: (..., V) -> (..., V)."""
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


logits = np.array([2.0, 1.0, 0.0, -1.0])
p = softmax(logits)
print("probabilities", p.round(3), "sum", round(float(p.sum()), 6))
print("loss if class 0 is true:", round(float(-np.log(p[0])), 3))
print("loss if class 3 is true:", round(float(-np.log(p[3])), 3))

# %% [markdown]
# What to see: each logit is one less than its neighbour, so each probability is smaller by the same
# factor, $e \approx 2.72$. Being right costs 0.44 nats here, being wrong in the worst way 3.44.

# %%
fig, ax = plt.subplots(figsize=(5, 2.8))
plotting.plot_probabilities(
    p, [f"class {k}\nlogit {value:+.0f}" for k, value in enumerate(logits)], ax=ax, highlight=0
)
plotting.show(
    fig,
    alt="Bars of four probabilities, 0.64, 0.24, 0.09 and 0.03, for logits 2, 1, 0 and -1.",
)
print("ratio of neighbours:", round(float(p[0] / p[1]), 2))

# %% [markdown]
# Why does `softmax` subtract the largest logit first? The result is the same, since the factor
# $e^{-\max}$ cancels. The computation is not.
#
# **Predict.** What does $e^{1000}$ give in floating point, and what then is $e^{1000}/e^{1000}$?

# %%
large = np.array([1000.0, 999.0, 0.0])
with np.errstate(over="ignore", invalid="ignore"):
    naive = np.exp(large) / np.exp(large).sum()
print("naive :", naive)
print("stable:", softmax(large).round(3))

# %% [markdown]
# ### The loss at the start is known
#
# A network that knows nothing should give each of the $V$ classes the probability $1/V$. Its loss
# is then
#
# $$-\ln \tfrac{1}{V} = \ln V$$
#
# That is a number that you can check before you train for an hour. For 27 classes (26 letters and
# the space) it is 3.296.
#
# **Predict.** Below, a random network with 32 units reads random sequences. The output weights are
# drawn with a standard deviation `scale`. What is the loss for a scale of 0? Does a large scale
# make the loss of an untrained network smaller or larger?

# %%
n_classes, n_hidden = 27, 32
weights = {
    "W_xh": rng.normal(0, 1, size=(n_classes, n_hidden)),
    "W_hh": rng.normal(0, 1 / np.sqrt(n_hidden), size=(n_hidden, n_hidden)),
    "b_h": np.zeros(n_hidden),
}
letters = rng.integers(0, n_classes, size=(64, 20))
targets = rng.integers(0, n_classes, size=(64, 20))
states = run_rnn(np.eye(n_classes)[letters], np.zeros((64, n_hidden)), **weights)

W_random = rng.normal(size=(n_hidden, n_classes))
scales = np.array([0.0, 0.01, 0.1, 0.3, 1.0, 3.0])
start_losses = []
for scale in scales:
    probabilities = softmax(states @ (scale * W_random))
    true_class = np.take_along_axis(probabilities, targets[..., None], axis=-1)
    start_losses.append(float(-np.log(true_class).mean()))
    print(f"scale {scale:4.2f}: loss {start_losses[-1]:6.2f}   (ln 27 = {np.log(27):.2f})")

fig, ax = plt.subplots(figsize=(7, 3))
ax.plot(scales, start_losses, marker="o")
ax.axhline(np.log(n_classes), color=plotting.PALETTE["vermillion"], linestyle="--")
ax.annotate("ln 27", (2.6, np.log(n_classes)), xytext=(0, 5), textcoords="offset points")
ax.set_xlabel("standard deviation of the output weights W_hy")
ax.set_ylabel("loss at the start (nats)")
plotting.show(
    fig,
    alt="Loss of an untrained network against the scale of its output weights: it starts at "
    "ln 27 = 3.3 for scale 0 and rises steeply for scales above 0.3.",
)

# %% [markdown]
# What to see: the line starts on the dashed one and only goes up. Large output weights make an
# untrained network *confident*, and confident without knowledge is worse than ignorant.
#
# So before you train: compute the first loss. Much more than $\ln V$ means that the weights start
# too large. Less than $\ln V$ on data that the network has never seen means that something leaks.
#
# ### Exercise 2.3 · The loss at the start
#
# Write the mean cross-entropy over all steps of all sequences. It must survive logits of 1,000,
# and logits that are thousands apart.
#
# <details><summary>Hint 1: avoid the logarithm of a softmax</summary>
#
# $-\ln p_k = \ln \sum_i e^{y_i} - y_k$. Subtract the largest logit from all of them first.
# </details>
#
# <details><summary>Hint 2: pick the true class</summary>
#
# `np.take_along_axis(logits, targets[..., None], axis=-1)` has shape $(N, T, 1)$.
# </details>


# %% exercise="2.3"
def cross_entropy(logits, targets):
    """Return the mean loss in nats.

    logits (N, T, V) floats, targets (N, T) integers from 0 to V - 1 -> one float
    """
    ### BEGIN SOLUTION
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=-1))
    true_logit = np.take_along_axis(shifted, targets[..., None], axis=-1)[..., 0]
    return float((log_sum - true_logit).mean())
    ### END SOLUTION


# %% check="2.3"
check("2.3", cross_entropy)

# %% [markdown]
# ## 5. One label for a whole sequence
#
# **Idea.** A review has one verdict, not one for each word. Then the output layer reads the last
# state only, $y = h_T W_{hy} + b_y$ of shape $(N, V)$. The last state has seen everything; the
# states before it have not.
#
# | task | outputs used | shape of $y$ |
# |---|---|---|
# | a label at each step (tagging, next character) | all | $(N, T, V)$ |
# | one label for the sequence (sentiment) | the last | $(N, V)$ |
#
# **Predict.** `h` has shape $(3, 6, 4)$: 3 sequences, 6 steps, 4 units. What are the shapes of
# `h[-1]`, `h[:, -1]` and `h[:, -1:]`, and which one is "the last state of every sequence"?

# %%
for text, part in {"h[-1]": h[-1], "h[:, -1]": h[:, -1], "h[:, -1:]": h[:, -1:]}.items():
    print(f"{text:10s}{part.shape}")

# %% [markdown]
# `h[-1]` is the last *sequence*, with all its steps. `h[:, -1]` is the last step of every sequence.
# The third one is the same numbers with a time axis of length 1 left in place.
#
# How much does it matter to take the last step and not the one before? Below, only the last input
# of each sequence is replaced.

# %%
x_other = x.copy()
x_other[:, -1] = rng.normal(size=(n_samples, n_features))
h_other = run_rnn(x_other, h0, W_xh, W_hh, b_h)
print("last state notices the last input:", bool(np.abs(h_other[:, -1] - h[:, -1]).max() > 0.01))
print("the state before it notices:", bool(np.abs(h_other[:, -2] - h[:, -2]).max() > 0))

# %% [markdown]
# ### Exercise 2.4 · The last output only
#
# Return the logits of the last step of each sequence.
#
# <details><summary>Hint</summary>
#
# Choose first, then multiply: it saves $T - 1$ of $T$ products.
# </details>


# %% exercise="2.4"
def last_output(h, W_hy, b_y):
    """Return one vector of logits a sequence.

    h (N, T, U), W_hy (U, V), b_y (V,) -> y (N, V)
    """
    ### BEGIN SOLUTION
    return h[:, -1] @ W_hy + b_y
    ### END SOLUTION


# %% check="2.4"
check("2.4", last_output)

# %% [markdown]
# ## 6. The same numbers without NumPy
#
# Throughout this course the same network with the same weights must give the same numbers,
# whoever computes it. Here is the first proof: plain Python, one multiplication at a time, written
# straight from the formula with sums in place of matrix products:
#
# $$h_{t,u} = \tanh\Big(\sum_{d=1}^{D} x_{t,d}\, W_{xh}[d,u] + \sum_{v=1}^{U} h_{t-1,v}\, W_{hh}[v,u] + b_h[u]\Big)$$

# %%
import math

state = [0.0] * n_units
for t in range(n_steps):
    state = [
        math.tanh(
            sum(x[0, t, d] * W_xh[d, u] for d in range(n_features))
            + sum(state[v] * W_hh[v, u] for v in range(n_units))
            + b_h[u]
        )
        for u in range(n_units)
    ]
print("plain Python", [round(value, 4) for value in state])
print("NumPy       ", [round(float(value), 4) for value in h[0, -1]])
print("equal to 1e-12:", bool(np.allclose(state, h[0, -1], rtol=0, atol=1e-12)))

# %% [markdown]
# ## Quiz

# %%
Quiz("02")

# %% [markdown]
# ## Summary
#
# - One step is $h_t = \tanh(x_t W_{xh} + h_{t-1} W_{hh} + b_h)$; a sequence is a loop of it over
#   time with the same $D U + U^2 + U$ parameters at each step.
# - The loop runs over time, the matrix product over the batch.
# - A state that is reset, transposed or aliased raises no error. Compare with a slow, plain version.
# - One unit forgets like $w_h^k$: below 5 % after 5 steps for 0.5, 29 for 0.9, 299 for 0.99. Above
#   1 it becomes a latch.
# - Softmax runs over the classes, and subtracts the largest logit first. The loss at the start is
#   $\ln V$, or your network starts badly.
# - One label for a sequence: `h[:, -1]`, not `h[-1]`.

# %% [markdown]
# ## What next
#
# [03 Backpropagation through time](03_backpropagation_through_time.ipynb) lets the network find its own
# weights. [06 scan](06_scan.ipynb) writes the same loop as a symbolic graph, which can be
# differentiated for you. The map in [00 Start here](00_start_here.ipynb) shows what you have solved.

# %% [markdown]
# ## References
#
# - J. L. Elman, *Finding structure in time*, Cognitive Science 14 (1990), 179–211: the recurrent
#   layer of section 1, there with a copy of the state as "context units".
# - I. Goodfellow, Y. Bengio, A. Courville, *Deep Learning*, MIT Press 2016, section 10.2: the
#   equations of sections 1, 2 and 4, with columns instead of rows; section 4.1: the stable softmax.
# - R. Pascanu, T. Mikolov, Y. Bengio, *On the difficulty of training recurrent neural networks*,
#   ICML 2013, section 2: fixed points and attractors of a recurrent unit.
