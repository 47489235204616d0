"""Tests of README and docs/: what they say is what the program does."""
