import base64
import re

from mock_meta.protocol.ids import Ids
from mock_meta.protocol.wamid import Wamid, decode_wamid, encode_wamid


def test_the_composed_examples_of_the_fact_sheet() -> None:
    outbound = "wamid.HBgMMzkzMzMxMjM0NTY3FQIAERgSOUYzQTYxQzA0QjdEMkU4NUExAA=="
    inbound = "wamid.HBgMMzkzMzMxMjM0NTY3FQIAEhgUM0E1QzBFOUI3MUQyNEY4NkFBMTAA"
    assert encode_wamid("393331234567", "9F3A61C04B7D2E85A1", inbound=False) == outbound
    assert encode_wamid("393331234567", "3A5C0E9B71D24F86AA10", inbound=True) == inbound
    assert decode_wamid(outbound) == Wamid("393331234567", inbound=False, hexid="9F3A61C04B7D2E85A1")
    assert decode_wamid(inbound) == Wamid("393331234567", inbound=True, hexid="3A5C0E9B71D24F86AA10")


def test_what_is_no_wamid_decodes_to_none() -> None:
    for text in ("", "wamid.", "wamid.!!!", "wamid.AAAA", "wamid.HBgM", "gBGG", "wamid.HBgMMzkzMzMxMjM0NTY3"):
        assert decode_wamid(text) is None


def test_ids_are_well_formed_and_differ_between_mocks() -> None:
    one, other = Ids(), Ids()
    assert one.wamid("999") != other.wamid("999")
    assert decode_wamid(one.wamid("39333", inbound=True)) is not None
    for _ in range(50):
        request, trace, debug = one.traces()
        assert re.fullmatch(rb"A[A-Za-z0-9_-]{22}", request)
        assert re.fullmatch(rb"[A-Za-z0-9_-]{11}", trace)
        assert len(base64.b64decode(debug, validate=True)) == 64
    assert one.traces() != one.traces()
    assert Ids(7).wamid("999") == Ids(7).wamid("999")
