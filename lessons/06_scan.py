# %% [markdown]
# # 06 · scan
#
# **50 minutes.** You need: the loop over time of [02 The forward pass](02_forward_pass.ipynb), and
# from [05 Theano graphs](05_theano_graphs.ipynb) symbolic variables, `theano.function` and `T.grad`.
#
# A recurrent network is a loop. Theano does not run your Python: it runs a *graph* that your Python
# describes. So the loop has to go into the graph. `theano.scan` puts it there, and then Theano
# can differentiate it for you. `theano.scan` has one difficulty, and it is not mathematics: which
# value goes to which argument. After this lesson you know.

# %% [markdown]
# ## You will be able to
#
# - write a loop over a sequence with `theano.scan`, and name for each argument of the step function where its value comes from;
# - predict the shape of what scan returns, and say why the start value is not in it;
# - loop a fixed number of steps, look two steps back, run backwards, and stop on a condition;
# - read five of Theano's complaints about loops, and mend the cause of each in one line;
# - differentiate through a loop, and run the network of lesson 02 in Theano with numbers equal to $10^{-10}$.

# %%
import textwrap

import matplotlib.pyplot as plt
import numpy as np

from course_utils import plotting, session, theano_compat
from course_utils.cells import SimpleRNN
from course_utils.checks import check
from course_utils.gradients import numerical_gradient
from course_utils.widgets import Quiz, ScanTracerExplorer

theano_compat.enable()

import theano
import theano.tensor as T
from theano.graph.basic import ancestors
from theano.graph.fg import MissingInputError
from theano.scan import until
from theano.tensor.random.utils import RandomStream

session.start(seed=6)

# %% [markdown]
# `theano_compat.enable()` makes Theano importable on a Python of today and chooses its pure-Python
# mode: everything in this lesson compiles in a fraction of a second, and needs no C compiler.
#
# In code, `T` is `theano.tensor`. In formulas, $T$ is the number of steps. Both are old habits.
#
# ## 1. A loop that Theano can see
#
# **Idea.** A Theano program lives twice. At *build time* your Python runs once, without any numbers,
# and describes a computation. At *run time* Theano does the computation, as often as you like, and
# your Python does not run again.

# %%
x = T.dvector("x")  # a symbol for a float64 vector; it has no numbers and no length
doubled = 2 * x  # build time: makes a node of the graph, multiplies nothing
double = theano.function([x], doubled)

print("at build time:", doubled.type)
print("at run time  :", double([1, 2, 3]))

# %% [markdown]
# **Predict.** You want the square of each element and you know Python. What does a Python loop over
# the elements of the symbol `x` do?

# %%
try:
    squares = [x[t] ** 2 for t in range(x.shape[0])]
except TypeError as error:
    print("TypeError:", error)

# %% [markdown]
# **What it means.** `range` needs a number, and `x.shape[0]` is a symbol like `x`. At build time
# there is no length yet.
#
# **The mend.** You can write a number where the length belongs. Then the Python loop runs at build
# time and writes the graph of each step, one after the other. Or you put the loop itself into the
# graph. Let us see what the two cost.


# %%
def sum_of_squares_python(x, n_steps):
    """Build the sum with a Python loop: one copy of the step for each t."""
    total = 0
    for t in range(n_steps):
        total = total + x[t] ** 2
    return total


def sum_of_squares_scan(x):
    """Build the sum with a loop inside the graph."""
    squares, _ = theano.scan(lambda x_t: x_t**2, sequences=x)
    return squares.sum()


def count_nodes(result):
    """Number of operations in the graph that computes `result`."""
    return len({variable.owner for variable in ancestors([result]) if variable.owner})


lengths = [1, 10, 20, 30, 40, 50]
nodes_python = [count_nodes(sum_of_squares_python(x, n_steps)) for n_steps in lengths]
nodes_scan = [count_nodes(sum_of_squares_scan(x))] * len(lengths)

fig, ax = plt.subplots(figsize=(7, 2.8))
ax.plot(lengths, nodes_python, marker="o", label="Python loop at build time")
ax.plot(lengths, nodes_scan, marker="s", label="scan")
ax.set_xlabel("number of steps T")
ax.set_ylabel("operations in the graph")
ax.legend()
plotting.show(
    fig,
    alt="Operations in the graph against the number of steps: with a Python loop they grow in "
    "proportion, to 150 at 50 steps; with scan they stay at 7.",
)
print("Python loop:", dict(zip(lengths, nodes_python, strict=True)))
print("scan       :", nodes_scan[0], "operations, whatever the length")

