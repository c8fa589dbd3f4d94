-- out.on, out.after, out.every, out.sleep, out.loop, out.ami.send, out.why.
local P = ...
local out = P.out
local raw, wrong = P.raw, P.wrong

local function check_function(fn)
    if type(fn) ~= "function" then
        wrong("expected a function, not a %s", type(fn))
    end
end

-- An error in a function that nobody waits for is printed; the other functions are called.
local function call(what, fn, ...)
    local ok, why = pcall(fn, ...)
    if not ok then
        P.write(string.format("%s: %s\n", what, tostring(why)))
    end
end

---- events ----

local subscriptions, handlers, ids = {}, {}, 0
local subscription = { __name = "subscription", __index = {} }

local function off(self)
    for i, s in ipairs(subscriptions) do
        if s == self then
            table.remove(subscriptions, i)
            handlers[s] = nil
            raw.hear(#subscriptions > 0)
            return true
        end
    end
    return false
end

local function known_events()
    local names = {}
    for _, k in ipairs(P.kinds) do
        if k.events then
            table.insert(names, k.name .. ".create, .update, .delete")
        end
    end
    return table.concat(names, "; ")
end

local function check_event(name)
    local noun, verb = tostring(name):match("^([%a_]+)%.([%a*]+)$")
    local k = noun and P.kind[noun]
    local verbs = { create = true, update = true, delete = true, ["*"] = true }
    if name ~= "*" and not (k and k.events and verbs[verb]) then
        wrong("no such event: %s; events: %s; NOUN.* and * match all", tostring(name),
              known_events())
    end
end

local function on(name, fn)
    check_event(name)
    check_function(fn)
    ids = ids + 1
    local s = setmetatable({ id = ids, event = name }, subscription)
    handlers[s] = fn
    table.insert(subscriptions, s)
    raw.hear(true)
    return s
end

local function fits(pattern, name)
    return pattern == "*" or pattern == name or
           (pattern:sub(-2) == ".*" and name:sub(1, #pattern - 1) == pattern:sub(1, -2))
end

function P.on_event(name, data, dropped)
    local k = P.kind[name:match("^[%a_]+") or ""]
    if k then
        setmetatable(data, k.meta)
    end
    if dropped > 0 then
        P.write(string.format("(%d events were dropped: too many at once)\n", dropped))
    end
    for _, s in ipairs({ table.unpack(subscriptions) }) do
        if handlers[s] and fits(s.event, name) then
            call("on " .. name, handlers[s], data, name)
        end
    end
end

---- timers ----

local alarms, early = {}, {}
local alarm = { __name = "timer", __index = {} }

local function set(seconds, fn, every)
    check_function(fn)
    local id = raw.alarm(seconds, every)
    alarms[id] = fn
    if early[id] then -- it was due before it was noted here
        early[id] = nil
        P.on_alarm(id, not every)
    end
    return setmetatable({ id = id, seconds = seconds }, alarm)
end

function P.on_alarm(id, last)
    local fn = alarms[id]
    if not fn then
        early[id] = true
        return
    end
    if last then
        alarms[id] = nil
    end
    call("timer", fn)
end

local function alarm_off(self)
    alarms[self.id] = nil
    return raw.alarm_off(self.id)
end

---- AMI ----

local function add(list, name, value)
    local t = type(value)
    if t == "table" then
        for _, v in ipairs(value) do
            add(list, name, v)
        end
    elseif t == "string" or t == "number" or t == "boolean" then
        table.insert(list, { tostring(name), tostring(value) })
    else
        wrong("%s cannot be a %s", tostring(name), t)
    end
end

local function send(action, asterisk)
    if type(action) ~= "table" or type(action.Action) ~= "string" then
        wrong("expected an action: {Action = \"Ping\", ...}")
    end
    local list = { { "Action", action.Action } }
    for name, value in pairs(action) do
        if name ~= "Action" then
            add(list, name, value)
        end
    end
    return raw.ami(list, type(asterisk) == "table" and asterisk.name or asterisk or "")
end

---- why not? ----

-- Counts the leads of a campaign by reason, piece by piece.
local function count_leads(uuid)
    local counts, total, after = {}, 0, 0
    while after do
        local piece = raw.why_counts(uuid, after)
        for reason, n in pairs(piece.counts) do
            counts[reason] = (counts[reason] or 0) + n
            total = total + n
        end
        after = piece.next
    end
    return counts, total
end

local function why_campaign(uuid)
    local answer = raw.why_campaign(uuid)
    if answer then
        answer.leads, answer.total = count_leads(uuid)
    end
    return answer
end

local function why(x)
    local k = type(x) == "table" and getmetatable(x) and getmetatable(x).kind
    local name = k and x[k.key] or x
    local ask = k and ({ campaign = why_campaign, dl = raw.why_lead,
                         trunk = raw.why_trunk })[k.name]
    if type(name) ~= "string" or (k and not ask) then
        wrong("expected a campaign, a lead or a trunk, or its uuid or name")
    end
    if ask then
        return ask(name) or wrong("this %s no longer exists", k.name)
    end
    return why_campaign(name) or raw.why_lead(name) or raw.why_trunk(name) or
           wrong("no campaign, lead or trunk %s", name)
end

---- the table ----

out.ami = {}
P.docs[out] = { name = "out", help = "all that the engine offers" }
P.docs[out.ami] = { name = "out.ami", help = "Asterisk itself" }
P.define(subscription.__index, "subscription:", {
    { "off", "()", "Ends the subscription; false if it has already ended.", off } })
P.define(alarm.__index, "timer:", {
    { "off", "()", "Stops the timer; false if it has already ended.", alarm_off } })
P.define(out, "out.", {
    { "on", "(event, function)",
      "Calls function(resource, event) at each such event: \"dialing.update\", "
      .. "\"campaign.*\", \"*\". Returns a subscription.", on },
    { "after", "(seconds, function)",
      "Calls the function once, after so many seconds. Returns a timer.",
      function(seconds, fn) return set(seconds, fn, false) end },
    { "every", "(seconds, function)",
      "Calls the function every so many seconds. Returns a timer.",
      function(seconds, fn) return set(seconds, fn, true) end },
    { "sleep", "(seconds)", "Pauses this script; the engine carries on.",
      function(seconds) raw.sleep(seconds) end },
    { "loop", "()",
      "What the turns of the engine's loop have cost since this was asked last, by anybody: "
      .. "turns, cpu_us (processor time of all) and longest_us (of the longest). While one "
      .. "turn runs, everybody waits.", function() return raw.loop() end },
    { "why", "(x)",
      "Says why a campaign, a lead or a trunk is not dialing now: the one deciding reason, "
      .. "and counts by reason. The counts of a campaign add up to its list.", why },
})
P.define(out.ami, "out.ami.", {
    { "send", "({Action = name, header = value, ...}, [asterisk])",
      "Sends an action to Asterisk, waits for the answer and returns its headers as a table. "
      .. "A header that occurs more than once becomes an array; items is the array of a "
      .. "list's entries. A value that is an array is sent as one header for each element.",
      send } })

-- An unknown name is a typing error, not nil.
local function strict(t, path)
    setmetatable(t, { __index = function(_, name)
        wrong("there is no %s.%s", path, tostring(name))
    end })
end
for _, k in ipairs(P.kinds) do
    strict(k.noun, "out." .. k.name)
end
strict(out.ami, "out.ami")
strict(out, "out")
