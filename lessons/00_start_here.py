# %% [markdown]
# # 00 · Start here
#
# **15 minutes.** You need: Python functions and the basics of NumPy arrays (`shape`, indexing). You
# need to know nothing about neural networks.
#
# Welcome. In this course you build recurrent neural networks three times: by hand in NumPy, as a
# symbolic graph in Theano, and with ready-made layers in Keras. Each time you check that the numbers
# are the same.
#
# This page is a *notebook*: text, and grey cells with code. Click into the first grey cell below
# and press **Shift + Enter**. The cell runs, its result appears below it, and the next cell is
# selected. Go through the page in this way, from top to bottom. *Kernel → Restart Kernel* gives you a
# fresh start whenever you want one. It also helps when a cell runs on and on, and the stop button ■ does not end it.
#
# **When you come back another day**, Python has forgotten everything: click into the cell where you
# stopped and choose *Run → Run All Above Selected Cell*. For a clean copy of a lesson, delete its file
# and take it again from where you got the course (in a Git clone: `git checkout notebooks`). The
# results that you see below were stored when the course was made, so choose *Edit → Clear Outputs of
# All Cells* before you predict them.

# %% [markdown]
# ## You will be able to
#
# - tell whether your computer is ready for the course, and mend it if not;
# - read the shape $(N, T, D)$ and cut a sequence, a step or a feature out of a batch;
# - turn a batch of token ids into one-hot vectors, and a batch of sequences into inputs and next-step targets;
# - use the four tools of every lesson: predictions, explorers, checks and the quiz.

# %%
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display

from course_utils import environment, plotting, progress, session
from course_utils.checks import check
from course_utils.widgets import BatchSlicer, CourseMap, Quiz

session.start(seed=0)

# %% [markdown]
# That line tells you which versions answered. Every lesson starts with it.
#
# ## 1. Is everything here?
#
# The next cell compares what is installed with what the course was tested with. Each line says OK or
# tells you what to do.

# %%
environment.report()

# %% [markdown]
# Being installed is one thing, working is another. So here is the course in one cell: the function
# tanh, which you will meet in every lesson, computed by NumPy, by Theano and by Keras.
#
# It takes a few seconds, most of them for loading Keras.
#
# **Predict.** $\tanh(0)$ is 0, and tanh never exceeds 1. Is $\tanh(0.5)$ above or below 0.5?

# %%
from course_utils import theano_compat

theano_compat.enable()

import keras
import theano

number = theano.tensor.dscalar("number")
theano_tanh = theano.function([number], theano.tensor.tanh(number))

answers = {
    "NumPy": np.tanh(0.5),
    "Theano": theano_tanh(0.5),
    "Keras": keras.ops.tanh(0.5),
}
for name, value in answers.items():
    print(f"{name:7s}{float(value):.5f}")

# %% [markdown]
# Three libraries, one number, a little below 0.5. If a line is missing, do what the report above
# says, then run both cells again.
#
# ## 2. A batch of sequences has three axes
#
# **Idea.** A sequence is a list of measurements in order: one each day, each hour, each letter. At
# each *step* you may measure several things; these are the *features*. And since computers are
# faster with many sequences at once, we stack several into a *batch*.
#
# **Formula.** A batch is an array $x$ with three axes, always in this order:
#
# $$x \in \mathbb{R}^{N \times T \times D}, \qquad x_{n,t,d} = \text{sequence } n,\ \text{step } t,\ \text{feature } d$$
#
# | symbol | how many | in code | in the example below |
# |---|---|---|---|
# | $N$ | sequences in the batch | `n_samples` | 3 towns |
# | $T$ | steps in time | `n_steps` | 5 days |
# | $D$ | features at each step | `n_features` | 2: temperature and rain |
#
# Formulas count from 1, Python counts from 0: the first step is `x[:, 0]`.
#
# **Code.** Three towns, five days, two measurements. (The figures are made up.)

# %%
towns = ["Aville", "Beeton", "Ceeburg"]
temperature = np.array([[14, 15, 17, 16, 18], [9, 8, 8, 10, 11], [21, 22, 20, 19, 21]])
rain = np.array([[0, 2, 0, 5, 1], [7, 9, 12, 4, 3], [0, 0, 1, 0, 0]])

