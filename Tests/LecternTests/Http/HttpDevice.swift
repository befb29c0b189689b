/// A device with a web server: Lua text for a host of a simulated world.
enum HttpDevice {
    /// A server on port 80 whose routes are functions by path. `reply(client, status, fields, body)` answers.
    static let server = """
        local texts = {}
        routes = {}
        function reply(client, status, fields, body)
            body = body or ''
            local reasons = {[200] = 'OK', [302] = 'Found', [401] = 'Unauthorized', [404] = 'Not Found'}
            local lines = {'HTTP/1.1 ' .. status .. ' ' .. (reasons[status] or 'Status')}
            for _, field in ipairs(fields or {}) do lines[#lines + 1] = field end
            lines[#lines + 1] = 'Content-Length: ' .. #body
            client:Send(table.concat(lines, '\\r\\n') .. '\\r\\n\\r\\n' .. body)
        end
        local server = EthernetServerInterfaceEx(80)
        server.ReceiveData = function(client, data)
            local text = (texts[client] or '') .. data
            while true do
                local finish = select(2, text:find('\\r\\n\\r\\n', 1, true))
                if not finish then break end
                local head = text:sub(1, finish)
                local length = tonumber(head:lower():match('\\ncontent%-length: *(%d+)')) or 0
                if #text - finish < length then break end
                local method, target = head:match('^(%S+) (%S+)')
                local request = {method = method, target = target, head = head, body = text:sub(finish + 1, finish + length)}
                function request.field(name)
                    return head:lower():find('\\n' .. name .. ': ', 1, true)
                        and head:sub(select(2, head:lower():find('\\n' .. name .. ': ', 1, true)) + 1):match('^[^\\r]*')
                end
                text = text:sub(finish + length + 1)
                local route = routes[target:match('^[^?]*')]
                if route then route(client, request) else reply(client, 404, nil, 'nothing here') end
            end
            texts[client] = text
        end
        server.Disconnected = function(client) texts[client] = nil gone = (gone or 0) + 1 end
        server:StartListen()

        """

    /// Says what it was asked.
    static let echo = """
        routes['/echo'] = function(client, request)
            reply(client, 200, {'Content-Type: text/plain'}, table.concat({
                request.method, request.target, tostring(request.field('content-type')), request.body}, '|'))
        end
        routes['/header'] = function(client, request)
            reply(client, 200, nil, tostring(request.field('authorization')) .. '|' .. tostring(request.field('x-a')))
        end

        """
}
