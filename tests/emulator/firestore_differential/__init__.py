"""One script of checks through firebase-admin, run against any Firestore; its answers can be compared."""
