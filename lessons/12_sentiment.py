# %% [markdown]
# # 12 · Sentiment
#
# **55 minutes.** You need: a Keras layer's shapes and its mask
# ([10 Keras layers without surprises](10_keras_layers.ipynb)), the gates of an LSTM and a GRU
# ([08 Gates](08_gates.ipynb)), and the logistic output of [01 Why memory](01_why_memory.ipynb).
#
# Is a review good or bad? This is where many people first meet an LSTM, in a program of a dozen lines.
# The program runs at once and prints an accuracy. In this lesson you find out what that number is
# worth: what the network read, what it guessed from the padding, and what counting words gives.

# %% [markdown]
# ## You will be able to
#
# - turn texts of different lengths into one array, with a vocabulary that has not seen the test;
# - say what a network makes of padding, before and behind, with a mask and without;
# - train the classic sentiment program, exchange its LSTM for a GRU or a bidirectional layer, and explain both of its dropouts;
# - put a bag of words beside every network, and read an accuracy with its uncertainty;
# - tell whether a bad result is the fault of the network or of the data;
# - find a data set in which the padding gives the label away.

# %%
import textwrap

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression

from course_utils import padding, plotting, session
from course_utils.checks import check
from course_utils.datasets import load_imdb, load_reviews
from course_utils.keras_training import TrainingProgress, fresh_start
from course_utils.text import PAD, UNKNOWN, Vocabulary, words
from course_utils.widgets import Quiz, SentimentExplorer

session.start(seed=12)

import keras
from keras.layers import GRU, LSTM, Bidirectional, Dense, Dropout, Embedding, Input, SimpleRNN
from keras.models import Sequential

# %% [markdown]
# ## 1. From words to numbers
#
# **Idea.** The course has 664 short reviews of films that do not exist, written for this lesson. Half
# of each part is positive. 480 are for training, 120 for testing, and 64 are *tricky*: they turn on a
# negation, on a "but", or on the order of the words. Nobody trains on those.

# %%
reviews = {split: load_reviews(split) for split in ("train", "test", "tricky")}
texts = {split: [words(review.text) for review in part] for split, part in reviews.items()}
y = {split: np.array([review.label for review in part]) for split, part in reviews.items()}

for split, part in reviews.items():
    print(f"{split:7s}{len(part):4d} reviews, {y[split].mean():.0%} positive")
for review in (reviews["train"][1], reviews["train"][0], reviews["tricky"][1]):
    print(f"\n{review.split}, label {review.label}, {'/'.join(review.tags)}:")
    print(textwrap.fill(review.text, width=90))

# %% [markdown]
# The first is plain, the second is good news in negative words, and the third turns round at its end.
#
# **Code.** A network takes numbers, so each word gets one, its *id*. The vocabulary is made of the
# **training** reviews alone. When the network is in use, it meets words that it has never seen, and the
# test has to be like that.
#
# Two ids are not for words: 0 is *padding*, 1 is *unknown*.
#
# **Predict.** Roughly how many of 100 words in the test reviews are unknown: 1, 13 or 40?

# %%
vocabulary = Vocabulary.from_tokens(
    [word for text in texts["train"] for word in text], specials=(PAD, UNKNOWN)
)
print("vocabulary:", vocabulary.size, "ids; the first:", vocabulary.tokens[:6])
print("ids of 'not bad at all':", vocabulary.encode(words("not bad at all")).tolist())

counts = np.bincount(np.concatenate([vocabulary.encode(text) for text in texts["train"]]))
print(f"used once in 480 reviews: {np.mean(counts[2:] == 1):.0%} of the words")
for split in ("test", "tricky"):
    found = [word in vocabulary for text in texts[split] for word in text]
    print(f"unknown in {split}: {1 - np.mean(found):.0%} of the words")

# %% [markdown]
# 13 of 100. And more than half of the words that are known were seen a single time, so the network
# will know as much about them as you know about a word that you have met once.
#
# A vocabulary made of the test reviews too would have no unknown words there. Each extra word would get
# a vector that no training has touched, and you would not see how much of a new text the network cannot
# read.
#
# ### When id 0 is a word
#
# **Predict.** Suppose that you number the words from 0, the most frequent first, and that later a mask
# hides every 0 as padding. Which word is gone?

# %%
from_zero = Vocabulary.from_tokens(
    [word for text in texts["train"] for word in text], specials=(UNKNOWN,)
)
from_nothing = Vocabulary(from_zero.tokens[1:])
ids = np.concatenate([from_nothing.encode(text) for text in texts["train"]])
print("id 0 is the word:", from_nothing.tokens[0])
print(f"words hidden by the mask: {np.sum(ids == 0)} of {len(ids)}, {np.mean(ids == 0):.0%}")

# %% [markdown]
# Every "the" is gone, 7 % of all words, and nothing reports it. In another text it might be "not".
#
# ## 2. Padding: one length for all
#
# **Idea.** A batch is one array $(N, T)$, and reviews have different lengths. So short ones are filled
# up with 0 and long ones are cut. You choose $T$, the side that is filled, and the end that is cut.

# %%
lengths = np.array([len(text) for text in texts["train"]])
n_steps = 40

