"""firestore: the Firestore v1 API over documents in memory, as far as Google's client libraries use it."""
