# %% [markdown]
# # 03 · Backpropagation through time
#
# **65 minutes.** You need: [02 The forward pass](02_forward_pass.ipynb), the chain rule, and the
# transpose of a matrix.
#
# In lesson 02 the weights were given. Here the network finds them itself. For that it needs the
# gradient of its loss, and a recurrent network uses the same weight at every step. Everything in
# this lesson follows from that one fact: *the gradient is a sum over the steps.*

# %% [markdown]
# ## You will be able to
#
# - follow a gradient back through three steps on paper, and say what each step adds;
# - write backpropagation through time for a batch in twelve lines, with the shape of every array;
# - prove a gradient right to seven digits with central differences, and say why the proof needs float64;
# - cut the gradient after $k$ steps, and say what that costs;
# - train a network by SGD and by Adam, over 3 seeds, and show that it beats the baselines.

# %%
import matplotlib.pyplot as plt
import numpy as np

from course_utils import plotting, session
from course_utils.cells import SimpleRNN
from course_utils.checks import check
from course_utils.datasets import generate_sine_wave
from course_utils.gradients import numerical_gradient, relative_error
from course_utils.losses import mean_squared_error
from course_utils.starts import orthogonal
from course_utils.training import SGD, Adam, fit, minibatches
from course_utils.widgets import Quiz, UnrolledGraphExplorer

session.start(seed=3)

# %% [markdown]
# ## 1. One unit, three steps
#
# **Idea.** Unrolled over three steps, the network is an ordinary chain of functions. The chain rule
# goes through it from the end to the start. What is new: $w_h$ occurs in every link, so there are
# three ways by which it changes the loss, and the gradient is the sum of all three.
#
# **Formula.** Name the sum before the tanh: $z_t = w_x x_t + w_h h_{t-1} + b$, $h_t = \tanh(z_t)$.
# The loss looks at the last state only, $L = \frac12 (h_3 - y)^2$. Write $\delta_t$ for
# $\partial L / \partial z_t$. The slope of the tanh at $z_t$ is $1 - h_t^2$, hence:
#
# $$\frac{\partial L}{\partial h_3} = h_3 - y \qquad
# \delta_t = \frac{\partial L}{\partial h_t}\,(1 - h_t^2) \qquad
# \frac{\partial L}{\partial h_{t-1}} = \delta_t\, w_h$$
#
# $$\frac{\partial L}{\partial w_h} = \delta_1 h_0 + \delta_2 h_1 + \delta_3 h_2$$
#
# First the forward pass, with the unit of lesson 02.

# %%
w_x, w_h, b = 0.5, 0.8, 0.1
inputs, y = [1.0, -1.0, 0.5], 1.0


def states_and_loss(w_h, tanh=np.tanh):
    """Return h_0 to h_3 and the loss of the last one."""
    h = [0.2]
    for x_t in inputs:
        h.append(tanh(w_x * x_t + w_h * h[-1] + b))
    return h, 0.5 * (h[-1] - y) ** 2


h, loss = states_and_loss(w_h)
print("states", [round(float(value), 4) for value in h], "loss", round(float(loss), 4))

# %% [markdown]
# **Predict.** On its way from $h_3$ to $h_2$ the gradient is multiplied by $(1 - h_3^2)\, w_h$. With
# $h_3 \approx 0.4$ and $w_h = 0.8$: by about how much? And which of the three steps will add most to
# the gradient of $w_h$, when each share is $\delta_t h_{t-1}$?

# %%
d_h = h[3] - y
shares = {}
for t in (3, 2, 1):
    delta = d_h * (1 - h[t] ** 2)
    shares[t] = delta * h[t - 1]
    print(f"step {t}: dL/dh {d_h:+.4f}   delta {delta:+.4f}   share {shares[t]:+.4f}")
    d_h = delta * w_h
gradient = sum(shares.values())
print(f"dL/dw_h = {gradient:+.4f}")


step = 1e-5  # is it right? Move the weight a little and see how much the loss changes
moved = (states_and_loss(w_h + step)[1] - states_and_loss(w_h - step)[1]) / (2 * step)
print(f"by moving the weight {moved:+.4f}, by the chain rule {gradient:+.4f}")
print("the last step alone:", round(float(shares[3] / gradient), 2), "of the gradient")

# %% [markdown]
# The chain rule and the experiment agree. The last step alone is 16 % of the gradient, so a program
# that stops after one step has hardly started.
#
# **Picture.** The arrows show the way back from the loss. Each is labelled with the factor
# $(1 - h_t^2)\,w_h$ that the gradient is multiplied by. What to see: the last step does not add
# most here. $\delta_3$ is the largest of the three, but $h_2 = 0.11$, which it is multiplied by,
# is small.

# %%
factors = [w_h * (1 - h_t**2) for h_t in h[1:]]
ax = plotting.plot_unrolled_graph(factors, 3, paths=[shares[t] for t in (1, 2, 3)])
ax.figure.set_size_inches(6, 3.4)
plotting.show(
    ax.figure,
    alt="A network unrolled over three steps. Arrows lead back from the loss at step 3 to the "
    "states before it; bars below show what steps 1, 2 and 3 add to the gradient of w_h. The bar "
    "of step 2 is the longest.",
)
print("factors of steps 2 and 3:", [round(float(factor), 2) for factor in factors[1:]])