# %% [markdown]
# What to see: the blue line grows by 3 operations a step: pick the element, square it, add it. Theano
# optimises, differentiates and compiles each of them, so a Python loop over 1,000 steps makes you
# wait, and it fits one length only. The other line is flat. Its graph holds one operation called
# *scan*, with the step inside.
#
# **Code.** Here is that scan again, slowly. `theano.scan` takes a function, the *step function*, and
# what to loop over. It returns two things: the results of all steps, stacked along axis 0, and
# *updates*, which are empty here and matter in section 6.
#
# **Predict.** The step function below prints a line. We build once and then run on three and on six
# numbers. How many lines do you expect: 1, 2, 3, 6 or 9?


# %%
def square_step(x_t):
    """Return the square of one element."""
    print("square_step runs; x_t is", x_t.type)
    return x_t**2


squares, updates = theano.scan(square_step, sequences=x)
square = theano.function([x], squares)
print("updates:", dict(updates))

# %%
print(square([1, 2, 3]))
print(square(np.arange(6)))

# %% [markdown]
# One line, and at build time. scan called your function **once**, with a symbol for "some element of
# `x`", kept the graph that came back, and threw your function away. At run time that graph is
# computed 3 or 6 times, and your `print` is not in it.
#
# This is the thought to keep: *the step function does not compute a step, it describes one.* To see
# numbers at run time, put the printing into the graph: `theano.printing.Print("x_t")(x_t)` is a
# symbol like `x_t`, and prints its value whenever it is computed.
#
# ## 2. What the last step computed
#
# **Idea.** Squares do not need each other. A running sum does: each step adds to what the step
# before it returned.
#
# **Formula.** $s_t = s_{t-1} + x_t$ for $t = 1, \dots, T$, with the start value $s_0 = 0$.
#
# **Code.** Tell scan the start value with `outputs_info`. From then on it hands each result of the
# step back to the next step, as an argument *after* the element of the sequence.
#
# **Predict.** $x$ has four elements. With the start value there are five sums in play, $s_0$ to
# $s_4$. How many does scan return?

# %%
sums, _ = theano.scan(
    lambda x_t, s_prev: s_prev + x_t,
    sequences=x,
    outputs_info=T.zeros(()),  # s_0: a zero without axes, in float64
)
add_up = theano.function([x], sums)

print("scan :", add_up([1, 2, 3, 4]))
print("NumPy:", np.cumsum([1.0, 2, 3, 4]))

# %% [markdown]
# Four. scan returns **what the step returned**, once a step. No step returned $s_0$, so it is not
# there. If you expect it, all your indices are off by one: `sums[0]` is $s_1$.
#
# ### The start value has a dtype, and it decides
#
# scan keeps the state in one array for the whole loop. That array has the dtype of the start value,
# so each step must return just that dtype. It is the most frequent complaint that you will see.
#
# **Predict.** `x` is float64. Which of these four zeros are float64 for Theano: `0`, `0.0`,
# `np.float64(0)`, `T.zeros(())`? And the last line of the cell adds two int8 elements, 100 and 100, to
# the start value `0`. What is the sum?

# %%
message = ""
for written, zero in {
    "0": 0,
    "0.0": 0.0,
    "np.float64(0)": np.float64(0),
    "T.zeros(())": T.zeros(()),
}.items():
    try:
        theano.scan(lambda x_t, s_prev: s_prev + x_t, sequences=x, outputs_info=zero)
        verdict = "accepted"
    except ValueError as error:
        verdict, message = "refused", str(error)
    print(f"{written:14s}{T.as_tensor_variable(zero).dtype:8s} {verdict}")

print()
print(textwrap.fill(message, width=95))


x_int8 = T.bvector("x_int8")  # b for byte: int8
sums_int8, _ = theano.scan(lambda x_t, s_prev: s_prev + x_t, sequences=x_int8, outputs_info=0)
print("\nint8:", theano.function([x_int8], sums_int8)(np.array([100, 100], dtype="int8")))

# %% [markdown]
# Neither `0` nor `0.0`. For a plain Python number Theano takes the smallest type that holds it:
# int8 for `0` and float32 for `0.0`.
#
# **What the message means.** Read it from "has dtype": the initial state is float32 and the result of
# the step is float64. The rest only says that it is about `outputs_info`.
#
# **The mend.** A start value with a dtype of its own: `T.zeros(())`, or `T.zeros_like(…)` of something
# that has the right dtype.
#
# A refusal is the friendly case. In the last line the sequence is int8 like the `0`, so nothing is refused.
# The largest int8 is 127, and the sum has wrapped round, from 200 to 200 − 256 = −56.
#
# ### Exercise 6.1 · Running sum
#
# Return the running sum of a symbolic vector, by `theano.scan` and in float64 whatever the dtype of `x` is. Your function
# gets a symbol and returns a symbol; the check compiles it and runs it on vectors of float64,
# float32 and int8.
#
# <details><summary>Hint 1: what to return</summary>
#
# `theano.scan` returns two things, the values and the updates. Return the values.
# </details>
#
# <details><summary>Hint 2: the dtype</summary>
#
# float64 plus anything is float64. So a float64 start value is enough.
# </details>


