# %% [markdown]
# # 11 · Forecasting
#
# **50 minutes.** You need: the layers of [10 Keras layers without surprises](10_keras_layers.ipynb),
# and least squares: the weights for which the sum of squared errors is smallest.
#
# A recurrent network reads the past of a series and says what comes next. That it says something is
# easy to reach. Whether it says more than "as last year" is the question of this lesson, and
# the answer is not always yes.

# %% [markdown]
# ## You will be able to
#
# - cut a series into windows and targets for one step or many, and know that no target is off by one;
# - split a series in time, and find three kinds of leak in somebody else's split;
# - put a naive, a seasonal and a linear forecast beside every network, and measure all in one unit, the MASE;
# - tell a forecast from the last value drawn one step late;
# - forecast many steps directly or by iteration, and measure both over rolling origins;
# - say for four series whether the network is worth its trouble.

# %%
import matplotlib.pyplot as plt
import numpy as np

from course_utils import datasets, plotting, session
from course_utils.checks import check
from course_utils.forecasting import (
    LinearForecaster,
    Scaler,
    iterate,
    mase,
    naive,
    seasonal_naive,
    split_windows,
    windows,
)
from course_utils.keras_training import TrainingProgress
from course_utils.widgets import HorizonExplorer, Quiz

session.start(seed=11)

import keras
from keras.layers import GRU, Dense
from keras.models import Sequential

# %% [markdown]
# ## 1. A program that looks as if it worked
#
# **Idea.** You meet this program in many introductions. It makes stretches of a sine, 50 values each,
# and trains a GRU to say the value that comes next.
#
# **Code.** `generate_sine_wave(seq_length, num_samples)` below is written out as you find it. The one in
# `datasets` gives the same kind of array faster and from a seed of its own, and is used from then on.


# %%
def generate_sine_wave(seq_length, num_samples):
    """Return stretches of a sine (num_samples, seq_length, 1), and the next value of each."""
    X, y = [], []
    for _ in range(num_samples):
        start = np.random.uniform(0, 4 * np.pi)
        seq = np.sin(np.linspace(start, start + seq_length, seq_length + 1))
        X.append(seq[:-1].reshape(-1, 1))
        y.append(seq[-1])
    return np.array(X), np.array(y)


X, y = generate_sine_wave(50, 3)
print("X", X.shape, "y", y.shape)

X, y = datasets.generate_sine_wave(50, 1024)
X_new, y_new = datasets.generate_sine_wave(50, 512, seed=1)
print("X", X.shape, "y", y.shape)

# %%
keras.utils.set_random_seed(0)
model = Sequential()
model.add(keras.Input(shape=(50, 1)))
model.add(GRU(32))
model.add(Dense(1))
model.compile(optimizer="adam", loss="mse")
model.fit(X, y, epochs=10, batch_size=32, verbose=0, callbacks=[TrainingProgress()])

y_hat = model.predict(X_new, batch_size=512, verbose=0)[:, 0]
sine_error = np.abs(y_hat - y_new).mean()
print("mean absolute error on new stretches below 0.01:", bool(sine_error < 0.01))

fig, ax = plt.subplots(figsize=(7, 2.6))
ax.plot(range(51), [*X_new[0, :, 0], y_new[0]], "o-", color="0.6", markersize=3, label="sine")
ax.plot(50, y_hat[0], "x", color=plotting.PALETTE["vermillion"], markersize=10, label="forecast")
ax.set_xlabel("time step t")
ax.set_ylabel("value")
ax.set_ylim(-1.15, 1.75)
ax.legend(loc="upper left", ncols=2)
plotting.show(
    fig,
    alt="A sine read at steps of one radian, 50 values, and after it the forecast of the next "
    "value: a cross that lies on the true value.",
)

# %% [markdown]
# What to see: the cross sits on the curve. The error on new stretches is below 0.01, where the sine swings
# by 2. Nobody would doubt that the GRU has learned the sine.
#
# Is that good? A number is good compared with another one. Here are two others: the *naive* forecast,
# which repeats the last value, and a weighted sum of the last two values, with weights from least squares.
#
# **Predict.** By how much is the weighted sum worse than the GRU with its 3,393 parameters: 2 times,
# 10 times, 100 times?


# %%
def fit_linear(x, y):
    """Return weights of least squares, the constant last: x (N, T, 1), y (N, H) -> (T + 1, H)."""
    columns = np.column_stack([x[:, :, 0], np.ones(len(x))])
    return np.linalg.lstsq(columns, y, rcond=None)[0]


last_two = X[:, -2:]
weights = fit_linear(last_two, y[:, None])
y_hat_linear = (np.column_stack([X_new[:, -2:, 0], np.ones(512)]) @ weights)[:, 0]

print("parameters of the GRU:", model.count_params(), "of the weighted sum:", weights.size)
print("error of the naive forecast:", round(float(np.abs(X_new[:, -1, 0] - y_new).mean()), 2))
print("error of the weighted sum below 1e-13:", bool(np.abs(y_hat_linear - y_new).max() < 1e-13))
print("its weights:", weights[:2, 0].round(4), "and 2 cos(1) is", round(2 * np.cos(1), 4))

