# %% [markdown]
# # 04 · Vanishing and exploding gradients
#
# **50 minutes.** You need: [02 The forward pass](02_forward_pass.ipynb) and
# [03 Backpropagation through time](03_backpropagation_through_time.ipynb).
#
# A recurrent network can carry a number over a thousand steps: lesson 02 set a weight by hand and
# it did. Learning to do so is another matter. The gradient has to travel the same way back, and at
# each step it is multiplied. A number that is multiplied 100 times is soon nothing, or too much.

# %% [markdown]
# ## You will be able to
#
# - follow a gradient back through time, and say from $W_{hh}$ alone how large it can be after $k$ steps;
# - tell an eigenvalue from a singular value, and name a matrix for which the difference is a factor of a billion;
# - clip gradients by their global norm, and say what that mends and what it does not;
# - make an orthogonal start, and measure over 300 steps what it is worth;
# - predict for a setting whether the adding problem will be learned, vanish or explode.

# %%
import matplotlib.pyplot as plt
import numpy as np

from course_utils import datasets, losses, plotting, session
from course_utils.cells import SimpleRNN
from course_utils.checks import check
from course_utils.gradients import clip_by_global_norm, gradient_by_lag
from course_utils.starts import orthogonal
from course_utils.training import SGD, Adam, fit, minibatches
from course_utils.widgets import GradientLagExplorer, Quiz

session.start(seed=4)

# %% [markdown]
# ## 1. One number, multiplied again and again
#
# **Idea.** Take one unit without a tanh: $h_t = w_h\, h_{t-1} + w_x\, x_t$. If $h_T$ should have been
# larger by 1, by how much should $h_{T-k}$ have been larger? Each step back multiplies the answer
# by $w_h$, so after $k$ steps it is $w_h^k$.
#
# **Predict.** For $w_h = 0.9$ and for $w_h = 1.1$: is $w_h^{50}$ nearer to 0.5, to 0.005, to 10 or
# to 100? And what is left of 0.9 after 200 steps?

# %%
for weight in (0.9, 1.1):
    powers = ", ".join(f"{k} steps: {weight**k:.1e}" for k in (10, 50, 200))
    print(f"w_h = {weight}   {powers}")

# %% [markdown]
# Fifty steps turn 0.9 into 0.005 and 1.1 into 117. After two hundred, the first is below a
# billionth and the second above a hundred million. There is no safe side: only 1 itself.
#
# **Formula.** A layer has a matrix in place of a weight, and a tanh. Write $d_t$ for the gradient of
# the loss with respect to $h_t$, a row of shape $(U,)$. Forwards, $h_{t-1}$ is multiplied by
# $W_{hh}$ and then goes through the tanh. Backwards the gradient meets them in the opposite order:
#
# $$d_{t-1} = \big(d_t \odot (1 - h_t^2)\big)\, W_{hh}^\top$$
#
# $1 - h_t^2$ is the slope of the tanh that made $h_t$, one number a unit, $(U,)$. $\odot$ multiplies
# element by element. After $k$ steps, written as a product of matrices:
#
# $$d_{T-k} = d_T \prod_{t=T}^{T-k+1} \mathrm{diag}(1 - h_t^2)\; W_{hh}^\top$$
#
# The number of steps back, $k$, is the *lag*.
#
# **Code.** One network of 24 units runs over 50 steps of random input, and one gradient runs back.


# %%
def run_rnn(x, W_hh):
    """Return the states of one sequence that enters the units directly: x (T, U) -> h (T, U)."""
    h_t, states = np.zeros(len(W_hh)), []
    for x_t in x:
        h_t = np.tanh(x_t + h_t @ W_hh)
        states.append(h_t)
    return np.array(states)


def go_back(W_hh, h, d_last):
    """Return the gradient at each lag: h (T, U), d_last (U,) -> d (T, U), the last step first."""
    gradients = [d_last]
    for t in range(len(h) - 1, 0, -1):
        gradients.append((gradients[-1] * (1 - h[t] ** 2)) @ W_hh.T)
    return np.array(gradients)


n_steps, n_units = 50, 24
rng = np.random.default_rng(4)
x = rng.normal(0, 0.5, size=(n_steps, n_units))
W_random = rng.normal(size=(n_units, n_units))
d_last = rng.normal(size=n_units)
d_last /= np.linalg.norm(d_last)  # length 1 at lag 0

W_hh = W_random / np.sqrt(n_units)
h = run_rnn(x, W_hh)
d = go_back(W_hh, h, d_last)
print("d", d.shape, "norm at lag 0:", round(float(np.linalg.norm(d[0])), 3))
print("norm at lag 49 below 1e-4:", bool(np.linalg.norm(d[-1]) < 1e-4))

# %% [markdown]
# Do not believe a gradient that has not been checked. The first state can be nudged by hand: add
# $\pm 10^{-6}$ to one unit of $h_{T-5}$, run the last five steps again, and see how $d_T \cdot h_T$
# moves. `course_utils.cells` has the same backward pass for whole batches, so there is a second witness.

# %%
nudged = []
for unit in range(n_units):
    ends = []
    for nudge in (1e-6, -1e-6):
        h_t = h[-6].copy()
        h_t[unit] += nudge
        for t in range(n_steps - 5, n_steps):
            h_t = np.tanh(x[t] + h_t @ W_hh)
        ends.append(d_last @ h_t)
    nudged.append((ends[0] - ends[1]) / 2e-6)

