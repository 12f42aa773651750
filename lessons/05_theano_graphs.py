# %% [markdown]
# # 05 · Theano graphs
#
# **40 minutes.** You need: the chain rule, one step of the loop in
# [02 The forward pass](02_forward_pass.ipynb), and the gradients of
# [03 Backpropagation through time](03_backpropagation_through_time.ipynb) to compare with.
#
# In lesson 03 you derived a gradient, wrote it down in twelve lines, and then had to prove that the twelve
# lines were right. Theano derives it for you. The price is a detour: you no longer compute, you
# *describe* a computation, and the description is an object that a program can read, simplify and
# differentiate. It is called a graph.

# %% [markdown]
# ## You will be able to
#
# - say of any line of a Theano program whether it computes or describes, and read five of the errors that follow from mixing the two;
# - read the graph of an expression: operations, variables, dtypes, and who uses what;
# - keep parameters in shared variables and change them by updates, and predict what a call returns;
# - get a gradient from `T.grad` and train a logistic neuron with it, with and without momentum;
# - find the operation that turns float32 into float64, and mend it;
# - say what a C compiler would save you, in seconds, and what it would cost.

# %%
import textwrap
import time

import matplotlib.pyplot as plt
import numpy as np

from course_utils import plotting, session, theano_compat
from course_utils.cells import SimpleRNN
from course_utils.checks import check
from course_utils.gradients import numerical_gradient
from course_utils.losses import mean_squared_error
from course_utils.widgets import GraphBrowserExplorer, Quiz

theano_compat.enable()

import theano
import theano.tensor as T
from theano.compile.mode import Mode
from theano.gradient import DisconnectedInputError
from theano.graph.basic import io_toposort
from theano.graph.fg import MissingInputError

session.start(seed=5)

# %% [markdown]
# `theano_compat.enable()` makes Theano importable on a Python of today, and chooses a mode that needs no
# C compiler. Section 7 shows what that costs.
#
# ## 1. A number that is not there yet
#
# **Idea.** A *symbolic variable* stands for a number or an array that will come later. It has a dtype
# and a number of axes, and nothing else: no value, no length. What you do with it is written down.
#
# **Formula.** $y = x^2 + 1$ is a sentence about any $x$. It becomes a number when you say which $x$.
#
# **Predict.** What does the first `print` show: an error, 1, or something else?

# %%
x = T.dscalar("x")  # d: float64, scalar: no axes. "x" is only a label for messages
y = x**2 + 1

print("y is", y, "of type", y.type)

compute_y = theano.function([x], y)
print("y for x = 3:", compute_y(3))
print("y for x = 4:", compute_y(4))

# %% [markdown]
# It shows the name of an operation: `y` is *the result of an addition that nobody has done*.
# `theano.function([inputs], output)` turns the description into something to call. The call computes.
#
# The type is written into the name of the function that makes the symbol:
#
# | letter | dtype | | ending | axes | in this course |
# |---|---|---|---|---|---|
# | `b`, `i`, `l` | int8, int32, int64 | | `scalar` | 0 | a loss |
# | `f` | float32 | | `vector` | 1 | a bias $(U,)$ |
# | `d` | float64 | | `matrix` | 2 | one step of a batch $(N, D)$ |
# | none | `theano.config.floatX` | | `tensor3` | 3 | a batch $(N, T, D)$ |
#
# So `T.dmatrix` is a float64 matrix. Without a letter, as in `T.matrix`, the dtype is that of
# `floatX`, which is float64 here.
#
# ### Python asks too early
#
# Python wants numbers in many places: `if`, `float`, `len`, `range`. A symbol has none to give.
#
# **Predict.** Six lines of Python that ask a symbol for its value. Which of them raise an error?
# For two of them nothing complains, and those two are the dangerous ones.

# %%
attempts = {
    "if x > 0": lambda: bool(x > 0),
    "max(x, 0)": lambda: max(x, 0),
    "float(x)": lambda: float(x),
    "range(x)": lambda: range(x),
    "if x == 0": lambda: bool(x == 0),
    "if x": lambda: bool(x),
}
for written, attempt in attempts.items():
    try:
        print(f"{written:10s} gives {attempt()}")
    except TypeError as error:
        print(f"{written:10s} TypeError: {error}")

# %% [markdown]
# **What it means.** `x > 0` is a symbol again, for a comparison to be done later. An `if` wants to know
# now. The first four lines are refused, in three wordings of the same thing.
#
# The last two are not refused, and lie. `x == 0` asks whether the *object* `x` is the object 0: `False`, for
# ever. And Python counts any object as true that does not say otherwise. Your program takes one branch at build time and
# never looks again.
#
# **The mend.** A decision that depends on a value is an operation like any other: `T.switch(condition, a, b)`
# for `if`, `T.maximum` for `max`, `T.eq` for `==`.
#
# One more error belongs here, because you will see it often. A function must be told where *every*
# symbol of its graph comes from.

# %%
size = T.switch(x >= 0, x, -x)  # |x|
is_zero = T.eq(x, 0)
look = theano.function([x], [size, is_zero])
for value in (-2.5, 0.0):
    print(value, "->", [result.tolist() for result in look(value)])

try:
    theano.function([], y)
except MissingInputError as error:
    print("MissingInputError:", textwrap.fill(str(error).splitlines()[0], width=95))

