"""gcp: all of Google that there is to look at, as one `gateway.Cloud`."""

from buddy_tui.gcp.archives import GoogleArchives
from buddy_tui.gcp.documents import GoogleDocuments
from buddy_tui.gcp.logs import GoogleLogs
from buddy_tui.gcp.reads import GoogleReads
from buddy_tui.gcp.tokens import GoogleTokens


class GoogleCloud(GoogleReads, GoogleLogs, GoogleArchives, GoogleTokens, GoogleDocuments):
    """Services, logs, source archives, identity tokens and documents over one set of clients."""
