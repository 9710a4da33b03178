"""Container image, compose file and Kubernetes manifests: held against the gateway, its configuration and each other."""
import contextlib
import hashlib
import re
import shlex
import ssl
import subprocess
import urllib.error
import urllib.request

import pytest
import yaml

from certificates import Authority
from harness import TOP, edit, wait_for

DOCKER, KUBERNETES = TOP / "deploy/docker", TOP / "deploy/kubernetes"


def documents(path):
    return [one for one in yaml.safe_load_all(path.read_text()) if one]


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)(ms|s|m)", text).groups()
    return int(number) * {"ms": 0.001, "s": 1, "m": 60}[unit]


# ---------------------------------------------------------------- the image


def instructions():
    text = (DOCKER / "Dockerfile").read_text().replace("\\\n", " ")
    return [line.split(None, 1) for line in text.splitlines() if line and not line.startswith("#")]


def test_the_image_names_no_package_of_its_own():
    """Packages to build with are those of deploy/packages, those to run with what the Debian package depends on."""
    runs = [words for name, words in instructions() if name == "RUN"]
    purposes = {line.split(":")[0] for line in (TOP / "deploy/packages").read_text().splitlines() if ":" in line}
    asked = [words for words in runs if "install-packages" in words]
    assert len(asked) == 1 and set(asked[0].split()[1:]) == {"build", "package"} <= purposes
    installed = [part for words in runs for part in words.split("&&") if "apt-get install" in part]
    assert len(installed) == 1
    names = {word for word in installed[0].split("apt-get install")[1].split() if not word.startswith("-")}
    assert names == {"/package/sekisho_*.deb", "ca-certificates"}
    assert all(words.split()[0].startswith("debian:bookworm") for name, words in instructions() if name == "FROM")


def test_what_the_image_copies_is_there_and_what_it_must_not_have_is_left_out():
    copied = [shlex.split(words)[:-1] for name, words in instructions() if name == "COPY"]
    for source in sum(copied, []):
        assert (TOP / source).exists(), source
    assert {"build", ".git"} <= set((DOCKER / "Dockerfile.dockerignore").read_text().split())


def test_the_image_runs_as_nobody_in_particular():
    last = {name: words for name, words in instructions()}
    user, group = last["USER"].split(":")
    assert int(user) > 1000 and int(group) > 1000, "a number: the cluster asks for it"
    assert last["VOLUME"] == "/var/lib/sekisho" and last["STOPSIGNAL"] == "SIGTERM"
    assert last["ENTRYPOINT"] == '["/usr/bin/sekisho"]'
    created = next(words for name, words in instructions() if name == "RUN" and "useradd" in words)
    assert f"--uid {user}" in created and f"--gid {group}" in created
    security = documents(KUBERNETES / "statefulset.yaml")[0]["spec"]["template"]["spec"]["securityContext"]
    assert (security["runAsUser"], security["fsGroup"]) == (int(user), int(group))


def test_the_health_check_tells_ready_from_not_ready(build_house):
    house = build_house()
    check = [DOCKER / "healthcheck", str(house.gateway.admin_port)]
    assert subprocess.run(check, capture_output=True).returncode == 1, "nobody is there"
    house.gateway.start()

    def alive():
        with contextlib.suppress(OSError):
            return house.gateway.admin("/livez").status == 200

    house.gateway.wait_ready(10, alive)
    assert subprocess.run(check, capture_output=True).returncode == 1, "no registry yet"
    house.redis.start()
    house.import_all()
    house.gateway.wait_ready(15, house.gateway.ready)
    # It gives the gateway two seconds itself.
    wait_for("it is healthy", 10, lambda: subprocess.run(check, capture_output=True).returncode == 0)


# ---------------------------------------------------------------- compose


@pytest.fixture
def compose():
    return documents(DOCKER / "compose.yaml")[0]


