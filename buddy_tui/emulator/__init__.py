"""A small Cloud Run on this machine: the real wire protocol, real processes, made-up Google.

An island: it imports nothing else of buddy-tui and shares only Google's published protos with it.

    run        Cloud Run Admin v2: one pure state (`world`) and its two wire forms
    logs       Cloud Logging v2: entries, the query language, list and tail
    firestore  Firestore v1 over documents in memory; `official` runs the one of the Google Cloud SDK instead
    machine    uploads become images, images become processes, processes get addresses
    controller what the world wants is done in the machine room and told in the logs
    server     all of it as one process
    stage      what a story can do; `scenarios` are the stories, `workload` what they deploy
"""
