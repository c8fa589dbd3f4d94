-- The console's prelude: the environment of a line of `astout console`. The engine lends
-- plain functions (P.raw); this code turns them into nouns with fields and verbs. The files
-- scripts/console*.lua are part of the binary and run in the order of the Makefile, each with
-- the same table P. The engine calls the functions that they leave in it: on_line,
-- on_complete, on_event, on_alarm, reference. What people type sees only P.globals.
local P = ...
local raw, write, null = P.raw, P.write, json.null

local MORE = 1000 -- resources that list and find return unless a count is given
local MOST = 10000

local out = {}
P.out, P.globals.out = out, out
P.json, P.width = false, 80 -- of the line that is running

---- help beside each function ----

-- The help texts of functions and tables, and the order of the reference.
P.docs, P.sections = {}, {}

-- Puts functions into a table of the console, each {name, arguments, help, function}.
function P.define(into, path, list)
    for _, d in ipairs(list) do
        into[d[1]] = d[4]
        if not P.docs[d[4]] then
            P.docs[d[4]] = { name = path .. d[1], usage = path .. d[1] .. d[2], help = d[3] }
        end
    end
    table.insert(P.sections, { path = path, list = list })
end

-- An error of the user: without a place, which would be one in this file.
local function wrong(format, ...)
    error(select("#", ...) > 0 and string.format(format, ...) or format, 0)
end
P.wrong = wrong

---- nouns: their fields ----

-- Other words for fields, by noun.
local aliases = {
    dl = { dlma = "dlma_uuid", number = "number_1" },
    dialing = { campaign = "camp_uuid", plan = "plan_uuid", dlma = "dlma_uuid",
                dest = "dest_uuid", dl = "dl_list_uuid" },
    preview = { campaign = "camp_uuid", plan = "plan_uuid", dlma = "dlma_uuid",
                dl = "dl_list_uuid" },
    campaign = { destination = "dest" },
}

-- Nouns in order, and by name.
P.kinds = raw.nouns()
P.kind = {}
for _, k in ipairs(P.kinds) do
    P.kind[k.name] = k
    k.by, k.known, k.inputs = {}, {}, {}
    for _, f in ipairs(k.fields) do
        k.by[f.name] = f
        for _, header in ipairs({ f.header or f.name, f.alias }) do
            k.by[header:lower()] = f
        end
        table.insert(k.known, f.name)
        if f.input then
            table.insert(k.inputs, f.name)
        end
    end
    for word, name in pairs(aliases[k.name] or {}) do
        k.by[word] = k.by[name]
    end
end

-- The field of that name, or an error that lists the fields there are.
local function field(k, name, setting)
    local f = type(name) == "string" and k.by[name:lower()]
    if not f or (setting and not f.input and not f.asks) then
        wrong("%s; %sfields of %s: %s", f and f.name .. " is read-only" or
              "no such field: " .. tostring(name), setting and "settable " or "", k.name,
              table.concat(setting and k.inputs or k.known, ", "))
    end
    return f
end

-- A value as text for the engine; a resource stands for its uuid.
local function text(f, v)
    local t = type(v)
    if v == null then
        return ""
    elseif t == "string" then
        return v
    elseif t == "number" then
        return math.tointeger(v) and string.format("%d", math.tointeger(v)) or tostring(v)
    elseif t == "boolean" then
        return f.type == "boolean" and tostring(v) or v and "1" or "0"
    elseif t == "table" and (v.uuid or v.name) then
        return v.uuid or v.name
    end
    wrong("%s cannot be a %s", f.name, t)
end

local function variables(v)
    if type(v) ~= "table" then
        wrong("variables must be a table: {name = value}")
    end
    local map = {}
    for name, value in pairs(v) do
        map[tostring(name)] = text({ name = "variable " .. tostring(name) }, value)
    end
    return map
end

-- {field = value} as the engine takes it: fields by their own names, values as text.
local function values(k, t)
    if type(t) ~= "table" then
        wrong("expected a table of fields: {%s = ...}", k.inputs[1])
    end
    local taken = {}
    for name, v in pairs(t) do
        local f = field(k, name, true)
        taken[f.name] = f.type == "table" and variables(v) or text(f, v)
    end
    return taken
end

local function match(k, t)
    if t ~= nil and type(t) ~= "table" then
        wrong("expected a table of fields: {%s = ...}", k.known[1])
    end
    local m = {}
    for name, v in pairs(t or {}) do
        local f = field(k, name)
        m[f.name] = text(f, v)
    end
    return m
end

---- nouns: their resources ----

-- The key of a resource, given as the resource or as the key itself.
local function key(k, x)
    if type(x) == "table" and x[k.key] then
        return x[k.key]
    elseif type(x) == "string" then
        return x
    end
    wrong("expected a %s or its %s", k.name, k.key)
end

-- A row of the engine as a resource: a table of its fields, with the noun's verbs.
local function resource(k, row)
    return setmetatable(row, k.meta)
end

local function list_of(k, rows)
    return setmetatable(rows, k.list_meta)
end

-- An iterator over the rows that match, read piece by piece.
local function walk(k, m)
    local rows, at, after = {}, 0, 0
    return function()
        while at == #rows do
            if not after then
                return nil
            end
            local piece = raw.list(k.name, m, after, MOST)
            rows, at, after = piece.rows, 0, piece.next
        end
        at = at + 1
        return resource(k, rows[at])
    end