fig, ax = plt.subplots(figsize=(7, 2.6))
ax.hist(lengths, bins=np.arange(5, 57, 2), color=plotting.PALETTE["blue"])
ax.axvline(n_steps, color=plotting.PALETTE["vermillion"], linestyle="--")
ax.text(n_steps + 0.5, 50, "T = 40", color=plotting.PALETTE["vermillion"])
ax.set_xlabel("length of a training review (words)")
ax.set_ylabel("reviews")
plotting.show(
    fig,
    alt="Histogram of the lengths of 480 training reviews: most have 10 to 30 words, the median is "
    "20, and a small group of long ones reaches 54. A dashed line at 40 words cuts 24 reviews.",
)
print("median", int(np.median(lengths)), "words, longest", lengths.max())
print(f"longer than {n_steps}: {np.sum(lengths > n_steps)} reviews")
print(f"padding in an array with T = {n_steps}: {1 - np.minimum(lengths, n_steps).mean() / 40:.0%}")

# %% [markdown]
# What to see: most reviews have around 20 words, and a small group has 40 and more. With $T = 40$ only 24
# of 480 reviews lose words, and still 48 % of the array is padding. So what the network makes of
# padding is no detail.
#
# **Code.** Keras has a function for it. Left to itself it fills and cuts *in front*.
#
# **Predict.** In the cell, the third text has six words and there is room for five. Which word goes?

# %%
try:
    np.array([vocabulary.encode(text) for text in texts["train"][:3]])
except ValueError as error:
    print("ValueError:", textwrap.fill(str(error), width=95), "\n")

short = [
    vocabulary.encode(words(text))
    for text in ("good", "not bad at all", "a good film but not great")
]
print("ids:", [ids.tolist() for ids in short])
print("as Keras chooses:")
print(keras.utils.pad_sequences(short, maxlen=5))
print("zeros behind:")
print(keras.utils.pad_sequences(short, maxlen=5, padding="post"))

# %% [markdown]
# **What the message means.** Lists of different lengths are not an array, "inhomogeneous shape". **The
# mend** is the padding.
#
# The first word goes: `truncating="pre"` is the default, whichever side is filled. For reviews that is
# the better end to lose, as the verdict tends to come last. For a news story it would be the wrong one.
#
# ### Exercise 12.1 · Pad and mask
#
# Do it yourself, from words to arrays. Ids: 0 is padding, 1 an unknown word, and the words of the
# training reviews follow from 2, in the order in which they come up. Of a long review keep the *last*
# `n_steps` words; put zeros *behind* a short one. The mask says which steps are real.
#
# <details><summary>Hint 1: the ids</summary>
#
# A dictionary from word to id. `ids.setdefault(word, len(ids) + 2)` adds a word only if it is new.
# `ids.get(word, 1)` looks it up and knows what to do with the others.
# </details>
#
# <details><summary>Hint 2: the padding</summary>
#
# Start from an array of zeros and write each review into its row. `row[-n_steps:]` are the last
# `n_steps` elements, or all of them where there are fewer.
# </details>
#
# <details><summary>Hint 3: the mask</summary>
#
# It is an array of `True` and `False`. If no word has the id 0, one comparison makes it.
# </details>


# %% exercise="12.1"
def prepare(train, test, n_steps):
    """Turn two lists of reviews, each a list of words, into arrays.

    train N reviews, test M reviews
    -> x_train (N, n_steps), x_test (M, n_steps), mask_test (M, n_steps), True at real steps
    """
    ### BEGIN SOLUTION
    ids = {}
    for review in train:
        for word in review:
            ids.setdefault(word, len(ids) + 2)

    def pad(reviews):
        x = np.zeros((len(reviews), n_steps), dtype=int)
        for row, review in zip(x, reviews, strict=True):
            kept = [ids.get(word, 1) for word in review][-n_steps:]
            row[: len(kept)] = kept
        return x

    x_train, x_test = pad(train), pad(test)
    return x_train, x_test, x_test != 0
    ### END SOLUTION


# %% check="12.1"
check("12.1", prepare)

# %% [markdown]
# ## 3. The last step may be padding
#
# **Idea.** The classifier looks at one state only, that of the last step:
#
# $$\hat y = \sigma(h_T\, w + b)$$
#
# with $h_T$ $(N, U)$ the state after $T$ steps, $w$ $(U, 1)$ and $b$ $(1,)$ weights, and
# $\sigma(a) = 1 / (1 + e^{-a})$. Behind a review of 20 words in 40 places stand 20 steps of padding.
# The network reads them like words. By the end, what is left of the review?
#
# **Code.** Two reviews of eight words, an LSTM that is not trained, and up to 30 steps of padding
# behind. If the two last states become equal, no classifier can tell the reviews apart.
#
# **Predict.** How much of the difference is left after 10 steps of padding: 90 %, half, or a fifth?

# %%
keras.utils.set_random_seed(12)
embedding = Embedding(vocabulary.size, 32)
lstm = LSTM(32, return_sequences=True)

pair = [words("the best film that i have ever seen"), words("the worst film that i have ever seen")]
x_pair = keras.utils.pad_sequences(
    [vocabulary.encode(text) for text in pair], maxlen=8 + 30, padding="post"
)
states = {
    "no mask": lstm(embedding(x_pair)),
    "mask": lstm(embedding(x_pair), mask=x_pair != 0),
}
fig, ax = plt.subplots(figsize=(7, 3))
for (name, h), line in zip(states.items(), ("-", "--"), strict=True):
    h = keras.ops.convert_to_numpy(h)[:, 7:]  # from the last word on
    difference = np.linalg.norm(h[0] - h[1], axis=1)
    left = difference / difference[0]
    ax.semilogy(left, line, label=name)
    print(f"{name:8s} left after 10 steps of padding: {left[10]:.2f}, after 30: {left[30]:.4f}")
