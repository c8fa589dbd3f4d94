-- Lists as one text, for parameters: words separated by spaces, commas or semicolons. In
-- `RouteParams: pool=...` a comma ends the value, so use spaces there; in the JSON form any
-- of the three will do.
local words = {}

-- "a, b c" -> {"a", "b", "c"}
function words.list(text)
    local out = {}
    for word in text:gmatch("[^%s,;]+") do
        out[#out + 1] = word
    end
    return out
end

-- "44=one 49=two" -> {{"44", "one"}, {"49", "two"}}, in order. A word that is not of the
-- form key=value raises an error.
function words.pairs(text)
    local out = {}
    for _, word in ipairs(words.list(text)) do
        local key, value = word:match("^([^=]+)=([^=]+)$")
        if not key then
            error("'" .. word .. "' must have the form key=value", 0)
        end
        out[#out + 1] = { key, value }
    end
    return out
end

-- A number from 0 to n - 1. The same text always gives the same number.
function words.pick(text, n)
    local hash = 5381
    for i = 1, #text do
        hash = (hash * 33 + text:byte(i)) % 4294967296
    end
    return hash % n
end

return words
