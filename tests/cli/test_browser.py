"""The report that `fit` wrote, in a browser: nothing runs, nothing is loaded."""

import json

import pytest

from tests.cli.tables import COLUMN, run, write
from tests.report.test_browser import CHROMIUM, browse

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path"),
]


def look(page, folder):
    """Return the page as the browser has it, its log, and what the page asked for."""
    log, net = folder / "chrome.log", folder / "net.json"
    dom = browse(
        page,
        folder,
        "--dump-dom",
        "--enable-logging",
        f"--log-file={log}",
        f"--log-net-log={net}",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
    )
    events = json.loads(net.read_text("utf-8"))["events"]
    params = [event.get("params", {}) for event in events]
    # The browser itself, which asks for updates, is no origin.
    asked = {
        one["url"]
        for one in params
        if "url" in one and one.get("initiator", "not an origin") != "not an origin"
    }
    return dom, log.read_text("utf-8", "replace"), asked


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    _, words = write(folder)
    assert run(words) == 0
    return look(folder / "out" / "report.html", folder)


def test_the_name_of_a_column_is_seen_and_not_run(seen):
    dom, *_ = seen
    assert "&lt;script&gt;document.title='run'&lt;/script&gt;" in dom
    assert COLUMN not in dom
    assert "<title>Distillation report" in dom


def test_the_console_is_silent_and_nothing_is_asked_for(seen):
    _, log, asked = seen
    assert "CONSOLE" not in log
    assert asked == set()


def test_a_page_that_asks_and_complains_is_noticed(tmp_path):
    page = tmp_path / "page.html"
    image = "http://127.0.0.1:9/image.png"
    page.write_text(f"<img src={image}><script>console.error('x')</script>")
    _, log, asked = look(page, tmp_path)
    assert "CONSOLE" in log
    assert image in asked
