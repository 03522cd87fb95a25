"""Graph's cursors (fact sheet 3.6)."""

from tests.mock_meta.inside import TOKEN, WABA, Inside


def test_templates_are_listed_in_pages(inside: Inside) -> None:
    seen, url, pages = [], f"/v21.0/{WABA}/message_templates?limit=3&fields=id,name,status,quality_score", 0
    while url:
        page = inside.request("GET", url, headers={"Authorization": f"Bearer {TOKEN}"}).json()
        seen += [row["name"] for row in page["data"]]
        url = page["paging"].get("next")
        assert ("previous" in page["paging"]) == (pages > 0)
        pages += 1
    assert seen == ["plain", "greeting", "rich", "waiting", "paused", "off", "named"]
    assert pages == 3
    back = inside.request("GET", page["paging"]["previous"]).json()
    assert [row["name"] for row in back["data"]] == ["waiting", "paused", "off"]


def test_what_goes_away_between_two_pages_moves_nothing(inside: Inside) -> None:
    path = f"{WABA}/message_templates"
    first = inside.graph("GET", f"{path}?limit=3&fields=name").json()
    for row in first["data"]:
        inside.graph("DELETE", f"{path}?name={row['name']}")
    second = inside.request("GET", first["paging"]["next"]).json()
    assert [row["name"] for row in second["data"]] == ["waiting", "paused", "off"]
    assert "previous" not in second["paging"]
