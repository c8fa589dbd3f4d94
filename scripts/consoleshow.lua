-- Shows results: lists of resources as tables that fit the terminal, one resource as JSON,
-- anything else indented. All output is bounded.
local P = ...
local null = json.null

local ROWS = 200  -- of a table
local ITEMS = 200 -- of any other table
local DEPTH = 6
local CELL = 200 -- bytes, where the terminal has no width

---- which fields a list shows ----

local columns = {
    campaign = { "uuid", "name", "status", "plan", "dlma", "dest" },
    plan = { "uuid", "name", "dial_mode", "tech_name", "trunk_name", "dial_timeout",
             "retry_delay", "max_retry_cnt_1" },
    dlma = { "uuid", "name", "detail" },
    dl = { "uuid", "name", "status", "number_1", "trycnt_1", "res_dial",
           "res_hangup_detail" },
    destination = { "uuid", "name", "type", "application", "data", "exten", "context" },
    dialing = { "uuid", "status", "dial_channel", "dial_trycnt", "res_dial", "current_queue",
                "current_agent" },
    preview = { "uuid", "agent", "queue", "name", "dial_addr", "camp_uuid", "tm_create" },
    agent = { "interface", "queue", "asterisk", "state" },
    queue = { "name", "asterisk", "logged_in", "available", "busy", "paused", "waiting" },
    asterisk = { "name", "host", "port", "ready", "up", "asked", "originates", "why" },
    trunk = { "name", "asterisk", "up", "channels", "cps" },
    strategy = { "plan_name", "hook", "script", "hash", "in_service", "calls", "errors",
                 "mean_us", "worst_us", "since", "why" },
    shadow = { "plan_name", "script", "shadow_script", "decisions", "same", "mean_calls",
               "shadow_mean_calls", "worst_difference", "errors", "in_service" },
}

-- The names that tables show for numbers.
local words = {
    campaign = { status = { [0] = "stop", "start", "pause", [10] = "stopping",
                            [11] = "starting", [12] = "pausing" } },
    dl = { status = { [0] = "idle", "dialing", "reserved" } },
    plan = { dial_mode = { [0] = "none", "predictive", "preview", "power", "robo",
                           "redirect" } },
    destination = { type = { [0] = "extension", "application" } },
    dialing = { status = { [0] = "none", "requested", "begun", "channel", "ended", "response",
                           "hangup", [10] = "error" } },
}

-- For these fields the table shows a name in the place of the uuid, if there is one.
local refers = { campaign = { plan = "plans", dlma = "dlmas", dest = "destinations" } }
local nouns_of = { plans = "plan", dlmas = "dlma", destinations = "destination" }

---- text in columns ----

local function length(s)
    return utf8.len(s) or #s
end

-- The first n characters; the last one is … if something was left out.
local function cut(s, n)
    if length(s) <= n then
        return s
    end
    local at = utf8.len(s) and utf8.offset(s, n) or n
    return s:sub(1, at - 1) .. "…"
end

local function pad(s, n, right)
    local blanks = (" "):rep(n - length(s))
    return right and blanks .. s or s .. blanks
end

