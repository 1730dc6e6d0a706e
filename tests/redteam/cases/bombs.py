"""Programs that want all there is of something. Limits are small, so that a case is short."""

from __future__ import annotations

LIMITS = {
    "sandbox.wall_seconds": "2",
    "sandbox.cpu_seconds": "1",
    "sandbox.memory_mb": "256",
    "sandbox.processes": "40",
    "sandbox.file_mb": "8",
    "sandbox.output_kb": "64",
}

# Python after the prelude of cases/programs.py; each must be ended, or end, within the limits.
BOMBS = {
    "forks": "while True:\n    attempt(os.fork)",
    "forks in new sessions": "while True:\n    if attempt(os.fork) == 0: attempt(os.setsid)",
    "a shell's bomb": "os.execvp('bash', ['bash', '-c', ':(){ :|:& };:; sleep 9'])",
    "threads": "while True:\n    attempt(lambda: threading.Thread(target=time.sleep, args=(99,)).start())",
    "memory": "held = []\nwhile True: held.append(bytearray(16 << 20))",
    "memory of many": "for _ in range(16):\n    if os.fork() == 0:\n        held = bytearray(60 << 20); time.sleep(99)\ntime.sleep(99)",
    "memory in files": "for top in ('/tmp', '/dev/shm'):\n    with open(f'{top}/x', 'wb') as file:\n        while attempt(file.write, bytes(1 << 20)): pass\ntime.sleep(99)",
    "anonymous files": "held = []\nwhile True:\n    fd = os.memfd_create('x'); os.write(fd, bytes(4 << 20)); held.append(fd)",
    "one large file": "with open('x', 'wb') as file:\n    while True: file.write(bytes(1 << 20))",
    "many large files": "number = 0\nwhile True:\n    number += 1\n    with open(f'x{number}', 'wb') as file: file.write(bytes(4 << 20))",
    "very many files": "number = 0\nwhile True:\n    number += 1\n    open(f'x{number}', 'w').close()",
    "deep folders": "while True:\n    os.mkdir('d'); os.chdir('d')",
    "a sparse file": "os.truncate(os.open('x', os.O_CREAT | os.O_RDWR), 1 << 50)",
    "output": "while True: print('x' * 9999)",
    "output without an end of line": "while True: os.write(1, b'x' * 65536)",
    "output on both": "while True: os.write(1, b'\\x1b[31m\\0\\xff'); os.write(2, bytes(range(256)))",
    "processor": "while True: pass",
    "processor of many": "for _ in range(8): os.fork()\nwhile True: pass",
    "sleep": "time.sleep(9999)",
    "deaf to signals": "for number in range(1, 65):\n    attempt(signal.signal, number, signal.SIG_IGN)\ntime.sleep(9999)",
    "stopped": "os.kill(os.getpid(), signal.SIGSTOP)",
    "zombies": "while True:\n    if attempt(os.fork) == 0: os._exit(0)",
    "descriptors": "held = []\nwhile True: held.append(os.open('/dev/null', 0))",
    "pipes filled": "held = []\nwhile True:\n    a, b = os.pipe(); os.set_blocking(b, False); attempt(os.write, b, bytes(65536)); held.append((a, b))",
    "waiting for input": "sys.stdin.read(); input()",
    "locks": "import fcntl\nfd = os.open('x', os.O_CREAT); fcntl.flock(fd, 2); os.fork(); fcntl.flock(os.open('x', 0), 2)",
}