def test_compose_keeps_redis_durable_and_the_gateway_confined(compose):
    services = compose["services"]
    redis = " ".join(services["redis"]["command"])
    for setting in ("--appendonly yes", "--appendfsync always", "--maxmemory-policy noeviction"):
        assert setting in redis
    assert "ports" not in services["redis"] and compose["networks"]["inside"]["internal"] is True
    gate = services["sekisho"]
    assert gate["read_only"] and gate["cap_drop"] == ["ALL"] and "no-new-privileges:true" in gate["security_opt"]
    assert "user" not in gate and "journal:/var/lib/sekisho" in gate["volumes"]
    assert seconds(gate["stop_grace_period"]) >= 5 + 30 + 10
    for port in gate["ports"]:  # only callers come from outside
        assert port == "8443:8443" or port.startswith("127.0.0.1:")
    for name in ("prometheus", "grafana"):
        assert services[name]["network_mode"] == "service:sekisho", "it may reach the admin listener on loopback"


def test_compose_mounts_files_that_are_there(compose):
    for name, service in compose["services"].items():
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            if source.startswith("../grafana") or source.startswith("../prometheus"):
                where = (DOCKER / source).resolve()
                assert where.exists() or not where.parent.exists(), where
            elif source.startswith(".") and source != "./etc":  # that one is the administrator's
                assert (DOCKER / source).exists(), source
            elif not source.startswith("."):
                assert source in compose["volumes"], source
    scraped = documents(DOCKER / "prometheus.yml")[0]["scrape_configs"][0]
    admin = documents(TOP / "deploy/etc/sekisho.yaml")[0]["admin"]["address"]
    assert scraped["job_name"] == "sekisho" and scraped["static_configs"][0]["targets"] == [admin]


# ---------------------------------------------------------------- Kubernetes


@pytest.fixture(scope="module")
def manifests():
    listed = documents(KUBERNETES / "kustomization.yaml")[0]["resources"]
    found = [one for file in listed for one in documents(KUBERNETES / file)]
    kinds = [one["kind"] for one in found]
    assert sorted(kinds) == ["Namespace", "PodDisruptionBudget", "Service", "Service", "StatefulSet"]
    return found


@pytest.fixture(scope="module")
def gateways(manifests):
    return next(one for one in manifests if one["kind"] == "StatefulSet")["spec"]


@pytest.fixture(scope="module")
def pod(gateways):
    return gateways["template"]["spec"]


@pytest.fixture(scope="module")
def configuration():
    return documents(KUBERNETES / "etc/sekisho.yaml")[0]


def test_everything_selects_the_gateways(manifests, gateways):
    labels = gateways["template"]["metadata"]["labels"]
    for one in manifests:
        if one["kind"] == "Service":
            assert one["spec"]["selector"].items() <= labels.items()
        if one["kind"] in ("StatefulSet", "PodDisruptionBudget"):
            assert one["spec"]["selector"]["matchLabels"].items() <= labels.items()
    headless = next(one for one in manifests if one["metadata"]["name"] == gateways["serviceName"])
    assert headless["spec"]["clusterIP"] == "None" and headless["spec"]["publishNotReadyAddresses"] is True


def test_ports_are_those_of_the_configuration(manifests, pod, configuration):
    ports = {port["name"]: port["containerPort"] for port in pod["containers"][0]["ports"]}
    assert ports == {"https": int(configuration["listeners"][0]["address"].split(":")[1]),
                     "admin": int(configuration["admin"]["address"].split(":")[1])}
    for one in manifests:
        for port in one["spec"].get("ports", ()) if one["kind"] == "Service" else ():
            assert port["targetPort"] in ports
    for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert pod["containers"][0][kind]["httpGet"]["port"] in ports


def test_each_pod_keeps_its_journal(gateways, pod, configuration):
    mounts = {one["name"]: one for one in pod["containers"][0]["volumeMounts"]}
    claimed = {one["metadata"]["name"] for one in gateways["volumeClaimTemplates"]}
    holder = next(name for name, one in mounts.items()
                  if configuration["journal"]["directory"].startswith(one["mountPath"] + "/"))
    assert holder in claimed, "a volume of the pod itself would end with it"
    assert gateways["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    assert gateways["podManagementPolicy"] == "Parallel"


def test_the_grace_is_longer_than_the_drain(pod, configuration):
    drain = sum(seconds(configuration["drain"][name]) for name in ("accept", "wait"))
    assert pod["terminationGracePeriodSeconds"] >= drain + 10


def test_pods_are_confined(pod):
    container = pod["containers"][0]
    assert pod["securityContext"]["runAsNonRoot"] is True and pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
    assert container["securityContext"] == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                            "capabilities": {"drop": ["ALL"]}}
    version = re.search(r' version = "(.*)"', (TOP / "gateway/version.h").read_text())[1]
    assert container["image"].endswith(f":{version}")