# %% [markdown]
# **What it means.** The output needs `x`, and `x` is not in the list of inputs. "Used to compute
# Elemwise{pow…}" tells where: in the power. **The mend.** `theano.function([x], y)`.
#
# ## 2. The graph
#
# **Idea.** The description is made of two kinds of nodes. A *variable* is a value: an input, a
# constant, or a result. An *Apply* node is the use of one operation: it takes variables and makes variables.
# Every variable that was computed knows its Apply node, `owner`, and that knows its `inputs`. So from a
# result you can walk back to the beginning.
#
# **Formula.** The rest of this lesson lives on one neuron. For a sample with $D$ features it gives the
# probability of the label 1:
#
# $$p = \sigma(X w + b) \qquad \sigma(z) = \frac{1}{1 + e^{-z}} \qquad
# L = -\frac1N \sum_{n=1}^{N} \big( y_n \ln p_n + (1 - y_n) \ln (1 - p_n) \big)$$
#
# $X$ has the shape $(N, D)$, $w$ $(D,)$, $b$ is a number, $p$ and the labels $y$ (0 or 1) are $(N,)$, and the
# cost $L$ is a number. It is called the *cross-entropy*.
#
# **Code.** `theano.shared` makes a variable that *has* a value, and keeps it. Section 4 is about these.
# The cell first walks back from the `y` of section 1, and then lets `debugprint` write the graph of $p$ down: the
# result first, each operation above what it takes.
#
# **Predict.** How many operations does $\sigma(Xw + b)$ need? Count before you look.

# %%
X = T.dmatrix("X")
labels = T.dvector("y")
w = theano.shared(np.zeros(2), name="w")
b = theano.shared(0.0, name="b")

p = T.nnet.sigmoid(T.dot(X, w) + b)
cost = -(labels * T.log(p) + (1 - labels) * T.log(1 - p)).mean()

node = y.owner  # y = x**2 + 1
print("y was made by the operation", node.op, "out of", node.inputs)
print("the first of these by      ", node.inputs[0].owner.op, "out of", node.inputs[0].owner.inputs)
print("x was made by              ", x.owner, "\n")
theano.printing.debugprint(p)

# %% [markdown]
# Four, not three: `dot`, `add`, `sigmoid`, and a `DimShuffle{x}` that you did not write. It turns the number
# $b$ into a vector of length 1, so that it can be added to a vector of length $N$. NumPy broadcasts without
# a word. Theano writes it down.
#
# ### Touch it
#
# Below is the graph of the whole cost: leaves are round, operations are boxes, and values flow downwards. Move
# **node** with the arrow keys, or click a node. Blue lines lead to what it takes, red ones to who uses it.
#
# 1. Who uses the sigmoid, node 8? Compare that with the formula.
# 2. Which dtype have the two constants 1, and why does that not matter?
# 3. The mean takes five operations, among the nodes 20 to 25. Which of them count the samples?
# 4. Switch the graph to FAST_RUN, Theano's full optimisation. How many operations are left, and what has
#    become of the two logarithms?

# %%
browser = GraphBrowserExplorer(cost, node=8)
for graph in ("as you wrote it", "FAST_COMPILE", "FAST_RUN"):
    state = browser.state(graph=graph)
    print(f"{graph:16s}{state['count']:3d} nodes, {state['operations']:2d} of them operations")
browser

# %% [markdown]
# <details><summary>Answers</summary>
#
# 1. `log`, for $\ln p$, and `sub`, for $1 - p$. A result that is used twice is one node: it is computed once.
# 2. int8. Theano takes the smallest type that holds the number; int8 with float64 gives float64.
# 3. `Shape`, then `Cast{float64}`, then `Subtensor`, which picks the first element: that is $N$.
# 4. Eight of 19. Both logarithms are gone: a single *Composite* computes them as `softplus`, for a reason that
#    section 7 shows.
# </details>
#
# `GraphBrowserExplorer(expression)` shows any expression of yours, up to 150 nodes.

# %% [markdown]
# ## 3. Compile, and run
#
# **Idea.** `theano.function` takes a list of inputs and one output or a list of outputs. It
# copies the part of the graph that leads from the ones to the others, optimises the copy, and hands you a
# function. Two outputs that share nodes share the work.
#
# What the graph does not know: `X` is a matrix, with two axes of whatever length. Whether lengths fit shows in the call.
#
# **Predict.** All weights are 0. What are $p$ and the cost for any sample, before you see the data? Then we pass
# samples with 3 features, while `w` has 2. What will Theano call the thing that failed?

# %%
rng = np.random.default_rng(5)
X_value = rng.normal(size=(40, 2)) + np.where(np.arange(40) < 20, -0.8, 0.8)[:, None]
y_value = (np.arange(40) >= 20).astype(float)  # 20 samples of each label

predict_and_judge = theano.function([X, labels], [p, cost])
p_value, cost_value = predict_and_judge(X_value, y_value)
print("p of the first three samples:", p_value[:3], " cost", round(float(cost_value), 4))
print("ln 2 =", round(float(np.log(2)), 4), "\n")

try:
    predict_and_judge(np.ones((40, 3)), y_value)
except ValueError as error:
    for line in str(error).splitlines()[:5]:
        print(textwrap.shorten(line, 100))

# %% [markdown]
# $p = 0.5$ and $L = \ln 2$: a neuron that knows nothing. It is the loss at the start of lesson 02 again,
# with two classes.
#
# **What the error means.** Read three things. The first line has the shapes that do not fit: $(40, 3)$ and $(2, 1)$, the
# latter being `w` as a column. "Apply node that caused the error" has the operation: `Dot22`, which the optimiser has
# put in place of your `dot`. "Inputs shapes" says it again, for any operation. **The mend.** Pass samples with as
# many features as `w` has.
#
# **Another value for a variable.** `givens` replaces a variable of the graph by something else when it is
# compiled. A common use: all data lies in a shared variable, and the function takes only the number of the batch.

