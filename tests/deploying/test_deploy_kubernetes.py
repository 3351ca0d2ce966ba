"""The Kubernetes objects: Kubernetes' own schemas accept them, and they meet Pod Security "restricted" and fit together."""

from __future__ import annotations

import json
import re
from typing import Any

import kubernetes_validate
import pytest
import yaml
from deploying_kit import TENANTS, objects, package

RESTRICTED_VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}


def pod(tenant: str = "acme") -> dict[str, Any]:
    return dict(objects(tenant)["Deployment"]["spec"]["template"]["spec"])


def container() -> dict[str, Any]:
    (only,) = pod()["containers"]
    return dict(only)


@pytest.mark.parametrize("tenant", TENANTS)
def test_kubernetes_schemas_accept_every_object_and_know_every_field(tenant: str) -> None:
    checked = 0
    for kind, one in objects(tenant).items():
        if kind != "Kustomization":
            kubernetes_validate.validate(one, "1.37", strict=True)
            checked += 1
    assert checked == 8


def test_the_schemas_would_refuse_a_misspelt_field() -> None:
    wrong = objects("acme")["Deployment"]
    wrong["spec"]["template"]["spec"]["containers"][0]["imagePullPolice"] = "Always"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, "1.37", strict=True)


@pytest.mark.parametrize("tenant", TENANTS)
def test_the_pod_meets_pod_security_restricted(tenant: str) -> None:
    spec = pod(tenant)
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] != 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for one in [*spec["containers"], *spec.get("initContainers", [])]:
        assert one["securityContext"]["allowPrivilegeEscalation"] is False
        assert one["securityContext"]["privileged"] is False
        assert one["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert one["securityContext"]["readOnlyRootFilesystem"] is True
        assert not [port for port in one["ports"] if "hostPort" in port]
    for volume in spec["volumes"]:
        assert set(volume) - {"name"} <= RESTRICTED_VOLUMES


def test_nobody_in_the_pod_can_speak_to_the_cluster() -> None:
    assert pod()["automountServiceAccountToken"] is False
    assert objects("acme")["ServiceAccount"]["automountServiceAccountToken"] is False
    assert pod()["serviceAccountName"] == objects("acme")["ServiceAccount"]["metadata"]["name"]


def test_secrets_are_files_of_one_secret_which_no_file_here_holds() -> None:
    assert "Secret" not in objects("acme")
    mounted = {mount["name"]: mount for mount in container()["volumeMounts"]}
    (secret,) = [volume for volume in pod()["volumes"] if "secret" in volume]
    place = mounted[secret["name"]]["mountPath"]
    files = {row["name"]: row["value"] for row in container()["env"]}
    assert set(files) == {"KUSTOMER_API_KEY_FILE", "KUSTOMER_MCP_STORE_FILE", "KUSTOMER_MCP_HASH_KEY_FILE"}
    assert all(value.startswith(f"{place}/") for value in files.values())
    said = (package("acme") / "deploy/kubernetes/kustomization.yaml").read_text(encoding="utf-8")
    assert re.findall(r"--from-file=(\S+)", said) == [value.rpartition("/")[2] for value in files.values()]


def test_probes_ask_what_the_server_answers_and_go_where_it_listens() -> None:
    assert container()["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "http"}
    assert container()["startupProbe"]["httpGet"] == {"path": "/healthz", "port": "http"}
    assert container()["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "http"}
    (port,) = container()["ports"]
    dockerfile = (package("acme") / "Dockerfile").read_text(encoding="utf-8")
    assert f"EXPOSE {port['containerPort']}\n" in dockerfile
    assert f'"--port", "{port["containerPort"]}"' in dockerfile
    assert f"USER {pod()['securityContext']['runAsUser']}:{pod()['securityContext']['fsGroup']}\n" in dockerfile


def test_a_pod_that_ends_has_the_time_that_its_server_takes() -> None:
    settings = objects("acme")["ConfigMap"]["data"]
    delay, drain = float(settings["KUSTOMER_MCP_DRAIN_DELAY"]), float(settings["KUSTOMER_MCP_DRAIN_SECONDS"])
    closing = 10  # server._CLOSING_SECONDS
    assert pod()["terminationGracePeriodSeconds"] > delay + drain + closing
    ready = container()["readinessProbe"]
    assert (
        delay > ready["periodSeconds"] * ready["failureThreshold"]
    ), "it must be seen as not ready before it stops to listen"


def test_settings_are_such_as_the_server_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(package("acme")))
    from kustomer_mcp_acme.runtime.edge.settings import Serving  # type: ignore[import-not-found, unused-ignore]

    said = objects("acme")["ConfigMap"]["data"] | {"KUSTOMER_MCP_TRANSPORT": "http", "KUSTOMER_MCP_HOST": "0.0.0.0"}
    serving = Serving.from_environment(said)
    assert serving.public_url == "https://mcp.example.com"
    assert serving.drain_delay == 10
    assert serving.drain_seconds == 60


def test_every_object_selects_the_same_pods_and_points_at_what_is_there() -> None:
    found = objects("acme")
    labels = found["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert found["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert found["Service"]["spec"]["selector"] == labels
    assert found["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    assert found["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == labels
    assert found["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"] == found["Deployment"]["metadata"]["name"]
    assert "replicas" not in found["Deployment"]["spec"]
    assert found["HorizontalPodAutoscaler"]["spec"]["minReplicas"] >= 2
    assert all(one["labelSelector"]["matchLabels"] == labels for one in pod()["topologySpreadConstraints"])
    (rule,) = found["Ingress"]["spec"]["rules"]
    backends = [path["backend"]["service"] for path in rule["http"]["paths"]]
    assert {one["name"] for one in backends} == {found["Service"]["metadata"]["name"]}
    assert {one["port"]["name"] for one in backends} == {port["name"] for port in found["Service"]["spec"]["ports"]}
    assert container()["envFrom"] == [{"configMapRef": {"name": found["ConfigMap"]["metadata"]["name"]}}]
    resources = set(found["Kustomization"]["resources"])
    there = {path.name for path in (package("acme") / "deploy/kubernetes").glob("*.yaml")} - {"kustomization.yaml"}
    assert resources == there


def test_pods_reach_dns_https_and_redis_and_no_metadata_service() -> None:
    policy = objects("acme")["NetworkPolicy"]["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert sorted({port["port"] for rule in policy["egress"] for port in rule["ports"]}) == [53, 443, 6379]
    assert all(rule["to"] and rule["ports"] for rule in policy["egress"])
    assert all(rule["from"] and rule["ports"] for rule in policy["ingress"])
    (everywhere,) = [
        to["ipBlock"]
        for rule in policy["egress"]
        for to in rule["to"]
        if to.get("ipBlock", {}).get("cidr") == "0.0.0.0/0"
    ]
    assert {"10.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"} <= set(everywhere["except"])


def test_the_ingress_logs_no_paths_and_opens_no_administration() -> None:
    ingress = objects("acme")["Ingress"]
    assert ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/enable-access-log"] == "false"
    assert ingress["spec"]["tls"][0]["hosts"] == [rule["host"] for rule in ingress["spec"]["rules"]]
    paths = [path["path"] for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]]
    assert paths == ["/mcp", "/.well-known/oauth-protected-resource"]


@pytest.mark.parametrize("tenant", TENANTS)
def test_no_deployment_file_holds_the_version_of_the_package(tenant: str) -> None:
    folder = package(tenant)
    version = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["version"]
    own = [folder / "Dockerfile", *(folder / "deploy").rglob("*.yaml"), *(folder / "deploy").glob("*.service")]
    assert len(own) == 11
    assert [
        path.name
        for path in own
        if re.search(rf"(?<![\d.]){re.escape(version)}(?![\d.])", path.read_text(encoding="utf-8"))
    ] == []


def test_every_file_is_one_yaml_document_without_tabs() -> None:
    files = list((package("acme") / "deploy" / "kubernetes").glob("*.yaml"))
    assert files
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert "\t" not in text
        assert len(list(yaml.safe_load_all(text))) == 1
