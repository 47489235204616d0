"""gcp: whether a registry still has an image."""

import asyncio
import re

import httpx

from buddy_tui.gcp.calls import FOREIGN, Calls, headers
from buddy_tui.gcp.clients import CALL_SECONDS

# A host of Artifact Registry or Container Registry, the path of an image, and its digest. Who else is asked would be
# handed our token.
_IMAGE = re.compile(
    r"(?P<host>[a-z0-9-]+\.pkg\.dev|(?:[a-z0-9-]+\.)?gcr\.io)"
    r"/(?P<path>[a-z0-9]+(?:(?:/|[._-]+)[a-z0-9]+)*)(?::[\w.-]+)?@(?P<digest>sha256:[0-9a-f]{64})",
    re.ASCII,
)
# Registries have a manifest in the form that was pushed, and call it missing for who does not accept that.
_MANIFESTS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_SAID = {200: True, 404: False}


class GoogleImages(Calls):
    """Looks into the registries of container images."""

    async def image_is_there(self, image: str) -> bool | None:
        """Tell whether the registry still has an image; `None` where it cannot be told.

        It cannot for an image without a digest, for other registries than Google's, and without an answer in time.
        """
        address = _IMAGE.fullmatch(image)
        if address is None:
            return None
        emulated = self.clients.credentials is None
        base = self.clients.rest if emulated else f"https://{address['host']}"
        url = f"{base}/v2/{address['path']}/manifests/{address['digest']}"
        try:
            async with asyncio.timeout(CALL_SECONDS):
                signed = await asyncio.to_thread(headers, self.clients, url)
                # The headers hold a token, and go to this one host: no redirect is followed.
                async with httpx.AsyncClient(trust_env=not emulated, headers=signed) as http:
                    response = await http.head(url, headers={"accept": ", ".join(_MANIFESTS)})
        except (*FOREIGN, TimeoutError):
            return None
        return _SAID.get(response.status_code)
