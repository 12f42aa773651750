"""Wrong answers that pass on gentle cases, by kind: each is rejected by a case that is not."""

from __future__ import annotations

import numpy as np
import pytest
from wrong import assert_is_sentence

from course_utils import theano_compat
from course_utils.checks import check

theano_compat.enable()

import theano  # noqa: E402
import theano.tensor as T  # noqa: E402


def softmax(logits, shift=lambda z: z.max(axis=-1, keepdims=True)):
    scores = np.exp(logits - shift(logits))
    return scores / scores.sum(axis=-1, keepdims=True)


def true_class(values, targets):
    return np.take_along_axis(values, targets[..., None], axis=-1)[..., 0]


# A softmax or a loss that is not stable: its logarithm, and what it subtracts.

UNSTABLE = {
    "logarithm of a softmax": lambda z: -np.log(softmax(z)),
    "something small inside the logarithm": lambda z: -np.log(softmax(z) + 1e-9),
    "clipped": lambda z: -np.log(np.clip(softmax(z), 1e-12, 1)),
    "one maximum for all": lambda z: _costs(z, z.max()),
    "minimum": lambda z: _costs(z, z.min(axis=-1, keepdims=True)),
    "mean": lambda z: _costs(z, z.mean(axis=-1, keepdims=True)),
    "maximum not added back": lambda z: (
        np.log(np.exp(z - z.max(-1, keepdims=True)).sum(-1, keepdims=True)) - z
    ),
}
SHIFTS = {
    "one maximum for all": lambda z: z.max(),
    "minimum": lambda z: z.min(axis=-1, keepdims=True),
    "mean": lambda z: z.mean(axis=-1, keepdims=True),
    "nothing": lambda z: 0.0,
}


def _costs(logits, shift):
    shifted = logits - shift
    return np.log(np.exp(shifted).sum(axis=-1, keepdims=True)) - shifted


def _last_bits(record, costs):
    found = [true_class(costs(z), ids) for part, z, ids in record if part == "test"]
    return float(np.concatenate(found).mean() / np.log(2))


def _attend(s, h, mask, W_s, W_h, v, shift):
    weights = np.exp((scores := np.tanh((s @ W_s)[:, None] + h @ W_h) @ v) - shift(scores)) * mask
    weights = weights / weights.sum(axis=1, keepdims=True)
    return weights, (weights[:, :, None] * h).sum(axis=1)


def _sample(logits, temperature, top_k, shift):
    kept = np.argsort(-logits, kind="stable")[:top_k]
    p = np.zeros_like(logits)
    p[kept] = softmax(logits[kept] / temperature, lambda _: shift(logits / temperature))
    return p


def unstable():
    for name, costs in UNSTABLE.items():
        yield "2.3", name, lambda z, y, f=costs: float(true_class(f(z), y).mean())
        yield "9.2", name, lambda z, y, m, f=costs: float(np.exp(true_class(f(z), y)[m].mean()))
        yield "13.3", name, lambda record, f=costs: _last_bits(record, f)
        yield "16.2", name, lambda z, y, f=costs: float(true_class(f(z), y)[y != 0].mean())
    for name, shift in SHIFTS.items():
        if name != "one maximum for all":
            yield "13.1", name, lambda z, t, k, f=shift: _sample(z, t, k, f)
        yield "16.4", name, lambda *args, f=shift: _attend(*args, shift=f)


# Cases in good order: sorted, without gaps, a chooser that never draws.


def draws_twice(model, prompt, n_new, choose):
    state, new = model.start(), []
    for token_id in prompt:
        logits, state = model.step(token_id, state)
    for _ in range(n_new):
        new.append(choose(logits))
        logits, state = model.step(choose(logits), state)
    return new


def draws_from_probabilities(model, prompt, n_new, choose):
    state, new = model.start(), []
    for token_id in prompt:
        logits, state = model.step(token_id, state)
    for _ in range(n_new):
        new.append(choose(softmax(np.asarray(logits))))
        logits, state = model.step(new[-1], state)
    return new


def leaks(**parts):
    def answer(x_train, y_train, x_test, y_test, scaler):
        given = x_train, y_train, x_test, y_test, scaler
        right = {
            "seen": np.isin(y_test, x_train).any() or np.isin(y_test, y_train).any(),
            "shuffled": y_train[:, 0].max() > y_test[:, 0].min(),
            "peeks": scaler.max() >= y_test.min(),
        }
        return tuple(bool(parts[name](*given) if name in parts else right[name]) for name in right)

    return answer