# %% [markdown]
# It is not worse. It is exact but for rounding, ten thousand million times better than the GRU. A sine
# obeys $\sin(a + 1) = 2\cos(1)\,\sin(a) - \sin(a - 1)$, and least squares found those weights.
#
# So the impressive program solves a problem that two weights solve without error. It shows that
# the code runs. What it does *not* show is that a recurrent network was needed.
#
# **One run is an anecdote.** The weights of a network start at random. Here are three starts. Keras
# translates the training step of each new model, and that takes a second or two; so one model
# is kept, and only its weights and the memory of its optimiser are made new.


# %%
def fresh_start(model, seed):
    """Draw new weights for a compiled model, and let its optimiser forget the last training."""
    keras.utils.set_random_seed(seed)
    model.set_weights(keras.models.clone_model(model).get_weights())
    for variable in model.optimizer.variables:
        if variable.name != "learning_rate":
            variable.assign(keras.ops.zeros_like(variable))


def three_runs(model, x, y, x_new, **options):
    """Train from three starts; return the forecasts of all: x_new (N, T, 1) -> (3, N, H)."""
    runs, watch = [], TrainingProgress()
    for seed in range(3):
        fresh_start(model, seed)
        model.fit(x, y, verbose=0, callbacks=[watch], **options)
        runs.append(model.predict(x_new, batch_size=len(x_new), verbose=0))
        if watch.interrupted:
            break
    return np.array(runs)


def median_and_range(errors, digits=2):
    """Write the median of some runs and, in brackets, the smallest and the largest."""
    middle, low, high = (f"{e:.{digits}f}" for e in (np.median(errors), min(errors), max(errors)))
    return f"{middle} ({low} to {high})"


runs = three_runs(model, X, y, X_new, epochs=10, batch_size=32)
errors = np.abs(runs[:, :, 0] - y_new).mean(axis=1)
print("three starts: error in thousandths", median_and_range(1000 * errors, 1))

# %% [markdown]
# The worst of three equal programs errs almost four times as much as the best. From here on
# a network's number is the median of three starts, with the range in brackets.
#
# ## 2. What a forecast has to beat
#
# **Idea.** Two series that somebody measured. *Sunspots*, one number a year since 1700: they come and
# go in about 11 years, never twice alike. *Carbon dioxide* in the air of Mauna Loa, one number a month from
# 1959 to 2001: a rise, and on top of it the seasons of the northern forests.
#
# Both are cut in time. What lies before the dashed line is the *training part*; what comes after is
# held out, as the future is.

# %%
years, sunspots = datasets.load_sunspots()
months, co2 = datasets.load_co2()
FIRST = {"sunspots": 230, "co2": 396}  # index of the first value held out: 1930, January 1992

fig, axes = plt.subplots(2, 1, figsize=(7, 4.2))
for ax, times, series, first in (
    (axes[0], years, sunspots, FIRST["sunspots"]),
    (axes[1], months, co2, FIRST["co2"]),
):
    ax.plot(times, series, linewidth=1.2)
    ax.axvline(times[first], color="k", linestyle="--", linewidth=1)
axes[0].set_ylabel("sunspots")
axes[0].set_xlabel("year")
axes[1].set_ylabel("CO2 (ppm)")
axes[1].set_xlabel("month")
plotting.show(
    fig,
    alt="Above, yearly sunspots from 1700 to 2008: cycles of about 11 years, between 0 and 190, "
    "higher after 1930. Below, monthly carbon dioxide from 1959 to 2001: a rise from 316 to 371 "
    "ppm with a yearly wave of about 6 ppm. A dashed line marks where each is cut.",
)
print("sunspots:", len(sunspots), "years, held out", len(sunspots) - FIRST["sunspots"])
print("CO2     :", len(co2), "months, held out", len(co2) - FIRST["co2"])
print("highest CO2 of the training part", co2[: FIRST["co2"]].max(), "of all", co2.max())

# %% [markdown]
# What to see: neither future looks like its past. The sunspots after 1930 go higher than before, on
# average by half. CO2 leaves the range of the training part for good within a few years.
#
# **Baselines** cost nothing to train. The *naive* forecast repeats the last value. The *seasonal naive*
# forecast repeats the last season: 12 months, or 11 years for the sunspots.
#
# **Code.** A window is $x$ $(N, T, 1)$ and its targets are $y$ $(N, H)$. $H$ is the *horizon*, the number of
# values to forecast.


# %%
def repeat_season(x, horizon, season):
    """Repeat the last season of each window: x (N, T, 1) -> y_hat (N, horizon)."""
    last_season = x[:, x.shape[1] - season :, 0]
    return last_season[:, np.arange(horizon) % season]


window = np.arange(1.0, 7.0).reshape(1, 6, 1)
print("window          ", window[0, :, 0])
print("naive           ", repeat_season(window, 4, season=1)[0])
print("seasonal, 3     ", repeat_season(window, 4, season=3)[0])

