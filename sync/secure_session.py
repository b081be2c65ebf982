"""Sessions of `requests` on the lines of `secure_lines`, for signing in: the library that speaks OAuth wants one."""

from __future__ import annotations

from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from sync.hospital_profile import SiteTrust
from sync.secure_lines import SecurePools


def open_session(trust: SiteTrust) -> requests.Session:
    """A session that may be used from several threads; `ProfileRefused` where the site's CA file cannot be used."""
    session = requests.Session()
    secure(session, trust)
    return session


def secure(session: requests.Session, trust: SiteTrust) -> None:
    """Make a session of any kind behave as `secure_lines` promises."""
    # .netrc would replace the bearer, and environment variables the authorities.
    session.trust_env = False
    session.headers.clear()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    adapter = _SecureAdapter(SecurePools(trust))
    session.mount("http://", adapter)
    session.mount("https://", adapter)


class _SecureAdapter(HTTPAdapter):
    def __init__(self, pools: SecurePools) -> None:
        self._pools = pools
        super().__init__(pool_connections=4, pool_maxsize=8, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._pools.context, **kwargs)
        self._pools.adopt(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, ssl_context=self._pools.context, **kwargs)
        self._pools.adopt(manager)
        return manager

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:  # noqa: ARG002
        """Always verified, and by our context alone: the library would add a bundle of its own to it."""
        conn.cert_reqs = "CERT_REQUIRED"
        conn.ca_certs = conn.ca_cert_dir = None
