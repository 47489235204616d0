"""From logs and source archives to findings: what the screens and the commands ask.

examiner   a service's findings, and a boot log with its own
windows    the logs of boots
builds     which build made an image
shelf      source trees
"""

from buddy_tui.diagnose.builds import located
from buddy_tui.diagnose.examiner import Examiner
from buddy_tui.diagnose.windows import Windows, boot_window

__all__ = ["Examiner", "Windows", "boot_window", "located"]