# %% [markdown]
# ### Touch it
#
# The same unit, for up to 10 steps. The loss is $h_s$ itself, so the gradient starts with 1.
# *Truncation* $k$ lets it go through $k$ steps only. Answer by looking:
#
# 1. Put the loss on step 1, then on step 8. How many paths are there, and why?
# 2. Loss at step 8, $k = 8$. Move $w_h$ from 0.8 to 0.3. What happens to the shares of early steps?
# 3. Which $k$ loses less than a tenth of the gradient for $w_h = 0.8$, loss at step 6? For 0.3?
# 4. Set $w_h = -0.8$. Why do factors and shares change sign?

# %%
UnrolledGraphExplorer()

# %% [markdown]
# <details><summary>Answers</summary>
#
# 1. One and eight. A loss at step $s$ depends on each of the $s$ uses of the weight up to then.
# 2. They shrink towards zero: every step on the way multiplies by 0.3 at most.
# 3. The next cell finds them: 5 and 3.
# 4. Every factor holds $w_h$ once, so each step back flips the sign.
# </details>

# %%
explorer = UnrolledGraphExplorer(loss=6)
for weight in (0.8, 0.3):
    for k in range(1, 7):
        state = explorer.state(w_h=weight, k=k)
        if abs(state["cut"]) < 0.1 * abs(state["kept"] + state["cut"]):
            print(f"w_h = {weight}: k = {k} cuts off less than a tenth")
            break

# %% [markdown]
# ## 2. Many units, a batch, a loss at every step
#
# **Idea.** The same three lines, with matrices. Two things are added. A loss may sit at every step,
# so a state gets gradient from two sides: from its own output, and from the next step. And the
# transpose appears, because a gradient runs through the connections the other way.
#
# **Formula.** From the last step to the first, starting with nothing from the future:
#
# $$\begin{aligned}
# \frac{\partial L}{\partial h_t} &= dh_t + \delta_{t+1} W_{hh}^\top \qquad (\delta_{T+1} = 0)\\
# \delta_t &= \frac{\partial L}{\partial h_t} \odot (1 - h_t^2)
# \end{aligned}$$
#
# $$dW_{xh} = \sum_{t=1}^{T} x_t^\top \delta_t \qquad
# dW_{hh} = \sum_{t=1}^{T} h_{t-1}^\top \delta_t \qquad
# db_h = \sum_{t=1}^{T} \sum_{n=1}^{N} \delta_{t,n} \qquad
# dh_0 = \delta_1 W_{hh}^\top$$
#
# | symbol | what it is | shape |
# |---|---|---|
# | $dh_t$ | gradient that enters at step $t$ from its own loss | $(N, U)$ |
# | $\delta_t$ | gradient before the tanh | $(N, U)$ |
# | $dW_{xh}$, $dW_{hh}$, $db_h$ | gradients of the weights, shaped like them | $(D, U)$, $(U, U)$, $(U,)$ |
# | $dh_0$ | gradient of the start state | $(N, U)$ |
#
# $\odot$ multiplies element by element. The shapes leave you little choice: $(D, N)$ times $(N, U)$
# is the only product of $x_t$ and $\delta_t$ that gives $(D, U)$, and it sums over the batch.
#
# Take the network of lesson 02, with the same weights; it gives the same last state. As a loss we take
# the mean squared distance from random targets, one for each state. Its gradient is `dh`, of shape
# $(N, T, U)$. Note the division: the loss is a *mean*, so `dh` is divided by the number of elements
# already. Backward must not divide again.
#
# **Predict.** The state of step 5 gets gradient from its own loss, and more arrives from step 6. Which
# part is larger, and what do you do with the two?

# %%
n_samples, n_steps, n_features, n_units = 3, 6, 2, 4
rng = np.random.default_rng(2)
W_xh = rng.normal(0, 0.5, size=(n_features, n_units))
W_hh = rng.normal(0, 0.5, size=(n_units, n_units))
b_h = rng.normal(0, 0.1, size=n_units)
x = rng.normal(size=(n_samples, n_steps, n_features))
h0 = np.zeros((n_samples, n_units))

cell = SimpleRNN(W_xh, W_hh, b_h)
trace = cell.forward(x, h0)
h = trace.h
print("h", h.shape, "last state of the first sequence", h[0, -1].round(4))

target = rng.uniform(-1, 1, size=h.shape)
loss, dh = mean_squared_error(h, target)
print("loss", round(loss, 4), " dh", dh.shape)

delta_last = dh[:, -1] * (1 - h[:, -1] ** 2)
arriving = delta_last @ W_hh.T
print("enters at step 5 from its own loss:", round(float(np.linalg.norm(dh[:, -2])), 3))
print("arrives there from step 6:         ", round(float(np.linalg.norm(arriving)), 3))

# %% [markdown]
# Both have to be counted. They are *added*, not chosen from.
#
# ### Exercise 3.1 · Backward
#
# Write backpropagation through time. You get the states `h` of the forward pass, and the gradient
# `dh` that enters at each step from its own loss. Return `dW_xh, dW_hh, db_h, dh0`.
#
# <details><summary>Hint 1: the order</summary>
#
# `for t in reversed(range(n_steps))`. Keep one array `(N, U)`, zero at first, for what the next
# step sends back.
# </details>
#
# <details><summary>Hint 2: the state before</summary>
#
# At `t = 0` the state before the step is `h0`, afterwards it is `h[:, t - 1]`.
# </details>
#
# <details><summary>Hint 3: adding</summary>
#
# Start the three gradients of the weights with zeros and use `+=` in the loop.
# </details>


