"""The dashboard, the alerts and their guide: understood by Prometheus, and about metrics that there are."""

import json
import re
import shutil

import pytest

from lib import metrics, net, place
from lib.daemon import Daemon
from lib.policy import Policy

DASHBOARD = place.TOP / "contrib/authpolicy-dashboard.json"
RULES = place.TOP / "contrib/authpolicy-rules.yml"
GUIDE = place.TOP / "docs/monitoring.md"

NAME = re.compile(r"\bauthpolicy_\w+")


@pytest.fixture(scope="module")
def page(build):
    policy = Policy(place.scratch("policy") / "policy.db").init("example.com")
    daemon = Daemon(policy, metrics=f"{net.V4}:{net.free_port()}").start()
    try:
        return metrics.ask(net.V4, int(daemon.settings["metrics"].rpartition(":")[2]))[2]
    finally:
        daemon.stop()


@pytest.fixture(scope="module")
def families(page):
    return set(re.findall(r"^# TYPE (\w+)", page, re.M))


@pytest.fixture
def dashboard():
    return json.loads(DASHBOARD.read_text())


def expressions(dashboard):
    """Every query, with Grafana's variables filled in."""
    found = [t["expr"] for panel in dashboard["panels"] for t in panel.get("targets", [])]
    return [e.replace("$__rate_interval", "5m").replace("$instance", ".+") for e in found]


def alerts():
    return re.findall(r"^ +- alert: (\w+)$", RULES.read_text(), re.M)


@pytest.mark.parametrize("path", [DASHBOARD, RULES, GUIDE], ids=lambda p: p.name)
def test_every_metric_that_is_named_is_on_the_page(page, path):
    samples = {key[0] for key in metrics.read(page)}
    named = set(NAME.findall(path.read_text()))
    assert len(named) > 2
    assert named - samples == set()


def test_every_label_that_is_asked_for_is_on_the_page(page, dashboard):
    asked = re.findall(r'(stage|verdict|reason)=~?"([\w|-]+)"', "\n".join([*expressions(dashboard), RULES.read_text(), GUIDE.read_text()]))
    assert asked
    for label, values in asked:
        for value in values.split("|"):
            assert f'{label}="{value}"' in page or (label, value) == ("verdict", "hold"), (label, value)


def test_every_metric_is_on_the_dashboard(families, dashboard):
    shown = " ".join(expressions(dashboard))
    assert {f for f in families if not re.search(rf"\b{f}(_bucket|_sum|_count)?\b", shown)} == set()


def test_prometheus_understands_every_query_of_the_dashboard(dashboard, tmp_path):
    rules = [{"record": f"panel:{i}", "expr": e} for i, e in enumerate(expressions(dashboard))]
    path = tmp_path / "queries.yml"
    path.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))        # JSON is YAML
    assert f"{len(rules)} rules found" in metrics.judged("check", "rules", path)


def test_the_dashboard_can_be_imported(dashboard):
    panels = dashboard["panels"]
    variables = {v["name"] for v in dashboard["templating"]["list"]}
    assert set(re.findall(r"\$\{?([a-z]+)", json.dumps(panels))) == variables == {"datasource", "instance"}
    assert len({p["id"] for p in panels}) == len(panels) > 10
    cells = [(x, y) for p in panels for g in [p["gridPos"]] for x in range(g["x"], g["x"] + g["w"]) for y in range(g["y"], g["y"] + g["h"])]
    assert len(cells) == len(set(cells)) and max(x for x, _ in cells) == 23      # none over another, none beyond the edge
    for panel in panels:
        refs = [t["refId"] for t in panel.get("targets", [])]
        assert panel["title"] and len(refs) == len(set(refs)), panel["title"]
        assert (refs != []) == (panel["type"] != "row"), panel["title"]


def test_prometheus_understands_the_alerts():
    assert f"{len(alerts())} rules found" in metrics.judged("check", "rules", RULES)


def test_the_alerts_are_raised_when_they_should_be(tmp_path):
    shutil.copy(RULES, tmp_path)
    tests = shutil.copy(place.TOP / "tests/monitoring/rules.yml", tmp_path)
    assert "SUCCESS" in metrics.judged("test", "rules", tests)


def test_the_guide_tells_of_every_alert():
    assert re.findall(r"^\| `(\w+)` \|", GUIDE.read_text(), re.M) == alerts()


def test_the_guides_configuration_of_prometheus_is_good(tmp_path):
    text = re.search(r"^```yaml\n(.*?)^```$", GUIDE.read_text(), re.M | re.S)[1]
    path = tmp_path / "prometheus.yml"
    installed = "/usr/local/share/authpolicy-milter/monitoring/authpolicy-rules.yml"
    assert installed in text
    path.write_text(text.replace(installed, str(RULES)))
    assert f"{len(alerts())} rules found" in metrics.judged("check", "config", path)


def test_the_guides_queries_are_understood(tmp_path):
    queries = re.findall(r"^```promql\n(.*?)^```$", GUIDE.read_text(), re.M | re.S)
    assert len(queries) == 3
    path = tmp_path / "queries.yml"
    path.write_text(json.dumps({"groups": [{"name": "guide", "rules": [{"record": f"query:{i}", "expr": q} for i, q in enumerate(queries)]}]}))
    metrics.judged("check", "rules", path)
