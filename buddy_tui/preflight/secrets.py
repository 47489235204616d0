"""preflight: secrets about to be uploaded, by the names of their files alone. No content is read, shown or kept."""

import re

from buddy_tui.preflight.commands import leave_out
from buddy_tui.preflight.values import Check, Facts, Verdict
from buddy_tui.preflight.wording import bounded, counted, listed, seen
from buddy_tui.source.values import At

_WHAT = (
    (re.compile(r"\.env(?:rc)?(?:\.[\w-]+)*|[\w-]+\.env"), "settings of an environment"),
    (re.compile(r".*\.(?:pem|key|p12|pfx|jks|keystore|p8|ppk|kdbx)"), "a private key or a key store"),
    (re.compile(r"id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?"), "an SSH key"),
    (
        re.compile(r".*service[-_.]?account.*\.json|.*firebase-adminsdk.*\.json|.*gcp[-_]?key.*\.json"),
        "a key of a service account",
    ),
    (
        re.compile(r"(?:.*[-_.])?credentials?(?:[-_.].*)?\.json|client[-_]secrets?.*\.json|.*[-_]key\.json"),
        "credentials",
    ),
    (re.compile(r"application_default_credentials\.json"), "credentials"),
    (re.compile(r"secrets?\.(?:ya?ml|json|toml|ini|env)"), "secrets"),
    (
        re.compile(
            r"\.(?:npmrc|pypirc|netrc|git-credentials|dockercfg|htpasswd|boto|pgpass|my\.cnf|s3cfg)|_netrc"
        ),
        "credentials of a tool",
    ),
    (re.compile(r"(?:.*\.)?kubeconfig(?:\..*)?"), "access to a cluster"),
    (re.compile(r".*\.tfstate(?:\.backup)?|.*\.tfvars"), "state of Terraform, with secrets in plain text"),
)
# By their folder: the name alone says nothing.
_PLACES = {
    ".aws/credentials": "credentials of AWS",
    ".docker/config.json": "credentials of Docker",
    ".kube/config": "access to a cluster",
    ".streamlit/secrets.toml": "secrets",
}
# What is shared on purpose, and certificates that every library brings.
_HARMLESS = re.compile(
    r".*[._-](?:example|sample|template|dist|defaults?|schema|tmpl|tpl)(?:[._-].*)?|(?:example|sample|template)[._-].*|"
    r"(?:ca[-_.]?)?(?:cacert|ca[-_]?bundle|cert|certs|fullchain|chain|public|pubkey)\.(?:pem|key)|.*[-_.](?:pub|public|ca|cert)\.(?:pem|key)",
)


def secrets(facts: Facts) -> Check:
    """Warn of them: an upload is kept in a bucket, and an image shows every file to whoever may pull it."""
    found = [(one.path, what) for one in facts.upload.files if (what := _secret(one.path))]
    if not found:
        return Check("secrets", Verdict.PASS, "No file of the upload has the name of a secret.")
    inside = frozenset(facts.image.files.values())
    paths = [path for path, _ in found]
    return Check(
        "secrets",
        Verdict.WARN,
        f"{counted(len(found), 'file')} that may hold secrets would be uploaded: {listed(paths)}.",
        leave_out(facts, paths),
        bounded(
            [
                seen(f"{what}{', copied into the image too' if path in inside else ''}", At(path))
                for path, what in found
            ]
        ),
    )


def _secret(path: str) -> str:
    """Return what a file would hold by its name; empty where that says nothing."""
    lower = path.lower()
    name = lower.rpartition("/")[2]
    if any(part in {"node_modules", "site-packages"} for part in lower.split("/")):
        return ""
    for place, what in _PLACES.items():
        if lower == place or lower.endswith(f"/{place}"):
            return what
    if _HARMLESS.fullmatch(name):
        return ""
    return next((what for pattern, what in _WHAT if pattern.fullmatch(name)), "")