ax.set_xlabel("steps of padding behind the review")
ax.set_ylabel("difference of the two states\n(after the last word = 1)")
ax.legend()
plotting.show(
    fig,
    alt="Difference between the last states of two reviews against the number of padding steps, on a "
    "logarithmic axis. Without a mask it falls to a fifth after 10 steps and below 1 % after 30. "
    "With a mask it stays at 1.",
)

# %% [markdown]
# What to see: without a mask the difference shrinks step by step. A fifth is left after 10 steps of
# padding and less than 1 % after 30, and then the two reviews are all but the same to the classifier.
# Training can change that, but it has to find a way through first.
#
# **A mask** is an array $(N, T)$ of `True` and `False`. At a step that is `False` the layer keeps the
# state as it is. `mask_zero=True` makes the embedding compute the mask from the ids, and Keras hands it
# on from layer to layer by itself.
#
# **Predict.** The same review, in an array of 10 and in one of 40 steps, with zeros in front or behind.
# Which of the four kinds gives one and the same score at both lengths?


# %%
def scores_at(n_steps, mask_zero):
    """Return two scores of one review, with zeros in front and behind, from the same weights."""
    keras.utils.set_random_seed(12)
    model = Sequential(
        [Embedding(vocabulary.size, 32, mask_zero=mask_zero), SimpleRNN(32), Dense(1)]
    )
    ids = [vocabulary.encode(pair[0])]
    x = [keras.utils.pad_sequences(ids, maxlen=n_steps, padding=side) for side in ("pre", "post")]
    return keras.ops.convert_to_numpy(model(np.concatenate(x)))[:, 0]


for mask_zero in (False, True):
    same = np.abs(scores_at(10, mask_zero) - scores_at(40, mask_zero)) < 1e-6
    print(f"mask_zero={mask_zero!s:6s} the same score in 10 and in 40 steps:", end=" ")
    print(f"zeros in front {same[0]!s:6s} zeros behind {same[1]}")

# %% [markdown]
# Only with the mask. Without it the score depends on how long the *other* reviews are, since they
# decide on $T$. In front, the padding is the smaller evil: the words come last, and the state has
# forgotten most of the zeros by then. That is why Keras fills in front unless told otherwise.
#
# ### Another way out: the mean
#
# You need not look at the last step. The mean of all states is a summary too, and no step is special:
#
# $$\bar h = \frac{\sum_{t=1}^{T} m_t\, h_t}{\sum_{t=1}^{T} m_t}$$
#
# with $m_t$ 1 at real steps and 0 at padding. The mask stands **twice**. Forget it below, and a review
# of 5 words in 40 places gets an eighth of its mean.
#
# ### Exercise 12.2 · Masked mean
#
# <details><summary>Hint 1: the shapes</summary>
#
# `h` is $(N, T, U)$ and `mask` is $(N, T)$. `mask[:, :, None]` is $(N, T, 1)$ and goes with `h`.
# </details>
#
# <details><summary>Hint 2: an empty review</summary>
#
# Its sum is 0. Divide it by 1 instead of 0: `np.maximum(count, 1)`.
# </details>


# %% exercise="12.2"
def masked_mean(h, mask):
    """Return the mean over the real steps; 0 for a sequence that has none.

    h (N, T, U), mask (N, T) of bool -> mean (N, U)
    """
    ### BEGIN SOLUTION
    count = mask.sum(axis=1, keepdims=True)
    return (h * mask[:, :, None]).sum(axis=1) / np.maximum(count, 1)
    ### END SOLUTION


# %% check="12.2"
check("12.2", masked_mean)

# %% [markdown]
# ## 4. First the baseline: count the words
#
# **Idea.** A *bag of words* knows which words a review has and not where they stand. "Not good, but
# funny" and "not funny, but good" are the same bag.
#
# **Formula.** $\hat y = \sigma\big(b + \sum_{w \in \text{review}} v_w\big)$, a logistic regression with
# one weight $v_w$ for each word of the vocabulary.
#
# **Predict.** Guessing gets 50 %. What does the bag get on the test reviews? And on the tricky ones,
# which were written in pairs that share most of their words?


# %%
def pad(texts):
    """Return ids (N, 40), zeros behind."""
    ids = [vocabulary.encode(text) for text in texts]
    return keras.utils.pad_sequences(ids, maxlen=n_steps, padding="post")


def bag(x, n_words=None):
    """Return which words each row of ids has: (N, V) of 0 and 1. Padding is no word."""
    has = np.zeros((len(x), n_words or vocabulary.size))
    has[np.arange(len(x))[:, None], x] = 1
    has[:, 0] = 0
    return has


x = {split: pad(part) for split, part in texts.items()}
bag_of_words = LogisticRegression(C=1.0, max_iter=1000).fit(bag(x["train"]), y["train"])
bag_right = {split: bag_of_words.predict(bag(x[split])) == y[split] for split in x}
for split, right in bag_right.items():
    print(f"bag of words, {split:7s}{right.mean():.1%} of {len(right)} right")

order = np.argsort(bag_of_words.coef_[0])
print("most negative:", ", ".join(vocabulary.decode(order[:9])))
print("most positive:", ", ".join(vocabulary.decode(order[:-10:-1])))

