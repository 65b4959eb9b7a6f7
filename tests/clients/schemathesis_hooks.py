"""The run must not lose what it runs with: its own key, its own principal."""

import os

import schemathesis

OWN = {
    "prefix": os.environ["SIGNOFF_OWN_PREFIX"],
    "id": os.environ["SIGNOFF_OWN_PRINCIPAL"],
}


@schemathesis.hook
def before_call(context, case, kwargs):
    parameters = case.path_parameters or {}
    for name, own in OWN.items():
        if parameters.get(name) == own:
            # As well-formed, and nobody's.
            parameters[name] = own[::-1]
