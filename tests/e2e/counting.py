"""The closing lines that ./dev test reads: what was not checked and why, then the counts."""


def pytest_terminal_summary(terminalreporter):
    def number(*outcomes):
        return sum(len(terminalreporter.stats.get(outcome, [])) for outcome in outcomes)

    line = f"{number('passed')} passed, {number('failed', 'error')} failed"
    if skipped := number("skipped"):
        line += f", {skipped} skipped"
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        terminalreporter.write_line(f"not checked: {report.nodeid.rpartition('::')[2]}: {reason}")
    terminalreporter.write_line(line)
