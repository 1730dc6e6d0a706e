"""Keys, tokens and passwords, and what only looks like them."""

from __future__ import annotations

import random
import string
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.workspace.secrets import (
    HIDDEN,
    find_secrets,
    is_secret_file,
    redacted,
    redacted_data,
    without_values,
)

_draw = random.Random(1)


def some(size: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    # Put together here, so that no scanner takes this file for one that leaks.
    return "".join(_draw.choice(alphabet) for _ in range(size))


HEX = "0123456789abcdef"
UPPER = string.ascii_uppercase + string.digits
SECRETS = {
    "AWS": ("id = AKIA%s", "AKIA" + some(16, UPPER)),
    "AWS secret": ("aws_secret_access_key = %s\n", some(36) + "/1+A"),
    "Google": ("'AIza%s'", "AIza" + some(35)),
    "Google token": ("x(ya29.%s)", "ya29." + some(60)),
    "GitHub": ("ghp %s", "ghp_" + some(36)),
    "GitHub fine": ("t: %s", "github_pat_" + some(82)),
    "GitLab": ("%s", "glpat-" + some(20)),
    "Slack": ("'%s'", "xoxb-" + some(12, string.digits) + "-" + some(24)),
    "Slack hook": ("https://%s", "hooks.slack.com/services/T" + some(8, UPPER) + "/B" + some(20)),
    "Stripe": ("sk = '%s'", "sk_live_" + some(24)),
    "OpenAI": ("key %s.", "sk-proj-" + some(40) + "1"),
    "Anthropic": ("key %s.", "sk-ant-api03-" + some(80) + "1"),
    "npm": ("//registry/:_authToken=%s", "npm_" + some(36)),
    "PyPI": ("%s", "pypi-" + some(80)),
    "Twilio": ("%s", "SK" + some(32, HEX)),
    "SendGrid": ("%s", "SG." + some(22) + "." + some(43)),
    "Hugging Face": ("%s", "hf_" + some(34)),
    "JSON web token": ("'%s'", "eyJ" + some(20) + ".eyJ" + some(40) + "." + some(43)),
    "Azure": ("AccountName=a;AccountKey=%s;Endpoint", some(86) + "=="),
    "URL": ("postgres://user:%s@host/db", "s3cret"),
    "URL without a user": ("redis://:%s@host/0", "hunter2hunter"),
    "basic URL": ("https://me:%s@example.org/x.git", some(12)),
    "connection": ("Server=a;User Id=b;Password=%s;", "Pa55word!x"),
    "bearer": ("Authorization: Bearer %s", some(40)),
    "basic": ('"Authorization": "Basic %s"', some(30) + "=="),
    "netrc": ("machine a.org login me password %s", "swordfish"),
    "Python": ("API_KEY = '%s'", some(24) + "1"),
    "annotated": ("api_key: str = '%s'", some(24) + "1"),
    "JSON": ('{"client_secret": "%s"}', some(24) + "1"),
    "YAML": ("  auth_token: %s\n", some(24) + "1"),
    "shell": ("export DEPLOY_TOKEN=%s\n", some(24) + "1"),
    "with a comment": ("SECRET_KEY=%s  # keep\n", some(24) + "1"),
    "JavaScript": ("const apiKey = `%s`;", some(24) + "1"),
    "Ruby": (":secret_key_base => '%s'", some(64, HEX)),
    "Go": ('token := "%s"', some(24) + "1"),
    "password": ('password="%s"', "hunter2"),
    "call": ('connect(password="%s")', "tr0ub4dor"),
    "comparison": ('if token == "%s":', some(24) + "1"),
    "subscript": ('os.environ["API_TOKEN"] = "%s"', some(24) + "1"),
}
PLAIN = {
    "names": "token = get_token()\npassword = form.password\nsecret = settings.SECRET_KEY\n",
    "more names": "api_key = config.api_key2\nkey_token: str = next_token\nreturn token\n",
    "examples": "API_KEY=your_api_key_here\npassword = '<password>'\ntoken: ${TOKEN}\n",
    "environment": "token = os.environ['GITHUB_TOKEN']\nkey = process.env.API_KEY\n",
    "words": 'TOKEN_TYPE = "access_token"\nfield = "password"\nname="password_input"\n',
    "prose": "The token is taken from the request. A password: see below.\n",
    "hashes": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n",
    "commits": "git checkout 4f2d1c0e8b7a69584736251403f2e1d0c9b8a7f6\n",
    "identifiers": "id: 123e4567-e89b-12d3-a456-426614174000\n",
    "kebab": "class='sk-toggleable-content-wrapper-element'\n",
    "URLs": "https://example.org:8080/a@b http://user@host/ ssh://git@host:22/x\n",
    "template URL": "postgres://user:${PASSWORD}@host/db postgres://u:{password}@h\n",
    "public key": "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqh\n-----END PUBLIC KEY-----\n",
    "code": "tokens = tokenizer.encode(text)\ntoken_count = 4096\nmax_tokens: 1024\n",
    "types": "token: Optional[str] = None\npassword: SecretStr\n",
}


@pytest.mark.parametrize(("frame", "value"), SECRETS.values(), ids=SECRETS.keys())
def test_secrets(frame: str, value: str) -> None:
    at = frame.index("%s")
    head = frame[:at].removesuffix(value[: len(value) - len(value.lstrip())])
    for start in ("AKIA", "AIza", "ya29."):
        head = head.removesuffix(start)
    text = f"line one\n{head}{value}{frame[at + 2 :]}\nline three\n"
    assert value in text
    found = [text[one.start : one.end] for one in find_secrets(text)]
    assert found == [value]
    assert value not in redacted(text)
    assert redacted(text).count(HIDDEN) == 1


@pytest.mark.parametrize("text", PLAIN.values(), ids=PLAIN.keys())
def test_what_only_looks_like_one(text: str) -> None:
    assert [text[one.start : one.end] for one in find_secrets(text)] == []


@pytest.mark.parametrize("kind", ["RSA ", "EC ", "OPENSSH ", "ENCRYPTED ", ""])
def test_private_keys(kind: str) -> None:
    body = "\n".join(some(64) for _ in range(4))
    key = f"-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----"
    text = f"a = '''{key}'''\n"
    for one in (text, text.replace("\n", "\\n"), text[: text.index("-----END")]):
        assert not any(line in redacted(one) for line in body.split("\n"))
    assert redacted(text).endswith("-----'''\n")


def test_data_is_redacted_with_its_shape() -> None:
    token = "ghp_" + some(36)
    data = {"a": [token, 1, None], "password": "hunter2", "b": {"c": f"x {token} y"}, "n": 5}
    assert redacted_data(data) == {
        "a": [HIDDEN, 1, None], "password": HIDDEN, "b": {"c": f"x {HIDDEN} y"}, "n": 5,
    }  # fmt: skip


@pytest.mark.parametrize(
    "path",
    [
        ".env", "a/.env.local", "prod.env", "deploy/id_rsa", "id_ed25519", "x/server.pem", "a.p12",
        "credentials.json", ".aws/credentials", ".npmrc", "a/.pypirc", ".netrc", ".kube/config",
        "kubeconfig.yaml", "terraform.tfvars", "x.auto.tfvars", "service-account.json",
        "secrets.yaml", ".envrc", "config/master.key", ".git-credentials", ".docker/config.json",
    ],
)  # fmt: skip
def test_files_of_secrets(path: str) -> None:
    assert is_secret_file(path)


@pytest.mark.parametrize(
    "path",
    [
        ".env.example", "env.py", "src/environment.ts", "id_rsa.pub", "keys.py", "credentials.py",
        "config", "secrets.py", "tokens.json", "a/.environment", "monkey.txt", "config.json",
    ],
)  # fmt: skip
def test_other_files(path: str) -> None:
    assert not is_secret_file(path)


def test_a_secret_file_is_shown_by_its_names() -> None:
    text = "# database\nDB_PASSWORD=swordfish\nexport A = 'b c'\n\n[default]\nuser: me\nMIIE\nabc\n"
    shown = without_values(text)
    assert shown == (
        f"# database\nDB_PASSWORD={HIDDEN}\nexport A = {HIDDEN}\n\n[default]\nuser: {HIDDEN}\n"
        f"{HIDDEN}\n"
    )


@pytest.mark.parametrize(
    "line",
    [
        "https://user:swordfish@host:8443/x", "db:5432:app:user:sword:fish",
        "//r.io/:_auth=swordfish",
        '["swordfish", "tuna"]', "swordfish+AAAA==", "swordfishAAAA==", "# OLD=swordfish",
        "#export A='swordfish'", "; key: swordfish", "machine x login y password swordfish",
    ],
)  # fmt: skip
def test_no_value_of_a_secret_file_is_shown(line: str) -> None:
    for text in (line, f"A=1\n{line}\nB=2\n", f"-----BEGIN KEY-----\nMIIE\n{line}\n"):
        assert "fish" not in without_values(text)


@pytest.mark.parametrize(
    "line",
    [
        "use password=Zq8TfV2mLx0P please", '"host=db password=Zq8TfV2mLx0P dbname=x"',
        "https://x.example/?api_key=Zq8TfV2mLx0P1&page=2 now", "log: token=Zq8TfV2mLx0P1 ok",
    ],
)  # fmt: skip
def test_a_secret_in_the_middle_of_a_line(line: str) -> None:
    assert "Zq8T" not in redacted(line)
    assert line.rpartition("P")[2][1:] in redacted(line)


@given(st.text(max_size=300))
def test_any_text_is_taken(text: str) -> None:
    found = find_secrets(text)
    assert all(one.start < one.end for one in found)
    assert all(a.end <= b.start for a, b in pairwise(found))


@pytest.mark.parametrize(
    "unit",
    [
        "eyJ", "-eyJaaaaaaaaaaaa.", "A", "AKIA", "password", "password=", "token: ", "://a:", "sk-",
        "secret_", "-----BEGIN PRIVATE KEY-----", "authorization:", "a" * 30 + "=", "_key", "ghp_a",
        'token="', "login password ", "SG.", "://:", "bearer ", "token     ",
    ],
)  # fmt: skip
def test_the_time_grows_with_the_text(unit: str) -> None:
    def seconds(size: int) -> float:
        text = unit * (size // len(unit))
        started = time.thread_time()
        find_secrets(text)
        return time.thread_time() - started

    small = min(seconds(40_000) for _ in range(3))
    # Linear would be 4 times, quadratic 16.
    assert min(seconds(160_000) for _ in range(3)) < 9 * max(small, 1e-3)
