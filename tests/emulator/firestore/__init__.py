"""The embedded Firestore, through Google's own clients and, where they cannot ask, from within."""
