"""The OpenAPI document, read by a validator that others wrote. It needs no network but the instance's.

    openapi_document.py URL      URL: where the document is served

Exits with 1 and says where and why if the document is not valid OpenAPI 3.1.
"""

import json
import sys
import urllib.request

from openapi_spec_validator import OpenAPIV31SpecValidator


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
    for fault in faults:
        print(fault[:300])
    operations = sum(len(item) for item in document["paths"].values())
    print(f"{operations} operations, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
