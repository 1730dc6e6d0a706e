"""Keys, tokens and passwords in a text, and files that are nothing else.

What vendors give out is known by its shape; anything else by the name that it is assigned to and
by how random it looks (Shannon's entropy of its characters). The shapes follow what the vendors
document and what secret scanners agree on; none needs more than one pass, so that a text made to
be slow is not.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

HIDDEN = "⟨secret⟩"

_MAX_TRIES = 4000
_MAX_VALUE = 500
_CHARS = r"[A-Za-z0-9_-]"
# What a key begins with (searched as it is), and all of it.
_SHAPES: tuple[tuple[str, str, str], ...] = (
    ("AWS", "A", r"A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
    ("Google", "AIza", rf"AIza{_CHARS}{{35}}"),
    ("Google", "ya29.", rf"ya29\.{_CHARS}{{20,500}}"),
    ("Google", "GOCSPX-", rf"GOCSPX-{_CHARS}{{20,40}}"),
    ("GitHub", "gh", r"gh[pousr]_[A-Za-z0-9]{36,255}"),
    ("GitHub", "github_pat_", r"github_pat_[A-Za-z0-9_]{22,255}"),
    ("GitLab", "gl", rf"gl(?:pat|dt|rt|ptt|cbt|soat|ft|imt)-{_CHARS}{{20,255}}"),
    ("Slack", "xox", r"xox[abeoprs]-[A-Za-z0-9-]{10,250}"),
    ("Slack", "xapp-", r"xapp-[A-Za-z0-9-]{10,250}"),
    ("Slack", "hooks.slack.com/", r"hooks\.slack\.com/(?:services|workflows)/[\w/+-]{20,200}"),
    ("Stripe", "sk_", r"sk_(?:live|test)_[A-Za-z0-9]{10,250}"),
    ("Stripe", "rk_", r"rk_(?:live|test)_[A-Za-z0-9]{10,250}"),
    ("Stripe", "whsec_", r"whsec_[A-Za-z0-9+/=]{20,250}"),
    ("OpenAI or Anthropic", "sk-", rf"sk-{_CHARS}{{20,250}}"),
    ("npm", "npm_", r"npm_[A-Za-z0-9]{30,255}"),
    ("PyPI", "pypi-", rf"pypi-{_CHARS}{{50,500}}"),
    ("Twilio", "SK", r"SK[0-9a-f]{32}(?![0-9a-f])"),
    ("SendGrid", "SG.", rf"SG\.{_CHARS}{{16,32}}\.{_CHARS}{{16,64}}"),
    ("Mailgun", "key-", r"key-[0-9a-f]{32}(?![0-9a-f])"),
    ("Hugging Face", "hf_", r"hf_[A-Za-z0-9]{30,60}"),
    ("Groq", "gsk_", r"gsk_[A-Za-z0-9]{40,80}"),
    ("Databricks", "dapi", r"dapi[0-9a-f]{32}"),
    ("DigitalOcean", "do", r"do[opr]_v1_[0-9a-f]{64}"),
    ("Docker", "dckr_pat_", rf"dckr_pat_{_CHARS}{{20,60}}"),
    ("Shopify", "shp", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    ("Telegram", "AA", rf"(?<=[0-9]:)AA{_CHARS}{{33}}"),
    ("Vault", "hvs.", rf"hvs\.{_CHARS}{{24,250}}"),
    ("Azure", "8Q~", r"8Q~[A-Za-z0-9_~.-]{31,40}"),
    ("Azure", "AccountKey=", r"AccountKey=[A-Za-z0-9+/]{40,100}={0,2}"),
    ("Azure", "SharedAccessKey=", r"SharedAccessKey=[A-Za-z0-9+/]{30,100}={0,2}"),
    ("Azure", "sig=", r"sig=[A-Za-z0-9%+/]{30,120}(?:={1,2}|%3[Dd])"),
    ("age", "AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[0-9A-Z]{50,70}"),
    ("JSON web token", "eyJ", rf"eyJ{_CHARS}{{8,4000}}\.eyJ{_CHARS}{{4,4000}}\.{_CHARS}{{8,1000}}"),
)
_VENDORS = tuple((name, start, re.compile(shape)) for name, start, shape in _SHAPES)
_BLOCK = re.compile(r"-----BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----")
_BLOCK_END = re.compile(r"-----END [A-Z0-9 ]{0,60}-----")
_BLOCK_LINES = re.compile(r"(?:[\\rn\s\"'+,]{0,40}[A-Za-z0-9+/=:.-]{1,200}){0,200}")
_URL = re.compile(r"://[^/\s:@\"'<>]{0,200}:([^@\s/\"'<>]{1,200})@")
_HEADER = re.compile(
    r"(?:authorization|x-api-key)[\"']?\s{0,4}[:=,]\s{0,4}[\"']?(?:(?:bearer|basic|token|apikey)\s+)?"
    r"([A-Za-z0-9._~+/=-]{8,1000})",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\bbearer\s+([A-Za-z0-9._~+/=-]{20,1000})", re.IGNORECASE)
_NETRC = re.compile(r"\blogin\s+\S{1,100}\s+password\s+(\S{1,200})")
_NAME = re.compile(
    r"secret|token|passw(?:or)?d|passphrase|pwd|_pass\b|(?:api|access|private|auth|account|signing|"
    r"encryption|master|shared|license|deploy)[_.-]?key|apikey|credential|_auth\b",
    re.IGNORECASE,
)
# The rest of the name, a quote, an annotation, and what assigns.
_ASSIGNED = re.compile(
    r"[\w-]{0,40}[\"'`]?\]?[ \t]{0,8}"
    r"(?:\?|:[ \t]{0,4}(?:&'?\w{0,20} )?[A-Za-z][\w.\[\]|?]{0,40}(?=[ \t]{0,8}=))?"
    r"[ \t]{0,8}(?:=>|:=|={1,3}|!=|:|,)[ \t]{0,8}"
)
_QUOTED = re.compile(
    r"[bBrRuUfF@$]{0,2}(?:\"([^\"\n]{1,500})\"|'([^'\n]{1,500})'|`([^`\n]{1,500})`)"
)
_BARE = re.compile(r"([^\s\"'`,;(){}\[\]<>]{6,500})[ \t]{0,80}(?:#[^\n]{0,500})?(?=\r|\n|\Z|;)")
# In a line of a log, an address or a connection's description more follows.
_INLINE = re.compile(r"([^\s\"'`,;(){}\[\]<>&]{6,500})(?=[ \t&\"'])")
_PASSWORD = re.compile(r"pass|pwd|credential", re.IGNORECASE)
_WORDS = re.compile(r"[A-Za-z]+(?:[ ._/:-][A-Za-z]+)*[._:-]?")
_REFERENCE = re.compile(r"[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+")
# What stands for a secret in an example, or is filled in later.
_STAND_IN = re.compile(
    r"[$<{%*\[]|x{4,}|\.{3}|…|\*{3}|⟨|your[_-]|my[_-]|example|changeme|placeholder|dummy|redacted"
    r"|process\.env|os\.environ|getenv|none$|null$|true$|false$|undefined$",
    re.IGNORECASE,
)
_SECRET_VARIABLE = re.compile(
    r"(^|_)(API_?KEY|KEY|TOKEN|PASS|AUTH|COOKIE|PAT)S?(_|$)"
    r"|SECRET|PASSW|PASSPHRASE|CREDENTIAL|AUTH_?TOKEN|^LSP_AGENT_",
    re.IGNORECASE,
)
_NAMELIKE = re.compile(r"[A-Za-z_]+[0-9]{0,3}")
_SHORT, _LEAST, _LONG = 4, 8, 16
_FILES = frozenset(
    {
        ".env", ".envrc", ".npmrc", ".pypirc", ".netrc", "_netrc", ".pgpass", ".htpasswd",
        ".git-credentials", ".dockercfg", ".vault-token", ".my.cnf", ".s3cfg", ".boto",
        "master.key",
        "credentials", "credentials.json", "credentials.yaml", "credentials.yml",
        "credentials.toml", "credentials.ini", "credentials.db", "credentials.tfrc.json",
        "secrets.json", "secrets.yaml", "secrets.yml", "secrets.toml", "secrets.ini", "secret.yaml",
        "secret.yml", "secret.json",
    }
)  # fmt: skip
_ENDINGS = frozenset(
    {
        "env", "pem", "key", "p12", "pfx", "jks", "keystore", "kdbx", "ppk", "asc", "tfvars",
        "tfstate", "ovpn", "age", "kubeconfig",
    }
)  # fmt: skip
_STARTS = re.compile(
    r"\.env\.|id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?$|kubeconfig|.*\.tfvars\.json$"
    r"|(?:client_secrets?|service[_-]?account).*\.json$"
)
_IN_FOLDERS = (".docker/config.json", ".kube/config")
_EXAMPLES = frozenset(
    {"example", "sample", "template", "dist", "default", "defaults", "tpl", "pub"}
)
# Up to the first separator: of an address or a list of fields the rest may be the password. What
# base64 ends with separates nothing.
_VARIABLE = re.compile(
    r"^(?P<head>\s*(?:export\s+|set\s+|-\s+)?[\"']?[\w./@-]{1,200}[\"']?\s{0,8}[=:]\s{0,8})"
    r"(?!=?\s*$)\S.*$"
)
_COMMENT = re.compile(r"\s*(?:#|;|//(?!\S*=))[#;/ \t]*")
_SECTION = re.compile(r"\[[\w .:\"'@/-]{1,200}\]")


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret's code point offsets in a text, and what it seems to be."""

    start: int
    end: int
    kind: str


