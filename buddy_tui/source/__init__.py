"""source: the files that a deployment would upload, and what becomes of them. Runs nothing but the smoke boot."""
