#!/usr/bin/env python3
"""Holds the deployment files to what they promise as shipped: they can be read, believe no proxy but their own, open no
operator's port, and take base images by digest.

A step of `./dev test`, run by the Python of tests/clients, which can read YAML. Knows the files by text alone: neither
Docker nor Kubernetes is asked.
"""

import ipaddress
import pathlib
import re
import sys

import yaml

FAULTS: list[str] = []


def must(holds: bool, what: str) -> None:
    if not holds:
        FAULTS.append(what)


class Strict(yaml.SafeLoader):
    """A key given twice is a mistake, not the latter's."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        for key in {key for key in keys if keys.count(key) > 1}:
            FAULTS.append(f"line {node.start_mark.line + 1}: {key} stands there twice")
        return super().construct_mapping(node, deep)


def documents(path: str) -> list[dict]:
    with open(path, encoding="utf-8") as file:
        return [document for document in yaml.load_all(file, Loader=Strict) if document]


def default(text: str) -> str:
    """What a variable of Docker Compose is where nobody gives it."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


def compose() -> None:
    file = documents("docker-compose.yml")[0]
    services = file["services"]
    for name, service in services.items():
        for other in service.get("depends_on", ()):
            must(other in services, f"docker-compose.yml: {name} depends on {other}, which is not there")
        for network in service.get("networks", ()):
            must(network == "default" or network in file["networks"], f"docker-compose.yml: no network {network}")
        for mount in service.get("volumes", ()):
            source = mount.split(":")[0]
            there = pathlib.Path(source).exists() if source.startswith(".") else source in file["volumes"]
            must(there, f"docker-compose.yml: {name} mounts {source}, which is not there")
        by_variable = re.fullmatch(r"\$\{\w+_IMAGE:-[^}]+\}", service["image"])
        must("build" in service or by_variable, f"docker-compose.yml: the image of {name} can't be given by digest")
        must(name == "haproxy" or "ports" not in service, f"docker-compose.yml: {name} publishes a port")
    must(
        set(services["signoff"]["build"]["args"]) == set(image_arguments()),
        "docker-compose.yml: not the Dockerfile's images can be given",
    )
    environment = services["signoff"]["environment"]
    must("SIGNOFF_OPERATOR_LISTEN" not in environment, "docker-compose.yml: the operator's port is open as shipped")
    trusted = environment["SIGNOFF_HTTP_TRUSTED_PROXIES"]
    front = file["networks"]["front"]["ipam"]["config"][0]["subnet"]
    must(trusted == front, "docker-compose.yml: other proxies are trusted than HAProxy's network")
    must(ipaddress.ip_network(default(front)).num_addresses <= 256, "docker-compose.yml: the trusted network is wide")
    members = {name for name, service in services.items() if "front" in service.get("networks", ())}
    must(members == {"signoff", "haproxy"}, "docker-compose.yml: others are in the trusted network")


def image_arguments() -> list[str]:
    return re.findall(r"^ARG (\w+_IMAGE)=", pathlib.Path("deploy/Dockerfile").read_text("utf-8"), re.M)


def dockerfile() -> None:
    text = pathlib.Path("deploy/Dockerfile").read_text("utf-8")
    for image in re.findall(r"^FROM (\S+)", text, re.M):
        given = re.fullmatch(r"\$\{(\w+)\}", image)
        must(given and given[1] in image_arguments(), f"deploy/Dockerfile: {image} can't be given by digest")


def kubernetes() -> None:
    things = documents("deploy/kubernetes/signoff.yaml")
    pods = {thing["kind"]: thing["spec"]["template"] for thing in things if "template" in thing.get("spec", {})}
    for kind, pod in pods.items():
        must(pod["spec"].get("automountServiceAccountToken") is False, f"signoff.yaml: the {kind} gets a token")
        must(pod["spec"].get("securityContext", {}).get("runAsNonRoot") is True, f"signoff.yaml: the {kind} may be root")
        for container in pod["spec"]["containers"]:
            context = container.get("securityContext", {})
            must(context.get("readOnlyRootFilesystem") is True, f"signoff.yaml: the {kind} may write its image")
            must(context.get("capabilities") == {"drop": ["ALL"]}, f"signoff.yaml: the {kind} keeps capabilities")
    server = pods["Deployment"]
    container = server["spec"]["containers"][0]
    environment = {entry["name"]: entry.get("value") for entry in container["env"]}
    must("SIGNOFF_HTTP_TRUSTED_PROXIES" not in environment, "signoff.yaml: a proxy is trusted as shipped")
    listen = environment["SIGNOFF_OPERATOR_LISTEN"].rpartition(":")[0]
    must(ipaddress.ip_address(listen).is_loopback, "signoff.yaml: the operator's port is open as shipped")
    policies = [thing["spec"] for thing in things if thing["kind"] == "NetworkPolicy"]
    must(
        any(policy["podSelector"]["matchLabels"] == server["metadata"]["labels"] for policy in policies),
        "signoff.yaml: no NetworkPolicy is about the instances",
    )
    opened = [port["port"] for policy in policies for rule in policy["ingress"] for port in rule["ports"]]
    must(opened == ["http"], f"signoff.yaml: the NetworkPolicy opens {opened}")
    served = [port["targetPort"] for thing in things if thing["kind"] == "Service" for port in thing["spec"]["ports"]]
    must(served == ["http"], f"signoff.yaml: the Service serves {served}")


def main() -> None:
    for path in sorted(pathlib.Path("deploy/kubernetes").glob("*.yaml")):
        documents(str(path))
    dockerfile()
    compose()
    kubernetes()
    for fault in FAULTS:
        print(fault, file=sys.stderr)
    if FAULTS:
        sys.exit(1)


if __name__ == "__main__":
    main()
