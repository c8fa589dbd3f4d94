-- What a strategy may use: the libraries that the engine lends (engine/script/lua/libs.c).
std = { read_globals = {
    "assert", "error", "ipairs", "next", "pairs", "pcall", "print", "select", "tonumber",
    "tostring", "type", "math", "string", "table", "utf8", "os", "json", "log",
    "require", learn = { fields = { "risk", "answer_rate", "handling", "ring_time", "age", "counts" } },
} }
max_line_length = 96
files["scripts"] = { read_globals = {
    "getmetatable", "setmetatable", "rawget", "rawset", "rawequal", "rawlen",
} }
