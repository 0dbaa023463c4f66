"""What is due: ended quarters without a report, late deliveries; a page says how it went."""

from __future__ import annotations

import json
from datetime import date

import pytest
from bs4 import BeautifulSoup
from conftest import DELIVERY

from est_analysis import catch_up as catching
from est_analysis import municipality
from est_analysis.catch_up import STATUS, catch_up, due
from est_analysis.errors import EstError, PeriodError, ReportError, SettingsError
from est_analysis.gather import store
from est_analysis.periods import parse
from est_analysis.reports.build import Built
from est_analysis.reports.versions import short

DAY = date(2026, 11, 22)
SAID = "En mening <i>om</i> {}."


@pytest.fixture
def folder(make_folder):
    return make_folder()


@pytest.fixture
def out(tmp_path):
    return tmp_path / "ut"


def write_report(folder, period, out, sentence="som förr"):
    """Write what a finished report's folder says of itself."""
    target = out / folder.name / period
    target.mkdir(parents=True, exist_ok=True)
    (target / "rapport.html").write_text("", encoding="utf-8")
    inputs = store.input_hashes(municipality.load(folder))
    (target / "provenance.json").write_text(json.dumps({"inputs": inputs}), encoding="utf-8")
    brief = str(parse(period).last_fortnight())
    told = {"report": "mote", "edition": "internal", "language": "sv", "period": brief}
    store.record_report(municipality.load(folder), told | {"inputs": short(inputs)})
    findings = {"rapport": [{"sentence": SAID.format(sentence)}]}
    (target / "findings.json").write_text(json.dumps(findings), encoding="utf-8")
    return Built(target, target / "rapport.html", target / "mote.html")


@pytest.fixture
def fast(monkeypatch):
    """Let a report be made at once; ``fails`` names the periods that cannot be."""
    fails: dict[str, BaseException] = {}

    def build(name_or_path, period, *, out, **_):
        if period in fails:
            raise fails[period]
        return write_report(name_or_path, period, out, "som är ny")

    monkeypatch.setattr(catching, "build", build)
    return fails


def periods(folder, out, today=DAY):
    return [str(one.period) for one in due(municipality.load(folder), out, today)]


def test_the_first_run_makes_the_latest_quarter_alone(folder, out):
    assert periods(folder, out) == ["2026Q3"]
    assert periods(folder, out, date(2026, 9, 30)) == ["2026Q2"]
    assert periods(folder, out, date(2026, 10, 1)) == ["2026Q3"]


def test_what_was_missed_is_caught_up_oldest_first(folder, out):
    write_report(folder, "2026Q1", out)
    assert periods(folder, out) == ["2026Q2", "2026Q3"]
    write_report(folder, "2026Q3", out)
    assert periods(folder, out) == ["2026Q2"]
    write_report(folder, "2026Q2", out)
    assert periods(folder, out) == []


def test_a_clock_that_jumps_makes_few_reports(folder, out):
    write_report(folder, "2026Q3", out)
    assert periods(folder, out, date(2099, 1, 1)) == ["2098Q4"]
    assert periods(folder, out, date(2020, 1, 1)) == ["2019Q4"]


def test_a_late_delivery_makes_a_new_version_with_what_changed_and_why(folder, out, fast):
    write_report(folder, "2026Q3", out)
    assert catch_up(folder, out=out, today=DAY) == []
    assert "Inget nytt att göra" in (out / folder.name / STATUS).read_text("utf-8")
    late = folder / "deliveries/polis/sen.csv"
    late.write_text(DELIVERY, encoding="utf-8")
    (step,) = catch_up(folder, out=out, today=DAY)
    assert step.due.inputs == ("deliveries/polis/sen.csv",)
    page = BeautifulSoup((out / folder.name / STATUS).read_text("utf-8"), "html.parser")
    assert "ny version" in page.text
    assert "deliveries/polis/sen.csv" in page.text
    assert page.a.text == "juli–september 2026"
    assert [line.text for line in page.section.find_all("li")] == [
        SAID.format("som är ny"),
        SAID.format("som förr"),
    ]
    assert page.text.index("Nytt i den nya versionen") < page.text.index("Står inte längre i den")
    late.unlink()
    (step,) = catch_up(folder, out=out, today=DAY)
    assert step.due.inputs == ("deliveries/polis/sen.csv",)
    assert step.changed == step.gone == ()
    text = (out / folder.name / STATUS).read_text("utf-8")
    assert "Ingen mening i rapporten ändras" in text


def test_a_quarter_that_fails_hinders_no_other_and_is_told(folder, out, fast):
    write_report(folder, "2026Q1", out)
    fast["2026Q2"] = PeriodError("Det finns inga uppgifter för 2026Q2.", mend="Lägg <in> dem.")
    with pytest.raises(PeriodError):
        catch_up(folder, out=out, today=DAY)
    assert (out / folder.name / "2026Q3/rapport.html").exists()
    text = (out / folder.name / STATUS).read_text("utf-8")
    page = BeautifulSoup(text, "html.parser")
    assert page.h2.text == "Rapporten gick inte att göra: april–juni 2026"
    assert "Gör så här: Lägg <in> dem." in page.text
    assert "står kvar" in page.text
    listed = [a.text for a in page.ul.find_all("a") if a.text != "inför mötet"]
    assert listed == ["juli–september 2026", "januari–mars 2026"]
    assert "<in>" not in text


def test_settings_that_do_not_hold_are_told_on_the_page(folder, out, fast):
    write_report(folder, "2026Q3", out)
    (folder / "municipality.toml").write_text("name = ", encoding="utf-8")
    with pytest.raises(EstError):
        catch_up(folder, out=out, today=DAY)
    text = (out / folder.name / STATUS).read_text("utf-8")
    assert "municipality.toml går inte att läsa" in text
    assert 'href="2026Q3/rapport.html"' in text


def test_what_nobody_foresaw_is_told_by_its_kind_alone(folder, out, fast):
    fast["2026Q3"] = KeyError("Anna Andersson")
    with pytest.raises(KeyError):
        catch_up(folder, out=out, today=DAY)
    text = (out / folder.name / STATUS).read_text("utf-8")
    assert "Oväntat fel: KeyError" in text
    assert "Anna" not in text


def test_a_former_report_that_cannot_be_read_is_a_sentence(folder, out, fast):
    built = write_report(folder, "2026Q3", out)
    (built.folder / "provenance.json").write_text("{", encoding="utf-8")
    with pytest.raises(ReportError, match=r"provenance\.json"):
        catch_up(folder, out=out, today=DAY)


def test_the_settings_say_which_periods_are_made(folder, out):
    settings = folder / "municipality.toml"
    before = settings.read_text(encoding="utf-8")
    settings.write_text(before + '\n[reports]\nperiod = "month"\n', encoding="utf-8")
    (month,) = periods(folder, out)
    assert len(str(month)) == len("2026-09")
    settings.write_text(before + '\n[reports]\nperiod = "day"\n', encoding="utf-8")
    with pytest.raises(SettingsError):
        periods(folder, out)


def test_a_report_whose_run_was_killed_before_the_ledger_is_made_again(folder, out, fast):
    for period in ("2026Q2", "2026Q3"):
        write_report(folder, period, out)
    assert periods(folder, out) == []
    ledger = folder / "ledger/reports.jsonl"
    whole = ledger.read_text("utf-8")
    ledger.write_text(whole.splitlines(keepends=True)[1], "utf-8")
    (step,) = catch_up(folder, out=out, today=DAY)
    assert (str(step.due.period), step.due.inputs) == ("2026Q2", ())
    text = (out / folder.name / STATUS).read_text("utf-8")
    assert "gjord om, eftersom körningen som gjorde den avbröts" in text
    assert "eftersom detta har kommit till" not in text
    assert periods(folder, out) == []
    ledger.write_text(whole.replace('"sv"', '"en"'), "utf-8")  # of another language: not told of
    assert periods(folder, out) == ["2026Q2", "2026Q3"]


def test_a_new_version_whose_run_was_killed_before_the_ledger_is_made_again(folder, out, fast):
    """The ledger tells of the former version: that is not the one which stands."""
    write_report(folder, "2026Q3", out)
    ledger = folder / "ledger/reports.jsonl"
    before = ledger.read_text("utf-8")
    (folder / "deliveries/polis/sen.csv").write_text(DELIVERY, encoding="utf-8")
    write_report(folder, "2026Q3", out)
    assert periods(folder, out) == []
    ledger.write_text(before, "utf-8")
    assert periods(folder, out) == ["2026Q3"]


def test_a_folder_that_is_no_period_keeps_its_name(folder, out, fast):
    for name in ("2026Q3-en", "annat"):
        (out / folder.name / name).mkdir(parents=True)
        (out / folder.name / name / "rapport.html").write_text("", encoding="utf-8")
    catch_up(folder, out=out, today=DAY)
    page = BeautifulSoup((out / folder.name / STATUS).read_text("utf-8"), "html.parser")
    listed = [a.text for a in page.ul.find_all("a") if a.text != "inför mötet"]
    assert listed == ["annat", "juli–september 2026 (på engelska)", "juli–september 2026"]


def test_a_run_that_is_killed_leaves_a_page_that_says_so(folder, out, monkeypatch):
    write_report(folder, "2026Q2", out)
    seen = []

    def build(*_, **__):
        seen.append((out / folder.name / STATUS).read_text("utf-8"))
        return write_report(folder, "2026Q3", out, "som är ny")

    monkeypatch.setattr(catching, "build", build)
    catch_up(folder, out=out, today=DAY)
    (during,) = seen  # what a kill would leave
    page = BeautifulSoup(during, "html.parser")
    assert page.h2.text == "Körningen har börjat: juli–september 2026"
    assert "Står detta kvar en dag senare avbröts körningen" in page.text
    assert "23 november" not in page.text
    assert "22 november 2026" in page.text
    assert "De rapporter som är gjorda står kvar." in page.text
    assert "har börjat" not in (out / folder.name / STATUS).read_text("utf-8")


def test_what_a_run_is_told_reaches_each_report(folder, out, monkeypatch):
    given = {}

    def build(*_, **named):
        given.update(named)
        return write_report(folder, "2026Q3", out)

    monkeypatch.setattr(catching, "build", build)
    catch_up(folder, out=out, today=DAY, longest_s=7.0, fresh=True, at_once=1)
    assert (given["longest_s"], given["fresh"], given["at_once"]) == (7.0, True, 1)