# %% [markdown]
# **The ruler.** An error of 20 sunspots and one of 2 ppm cannot be compared. So divide by an error that
# everybody can reproduce: that of the naive forecast, one step ahead, *on the training part*.
#
# $$\mathrm{MASE} \;=\; \frac{\frac{1}{NH}\sum_{i,k} \lvert y_{ik} - \hat y_{ik} \rvert}
# {\frac{1}{n-1}\sum_{t=2}^{n} \lvert s_t - s_{t-1} \rvert}$$
#
# $y_{ik}$ is target $k$ of window $i$, $\hat y_{ik}$ its forecast, and $s_1, \dots, s_n$ is the training
# part. MASE stands for *mean absolute scaled error*. Below 1 is better than the naive forecast was on
# the training part, whatever the series is measured in.


# %%
def scaled_error(y, y_hat, train):
    """Return the MASE of forecasts y_hat (N, H) of y (N, H), in units of train (n,)."""
    return np.abs(y - y_hat).mean() / np.abs(np.diff(train)).mean()


def r_squared(y, y_hat):
    """Return the share of the variance of y that the forecast explains."""
    return 1 - ((y - y_hat) ** 2).sum() / ((y - y.mean()) ** 2).sum()


mackey_glass = datasets.mackey_glass(2600)
print("naive forecast, one step ahead, held-out part")
for name, series, first in (
    ("sunspots", sunspots, FIRST["sunspots"]),
    ("CO2", co2, FIRST["co2"]),
    ("Mackey–Glass", mackey_glass, 1600),
):
    train = series[:first]
    _, _, x_test, y_test = split_windows(series, first, n_steps=1)
    y_hat = repeat_season(x_test, 1, season=1)
    print(f"{name:13s} R² {r_squared(y_test, y_hat):.2f}", end="")
    print(f"   MASE {scaled_error(y_test, y_hat, train):.2f}", end="")
    print(f"   MASE scaled by the test part {scaled_error(y_test, y_hat, y_test[:, 0]):.2f}")

# %% [markdown]
# (Mackey–Glass is a chaotic equation; section 6 tells more.)
#
# Look at the first column. A forecast that knows nothing, that says "as now", has an $R^2$ of 0.94
# for CO2 and of 0.98 for Mackey–Glass. $R^2$ compares with the mean of the series, and the last value is
# nearer than the mean wherever a series is smooth. The MASE says what it is worth: about 1.
#
# The last column scales by the wrong part. In units of the test part the naive forecast has 1 always,
# and you no longer see that the years after 1930 are harder: 1.53. It also takes the ruler from
# values that nobody had when the forecast was made.
#
# **Lag as skill.** This is how such a forecast looks.

# %%
_, _, x_test, y_test = split_windows(co2, FIRST["co2"], n_steps=1)
fig, ax = plt.subplots(figsize=(7, 2.8))
ax.plot(months[FIRST["co2"] :], y_test[:, 0], color="0.4", label="truth")
ax.plot(
    months[FIRST["co2"] :],
    x_test[:, 0, 0],
    "--",
    color=plotting.PALETTE["vermillion"],
    label="forecast: the month before",
)
ax.set_xlabel("month")
ax.set_ylabel("CO2 (ppm)")
ax.legend(loc="upper left")
plotting.show(
    fig,
    alt="Carbon dioxide of ten years and the naive forecast beside it: the same rising wave, one "
    "month to the right. The two lines lie close together.",
)
changes = np.diff(co2[FIRST["co2"] - 1 :])
print("largest error", round(float(np.abs(changes).max()), 2), "ppm, of a wave of 6 ppm")

# %% [markdown]
# What to see: two lines that rise and fall together. The dashed one is the other, moved to the right by a month.
# It says nothing about the next month. Pictures like this one stand below many a trained network that
# has learned to copy its last input.
#
# So: look whether the forecast turns *before* the truth has turned, and put the naive one beside it.
#
# ## 3. Windows, and what must not be in them
#
# **Idea.** A window begins at every value of the series. After its $T$ values come its $H$ targets.
# From a series of $n$ values you get $N = n - T - H + 1$ windows.
#
# $$x_i = (s_i, \dots, s_{i+T-1}), \qquad y_i = (s_{i+T}, \dots, s_{i+T+H-1})$$
#
# Errors here are silent. If the targets begin one value too early, the first one is the last input.
# Every model learns to copy it, its training error drops to almost nothing, and its forecasts come one step late.
#
# ### Exercise 11.1 · Windows
#
# Cut a series into windows and targets.
#
# <details><summary>Hint 1: how many</summary>
#
# 5 values, windows of 2, horizon 2: the windows (1, 2) with (3, 4), and (2, 3) with (4, 5). That is
# 5 − 2 − 2 + 1 = 2. The check also tries a series that is just long enough for two.
# </details>
#
# <details><summary>Hint 2: which values</summary>
#
# In Python, `series[a:b]` and `series[b:c]` follow each other without a gap.
# </details>


# %% exercise="11.1"
def make_windows(series, n_steps, horizon):
    """Return every window of a series with the values that follow it.

    series (n,) -> x (N, n_steps, 1), y (N, horizon), where N = n - n_steps - horizon + 1
    """
    ### BEGIN SOLUTION
    starts = range(len(series) - n_steps - horizon + 1)
    x = np.array([series[i : i + n_steps] for i in starts])
    y = np.array([series[i + n_steps : i + n_steps + horizon] for i in starts])
    return x[:, :, None], y
    ### END SOLUTION


# %% check="11.1"
check("11.1", make_windows)

