"""Where what is no Debian package lies: scripts/tools.sh knows, and fetches it the first time."""

import subprocess
from functools import cache

from . import ROOT


@cache
def tool(name):
    found = subprocess.run([ROOT / "scripts" / "tools.sh", name], stdout=subprocess.PIPE, text=True, check=True)
    return found.stdout.strip()
