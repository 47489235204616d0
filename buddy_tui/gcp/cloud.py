"""gcp: all of Google that there is to look at, as one `gateway.Cloud`."""

from buddy_tui.gcp.apis import GoogleApis
from buddy_tui.gcp.archives import GoogleArchives
from buddy_tui.gcp.builds import GoogleBuilds
from buddy_tui.gcp.documents import GoogleDocuments
from buddy_tui.gcp.history import GoogleHistory
from buddy_tui.gcp.images import GoogleImages
from buddy_tui.gcp.reads import GoogleReads
from buddy_tui.gcp.sources import GoogleSources
from buddy_tui.gcp.tokens import GoogleTokens


class GoogleCloud(
    GoogleReads,
    GoogleHistory,
    GoogleArchives,
    GoogleTokens,
    GoogleDocuments,
    GoogleImages,
    GoogleSources,
    GoogleBuilds,
    GoogleApis,
):
    """Services, logs and what they tell of changes, sources, builds, images, tokens, documents, over one set of clients."""