# %% [markdown]
# Perfect in training and 64 % in the test. The most telling words are sensible, such as "stupid" and
# "gripping", with "they" and "put" among them by chance.
#
# And 41 % of the tricky reviews, *worse* than guessing: they use praise to condemn and the reverse, so a
# model that trusts words is led astray.
#
# **How sure is 64 %?** With $n$ reviews and an accuracy $p$ the standard error is
# $\sqrt{p (1 - p) / n}$. For $n = 120$ that is 4.4 points, so the interval of two standard errors
# reaches from 55 % to 73 %. Two models that differ by 5 points here do not differ.
#
# ## 5. The classic program
#
# The program below is the one that most introductions print, in the manner of Keras 1. On the left is
# what it said there; the sizes fit IMDB's 25,000 reviews, and yours are smaller. What has changed:
#
# | there | here | why |
# |---|---|---|
# | `max_features = 20000` | 2,178 | the words that the training reviews have |
# | `maxlen = 100` | 40 | longer than 95 % of the reviews |
# | `Embedding(…, 128, input_length=maxlen)` | `Embedding(…, 32, mask_zero=True)` | Keras 3 finds the length out, and warns of the argument; the mask is new |
# | `LSTM(128, dropout=0.2, recurrent_dropout=0.2)` | `LSTM(32, …)` | the same line, a quarter of the units |
#
# **Predict.** After 5 epochs, how far apart are the accuracies in training and in validation?

# %%
max_features = vocabulary.size
batch_size = 32

keras.utils.set_random_seed(12)
model = Sequential()
model.add(Input((n_steps,)))
model.add(Embedding(max_features, 32, mask_zero=True))
model.add(LSTM(32, dropout=0.2, recurrent_dropout=0.2))  # or GRU(32)
model.add(Dense(1, activation="sigmoid"))
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])

x_train, y_train = x["train"][:384], y["train"][:384]
x_val, y_val = x["train"][384:], y["train"][384:]
watch = TrainingProgress()
history = model.fit(
    x_train,
    y_train,
    batch_size=batch_size,
    epochs=5,
    validation_data=(x_val, y_val),
    verbose=0,
    callbacks=[watch],
).history
print(watch.message)
print("weights:", f"{model.count_params():,}", "of which embedding:", f"{max_features * 32:,}")
print("training accuracy above 0.75  :", history["accuracy"][-1] > 0.75)
print("validation accuracy below 0.75:", history["val_accuracy"][-1] < 0.75)

# %% [markdown]
# It learns the reviews that it sees, and little that holds for others. On our machine it was 0.85
# against 0.6. No wonder: 78,000 weights, and 384 labels to set them by.
#
# **An error to know.** Tell the embedding fewer words than there are, and JAX does not complain. The
# vector of an id that is too large is NaN, and from then on so is everything else. If your loss is NaN
# in the first batch, look there first.

# %%
too_small = Embedding(1000, 2)
try:
    vectors = keras.ops.convert_to_numpy(too_small(np.array([[5, 1000]])))
    print("id 5 has a vector of numbers   :", bool(np.isfinite(vectors[0, 0]).all()))
    print("id 1000 of ids 0 to 999 has one:", bool(np.isfinite(vectors[0, 1]).all()))
except Exception as error:  # some of Keras' other backends do complain
    print(type(error).__name__, error)

# %% [markdown]
# ### LSTM, GRU, both directions: three seeds each
#
# **Idea.** The variants differ in one line. One training says little: another seed gives other start
# weights, another order of the batches and another accuracy. So each variant is trained three times on
# all 480 reviews for 10 epochs, a number that was chosen beforehand and not by looking at the test.
# `fresh_start`, which you know from lesson 11, draws new weights and keeps what is compiled.
#
# A *bidirectional* layer is two LSTMs, one of which reads from the end. Its output has 16 + 16 numbers,
# and thanks to the mask the backward one starts at the last word and not at the padding.
#
# **Predict.** Which of the three beats the bag of words by more than the 9 points of uncertainty?

# %%
VARIANTS = {
    "LSTM": lambda: LSTM(32, dropout=0.2, recurrent_dropout=0.2),
    "GRU": lambda: GRU(32, dropout=0.2, recurrent_dropout=0.2),
    "both directions": lambda: Bidirectional(LSTM(16)),
}
x_all = np.concatenate(list(x.values()))  # one call scores all 664 reviews


def build(recurrent):
    """Return the program's model with another recurrent layer."""
    return Sequential(
        [
            Input((n_steps,)),
            Embedding(max_features, 32, mask_zero=True),
            recurrent(),
            Dense(1, activation="sigmoid"),
        ]
    )


right = {"bag of words": [bag_right]}
trained = {"LSTM": model}  # the program's own, which is compiled already
for name, recurrent in VARIANTS.items():
    if name not in trained:
        trained[name] = build(recurrent)
        trained[name].compile(loss="binary_crossentropy", optimizer="adam")
    model, right[name] = trained[name], []
    for seed in range(3):
        fresh_start(model, seed)
        model.fit(
            x["train"],
            y["train"],
            batch_size=batch_size,
            epochs=10,
            verbose=0,
            callbacks=[TrainingProgress()],
        )
        p = model.predict(x_all, batch_size=332, verbose=0)[:, 0]
        p = dict(zip(x, np.split(p, np.cumsum([480, 120])), strict=True))
        right[name].append({split: (p[split] > 0.5) == y[split] for split in x})


def median(name, split):
    """Median accuracy over the seeds."""
    return np.median([each[split].mean() for each in right[name]])


for name in VARIANTS:
    print(
        f"{name:16s} training above 0.95: {median(name, 'train') > 0.95}, "
        f"test from 0.50 to 0.80: {0.5 <= median(name, 'test') <= 0.8}, "
        f"tricky below 0.5: {median(name, 'tricky') < 0.5}"
    )

# %% [markdown]
# **Look closer.** Where are they right? The test reviews have tags: *plain* says what it means,
# *negation* turns a word round, *contrast* sets one half against the other.