def key_of_the_first_zero(x_train, y_train, x_test, y_test):
    votes = {}
    for row, label in zip(x_train, y_train, strict=True):
        votes.setdefault(int(np.argmax(row == 0)), []).append(label)
    said = [np.mean(votes.get(int(np.argmax(row == 0)), [1])) >= 0.5 for row in x_test]
    return float(np.mean(np.array(said) == y_test))


def collapse(frames):
    kept = [a for a, b in zip(frames, "_" + frames, strict=False) if a != b]
    return "".join(kept).replace("_", "")


def edits(a, b):
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, start=1):
        before, row[0] = row[0], i
        for j, right in enumerate(b, start=1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (left != right))
    return row[-1]


def one_distance_for_all(predicted, labels):
    said = "".join(map(collapse, labels))
    return edits("".join(map(collapse, predicted)), said) / len(said)


def runs_over_the_ends(predicted, labels):
    said = collapse("".join(labels))
    found = sum(edits(collapse(a), collapse(b)) for a, b in zip(predicted, labels, strict=True))
    return found / len(said)


ORDERLY = (
    (
        "11.2",
        leaks(
            seen=lambda xt, yt, xe, ye, s: np.isin(ye[:, 0], np.r_[xt.ravel(), yt.ravel()]).any()
        ),
    ),
    ("11.2", leaks(shuffled=lambda xt, yt, xe, ye, s: yt[:, 0].max() > ye[0, 0])),
    ("11.2", leaks(peeks=lambda xt, yt, xe, ye, s: np.isin(ye, s).any())),
    ("11.2", leaks(peeks=lambda xt, yt, xe, ye, s: len(s) > ye[0, 0])),
    ("12.3", key_of_the_first_zero),
    ("13.2", draws_twice),
    ("13.2", draws_from_probabilities),
    ("17.1", one_distance_for_all),
    ("17.1", runs_over_the_ends),
)


# The numbers are right, and the point is elsewhere.


def cut_gradient(x, h0, W_xh, W_hh, b_h):
    h, _ = theano.scan(
        lambda a, h: T.tanh(a + T.dot(h, W_hh)),
        sequences=(T.dot(x, W_xh) + b_h).dimshuffle(1, 0, 2),
        outputs_info=h0,
        truncate_gradient=2,
    )
    return h.dimshuffle(1, 0, 2)


def loop_in_numpy(x, h0, W_xh, W_hh, b_h):
    h, states = h0, []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W_xh + h @ W_hh + b_h)
        states.append(h)
    return np.stack(states, axis=1)


def held_against_the_state(kernel, recurrent_kernel, bias, gate):
    n_units = len(recurrent_kernel)
    block = slice("ifgo".index(gate) * n_units, ("ifgo".index(gate) + 1) * n_units)
    kernel, bias = kernel.copy(), bias.copy()
    kernel[:, block], bias[block] = 0, 40
    return kernel, recurrent_kernel, bias


ELSEWHERE = (
    ("7.1", cut_gradient),
    ("8.4", held_against_the_state),
    ("14.3", loop_in_numpy),
)


@pytest.mark.parametrize(
    ("exercise", "submission"),
    [
        *(pytest.param(id, f, id=f"{id} {name}") for id, name, f in unstable()),
        *(pytest.param(id, f, id=f"{id} {f.__name__} {n}") for n, (id, f) in enumerate(ORDERLY)),
        *(pytest.param(id, f, id=f"{id} {f.__name__}") for id, f in ELSEWHERE),
    ],
)
def test_is_rejected(exercise, submission):
    result = check(exercise, submission)
    assert result.status == "wrong", result
    assert_is_sentence(result.message)


def test_a_product_inside_the_loop_is_right_where_nobody_asked_for_it_outside():
    def batch_states(x, mask, first, W_xh, W_hh, b_h):
        def step(x_t, mask_t, first_t, h):
            new = T.tanh(T.dot(x_t, W_xh) + T.dot(T.switch(first_t, 0, h), W_hh) + b_h)
            return T.switch(mask_t, new, h)

        h, _ = theano.scan(
            step,
            sequences=[
                x.dimshuffle(1, 0, 2),
                mask.dimshuffle(1, 0, "x"),
                first.dimshuffle(1, 0, "x"),
            ],
            outputs_info=T.zeros((x.shape[0], W_hh.shape[0])),
        )
        return h.dimshuffle(1, 0, 2)

    assert check("7.2", batch_states).status == "correct"