cell = SimpleRNN(np.eye(n_units), W_hh, np.zeros(n_units))
trace = cell.forward(x[None])
dh = np.zeros_like(trace.h)
dh[0, -1] = d_last
print("equal to differences:", bool(np.allclose(d[5], nudged, rtol=1e-5, atol=1e-8)))
print("equal to cells.SimpleRNN:", bool(np.allclose(d, cell.backward(trace, dh).h[0, ::-1])))

# %% [markdown]
# ### Exercise 4.1 · Lag profile
#
# Return only the *norms*, $\lVert d_T \rVert, \lVert d_{T-1} \rVert, \ldots, \lVert d_1 \rVert$: the lag
# profile of a network. Do not change the arrays that you are given.
#
# <details><summary>Hint 1: how many</summary>
#
# $T$ states give $T$ norms. The first of them is that of `d_last`, before any step back.
# </details>
#
# <details><summary>Hint 2: which slope</summary>
#
# The step from $h_t$ back to $h_{t-1}$ uses `h[t]` and not `h[t - 1]`. The last one used is `h[1]`.
# </details>


# %% exercise="4.1"
def lag_profile(W_hh, h, d_last):
    """Return the norm of the gradient at each lag, the last step first.

    W_hh (U, U), h (T, U), d_last (U,) -> norms (T,)
    """
    ### BEGIN SOLUTION
    d, norms = d_last, [np.linalg.norm(d_last)]
    for t in range(len(h) - 1, 0, -1):
        d = (d * (1 - h[t] ** 2)) @ W_hh.T
        norms.append(np.linalg.norm(d))
    return np.array(norms)
    ### END SOLUTION


# %% check="4.1"
check("4.1", lag_profile)

# %% [markdown]
# **Picture.** The *spectral radius* is the largest absolute eigenvalue. Divide a random matrix by
# its own and multiply it by 0.5, 0.9, 1.1 or 1.5, and you have four networks that differ by one number.
# Each is run with tanh and, dashed, without.
#
# **Predict.** With radius 1.5 and no tanh the gradient grows by about 1.5 a step: $1.5^{49}$ is
# $4 \times 10^8$. What does it do *with* tanh?

# %%
W_unit = W_random / np.abs(np.linalg.eigvals(W_random)).max()  # spectral radius 1
fig, ax = plt.subplots(figsize=(7, 3.8))
after_49 = {}
for radius, colour in zip(
    (0.5, 0.9, 1.1, 1.5), ("sky", "blue", "orange", "vermillion"), strict=True
):
    for activation, style in (("tanh", "-"), ("linear", "--")):
        cell = SimpleRNN(np.eye(n_units), radius * W_unit, np.zeros(n_units), activation)
        profile = gradient_by_lag(cell, x[None])
        after_49[radius, activation] = profile[-1]
        label = f"radius {radius}" if activation == "tanh" else None
        ax.semilogy(profile, style, color=plotting.PALETTE[colour], label=label)
ax.set_xlabel("lag k (steps back)")
ax.set_ylabel("gradient (last step = 1)")
ax.set_ylim(1e-18, 1e12)
ax.legend(title="solid: tanh, dashed: linear", ncols=4, fontsize="small")
plotting.show(
    fig,
    alt="Gradient norm against lag on a logarithmic axis for spectral radii 0.5, 0.9, 1.1 and 1.5. "
    "All lines are nearly straight. Without tanh they fall for radii below 1 and rise above 1; "
    "with tanh all lie lower.",
)
for radius in (0.5, 0.9, 1.1, 1.5):
    print(f"radius {radius}, lag 49: tanh {after_49[radius, 'tanh']:.0e}", end="")
    print(f", linear {after_49[radius, 'linear']:.0e}")

# %% [markdown]
# What to see: nearly straight lines, so the gradient changes by a factor a step, as one unit's does.
# The dashed ones follow the radius: 0.5 and 0.9 fall, 1.1 and 1.5 rise. The solid ones all fall.
#
# That contradicts a sentence you may have read: "above 1, gradients explode". At radius 1.5 the
# linear network multiplies the gradient by $10^8$ in 49 steps and the tanh network leaves a
# thousandth of it. A large matrix makes large states; large states sit where the tanh is flat; there
# the slope $1 - h^2$ is small. A state of 0.9 has the slope 0.19, and $1.5 \times 0.19 = 0.29$. A tanh
# network that explodes needs large weights *and* states near zero, which training can find.
#
# ## 2. A bound, and what is no bound
#
# **Idea.** How much can one step back stretch a gradient? The slope shrinks each number or leaves it.
# The matrix stretches a vector at most by its *largest singular value*, $\sigma_{max}$: that is what
# the word means. Neither can do more $k$ times than $k$ times once:
#
# $$\lVert d_{T-k} \rVert \;\le\; \sigma_{max}(W_{hh})^k\, \lVert d_T \rVert$$
#
# So $\sigma_{max} < 1$ is enough for the gradient to vanish, whatever the input is. For it to explode,
# $\sigma_{max} > 1$ is needed. It is not enough: the bound says how large a gradient *may* be.
#
# **Predict.** For the random matrix of radius 0.9, is $\sigma_{max}$ below 0.9, equal or above?

