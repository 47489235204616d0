"""gcp: all of Google that there is to look at, as one `gateway.Cloud`."""

from buddy_tui.gcp.archives import GoogleArchives
from buddy_tui.gcp.logs import GoogleLogs
from buddy_tui.gcp.reads import GoogleReads


class GoogleCloud(GoogleReads, GoogleLogs, GoogleArchives):
    """Services, logs and source archives over one set of clients."""
