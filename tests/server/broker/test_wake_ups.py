"""Messages to a real Redis, and what becomes of a request's wake-up while there is none."""

from pathlib import Path
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from tests.support.broker import PASSWORD, Broker, running_broker
from tests.support.waiting import wait_until
from tgl_server.broker.sending import BrokerAway, WakeUp, open_sender
from tgl_server.broker.wake_ups import WakeUps


def url_of(broker: Broker, password: str = "") -> str:
    return f"redis://:{password}@127.0.0.1:{broker.port}/0"


def test_a_wake_up_is_a_message_in_the_queue_of_all_or_of_a_host(tmp_path: Path) -> None:
    repo_id = uuid4()
    with running_broker(tmp_path) as broker:
        wake_ups = WakeUps(url_of(broker))
        wake_ups.wake(WakeUp(repo_id))
        wake_ups.wake(WakeUp(repo_id, "north"))
        wait_until(lambda: broker.waiting() and broker.waiting("tgl-pull.north"))
        message = broker.first()
        wake_ups.close()
    assert (message["content-type"], message["headers"]["task"]) == ("application/json", "tgl.pull")
    assert message["headers"]["id"].startswith(f"{repo_id}:")
    assert message["headers"]["expires"]


def test_without_a_broker_nothing_is_sent_and_nothing_fails() -> None:
    wake_ups = WakeUps("")
    wake_ups.wake(WakeUp(uuid4()))
    wake_ups.close()


def test_a_broker_that_is_away_is_told_of_once_and_used_again_when_it_is_back(tmp_path: Path) -> None:
    with running_broker(tmp_path) as broker, capture_logs() as lines:
        wake_ups = WakeUps(url_of(broker))
        broker.kill()
        for _ in range(20):
            wake_ups.wake(WakeUp(uuid4()))
        wait_until(lambda: lines)
        broker.start()

        def arrives() -> int:
            wake_ups.wake(WakeUp(uuid4()))
            return broker.waiting()

        wait_until(arrives)
        wake_ups.close()
    assert [line["event"] for line in lines].count("broker_away") == 1


def test_a_wrong_password_is_said_without_it(tmp_path: Path) -> None:
    with running_broker(tmp_path, password=PASSWORD) as broker:
        send = open_sender(url_of(broker, "wrong-password"))
        with pytest.raises(BrokerAway) as refused:
            send(WakeUp(uuid4()))
    assert "127.0.0.1" in str(refused.value)
    assert "wrong-password" not in repr(refused.value) + str(refused.value)


def test_an_address_that_answers_nothing_is_given_up() -> None:
    send = open_sender("redis://192.0.2.1:6379/0")  # a network that documentation uses, and nobody else
    with pytest.raises(BrokerAway):
        send(WakeUp(uuid4()))