# %% exercise="3.1"
def rnn_backward(x, h0, h, W_hh, dh):
    """Return the gradients of the weights and of the start state.

    x (N, T, D), h0 (N, U), h (N, T, U), W_hh (U, U), dh (N, T, U)
    -> dW_xh (D, U), dW_hh (U, U), db_h (U,), dh0 (N, U)
    """
    ### BEGIN SOLUTION
    dW_xh = np.zeros((x.shape[2], h.shape[2]))
    dW_hh, db_h = np.zeros_like(W_hh), np.zeros(h.shape[2])
    from_later = np.zeros_like(h0)
    for t in reversed(range(x.shape[1])):
        h_prev = h0 if t == 0 else h[:, t - 1]
        delta = (dh[:, t] + from_later) * (1 - h[:, t] ** 2)
        dW_xh += x[:, t].T @ delta
        dW_hh += h_prev.T @ delta
        db_h += delta.sum(axis=0)
        from_later = delta @ W_hh.T
    return dW_xh, dW_hh, db_h, from_later
    ### END SOLUTION


# %% check="3.1"
check("3.1", rnn_backward)

# %% [markdown]
# ### One way to write it
#
# Twelve lines, of which one carries the whole idea: `from_later`. This version keeps all
# $\delta_t$, so that the sums over steps and batch become one product each: `np.einsum` with
# `"ntd,ntu->du"` multiplies and sums over `n` and `t`.


# %%
def backward(x, h0, h, W_hh, dh):
    """Return dW_xh, dW_hh, db_h, dh0, and delta (N, T, U)."""
    h_prev = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    delta = np.empty_like(h)
    from_later = np.zeros_like(h0)
    for t in reversed(range(h.shape[1])):
        delta[:, t] = (dh[:, t] + from_later) * (1 - h[:, t] ** 2)
        from_later = delta[:, t] @ W_hh.T
    dW_xh = np.einsum("ntd,ntu->du", x, delta)
    dW_hh = np.einsum("ntv,ntu->vu", h_prev, delta)
    return dW_xh, dW_hh, delta.sum(axis=(0, 1)), from_later, delta


dW_xh, dW_hh, db_h, dh0, delta = backward(x, h0, h, W_hh, dh)
grads = cell.backward(trace, dh)
pairs = {
    "W_xh": (dW_xh, grads.kernel),
    "W_hh": (dW_hh, grads.recurrent_kernel),
    "b_h": (db_h, grads.bias),
    "h0": (dh0, grads.h0),
}
for name, (ours, theirs) in pairs.items():
    print(f"{name:5s}{ours.shape!s:8s} equal to 1e-12:", bool(np.abs(ours - theirs).max() < 1e-12))

# %% [markdown]
# `course_utils.cells.SimpleRNN` is the reference that later lessons use. It agrees.
#
# ### Five bugs that raise no error
#
# Each of these mistakes gives arrays of the right shape.
#
# **Predict.** A step against a wrong gradient still goes downhill if it points roughly the right way.
# Which of the five still do? The cosine tells: 1 for the right direction, 0 for one at a right angle.

# %%
h_prev = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
wrong_deltas = {
    "no slope": backward(x, h0, 0 * h, W_hh, dh)[4],  # h = 0 makes every slope 1
    "tanh' of the step before": backward(x, h0, h_prev, W_hh, dh)[4],
    "W_hh not transposed": backward(x, h0, h, W_hh.T, dh)[4],
}
bugs = {name: np.einsum("ntv,ntu->vu", h_prev, each) for name, each in wrong_deltas.items()}
bugs["only the last step's share"] = h_prev[:, -1].T @ delta[:, -1]
bugs["divided by T twice"] = dW_hh / n_steps
for name, wrong in bugs.items():
    cosine = np.vdot(wrong, dW_hh) / np.linalg.norm(wrong) / np.linalg.norm(dW_hh)
    print(f"{name:28s}relative error {relative_error(wrong, dW_hh):.2f}   cosine {cosine:.2f}")

# %% [markdown]
# All five are off by 21 % or more, and four of them have a cosine of 0.89 or above: a small step
# against them still lowers the loss. Dividing by $T$ twice does not even turn the gradient: it looks
# like a learning rate that is six times too small. You will not notice any of this by watching the
# loss. That is what the next section is for.
#
# ## 3. Trust nothing: the gradient check
#
# **Idea.** Backward is a formula that you can get wrong. Moving a weight and watching the loss is an
# experiment that you can hardly get wrong. Compare the two.
#
# **Formula.** The *central difference* moves one weight $w$ by a step $\varepsilon$ to both sides,
# the *one-sided* difference to one side only:
#
# $$\frac{L(w + \varepsilon) - L(w - \varepsilon)}{2 \varepsilon} = L'(w) + O(\varepsilon^2)
# \qquad\qquad
# \frac{L(w + \varepsilon) - L(w)}{\varepsilon} = L'(w) + O(\varepsilon)$$
#
# Two gradients $a$ and $b$ are compared by their *relative error*,
# $\|a - b\| / \max(\|a\|, \|b\|)$: 0 for equal ones, about 1 for unrelated ones.
#
# **Predict.** One weight, `W_hh[0, 1]`, and a step of 0.01. How many digits do you expect to be
# right from one side, how many from both?


# %%
def loss_of(W):
    """Return the loss with another recurrent matrix."""
    return mean_squared_error(SimpleRNN(W_xh, W, b_h).forward(x, h0).h, target)[0]


step = 0.01
shift = np.zeros_like(W_hh)
shift[0, 1] = step
one_sided = (loss_of(W_hh + shift) - loss_of(W_hh)) / step
central = (loss_of(W_hh + shift) - loss_of(W_hh - shift)) / (2 * step)
print(f"backward  {dW_hh[0, 1]:+.7f}")
print(f"one-sided {one_sided:+.7f}")
print(f"central   {central:+.7f}")

