-- What Tab offers: names, fields, verbs, uuids, and the words of the CLI's commands. It only
-- looks into tables and never calls a function of the user's.
local P = ...

local MOST = 200

local keywords = { "and", "break", "do", "else", "elseif", "end", "false", "for", "function",
                   "goto", "if", "in", "local", "nil", "not", "or", "repeat", "return", "then",
                   "true", "until", "while" }
-- A global, without the error for an unknown one.
local function global(name)
    return rawget(P.globals, name)
end

-- The value at a path, found without calling anything; nil if there is none.
local function value_at(path)
    local v
    for name in path:gmatch("[^.:]+") do
        if v == nil then
            v = global(name)
        elseif type(v) == "table" then
            local meta = getmetatable(v)
            local index = type(meta) == "table" and type(meta.__index) == "table" and
                          meta.__index
            v = rawget(v, name) or (index and rawget(index, name))
        else
            return nil
        end
        if v == nil then
            return nil
        end
    end
    return v
end

local function add(words, prefix, name, tail)
    if type(name) == "string" and name:sub(1, #prefix) == prefix and #words < MOST then
        table.insert(words, name .. (tail or ""))
    end
end

-- How a call begins: with a brace if the function takes a table of fields.
local function tail_of(v, name)
    local d = P.docs[v]
    local brace = name == "update" or (d and d.usage and d.usage:find("^[%w_.:]+%(?{"))
    return type(v) == "function" and (brace and "{" or "(") or nil
end

-- The members of a table, those of its metatable included.
local function members(v, prefix, only_functions)
    local words, seen = {}, {}
    local meta = type(v) == "table" and getmetatable(v)
    local kind = type(meta) == "table" and meta.kind
    local function all_of(t)
        for name, x in pairs(t) do
            if not seen[name] and (not only_functions or type(x) == "function") then
                seen[name] = true
                add(words, prefix, name, tail_of(x, only_functions and name))
            end
        end
    end
    if type(v) == "string" then
        all_of(string)
    elseif type(v) == "table" then
        all_of(v)
        if type(meta) == "table" and type(meta.__index) == "table" then
            all_of(meta.__index)
        end
        local fields = kind and not meta.list and not only_functions and kind.fields
        for _, f in ipairs(fields or {}) do
            if not seen[f.name] then
                add(words, prefix, f.name)
            end
        end
    end
    table.sort(words)
    return words
end

-- Names at the start of an expression.
local function names(prefix)
    local words = {}
    for name, v in pairs(P.globals) do
        add(words, prefix, name, tail_of(v))
    end
    for _, name in ipairs(keywords) do
        add(words, prefix, name)
    end
    table.sort(words)
    return words
end

---- inside braces, parentheses and quotes ----

-- The name of the innermost open call, whether it is open by a brace, and the text after its
-- bracket.
local function open_call(text)
    local depth, quote = {}, nil
    local at = 1
    while at <= #text do
        local c = text:sub(at, at)
        if quote then
            at = at + (c == "\\" and 1 or 0)
            quote = c ~= quote and quote or nil
        elseif c == '"' or c == "'" then
            quote = c
        elseif c == "(" or c == "{" then
            table.insert(depth, at)
        elseif c == ")" or c == "}" then
            table.remove(depth)
        end
        at = at + 1
    end
    local from = depth[#depth]
    if not from then
        return nil
    end
    local before = text:sub(1, from - 1)
    if before:sub(-1) == "(" then -- f({...}) is f{...}
        before = before:sub(1, -2)
    end
    return before:match("([%w_.:]+)%s*$"), text:sub(from, from) == "{", text:sub(from + 1)
end

-- The noun that a function belongs to.
local function kind_of(path)
    local d = P.docs[value_at(path or "")]
    local name = d and (d.name:match("^out%.([%a_]+)%.") or d.name:match("^([%a_]+):"))
    return name and P.kind[name], d and d.name:match("[%a_]+$")
end

local function fields(k, verb, prefix)
    local words = {}
    local list = (verb == "create" or verb == "update") and k.inputs or k.known
    for _, name in ipairs(list) do
        add(words, prefix, name, " = ")
    end
    return words
end

local refers = { plan = "plan", dlma = "dlma", dest = "destination", dlma_uuid = "dlma",
                 next_campaign = "campaign", camp_uuid = "campaign", plan_uuid = "plan",
                 dest_uuid = "destination", dl = "dl", dl_list_uuid = "dl",
                 campaign = "campaign", destination = "destination", trunk_name = "trunk" }

-- Keys with this prefix: of one noun, or of all nouns but leads, which are many.
local function keys(name, prefix, close)
    local words = {}
    for _, k in ipairs(name and { P.kind[name] } or P.kinds) do
        if name or k.name ~= "dl" then
            for _, row in ipairs(P.raw.list(k.name, {}, 0, MOST).rows) do
                add(words, prefix, row[k.key], close)
            end
        end
    end
    return words
end

local function events(prefix, close)
    local words = {}
    for _, k in ipairs(P.kinds) do
        for _, verb in ipairs(k.events and { "create", "update", "delete", "*" } or {}) do
            add(words, prefix, k.name .. "." .. verb, close)
        end
    end
    return words
end

-- In an open quote: the events of out.on, else keys of the noun that the field or function
-- refers to.
local function quoted(before, quote, prefix)
    local call = open_call(before)
    if call == "out.on" then
        return events(prefix, quote)
    end
    local name = before:match("([%w_]+)%s*=%s*$")
    local k = kind_of(call)
    return keys(name and refers[name] or (k and k.name), prefix, quote)
end

---- commands of the CLI ----

local singular = { campaign = true, plan = true, dlma = true, dl = true, destination = true,
                   dialing = true, preview = true }

-- nil if the text is not a command.
local function cli(text)
    local words = P.split(text)
    local prefix = text:match("%s$") and "" or table.remove(words) or ""
    if words[1] ~= "out" then
        return nil
    end
    local offers, seen = {}, {}
    for _, l in ipairs(P.cli_lines) do
        local own = P.split(l[1])
        local fits = true
        for i = 2, #words do
            fits = fits and own[i - 1] == words[i]
        end
        local next_word = own[#words]
        if fits and next_word and not seen[next_word] then
            seen[next_word] = true
            add(offers, prefix, next_word, " ")
        end
    end
    local last = words[#words]
    if last == "status" then
        for name in pairs(P.cli_statuses) do
            add(offers, prefix, name, " on ")
        end
    elseif last == "on" then
        offers = keys("campaign", prefix)
    elseif #offers == 0 or singular[last] then
        for _, uuid in ipairs(keys(last == "list" and "dlma" or last, prefix)) do
            table.insert(offers, uuid)
        end
    end
    return offers, #prefix
end

---- Tab ----

-- Words that may replace the end of the text, and how many bytes of it they replace.
function P.on_complete(text)
    if text:match("^%s*out%s+[%a%s%-%x]*$") then
        local offers, n = cli(text)
        if offers then
            return { offers, n }
        end
    end
    local before, quote, inner = text:match("^(.-)([\"'])([^\"']*)$")
    while before and select(2, before:gsub("[\"']", "")) % 2 == 1 do
        before = nil -- the quote closes another: not inside quotes
    end
    if before then
        return { quoted(before, quote, inner), #inner }
    end
    local path = text:match("[%w_.:]*$")
    local head, sign, prefix = path:match("^(.*)([.:])([%w_]*)$")
    if head then
        return { members(value_at(head), prefix, sign == ":"), #prefix }
    end
    local call, brace, rest = open_call(text)
    local k, verb = kind_of(call)
    if brace and k and (rest:match("^%s*[%w_]*$") or rest:match(",%s*[%w_]*$")) then
        return { fields(k, verb, path), #path }
    end
    return { names(path), #path }
end
