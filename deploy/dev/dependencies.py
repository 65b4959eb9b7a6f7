#!/usr/bin/env python3
"""Holds the dependencies to deny.toml, without a network: licences, wildcards, sources.

A step of `./dev test`. `./dev audit` has cargo-deny look at the advisories too, which takes a network. Licences are
those of this machine's platform, sources those of all platforms. Must not read anything but deny.toml, Cargo.lock
and what cargo tells.
"""

import json
import re
import subprocess
import sys
import tomllib

REGISTRY = "registry+https://github.com/rust-lang/crates.io-index"
# What of deny.toml this program acts on, or may leave to cargo-deny. Anything else is refused.
KNOWN = {
    "advisories": {"version", "yanked"},
    "licenses": {"version", "allow", "private"},
    "bans": {"multiple-versions", "wildcards"},
    "sources": {"unknown-registry", "unknown-git"},
}


def admitted(expression: str, allowed: set[str]) -> bool:
    """Whether an SPDX expression leaves a licence that is allowed."""
    # Old manifests write a slash for OR.
    tokens = re.findall(r"[()]|[^\s()]+(?:\s+WITH\s+[^\s()]+)?", expression.replace("/", " OR "))

    def term() -> bool:
        token = tokens.pop(0)
        if token != "(":
            return token in allowed
        value = either()
        if tokens.pop(0) != ")":
            raise ValueError(expression)
        return value

    def both() -> bool:
        value = term()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            value = term() and value
        return value

    def either() -> bool:
        value = both()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            value = both() or value
        return value

    try:
        value = either()
    except IndexError:
        raise ValueError(expression) from None
    if tokens:
        raise ValueError(expression)
    return value


def unknown_rules(rules: dict) -> list[str]:
    return [
        f"deny.toml: this program knows nothing of {section}.{key}"
        for section, keys in rules.items()
        for key in keys
        if key not in KNOWN.get(section, ())
    ]


def licences(packages: list[dict], allowed: set[str], members: set[str]) -> list[str]:
    faults = []
    for package in packages:
        if package["id"] in members:
            continue
        named = f"{package['name']} {package['version']}"
        expression = package["license"]
        try:
            if expression is None:
                faults.append(f"{named}: names no licence")
            elif not admitted(expression, allowed):
                faults.append(f"{named}: {expression} is not in deny.toml")
        except ValueError:
            faults.append(f"{named}: {expression} can't be read")
    return faults


def wildcards(packages: list[dict], members: set[str]) -> list[str]:
    return [
        f"Cargo.toml: {dependency['name']} = \"*\""
        for package in packages
        if package["id"] in members
        for dependency in package["dependencies"]
        if dependency["req"] == "*"
    ]


def sources(lock: dict) -> list[str]:
    faults = []
    for package in lock["package"]:
        source = package.get("source")
        named = f"{package['name']} {package['version']}"
        if source not in (None, REGISTRY):
            faults.append(f"{named}: comes from {source}")
        elif source and "checksum" not in package:
            faults.append(f"{named}: Cargo.lock has no checksum")
    return faults


def main() -> None:
    with open("deny.toml", "rb") as file:
        rules = tomllib.load(file)
    with open("Cargo.lock", "rb") as file:
        lock = tomllib.load(file)
    rustc = subprocess.run(["rustc", "-vV"], check=True, capture_output=True, text=True).stdout
    host = re.search(r"^host: (\S+)$", rustc, re.M).group(1)
    told = subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", host],
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
    metadata = json.loads(told)
    members = set(metadata["workspace_members"])
    packages = metadata["packages"]
    faults = unknown_rules(rules)
    faults += licences(packages, set(rules["licenses"]["allow"]), members)
    faults += wildcards(packages, members)
    faults += sources(lock)
    for fault in faults:
        print(fault, file=sys.stderr)
    if faults:
        sys.exit(1)
    print(f"{len(packages) - len(members)} packages here, {len(lock['package']) - len(members)} on all platforms.")


if __name__ == "__main__":
    main()
