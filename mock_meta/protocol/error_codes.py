# ruff: noqa: E501  # one row, one line
"""Meta's error codes as data: HTTP status, title, usual details (fact sheet 4.1, 4.2, 4.4).

131063 and 131064 have no title that is known: theirs is the cause. Those of 131055 and 134100 to 134102 are from memory, that
of 136025 goes by 136024's (captured until November 2026).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Code:
    """One row of Meta's table: HTTP status of the synchronous answer, title, and the usual details."""

    http: int
    title: str
    details: str | None = None


CODES: Mapping[int, Code] = MappingProxyType(
    {
        0: Code(401, "AuthException"),
        1: Code(400, "API Unknown"),
        2: Code(503, "API Service"),
        3: Code(500, "API Method"),
        4: Code(400, "Application request limit reached"),
        10: Code(403, "Application does not have permission for this action"),
        33: Code(400, "Parameter value is not valid"),
        100: Code(400, "Invalid parameter"),
        104: Code(401, "An access token is required to request this resource."),
        190: Code(401, "Invalid OAuth access token - Cannot parse access token"),
        200: Code(
            403,
            "You do not have the necessary permissions required to send messages on behalf of this WhatsApp Business Account",
        ),
        368: Code(403, "Temporarily blocked for policies violations"),
        803: Code(404, "Some of the aliases you requested do not exist"),
        2500: Code(400, "Unknown path components"),
        80007: Code(400, "Rate limit issues"),
        80008: Code(
            400,
            "There have been too many calls to this WhatsApp Business account. Wait a bit and try again. For more info, please refer to https://developers.facebook.com/docs/graph-api/overview/rate-limiting.",
        ),
        130403: Code(400, "Message failed to send because the user has been blocked"),
        130429: Code(
            400,
            "Rate limit hit",
            "Message failed to send because there were too many messages sent from this phone number in a short period of time",
        ),
        130472: Code(
            400,
            "User's number is part of an experiment",
            "Failed to send message because this user's phone number is part of an experiment",
        ),
        130497: Code(
            403,
            "Business account is restricted from messaging users in this country.",
            "Business account is restricted from messaging users in this country.",
        ),
        131000: Code(500, "Something went wrong", "An unknown error occurred"),
        131005: Code(403, "Access denied", "Permission is either not granted or has been removed."),
        131008: Code(400, "Required parameter is missing"),
        131009: Code(400, "Parameter value is not valid"),
        131016: Code(500, "Service unavailable", "A service is temporarily unavailable."),
        131021: Code(400, "Recipient cannot be sender", "Sender and recipient phone number is the same."),
        131026: Code(400, "Message undeliverable", "Message Undeliverable."),
        131030: Code(
            400,
            "Recipient phone number not in allowed list",
            "Recipient phone number not in allowed list: Add recipient phone number to recipient list and try again.",
        ),
        131031: Code(
            403,
            "Account has been locked",
            "The WhatsApp Business Account associated with the app has been restricted or disabled for violating a platform policy.",
        ),
        131037: Code(400, "WhatsApp provided number needs display name approval before message can be sent."),
        131042: Code(
            400,
            "Business eligibility payment issue",
            "Message failed to send because there were one or more errors related to your payment method.",
        ),
        131045: Code(500, "Incorrect certificate", "Message failed to send due to a phone number registration error."),
        131047: Code(
            400,
            "Re-engagement message",
            "Message failed to send because more than 24 hours have passed since the customer last replied to this number.",
        ),
        131048: Code(
            400,
            "Spam rate limit hit",
            "Message failed to send because there are restrictions on how many messages can be sent from this phone number. This may be because too many previous messages were blocked or flagged as spam.",
        ),
        131049: Code(
            400,
            "This message was not delivered to maintain healthy ecosystem engagement.",
            "In order to maintain a healthy ecosystem engagement, the message failed to be delivered.",
        ),
        131050: Code(
            400,
            "User has stopped receiving marketing messages from this business",
            "The user has chosen to stop receiving marketing messages on WhatsApp from your business.",
        ),
        131051: Code(400, "Unsupported message type", "Message type is currently not supported."),
        131052: Code(400, "Media download error", "Unable to download the media sent by the user."),
        131053: Code(400, "Media upload error", "Unable to upload the media used in the message."),
        131055: Code(400, "Method not allowed"),
        131056: Code(
            400,
            "(Business Account, Consumer Account) pair rate limit hit",
            "Message failed to send because there were too many messages sent from this phone number to the same phone number in a short period of time.",
        ),
        131057: Code(500, "Account in maintenance mode", "Business Account is in maintenance mode"),
        131058: Code(400, "Hello World templates can only be sent from the Public Test Numbers"),
        131062: Code(400, "Business-scoped User ID recipients are not supported for this message"),
        131063: Code(400, "Template restriction"),
        131064: Code(400, "Template restriction"),
        132000: Code(400, "Number of parameters does not match the expected number of params"),
        132001: Code(404, "Template name does not exist in the translation"),
        132005: Code(400, "Template Hydrated Text Too Long"),
        132007: Code(400, "Template format character policy violated"),
        132012: Code(400, "Parameter format does not match format in the created template"),
        132015: Code(
            400,
            "Template is paused",
            "Template is paused due to low quality so it cannot be sent in a template message.",
        ),
        132016: Code(
            400,
            "Template is disabled",
            "Template has been paused too many times due to low quality and is now permanently disabled.",
        ),
        132018: Code(400, "There's an issue with the parameters in your template"),
        132068: Code(400, "Flow is blocked"),
        132069: Code(400, "Flow is throttled"),
        133000: Code(500, "Incomplete Deregistration"),
        133004: Code(503, "Server Temporarily Unavailable"),
        133005: Code(400, "Two step verification PIN Mismatch"),
        133006: Code(400, "Phone number re-verification needed"),
        133008: Code(400, "Too Many two step verification PIN Guesses"),
        133009: Code(400, "Two step verification PIN Guessed Too Fast"),
        133010: Code(400, "Account not registered"),
        133015: Code(400, "Please wait a few minutes before attempting to register this phone number"),
        133016: Code(400, "Account register deregister rate limit exceeded"),
        134011: Code(400, "WhatsApp Payments terms of service has not been accepted"),
        134100: Code(400, "Only marketing messages supported"),
        134101: Code(400, "Template is still syncing"),
        134102: Code(500, "Template unavailable for use"),
        135000: Code(400, "Generic user error"),
        136024: Code(400, "Request code error"),
        136025: Code(400, "Verify code error"),
        137000: Code(400, "Identity key hash mismatch"),
        139100: Code(400, "Failed to block/unblock users"),
        139101: Code(400, "Blocklist limit reached"),
        139102: Code(400, "Blocklist concurrent update"),
        139103: Code(500, "Internal error"),
    }
)
_PERMISSIONS = range(200, 300)


def is_known(code: int) -> bool:
    """Whether Meta documents the code."""
    return code in CODES or code in _PERMISSIONS


def code_row(code: int) -> Code:
    """What is known of a code: of the 200s that a permission is missing, of a stranger that the caller is to blame."""
    return CODES.get(code) or (Code(403, "API Permission") if code in _PERMISSIONS else Code(400, "Generic user error"))
