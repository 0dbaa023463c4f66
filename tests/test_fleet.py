"""A fleet: each municipality by itself, a failing one told, a killed one run again."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from est_analysis import fleet, municipality, runs
from est_analysis.errors import EstError, SettingsError
from est_analysis.gather import store

PERIOD = "2026Q3"


@pytest.fixture
def root(tmp_path):
    """Three folders that look like municipalities, one that does not, and one that is hidden."""
    for name, size in (("alby", 10), ("åby", 3000), ("boby", 200)):
        (tmp_path / "root" / name / "deliveries").mkdir(parents=True)
        (tmp_path / "root" / name / "municipality.toml").write_text("", encoding="utf-8")
        (tmp_path / "root" / name / "deliveries/a.csv").write_text("x" * size, encoding="utf-8")
    (tmp_path / "root/anteckningar").mkdir()
    (tmp_path / "root/.git").mkdir()
    return tmp_path / "root"


def noted(folder, period, out, longest_s):
    """Note that a municipality was run; let *boby* kill its worker the first time."""
    key = Path(folder).name
    notes = Path(out).parent / "notes"
    notes.mkdir(exist_ok=True)
    with (notes / key).open("a", encoding="utf-8") as file:
        file.write(f"{period}\n")
    if key == "boby" and len((notes / key).read_text("utf-8").splitlines()) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    if key == "åby":
        return {"key": key, "message": "Det <b>går</b> inte.\nGör så här: Rätta filen."}
    return {"key": key, "name": key.title(), "period": period, "report": f"{key}/rapport.html"}


def test_a_killed_worker_costs_only_its_own_municipality(root, tmp_path):
    out, steps = tmp_path / "ut", []
    overview = fleet.run(
        root, PERIOD, out=out, workers=2, work=noted, progress=lambda *step: steps.append(step)
    )
    times = {f.name: len(f.read_text("utf-8").splitlines()) for f in (tmp_path / "notes").iterdir()}
    assert times == {"alby": 1, "åby": 1, "boby": 2}
    assert overview.done == 2
    assert [one.key for one in overview.failed] == ["åby"]
    assert steps[-1][1:] == (3, 3)
    told = json.loads((out / "fleet.json").read_text("utf-8"))
    assert told["not_run"] == ["anteckningar"]
    assert [one["key"] for one in told["municipalities"]] == ["alby", "boby", "åby"]
    text = overview.page.read_text("utf-8")
    page = BeautifulSoup(text, "html.parser")
    assert "<b>går</b>" not in text
    assert "Det <b>går</b> inte." in page.text
    assert [row.th.text for row in page.tbody.find_all("tr")] == [
        "Alby (alby)",
        "Boby (boby)",
        "åby",
    ]
    assert page.tbody.a["href"] == "alby/rapport.html"
    assert "default-src 'none'" in page.find("meta", attrs={"http-equiv": True})["content"]
    assert not re.search(r"https?://|<script|src=", text)


def hopeless(folder, period, out, longest_s):
    """Kill every worker that tries *boby*."""
    if Path(folder).name == "boby":
        os.kill(os.getpid(), signal.SIGKILL)
    return {"key": Path(folder).name}


def test_what_kills_every_worker_is_told_and_the_rest_finished(root, tmp_path):
    overview = fleet.run(root, PERIOD, out=tmp_path / "ut", workers=1, work=hopeless)
    assert overview.done == 2
    (failed,) = overview.failed
    assert failed.key == "boby"
    assert "försvann" in failed.message
    assert "Gör så här" in failed.message


def test_a_cluster_here_is_heard_on_this_machine_only_and_speaks_tls():
    psutil = pytest.importorskip("psutil")
    with fleet._client(None, 1) as client:
        assert client.scheduler.address.startswith("tls://127.0.0.1:")
        own = psutil.Process()
        sockets = [s for p in (own, *own.children(recursive=True)) for s in p.net_connections()]
        heard = {s.laddr.ip for s in sockets if s.status == psutil.CONN_LISTEN}
    assert heard == {"127.0.0.1"}


def test_the_largest_go_first_and_what_is_none_is_not_run(root):
    own, other = fleet.municipalities(root)
    assert [folder.name for folder in own] == ["alby", "boby", "åby"]
    assert other == ["anteckningar"]
    assert [fleet._size(folder) for folder in own] == [10, 200, 3000]


def test_nothing_to_run_is_a_sentence(tmp_path):
    for root, says in ((tmp_path, "Ingen kommunmapp"), (tmp_path / "borta", "finns inte")):
        with pytest.raises(SettingsError, match=says):
            fleet.run(root, PERIOD, out=tmp_path / "ut")
    assert not (tmp_path / "ut").exists()


def test_a_link_is_not_followed(root, tmp_path):
    (tmp_path / "annan").mkdir()
    (tmp_path / "annan/municipality.toml").write_text("", encoding="utf-8")
    for name in ("alby", "boby", "åby"):
        (root / name / "municipality.toml").unlink()
    (root / "lank").symlink_to(tmp_path / "annan")
    overview = fleet.run(root, PERIOD, out=tmp_path / "ut", work=noted)
    assert "länk" in overview.failed[0].message
    assert not (tmp_path / "notes").exists()


def test_a_link_to_a_neighbours_deliveries_is_noticed(root):
    own = root / "alby/deliveries"
    (own / "egen.csv").symlink_to(own / "a.csv")
    assert fleet._leads_out(root / "alby") == ""
    (own / "b.csv").symlink_to(root / "boby/deliveries/a.csv")
    assert fleet._leads_out(root / "alby") == "alby/deliveries/b.csv"


def test_a_scheduler_that_does_not_answer_is_a_sentence(root, tmp_path, monkeypatch):
    monkeypatch.setattr(fleet, "PATIENCE_S", 1)
    with pytest.raises(EstError, match="svarar inte"):
        fleet.run(root, PERIOD, out=tmp_path / "ut", scheduler="tcp://127.0.0.1:9")


@pytest.mark.parametrize("scheduler", ["", "bara text", "tcp://127.0.0.1", "tls://127.0.0.1:9"])
def test_what_is_no_scheduler_is_a_sentence(root, tmp_path, scheduler):
    with pytest.raises(EstError, match="svarar inte"):
        fleet.run(root, PERIOD, out=tmp_path / "ut", scheduler=scheduler)


@pytest.fixture
def apart(tmp_path):
    """Start a scheduler and a worker as an agency would; give what stops each, and the address."""
    started = []

    def start(*more):
        file = tmp_path / "scheduler.json"
        base = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        quiet["env"] = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        local = ["--host", "127.0.0.1", *more]
        ways = [*base, *local, "--no-dashboard", "--port", "0", "--scheduler-file", str(file)]
        started.append(subprocess.Popen(ways, **quiet))
        base[-1] = "distributed.cli.dask_worker"
        ways = [*base, *local, "--no-dashboard", "--no-nanny", "--nthreads", "1"]
        started.append(subprocess.Popen([*ways, "--scheduler-file", str(file)], **quiet))
        until = time.monotonic() + 60
        while not file.exists() and time.monotonic() < until:
            time.sleep(0.05)
        return (json.loads(file.read_text("utf-8"))["address"], *started)

    yield start
    for process in started:
        process.kill()
        process.wait()


def waiting(folder, period, out, longest_s):
    """Say that a municipality has begun, and let all but *boby* wait."""
    (Path(out).parent / "began").touch()
    if Path(folder).name != "åby":
        time.sleep(30)
    return {"key": Path(folder).name}


@pytest.mark.parametrize("who", ["scheduler", "worker"])
def test_a_cluster_that_is_lost_in_the_middle_is_told_and_ends(
    root, tmp_path, monkeypatch, apart, who
):
    monkeypatch.setattr(fleet, "LOOK_S", 0.5)
    address, scheduler, worker = apart()

    def lose(what, done, of):
        if done == 1:  # åby, the largest, is done
            monkeypatch.setattr(fleet, "PATIENCE_S", 2)
            (scheduler if who == "scheduler" else worker).kill()

    began = time.monotonic()
    overview = fleet.run(
        root, PERIOD, out=tmp_path / "ut", scheduler=address, work=waiting, progress=lose
    )
    assert time.monotonic() - began < 30
    assert [one.key for one in overview.outcomes] == ["alby", "boby", "åby"]
    assert [one.key for one in overview.failed] == ["alby", "boby"]
    assert all("Klustret försvann" in one.message for one in overview.failed)


def test_certificates_of_ones_own_are_used_and_missed(root, tmp_path, apart):
    import dask
    from distributed import Security

    own = Security.temporary()
    files = {}
    for name, text in (("ca-file", own.tls_ca_file), ("cert", own.tls_client_cert)):
        files[name] = tmp_path / f"{name}.pem"
        files[name].write_text(text)
    files["key"] = tmp_path / "key.pem"
    files["key"].write_text(own.tls_client_key)
    given = [f"--tls-{name}={file}" for name, file in files.items()]
    address, *_ = apart("--protocol", "tls", *given)
    assert address.startswith("tls://")
    with pytest.raises(EstError, match="Certifikat saknas"):
        fleet.run(root, PERIOD, out=tmp_path / "ut", scheduler=address, work=noted)
    own = {"ca-file": "ca-file", "client.cert": "cert", "client.key": "key"}
    tls = {f"distributed.comm.tls.{name}": str(files[file]) for name, file in own.items()}
    (root / "boby/municipality.toml").unlink()  # it kills its worker, and none is started again
    with dask.config.set(tls):
        overview = fleet.run(root, PERIOD, out=tmp_path / "ut", scheduler=address, work=noted)
    assert overview.done == 1


def test_workers_of_another_version_are_refused(root, tmp_path, monkeypatch, apart):
    address, *_ = apart()
    monkeypatch.setattr(fleet, "version", lambda _: "0.0.1")
    with pytest.raises(EstError, match=r"här är 0\.0\.1"):
        fleet.run(root, PERIOD, out=tmp_path / "ut", scheduler=address, work=noted)
    assert not (tmp_path / "notes").exists()


def test_two_fleets_on_one_cluster_share_no_task(root, tmp_path):
    with fleet._client(None, 1) as client:
        keys = []
        submit = client.submit
        client.submit = lambda *a, key, **k: keys.append(key) or submit(*a, key=key, **k)
        folders = [root / "alby"]
        for out in ("ett", "två"):
            (tmp_path / out).mkdir()
            list(fleet._outcomes(client, folders, PERIOD, tmp_path / out / "ut", 9, noted))
    assert len(set(keys)) == 2
    assert all((tmp_path / out / "notes/alby").exists() for out in ("ett", "två"))


def test_reports_do_not_lie_among_the_municipalities(root):
    with pytest.raises(SettingsError, match="bland kommunernas mappar"):
        fleet.run(root, PERIOD, out=root, work=noted)
    assert not (root / "fleet.html").exists()


def test_a_folder_that_is_closed_to_us_stops_no_other(root, monkeypatch):
    is_file = Path.is_file

    def closed(path):
        if "boby" in path.parts:
            raise PermissionError(13, "Permission denied", str(path))
        return is_file(path)

    monkeypatch.setattr(Path, "is_file", closed)
    assert [folder.name for folder in fleet.municipalities(root)[0]] == ["alby", "boby", "åby"]
    assert fleet._size(root / "boby") == 0
    monkeypatch.setattr(Path, "iterdir", closed)
    monkeypatch.setattr(Path, "is_dir", lambda _: True)
    with pytest.raises(SettingsError, match="går inte att läsa"):
        fleet.municipalities(root / "boby")


def test_a_child_that_is_cut_off_or_too_slow_is_told(make_folder, tmp_path, monkeypatch):
    folder, out = make_folder(), tmp_path / "ut"
    left = out / "lillby/.run-dead"
    left.mkdir(parents=True)
    (left / "rows").touch()
    slow = fleet.run_one(str(folder), PERIOD, str(out), 0.2)
    assert "avbröts efter" in slow["message"]
    assert not left.exists()
    monkeypatch.setattr(sys, "executable", "/bin/false")
    gone = fleet.run_one(str(folder), PERIOD, str(out), 60)
    assert "utan besked (kod 1)" in gone["message"]


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize(("deaths", "times"), [(1, 2), (9, 2)])
def test_a_child_that_is_killed_is_tried_once_more(tmp_path, monkeypatch, deaths, times):
    """The system kills the largest process when memory ends: the child, not its worker."""
    program, count = tmp_path / "program", tmp_path / "count"
    program.write_text(
        f"#!/bin/sh\necho x >> {count}\n"
        f"[ $(wc -l < {count}) -gt {deaths} ] || kill -9 $$\n"
        'while [ "$1" != --log ]; do shift; done\n'
        """echo '{"message": "", "seconds": 1, "peak_mb": 1, "largest_child_mb": 1}' > "$2"\n"""
    )
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    told = fleet.run_one("x/lillby", PERIOD, str(tmp_path / "ut"), 60)
    assert len(count.read_text().splitlines()) == times
    assert ("utan besked (kod -9)" in told["message"]) == (deaths == 9)


@pytest.mark.slow
def test_real_municipalities_each_in_a_process_of_its_own(make_folder, tmp_path):
    """The whole command: one that works, one that does not."""
    make_folder(name="kommuner/alby")
    make_folder(name="kommuner/fel", top={"crs": "EPSG:4326"})
    command = [sys.executable, "-m", "est_analysis.cli"]
    fleet_command = [*command, "fleet", "kommuner", "--period", PERIOD, "--workers", "2"]
    shown = subprocess.run(
        [*fleet_command, "--out", "ut", "--log", "logg.jsonl"],
        capture_output=True, text=True, check=False, cwd=tmp_path, encoding="utf-8",
    )  # fmt: skip
    assert shown.returncode == 1
    assert "1 klara, 1 gick inte" in shown.stdout
    assert "fel: Inställningarna håller inte" in shown.stderr
    told = json.loads((tmp_path / "ut/fleet.json").read_text("utf-8"))["municipalities"]
    assert [one["key"] for one in told] == ["fel", "alby"]  # Lillby is named, fel is not
    assert told[1]["rows"]["rows"] == 2
    assert told[1]["peak_mb"] > 50
    assert (tmp_path / "ut" / told[1]["report"]).stat().st_size > 10_000
    (line,) = runs.entries(tmp_path / "logg.jsonl")
    assert (line["command"], line["exit"], line["failed"]) == ("fleet", 1, 1)


@pytest.mark.slow
def test_a_process_whose_worker_is_gone_ends_and_leaves_nothing(make_folder, tmp_path):
    private, out = tmp_path / "private", tmp_path / "ut"
    private.mkdir()
    command = [sys.executable, "-m", "est_analysis.cli", "report", str(make_folder())]
    command += ["--period", PERIOD, "--out", str(out), "--tied", str(private)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet) as child:
        until = time.monotonic() + 60
        while not list(out.glob("*/.run-*/results/2026Q3")) and time.monotonic() < until:
            time.sleep(0.05)
        assert child.poll() is None
        child.stdin.close()
        assert child.wait(10) == runs.FAILED
    assert not list(tmp_path.glob("private*"))
    assert not (out / "lillby" / PERIOD).exists()


@pytest.mark.slow
def test_two_runs_at_once_leave_one_whole_report(make_folder, tmp_path):
    folder, out = make_folder(), tmp_path / "ut"
    command = [sys.executable, "-m", "est_analysis.cli", "report", str(folder)]
    command += ["--period", PERIOD, "--out", str(out)]
    both = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(300) for process in both] == [0, 0]
    place = out / "lillby"
    assert sorted(file.name for file in place.glob("[!.]*")) == [PERIOD, "index.html"]
    assert (place / PERIOD / "rapport.html").stat().st_size > 10_000
    entries = store.earlier_reports(municipality.load(folder))
    assert [entry["report"] for entry in entries] == ["rapport", "mote"]
