"""Read the built site as its readers do, and fail where it would fail them.

    python tools/check_docs.py build/site

In the files, every internal link and anchor leads somewhere, and nothing is loaded from
another place. In headless Chromium, every page fits a phone of 390 pixels, on which
nothing but tables and code has to be scrolled, the console stays silent, and the search
finds every word of the glossary.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from urllib.parse import unquote, urldefrag

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDTH = 390
SECONDS = 900
# What the theme says of itself. Chromium logs errors of a page as INFO too.
THEME = '"[PST]: '
HARNESS = """<!doctype html><title>check</title><body><script>
const {pages, words, glossary, width} = PARAMETERS;
const found = {wide: [], cut: [], lost: [], errors: []};
const frame = document.createElement("iframe");
frame.style = `border: 0; height: 800px; width: ${width}px`;
document.body.append(frame);
const load = url => new Promise(done => {
  frame.onload = () => setTimeout(done, 30);
  frame.src = url;
});
const sleep = ms => new Promise(done => setTimeout(done, ms));
const article = ".bd-article-container";
// The theme lets the whole article scroll.
const scrolls = node => !node.matches(article) && (
  ["auto", "scroll"].includes(getComputedStyle(node).overflowX)
  || scrolls(node.parentElement));
// A box that ends on the phone may show a word that does not.
const isCut = node => {
  const {left, right} = node.getBoundingClientRect();
  const isOpen = getComputedStyle(node).overflowX === "visible";
  return !scrolls(node.parentElement)
    && (right > width + 1 || (isOpen && left + node.scrollWidth > width + 1));
};
async function finds(word) {
  await load("/search.html?q=" + encodeURIComponent(word));
  for (let turn = 0; turn < 100; turn++) {
    const links = [...frame.contentDocument.querySelectorAll("#search-results li a")];
    if (links.some(link => link.href.includes(glossary))) return true;
    await sleep(50);
  }
  return false;
}
(async () => {
  for (const page of pages) {
    try {
      await load("/" + page);
      const root = frame.contentDocument.documentElement;
      if (root.scrollWidth > width) found.wide.push([page, root.scrollWidth]);
      const cut = [...root.querySelectorAll(article + " *")].find(isCut);
      if (cut) found.cut.push([page, cut.textContent.trim().slice(0, 40)]);
    } catch (error) { found.errors.push([page, String(error)]); }
  }
  for (const word of words) if (!await finds(word)) found.lost.push(word);
  await fetch("/done", {method: "POST", body: JSON.stringify(found)});
})();
</script>"""


class Page(HTMLParser):
    """The links, the loaded files, the anchors and the glossary's words of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.words: list[str] = []
        self._in_word = False
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list) -> None:
        """Collect what the attributes name."""
        named = {name: value or "" for name, value in attrs}
        self.anchors |= {named[name] for name in ("id", "name") if name in named}
        if tag == "dt" and named.get("id", "").startswith("term-"):
            self._in_word = True
            self.words.append("")
        if tag == "a" and "href" in named:
            self._in_word = False
            self.links.append(named["href"])
        if tag == "link" and named.get("rel") not in ("canonical", "next", "prev"):
            self.loads.append(named.get("href", ""))
        if "src" in named:
            self.loads.append(named["src"])

    def handle_endtag(self, tag: str) -> None:
        """End a word of the glossary."""
        self._in_word &= tag != "dt"

    def handle_data(self, data: str) -> None:
        """Collect the text of a word."""
        if self._in_word:
            self.words[-1] += data


class Server(SimpleHTTPRequestHandler):
    """The site, and the page that looks at its pages."""

    def __init__(self, *args, harness: str, found: dict, done: Event, **kwargs) -> None:
        self.harness, self.found, self.done = harness, found, done
        super().__init__(*args, **kwargs)

    def do_GET(self) -> None:
        """Send the harness, or a file."""
        if self.path != "/harness":
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(self.harness.encode())

    def do_POST(self) -> None:
        """Take what the harness found."""
        size = int(self.headers["Content-Length"])
        self.found.update(json.loads(self.rfile.read(size)))
        self.send_response(204)
        self.end_headers()
        self.done.set()

    def log_message(self, *args) -> None:
        """Say nothing."""

    def copyfile(self, source, outputfile) -> None:
        """Send a file, unless the browser has gone on to the next page."""
        with suppress(ConnectionError):
            super().copyfile(source, outputfile)


