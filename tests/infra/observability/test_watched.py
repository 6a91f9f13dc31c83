"""Asking what may hang."""

import threading

from ofmemory.infra.observability.watched import Watched


def test_an_answer_is_good_for_a_while():
    asked = []
    watched = Watched(lambda: asked.append(1) or len(asked), fresh_seconds=60)
    for _ in range(3):
        watched.start()
        assert watched.wait(10)
    assert (watched.answer, watched.error, len(asked)) == (1, None, 1)


def test_an_old_one_is_asked_for_anew():
    asked = []
    watched = Watched(lambda: asked.append(1) or len(asked), fresh_seconds=0)
    for count in (1, 2, 3):
        watched.start()
        assert watched.wait(10)
        assert watched.answer == count


def test_what_takes_long_is_asked_more_rarely():
    watched = Watched(lambda: threading.Event().wait(0.05), fresh_seconds=0, share=0.0001)
    watched.start()
    assert watched.wait(10)
    good_until = watched._good_until
    watched.start()
    assert watched._good_until == good_until
    assert watched._done.is_set()


def test_a_failure_is_no_answer_and_the_next_one_is():
    answers = iter([ValueError(), 3])

    def ask():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    watched = Watched(ask, fresh_seconds=0)
    watched.start()
    watched.wait(10)
    assert watched.answer is None
    assert isinstance(watched.error, ValueError)
    watched.start()
    watched.wait(10)
    assert (watched.answer, watched.error) == (3, None)


def test_one_thread_asks_however_many_want_to_know():
    go_on, asked = threading.Event(), []
    watched = Watched(lambda: asked.append(1) or go_on.wait(60), fresh_seconds=60)
    for _ in range(10):
        watched.start()
        assert not watched.wait(0)
    assert watched.asking_seconds > 0
    go_on.set()
    assert watched.wait(10)
    assert (len(asked), watched.asking_seconds) == (1, 0)
    watched.reset()
    assert watched.answer is None
