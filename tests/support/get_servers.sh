#!/bin/sh
# Language servers from npm for the tests: sh get_servers.sh FOLDER
#
# They land in FOLDER/node_modules, nothing is installed on the machine. Needs npm and Node 20 or
# newer. (basedpyright and ruff come with the development dependencies.) A second call does nothing.
set -eu

mkdir -p "$1"
folder=$(cd "$1" && pwd)
if [ -e "$folder/ready" ]; then exit 0; fi
if ! command -v npm >/dev/null; then
    echo "no npm here: install Node 20 or newer" >&2
    exit 1
fi
# From version 7 on the compiler is another program, without the server that this one talks to.
npm install --prefix "$folder" --no-audit --no-fund --ignore-scripts --loglevel=error \
    typescript-language-server@5 typescript@5 pyright@1
"$folder/node_modules/.bin/typescript-language-server" --version
touch "$folder/ready"
