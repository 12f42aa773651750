"""Code in a process of its own, for what cannot be undone in this one."""

import os
import subprocess
import sys


def run_python(code, **environment):
    """Run ``code`` in a new process that must succeed; return its stdout and stderr, stripped."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip(), done.stderr.strip()
