"""Makes sure that Temporal knows our search attributes: a workflow that sets an unknown one stands still."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeIndexedValueType, SearchAttributeKey
from temporalio.service import RPCError, RPCStatusCode

from workflows.attributes import SEARCH_ATTRIBUTES

_BETWEEN_LOOKS = 0.05


class SearchAttributesError(Exception):
    """Our search attributes cannot be used with this Temporal. Its text is one line with what to do."""


async def register_search_attributes(
    client: Client,
    attributes: Sequence[SearchAttributeKey[Any]] = SEARCH_ATTRIBUTES,
    *,
    patience: timedelta = timedelta(seconds=30),
) -> None:
    """Registers those that are missing in the client's namespace and waits until all can be used.

    What is there already is left alone, so it may be called at every start, and by several workers at once.

    Arguments:
        client: of the namespace.
        attributes: what is to be there.
        patience: how long to wait for Temporal to let them be used.

    Raises:
        SearchAttributesError: one is there as another type, may not be made by us, or cannot be used in time.
    """
    wanted = {key.name: key.indexed_value_type for key in attributes}
    there = await _registered(client)
    # Adding one again as another type changes nothing and raises nothing, so it has to be looked at first.
    if other := [name for name, kind in wanted.items() if there.get(name, kind) != kind]:
        raise SearchAttributesError(
            f"Temporal's namespace {client.namespace} has {', '.join(other)} as search attributes of another "
            "type: remove them there, or use another namespace."
        )
    if missing := {name: kind for name, kind in wanted.items() if name not in there}:
        await _add(client, missing)
    await _until_usable(client, list(wanted), patience)


async def _registered(client: Client) -> dict[str, int]:
    request = ListSearchAttributesRequest(namespace=client.namespace)
    return dict((await client.operator_service.list_search_attributes(request)).custom_attributes)


async def _add(client: Client, missing: dict[str, SearchAttributeIndexedValueType]) -> None:
    request = AddSearchAttributesRequest(namespace=client.namespace)
    for name, kind in missing.items():
        request.search_attributes[name] = int(kind)  # type: ignore[assignment]  # the enum's number, as the wire has it
    try:
        await client.operator_service.add_search_attributes(request)
    except RPCError as error:
        if error.status == RPCStatusCode.ALREADY_EXISTS:
            return  # another worker was quicker
        if error.status == RPCStatusCode.UNAVAILABLE:
            raise
        names = ", ".join(f"{name} ({kind.name.capitalize()})" for name, kind in missing.items())
        raise SearchAttributesError(
            f"Temporal's namespace {client.namespace} lacks search attributes and does not let us add them "
            f"({error.message}): have its administrator add {names}."
        ) from None


async def _until_usable(client: Client, names: list[str], patience: timedelta) -> None:
    """Registered is not yet usable: servers keep what they know for a while. A search is the proof."""
    query = " AND ".join(f"{name} IS NULL" for name in names)
    try:
        async with asyncio.timeout(patience.total_seconds()):
            while True:
                try:
                    await client.count_workflows(query)
                except RPCError as error:
                    if error.status != RPCStatusCode.INVALID_ARGUMENT:
                        raise
                    await asyncio.sleep(_BETWEEN_LOOKS)
                else:
                    return
    except TimeoutError:
        raise SearchAttributesError(
            f"Temporal's namespace {client.namespace} did not let {', '.join(names)} be used within "
            f"{patience.total_seconds():g} seconds: try again."
        ) from None