x = np.stack([temperature, rain], axis=-1).astype(float)
n_samples, n_steps, n_features = x.shape
print("shape of x:", x.shape, "numbers in it:", x.size)
print("town 1, day 3 (counted from 0):", x[1, 3], "degrees and millimetres")

# %% [markdown]
# **Picture.** One panel for each feature, one line for each sequence, time from left to right. What
# to see: the two panels belong together. Beeton is the coldest town on every day *and* has the most
# rain on four days of five. A network that reads `x` sees both features of a day at once.

# %%
fig, panels = plt.subplots(1, 2, figsize=(8.5, 3))
for feature, (ax, ylabel) in enumerate(zip(panels, ["temperature (°C)", "rain (mm)"], strict=True)):
    lines = {town: x[n, :, feature] for n, town in enumerate(towns)}
    plotting.plot_sequences(lines, ax=ax, ylabel=ylabel)
    ax.set_xlabel("time step t (day)")
    ax.set_xlim(0.7, 6.6)
    ax.set_xticks(range(1, n_steps + 1))
plotting.show(
    fig,
    alt="Two line charts over 5 days with a line for each of 3 towns. Temperature: Ceeburg about "
    "20 degrees, Aville about 16, Beeton about 9. Rain: Beeton most, up to 12 mm on day 3.",
)
coldest = x[:, :, 0].argmin(axis=0)
wettest = x[:, :, 1].argmax(axis=0)
print("coldest town of each day:", [towns[n] for n in coldest])
print("wettest town of each day:", [towns[n] for n in wettest])

# %% [markdown]
# **Predict.** Before each demonstration this course asks you to predict. Say your answer aloud or
# write it down: where you were wrong is where to look twice. So: `x` has shape $(3, 5, 2)$. What are
# the shapes of these five pieces? Which one is "the last day, in all towns"?

# %%
pieces = {
    "x[0]": x[0],
    "x[:, 0]": x[:, 0],
    "x[:, -1]": x[:, -1],
    "x[:, :, 1]": x[:, :, 1],
    "x[:, 1:4]": x[:, 1:4],
}
for text, piece in pieces.items():
    print(f"{text:12s}{piece.shape}")

# %% [markdown]
# An index removes its axis; a slice such as `1:4` keeps it. `x[:, -1]` is the last day in all towns.
# `x[0]` is not the first day: it is the first *town*. Mix up these two and NumPy raises no error; the
# result is merely about something else.
#
# **Explorer.** Most lessons have a picture that you can move, an *explorer*. This one shows the
# numbers of `x`, one table for each town, with steps downwards and features across. Choose with the
# mouse, or with Tab and the arrow keys. Where no kernel runs, on a web page for instance, you see a
# still picture and a sentence instead.
#
# 1. Take step 4 of every sequence. What is the shape, and what do the numbers say?
# 2. Get the temperatures of Beeton (sequence 1) on all days. Which controls do you set?
# 3. How many axes are left when you set all three?

# %%
BatchSlicer(x)

# %% [markdown]
# <details><summary>Answers</summary>
#
# 1. $(3, 2)$: temperature and rain of the last day in each of the three towns. The axis of time is
#    gone.
# 2. Sequence 1 and feature 0. What is left is the time, of shape $(5,)$: 9, 8, 8, 10, 11.
# 3. None: one number, of shape $()$.
# </details>

# %% [markdown]
# ## 3. A check tells you why
#
# **Idea.** Text is a sequence too. Its steps are *tokens*: words or letters. Each kind of token gets
# a number, its *id*, counted from 0. The list of all $V$ tokens is the *vocabulary*.

# %%
vocabulary = ["a", "b", "c", "d"]
words = ["dab", "cab"]
tokens = np.array([[vocabulary.index(letter) for letter in word] for word in words])
print(tokens)
print("shape (N, T):", tokens.shape, "vocabulary V:", len(vocabulary))