-- Narrows the widest columns, then drops the last ones, until they fit.
local function fit(widths, first, width)
    local function total()
        local sum = 2 * (#widths - 1)
        for _, w in ipairs(widths) do
            sum = sum + w
        end
        return sum
    end
    while width > 0 and total() > width do
        local widest
        for i = first, #widths do
            if widths[i] > 8 and (not widest or widths[i] > widths[widest]) then
                widest = i
            end
        end
        if widest then
            widths[widest] = widths[widest] - 1
        elseif #widths > 1 then
            table.remove(widths)
        else
            return
        end
    end
end

-- The lines of a table; names: its header, rows: lists of texts. The first column is cut last
-- because people copy it.
local function lay_out(names, rows, numeric, width)
    local widths = {}
    for i, name in ipairs(names) do
        widths[i] = length(name)
        for _, row in ipairs(rows) do
            widths[i] = math.max(widths[i], math.min(length(row[i]), CELL))
        end
    end
    fit(widths, 2, width)
    local lines = {}
    local function line(row)
        local cells = {}
        for i, w in ipairs(widths) do
            cells[i] = pad(cut(row[i], w), w, numeric[i])
        end
        table.insert(lines, (table.concat(cells, "  "):gsub(" +$", "")))
    end
    line(names)
    for _, row in ipairs(rows) do
        line(row)
    end
    return lines
end

---- lists ----

local function plain(v)
    if v == nil or v == null then
        return ""
    end
    local s = type(v) == "table" and (getmetatable(v) and tostring(v) or json.encode(v))
              or tostring(v)
    return (s:gsub("%c", " "))
end

-- The text of a cell in a noun's list.
local function cell(k, name, v)
    local word = words[k.name] and words[k.name][name]
    local noun = nouns_of[(refers[k.name] or {})[name] or ""]
    if word and word[v] then
        return word[v]
    elseif noun and type(v) == "string" then
        local row = P.raw.get(noun, v)
        return plain(row and row.name or v)
    end
    return plain(v)
end

-- The columns that are not empty, and always the first two.
local function used(names, rows)
    local kept = {}
    for i, name in ipairs(names) do
        local full = i <= 2
        for r = 1, math.min(#rows, ROWS) do
            full = full or (rows[r][name] ~= nil and rows[r][name] ~= null)
        end
        if full then
            table.insert(kept, name)
        end
    end
    return kept
end

local function cells_of(names, rows, say)
    local out, numeric = {}, {}
    for i = 1, #names do
        numeric[i] = true
    end
    for r = 1, math.min(#rows, ROWS) do
        out[r] = {}
        for i, name in ipairs(names) do
            local v = rows[r][name]
            out[r][i] = say(name, v)
            numeric[i] = numeric[i] and (v == nil or tonumber(out[r][i]) ~= nil)
        end
    end
    return out, numeric
end

-- "3 campaigns", and how many of them are shown.
local function count_line(n, noun, more)
    local s = string.format("%d %s%s", n, noun, n == 1 and "" or "s")
    if n > ROWS then
        s = s .. string.format(", %d shown", ROWS)
    end
    return s .. (more and "; there are more: list(count), each()" or "")
end

local function show_list(rows, k)
    local noun = k.name == "dl" and "lead" or k.name
    if #rows == 0 then
        return "no " .. noun .. "s"
    end
    local names = used(columns[k.name], rows)
    local cells, numeric = cells_of(names, rows, function(name, v) return cell(k, name, v) end)
    local lines = lay_out(names, cells, numeric, P.width)
    table.insert(lines, count_line(#rows, noun, P.cut[rows]))
    return table.concat(lines, "\n")
end

-- The fields of an array of flat tables; nil if it is anything else.
local function fields_of(rows)
    local names, seen = {}, {}
    for r = 1, math.min(#rows, ROWS) do
        if type(rows[r]) ~= "table" or #rows[r] > 0 then
            return nil
        end
        for name, v in pairs(rows[r]) do
            if type(name) ~= "string" or (type(v) == "table" and not getmetatable(v)) then
                return nil
            end
            if not seen[name] then
                seen[name] = true
                table.insert(names, name)
            end
        end
    end
    return #names > 0 and names or nil
end

---- anything else, as JSON where it can be ----

local show_value

-- An empty table may be marked as an array; only the encoder sees the mark.
local function is_array(t)
    return #t > 0 or (next(t) == nil and getmetatable(t) == false and json.encode(t) == "[]")
end

local function scalar(v)
    if type(v) == "function" then
        local d = P.docs[v]
        return d and "function " .. d.usage or "function"
    elseif type(v) == "string" then
        local ok, s = pcall(json.encode, v)
        return ok and s or string.format("%q", v)
    end
    return v == null and "null" or tostring(v)
end

-- The keys in the noun's order, empty fields included; else in their own order.
local function keys_of(t)
    local k = (getmetatable(t) or {}).kind
    local keys = {}
    if k then
        for _, f in ipairs(k.fields) do
            table.insert(keys, f.name)
        end
    else
        for key in pairs(t) do
            table.insert(keys, key)
        end
    end
    return keys
end

-- On one line if that is short enough; taken: bytes already on that line.
local function join(parts, open, close, indent, taken)
    local short = table.concat(parts, ", ")
    local width = P.width > 0 and P.width or 100
    if #parts == 0 then
        return open .. close
    end
    local fits = #short + #indent + taken + 3 <= width and #parts <= 8
    if fits and not short:find("\n", 1, true) then
        return open .. short .. close
    end
    local inner = indent .. "  "
    return open .. "\n" .. inner .. table.concat(parts, ",\n" .. inner) .. "\n" .. indent ..
           close
end

local function show_array(t, indent, depth, taken)
    local parts = {}
    for i = 1, math.min(#t, ITEMS) do
        parts[i] = show_value(t[i], indent .. "  ", depth + 1, 0)
    end
    if #t > ITEMS then
        table.insert(parts, string.format("... %d more", #t - ITEMS))
    end
    return join(parts, "[", "]", indent, taken)
end

local function show_object(t, indent, depth, taken)
    local parts, n = {}, 0
    local noun = (getmetatable(t) or {}).kind
    for _, key in ipairs(keys_of(t)) do
        n = n + 1
        if n <= ITEMS then
            local v = t[key]
            local name = scalar(tostring(key)) .. ": "
            v = v == nil and null or v
            table.insert(parts, name .. show_value(v, indent .. "  ", depth + 1, #name))
        end
    end
    if n > ITEMS then
        table.insert(parts, string.format("... %d more", n - ITEMS))
    end
    return noun and "{\n" .. indent .. "  " .. table.concat(parts, ",\n  " .. indent) .. "\n" ..
           indent .. "}" or join(parts, "{", "}", indent, taken)
end

function show_value(v, indent, depth, taken)
    if type(v) ~= "table" then
        return scalar(v)
    elseif depth > DEPTH then
        return "..."
    elseif is_array(v) then
        return show_array(v, indent, depth, taken)
    end
    return show_object(v, indent, depth, taken)
end

-- One result as text for people.
function P.text(v)
    if type(v) == "string" then
        return v
    elseif type(v) ~= "table" then
        return scalar(v)
    end
    local meta = getmetatable(v) or {}
    if type(meta) == "table" and meta.list then
        return show_list(v, meta.kind)
    elseif P.docs[v] then
        return P.help_text(v)
    end
    local names = #v > 0 and fields_of(v)
    if names then
        local cells, numeric = cells_of(names, v, function(_, x) return plain(x) end)
        local lines = lay_out(names, cells, numeric, P.width)
        table.insert(lines, count_line(#v, "row"))
        return table.concat(lines, "\n")
    end
    return show_value(v, "", 1, 0)
end

---- for programs ----

-- A copy that json.encode accepts: every field of a noun, lists as arrays.
local function plain_json(v, depth)
    if type(v) == "function" then
        return scalar(v)
    elseif type(v) ~= "table" or depth > 30 then
        return v
    end
    local meta = getmetatable(v)
    meta = type(meta) == "table" and meta or {}
    local copy = {}
    if meta.list or is_array(v) then
        for i = 1, #v do
            copy[i] = plain_json(v[i], depth + 1)
        end
        return json.array(copy)
    end
    for _, key in ipairs(keys_of(v)) do
        local x = v[key]
        copy[tostring(key)] = x == nil and null or plain_json(x, depth + 1)
    end
    return copy
end

function P.json_text(v)
    return json.encode(plain_json(v, 1))
end

-- Prints all results of a line.
function P.show(results)
    for i = 1, results.n do
        P.write((P.json and P.json_text(results[i]) or P.text(results[i])) .. "\n")
    end
end

P.lay_out = lay_out
