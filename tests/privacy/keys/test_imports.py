"""A worker that does not use a provider does not pay for its library."""

import subprocess
import sys

from tests.embedded.helpers import ROOT

ASK = """
import django, sys
django.setup()
from privacy.keys import providers
providers.current_provider()
print(sorted({"boto3", "botocore", "hvac"} & sys.modules.keys()))
"""


def test_the_libraries_of_providers_are_imported_by_who_uses_them(tmp_path):
    environment = {"DJANGO_SETTINGS_MODULE": "ofmemory.settings.base", "OFMEMORY_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", ASK], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "[]\n"