# %%
W_09 = 0.9 * W_unit
sigma = np.linalg.norm(W_09, ord=2)  # ord=2 of a matrix: its largest singular value
cell = SimpleRNN(np.eye(n_units), W_09, np.zeros(n_units))
profile = gradient_by_lag(cell, x[None])
lags = np.arange(n_steps)
print("largest eigenvalue 0.9, largest singular value", round(float(sigma), 2))
print("the gradient never exceeds the bound:", bool((profile <= sigma**lags * (1 + 1e-9)).all()))

fig, ax = plt.subplots(figsize=(7, 3.4))
ax.semilogy(lags, sigma**lags, "--", color=plotting.PALETTE["vermillion"])
ax.semilogy(lags, 0.9**lags, ":", color=plotting.PALETTE["green"])
ax.semilogy(lags, profile, color=plotting.PALETTE["blue"])
ax.text(
    30,
    3 * sigma**30,
    "bound: (largest singular value)$^k$",
    ha="right",
    color=plotting.PALETTE["vermillion"],
)
ax.text(49, 0.05, "(spectral radius)$^k$", ha="right", color=plotting.PALETTE["green"])
ax.text(30, profile[30] / 1e3, "gradient, tanh", ha="right", color=plotting.PALETTE["blue"])
ax.set_xlabel("lag k (steps back)")
ax.set_ylabel("gradient (last step = 1)")
plotting.show(
    fig,
    alt="On a logarithmic axis the bound rises steeply with the lag, while the gradient of a random "
    "network with spectral radius 0.9 falls, below the power of its spectral radius.",
)

# %% [markdown]
# What to see: the bound holds and says little. It allows a growth to more than $10^7$, and the gradient
# falls to $2 \times 10^{-9}$. A vector would have to point in the most stretched direction at every
# step, and a random matrix turns it away each time.
#
# Then why not use the eigenvalues, which came so much closer? Because they are no bound. Below is a
# chain: each of 24 units keeps 0.9 of its own state and takes 0.9 of its left neighbour's. Matrices
# like this one, whose eigenvectors do not stand at right angles, are called *non-normal*.
#
# **Predict.** The matrix is triangular, so its eigenvalues stand on the diagonal: all are 0.9. We
# take the linear network. Does the gradient fall from the first step on? By how much does it change
# in 50 steps: $0.9^{50} = 0.005$?

# %%
chain = 0.9 * (np.eye(n_units) + np.eye(n_units, k=1))
print("first rows of W_hh:\n", chain[:3, :5])
cell = SimpleRNN(np.eye(n_units), chain, np.zeros(n_units), "linear")
long_x = np.zeros((1, 1201, n_units))
profile = gradient_by_lag(cell, long_x)
peak = int(profile.argmax())
print("largest singular value", round(float(np.linalg.norm(chain, ord=2)), 3))
print(f"lag 50: above 1e9: {bool(profile[50] > 1e9)}, peak at lag {peak}: {profile[peak]:.0e}")
print("back below 1 at lag", int(peak + np.argmax(profile[peak:] < 1)))

fig, ax = plt.subplots(figsize=(7, 3))
ax.semilogy(profile, color=plotting.PALETTE["blue"])
ax.semilogy(0.9 ** np.arange(1201.0), ":", color=plotting.PALETTE["green"])
ax.text(560, 1e-18, "(spectral radius)$^k$", color=plotting.PALETTE["green"], ha="left")
ax.text(330, 1e14, "gradient", color=plotting.PALETTE["blue"])
ax.set_ylim(1e-25, 1e22)
ax.set_xlabel("lag k (steps back)")
ax.set_ylabel("gradient (last step = 1)")
plotting.show(
    fig,
    alt="Gradient of the chain against lag, logarithmic: it first climbs over many powers of ten, "
    "turns around lag 200, and only then falls as fast as the power of the spectral radius.",
)

# %% [markdown]
# What to see: with all its eigenvalues at 0.9 the gradient *grows* for 229 steps, by a factor of more
# than $10^{20}$, and only then falls. After 50 steps it is more than a billion times larger, not 200
# times smaller. Eigenvalues tell how the fall ends, after as many steps as you like. They do not tell
# what happens in the steps that you have. The singular value, 1.796, warned you.
#
# ### Touch it
#
# A network of 10 units, and a gradient on its way back. The shaded band runs from 1 % to 100 times.
#
# 1. Random Gaussian, tanh: can you find a spectral radius at which the gradient explodes?
# 2. The same with the linear activation. From which radius on does it stay in the band?
# 3. Orthogonal, radius 1, tanh: what does a larger input do, and why?
# 4. Non-normal chain, linear, radius 0.9: at which lag does the gradient leave the band, and on which side?
# 5. Identity, relu, input 0.5: why do the dots lie below the line of the radius, even at 1?

# %%
GradientLagExplorer()

