"""Loaders of public data: the real file, or one sentence and the course's own, whatever happens."""

from __future__ import annotations

import hashlib
import inspect
import io
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from course_utils import datasets
from course_utils.datasets import fetched, fetching

N_REVIEWS = 40
CUT = 1000  # bytes that a connection carries before it breaks or stalls


def small_imdb():
    """A file of IMDB's format: word ranks from 1, ragged, pickled."""
    rng = np.random.default_rng(12)
    parts = {}
    for part in ("train", "test"):
        lengths = rng.integers(5, 60, size=N_REVIEWS)
        reviews = [rng.zipf(1.3, size=length).clip(max=300).tolist() for length in lengths]
        parts[f"x_{part}"] = np.array(reviews, dtype=object)
        parts[f"y_{part}"] = rng.integers(0, 2, size=N_REVIEWS)
    buffer = io.BytesIO()
    np.savez(buffer, **parts)
    return buffer.getvalue()


@dataclass
class Site:
    """What the local server serves, and how badly."""

    content: bytes
    manner: str = "well"
    asked: int = 0
    address: str = ""
    released: threading.Event = field(default_factory=threading.Event)

    def answer(self, request):
        self.asked += 1
        if self.manner == "404":
            return request.send_error(404)
        if self.manner == "500":
            return request.send_error(500)
        if self.manner == "hangs up":
            return request.connection.close()
        content = self.content
        if self.manner == "page":  # what a hotel's network answers to everything
            content = b"<html>Please log in</html>"
        if self.manner == "other bytes":
            content = content[:-1] + bytes([content[-1] ^ 1])
        request.send_response(200)
        if self.manner != "cuts without length":
            request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        cuts = self.manner in ("cuts", "cuts without length", "stalls")
        request.wfile.write(content[:CUT] if cuts else content)
        request.wfile.flush()
        if self.manner == "stalls":
            self.released.wait(20)


