import pytest

from mock_meta.protocol.numbers import digits_of, whatsapp_id


@pytest.mark.parametrize("text", ["+39 333 123-4567", "393331234567", "+39(333)1234567"])
def test_spellings_of_one_number(text: str) -> None:
    assert digits_of(text) == "393331234567"


@pytest.mark.parametrize("text", ["", "abc", "12345", "+1x5550100", "1234567890123456", "٣٩٣٣٣١٢٣٤٥٦٧"])
def test_what_is_no_number(text: str) -> None:
    assert digits_of(text) is None


def test_whatsapps_own_spelling_of_some_countries() -> None:
    assert whatsapp_id("525512345678") == "5215512345678"
    assert whatsapp_id("541112345678") == "5491112345678"
    assert whatsapp_id("5531987654321") == "553187654321"
    assert whatsapp_id("5511987654321") == "5511987654321"
    assert whatsapp_id("393331234567") == "393331234567"
