"""Judges compiled filters by the profiles' text, with nothing of Cordon's own code.

Numbers of calls are libseccomp's (scmp_sys_resolver); verdicts are given by the
kernel, to which each filter is attached as a socket filter: it is the same machine
for the same classic BPF, which only reads its words in network order.

    judge.py WORKSPACE < cases.json
"""

import ctypes
import errno
import json
import pathlib
import socket
import struct
import subprocess
import sys

ROOT = pathlib.Path(sys.argv[1])
KILL, ALLOW = 0x80000000, 0x7FFF0000
EPERM, ENOSYS = 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
TRACE = 0x7FF00000 | 0x0C0D
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7, "riscv64": 0xC00000F3}

# Linux uapi headers, as x86-64, aarch64 and riscv64 share them.
CONSTANTS = {
    "AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10, "SOCK_STREAM": 1, "SOCK_DGRAM": 2,
    "IPPROTO_TCP": 6, "MSG_FASTOPEN": 0x20000000, "PROT_WRITE": 2, "PROT_EXEC": 4,
    "PROT_BTI": 0x10, "MAP_SHARED": 1, "MAP_ANONYMOUS": 0x20, "CLONE_VM": 0x100,
    "CLONE_SIGHAND": 0x800, "CLONE_PARENT": 0x8000, "CLONE_THREAD": 0x10000,
    "CLONE_NEWNS": 0x20000, "CLONE_NEWCGROUP": 0x2000000, "CLONE_NEWUTS": 0x4000000,
    "CLONE_NEWIPC": 0x8000000, "CLONE_NEWUSER": 0x10000000, "CLONE_NEWPID": 0x20000000,
    "CLONE_NEWNET": 0x40000000, "O_CREAT": 0x40, "S_ISUID": 0o4000, "S_ISGID": 0o2000,
    "F_DUPFD": 0, "F_GETFD": 1, "F_SETFD": 2, "F_GETFL": 3, "F_SETFL": 4, "F_GETLK": 5,
    "F_SETLK": 6, "F_SETLKW": 7, "F_DUPFD_CLOEXEC": 1030, "F_GET_SEALS": 1034,
    "TCGETS": 0x5401, "TIOCGWINSZ": 0x5413, "FIONREAD": 0x541B, "FIONBIO": 0x5421,
    "FIOCLEX": 0x5451, "PR_SET_DUMPABLE": 4, "PR_SET_NAME": 15, "PR_GET_NAME": 16,
    "PR_CAPBSET_READ": 23, "PR_SET_VMA": 0x53564D41, "SOL_SOCKET": 1, "SO_REUSEADDR": 2,
    "SO_SNDBUF": 7, "SO_RCVBUF": 8, "SO_KEEPALIVE": 9, "SO_LINGER": 13,
    "SO_REUSEPORT": 15, "SO_RCVTIMEO": 20, "SO_SNDTIMEO": 21,
}


def value(text):
    total = 0
    for part in text.split("|"):
        part = part.strip()
        total |= CONSTANTS[part] if part in CONSTANTS else int(part, 0)
    return total


def condition(text):
    """(argument, the bits looked at, what they must be)"""
    left, right = text.split("==")
    mask = 2**64 - 1
    if "&" in left:
        left, words = left.split("&")
        mask = value(words)
    left = left.strip()
    if left.endswith(":32"):
        left, mask = left[:-3], mask & 0xFFFFFFFF
    assert left.startswith("arg"), text
    return int(left[3:]), mask, value(right)


def rules(file, architecture):
    """Pairs of a call's name and its conditions."""
    for line in (ROOT / "profiles/seccomp" / (file + ".policy")).read_text().splitlines():
        rule = line.partition("#")[0].strip()
        if rule.startswith("@include"):
            yield from rules(rule.split()[1], architecture)
        elif rule:
            name, _, conditions = rule.partition(":") if ": " in rule else (rule, "", "")
            name, _, only = name.strip().partition("@")
            if not only or architecture in only.split(","):
                yield name, [condition(it) for it in conditions.split("&&") if it.strip()]


