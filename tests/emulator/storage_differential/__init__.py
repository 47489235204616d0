"""Every call of Cloud Storage that we make, sent to our emulator and to an independent fake; the answers are compared."""