# %% [markdown]
# From one side not a single digit is right here, from both sides three are.
#
# ### Exercise 3.2 · Gradient check
#
# Write central differences for every element of an array. `function` takes an array of that shape
# and returns one number. Do not change the array that you are given, and compute in float64 even
# when it comes in float32.
#
# <details><summary>Hint 1: every index</summary>
#
# `np.ndindex(array.shape)` gives every index as a tuple, whatever the number of axes.
# </details>
#
# <details><summary>Hint 2: a copy for each side</summary>
#
# Convert once with `astype(np.float64)`. Then, for each index, copy, move one element of the copy,
# and call the function; twice.
# </details>


# %% exercise="3.2"
def central_differences(function, array, step):
    """Return the gradient by central differences: the array's shape, float64."""
    ### BEGIN SOLUTION
    array = array.astype(np.float64)
    gradient = np.zeros_like(array)
    for index in np.ndindex(array.shape):
        ahead, behind = array.copy(), array.copy()
        ahead[index] += step
        behind[index] -= step
        gradient[index] = (function(ahead) - function(behind)) / (2 * step)
    return gradient
    ### END SOLUTION


# %% check="3.2"
check("3.2", central_differences)

# %% [markdown]
# `course_utils.gradients.numerical_gradient` does the same. Now all of `backward` is put to the
# test, the start state included. The bar is $10^{-7}$: a right gradient in float64 passes it
# easily, a wrong one misses it by far.

# %%
functions = {
    "W_xh": lambda W: mean_squared_error(SimpleRNN(W, W_hh, b_h).forward(x, h0).h, target)[0],
    "W_hh": loss_of,
    "b_h": lambda b: mean_squared_error(SimpleRNN(W_xh, W_hh, b).forward(x, h0).h, target)[0],
    "h0": lambda start: mean_squared_error(cell.forward(x, start).h, target)[0],
}
places = {"W_xh": W_xh, "W_hh": W_hh, "b_h": b_h, "h0": h0}
for name, function in functions.items():
    numerical = numerical_gradient(function, places[name])
    below = relative_error(pairs[name][0], numerical) < 1e-7
    print(f"{name:5s}relative error below 1e-7:", below)

# %% [markdown]
# ### Which step?
#
# **Predict.** The error of the central difference shrinks with $\varepsilon^2$. So take
# $\varepsilon = 10^{-12}$, and the error should be $10^{-24}$. What goes wrong?
#
# Below, the unit of section 1 is checked at 400 values of $w_h$, with steps from $10^{-1}$ to
# $10^{-12}$. The points are medians over the 400.

# %%
import math

# NumPy's tanh differs in its last digit from processor to processor. Python's does not.
one_tanh = np.vectorize(math.tanh)
weights = np.linspace(0.2, 1.2, 400)
states, here = states_and_loss(weights, one_tanh)
d_h, exact = states[3] - y, 0.0
for t in (3, 2, 1):
    d_z = d_h * (1 - states[t] ** 2)
    exact = exact + d_z * states[t - 1]
    d_h = d_z * weights

steps = 10.0 ** -np.arange(1, 13)
central_errors, one_sided_errors = [], []
for step in steps:
    ahead, behind = (states_and_loss(weights + side, one_tanh)[1] for side in (step, -step))
    central_errors.append(np.median(np.abs((ahead - behind) / (2 * step) - exact)))
    one_sided_errors.append(np.median(np.abs((ahead - here) / step - exact)))

fig, ax = plt.subplots(figsize=(7, 3.4))
ax.loglog(steps, one_sided_errors, "s--", label="one-sided")
ax.loglog(steps, central_errors, "o-", label="central")
ax.set_ylim(1e-12, 1e0)
ax.set_xlabel("step ε")
ax.set_ylabel("median error of the gradient")
ax.legend()
plotting.show(
    fig,
    alt="Error of numerical gradients against the step, both axes logarithmic. Both curves form a "
    "V. The central difference is best near a step of 0.00001, the one-sided one near 0.00000001, "
    "and it is worse there.",
)
print("central, step 0.00001: error below 1e-10:", bool(central_errors[4] < 1e-10))
print("one-sided, any step:   error above 1e-9: ", bool(min(one_sided_errors) > 1e-9))

# %% [markdown]
# What to see: two forces. From the right, the error falls with the step: by a factor of 100 for each
# factor of 10 where both sides are used, by 10 where one is. From the left, rounding takes over: a
# loss near 0.2 is stored to about $10^{-17}$, and that error is divided by $\varepsilon$. Central
# differences meet in the middle, between $10^{-6}$ and $10^{-5}$, and are far better there than
# one-sided ones anywhere.
#
# **Predict.** Networks are mostly trained in float32, which keeps 7 digits. Here is the same check in
# float32. Will it pass $10^{-7}$? Will it pass $10^{-2}$? Is `backward` itself wrong in float32?

# %%
single = SimpleRNN(*(array.astype(np.float32) for array in (W_xh, W_hh, b_h)))
x_single, target_single = x.astype(np.float32), target.astype(np.float32)
trace_single = single.forward(x_single)
d_single = mean_squared_error(trace_single.h, target_single)[1]
backward_single = single.backward(trace_single, d_single).recurrent_kernel

step = np.float32(1e-5)
by_difference = np.zeros_like(W_hh)
for index in np.ndindex(W_hh.shape):
    losses = []
    for side in (step, -step):
        W = W_hh.astype(np.float32)
        W[index] += side
        states = SimpleRNN(single.kernel, W, single.bias).forward(x_single).h
        losses.append(np.mean((states - target_single) ** 2))  # a mean in float32
    by_difference[index] = (losses[0] - losses[1]) / (2 * step)