# %%
X_all, y_all = theano.shared(X_value, name="X_all"), theano.shared(y_value, name="y_all")
i = T.lscalar("i")
batch = slice(10 * i, 10 * (i + 1))
cost_of_batch = theano.function([i], cost, givens={X: X_all[batch], labels: y_all[batch]})

w.set_value(np.array([1.0, 1.0]))
print("cost of each batch:", [round(float(cost_of_batch(k)), 3) for k in range(4)])
print("their mean        :", round(float(np.mean([cost_of_batch(k) for k in range(4)])), 3))
print("cost of all       :", round(float(predict_and_judge(X_value, y_value)[1]), 3))

# %% [markdown]
# `cost` itself has not changed. Only this compiled copy reads from `X_all` in place of `X`. And both functions
# have seen the new `w`: they do not hold a copy of a shared variable, they look at it.
#
# ## 4. Memory: shared variables and updates
#
# **Idea.** A graph has no memory. What has to outlive a call, such as a weight, is kept in a *shared variable*. How a
# call changes it is part of the description as well: an *update* is a pair (shared variable, new value).
#
# **Predict.** The function returns `count` and updates it to `count + 1`. What do three calls return:
# 0, 1, 2 or 1, 2, 3? And what happens to the counter whose function has no updates?
#
# Then two shared variables, `left` is 1 and `right` is 10, with the updates `[(left, right), (right, left)]`. In
# Python the lines `left = right; right = left` would leave 10 in both. What do they hold here?

# %%
count = theano.shared(0, name="count")
next_number = theano.function([], count, updates=[(count, count + 1)])
without_updates = theano.function([], count + 1)

print("with updates   :", [int(next_number()) for _ in range(3)], "then", count.get_value())
print(
    "without updates:", [int(without_updates()) for _ in range(3)], "then", count.get_value(), "\n"
)

left, right = theano.shared(1.0, name="left"), theano.shared(10.0, name="right")
exchange = theano.function([], [], updates=[(left, right), (right, left)])
exchange()
print("after the exchange: left =", left.get_value(), " right =", right.get_value())

f_older, f_newer = theano.shared(0), theano.shared(1)
fibonacci = theano.function([], f_newer, updates=[(f_older, f_newer), (f_newer, f_older + f_newer)])
print("Fibonacci:", [int(fibonacci()) for _ in range(10)])

# %% [markdown]
# 0, 1, 2: outputs are computed from the values *before* the call, and then the updates are stored. Without updates
# `count + 1` is computed three times and stored never. Nothing complains. A forgotten update is a
# network that does not learn.
#
# `left` and `right` have exchanged their values. **Updates do not run in order.** All new values are computed from the old
# ones, and then all are stored at once. The list is a list of facts, not of steps.
#
# So exchanging needs no third variable. But if you *want* the second update to see the result of the first, you have
# to write that result twice. You will, in exercise 5.2.
#
# **Predict.** `get_value()` gives you the number. Change the array that you got: does the shared variable change?
# And what does an expression hold that was built with `w.get_value()`?

# %%
w.set_value(np.array([1.0, 2.0]))
taken = w.get_value()
taken[0] = 99.0
print("w after changing what was taken:", w.get_value())

follows = theano.function([], (3 * w).sum())
frozen = theano.function([], T.sum(3 * T.constant(w.get_value())))
w.set_value(np.array([0.0, 0.0]))
print("w is zero. Built with w:", float(follows()), " built with w.get_value():", float(frozen()))

# %% [markdown]
# `get_value` hands out a copy. And it runs at build time, once: the graph built from it holds the numbers 1 and 2 as
# constants, whatever `w` becomes. That mistake has two faces. A function that never notices a change is one; a
# gradient that cannot be taken is the other.
#
# ## 5. Gradients
#
# **Idea.** Theano knows the derivative of every operation. From a graph that computes a cost it builds, by the chain
# rule, a graph that computes the gradient. `T.grad` is at build time: it returns a description.
#
# **Formula.** For $h = \tanh(z)$, lesson 03 used $\mathrm{d}h/\mathrm{d}z = 1 - h^2$.
#
# **Predict.** You did not tell Theano this formula. At which $z$ is the slope largest, and how large?

# %%
z = T.dscalar("z")
h = T.tanh(z)
slope = theano.function([z], T.grad(h, z))

grid = np.linspace(-3, 3, 121)
slopes = np.array([slope(value) for value in grid])
by_hand = 1 - np.tanh(grid) ** 2
print("operations in the gradient:", theano.pp(T.grad(h, z)))
print("equal to 1 - h² to 1e-14:", bool(np.allclose(slopes, by_hand, rtol=0, atol=1e-14)))
print("largest slope", slopes.max(), "at z =", abs(round(float(grid[slopes.argmax()]), 2)))

fig, ax = plt.subplots(figsize=(7, 2.8))
ax.plot(grid, np.tanh(grid), label="h = tanh(z)")
ax.plot(grid, slopes, "--", label="slope from T.grad")
ax.set_xlabel("z (input of the unit)")
ax.set_ylabel("h, and slope dh/dz")
ax.legend()
plotting.show(
    fig,
    alt="tanh rises from -1 to 1 in the shape of an S; its slope from T.grad is a bell with its "
    "maximum of 1 at z = 0, below 0.01 at both ends.",
)

