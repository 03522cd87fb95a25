"""`/contacts`: list, create, read, change."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from reference.wacrm.protocol.bodies import ContactCreate, ContactPatch
from reference.wacrm.protocol.operations import Operation
from reference.wacrm.routes.wiring import admit, id_filter

router = APIRouter()


@router.get("/contacts")
async def list_contacts(request: Request) -> Response:
    wacrm, caller = admit(request, Operation.LIST_CONTACTS)
    query = request.query_params
    window = wacrm.pages.window(query, "contacts", caller.account_id)
    found = wacrm.contacts.page(caller.account_id, window, query.get("search"), id_filter(request, "tag"))
    rows, cursor = wacrm.pages.cut(found, window)
    return wacrm.envelope.page(Operation.LIST_CONTACTS, wacrm.contacts.present_all(rows), cursor)


@router.post("/contacts")
async def create_contact(request: Request) -> Response:
    wacrm, caller = admit(request, Operation.CREATE_CONTACT)
    body = await wacrm.bodies.read(request, ContactCreate)
    contact, created = wacrm.contacts.create(caller.account_id, body)
    return wacrm.envelope.one(Operation.CREATE_CONTACT, contact, 201 if created else 200)


@router.get("/contacts/{contact_id}")
async def read_contact(request: Request, contact_id: str) -> Response:
    wacrm, caller = admit(request, Operation.READ_CONTACT)
    return wacrm.envelope.one(Operation.READ_CONTACT, wacrm.contacts.read(caller.account_id, contact_id))


@router.patch("/contacts/{contact_id}")
async def update_contact(request: Request, contact_id: str) -> Response:
    wacrm, caller = admit(request, Operation.UPDATE_CONTACT)
    wacrm.contacts.require(caller.account_id, contact_id)
    body = await wacrm.bodies.read(request, ContactPatch)
    contact = wacrm.contacts.update(caller.account_id, contact_id, body)
    return wacrm.envelope.one(Operation.UPDATE_CONTACT, contact)