# %% exercise="6.1"
def running_sum(x):
    """Return the sums of the first 1, 2, ..., T elements.

    x symbolic (T,), any dtype -> sums symbolic (T,), float64
    """
    ### BEGIN SOLUTION
    sums, _ = theano.scan(lambda x_t, s_prev: s_prev + x_t, sequences=x, outputs_info=T.zeros(()))
    return sums
    ### END SOLUTION


# %% check="6.1"
check("6.1", running_sum)

# %% [markdown]
# ## 3. What is the same at every step
#
# **Idea.** A weight matrix is not an element of a sequence, and no step changes it. It is a
# *non-sequence*: scan hands it to every step as it is, as the last argument.
#
# **Formula.** The powers of a square matrix: $P_k = P_{k-1} A$ with $P_0 = I$, so $P_k = A^k$.
#
# **Code.** Here is no sequence to loop over. The cell below first leaves it at that, and catches what
# scan says. Then it adds `n_steps`, which may be a symbol too.
#
# **Predict.** For $A = \begin{pmatrix}1&1\\1&0\end{pmatrix}$ and $k = 10$, what is the shape of what
# scan returns?

# %%
A = T.dmatrix("A")
k = T.iscalar("k")
arguments = {"outputs_info": T.eye(A.shape[0]), "non_sequences": A}
try:
    theano.scan(lambda P_prev, A: T.dot(P_prev, A), **arguments)
except ValueError as error:
    print("ValueError:", textwrap.fill(str(error), width=95))

powers, _ = theano.scan(lambda P_prev, A: T.dot(P_prev, A), **arguments, n_steps=k)
all_powers = theano.function([A, k], powers)

A_value = np.array([[1.0, 1.0], [1.0, 0.0]])
print("\nshape:", all_powers(A_value, 10).shape)
print("A^10 :", all_powers(A_value, 10)[-1].tolist())
print("NumPy:", np.linalg.matrix_power(A_value, 10).tolist())

# %% [markdown]
# **What it means.** Nothing tells how long the loop is. **The mend.** A sequence, or `n_steps`.
#
# The shape is $(10, 2, 2)$: every power from $A^1$ to $A^{10}$, along a new axis 0. If you want the last
# one only, index it, `powers[-1]`, *before* you compile. Theano then sees that nobody asks for the
# others.
#
# There are no Fibonacci numbers in the code, and yet 89 and 55 are two of them. Section 4 says why.
#
# **A polynomial.** Sequences and non-sequences together: $p(v) = \sum_i c_i v^i$. The step gets two
# elements, one from each sequence, and returns a term. Nothing is fed back.
#
# **Predict.** The second sequence is $0, 1, 2, \dots, 999$, far longer than the coefficients. What
# does scan do when one sequence ends before the other?

# %%
coefficients, v = T.dvector("coefficients"), T.dscalar("v")
terms, _ = theano.scan(
    lambda c_i, i, v: c_i * v**i,
    sequences=[coefficients, T.arange(1000)],
    non_sequences=v,
)
polynomial = theano.function([coefficients, v], [terms, terms.sum()])

c = np.array([3.0, 0.0, -2.0, 1.0])  # 3 - 2 v² + v³
each_term, total = polynomial(c, 2.0)
print("terms:", each_term, "sum:", float(total))
print("NumPy:", float(np.polyval(c[::-1], 2.0)))

# %% [markdown]
# It stops with the shortest. Handy here; but a sequence that is too short by mistake raises no error
# either, and your loop is silently shorter.
#
# **What you do not pass.** A step function may also use symbols and shared variables that stand
# outside of it, like any Python function. scan finds them in the graph by itself. That is
# convenient, and it hides what the loop depends on. With `strict=True` scan uses only the shared
# variables that you pass, and complains about any other.

# %%
weight = theano.shared(0.5, name="weight")
for passed in ([], [weight]):
    try:
        scaled, _ = theano.scan(
            lambda x_t, *others: weight * x_t, sequences=x, non_sequences=passed, strict=True
        )
        print("passed:", passed, "->", theano.function([x], scaled)([2, 4]))
    except MissingInputError as error:
        print("passed:", passed, "-> MissingInputError:", error)

