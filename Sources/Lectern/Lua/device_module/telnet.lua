-- DeviceModule, 11: what telnet mixes into the data. A device may offer options and ask for some at any time; all are
-- refused, and what remains is what it says.

local host = ...
local kit = host.kit

local find, sub, byte, char, concat = string.find, string.sub, string.byte, string.char, table.concat

-- RFC 854's command bytes.
local IAC <const>, SB <const>, SE <const> = 255, 250, 240
local WILL <const>, WONT <const>, DO <const>, DONT <const> = 251, 252, 253, 254

-- To "I will" the answer is "do not", to "do" it is "I will not". Nothing was on, so the others want no answer.
local refusals = {[WILL] = DONT, [DO] = WONT}

--- Forgets what was left of a connection's commands.
function kit.reset_telnet(d)
    d.telnetRest, d.isInOption = "", false
end

--- Gives what the device says without telnet's commands, and refuses what they ask for. The first bytes of a command
--- wait for the others; of an option's own data nothing is kept, however much it is.
function kit.without_telnet(d, data)
    if d.telnetRest == "" and not d.isInOption and not find(data, "\xFF", 1, true) then return data end
    data = d.telnetRest .. data
    d.telnetRest = ""
    local parts, answers, from = {}, {}, 1
    while from <= #data do
        local at = find(data, "\xFF", from, true)
        if not d.isInOption then parts[#parts + 1] = sub(data, from, at and at - 1) end
        if not at then break end
        local command, option = byte(data, at + 1, at + 2)
        local hasOption = command and command >= WILL and command < IAC
        if not command or hasOption and not option then
            d.telnetRest = sub(data, at)
            break
        end
        from = at + (hasOption and 3 or 2)
        if command == IAC then
            if not d.isInOption then parts[#parts + 1] = "\xFF" end -- a byte of the data
        elseif command == SB then
            d.isInOption = true
        elseif command == SE then
            d.isInOption = false
        elseif refusals[command] then
            answers[#answers + 1] = char(IAC, refusals[command], option)
        end
    end
    if #answers > 0 then d.object:Send(concat(answers)) end
    return concat(parts)
end
