import numpy as np
import pytest

from course_utils.further import small_networks
from course_utils.further.small_networks import EncoderDecoder, Reader, one_hot, padded, train
from course_utils.gradients import numerical_gradient, relative_error

RNG = np.random.default_rng(0)


def in_float64(model):
    """Put the weights of a model in float64, for a gradient check."""
    cells = [model.cell] if isinstance(model, Reader) else [model.encoder, model.decoder]
    for cell in cells:
        for name in ("kernel", "recurrent_kernel", "bias"):
            setattr(cell, name, getattr(cell, name).astype(np.float64))
        cell.dtype = np.dtype(np.float64)
    model.W_hy, model.b_y = model.W_hy.astype(np.float64), model.b_y.astype(np.float64)


def assert_gradients_are_right(model, *arrays):
    in_float64(model)
    _, gradients = model.loss_and_gradients(model.parameters, *arrays)
    assert gradients.keys() == model.parameters.keys()
    for name, weight in model.parameters.items():

        def loss(changed, weight=weight):
            kept = weight.copy()
            weight[...] = changed
            value, _ = model.loss_and_gradients(model.parameters, *arrays)
            weight[...] = kept
            return value

        numerical = numerical_gradient(loss, weight.copy(), 1e-4)
        # Inputs and the gradient of the logits pass through float32 on their way.
        assert relative_error(gradients[name], numerical) < 1e-3, name


def test_gradients_of_a_reader_at_each_step():
    x, y = RNG.normal(size=(3, 5, 2)), RNG.integers(0, 3, size=(3, 5))
    mask = np.arange(5) < np.array([[5], [2], [4]])
    assert_gradients_are_right(Reader(2, 3, 3), x, y, mask)


def test_gradients_of_a_reader_of_the_mean():
    x, y = RNG.normal(size=(3, 5, 2)), RNG.integers(0, 3, size=3)
    mask = np.arange(5) < np.array([[5], [2], [4]])
    assert_gradients_are_right(Reader(2, 3, 3, "mean"), x, y, mask)


def test_gradients_of_an_encoder_decoder():
    source = padded([[0, 1, 2], [3], [2, 2]])
    target = padded([[1], [0, 2, 1, 1], [2, 0]])
    assert_gradients_are_right(EncoderDecoder(4, 3, 3), source, target)


@pytest.mark.parametrize("read_out", small_networks.READ_OUTS)
def test_padding_changes_nothing(read_out):
    reader = Reader(4, 6, 3, read_out, seed=1)
    x = RNG.normal(size=(2, 5, 4))
    longer = np.concatenate([x, RNG.normal(size=(2, 3, 4))], axis=1)
    mask = np.arange(8) < np.array([[5], [5]])
    wanted, got = reader.logits(x), reader.logits(longer, mask)
    np.testing.assert_allclose(got if read_out == "mean" else got[:, :5], wanted, atol=1e-6)


def test_training_learns_and_is_the_same_for_a_seed():
    ids = RNG.integers(0, 4, size=(128, 6))
    x, y = one_hot(ids, 4), (ids == 3).any(axis=1).astype(int)
    readers = [Reader(4, 8, 2, "mean") for _ in range(2)]
    histories = [train(reader, (x, y), 30, seed=1) for reader in readers]
    assert histories[0].loss == histories[1].loss
    assert histories[0].message == "Finished after 120 updates."
    assert np.mean(readers[0].logits(x).argmax(axis=-1) == y) > 0.9


def test_encoder_decoder_learns_to_reverse():
    rows = [[a, b] for a in range(5) for b in range(5)]
    source, target = padded(rows), padded([row[::-1] for row in rows])
    model = EncoderDecoder(5, 5, 24)
    train(model, (source, target), 150)
    assert np.mean(model.translate(source, 2) == target) > 0.95


def test_stop_button_ends_both_parts(monkeypatch):
    reader, calls = Reader(2, 3, 2, "mean"), []
    compute = reader.loss_and_gradients

    def stop(*arguments):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return compute(*arguments)

    monkeypatch.setattr(reader, "loss_and_gradients", stop)
    history = train(reader, (RNG.normal(size=(64, 4, 2)), RNG.integers(0, 2, size=64)), 9)
    assert history.interrupted and history.n_updates == 2
    assert "Interrupted after 2 updates" in history.message


def test_rows_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="at most n_steps = 2 ids, got 3"):
        padded([[1, 2, 3]], n_steps=2)
    with pytest.raises(ValueError, match="read_out"):
        Reader(2, 3, 2, "last")