# %% [markdown]
# **What it means.** The step uses `weight`, and nobody handed it in.
#
# **The mend.** Put it into `non_sequences`, as a *list*: `strict` wants one even for a single item.
# Use `strict=True` for networks, where a forgotten weight is a weight that is not trained.
#
# ## 4. Looking further back: taps
#
# **Idea.** A step may need more than the last result. A *tap* says how far back it looks: −1 is the
# step before, −2 the one before that.
#
# **Formula.** Fibonacci: $f_t = f_{t-2} + f_{t-1}$. To begin, it needs two start values.
#
# **Code.** `outputs_info` becomes a dictionary. `initial` holds the start values, the oldest first,
# and `taps` says which ones the step gets, in the order in which you list them.
#
# **Predict.** With `taps=[-2, -1]`, which comes first among the arguments, the older value or the
# newer?

# %%
start = T.lvector("start")  # l for long: int64
fibonacci, _ = theano.scan(
    lambda f_older, f_newer: f_older + f_newer,
    outputs_info={"initial": start, "taps": [-2, -1]},
    n_steps=10,
)
print("scan  :", theano.function([start], fibonacci)([0, 1]).tolist())

numbers = [0, 1]
for _ in range(10):
    numbers.append(numbers[-2] + numbers[-1])
print("Python:", numbers[2:])

# %% [markdown]
# The older value comes first, because −2 stands first in the list. The sum does not care about the
# order of its two terms; exercise 6.2 does.
#
# Each step maps the pair $(f_{t-1}, f_t)$ to $(f_t, f_{t-1} + f_t)$. That is a product with the matrix
# of section 3, which is why its powers held Fibonacci numbers.
#
# Sequences can have taps too: `sequences={"input": x, "taps": [-1, 0]}` hands each step two neighbours,
# first $x_{t-1}$, then $x_t$. The loop is then one step shorter.
#
# ### The order of the arguments
#
# You have now met all three kinds. scan passes them **by position**, always in this order:
#
# | place | kind | comes from | at step $t$ |
# |---|---|---|---|
# | first | elements of sequences | `sequences` | $x_t$, one for each tap |
# | then | previous outputs | `outputs_info` | $y_{t-1}$, one for each tap |
# | last | non-sequences | `non_sequences` | the same at every step |
#
# It does not read the names of your parameters. If you write `def step(y_prev, x_t)`, then `y_prev`
# gets the element of the sequence, and as a rule nothing complains.
#
# ### Touch it
#
# Switch arguments on and off and move $t$. Below the arrays you see which value arrives under which
# name. Four questions:
#
# 1. At $t = 0$, where does `y_1` come from? And at $t = 1$?
# 2. Look two steps back. In which order do `y_2` and `y_1` come, and how many start values are there?
# 3. Switch both sequences off. What does the call need now that it did not need before?
# 4. Switch the sequence `x` and the non-sequence `a` on, look one step back, and write the previous
#    outputs first. At which step does the result begin to differ from the intended one?

# %%
ScanTracerExplorer(t=2)

# %%
tracer = ScanTracerExplorer(order="previous outputs first")
print("intended  ", tracer.state()["intended"])
print("as written", tracer.state()["outputs"])

# %% [markdown]
# <details><summary>Answers</summary>
#
# 1. From the start value, then from `y[0]`, the result of the first step.
# 2. `y_2` first, as −2 is the first tap. Two start values, the older one first.
# 3. `n_steps`: without a sequence nothing says how long the loop is.
# 4. At $t = 1$: the cell above has both rows. At $t = 0$ the element and the start value are both 1,
#    so exchanging them changes nothing. A test with ones would not have found the mistake.
# </details>
#
# ### Exercise 6.2 · Fibonacci with taps
#
# Fibonacci has relatives: $s_t = p\, s_{t-1} + q\, s_{t-2}$. With $p = 2$, $q = 1$ they are called Pell
# numbers. Return the `n_steps` values that follow the two start values, by
# `theano.scan`. `n_steps` is a plain Python number here.
#
# <details><summary>Hint 1: the arguments</summary>
#
# There is no sequence. Two taps and two non-sequences make four arguments.
# </details>
#
# <details><summary>Hint 2: newer and older</summary>
#
# $s_{t-1}$ is the newer value. Which place does it have among the taps?
# </details>


# %% exercise="6.2"
def two_back(start, p, q, n_steps):
    """Return the n_steps values after the start values: s_t = p s_{t-1} + q s_{t-2}.

    start symbolic (2,), the older one first; p, q symbolic numbers; n_steps int
    -> values symbolic (n_steps,)
    """
    ### BEGIN SOLUTION
    values, _ = theano.scan(
        lambda s_older, s_newer, p, q: p * s_newer + q * s_older,
        outputs_info={"initial": start, "taps": [-2, -1]},
        non_sequences=[p, q],
        n_steps=n_steps,
    )
    return values
    ### END SOLUTION


