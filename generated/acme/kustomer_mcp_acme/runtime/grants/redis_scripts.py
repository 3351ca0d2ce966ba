"""Owns the changes that must happen whole inside Redis, as its Lua. It sends nothing."""

from __future__ import annotations

# Make or change a record. KEYS: its new hash, its id, the order of lists, its old hash, its old scope, its new scope.
# ARGV: id, new digest, old digest (empty: a new record), revision it must have, old scope, new scope, expiry in
# milliseconds (empty: never), time made, then fields and values. A script that is sent again after a lost answer finds
# its own digest and changes nothing.
PUT = """
local held = redis.call('GET', KEYS[2]) or ''
if ARGV[3] == '' and held == ARGV[2] then return 'done' end
if held ~= ARGV[3] then return 'changed' end
if held ~= '' and redis.call('HGET', KEYS[4], 'revision') ~= ARGV[4] then return 'changed' end
if ARGV[6] ~= '' then
  local owner = redis.call('GET', KEYS[6])
  if owner and owner ~= ARGV[1] then return 'scope' end
end
local used = redis.call('HGET', KEYS[4], 'last_used_at')
redis.call('DEL', KEYS[4])
if ARGV[5] ~= '' and redis.call('GET', KEYS[5]) == ARGV[1] then redis.call('DEL', KEYS[5]) end
redis.call('HSET', KEYS[1], unpack(ARGV, 9))
if used then redis.call('HSET', KEYS[1], 'last_used_at', used) end
redis.call('SET', KEYS[2], ARGV[2])
redis.call('ZADD', KEYS[3], ARGV[8], ARGV[1])
if ARGV[6] ~= '' then redis.call('SET', KEYS[6], ARGV[1]) end
if ARGV[7] ~= '' then
  redis.call('PEXPIREAT', KEYS[1], ARGV[7])
  redis.call('PEXPIREAT', KEYS[2], ARGV[7])
  if ARGV[6] ~= '' then redis.call('PEXPIREAT', KEYS[6], ARGV[7]) end
end
return 'done'
"""

# Forget a record. KEYS: its hash, its id, the order of lists, its scope. ARGV: id, digest.
REMOVE = """
if redis.call('GET', KEYS[2]) ~= ARGV[2] then return 0 end
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('ZREM', KEYS[3], ARGV[1])
if redis.call('GET', KEYS[4]) == ARGV[1] then redis.call('DEL', KEYS[4]) end
return 1
"""

# Note a last use. KEYS: the hash. ARGV: id, time. A record that is gone does not come back.
TOUCH = """
if redis.call('HGET', KEYS[1], 'id') == ARGV[1] then redis.call('HSET', KEYS[1], 'last_used_at', ARGV[2]) end
return 1
"""

# Count one request. KEYS: the count. ARGV: seconds that it is kept.
COUNT = """
local made = redis.call('INCR', KEYS[1])
if made == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return made
"""

# Keep a value if there is none yet. KEYS: its name. ARGV: the value.
AGREE = """
redis.call('SETNX', KEYS[1], ARGV[1])
return redis.call('GET', KEYS[1])
"""
