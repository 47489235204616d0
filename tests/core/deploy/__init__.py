"""Deployments: planned, walked, killed at every step, and gone on with."""
