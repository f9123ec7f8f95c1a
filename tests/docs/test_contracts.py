"""Import contracts name every wing: one that is new would be bound by none."""

import tomllib

import pytest

from reference.pages import ROOT

CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]


@pytest.mark.parametrize(("layer", "besides"), [("api", set()), ("commands", {"demo"})])
def test_every_wing_of_a_layer_is_in_the_contract_of_its_wings(layer: str, besides: set[str]) -> None:
    wings = {folder.parent.name for folder in (ROOT / layer).glob("*/__init__.py")} - besides
    [bound] = [
        contract["modules"]
        for contract in CONTRACTS
        if contract["type"] == "independence" and contract["modules"][0].startswith(f"{layer}.")
    ]
    assert {f"{layer}.{wing}" for wing in wings} == {*bound}