@pytest.fixture
def site(monkeypatch, tmp_path):
    """A server on this machine that serves a small IMDB; the loader is pointed to it."""
    site = Site(small_imdb())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            site.answer(self)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *args: None  # clients that go away are meant
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    site.address = f"http://127.0.0.1:{server.server_port}/imdb.npz"
    checksum = hashlib.sha256(site.content).hexdigest()
    monkeypatch.setattr(fetched, "IMDB", fetching.RemoteFile("imdb.npz", site.address, checksum))
    monkeypatch.setattr(fetching, "TIMEOUT", (2.0, 0.5))
    monkeypatch.setenv("UNROLLED_HOME", str(tmp_path / "home"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    yield site
    site.released.set()
    server.shutdown()
    server.server_close()
    thread.join()


def in_cache():
    folder = fetching.cache_directory()
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def load_and_read(capsys, **options):
    """The reviews, and what the learner reads."""
    reviews = datasets.load_imdb(**options)
    printed = capsys.readouterr()
    assert "Traceback" not in printed.out + printed.err
    return reviews, printed.out


def assert_stand_in(reviews, said, reason):
    assert reviews.source != "IMDB"
    assert (len(reviews.x_train), len(reviews.x_test)) == (480, 120)
    assert said.startswith("IMDB is not to be had: ") and reason in said
    assert said.count("\n") == 1


def test_the_real_file_comes_once_and_is_kept(site, capsys):
    reviews, said = load_and_read(capsys)
    assert said == ""
    assert reviews.source == "IMDB"
    assert len(reviews.x_train) == len(reviews.y_test) == N_REVIEWS
    assert in_cache() == ["imdb.npz"]

    site.manner = "404"
    again, said = load_and_read(capsys)
    assert said == "" and site.asked == 1
    assert all(map(np.array_equal, again.x_train, reviews.x_train))


@pytest.mark.parametrize(("num_words", "seed"), [(20_000, 113), (50, 113), (20, 7)])
def test_ids_and_order_are_those_of_keras(site, monkeypatch, tmp_path, num_words, seed):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    import keras

    source = inspect.getmodule(keras.datasets.imdb.load_data)
    file = tmp_path / "imdb.npz"
    file.write_bytes(site.content)
    monkeypatch.setattr(source, "get_file", lambda *args, **options: str(file))
    ours = datasets.load_imdb(num_words=num_words, seed=seed)
    theirs = keras.datasets.imdb.load_data(num_words=num_words, seed=seed)
    pairs = ((ours.x_train, ours.y_train), (ours.x_test, ours.y_test))
    for (x, y), (x_keras, y_keras) in zip(pairs, theirs, strict=True):
        assert x.tolist() == x_keras.tolist()
        np.testing.assert_array_equal(y, y_keras)


def test_address_and_checksum_are_those_of_keras(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    import keras

    source = inspect.getsource(inspect.getmodule(keras.datasets.imdb.load_data))
    folder, name = fetched.IMDB.url.rsplit("/", 1)
    assert folder in source and name in source and fetched.IMDB.sha256 in source


TROUBLES = [
    ("404", "127.0.0.1 answered 404"),
    ("500", "127.0.0.1 answered 500"),
    ("cuts", "broke before the file was whole"),
    ("cuts without length", "its checksum is wrong"),
    ("other bytes", "its checksum is wrong"),
    ("page", "its checksum is wrong"),
    ("stalls", "sent nothing for 0.5 seconds"),
    ("hangs up", "no connection to 127.0.0.1"),
]


@pytest.mark.parametrize(("manner", "reason"), TROUBLES, ids=[manner for manner, _ in TROUBLES])
def test_trouble_is_one_sentence_and_the_next_try_is_clean(site, capsys, manner, reason):
    site.manner = manner
    reviews, said = load_and_read(capsys)
    assert_stand_in(reviews, said, reason)
    assert in_cache() == []

    site.manner = "well"
    reviews, said = load_and_read(capsys)
    assert reviews.source == "IMDB" and said == ""
    assert in_cache() == ["imdb.npz"]


def test_nobody_there(site, monkeypatch, capsys):
    nowhere = replace(fetched.IMDB, url="http://127.0.0.1:9/imdb.npz")
    monkeypatch.setattr(fetched, "IMDB", nowhere)
    assert_stand_in(*load_and_read(capsys), "no connection to 127.0.0.1")


@pytest.mark.parametrize("damage", [b"", b"half a file", None], ids=["empty", "half", "one bit"])
def test_a_damaged_cache_is_never_read(site, capsys, damage):
    load_and_read(capsys)
    (kept,) = fetching.cache_directory().iterdir()
    content = kept.read_bytes()
    kept.write_bytes(content[:-1] + bytes([content[-1] ^ 1]) if damage is None else damage)

    site.manner = "404"
    assert_stand_in(*load_and_read(capsys), "answered 404")
    site.manner = "well"
    reviews, _ = load_and_read(capsys)
    assert reviews.source == "IMDB"
    assert kept.read_bytes() == content


@pytest.mark.parametrize("below_a_file", [True, False])
def test_a_cache_that_cannot_be_written_is_a_sentence(
    site, monkeypatch, capsys, tmp_path, below_a_file
):
    (tmp_path / "file").write_text("")
    if below_a_file:
        monkeypatch.setenv("UNROLLED_HOME", str(tmp_path / "file"))
    else:
        full = OSError(28, "No space left on device")
        monkeypatch.setattr("pooch.core.shutil.move", lambda *args: (_ for _ in ()).throw(full))
    assert_stand_in(*load_and_read(capsys), "it could not be saved in")
    assert not list(tmp_path.glob("home/fetched/*"))


DOWNLOAD = """
from course_utils import datasets
from course_utils.datasets import fetched, fetching
fetched.IMDB = fetching.RemoteFile("imdb.npz", {url!r}, {checksum!r})
datasets.load_imdb()
"""


def download_in_another_process(site):
    """Start a download that stalls; return once it has begun."""
    site.manner = "stalls"
    code = DOWNLOAD.format(url=site.address, checksum=fetched.IMDB.sha256)
    process = subprocess.Popen(
        [sys.executable, "-c", code], env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    give_up = time.monotonic() + 60
    while not (site.asked and in_cache()):
        assert process.poll() is None and time.monotonic() < give_up
        time.sleep(0.05)
    return process


def test_a_download_that_is_killed_leaves_no_file_to_be_taken_for_the_real_one(site, capsys):
    process = download_in_another_process(site)
    process.kill()
    process.communicate()
    (left,) = in_cache()
    assert left != "imdb.npz"

    site.manner = "well"
    reviews, _ = load_and_read(capsys)
    assert reviews.source == "IMDB"
    assert in_cache() == ["imdb.npz", left]

    day = fetching.LEFT_BEHIND
    os.utime(fetching.cache_directory() / left, (time.time() - day - 60,) * 2)
    load_and_read(capsys)
    assert in_cache() == ["imdb.npz"]


def test_the_stop_button_stops_a_download_and_leaves_nothing(site):
    process = download_in_another_process(site)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert b"KeyboardInterrupt" in said
    assert in_cache() == []


def test_a_progress_bar_is_shown_unless_it_is_hidden(site, monkeypatch, capsys, tmp_path):
    monkeypatch.delenv("UNROLLED_PROGRESS_BAR", raising=False)
    for place, options, shown in (("a", {}, True), ("b", {"progress": False}, False)):
        monkeypatch.setenv("UNROLLED_HOME", str(tmp_path / place))
        datasets.load_imdb(**options)
        assert ("imdb.npz" in capsys.readouterr().out) is shown


def test_stand_in_is_encoded_by_the_same_rules(site, capsys):
    site.manner = "404"
    reviews, _ = load_and_read(capsys, num_words=500)
    for x, y, split in (
        (reviews.x_train, reviews.y_train, "train"),
        (reviews.x_test, reviews.y_test, "test"),
    ):
        assert sum(y) == len(y) / 2 == len(datasets.load_reviews(split)) / 2
        assert all(review[0] == 1 for review in x)
        ids = {i for review in x for i in review}
        assert ids <= {1, 2, *range(4, 500)}
    counts = np.bincount(np.concatenate([review[1:] for review in reviews.x_train]))
    known = counts[4:]
    assert (np.diff(known) <= 0).all(), "the more frequent a word, the smaller its id"


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"num_words": 3}, ValueError),
        ({"num_words": "many"}, TypeError),
        ({"num_words": None}, TypeError),
        ({"seed": -1}, ValueError),
    ],
)
def test_bad_arguments_are_refused_by_name(options, error):
    with pytest.raises(error, match=f"{next(iter(options))} must be a whole number"):
        datasets.load_imdb(**options)


