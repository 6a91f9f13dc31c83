"""JSONL and CSV: the same rows, whatever the file looks like; and the same rules as the REST API."""

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.api.serializers import FanInteractionSerializer
from memory.models import FanMemory, Interaction
from memory.services.import_formats import FIELDS
from memory.services.import_rows import understand
from memory.services.importing import import_history
from ofmemory.errors import InvalidInput
from tests.memory.services.test_importing import counts, run
from tests.memory.support import CREATOR

ROWS: list[dict[str, Any]] = [
    {"fanId": "fan-1", "content": 'He said "hi", then\nleft', "timestamp": "2026-03-01T12:00:00Z"},
    {"fanId": "fan-1", "sender": "creator", "content": "naïve café 🙂", "timestamp": "2026-03-01T12:00:00Z"},
    {
        "fanId": "fan-2",
        "type": "purchase",
        "amount": "12.5",
        "currency": "USD",
        "timestamp": "2026-03-01T12:00:00Z",
        "metadata": {"category": "photos", "tags": ["a", 1], "externalId": "p-1"},
    },
]


def as_csv(rows: list[dict[str, Any]], columns: tuple[str, ...] = FIELDS, **options: Any) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, **options)
    writer.writeheader()
    for row in rows:
        writer.writerow(row | ({"metadata": json.dumps(row["metadata"])} if "metadata" in row else {}))
    return text.getvalue().encode()


def as_jsonl(rows: list[dict[str, Any]], end: bytes = b"\n") -> bytes:
    return end.join(json.dumps(row).encode() for row in rows)


def fields_of(error: InvalidInput) -> set[str]:
    fields: Any = error.details["fields"]
    return set(fields)


