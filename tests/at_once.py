"""Names what failed at once: a run that is stopped has told by then what it knows.

*Called by*: pytest, as a plugin (pyproject.toml). *Keeps true*: the whole report still comes at the end.
"""

import pytest


class AtOnce:
    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        terminal = self.config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and terminal and self.config.option.verbose <= 0:
            crash = getattr(report.longrepr, "reprcrash", None)
            first = str(crash.message if crash else report.longrepr).split("\n", 1)[0]
            terminal.write_line(f"\n{report.nodeid}: {first[:300]}", red=True)


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(AtOnce(config), "at-once")
