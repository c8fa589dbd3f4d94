-- help(), and the reference in docs/console.md: both are made from the help texts beside the
-- functions.
local P = ...
local out = P.out

local OVERVIEW = [[
Lines are Lua: an expression is shown, a statement is executed. Tab completes; Ctrl-C
stops the running line; an incomplete line continues on the next one.

  out.campaign.list()                 all of them, as a table
  c = out.campaign.get(UUID)          one of them; c shows it, c.name is a field
  out.dl.create{dlma = l, number_1 = "300"}
  c:start()   c:pause()   c:stop()    verbs
  out.why(c)                          why it is not dialing now
  out.on("dialing.update", function(d) print(d.dial_addr, d.status) end)

The commands of the Asterisk CLI work unchanged:
]]

local function sorted(t)
    local names = {}
    for name in pairs(t) do
        table.insert(names, name)
    end
    return names
end

-- Words of a text in lines of at most width characters, the later ones indented.
local function wrap(text, width, indent)
    local lines, line = {}, ""
    for word in text:gmatch("%S+") do
        if line ~= "" and #line + 1 + #word > width then
            table.insert(lines, line)
            line = word
        else
            line = line .. (line ~= "" and " " or "") .. word
        end
    end
    table.insert(lines, line)
    return table.concat(lines, "\n" .. (" "):rep(indent))
end

-- Lines "  usage    help", the help in a column of its own where there is room.
local function two_columns(rows)
    local widest, lines = 0, {}
    for _, row in ipairs(rows) do
        widest = math.max(widest, math.min(#row[1], 36))
    end
    local width = math.max((P.width > 0 and P.width or 100) - widest - 4, 30)
    for _, row in ipairs(rows) do
        local gap = #row[1] <= widest and (" "):rep(widest - #row[1] + 2) or
                    "\n" .. (" "):rep(widest + 4)
        local line = "  " .. row[1] .. gap .. wrap(row[2], width, widest + 4)
        table.insert(lines, (line:gsub(" +$", "")))
    end
    return table.concat(lines, "\n")
end

local function functions_of(t)
    local rows = {}
    for _, name in ipairs(sorted(t)) do
        local d = P.docs[t[name]]
        if d and d.usage then
            table.insert(rows, { d.usage, d.help })
        end
    end
    return rows
end

local function field_rows(k)
    local rows = {}
    for _, f in ipairs(k.fields) do
        local about = f.help or ""
        if f.init then
            about = about .. (about == "" and "" or "; ") .. "default " .. f.init
        end
        table.insert(rows, { f.name .. (f.input and " *" or ""), about })
    end
    return rows
end

local function noun_text(d)
    local k = d.kind
    local parts = { d.name .. ": " .. d.help, "", two_columns(functions_of(k.noun)), "",
                    "Verbs:", two_columns(functions_of(k.methods)), "",
                    "Fields" .. (k.stored and " (* = settable):" or ":"),
                    two_columns(field_rows(k)) }
    return table.concat(parts, "\n")
end

local function overview()
    local parts = { OVERVIEW .. two_columns(P.word_help()), "", "More help:" }
    local rows = {}
    for _, name in ipairs(sorted(out)) do
        local d = P.docs[out[name]]
        if d then
            table.insert(rows, { d.usage or ("help(" .. d.name .. ")"), d.help })
        end
    end
    table.insert(rows, { "help(x)", "about any function, noun or resource" })
    table.insert(parts, two_columns(rows))
    table.insert(parts, "\nAlso available: print, json, log, string, table, math, utf8, "
                 .. "os.time, os.date, os.clock.")
    return table.concat(parts, "\n")
end

-- The help text of something; nil if it has none.
function P.help_text(x)
    local d = P.docs[x]
    local meta = type(x) == "table" and getmetatable(x)
    if type(x) == "string" then
        return P.kind[x] and noun_text(P.docs[P.kind[x].noun])
    elseif type(meta) == "table" and meta.kind then
        return noun_text(P.docs[meta.kind.noun])
    elseif type(meta) == "table" and type(meta.__index) == "table" then
        return meta.__name .. "\n" .. two_columns(functions_of(meta.__index))
    elseif x == out then
        return overview()
    elseif d and d.kind then
        return noun_text(d)
    elseif d and d.usage then
        return d.usage .. "\n    " .. wrap(d.help, (P.width > 0 and P.width or 100) - 4, 4)
    elseif d then
        return d.name .. ": " .. d.help .. "\n\n" .. two_columns(functions_of(x))
    end
end

local function help(...)
    local x = ...
    local text = select("#", ...) == 0 and overview() or P.help_text(x)
    if not text then
        P.wrong("no help for %s; help() lists what there is", tostring(x))
    end
    P.write(text .. "\n")
end
P.globals.help = help
P.docs[help] = { name = "help", usage = "help([x])",
                 help = "Lists what there is, or describes a function, a noun or a resource." }

---- the reference ----

local function mark(s)
    return (s:gsub("|", "\\|"))
end

local function function_table(list)
    for _, d in ipairs(list) do
        local doc = P.docs[d[4]]
        P.write(string.format("| `%s` | %s |\n", mark(doc.usage), mark(doc.help)))
    end
end

local function head(title)
    P.write("\n" .. title .. "\n\n| | |\n|---|---|\n")
end

local function noun_reference(k)
    head(string.format("### out.%s: %s", k.name, k.help))
    for _, s in ipairs(P.sections) do
        if s.path == "out." .. k.name .. "." or s.path == k.name .. ":" then
            function_table(s.list)
        end
    end
    P.write("\n| field | settable | type | meaning |\n|---|---|---|---|\n")
    for _, f in ipairs(k.fields) do
        P.write(string.format("| %s | %s | %s | %s |\n", f.name, f.input and "yes" or "",
                              f.type, mark(f.help or "")))
    end
end

-- Writes the reference of docs/console.md.
function P.reference()
    head("### General")
    function_table({ { nil, nil, nil, help }, { nil, nil, nil, P.globals.print } })
    for _, path in ipairs({ "out.", "out.ami.", "subscription:", "timer:" }) do
        for _, s in ipairs(P.sections) do
            if s.path == path then
                function_table(s.list)
            end
        end
    end
    head("### Commands of the Asterisk CLI")
    for _, row in ipairs(P.word_help()) do
        P.write(string.format("| `%s` | %s |\n", mark(row[1]), mark(row[2])))
    end
    for _, k in ipairs(P.kinds) do
        noun_reference(k)
    end
end