# %% check="6.2"
check("6.2", two_back)

# %% [markdown]
# ## 5. A filter, and a mistake that nothing reports
#
# **Idea.** A low-pass filter smooths: it keeps most of its last output and adds a little of the new
# input. It is the simplest recurrent layer, without weights to learn and without a tanh.
#
# **Formula.** $y_t = \alpha\, y_{t-1} + (1 - \alpha)\, x_t$ with $y_0 = 0$ and $0 \le \alpha < 1$.
#
# **Predict.** The second function below has its first two parameters in the wrong order. With
# $\alpha = 0.9$, does its output look like the input or like the filtered input?

# %%
alpha = T.dscalar("alpha")


def filter_step(x_t, y_prev, alpha):
    """Keep alpha of the last output, add the rest of the new input."""
    return alpha * y_prev + (1 - alpha) * x_t


def exchanged_step(y_prev, x_t, alpha):
    """Compute the same from names in the wrong order."""
    return alpha * y_prev + (1 - alpha) * x_t


def compile_filter(step, **options):
    """Return a function of x (T,) and alpha."""
    y, _ = theano.scan(step, sequences=x, outputs_info=T.zeros(()), non_sequences=alpha, **options)
    return theano.function([x, alpha], y)


low_pass_1d = compile_filter(filter_step)
exchanged_1d = compile_filter(exchanged_step)

rng = np.random.default_rng(6)
t = np.arange(60)
clean = np.sin(2 * np.pi * t / 40)
noisy = clean + rng.normal(0, 0.4, size=60)


def roughness(y):
    """Mean size of the jump from one step to the next."""
    return float(np.abs(np.diff(y)).mean())


slow, y_t = [], 0.0
for x_t in noisy:
    y_t = 0.9 * y_t + 0.1 * x_t
    slow.append(y_t)

fig, ax = plt.subplots(figsize=(7, 3.2))
ax.plot(t, noisy, color="0.7", linewidth=1.2, label="input")
for name, compiled, line in (
    ("right order", low_pass_1d, "-"),
    ("exchanged order", exchanged_1d, "--"),
):
    y = compiled(noisy, 0.9)
    equal = bool(np.allclose(y, slow, rtol=0, atol=1e-12))
    print(f"{name:16s}mean jump {roughness(y):.2f}, equal to a plain loop to 1e-12: {equal}")
    ax.plot(t, y, line, label=name)
print(f"{'input':16s}mean jump {roughness(noisy):.2f}")
ax.set_xlabel("time step t")
ax.set_ylabel("value")
ax.set_ylim(-1.6, 2.1)
ax.legend(loc="upper left", ncols=3)
plotting.show(
    fig,
    alt="A noisy sine, 60 steps. The filter with its parameters in the right order gives a smooth, "
    "delayed and flatter sine; in the exchanged order its output follows the noise of the input.",
)

# %% [markdown]
# What to see: the blue line is smooth, flatter than the input, and late. The dashed line jumps almost
# as much as the input: with the names exchanged, $\alpha = 0.9$ works like $0.1$. No error, no
# warning, a plausible picture. Only the comparison with a plain loop has noticed. Make that comparison
# once for every scan that you write.
#
# **Backwards.** With `go_backwards=True` scan starts at the end of the sequences. A filter that runs
# once forwards and then once backwards is late in one direction and early in the other.
#
# **Predict.** The clean sine has its first peak at step 10. Where is the peak after the forward
# filter, and where after both? And in which order do the outputs of a backward scan come?

# %%
backward_1d = compile_filter(filter_step, go_backwards=True)

forward = low_pass_1d(clean, 0.7)
both = backward_1d(forward, 0.7)[::-1]  # the outputs came last step first
for name, y in {"clean": clean, "forward": forward, "both ways": both}.items():
    print(f"{name:10s} first peak at step", int(np.argmax(y[:25])))

# %% [markdown]
# The forward filter is 2 steps late, and the backward pass takes them back. The outputs of a backward
# scan come **in the order of the loop**, so the last element is first, and `[::-1]` puts them right. A
# bidirectional network does just that, and forgetting the flip is its classic bug.
#
# **A batch.** scan always loops over **axis 0**. A batch has the shape $(N, T)$, and over its axis 0 the
# sequences would run into each other. So bring time to the front, `x.dimshuffle(1, 0)`, loop, and bring
# the batch back. The state of the loop is then a vector with one number a sequence, and so the start
# value must be one too.

