#!/bin/sh
# Make .venv/ from requirements.lock: with uv if it is there, else with uv put into .cache/ by pip,
# else with venv and pip alone. Touches nothing outside this folder. With --tests it adds to a .venv/
# that is there what requirements-test.lock pins.
set -eu
python="${PYTHON:-python3}"

# Install what a lock pins, by its hashes.
install() {
    if [ -n "$uv" ]; then
        "$uv" pip install --quiet --python .venv/bin/python --require-hashes --no-deps --compile-bytecode -r "$1"
    else
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r "$1"
    fi
}

"$python" - <<'EOF'
import sys

if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    sys.exit(f"Python 3.11 to 3.13 is needed; {sys.executable} is {sys.version.split()[0]}. "
             "Name another one: make PYTHON=python3.12 ...")
EOF

if command -v uv >/dev/null 2>&1; then
    uv=uv
else
    uv=.cache/uv/bin/uv
    if [ ! -x "$uv" ]; then
        echo "Getting uv into .cache/uv"
        "$python" -m pip install --quiet --disable-pip-version-check --target .cache/uv uv || uv=
    fi
fi

if [ "${1:-}" = --tests ]; then
    echo "Installing what tests need into .venv"
    install requirements-test.lock
    exit
fi

rm -rf .venv
if [ -n "$uv" ]; then
    echo "Installing the locked packages into .venv with uv"
    "$uv" venv --quiet --python "$python" .venv
    install requirements.lock
    "$uv" pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
else
    echo "Installing the locked packages into .venv with pip (slower)"
    "$python" -m venv .venv
    install requirements.lock
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
fi

# JupyterLab asks at its first start whether it may fetch news; nothing here goes to the network.
settings=.venv/share/jupyter/lab/settings
mkdir -p "$settings"
printf '%s\n' '{"@jupyterlab/apputils-extension:notification": {"checkForUpdates": false, "fetchNews": "false"}}' \
    > "$settings/overrides.json"
