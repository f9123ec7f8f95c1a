"""The Temporal client: connecting, linking into the UI, and what a namespace must have."""

import re
from collections.abc import Collection
from datetime import timedelta
from urllib.parse import quote

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, UpdateNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode, TLSConfig

from runtime.errors import ReadableError
from runtime.payload_codec import data_converter
from runtime.registry import SEARCH_ATTRIBUTES
from runtime.settings import Settings

UI_PATH = "/temporal"
"""Where the API serves the embedded Temporal UI."""
CODEC_PATH = "/v1/temporal-codec"
"""Where the API decrypts for the Temporal UI."""


class TemporalUnavailable(ReadableError):
    """Temporal cannot be used: the address, what happened, and what to do."""


async def connect(settings: Settings, *, lazy: bool = False) -> Client:
    """A client for the configured namespace; raises TemporalUnavailable.

    A lazy client connects at its first call, so that a process can start while Temporal is down.
    """
    try:
        client = await Client.connect(
            settings.temporal_target,
            namespace=settings.temporal_namespace,
            api_key=settings.temporal_api_key.get_secret_value() if settings.temporal_api_key else None,
            tls=_tls(settings),
            lazy=lazy,
            data_converter=data_converter(settings.payload_keys),
        )
        if not lazy:
            await _describe(client)
    except RPCError as error:
        raise _unavailable(settings, error) from error
    except (RuntimeError, OSError) as error:
        raise TemporalUnavailable(
            f"Temporal at {settings.temporal_target} cannot be reached: {_reason(error)}. {_remedy(settings)}"
        ) from error
    return client


def workflow_url(settings: Settings, workflow_id: str, run_id: str | None = None) -> str:
    """Where the Temporal UI shows a workflow; without a run id, its latest run."""
    namespace = quote(settings.temporal_namespace, safe="")
    url = f"{ui_url(settings)}/namespaces/{namespace}/workflows/{quote(workflow_id, safe='')}"
    return url if run_id is None else f"{url}/{quote(run_id, safe='')}/history"


def ui_url(settings: Settings) -> str:
    """Address of the Temporal UI, without a slash at its end."""
    if settings.temporal_ui_url:
        return settings.temporal_ui_url
    if settings.embedded_temporal:
        return f"{settings.base_url}{UI_PATH}"
    host = settings.temporal_target.rpartition(":")[0]
    cloud = host.endswith((".tmprl.cloud", ".temporal.io"))
    return "https://cloud.temporal.io" if cloud else f"http://{host}:8080"


async def register_search_attributes(client: Client, settings: Settings) -> None:
    """Make sure that the namespace has our search attributes; raises TemporalUnavailable with the remedy."""
    wanted = {attribute.key.name: attribute.type for attribute in SEARCH_ATTRIBUTES}
    missing: Collection[str] = wanted
    try:
        present = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=client.namespace)
        )
        types = {name: IndexedValueType.Name(kind) for name, kind in present.custom_attributes.items()}
        missing = [name for name in wanted if name not in types]
        clashing = {
            name: kind for name, kind in wanted.items() if name in types and types[name] != _wire_type(kind)
        }
        if missing:
            await client.operator_service.add_search_attributes(
                AddSearchAttributesRequest(
                    namespace=client.namespace,
                    search_attributes={
                        name: IndexedValueType.Value(_wire_type(wanted[name])) for name in missing
                    },
                )
            )
    except RPCError as error:
        if error.status is RPCStatusCode.ALREADY_EXISTS:  # another process was faster
            return
        if error.status is RPCStatusCode.INVALID_ARGUMENT:  # it holds as many of a type as a namespace can
            raise TemporalUnavailable(
                f"Namespace {client.namespace} at {settings.temporal_target} has no room for the search attributes "
                f"{', '.join(missing)}: {error.message.rstrip('.')}. Set TEMPORAL_NAMESPACE to a namespace of "
                "Kindling's own; an operator makes one with: temporal operator namespace create --namespace kindling"
            ) from error
        commands = "; ".join(_create_command(client.namespace, name, kind) for name, kind in wanted.items())
        raise TemporalUnavailable(
            f"Search attributes of namespace {client.namespace} at {settings.temporal_target} could not be"
            f" registered: {error.message}. Let an operator run: {commands}"
        ) from error
    if clashing:
        raise TemporalUnavailable(
            f"Namespace {client.namespace} at {settings.temporal_target} has other search attributes: "
            + ", ".join(f"{name} is {types[name]}, not {kind}" for name, kind in clashing.items())
            + ". Set TEMPORAL_NAMESPACE to a namespace of Kindling's own"
        )


