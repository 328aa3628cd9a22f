-- Refuses a text that is too long, as one would write it by hand: the body is buffered, copied into
-- one string, and searched for its field. No parser: an escape counts as the characters it is
-- written with, and a body that hides the field from the search passes.
local MAX_CHARS = 8 * 1024 * 1024

-- Where the string that begins at `start` ends.
local function end_of_string(json, start)
  local at = start
  while true do
    at = string.find(json, '["\\]', at)
    if at == nil or string.byte(json, at) == 34 then
      return at
    end
    at = at + 2
  end
end

-- Characters of UTF-8: each byte but those that continue one. This takes half the time of
-- string.gsub.
local function characters(text)
  local count = 0
  for i = 1, #text do
    local byte = string.byte(text, i)
    if byte < 128 or byte > 191 then
      count = count + 1
    end
  end
  return count
end

function envoy_on_request(request)
  local body = request:body()
  if body == nil then
    return
  end
  local json = body:getBytes(0, body:length())
  local _, quote = string.find(json, '"input"%s*:%s*"')
  local close = quote and end_of_string(json, quote + 1)
  if close == nil then
    return
  end
  local chars = characters(string.sub(json, quote + 1, close - 1))
  if chars > MAX_CHARS then
    request:respond({ [":status"] = "413" }, "the text is too long")
    return
  end
  request:headers():add("x-text-chars", tostring(chars))
end
