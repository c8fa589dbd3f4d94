-- Comma-separated values, quoted as in RFC 4180.
local csv = {}

local PIECE = 4000 -- pattern functions take at most 4 kB

-- The text in quotes; quotes inside it are doubled.
function csv.quote(text)
    local pieces = {}
    for at = 1, #text, PIECE do
        pieces[#pieces + 1] = (text:sub(at, at + PIECE - 1):gsub('"', '""'))
    end
    return '"' .. table.concat(pieces) .. '"'
end

-- A value, quoted only where necessary. nil gives an empty field.
function csv.field(value)
    local text = value == nil and "" or tostring(value)
    if #text > PIECE or text:find('[",\r\n]') then
        return csv.quote(text)
    end
    return text
end

return csv
