"""Where the server is and how to reach it."""
from __future__ import annotations

class Configuration:
    """`host` may end in /api/v2, as the vendor's clients write it."""

    def __init__(self, host: str = "http://127.0.0.1:8080/api/v2"):
        self.host = host
        self.access_token: str | None = None
        self.ssl_ca_cert: str | None = None
        self.timeout: float = 30

    @property
    def root(self) -> str:
        """Scheme, host and port alone."""
        root = self.host.rstrip("/")
        return root[: -len("/api/v2")] if root.endswith("/api/v2") else root
