"""sessions: does a session survive? One is made and followed through revisions and Firestore; all are counted.

values     what the session probe and the audit tell
"""