@pytest.fixture
def file(tmp_path):
    def make(content: bytes, name: str = "history"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return make


def stored() -> list[Any]:
    messages = [(m.fan_id, m.sender, m.message_content, m.created_at, m.external_id) for m in FanMemory.objects.all()]
    others = [(i.fan_id, i.type, i.amount, i.currency, i.created_at, i.metadata) for i in Interaction.objects.all()]
    return [sorted(messages), others]


@pytest.mark.parametrize(
    "content",
    [
        as_jsonl(ROWS),
        as_jsonl(ROWS, b"\r\n") + b"\r\n\r\n",
        b"\xef\xbb\xbf" + as_jsonl(ROWS),
        as_csv(ROWS),
        as_csv(ROWS, lineterminator="\n"),
        b"\xef\xbb\xbf" + as_csv(ROWS) + b"\r\n",
        as_csv(ROWS, FIELDS[::-1], quoting=csv.QUOTE_ALL),
    ],
    ids=["jsonl", "jsonl-crlf", "jsonl-bom", "csv", "csv-lf", "csv-bom", "csv-quoted"],
)
def test_every_way_to_write_the_same_history(creator_1, file, content):
    run(file(as_jsonl(ROWS), "reference.jsonl"))
    expected = stored()
    assert counts(file(content)) == (0, 3, 0)
    FanMemory.objects.all().delete()
    Interaction.objects.all().delete()
    assert counts(file(content)) == (3, 0, 0)
    assert stored() == expected


def test_metadata_columns(creator_1, file):
    path = file(
        b"fanId,timestamp,content,metadata,metadata.externalId,metadata.note\n"
        b'fan-1,2026-03-01T12:00:00Z,hi,"{""n"": 1}",x-1,\n'
        b"fan-1,2026-03-01T12:01:00Z,ho,,x-2,yes\n"
    )
    assert counts(path) == (2, 0, 0)
    found = [m.metadata for m in FanMemory.objects.order_by("created_at")]
    assert found == [{"n": 1, "externalId": "x-1"}, {"externalId": "x-2", "note": "yes"}]


def test_bad_csv_rows_are_named_by_their_line(creator_1, file):
    head = b"fanId,timestamp,content,metadata\n"
    good = b"fan-1,2026-03-01T12:0%d:00Z,%s,\n"
    path = file(
        head
        + good % (0, b'"two\nlines"')
        + b"fan-1,2026-03-01T12:00:00Z\n"
        + b"fan-1,2026-03-01T12:00:00Z,a,,extra\n"
        + b"fan-1,2026-03-01T12:00:00Z,\xff,\n"
        + b"fan-1,2026-03-01T12:00:00Z,a,{broken\n"
        + b'fan-1,2026-03-01T12:00:00Z,"a"b,\n'
        + b"fan-1,2026-03-01T12:00:00Z," + b"x" * 2_000_000 + b",\n"
        + good % (1, b"last")
        + b'fan-1,2026-03-01T12:00:00Z,"never closed,\n'
        + good % (2, b"swallowed"),
        "history.csv",
    )  # fmt: skip
    imported, rejections = run(path)
    assert (imported.created, imported.rejected) == (2, 7)
    assert [rejection.line for rejection in rejections] == [4, 5, 6, 7, 8, 9, 11]


def test_a_line_too_long_inside_a_cell_spoils_only_its_row(creator_1, file):
    row = b"fan-1,2026-03-01T12:00:00Z,%s\n"
    path = file(
        b"fanId,timestamp,content\n"
        + row % (b'"first\n' + b"x" * 2_000_000 + b'\nlast"')
        + row % b"fine"
        + b'fan-1,2026-03-01T12:00:00Z,"' + b"y" * 2_000_000 + b'\nlast"\n'
        + row.replace(b":00Z", b":30Z") % b"fine too",
        "history.csv",
    )  # fmt: skip
    imported, rejections = run(path)
    assert (imported.created, [rejection.line for rejection in rejections]) == (2, [2, 6])


@pytest.mark.parametrize(
    "header",
    ["fanId,content", "timestamp,content", "fanId,timestamp,mood", "fanId,timestamp,fanId", 'fanId,"time', "{}"],
)
def test_a_header_that_does_not_name_the_fields_is_refused(creator_1, file, header):
    with pytest.raises(InvalidInput) as refusal:
        import_history(creator_id=CREATOR, path=file(f"{header}\nfan-1,x,y\n".encode(), "history.csv"))
    assert fields_of(refusal.value) == {"file"}


def test_the_name_tells_the_format_before_the_content_does(creator_1, file):
    assert counts(file(b"fanId,timestamp,content\n", "history.JSONL")) == (0, 0, 1)
    assert counts(file(as_jsonl(ROWS), "history.csv"), format="jsonl") == (3, 0, 0)


# ---- the same rules as the REST API

_odd = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.just([]), st.just({}))
_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
# The API refuses NUL before its serializers see the body, so here metadata has none.
_clean = _text.map(lambda text: text.replace("\x00", ""))
_deep = st.recursive(st.none() | _clean, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_clean, inner))
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "fanId": st.sampled_from(["fan-1", "", " x", "x" * 255, "x" * 256, "a\nb", "é"]) | _text | _odd,
    "creatorId": st.sampled_from([CREATOR, ""]) | _odd,
    "type": st.sampled_from(["message", "purchase", "tip", "MESSAGE", ""]) | _odd,
    "sender": st.sampled_from(["fan", "ai", "bot", ""]) | _odd,
    "content": st.sampled_from(["", " ", "x" * 20_000, "x" * 20_001, "a\x00b"]) | _text | _odd,
    "timestamp": st.sampled_from(
        ["2026-03-01T12:00:00Z", "2026-03-01 12:00", "2026-03-01", "2026-02-30T00:00:00Z", "0001-01-01T00:00:00+10:00",
         "2026-03-01T12:00:00+01:00", "20260301T120000Z", "2026-W10-1", "", "now", 1_700_000_000]
    ) | st.datetimes().map(str) | _text,
    "metadata": st.dictionaries(_clean, _deep)
    | st.sampled_from([{"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": 1}}}}}}}}, {"externalId": "x" * 256}])
    | st.just({"a": [[[[[[[[]]]]]]]]}) | st.just({"a": "x" * 40_000}) | _odd,
    "amount": st.sampled_from(
        ["12.50", " 7 ", "1_0", "-1", "-0", "0", "1e3", "1E-2", "0.001", "99999999.99", "100000000", "NaN", "Infinity",
         "1e999", "", "x", 5, 12.5, 0.1 + 0.2, "9" * 1001]
    ) | st.decimals(allow_nan=False, allow_infinity=False).map(str) | st.integers() | _odd,
    "currency": st.sampled_from(["USD", " USD ", "usd", "US", "USDT", "ÄÖÜ", "", "USD\n"]) | _odd,
    "mood": st.just("fine"),
}  # fmt: skip


@given(
    st.fixed_dictionaries(
        {"fanId": st.just("fan-1"), "timestamp": st.just("2026-03-01T12:00:00Z")},
        optional={name: values for name, values in _VALUES.items() if name not in {"fanId", "timestamp"}},
    )
    | st.fixed_dictionaries({"timestamp": _VALUES["timestamp"], "fanId": _VALUES["fanId"]})
)
def test_a_row_is_held_to_the_rules_of_the_api(row):
    serializer = FanInteractionSerializer(data=row)
    try:
        fan_id, said = understand(row, creator_id=CREATOR)
    except InvalidInput as error:
        at_fault = {"mood" if name == "row" else name for name in fields_of(error)}
        assert not serializer.is_valid()
        # The API says first that a field is unknown; the import says everything at once.
        assert set(serializer.errors) == ({"mood"} if "mood" in at_fault else at_fault)
        return
    assert serializer.is_valid(), serializer.errors
    given_values = serializer.validated_data
    assert fan_id == given_values["fanId"]
    assert said.timestamp == given_values["timestamp"]
    assert (said.type, said.sender) == (given_values["type"], given_values["sender"])
    assert said.content == given_values.get("content", "")
    assert str(said.amount) == str(given_values.get("amount"))
    assert said.currency == given_values.get("currency")
    assert said.metadata == given_values.get("metadata", {})