# %% [markdown]
# <details><summary>Answers</summary>
#
# 1. No. At 0.9 the gradient falls below 1 % at lag 12, at 1.5 at lag 34: a larger radius makes
#    it vanish later. The tanh takes back what the matrix gives.
# 2. From 0.95 up to 1.1: there the gradient at lag 50 is 0.04 and 64 times its size. At 0.9 it
#    leaves the band at lag 38 below, at 1.15 at lag 38 above.
# 3. It makes it vanish sooner: below 1 % at lag 19 with input 0.5, at lag 6 with input 2. Large
#    inputs push the units to where the slope is small. With input 0 all slopes are 1 and nothing is lost.
# 4. At lag 10, above: more than 100 times. The radius alone predicts 0.35 there.
# 5. A relu has the slope 0 where its unit is off. A gradient that arrives there is lost; the rest,
#    0.55 of the size at lag 50, passes unchanged.
# </details>
#
# Any network can be put in: `GradientLagExplorer(W_hh)` shows your own recurrent matrix, also one
# that you have trained.

# %% [markdown]
# ## 3. Explosion, and a cure: clipping
#
# **Idea.** An explosion is loud. One batch gives a gradient of size $10^7$, the update throws the weights
# far away, and the next loss is infinite. The direction of that gradient is sound; only its length is
# not. So keep the direction and shorten the step. With $g$ for all gradients of all weights, taken as
# one long vector:
#
# $$g \leftarrow g \cdot \min\Big(1, \frac{c}{\lVert g \rVert}\Big) \qquad \lVert g \rVert = \sqrt{\textstyle\sum_{\text{all arrays}} \sum_{\text{all numbers}} g_i^2}$$
#
# $c$ is the largest length you allow, often 1.
#
# **Predict.** `W_hh` has a gradient of norm 40 and `b_h` one of norm 0.3; we clip at 1. What is the
# norm of the bias's gradient afterwards if you clip all together? If you clip each array alone? Which
# of the two still points downhill as before?

# %%
grads = {"W_hh": rng.normal(size=(8, 8)), "b_h": rng.normal(size=8)}
grads["W_hh"] *= 40 / np.linalg.norm(grads["W_hh"])
grads["b_h"] *= 0.3 / np.linalg.norm(grads["b_h"])
together, norm_before = clip_by_global_norm(grads, 1.0)
alone = {name: clip_by_global_norm({name: g}, 1.0)[0][name] for name, g in grads.items()}

print("norm before:", round(norm_before, 3))
for name, clipped in {"together": together, "each alone": alone}.items():
    norms = {key: float(np.linalg.norm(g).round(4)) for key, g in clipped.items()}
    dot = sum((clipped[key] * grads[key]).sum() for key in grads)
    size = np.sqrt(sum((g**2).sum() for g in clipped.values()))
    print(f"{name:10s} {norms}, cosine with the gradient {dot / size / norm_before:.3f}")

# %% [markdown]
# Together, both shrink by the factor 40 and the direction is the same: cosine 1. Clipped alone, the bias
# keeps its 0.3 while the matrix loses 39 of 40. The step has turned, towards what happened to be small.
#
# ### Exercise 4.2 · Clip by global norm
#
# Return a new dictionary. Gradients whose common norm is at most `max_norm` come back as they are.
#
# <details><summary>Hint 1: one number first</summary>
#
# First compute the norm over all arrays. Add up the squares of everything, then take one root.
# </details>
#
# <details><summary>Hint 2: all zero</summary>
#
# When all gradients are zero, so is the norm. Do not divide by it unless you have to.
# </details>


# %% exercise="4.2"
def clip_gradients(grads, max_norm):
    """Return the gradients, scaled by one factor so that their common norm is at most max_norm.

    grads: dict from name to array, max_norm: a number above 0 -> dict with the same names and shapes
    """
    ### BEGIN SOLUTION
    norm = np.sqrt(sum((g**2).sum() for g in grads.values()))
    factor = max_norm / norm if norm > max_norm else 1.0
    return {name: factor * g for name, g in grads.items()}
    ### END SOLUTION


# %% check="4.2"
check("4.2", clip_gradients)

# %% [markdown]
# Now a training that explodes. The task is the *adding problem*: a sequence holds random numbers
# between 0 and 1, two of them are marked, and the answer is the sum of those two. Who always answers
# 1 has a mean squared error of $1/6 = 0.167$: that is the baseline, and the line to beat.
#
# The network has 16 units and one output, read from the last state. The next cell is all the
# machinery of this lesson's trainings: the forward and backward pass
# of [lesson 03](03_backpropagation_through_time.ipynb), with the error of the last step only.


# %%
def start(W_hh, seed, input_scale=0.1):
    """Return the parameters of a network with the recurrent matrix W_hh (U, U)."""
    rng, n_units = np.random.default_rng(seed), len(W_hh)
    return {
        "W_xh": rng.normal(0, input_scale, size=(2, n_units)),
        "W_hh": W_hh.copy(),
        "b_h": np.zeros(n_units),
        "W_hy": rng.normal(0, 1 / np.sqrt(n_units), size=(n_units, 1)),
        "b_y": np.zeros(1),
    }


def loss_with(activation):
    """Return the function that gives loss and gradients of one batch."""

    def loss_and_gradients(p, x, y):
        cell = SimpleRNN(p["W_xh"], p["W_hh"], p["b_h"], activation)
        trace = cell.forward(x)
        loss, d_y = losses.mean_squared_error(trace.h[:, -1] @ p["W_hy"] + p["b_y"], y)
        dh = np.zeros_like(trace.h)
        dh[:, -1] = d_y @ p["W_hy"].T
        back = cell.backward(trace, dh)
        return loss, {
            "W_xh": back.kernel,
            "W_hh": back.recurrent_kernel,
            "b_h": back.bias,
            "W_hy": trace.h[:, -1].T @ d_y,
            "b_y": d_y.sum(axis=0),
        }

    return loss_and_gradients


x_add, y_add = datasets.adding(3, 8, seed=4)
for values, marks, answer in zip(x_add[..., 0], x_add[..., 1], y_add[:, 0], strict=True):
    shown = " ".join(
        f"[{v:.1f}]" if m else f" {v:.1f} " for v, m in zip(values, marks, strict=True)
    )
    print(f"{shown}  sum {answer:.2f}")
x_many, y_many = datasets.adding(20_000, 8)
print("error of always answering 1:", round(float(((y_many - 1) ** 2).mean()), 2))

# %% [markdown]
# We start it badly on purpose: linear units and $W_{hh} = 1.2\,Q$ with $Q$ orthogonal, so that 50 steps
# back multiply by $1.2^{50} = 9100$, and the states have grown by as much. Plain gradient
# descent, learning rate 0.01, three seeds.
#
# **Predict.** After how many updates does the loss overflow? And with clipping at 1: does it come down?

# %%
exploding = {"no clipping": [], "clipped at 1": []}
for seed in range(3):
    data = datasets.adding(9600, 50, seed=seed)
    for name, clip_norm in {"no clipping": None, "clipped at 1": 1.0}.items():
        rng = np.random.default_rng(seed)
        history = fit(
            loss_with("linear"),
            start(1.2 * orthogonal(16, rng), seed),
            minibatches(data, 32, rng),
            SGD(0.01),
            clip_norm=clip_norm,
        )
        exploding[name].append(history)

for name, histories in exploding.items():
    print(f"{name:13s} diverged:", [history.diverged for history in histories], end="  ")
    print("updates:", [history.n_updates for history in histories])
print(
    "first gradient norm above 1e6:",
    all(r.gradient_norm[0] > 1e6 for r in exploding["no clipping"]),
)
print("clipped, last loss below 10:", all(r.loss[-1] < 10 for r in exploding["clipped at 1"]))

# %%
fig, ax = plt.subplots(figsize=(7, 3.2))
for history in exploding["clipped at 1"]:
    every_tenth = np.array(history.loss).reshape(-1, 10).max(axis=1)
    ax.semilogy(np.arange(10, 301, 10), every_tenth, color=plotting.PALETTE["blue"], alpha=0.8)
for history in exploding["no clipping"]:
    ax.semilogy([1, 4], [history.loss[0], 1e16], color=plotting.PALETTE["vermillion"])
ax.axhline(1 / 6, color="0.4", linestyle="--")
ax.text(2, 0.13, "baseline 1/6", ha="left", va="top", color="0.3")
ax.text(8, 1e11, "no clipping: overflow at update 2", color=plotting.PALETTE["vermillion"])
ax.text(120, 1e5, "clipped at 1 (3 seeds, worst of 10 updates)", color=plotting.PALETTE["blue"])
ax.set_ylim(0.01, 1e13)
ax.set_xlabel("update")
ax.set_ylabel("loss (mean squared error)")
plotting.show(
    fig,
    alt="Loss against update, logarithmic, three seeds each. Without clipping the line leaves the "
    "picture at once; with clipping it falls from a million to about 1 within 300 updates.",
)

# %% [markdown]
# What to see: without clipping there is one update. The gradient has a norm above a million, the step is
# above ten thousand long, and the second loss is not a number any more. With clipping no step is
# longer than 0.01, and the loss comes down from some 100,000 to about 1. The gradient's direction was
# right all the time.
#
# It stays above the baseline, and it always will: a linear network cannot pick the marked numbers.
# Clipping mends the training and not the network.
#
# ### What clipping cannot do
#
# **Predict.** The network below forgets: radius 0.5, tanh. The gradient with respect to a state 40 steps back is
# some $10^{-14}$ of that at the last step. We clip at 1, at 0.01, and, the other way round, scale the
# whole gradient *up* to 100. What becomes of the ratio of the two?

# %%
cell = SimpleRNN(np.eye(n_units), 0.5 * W_unit, np.zeros(n_units))
trace = cell.forward(x[None])
dh = np.zeros_like(trace.h)
dh[0, -1] = 5 * d_last
states_back = cell.backward(trace, dh).h[0]
for length in (1.0, 0.01, 100.0):
    scaled = states_back * (length / np.linalg.norm(states_back))
    ratio = np.linalg.norm(scaled[-41]) / np.linalg.norm(scaled[-1])
    print(
        f"total length {length:6.2f}: lag 40 over lag 0 below 1e-13: {bool(ratio < 1e-13)}",
        end=", ",
    )
    print(
        "unchanged:",
        bool(np.isclose(ratio, np.linalg.norm(states_back[-41]) / np.linalg.norm(5 * d_last))),
    )

# %% [markdown]
# One factor for all lags changes no ratio. The early steps are not *small*, they are small *beside* the
# late ones, and their whisper is lost under the noise of each batch. Clipping cures explosion. It does not
# cure vanishing, and neither does a larger learning rate.

# %% [markdown]
# ## 4. A start that keeps lengths
#
# **Idea.** If $\sigma_{max}$ above 1 may explode and $\sigma_{max}$ below 1 must vanish, take a matrix
# whose singular values are *all* 1: an orthogonal one, $W W^\top = I$. It turns vectors and
# leaves their lengths. The simplest is the identity; a random one comes out of a Gaussian matrix
# by the QR decomposition.
#
# **Predict.** A Gaussian matrix divided by $\sqrt U$ keeps the length of a random vector *on average*.
# Are its singular values near 1, too?

