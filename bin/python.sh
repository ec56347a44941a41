# Sourced by the commands beside it: sets `root` to the clone and `python` to a Python that can run them.
# The clone's own environment comes first, because it is known to fit and quick to start.

root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1
python=
for candidate in "$root/.venv/bin/python" python3.11 python3 python3.12 python3.13 python3.14; do
    if command -v "$candidate" >/dev/null 2>&1 &&
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "Parley needs Python 3.11 or newer, and there is none here." >&2
    exit 1
fi
