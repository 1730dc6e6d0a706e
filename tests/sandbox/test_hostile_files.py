"""Programs that try to write, read or change what lies outside; each says so if it can."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.sandbox.conftest import SECRET, Cell

WRITES = {
    "direct": "open(OUTSIDE + '/new', 'w').write('x')",
    "append": "open(OUTSIDE + '/file.txt', 'a').write('x')",
    "truncate": "os.truncate(OUTSIDE + '/file.txt', 0)",
    "remove": "os.unlink(OUTSIDE + '/file.txt')",
    "folder": "os.mkdir(OUTSIDE + '/new')",
    "through-a-link": "os.symlink(OUTSIDE, 'out'); open('out/new', 'w').write('x')",
    "to-a-linked-file": "os.symlink(OUTSIDE + '/file.txt', 'f'); open('f', 'w').write('x')",
    "dots": "open('../outside/new', 'w').write('x')",
    "hard-link-in": "os.link(OUTSIDE + '/file.txt', 'l'); open('l', 'w').write('x')",
    "hard-link-out": "os.link('module.py', OUTSIDE + '/new')",
    "rename-out": "os.rename('module.py', OUTSIDE + '/new')",
    "rename-in": "os.rename(OUTSIDE + '/file.txt', 'mine')",
    "exchange": "assert libc.renameat2(-100, b'module.py', -100, (OUTSIDE + '/file.txt').encode(), 2) == 0",
    "proc-root": "open('/proc/self/root' + OUTSIDE + '/new', 'w').write('x')",
    "proc-cwd": "open('/proc/self/cwd/../outside/new', 'w').write('x')",
    "proc-parent": "open(f'/proc/{os.getppid()}/root' + OUTSIDE + '/new', 'w').write('x')",
    "proc-first": "open('/proc/1/root' + OUTSIDE + '/new', 'w').write('x')",
    "proc-fd": "fd = os.open('/', os.O_PATH); open(f'/proc/self/fd/{fd}' + OUTSIDE + '/new', 'w')",
    "reopen": "fd = os.open(OUTSIDE + '/file.txt', os.O_PATH); open(f'/proc/self/fd/{fd}', 'w')",
    "workspace": "os.rename('module.py', 'moved'); open(PLACE + '/../workspace2', 'w')",
    "home": "open(HOME_DIR + '/.bashrc', 'w').write('x'); 1 / (not os.path.exists(HOME_DIR + '/.ssh'))",
    "system": "open('/usr/local/bin/lsp-agent-evil', 'w')",
    "etc": "open('/etc/lsp-agent-evil', 'w')",
    "special": "os.mknod('sda', 0o60666, os.makedev(8, 0)); open('sda', 'rb').read(1)",
    "chdir": "os.chdir(OUTSIDE); open('new', 'w').write('x')",
    "chroot": "os.chroot(OUTSIDE); open('/new', 'w')",
    "socket": "s = socket.socket(socket.AF_UNIX); s.bind(OUTSIDE + '/new')",
    "fifo": "os.mkfifo(OUTSIDE + '/new')",
    "handle": """
handle = ctypes.create_string_buffer(struct.pack('Ii', 128, 0), 136)
mount = ctypes.c_int()
assert libc.name_to_handle_at(-100, b'.', handle, ctypes.byref(mount), 0) == 0
fd = libc.open_by_handle_at(os.open('.', os.O_RDONLY), handle, os.O_RDONLY)
assert fd >= 0
""",
    "kernel-setting": "open('/proc/sys/kernel/core_pattern', 'w')",
    "sysrq": "open('/proc/sysrq-trigger', 'w')",
    "cgroup": "os.mkdir('/sys/fs/cgroup/lsp-agent-evil')",
    "mount": "assert libc.mount(b'tmpfs', b'.', b'tmpfs', 0, None) == 0",
    "remount": "assert libc.mount(b'none', b'/usr', None, 32, None) == 0",
    "bind": "assert libc.mount(b'/', b'.', None, 4096, None) == 0",
    "new-mounts": "assert libc.syscall(428, -100, b'/', 1) >= 0",
    "unmount": "assert libc.umount2(PLACE.encode(), 2) == 0",
    "unshare-user": "assert libc.unshare(0x10000000) == 0",
    "unshare-mounts": "assert libc.unshare(0x20000) == 0",
    "namespace-of-first": "assert libc.setns(os.open('/proc/1/ns/mnt', os.O_RDONLY), 0) == 0",
    "clone-user": "assert libc.syscall(56 if os.uname().machine == 'x86_64' else 220, 0x10000011, 0, 0, 0, 0) >= 0",
    "truncate-a-reading-one": "os.ftruncate(os.open(OUTSIDE + '/file.txt', os.O_RDONLY), 0)",
    "setuid-bit": "os.chmod('module.py', 0o4755); 1 / bool(os.stat('module.py').st_mode & 0o4000)",
    "setuid": "os.setuid(os.getuid() + 1)",
    "own-shell": "assert os.system('echo x > ' + OUTSIDE + '/new') == 0",
}  # fmt: skip

READS = {
    "direct": "show(HOME_DIR + '/.ssh/id_rsa')",
    "proc-root": "show('/proc/self/root' + HOME_DIR + '/.ssh/id_rsa')",
    "proc-first": "show('/proc/1/root' + HOME_DIR + '/.ssh/id_rsa')",
    "link": "os.symlink(HOME_DIR, 'h'); show('h/.ssh/id_rsa')",
    "hard-link": "os.link(HOME_DIR + '/.ssh/id_rsa', 'k'); show('k')",
    "path-only": "fd = os.open(HOME_DIR + '/.ssh/id_rsa', os.O_PATH); show(f'/proc/self/fd/{fd}')",
    "shell": "print(os.popen(f'cat {HOME_DIR}/.ssh/id_rsa').read())",
    "list": "os.listdir(HOME_DIR + '/.ssh'); print('ESCAPED')",
    "beside": "show(OUTSIDE + '/file.txt')",
    "shadow": "show('/etc/shadow')",
    "copied": "import shutil; shutil.copy(HOME_DIR + '/.ssh/id_rsa', 'k'); show('k')",
    "executed": "os.execv(HOME_DIR + '/.ssh/id_rsa', ['x'])",
    "environment-of-parent": "show(f'/proc/{os.getppid()}/environ')",
    "environment-of-first": "show('/proc/1/environ')",
    "memory-of-parent": "open(f'/proc/{os.getppid()}/mem', 'rb'); print('ESCAPED')",
    "memory-of-first": "open('/proc/1/mem', 'rb'); print('ESCAPED')",
    "descriptor-of-first": "show('/proc/1/fd/0')",
    "descriptors-of-parent": "print('ESCAPED', os.readlink(f'/proc/{os.getppid()}/fd/0'))",
    "kernel-memory": "open('/proc/kcore', 'rb').read(9); print('ESCAPED')",
    "disk": "import glob; [open(d, 'rb') for d in glob.glob('/dev/[svn][dv]*') or ['/dev/vda']]; print('ESCAPED')",
}  # fmt: skip

_HEAD = """
import ctypes, os, socket, struct
libc = ctypes.CDLL(None)
def show(path):
    print("ESCAPED", open(path, errors="replace").read())