# %% [markdown]
# What to see: a bell of height 1, almost nothing beyond $z = \pm 3$. It is the slope that made gradients vanish in
# lesson 04. In the printed gradient, `fill(…, 1)` is the 1 with which every chain rule begins.
#
# **Two errors.** `T.grad` wants a single number to differentiate, and it wants that number to depend on the variable.
#
# **Predict.** Which of these three does it refuse: the gradient of `p`, a vector; the gradient of a cost built with
# `w.get_value()`; the gradient of the mean of `p`, which is no cost at all?

# %%
eager_p = T.nnet.sigmoid(T.dot(X, T.constant(w.get_value())) + b)
for name, expression in {
    "p, a vector": p,
    "mean of p, built with w.get_value()": eager_p.mean(),
    "mean of p": p.mean(),
}.items():
    try:
        print(f"{name}: accepted, {T.grad(expression, w).type}")
    except DisconnectedInputError:
        print(f"{name}: DisconnectedInputError")
    except TypeError as error:
        print(f"{name}: TypeError: {error}")

# %% [markdown]
# **What it means.** "cost must be a scalar": take a mean or a sum first, so that there is *one* number to improve.
# `DisconnectedInputError` comes with no words at all, only with the line that made `w`. It says: no path leads
# from the cost back to `w`. The graph browser shows such a gap at once.
#
# The third is accepted, and useless: it would make all predictions larger, right or wrong. `T.grad` differentiates what
# you give it.
#
# And trust it only after a test, as you did with your own gradient in lesson 03. On paper the gradient of our cost
# shrinks to $X^\top (p - y) / N$, so there are two witnesses.

# %%
gradient_w, gradient_b = T.grad(cost, [w, b])
gradients = theano.function([X, labels], [gradient_w, gradient_b])
w_value, b_value = np.array([0.5, -0.3]), 0.2
w.set_value(w_value)
b.set_value(b_value)


def numpy_cost(w, b):
    """The cost, in NumPy."""
    p = 1 / (1 + np.exp(-(X_value @ w + b)))
    return -(y_value * np.log(p) + (1 - y_value) * np.log(1 - p)).mean()


by_differences = numerical_gradient(lambda w: numpy_cost(w, b_value), w_value)
by_theano, _ = gradients(X_value, y_value)
by_formula = X_value.T @ (1 / (1 + np.exp(-(X_value @ w_value + b_value))) - y_value) / 40
print("T.grad            ", by_theano.round(6))
print("central difference", by_differences.round(6))
print("X^T (p - y) / N   ", by_formula.round(6))
print("to 1e-8, to 1e-12 :", np.allclose(by_theano, by_differences, rtol=0, atol=1e-8), end=" ")
print(np.allclose(by_theano, by_formula, rtol=0, atol=1e-12))

# %% [markdown]
# The numbers agree. The graph does not look like that formula at all: it is the chain rule, link by link.
#
# ### Touch it: your own expression
#
# Here is the gradient for $w$ and $b$. The upper part is the cost that you know. The long lines on both sides
# carry values of the forward pass down to the backward pass: that is the memory that backpropagation needs.

# %%
browser = GraphBrowserExplorer([gradient_w, gradient_b], node=9)
for graph in ("as you wrote it", "FAST_COMPILE", "FAST_RUN"):
    print(f"{graph:16s}{browser.state(graph=graph)['operations']:3d} operations")
browser

# %% [markdown]
# ### Exercise 5.1 · A logistic neuron
#
# Describe one step of gradient descent. You get symbols for samples and labels, two shared variables, and a learning
# rate $\eta$. Return the cost (a symbol) and the updates $w \leftarrow w - \eta\,\partial L/\partial w$ and
# $b \leftarrow b - \eta\,\partial L/\partial b$. The check compiles your step and calls it four times.
#
# <details><summary>Hint 1: the cost</summary>
#
# `p` and `cost` of section 2 are nearly all of it; only the names differ.
# </details>
#
# <details><summary>Hint 2: an update</summary>
#
# The second half of a pair is the whole new value, `w - …`, not the step alone. The pairs stand in a list.
# </details>


# %% exercise="5.1"
def logistic_step(X, y, w, b, learning_rate):
    """Return the mean cross-entropy and the updates of one step of gradient descent.

    X symbolic (N, D), y symbolic (N,) of 0 and 1, w shared (D,), b shared (), learning_rate float
    -> cost symbolic (), updates: list of pairs (shared variable, new value)
    """
    ### BEGIN SOLUTION
    p = T.nnet.sigmoid(T.dot(X, w) + b)
    cost = -(y * T.log(p) + (1 - y) * T.log(1 - p)).mean()
    gradient_w, gradient_b = T.grad(cost, [w, b])
    updates = [(w, w - learning_rate * gradient_w), (b, b - learning_rate * gradient_b)]
    return cost, updates
    ### END SOLUTION


# %% check="5.1"
check("5.1", logistic_step)

# %% [markdown]
# ### The neuron learns
#
# **Picture.** The 40 samples of section 3 and 100 steps with $\eta = 1$. The line is where $p = 0.5$.
#
# **Predict.** The two clouds overlap. Will the cost go to 0?

# %%
w.set_value(np.zeros(2))
b.set_value(0.0)
step = theano.function(
    [X, labels], cost, updates=[(w, w - 1.0 * gradient_w), (b, b - 1.0 * gradient_b)]
)
costs = [float(step(X_value, y_value)) for _ in range(100)]
right = (theano.function([X], p)(X_value) > 0.5) == y_value
print(f"cost {costs[0]:.3f} -> {costs[-1]:.3f}, {int(right.sum())} of 40 samples right")

