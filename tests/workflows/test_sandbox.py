"""Workflow code stays light: what it imports is loaded anew for every run unless passed through."""

import subprocess
import sys

import pytest

HEAVY = (
    "sqlmodel",
    "sqlalchemy",
    "fastapi",
    "uvicorn",
    "aiosmtplib",
    "jinja2",
    "store",
    "services",
    "channels",
)


@pytest.mark.parametrize("module", ["workflows.shard", "workflows.follow_up", "workflows.publish"])
def test_a_workflow_module_imports_nothing_heavy(module: str) -> None:
    code = f"import {module}, sys; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []
