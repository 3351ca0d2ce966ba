"""What the environment says: every problem at once, secrets from files, and none of them shown."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from kustomer_mcp_acme.runtime.edge.settings import Serving, ServingError, misspelt
from serving_kit import environment

TOKEN = "a-token-of-an-admin-with-40-characters-x"


def test_every_problem_is_told_at_once_and_no_secret_with_it() -> None:
    said = {
        "KUSTOMER_MCP_TRANSPORT": "http",
        "KUSTOMER_MCP_PORT": "80x",
        "KUSTOMER_MCP_HOST": "0.0.0.0",
        "KUSTOMER_MCP_PUBLIC_URL": "http://mcp.example.com",
        "KUSTOMER_MCP_ADMIN_TOKEN": "short-secret",
        "KUSTOMER_MCP_ALLOWED_ORIGINS": "app.example.com",
        "KUSTOMER_MCP_OAUTH_JWKS_URL": "https://login.example.com/keys",
        "KUSTOMER_MCP_REQUEST_SECONDS": "soon",
    }
    with pytest.raises(ServingError) as caught:
        Serving.from_environment(said)
    names = ("ADMIN_TOKEN", "ALLOWED_ORIGINS", "HOST", "OAUTH_ISSUER", "PORT", "PUBLIC_URL", "REQUEST_SECONDS")
    assert sorted(caught.value.problems) == [f"KUSTOMER_MCP_{name}" for name in names]
    assert "short-secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://u:p@h.example",
        "https://h.example/x",
        "ftp://h.example",
        "https://",
        "https://h.example?a=b",
        "https://[::1",
    ],
)
def test_a_public_url_is_scheme_and_host_alone(url: str) -> None:
    with pytest.raises(ServingError, match="PUBLIC_URL"):
        Serving.from_environment({"KUSTOMER_MCP_PUBLIC_URL": url})


def test_secrets_may_be_in_files_and_are_never_shown(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    (tmp_path / "store").write_text("redis://:pass-word@127.0.0.1/0\n")
    serving = Serving.from_environment(
        {
            "KUSTOMER_MCP_ADMIN_TOKEN_FILE": str(tmp_path / "token"),
            "KUSTOMER_MCP_STORE_FILE": str(tmp_path / "store"),
            "KUSTOMER_MCP_HASH_KEY": "k" * 40,
        }
    )
    assert (serving.admin_token, serving.store) == (TOKEN, "redis://:pass-word@127.0.0.1/0")
    assert TOKEN not in repr(serving) and "pass-word" not in repr(serving) and "kkkk" not in repr(serving)


def test_a_secret_in_two_places_or_in_no_file_is_a_problem(tmp_path: Path) -> None:
    twice = {"KUSTOMER_MCP_ADMIN_TOKEN": TOKEN, "KUSTOMER_MCP_ADMIN_TOKEN_FILE": "x"}
    missing = {"KUSTOMER_MCP_HASH_KEY_FILE": str(tmp_path / "nothing")}
    with pytest.raises(ServingError) as caught:
        Serving.from_environment(twice | missing)
    assert caught.value.problems == {
        "KUSTOMER_MCP_ADMIN_TOKEN": "KUSTOMER_MCP_ADMIN_TOKEN_FILE is set as well: keep one of the two",
        "KUSTOMER_MCP_HASH_KEY": "the file of KUSTOMER_MCP_HASH_KEY_FILE can't be read (No such file or directory)",
    }


def test_a_misspelt_variable_is_named_with_the_setting_that_it_is_nearly() -> None:
    others = ("KUSTOMER_MCP_ACME_PORT", "KUSTOMER_MCP_ACME_SERVICE_HOST", "KUSTOMER_MCP_TOKEN", "KUSTOMER_MCP_CACHE")
    right = ("KUSTOMER_MCP_PORT", "KUSTOMER_MCP_HASH_KEY_FILE", "KUSTOMER_MCP_ANSWER_BYTES", "TRANPORT")
    assert misspelt(dict.fromkeys([*others, *right, "KUSTOMER_MCP_ALLOWED_HOST", "KUSTOMER_MCP_TRANPORT"], "x")) == [
        "KUSTOMER_MCP_ALLOWED_HOST is no setting and says nothing: KUSTOMER_MCP_ALLOWED_HOSTS is",
        "KUSTOMER_MCP_TRANPORT is no setting and says nothing: KUSTOMER_MCP_TRANSPORT is",
    ]


def test_logs_are_json_over_http_and_text_over_stdio() -> None:
    assert Serving.from_environment({}).log_format == "text"
    assert Serving.from_environment({"KUSTOMER_MCP_TRANSPORT": "http"}).log_format == "json"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("--host", "192.0.2.1"), "name the Host headers to accept with --public-url or --allow-host"),
        (("--host", "0.0.0.0", "--allow-host", "h.example", "--open"), "leave out --open and make grants"),
        (("--public-url", "https://mcp.example.com", "--open"), "leave out --open and make grants"),
        (("--allow-host", "h.example:*", "--allow-host", "localhost:9", "--open"), "leave out --open and make grants"),
        (("--audit-log", "/dev/null/audit"), "the audit log /dev/null/audit can't be opened"),
        (("--audit-log", "/dev/full"), "the audit log /dev/full can't be written"),
        (("--store", "redis://127.0.0.1:1/0"), "KUSTOMER_MCP_HASH_KEY"),
    ],
)
def test_a_server_that_may_not_or_can_not_start_says_why(options: tuple[str, ...], text: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kustomer_mcp_acme", "serve", "--transport", "http", "--port", "0", *options],
        env=environment(KUSTOMER_MCP_STORE=str(tmp_path / "g")), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode in (1, 2) and text in done.stderr and "Traceback" not in done.stderr


def test_a_store_of_another_kind_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    """Its address may hold a password, which must not become the name of a folder."""
    done = subprocess.run(
        [sys.executable, "-m", "kustomer_mcp_acme", "serve", "--transport", "http", "--port", "0"], cwd=tmp_path,
        env=environment(KUSTOMER_MCP_STORE="postgres://u:pass-word@h/x"), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1 and "no store is known for postgres://" in done.stderr
    assert list(tmp_path.iterdir()) == []
