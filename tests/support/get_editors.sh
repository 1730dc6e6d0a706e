#!/bin/sh
# Current Neovim and Helix for the end-to-end tests: sh get_editors.sh FOLDER
#
# Debian's newest packages, unpacked into FOLDER with an apt state of its own: no root, nothing
# installed on the machine. FOLDER/bin/nvim and FOLDER/bin/hx then run them. Needs Debian (or a
# machine that has its keyring and names its mirror as Debian does). A second call does nothing.
set -eu

suite=${SUITE:-sid}
packages="neovim neovim-runtime libluajit-5.1-2 libtree-sitter0.26 libunibilium4 libutf8proc3
  libuv1t64 lua-lpeg lua-luv hx libc6 libgcc-s1"

mkdir -p "$1"
folder=$(cd "$1" && pwd)
if [ -e "$folder/ready" ]; then exit 0; fi

sources=/etc/apt/sources.list.d/debian.sources
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
if ! command -v apt-get >/dev/null || [ ! -f "$keyring" ]; then
    echo "no Debian here: install Neovim 0.11 or newer and Helix by other means" >&2
    exit 1
fi
# The mirror that this machine already uses.
if [ -f "$sources" ]; then
    mirror=$(awk '/^URIs:/ { print $2; exit }' "$sources")
else
    mirror=$(awk '$1 == "deb" { for (i = 2; i <= NF; i++) if ($i ~ /^http/) { print $i; exit } }' \
        /etc/apt/sources.list)
fi

rm -rf "$folder/root" "$folder/debs"
mkdir -p "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial" \
    "$folder/debs" "$folder/root" "$folder/bin"
printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$mirror" "$suite" >"$folder/apt/sources.list"
apt() {
    apt-get -o Dir::Etc::sourcelist="$folder/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::State::lists="$folder/apt/lists" -o Dir::Cache="$folder/apt/cache" \
        -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none -o Acquire::Retries=3 \
        -o Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false -qq "$@"
}
apt update
# shellcheck disable=SC2086 # a list of words
(cd "$folder/debs" && apt download $packages)
for package in "$folder"/debs/*.deb; do dpkg -x "$package" "$folder/root"; done

# The packages' own C library and loader: the machine's may be older.
loader=$(find "$folder/root/usr" -name 'ld-linux*.so*' | head -n 1)
libraries=$(dirname "$(find "$folder/root/usr/lib" -name 'libc.so.6' | head -n 1)")
wrap() {
    cat >"$folder/bin/$1" <<WRAPPER
#!/bin/sh
export $2
exec "$loader" --argv0 "$1" --library-path "$libraries" "$folder/root/usr/bin/$1" "\$@"
WRAPPER
    chmod +x "$folder/bin/$1"
}
wrap nvim "VIMRUNTIME=$folder/root/usr/share/nvim/runtime"
wrap hx "HELIX_RUNTIME=$folder/root/usr/lib/hx/runtime"
"$folder/bin/nvim" --version | head -n 1
"$folder/bin/hx" --version
rm -rf "$folder/debs"
touch "$folder/ready"