# %%
tags = np.array([review.tags[0] for review in reviews["test"]])
groups = {
    "training": ("train", np.full(480, True)),
    "test: plain": ("test", tags == "plain"),
    "test: negation": ("test", tags == "negation"),
    "test: contrast": ("test", tags == "contrast"),
    "tricky": ("tricky", np.full(64, True)),
}
fig, ax = plt.subplots(figsize=(7.5, 3.4))
for i, name in enumerate(right):
    for place, (split, chosen) in enumerate(groups.values()):
        accuracies = [each[split][chosen].mean() for each in right[name]]
        at = place + 0.17 * (i - 1.5)
        ax.plot([at, at], [min(accuracies), max(accuracies)], color=f"C{i}", linewidth=2)
        ax.plot(
            at, np.median(accuracies), "osD^"[i], color=f"C{i}", label=name if place == 0 else None
        )
ax.axhline(0.5, color="0.4", linewidth=1, linestyle=":")
names = [f"{group}\n({chosen.sum()})" for group, (_, chosen) in groups.items()]
ax.set_xticks(range(len(groups)), names, fontsize="small")
ax.set_ylim(0, 1.05)
ax.set_xlabel("reviews (how many)")
ax.set_ylabel("accuracy (median, range)")
ax.legend(loc="lower left", ncols=2, fontsize="small")
plotting.show(
    fig,
    alt="Accuracy of a bag of words, an LSTM, a GRU and a bidirectional LSTM on five groups of reviews. "
    "In training all are near 1. On the test groups they lie between 0.45 and 0.8, in an order "
    "that changes from group to group. On the tricky reviews all lie between 0.3 and 0.45.",
)
spread = [median(name, "test") for name in right]
print("medians on the test, best minus worst, below 0.15:", np.ptp(spread) < 0.15)

# %% [markdown]
# What to see: in training all four are perfect. In the test their order changes from group to group: the
# LSTM is ahead on plain reviews and behind on contrasts, by up to 20 points. On the tricky reviews all
# four are below guessing.
#
# **Do not read too much into it.** A group of 54 reviews gives an accuracy to ±12 points, one of 30 to
# ±18. The vertical lines are short because they show something else: three seeds, judged on the *same*
# reviews. Agreeing seeds say that the training is repeatable. How well the network does on *other*
# reviews they do not say.
#
# | median (range) on our machine | test | tricky |
# |---|---|---|
# | bag of words | 0.64 | 0.41 |
# | LSTM | 0.63 (0.62 to 0.65) | 0.39 (0.36 to 0.42) |
# | GRU | 0.68 (0.66 to 0.68) | 0.33 (0.30 to 0.42) |
# | both directions | 0.64 (0.61 to 0.64) | 0.41 (0.39 to 0.42) |
#
# On all 120 test reviews the four are within 4 points of each other, less than the uncertainty. And
# the networks, which could use order, lose on the tricky reviews just like the bag. So what they have
# learned is mostly to count words.
#
# ### Touch it
#
# Type a sentence. After each word your model has an opinion: the bars. Choose the LSTM that you have
# just trained, or the bag of words. Four questions:
#
# 1. Your own words are "Not stupid, not lazy, not tedious." Choose the same without "not" from the
#    list. What has the LSTM made of three negations?
# 2. Choose the gripping story with the tedious ending. What happens at "but", and what after it?
# 3. Type the words of a sentence in another order. Which model cannot care?
# 4. How many words of a sentence of your own tell the models nothing?


# %% tags=["nbval-ignore-output"] reason="the scores of a trained network move in their last digits from processor to processor"
def score_lstm(texts):
    """Return P(positive) of each text from the LSTM trained above."""
    return trained["LSTM"].predict(pad(texts), verbose=0)[:, 0]


def score_bag(texts):
    """Return P(positive) of each text from the bag of words."""
    return bag_of_words.predict_proba(bag(pad(texts)))[:, 1]


SentimentExplorer(
    {"LSTM": score_lstm, "bag of words": score_bag},
    known=vocabulary,
    sentences=[
        "Stupid, lazy and tedious.",
        "A gripping story and a brilliant cast, but the ending is tedious.",
        *(reviews["tricky"][i].text for i in (1, 3)),
    ],
    typed="Not stupid, not lazy, not tedious.",
)

# %% [markdown]
# <details><summary>Answers</summary>
#
# 1. Next to nothing: on our machine it ends at 0.15 without them and at 0.11 with them. "Not" has a
#    weight of its own, and "stupid" keeps its own.
# 2. Nothing: the score is at 0.94 before "is tedious" and at 0.95 after it.
# 3. The bag of words. Its last bar is the same for every order of the same words.
# 4. About 13 in 100, if you write like the reviews; more, if you do not.
# </details>
#
# ## 6. The two dropouts
#
# **Idea.** In training, *dropout* sets some numbers to 0 at random, so that the network cannot rely on
# any single one. The others are divided by $1 - \text{rate}$, so that the sum stays as it was on
# average. At prediction nothing is dropped.
#
# In a recurrent layer there are two places. `dropout` falls on the input $x_t$, `recurrent_dropout` on
# the state $h_{t-1}$, before either is multiplied by its matrix. And there is a peculiarity: within a
# sequence **the same** numbers are dropped at every step. With a new choice at each step hardly
# anything of the state would survive 40 steps.
#
# **Code.** A layer that copies its input, `kernel` the identity and `recurrent_kernel` zero, shows the
# choice of `dropout=0.5`. Beside it an ordinary `Dropout(0.5)`.
#
# **Predict.** The input is all ones, four steps of eight numbers. Which of the two arrays has equal
# rows?

