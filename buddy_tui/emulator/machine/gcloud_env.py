"""What leads the Google Cloud CLI to an emulator: its own environment variables, and the door that they name."""

import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from buddy_tui.emulator.machine import door
from buddy_tui.emulator.machine.certificate import secured
from buddy_tui.emulator.machine.proxy import DOMAIN

# Each API by the name that gcloud has for it, and the path that its client begins with.
_APIS = {
    "artifactregistry": "",
    "cloudbuild": "",
    "cloudresourcemanager": "",
    "iam": "",
    "iamcredentials": "",
    "logging": "",
    "run": "",
    "serviceusage": "",
    "storage": "storage/v1/",
}


@asynccontextmanager
async def led(endpoints: Mapping[str, str]) -> AsyncIterator[dict[str, str]]:
    """Yield the variables that lead gcloud to the emulator of those `endpoints`, for as long as the context lasts.

    gcloud puts the region before the host that it is told, which no address of the loopback survives. So it gets names
    of hosts that nobody has, and a proxy that serves them and lets nothing out. What it keeps is in a folder that is
    gone afterwards. Project and region are among the endpoints already.
    """
    http = _address(endpoints["CLOUD_RUN_EMULATOR_REST"])
    grpc = _address(f"//{endpoints['CLOUD_LOGGING_EMULATOR_HOST']}")
    with tempfile.TemporaryDirectory(prefix="buddy-gcloud-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        async with door.opened(http, grpc, secured(folder, DOMAIN)) as port:
            yield _env(folder, port)


def without_gcloud(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without what it tells gcloud: a configuration, an account, another proxy.

    Which Python gcloud runs with stays: that is about this machine, and not about whom gcloud speaks to.
    """
    return {
        key: value
        for key, value in environ.items()
        if not key.startswith("CLOUDSDK_") or key.startswith("CLOUDSDK_PYTHON")
    }


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or 0


def _env(folder: Path, port: int) -> dict[str, str]:
    hosts = {
        f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{api.upper()}": f"http://{api}.{DOMAIN}/{path}"
        for api, path in _APIS.items()
    }
    # A tail wants credentials, whatever they are; nobody looks at them here.
    token = folder / "token"
    token.write_text("emulated")
    return {
        **hosts,
        "CLOUDSDK_CONFIG": str(folder),
        "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(token),
        "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE": str(folder / "ca.pem"),
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "true",
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
        "CLOUDSDK_CORE_CHECK_GCE_METADATA": "false",
        "CLOUDSDK_CORE_DISABLE_FILE_LOGGING": "true",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
        "CLOUDSDK_SURVEY_DISABLE_PROMPTS": "true",
        "CLOUDSDK_PROXY_TYPE": "http",
        "CLOUDSDK_PROXY_ADDRESS": "127.0.0.1",
        "CLOUDSDK_PROXY_PORT": str(port),
        # Whatever else goes past the operator's own proxy, gcloud's gRPC has to find ours.
        "no_grpc_proxy": "127.0.0.1,localhost",
    }