print(
    "check in float32, relative error above 0.01:",
    relative_error(backward_single, by_difference) > 0.01,
)
print(
    "backward in float32 against float64, below 1e-5:",
    relative_error(backward_single, dW_hh) < 1e-5,
)

# %% [markdown]
# The check fails by five orders of magnitude, and the gradient is fine. So a failed check in float32
# says nothing. **Check in float64, train in what you like.**
#
# ## 4. Truncation
#
# **Idea.** Backward needs every state of the forward pass. For a text of a million characters that is
# a million states, and one update only when all are read. *Truncated* backpropagation follows each
# loss back through $k$ steps and no further. The forward pass still carries its state over all steps:
# the past is remembered, only the credit for it is cut.
#
# **Formula.** With $\delta_t^{(s)}$ for what the loss of step $s$ alone sends to step $t$:
#
# $$dW_{hh} = \sum_{s=1}^{T} \sum_{t=1}^{s} h_{t-1}^\top \delta_t^{(s)}
# \qquad\text{becomes}\qquad
# \sum_{s=1}^{T}\; \sum_{t=\max(1,\, s-k+1)}^{s} h_{t-1}^\top \delta_t^{(s)}$$
#
# With $k = 1$ each loss trains its own step only. With $k \ge T$ nothing is cut.
#
# **Predict.** A network of 16 units reads 60 steps and has a loss at the last one. $W_{hh}$ is an
# orthogonal matrix times 0.5, 0.9 or 1.2. How large must $k$ be for an error below 1 %, for each
# of the three?

# %%
rng_cut = np.random.default_rng(34)
Q, kernel = orthogonal(16, rng_cut), rng_cut.normal(0, 0.3, size=(1, 16))
long_x, read_out = rng_cut.normal(size=(8, 60, 1)), rng_cut.normal(size=16)

fig, ax = plt.subplots(figsize=(7, 3.2))
for factor, marker in ((0.5, "o"), (0.9, "s"), (1.2, "^")):
    network = SimpleRNN(kernel, factor * Q, np.zeros(16))
    run = network.forward(long_x)
    dh_last = np.zeros_like(run.h)
    dh_last[:, -1] = read_out
    deltas = network.backward(run, dh_last).h * (1 - run.h**2)
    shares_by_step = np.einsum("ntv,ntu->tvu", run.h_prev, deltas)
    from_the_end = np.cumsum(shares_by_step[::-1], axis=0)  # [k - 1]: the last k steps
    errors = [relative_error(part, from_the_end[-1]) for part in from_the_end]
    ax.semilogy(
        range(1, 31), errors[:30], marker=marker, markersize=4, label=f"{factor} × orthogonal"
    )
    needed = int(np.argmax(np.array(errors) < 0.01)) + 1
    print(f"{factor} × orthogonal: error below 1 % from k = {needed} on")
ax.axhline(0.01, color="0.4", linestyle=":")
ax.set_ylim(1e-6, 3)
ax.set_xlabel("truncation k (steps)")
ax.set_ylabel("relative error of dW_hh")
ax.legend()
plotting.show(
    fig,
    alt="Relative error of the truncated gradient against k, logarithmic axis, for three recurrent "
    "matrices. For 0.5 it falls steeply, for 0.9 and 1.2 slowly.",
)

# %% [markdown]
# What to see: three nearly straight lines on a logarithmic axis. What is cut off shrinks by a constant
# factor a step, as the memory of a unit did in lesson 02. A network that forgets quickly loses
# nothing by truncation; one that remembers long loses what makes it remember.
#
# ### Exercise 3.3 · Truncated backpropagation
#
# Return $dW_{hh}$ by the formula above: every step has a loss, `dh[:, s]`, and each of them goes
# back through at most `k` steps, its own included.
#
# <details><summary>Hint 1: two loops</summary>
#
# The outer loop goes over the losses, the inner one back from the step of the loss. Follow each loss
# by itself and add up.
# </details>
#
# <details><summary>Hint 2: where to stop</summary>
#
# With steps counted from 0 the inner loop visits `s, s - 1, …`, `k` of them, and never goes below 0.
# </details>


# %% exercise="3.3"
def truncated_gradient(h0, h, W_hh, dh, k):
    """Return dW_hh (U, U): each loss goes back through at most k steps.

    h0 (N, U), h (N, T, U), W_hh (U, U), dh (N, T, U), k from 1
    """
    ### BEGIN SOLUTION
    dW_hh = np.zeros_like(W_hh)
    for s in range(h.shape[1]):
        d_h = dh[:, s]
        for t in range(s, max(-1, s - k), -1):
            h_prev = h0 if t == 0 else h[:, t - 1]
            delta = d_h * (1 - h[:, t] ** 2)
            dW_hh += h_prev.T @ delta
            d_h = delta @ W_hh.T
    return dW_hh
    ### END SOLUTION


# %% check="3.3"
check("3.3", truncated_gradient)