# %%
keras.utils.set_random_seed(12)
copies = {
    "kernel_initializer": "identity",
    "recurrent_initializer": "zeros",
    "activation": "linear",
}
inside = SimpleRNN(8, dropout=0.5, return_sequences=True, **copies)
beside = Dropout(0.5)
ones = np.ones((1, 4, 8), dtype="float32")

for name, layer in {"dropout=0.5 in the layer": inside, "Dropout(0.5)": beside}.items():
    dropped = keras.ops.convert_to_numpy(layer(ones, training=True))[0]
    print(f"{name}: the same choice at every step: {bool((dropped == dropped[0]).all())}")
    print(dropped.astype(int))
again = keras.ops.convert_to_numpy(inside(ones, training=True))[0]
print("another call drops others:", not np.array_equal(again[0], np.ones(8)))
calm = keras.ops.convert_to_numpy(inside(ones, training=False))[0]
print("at prediction nothing is dropped:", bool((calm == 1).all()))

# %% [markdown]
# Inside the layer the rows are equal: whole columns are 0, the others 2. That is why these two dropouts
# are arguments of the layer. An LSTM chooses anew for each of its four gates.
#
# Does it help? Here nobody can tell. Without both dropouts the LSTM of section 5 had a median of 0.60 in
# the test (0.58 to 0.63, three seeds), with 0.2 it has 0.63 (0.62 to 0.65), with 0.5 it had 0.64
# (0.62 to 0.69). That looks like a little, and it is less than the 9 points of uncertainty.
#
# ## 7. Is it the network, or the data?
#
# **Idea.** A network that fails may be unable to learn the task, or it may have too few examples. Two
# questions tell these apart. Can the same network learn the same kind of task where examples are
# plenty? And does it still get better with every example that you add?
#
# **Code.** A small language, made by a rule: "the plot was not very good but the cast was lovely". 23
# words, a negation turns its adjective round, and after "but" comes what counts. The label follows from
# the order of the words and from nothing else.
#
# **Predict.** What does the bag of words get here? And how many sentences does an LSTM need?

# %%
THINGS = ["plot", "cast", "music", "ending", "film", "story"]
WORDS = {
    1: ["good", "great", "lovely", "brilliant", "funny", "clever"],
    0: ["bad", "awful", "dull", "boring", "silly", "clumsy"],
}


def clause(label, rng):
    """Return words that say good (1) or bad (0) of a thing, half of the time by a negation."""
    turned = int(rng.integers(2))
    negation = ["not"] if turned else []
    very = ["very"] if rng.integers(2) else []
    adjective = rng.choice(WORDS[label ^ turned])
    return ["the", rng.choice(THINGS), "was", *negation, *very, adjective]


