"""Search attributes are there before a workflow needs them, however often they are asked for."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta

import pytest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from running.embedded.temporal_server import TemporalServer
from running.search_attributes import SearchAttributesError, _until_usable, register_search_attributes


@pytest.fixture
async def client(server: TemporalServer) -> Client:
    """A client of the embedded server."""
    return await Client.connect(server.address)


async def test_a_new_one_can_be_used_at_once(client: Client) -> None:
    key = SearchAttributeKey.for_bool(f"New{uuid.uuid4().hex}")
    await register_search_attributes(client, [key])
    await client.start_workflow(
        "AnyFile",
        id=key.name,
        task_queue="nobody",
        search_attributes=TypedSearchAttributes([SearchAttributePair(key, True)]),
    )
    assert (await client.get_workflow_handle(key.name).describe()).typed_search_attributes[key] is True


async def test_several_workers_may_ask_at_once_and_again(client: Client) -> None:
    key = SearchAttributeKey.for_bool(f"Shared{uuid.uuid4().hex}")
    await asyncio.gather(*(register_search_attributes(client, [key]) for _ in range(5)))
    await register_search_attributes(client, [key])


async def test_what_is_registered_is_waited_for_until_it_can_be_used(client: Client) -> None:
    """As in a cluster, whose servers learn of it one after the other."""
    key = SearchAttributeKey.for_bool(f"Later{uuid.uuid4().hex}")
    with pytest.raises(SearchAttributesError, match=rf"did not let {key.name} be used within 0\.2 seconds"):
        await _until_usable(client, [key.name], timedelta(seconds=0.2))
    waiting = asyncio.create_task(_until_usable(client, [key.name], timedelta(seconds=30)))
    await register_search_attributes(client, [key])
    await waiting


async def test_ours_may_be_asked_for_when_they_are_there(client: Client) -> None:
    await register_search_attributes(client)


async def test_one_of_another_type_is_named(client: Client) -> None:
    with pytest.raises(SearchAttributesError, match=r"namespace default has CaseReference as search attributes of"):
        await register_search_attributes(client, [SearchAttributeKey.for_int("CaseReference")])


async def test_what_temporal_does_not_let_us_add_is_named(client: Client) -> None:
    too_many = [SearchAttributeKey.for_float(f"TooMany{n}") for n in range(4)]
    with pytest.raises(SearchAttributesError) as caught:
        await register_search_attributes(client, too_many)
    assert str(caught.value).endswith(
        "have its administrator add TooMany0 (Double), TooMany1 (Double), TooMany2 (Double), TooMany3 (Double)."
    )
