"""Canaries: what must never be seen is planted wherever foreign text comes in, and looked for in all that goes out."""