def find_secrets(text: str) -> list[Secret]:
    """Return the secrets in a text, in order, none inside another. Linear in the text's length."""
    found = sorted(_all(text), key=lambda one: (one.start, -one.end))
    kept: list[Secret] = []
    for one in found:
        if one.start >= one.end:
            continue
        if kept and one.start < kept[-1].end:
            if one.end > kept[-1].end:
                kept[-1] = Secret(kept[-1].start, one.end, kept[-1].kind)
        else:
            kept.append(one)
    return kept


def is_telling(value: str) -> bool:
    """Whether a secret is known from ordinary words wherever it stands."""
    return len(value) >= _LEAST and not (len(value) < _LONG and _NAMELIKE.fullmatch(value))


def is_ordinary(value: str) -> bool:
    """Whether a secret file's value is as well a path, an address or words of the code."""
    parts = re.split(r"[\s/\\:.,@_-]+", value)
    return not is_telling(value) or all(one.isalpha() or len(one) <= _SHORT for one in parts)


def redacted(text: str) -> str:
    """Return a text with ``⟨secret⟩`` in the place of each secret, for what is kept or shown."""
    return _replaced(text, find_secrets(text))


def redacted_data(value: Any) -> Any:
    """Return JSON-ready data with the secrets of its texts redacted.

    A text under a name such as ``password`` is one where it looks like one.
    """
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, Mapping):
        return {key: _under(str(key), one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [redacted_data(one) for one in value]
    return value


def is_secret_file(path: str) -> bool:
    """Whether a file's name says that it holds keys or passwords; not for its example."""
    name = path.rpartition("/")[2].lower()
    ending = name.rpartition(".")[2]
    if ending in _EXAMPLES:
        return False
    if name in _FILES or (ending in _ENDINGS and ending != name):
        return True
    return _STARTS.match(name) is not None or path.lower().endswith(_IN_FOLDERS)


def without_values(text: str) -> str:
    """Return a secret file's text with its names, and ``⟨secret⟩`` for every value."""
    lines: list[str] = []
    for line in text.split("\n"):
        shown = without_value(line)
        # The lines of a key are one.
        if shown != HIDDEN or lines[-1:] != [HIDDEN]:
            lines.append(shown)
    return "\n".join(lines)


def without_value(line: str) -> str:
    """Return a line of a secret file without its value; all of it goes if it has no name."""
    mark, words = _commented(line)
    if (match := _VARIABLE.match(words)) is not None:
        return mark + match["head"] + HIDDEN
    if mark or not line.strip():
        return redacted(line)
    if line.strip() in ("{", "}", "},", "[", "]", "],") or _SECTION.fullmatch(line.strip()):
        return line
    return HIDDEN


def _commented(line: str) -> tuple[str, str]:
    """Take a comment's mark from a line: what was switched off is a value still."""
    match = _COMMENT.match(line)
    return (match[0], line[match.end() :]) if match else ("", line)


def stated_in(text: str) -> Iterator[tuple[str, str]]:
    """Yield what a secret file says: a name with what assigns it, or ``""``, and the value."""
    for line in text.splitlines():
        _, words = _commented(line)
        match = _VARIABLE.match(words)
        head = match["head"].lstrip() if match else ""
        value = words[match.end("head") :].strip() if match else line.strip()
        quoted = _QUOTED.match(value)
        if quoted is not None:
            head += value[: quoted.start(quoted.lastindex or 1)]
            value = quoted[quoted.lastindex or 1]
        else:
            value = re.sub(r"\s+#.*|,$", "", value)
        if value and (match or without_value(line) == HIDDEN):
            yield head, value


def without_secrets(env: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without the variables whose names tell of secrets."""
    return {name: text for name, text in env.items() if not _SECRET_VARIABLE.search(name)}


def _under(name: str, value: Any) -> Any:
    if isinstance(value, str) and _NAME.search(name) and _is_random(value, name, quoted=True):
        return HIDDEN
    return redacted_data(value)


def _replaced(text: str, secrets: list[Secret]) -> str:
    parts: list[str] = []
    at = 0
    for one in secrets:
        parts += (text[at : one.start], HIDDEN)
        at = one.end
    return "".join([*parts, text[at:]])


def _all(text: str) -> Iterator[Secret]:
    for name, start, shape in _VENDORS:
        yield from _shaped(text, name, start, shape)
    yield from _blocks(text)
    if "://" in text:
        yield from _grouped(text, "password in a URL", _URL)
    yield from _grouped(text, "authorization", _HEADER)
    yield from _grouped(text, "authorization", _BEARER)
    yield from _grouped(text, "password", _NETRC)
    yield from _assigned(text)


def _shaped(text: str, name: str, start: str, shape: re.Pattern[str]) -> Iterator[Secret]:
    at, tries = 0, 0
    while tries < _MAX_TRIES and (at := text.find(start, at)) >= 0:
        before = text[at - 1 : at]
        match = None if before.isalnum() and start != "8Q~" else shape.match(text, at)
        if match is None:
            tries += before == "" or not before.isalnum()
            at += len(start)
            continue
        # Words with hyphens look alike, but have no digits.
        if start != "sk-" or any(c.isdigit() for c in match[0]):
            value = match[0].find("=") + 1 if start.endswith("=") else 0
            yield Secret(at + value, match.end(), name)
        at = match.end()


def _blocks(text: str) -> Iterator[Secret]:
    at = 0
    while match := _BLOCK.search(text, at):
        end = _BLOCK_END.search(text, match.end())
        lines = _BLOCK_LINES.match(text, match.end())
        at = end.start() if end else lines.end() if lines else match.end()
        yield Secret(match.end(), at, "private key")


def _grouped(text: str, kind: str, pattern: re.Pattern[str]) -> Iterator[Secret]:
    for match in pattern.finditer(text):
        value = match[1]
        named = kind == "authorization" and (_WORDS.fullmatch(value) or _entropy(value) < 2.5)
        if not _STAND_IN.search(value) and not named:
            yield Secret(match.start(1), match.end(1), kind)


def _assigned(text: str) -> Iterator[Secret]:
    """Find what is assigned to names that say what it is."""
    end = 0
    for name in _NAME.finditer(text):
        if name.start() < end:
            continue
        assigned = _ASSIGNED.match(text, name.end())
        if assigned is None:
            continue
        word = text[name.start() : assigned.end()]
        quoted = _QUOTED.match(text, assigned.end())
        if quoted is not None:
            group = quoted.lastindex or 1
            # Behind a comma it may be the next of a list of names.
            listed = word.rstrip().endswith(",")
            if _is_random(quoted[group], "" if listed else word, quoted=True):
                end = quoted.end(group)
                yield Secret(quoted.start(group), end, "assigned")
            continue
        if word.rstrip().endswith((",", "==", "!=", "===")):
            continue
        bare = _BARE.match(text, assigned.end())
        if bare is None and word.endswith("=") and not word.endswith(" ="):
            bare = _INLINE.match(text, assigned.end())
        if bare is not None and _is_random(bare[1], word, quoted=False):
            end = bare.end(1)
            yield Secret(bare.start(1), end, "assigned")


def _is_random(value: str, name: str, *, quoted: bool) -> bool:
    """Whether what is assigned to a name looks made up by a machine, or is a password."""
    if any(c.isspace() for c in value) or "://" in value or _STAND_IN.search(value):
        return False
    words = _WORDS.fullmatch(value.replace("_", "-")) is not None
    if words and _NAME.search(value):
        return False
    if _PASSWORD.search(name):
        if quoted:
            return len(value) >= 4 and not _REFERENCE.fullmatch(value)
        return len(value) >= 6 and _kinds(value) >= 2 and not _is_code(value)
    if words or value.startswith(("/", "./", "~")) or (not quoted and _is_code(value)):
        return False
    return len(value) >= 12 and _entropy(value) >= 3.0 and any(c.isdigit() for c in value)


def _kinds(value: str) -> int:
    """Return how many kinds of characters there are: digits, small, capital and other ones."""
    small, capital = any(map(str.islower, value)), any(map(str.isupper, value))
    return small + capital + any(map(str.isdigit, value)) + (not value.isalnum())


def _is_code(value: str) -> bool:
    """Whether a value without quotes is a name rather than a text."""
    name = re.fullmatch(r"[A-Za-z_$][A-Za-z_$.]*[0-9]?[A-Za-z_.]*", value)
    return name is not None or _REFERENCE.fullmatch(value) is not None


def _entropy(text: str) -> float:
    """Return the entropy of a text's characters, in bits each."""
    counts = Counter(text[:_MAX_VALUE])
    size = sum(counts.values())
    return -sum(n / size * math.log2(n / size) for n in counts.values())
