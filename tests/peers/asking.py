"""How the tests of this folder ask the platform."""

import base64


def post(server, path, body):
    answer = server.http.post("/api/v1" + path, json=body)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def refusal(server, path, body):
    """The error code of a request that is refused for what it says."""
    answer = server.http.post("/api/v1" + path, json=body)
    assert answer.status_code == 400, answer.text
    return answer.json()["error"]


def b64(octets):
    return base64.b64encode(octets).decode()


def imported(server, name, key_type, algorithm, form, material, **more):
    body = {"name": name, "keyType": key_type, "algorithm": algorithm, "keyMaterial": material, "format": form, **more}
    return post(server, "/keys/import", body)


def exported(server, key, form):
    """The public key: PEM text, base64 of DER or a JWK's text."""
    answer = server.http.get(f"/api/v1/keys/{key['id']}/public-key?format={form}")
    assert answer.status_code == 200, answer.text
    return answer.json()["publicKey"]
