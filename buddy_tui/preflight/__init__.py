"""preflight: what is wrong with a source tree, or with a deployment of it, before anything is uploaded."""
