"""Owns addresses: Kustomer's regions and their hosts (developer.kustomer.com/docs/get-started/regions-and-base-urls), and which
are this machine's own. It sends nothing."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

# This machine, as people write it: plain HTTP to it stays on it.
LOOPBACK = ("localhost", "127.0.0.1", "::1")
# Pod -> host; prod1's name has no pod.
_HOSTS = {"prod1": "https://api.kustomerapp.com"}
_REGIONS = {"prod1": "US", "prod2": "EU", "prod4": "India"}
_POD = re.compile(
    r"associated with pod (?P<key>[a-z0-9-]{1,30})\b.*handled by (?P<here>[a-z0-9-]{1,30})\b", re.IGNORECASE
)
_ADDRESS = re.compile(r"https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?/?")
_OWN_HOST = re.compile(r"(?P<org>[a-z0-9-]+)\.api\.kustomerapp\.com")


def host_of(pod: str) -> str:
    """The address of a region.

    >>> host_of("prod1"), host_of("prod2")
    ('https://api.kustomerapp.com', 'https://api.prod2.kustomerapp.com')
    """
    return _HOSTS.get(pod, f"https://api.{pod}.kustomerapp.com")


def wrong_region(said: str) -> str:
    """The right address, where Kustomer says that a key belongs to another region; else an empty string."""
    found = _POD.search(said)
    return host_of(found["key"].lower()) if found else ""


def region_of(base_url: str) -> str:
    """What an address says of its region."""
    host = (urlsplit(base_url).hostname or "").lower()
    pod = next((pod for pod in _REGIONS if urlsplit(host_of(pod)).hostname == host), "")
    if pod:
        return f"{_REGIONS[pod]}, which is the key's own"
    if found := _OWN_HOST.fullmatch(host):
        return f"the key's own; {found['org']}'s host leads to it"
    return "the key's own"


def is_address(base_url: str) -> bool:
    """Whether this is a scheme and a host, and nothing else.

    >>> is_address("https://acme.api.kustomerapp.com"), is_address("acme.api.kustomerapp.com"), is_address("https://a b")
    (True, False, False)
    >>> is_address("https://127.0.0.1:99999"), is_address("https://[::::]")
    (False, False)
    """
    try:
        parts = urlsplit(base_url)  # Python looks at the port, and at what is in brackets
        return bool(_ADDRESS.fullmatch(base_url)) and parts.port != 0
    except ValueError:
        return False


def shown_address(base_url: str) -> str:
    """An address without user and password, which some put there."""
    return re.sub(r"//[^/@]*@", "//", base_url)


def clear_text(base_url: str) -> bool:
    """Whether what is sent there can be read on the way: plain HTTP to another machine."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    if parts.scheme != "http" or host == "localhost":
        return False
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return True