# %%
x_batch = T.dmatrix("x_batch")
try:
    theano.scan(filter_step, sequences=x_batch.T, outputs_info=T.zeros(()), non_sequences=alpha)
except ValueError as error:
    print(textwrap.fill(str(error)[:520] + " …", width=95))

# %% [markdown]
# **What it means.** This is the longest message of all. The start value is a single number; scan adds an
# axis for the steps, which makes it "1 dimension(s)". The step adds a vector to it and returns a
# vector, "1 dimension(s)" as well, where scan needs one less than the initial state.
#
# **The mend.** Give the start value the shape of the state: `T.zeros_like(x_batch[:, 0])`, of shape
# $(N,)$.
#
# ### Exercise 6.3 · A low-pass filter
#
# Filter every sequence of a batch, each from zero, with one `theano.scan` for all of them.
#
# <details><summary>Hint 1: the axes</summary>
#
# `dimshuffle(1, 0)` exchanges the two axes of a matrix, and so does `.T`. You need it twice.
# </details>
#
# <details><summary>Hint 2: the start value</summary>
#
# One zero for each sequence. The first step of all sequences, `x[:, 0]`, has the right shape and dtype.
# </details>


# %% exercise="6.3"
def low_pass(x, alpha):
    """Return y with y_t = alpha y_{t-1} + (1 - alpha) x_t, from zero.

    x symbolic (N, T), alpha a symbolic number -> y symbolic (N, T)
    """
    ### BEGIN SOLUTION
    y, _ = theano.scan(
        lambda x_t, y_prev, alpha: alpha * y_prev + (1 - alpha) * x_t,
        sequences=x.dimshuffle(1, 0),
        outputs_info=T.zeros_like(x[:, 0]),
        non_sequences=alpha,
    )
    return y.dimshuffle(1, 0)
    ### END SOLUTION


# %% check="6.3"
check("6.3", low_pass)

# %% [markdown]
# ## 6. Stop early, and keep the updates
#
# **Idea.** Sometimes the number of steps depends on the numbers. A step that returns
# `until(condition)` beside its result ends the loop when the condition is true. `n_steps` remains as
# the upper bound.
#
# **Formula.** Newton's iteration for a square root: $r_t = \tfrac12 (r_{t-1} + v / r_{t-1})$, until two
# neighbours differ by less than $10^{-6}$.
#
# **Predict.** For $\sqrt 2$ from $r_0 = 2$: do you expect 5 steps, 20, or all 100? Is the value that
# fulfils the condition still returned?


# %%
def newton_step(r_prev, v):
    """Return a better root, and when to stop."""
    r = (r_prev + v / r_prev) / 2
    return r, until(abs(r - r_prev) < 1e-6)


roots, _ = theano.scan(newton_step, outputs_info=v, non_sequences=v, n_steps=100)
square_root = theano.function([v], roots)
print("steps for 2    :", square_root(2.0).round(6))
print("steps for 10000:", len(square_root(10000.0)))
print("right to 1e-12 :", bool(abs(square_root(10000.0)[-1] - 100) < 1e-12))

# %% [markdown]
# Five steps: each doubles the number of right digits. The value that fulfils the condition is the last
# one returned.
#
# **Updates.** A random number generator has a state, and each draw moves it on. When a step draws, the
# loop has to hand out the moved state at its end. That is what the second result of `theano.scan` is
# for: *updates*, to be passed on to `theano.function`.
#
# **Predict.** Below, a step draws a normal number. We compile twice, without the updates and with them,
# and call each function twice. What changes in the second call?

# %%
for keep in (False, True):
    draws, updates = theano.scan(RandomStream(seed=6).normal, n_steps=4)
    draw = theano.function([], draws, updates=updates if keep else {})
    first, second = draw(), draw()
    repeated = len(set(first) & set(second))
    print("with updates" if keep else "updates dropped")
    print("   first call ", first.round(3))
    print("   second call", second.round(3), f" {repeated} numbers repeated")

# %% [markdown]
# Without the updates, the second call repeats 3 of the 4 numbers. The function moved the stream on by
# one draw, not by four. No message tells you. If this noise were dropout in a network, the network
# would see nearly the same noise for ever.
#
# So never write `values, _ = theano.scan(…)` where a step draws or updates something. In the loops
# above `_` was right: their updates are empty.
#
# ### Exercise 6.4 · A walk that stops
#
# A walk starts at 0. Each step adds one draw of `stream.normal()`. The walk stops when it is at
# least `limit` away from 0, on either side, and after `n_steps` steps at the latest. Return the
# positions *and* the updates. The check calls your walk twice.
#
# <details><summary>Hint 1: the step</summary>
#
# Give the new position a name. You need it twice, for the result and for the condition, and each
# `stream.normal()` that you write is another draw.
# </details>
#
# <details><summary>Hint 2: what to return</summary>
#
# `theano.scan` returns a pair. Here, both belong to the answer.
# </details>


