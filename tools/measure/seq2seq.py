"""Train encoder-decoders on dates and additions and write data/seq2seq_runs.csv.

``python tools/measure/seq2seq.py`` takes about ten minutes of one processor; lesson 16 shows what it
writes. With ``--epochs 1`` or some of the ``--tasks`` only it writes nothing.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from course_utils import datasets
from course_utils.further import keras_seq2seq, seq2seq
from course_utils.interop import keras
from course_utils.padding import PAD
from course_utils.text import Vocabulary
from course_utils.widgets import attention

FILE = Path(__file__).resolve().parents[2] / "data" / "seq2seq_runs.csv"
SEEDS = (0, 1, 2)
BATCH_SIZE, WIDTH, N_SEARCHED = 50, 4, 100
DIGITS = (2, 3, 4)
DATES = (1, 2, 3)
N_LINES = 2500
ORDERS = ("nothing", "question", "answer")
TASKS = ("dates", "lines of dates", *(f"additions, {order} reversed" for order in ORDERS))
RECORDED = ("Wed 27 March 1957", "Nov 25, 02", "30th of September 1998", "July 2025")
RECORDED_SEED = 16
COLUMNS = ("exact", "beam", "forced", "free", "forced after", "free after")

Texts = tuple[list[str], list[str]]


@dataclass(frozen=True)
class Setting:
    """The size of a network, and how it is trained."""

    n_steps: int
    n_written: int
    """Steps of an answer, the last of which is END."""
    n_units: int = 32
    learning_rate: float = 0.01
    n_epochs: int = 12


SETTINGS = {
    "dates": Setting(datasets.MAX_DATE_LENGTH, 11),
    "lines of dates": Setting(DATES[-1] * (datasets.MAX_DATE_LENGTH + 2), DATES[-1] * 12),
    **dict.fromkeys(TASKS[2:], Setting(2 * DIGITS[-1] + 1, 6, 64, 0.005, 25)),
}


def samples(task: str, seed: int) -> tuple[Texts, dict[str, Texts]]:
    """Return texts to train on, and others to test on by group."""
    if task == "dates":
        x, y = datasets.dates(2500, seed)
        return (x[:2000], y[:2000]), {"all": (x[2000:], y[2000:])}
    if task == "lines of dates":
        return lines(seed)
    order = task.removeprefix("additions, ").removesuffix(" reversed")
    x, y = datasets.additions(11_500, DIGITS[0], DIGITS[-1], order, seed)
    return (x[:10_000], y[:10_000]), {
        str(n): only(x[10_000:], y[10_000:], lambda each: len(each) // 2, n) for n in DIGITS
    }


def lines(seed: int) -> tuple[Texts, dict[str, Texts]]:
    """One, two or three dates in a line, to write one after the other."""
    n_dates = np.random.default_rng(seed).choice(DATES, size=N_LINES)
    ends = np.cumsum(n_dates)
    parts = datasets.dates(int(ends[-1]), seed)
    x, y = (
        ["; ".join(each[end - n : end]) for n, end in zip(n_dates, ends, strict=True)]
        for each in parts
    )
    return (x[:2000], y[:2000]), {
        str(n): only(x[2000:], y[2000:], lambda each: each.count(";") + 1, n) for n in DATES
    }


def only(x: list[str], y: list[str], group: Callable[[str], int], n: int) -> Texts:
    """Those pairs whose x is in group ``n``."""
    kept = [pair for pair in zip(x, y, strict=True) if group(pair[0]) == n]
    return [question for question, _ in kept], [answer for _, answer in kept]


def run(task: str, attends: bool, seed: int, epochs: int | None = None) -> dict[str, list[float]]:
    """Train, and return the scores of each group of test texts, in the order of ``COLUMNS``."""
    training, groups = samples(task, seed)
    translator = trained(task, attends, seed, training, epochs)
    return {name: scores(translator, *texts) for name, texts in groups.items()}


def trained(
    task: str, attends: bool, seed: int, texts: Texts, epochs: int | None = None
) -> keras_seq2seq.Translator:
    """Train a network on texts."""
    x, y = texts
    source = Vocabulary.from_tokens(list("".join(x)), specials=seq2seq.SOURCE_SPECIALS)
    target = Vocabulary.from_tokens(list("".join(y)), specials=seq2seq.TARGET_SPECIALS)
    setting = SETTINGS[task]
    epochs = epochs or setting.n_epochs
    keras.utils.set_random_seed(seed)
    updates = epochs * len(x) // BATCH_SIZE
    model = keras_seq2seq.build(
        source.size,
        target.size,
        setting.n_steps,
        setting.n_written,
        n_units=setting.n_units,
        attention=attends,
        learning_rate=keras.optimizers.schedules.CosineDecay(setting.learning_rate, updates),
    )
    inputs, targets = seq2seq.teacher_forcing(seq2seq.to_ids(y, target, setting.n_written - 1))
    x_ids = seq2seq.to_ids(x, source, setting.n_steps)
    model.fit([x_ids, inputs], targets, batch_size=BATCH_SIZE, epochs=epochs, verbose=0)
    return keras_seq2seq.Translator(model, source, target)


def scores(translator: keras_seq2seq.Translator, x: list[str], y: list[str]) -> list[float]:
    """Exact match of greedy and beam, and shares of right characters, forced and free."""
    ids = seq2seq.to_ids(y, translator.target, translator.n_written - 1)
    inputs, targets = seq2seq.teacher_forcing(ids)
    forced = translator.forced(x, inputs)[0].argmax(axis=-1) == targets
    free = translator.greedy_ids(x) == targets
    real = targets != PAD
    before = np.cumsum(~forced & real, axis=1) - (~forced & real) > 0
    after = before & real  # characters after the first mistake
    found = [
        seq2seq.to_text(translator.search(each, WIDTH)[0].ids, translator.target)
        for each in x[:N_SEARCHED]
    ]
    return [
        float((free | ~real).all(axis=1).mean()),
        seq2seq.exact_match(found, y[:N_SEARCHED]),
        *(float(each[real].mean()) for each in (forced, free)),
        *(float(each[after].mean()) if after.any() else 1.0 for each in (forced, free)),
    ]


def record() -> None:
    """Write down what a network answers, for the explorer to show where there is none."""
    translator = trained("dates", True, RECORDED_SEED, samples("dates", RECORDED_SEED)[0])
    answers = {
        f"{width} {text}": attention.answer(translator, text, width)
        for text in RECORDED
        for width in range(1, attention.MAX_WIDTH + 1)
    }
    path = Path(attention.__file__).with_name("data") / attention.RECORD
    path.write_text(json.dumps(answers, separators=(",", ":")) + "\n", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, help="fewer, to try the script")
    parser.add_argument("--tasks", nargs="*", default=list(TASKS), choices=list(TASKS))
    parser.add_argument("--record", action="store_true", help="write the explorer's answers only")
    options = parser.parse_args()
    if options.record:
        record()
        return
    rows = []
    for task, attends, seed in product(options.tasks, (True, False), SEEDS):
        for group, each in run(task, attends, seed, options.epochs).items():
            name = "attention" if attends else "no attention"
            rows.append([task, name, seed, group, *(f"{score:.4f}" for score in each)])
            print(*rows[-1], sep=", ", flush=True)
        keras.backend.clear_session()
    if options.epochs is None and options.tasks == list(TASKS):
        with FILE.open("w", encoding="utf-8", newline="") as file:
            header = ["task", "network", "seed", "group", *COLUMNS]
            csv.writer(file, lineterminator="\n").writerows([header, *rows])


if __name__ == "__main__":
    main()
