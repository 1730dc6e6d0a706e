"""Which server is asked next: the choice alone, on a clock of the test's own."""

from __future__ import annotations

from lsp_agent.engine.endpoints import Endpoints, RateLimit, conversation_of
from lsp_agent.engine.types import Chat, Fim, Message, Request

URLS = ["http://a/v1", "http://b/v1", "http://c/v1"]
CONVERSATIONS = [f"conversation {number}" for number in range(200)]


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def choose(endpoints: Endpoints, conversation: str = "", tried: tuple[str, ...] = ()) -> str:
    url = endpoints.choose(conversation, tried)
    assert url is not None
    return url


def test_the_least_busy_one_is_asked() -> None:
    endpoints = Endpoints(URLS)
    chosen = []
    for _ in range(6):
        chosen.append(choose(endpoints, "one conversation"))
        endpoints.begin(chosen[-1])
    assert sorted(chosen[:3]) == sorted(chosen[3:]) == URLS
    endpoints.end(URLS[1])
    assert choose(endpoints, "any other") == URLS[1]


def test_among_equals_a_conversation_stays_where_it_was() -> None:
    endpoints = Endpoints(URLS)
    homes = {one: choose(endpoints, one) for one in CONVERSATIONS}
    assert {one: choose(Endpoints(URLS), one) for one in CONVERSATIONS} == homes
    shares = [list(homes.values()).count(url) for url in URLS]
    assert min(shares) > len(CONVERSATIONS) / 6


def test_when_one_fails_the_others_conversations_stay() -> None:
    endpoints = Endpoints(URLS, Clock())
    before = {one: choose(endpoints, one) for one in CONVERSATIONS}
    endpoints.failed(URLS[0])
    after = {one: choose(endpoints, one) for one in CONVERSATIONS}
    assert all(after[one] == url for one, url in before.items() if url != URLS[0])
    assert set(after.values()) == set(URLS[1:])
    endpoints.worked(URLS[0])
    assert {one: choose(endpoints, one) for one in CONVERSATIONS} == before


def test_the_next_one_is_asked_while_there_is_one() -> None:
    endpoints = Endpoints(URLS, Clock())
    tried: list[str] = []
    while (url := endpoints.choose("a", tried)) is not None:
        endpoints.failed(url)
        tried.append(url)
    assert sorted(tried) == URLS


def test_where_all_have_failed_the_one_that_rested_longest_is_asked() -> None:
    clock = Clock()
    endpoints = Endpoints(URLS, clock)
    for url in (URLS[1], URLS[0], URLS[2]):
        endpoints.failed(url)
        clock.now += 0.1
    assert choose(endpoints) == URLS[1]
    assert endpoints.choose("", [URLS[1]]) is None, "the others still rest"
    clock.now += 5
    assert endpoints.choose("", [URLS[1]]) == URLS[0]


def test_a_single_one_is_asked_whatever_happened() -> None:
    endpoints = Endpoints(URLS[:1], Clock())
    for _ in range(5):
        assert endpoints.choose("") == URLS[0]
        endpoints.failed(URLS[0], after=30)


def test_the_rest_doubles_and_is_bounded() -> None:
    clock = Clock()
    endpoints = Endpoints(URLS, clock)
    rests = []
    for _ in range(9):
        endpoints.failed(URLS[0])
        began = clock.now
        while not endpoints.due():
            clock.now += 0.5
        rests.append(clock.now - began)
    assert rests[:4] == [1.0, 2.0, 4.0, 8.0]
    assert rests[-1] == 60.0


def test_a_server_s_own_wish_is_heeded() -> None:
    clock = Clock()
    endpoints = Endpoints(URLS, clock)
    endpoints.failed(URLS[0], after=20)
    clock.now += 19
    assert endpoints.due() == []
    clock.now += 1
    assert endpoints.due() == [URLS[0]]


def test_health_is_asked_once_for_each_rest() -> None:
    clock = Clock()
    endpoints = Endpoints(URLS, clock)
    endpoints.failed(URLS[0])
    clock.now += 1
    assert endpoints.due() == [URLS[0]]
    assert endpoints.due() == []
    endpoints.failed(URLS[0])
    clock.now += 2
    assert endpoints.due() == [URLS[0]]
    endpoints.worked(URLS[0])
    clock.now += 100
    assert endpoints.due() == []


def test_no_more_in_a_minute_than_allowed() -> None:
    clock = Clock()
    rate = RateLimit(3, clock)
    waits = []
    for _ in range(7):
        waits.append(rate.reserve())
        clock.now += 1
    assert waits == [0, 0, 0, 57, 57, 57, 114]
    clock.now += 600
    assert [rate.reserve() for _ in range(4)] == [0, 0, 0, 60]


def test_without_a_limit_nobody_waits() -> None:
    rate = RateLimit(None, Clock())
    assert {rate.reserve() for _ in range(1000)} == {0}


def test_the_turns_of_a_conversation_are_known_by_their_head() -> None:
    head = (Message("system", "be kind"), Message("user", "one"))
    first = conversation_of(Request(Chat(head)))
    later = (*head, Message("assistant", "two"), Message("user", "three"))
    assert conversation_of(Request(Chat(later))) == first
    assert conversation_of(Request(Chat((head[0], Message("user", "other"))))) != first
    fims = [conversation_of(Request(Fim(text, "", "a.py"))) for text in ("x", "xy")]
    assert fims == ["a.py", "a.py"]
