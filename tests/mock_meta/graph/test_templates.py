"""Templates as they are listed (fact sheet 13.2)."""

from tests.mock_meta.inside import TEMPLATES, WABA, Inside


def test_template_filters_and_fields(inside: Inside) -> None:
    def names(query: str) -> list[str]:
        return [row["name"] for row in inside.graph("GET", f"{WABA}/message_templates?{query}").json()["data"]]

    assert names("status=PAUSED") == ["paused"]
    assert names('status=["PAUSED","DISABLED"]') == ["paused", "off"]
    assert names("category=MARKETING") == ["rich"]
    assert names("language=it") == ["named"]
    assert names("name=gree") == ["greeting"]
    assert names("name_or_content=order") == ["greeting"]
    assert inside.graph("GET", f"{WABA}/message_templates?name=zzz").json() == {"data": []}
    row = inside.graph("GET", f"{WABA}/message_templates?name=plain").json()["data"][0]
    assert list(row) == ["name", "parameter_format", "components", "language", "status", "category", "id"]
    assert inside.graph("GET", row["id"]).json() == row
    assert names("content=ORDER") == ["greeting"]
    assert names("content=type") == []
    assert names("after=&limit=&category=marketing") == ["rich"]
    for query, text in (
        ("status=FOO", "Param status must be one of {APPROVED, ARCHIVED, DELETED, DISABLED, IN_APPEAL, "),
        ('status=["PAUSED","FOO"]', "Param status[1] must be one of {"),
        ("category=FOO", 'must be one of {AUTHENTICATION, MARKETING, UTILITY} - got "FOO".'),
        ("quality_score=FOO", "must be one of {GREEN, RED, UNKNOWN, YELLOW}"),
        ("language=[", "Param language must be an array."),
    ):
        assert text in inside.graph("GET", f"{WABA}/message_templates?{query}").json()["error"]["message"]
    for query in ("limit=0", "limit=x", "after=%21", "after=LTUZD", "fields=nothing"):
        assert inside.graph("GET", f"{WABA}/message_templates?{query}").json()["error"]["code"] == 100


def test_a_list_with_its_summary(inside: Inside) -> None:
    path = f"{WABA}/message_templates?status=APPROVED&limit=1&summary="
    counts = inside.graph("GET", f"{path}total_count,message_template_count,message_template_limit").json()["summary"]
    approved = sum(one.get("status", "APPROVED") == "APPROVED" for one in TEMPLATES)
    assert counts == {
        "total_count": approved,
        "message_template_count": len(TEMPLATES),
        "message_template_limit": 6000,
    }
    assert inside.graph("GET", f"{path}weather").json()["error"]["code"] == 100
