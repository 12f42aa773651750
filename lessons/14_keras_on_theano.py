# %% [markdown]
# # 14 · Keras on Theano, for real
#
# **30 minutes.** You need: [06 scan](06_scan.ipynb), and for the comparison with Keras 3
# [10 Keras layers without surprises](10_keras_layers.ipynb).
#
# From 2015 to 2019 most introductions to recurrent networks used Keras with Theano below it. Their
# programs are still on the web, in theses and in laboratories, and few of them run. In this lesson they
# do, as they were written. You will see that the layer below is the scan that you know, carry
# its weights to the Keras of today without changing a number, and meet the three places where the
# same code silently means something else.

# %% [markdown]
# ## You will be able to
#
# - run a program written for Keras 1 or 2 with Theano, and say which line chose the backend;
# - carry trained weights from Keras 1 or 2 to Keras 3 and show that the outputs agree to $10^{-5}$;
# - rewrite 26 lines of Keras 1 and 2 for Keras 3, and name those that change meaning without an error;
# - write a recurrent layer with `jax.lax.scan`, and say what it calls what `theano.scan` calls sequence, previous output and result.

# %%
import html
import os
import re
import subprocess
import sys
import warnings
from collections import Counter

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import HTML

from course_utils import cells, keras2_compat, plotting, session
from course_utils.checks import check
from course_utils.datasets import generate_sine_wave, load_reviews
from course_utils.further import migration
from course_utils.text import words
from course_utils.widgets import MovedWeightsExplorer, Quiz

keras2_compat.enable()

import keras

session.start(seed=14)

# %% [markdown]
# ## 1. A Keras of 2019 in this kernel
#
# **Idea.** Keras began as an interface to two engines. You wrote layers; Theano or TensorFlow made the
# graph, the gradient and the machine code. Keras 2.3.1 of October 2019 is the last release that can use
# Theano. The set-up has put it into a folder of its own beside Keras 3, and `keras2_compat.enable()`
# makes it the Keras of this kernel.
#
# **Predict.** Which engine does this Keras name, and does the next line, `import theano`, start a
# second one?

# %%
import theano

print("Keras", keras.__version__, "on", keras.backend.backend())
zeros = keras.backend.zeros((2, 3))
print("its tensors are Theano's:", isinstance(zeros, theano.graph.basic.Variable))

# %% [markdown]
# There is one engine, and Keras uses it: what Keras calls a tensor is a symbolic variable of
# [lesson 05](05_theano_graphs.ipynb).
#
# A kernel has room for one Keras. The next cell tries the other order in a process of its own: Keras
# 3 first, `enable()` second.

# %%
program = """
import keras
from course_utils import keras2_compat
try:
    keras2_compat.enable()
except RuntimeError as error:
    print("RuntimeError:", error)
"""
other = subprocess.run(
    [sys.executable, "-c", program],
    env=os.environ | {"KERAS_BACKEND": "jax"},
    capture_output=True,
    text=True,
)
print(other.stdout)

# %% [markdown]
# **What it means.** Python imports a package once for each kernel, and `import keras` would go on giving
# the first one. **The mend.** It says so itself: restart, and call `enable()` first.
#
# ## 2. The programs as they were written
#
# **Idea.** Here are four programs of that time. The imports, the layers, the arguments and the calls
# are those of the texts. Only the amount of data is small, so that you do not wait.
#
# **A sine wave.** A GRU reads 20 values of a sine and predicts the next one.

# %%
from keras.layers import GRU, LSTM, Dense, Embedding, SimpleRNN
from keras.models import Sequential
from keras.preprocessing import sequence

seq_length, num_samples = 20, 400
X, y = generate_sine_wave(seq_length, num_samples, seed=0)
print("X", X.shape, "y", y.shape)

model = Sequential()
model.add(GRU(32, input_shape=(seq_length, 1)))
model.add(Dense(1))
model.compile(optimizer="adam", loss="mse")
history = model.fit(X, y, epochs=10, batch_size=32, verbose=0)
sine_loss = history.history["loss"]
print("mean square of y, the loss of always saying 0:", round(float(np.mean(y**2)), 1))
print("loss after 10 epochs below 0.1:", sine_loss[-1] < 0.1)