def small_language(n_samples, seed):
    """Return n sentences and their labels; half have a "but", and what follows it decides."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(2, size=n_samples)
    sentences = [
        [*clause(1 - label, rng), "but", *clause(label, rng)]
        if rng.integers(2)
        else clause(label, rng)
        for label in labels
    ]
    return sentences, labels


made, made_labels = small_language(480, seed=1)
made_test, made_test_labels = small_language(512, seed=2)
made_vocabulary = Vocabulary.from_tokens(
    [word for sentence in made for word in sentence], specials=(PAD, UNKNOWN)
)
for sentence, label in zip(made[:4], made_labels, strict=False):
    print(label, " ".join(sentence))
print("words:", made_vocabulary.size - 2)

# %% [markdown]
# The first cell trains an LSTM on 30, 120 and 480 of these sentences, with 360 updates and three seeds
# each, and the GRU of section 5 on as many reviews. The second cell draws both.


# %%
def encode_made(sentences):
    """Return ids (N, 14), zeros behind."""
    ids = [made_vocabulary.encode(sentence) for sentence in sentences]
    return keras.utils.pad_sequences(ids, maxlen=14, padding="post")


def learning_curve(model, data, n_epochs):
    """Return the test accuracy for each number of samples and each of three seeds."""
    (x_from, y_from), (x_test, y_test) = data.values()
    accuracy = np.zeros((len(SIZES), 3))
    for row, size in zip(accuracy, SIZES, strict=True):
        again = np.resize(np.arange(size), 480)  # as many updates for few samples as for many
        for seed in range(3):
            fresh_start(model, seed)
            model.fit(
                x_from[again],
                y_from[again],
                batch_size=32,
                epochs=n_epochs,
                verbose=0,
                callbacks=[TrainingProgress()],
            )
            p = model.predict(x_test, batch_size=len(x_test), verbose=0)[:, 0]
            row[seed] = np.mean((p > 0.5) == y_test)
    return accuracy


SIZES = [30, 120, 480]
small = {
    "train": (encode_made(made), made_labels),
    "test": (encode_made(made_test), made_test_labels),
}
real = {split: (x[split], y[split]) for split in ("train", "test")}
made_model = Sequential(
    [
        Input((14,)),
        Embedding(made_vocabulary.size, 16, mask_zero=True),
        LSTM(16),
        Dense(1, activation="sigmoid"),
    ]
)
made_model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(0.01))
curves = {
    "small language, LSTM": learning_curve(made_model, small, n_epochs=24),
    "reviews, GRU": learning_curve(trained["GRU"], real, n_epochs=10),
}
bags = {}
for name, data in zip(curves, (small, real), strict=True):
    n_words = max(part.max() for part, _ in data.values()) + 1
    (x_from, y_from), (x_to, y_to) = (
        (bag(part, n_words), part_labels) for part, part_labels in data.values()
    )
    bags[name] = [
        LogisticRegression(max_iter=1000).fit(x_from[:n], y_from[:n]).score(x_to, y_to)
        for n in SIZES
    ]

# %%
fig, axes = plt.subplots(1, 2, figsize=(8, 3), sharey=True)
for ax, (name, accuracy) in zip(axes, curves.items(), strict=True):
    ax.fill_between(SIZES, accuracy.min(axis=1), accuracy.max(axis=1), alpha=0.25)
    network = f"{name.split()[-1]} (median, range)"
    ax.semilogx(SIZES, np.median(accuracy, axis=1), "o-", label=network)
    ax.semilogx(SIZES, bags[name], "s--", label="bag of words")
    ax.set_xticks(SIZES, SIZES)
    ax.minorticks_off()
    ax.set_title(name.split(",")[0], fontsize="medium")
    ax.set_xlabel("training samples")
    ax.set_ylim(0, 1.05)
    ax.legend(loc="lower right", fontsize="small")
axes[0].set_ylabel("test accuracy")
plotting.show(
    fig,
    alt="Test accuracy against the number of training samples, 30 to 480. Left, the small language: the "
    "LSTM rises from about 0.5 to 1.0, the bag of words stays at 0.5. Right, the reviews: both "
    "climb slowly from about 0.5, the bag to 0.64 and the GRU to about 0.7.",
)
first, last = (np.median(curves["small language, LSTM"], axis=1)[at] for at in (0, -1))
print(f"small language, LSTM: 30 samples below 0.75: {first < 0.75}, 480 above 0.97: {last > 0.97}")
print("small language, bag : below 0.58 at every size:", max(bags["small language, LSTM"]) < 0.58)
real_best = max(np.median(curves["reviews, GRU"], axis=1).max(), *bags["reviews, GRU"])
print("reviews, both       : below 0.80 at every size:", real_best < 0.8)

# %% [markdown]
# What to see, on the left: the bag of words stays at one half, however many sentences it gets, as in this
# language every word stands equally often in good and in bad sentences. The LSTM is at one half with 30
# sentences, and without a mistake after 480. So a network of this kind can learn "not" and "but".
#
# On the right, as many reviews: both start from guessing at 30 and climb slowly, to 0.64 (bag) and 0.70
# (GRU, 0.68 to 0.73) at 480. Neither has levelled off. The small language has 23 words, so among 480
# sentences the LSTM has met each of them dozens of times, with "not" and without. More than half of the
# words of the reviews it has met once. It is the data.
#
# ### The real thing
#
# IMDB has 25,000 reviews for training and 25,000 for testing. The file has 17 MB and does not come with
# the course; `load_imdb` fetches it once, compares its checksum, and keeps it. Without a network
# it says so and returns the course's reviews, encoded in the same way.
#
# The cell is switched off. With `FETCH = True` it runs the program at its full size, which takes about
# six minutes on two cores. `make imdb` in a terminal does the same.

# %%
FETCH = False

if FETCH:
    imdb = load_imdb(num_words=20_000)
    model = Sequential()
    model.add(Embedding(20_000, 128))
    model.add(LSTM(128, dropout=0.2, recurrent_dropout=0.2))  # or GRU(128)
    model.add(Dense(1, activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    x_imdb = keras.utils.pad_sequences(imdb.x_train, maxlen=100)
    model.fit(
        x_imdb[:20_000],
        imdb.y_train[:20_000],
        batch_size=32,
        epochs=5,
        validation_data=(x_imdb[20_000:], imdb.y_train[20_000:]),
        verbose=0,
        callbacks=[TrainingProgress()],
    )
    x_imdb_test = keras.utils.pad_sequences(imdb.x_test, maxlen=100)
    print(imdb.source, model.evaluate(x_imdb_test, imdb.y_test, verbose=0))
else:
    print("not fetched")

# %% [markdown]
# What to expect: Keras' own example, a bidirectional LSTM on 20,000 words and 100 of each review, states
# 0.81 after four epochs. And the bag of words? Maas and others, who collected the reviews, report 0.88
# for a linear classifier on a bag of words, which sees *all* words of a review and no order at all. Also
# on 25,000 reviews the baseline is hard to beat, and it belongs beside the network.
#
# ## 8. When the padding knows the answer
#
# **Idea.** A network takes whatever tells the labels apart. If positive reviews come from one source and
# negative ones from another, they may differ in length. If each class was padded by a program of its
# own, the zeros may stand on different sides. The accuracy is then splendid, and no word was read.
#
# **Formula.** A rule that sees only *where the zeros stand*: all training reviews with zeros at the same
# places vote, and a test review is given the label of the majority. If this rule beats guessing, the
# padding leaks.
#
# ### Exercise 12.3 · Find the padding cheat
#
# Return the test accuracy of that rule. It says 1 where at least half of the votes are 1. A test review
# whose zeros stand as in no training review counts as 1.
#
# <details><summary>Hint 1: what the rule sees</summary>
#
# `tuple(row == 0)` is a key for a dictionary: equal for two rows if their zeros stand at the same places.
# </details>
#
# <details><summary>Hint 2: the votes</summary>
#
# Gather the labels of the training reviews in a dictionary of lists. `votes.get(key, [1])` gives a
# single vote for 1 where there is none.
# </details>


# %% exercise="12.3"
def padding_accuracy(x_train, y_train, x_test, y_test):
    """Return the accuracy on the test of a rule that sees where zeros stand, and no word.

    x_train (N, T), y_train (N,), x_test (M, T), y_test (M,) of 0 and 1 -> float
    """
    ### BEGIN SOLUTION
    votes = {}
    for row, label in zip(x_train, y_train, strict=True):
        votes.setdefault(tuple(row == 0), []).append(label)
    said = [np.mean(votes.get(tuple(row == 0), [1])) >= 0.5 for row in x_test]
    return np.mean(np.array(said) == y_test)
    ### END SOLUTION


# %% check="12.3"
check("12.3", padding_accuracy)

# %% [markdown]
# Now to four data sets, all made from the course's reviews. In one the positive reviews were cut to 12
# words, as a web site with another limit would do. One was padded by two programs, one for each class.
#
# **Predict.** For each data set: does the padding leak? And would a mask help?


# %%
def cut(texts, labels):
    """Keep only 12 words of each positive review: another web site, another limit."""
    return [text[-12:] if label else text for text, label in zip(texts, labels, strict=True)]


def two_programs(texts, labels):
    """Pad positive reviews behind and negative ones in front."""
    behind = pad(texts)
    ids = [vocabulary.encode(text) for text in texts]
    in_front = keras.utils.pad_sequences(ids, maxlen=n_steps)
    return np.where(labels[:, None] == 1, behind, in_front)


def in_front(texts, labels):
    """Pad all reviews in front."""
    return keras.utils.pad_sequences([vocabulary.encode(text) for text in texts], maxlen=n_steps)


PREPARATIONS = {
    "A: zeros behind": lambda texts, labels: pad(texts),
    "B: zeros in front": in_front,
    "C: positive ones cut": lambda texts, labels: pad(cut(texts, labels)),
    "D: two programs": two_programs,
}
data_sets = {
    name: {split: prepared(texts[split], y[split]) for split in ("train", "test")}
    for name, prepared in PREPARATIONS.items()
}
for name, data in data_sets.items():
    found = padding.padding_accuracy(data["train"], y["train"], data["test"], y["test"])
    print(f"{name:22s} padding alone gets {found:.2f} of the test")

# %% [markdown]
# A and B are honest: with 120 reviews anything from 0.41 to 0.59 is guessing. C leaks through the
# length. D leaks nearly everything: only
# a review of 40 words or more has no zero on either side.
#
# **And the network?** It trains on D, all words hidden. Once without a mask, once with one.

# %%
for mask_zero in (False, True):
    keras.utils.set_random_seed(12)
    model = Sequential(
        [
            Input((n_steps,)),
            Embedding(2, 4, mask_zero=mask_zero),
            SimpleRNN(8),
            Dense(1, activation="sigmoid"),
        ]
    )
    optimizer = keras.optimizers.Adam(0.01)
    model.compile(loss="binary_crossentropy", optimizer=optimizer, metrics=["accuracy"])
    hidden = {
        split: np.minimum(data_sets["D: two programs"][split], 1) for split in ("train", "test")
    }
    model.fit(
        hidden["train"],
        y["train"],
        batch_size=32,
        epochs=10,
        verbose=0,
        callbacks=[TrainingProgress()],
    )
    _, accuracy = model.evaluate(hidden["test"], y["test"], batch_size=120, verbose=0)
    print(
        f"mask_zero={mask_zero!s:6s} above 0.95: {accuracy > 0.95!s:6s} below 0.65: {accuracy < 0.65}"
    )

# %% [markdown]
# Without the mask the network is right on all test reviews and has not seen a single word. With the mask
# the sides are hidden from it, and it guesses. Against C the mask would not help: a masked network
# still counts its steps. Before you are glad of an accuracy, ask what a rule without words gets.
#
# ## Quiz

# %%
Quiz("12")

# %% [markdown]
# ## Summary
#
# - The vocabulary comes from the training reviews. **Id 0 is padding and never a word**; unknown words
#   have an id of their own.
# - Without a mask the network reads padding like words. Behind the review it wipes out what was read: of
#   a difference a fifth is left after 10 steps. With `mask_zero=True` the score does not depend on $T$.
# - A masked mean has the mask above **and below** the line.
# - The classic program learns 480 reviews by heart and gets 63 % of the test, a bag of words 64 %. On
#   the tricky reviews both do worse than guessing. LSTM, GRU and both directions differ by less than
#   the uncertainty.
# - The network *can* learn negation and contrast: in a language of 23 words 480 sentences are enough.
# - 120 test reviews give an accuracy to ±9 points. Put that beside every comparison.
# - `dropout` and `recurrent_dropout` drop the same numbers at every step of a sequence.
# - A rule that sees only the padding is a test of your data. Run it before you believe the network.

# %% [markdown]
# ## What next
#
# [13 Text generation](13_text_generation.ipynb) keeps the embedding and the recurrent layer and lets
# them write instead of judge. If the mask was new to you,
# [10 Keras layers without surprises](10_keras_layers.ipynb) shows to which steps its outputs belong.

# %% [markdown]
# ## References
#
# - S. Hochreiter, J. Schmidhuber, *Long short-term memory*, Neural Computation 9(8), 1997: the LSTM.
# - A. L. Maas et al., *Learning word vectors for sentiment analysis*, ACL 2011, section 4: the IMDB
#   reviews, and what linear classifiers reach on them.
# - S. Wang, C. D. Manning, *Baselines and bigrams: simple, good sentiment and topic classification*, ACL
#   2012: how far a bag of words and of pairs of words goes.
# - Y. Gal, Z. Ghahramani, *A theoretically grounded application of dropout in recurrent neural
#   networks*, NeurIPS 2016, section 4: the same choice at every step.
# - Keras, examples for version 2, `imdb_bidirectional_lstm.py`: 20,000 words, 100 steps, 0.8146 after four
#   epochs. And Keras documentation, guide *Understanding masking & padding*.