# %% [markdown]
# ### Where the test begins
#
# Neighbouring windows share all values but one. Deal them out at random, as you would deal out photographs,
# and each answer of the test lies in the training set several times over.
#
# The picture shows the windows of 16 values, $T = 3$, $H = 1$, one in each row, and who uses which value.
#
# **Predict.** On the left, windows are dealt out at random; on the right the *series* is cut first, and each part
# makes its own windows. How many of the test targets stand somewhere in a training window, left and right?


# %%
def draw_windows(ax, starts, is_test, n_steps=3, horizon=1):
    """Draw windows as rows: inputs pale, targets strong, training blue, test vermillion."""
    for row, (start, test) in enumerate(zip(starts, is_test, strict=True)):
        colour = plotting.PALETTE["vermillion" if test else "blue"]
        ax.barh(row, n_steps, left=start - 0.5, height=0.8, color=colour, alpha=0.3)
        ax.barh(row, horizon, left=start + n_steps - 0.5, height=0.8, color=colour)
    ax.set_xticks(range(0, 16, 3))
    ax.set_xlabel("time t")
    ax.grid(False)


starts = np.arange(13)
at_random = np.isin(starts, np.random.default_rng(3).choice(13, size=4, replace=False))
in_time = starts >= 9

fig, axes = plt.subplots(1, 2, figsize=(7, 3.2), sharey=True)
for ax, is_test, title in ((axes[0], at_random, "at random"), (axes[1], in_time, "cut in time")):
    draw_windows(ax, starts, is_test)
    ax.set_title(title, fontsize=10)
    targets = starts[is_test] + 3
    trained_on = {t for start in starts[~is_test] for t in range(start, start + 4)}
    seen = sum(int(t) in trained_on for t in targets)
    print(f"{title:12s} test targets {targets.tolist()}, of these seen in training: {seen}")
axes[0].set_ylabel("window")
axes[0].invert_yaxis()  # both share it: the first window on top
plotting.show(
    fig,
    alt="Thirteen windows as rows, each with three pale inputs and one strong target, moved on by "
    "one value a row. Left, four vermillion test windows stand among the blue training windows, "
    "and their targets lie below pale blue inputs. Right, the four test windows come last, and no "
    "blue stands at or after their targets.",
)

# %% [markdown]
# What to see on the left: go down from a vermillion target, and in the next rows you meet blue. The network
# was trained with the answer in its hand. On the right nothing blue stands to the right of the first vermillion
# target. The pale vermillion inputs reach back into blue. They may: at the moment of the forecast those values are known.
#
# Two more leaks are as silent:
#
# - **The scaler.** A network wants numbers of size 1, so you subtract a mean and divide by a standard deviation.
#   Take both from the whole series and they tell how high the future will be.
# - **Windows first, cut later.** With $H > 1$ the last training targets and the first test targets
#   are partly the same values. `split_windows` cuts the series first.
#
# What is a leak worth? We take a task that a network *cannot* do: CO2 in ppm, 24 months of input, 12 months of targets.
# Three quarters of the values after 1992 are higher than any in training.
#
# **Predict.** Seasonal naive has a MASE of 1.51 here. What does a GRU of 16 units reach: about 0.5, 1.5 or 5?

# %%
n_steps, horizon = 24, 12
first = FIRST["co2"]
train = co2[:first]
x_train, y_train, x_test, y_test = split_windows(co2, first, n_steps, horizon)
print("windows:", len(x_train), "to train,", len(x_test), "to test")

network = Sequential([keras.Input((n_steps, 1)), GRU(16), Dense(horizon)])
network.compile(keras.optimizers.Adam(0.003), "mse")


def run_network(x_train, y_train, x_test, scaler, epochs=40):
    """Train three times on scaled windows; return forecasts in units of the series (3, N, H)."""
    runs = three_runs(
        network,
        scaler.scale(x_train),
        scaler.scale(y_train),
        scaler.scale(x_test),
        epochs=epochs,
        batch_size=39,
    )
    return scaler.unscale(runs)


honest = run_network(x_train, y_train, x_test, Scaler.fit(train))
print("seasonal naive  :", round(mase(y_test, seasonal_naive(x_test, 12, 12), train), 2))
linear = LinearForecaster.fit(x_train, y_train).predict(x_test)
print("linear          :", round(mase(y_test, linear, train), 2))
print("network, honest :", median_and_range([mase(y_test, run, train) for run in honest]))
print("mean of 2001, truth:", round(y_test[-1].mean(), 1), "ppm", end=", ")
print("all three runs below 364:", bool((honest[:, -1].mean(axis=1) < 364).all()))

# %% [markdown]
# About 5, more than three times worse than repeating last year. The states of a GRU lie between −1 and 1.
# For an input higher than any it was trained with, the gates saturate, and the output stays
# near the highest level it knows: for 2001 all three runs say less than 364 ppm, and it was 370.9. The linear forecast, 300 weights from least squares, has 0.56.
#
# Now with leaks.
#
# **Predict.** Which flatters more: a scaler fitted on all data, or a random split as well?

# %%
leaky_scaler = Scaler.fit(co2)
peeking = run_network(x_train, y_train, x_test, leaky_scaler)

