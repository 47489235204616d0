"""The projects that the stories deploy. They are data: shipped in the wheel, never imported by the emulator."""

from pathlib import Path

# The sample project of the incident: its folder is the build context that it expects.
BUDDY = Path(__file__).parent / "buddy"