# %% [markdown]
# In practice one cuts the sequence into *chunks* of $k$ steps and backpropagates each chunk at its
# end. That costs one pass in place of $k$, and gives the first step of a chunk less than the last:
# its loss goes back one step, that of the last goes back $k$. Whichever way, the next chunk starts
# from the state in which the last one ended.
#
# ## 5. Downhill: SGD and Adam
#
# **Idea.** The gradient points uphill. Go a small step the other way, compute it anew, repeat.
#
# **Formula.** *Stochastic gradient descent* (SGD) with the learning rate $\eta$, for a parameter
# $\theta$ with gradient $g$ from one batch:
#
# $$\theta \leftarrow \theta - \eta\, g$$
#
# *Adam* keeps a running mean $m$ of the gradient and $v$ of its square, and divides one by the root
# of the other. The factors with $\beta^t$ make up for both means starting at zero:
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1)\, g \qquad v \leftarrow \beta_2 v + (1 - \beta_2)\, g^2
# \qquad \theta \leftarrow \theta - \eta\, \frac{\sqrt{1 - \beta_2^t}}{1 - \beta_1^t}\,
# \frac{m}{\sqrt{v} + \epsilon}$$
#
# with $\beta_1 = 0.9$, $\beta_2 = 0.999$, $\epsilon = 10^{-7}$, and $t$ the number of the update.
#
# **Predict.** Two weights have the gradients 10 and −0.001. With $\eta = 0.1$, how far does SGD move
# each of them in the first update? How far does Adam?


# %%
def adam_update(theta, g, m, v, t, rate):
    """Return theta, m and v after update number t, counted from 1."""
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g**2
    correction = np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    return theta - rate * correction * m / (np.sqrt(v) + 1e-7), m, v


start, g = np.array([1.0, 2.0]), np.array([10.0, -0.001])
print("SGD moves by ", 0.1 * g)
print("Adam moves by", (start - adam_update(start, g, 0 * g, 0 * g, 1, 0.1)[0]).round(3))

theta, m, v = start, 0 * g, 0 * g
parameters, optimiser = {"theta": start.copy()}, Adam(0.1)
for t in (1, 2, 3):
    theta, m, v = adam_update(theta, g / t, m, v, t, 0.1)
    optimiser.update(parameters, {"theta": g / t})
print("equal to training.Adam to 1e-12:", bool(np.abs(theta - parameters["theta"]).max() < 1e-12))

# %% [markdown]
# Adam's first step has the length of the learning rate in *every* weight, whatever the size of its
# gradient. That saves you from tuning a rate for each layer. It is not always the better one, as you
# will see.
#
# ### Exercise 3.4 · A training loop
#
# Write one epoch of SGD: one step for each batch, in the order given. `loss_and_gradient(W, x, y)`
# returns the loss (a mean over the batch) and its gradient. Return the new weights, and the loss of
# each batch *before* its step. The caller's `W` must stay as it is.
#
# <details><summary>Hint 1: in place or not</summary>
#
# `W -= …` changes the caller's array. `W = W - …` makes a new one.
# </details>
#
# <details><summary>Hint 2: which weights</summary>
#
# Each batch sees the weights that the batch before it has left.
# </details>


# %% exercise="3.4"
def train_epoch(W, batches, loss_and_gradient, rate):
    """Return W after one step a batch, and the losses before each step.

    W any shape, batches a list of B pairs (x, y), rate a float -> W, losses (B,)
    """
    ### BEGIN SOLUTION
    losses = []
    for x, y in batches:
        loss, dW = loss_and_gradient(W, x, y)
        losses.append(loss)
        W = W - rate * dW
    return W, np.array(losses)
    ### END SOLUTION


# %% check="3.4"
check("3.4", train_epoch)

# %% [markdown]
# ## 6. Train on noisy sines
#
# **The task.** A window of 20 steps of a sine, read at one radian a step, starts at a random place.
# Predict the next value. Every value carries noise with a standard deviation of 0.1.
#
# **Know the baselines first.** Three numbers tell what a loss is worth:
#
# - *naive*: the next value equals the last one;
# - *the rule*: a sine obeys $x_{T+1} = 2 \cos(1)\, x_T - x_{T-1}$, exactly so without noise;
# - *the floor*: the noise of the target itself, $0.1^2 = 0.01$. Nobody can predict that.
#
# **Predict.** Is the rule at the floor? Mind that it reads two noisy values.


# %%
def noisy_sines(n, seed, noise=0.1):
    """Return windows (n, 20, 1) and next values (n, 1)."""
    x, y = generate_sine_wave(20, n, seed=seed)
    rng = np.random.default_rng(seed)
    return x + rng.normal(0, noise, x.shape), (y + rng.normal(0, noise, y.shape))[:, None]


x_train, y_train = noisy_sines(512, seed=30)
x_test, y_test = noisy_sines(512, seed=31)
naive = np.mean((x_test[:, -1] - y_test) ** 2)
rule = np.mean((2 * np.cos(1) * x_test[:, -1] - x_test[:, -2] - y_test) ** 2)
print(f"naive {naive:.2f}   rule {rule:.3f}   floor 0.010")

# %% [markdown]
# The rule adds the noise of its two inputs, with the weights 1.08 and −1, to that of the target: three
# times the floor. A network that averages over more than two steps can do better.
#
# **The network.** 16 units, and one linear output that reads the last state:
# $\hat y = h_T W_{hy} + b_y$ with $W_{hy}\ (U, 1)$. Its gradients are two products, and
# $dh_T = d\hat y\, W_{hy}^\top$ enters the recurrence at the last step.


# %%
def new_parameters(seed, n_units=16):
    """Return the starting weights: orthogonal W_hh, small read-out."""
    rng = np.random.default_rng(seed)
    cell = SimpleRNN.start(1, n_units, seed=seed)
    return cell.weights | {"W_hy": rng.normal(0, 0.1, size=(n_units, 1)), "b_y": np.zeros(1)}


def recurrent(parameters):
    """Return the recurrent cell of the network."""
    return SimpleRNN(*(parameters[name] for name in ("kernel", "recurrent_kernel", "bias")))


def predict(parameters, x, h0=None):
    """Return the forecasts (N, 1)."""
    h = recurrent(parameters).forward(x, h0).h
    return h[:, -1] @ parameters["W_hy"] + parameters["b_y"]


