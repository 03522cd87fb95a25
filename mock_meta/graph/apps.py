"""``GET /{app_id}``: the app as its tokens see it (Graph's own page)."""

from mock_meta.graph.routes import Node, NodeKind, Route
from mock_meta.mock import Mock
from mock_meta.protocol.answer import Answer, ok
from mock_meta.protocol.call import Call
from mock_meta.protocol.fields import select


def get_app(_mock: Mock, call: Call, node: Node) -> Answer:
    app = {
        "category": "Business and pages",
        "link": f"https://www.facebook.com/games/?app_id={node.id}",
        "name": node.account.app_of(call.credential.token).name,
        "id": node.id,
    }
    return ok(select(app, call.query.get("fields"), tuple(app)))


routes = (Route("GET", NodeKind.APP, "", "app.get", get_app),)