x_all, y_all = windows(co2, n_steps, horizon)
order = np.random.default_rng(11).permutation(len(x_all))
chosen, others = order[: len(x_train)], order[len(x_train) :]
shuffled = run_network(x_all[chosen], y_all[chosen], x_all[others], leaky_scaler)

print("honest                   :", median_and_range([mase(y_test, r, train) for r in honest]))
print("scaler fitted on all     :", median_and_range([mase(y_test, r, train) for r in peeking]))
print("and windows at random    :", end=" ")
print(median_and_range([mase(y_all[others], r, train) for r in shuffled]))

# %% [markdown]
# The scaler alone takes a sixth off the error. The random split takes two thirds off: the network no longer has to go
# beyond what it knows, it fills gaps between months that it was trained on. Somebody would announce it with 1.7, and use it in
# 1992, and be off by 5.
#
# ### Exercise 11.2 · A leakage detector
#
# A trick finds leaks in any program: replace the series by its own clock, `np.arange(n)`, and send that
# through the program. Each number in a window then says *when* it was.
#
# Your detector gets such clocks: `x_train` $(N, T)$, `y_train` $(N, H)$, `x_test` $(M, T)$,
# `y_test` $(M, H)$, and `scaler` $(K,)$, the times of the values that the scaler was fitted on. It
# answers three questions, each with True or False:
#
# 1. `answers_seen`: does any test target stand in a training window, as input or as target?
# 2. `shuffled`: does any training window start its forecast later than some test window starts its own?
# 3. `scaler_peeks`: has the scaler seen the first test target, or anything later?
#
# <details><summary>Hint 1: is it in there?</summary>
#
# `np.isin(a, b)` says for each element of `a` whether it stands in `b`.
# </details>
#
# <details><summary>Hint 2: where a forecast starts</summary>
#
# The first target of each window, `y_train[:, 0]` and `y_test[:, 0]`.
# </details>
#
# <details><summary>Hint 3: what is allowed</summary>
#
# Test *inputs* may reach back into the training part. None of the three questions asks about them.
# </details>


# %% exercise="11.2"
def find_leaks(x_train, y_train, x_test, y_test, scaler):
    """Return answers_seen, shuffled, scaler_peeks; all arguments hold times."""
    ### BEGIN SOLUTION
    answers_seen = np.isin(y_test, x_train).any() or np.isin(y_test, y_train).any()
    shuffled = y_train[:, 0].max() > y_test[:, 0].min()
    scaler_peeks = scaler.max() >= y_test.min()
    return bool(answers_seen), bool(shuffled), bool(scaler_peeks)
    ### END SOLUTION


# %% check="11.2"
check("11.2", find_leaks)

# %% [markdown]
# ## 4. Sunspots: many origins, many steps
#
# **Idea.** The last known value is the *origin* of a forecast. One origin is one throw of the dice. So let it
# roll: forecast 12 years from 1929, then from 1930, and so on to 1996, 68 origins. Each forecast uses only
# what was known at its origin.
#
# A model may be trained once, before the first origin, or again at each. A network is usually
# trained once. Least squares is quick, so you can fit it 68 times.
#
# **Predict.** Does it help the linear forecast to be fitted again each year? The first fit has 195 windows, the
# last one 262.

# %%
first = FIRST["sunspots"]
train = sunspots[:first]
x_train, y_train, x_test, y_test = split_windows(sunspots, first, n_steps, horizon)
print("windows:", len(x_train), "to train,", len(x_test), "origins to test")


def linear_at_each_origin(series, first, n_steps, horizon):
    """Fit again at each origin, on all that is known there: -> y_hat (N, H)."""
    forecasts = []
    for origin in range(first, len(series) - horizon + 1):
        x_known, y_known = windows(series[:origin], n_steps, horizon)
        x_now = series[origin - n_steps : origin].reshape(1, n_steps, 1)
        forecasts.append(LinearForecaster.fit(x_known, y_known).predict(x_now)[0])
    return np.array(forecasts)


forecasts = {
    "naive": naive(x_test, horizon),
    "seasonal naive": seasonal_naive(x_test, horizon, 11),
    "linear": LinearForecaster.fit(x_train, y_train).predict(x_test),
    "linear, fitted each year": linear_at_each_origin(sunspots, first, n_steps, horizon),
}
print("MASE                      1 year ahead    1 to 12 years")
for name, y_hat in forecasts.items():
    one, all_steps = mase(y_test[:, :1], y_hat[:, :1], train), mase(y_test, y_hat, train)
    print(f"{name:26s} {one:8.2f} {all_steps:15.2f}")

# %% [markdown]
# It helps: 1.57 instead of 1.73 over 12 years. The cycles after 1930 are higher than before, and a
# model that keeps learning takes it in. Remember it when you compare a network that was trained once.
#
# Now the GRU, trained for 60 epochs and for 200.
#
# **Predict.** Over 12 years linear has 1.73, and seasonal naive 1.76. Where is the network? And does it gain by
# longer training?