fig, (left_ax, right_ax) = plt.subplots(1, 2, figsize=(7.5, 3))
left_ax.plot(np.arange(1, 101), costs)
left_ax.set_xlabel("call of step")
left_ax.set_ylabel("cost (nats)")
left_ax.set_ylim(0, 0.75)
for label, marker in ((0, "o"), (1, "s")):
    chosen = y_value == label
    right_ax.scatter(*X_value[chosen].T, marker=marker, s=22, label=f"label {label}")
(w_0, w_1), edge = w.get_value(), np.array([-3.6, 3.6])
right_ax.plot(edge, -(w_0 * edge + b.get_value()) / w_1, color="0.3")
right_ax.set_xlim(-3.6, 3.6)
right_ax.set_ylim(-3.6, 3.6)
right_ax.set_xlabel("feature 1")
right_ax.set_ylabel("feature 2")
right_ax.legend(fontsize="small")
plotting.show(
    fig,
    alt="Left: the cost falls from 0.69 within 20 calls and then levels off well above 0. Right: "
    "two overlapping clouds of 20 points with the straight line that divides them.",
)

# %% [markdown]
# What to see: the cost falls from 0.69 to 0.2 within 20 calls and levels off at 0.18. No straight line puts all points
# on their side: this one has 36 of 40, and being certain of the other four would be expensive.
#
# ### Momentum, and a value that is needed twice
#
# **Idea.** In a narrow valley plain descent goes from wall to wall. *Momentum* remembers the last step and adds
# the new one to it: sideways steps cancel, steps along the valley add up.
#
# **Formula.** For each parameter $\theta$ a velocity $v$ of the same shape, zero at first, with the momentum
# $\mu$, often 0.9:
#
# $$v \leftarrow \mu v - \eta \frac{\partial L}{\partial \theta} \qquad \theta \leftarrow \theta + v$$
#
# The second formula wants the *new* $v$. Section 4 has told you what a pair `(theta, theta + v)` sees.
#
# ### Exercise 5.2 · Momentum
#
# Return the updates of momentum for a list of parameters: for each one a velocity, and the parameter itself.
# `course_utils.training.SGD` does the same to NumPy arrays.
#
# <details><summary>Hint 1: where the velocity lives</summary>
#
# It must outlive the call. Make one shared variable for each parameter, from an array of zeros like
# `parameter.get_value()`: same shape, same dtype.
# </details>
#
# <details><summary>Hint 2: the new velocity</summary>
#
# Give the expression a name. It stands in two pairs.
# </details>


# %% exercise="5.2"
def momentum_updates(cost, parameters, learning_rate, momentum):
    """Return the updates of gradient descent with momentum.

    cost symbolic (), parameters: list of shared variables, learning_rate and momentum float
    -> list of pairs (shared variable, new value), for the velocities and for the parameters
    """
    ### BEGIN SOLUTION
    updates = []
    for parameter, gradient in zip(parameters, T.grad(cost, parameters), strict=True):
        velocity = theano.shared(np.zeros_like(parameter.get_value()))
        new_velocity = momentum * velocity - learning_rate * gradient
        updates.append((velocity, new_velocity))
        updates.append((parameter, parameter + new_velocity))
    return updates
    ### END SOLUTION


# %% check="5.2"
check("5.2", momentum_updates)

# %% [markdown]
# **Picture.** A valley that is 40 times steeper across than along: $L = \frac12 (\theta_1^2 + 40\,\theta_2^2)$. Forty
# steps from $(-9, 1)$ with $\eta = 0.045$: without momentum, with $\mu = 0.8$, and with the pair that sees the old
# velocity.
#
# **Predict.** The wrong pair is one step late. Is that harmless?


# %%
def valley_path(momentum, new_velocity_in_both=True):
    """Forty steps down the valley."""
    theta = theano.shared(np.array([-9.0, 1.0]), name="theta")
    velocity = theano.shared(np.zeros(2), name="velocity")
    cost = 0.5 * (T.constant(np.array([1.0, 40.0])) * theta**2).sum()
    new_velocity = momentum * velocity - 0.045 * T.grad(cost, theta)
    moved = theta + (new_velocity if new_velocity_in_both else velocity)
    move = theano.function([], cost, updates=[(velocity, new_velocity), (theta, moved)])
    path = [theta.get_value()]
    for _ in range(40):
        move()
        path.append(theta.get_value())
    return np.array(path)


paths = {
    "plain descent": valley_path(0.0),
    "momentum 0.8": valley_path(0.8),
    "momentum 0.8, old velocity": valley_path(0.8, new_velocity_in_both=False),
}
fig, ax = plt.subplots(figsize=(7, 3))
grid_1, grid_2 = np.meshgrid(np.linspace(-10, 4, 120), np.linspace(-1.6, 1.6, 80))
ax.contour(
    grid_1, grid_2, 0.5 * (grid_1**2 + 40 * grid_2**2), levels=12, colors="0.85", linewidths=0.8
)
for (name, path), style in zip(paths.items(), ("o-", "s-", "^:"), strict=True):
    ax.plot(*path.T, style, markersize=3, linewidth=1, label=name)
    distance = np.linalg.norm(path[-1])
    shown = f"{distance:.2f}" if distance < 100 else "above 100"
    print(f"{name:28s}distance from the lowest point after 40 steps: {shown}")
ax.set_xlim(-10, 4)
ax.set_ylim(-1.6, 1.6)
ax.set_xlabel(r"$\theta_1$ (along the valley)")
ax.set_ylabel(r"$\theta_2$ (across)")
ax.legend(fontsize="small", loc="upper right")
plotting.show(
    fig,
    alt="Paths down a narrow valley in 40 steps. Plain descent zigzags and is still on its way; with "
    "momentum the path swings and ends near the lowest point; with the old velocity it leaves the "
    "picture upwards and downwards.",
)

