"""Makes src/signoff/_types.py from the OpenAPI document that the server's tests lock.

    python make_types.py            writes it
    python make_types.py --check    fails where it differs from what is there

Needs datamodel-code-generator, and the repository around this folder.
"""

from __future__ import annotations

import difflib
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
LOCKED = HERE / "../../tests/it/api/snapshots/it__api__openapi__openapi.snap"
TYPES = HERE / "src/signoff/_types.py"
HEAD = "# Made by make_types.py; not to be edited.\n\n"


def made() -> str:
    text = LOCKED.read_text("utf-8")
    # What the test's tool says of the file stands in front, between lines of dashes.
    document = text[text.index("\n---\n", 3) + 5 :]
    with tempfile.TemporaryDirectory() as folder:
        given, output = Path(folder, "openapi.json"), Path(folder, "types.py")
        given.write_text(document, "utf-8")
        subprocess.run(
            [
                sys.executable, "-W", "ignore", "-m", "datamodel_code_generator", "--input", given, "--output", output,
                "--input-file-type", "openapi", "--output-model-type", "typing.TypedDict",
                "--target-python-version", "3.11", "--use-schema-description", "--enum-field-as-literal", "all",
                "--disable-timestamp", "--custom-file-header", HEAD.strip(),
            ],
            check=True,
        )  # fmt: skip
        return output.read_text("utf-8")


def main() -> int:
    types = made()
    if sys.argv[1:] != ["--check"]:
        TYPES.write_text(types, "utf-8")
        return 0
    before = TYPES.read_text("utf-8")
    difference = list(difflib.unified_diff(before.splitlines(), types.splitlines(), "as it is", "as it should be", lineterm=""))
    print("\n".join(difference[:60]))
    return 1 if difference else 0


if __name__ == "__main__":
    sys.exit(main())
