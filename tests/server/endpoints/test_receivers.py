"""Where messages may go and what comes back: hostile receivers, slow ones, and names that change."""

from pathlib import Path

from msgspec import structs

from tests.server.endpoints.conftest import LOOPBACK, Outside
from tests.support.authority import make_authority
from tests.support.receiver import Receiver, never, running_receiver
from tgl_server.outbound.posting import PostPolicy


async def test_a_redirect_is_not_followed(outside: Outside, receiver: Receiver) -> None:
    async with running_receiver() as inside:
        receiver.status, receiver.headers = 302, {"Location": inside.url}
        await outside.endpoint(receiver.url)
        await outside.happen()
        await outside.send()
        assert inside.messages == []
    (delivery,) = await outside.deliveries()
    assert delivery.state == "pending"
    assert delivery.last_error == "the receiver answered 302, and redirects are not followed"


async def test_a_private_address_is_never_connected_to(outside: Outside, receiver: Receiver) -> None:
    await outside.endpoint(receiver.url)
    outside.sender = outside.make_sender(PostPolicy(allow_http=True))
    await outside.happen()
    await outside.send()
    assert receiver.messages == []
    (delivery,) = await outside.deliveries()
    assert delivery.last_error == "the address is not allowed: it is not a public address"


async def test_a_certificate_of_a_private_authority_is_believed_where_the_operator_names_it(
    outside: Outside, tmp_path: Path
) -> None:
    ca_file, tls = make_authority(tmp_path)
    async with running_receiver(tls) as receiver:
        await outside.endpoint(receiver.url)
        await outside.happen()
        await outside.send()
        (delivery,) = await outside.deliveries()
        assert (receiver.messages, delivery.state) == ([], "pending")
        assert "TLS failed" in delivery.last_error
        outside.sender = outside.make_sender(structs.replace(LOOPBACK, ca_file=str(ca_file)))
        await outside.later(seconds=30)
        assert (len(receiver.messages), await outside.states()) == (1, ["delivered"])


async def test_the_connection_goes_to_the_address_that_was_checked(outside: Outside, receiver: Receiver) -> None:
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])

    async def changing(_: str) -> list[str]:
        return next(answers)

    outside.sender = outside.make_sender(structs.replace(LOOPBACK, resolve=changing))
    await outside.endpoint(receiver.url.replace("127.0.0.1", "rebinding.example"))
    await outside.happen()
    await outside.send()
    assert len(receiver.messages) == 1
    assert receiver.messages[0].headers["host"].startswith("rebinding.example")
    await outside.happen()
    await outside.send()
    assert len(receiver.messages) == 1


async def test_a_receiver_that_does_not_answer_in_time_is_tried_again(outside: Outside, receiver: Receiver) -> None:
    receiver.answer = never
    outside.sender = outside.make_sender(structs.replace(LOOPBACK, seconds=0.5))
    await outside.endpoint(receiver.url)
    await outside.happen()
    await outside.send()
    (delivery,) = await outside.deliveries()
    assert (delivery.state, delivery.last_error) == ("pending", "there was no answer within 0.5 seconds")


async def test_of_an_answer_only_the_beginning_is_kept(outside: Outside, receiver: Receiver) -> None:
    receiver.status, receiver.text = 400, "no\0 " + "x" * 1_000_000
    await outside.endpoint(receiver.url)
    await outside.happen()
    await outside.send()
    (delivery,) = await outside.deliveries()
    assert len(delivery.last_answer) == 1024
    assert delivery.last_answer.startswith("no\ufffd x")