# %% [markdown]
# What to see: plain descent jumps from wall to wall and creeps along; momentum swings and arrives. The third path
# leaves the picture. One step late is not harmless at all: a push that answers to where you were one step ago
# comes when you are on the other wall already.
#
# ## 6. float32, float64, and who decides
#
# **Idea.** GPUs and large networks use float32: half the memory, 7 digits in place of 16. A shared
# variable keeps its dtype for ever. If the new value of a float32 variable is float64, Theano refuses the update, and
# does not round behind your back.
#
# **Predict.** A float32 vector $v$. Which of these nine expressions are still float32?

# %%
v = theano.shared(np.ones(3, dtype="float32"), name="v")
expressions = {
    "v * 2": v * 2,
    "v * 0.5": v * 0.5,
    "v * 0.1": v * 0.1,
    "v * np.float32(0.1)": v * np.float32(0.1),
    "v * T.bvector() (int8)": v * T.bvector(),
    "v * T.ivector() (int32)": v * T.ivector(),
    "v.mean()": v.mean(),
    "v.sum() / v.shape[0]": v.sum() / v.shape[0],
    "v + np.zeros(3)": v + np.zeros(3),
}
for written, expression in expressions.items():
    print(f"{written:26s}{expression.dtype}")

# %% [markdown]
# Five. The rules behind it: a result has the smallest dtype that holds both operands without loss. int8 fits into float32;
# int32 and int64 do not, so they lift it to float64, and `shape` is int64. A plain Python number takes the smallest float that
# holds it *exactly*: float32 for 0.5, which is a power of two, and float64 for 0.1, which is not.
#
# So `v * 0.5` works, and `v * 0.1` is another dtype. Now a training step with it. Theano's message says that two types
# differ, and not *where* float64 began. So the cell also walks through the graph, from the inputs down, and looks for
# the first operation that makes float64 out of something else.

# %%
gradient = T.grad(T.sqr(v - 1).sum(), v)
print("gradient of a float32 cost:", gradient.dtype)
try:
    theano.function([], [], updates=[(v, v - 0.1 * gradient)])
except TypeError as error:
    print("TypeError:", textwrap.fill(error.args[0], width=95))

with theano.config.change_flags(floatX="float32"):
    print(
        "\nwith floatX = float32, 0.1 * v is", (0.1 * v).dtype, "and T.matrix()", T.matrix().dtype
    )


def upcasts(result):
    """The first operations on each path that make float64 out of another dtype."""
    after, first = set(), []
    for node in io_toposort([], [result]):
        inherits = any(taken.owner in after for taken in node.inputs)
        mixes = any(getattr(taken, "dtype", "float64") != "float64" for taken in node.inputs)
        makes = mixes and getattr(node.outputs[0], "dtype", None) == "float64"
        if makes and not inherits:
            first.append(node)
        if makes or inherits:
            after.add(node)
    return first


print()
for node in upcasts(v - 0.1 * gradient):
    print("upcast:", node.op, "of", [taken.dtype for taken in node.inputs])

# %% [markdown]
# **What it means.** Compare the two types in the message: the shared variable is `TensorType(float32, vector)`, the
# new value is `TensorType(float64, vector)`. The walk names the place: a product of float64 and float32. The float64
# is the 0.1.
#
# **The mend, for a whole program.** Set `theano.config.floatX = "float32"` before you build anything. Then plain Python
# numbers and `T.matrix` are float32. It does not mend integers, nor arrays from NumPy, which are float64 by default.
#
# **The mend, for one place.** `np.float32(0.1)`, or `T.cast(variable, "float32")`.
#
# ### Exercise 5.3 · Hunt the dtype error
#
# The cost below should be float32: cross-entropy plus a *weight decay* of $0.01 \sum_d w_d^2$, which keeps weights
# small. `X`, `w` and `b` are float32. The labels are int32, as data sets often have them. The result is float64. Three
# lines of innocent Python are to blame. Look at the graph coloured by dtype, or call `upcasts`.
#
# Write the cost again, so that float64 is nowhere in it. Mend the causes: a cast at the end leaves all the work in
# float64, and the check looks inside.
#
# <details><summary>Hint 1: one at a time</summary>
#
# Float64 spreads downwards, so only the first upcast of each path shows. Mend it, look again, and the next one
# appears.
# </details>
#
# <details><summary>Hint 2: tools</summary>
#
# `T.cast(variable, "float32")` for a variable, `np.float32(number)` for a number. And one of the nine
# expressions above is a mean that stays float32.
# </details>

# %%
X_32, y_32 = T.fmatrix("X"), T.ivector("y")
w_32 = theano.shared(np.zeros(2, dtype="float32"), name="w")
b_32 = theano.shared(np.float32(0), name="b")


def broken_cost(X, y, w, b):
    """The cost with three mistakes; softplus(z) - y z is the same cross-entropy, written shorter."""
    z = T.dot(X, w) + b
    losses = T.nnet.softplus(z) - y * z
    mean = losses.sum() / X.shape[0]
    return mean + 0.01 * T.sqr(w).sum()


print("dtype of the cost:", broken_cost(X_32, y_32, w_32, b_32).dtype)
GraphBrowserExplorer(broken_cost(X_32, y_32, w_32, b_32), colours="dtype", node=7)


