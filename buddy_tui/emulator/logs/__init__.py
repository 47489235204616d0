"""Cloud Logging v2: entries as Google writes them, the query language, list and tail."""
