-- Sends the calls of a file in turn, each as it stands there. With BENCH_THINK_MS every connection pauses between
-- its calls, for a time drawn evenly between none and twice that: calls then come by chance, as from many callers.
-- With BENCH_ONCE every call is sent once only, and the thread stops after the last.
local ffi = require('ffi')
ffi.cdef([[
  typedef struct { long seconds; long nanos; } bench_time;
  int clock_gettime(int clock, bench_time *time);
]])

local MONOTONIC = 1
local think = tonumber(os.getenv('BENCH_THINK_MS') or '0')
local once = os.getenv('BENCH_ONCE') == '1'
local connections = tonumber(os.getenv('BENCH_CONNECTIONS'))
local calls = {}
local position = 0
local threads = {}

-- Of the thread, read at the end: when every connection had its first call, and when the last call was sent.
full_at = 0
spent_at = 0

local function now()
  local time = ffi.new('bench_time')
  ffi.C.clock_gettime(MONOTONIC, time)
  return tonumber(time.seconds) * 1e6 + tonumber(time.nanos) / 1e3
end

function setup(thread)
  table.insert(threads, thread)
end

function init()
  local file = assert(io.open(os.getenv('BENCH_CALLS'), 'rb'))
  for call in file:read('*a'):gmatch('(%Z+)%z') do
    table.insert(calls, call)
  end
  file:close()
end

function request()
  position = position + 1
  if position == connections then
    full_at = now()
  end
  if position > #calls then
    if once and spent_at == 0 then
      spent_at = now()
      wrk.thread:stop()
    end
    position = 1
  end
  return calls[position]
end

if think > 0 then
  function delay()
    return math.random(0, 2 * think)
  end
end

function done(summary, latency)
  local thread = threads[1]
  io.write(string.format(
    '\nBENCH {"completed":%d,"micros":%d,"p50":%d,"p99":%d,"refused":%d,"failed":%d,"fullAt":%d,"spentAt":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    thread:get('full_at'), thread:get('spent_at')
  ))
end
