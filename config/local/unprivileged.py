"""Run a program as another user than root, with the right to find its own files.

*Called by*: postgres.py, because PostgreSQL refuses to run as root. *Keeps true*: no directory outside the data
directory changes its permissions. *Why* capabilities: the clone may lie under /root, where `nobody` may not even look;
the two rights below let it pass and are all that it keeps.
"""

import ctypes
import os
import pwd
from pathlib import Path

from config.local.trouble import Trouble

PR_SET_KEEPCAPS, PR_SET_SECUREBITS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 8, 28, 47, 2
NO_SETUID_FIXUP = 1 << 2
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2
CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Sets(ctypes.Structure):
    _fields_ = [("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32)]


def choose_account(directory: Path) -> pwd.struct_passwd | None:
    """Return whom to run as: whoever owns the directory already, else `nobody`; None where this user is not root."""
    if os.geteuid() != 0:
        return None
    if directory.exists() and (owner := directory.stat().st_uid) != 0:
        return name_user(owner)
    return pwd.getpwnam("nobody")


def name_user(uid: int) -> pwd.struct_passwd:
    """Look a user up; PostgreSQL, too, will not run for one without a name."""
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        raise Trouble(f"User id {uid} has no name here, without which PostgreSQL does not start.") from None


def become(account: pwd.struct_passwd) -> None:
    """Turn the present process, a fresh fork, into that user. What the kernel does not grant is left out."""
    # Both, because access(2), by which PostgreSQL looks for its own programs, ignores what is merely kept.
    _libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    _libc.prctl(PR_SET_SECUREBITS, NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    header, sets = _Header(CAPABILITY_VERSION_3, 0), (_Sets * 2)()
    _libc.capget(ctypes.byref(header), sets)
    kept = sets[0].permitted & (1 << CAP_DAC_OVERRIDE | 1 << CAP_DAC_READ_SEARCH)
    _libc.capset(ctypes.byref(header), (_Sets * 2)(_Sets(kept, kept, kept), _Sets(0, 0, 0)))
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        # Ambient: what survives the exec of a program that has no capabilities of its own.
        _libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0)