def numbers(architecture):
    """Names of all numbers: libseccomp's; ours where it is older than a call."""
    table = {}
    column = ["x86_64", "aarch64", "riscv64"].index(architecture) + 1
    for line in (ROOT / "profiles/syscalls").read_text().splitlines():
        words = line.split()
        if not line.startswith("#") and words[column] != "-":
            table[words[0]] = int(words[column])
    unknown = []
    for name, number in table.items():
        command = ["scmp_sys_resolver", "-a", architecture, name]
        said = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        if said < 0:
            unknown.append(name)
        else:
            assert said == number, f"{name} of {architecture} is {said}, not {number}"
    print(f"{architecture}: {len(table)} calls, unknown to libseccomp: {' '.join(unknown)}")
    return table


class Machine:
    """The kernel's BPF machine with one program."""

    def __init__(self, program):
        # A socket filter returns how much of a packet is kept: each answer becomes a length.
        self.answers = sorted({k for code, _, _, k in program if code == 6})
        assert len(self.answers) < 64
        lengths = {answer: index + 1 for index, answer in enumerate(self.answers)}
        code = b"".join(
            struct.pack("HBBI", c, jt, jf, lengths[k] if c == 6 else k) for c, jt, jf, k in program
        )
        self.code = ctypes.create_string_buffer(code)
        fprog = struct.pack("HP", len(program), ctypes.addressof(self.code))
        self.sender, self.receiver = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        SO_ATTACH_FILTER = 26
        self.receiver.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, fprog)

    def verdict(self, architecture, number, arguments):
        # struct seccomp_data, each half of an argument at its place but in network order.
        words = [number, architecture, 0, 0]
        for argument in arguments:
            words += [argument & 0xFFFFFFFF, argument >> 32]
        self.sender.send(struct.pack(">16I", *words))
        return self.answers[len(self.receiver.recv(64)) - 1]


def neighbours(alternatives):
    yield [0] * 6
    yield [2**64 - 1] * 6
    for conditions in alternatives:
        fitting = [0] * 6
        for place, mask, wanted in conditions:
            fitting[place] = fitting[place] & ~mask | wanted
        yield fitting
        for place, _, _ in conditions:
            for bit in range(64):
                changed = list(fitting)
                changed[place] ^= 1 << bit
                yield changed


def judge(case, table):
    architecture = case["architecture"]
    reaper = case["files"] == ["reaper"]
    allowed, kill, enosys = {}, {}, {}
    for file in case["files"]:
        for name, conditions in rules(file, architecture):
            allowed.setdefault(table[name], []).append(conditions)
    for request in case["ioctl"]:
        allowed.setdefault(table["ioctl"], []).append([(1, 0xFFFFFFFF, request)])
    if not reaper:
        for name, conditions in rules("kill", architecture):
            kill.setdefault(table[name], []).append(conditions)
        for name, conditions in rules("enosys", architecture):
            enosys.setdefault(table[name], []).append(conditions)

    def fits(book, number, arguments):
        return any(
            all(arguments[place] & mask == wanted for place, mask, wanted in conditions)
            for conditions in book.get(number, [])
        )

    def said(number, arguments):
        if architecture == "x86_64" and 0x40000000 <= number < 0x80000000:
            return KILL
        if reaper:
            return ALLOW if fits(allowed, number, arguments) else KILL
        if fits(kill, number, arguments):
            return KILL
        if number > max(table.values()) or fits(enosys, number, arguments):
            return ENOSYS
        if number == table["execveat"]:
            return TRACE
        return ALLOW if fits(allowed, number, arguments) else EPERM

    machine = Machine(case["program"])
    count = 0
    odd = [0x3FFFFFFF, 0x40000000, 0x400001FF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]
    for number in [*range(max(table.values()) + 10), *odd]:
        for arguments in neighbours(allowed.get(number, [])):
            found = machine.verdict(AUDIT[architecture], number, arguments)
            wanted = said(number, arguments)
            count += 1
            if found != wanted:
                sys.exit(
                    f"{architecture} {case['files']}: call {number} with "
                    f"{[hex(a) for a in arguments]} is {found:#x}, not {wanted:#x}"
                )
        for other in set(AUDIT.values()) | {0x40000003, 0}:
            if other != AUDIT[architecture]:
                found = machine.verdict(other, number, [0] * 6)
                assert found == KILL, f"{number} of architecture {other:#x} is {found:#x}"
    print(f"{architecture} {' '.join(case['files'])}: {count} calls as written")


tables = {}
for case in json.load(sys.stdin):
    if case["architecture"] not in tables:
        tables[case["architecture"]] = numbers(case["architecture"])
    judge(case, tables[case["architecture"]])