# %% [markdown]
# **A classifier.** `SimpleRNN(64)` and one sigmoid. Its question here: is the next value above zero?

# %%
timesteps, features = X.shape[1:]
rising = (y > 0).astype("float32")

model = Sequential()
model.add(SimpleRNN(64, input_shape=(timesteps, features)))
model.add(Dense(1, activation="sigmoid"))
model.compile(optimizer="adam", loss="binary_crossentropy")
model.fit(X, rising, epochs=5, verbose=0)
right = (model.predict(X)[:, 0] > 0.5) == rising
print("right answers above 90 %:", bool(right.mean() > 0.9))

# %% [markdown]
# **Sentiment.** The best known of them: an embedding of 20,000 words, an LSTM of 128 units with two
# kinds of dropout, and a sigmoid; or GRU(128) instead. We give it 64 reviews of the course instead
# of 25,000 of IMDB: enough to see it run and memorise, far too few to learn from.
# [Lesson 12](12_sentiment.ipynb) is about learning.
#
# **Predict.** The LSTM below is asked to drop 20 % of its inputs. Will it?

# %%
max_features = 20000
maxlen = 100  # truncate reviews to 100 words
batch_size = 32

reviews = load_reviews("train")[:64]
counts = Counter(word for review in reviews for word in words(review.text))
ids = {word: rank for rank, (word, _) in enumerate(counts.most_common(), start=1)}
encoded = [[ids[word] for word in words(review.text)] for review in reviews]
x_all = sequence.pad_sequences(encoded, maxlen=maxlen)
y_all = np.array([review.label for review in reviews])
x_train, y_train, x_val, y_val = x_all[:48], y_all[:48], x_all[48:], y_all[48:]