def check_files(site: Path, pages: dict[str, Page]) -> list[str]:
    """Return what is wrong with links, and what would come from elsewhere."""
    wrong = []
    for name, page in pages.items():
        for url in page.loads:
            if url.startswith(("http:", "https:", "//")):
                wrong.append(f"{name} loads {url}")
        for url in [*page.links, *page.loads]:
            if url.split(":")[0] in ("http", "https", "mailto", "data"):
                continue
            target, anchor = urldefrag(url)
            path = (site / name).parent / unquote(target.split("?")[0])
            path = path.resolve() if target else site / name
            path = path / "index.html" if path.is_dir() else path
            if not path.exists():
                wrong.append(f"{name} links to {url}, which is not there")
            elif anchor and path.suffix == ".html":
                there = pages[path.relative_to(site).as_posix()].anchors
                if unquote(anchor) not in there and anchor != "top":
                    wrong.append(f"{name} links to {url}: no such anchor")
    return wrong


def browse(site: Path, browser: str, parameters: dict) -> list[str]:
    """Return what Chromium finds wrong."""
    found: dict = {}
    done = Event()
    harness = HARNESS.replace(
        "PARAMETERS", json.dumps(parameters).replace("<", "\\u003c")
    )
    handler = partial(
        Server, directory=str(site), harness=harness, found=found, done=done
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        log = Path(folder) / "chrome.log"
        command = [browser, "--headless=new", "--no-sandbox", "--disable-gpu"]
        command += ["--window-size=1400,900", f"--user-data-dir={folder}/profile"]
        command += ["--disable-background-networking", "--disable-component-update"]
        command += ["--enable-logging", f"--log-file={log}", "--no-first-run"]
        command += [f"http://127.0.0.1:{server.server_port}/harness"]
        process = subprocess.Popen(  # noqa: S603
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            is_done = done.wait(SECONDS)
        finally:
            process.terminate()
            process.wait()
            server.shutdown()
            server.server_close()
        lines = log.read_text("utf-8", "replace").splitlines()
    if not is_done:
        return [f"Chromium did not come to an end within {SECONDS} seconds."]
    return [
        *(line for line in lines if "CONSOLE" in line and THEME not in line),
        *(f"{page} is {width} pixels wide on a phone" for page, width in found["wide"]),
        *(f"{page}: a phone shows a part of {text!r}" for page, text in found["cut"]),
        *(f"{page}: {error}" for page, error in found["errors"]),
        *(
            f"the search does not find {word!r} in the glossary"
            for word in found["lost"]
        ),
    ]


def main() -> None:
    """Check the folder that is named."""
    site = Path(sys.argv[1] if len(sys.argv) > 1 else "build/site").resolve()
    pages = {
        path.relative_to(site).as_posix(): Page(path)
        for path in sorted(site.rglob("*.html"))
        if "_static" not in path.parts
    }
    if "docs/glossary.html" not in pages:
        sys.exit(f"There is no site in {site}. Build it by `make docs`.")
    words = [word.strip() for word in pages["docs/glossary.html"].words]
    wrong = check_files(site, pages)
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit(f"No browser was found. Install one of {', '.join(BROWSERS)}.")
    parameters = {
        "pages": [name for name in pages if name not in ("index.html", "search.html")],
        "words": words,
        "glossary": "docs/glossary",
        "width": WIDTH,
    }
    wrong += browse(site, browser, parameters)
    sys.stdout.writelines(f"{line}\n" for line in wrong)
    if wrong:
        sys.exit(f"{len(wrong)} faults in {len(pages)} pages.")
    sys.stdout.write(f"{len(pages)} pages, {len(words)} words to search: no fault.\n")


if __name__ == "__main__":
    main()
