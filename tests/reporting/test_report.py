import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from napari_thunder.cli import FAILED, OK, main
from napari_thunder.errors import RegistrationError, ResultError
from napari_thunder.judging import Quality, judge, verdict_of
from napari_thunder.recording import Recording
from napari_thunder.registering import register
from napari_thunder.registration.settings import Registration
from napari_thunder.reporting import report
from napari_thunder.reporting.record import ranges
from napari_thunder.result import save_result
from tests.judging.moving import moving_fish

NASTY = '<script>alert("1")</script>&fish'


@pytest.fixture(scope="module")
def recording():
    fish = moving_fish((60, 4, 40, 56), jumps=(30,)).recording
    events = fish.events.assign(state=["<b>run</b>" if i % 2 else "still" for i in range(len(fish.events))])
    known = {"voxel_size": fish.voxel_size, "frame_times": fish.frame_times, "events": events}
    return Recording.from_array(fish.source.array, name=NASTY, **known).without_frames([3, 4, 5, 9])


@pytest.fixture(scope="module")
def registration(recording):
    return register(recording, Registration(template_frames=30, template_rounds=2))


@pytest.fixture(scope="module")
def quality(recording, registration):
    return judge(recording, registration, Quality(components=2, epochs_by="state"))


@pytest.fixture(scope="module")
def page(registration, quality, tmp_path_factory):
    return report(registration, quality, tmp_path_factory.mktemp("report") / "page.html").read_text("utf-8")


class Reader(HTMLParser):
    """Checks that every element ends where it should, and gathers text and addresses."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.text, self.addresses, self.names = [], [], [], set()

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.handle_startendtag(tag, attrs)

    def handle_startendtag(self, tag, attrs):
        self.names.add(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href", "xlink:href", "data")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def read(page):
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert not reader.open
    return reader


def test_the_page_needs_no_network_and_no_script(page, read):
    assert "script" not in read.names
    assert "link" not in read.names
    assert all(address.startswith("data:image/png;base64,") for address in read.addresses)
    assert len(read.addresses) >= 10
    assert "url(" not in page
    assert "@import" not in page


def test_names_from_files_are_text_and_nothing_else(page, read):
    assert "<script>" not in page
    assert "<b>run</b>" not in page
    text = "".join(read.text)
    assert NASTY in text
    assert "<b>run</b>" in text


def test_the_verdict_stands_on_top_with_its_reasons(quality, read):
    text = "".join(read.text)
    verdict = verdict_of(quality)
    assert text.index(verdict.line) < text.index("Motion")
    assert all(reason in text for reason in verdict.reasons)


def test_everything_that_was_measured_is_there(read, quality):
    text = "".join(read.text)
    for title in ("Frame by frame", "Before and after", "Measures", "Does anything still move?", "Valid region",
                  "tSNR", "Motion R²", "Plane by plane", "Condition by condition", "From the first half"):  # fmt: skip
        assert title in text, title
    for row in ("PC shift, mean (voxel)", "Crispness of the mean", "DVARS, median"):
        assert row in text
    assert f"{float(quality.pc_shift.sel(stage='registered').mean()):.3g}" in text


def test_frames_to_exclude_are_listed_with_reasons_and_those_that_were_too(read, quality):
    text = "".join(read.text)
    frames = quality.attrs["outlier_frames"]
    assert 30 in frames
    for reasons in json.loads(quality.attrs["outlier_reasons"]).values():
        assert "; ".join(reasons) in text
    assert "--exclude-frames " + ranges(frames).replace("–", "-").replace(" ", "") in text
    assert "Excluded before: 3–5, 9." in text


def test_what_made_it_is_there(read, registration):
    text = "".join(read.text)
    record = json.loads(registration.attrs["provenance"])
    assert record["recording"]["fingerprint"] in text
    for name, number in record["versions"].items():
        assert f"{name} {number}" in text
    assert "Template frames30" in text
    assert "Components2" in text


def test_it_is_read_in_light_and_dark(page):
    assert "prefers-color-scheme: dark" in page
    assert "color-scheme: light dark" in page


def test_a_registration_that_was_not_judged_says_so(registration, tmp_path):
    text = report(registration, None, tmp_path / "page.html").read_text("utf-8")
    assert "Not judged" in text
    assert "Motion" in text
    assert "Measures" not in text


def test_the_judgement_of_another_registration_is_refused(recording, registration, quality, tmp_path):
    other = registration.copy(deep=True)
    other["shift"].values[:] = 0
    with pytest.raises(ResultError, match="another registration"):
        report(other, quality, tmp_path / "page.html")
    with pytest.raises(RegistrationError, match="not a registration"):
        report(quality, None, tmp_path / "page.html")
    with pytest.raises(ResultError, match="no verdict"):
        report(registration, registration, tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []


def test_it_is_written_whole_or_not_at_all(registration, tmp_path):
    with pytest.raises(ResultError, match="no such folder"):
        report(registration, None, tmp_path / "missing" / "page.html")
    (tmp_path / "page.html").write_text("old")
    report(registration, None, tmp_path / "page.html")
    assert [p.name for p in tmp_path.iterdir()] == ["page.html"]
    assert "old" not in (tmp_path / "page.html").read_text("utf-8")[:20]


def test_where_nothing_could_be_measured_the_page_is_still_whole(recording, registration, tmp_path):
    lost = registration.copy(deep=True)
    lost["shift"].values[::2, ..., 1], lost["shift"].values[1::2, ..., 1] = 30, -30
    found = judge(recording, lost, Quality(speed_outlier=1e9))
    reader = Reader()
    reader.feed(report(lost, found, tmp_path / "page.html").read_text("utf-8"))
    assert not reader.open
    text = "".join(reader.text).lower()
    assert not re.search(r"\bnan\b", text), text[text.index("nan") - 60 :][:120]


def test_the_command_line_judges_and_reports(recording, registration, tmp_path, capsys):
    movie, reg, quality, page = (tmp_path / n for n in ("fish.npy", "reg.zarr", "quality.zarr", "page.html"))
    np.save(movie, recording.source.array)
    save_result(registration, reg)
    options = ["--frame-rate", "2", "--exclude-frames", "3-5,9", "--set", "components=2", "memory=64"]
    assert main(["judge", str(movie), "--registration", str(reg), "-o", str(quality), *options]) == OK
    said = capsys.readouterr().out
    assert re.match(r"(good|fair|bad): residual [\d.]+ voxel; \d+ frames? of 56 to exclude", said)
    assert "PC shift, mean (voxel)" in said
    assert "--exclude-frames 30" in said
    assert main(["judge", str(movie), "--registration", str(reg), "--json", *options]) == OK
    facts = json.loads(capsys.readouterr().out)
    assert facts["verdict"]["word"] in ("good", "fair", "bad")
    assert 30 in facts["outlier_frames"]
    assert set(facts["measures"]["PC shift, mean (voxel)"]) == {"raw", "control", "registered"}
    assert main(["report", str(reg), "--quality", str(quality), "-o", str(page)]) == OK
    assert facts["verdict"]["word"] in capsys.readouterr().out
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")
    assert main(["report", str(reg), "-o", str(page)]) == FAILED
    assert "something there already" in capsys.readouterr().err
    assert main(["judge", str(movie), "--registration", str(quality)]) == FAILED
    assert "not a registration" in capsys.readouterr().err


def test_frames_are_written_as_spans():
    assert ranges([9, 3, 4, 5]) == "3–5, 9"
    assert ranges([]) == ""
