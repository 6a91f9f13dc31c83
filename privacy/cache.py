"""The audit log's stream in Redis; the only place that spells its keys.

Reads are recorded by the script that answers them, so that being recorded costs no round trip. ``take_in`` of
``services.audit_chain`` moves the entries into the chain.
"""

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


def stream_keys(creator_id: str) -> list[str]:
    """Return the keys of the creator's stream and of the count of entries that found no room in it."""
    creator = pseudonym(creator_id)
    return [f"audit:v1:{{{creator}}}", f"audit:dropped:v1:{{{creator}}}"]
