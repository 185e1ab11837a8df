"""JSON Web Tokens as an application signs them, by the openssl program: keys, JWKs, and assertions that can be wrong in any way."""
import base64
import hashlib
import hmac
import json
import pathlib
import subprocess
import time
import uuid


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _openssl(*words, data: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *map(str, words)], input=data, capture_output=True, check=True).stdout


def _integer(der: bytes, at: int) -> tuple[bytes, int]:
    length = der[at + 1]
    return der[at + 2:at + 2 + length].lstrip(b"\0").rjust(32, b"\0"), at + 2 + length


class Key:
    """RS256, ES256 or EdDSA."""
    OPTIONS = {"RS256": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
               "ES256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
               "EdDSA": ["-algorithm", "ED25519"]}

    def __init__(self, folder: pathlib.Path, algorithm: str, kid: str = "key-1"):
        self.algorithm, self.kid = algorithm, kid
        self.path = folder / f"{uuid.uuid4()}.pem"
        self.path.write_bytes(_openssl("genpkey", *self.OPTIONS[algorithm]))

    @property
    def public_der(self) -> bytes:
        return _openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")

    def jwk(self) -> dict:
        head = {"kid": self.kid, "alg": self.algorithm, "use": "sig"}
        if self.algorithm == "RS256":
            modulus = _openssl("rsa", "-in", self.path, "-noout", "-modulus").decode().strip().split("=")[1]
            return head | {"kty": "RSA", "n": b64(bytes.fromhex(modulus)), "e": "AQAB"}
        if self.algorithm == "ES256":
            point = self.public_der[-64:]
            return head | {"kty": "EC", "crv": "P-256", "x": b64(point[:32]), "y": b64(point[32:])}
        return head | {"kty": "OKP", "crv": "Ed25519", "x": b64(self.public_der[-32:])}

    def sign(self, data: bytes) -> bytes:
        if self.algorithm == "EdDSA":
            path = self.path.with_suffix(".in")
            path.write_bytes(data)
            return _openssl("pkeyutl", "-sign", "-inkey", self.path, "-rawin", "-in", path)
        signature = _openssl("dgst", "-sha256", "-sign", self.path, data=data)
        if self.algorithm == "RS256":
            return signature
        r, following = _integer(signature, 2)
        return r + _integer(signature, following)[0]


def claims(issuer: str, subject: str, audience: str, **changes) -> dict:
    """Valid for a minute. A change to None leaves the claim out."""
    now = int(time.time())
    out = {"iss": issuer, "sub": subject, "aud": audience, "iat": now, "exp": now + 60, "jti": str(uuid.uuid4())} | changes
    return {name: value for name, value in out.items() if value is not None}


def assertion(key: Key, payload: dict | str, **header) -> str:
    head = {"alg": key.algorithm, "typ": "JWT", "kid": key.kid} | header
    text = payload if isinstance(payload, str) else json.dumps(payload)
    data = f"{b64(json.dumps(head).encode())}.{b64(text.encode())}"
    return f"{data}.{b64(key.sign(data.encode()))}"


def unsigned(payload: dict, algorithm: str) -> str:
    return f"{b64(json.dumps({'alg': algorithm, 'typ': 'JWT'}).encode())}.{b64(json.dumps(payload).encode())}."


def with_secret(payload: dict, secret: bytes, kid: str) -> str:
    """HS256 with something that isn't a secret, such as the public key."""
    data = f"{b64(json.dumps({'alg': 'HS256', 'typ': 'JWT', 'kid': kid}).encode())}.{b64(json.dumps(payload).encode())}"
    return f"{data}.{b64(hmac.new(secret, data.encode(), hashlib.sha256).digest())}"
