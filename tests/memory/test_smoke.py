def test_remembers(service):
    service.say("fan-1", "I love cats")
    context = service.context("fan-1")
    assert [m["content"] for m in context["recentMessages"]] == ["I love cats"]


def test_stranger_is_refused(service, charlie):
    service.say("fan-1")
    answer = charlie.get("/api/of-memory/context?fanId=fan-1&creatorId=creator-1")
    assert answer.status_code == 403