end

local function collect(k, t, count)
    local found, most = list_of(k, {}), count or MORE
    if math.type(most) ~= "integer" or most < 1 or most > MOST then
        wrong("the count must be a whole number from 1 to %d", MOST)
    end
    local n = 0
    for one in walk(k, match(k, t)) do
        if n == most then
            P.cut[found] = true
            break
        end
        n = n + 1
        found[n] = one
    end
    return found
end
P.cut = setmetatable({}, { __mode = "k" }) -- lists that leave some out

local function get(k, x)
    local row = raw.get(k.name, key(k, x))
    if not row then
        return nil, "no such " .. k.name
    end
    return resource(k, row)
end

-- Copies the values of a row into an existing resource.
local function refill(k, self, row)
    for _, f in ipairs(k.fields) do
        self[f.name] = row[f.name]
    end
    return self
end

local function refresh(k, self)
    local row = raw.get(k.name, key(k, self))
    if not row then
        wrong("this %s no longer exists", k.name)
    end
    return refill(k, self, row)
end

local function update(k, x, fields)
    local row = raw.update(k.name, key(k, x), fields)
    return type(x) == "table" and refill(k, x, row) or resource(k, row)
end

local function ask(k, status)
    return function(self)
        return update(k, self, { status = status })
    end
end

---- nouns: their functions ----

local function finders(k)
    return {
        { "list", "([count])",
          "All of them, at most " .. MORE .. " unless a count is given.",
          function(count) return collect(k, nil, count) end },
        { "get", "(" .. k.key .. ")",
          "The one with this " .. k.key .. ", or nil and the reason.",
          function(x) return get(k, x) end },
        { "find", "({field = value, ...}, [count])",
          "Those whose fields have these values. A resource may stand for its uuid.",
          function(t, count) return collect(k, t, count) end },
        { "each", "([{field = value, ...}])",
          "An iterator for lists of any length: for x in out." .. k.name ..
          ".each() do ... end",
          function(t) return walk(k, match(k, t)) end },
    }
end

local function makers(k)
    return {
        { "create", "{field = value, ...}",
          "Creates one and returns it once it is on the disk.",
          function(t) return resource(k, raw.create(k.name, values(k, t))) end },
        { "update", "(" .. k.key .. ", {field = value, ...})",
          "Changes these fields. Also x:update{...}.",
          function(x, t) return update(k, x, values(k, t)) end },
        { "delete", "(" .. k.key .. ")", "Deletes it. Also x:delete().",
          function(x)
              raw.delete(k.name, key(k, x))
              return true
          end },
    }
end

-- Verbs of one resource.
local verbs = {
    campaign = function(k)
        return {
            { "start", "()", "Starts it (Status 1).", ask(k, "1") },
            { "pause", "()", "Begins no more calls; those in flight go on (Status 2).",
              ask(k, "2") },
            { "stop", "()", "Stops it once its calls in flight have ended (Status 0).",
              ask(k, "0") },
            { "kill", "()", "Hangs up its calls and stops it (Status 30).", ask(k, "30") },
            { "why", "()", "The same as out.why(c).", function(self) return out.why(self) end },
            { "leads", "([count])", "The leads of its list.",
              function(self, count) return out.dl.find({ dlma = self.dlma }, count) end },
        }
    end,
    dl = function()
        return { { "why", "()", "The same as out.why(lead).",
                   function(self) return out.why(self) end } }
    end,
    dlma = function()
        return { { "leads", "([count])", "Its leads.",
                   function(self, count) return out.dl.find({ dlma = self }, count) end } }
    end,
    trunk = function()
        return { { "why", "()", "The same as out.why(trunk).",
                   function(self) return out.why(self) end } }
    end,
    dialing = function()
        return { { "hangup", "()", "Ends the call; false if it has already ended.",
                   function(self) return raw.hangup(self.uuid) end } }
    end,
}

for _, k in ipairs(P.kinds) do
    local noun, methods = {}, {}
    out[k.name], k.noun, k.methods = noun, noun, methods
    k.meta = { __index = methods, __name = k.name, kind = k, __tostring = function(x)
        return string.format("%s %s", k.name, tostring(rawget(x, k.key)))
    end }
    k.list_meta = { kind = k, list = true }
    P.docs[noun] = { name = "out." .. k.name, kind = k, help = k.help }
    P.define(noun, "out." .. k.name .. ".", finders(k))
    if k.stored then
        P.define(noun, "out." .. k.name .. ".", makers(k))
        methods.update, methods.delete = noun.update, noun.delete
    end
    P.define(methods, k.name .. ":", {
        { "refresh", "()", "Reads its fields again.",
          function(self) return refresh(k, self) end } })
    if verbs[k.name] then
        P.define(methods, k.name .. ":", verbs[k.name](k))
    end
end

---- printing ----

-- print(...): to the console, not to the engine's log.
local function print_here(...)
    local parts = table.pack(...)
    for i = 1, parts.n do
        parts[i] = tostring(parts[i])
    end
    write(table.concat(parts, "\t") .. "\n")
end
P.globals.print = print_here
P.docs[print_here] = { name = "print", usage = "print(...)", help = "Prints to this console." }
