/// Set-ups in which something happens: connections that come about, servers with clients, handlers, modules, equipment.
/// Single random calls would seldom come so far. The gaps are filled at random; see `ProgramGrammar`.
enum FuzzScenarios {
    static let all = [
        """
        do local c = T(EthernetClientInterface, 'device', 5000) W(c, 'ReceiveData', {F}) W(c, 'Connected', {F})
        W(c, 'Disconnected', {F}) M(c, 'Connect', 1) M(c, 'Send', {S}) M(c, 'SendAndWait', 'P\\r', {T}, {deliTag = '\\r\\n'}) end
        """,
        """
        do local c = T(EthernetClientInterface, 'device', 5001) W(c, 'ReceiveData', {F}) M(c, 'Connect', {T})
        M(c, 'StartKeepAlive', {T}, {S}) M(c, 'SendAndWait', {S}, {T}, {deliRex = 'x+'}) end
        """,
        """
        do local h = T(GetConnectionHandler, EthernetClientInterface('device', 5000), {F}, {pollFrequency = 0.05,
        connectRetryTime = 0.1, DisconnectLimit = 2}) W(h, 'Connected', {F}) W(h, 'Disconnected', {F})
        W(h, 'ConnectFailed', {F}) W(h, 'ReceiveData', {F}) M(h, 'Connect', 1) end
        """,
        """
        do local h = T(GetConnectionHandler, EthernetClientInterface('device', 9), {F}, {pollFrequency = 0.05,
        connectRetryTime = {T}}) W(h, 'ConnectFailed', {F}) M(h, 'Connect') end
        """,
        """
        do local s = T(EthernetServerInterfaceEx, 6000) W(s, 'Connected', {F}) W(s, 'ReceiveData', function(c, d) S(c)
        M(c, 'Send', d) end) W(s, 'Disconnected', {F}) M(s, 'StartListen')
        Wait(0.1, function() local c = T(EthernetClientInterface, 'room', 6000) M(c, 'Connect', 1) M(c, 'Send', {S}) end) end
        """,
        """
        do local h = T(GetConnectionHandler, EthernetServerInterfaceEx(6001), {serverTimeout = 0.2}) W(h, 'Connected', {F})
        W(h, 'ReceiveData', {F}) W(h, 'Disconnected', {F}) W(h, 'ListenFailed', {F}) M(h, 'StartListen') end
        """,
        """
        do local s = T(EthernetServerInterface, 6002) W(s, 'Connected', {F}) W(s, 'ReceiveData', {F}) M(s, 'StartListen', {T})
        Wait({T}, function() M(s, 'Send', {S}) M(s, 'StopListen') end) end
        """,
        """
        do local u = T(EthernetClientInterface, 'device', 5002, 'UDP') W(u, 'ReceiveData', {F}) M(u, 'Send', {S})
        M(u, 'SendAndWait', 'x', {T}) local s = T(EthernetServerInterfaceEx, 6003, 'UDP') W(s, 'ReceiveData', {F})
        M(s, 'StartListen') end
        """,
        """
        do local c = T(EthernetClientInterface, 'amplifier', 22, 'SSH', 0, {'admin', 'secret'}) W(c, 'ReceiveData', {F})
        M(c, 'Connect', 2) M(c, 'SendAndWait', 'volume?\\r', {T}, {deliTag = '\\r\\n'}) W(c, 'Disconnected', {F}) end
        """,
        """
        do local s = T(SerialInterface, ProcessorDevice('Main'), 'COM1') W(s, 'ReceiveData', {F}) W(s, 'Online', {F})
        M(s, 'Send', 'P\\r') M(s, 'SendAndWait', {S}, {T}, {deliLen = 2})
        local h = T(GetConnectionHandler, SerialInterface(ProcessorDevice('Main'), 'COM2'), {F}, {pollFrequency = {T}}) end
        """,
        """
        do local h = T(GemHostHandler, 'device', 5003, true, 0, 'host') W(h, 'hsms_selected', {F}) M(h, 'enable')
        M(h, 'waitfor_communicating', 1) M(h, 'are_you_there') M(h, 'request_svs', {V}) M(h, 'list_svs') M(h, 'set_ec', {V}, {V})
        M(h, 'send_stream_function', SecsMessage(1, 13, {V})) end
        """,
        """
        do local e = T(GemEquipmentHandler, 'device', 6004, false, 0, 'e', {initial_control_state = 'ONLINE'})
        M(e, 'add_status_variable', 1, 'n', 'u', {V}) M(e, 'add_data_value', 2, 'd', {V}) M(e, 'add_alarm', {N}, {S}, 1)
        M(e, 'add_collection_event', 3, 'c', {V}) M(e, 'add_remote_command', {S}, {S}, {V}, {F})
        W(e, 'hsms_connected', {F}) M(e, 'enable') M(e, 'trigger_collection_events', {3}) end
        """,
        """
        do local h = T(SecsHandler, 'device', 5004, true, 0, 'g') W(h, 'hsms_disconnected', {F}) M(h, 'enable')
        M(h, 'register_stream_function', 1, 1, {F}) M(h, 'send_and_waitfor_response', SecsMessage(1, 1)) end
        """,
        """
        do local c = T(HsmsActiveConnection, 'device', 5003, 0, {on_connection_established = {F}, on_connection_closed = {F},
        on_connection_packet_received = {F}}, {T5 = 0.1}) M(c, 'enable') Wait(0.2, function()
        M(c, 'send_packet', HsmsPacket(HsmsSelectReqHeader(1))) M(c, 'disconnect') end) end
        """,
        """
        do local m = T(HsmsMultiPassiveServer, 6005) local c = M(m, 'create_connection', 'device', 6005, 0, {V})
        M(c, 'enable') M(m, 'start') Wait({T}, function() M(m, 'stop', {V}) end) end
        """,
        """
        do local t = T(TCPInterface, 'device', 5000, 0.2) M(t, 'query', 'P\\r') M(t, 'send', {S}) M(t, 'recv', {N})
        T(I, t, 'comm') M(O.TCPConnection, 'readable', {T}) end
        """,
        """
        do local t = T(Timer, 0.05, {F}) W(t, 'StateChanged', {F}) local w = T(Wait, 0.1, {F})
        M(t, 'Change', {N}) M(w, 'Add', {N}) local c = T(Clock, {'00:00:01', '00:00:02'}, nil, {F}) M(c, 'Enable') end
        """,
        """
        do local D = T(DeviceModule, {name = 'D', connections = {Ethernet = {port = 5000}, UDP = {port = 5002}, Serial = {}},
        framing = {delimiter = '\\r\\n'}, timeout = 0.2, commands = {Power = {values = {On = '1', Off = '0'}, set = 'P{value}\\r',
        query = 'P\\r', reply = '^Pwr(\\\\d)$'}, Level = {range = {min = 0, max = {N}}, set = {F}, query = {S}, reply = {S}}}})
        local d = D and T(D.EthernetClass, 'device', 5000) M(d, 'SubscribeStatus', 'Power', nil, {F}) M(d, 'Set', 'Power', {V})
        local h = d and T(GetConnectionHandler, d, 'Power', {pollFrequency = 0.05}) W(h, 'Connected', {F}) M(h, 'Connect', 1) end
        """,
        """
        do local d = T(DeviceModule, {name = {S}, connections = {Ethernet = {}}, framing = {V}, commands = {P = {values = {V},
        set = {V}, query = {F}, reply = '(.*)'}}, login = {{prompt = {S}, send = {F}}}}) local e = d and T(d.EthernetClass,
        'device', 5001) local h = e and T(GetConnectionHandler, e, 'P') M(h, 'Connect', {T}) end
        """,
        """
        do local f = T(File, 'f.txt', 'w') M(f, 'write', {S}) M(f, 'seek', {N}) M(f, 'writelines', {V}) M(f, 'close')
        T(File.RenameFile, 'f.txt', {S}) for l in T(io.lines, 'f.txt') or function() end do S(l) break end
        local g = T(io.open, 'g.bin', 'w+') M(g, 'write', {V}, {V}) M(g, 'setvbuf', {S}, {N}) M(g, 'read', {V}) end
        """,
        """
        do local p = T(re.compile, {S}) for m in T(re.finditer, p or 'x*', {S}) or function() end do S(m) M(m, 'expand', {S})
        M(m, 'group', {N}) break end T(re.sub, p or '(a)|b', {F}, 'abcab') T(re.split, p or 'b', {S}, {N}) end
        """,
        """
        do local i = T(SecsItem.L, {V}) i = T(SecsItem, {V}) or i T(SecsItem.U4, {V}) T(SecsItem.decode, {S}) T(SecsItem.sml, {S})
        T(tostring, i) T(I, i, 'value') M(i, 'equals', {V}) local b = M(i, 'encode') T(SecsItem.decode, b) M(i, 'item', {N}) end
        """,
        """
        do local i = SecsItem.A('x') for _ = 1, {N} < 100 and 40 or 12 do i = T(SecsItem.L, {i, i}) or i end M(i, 'encode')
        T(tostring, i) end
        """,
        """
        do local B = class('B') function B:init(a) self.a = a end B.__eq, B.__lt, B.__len, B.__tostring = {F}, {F}, {F}, {F}
        local C = class('C', B, EthernetClientInterface) local c = T(C, {V}, {V}) T(isinstance, c, B) S(B({V})) T(print, B(1)) end
        """,
        """
        do local set = T(MESet, {1, 2, {V}}) M(set, 'SetCurrent', {V}) M(set, 'Append', {V}) M(set, 'SetStates', {V}, 0, 1) end
        """,
        """
        local fs = list(3, {F}) for i = 1, 3 do local co = coroutine.wrap(fs[i]) Wait(0, function() co({V}) end) end
        """,
        """
        for i = 1, 20 do Wait(0.01 * i, function() local x <close> = odd('__close', {F}) time.sleep(0.05) end) end
        """,
        """
        T(table.sort, list(50, {V}), {F}) T(table.concat, list(20, {V}), {S}) T(table.move, {V}, {N}, {N}, {N}, {V}) T(table.unpack,
        {V}, {N}, {N}) T(string.rep, {S}, {N}, {S}) T(string.format, {S}, {V}, {V}) T(utf8.char, {N}, {N}) T(string.pack, {S}, {V})
        """,
        """
        M(({S}), 'gsub', {S}, {V}) M({S}, 'find', {S}, {N}) T(function() for a in ({S}):gmatch({S}) do S(a) break end end)
        M({S}, 'split', {S}, {N}) M({S}, 'replace', {S}, {S}, {N}) M({S}, 'join', {V}) T(hex.encode, {S}, {S})
        """,
        """
        T(checksum.crc, {S}, {V}) T(checksum.crc, {S}, nil, {N}, {N}, {N}) T(ProgramLog, {V}, 'info') T(SaveProgramLog, {V})
        T(WakeOnLan, {S}) T(Ping, 'device', 2) T(require, {S}) T(dofile, 'f.txt') T(loadfile, {V})
        """,
    ]
}
