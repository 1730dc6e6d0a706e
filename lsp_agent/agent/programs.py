"""Which words of a program's command line make it run something else, as tables.

Each row says what is harmless or what is not, whichever is shorter; what a table does not know
counts as running something else. The programs' manuals are the source.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PRIVILEGED = frozenset(
    {
        "sudo", "sudoedit", "doas", "su", "su-exec", "gosu", "pkexec", "runuser", "run0", "runas",
        "sg", "newgrp", "setpriv", "machinectl", "dzdo", "please", "visudo",
    }
)  # fmt: skip
SHELLS = frozenset(
    {"sh", "bash", "zsh", "dash", "ksh", "mksh", "ash", "fish", "csh", "tcsh", "rbash", "elvish"}
)
NETWORK = frozenset(
    {
        "curl", "wget", "ssh", "scp", "sftp", "rsync", "nc", "ncat", "netcat", "socat", "telnet",
        "ftp", "lftp", "aria2c", "http", "https", "xh", "mosh", "dig", "nslookup", "host", "whois",
        "ping", "gh", "glab", "aws", "gcloud", "az", "twine", "apt", "apt-get", "aptitude", "dnf",
        "yum", "apk", "pacman", "zypper", "brew", "port", "snap", "flatpak", "choco", "winget",
        "scoop", "gem", "cpan", "cpanm", "luarocks", "openssl", "pip-sync", "rclone", "svn",
    }
)  # fmt: skip
RUNNERS = frozenset(
    {
        # They exist to run what they are given, or are a shell of their own.
        "eval", "source", ".", "trap", "alias", "coproc", "parallel", "watch", "entr", "flock",
        "script", "expect", "chroot", "unshare", "nsenter", "systemd-run", "systemctl", "at",
        "batch", "crontab", "screen", "tmux", "strace", "ltrace", "gdb", "lldb", "perf",
        "valgrind", "bwrap", "firejail", "proot", "docker", "podman", "nerdctl", "kubectl",
        "vagrant", "ansible", "ansible-playbook", "vim", "vi", "nvim", "view", "ex", "ed",
        "emacs", "emacsclient", "nano", "pico", "joe", "hg", "ssh", "scp", "sftp", "rsync", "nc",
        "ncat", "netcat", "socat", "rlwrap", "start-stop-daemon", "psql", "mysql", "ftp", "lftp",
        "tclsh", "wish", "osascript", "powershell", "pwsh", "cmd", "wscript", "cscript", "mshta",
        "rundll32", "start", "open", "xdg-open", "m4", "nix", "nix-shell", "guile", "racket",
        "sbcl", "ghci", "irb", "ipython", "pry", "jshell", "scala", "kotlin", "groovy", "julia",
        "r", "rscript", "octave", "gnuplot", "dc", "tcpdump", "cpan", "env-cmd", "dotenv",
        "setarch", "linux32", "linux64", "fakeroot", "run-parts", "gem", "deno", "svn",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wrapper:
    """A program that runs the rest of its line; ``values``: letters that take a value.

    ``names`` are long options that take the next word, ``flags`` those that take none;
    ``operands`` stand before the program.
    """

    values: str = ""
    names: tuple[str, ...] = ()
    flags: str = ""
    long_flags: tuple[str, ...] = ()
    operands: int = 0


WRAPPERS = {
    "command": Wrapper(flags="p"),
    "exec": Wrapper("a", flags="cl"),
    "builtin": Wrapper(),
    "nohup": Wrapper(),
    "setsid": Wrapper(flags="cfw", long_flags=("--ctty", "--fork", "--wait")),
    "nice": Wrapper("n", ("--adjustment",), flags="0123456789"),
    "timeout": Wrapper(
        "sk",
        ("--signal", "--kill-after"),
        "v",
        ("--foreground", "--preserve-status", "--verbose"),
        operands=1,
    ),
    # Not -o: it writes to a file.
    "time": Wrapper("f", ("--format",), "pqvV", ("--portability", "--verbose")),
    "stdbuf": Wrapper("ioe", ("--input", "--output", "--error")),
    "ionice": Wrapper("cn", ("--class", "--classdata"), "t", ("--ignore",)),
    "chrt": Wrapper(flags="bfirov", operands=1),
    "taskset": Wrapper(flags="c", operands=1),
    "busybox": Wrapper(),
    "toybox": Wrapper(),
    "caffeinate": Wrapper("tw", flags="dimsu"),
    "winpty": Wrapper(),
    "unbuffer": Wrapper(flags="p"),
    "xargs": Wrapper(
        "IEdLnPsa",
        ("--replace", "--delimiter", "--max-lines", "--max-args", "--max-procs", "--arg-file"),
        "0rtxpo",
        ("--null", "--no-run-if-empty", "--verbose", "--interactive", "--exit"),
    ),
    "env": Wrapper("uC", ("--unset", "--chdir"), "i0v", ("--ignore-environment", "--debug")),
}


@dataclass(frozen=True, slots=True)
class Interpreter:
    """What may stand before its script: flags, letters with a value, long options."""

    flags: str = ""
    values: str = ""
    names: tuple[str, ...] = ("--version", "--help")
    shown: str = "vVh"


INTERPRETERS = {
    "python": Interpreter("BbdEIOqRsSuvVxPh", "WX", shown="Vh"),
    "pypy": Interpreter("BbdEIOqRsSuvVxPh", "WX", shown="Vh"),
    "node": Interpreter(
        "vhc", names=("--version", "--help", "--check", "--test", "--enable-source-maps")
    ),
    "nodejs": Interpreter("vhc"),
    "perl": Interpreter("wtTvWXc"),
    "ruby": Interpreter("wWvcTh"),
    "php": Interpreter("vlnih"),
    "lua": Interpreter("vWE"),
    "luajit": Interpreter("vE"),
}


@dataclass(frozen=True, slots=True)
class Guard:
    """Words with which a program runs something else.

    ``letters`` of short options, ``names`` of long ones (also cut short), ``starts`` of any word;
    ``verbs`` are the sub-commands that do not, if it has any, ``fetching`` those that use the
    network; ``lead`` are the options that may stand before one. ``assigns``: so does NAME=VALUE.
    ``bare``: letters may stand without a dash.
    """

    letters: str = ""
    names: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    verbs: frozenset[str] | None = None
    fetching: frozenset[str] = frozenset()
    lead: frozenset[str] = frozenset()
    assigns: bool = False
    bare: bool = False


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_COMPILER = Guard(
    starts=("-fplugin", "-wrapper", "-B", "-specs", "--specs", "@", "-Xclang", "-load", "-fuse-ld",
            "--ld-path", "-ld-path", "-fpass-plugin", "--config", "-no-integrated")
)  # fmt: skip
_NODE_PACKAGES = Guard(
    names=("--script-shell", "--shell", "--prefix", "--node-options", "--userconfig",
           "--globalconfig", "--init-module", "--call", "--package", "--registry", "--cwd",
           "--use-node-version", "--git", "--viewer", "--editor", "--require", "--onload-script",
           "--dir", "--shell-emulator", "--config-dir"),
    starts=("-c", "-C", "--config."),
    verbs=_words("run run-script rum test t tst stop start ls list la ll outdated audit view info "
                 "why explain root bin prefix help version -v --version licenses"),
    fetching=_words("install i in add ci clean-install update upgrade up publish outdated audit "
                    "view info exec x dlx create init import link login adduser unpublish dedupe"),
    lead=_words("--silent -s --if-present --json --quiet -q --version -v --workspaces"),
)  # fmt: skip
GUARDS = {
    "git": Guard(
        # -O: grep's pager, -x: rebase's command, -u: where the other side's program lies.
        letters="xO",
        names=("--exec", "--exec-path", "--config-env", "--upload-pack", "--receive-pack",
               "--extcmd", "--open-files-in-pager", "--ext-diff", "--textconv", "--strategy",
               "--template", "--config", "--paginate", "--tool", "--edit", "--interactive",
               "--output", "--separate-git-dir", "--gpg-sign", "--show-signature"),
        verbs=_words("add annotate apply archive blame branch cat-file check-attr check-ignore "
                     "checkout cherry cherry-pick clean commit commit-tree count-objects describe "
                     "diff diff-files diff-index diff-tree for-each-ref format-patch fsck gc "
                     "grep hash-object init log ls-files ls-tree merge merge-base mv name-rev "
                     "notes prune range-diff rebase reflog reset restore rev-list rev-parse revert "
                     "rm shortlog show show-branch show-ref stash status switch symbolic-ref tag "
                     "update-index update-ref var verify-pack version worktree write-tree"),
        fetching=_words("push pull fetch clone ls-remote remote submodule send-email svn p4"),
        lead=_words("--no-pager -P --no-optional-locks --literal-pathspecs --no-replace-objects"),
    ),
    "tar": Guard(
        "IF", ("--to-command", "--checkpoint-action", "--use-compress-program", "--info-script",
               "--new-volume-script", "--rsh-command", "--rmt-command"), bare=True,
    ),
    "make": Guard(
        "fCIEW", ("--file", "--makefile", "--directory", "--include-dir", "--eval"), assigns=True
    ),
    "ninja": Guard("fCt"),
    "cmake": Guard("PEDC", ("--preset", "--install")),
    "ctest": Guard("SD", ("--script", "--build-and-test", "--test-command", "--build-makeprogram")),
    "cargo": Guard(
        "ZC", ("--config", "--manifest-path"), ("+",),
        verbs=_words("build b check c test t bench clippy fmt doc d metadata tree run r clean "
                     "version locate-project pkgid verify-project"),
        fetching=_words("install add update fetch publish search login owner yank package vendor"),
        lead=_words("-q --quiet -v --verbose --offline --locked --frozen --version -V"),
    ),
    "go": Guard(
        starts=("-exec", "--exec", "-toolexec", "--toolexec", "-overlay", "--overlay", "-modfile",
                "--modfile", "-C", "--C", "-vettool", "--vettool", "-ldflags", "--ldflags",
                "-gccgoflags", "--gccgoflags", "-compiler", "--compiler"),
        verbs=_words("build test vet fmt list version doc help clean"),
        fetching=_words("get install mod run generate work"),
    ),
    "pip": Guard(
        names=("--python", "--config-settings", "--editor"),
        verbs=_words("list show freeze check help debug inspect hash --version -V"),
        fetching=_words("install download wheel index search uninstall lock"),
        lead=_words("-q --quiet -v --verbose --version -V --no-input"),
    ),
    "uv": Guard(
        verbs=_words("tree version help --version"),
        fetching=_words("add sync lock pip tool run x publish build init remove python venv"),
        lead=_words("-q --quiet --offline --version"),
    ),
    "npm": _NODE_PACKAGES,
    "pnpm": _NODE_PACKAGES,
    "yarn": _NODE_PACKAGES,
    "bun": Guard(verbs=_words("test --version"), fetching=_NODE_PACKAGES.fetching),
    "rg": Guard(names=("--pre", "--hostname-bin")),
    "ag": Guard(names=("--pager",)),
    "ack": Guard(names=("--pager", "--output", "--ackrc")),
    "fd": Guard("xX", ("--exec", "--exec-batch")),
    "fdfind": Guard("xX", ("--exec", "--exec-batch")),
    "sort": Guard(names=("--compress-program",)),
    "split": Guard(names=("--filter",)),
    "zip": Guard("T", ("--unzip-command", "--test")),
    "install": Guard(names=("--strip-program",)),
    "man": Guard("PHC", ("--pager", "--html", "--config-file", "--preprocessor")),
    "less": Guard(starts=("-", "+")),
    "more": Guard(starts=("-", "+")),
    "most": Guard(starts=("-", "+")),
    "ctags": Guard(names=("--options", "--_")),
    "gradle": Guard("IbcPD", ("--init-script", "--build-file", "--settings-file", "--include-build",
                              "--project-dir", "--project-prop", "--system-prop")),
    "mvn": Guard("fsDgt", ("--file", "--settings", "--define"), starts=("exec:", "antrun:")),
    "ant": Guard("fD", ("--buildfile",), starts=("-buildfile", "-lib", "-logger", "-listener")),
    "bazel": Guard(names=("--run_under", "--bazelrc", "--override_repository"), starts=("--@",),
                   verbs=_words("build test query cquery info version help"),
                   fetching=_words("fetch sync run mod")),
    "java": Guard(starts=("-javaagent", "-agent", "@", "-cp", "-classpath", "--class-path", "-X")),
    "sqlite3": Guard(starts=("-cmd", "--cmd", "-init", "--init", ".", "-interactive")),
    "gcc": _COMPILER, "g++": _COMPILER, "cc": _COMPILER, "c++": _COMPILER, "clang": _COMPILER,
    "clang++": _COMPILER, "rustc": Guard("C", ("--codegen",), starts=("@", "+")),
}  # fmt: skip
ALIASES = {
    "gmake": "make", "bsdtar": "tar", "gtar": "tar", "pip3": "pip", "gsed": "sed", "mawk": "awk",
    "gawk": "awk", "nawk": "awk", "gfind": "find", "gxargs": "xargs", "egrep": "grep",
    "gradlew": "gradle", "mvnw": "mvn", "bazelisk": "bazel", "genv": "env", "gtimeout": "timeout",
}  # fmt: skip
EXECUTORS = {
    # The sub-command behind which another program stands; "" where there is none.
    "uv": _words("run x"),
    "uvx": _words(""),
    "poetry": _words("run"),
    "pdm": _words("run"),
    "pipenv": _words("run"),
    "hatch": _words("run"),
    "rye": _words("run"),
    "pixi": _words("run exec"),
    "conda": _words("run"),
    "mamba": _words("run"),
    "pipx": _words("run"),
    "bundle": _words("exec"),
    "npx": _words(""),
    "pnpx": _words(""),
    "bunx": _words(""),
    "npm": _words("exec x"),
    "pnpm": _words("exec dlx"),
    "yarn": _words("exec dlx"),
    "rbenv": _words("exec"),
    "pyenv": _words("exec"),
    "direnv": _words("exec"),
    "mise": _words("exec x"),
    "asdf": _words("exec"),
    "opam": _words("exec"),
    "corepack": _words(""),
}
MODULES = {"pip": "pip", "uv": "uv", "ensurepip": "pip", "twine": "twine"}
"""Modules of Python that are programs of their own."""
CODE_MODULES = frozenset({"timeit", "code", "pdb", "bdb", "asyncio", "idlelib", "IPython"})
"""Modules of Python that run code that they are given."""
FIND_RUNS = frozenset({"-exec", "-execdir", "-ok", "-okdir"})
FIND_WRITES = frozenset({"-delete", "-fprint", "-fprint0", "-fprintf", "-fls"})
AWK_RUNS = re.compile(r"system|getline|[|>@]")
AWK_PLAIN = re.compile(r"-F.*|-v|--field-separator=.*|--csv|--posix|-P")
SED_PLAIN = re.compile(
    r"(?:\d+|\$|/[^/\\\n]*/)?(?:,(?:\d+|\$|/[^/\\\n]*/))?"
    r"(?:s([/|,#:!])(?:(?!\1)[^\\\n]|\\[^\n])*\1(?:(?!\1)[^\\\n]|\\[^\n])*\1[gpIi\d]*|[pdq=])"
)
SED_OPTIONS = re.compile(r"-[nErsuz]+|--(?:quiet|silent|regexp-extended|null-data|posix)")
_VERSION = re.compile(r"(?<=[a-z])-?\d[\d.]*[a-z]?$")


def program_name(word: str) -> str:
    """Return the program that a word names: no folder, no version, no ``.exe``, small letters."""
    name = word.replace("\\", "/").rpartition("/")[2].casefold()
    for ending in (".exe", ".cmd", ".bat", ".com", ".ps1"):
        name = name.removesuffix(ending)
    if name in WRAPPERS or name in GUARDS or name in RUNNERS or name in ALIASES:
        return ALIASES.get(name, name)
    bare = _VERSION.sub("", name)
    return ALIASES.get(bare, bare) if bare in _VERSIONED else ALIASES.get(name, name)


_VERSIONED = frozenset(
    {*INTERPRETERS, *SHELLS, "pip", "gcc", "g++", "clang", "clang++", "git", "make", "tar", "vim",
     "cc", "java", "cargo", "rustc", "ninja", "irb", "tclsh", "wish", "guile", "emacs"}
)  # fmt: skip
