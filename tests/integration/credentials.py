"""Credentials as callers hold them: an issuer of tokens, and signed requests, written from the RFCs alone."""
import base64
import hashlib
import hmac
import json
import secrets
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value, size=None):
    return base64url(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


class Key:
    """One signing key of an issuer: `alg` is RS256, ES256 or EdDSA."""

    def __init__(self, alg, kid):
        self.alg, self.kid = alg, kid
        self.private = {"RS256": lambda: rsa.generate_private_key(65537, 2048),
                        "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
                        "EdDSA": ed25519.Ed25519PrivateKey.generate}[alg]()

    def jwk(self):
        public = self.private.public_key()
        if self.alg == "EdDSA":
            parts = {"kty": "OKP", "crv": "Ed25519",
                     "x": base64url(public.public_bytes(Encoding.Raw, PublicFormat.Raw))}
        else:
            numbers = public.public_numbers()
            parts = ({"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)} if self.alg == "RS256" else
                     {"kty": "EC", "crv": "P-256", "x": number(numbers.x, 32), "y": number(numbers.y, 32)})
        return {"kid": self.kid, "use": "sig", "alg": self.alg, **parts}

    def sign(self, text):
        if self.alg == "EdDSA":
            return self.private.sign(text)
        if self.alg == "RS256":
            return self.private.sign(text, padding.PKCS1v15(), hashes.SHA256())
        r, s = decode_dss_signature(self.private.sign(text, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class Issuer:
    def __init__(self, *keys):
        self.keys = keys

    def jwks(self):
        return json.dumps({"keys": [key.jwk() for key in self.keys]})

    def token(self, key=None, header=(), **claims):
        key = key or self.keys[0]
        head = {"alg": key.alg, "kid": key.kid, "typ": "JWT", **dict(header)}
        body = {"iss": "https://login.example", "aud": "sekisho", "sub": "aozora-desk",
                "iat": int(time.time()), "exp": int(time.time()) + 300, **claims}
        text = ".".join(base64url(json.dumps(part).encode()) for part in (head, body))
        return text + "." + base64url(key.sign(text.encode()))


def bearer(token):
    return [("Authorization", "Bearer " + token)]


def signature(secret, method, port, target, body=b"", key_id="aozora-1", created=None, nonce=None, cover=None):
    """The headers of a signed request (RFC 9421, RFC 9530)."""
    path, _, query = target.partition("?")
    values = {"@method": method, "@authority": f"127.0.0.1:{port}", "@path": path}
    headers = []
    if query:
        values["@query"] = "?" + query
    if body:
        values["content-digest"] = "sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()).decode() + ":"
        headers.append(("Content-Digest", values["content-digest"]))
    covered = [name for name in values if cover is None or name in cover]
    parameters = (f'({" ".join(json.dumps(name) for name in covered)});created={created or int(time.time())}'
                  f';keyid="{key_id}";nonce="{nonce or secrets.token_hex(12)}"')
    base = "".join(f'"{name}": {values[name]}\n' for name in covered) + f'"@signature-params": {parameters}'
    mac = hmac.new(secret.encode(), base.encode(), hashlib.sha256).digest()
    return headers + [("Signature-Input", f"call={parameters}"),
                      ("Signature", f"call=:{base64.b64encode(mac).decode()}:")]