# %%
scaler = Scaler.fit(train)
runs = {epochs: run_network(x_train, y_train, x_test, scaler, epochs) for epochs in (60, 200)}
one = [mase(y_test[:, :1], run[:, :1], train) for run in runs[60]]
print("network,  60 epochs, 1 year ahead: ", median_and_range(one))
for epochs, forecasts_of_runs in runs.items():
    all_steps = [mase(y_test, run, train) for run in forecasts_of_runs]
    print(f"network, {epochs:3d} epochs, 1 to 12 years:", median_and_range(all_steps))

# %%
fig, ax = plt.subplots(figsize=(7, 3.4))
steps = np.arange(1, horizon + 1)


def error_by_step(y, y_hat, train):
    """Return the MASE of each step ahead: y, y_hat (N, H) -> H numbers."""
    return [mase(y[:, k], y_hat[:, k], train) for k in range(y.shape[1])]


for name, colour, style in (
    ("naive", "orange", "-."),
    ("seasonal naive", "green", ":"),
    ("linear", "blue", "--"),
):
    ax.plot(
        steps,
        error_by_step(y_test, forecasts[name], train),
        style,
        color=plotting.PALETTE[colour],
        label=name,
    )
curves = np.array([error_by_step(y_test, run, train) for run in runs[60]])
ax.plot(steps, np.median(curves, axis=0), color=plotting.PALETTE["vermillion"], label="network")
ax.fill_between(
    steps,
    curves.min(axis=0),
    curves.max(axis=0),
    color=plotting.PALETTE["vermillion"],
    alpha=0.2,
)
ax.set_xlabel("years ahead")
ax.set_ylabel("MASE over 68 origins")
ax.set_ylim(0, 5.8)
ax.legend(ncols=2, fontsize="small")
plotting.show(
    fig,
    alt="MASE against years ahead. Naive rises from 1.6 to 5.4 at five years and comes back to 1.5 "
    "at ten. Seasonal naive stays near 1.7. Linear and the network begin near 1 and join the "
    "seasonal naive forecast at about three years; their curves cross several times.",
)
print(
    "five years ahead: naive above 5:",
    bool(error_by_step(y_test, forecasts["naive"], train)[4] > 5),
)

# %% [markdown]
# What to see: one year ahead linear and network err by about 1, the baselines by 1.6 and more. From the third year on
# nobody is clearly better than "as 11 years ago". The naive curve has a hump, since five years from a minimum comes a maximum.
#
# The network does not win. Its median over 12 years is 1.72, with a range from 1.66 to 1.88, and linear's 1.73
# lies in that range. Fitted each year, linear is better than all three. With 200 epochs it gets *worse*, 2.01: it
# has 1,116 parameters and 195 windows, which overlap so much that they hold about 20 solar cycles of news. It learns them by heart.
#
# ### Touch it
#
# The forecasts of your network, the median of your three runs, beside the baselines. Move the horizon, then the origin.
#
# 1. Origin 1954, the minimum before the highest maximum on record. Who sees it coming? How high does each go?
# 2. Horizon 1: is there an origin for which the naive forecast is the best of the four?
# 3. Leave the horizon at 12 and move the origin through a whole cycle. When is the network better than linear?

# %%
shown = {
    "network": np.median(runs[60], axis=0),
    **{name: forecasts[name] for name in ("linear", "seasonal naive", "naive")},
}
HorizonExplorer(
    sunspots, shown, first_time=1700, time_unit="year", value_label="sunspots", origin=1954
)

# %% [markdown]
# ## 5. CO2: give the network something it can do
#
# **Idea.** In section 3 the network failed because it had to say a level that it had never seen. It does not have to. What comes
# next is the last value plus a *change*, and changes after 1992 look like those before.
#
# **Formula.** With $s$ the last value of a window: $x' = (x - s)/\sigma$ and $y' = (y - s)/\sigma$, where $\sigma$ is the standard
# deviation of the changes $y - s$ in the training windows. The forecast is $\hat y = s + \sigma\, \hat y'$.
#
# Subtracting the last value of *each window* is no leak: at the origin it is known.
#
# **Predict.** Linear has 0.56. Does the network now come below?

# %%
first = FIRST["co2"]
train = co2[:first]
x_train, y_train, x_test, y_test = split_windows(co2, first, n_steps, horizon)
last_train, last_test = x_train[:, -1:], x_test[:, -1:]
sigma = (y_train - last_train[:, :, 0]).std()

changes = three_runs(
    network,
    (x_train - last_train) / sigma,
    (y_train - last_train[:, :, 0]) / sigma,
    (x_test - last_test) / sigma,
    epochs=60,
    batch_size=39,
)
mended = last_test[:, :, 0] + sigma * changes

direct = LinearForecaster.fit(x_train, y_train)
one_step = LinearForecaster.fit(*windows(train, n_steps))
print("seasonal naive        ", round(mase(y_test, seasonal_naive(x_test, 12, 12), train), 2))
print("linear, direct        ", round(mase(y_test, direct.predict(x_test), train), 2))
iterated = iterate(one_step.predict, x_test, horizon)
print("linear, iterated      ", round(mase(y_test, iterated, train), 2))
print("network, levels       ", median_and_range([mase(y_test, run, train) for run in honest]))
print("network, changes      ", median_and_range([mase(y_test, run, train) for run in mended]))

