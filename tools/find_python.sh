#!/bin/sh
# Print the path of a Python 3.11, or say on stderr how to get one and exit 1.
# `ensurepip` is asked for too: Debian and Ubuntu ship Python without it, and no .venv can be made.
is_311() {
  "$1" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info[:2] != (3, 11))' >/dev/null 2>&1
}
for candidate in python3.11 python3 python; do
  if is_311 "$candidate"; then
    command -v "$candidate"
    exit 0
  fi
done
if command -v uv >/dev/null 2>&1; then
  found=$(uv python find --no-python-downloads 3.11 2>/dev/null) && is_311 "$found" && {
    printf '%s\n' "$found"
    exit 0
  }
fi
cat >&2 <<'MESSAGE'
Unrolled needs Python 3.11 and found none (Theano does not install on 3.12 and later).
Three ways to get it:
  uv       uv python install 3.11          then make again
  conda    conda env create -f environment.yml, then conda activate unrolled
           (README.md, "With conda", has the next two lines)
  Binder   nothing to install: see README.md, "On Binder"
If you have Debian's or Ubuntu's own Python 3.11: sudo apt install python3.11-venv, then make again
MESSAGE
exit 1
