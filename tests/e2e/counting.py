"""The closing line by which ./dev test counts: "N passed, N failed[, N skipped]"."""


def pytest_terminal_summary(terminalreporter):
    def number(*outcomes):
        return sum(len(terminalreporter.stats.get(outcome, [])) for outcome in outcomes)

    line = f"{number('passed')} passed, {number('failed', 'error')} failed"
    if skipped := number("skipped"):
        line += f", {skipped} skipped"
    terminalreporter.write_line(line)