# %% [markdown]
# From 5 to 0.5, with the same network, by a subtraction. The network is now a little better than the direct linear forecast
# and level with the iterated one. Call it a draw: one held-out decade is one throw, too.
#
# ## 6. Mackey–Glass: where the network wins
#
# **Idea.** Linear forecasts are hard to beat on series that are nearly linear. Here is one that is not:
#
# $$\frac{ds}{dt} = \frac{0.2\, s(t - \tau)}{1 + s(t - \tau)^{10}} - 0.1\, s(t), \qquad \tau = 17$$
#
# It was a model of the number of white blood cells: too few, and $\tau$ days later more arrive. It has no noise at all, and it is
# chaotic: it never repeats itself, and two neighbours drift apart. We read a value every 3 time units, so
# the delay is between five and six steps. About every 17 steps comes a wave, which gives the seasonal baseline.
#
# Horizon 24, two ways. *Direct*: one model with 24 outputs. *Iterated*: a model of one step that reads its own
# forecasts, 24 times.
#
# **Predict.** Which of the two is better for the first step? Which for the last?

# %%
series = datasets.mackey_glass(2600, spacing=3)
first, n_steps, horizon = 1583, 24, 24
train, scaler = series[:first], Scaler.fit(series[:first])
x_train, y_train, x_test, y_test = split_windows(series, first, n_steps, horizon)
print("windows:", len(x_train), "to train,", len(x_test), "origins to test")

networks = {}
for kind, n_outputs in (("direct", horizon), ("iterated", 1)):
    networks[kind] = Sequential([keras.Input((n_steps, 1)), GRU(32), Dense(n_outputs)])
    networks[kind].compile(keras.optimizers.Adam(0.01), "mse")

direct = scaler.unscale(
    three_runs(
        networks["direct"],
        scaler.scale(x_train),
        scaler.scale(y_train),
        scaler.scale(x_test),
        epochs=15,
        batch_size=64,
    )
)

# %%
iterated = []
for seed in range(3):
    fresh_start(networks["iterated"], seed)
    watch = TrainingProgress()
    networks["iterated"].fit(
        scaler.scale(x_train),
        scaler.scale(y_train[:, :1]),
        epochs=15,
        batch_size=64,
        verbose=0,
        callbacks=[watch],
    )
    y_hat = iterate(
        lambda x: networks["iterated"].predict(x, batch_size=len(x), verbose=0),
        scaler.scale(x_test),
        horizon,
    )
    iterated.append(scaler.unscale(y_hat))
    if watch.interrupted:
        break

linear = LinearForecaster.fit(x_train, y_train).predict(x_test)
one_step = LinearForecaster.fit(x_train, y_train[:, :1])
linear_iterated = iterate(one_step.predict, x_test, horizon)

print("MASE                   1 step ahead         24 steps ahead       1 to 24")
for name, each in {
    "naive": [naive(x_test, horizon)],
    "seasonal naive, 17": [seasonal_naive(x_test, horizon, 17)],
    "linear, direct": [linear],
    "linear, iterated": [linear_iterated],
    "network, direct": direct,
    "network, iterated": iterated,
}.items():
    print(f"{name:20s}", end="")
    for part in (slice(0, 1), slice(-1, None), slice(None)):
        errors = [mase(y_test[:, part], run[:, part], train) for run in each]
        text = median_and_range(errors) if len(errors) > 1 else f"{errors[0]:.2f}"
        print(f"   {text:19s}", end="")
    print()

# %% [markdown]
# The network wins, by a factor of six over 24 steps. Nothing random is in this series; what comes next is a bent
# function of the last few values, and a sum cannot bend.
#
# One step ahead the iterated network is four times better than the direct one. It has one output to care about;
# the direct one divides 32 units among 24. On the way its small errors are read again as inputs and grow, and at step 24 both are level.
# Here iteration costs nothing. On a noisy series, or with a wrong one-step model, it can.

# %%
fig, ax = plt.subplots(figsize=(7, 3.4))
steps = np.arange(1, horizon + 1)
for name, each, colour, style in (
    ("linear, direct", [linear], "blue", "--"),
    ("linear, iterated", [linear_iterated], "sky", "-."),
    ("network, direct", direct, "vermillion", "-"),
    ("network, iterated", iterated, "orange", ":"),
):
    curves = np.array([error_by_step(y_test, run, train) for run in each])
    ax.semilogy(steps, np.median(curves, axis=0), style, color=plotting.PALETTE[colour], label=name)
    ax.fill_between(
        steps,
        curves.min(axis=0),
        curves.max(axis=0),
        color=plotting.PALETTE[colour],
        alpha=0.2,
        linewidth=0,
    )
ax.set_ylim(0.02, 10)
ax.set_xlabel("steps ahead")
ax.set_ylabel("MASE over 994 origins")
ax.legend(ncols=2, fontsize="small", loc="upper left")
plotting.show(
    fig,
    alt="MASE against steps ahead on a logarithmic axis. Both linear forecasts rise from 0.2 to "
    "above 1. The direct network stays near 0.2. The iterated network begins near 0.05 and rises to "
    "0.2 at step 24.",
)
best = np.median([error_by_step(y_test, run, train) for run in iterated], axis=0)
print("iterated network, step 1 below 0.1:", bool(best[0] < 0.1))