def loss_and_gradients(parameters, x, y, h0=None):
    """Return the mean squared error and the gradient of every parameter."""
    cell = recurrent(parameters)
    trace = cell.forward(x, h0)
    last = trace.h[:, -1]
    loss, d_y = mean_squared_error(last @ parameters["W_hy"] + parameters["b_y"], y)
    dh = np.zeros_like(trace.h)
    dh[:, -1] = d_y @ parameters["W_hy"].T
    grads = cell.backward(trace, dh).weights
    return loss, grads | {"W_hy": last.T @ d_y, "b_y": d_y.sum(axis=0)}


parameters = new_parameters(seed=0)
_, analytic = loss_and_gradients(parameters, x_train[:4], y_train[:4])
for name in parameters:
    numerical = numerical_gradient(
        lambda array, name=name: loss_and_gradients(
            parameters | {name: array}, x_train[:4], y_train[:4]
        )[0],
        parameters[name],
    )
    print(
        f"{name:17s} relative error below 1e-7:", relative_error(analytic[name], numerical) < 1e-7
    )

# %% [markdown]
# Checked first, trained second. `training.fit` is your loop of exercise 3.4, over a dictionary of
# arrays. One seed proves nothing, so every setting runs with 3: other starting weights, another
# order of the batches.
#
# **Predict.** SGD with a rate of 0.05 against Adam with 0.01, for 20 epochs of 16 batches. Which gets
# below the rule first, and which ends lower?

# %%
curves, trained, test_losses = {}, {}, {}
for name, make in {"SGD": lambda: SGD(0.05), "Adam": lambda: Adam(0.01)}.items():
    for seed in range(3):
        parameters = new_parameters(seed)
        batches = minibatches((x_train, y_train), 32, np.random.default_rng(seed))
        history = fit(loss_and_gradients, parameters, batches, make(), 20, progress=False)
        curves.setdefault(name, []).append(np.reshape(history.loss, (20, 16)).mean(axis=1))
        test_losses.setdefault(name, []).append(loss_and_gradients(parameters, x_test, y_test)[0])
        trained[name, seed] = parameters

fig, ax = plt.subplots(figsize=(7, 3.4))
plotting.plot_loss_curves(curves, ax=ax, xlabel="epoch", ylabel="mean squared error (training)")
ax.set_yscale("log")
for level, name in ((naive, "naive"), (rule, "rule"), (0.01, "floor")):
    ax.axhline(level, color="0.4", linestyle=":", linewidth=1.2)
    ax.annotate(name, (20.3, level), va="center", color="0.3", annotation_clip=False)
ax.set_xticks(range(0, 21, 5))
plotting.show(
    fig,
    alt="Training loss over 20 epochs for SGD and Adam, median and range of 3 seeds, logarithmic "
    "axis. Both fall below the naive baseline in the first epoch and end just above the floor of "
    "0.01, well below the two-step rule.",
)
for name, runs in curves.items():
    first, second = np.median(runs, axis=0)[:2]
    print(
        f"{name:5s} epoch 1 below naive: {first < naive}, epoch 2 below the rule: {second < rule}"
    )
for name, values in test_losses.items():
    low, middle, high = sorted(values)
    print(f"{name:5s} test loss, median {middle:.3f}, range {low:.3f} to {high:.3f}")
print("every run beats the rule:", max(max(runs) for runs in test_losses.values()) < rule)

# %% [markdown]
# What to see: the average over the first epoch is already below the naive 0.50, and in the second
# epoch both medians are below the rule. The network found more than the two-step rule knows: it averages
# the noise of several steps. On this small network plain SGD ends no worse than Adam, 0.012 against
# 0.013. Adam needs less tuning; that is not the same as being better.
#
# **Before and after.** The forecasts of 40 test windows, against what came. A perfect forecast would
# lie on the diagonal.
#
# **Predict.** A typical error is the root of the mean squared one. How small can it get, when the noise
# of a value has a standard deviation of 0.1?

# %%
order = slice(0, 40)
fig, axes = plt.subplots(1, 2, figsize=(7, 3.4), sharex=True, sharey=True)
panels = {"before training": new_parameters(0), "after training": trained["SGD", 0]}
spreads = {}
for ax, (name, parameters) in zip(axes, panels.items(), strict=True):
    forecast = predict(parameters, x_test[order])
    spreads[name] = float(np.sqrt(np.mean((forecast - y_test[order]) ** 2)))
    ax.plot([-1.2, 1.2], [-1.2, 1.2], color="0.5", linewidth=1)
    ax.plot(y_test[order], forecast, "o", markersize=4)
    ax.set_title(name)
    ax.set_xlabel("next value")
axes[0].set_ylabel("forecast")
plotting.show(
    fig,
    alt="Forecasts against the values that came, 40 windows. Before training the points are far "
    "from the diagonal; after training they lie along it.",
)
for name, spread in spreads.items():
    print(f"{name}: typical error {spread:.2f}")

# %% [markdown]
# ### What truncation costs here
#
# Now train with the gradient of the last $k$ of the 20 steps only. There are two ways to begin:
# *carried*, from the state that the first $20 - k$ steps have left (truncated backpropagation), or
# *reset*, from zeros, so that the network never sees those steps.
#
# **Predict.** With $k = 1$ no gradient ever passes $W_{hh}$ backwards. Can the carried network still
# learn? Can the reset one? From one value of a sine you cannot tell whether it rises or falls.