# %% exercise="6.4"
def random_walk(stream, limit, n_steps):
    """Return the positions until one is at least `limit` away from 0, and the updates.

    stream RandomStream, limit a symbolic number, n_steps int
    -> positions symbolic (T,) with T <= n_steps, updates
    """

    ### BEGIN SOLUTION
    def step(position):
        new_position = position + stream.normal()
        return new_position, until(abs(new_position) >= limit)

    positions, updates = theano.scan(step, outputs_info=T.zeros(()), n_steps=n_steps)
    return positions, updates
    ### END SOLUTION


# %% check="6.4"
check("6.4", random_walk)

# %% [markdown]
# ## 7. The gradient through a loop
#
# **Idea.** All this trouble has one reward. scan is an operation of the graph like any other, so
# `T.grad` goes through it, backwards through all steps. Backpropagation through time is one line.
#
# **Formula.** How much does the last output of the filter depend on an input $k$ steps earlier? Each
# step multiplies the past by $\alpha$, so
#
# $$\frac{\partial y_T}{\partial x_{T-k}} = (1 - \alpha)\, \alpha^k$$
#
# **Predict.** For $\alpha = 0.5$, by what factor is the gradient smaller 10 steps back than 0 steps
# back? For $\alpha = 0.9$?

# %%
y, _ = theano.scan(filter_step, sequences=x, outputs_info=T.zeros(()), non_sequences=alpha)
gradient = theano.function([x, alpha], T.grad(y[-1], x))

lags = np.arange(60)
fig, ax = plt.subplots(figsize=(7, 3))
for alpha_value in (0.5, 0.9):
    by_lag = gradient(noisy, alpha_value)[::-1]  # the last input has lag 0
    formula = (1 - alpha_value) * alpha_value**lags
    equal = bool(np.allclose(by_lag, formula, rtol=1e-9, atol=0))
    print(f"alpha {alpha_value}: 10 steps back {by_lag[10] / by_lag[0]:.4f} of lag 0,", end=" ")
    print(f"39 steps back {by_lag[39] / by_lag[0]:.0e}; equal to the formula to 1e-9: {equal}")
    ax.semilogy(lags[:40], by_lag[:40], label=f"alpha = {alpha_value}")
ax.set_xlabel("lag k (steps back)")
ax.set_ylabel(r"gradient $\partial y_T / \partial x_{T-k}$")
ax.legend()
plotting.show(
    fig,
    alt="Gradient of the last output with respect to earlier inputs, on a logarithmic scale: two "
    "straight lines that fall with the lag, steeply for alpha 0.5 and gently for 0.9.",
)

# %% [markdown]
# What to see: straight lines on a logarithmic scale, so the gradient shrinks by a constant factor a
# step. For $\alpha = 0.5$ next to nothing is left after 39 steps: $2 \cdot 10^{-12}$ of the gradient at
# lag 0. That is the *vanishing gradient*, in the simplest recurrent layer there is.
#
# ## 8. The same network, the same numbers
#
# Section 2 of lesson 02 ended with four numbers, the last state of its first sequence, and said that
# `theano.scan` would give them again. The cell below draws the same weights and inputs from the same
# seed, runs lesson 02's loop from `course_utils.cells`, and then scan.
#
# Match each argument with its kind: $x_t$ is an element of a sequence, $h_{t-1}$ a previous output, and
# $W_{xh}$, $W_{hh}$, $b_h$ are non-sequences.
#
# **Predict.** $N = 3$, $T = 6$, $D = 2$, $U = 4$. What is the shape of `h_by_time`, before the last
# `dimshuffle`?

# %%
n_samples, n_steps, n_features, n_units = 3, 6, 2, 4
rng = np.random.default_rng(2)
W_xh = rng.normal(0, 0.5, size=(n_features, n_units))
W_hh = rng.normal(0, 0.5, size=(n_units, n_units))
b_h = rng.normal(0, 0.1, size=n_units)
x_value = rng.normal(size=(n_samples, n_steps, n_features))
h0 = np.zeros((n_samples, n_units))

weights = [
    theano.shared(value, name) for value, name in ((W_xh, "W_xh"), (W_hh, "W_hh"), (b_h, "b_h"))
]
x_3d = T.dtensor3("x")  # (N, T, D)


