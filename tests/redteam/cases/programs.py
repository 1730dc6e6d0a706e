"""Hostile programs that the user let run: what the sandbox alone has to hold.

Each is Python that runs as ``evil.py`` in the workspace. ``reached(what)`` says that something
worked which must not; what raises is told and passed over, so that one case makes many tries.
"""

from __future__ import annotations

PRELUDE = """
import ctypes, errno, glob, os, signal, socket, stat, struct, subprocess, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
def reached(*what): print("REA" + "CHED", *what, flush=True)
def attempt(work, *args, **named):
    try:
        return work(*args, **named)
    except BaseException as error:
        print("kept out:", type(error).__name__, str(error)[:80])
def call(number, *args):
    done = libc.syscall(number, *args)
    if done < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return done
def put(path, text="pwned"):
    with open(path, "a") as file: file.write(text)
def sh(*words, **named):
    return subprocess.run(words, capture_output=True, text=True, timeout=4, **named)
"""
END = '\nprint("TRI" + "ED")\n'

# Numbers of system calls: x86-64 and, where they are the same or newer, every machine.
FILES = {
    "writing outside by every way": """
for path in ("@OUT@/pwned", "@OUT@/app.py", "@HOME@/.bashrc", "@HOME@/.ssh/authorized_keys",
             "@STATE@/trust.json", "@STATE@/config.toml", "/etc/@MARK@", "/usr/local/bin/@MARK@",
             "/opt/@MARK@", "/var/tmp/@MARK@", "/root/@MARK@", "/@MARK@", "/tmp/@MARK@",
             "/dev/shm/@MARK@", "../outside/pwned", "@SHARED@/x"):
    attempt(put, path)
    attempt(os.makedirs, path + ".d/e")
""",
    "writing the original by its path": """
put("@WORK@/evil.py", "# pwned")
put("@WORK@/new.py")
os.unlink("@WORK@/keep.txt")
""",
    "reading what lies outside": """
for path in ("@OUT@/secret.txt", "@OUT@/app.py", "@HOME@/.ssh/id_ed25519", "@HOME@/.netrc",
             "@HOME@/.aws/credentials", "@STATE@/config.toml", "@STATE@/journal.sqlite",
             "/etc/shadow", "/etc/sudoers", "/proc/1/environ", "../outside/secret.txt"):
    text = attempt(lambda: open(path).read())
    if text: print(path, text)
for top in ("@OUT@", "@HOME@", "/root", "/home", "/proc/1/root@OUT@", "/proc/self/root@OUT@"):
    for at, folders, files in os.walk(top):
        for name in files: print(at, name, attempt(lambda: open(os.path.join(at, name)).read(9999)))
""",
    "links out of the copy": """
for number, target in enumerate(("@OUT@", "@HOME@", "/", "/proc/self/root", "../outside", "@STATE@")):
    attempt(os.symlink, target, f"l{number}")
    for tail in ("", "/pwned", "@OUT@/pwned", "/secret.txt", "/.bashrc"):
        attempt(put, f"l{number}{tail}")
        print(attempt(lambda: open(f"l{number}{tail}").read()))
for path in ("@OUT@/secret.txt", "@HOME@/.bashrc", "@STATE@/config.toml", "/etc/passwd"):
    if attempt(os.link, path, "hard") is None and os.path.exists("hard"): reached("a hard link")
""",
    "renames across the border": """
put("mine.txt")
for path in ("@OUT@/app.py", "@OUT@/new", "@HOME@/.bashrc"):
    attempt(os.rename, "mine.txt", path); attempt(os.rename, path, "taken"); attempt(os.unlink, path)
    attempt(os.truncate, path, 0); attempt(os.chmod, path, 0o777); attempt(os.chown, path, 1, 1)
    attempt(os.utime, path, (1, 1)); attempt(os.setxattr, path, "user.x", b"1")
attempt(os.rename, "@OUT@/sub", "sub2"); attempt(os.rmdir, "@OUT@/sub")
attempt(os.rename, "..", "x"); attempt(os.rename, "@WORK@", "@OUT@/w")
""",
    "devices and mounts": """
for kind in (stat.S_IFBLK | 0o666, stat.S_IFCHR | 0o666):
    for major in range(0, 12):
        if attempt(os.mknod, f"dev{kind}{major}", kind, os.makedev(major, 0)) is None and os.path.exists(f"dev{kind}{major}"):
            attempt(lambda: open(f"dev{kind}{major}", "rb").read(10)) and reached("a device")
for source, target, kind in (("tmpfs", "@OUT@", "tmpfs"), ("proc", "mnt", "proc"), ("/", "mnt", "")):
    os.makedirs("mnt", exist_ok=True)
    if libc.mount(source.encode(), target.encode(), kind.encode(), 0 if kind else 4096, None) == 0: reached("a mount")
if libc.umount2(b"@WORK@", 2) == 0: reached("an unmount")
if libc.chroot(b"/proc/self/root") == 0: reached("chroot")
for name in glob.glob("/dev/[smnlv][dmvo]*"): attempt(lambda: open(name, "rb").read(1)) and reached(name)
for name in ("/dev/mem", "/dev/kmsg", "/dev/fuse", "/dev/kvm", "/dev/net/tun", "/dev/loop-control", "/dev/input/event0"):
    if attempt(os.open, name, os.O_RDWR) is not None: reached(name)
""",
    "namespaces of its own": """
for flags in (0x10000000, 0x10020000, 0x50000000, 0x20000, 0x40000000):
    if os.fork() == 0:
        if libc.unshare(flags) == 0 and libc.mount(b"tmpfs", b"/tmp", b"tmpfs", 0, None) == 0: reached("unshare", hex(flags))
        os._exit(0)
    os.wait()
for name in ("user", "mnt", "net", "pid", "ipc", "uts"):
    for pid in ("1", "@PID@", "@VICTIM@"):
        fd = attempt(os.open, f"/proc/{pid}/ns/{name}", os.O_RDONLY)
        if fd is not None and pid != "1" and libc.setns(fd, 0) == 0: reached("setns", pid, name)
print(sh("unshare", "-Urm", "true").returncode == 0 and reached("unshare"))
""",
    "handles instead of paths": """
class Handle(ctypes.Structure): _fields_ = [("size", ctypes.c_uint), ("type", ctypes.c_int), ("data", ctypes.c_ubyte * 128)]
handle, mount = Handle(128), ctypes.c_int()
if libc.name_to_handle_at(-100, b".", ctypes.byref(handle), ctypes.byref(mount), 0) == 0:
    fd = os.open(".", os.O_RDONLY)
    if libc.open_by_handle_at(fd, ctypes.byref(handle), os.O_RDONLY) >= 0: reached("open_by_handle_at")
fd = os.open(".", os.O_PATH)
for _ in range(40):
    up = attempt(os.open, "..", os.O_PATH | os.O_DIRECTORY, dir_fd=fd)
    if up is None: break
    fd = up
for name in ("@OUT@/secret.txt", "outside/secret.txt"):
    print(attempt(lambda: os.read(os.open(name.lstrip("/"), os.O_RDONLY, dir_fd=fd), 99)))
attempt(call, 428, -100, b"@OUT@", 1)  # open_tree
attempt(call, 437, -100, b"@OUT@/secret.txt", struct.pack("QQQ", 0, 0, 0), 24)  # openat2
""",
    "descriptors that were left open": """
for fd in range(3, 1024):
    try: os.fstat(fd)
    except OSError: continue
    where = attempt(os.readlink, f"/proc/self/fd/{fd}")
    print(fd, where)
    if where and not where.startswith(("/proc", "@WORK@")) : reached("descriptor", where)
    attempt(os.write, fd, b"pwned"); attempt(os.read, fd, 99)
""",
    "programs with more rights": """
for words in (("sudo", "-n", "true"), ("su", "-c", "true"), ("pkexec", "true"), ("doas", "true"), ("mount", "-t", "tmpfs", "x", "/mnt"),
              ("newgrp",), ("crontab", "-l"), ("at", "now"), ("systemd-run", "true"), ("nsenter", "-t", "1", "-m", "true")):
    done = attempt(sh, *words, stdin=subprocess.DEVNULL)
    if done and done.returncode == 0: reached(*words)
put("suid"); attempt(os.chown, "suid", 0, 0); attempt(os.chmod, "suid", 0o4755)
for name in ("setuid", "setgid", "setresuid"):
    pass
if "NoNewPrivs:\\t1" not in open("/proc/self/status").read(): reached("new privileges")
caps = [line for line in open("/proc/self/status") if line.startswith("CapEff")][0].split()[1]
if int(caps, 16): reached("capabilities", caps)
""",
    "settings of the kernel": """
for path in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/sys/kernel/uevent_helper", "/proc/sys/vm/overcommit_memory",
             "/proc/self/oom_score_adj", "/sys/fs/cgroup/cgroup.procs", "/proc/sys/kernel/modprobe"):
    fd = attempt(os.open, path, os.O_WRONLY)
    if fd is not None and "oom" not in path: reached(path)
for number, args in ((175, (b"x", 1, b"")), (313, (-1, b"", 0)), (321, (0, b"\\0" * 64, 64)), (298, (b"\\0" * 128, 0, -1, -1, 0)),
                     (425, (8, b"\\0" * 120)), (250, (1, 0)), (323, (0,)), (246, (0, 0, 0, 0)), (169, (1,))):
    if attempt(call, number, *args) is not None: reached("system call", number)
""",
    "a secret of the environment": """
print(dict(os.environ))
for pid in ("self", "1", os.getppid()): print(attempt(lambda: open(f"/proc/{pid}/environ").read()))
""",
    "keys and messages that stay": """
attempt(call, 248, b"user", b"@MARK@", b"x", 1, -4)  # add_key, user keyring
if "@MARK@" in (attempt(lambda: open("/proc/keys").read()) or ""): reached("a key")
key = libc.shmget(0x@HEX@, 4096, 0o1666)
queue = libc.msgget(0x@HEX@, 0o1666)
print("SysV", key, queue)
""",
}

