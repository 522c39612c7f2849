-- Asks wrk's server for random tiles, the same in every run. From the environment: PREFIX and SUFFIX of an address, ZOOM, WEST,
-- NORTH and SIDE of the tiles, FROM_SOUTH where rows count from there.
local function number(name) return tonumber(os.getenv(name)) end

local zoom, west, north, side = number("ZOOM"), number("WEST"), number("NORTH"), number("SIDE")
local from_south = os.getenv("FROM_SOUTH") ~= ""
local start = "GET " .. os.getenv("PREFIX") .. "/" .. zoom .. "/"
local finish = os.getenv("SUFFIX") .. " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"

local threads = 0
function setup(thread)
  thread:set("id", threads)
  threads = threads + 1
end

function init()
  math.randomseed(1000 + id)
end

function request()
  local x, y = west + math.random(0, side - 1), north + math.random(0, side - 1)
  return string.format("%s%d/%d%s", start, x, from_south and 2 ^ zoom - 1 - y or y, finish)
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("seen requests=%d seconds=%.3f p50=%.0f p99=%.0f refused=%d broken=%d\n", summary.requests,
    summary.duration / 1e6, latency:percentile(50), latency:percentile(99), errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
