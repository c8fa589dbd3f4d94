-- Fields of comma-separated values, quoted as RFC 4180 has it.
local csv = {}

local PIECE = 4000 -- pattern functions take no more at once

-- In quotes, those inside doubled.
function csv.quote(text)
    local pieces = {}
    for at = 1, #text, PIECE do
        pieces[#pieces + 1] = (text:sub(at, at + PIECE - 1):gsub('"', '""'))
    end
    return '"' .. table.concat(pieces) .. '"'
end

-- Quoted only where it must be; nil is empty.
function csv.field(value)
    local text = value == nil and "" or tostring(value)
    if #text > PIECE or text:find('[",\r\n]') then
        return csv.quote(text)
    end
    return text
end

return csv