# %%
gaussian = rng.normal(size=(n_units, n_units))
for name, matrix in {
    "Gaussian / sqrt(U)": gaussian / np.sqrt(n_units),
    "orthogonal": orthogonal(n_units, rng),
}.items():
    values = np.linalg.svd(matrix, compute_uv=False)
    eigenvalues = np.abs(np.linalg.eigvals(matrix))
    print(f"{name:19s} singular values {values[-1]:.2f} to {values[0]:.2f}", end=", ")
    print(f"absolute eigenvalues {eigenvalues.min():.2f} to {eigenvalues.max():.2f}")

# %% [markdown]
# No. On average the length stays, but one direction is doubled and another loses 98 % of its length *in one
# step*. The orthogonal matrix keeps every direction, and here the eigenvalues agree.
#
# ### Exercise 4.3 · An orthogonal start
#
# Make an orthogonal matrix out of the Gaussian one that you are given. There is more than one right
# answer, and the check accepts what QR or the singular value decomposition gives.
#
# <details><summary>Hint 1: a function that does it</summary>
#
# `np.linalg.qr(a)` returns two matrices whose product is `a`. One of them is orthogonal.
# </details>
#
# <details><summary>Hint 2: all directions alike</summary>
#
# QR leaves the signs to the library, so that some orthogonal matrices come out more often than
# others. Multiply the columns of Q by the signs of the diagonal of R. (The check accepts both.)
# </details>


# %% exercise="4.3"
def orthogonal_start(gaussian):
    """Return an orthogonal matrix made from a Gaussian one: (U, U) -> (U, U)."""
    ### BEGIN SOLUTION
    q, r = np.linalg.qr(gaussian)
    return q * np.sign(np.diag(r))
    ### END SOLUTION


# %% check="4.3"
check("4.3", orthogonal_start)

# %% [markdown]
# ### Memory over 50 steps, and over hundreds
#
# What the gradient cannot cross backwards, a change cannot cross forwards: both are the same
# product. So we ask the question of lesson 02 again, of whole layers. The start state
# is nudged by a vector of length 0.0001, and small random inputs go on for 300 steps. How much of the nudge is left?
#
# **Predict.** Order these three from short to long memory: Gaussian with radius 0.9 and tanh;
# orthogonal with tanh; identity with relu. Which of them still feels the first step after 300?


# %%
def nudge_left(W_hh, activation, seed, n_steps=300):
    """Return how much of a small change of the start state is left after each step, as a share."""
    rng, n_units = np.random.default_rng(seed), len(W_hh)
    x = rng.normal(0, 0.05, size=(1, n_steps, n_units))
    h0 = np.full((1, n_units), 0.5)
    nudge = rng.normal(size=(1, n_units))
    nudge *= 1e-4 / np.linalg.norm(nudge)
    cell = SimpleRNN(np.eye(n_units), W_hh, np.zeros(n_units), activation)
    change = cell.forward(x, h0 + nudge).h - cell.forward(x, h0).h
    return np.linalg.norm(change[0], axis=1) / 1e-4


memories = {}
for name, activation in {"Gaussian 0.9": "tanh", "orthogonal": "tanh", "identity": "relu"}.items():
    runs = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        random = rng.normal(size=(n_units, n_units))
        W_start = {
            "Gaussian 0.9": 0.9 * random / np.abs(np.linalg.eigvals(random)).max(),
            "orthogonal": orthogonal(n_units, rng),
            "identity": np.eye(n_units),
        }[name]
        runs.append(nudge_left(W_start, activation, seed))
    memories[f"{name}, {activation}"] = np.array(runs)
    print(f"{name:13s}", end="")
    for k in (50, 300):
        low, middle, high = np.sort(np.array(runs)[:, k - 1])
        shown = f"{middle:.1e} ({low:.0e} to {high:.0e})" if high > 1e-9 else "below 1e-9"
        print(f" after {k:3d} steps: {shown}", end="")
    print()

fig, ax = plt.subplots(figsize=(7, 3.4))
for (name, runs), colour in zip(memories.items(), ("blue", "green", "vermillion"), strict=True):
    steps = np.arange(1, runs.shape[1] + 1)
    ax.semilogy(steps, np.median(runs, axis=0), color=plotting.PALETTE[colour], label=name)
    ax.fill_between(
        steps, runs.min(axis=0), runs.max(axis=0), color=plotting.PALETTE[colour], alpha=0.25
    )
ax.axvline(50, color="0.6", linestyle=":")
ax.set_ylim(1e-10, 10)
ax.set_xlabel("time step t")
ax.set_ylabel("share of the nudge that is left")
ax.legend(fontsize="small")
plotting.show(
    fig,
    alt="Share of an early nudge against time, logarithmic, median and range over 3 seeds, for three starts.",
)

# %% [markdown]
# What to see: the Gaussian start loses a factor 1,000 in 50 steps, and after 300 less is left
# than the rounding of two runs lets us see. The orthogonal start keeps 8 % over 50 steps and 0.002 % over 300: the matrix
# takes nothing, the tanh a little at each step.
#
# The identity with relu keeps more than half over 300 steps, in the median of three seeds. It does not fade: its line goes down in
# stairs. A unit that is open passes everything on, and when its state reaches 0 it forgets all at once.

