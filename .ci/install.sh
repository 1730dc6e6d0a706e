#!/bin/sh
# Fill .venv: sh .ci/install.sh PYTHON runtime|dev
#
# The locked versions by uv; where uv can't be had or fails, the newest allowed ones by pip.
set -eu

python=$1
kind=$2
bin=$(dirname "$python")

if [ "$kind" = dev ]; then groups=--group=dev; else groups=--no-default-groups; fi

find_uv() {
    # One outside pyenv and the like: a shim without a program behind it answers with an error.
    for candidate in uv "$bin/uv"; do
        if "$candidate" --version >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
    "$python" -m ensurepip -q >/dev/null 2>&1 || true
    if "$python" -m pip install -q --disable-pip-version-check uv >&2; then
        echo "$bin/uv"
    fi
}

with_uv() {
    uv=$(find_uv)
    [ -n "$uv" ] || return 1
    "$uv" sync --frozen --inexact --compile-bytecode --python "$python" "$groups"
}

with_pip() {
    echo "uv did not do it; installing with pip instead" >&2
    "$python" -m ensurepip -q >/dev/null 2>&1 || true
    "$python" -m pip install -q --upgrade "pip>=25.1"
    if [ "$kind" = dev ]; then
        "$python" -m pip install -e . --group test --group lint
    else
        "$python" -m pip install -e .
    fi
}

if ! "$python" -c 'import llama_cpp' >/dev/null 2>&1; then
    echo "installing; the first time llama.cpp is compiled, which takes some minutes" >&2
fi
with_uv || with_pip
# Bytecode saves a tenth of a second at every start, and some environments turn it off.
"$python" -m compileall -q lsp_agent || true
PYTHONDONTWRITEBYTECODE= "$python" -m lsp_agent.server.fast_import || true
