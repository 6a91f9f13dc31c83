"""compose.yaml, its configuration files and the proxy's: every name, path and variable leads somewhere."""

import json
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest
import redis
import yaml
from django.core.management import get_commands

from ofmemory.embedded import binaries
from ofmemory.embedded.postgres import SETTINGS
from ofmemory.embedded.redis import BROKER, CACHE
from ofmemory.settings.names import known_names
from tests.deploy import composed, dockerfile
from tests.flows.conftest import wait_until

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "compose.yaml"
EXAMPLE = ROOT / "deploy" / "compose.env.example"
OURS = ("migrate", "web", "worker", "beat", "manage")
DATABASES = ("database", "keys-database")


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return composed.read(COMPOSE, {"ALLOWED_HOSTS": "memory.example"})


@pytest.fixture(scope="module")
def services(project: dict[str, Any]) -> dict[str, Any]:
    return project["services"]


# ---- as Compose reads it


def test_it_is_what_the_schema_knows(project):
    jsonschema.Draft202012Validator.check_schema(composed.PROJECT)
    jsonschema.validate(project, composed.PROJECT)


def test_it_is_what_compose_itself_accepts(tmp_path):
    docker = shutil.which("docker")
    plugin = [docker, "compose", "version"]
    if docker is None or subprocess.run(plugin, capture_output=True, check=False).returncode != 0:
        pytest.skip("there is no docker compose here; the schema above is what holds")
    (tmp_path / "env").write_text("ALLOWED_HOSTS=memory.example\n")
    command = [docker, "compose", "--env-file", str(tmp_path / "env"), "--file", str(COMPOSE), "config", "--quiet"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_nothing_starts_without_a_host():
    with pytest.raises(composed.Missing, match="ALLOWED_HOSTS"):
        composed.read(COMPOSE, {})


def test_a_key_that_stands_twice_is_seen(tmp_path):
    (tmp_path / "twice.yaml").write_text("a: 1\na: 2\n")
    with pytest.raises(AssertionError, match="twice"):
        composed.read(tmp_path / "twice.yaml", {})


# ---- variables


def test_the_example_shows_every_variable_with_its_default():
    shown = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", EXAMPLE.read_text(), re.MULTILINE))
    assert shown == {name: default or "" for name, default in composed.variables_in(COMPOSE).items()}
    required = re.findall(r"^([A-Z_]+)=", EXAMPLE.read_text(), re.MULTILINE)
    assert required == [name for name, default in composed.variables_in(COMPOSE).items() if default is None]


def test_settings_of_the_product_exist_and_none_is_a_secret(services):
    for name in OURS:
        environment = services[name]["environment"]
        assert set(environment) <= known_names(), name
        assert not [setting for setting in environment if re.search("SECRET|TOKEN|PASSWORD|_URL", setting)]


def test_defaults_are_those_of_the_documentation():
    text = (ROOT / "docs/configuration.md").read_text()
    documented = dict(re.findall(r"^\| `([A-Z_]+)` \| `(.*?)` \|", text, re.MULTILINE))
    defaults = composed.variables_in(COMPOSE)
    for name in ("WEB_WORKERS", "WEB_THREADS", "WORKER_CONCURRENCY", "LOG_LEVEL"):
        assert defaults[name] == documented[name]


# ---- secrets


def test_every_secret_is_made_and_every_made_one_is_used(project, tmp_path):
    made = make_secrets(tmp_path / "secrets")
    assert {f"deploy/secrets/{name}" for name in made} == {secret["file"] for secret in project["secrets"].values()}
    used = {secret for service in project["services"].values() for secret in service.get("secrets", ())}
    assert used == set(project["secrets"])
    # The entrypoint names a setting after the file.
    for secret in project["services"]["web"]["secrets"]:
        assert secret.upper() in known_names()


def make_secrets(folder: Path) -> dict[str, str]:
    command = [sys.executable, "-I", "-S", str(ROOT / "deploy" / "make_secrets.py"), str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    return {path.name: path.read_text().strip() for path in folder.iterdir()}


def test_secrets_are_random_closed_and_never_replaced(tmp_path, services):
    first, second = make_secrets(tmp_path / "one"), make_secrets(tmp_path / "two")
    assert not set(first.values()) & set(second.values())
    assert all(len(value) >= 60 for value in first.values())
    assert stat.S_IMODE((tmp_path / "one").stat().st_mode) == 0o700
    assert make_secrets(tmp_path / "one") == first
    (tmp_path / "one" / "metrics_token").unlink()
    again = make_secrets(tmp_path / "one")
    assert again["metrics_token"] != first["metrics_token"]
    assert again["database_url"] == first["database_url"]


def test_addresses_fit_the_services(tmp_path, services):
    made = make_secrets(tmp_path / "secrets")
    for setting, service, role in (
        ("database_url", "database", "database"),
        ("keys_database_url", "keys-database", "keys_database"),
    ):
        parts = urlsplit(made[setting])
        assert parts.hostname == service
        assert parts.password == made[f"{role}_password"]
        assert parts.path == f"/{services[service]['environment']['POSTGRES_DB']}"
        assert parts.username == services[service]["environment"]["POSTGRES_USER"]
        assert services[service]["environment"]["POSTGRES_PASSWORD_FILE"] == f"/run/secrets/{role}_password"
    for setting, service in (("redis_url", "cache"), ("broker_url", "broker")):
        parts = urlsplit(made[setting])
        assert parts.hostname == service
        assert made[f"{service}_auth.conf"] == f"requirepass {parts.password}"


# ---- paths and names


def test_everything_mounted_is_there(project, services):
    named: set[str] = set()
    for name, service in services.items():
        for volume in service.get("volumes", ()):
            source, target, *options = volume.split(":")
            assert target.startswith("/"), (name, volume)
            if source.startswith("./"):
                assert (ROOT / source).exists(), (name, volume)
                assert options == ["ro"], "what lies in the repository is not to be changed by a container"
            else:
                named.add(source)
    assert named == set(project["volumes"])


def test_everybody_is_asked_how_they_are(services):
    """The web server by what its image says, every other service by what stands here."""
    assert {name for name, service in services.items() if "healthcheck" not in service} == {"web"}
    assert dockerfile.read(ROOT / "Dockerfile")[-1].one("HEALTHCHECK").argv


def test_networks_are_there(project, services):
    assert {network for service in services.values() for network in service["networks"]} == set(project["networks"])


def test_nobody_waits_for_what_is_not_there(services):
    for service in services.values():
        for name, condition in service.get("depends_on", {}).items():
            healthy = condition["condition"] == "service_healthy"
            assert "test" in services[name]["healthcheck"] if healthy else services[name]["restart"] == "no"


def test_roles_are_those_of_the_entrypoint(services):
    text = (ROOT / "deploy" / "entrypoint.py").read_text()
    for name in ("web", "worker", "beat", "migrate"):
        assert services[name]["command"] == [name]
        assert f'"{name}"' in text
    argv = dockerfile.read(ROOT / "Dockerfile")[-1].one("ENTRYPOINT").argv
    assert services["manage"]["entrypoint"] == [*argv, "manage"]


# ---- who may do what, who reaches whom


def test_nobody_may_more_than_they_need(services):
    user = dockerfile.read(ROOT / "Dockerfile")[-1].one("USER").text
    for name, service in services.items():
        if name in DATABASES:
            # The image's own script owns the folder, and leaves root behind.
            assert set(service["cap_add"]) == {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"}
        else:
            assert service["user"]
            assert service["read_only"] is True
            assert "cap_add" not in service
        if name in OURS:
            assert service["user"] == user


def test_databases_are_unreachable_from_outside(project, services):
    assert project["networks"]["data"] == {"internal": True}
    for name in (*DATABASES, "cache", "broker"):
        assert services[name]["networks"] == ["data"], name
        assert "ports" not in services[name]
    for name in ("prometheus", "grafana"):
        assert "data" not in services[name]["networks"]


def test_ports_are_published_to_this_machine_only(services):
    for service in services.values():
        for port in service.get("ports", ()):
            assert port.startswith("127.0.0.1:"), port


def test_keys_and_data_have_servers_and_volumes_of_their_own(services):
    volumes = [services[name]["volumes"][0].split(":")[0] for name in DATABASES]
    assert len(set(volumes)) == 2
    places = [volume.split(":") for volume in services["web"]["volumes"]]
    assert ["keyset", "/var/lib/ofmemory/secrets"] in places, "apart from what is backed up with the state"


def test_counters_of_two_containers_never_meet(services):
    """Processes are told apart by their number, which every container counts from 1."""
    for name in OURS:
        assert any(mount.startswith("/var/lib/ofmemory/run:") for mount in services[name]["tmpfs"])


def test_there_is_one_scheduler(services):
    assert services["beat"]["deploy"]["replicas"] == 1


# ---- PostgreSQL and Redis


@pytest.mark.parametrize("name", DATABASES)
def test_postgres_logs_no_personal_data(services, name):
    command = services[name]["command"]
    assert command[0] == "postgres"
    given = dict(option.removeprefix("-c").split("=", 1) for option in command[1:])
    quiet = {key: value for key, value in SETTINGS.items() if key.startswith("log_min") or "parameter" in key}
    quiet |= {key: SETTINGS[key] for key in ("log_error_verbosity", "log_statement", "password_encryption", "jit")}
    assert {key: given.get(key) for key in quiet} == quiet
    assert not {"fsync", "full_page_writes", "synchronous_commit"} & set(given), "on by default, and to stay on"


@pytest.mark.parametrize("name", DATABASES)
def test_postgres_keeps_its_folder(services, name):
    """The image of PostgreSQL 18 refuses a volume at the old place, /var/lib/postgresql/data."""
    assert "pg18" in services[name]["image"]
    assert services[name]["volumes"][0].endswith(":/var/lib/postgresql")
    assert services[name]["stop_signal"] == "SIGINT", "a fast shutdown: SIGTERM waits for every client to leave"


@pytest.mark.parametrize(("role", "embedded"), [("cache", CACHE), ("broker", BROKER)])
def test_redis_is_set_up_as_the_embedded_one(role, embedded):
    given = _directives(ROOT / "deploy" / "valkey" / f"{role}.conf")
    differing = {"maxmemory"}
    assert {key: given.get(key) for key in embedded if key not in differing} == {
        key: value for key, value in embedded.items() if key not in differing
    }
    assert given["include"] == f"/run/secrets/{role}_auth.conf"
    assert given["maxmemory"]


def test_memory_of_redis_fits_its_container(services):
    for role in ("cache", "broker"):
        most = int(_directives(ROOT / "deploy" / "valkey" / f"{role}.conf")["maxmemory"].removesuffix("mb"))
        limit = int(services[role]["deploy"]["resources"]["limits"]["memory"].removesuffix("m"))
        assert most * 1.4 < limit, "buffers, fragments and a rewrite of the file need room too"


def _directives(path: Path) -> dict[str, str]:
    lines = (line.strip() for line in path.read_text().splitlines())
    pairs = [line.split(None, 1) for line in lines if line and not line.startswith("#")]
    assert all(len(pair) == 2 for pair in pairs)
    return {name: value.strip('"') for name, value in pairs}


@pytest.mark.parametrize("role", ["cache", "broker"])
def test_redis_accepts_the_file_and_asks_for_the_password(role, tmp_path, services):
    """The real server, with the very file; only its port and folders are this machine's."""
    made = make_secrets(tmp_path / "secrets")
    text = (ROOT / "deploy" / "valkey" / f"{role}.conf").read_text()
    text = text.replace("/run/secrets", str(tmp_path / "secrets")).replace("port 6379", "port 0")
    text = text.replace("dir /data", f"dir {tmp_path}") + f"\nunixsocket {tmp_path}/s\n"
    (tmp_path / "conf").write_text(text)
    process = subprocess.Popen(
        [binaries.redis_program(None), tmp_path / "conf"], cwd=tmp_path, stdout=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: process.poll() is not None or (tmp_path / "s").exists())
        with redis.Redis(unix_socket_path=f"{tmp_path}/s") as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
        password = made[f"{role}_auth.conf"].removeprefix("requirepass ")
        with redis.Redis(unix_socket_path=f"{tmp_path}/s", password=password) as friend:
            wanted = {"cache": "volatile-lru", "broker": "noeviction"}[role]
            assert friend.config_get("maxmemory-policy")["maxmemory-policy"] == wanted
        assert _password_as_the_health_check_reads_it(services[role], tmp_path) == password
    finally:
        process.terminate()
        process.wait(30)


def _password_as_the_health_check_reads_it(service: Any, folder: Path) -> str:
    found = re.search(r"\$\((sed [^)]*)\)", service["healthcheck"]["test"][1])
    assert found
    command = found[1].replace("/run/secrets", str(folder / "secrets"))
    return subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout.strip()


# ---- Prometheus and Grafana


def test_prometheus_scrapes_what_there_is(services):
    config = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text())
    files = [path for pattern in config["rule_files"] for path in (ROOT / "deploy" / "prometheus").glob(pattern)]
    assert files, "rules are named by their place beside prometheus.yml"
    for job in config["scrape_configs"]:
        for target in (target for group in job.get("static_configs", ()) for target in group["targets"]):
            host, _, port = target.partition(":")
            if host in ("localhost", "127.0.0.1"):
                assert port == "9090", "itself"
                continue
            assert host in services, target
            assert set(services[host]["networks"]) & set(services["prometheus"]["networks"])
            listening = {"web": "8000"}.get(host, services[host]["environment"].get("METRICS_PORT"))
            assert port == listening, target
        credentials = job.get("authorization", {}).get("credentials_file")
        assert credentials in (None, "/run/secrets/metrics_token")


def test_grafana_finds_dashboards_and_prometheus(services):
    mounts = dict(volume.split(":")[:2] for volume in services["grafana"]["volumes"])
    folders = {target: ROOT / source for source, target in mounts.items() if source.startswith("./")}
    provisioning = folders["/etc/grafana/provisioning"]
    for file in (provisioning / "dashboards").glob("*.y*ml"):
        for provider in yaml.safe_load(file.read_text())["providers"]:
            assert list(folders[provider["options"]["path"]].glob("*.json"))
    sources = [
        source
        for file in (provisioning / "datasources").glob("*.y*ml")
        for source in yaml.safe_load(file.read_text())["datasources"]
    ]
    assert [source["url"] for source in sources] == ["http://prometheus:9090"]
    uids = {json.dumps(source["uid"]) for source in sources}
    for board in folders["/var/lib/grafana/dashboards"].glob("*.json"):
        assert any(uid in board.read_text() for uid in uids), board


# ---- the guide


def test_the_guide_names_what_there_is(services):
    text = (ROOT / "docs" / "deployment.md").read_text()
    for path in re.findall(r"(?<![/\w])(?:deploy|ofmemory|docs)/[\w./-]+\w", text):
        assert (ROOT / path).exists() or path.startswith(("deploy/secrets", "deploy/compose.env")), path
    commands = set(re.findall(r"\bmanage(?:\.py)? ([a-z]+_?[a-z]+)", text)) - {"doctor", "what"}
    assert {"make_keyset", "verify_audit", "rotate_keys"} <= commands
    assert commands <= set(get_commands())
    for service in re.findall(r"exec --no-TTY ([\w-]+)", text):
        assert service in services
    for setting in re.findall(r"`([A-Z]+_[A-Z_]+)`", text):
        assert setting in known_names(), setting


# ---- the proxy

BLOCKS = {"upstream", "server", "location"}


def nginx() -> list[tuple[int, str]]:
    """Return the directives of the example with their depth; what is not closed or not ended is an error."""
    text = re.sub(r"(?m)#.*$", "", (ROOT / "deploy" / "nginx" / "ofmemory.conf").read_text())
    depth, found = 0, []
    for words, end in re.findall(r"([^{};]*)([{};])", text):
        statement = " ".join(words.split())
        if end == "}":
            assert not statement, f"not ended: {statement}"
            depth -= 1
            assert depth >= 0
        else:
            assert statement
            assert (statement.split()[0] in BLOCKS) == (end == "{") or statement.startswith("server 127."), statement
            found.append((depth, statement))
            depth += end == "{"
    assert depth == 0
    assert not re.sub(r"[^{};]*[{};]", "", text).strip(), "something stands behind the last directive"
    return found


def test_the_proxy_is_well_formed_and_strict():
    said = {statement for _, statement in nginx()}
    assert {"ssl_protocols TLSv1.3", "client_max_body_size 1m", "proxy_request_buffering on", "access_log off"} <= said
    assert "proxy_set_header X-Forwarded-For $remote_addr" in said, "not appended to what the client sent"
    assert "proxy_set_header X-Forwarded-Proto https" in said
    assert not any("non_idempotent" in statement for statement in said), "a write is never sent twice"


def test_the_body_limit_of_the_proxy_is_not_below_ours(settings):
    assert settings.MAX_BODY_BYTES <= 1024 * 1024


def test_nginx_itself_accepts_it(tmp_path):
    program = shutil.which("nginx")
    if program is None:
        pytest.skip("there is no nginx here; the reader above is what holds")
    for line in _certificate(tmp_path):
        subprocess.run(line, check=True, capture_output=True)
    text = (ROOT / "deploy" / "nginx" / "ofmemory.conf").read_text().replace("/etc/ssl/ofmemory", str(tmp_path))
    text = text.replace("/var/log/nginx", str(tmp_path))
    (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\n{text}\n}}\n")
    done = subprocess.run([program, "-t", "-c", tmp_path / "nginx.conf"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _certificate(folder: Path) -> Iterator[list[str]]:
    yield [
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=memory.example.com"),
        *("-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem")),
    ]
