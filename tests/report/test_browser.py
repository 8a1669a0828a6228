"""The report in a browser: nothing runs, nothing overflows, dark is dark."""

import html
import re
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistillationReport, DistilledClassifier, DistilledRegressorCV

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
    None,
)
SCRIPT = "<script>document.title = 'run'</script>"
IMAGE = "<img src=x onerror=\"document.title = 'run'\">"
# Written into a copy of the page, as the page itself allows no script.
# Counts the texts of a picture that touch another one, or leave the page.
PROBE = """<script>
addEventListener("load", () => {
  for (const part of document.querySelectorAll("details")) part.open = true;
  let touching = 0;
  for (const picture of document.querySelectorAll("svg")) {
    const boxes = [...picture.querySelectorAll("text")].map(
      (text) => text.getBoundingClientRect());
    boxes.forEach((a, i) => {
      if (a.left < 0 || a.right > innerWidth) touching += 1;
      for (const b of boxes.slice(i + 1))
        if (a.left < b.right && b.left < a.right && a.top < b.bottom - 2
            && b.top < a.bottom - 2) touching += 1;
    });
  }
  const root = document.documentElement;
  const colours = getComputedStyle(document.querySelector(".skd"));
  parent.document.body.dataset.probe = [
    root.scrollWidth, innerWidth, touching, colours.color, colours.backgroundColor,
    document.title
  ].join("; ");
});
</script>"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path"),
]


@pytest.fixture(scope="module")
def page():
    rng = np.random.default_rng(0)
    names = [SCRIPT, IMAGE, "a_name_without_a_place_to_break_" * 8]
    X = pd.DataFrame(rng.normal(size=(200, 3)), columns=names)
    y = np.array([SCRIPT, "a class with a rather long name" * 3, IMAGE])[
        X.to_numpy().argmax(axis=1)
    ]
    model = DistilledClassifier(
        LogisticRegression(), DecisionTreeClassifier(max_depth=3)
    ).fit(X[:100], y[:100])
    report = DistillationReport(
        model, X[100:], y[100:], train=(X[:100], y[:100]), n_timings=2
    )
    return report.to_html()


def probe(page, folder, width, scheme):
    """Return what the probe sees, with the page's policy taken out.

    No window of a browser is as narrow as a phone, so the page is in a frame.
    """
    page = re.sub('<meta http-equiv="Content-Security-Policy"[^>]*>', PROBE, page)
    path = folder / "page.html"
    frame = f'<iframe style="border: 0; width: {width}px" srcdoc="{html.escape(page)}">'
    path.write_text(f"<!doctype html><body>{frame}</iframe>", encoding="utf-8")
    dom = browse(
        path,
        folder,
        "--dump-dom",
        "--window-size=1400,900",
        f"--blink-settings=preferredColorScheme={scheme}",
    )
    return re.search('data-probe="([^"]*)"', dom)[1].split("; ")


def browse(path, folder, *options):
    done = subprocess.run(
        [
            CHROMIUM,
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            f"--user-data-dir={folder / 'profile'}",
            *options,
            path.as_uri(),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=120,
        check=True,
    )
    return done.stdout.decode()


@pytest.mark.parametrize("width", [390, 1200])
def test_the_page_is_no_wider_than_the_screen_and_runs_no_name(page, tmp_path, width):
    content, screen, touching, *_, title = probe(page, tmp_path, width, 1)
    assert touching == "0"
    assert int(screen) == width
    assert int(content) <= width
    assert title.startswith("Distillation report")


@pytest.mark.parametrize(("scheme", "is_dark"), [(0, True), (1, False)])
def test_text_stands_out_in_both_schemes(page, tmp_path, scheme, is_dark):
    *_, text, back, _ = probe(page, tmp_path, 600, scheme)
    text, back = (
        np.mean([int(part) for part in re.findall(r"\d+", colour)[:3]])
        for colour in (text, back)
    )
    assert (text > back) == is_dark
    assert abs(text - back) > 128


@pytest.mark.parametrize("width", [390, 1200])
def test_the_page_is_painted(page, tmp_path, width):
    path, picture = tmp_path / "page.html", tmp_path / "page.png"
    path.write_text(page, encoding="utf-8")
    browse(path, tmp_path, f"--screenshot={picture}", f"--window-size={width},900")
    # A blank page of this size is smaller.
    assert picture.stat().st_size > 20_000


def test_labels_of_pictures_of_values_touch_nothing(tmp_path):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(90, 3)), columns=["a", "W" * 40, "長い名前" * 9])
    y = 1e9 + 1e7 * X["a"]
    train, test = (X[:50], y[:50]), (X[50:], y[50:])
    students = [
        (f"{rounds} rounds", GradientBoostingRegressor(n_estimators=rounds))
        for rounds in (4, 12)
    ]
    search = DistilledRegressorCV(
        Ridge(), students, alphas=(1.0,), transfers=(None,), refinements=(None,), cv=2
    ).fit(*train)
    page = DistillationReport(search, *test, train=train, n_timings=2).to_html()
    assert page.count("<svg") == 10
    for width in (390, 1280):
        assert probe(page, tmp_path, width, 1)[2] == "0"