# %%
def last_steps(k, carried):
    """Return a loss function whose gradient goes through the last k steps."""

    def function(parameters, x, y):
        h0 = None
        if carried and k < x.shape[1]:
            h0 = recurrent(parameters).forward(x[:, :-k]).h[:, -1]
        return loss_and_gradients(parameters, x[:, -k:], y, h0)

    return function


ks = (1, 2, 3, 5, 20)
results = {}
for carried in (True, False):
    for k in ks:
        function = last_steps(k, carried)
        for seed in range(3):
            parameters = new_parameters(seed)
            batches = minibatches((x_train, y_train), 32, np.random.default_rng(seed))
            fit(function, parameters, batches, SGD(0.05), 10, progress=False)
            loss = function(parameters, x_test, y_test)[0]
            results.setdefault((carried, k), []).append(loss)

fig, ax = plt.subplots(figsize=(7, 3.2))
for carried, marker in ((True, "o"), (False, "s")):
    runs = np.array([sorted(results[carried, k]) for k in ks])
    label = "state carried" if carried else "state reset"
    ax.errorbar(
        range(len(ks)),
        runs[:, 1],
        yerr=[runs[:, 1] - runs[:, 0], runs[:, 2] - runs[:, 1]],
        marker=marker,
        capsize=4,
        label=label,
    )
ax.axhline(rule, color="0.4", linestyle=":")
ax.annotate("rule", (4.1, rule), va="center", color="0.3")
ax.set_yscale("log")
ax.set_xticks(range(len(ks)), ks)
ax.set_xlabel("steps k that the gradient goes through")
ax.set_ylabel("test loss")
ax.legend()
plotting.show(
    fig,
    alt="Test loss against truncation k, median and range of 3 seeds. With the state carried it is "
    "near the floor for every k. With the state reset it is above 0.3 for k = 1 and falls "
    "with k.",
)
carried_runs = [loss for (carried, _), runs in results.items() if carried for loss in runs]
print("state carried, every k and seed below 0.02:", max(carried_runs) < 0.02)
print("state reset, medians:", {k: f"{np.median(results[False, k]):.2f}" for k in ks})
variance = 0.5 + 0.1**2  # of a noisy value; neighbours have the covariance cos(1) / 2
print(f"best straight line through one value: {variance - (0.5 * np.cos(1)) ** 2 / variance:.2f}")

# %% [markdown]
# What to see: with the state carried every $k$ ends near the floor, even $k = 1$. The orthogonal
# $W_{hh}$ of the start hands the past on well enough, and the other weights learn to read it. With the
# state reset and $k = 1$ the network is as blind as the best straight line through one value, 0.37.
# With $k = 2$ it does as well as the rule, and from $k = 3$ on better.
#
# So on this task the state is what matters, and the gradient through many steps is a luxury. Lesson 04
# has a task where it is not: there, what counts lies 20 to 100 steps back.
#
# ### Look into your network
#
# The explorer takes the network that you trained. The numbers are now norms: of the Jacobian of each
# step, and of the matrix that each step adds to $dW_{hh}$.
#
# **Predict.** The target can be computed from the last two inputs. Will the gradient of the trained
# network die out after two steps?

# %%
network = trained["SGD", 0]
UnrolledGraphExplorer(
    cell=recurrent(network), x=x_test[:1, :10], W_hy=network["W_hy"], loss=10, k=2
)

# %% [markdown]
# It does not. Each step can stretch a gradient by about 1.07, and the shares fall only slowly on the
# way back. The two last steps add a matrix of norm 1.2, the eight before them one of norm
# 2.11. The network looks back further than two steps, as it must in order to average noise away.
#
# ## Quiz

# %%
Quiz("03")

# %% [markdown]
# ## Summary
#
# - A weight that is used at $T$ steps has a gradient that is a sum of $T$ shares.
# - Backward goes from the last step to the first: add what enters to what comes back, multiply by
#   $1 - h_t^2$, add three shares, send $\delta_t W_{hh}^\top$ on.
# - Check every gradient by central differences, in float64, with a step near $10^{-5}$, and demand
#   $10^{-7}$. A check in float32 fails whatever you do.
# - Truncation cuts the gradient after $k$ steps, never the state.
# - The mean belongs to the loss. Backward adds.
# - Know the naive baseline and the floor before you call a loss good, and run 3 seeds.

# %% [markdown]
# ## What next
#
# [04 Vanishing and exploding gradients](04_vanishing_gradients.ipynb) follows the gradient back over a
# hundred steps, where it fades or explodes. [06 scan](06_scan.ipynb) writes the loop as a symbolic
# graph, whose gradient you get for the asking; you will know what it does. The map in
# [00 Start here](00_start_here.ipynb) shows what you have solved.
#
# ## References
#
# - P. J. Werbos, *Backpropagation through time: what it does and how to do it*, Proceedings of the
#   IEEE 78 (1990), 1550–1560: the method of sections 1 and 2.
# - R. J. Williams, J. Peng, *An efficient gradient-based algorithm for on-line training of recurrent
#   network trajectories*, Neural Computation 2 (1990), 490–501: truncation, section 4.
# - R. J. Williams, D. Zipser, *Gradient-based learning algorithms for recurrent networks and their
#   computational complexity*, in *Backpropagation: Theory, Architectures and Applications*, 1995: what
#   each variant costs in time and memory.
# - I. Goodfellow, Y. Bengio, A. Courville, *Deep Learning*, MIT Press 2016, section 10.2.2: the
#   formulas of section 2, with columns instead of rows.
# - D. P. Kingma, J. Ba, *Adam: a method for stochastic optimization*, ICLR 2015, algorithm 1; the form
#   in section 5 is the one at the end of their section 2.
