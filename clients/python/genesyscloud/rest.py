"""What goes over the wire: one request, one answer, and ApiException for everything that is not a success."""
from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request


class ApiException(Exception):
    """An answer that is no success (or no answer at all: status 0)."""

    def __init__(self, status: int, reason: str, body: str = "", headers=None):
        super().__init__(f"({status}) {reason}: {body}" if body else f"({status}) {reason}")
        self.status = status
        self.reason = reason
        self.body = body
        self.headers = dict(headers or {})

    @property
    def message(self) -> str:
        """The server's own sentence, which names field and rule."""
        try:
            return json.loads(self.body).get("message", self.reason)
        except (ValueError, AttributeError):
            return self.reason

    @property
    def retry_after(self) -> int | None:
        """Seconds to wait, where the server says so (429, 503)."""
        value = self.headers.get("Retry-After", "")
        return int(value) if value.isdigit() else None


class RestClient:
    """HTTP over the standard library: certificates from SSL_CERT_FILE or the system, proxies from the environment."""

    def __init__(self, timeout: float = 30, ca_file: str | None = None):
        self.timeout = timeout
        context = ssl.create_default_context(cafile=ca_file)
        self._opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _NoRedirects)

    def request(self, method: str, url: str, headers: dict, body: bytes | None = None) -> tuple[int, dict, bytes]:
        request = urllib.request.Request(url, data=body, headers=headers, method=method)
        try:
            with self._opener.open(request, timeout=self.timeout) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            with error:
                raise ApiException(error.code, error.reason, error.read().decode("utf-8", "replace"), error.headers) from None
        except (urllib.error.URLError, OSError) as error:
            raise ApiException(0, str(getattr(error, "reason", error))) from error


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A bearer token must not follow a redirect to somebody else."""

    def redirect_request(self, *_args, **_kwargs):
        return None
