"""The OpenAPI document, read by a validator that others wrote. It needs no network but the instance's. And the AsyncAPI document,
by a reader of YAML: whether each reference in it leads somewhere.

    openapi_document.py URL      URL: where the document is served

Exits with 1 and says where and why if the document is not valid OpenAPI 3.1, or a reference of the other leads nowhere.
"""

import json
import pathlib
import sys
import urllib.request

import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator


ASYNCAPI = pathlib.Path(__file__).parents[2] / "docs" / "asyncapi.yaml"


def references(part):
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def leads_nowhere(document, reference):
    part = document
    for name in reference.removeprefix("#/").split("/"):
        if not isinstance(part, dict) or name not in part:
            return True
        part = part[name]
    return False


def asyncapi() -> list[str]:
    document = yaml.safe_load(ASYNCAPI.read_text(encoding="utf-8"))
    found = list(references(document))
    print(f"{len(found)} references in {ASYNCAPI.name}")
    return [f"{ASYNCAPI.name}: {it} leads nowhere" for it in found if leads_nowhere(document, it)]


def main() -> int:
    with urllib.request.urlopen(sys.argv[1], timeout=30) as response:
        document = json.load(response)
    if not document["openapi"].startswith("3.1."):
        print(f"the document says that it is OpenAPI {document['openapi']}, not 3.1")
        return 1
    faults = [
        f"/{'/'.join(str(part) for part in fault.absolute_path)}: {fault.message}"
        for fault in OpenAPIV31SpecValidator(document).iter_errors()
    ]
    faults += asyncapi()
    for fault in faults:
        print(fault[:300])
    operations = sum(len(item) for item in document["paths"].values())
    print(f"{operations} operations, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