"""


def _everything(folder: Path) -> dict[str, tuple[int, str]]:
    """Return what is below a folder: modes and texts by path."""
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_mode,
            path.read_text() if path.is_file() else "",
        )
        for path in sorted(folder.rglob("*"))
    }


@pytest.mark.parametrize("name", WRITES)
def test_nothing_outside_is_written(cell: Cell, name: str) -> None:
    (cell.folder / "module.py").chmod(0o644)
    before = {one: _everything(one) for one in (cell.outside, cell.home, cell.place)}
    names = {one.name for one in cell.root.iterdir()}
    outcome = cell.run(f"{_HEAD}\n{WRITES[name]}\nprint('ESCAPED')")
    assert {one: _everything(one) for one in before} == before
    assert {one.name for one in cell.root.iterdir()} == names
    private = cell.namespaced and name in _PRIVATE
    assert private or "ESCAPED" not in outcome.output, outcome.output


# In a root folder of their own they change what is theirs alone; what is real was looked at.
_PRIVATE = {"direct", "dots", "folder", "chdir", "socket", "fifo", "workspace", "home"}


@pytest.mark.parametrize("name", READS)
def test_nothing_hidden_is_read(cell: Cell, name: str) -> None:
    outcome = cell.run(_HEAD + READS[name])
    assert "ESCAPED" not in outcome.output, outcome.output
    assert SECRET not in outcome.output


def test_what_is_outside_keeps_its_mode_owner_and_times(cell: Cell) -> None:
    file = cell.outside / "file.txt"
    before = file.stat()
    code = """
        import os
        for act in (
            lambda p: os.chmod(p, 0o777), lambda p: os.utime(p, (1, 1)), lambda p: os.chown(p, 1, 1),
            lambda p: os.setxattr(p, "user.evil", b"x"),
            lambda p: os.fchmod(os.open(p, os.O_RDONLY), 0o777),
        ):
            for path in (OUTSIDE + "/file.txt", HOME_DIR + "/.ssh", "/etc/hostname"):
                try:
                    act(path)
                except OSError:
                    pass
    """
    about = {path: path.stat() for path in (Path("/etc/hostname"), cell.home / ".ssh")}
    cell.run(code)
    assert _facts(file.stat()) == _facts(before)
    assert os.listxattr(file) == []
    assert {path: _facts(path.stat()) for path in about} == {
        path: _facts(one) for path, one in about.items()
    }


def _facts(about: os.stat_result) -> tuple[float, ...]:
    return about.st_mode, about.st_uid, about.st_gid, about.st_mtime, about.st_size


def test_shared_memory_is_not_shared(cell: Cell) -> None:
    name = Path(f"/dev/shm/lsp-agent-evil-{os.getpid()}")
    outcome = cell.run(f"open({str(name)!r}, 'w').write('x'); print('written')")
    assert not name.exists()
    assert ("written" in outcome.output) == cell.namespaced


def test_the_environment_holds_no_secret_and_nothing_that_steers(cell: Cell) -> None:
    outcome = cell.run("import os; print(*os.environ, sep='\\n')", env={"CI": "1"})
    assert set(outcome.output.split()) <= {
        "PATH", "HOME", "TMPDIR", "LANG", "TERM", "NO_COLOR", "PYTHONDONTWRITEBYTECODE", "CI",
    }  # fmt: skip


def test_a_home_folder_that_can_be_written_is_not_the_users(cell: Cell) -> None:
    code = """
        import os, pathlib
        home = pathlib.Path.home()
        print(sorted(one.name for one in home.iterdir() if one.name == ".ssh"))
        (home / ".profile").write_text("x")
    """
    outcome = cell.run(code)
    assert (outcome.status, outcome.output) == (0, "[]\n")
    assert [one.name for one in cell.home.iterdir()] == [".ssh"]