# %% [markdown]
# ## 5. Which setting learns?
#
# Everything is on the table: matrices, slopes, clipping. Five settings of the adding problem, each with 16
# units, 3,200 sequences, 800 updates of Adam with learning rate 0.004:
#
# | | activation | start of $W_{hh}$ | steps | clipped at |
# |---|---|---|---|---|
# | A | tanh | orthogonal | 20 | 1 |
# | B | tanh | orthogonal | 100 | 1 |
# | C | relu | identity | 100 | not |
# | D | relu | identity | 100 | 1 |
# | E | relu | chain of section 2, eigenvalues 0.9 | 100 | not |
#
# Each of them does one of three things, and the cells below measure which, on the median of three seeds.
# It *learns*: its lowest error on new sequences is below half the baseline. It *explodes*: it does not
# learn, and the largest norm of its gradient is above 100. It *vanishes*: it does not learn, and the norm
# stays below.
#
# ### Exercise 4.4 · Predict which setting learns
#
# Predict before you run on. The check says how many are right, and recognises some ways of thinking.
#
# <details><summary>Hint 1: two questions</summary>
#
# What does one step back multiply by, at the start and later in the training? And does anything cap the
# length of the update?
# </details>
#
# <details><summary>Hint 2: C and D</summary>
#
# The identity is where they start, not where they stay. An update that moves all eigenvalues from 1 to
# 1.05 makes the product over 100 steps 131 times as large.
# </details>


# %% exercise="4.4"
def predict_fates():
    """Return five words, for A to E: each "learns", "vanishes" or "explodes"."""
    ### BEGIN SOLUTION
    return "learns", "vanishes", "explodes", "learns", "explodes"
    ### END SOLUTION


# %% check="4.4"
check("4.4", predict_fates)

# %% [markdown]
# ### The tanh network: 20, 50 and 100 steps
#
# First, before any training: how much of a gradient reaches the first step? `gradient_by_lag` gives
# the root mean square over all directions, here over 32 sequences of the task.
#
# **Predict.** Orthogonal with tanh or identity with relu: which one loses less over 100 steps?

# %%
for n in (20, 50, 100):
    x_task, _ = datasets.adding(32, n, seed=4)
    print(f"{n:3d} steps", end="")
    for name, activation, scale in (("orthogonal", "tanh", 0.5), ("identity", "relu", 0.1)):
        p = start(orthogonal(16, rng) if name == "orthogonal" else np.eye(16), 4, scale)
        cell = SimpleRNN(p["W_xh"], p["W_hh"], p["b_h"], activation)
        print(f"   {name}, {activation}: {gradient_by_lag(cell, x_task)[-1]:.1e}", end="")
    print()

# %% [markdown]
# The orthogonal tanh network gets 3 % of its gradient to the first of 20 steps, and a millionth to the
# first of 100. The identity with relu gets two thirds or more there, whatever the length. What it loses
# is lost at once: the units that are off, about half, pass nothing. The open ones pass everything, and
# stay open, for the inputs of this task are never negative.
#
# Now the trainings: A and B, with 50 steps between them.


# %%
def train(n_steps, activation, W_hh, clip_norm, seed):
    """Train on the adding problem; validate on 500 other sequences after every 100 updates."""
    x_new, y_new = datasets.adding(500, n_steps, seed=1000 + seed)
    loss = loss_with(activation)
    return fit(
        loss,
        start(W_hh, seed, input_scale=0.5 if activation == "tanh" else 0.1),
        minibatches(datasets.adding(3200, n_steps, seed=seed), 32, np.random.default_rng(seed)),
        Adam(0.004),
        n_epochs=8,
        clip_norm=clip_norm,
        validate=lambda p: loss(p, x_new, y_new)[0],
    )


def fate(histories):
    """Say what became of the runs of one setting, in the words of exercise 4.4."""
    baseline = datasets.adding_baseline()
    if np.median([min(history.validation) for history in histories]) < baseline / 2:
        return "learns"
    largest = [max(history.gradient_norm) for history in histories]
    return "explodes" if np.median(largest) > 100 else "vanishes"


runs = {}
for n in (20, 50, 100):
    runs[f"tanh, {n} steps"] = [
        train(n, "tanh", orthogonal(16, np.random.default_rng(seed)), 1.0, seed)
        for seed in range(3)
    ]
    print(f"tanh, orthogonal, clipped, {n:3d} steps:", fate(runs[f"tanh, {n} steps"]))

# %%
for clip_norm, name in ((None, "not clipped"), (1.0, "clipped")):
    runs[f"relu, {name}"] = [train(100, "relu", np.eye(16), clip_norm, seed) for seed in range(3)]
    print(f"relu, identity, {name}, 100 steps:", fate(runs[f"relu, {name}"]))

largest = [max(h.gradient_norm) for name in runs if name.startswith("relu") for h in runs[name]]
print("relu: largest gradient norm of each run above 500:", min(largest) > 500)

# %%
small_chain = 0.9 * (np.eye(16) + np.eye(16, k=1))
chain_runs = [train(100, "relu", small_chain, None, seed) for seed in range(3)]
print("relu, chain, not clipped, 100 steps:", fate(chain_runs))
print("first gradient norm above 1e30:", [r.gradient_norm[0] > 1e30 for r in chain_runs])

