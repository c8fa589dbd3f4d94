-- One line of comma-separated values (RFC 4180) for each call, in a file of its own.
-- There is no header line: the columns are those of the parameter, in its order.
-- Parameters:
--   columns  names from view.fields and view.extra, separated by spaces; a value that a call
--            does not have is empty
--   file     in the folder of result_filename, made of letters, digits, . _ and -; empty:
--            the plan's uuid and .csv, so that each plan has its own file
-- Source: RFC 4180, which spreadsheets and database loaders read.
-- The view and the result: see result/json.lua.

local csv, words = require("csv"), require("words")

local COLUMNS = "tm_dialing dialing_uuid camp_uuid uuid dial_addr dial_index dial_trycnt "
    .. "outcome res_dial res_hangup res_hangup_detail res_amd current_queue current_agent "
    .. "tm_dial_begin tm_dial_end tm_hangup"

local function result(view)
    local values, file = {}, view.params.file
    for _, name in ipairs(words.list(view.params.columns)) do
        local value = view.fields[name]
        if value == nil then
            value = view.extra[name]
        end
        values[#values + 1] = csv.field(value)
    end
    return { line = table.concat(values, ","),
             file = file ~= "" and file or view.fields.plan_uuid .. ".csv" }
end

local tests = {}

local function line(run, columns, fields, extra)
    return run { fields = fields, extra = extra, params = { columns = columns } }.line
end

tests["columns of fields and extra, in the order of the parameter"] = function(run)
    local text = line(run, "res_dial dial_addr outcome", { res_dial = 5, dial_addr = "300" },
                      { outcome = "busy" })
    assert(text == "5,300,busy")
end

tests["a field that a call does not have is empty"] = function(run)
    assert(line(run, "res_amd,dial_addr,nothing", { dial_addr = "300" }) == ",300,")
end

tests["commas and quotes are quoted"] = function(run)
    local text = line(run, "variables dial_data dial_addr",
                      { variables = '{"A":"1"}', dial_data = "sales,t", dial_addr = "300" })
    assert(text == '"{""A"":""1""}","sales,t",300')
end

tests["long values are quoted too"] = function(run)
    local long = ('"x'):rep(3000)
    assert(line(run, "variables", { variables = long }) == '"' .. ('""x'):rep(3000) .. '"')
end

tests["a file for each plan, or the one of the parameter"] = function(run)
    assert(run { fields = { plan_uuid = "7-a" } }.file == "7-a.csv")
    assert(run { params = { file = "spring.csv" } }.file == "spring.csv")
end

return {
    api = 1,
    about = "comma-separated values, a file for each plan",
    params = {
        columns = { default = COLUMNS, help = "names of the fields to write, in this order" },
        file = { default = "",
                 help = "file beside result_filename; empty: the plan's uuid and .csv" },
    },
    result = result,
    tests = tests,
}