# %% [markdown]
# What to see: the linear curves lie above, between 0.8 and 1.3 from the third step on. The iterated network starts lowest
# and climbs: its median grows fourfold in 24 steps, and its band widens. That is what chaos does to any error, however small: with
# enough steps it reaches the size of the series.
#
# ### Exercise 11.3 · Beat the naive forecast
#
# Now you. Write a function that gets a training part and windows that follow it, and returns forecasts. The check
# calls it for three series (CO2, Mackey–Glass, made-up quarterly sales) and wants a MASE below 1 in each.
# Any method will do.
#
# <details><summary>Hint 1: a plan</summary>
#
# Cut `train` into windows as long as those in `x`, fit a model to them, and apply it to `x`.
# `windows` and `LinearForecaster` are imported.
# </details>
#
# <details><summary>Hint 2: a network instead</summary>
#
# Scale with numbers from `train` only, and do not forget the way back. For CO2 think of section 5. The check
# waits 30 seconds.
# </details>


# %% exercise="11.3"
def beat_naive(train, x, horizon):
    """Return forecasts of the values that follow each window.

    train (n,): the training part. x (N, T, 1): windows of what came later -> y_hat (N, horizon)
    """
    ### BEGIN SOLUTION
    x_train, y_train = windows(train, x.shape[1], horizon)
    return LinearForecaster.fit(x_train, y_train).predict(x)
    ### END SOLUTION


# %% check="11.3"
check("11.3", beat_naive)

# %% [markdown]
# ### Was it worth it?
#
# The table is the answer of this lesson, for these four series, these sizes and this much training.
#
# | series | horizon | best baseline | linear | network | who wins |
# |---|---|---|---|---|---|
# | sine | 1 | | exact | error 0.001 | linear |
# | sunspots | 12 years | 1.76 (seasonal) | 1.73 | 1.72 (1.66 to 1.88) | nobody |
# | CO2, levels | 12 months | 1.51 (seasonal) | 0.56 | 5.06 (4.53 to 5.10) | linear |
# | CO2, changes | 12 months | 1.51 (seasonal) | 0.56 | 0.50 (0.50 to 0.52) | nobody |
# | Mackey–Glass | 24 steps | 1.70 (seasonal) | 1.02 | 0.17 (0.17 to 0.18) | network |
#
# That is no accident. In the fourth Makridakis competition (M4, 100,000 series, 2018) the six pure machine-learning methods
# all lost to a combination of simple statistical ones, and only one beat a naive forecast with the season taken into account. The winner was a hybrid of
# exponential smoothing and a recurrent network, trained across all series at once. Networks pay where there is much to learn:
# many series, long ones, or a law that is not linear.

# %% [markdown]
# ## Quiz

# %%
Quiz("11")

# %% [markdown]
# ## Summary
#
# - A forecast without a baseline says nothing. The sine program errs by 0.001, and two weights are exact.
# - MASE is the error in units of the naive forecast's, one step ahead, on the *training* part.
# - $R^2 = 0.94$ came from repeating last month. A forecast that turns after the truth has turned has no skill.
# - Cut the series in time first, then make windows; fit the scaler on the training part. On CO2 a random split
#   with a leaky scaler made a MASE of 5 look like less than 2.
# - Roll the origin, and give the error of each step ahead. Two years ahead, linear and network beat the last solar cycle; later
#   nobody clearly does.
# - Give the network changes instead of levels when the level wanders: 0.5 instead of 5.
# - Direct or iterated: measure. On Mackey–Glass iteration was better for short horizons and level at 24 steps.
# - The network won on one series of four.

# %% [markdown]
# ## What next
#
# A series of words is forecast in the same way, with a probability for each word instead of a number. The
# map in [00 Start here](00_start_here.ipynb) shows what you have solved.
# [12 Sentiment](12_sentiment.ipynb) reads reviews.

# %% [markdown]
# ## References
#
# - R. J. Hyndman, A. B. Koehler, *Another look at measures of forecast accuracy*, International Journal of
#   Forecasting 22 (2006), 679–688: the MASE (section 3).
# - R. J. Hyndman, G. Athanasopoulos, *Forecasting: Principles and Practice*, 3rd edition, OTexts 2021, sections 5.2
#   (naive forecasts), 5.8 (scaled errors) and 5.10 (rolling origins).
# - M. C. Mackey, L. Glass, *Oscillation and chaos in physiological control systems*, Science 197 (1977), 287–289.
# - S. Ben Taieb, G. Bontempi, A. F. Atiya, A. Sorjamaa, *A review and comparison of strategies for multi-step ahead
#   time series forecasting*, Expert Systems with Applications 39 (2012), 7067–7083: direct and iterated.
# - S. Makridakis, E. Spiliotis, V. Assimakopoulos, *The M4 Competition: results, findings, conclusion and way
#   forward*, International Journal of Forecasting 34 (2018), 802–808.
# - The data: F. Clette and others, *Revisiting the sunspot number*, Space Science Reviews 186 (2014), 35–103, source
#   WDC-SILSO, Royal Observatory of Belgium; C. D. Keeling, T. P. Whorf, *Atmospheric CO2 concentrations derived from
#   flask air samples at sites in the SIO network*, CDIAC 2004. The cards in `data/` tell more.
