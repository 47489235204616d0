"""buddy-tui knows (this package) and shows (`screens`): a cockpit for Google Cloud Run in a terminal."""

__version__ = "0.1.0"
