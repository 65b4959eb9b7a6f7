"""What Airflow is told of this package: that there are connections of the type `signoff`.

It stands apart from the adapter, because Airflow asks for it while it is being loaded itself.
"""

from __future__ import annotations

from typing import Any


def get_provider_info() -> dict[str, Any]:
    return {
        "package-name": "signoff",
        "name": "Signoff",
        "description": "Human sign-off: a task that waits for people.",
        "connection-types": [
            {
                "connection-type": "signoff",
                "hook-class-name": "signoff.adapters.airflow.SignoffHook",
                "hook-name": "Signoff",
                "ui-field-behaviour": {
                    "hidden-fields": ["schema", "login", "port", "extra"],
                    "relabeling": {"host": "URL", "password": "API key"},
                    "placeholders": {"host": "https://signoff.example.com", "password": "so_…"},
                },
            }
        ],
    }