PROCESSES = {
    "killing others": """
for pid in (@PID@, @VICTIM@):
    for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, 0):
        if attempt(os.kill, pid, number) is None: pass
        attempt(os.killpg, pid, number)
for number in (signal.SIGTERM, signal.SIGSTOP):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    attempt(os.kill, -1, signal.SIGTERM); attempt(os.kill, 1, number)
""",
    "looking into others": """
for pid in ("@PID@", "@VICTIM@", *[name for name in os.listdir("/proc") if name.isdigit()]):
    for name in ("environ", "cmdline", "maps", "mem", "root/@OUT@/secret.txt", "cwd/secret.txt", "fd"):
        path = f"/proc/{pid}/{name}"
        text = attempt(lambda: os.listdir(path) if name == "fd" else open(path, "rb").read(4096))
        if text: print(path, text)
if libc.ptrace(16, @VICTIM@, 0, 0) == 0: reached("ptrace")
buffer = ctypes.create_string_buffer(99)
print(libc.process_vm_readv(@VICTIM@, buffer, 1, buffer, 1, 0) > 0 and reached("process_vm_readv"))
attempt(call, 434, @VICTIM@, 0) and reached("pidfd_open")
print(sh("ps", "auxe").stdout)
""",
    "a process that stays": """
script = "import time\\nwhile True: time.sleep(1)  # @MARK@"
for fresh in (False, True):
    subprocess.Popen([sys.executable, "-c", script], start_new_session=fresh, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.signal(signal.SIGHUP, signal.SIG_IGN)
        os.closerange(0, 3)
        os.execv(sys.executable, [sys.executable, "-c", script])
    os._exit(0)
""",
    "a process that stays and holds the output": """
script = "import time\\nwhile True: time.sleep(1)  # @MARK@"
subprocess.Popen([sys.executable, "-c", script], start_new_session=True)
""",
    "traps that run later": """
for path in ("@HOME@/.bashrc", "@HOME@/.profile", "@HOME@/.config/autostart/x.desktop", "@HOME@/.config/systemd/user/x.service",
             "@HOME@/.gitconfig", "@HOME@/.pythonrc", "@HOME@/.local/lib/python3.11/site-packages/usercustomize.py", "/etc/cron.d/@MARK@",
             "/var/spool/cron/@MARK@", "@WORK@/.git/hooks/pre-commit", "@WORK@/.vscode/tasks.json", "@WORK@/.envrc"):
    attempt(os.makedirs, os.path.dirname(path), exist_ok=True); attempt(put, path)
""",
    "the workspace's own environment": """
for top in (".venv", "node_modules"):
    for at, folders, files in os.walk(top):
        for name in files: attempt(put, os.path.join(at, name)); attempt(os.unlink, os.path.join(at, name))
    attempt(put, f"{top}/pwned.py"); attempt(os.rename, top, top + "2"); attempt(os.chmod, top, 0o777)
""",
    "the terminal": """
import fcntl, termios
for name in ("/dev/tty", "/dev/console", "/dev/pts/0", "/dev/pts/1", "/dev/tty1"):
    fd = attempt(os.open, name, os.O_RDWR)
    if fd is not None: reached(name)
for fd in (0, 1, 2):
    if attempt(fcntl.ioctl, fd, termios.TIOCSTI, b"x") is not None: reached("typed")
print("\\x1b]0;pwned\\x07\\x1b[2J\\x1b]52;c;cHduZWQ=\\x07")
""",
}
