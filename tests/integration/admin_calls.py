"""Calls of the admin listener, each held against docs/reference/admin.openapi.yaml as it is made."""
import hashlib
import json
import re

import jsonschema
import yaml

from client import Client
from harness import TOP, edit

TOKENS = {"prometheus": "viewer", "on-call": "operator", "desk": "compliance"}
DESCRIPTION = yaml.safe_load((TOP / "docs/reference/admin.openapi.yaml").read_text())


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def write_tokens(house, tokens):
    lines = [f"  - {{ name: {name}, role: {role}, token_sha256: {sha256('secret of ' + name)} }}" for name, role in tokens.items()]
    (house.directory / "admin.yaml").write_text("\n".join(["schema: sekisho/admin/v1", "tokens:", *lines, ""]))


def guard(house, tokens=TOKENS):
    """Every gateway of the house wants a token."""
    write_tokens(house, tokens)
    for gateway in house.gateways:
        port = gateway.admin_port
        edit(gateway.config, [(f"address: 127.0.0.1:{port}", f"address: 127.0.0.1:{port}\n  tokens: admin.yaml")])


def ask(house, method, target, name=None, headers=(), body=None, gateway=None, **kw):
    bearer = [("Authorization", f"Bearer secret of {name}")] if name else []
    encoded = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    with Client((gateway or house.gateway).admin_port, timeout=20, **kw) as client:
        answer = client.request(method, target, [*headers, *bearer], encoded)
    hold_against_description(method, target.partition("?")[0], answer)
    return answer


def described(method, path):
    """The operation of the description that this call is; None: it has none."""
    for template, item in DESCRIPTION["paths"].items():
        pattern = "[^/]+".join(re.escape(part) for part in re.split(r"\{\w+\}", template))
        pattern = re.sub(r"^/authz/.*", "/authz/.*", pattern)
        if re.fullmatch(pattern, path):
            return item.get("get" if method == "HEAD" else method.lower())
    return None


def resolved(node):
    while "$ref" in node:
        at = DESCRIPTION
        for step in node["$ref"].removeprefix("#/").split("/"):
            at = at[step]
        node = at
    return node


def validate(value, schema):
    resolver = jsonschema.RefResolver("", DESCRIPTION)
    jsonschema.Draft202012Validator(schema, resolver=resolver).validate(value)


def hold_against_description(method, path, answer):
    operation = described(method, path)
    if operation is None:  # nothing is there, or not by this method: a problem
        assert answer.status in (400, 401, 404, 405), (method, path, answer)
        return validate(answer.json(), {"$ref": "#/components/schemas/Problem"}) if method != "HEAD" else None
    responses = operation["responses"]
    response = responses.get(str(answer.status)) or responses.get("default")
    assert response, f"{method} {path}: {answer.status} is not described"
    content = resolved(response).get("content")
    if method == "HEAD" or not content:
        return None
    kind = answer.header("Content-Type").partition(";")[0]
    assert kind in content, f"{method} {path}: {answer.status} is {kind}, not {list(content)}"
    return validate(answer.json() if kind.endswith("json") else answer.body.decode(), content[kind]["schema"])


def next_page(answer):
    """The address behind `Link: <…>; rel="next"`; None: this is the last page."""
    link = answer.header("Link")
    return link and re.fullmatch(r'<(.+)>; rel="next"', link)[1]


def all_pages(house, target, name=None):
    entries, pages = [], 0
    while target:
        answer = ask(house, "GET", target, name)
        assert answer.status == 200, answer
        entries += answer.json()
        pages += 1
        target = next_page(answer)
    return entries, pages
