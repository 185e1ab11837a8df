"""ApiClient: credentials, and the one way by which every generated operation is called."""
from __future__ import annotations

import base64
import json
import time
import urllib.parse
from typing import Any

from genesyscloud.configuration import Configuration
from genesyscloud.model import from_json, to_json
from genesyscloud.rest import ApiException, RestClient

_RENEW_BEFORE = 60.0  # seconds


class ApiClient:
    """Not for several threads at once: make one each."""

    def __init__(self, configuration: Configuration | None = None):
        self.configuration = configuration or Configuration()
        self._rest = RestClient(self.configuration.timeout, self.configuration.ssl_ca_cert)
        self._credentials: tuple[str, str, str] | None = None
        self._expires = 0.0

    def refresh_token_credentials(self, client_id: str, client_secret: str, scope: str = "") -> str:
        """A token by the client credentials grant (RFC 6749, 4.4); fetched anew before it expires."""
        self._credentials = (client_id, client_secret, scope)
        pair = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        form = {"grant_type": "client_credentials", **({"scope": scope} if scope else {})}
        headers = {"Authorization": f"Basic {pair}", "Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        _, _, body = self._rest.request("POST", f"{self.configuration.root}/oauth/token", headers,
                                        urllib.parse.urlencode(form).encode())
        answer = json.loads(body)
        self.configuration.access_token = answer["access_token"]
        self._expires = time.monotonic() + float(answer.get("expires_in", 3600))
        return answer["access_token"]

    def call_api(self, method: str, path: str, path_params: dict, query: dict, body: Any, answer: Any, headers: dict | None = None) -> Any:
        """`answer` is the model of a success, as in Model.fields. Errors: ApiException."""
        for name, value in path_params.items():
            if value is None or value == "":
                raise ValueError(f"{name} is required")
            path = path.replace("{" + name + "}", urllib.parse.quote(str(value), safe=""))
        given = {name: value for name, value in query.items() if value is not None}
        url = self.configuration.root + path + (f"?{urllib.parse.urlencode(given, doseq=True)}" if given else "")
        head = {"Accept": "application/json", **self._authorization(), **(headers or {})}
        data = None
        if body is not None:
            data = json.dumps(to_json(body)).encode()
            head["Content-Type"] = "application/json"
        status, answered, text = self._rest.request(method, url, head, data)
        if not text or "json" not in answered.get("Content-Type", ""):
            return text.decode("utf-8", "replace") if text else None
        try:
            return from_json(answer, json.loads(text))
        except ValueError as error:
            raise ApiException(status, "the answer is no JSON", text.decode("utf-8", "replace"), answered) from error

    def _authorization(self) -> dict:
        if self._credentials and time.monotonic() > self._expires - _RENEW_BEFORE:
            self.refresh_token_credentials(*self._credentials)
        token = self.configuration.access_token
        return {"Authorization": f"Bearer {token}"} if token else {}