def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    """Lesson 02's step: x_t (N, D), h_prev (N, U) -> h_t (N, U)."""
    return T.tanh(T.dot(x_t, W_xh) + T.dot(h_prev, W_hh) + b_h)


h_by_time, _ = theano.scan(
    rnn_step,
    sequences=x_3d.dimshuffle(1, 0, 2),  # (T, N, D): time first
    outputs_info=T.zeros((x_3d.shape[0], n_units)),
    non_sequences=weights,
    strict=True,
)
h = h_by_time.dimshuffle(1, 0, 2)  # (N, T, U): batch first again
rnn = theano.function([x_3d], h)

h_numpy, h_theano = SimpleRNN(W_xh, W_hh, b_h).forward(x_value, h0).h, rnn(x_value)
print("NumPy: last state of the first sequence", h_numpy[0, -1].round(4))
print("scan : last state of the first sequence", h_theano[0, -1].round(4))
print("equal to 1e-10:", bool(np.allclose(h_theano, h_numpy, rtol=0, atol=1e-10)))

# %% [markdown]
# $(T, N, U)$, here $(6, 3, 4)$: scan stacks the steps along axis 0. And the numbers are those of lesson
# 02, all 72 of them, to $10^{-10}$.
#
# What scan adds is the gradient. The loss is the mean square of the last state. Its gradient with
# respect to all three weights is one call of `T.grad`. You did not derive anything, so trust it only
# after a test: the cell compares it with the central differences of lesson 03.

# %%
loss = (h[:, -1] ** 2).mean()
gradients = theano.function([x_3d], T.grad(loss, weights))(x_value)


def numpy_loss(**changed):
    """Return the same loss from NumPy, with some of the weights changed."""
    cell = SimpleRNN(**{"kernel": W_xh, "recurrent_kernel": W_hh, "bias": b_h} | changed)
    return (cell.forward(x_value, h0).h[:, -1] ** 2).mean()


keras_names = {"W_xh": "kernel", "W_hh": "recurrent_kernel", "b_h": "bias"}
for weight, by_theano in zip(weights, gradients, strict=True):
    by_differences = numerical_gradient(
        lambda array, name=keras_names[weight.name]: numpy_loss(**{name: array}),
        weight.get_value(),
    )
    equal = bool(np.allclose(by_theano, by_differences, rtol=0, atol=1e-8))
    print(f"{weight.name:5s}{by_theano.shape!s:8s} equal to 1e-8: {equal}")

# %% [markdown]
# ## Quiz

# %%
Quiz("06")

# %% [markdown]
# ## Summary
#
# - The step function runs **once**, at build time, on symbols. It describes a step. A Python loop at
#   build time works for one length only, and its graph grows with it.
# - Arguments come by position: **elements of sequences, previous outputs, non-sequences**. Names do not
#   count, and a wrong order is often silent.
# - The result is what the steps returned, stacked along axis 0. **The start value is not in it.**
# - The start value fixes the dtype and the number of axes of the state. `0` is int8, `0.0` is float32,
#   `T.zeros(())` is float64.
# - scan loops over axis 0: `dimshuffle` a batch first. A backward scan returns its last element first.
# - `until` stops early. **Pass the updates on** wherever a step draws or updates something.
# - `T.grad` goes through the loop. The network of lesson 02 gives the same numbers to $10^{-10}$.
#
# | the message says | it means | mend |
# |---|---|---|
# | cannot be interpreted as an integer | a Python loop over a symbol | `theano.scan` |
# | initial state … has dtype … | start value of another dtype | `T.zeros(())`, `T.zeros_like` |
# | … has 1 dimension(s) … one less | start value without the axes of the state | `T.zeros_like(x[:, 0])` |
# | ScanOp is missing an input | `strict`, and something was not passed | `non_sequences=[…]` |
# | No information about the number of steps | no sequence | `n_steps=` |

# %% [markdown]
# ## What next
#
# [07 An RNN in scan](07_rnn_in_scan.ipynb) trains this network: it learns to count bits, and runs on strings longer than any that it has seen. If a shape surprised you here,
# [02 The forward pass](02_forward_pass.ipynb) has the same loop without symbols.

# %% [markdown]
# ## References
#
# - Theano documentation, library reference, *scan: looping in Theano*: the arguments of section 4, and
#   loops like those of sections 2 to 6.
# - J. Bergstra et al., *Theano: A CPU and GPU Math Compiler in Python*, Proceedings of the 9th Python in
#   Science Conference (SciPy 2010): graphs, build time and run time.
# - Theano Development Team, *Theano: A Python framework for fast computation of mathematical
#   expressions*, arXiv:1605.02688 (2016), the part on symbolic loops: scan as an operation of the graph,
#   and its gradient.