# %% exercise="5.3"
def cost_in_float32(X, y, w, b):
    """Return mean cross-entropy + 0.01 times the sum of squared weights, all of it in float32.

    X symbolic (N, D) float32, y symbolic (N,) int32, w shared (D,) float32, b shared () float32
    -> cost symbolic (), float32
    """
    ### BEGIN SOLUTION
    z = T.dot(X, w) + b
    losses = T.nnet.softplus(z) - T.cast(y, "float32") * z
    return losses.mean() + np.float32(0.01) * T.sqr(w).sum()
    ### END SOLUTION


# %% check="5.3"
check("5.3", cost_in_float32)

# %% [markdown]
# ## 7. What the compiler does, and what C costs
#
# **Idea.** A *mode* is two choices. How hard does Theano optimise the graph? And does it run each operation by NumPy,
# or write C code, compile that, and run it? This course uses `FAST_COMPILE` without C: few optimisations, no waiting.
#
# Optimisation is not only about speed. Take one sample with the label 0 and $z = 40$. The neuron is certain, and wrong.
# On paper the cost is $-\ln(1 - \sigma(40)) = \ln(1 + e^{40}) = 40$.
#
# **Predict.** $\sigma(40)$ is $1 - 4 \cdot 10^{-18}$. float64 has 16 digits. What is $1 - p$, and its logarithm?

# %%
certain = np.array([[40.0, 0.0]]), np.array([0.0])
w.set_value(np.array([1.0, 0.0]))
b.set_value(0.0)
z_X = T.dot(X, w) + b
short_cost = (T.nnet.softplus(z_X) - labels * z_X).mean()
modes = {"FAST_COMPILE": None, "all optimisations": Mode("vm", "fast_run")}
for name, mode in modes.items():
    for form, expression in {"with logarithms": cost, "with softplus": short_cost}.items():
        compiled = theano.function([X, labels], [expression, T.grad(expression, w)[0]], mode=mode)
        with np.errstate(all="ignore"):
            value, slope_w = compiled(*certain)
        nodes = len(compiled.maker.fgraph.apply_nodes)
        print(f"{name:18s}{form:16s}{nodes:3d} operations, cost {value}, gradient {slope_w}")

# %% [markdown]
# The formula as you wrote it gives infinity and *not a number*: $p$ is rounded to 1, and $\ln 0$ follows. One such
# sample ends a training. The full optimiser sees `log` of `1 - sigmoid` and puts `softplus` in its place,
# $\ln(1 + e^z)$, computed with care: 40, and a gradient of 40.
#
# In this course's mode nobody does that for you. So write the careful form yourself, as in exercise 5.3:
#
# $$-\big(y \ln p + (1 - y) \ln(1 - p)\big) = \mathrm{softplus}(z) - y z$$
#
# It is right in every mode, and it has fewer operations.
#
# **C.** The cell below compiles a small graph in both modes and times it on 10 and on 100,000 numbers. It runs without a
# compiler, too: then it says so. Your figures will differ.
#
# **Predict.** Which part does C make faster, the compiling or the running? How many calls pay for it?

# %% tags=["nbval-ignore-output"] reason="Times of this machine; and there may be no C compiler."
numbers = T.dvector("numbers")
curve = (T.tanh(numbers) * numbers + T.exp(-(numbers**2))).sum()


def timed(mode):
    """Seconds to compile, and seconds a call on 10 and on 100,000 numbers."""
    begin = time.perf_counter()
    compiled = theano.function([numbers], curve, mode=mode)
    seconds = [time.perf_counter() - begin]
    for length, calls in ((10, 200), (100_000, 20)):
        values = np.linspace(-1, 1, length)
        compiled(values)  # the first call is slower
        begin = time.perf_counter()
        for _ in range(calls):
            compiled(values)
        seconds.append((time.perf_counter() - begin) / calls)
    return seconds


rows = {"pure Python": timed(None)}
try:
    begin = time.perf_counter()
    c_mode = theano_compat.c_mode()
    print(f"getting the compiler ready: {time.perf_counter() - begin:.1f} s")
    rows["C, first time"] = timed(c_mode)
    rows["C, again"] = timed(c_mode)
except RuntimeError as error:
    print("No C mode here:", error)
print(f"{'':16s}{'compile':>10s}{'10 numbers':>14s}{'100,000':>14s}")
for name, (compiling, short, long) in rows.items():
    print(f"{name:16s}{compiling:8.2f} s{1e6 * short:11.1f} µs{1e6 * long:11.0f} µs")

# %% [markdown]
# On the two cores on which this was written, C took 3 to 8 seconds the first time and a twentieth of a second from
# its cache later, where pure Python took a hundredth. A call on 10 numbers came down from about 100 µs to 3 µs, and one
# on 100,000 from 12 to 20 ms to 3 to 5 ms: C makes one loop out of six operations.
#
# So at 0.1 ms a call, 3 seconds are won back after 30,000 calls; at 10 ms a call, after 300. Networks with scan need
# from 15 seconds to more than a minute of compiling on an empty cache. Lessons 06 to 09 stay within a minute without it,
# and so they leave it out.
#
# ## 8. The same network, the same numbers
#
# Lesson 02's network, with its weights and inputs, and lesson 03's loss. This time you describe **one step** and
# nothing else. NumPy loops over it, forwards; and then backwards, over the gradient of that one step.
#
# **Formula.** In lesson 03 a step received a gradient $d_t$ for its state, from its own loss and from the step after it, and
# turned it into gradients for $h_{t-1}$ and the weights. The number $\sum h_t \odot d_t$, with $d_t$ held fixed, has just
# the gradient $d_t$ with respect to $h_t$. So it is all that `T.grad` needs.
#
# **Predict.** Lesson 03 needed the slope $1 - h_t^2$, two transposes and a sum over the batch. How many of these do you
# have to write now?

