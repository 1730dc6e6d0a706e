"""Ways to reach somebody, tried by programs that the user let run. ``heard`` is the witness."""

from __future__ import annotations

# Python after the prelude of cases/programs.py.
NETWORK = {
    "TCP": """
for host, port in (("127.0.0.1", "@TCP4@"), ("localhost", "@TCP4@"), ("0.0.0.0", "@TCP4@"), ("127.1", "@TCP4@"), ("::1", "@TCP6@"), ("::ffff:127.0.0.1", "@TCP4@")):
    attempt(lambda: socket.create_connection((host, int(port)), 2).send(b"pwned"))
""",
    "UDP": """
for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "255.255.255.255"), (socket.AF_INET6, "::ffff:127.0.0.1")):
    one = attempt(socket.socket, family, socket.SOCK_DGRAM)
    attempt(lambda: one.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1))
    attempt(lambda: one.sendto(b"pwned", (host, @UDP4@)))
""",
    "names": """
for name in ("secret.example.com", "localhost", "@MARK@.example.org"):
    found = attempt(socket.getaddrinfo, name, 80)
    if found and name != "localhost": reached("a name")
""",
    "raw packets": """
for family, kind, protocol in ((socket.AF_INET, socket.SOCK_RAW, 1), (socket.AF_INET, socket.SOCK_RAW, 255), (17, socket.SOCK_RAW, 3), (socket.AF_INET, socket.SOCK_DGRAM, 1)):
    one = attempt(socket.socket, family, kind, protocol)
    if one is not None and kind == socket.SOCK_RAW: reached("raw", family)
""",
    "sockets by path": """
for path in ("@UNIX@", "/var/run/docker.sock", "/run/docker.sock", "/run/dbus/system_bus_socket", "/run/systemd/private", "/tmp/.X11-unix/X0", os.environ.get("SSH_AUTH_SOCK", "/none")):
    one = attempt(socket.socket, socket.AF_UNIX)
    if one and attempt(one.connect, path) is None and attempt(one.getpeername): reached(path)
os.symlink("@UNIX@", "sock"); one = attempt(socket.socket, socket.AF_UNIX); one and attempt(one.connect, "sock")
""",
    "abstract sockets": """
for name in ("\\0@ABSTRACT@", "\\0/tmp/.X11-unix/X0", "\\0/tmp/dbus-x"):
    one = attempt(socket.socket, socket.AF_UNIX)
    one and attempt(one.connect, name)
    one = attempt(socket.socket, socket.AF_UNIX, socket.SOCK_DGRAM)
    one and attempt(one.sendto, b"pwned", name)
""",
    "the kernel's sockets": """
for family in (16, 38, 40, 31, 29, 44, 4, 5, 9, 30, 21, 35, 43):
    for kind in (socket.SOCK_RAW, socket.SOCK_DGRAM, socket.SOCK_STREAM, socket.SOCK_SEQPACKET):
        one = attempt(socket.socket, family, kind, 0)
        if one is not None and family in (40, 38, 31, 17): reached("family", family)
""",
    "a ring of system calls": """
ring = attempt(call, 425, 8, ctypes.create_string_buffer(120))
if ring is not None: reached("io_uring")
""",
    "curl and wget": """
for words in (("curl", "-sm2", "http://127.0.0.1:@TCP4@/"), ("curl", "-sm2", "--unix-socket", "@UNIX@", "http://x/"), ("curl", "-sm2", "--proxy", "http://127.0.0.1:@TCP4@", "http://x.example/"),
              ("wget", "-qT2", "-t1", "-O-", "http://127.0.0.1:@TCP4@/"), ("curl", "-sm2", "http://169.254.169.254/latest/meta-data/"), ("curl", "-sm2", "--abstract-unix-socket", "@ABSTRACT@", "http://x/")):
    done = attempt(sh, *words)
    if done and done.returncode == 0: reached(*words)
""",
    "git and ssh": """
env = {**os.environ, "GIT_SSH_COMMAND": "ssh -o ConnectTimeout=2", "GIT_TERMINAL_PROMPT": "0"}
for words in (("git", "ls-remote", "http://127.0.0.1:@TCP4@/x"), ("git", "ls-remote", "git://127.0.0.1:@TCP4@/x"), ("git", "ls-remote", "ssh://127.0.0.1:@TCP4@/x"),
              ("git", "clone", "http://127.0.0.1:@TCP4@/x", "y"), ("git", "push", "http://127.0.0.1:@TCP4@/x", "HEAD"), ("ssh", "-p", "@TCP4@", "-o", "ConnectTimeout=2", "127.0.0.1", "true"),
              ("git", "ls-remote", "ext::curl -sm2 http://127.0.0.1:@TCP4@/")):
    attempt(sh, *words, env=env)
""",
    "a shell's own": """
attempt(sh, "bash", "-c", "echo pwned > /dev/tcp/127.0.0.1/@TCP4@"); attempt(sh, "bash", "-c", "echo pwned > /dev/udp/127.0.0.1/@UDP4@")
""",
    "package managers": """
for words in (("pip", "download", "--index-url", "http://127.0.0.1:@TCP4@/", "--timeout", "2", "--retries", "0", "x"), ("npm", "view", "x", "--registry", "http://127.0.0.1:@TCP4@/", "--fetch-retries=0", "--fetch-timeout=2000"),
              (sys.executable, "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:@TCP4@', timeout=2)")):
    attempt(sh, *words)
""",
    "node": """
attempt(sh, "node", "-e", "fetch('http://127.0.0.1:@TCP4@').catch(()=>0); require('net').connect(@TCP4@,'127.0.0.1').on('error',()=>0); require('dgram').createSocket('udp4').send('x',@UDP4@,'127.0.0.1')")
""",
    "a namespace of another": """
for pid in ("1", "@VICTIM@", "@PID@"):
    fd = attempt(os.open, f"/proc/{pid}/ns/net", os.O_RDONLY)
    if fd is not None and libc.setns(fd, 0x40000000) == 0: attempt(socket.create_connection, ("127.0.0.1", @TCP4@), 2)
""",
    "descriptors from others": """
for fd in range(3, 256):
    one = attempt(lambda: socket.socket(fileno=fd))
    if one is None: continue
    attempt(one.send, b"pwned")
    reached("a socket", fd)
    one.detach()
for pid in ("@PID@", "@VICTIM@"):
    pidfd = attempt(call, 434, int(pid), 0)
    if pidfd is not None:
        for fd in range(64):
            if attempt(call, 438, pidfd, fd, 0) is not None: reached("pidfd_getfd", fd)
""",
    "fast open": """
one = attempt(socket.socket)
one and attempt(one.sendto, b"pwned", 0x20000000, ("127.0.0.1", @TCP4@))
one = attempt(socket.socket, socket.AF_INET, socket.SOCK_STREAM, 262)
one and attempt(one.connect, ("127.0.0.1", @TCP4@))
""",
    "interfaces": """
names = [name for _, name in (attempt(socket.if_nameindex) or [])]
if set(names) - {"lo", "sit0", "tunl0", "ip6tnl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "ip6gre0"}: reached("interfaces", names)
for host in ("8.8.8.8", "1.1.1.1", "10.0.0.1", "192.168.1.1", "169.254.169.254"):
    one = attempt(socket.socket, socket.AF_INET, socket.SOCK_DGRAM)
    if one and attempt(lambda: one.connect((host, 53)) or True): reached("a route to", host)
""",
}
