"""Buddy's backend. Every module imports its neighbours as `Back_End.X`, so the folder above must be on the path."""
