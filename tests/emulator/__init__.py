"""Tests, in rooms that mirror the program."""
