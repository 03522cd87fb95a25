from mock_meta.protocol.signature import meta_dump, sign_sha1, sign_sha256


def test_the_fact_sheets_vector() -> None:
    value = {"messaging_product": "whatsapp", "text": {"body": "Perché sì 👍 a/b"}}
    payload = {
        "object": "whatsapp_business_account",
        "entry": [{"id": "102290129340398", "changes": [{"value": value, "field": "messages"}]}],
    }
    body = meta_dump(payload)
    assert body == (
        rb'{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"value":{"messaging_product":'
        rb'"whatsapp","text":{"body":"Perch\u00e9 s\u00ec \ud83d\udc4d a\/b"}},"field":"messages"}]}]}'
    )
    expected = "sha256=437efc677b7dd01dd05bcc535e6a9cfb69ed3a702b0ecbc122957b64044292b2"
    assert sign_sha256("test_app_secret", body) == expected


def test_the_legacy_signature_is_sha1() -> None:
    assert sign_sha1("key", b"The quick brown fox jumps over the lazy dog") == (
        "sha1=de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9"
    )
