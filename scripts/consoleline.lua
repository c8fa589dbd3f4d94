-- A line: a command of the Asterisk CLI, or Lua.
local P = ...
local out = P.out
local wrong = P.wrong

---- commands of the CLI ----

local statuses = { start = "1", starting = "11", stop = "0", stopping = "10", pause = "2",
                   pausing = "12" }

local function show_one(k)
    return function(uuid)
        return out[k].get(uuid) or wrong("no such %s", k)
    end
end

local function number(s)
    return s and (math.tointeger(tonumber(s)) or wrong("%s is not a number", s)) or nil
end

-- name=value ... as a table; a word without = is an error.
local function pairs_of(...)
    local t = {}
    for _, word in ipairs({ ... }) do
        local name, value = word:match("^([%w_]+)=(.*)$")
        if not name then
            wrong("expected name=value, not %s", word)
        end
        t[name] = value
    end
    return t
end

local lists = { campaigns = "campaign", plans = "plan", dlmas = "dlma", dls = "dl",
                destinations = "destination", dialings = "dialing", previews = "preview" }

-- What follows `out`: words, arguments, help, function. The longest match counts.
local lines = {
    { "show dlma list", "UUID [COUNT]",
      "The leads of a list, at most 100 unless a count is given.",
      function(uuid, count)
          local dlma = show_one("dlma")(uuid)
          return out.dl.find({ dlma = dlma.uuid }, number(count) or 100)
      end },
    { "set status", "STATUS on UUID",
      "Changes a campaign: start, starting, stop, stopping, pause or pausing.",
      function(status, on, uuid)
          if not statuses[status] or on ~= "on" or not uuid then
              wrong("out set status {start|starting|stop|stopping|pause|pausing} on <uuid>")
          end
          P.raw.update("campaign", uuid, { status = statuses[status] })
          return out.campaign.get(uuid)
      end },
    { "create campaign", "NAME=VALUE ...",
      "Creates a campaign; plan=, dlma= and dest= are required.",
      function(...) return out.campaign.create(pairs_of(...)) end },
    { "delete campaign", "UUID", "Deletes a campaign.",
      function(uuid)
          out.campaign.delete(uuid)
          return "campaign " .. uuid .. " is deleted"
      end },
}
table.insert(lines, { "show strategies", "", "What runs in each hook of each plan.",
                      function() return out.strategy.list() end })
table.insert(lines, { "show shadows", "",
                      "What the shadow scripts of the plans would have done.",
                      function() return out.shadow.list() end })
table.insert(lines, { "reload", "",
                      "Reads configuration, users and strategies again and says what changed.",
                      function() return P.raw.reload() end })
for _, name in ipairs({ "campaigns", "plans", "dlmas", "dls", "destinations", "dialings",
                        "previews" }) do
    local k = lists[name]
    table.insert(lines, { "show " .. name, "", "All " .. name .. ", as a table.",
                          function() return out[k].list() end })
    table.insert(lines, { "show " .. k, "UUID", "One " .. k .. ", as JSON.", show_one(k) })
end

-- {usage, help} of each, for help and reference.
function P.word_help()
    local rows = {}
    for _, l in ipairs(lines) do
        table.insert(rows, { "out " .. l[1] .. (l[2] ~= "" and " " .. l[2] or ""), l[3] })
    end
    table.sort(rows, function(a, b) return a[1] < b[1] end)
    return rows
end

-- The words of a line; "..." and '...' keep blanks in a word.
local function split(line)
    local words, at = {}, 1
    while true do
        at = line:find("%S", at)
        if not at then
            return words
        end
        local word = ""
        while at <= #line and not line:sub(at, at):match("%s") do
            local quote, inner, stop = line:match("^([\"'])(.-)%1()", at)
            if quote then
                word, at = word .. inner, stop
            else
                word, at = word .. line:sub(at, at), at + 1
            end
        end
        table.insert(words, word)
    end
end
P.split = split

local verbs = { show = true, set = true, create = true, delete = true, reload = true }

-- The command that these words are, and its arguments; nil if the line is Lua.
local function find(words)
    if words[1] ~= "out" or not verbs[words[2]] then
        return nil
    end
    local best, used
    for _, l in ipairs(lines) do
        local own = split(l[1])
        local fits = #own <= #words - 1
        for i, w in ipairs(own) do
            fits = fits and words[i + 1] == w
        end
        if fits and (not best or #own > used) then
            best, used = l, #own
        end
    end
    if not best then
        wrong("no such command; help() lists them")
    end
    return best, { table.unpack(words, used + 2) }
end

local function run_words(l, rest)
    if l[2]:find("^UUID") and not rest[1] then
        wrong("out %s requires a uuid", l[1])
    elseif l[2] == "" and rest[1] then
        wrong("out %s takes no arguments, not %s", l[1], rest[1])
    end
    P.show(table.pack(l[4](table.unpack(rest))))
end

---- the line ----

-- An expression or else a statement; nil if the line is incomplete.
local function compile(code)
    local f, as_expression = P.compile("return " .. code, "=line")
    local why = as_expression
    if not f then
        f, why = P.compile(code, "=line")
    end
    if f or why:sub(-5) == "<eof>" or as_expression:sub(-5) == "<eof>" then
        return f
    end
    wrong("%s", why)
end

-- Runs a line; true if it is incomplete.
function P.on_line(code, as_json, width)
    P.json, P.width = as_json, width
    if code:match("^%s*out%s+%a") then
        local l, rest = find(split(code))
        if l then
            run_words(l, rest)
            return nil
        end
    end
    local f = compile(code)
    if not f then
        return true
    end
    P.show(table.pack(f()))
end

P.cli_lines, P.cli_statuses = lines, statuses
