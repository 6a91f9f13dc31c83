from dataclasses import replace

import pytest

from calibration.algorithms.facts import (
    PurchaseKind,
    category_of,
    identity,
    identity_of,
    is_offer,
    is_the_fans,
    price_of,
    purchase_kind,
    text_of,
)
from memory.domain import InteractionType, Sender
from tests.calibration.algorithms.shop import bought, declined, deed, offered, said


@pytest.mark.parametrize(
    ("metadata", "category"),
    [
        ({"category": " Photos "}, "photos"),
        ({"contentType": "Videos"}, "videos"),
        ({"category": "", "contentType": "live"}, "live"),
        ({"category": "a  b"}, "a b"),
        ({"category": "x" * 100}, "x" * 64),
        ({"category": ["photos"]}, ""),
        ({"category": 5}, ""),
        ({}, ""),
    ],
)
def test_category(metadata, category):
    assert category_of(metadata) == category


def test_text_of_what_is_no_text_is_nothing():
    assert text_of({"kind": " ppv "}, "kind") == "ppv"
    assert text_of({"kind": {"a": 1}}, "kind") == ""


def test_long_ids_are_compared_by_their_digest():
    assert identity(" a ") == "a"
    assert identity("x" * 41) == identity("x" * 41)
    assert identity("x" * 41) != identity("x" * 42)
    assert len(identity("x" * 1000)) <= 40
    assert identity("\ud800" * 50).startswith("#")


@pytest.mark.parametrize(("value", "name"), [("a", "a"), (7, "7"), (True, ""), (None, ""), (["a"], ""), (1.5, "")])
def test_an_id_is_a_string_or_a_whole_number(value, name):
    assert identity_of({"contentId": value}, "contentId") == name


@pytest.mark.parametrize(
    ("event", "price"),
    [
        (bought(0, amount=12.5), 12.5),
        (bought(0, amount=-3), 0.0),
        (bought(0, amount=None, price=8), 8.0),
        (bought(0, amount=None, price=True), 0.0),
        (bought(0, amount=None, price="8"), 0.0),
        (bought(0, amount=None, price=-1), 0.0),
        (bought(0, amount=None, price=float("nan")), 0.0),
        (bought(0, amount=None), 0.0),
    ],
)
def test_price(event, price):
    assert price_of(event) == price


def test_an_offer_is_a_message_of_ours_that_says_so():
    assert is_offer(offered(0, isOffer=True))
    assert is_offer(offered(0, price=5))
    assert not is_offer(offered(0))
    assert not is_offer(offered(0, isOffer="yes"))
    assert not is_offer(said(0, isOffer=True))
    assert not is_offer(bought(0))


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (deed(0, InteractionType.TIP, 5), PurchaseKind.TIP),
        (bought(0, kind="PPV"), PurchaseKind.PPV),
        (bought(0, kind="bundle"), PurchaseKind.OTHER),
        (bought(0, "custom"), PurchaseKind.CUSTOM),
        (bought(0, "photos"), PurchaseKind.PPV),
        (bought(0, kind=3), PurchaseKind.PPV),
        (declined(0), None),
        (said(0), None),
    ],
)
def test_kind_of_purchase(event, kind):
    assert purchase_kind(event) is kind


def test_who_buys_is_the_fan_whoever_is_named():
    assert is_the_fans(replace(bought(0), sender=Sender.AI))
    assert is_the_fans(said(0))
    assert not is_the_fans(offered(0))
    assert not is_the_fans(replace(deed(0, InteractionType.LIKE), sender=Sender.CREATOR))
