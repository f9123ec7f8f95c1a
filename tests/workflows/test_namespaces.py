"""A namespace that is shared with others may have no room for the search attributes."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from runtime.settings import Settings
from runtime.temporal import TemporalUnavailable, register_search_attributes

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]
KEYWORD = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
#: As many of them as a namespace can hold.
MOST = 10


async def crowded(temporal: WorkflowEnvironment) -> Client:
    """A client of a namespace in which others have all but one of the keywords."""
    service = temporal.client.service_client
    request = RegisterNamespaceRequest(namespace="crowded")
    request.workflow_execution_retention_period.FromTimedelta(timedelta(days=1))
    await temporal.client.workflow_service.register_namespace(request)
    client = await Client.connect(service.config.target_host, namespace="crowded")
    others = AddSearchAttributesRequest(
        namespace="crowded", search_attributes={f"Other{number}": KEYWORD for number in range(MOST - 1)}
    )
    async with asyncio.timeout(60):
        while True:
            try:
                await client.operator_service.add_search_attributes(others)
            except RPCError:  # the server gets to know its namespaces after a moment
                await asyncio.sleep(0.2)
            else:
                return client


async def test_a_namespace_that_is_full_is_told_to_be_left(
    temporal: WorkflowEnvironment, settings: Settings
) -> None:
    client = await crowded(temporal)
    with pytest.raises(TemporalUnavailable) as refused:
        await register_search_attributes(client, settings)
    told = str(refused.value)
    assert told.startswith("Namespace crowded at ")
    assert "cannot have more than 10 search attribute" in told
    assert "Set TEMPORAL_NAMESPACE to a namespace of Kindling's own" in told
    assert "search-attribute create" not in told