# %% [markdown]
# A network cannot use ids as they are: it would take `d` (3) for three times `b` (1). So each token
# becomes a vector of $V$ numbers, 1 at its own place and 0 elsewhere. It is *one-hot*. The batch
# grows an axis, $(N, T) \to (N, T, V)$, and now has the shape of section 2 with $D = V$:
#
# | token | id | vector |
# |---|---|---|
# | `a` | 0 | 1 0 0 0 |
# | `b` | 1 | 0 1 0 0 |
# | `c` | 2 | 0 0 1 0 |
# | `d` | 3 | 0 0 0 1 |
#
# Soon you write that function. First see what happens to a wrong answer. The function below gives
# the batch its third axis and leaves the ids as they are.
#
# **Predict.** The check sees only what the function returns. What do you expect: "wrong", or more?


# %%
def ids_with_an_axis(tokens, n_tokens):
    """Return the ids with a third axis: (N, T) -> (N, T, 1)."""
    return tokens[:, :, None].astype(float)


check("0.1", ids_with_an_axis)

# %% [markdown]
# In brackets stands the name of the mistake, below it a hint. A check runs your function on several
# inputs, also on extreme ones such as a single step, and compares the results with the right ones.
# If they differ, it tries the mistakes that learners often make. One of them gave exactly the numbers
# of the function above, so the check could name it.
#
# Other mistakes are described as far as possible. A check never stops the notebook: an error in
# your code, or a loop that does not end within 5 seconds, becomes a sentence.


# %%
def forgets_to_return(tokens, n_tokens):
    """Fill an array and keep it."""
    x = np.zeros((*tokens.shape, n_tokens))
    x[:, :, 0] = 1


def adds_a_number_to_a_shape(tokens, n_tokens):
    """Fail at the plus sign."""
    return np.zeros(tokens.shape + n_tokens)


display(check("0.1", forgets_to_return), check("0.1", adds_a_number_to_a_shape))

# %% [markdown]
# Now it is your turn. Each exercise has a cell with a function to complete, and a check cell below
# it:
#
# 1. Replace the line `raise NotImplementedError(...)` by your code.
# 2. Run the cell, then the check cell.
# 3. Stuck? Open a hint. They say more from one to the next.
#
# All solutions stand in a notebook of the same name in the folder `solutions`
# ([the one for this lesson](../solutions/00_start_here.ipynb)). No later cell depends on your
# answer, so you can skip an exercise and come back.
#
# ### Exercise 0.1 · One-hot a batch
#
# Turn token ids into one-hot vectors of floating-point numbers. `n_tokens` is $V$, the size of the
# vocabulary; a batch need not contain every token.
#
# <details><summary>Hint 1: the plain way</summary>
#
# Start with `np.zeros` of the right shape. Two loops, over sequences and over steps, can put each 1
# in its place.
# </details>
#
# <details><summary>Hint 2: the short way</summary>
#
# Look at the rows of `np.eye(4)`: row 2 is the vector of token 2. NumPy can pick many rows at once
# if you index with an array of row numbers.
# </details>


# %% exercise="0.1"
def one_hot(tokens, n_tokens):
    """Return one vector for each token, 1.0 at the token's id and 0.0 elsewhere.

    tokens (N, T) integers from 0 to n_tokens - 1 -> x (N, T, V) floats, V = n_tokens
    """
    ### BEGIN SOLUTION
    return np.eye(n_tokens)[tokens]
    ### END SOLUTION


# %% check="0.1"
check("0.1", one_hot)

# %% [markdown]
# ## 4. What comes next?
#
# **Idea.** Many networks of this course learn to predict the next step: the next letter, the next
# measurement. That needs no labels, because the data themselves hold the answers. Take the sequence
# twice, once without its end and once without its beginning:

# %%
word = "hello"
inputs, targets = word[:-1], word[1:]
for step, (seen, wanted) in enumerate(zip(inputs, targets, strict=True), start=1):
    print(f"step {step}: the input is {seen}, the target is {wanted}")

# %% [markdown]
# **Formula.** From $T$ steps you get $T - 1$ pairs. The target of step $t$ is the input of step
# $t + 1$:
#
# $$\text{input}_t = x_t, \qquad \text{target}_t = x_{t+1}, \qquad t = 1, \ldots, T - 1$$
#
# **Predict.** Suppose that by mistake the targets are the inputs themselves. Will the error of a
# network be larger or smaller than it should be? Below, the simplest of all predictors says that
# tomorrow's temperature is today's. Its error is measured against the right targets and against the
# leaked ones.

# %%
today, tomorrow = x[:, :-1, 0], x[:, 1:, 0]
prediction = today
print(f"mean error against the next day: {np.abs(prediction - tomorrow).mean():.2f} degrees")
print(f"mean error against its own input: {np.abs(prediction - today).mean():.2f} degrees")

# %% [markdown]
# The error is zero, and worth nothing: the answer was in the question. This is called a *target leak*.
# A result that is too good is often one.
#
# ### Exercise 0.2 · Shift inputs to next-step targets
#
# Cut a batch of sequences into inputs and targets of the same shape.
#
# <details><summary>Hint 1: which axis?</summary>
#
# Time is axis 1. Leave the other two axes whole.
# </details>
#
# <details><summary>Hint 2: how many steps?</summary>
#
# The last step has no next one, so it is no input. The first step has none before it, so it is no
# target.
# </details>


# %% exercise="0.2"
def next_step_pairs(x):
    """Return inputs and targets, where each target is the step after its input.

    x (N, T, D) -> inputs (N, T-1, D), targets (N, T-1, D)
    """
    ### BEGIN SOLUTION
    return x[:, :-1], x[:, 1:]
    ### END SOLUTION


# %% check="0.2"
check("0.2", next_step_pairs)

# %% [markdown]
# ## 5. Your way through the course
#
# The map shows all lessons, their minutes and the exercises that you have solved. Press *Refresh*
# after you have solved one.

# %%
CourseMap()

# %% [markdown]
# What you have solved is kept in one small file on your own computer and sent nowhere:
#
# | system | file |
# |---|---|
# | Linux, Binder | `~/.local/share/unrolled/progress.json` |
# | macOS | `~/Library/Application Support/unrolled/progress.json` |
# | Windows | `%LOCALAPPDATA%\unrolled\progress.json` |
#
# `progress.path()` tells you the exact place, and `progress.reset()` starts anew. To keep the file
# elsewhere, set the environment variable `UNROLLED_HOME` to a folder. On Binder everything is
# deleted when you leave; download the notebooks that you want to keep. If something is wrong with
# the file, the next cell says what.

# %%
print(progress.notice() or "The progress file is fine.")

# %% [markdown]
# ## Quiz
#
# Every lesson ends with a quiz. Each option, right or wrong, tells you why. Your answers are not kept.

# %%
Quiz("00")

# %% [markdown]
# ## Summary
#
# - A batch of sequences has shape $(N, T, D)$: sequences, steps, features, in this order.
# - An index removes its axis, a slice keeps it. `x[:, -1]` is the last step of every sequence, `x[-1]`
#   is the last sequence.
# - One-hot vectors turn ids of shape $(N, T)$ into $(N, T, V)$, with $V$ from the vocabulary, not
#   from the batch.
# - The target of a step is the next step: $T$ steps give $T - 1$ pairs. If a target is among its
#   own inputs, the error says nothing.
# - Predict before you run, move the explorers, and let the checks tell you *why*.

# %% [markdown]
# ## What next
#
# [01 Why memory](01_why_memory.ipynb) begins with the question what a network without memory cannot
# do. 40 minutes. If you know, go straight to [02 The forward pass](02_forward_pass.ipynb): the
# recurrent network itself, four lines of NumPy. 50 minutes.

# %% [markdown]
# ## References
#
# - J. L. Elman, *Finding structure in time*, Cognitive Science 14 (1990), 179–211: letters and
#   words as vectors with a single 1, and a network that learns by predicting the next one.
# - C. R. Harris et al., *Array programming with NumPy*, Nature 585 (2020), 357–362: axes, indices
#   and slices of arrays.