# %%
n_samples, n_steps, n_features, n_units = 3, 6, 2, 4
rng = np.random.default_rng(2)
W_xh, W_hh, b_h = (
    theano.shared(value, name=name)
    for name, value in {
        "W_xh": rng.normal(0, 0.5, size=(n_features, n_units)),
        "W_hh": rng.normal(0, 0.5, size=(n_units, n_units)),
        "b_h": rng.normal(0, 0.1, size=n_units),
    }.items()
)
x_value = rng.normal(size=(n_samples, n_steps, n_features))
h0 = np.zeros((n_samples, n_units))

x_t, h_prev, d_t = T.dmatrix("x_t"), T.dmatrix("h_prev"), T.dmatrix("d_t")
h_t = T.tanh(T.dot(x_t, W_xh) + T.dot(h_prev, W_hh) + b_h)
forward = theano.function([x_t, h_prev], h_t)
backward = theano.function([x_t, h_prev, d_t], T.grad((h_t * d_t).sum(), [h_prev, W_xh, W_hh, b_h]))

states = [h0]
for t in range(n_steps):
    states.append(forward(x_value[:, t], states[-1]))
h_value = np.stack(states[1:], axis=1)
print("h", h_value.shape, "last state of the first sequence", h_value[0, -1].round(4))

target = rng.uniform(-1, 1, size=h_value.shape)  # lesson 03's targets
loss, dh = mean_squared_error(h_value, target)
print("loss", round(loss, 4))

from_later, totals = np.zeros_like(h0), [0.0, 0.0, 0.0]
for t in reversed(range(n_steps)):
    from_later, *shares = backward(x_value[:, t], states[t], dh[:, t] + from_later)
    totals = [total + share for total, share in zip(totals, shares, strict=True)]

cell = SimpleRNN(W_xh.get_value(), W_hh.get_value(), b_h.get_value())
by_hand = cell.backward(cell.forward(x_value, h0), dh)
for name, ours, theirs in zip(
    ("W_xh", "W_hh", "b_h", "h0"),
    (*totals, from_later),
    (by_hand.kernel, by_hand.recurrent_kernel, by_hand.bias, by_hand.h0),
    strict=True,
):
    equal = bool(np.allclose(ours, theirs, rtol=0, atol=1e-10))
    print(f"{name:5s}{ours.shape!s:8s} equal to lesson 03 to 1e-10: {equal}")

# %% [markdown]
# None of them: one line of forward pass, one call of `T.grad`. The state and the loss are those of lesson 03, and so are all
# four gradients, to $10^{-10}$.
#
# What is left in NumPy is the loop. A Python loop cannot look into the future graph, and Theano cannot look into your
# Python loop: neither knows the other. That is what lesson 06 mends.

# %% [markdown]
# ## Quiz

# %%
Quiz("05")

# %% [markdown]
# ## Summary
#
# - A symbolic variable has a dtype and a number of axes, and no value. Your Python describes; `theano.function`
#   compiles; the call computes. `if x == 0` is answered at build time, wrongly, without an error.
# - A graph is variables and Apply nodes. `owner` and `inputs` lead back from a result; `debugprint` and the browser show it.
# - Shared variables keep values between calls. Outputs come from the values before the call. **Updates do not run in
#   order**: all new values are computed from old ones.
# - `get_value()` gives a copy, at build time. A graph built from it is frozen and has no gradient.
# - `T.grad` differentiates one number, whichever you give it. Check it once against differences.
# - int32, int64 and 0.1 lift float32 to float64; int8 and 0.5 do not. Find the first upcast.
# - Write $\mathrm{softplus}(z) - yz$, not logarithms of a sigmoid. C saves time per call and costs seconds per graph.
#
# | the message says | it means | mend |
# |---|---|---|
# | do not support boolean operations | Python `if`, `max` or `and` on a symbol | `T.switch`, `T.maximum` |
# | Input 0 of the graph … was not provided | a symbol is missing from the inputs | `theano.function([x], …)` |
# | shapes (40,3) and (2,1) not aligned | wrong lengths, seen at run time | read "Inputs shapes" |
# | cost must be a scalar | gradient of an array | `.mean()` or `.sum()` |
# | DisconnectedInputError, no text | no path from cost to variable | no `get_value()` in the graph |
# | An update must have the same type | float64 for a float32 variable | find the upcast |

# %% [markdown]
# ## What next
#
# [06 scan](06_scan.ipynb) puts the loop of section 8 into the graph, and then one call of `T.grad` goes back through all
# steps. The map in [00 Start here](00_start_here.ipynb) shows what you have solved.
#
# ## References
#
# - J. Bergstra et al., *Theano: A CPU and GPU Math Compiler in Python*, Proceedings of the 9th Python in
#   Science Conference (SciPy 2010), sections 2 and 3: graphs, optimisations, the `log(1 + exp(x))` example.
# - Theano Development Team, *Theano: A Python framework for fast computation of mathematical
#   expressions*, arXiv:1605.02688 (2016), section 2: variables, Apply nodes, shared variables, updates.
# - Theano documentation, tutorial, *Baby steps*, *Derivatives*, *Configuration settings and compiling modes*.
# - B. T. Polyak, *Some methods of speeding up the convergence of iteration methods*, USSR Computational
#   Mathematics and Mathematical Physics 4 (1964): momentum.
# - A. G. Baydin et al., *Automatic differentiation in machine learning: a survey*, Journal of Machine
#   Learning Research 18 (2018), section 3.2: what `T.grad` does.