async def keep_closed_workflows(client: Client, retention: timedelta) -> None:
    """Raise the namespace's retention to at least `retention`."""
    described = await _describe(client)
    if described >= retention:
        return
    ttl = Duration()
    ttl.FromTimedelta(retention)
    await client.workflow_service.update_namespace(
        UpdateNamespaceRequest(
            namespace=client.namespace, config=NamespaceConfig(workflow_execution_retention_ttl=ttl)
        )
    )


async def _describe(client: Client) -> timedelta:
    """The namespace's retention; an RPCError when there is no such namespace."""
    response = await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace=client.namespace), timeout=timedelta(seconds=5)
    )
    return response.config.workflow_execution_retention_ttl.ToTimedelta()


def _tls(settings: Settings) -> TLSConfig | bool:
    files = (settings.temporal_tls_ca, settings.temporal_tls_cert, settings.temporal_tls_key)
    if not any(files) and settings.temporal_tls_server_name is None:
        return settings.temporal_tls or settings.temporal_api_key is not None
    authority, certificate, key = (path.read_bytes() if path else None for path in files)
    return TLSConfig(
        server_root_ca_cert=authority,
        domain=settings.temporal_tls_server_name,
        client_cert=certificate,
        client_private_key=key,
    )


def _unavailable(settings: Settings, error: RPCError) -> TemporalUnavailable:
    where = f"Temporal at {settings.temporal_target}"
    if error.status is RPCStatusCode.NOT_FOUND:
        namespace = settings.temporal_namespace
        return TemporalUnavailable(
            f"{where} has no namespace {namespace}. Set TEMPORAL_NAMESPACE, or create it:"
            f" temporal operator namespace create --namespace {namespace} --retention 720h"
        )
    if error.status in {RPCStatusCode.UNAUTHENTICATED, RPCStatusCode.PERMISSION_DENIED}:
        return TemporalUnavailable(
            f"{where} refuses us: {error.message}."
            " Check TEMPORAL_API_KEY, or TEMPORAL_TLS_CERT and TEMPORAL_TLS_KEY"
        )
    return TemporalUnavailable(f"{where} does not answer: {error.message}. {_remedy(settings)}")


def _remedy(settings: Settings) -> str:
    if settings.embedded_temporal:
        return "Start it with: kindling up"
    return "Check TEMPORAL_ADDRESS and TEMPORAL_TLS, or unset TEMPORAL_ADDRESS to use the embedded server"


_CAUSES = {
    "refused": "the connection was refused",
    "dns error": "the name is not known",
    "failed to lookup": "the name is not known",
    "certificate": "its TLS certificate is not accepted",
    "timed out": "it did not answer in time",
    "deadline": "it did not answer in time",
    "unreachable": "the network is unreachable",
}


def _reason(error: Exception) -> str:
    """The cause in plain words; the client's own text is a dump of nested errors."""
    text = str(error)
    for sign, words in _CAUSES.items():
        if sign in text.lower():
            return words
    return text.splitlines()[0].removeprefix("Failed client connect: ")[:100]


def _wire_type(kind: str) -> str:
    return "INDEXED_VALUE_TYPE_" + re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind).upper()


def _create_command(namespace: str, name: str, kind: str) -> str:
    return f"temporal operator search-attribute create --namespace {namespace} --name {name} --type {kind}"
