"""A small Cloud Run on this machine: the real wire protocol, real processes, made-up Google.

An island: it imports nothing else of buddy-tui and shares only Google's published protos with it.

    world      pure state: services, revisions, traffic, tags, etags, operations
    admin      gRPC and REST of Cloud Run Admin v2 <-> world, translation only
    logs       log entries, the filter language, ListLogEntries and TailLogEntries
    images     uploads, builds, digests; what a Dockerfile lays out
    runtime    boots an image as a process, and leaves none behind
    ingress    an address for every service and tag; splits traffic; writes request logs
    server     puts them together as one process
    scenarios  stories: demo and test at once
"""
