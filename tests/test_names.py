"""Names of territories and places: real, in plain form, and divided without a leak."""

import unicodedata

import numpy as np
import pytest

from course_utils import datasets
from course_utils.datasets import names

DATA = datasets.load_territory_names()


def called(territory, data=DATA):
    found = zip(data.names, data.labels, data.territories, strict=True)
    return {data.languages[label]: name for name, label, code in found if code == territory}


def test_germany_has_a_name_in_each_language():
    assert called("DE") == {
        "en": "germany",
        "de": "deutschland",
        "fr": "allemagne",
        "es": "alemania",
        "it": "germania",
        "pl": "niemcy",
        "fi": "saksa",
        "tr": "almanya",
        "hu": "németország",
        "sw": "ujerumani",
    }


def test_turkish_has_two_letters_i():
    assert called("IQ")["tr"] == "ırak"
    assert called("EG")["tr"] == "mısır"
    assert called("IL")["tr"] == "israil"


def test_there_are_enough_names_of_every_language():
    assert DATA.languages == names.LANGUAGES
    counts = np.bincount(DATA.labels, minlength=10)
    assert counts.min() >= 70 and counts.max() <= 200
    assert 1300 <= len(DATA.names) == len(DATA.labels) == len(DATA.territories) <= 1500
    assert 200 <= DATA.n_dropped <= 300
    assert len(set(DATA.territories)) >= 225
    assert DATA.labels.dtype == np.int64


def test_names_are_plain_and_each_has_one_language():
    assert len(set(DATA.names)) == len(DATA.names)
    for name in DATA.names:
        assert name and name == name.strip() and "  " not in name
        assert unicodedata.is_normalized("NFC", name)
        assert not any(unicodedata.combining(letter) for letter in name)
        assert name == name.lower()
    assert "andorra" not in DATA.names and "guinea-bissau" not in DATA.names
    assert not set(DATA.territories) & set(names.NO_TERRITORIES)


def test_a_name_is_dropped_only_if_two_of_the_languages_share_it():
    few = datasets.load_territory_names(["de", "sw"])
    assert "alemania" in DATA.names
    assert called("DE", datasets.load_territory_names(["es", "eu"])) == {}  # "alemania" in both
    assert len(few.names) > np.bincount(DATA.labels)[[1, 9]].sum()


def test_every_language_of_the_list_works_in_any_order():
    backwards = datasets.load_territory_names(names.LANGUAGES[::-1])
    assert set(backwards.names) == set(DATA.names)
    assert called("DE", backwards) == called("DE")


def test_another_script_is_another_language_like_any():
    data = datasets.load_territory_names(("en", "el", "ja"))
    assert called("GR", data) == {"en": "greece", "el": "ελλάδα", "ja": "ギリシャ"}


@pytest.mark.parametrize(
    "languages",
    [
        *("en", ("en", "xx"), ("en", "EN"), ("en", "de_AT"), ("en", ""), ("en", 5)),
        *((), ("en",), ("en", "en"), ("en", "../../en")),
    ],
)
def test_unusable_languages_are_refused(languages):
    with pytest.raises(ValueError, match="languages must be "):
        datasets.load_territory_names(languages)


@pytest.mark.parametrize("fraction", [0.05, 0.25, 0.9])
def test_no_territory_is_in_both_parts(fraction):
    train, test = DATA.split(seed=3, fraction=fraction)
    assert not set(train.territories) & set(test.territories)
    assert not set(train.names) & set(test.names)
    rows = [*zip(train.names, train.labels, train.territories, strict=True)]
    rows += zip(test.names, test.labels, test.territories, strict=True)
    assert sorted(rows) == sorted(zip(DATA.names, DATA.labels, DATA.territories, strict=True))
    n_territories = len(set(DATA.territories))
    assert len(set(test.territories)) == round(fraction * n_territories)
    assert train.languages == test.languages == DATA.languages


def test_the_seed_decides_who_is_held_out():
    held_out = [DATA.split(seed)[1].territories for seed in (0, 0, 1)]
    assert held_out[0] == held_out[1] != held_out[2]


def test_both_parts_know_every_language():
    for seed in range(5):
        for part in DATA.split(seed):
            assert set(part.labels) == set(range(10))


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5, 0.0001, 0.9999, float("nan")])
def test_an_empty_part_is_refused(fraction):
    with pytest.raises(ValueError, match="fraction must "):
        DATA.split(fraction=fraction)


def test_places_are_many_and_all_different():
    places = datasets.load_place_names()
    assert len({place.name for place in places}) == len(places)
    assert 400 <= len(places) <= 450
    assert all(place.name.isascii() and "_" not in place.name for place in places)
    assert all(len(place.territory) == 2 and place.territory.isupper() for place in places)
    assert [place.name for place in places] == sorted(place.name for place in places)


def test_places_are_where_they_are():
    places = {place.name: place for place in datasets.load_place_names()}
    assert (places["Helsinki"].continent, places["Helsinki"].territory) == ("Europe", "FI")
    assert (places["Dar es Salaam"].continent, places["Dar es Salaam"].territory) == (
        "Africa",
        "TZ",
    )
    assert {place.continent for place in places.values()} == {
        *("Africa", "America", "Antarctica", "Arctic", "Asia"),
        *("Atlantic", "Australia", "Europe", "Indian", "Pacific"),
    }
