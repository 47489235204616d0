"""Stories: what happened to somebody's Cloud Run, told to the emulator step by step. One file each."""