def files_in_the_pod(pod):
    """Below /etc/sekisho, by the volume that is mounted there: what kustomize and the TLS secret bring."""
    kustomization = documents(KUBERNETES / "kustomization.yaml")[0]
    generated = {one["name"]: [file.split("/")[-1] for file in one["files"]]
                 for kind in ("configMapGenerator", "secretGenerator") for one in kustomization[kind]}
    found = set()
    for source in next(one for one in pod["volumes"] if one["name"] == "config")["projected"]["sources"]:
        (_, about), = source.items()
        found |= {item["path"] for item in about["items"]} if "items" in about else set(generated[about["name"]])
    return found


@pytest.fixture
def filled_in(pod, build_house, tmp_path):
    """The gateway of a pod, here: the manifests' own configuration, filled in, with the sample's rules."""
    house = build_house()
    gateway, etc = house.gateway, tmp_path / "etc"
    etc.mkdir()
    for name in ("sekisho.yaml", "admin.yaml"):
        (etc / name).write_text((KUBERNETES / "etc" / name).read_text())
    for name in ("policy.yaml", "carrier.yaml", "clients.yaml"):
        (etc / name).write_text((house.directory / name).read_text())
    issued = Authority(tmp_path / "ca").issue("gate", ["127.0.0.1"])
    (etc / "tls").mkdir()
    issued.path.rename(etc / "tls" / "tls.crt")
    issued.key_path.rename(etc / "tls" / "tls.key")
    assert {str(path.relative_to(etc)) for path in etc.rglob("*") if path.is_file()} == files_in_the_pod(pod)
    token = hashlib.sha256(b"token").hexdigest()
    edit(etc / "admin.yaml", [("token_sha256: FILL-IN }\n  - { name: on-call", f"token_sha256: {token} }}\n  - {{ name: on-call"),
                              ("token_sha256: FILL-IN", f"token_sha256: {hashlib.sha256(b'other').hexdigest()}")])
    edit(etc / "sekisho.yaml", [("url: FILL-IN", f"url: {house.redis.url}"),
                                ("0.0.0.0:8443", f"127.0.0.1:{gateway.port}"),
                                ("0.0.0.0:9443", f"0.0.0.0:{gateway.admin_port}"),
                                ("/var/lib/sekisho/journal", str(tmp_path / "journal"))])
    gateway.command[-1] = str(etc / "sekisho.yaml")
    gateway.config = etc / "sekisho.yaml"
    return house


def test_the_gateway_of_a_pod_answers_its_probes(pod, filled_in):
    house, gateway = filled_in, filled_in.gateway
    house.redis.start()
    house.carrier.start()
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE  # as the kubelet

    def probe(kind):
        asked = pod["containers"][0][kind]["httpGet"]
        url = f"{asked['scheme'].lower()}://127.0.0.1:{gateway.admin_port}{asked['path']}"
        try:
            return urllib.request.urlopen(url, timeout=20, context=trusting).status
        except urllib.error.HTTPError as refused:
            return refused.code
        except OSError:
            return None

    gateway.start()
    gateway.wait_ready(15, lambda: probe("startupProbe") == 200)
    assert (probe("livenessProbe"), probe("readinessProbe")) == (200, 503), "alive, and no register yet"
    house.import_all()
    gateway.wait_ready(15, lambda: probe("readinessProbe") == 200)


def test_files_that_are_not_filled_in_are_refused(filled_in):
    for name in ("sekisho.yaml", "admin.yaml"):
        good = (filled_in.gateway.config.parent / name).read_text()
        (filled_in.gateway.config.parent / name).write_text((KUBERNETES / "etc" / name).read_text())
        done = filled_in.sekisho("check")
        assert done.code == 2 and f"{name}:" in done.err, done
        (filled_in.gateway.config.parent / name).write_text(good)
    assert filled_in.sekisho("check").code == 0
