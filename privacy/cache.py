"""The audit log's stream in Redis; the only place that spells its keys.

Reads are recorded by the script that answers them, so that being recorded costs no round trip. ``take_in`` of
``services.audit_chain`` moves the entries into the chain.

Beside each stream lies a *mark*, a random word. When it is not the one that the chain last saw, Redis has come back
empty, and entries may be missing: the chain says so. No key here has a lifetime, so that a Redis that evicts only keys
with one (``volatile-lru``) never evicts them.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import redis

from ofmemory.errors import CacheUnavailable
from ofmemory.infra.cache.client import Script, client
from ofmemory.infra.ids import pseudonym

# `record(n, line, most)` appends `line` to the stream in KEYS[n], or counts it in KEYS[n + 1] when `most` wait there.
RECORD = """
local function record(n, line, most)
  if line == '' then return end
  if redis.call('XLEN', KEYS[n]) < tonumber(most) then
    redis.call('XADD', KEYS[n], '*', 'e', line)
  else
    redis.call('INCR', KEYS[n + 1])
  end
end
"""
# KEYS: stream, dropped, mark   ARGV: mark known, last id taken, how many, new mark
# Returns {mark, whole, dropped, entries}. A stream that is not whole is read from its beginning, and gets a new mark
# where it has none or the known one: should the caller die before it commits, the next look sees the gap as well.
_READ = Script("""
local mark, kind = redis.call('GET', KEYS[3]), redis.call('TYPE', KEYS[1]).ok
if mark and not string.match(mark, '^%x+$') then mark = false end
local whole = mark == ARGV[1] and (kind == 'stream' or (kind == 'none' and ARGV[2] == ''))
if kind ~= 'stream' and kind ~= 'none' then
  redis.call('DEL', KEYS[1])
end
if not whole and (not mark or mark == ARGV[1]) then
  mark = ARGV[4]
  redis.call('SET', KEYS[3], mark)
end
local from = '-'
if whole and ARGV[2] ~= '' then from = '(' .. ARGV[2] end
local entries = redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', ARGV[3])
return {mark, whole and 1 or 0, tonumber(redis.call('GET', KEYS[2]) or 0) or 0, entries}
""")
# KEYS: stream, mark   ARGV: mark known, last id taken
_TRIM = Script("""
if redis.call('GET', KEYS[2]) == ARGV[1] then
  local ms, sequence = string.match(ARGV[2], '^(%d+)-(%d+)$')
  redis.call('XTRIM', KEYS[1], 'MINID', ms .. '-' .. string.format('%.0f', sequence + 1))
end
""")
# How many streams are looked at in one round trip.
_LOOKS = 500


@dataclass(frozen=True, slots=True)
class Look:
    """What a stream looks like from afar.

    Args:
        mark: the word beside it, empty where there is none.
        kind: as Redis's TYPE says: "stream", or "none" where there is none.
        waiting: how many entries are in it, taken or not.
        dropped: how many entries found no room in it, ever.
    """

    mark: str
    kind: str
    waiting: int
    dropped: int


@dataclass(frozen=True, slots=True)
class Read:
    """What was read from a stream.

    Args:
        mark: the word beside it now.
        whole: whether nothing can have been lost since the known mark was seen.
        dropped: how many entries found no room in it since that mark was made.
        entries: (id, fields) of the next ones.
    """

    mark: str
    whole: bool
    dropped: int
    entries: list[tuple[bytes, list[bytes]]]


@lru_cache(maxsize=1024)
def stream_keys(creator_id: str) -> tuple[str, str]:
    """Return the keys of the creator's stream and of the count of entries that found no room in it."""
    creator = pseudonym(creator_id)
    return f"audit:v1:{{{creator}}}", f"audit:dropped:v1:{{{creator}}}"


def mark_key(creator_id: str) -> str:
    return f"audit:mark:v1:{{{pseudonym(creator_id)}}}"


def look_at(creator_ids: Sequence[str]) -> Iterable[tuple[str, Look]]:
    """Look at every creator's stream, many in one round trip.

    Raises:
        CacheUnavailable: Redis did not answer.
    """
    for start in range(0, len(creator_ids), _LOOKS):
        yield from _looks(creator_ids[start : start + _LOOKS])


def read_stream(creator_id: str, *, mark: str, last_id: str, most: int) -> Read:
    """Return up to ``most`` entries after ``last_id``; from the beginning where the stream is not whole.

    Raises:
        CacheUnavailable: Redis did not answer, or what lies at one of the keys is nothing of ours.
    """
    keys = [*stream_keys(creator_id), mark_key(creator_id)]
    found, whole, dropped, entries = _READ(keys=keys, args=[mark, last_id, most, secrets.token_hex(16)])
    return Read(found.decode(), bool(whole), dropped, entries)


def trim_stream(creator_id: str, *, mark: str, last_id: str) -> None:
    """Remove the entries up to ``last_id``, which are in the chain, unless this is another stream by now.

    Raises:
        CacheUnavailable: Redis did not answer.
    """
    _TRIM(keys=[stream_keys(creator_id)[0], mark_key(creator_id)], args=[mark, last_id])


def _looks(creator_ids: Sequence[str]) -> list[tuple[str, Look]]:
    try:
        with client().pipeline(transaction=False) as pipe:
            for creator_id in creator_ids:
                stream, dropped = stream_keys(creator_id)
                pipe.mget(mark_key(creator_id), dropped)
                pipe.type(stream)
                pipe.xlen(stream)
            answers = pipe.execute(raise_on_error=False)
        return [
            (creator_id, _look_of(*answers[i : i + 3]))
            for i, creator_id in zip(range(0, len(answers), 3), creator_ids, strict=True)
        ]
    except redis.RedisError as error:
        raise CacheUnavailable("The cache did not answer.", retry_after_seconds=1) from error


def _look_of(beside: Any, kind: Any, waiting: Any) -> Look:
    for answer in (beside, kind):
        if isinstance(answer, redis.RedisError):
            raise answer
    mark, dropped = (text or b"" for text in beside)
    # What is no stream has no length, and what is no number is no count; reading it sets that right.
    length = waiting if isinstance(waiting, int) else 0
    return Look(mark.decode(errors="replace"), kind.decode(), length, int(dropped) if dropped.isdigit() else 0)
