"""Media of customers: Meta keeps the files, and gives them to who has the account's token (Meta fact sheet, 8)."""

import re

from reference.wacrm.domain.keys import Keys
from reference.wacrm.meta.graph_client import Graph, Medium, SendError
from reference.wacrm.protocol.envelope import ApiError, Code, not_found

_ID = re.compile(r"[0-9]{1,40}", re.ASCII)


class Media:
    def __init__(self, keys: Keys, graph: Graph) -> None:
        self._keys = keys
        self._graph = graph

    async def download(self, account: str, media_id: str) -> Medium:
        """The file, fetched anew each time, as Meta's own addresses are valid for five minutes.

        Raises:
            ApiError: 404 for what is no id or an account without WhatsApp; 502 when Meta does not give the file.

        """
        whatsapp = self._keys.whatsapp(account)
        if whatsapp is None or not _ID.fullmatch(media_id):
            raise not_found()
        try:
            return await self._graph.download(whatsapp, media_id)
        except SendError as error:
            raise ApiError(Code.META_ERROR, str(error)) from None
