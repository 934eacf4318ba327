"""What importing a module costs: the heavy libraries that come with it."""

import subprocess
import sys

LOADED = """
import sys
{code}
asked = {{"torch", "mlflow", "hydra", "matplotlib", "numba", "googleapiclient"}}
print(*sorted(asked & set(sys.modules)))
"""


def loaded_after(code: str) -> set[str]:
    """The heavy libraries that a new process has loaded after this code."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED.format(code=code)], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())