# %% [markdown]
# Compare the five verdicts with your prediction. The curves, with the median and the range of three seeds:

# %% tags=["nbval-ignore-output"] reason="A training that works is chaotic: after 300 updates the curves differ between processors."
fig, axes = plt.subplots(1, 2, figsize=(7.5, 3.4), sharey=True)
for ax, kind in zip(axes, ("tanh", "relu"), strict=True):
    curves = {
        name: [history.validation for history in histories]
        for name, histories in runs.items()
        if name.startswith(kind)
    }
    plotting.plot_loss_curves(
        curves, ax, baseline=1 / 6, xlabel="hundreds of updates", ylabel="error on new sequences"
    )
    ax.set_yscale("log")
    ax.set_ylim(0.001, 0.6)
    ax.legend(fontsize="small", loc="lower left")
    for name, errors in curves.items():
        best = np.sort(np.min(errors, axis=1))
        print(f"{name:18s} lowest error: median {best[1]:.3f} ({best[0]:.3f} to {best[2]:.3f})")
axes[0].set_title("clipped at 1, orthogonal start", fontsize=10)
axes[1].set_title("100 steps, identity start", fontsize=10)
plotting.show(
    fig,
    alt="Error of the adding problem against updates, median and range of 3 seeds, baseline 1/6 "
    "dashed. Left, tanh: 20 steps falls well below the baseline, 50 and 100 stay on it. Right, relu "
    "with 100 steps: clipped falls far below, not clipped stays on the baseline.",
)

# %% [markdown]
# What to see on the left: with 20 steps the error falls to about a fifth of the baseline. With 50 and
# with 100 it stays on the dashed line: these networks do no better than to answer 1 always. They were
# clipped, all of them, and started orthogonal. It did not help, as nothing was there to clip.
#
# That is the verdict on 800 updates of this network. With more units, more updates and another learning
# rate you can push the border from 20 steps past 50. It moves; what lies behind it does not go away.
#
# On the right the same clipping decides. The gradient of the relu network is large enough to learn from,
# and now and then far too large: its norm went above 500 in every run. Without clipping the network
# stays on the baseline. Clipped, it learns 100 steps to about a tenth of it.
#
# The shaded range is wide, and on your machine it looks a little different: where gradients can grow,
# so can rounding errors. The verdicts are made to stand it: medians of three seeds against a half.
#
# Clipping is the cure for one of the two illnesses. The other one needs a path along which the gradient is not
# multiplied by anything. Identity and relu are a first such path; the gates of lesson 08 are a better one.

# %% [markdown]
# ## Quiz

# %%
Quiz("04")

# %% [markdown]
# ## Summary
#
# - Each step back multiplies the gradient by the slopes $1 - h_t^2$ and by $W_{hh}^\top$. Fifty
#   factors of 0.9 leave 0.005, fifty of 1.1 make 117.
# - $\sigma_{max}(W_{hh})^k$ bounds the gradient $k$ steps back. An eigenvalue does not, unless the
#   matrix is normal: the chain with eigenvalues 0.9 makes a gradient more than $10^{9}$ times larger.
# - A tanh network with radius 1.5 does not explode here: large states sit where the tanh is flat.
# - Clip all arrays by one common norm. That keeps the direction, stops explosions, and does nothing
#   for a gradient that has vanished.
# - An orthogonal start keeps lengths through the matrix, not through the tanh. After 300 steps it
#   keeps far more than a Gaussian one, and the identity with relu more still.
# - On the adding problem the tanh network learned 20 steps and neither 50 nor 100. The identity
#   with relu learned 100 steps when its gradient was clipped, and not otherwise.

# %% [markdown]
# ## What next
#
# [05 Theano graphs](05_theano_graphs.ipynb) describes a computation in place of doing it, and gets the
# gradient of lesson 03 without a line of derivation. The map in [00 Start here](00_start_here.ipynb)
# shows what you have solved. Gates, the cure for what clipping leaves, come in lesson 08.

# %% [markdown]
# ## References
#
# - S. Hochreiter, *Untersuchungen zu dynamischen neuronalen Netzen*, diploma thesis, TU München 1991;
#   Y. Bengio, P. Simard, P. Frasconi, *Learning long-term dependencies with gradient descent is
#   difficult*, IEEE Transactions on Neural Networks 5 (1994), 157–166: sections 1 and 2.
# - R. Pascanu, T. Mikolov, Y. Bengio, *On the difficulty of training recurrent neural networks*,
#   ICML 2013, section 2.1 (the singular value as a bound) and algorithm 1 (clipping by norm).
# - A. Saxe, J. McClelland, S. Ganguli, *Exact solutions to the nonlinear dynamics of learning in deep
#   linear neural networks*, ICLR 2014: orthogonal starts.
# - Q. V. Le, N. Jaitly, G. E. Hinton, *A simple way to initialize recurrent networks of rectified
#   linear units*, arXiv 1504.00941 (2015), section 4.1: identity and relu on the adding problem.
# - S. Hochreiter, J. Schmidhuber, *Long short-term memory*, Neural Computation 9 (1997), 1735–1780:
#   the adding problem (section 5.4), and the gates that solve it.