def sentiment_model(layer):
    """Return the model of the texts, with LSTM or GRU in its middle."""
    model = Sequential()
    model.add(Embedding(max_features, 128, input_length=maxlen))
    model.add(layer(128, dropout=0.2, recurrent_dropout=0.2))
    model.add(Dense(1, activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    models = {layer.__name__: sentiment_model(layer) for layer in (LSTM, GRU)}

print(next(str(each.message) for each in said if "dropout" in str(each.message)))
print("dropout asked for: 0.2, dropout of the layer:", models["LSTM"].layers[1].dropout)

# %% [markdown]
# It will not. Keras 2.3 on Theano warns and sets both dropouts to 0. So a table that compares "with
# dropout" from this combination compares nothing; the warning was easy to miss among the lines of a
# training. If you reproduce an old result, look at the layer, not at the call.

# %%
runs = {}
for name, model in models.items():
    runs[name] = model.fit(
        x_train,
        y_train,
        batch_size=batch_size,
        epochs=5,
        validation_data=(x_val, y_val),
        verbose=0,
    ).history
    fell = runs[name]["loss"][-1] < runs[name]["loss"][0]
    print(f"{name:4s} {model.count_params():,} weights, training loss fell: {fell}")

# %% [markdown]
# ## 3. The layer is a scan
#
# **Idea.** What does `SimpleRNN(4)` add to the graph? Ask the graph.
#
# **Code.** A layer with the weights of [lesson 02](02_forward_pass.ipynb), and then what stands between
# its input and its output.
#
# **Predict.** How many operations called *scan* are there?

# %%
rng = np.random.default_rng(2)
W_xh = rng.normal(0, 0.5, size=(2, 4))
W_hh = rng.normal(0, 0.5, size=(4, 4))
b_h = rng.normal(0, 0.1, size=4)
x = rng.normal(size=(3, 6, 2))

layer = SimpleRNN(4, return_sequences=True, input_shape=(6, 2))
model = Sequential([layer])
layer.set_weights([W_xh, W_hh, b_h])

from theano.graph.basic import ancestors
from theano.scan.op import Scan

operations = {variable.owner for variable in ancestors([model.output]) if variable.owner}
scans = [node for node in operations if isinstance(node.op, Scan)]
print("operations:", len(operations), "of which scans:", len(scans))
print("inside the scan:")
inside = ancestors(scans[0].op.outputs)
print(sorted({str(v.owner.op) for v in inside if v.owner and "tanh" in str(v.owner.op)}))

# %% [markdown]
# One, with a tanh inside. The layer is the loop of lesson 06, written by someone else. And it holds the
# network of lesson 02, so you know its last state by now.

# %%
h_keras2 = model.predict(x)
h_numpy = cells.SimpleRNN(W_xh, W_hh, b_h).forward(x).h
print("last state, Keras 2.3.1 on Theano:", h_keras2[0, -1].round(4))
print("last state, NumPy                :", h_numpy[0, -1].round(4))
print("all 72 states agree to 1e-6:", bool(np.allclose(h_keras2, h_numpy, rtol=0, atol=1e-6)))

# %% [markdown]
# ## 4. The same weights in Keras 3
#
# **Idea.** A weight is a number in a place. If both Keras put the same number in the same place and
# compute the same formula, the outputs agree. The formulas have names; whether they are the same ones is
# a thing to measure.
#
# **Code.** `migration.run_keras3` runs a piece of code in a new process with Keras 3. It takes arrays
# and gives arrays back.

# %%
in_keras3 = """
import keras

results = {}
for name, options in settings.items():
    layer = getattr(keras.layers, name.split()[0])(4, return_sequences=True, **options)
    layer.build(x.shape)
    layer.set_weights([arrays[f"{name} {k}"] for k in range(3)])
    results[name] = np.array(layer(x.astype("float32")))
"""
settings = {
    "SimpleRNN": {},
    "LSTM": {},
    "GRU reset before": {"reset_after": False},
    "GRU reset after": {"reset_after": True},
}
our_cells = {
    "SimpleRNN": cells.SimpleRNN(W_xh, W_hh, b_h),
    "LSTM": cells.LSTM.start(2, 4, seed=14),
    "GRU reset before": cells.GRU.start(2, 4, reset_after=False, seed=14),
    "GRU reset after": cells.GRU.start(2, 4, reset_after=True, seed=14),
}

weights, outputs = {}, {}
for name, options in settings.items():
    cell = our_cells[name]
    layer = getattr(keras.layers, name.split()[0])(
        4, return_sequences=True, input_shape=(6, 2), **options
    )
    model = Sequential([layer])
    layer.set_weights([cell.kernel, cell.recurrent_kernel, cell.bias])
    outputs[name] = model.predict(x)
    weights |= {f"{name} {k}": weight for k, weight in enumerate(layer.get_weights())}

code = f"settings = {settings!r}\narrays = globals()\n{in_keras3}"
by_keras3 = migration.run_keras3(code, weights | {"x": x})

for name, h in outputs.items():
    apart = max(np.abs(h - by_keras3[name]).max(), np.abs(h - our_cells[name].forward(x).h).max())
    print(f"{name:17s} Keras 2 on Theano = Keras 3 = NumPy to 1e-5: {bool(apart < 1e-5)}")

# %% [markdown]
# All four. Between Keras 2.3 and Keras 3 nothing has moved: the gates stand in the order i, f, g, o and
# z, r, g, the kernel is $(D, 4U)$ or $(D, 3U)$, and weights are carried over by `get_weights` and
# `set_weights`.
#
# From Keras 1 they are not. There a layer kept each gate's weights in an array of its own: twelve
# arrays for an LSTM. And the gates came in another order.
#
# ### Exercise 14.1 · Twelve arrays
#
# `weights` is the list that an LSTM of Keras 1 saved: input weights, recurrent weights and bias of the
# gate i, then the three of the candidate (Keras 1 called it c; it is our g), then f, then o. So it begins `[W_i, U_i, b_i, W_c, …]`. Return `kernel`
# $(D, 4U)$, `recurrent_kernel` $(U, 4U)$ and `bias` $(4U,)$ for Keras 2 or 3.
#
# <details><summary>Hint 1: the order</summary>
#
# Keras 2 and 3 want i, f, g, o. Write down at which place of the list the input weights of each
# stand: 0, 3, 6, 9. Then reorder.
# </details>
#
# <details><summary>Hint 2: the axis</summary>
#
# $(D, U)$ four times side by side gives $(D, 4U)$: `np.concatenate(…, axis=-1)`. The same axis is
# right for the bias.
# </details>


# %% exercise="14.1"
def from_keras1(weights):
    """Join the weights of an LSTM of Keras 1.

    weights list of 12: W (D, U), U (U, U), b (U,) for each of i, c, f, o
    -> kernel (D, 4U), recurrent_kernel (U, 4U), bias (4U,)
    """
    ### BEGIN SOLUTION
    i, g, f, o = (weights[k : k + 3] for k in (0, 3, 6, 9))
    return tuple(np.concatenate(parts, axis=-1) for parts in zip(i, f, g, o, strict=True))
    ### END SOLUTION


# %% check="14.1"
check("14.1", from_keras1)

# %% [markdown]
# ## 5. What has changed, line by line
#
# **Idea.** Most of what changed has a new name, and you get an error that tells you. A few
# things kept their name.
#
# **Code.** Below is every change that we know of in what recurrent programs use. Each row was executed:
# the old line on Keras 2.3.1, the same line on Keras 3, and the new line on Keras 3.
#
# **Predict.** Of the lines of old code, how many run on Keras 3 without an error and without a warning,
# and mean something else?


# %%
def table(rows):
    """Return the rows as an HTML table; below each pair of programs, what the old one does now."""
    style = "text-align:left; vertical-align:top; white-space:pre-wrap; overflow-wrap:anywhere"
    head = f"<tr><th style='width:14%'></th><th style='{style}'>Keras 1 and 2</th>"
    head += f"<th style='{style}'>Keras 3</th></tr>"
    parts = []
    for row in rows:
        old, new, topic, says, breaks = (
            html.escape(text) for text in (row.old, row.new, row.topic, row.says, row.breaks)
        )
        breaks = re.sub("`(.+?)`", r"<code>\1</code>", breaks)
        parts.append(
            f"<tbody><tr><th scope='rowgroup' rowspan='2' style='{style}'>{topic}</th>"
            f"<td style='{style}'><code>{old}</code></td><td style='{style}'><code>{new}</code></td></tr>"
            f"<tr><td colspan='2' style='{style}'>Old code on Keras 3: <b>{row.effect}</b> "
            f"<i>{says}</i>\n{breaks}</td></tr></tbody>"
        )
    return HTML(f"<table style='table-layout:fixed; width:100%'>{head}{''.join(parts)}</table>")


rows = migration.rows()
print(len(rows), "rows:", dict(Counter(row.effect for row in rows)))
table(rows)

# %% [markdown]
# Three run silently. The backend variable is one: set after the import, it is not read. The other two
# change numbers.
#
# **GRU resets elsewhere.** Keras 2's `GRU(4)` multiplies the reset gate with the old state and then with
# the recurrent kernel; Keras 3's `GRU(4)` multiplies with the kernel first.
# [Lesson 08](08_gates.ipynb) has both formulas. Write `reset_after=False` to get the old one.
#
# **The hard sigmoid is another one.** Until Keras 2.2 it was the default of every gate, so most trained
# weights of that time belong to it.
#
# $$\text{Keras 1 and 2:}\quad \min(1, \max(0, \tfrac{a}{5} + \tfrac12)) \qquad
# \text{Keras 3:}\quad \min(1, \max(0, \tfrac{a}{6} + \tfrac12))$$
#
# **Predict.** $a = 2.5$ opens the old gate all the way. How far does it open the new one?

# %%
places = np.linspace(-5, 5, 201)
hard = {slope: np.clip(places / slope + 0.5, 0, 1) for slope in (5, 6)}
soft = 1 / (1 + np.exp(-places))
by_keras = keras.backend.eval(
    keras.activations.hard_sigmoid(keras.backend.variable(places.astype("float32")))
)

fig, ax = plt.subplots(figsize=(7, 3))
ax.plot(places, hard[5], label="hard_sigmoid, Keras 1 and 2")
ax.plot(places, hard[6], "--", label="hard_sigmoid, Keras 3")
ax.plot(places, soft, ":", color="0.3", label="sigmoid")
ax.set_xlabel("gate before its activation, a")
ax.set_ylabel("gate")
ax.legend()
plotting.show(
    fig,
    alt="Three activations of a gate against its input: the hard sigmoid of Keras 1 and 2 reaches 1 "
    "at 2.5, that of Keras 3 reaches 1 at 3, and the sigmoid reaches neither 0 nor 1.",
)
print("this Keras has the old one:", bool(np.allclose(by_keras, hard[5], atol=1e-6)))
print("at a = 2.5: old", 1.0, "new", round(2.5 / 6 + 0.5, 3))
print("largest difference:", round(float(np.abs(hard[5] - hard[6]).max()), 3))

# %% [markdown]
# What to see: the new line lies a little flatter. The largest difference is 0.083, where the old gate
# is just fully open. It looks like nothing. But a forget gate of 0.917 instead of 1 halves a memory
# in 8 steps, since $0.917^8 = 0.5$, where the old one kept it for ever.
#
# ### Touch it
#
# One LSTM unit, with one set of weights, run with two gate activations. Move the forget bias. At 2 the old
# gate is nearly open, and the difference is largest. At 6 both are fully open and agree again
# in that gate. Then set the second activation to `sigmoid`.

# %%
MovedWeightsExplorer()

# %%
explorer = MovedWeightsExplorer()
for b_f in (-2.0, 1.0, 2.0, 6.0):
    print(f"b_f = {b_f:4.1f}: largest difference {explorer.state(b_f=b_f)['largest']:.3f}")

# %% [markdown]
# ### Exercise 14.2 · The old hard sigmoid
#
# Keras 3 takes any function as `recurrent_activation`. Write the one that old weights need. Yours is in
# NumPy.
#
# <details><summary>Hint 1: three pieces</summary>
#
# Zero below some $a$, one above some $a$, a straight line between. At which two places does
# $\tfrac{a}{5} + \tfrac12$ reach 0 and 1?
# </details>
#
# <details><summary>Hint 2: a function for it</summary>
#
# `np.clip(values, low, high)`.
# </details>


# %% exercise="14.2"
def old_hard_sigmoid(a):
    """Return the hard sigmoid of Keras 1 and 2, element by element; a any shape -> the same."""
    ### BEGIN SOLUTION
    return np.clip(a / 5 + 0.5, 0, 1)
    ### END SOLUTION


# %% check="14.2"
check("14.2", old_hard_sigmoid)

# %% [markdown]
# With such a function the circle closes: weights of a layer with hard gates, here in Keras 2, there in
# Keras 3, with its own hard sigmoid and with the old one.

# %%
cell = our_cells["LSTM"]
hard_layer = LSTM(4, recurrent_activation="hard_sigmoid", return_sequences=True, input_shape=(6, 2))
model = Sequential([hard_layer])
loud = 4 * x  # so that the gates come near their ends
hard_layer.set_weights([cell.kernel, cell.recurrent_kernel, cell.bias])
h_old = model.predict(loud)

moved = migration.run_keras3(
    """
import keras
from keras import ops

results = {}
gates = {"its own": "hard_sigmoid", "the old one": lambda a: ops.clip(a / 5 + 0.5, 0, 1)}
for name, gate in gates.items():
    layer = keras.layers.LSTM(4, recurrent_activation=gate, return_sequences=True)
    layer.build(loud.shape)
    layer.set_weights([kernel, recurrent_kernel, bias])
    results[name] = np.array(layer(loud.astype("float32")))
""",
    {
        "loud": loud,
        "kernel": cell.kernel,
        "recurrent_kernel": cell.recurrent_kernel,
        "bias": cell.bias,
    },
)
for name, h in moved.items():
    apart = float(np.abs(h - h_old).max())
    print(
        f"Keras 3 with {name:11s}: agrees to 1e-5: {apart < 1e-5}, off by more than 0.01: {apart > 0.01}"
    )

# %% [markdown]
# ## 6. The living descendants
#
# **Idea.** Theano ended, scan did not. PyTensor is Theano under a new name, kept by the PyMC project.
# JAX, which is below Keras 3 in this course, has `jax.lax.scan`: the same loop in the graph,
# with other words for the same things.
#
# | | `theano.scan` | `jax.lax.scan` |
# |---|---|---|
# | step | `step(x_t, h_prev)` | `step(h_prev, x_t)` |
# | what is carried on | previous output | carry |
# | start | `outputs_info` | `init`, before the sequences |
# | what the step returns | the new output | a pair: new carry, and what to stack |
# | result | all outputs | a pair: the last carry, and the stacked outputs |
# | weights | `non_sequences`, or found | found |
# | when the step runs | once, to build | once, to trace |
#
# **Code.** First PyTensor. Compare with the cell of lesson 06: `theano` has become `pytensor`.

# %%
import pytensor
import pytensor.tensor as pt

pytensor.config.cxx = ""  # no compiler, as in our Theano
pytensor.config.mode = "FAST_COMPILE"

x_3d = pt.dtensor3("x")
h_symbol, _ = pytensor.scan(
    lambda x_t, h_prev: pt.tanh(pt.dot(x_t, W_xh) + pt.dot(h_prev, W_hh) + b_h),
    sequences=x_3d.dimshuffle(1, 0, 2),
    outputs_info=pt.zeros((3, 4)),
)
h_pytensor = pytensor.function([x_3d], h_symbol.dimshuffle(1, 0, 2))(x)
print("last state, PyTensor:", h_pytensor[0, -1].round(4))
print("equal to NumPy to 1e-12:", bool(np.allclose(h_pytensor, h_numpy, rtol=0, atol=1e-12)))

# %% [markdown]
# Now JAX. **Predict.** The step below is written in the order of Theano, and is handed to
# `jax.lax.scan`. The state has shape $(3, 4)$ and an element of the sequence $(3, 2)$. What goes wrong
# first?

# %%
import jax
import jax.numpy as jnp


def theano_order(x_t, h_prev):
    """Compute the new state, with the arguments in Theano's order."""
    return jnp.tanh(x_t @ W_xh + h_prev @ W_hh + b_h)


time_first = jnp.swapaxes(x, 0, 1)
try:
    jax.lax.scan(theano_order, jnp.zeros((3, 4)), time_first)
except TypeError as error:
    print("TypeError:", str(error).split("\n")[0])

# %% [markdown]
# **What it means.** The first argument is the carry, of shape $(3, 4)$, and it meets `W_xh`, which
# wants 2 columns. Had there been as many features as units, JAX would have got as far as the returned
# value, and complained that it is no pair.
#
# ### Exercise 14.3 · A recurrent layer in JAX
#
# Write the forward pass of lesson 02 with `jax.lax.scan`: batch first in, batch first out.
#
# <details><summary>Hint 1: the step</summary>
#
# It takes `(h_prev, x_t)` and returns two things. Both are the new state here: one to carry, one to
# stack.
# </details>
#
# <details><summary>Hint 2: the axes</summary>
#
# Like `theano.scan`, `jax.lax.scan` loops over axis 0. Swap axes 0 and 1 before it, and again after it.
# </details>


# %% exercise="14.3"
def rnn_in_jax(x, h0, W_xh, W_hh, b_h):
    """Return all states of a SimpleRNN.

    x (N, T, D), h0 (N, U), W_xh (D, U), W_hh (U, U), b_h (U,) -> h (N, T, U)
    """

    ### BEGIN SOLUTION
    def step(h_prev, x_t):
        h_t = jnp.tanh(x_t @ W_xh + h_prev @ W_hh + b_h)
        return h_t, h_t

    _, h = jax.lax.scan(step, h0, jnp.swapaxes(x, 0, 1))
    return jnp.swapaxes(h, 0, 1)
    ### END SOLUTION


# %% check="14.3"
check("14.3", rnn_in_jax)

# %% [markdown]
# Here is one that works, so that the last comparison does not wait for yours: the same network in five
# libraries.


# %%
def jax_step(h_prev, x_t):
    """Return the new state twice: to carry on, and to stack."""
    h_t = jnp.tanh(x_t @ W_xh + h_prev @ W_hh + b_h)
    return h_t, h_t


last, stacked = jax.lax.scan(jax_step, jnp.zeros((3, 4)), time_first)
h_jax = np.asarray(jnp.swapaxes(stacked, 0, 1))

everywhere = {
    "Keras 2.3.1 on Theano": h_keras2,
    "Keras 3": by_keras3["SimpleRNN"],
    "PyTensor": h_pytensor,
    "jax.lax.scan": h_jax,
}
print(f"{'NumPy, by hand':22s}", h_numpy[0, -1].round(4))
for name, h in everywhere.items():
    equal = bool(np.allclose(h, h_numpy, rtol=0, atol=1e-6))
    print(f"{name:22s}", h[0, -1].round(4), "equal to 1e-6:", equal)
print("the carry that JAX returns is the last state:", bool((last == stacked[-1]).all()))

# %% [markdown]
# ## 7. When you meet such code
#
# You will meet it in three places: in the code of a paper whose result you want to repeat, in a
# product that has run since 2017 and that nobody dares to touch, and in tutorials. What to do:
#
# 1. **Run it as it is first**, in an environment of its own, as this kernel does. What it prints now is
#    the truth that you compare with later. Keep some inputs and its outputs in an `.npz` file.
# 2. **Carry the weights** with `get_weights`, layer by layer, and write down what the file does not say:
#    the gate activation, `reset_after`, the version that trained it.
# 3. **Rewrite with the table** of section 5. What raises an error is harmless. Look for the silent rows.
# 4. **Compare the outputs** on the kept inputs to $10^{-5}$. If they differ, compare layer by layer, and in a
#    recurrent layer step by step: the first step that differs tells which gate it is.
# 5. **Only then train again.**
#
# ## Quiz

# %%
Quiz("14")

# %% [markdown]
# ## Summary
#
# - Keras 2.3.1 is the last Keras on Theano. It runs here beside Keras 3, one of the two in each kernel.
# - Its recurrent layers are `theano.scan`. SimpleRNN, LSTM and both GRUs give the numbers of Keras 3
#   and of NumPy to $10^{-5}$ with the same weights.
# - On Theano it sets the dropout of recurrent layers to 0, with a warning.
# - Keras 1 kept twelve arrays for an LSTM, in the order i, c, f, o.
# - Errors are the harmless changes. `GRU` without `reset_after`, `hard_sigmoid`, and a backend variable
#   that nobody reads change results without a word.
# - PyTensor's scan is Theano's. `jax.lax.scan` takes the carry first and wants a pair back.

# %% [markdown]
# ## What next
#
# [15 Choosing an architecture](15_choosing_an_architecture.ipynb) measures which cell is worth its
# price. If the two places of the reset gate are new to you, [08 Gates](08_gates.ipynb) derives both.

# %% [markdown]
# ## References
#
# - F. Chollet et al., *Keras*, release notes of 2.0, 2.3.0 and 3.0: the renamed arguments, the default
#   of `recurrent_activation`, the last release with several backends before Keras 3.
# - Keras 2.3.1, `keras/engine/saving.py`: how weights of Keras 1 are joined, the order of the twelve
#   arrays.
# - Theano Development Team, *Theano: A Python framework for fast computation of mathematical
#   expressions*, arXiv:1605.02688 (2016).
# - JAX documentation, `jax.lax.scan`; PyTensor documentation, *scan*.
# - A. Howard et al., *Searching for MobileNetV3*, arXiv:1905.02244 (2019), section 5.2: the hard sigmoid
#   relu6(a + 3) / 6 that Keras 3 has.