def test_the_cache_is_the_users_unless_a_home_is_named(monkeypatch):
    monkeypatch.delenv("UNROLLED_HOME")
    assert fetching.cache_directory().parent.name == "unrolled"


def test_shakespeare_or_prose(site, monkeypatch, capsys):
    plays = "First Citizen:\nBefore we proceed any further, hear me speak.\n"
    site.content = plays.encode()
    checksum = hashlib.sha256(site.content).hexdigest()
    file = replace(fetched.SHAKESPEARE, url=site.address, sha256=checksum)
    monkeypatch.setattr(fetched, "SHAKESPEARE", file)
    assert datasets.load_shakespeare() == plays
    assert capsys.readouterr().out == ""

    (fetching.cache_directory() / file.name).write_bytes(b"something else")
    site.manner = "404"
    assert datasets.load_shakespeare() == datasets.load_prose()
    said = capsys.readouterr().out
    assert said.startswith("Tiny Shakespeare is not to be had: ") and said.count("\n") == 1


@pytest.mark.parametrize(("manner", "n_train"), [("well", 32), ("404", 384)])
def test_make_imdb_trains_on_what_is_to_be_had(site, monkeypatch, capsys, manner, n_train):
    import train_imdb

    for name, small in (("MAX_FEATURES", 300), ("MAXLEN", 10), ("N_UNITS", 4)):
        monkeypatch.setattr(train_imdb, name, small)
    site.manner = manner
    train_imdb.main(["--epochs", "2", "--cell", "GRU"])
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("IMDB is not to be had") is (manner == "404")
    assert f"{n_train} reviews to train on" in "\n".join(said[:2])
    assert sum(line.startswith("epoch ") for line in said) == 2
    assert "Test accuracy 0." in said[-1] and "minutes" in said[-1]
