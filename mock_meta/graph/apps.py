"""``GET /{app_id}``: the app as its tokens see it (Graph's own page)."""

from mock_meta.graph.routes import NodeKind, ResolvedCall, Route
from mock_meta.mock import Mock
from mock_meta.protocol.answer import Answer, ok
from mock_meta.protocol.fields import select


def get_app(_mock: Mock, call: ResolvedCall) -> Answer:
    app = {
        "category": "Business and pages",
        "link": f"https://www.facebook.com/games/?app_id={call.node_id}",
        "name": call.app.name,
        "id": call.node_id,
    }
    return ok(select(app, call.query.get("fields"), tuple(app)))


routes = (Route("GET", NodeKind.APP, "", "app.get", get_app),)
