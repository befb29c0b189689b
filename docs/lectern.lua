---@meta
-- Made from the declarations of Lectern; a test keeps it so.

--- A connection to one network device.
---@class EthernetClientInterface
---@field Hostname string The name or address as given.
---@field IPAddress string The peer's address; the name until it is resolved.
---@field IPPort integer The device's port.
---@field Protocol string 'TCP', 'UDP' or 'SSH'.
---@field ServicePort integer UDP: the local port; 0 until the first Send has opened it.
---@field Credentials table {user, password}, or nil.
---@field Connected fun(object: table, argument: any)|nil The connection was opened.
---@field Disconnected fun(object: table, argument: any)|nil The connection was closed, by whomever.
---@field ReceiveData fun(object: table, argument: any)|nil Bytes arrived: as many as came at once, at most 64 KiB; with UDP one datagram.
---@overload fun(Hostname: string, IPPort: integer, Protocol?: 'TCP'|'UDP'|'SSH', ServicePort?: integer, Credentials?: table, bufferSize?: integer): EthernetClientInterface
EthernetClientInterface = {}

--- Opens the connection. Not for UDP.
---@async
---@param timeout? number How long to try; nil: as long as the system does.
---@return any # 'Connected', 'ConnectedAlready', or the reason of the failure; then its details, if it has any
function EthernetClientInterface:Connect(timeout) end

--- Before Connect: each connection speaks TLS. On an open connection: turns TLS on; raises ConnectionError. Only for TCP.
---@async
---@param certificate? string The certificate to show: an alias of lectern.yaml, or a PEM file with certificate and key in the program's folder.
---@param cert_reqs? 'CERT_NONE'|'CERT_OPTIONAL'|'CERT_REQUIRED' Whether the peer's certificate is verified; a client verifies unless this is 'CERT_NONE', a server asks its clients for none unless this says so.
---@param ssl_version? 'TLSv2'|'TLSv1'|'TLSv1.1'|'TLSv1.2'|'TLSv1.3' The oldest version that is spoken; 'TLSv2' is TLS 1.2. Newer ones are preferred.
---@param ca_certs? string Whose certificates are trusted, instead of those that the system trusts: an alias of lectern.yaml, or a PEM file.
function EthernetClientInterface:SSLWrap(certificate, cert_reqs, ssl_version, ca_certs) end

--- Closes the connection; harmless when it is closed. Not for UDP.
function EthernetClientInterface:Disconnect() end

--- Sends data; with UDP one datagram. Raises IOError when not connected; waits while more than 64 KiB are queued.
---@async
---@param data string What to send.
function EthernetClientInterface:Send(data) end

--- Sends data and waits for the response.
---@async
---@param data string What to send.
---@param timeout number How long to wait for the response.
---@param deliLen? integer The response is complete with so many bytes.
---@param deliTag? string The response ends with these bytes.
---@param deliRex? any The response ends where this pattern's match ends: a re.compile result or a string.
---@return any # the response up to the delimiter, '' when the delimiter was not met; without delimiter all that came
function EthernetClientInterface:SendAndWait(data, timeout, deliLen, deliTag, deliRex) end

--- Sends data every interval while connected, until StopKeepAlive; the first time after one interval.
---@param interval number The time between two transmissions.
---@param data string What to send.
function EthernetClientInterface:StartKeepAlive(interval, data) end

--- Ends StartKeepAlive.
function EthernetClientInterface:StopKeepAlive() end

--- Changes the largest datagram that ReceiveData gets. Only for UDP.
---@param bufferSize integer UDP only: the largest datagram.
function EthernetClientInterface:SetBufferSize(bufferSize) end

--- One client of a server. Made by the server.
---@class ClientObject
---@field Hostname string The client's address.
---@field IPAddress string The client's address.
---@field ServicePort integer The client's port.
ClientObject = {}

--- Sends data. Raises IOError when not connected; waits while more than 64 KiB are queued.
---@async
---@param data string What to send.
function ClientObject:Send(data) end

--- Turns TLS on over the open connection, as its server side. Raises ConnectionError.
---@async
---@param certificate? string The certificate to show: an alias of lectern.yaml, or a PEM file with certificate and key in the program's folder.
---@param cert_reqs? 'CERT_NONE'|'CERT_OPTIONAL'|'CERT_REQUIRED' Whether the peer's certificate is verified; a client verifies unless this is 'CERT_NONE', a server asks its clients for none unless this says so.
---@param ssl_version? 'TLSv2'|'TLSv1'|'TLSv1.1'|'TLSv1.2'|'TLSv1.3' The oldest version that is spoken; 'TLSv2' is TLS 1.2. Newer ones are preferred.
---@param ca_certs? string Whose certificates are trusted, instead of those that the system trusts: an alias of lectern.yaml, or a PEM file.
function ClientObject:SSLWrap(certificate, cert_reqs, ssl_version, ca_certs) end

--- Closes the connection; harmless when it is closed.
function ClientObject:Disconnect() end

--- Listens for any number of clients. With UDP, whoever sends is a client until idle for 5 minutes.
---@class EthernetServerInterfaceEx
---@field IPPort integer The port: the system's choice once it listens, if 0 was given.
---@field Protocol string 'TCP' or 'UDP'.
---@field Interface string 'Any', 'LAN' or 'AVLAN'.
---@field MaxClients integer The most clients at a time, or nil.
---@field Clients table A list of the connected ClientObjects, in order of connection.
---@field Connected fun(object: table, argument: any)|nil A client has connected. The first argument is the ClientObject.
---@field Disconnected fun(object: table, argument: any)|nil A client is gone. The first argument is the ClientObject.
---@field ReceiveData fun(object: table, argument: any)|nil A client has sent. The first argument is the ClientObject.
---@overload fun(IPPort: integer, Protocol?: 'TCP'|'UDP', Interface?: 'Any'|'LAN'|'AVLAN', MaxClients?: integer): EthernetServerInterfaceEx
EthernetServerInterfaceEx = {}

--- Begins to listen.
---@async
---@param timeout? number How long to listen; 0: until StopListen.
---@return any # 'Listening', 'ListeningAlready', or the reason of the failure
function EthernetServerInterfaceEx:StartListen(timeout) end

--- Before StartListen: each client speaks TLS, and is connected when its handshake stands. Only for TCP.
---@param certificate? string The certificate to show: an alias of lectern.yaml, or a PEM file with certificate and key in the program's folder.
---@param cert_reqs? 'CERT_NONE'|'CERT_OPTIONAL'|'CERT_REQUIRED' Whether the peer's certificate is verified; a client verifies unless this is 'CERT_NONE', a server asks its clients for none unless this says so.
---@param ssl_version? 'TLSv2'|'TLSv1'|'TLSv1.1'|'TLSv1.2'|'TLSv1.3' The oldest version that is spoken; 'TLSv2' is TLS 1.2. Newer ones are preferred.
---@param ca_certs? string Whose certificates are trusted, instead of those that the system trusts: an alias of lectern.yaml, or a PEM file.
function EthernetServerInterfaceEx:SSLWrap(certificate, cert_reqs, ssl_version, ca_certs) end

--- Stops listening; clients stay connected.
function EthernetServerInterfaceEx:StopListen() end

--- Disconnects a client.
---@param client ClientObject The client.
function EthernetServerInterfaceEx:Disconnect(client) end

--- The processor whose ports a program uses.
---@class ProcessorDevice
---@field DeviceAlias string The name as given.
---@field PartNumber string The part as given, or nil.
---@field ModelName string 'Lectern'.
---@field FirmwareVersion string The version of Lectern.
---@field IPAddress string The address that the configuration gives to the interface LAN, or nil.
---@field Online fun(object: table, argument: any)|nil Comes once when the handler is set: the program runs on the processor.
---@field Offline fun(object: table, argument: any)|nil Never comes: a program ends with its processor.
---@overload fun(DeviceAlias: string, PartNumber?: string): ProcessorDevice
ProcessorDevice = {}

--- A serial port and the device at it; it opens by itself, and comes back by itself.
---@class SerialInterface
---@field Host any The processor as given.
---@field Port string The port's name as given.
---@field Baud integer Bits per second.
---@field Data integer Data bits.
---@field Parity string 'None', 'Odd' or 'Even'.
---@field Stop integer Stop bits.
---@field FlowControl string 'HW', 'SW' or 'Off'.
---@field CharDelay number The pause after each character sent.
---@field Mode string 'RS232', 'RS422' or 'RS485'.
---@field Online fun(object: table, argument: any)|nil The port is open. Setting the handler while it is open calls it, too.
---@field Offline fun(object: table, argument: any)|nil The port is missing, pulled out or in use. Setting the handler while that is so calls it, too.
---@field ReceiveData fun(object: table, argument: any)|nil Bytes arrived: as many as came at once, at most 64 KiB.
---@overload fun(Host: ProcessorDevice, Port: string, Baud?: integer, Data?: integer, Parity?: 'None'|'Odd'|'Even', Stop?: integer, FlowControl?: 'HW'|'SW'|'Off', CharDelay?: number, Mode?: 'RS232'|'RS422'|'RS485'): SerialInterface
SerialInterface = {}

--- Changes settings of the open port, behind what was sent before; what is left out stays.
---@param Baud? integer Bits per second.
---@param Data? integer Data bits.
---@param Parity? 'None'|'Odd'|'Even' The parity bit.
---@param Stop? integer Stop bits.
---@param FlowControl? 'HW'|'SW'|'Off' What holds the sender back: RTS/CTS, XON/XOFF or nothing.
---@param CharDelay? number The pause after each character sent.
---@param Mode? 'RS232'|'RS422'|'RS485' The electrical standard.
function SerialInterface:Initialize(Baud, Data, Parity, Stop, FlowControl, CharDelay, Mode) end

--- Sends data. Raises IOError when the port is offline; waits only while a megabyte is queued.
---@async
---@param data string What to send.
function SerialInterface:Send(data) end

--- Sends data and waits for the response.
---@async
---@param data string What to send.
---@param timeout number How long to wait for the response.
---@param deliLen? integer The response is complete with so many bytes.
---@param deliTag? string The response ends with these bytes.
---@param deliRex? any The response ends where this pattern's match ends: a re.compile result or a string.
---@return any # the response up to the delimiter, '' when the delimiter was not met; without delimiter all that came
function SerialInterface:SendAndWait(data, timeout, deliLen, deliTag, deliRex) end

--- Sends data every interval while online, until StopKeepAlive; the first time after one interval.
---@param interval number The time between two transmissions.
---@param data string What to send.
function SerialInterface:StartKeepAlive(interval, data) end

--- Ends StartKeepAlive.
function SerialInterface:StopKeepAlive() end

--- Raises TypeError: TLS is for TCP, see EthernetClientInterface.
---@param certificate? string The certificate to show: an alias of lectern.yaml, or a PEM file with certificate and key in the program's folder.
---@param cert_reqs? 'CERT_NONE'|'CERT_OPTIONAL'|'CERT_REQUIRED' Whether the peer's certificate is verified; a client verifies unless this is 'CERT_NONE', a server asks its clients for none unless this says so.
---@param ssl_version? 'TLSv2'|'TLSv1'|'TLSv1.1'|'TLSv1.2'|'TLSv1.3' The oldest version that is spoken; 'TLSv2' is TLS 1.2. Newer ones are preferred.
---@param ca_certs? string Whose certificates are trusted, instead of those that the system trusts: an alias of lectern.yaml, or a PEM file.
function SerialInterface:SSLWrap(certificate, cert_reqs, ssl_version, ca_certs) end

--- Listens for one client. The older of the two servers: EthernetServerInterfaceEx serves many.
---@class EthernetServerInterface
---@field Hostname string The client's address; nil without one.
---@field IPAddress string The client's address; nil without one.
---@field IPPort integer The port: the system's choice while it listens, if 0 was given.
---@field Interface string 'Any', 'LAN' or 'AVLAN'.
---@field Protocol string 'TCP' or 'UDP'.
---@field ServicePort integer The client's port; without a client the one that was given.
---@field Connected fun(object: table, argument: any)|nil A client has connected.
---@field Disconnected fun(object: table, argument: any)|nil The client is gone.
---@field ReceiveData fun(object: table, argument: any)|nil The client has sent.
---@overload fun(IPPort: integer, Protocol?: 'TCP'|'UDP', Interface?: 'Any'|'LAN'|'AVLAN', ServicePort?: integer): EthernetServerInterface
EthernetServerInterface = {}

--- Begins to listen. With TCP listening ends when a client is accepted.
---@async
---@param timeout? number How long to listen; 0: until StopListen.
---@return any # 'Listening', 'ListeningAlready', or the reason of the failure
function EthernetServerInterface:StartListen(timeout) end

--- Before StartListen: each client speaks TLS. With a client: turns TLS on; raises ConnectionError. Only for TCP.
---@async
---@param certificate? string The certificate to show: an alias of lectern.yaml, or a PEM file with certificate and key in the program's folder.
---@param cert_reqs? 'CERT_NONE'|'CERT_OPTIONAL'|'CERT_REQUIRED' Whether the peer's certificate is verified; a client verifies unless this is 'CERT_NONE', a server asks its clients for none unless this says so.
---@param ssl_version? 'TLSv2'|'TLSv1'|'TLSv1.1'|'TLSv1.2'|'TLSv1.3' The oldest version that is spoken; 'TLSv2' is TLS 1.2. Newer ones are preferred.
---@param ca_certs? string Whose certificates are trusted, instead of those that the system trusts: an alias of lectern.yaml, or a PEM file.
function EthernetServerInterface:SSLWrap(certificate, cert_reqs, ssl_version, ca_certs) end

--- Stops listening; the client stays connected.
function EthernetServerInterface:StopListen() end

--- Sends data to the client. Raises IOError without one; waits while more than 64 KiB are queued.
---@async
---@param data string What to send.
function EthernetServerInterface:Send(data) end

--- Disconnects the client; harmless without one.
function EthernetServerInterface:Disconnect() end

--- The connection of a TCPInterface while there is one. Made by the interface.
---@class TCPConnection
TCPConnection = {}

--- Tells with whom it is.
---@return any # the device's address and port; nil when the connection has ended
function TCPConnection:getpeername() end

--- Tells from where it is.
---@return any # this side's address and port; nil when the connection has ended
function TCPConnection:getsockname() end

--- Tells whether bytes have arrived, or the end.
---@async
---@param timeout? number How long to wait for something.
---@return any # true when recv would not wait
function TCPConnection:readable(timeout) end

--- Closes it; the interface's next send connects again.
function TCPConnection:close() end

--- A connection to an instrument that is asked and answers, as SOCS has it.
---@class TCPInterface
---@field ip_address string The name or address; a new one counts for the next connection.
---@field port integer The port; a new one counts for the next connection.
---@field timeout number How long each step waits, in seconds.
---@field resend boolean Whether a message that failed is sent once more; true at first.
---@field comm any The connection; nil when there is none.
---@overload fun(ip_address: string, port: integer, timeout: number): TCPInterface
TCPInterface = {}

--- Sends all of msg, connecting first if need be; what fails is sent once more on a new connection. Raises ConnectionError.
---@async
---@param msg string What to send.
function TCPInterface:send(msg) end

--- Waits for bytes, at most timeout. Raises ConnectionError when none came or there is no connection.
---@async
---@param bufsize? integer The most bytes to return.
---@param reset_on_error? boolean Connect anew when nothing came, so that a late answer is not taken for the next one.
---@return any # the bytes that have arrived, at least one
function TCPInterface:recv(bufsize, reset_on_error) end

--- Does send and recv as one: queries of several tasks take turns. Raises ConnectionError.
---@async
---@param msg string What to send.
---@param bufsize? integer The most bytes to return.
---@param reset_on_error? boolean Connect anew when nothing came, so that a late answer is not taken for the next one.
---@return any # the bytes that have arrived, at least one
function TCPInterface:query(msg, bufsize, reset_on_error) end

--- Closes the connection; the next send connects again.
function TCPInterface:close() end

--- Calls a function again and again.
---@class Timer
---@field Interval number The time between two calls.
---@field Count integer How many calls there were since the start.
---@field State string 'Running', 'Paused' or 'Stopped'.
---@field Function fun(object: table, argument: any)|nil What is called.
---@field StateChanged fun(object: table, argument: any)|nil The state has changed.
---@overload fun(Interval: number, Function?: function): Timer
Timer = {}

--- Sets a new interval; the next call comes one new interval from now. Count is kept.
---@param Interval number The new interval.
function Timer:Change(Interval) end

--- Stops calling; the rest of the interval and Count are kept.
function Timer:Pause() end

--- Goes on after Pause or Stop.
function Timer:Resume() end

--- Sets Count to 0; the first call comes one interval from now.
function Timer:Restart() end

--- Stops calling and resets the interval and Count.
function Timer:Stop() end

--- Calls a function once, later.
---@class Wait
---@field Time number How long a run takes.
---@field Function fun(object: table, argument: any)|nil What is called.
---@overload fun(Time: number, Function?: function): Wait
Wait = {}

--- Calls the function one Time from now, whatever was before.
function Wait:Restart() end

--- The function will not be called.
function Wait:Cancel() end

--- Puts the running countdown off.
---@param Time number Seconds to add.
function Wait:Add(Time) end

--- Sets Time for this and later runs.
---@param Time number The new time.
function Wait:Change(Time) end

--- Calls a function at times of day.
---@class Clock
---@field Times table The times.
---@field Days table The days; empty: every day.
---@field State string 'Enabled' or 'Disabled'.
---@field WEEKDAYS table The number of each day's name: Monday 0 … Sunday 6.
---@field Function fun(object: table, argument: any)|nil What is called.
---@overload fun(Times: table, Days?: table, Function?: function): Clock
Clock = {}

--- Starts calling.
function Clock:Enable() end

--- Stops calling.
function Clock:Disable() end

--- Replaces the times, at once.
---@param Times table A list of 'HH:MM:SS'.
function Clock:SetTimes(Times) end

--- Replaces the days, at once.
---@param Days? table A list of days; nil: every day.
function Clock:SetDays(Days) end

--- A compiled regular expression. Made by re.compile.
---@class Pattern
---@field pattern string The pattern as it was given.
---@field flags integer The flags given and those that the pattern begins with, such as (?i).
---@field groups integer The number of groups.
---@field groupindex table A table of the numbers of the groups that have a name, by name.
Pattern = {}

--- Finds the leftmost match.
---@param string string What is searched.
---@param pos? integer Where to begin: 1 is the first byte, -1 the last. ^ still means the first byte.
---@return any # a Match, or nil
function Pattern:search(string, pos) end

--- Matches where the search begins.
---@param string string What is searched.
---@param pos? integer Where to begin: 1 is the first byte, -1 the last. ^ still means the first byte.
---@return any # a Match, or nil
function Pattern:match(string, pos) end

--- Matches from where the search begins to the end of the string.
---@param string string What is searched.
---@param pos? integer Where to begin: 1 is the first byte, -1 the last. ^ still means the first byte.
---@return any # a Match, or nil
function Pattern:fullmatch(string, pos) end

--- Gives one Match after the other, each searched for when it is its turn; the loop's body may wait.
---@param string string What is searched.
---@param pos? integer Where to begin: 1 is the first byte, -1 the last. ^ still means the first byte.
---@return any # an iterator for `for m in p:finditer(s) do`
function Pattern:finditer(string, pos) end

--- Finds all matches. The text of a group that took no part is ''.
---@param string string What is searched.
---@param pos? integer Where to begin: 1 is the first byte, -1 the last. ^ still means the first byte.
---@return any # a list of the matches' texts; with one group of its texts, with several of lists of their texts
function Pattern:findall(string, pos) end

--- Replaces matches. The function may wait.
---@param repl any A string, in which `\1` and `\g<name>` stand for groups, or a function that gets the Match and returns a string.
---@param string string What is searched.
---@param count? integer The most matches to replace; 0: all.
---@return any # the string with the matches replaced
function Pattern:sub(repl, string, count) end

--- Replaces matches, and counts them. The function may wait.
---@param repl any A string, in which `\1` and `\g<name>` stand for groups, or a function that gets the Match and returns a string.
---@param string string What is searched.
---@param count? integer The most matches to replace; 0: all.
---@return any # the string with the matches replaced, and their number
function Pattern:subn(repl, string, count) end

--- Cuts a string at the matches.
---@param string string What is searched.
---@param maxsplit? integer The most matches to cut at; 0: all.
---@return any # a list of the pieces; behind each the groups of the match that ends it, false for one that took no part
function Pattern:split(string, maxsplit) end

--- One match of a Pattern. Made by the pattern.
---@class Match
---@field string string The string that was searched.
---@field re any The Pattern.
---@field pos integer Where the search began: 1 is the first byte.
---@field lastindex integer The number of the group that closed last, or nil.
---@field lastgroup string The name of the group that closed last, or nil.
Match = {}

--- Gives the text of one or several groups; of the whole match when called without arguments.
---@param ... any The number or the name of a group; 0 is the whole match.
---@return any # the text of each group that was asked for; nil for one that took no part
function Match:group(...) end

--- Gives the text of every group.
---@param default? any Stands for a group that took no part.
---@return any # the text of each group from 1 on, as so many values
function Match:groups(default) end

--- Gives the text of every group that has a name.
---@param default? any Stands for a group that took no part.
---@return any # a table of the texts by name
function Match:groupdict(default) end

--- Tells where a group begins, so that s:sub(m:start(), m:stop()) is m:group().
---@param group? any The number or the name of a group.
---@return any # the position, 1 for the first byte of the string; nil when the group took no part
function Match:start(group) end

--- Tells the last byte of a group, as string.find does: one less than start when the group is empty.
---@param group? any The number or the name of a group.
---@return any # the position, 1 for the first byte of the string; nil when the group took no part
function Match:stop(group) end

--- The same as stop. Since end is a word of Lua, it is called as `m['end']`, with m as first argument.
---@param group? any The number or the name of a group.
---@return any # the position, 1 for the first byte of the string; nil when the group took no part
Match['end'] = function(self, group) end

--- Tells where a group begins and its last byte, as string.find does.
---@param group? any The number or the name of a group.
---@return any # start and stop of the group; nil and nil when it took no part
function Match:span(group) end

--- Gives the template with its references such as `\1` and `\g<name>` replaced by the groups.
---@param template string A replacement as sub takes it.
---@return any # the text
function Match:expand(template) end

--- A mutually exclusive set: of its members, which have a method SetState, one is on.
---@class MESet
---@field Objects table A list of the members, in their order.
---@overload fun(Objects: table): MESet
MESet = {}

--- Switches the other members off, in their order, and then the chosen one on.
---@async
---@param object? any A member, its number from 1, or nil for none.
function MESet:SetCurrent(object) end

--- Tells which member is current.
---@return any # the member that is on, or nil
function MESet:GetCurrent() end

--- Adds a member.
---@param object any What has a method SetState.
function MESet:Append(object) end

--- Removes a member; its state stays.
---@param object any A member or its number.
function MESet:Remove(object) end

--- Sets the states of one member.
---@param object any A member or its number.
---@param offState integer What SetState gets when it is switched off; 0 otherwise.
---@param onState integer What SetState gets when it is switched on; 1 otherwise.
function MESet:SetStates(object, offState, onState) end

--- What all handlers of clients have in common; GetConnectionHandler makes one that fits.
---@class ConnectionHandler
---@field ConnectionStatus string 'Unknown', 'Connected' or 'Disconnected'.
---@field DisconnectLimit integer How many sends may go without an accepted response.
---@field Interface any The interface or the device module that is handled.
---@field PollTimer any The timer of the keep-alive query.
---@field Connected fun(object: table, argument: any)|nil The device is there.
---@field Disconnected fun(object: table, argument: any)|nil The device is gone; once per change.
ConnectionHandler = {}

--- Watches a serial or UDP device: polls, and tells when it answers and when it is silent.
---@class RawSimplePipeHandler
---@field ConnectionStatus string 'Unknown', 'Connected' or 'Disconnected'.
---@field DisconnectLimit integer How many sends may go without an accepted response.
---@field Interface any The interface or the device module that is handled.
---@field PollTimer any The timer of the keep-alive query.
---@field Connected fun(object: table, argument: any)|nil The device is there.
---@field Disconnected fun(object: table, argument: any)|nil The device is gone; once per change.
---@field ReceiveData fun(object: table, argument: any)|nil Bytes arrived; with UDP one datagram.
RawSimplePipeHandler = {}

--- Begins to poll; Connected comes when the device answers.
function RawSimplePipeHandler:Connect() end

--- Says that a good response came: the count of missed responses starts anew.
function RawSimplePipeHandler:ResponseAccepted() end

--- Sends data, counted until a response is accepted. Over DisconnectLimit Disconnected comes, and data is sent nevertheless.
---@async
---@param data string What to send.
function RawSimplePipeHandler:Send(data) end

--- Sends data and waits for the response, counted until a response is accepted.
---@async
---@param data string What to send.
---@param timeout number How long to wait for the response.
---@param deliLen? integer The response is complete with so many bytes.
---@param deliTag? string The response ends with these bytes.
---@param deliRex? any The response ends where this pattern's match ends: a re.compile result or a string.
---@return any # the response up to the delimiter, '' when the delimiter was not met; without delimiter all that came
function RawSimplePipeHandler:SendAndWait(data, timeout, deliLen, deliTag, deliRex) end

--- Watches the device of a serial or UDP device module.
---@class ModuleSimplePipeHandler
---@field ConnectionStatus string 'Unknown', 'Connected' or 'Disconnected'.
---@field DisconnectLimit integer How many sends may go without an accepted response.
---@field Interface any The interface or the device module that is handled.
---@field PollTimer any The timer of the keep-alive query.
---@field Connected fun(object: table, argument: any)|nil The device is there.
---@field Disconnected fun(object: table, argument: any)|nil The device is gone; once per change.
ModuleSimplePipeHandler = {}

--- Calls a function at each change. 'ConnectionStatus' is the handler's own; all else the module subscribes to.
---@async
---@param command string A command of the module, or 'ConnectionStatus'.
---@param qualifier? any The qualifier; nil: every change of the command.
---@param callback? function Called with the command, the new value and the qualifier.
function ModuleSimplePipeHandler:SubscribeStatus(command, qualifier, callback) end

--- Begins to poll; Connected comes when the device answers.
function ModuleSimplePipeHandler:Connect() end

--- Keeps a TCP or SSH connection alive: polls, notices silence, reconnects.
---@class RawTcpHandler
---@field ConnectionStatus string 'Unknown', 'Connected' or 'Disconnected'.
---@field DisconnectLimit integer How many sends may go without an accepted response.
---@field Interface any The interface or the device module that is handled.
---@field PollTimer any The timer of the keep-alive query.
---@field AutoReconnect boolean Whether it connects again by itself; true starts nothing, call Connect.
---@field Connected fun(object: table, argument: any)|nil The device is there.
---@field Disconnected fun(object: table, argument: any)|nil The device is gone; once per change.
---@field ConnectFailed fun(object: table, argument: any)|nil An attempt to connect failed.
---@field ReceiveData fun(object: table, argument: any)|nil Bytes arrived.
RawTcpHandler = {}

--- Connects and begins to poll.
---@async
---@param timeout? number For this attempt and later ones; nil: as long as the system does.
---@return any # 'Connected', 'ConnectedAlready', or the reason of the failure; then its details, if it has any
function RawTcpHandler:Connect(timeout) end

--- Closes the connection; with AutoReconnect it comes back after connectRetryTime.
function RawTcpHandler:Disconnect() end

--- Says that a good response came: the count of missed responses starts anew.
function RawTcpHandler:ResponseAccepted() end

--- Sends data, counted until a response is accepted. Over DisconnectLimit the connection is closed instead.
---@async
---@param data string What to send.
function RawTcpHandler:Send(data) end

--- Sends data and waits for the response, counted until a response is accepted.
---@async
---@param data string What to send.
---@param timeout number How long to wait for the response.
---@param deliLen? integer The response is complete with so many bytes.
---@param deliTag? string The response ends with these bytes.
---@param deliRex? any The response ends where this pattern's match ends: a re.compile result or a string.
---@return any # the response up to the delimiter, '' when the delimiter was not met; without delimiter all that came
function RawTcpHandler:SendAndWait(data, timeout, deliLen, deliTag, deliRex) end

--- Keeps the TCP or SSH connection of a device module alive.
---@class ModuleTcpHandler
---@field ConnectionStatus string 'Unknown', 'Connected' or 'Disconnected'.
---@field DisconnectLimit integer How many sends may go without an accepted response.
---@field Interface any The interface or the device module that is handled.
---@field PollTimer any The timer of the keep-alive query.
---@field AutoReconnect boolean Whether it connects again by itself; true starts nothing, call Connect.
---@field Connected fun(object: table, argument: any)|nil The device is there.
---@field Disconnected fun(object: table, argument: any)|nil The device is gone; once per change.
---@field ConnectFailed fun(object: table, argument: any)|nil An attempt to connect failed.
ModuleTcpHandler = {}

--- Calls a function at each change. 'ConnectionStatus' is the handler's own; all else the module subscribes to.
---@async
---@param command string A command of the module, or 'ConnectionStatus'.
---@param qualifier? any The qualifier; nil: every change of the command.
---@param callback? function Called with the command, the new value and the qualifier.
function ModuleTcpHandler:SubscribeStatus(command, qualifier, callback) end

--- Connects and begins to poll.
---@async
---@param timeout? number For this attempt and later ones; nil: as long as the system does.
---@return any # 'Connected', 'ConnectedAlready', or the reason of the failure; then its details, if it has any
function ModuleTcpHandler:Connect(timeout) end

--- Closes the connection; with AutoReconnect it comes back after connectRetryTime.
function ModuleTcpHandler:Disconnect() end

--- Keeps a server listening and drops idle clients.
---@class ServerExHandler
---@field Interface any The server that is handled.
---@field Connected fun(object: table, argument: any)|nil A client has connected. The first argument is the ClientObject.
---@field Disconnected fun(object: table, argument: any)|nil A client is gone. The first argument is the ClientObject.
---@field ReceiveData fun(object: table, argument: any)|nil A client has sent. The first argument is the ClientObject.
---@field ListenFailed fun(object: table, argument: any)|nil StartListen failed; the next try comes by itself.
ServerExHandler = {}

--- Listens; when that fails, tries again every connectRetryTime.
---@async
---@param timeout? number How long to listen; 0: until StopListen.
---@return any # 'Listening', 'ListeningAlready', or the reason of the failure
function ServerExHandler:StartListen(timeout) end

--- Stops listening, and trying to; clients stay connected.
function ServerExHandler:StopListen() end

--- A file of the program's folder, which is the root '/'.
---@class File
---@field Filename string The name as given.
---@overload fun(Filename: string, mode?: string, encoding?: string, newline?: string): File
File = {}

--- Reads.
---@param size? integer How many bytes; -1: all that are left.
---@return any # the bytes, '' at the end of the file
function File:read(size) end

--- Reads a line.
---@return any # the line with its '\n', '' at the end of the file
function File:readline() end

--- Moves to another position.
---@param offset integer How far.
---@param whence? integer From 0: the beginning, 1: here, 2: the end.
---@return any # the new position
function File:seek(offset, whence) end

--- Tells where it is.
---@return any # the position, from 0
function File:tell() end

--- Writes.
---@param data string What to write.
---@return any # the number of bytes
function File:write(data) end

--- Writes strings, one after the other.
---@param seq table A list of strings.
function File:writelines(seq) end

--- Closes the file; harmless when it is closed.
function File:close() end

--- A file of the program's folder, as File; the other name for what programs keep to themselves.
---@class RFile
---@field Filename string The name as given.
---@overload fun(Filename: string, mode?: string, encoding?: string, newline?: string): RFile
RFile = {}

--- Reads.
---@param size? integer How many bytes; -1: all that are left.
---@return any # the bytes, '' at the end of the file
function RFile:read(size) end

--- Reads a line.
---@return any # the line with its '\n', '' at the end of the file
function RFile:readline() end

--- Moves to another position.
---@param offset integer How far.
---@param whence? integer From 0: the beginning, 1: here, 2: the end.
---@return any # the new position
function RFile:seek(offset, whence) end

--- Tells where it is.
---@return any # the position, from 0
function RFile:tell() end

--- Writes.
---@param data string What to write.
---@return any # the number of bytes
function RFile:write(data) end

--- Writes strings, one after the other.
---@param seq table A list of strings.
function RFile:writelines(seq) end

--- Closes the file; harmless when it is closed.
function RFile:close() end

time = {
}

checksum = {
}

hex = {
}

re = {
    IGNORECASE = 2,
    MULTILINE = 8,
    DOTALL = 16,
    VERBOSE = 64,
    ASCII = 256,
    I = 2,
    M = 8,
    S = 16,
    X = 64,
    A = 256,
}

--- Makes a device module of a declaration. Raises ValueError that names module, command and field.
---@param declaration table What the device understands; see device-modules.md.
---@return any # a table of classes: EthernetClass, SSHClass, UDPClass, SerialClass, SerialOverEthernetClass
function DeviceModule(declaration) end

--- Ends the program in order, once the calling task has ended or waits.
---@param code? integer The exit code.
function ExitProgram(code) end

--- Makes a folder the current one.
---@param path string A name from the current folder, or from the root with '/'.
function File.ChangeDir(path) end

--- Removes an empty folder.
---@param path string A name from the current folder, or from the root with '/'.
function File.DeleteDir(path) end

--- Removes a file.
---@param filename string The file.
function File.DeleteFile(filename) end

--- Tells whether a file or folder is there.
---@param path string A name from the current folder, or from the root with '/'.
---@return any # a boolean
function File.Exists(path) end

--- Tells the current folder.
---@return any # its path from the root
function File.GetCurrentDir() end

--- Lists a folder.
---@param path? string A folder; nil: the current one.
---@return any # a list of names, in order
function File.ListDir(path) end

--- Makes a folder in one that is there.
---@param path string A name from the current folder, or from the root with '/'.
function File.MakeDir(path) end

--- Renames a file or a folder. A file that has the new name is replaced.
---@param oldname string What is there.
---@param newname string Its new name.
function File.RenameFile(oldname, newname) end

--- Makes a connection handler for an interface. Waits only as long as a module's SubscribeStatus does.
---@async
---@param Interface any The interface to handle, or a device module that is one or has one in `Interface`.
---@param keepAliveQuery? any A function that asks the device something, or the name of a module's command; not for servers.
---@param keepAliveQueryQualifier? table For device modules: the qualifier of the query.
---@param DisconnectLimit? integer Missed responses that mean disconnected.
---@param pollFrequency? number The time between two queries.
---@param connectRetryTime? number The time from a loss to the next attempt.
---@param serverTimeout? number How long a server's client may be idle.
---@param ConnectedOn? 'Socket'|'Response' What makes a TCP device Connected.
---@return any # the handler that fits the interface
function GetConnectionHandler(Interface, keepAliveQuery, keepAliveQueryQualifier, DisconnectLimit, pollFrequency, connectRetryTime, serverTimeout, ConnectedOn) end

--- Tells how long the machine has been running.
---@return any # seconds
function GetSystemUpTime() end

--- Tells the version.
---@return any # the version of the connection handlers
function ModuleVersion() end

--- Tells what the program runs on.
---@return any # 'Lectern'
function Platform() end

--- Writes to the program log.
---@param Entry any What to log.
---@param Severity? 'error'|'info'|'warning' How bad it is.
function ProgramLog(Entry, Severity) end

--- Makes a folder the current one.
---@param path string A name from the current folder, or from the root with '/'.
function RFile.ChangeDir(path) end

--- Removes an empty folder.
---@param path string A name from the current folder, or from the root with '/'.
function RFile.DeleteDir(path) end

--- Removes a file.
---@param filename string The file.
function RFile.DeleteFile(filename) end

--- Tells whether a file or folder is there.
---@param path string A name from the current folder, or from the root with '/'.
---@return any # a boolean
function RFile.Exists(path) end

--- Tells the current folder.
---@return any # its path from the root
function RFile.GetCurrentDir() end

--- Lists a folder.
---@param path? string A folder; nil: the current one.
---@return any # a list of names, in order
function RFile.ListDir(path) end

--- Makes a folder in one that is there.
---@param path string A name from the current folder, or from the root with '/'.
function RFile.MakeDir(path) end

--- Renames a file or a folder. A file that has the new name is replaced.
---@param oldname string What is there.
---@param newname string Its new name.
function RFile.RenameFile(oldname, newname) end

--- Writes the newest entries of the program log to a file, which is replaced: at most 2,000 entries and 1 MiB.
---@param path? any A file's name; a folder, in which the file is named by the time; an open File; nil: the root folder.
function SaveProgramLog(path) end

--- Tells the version of the host.
---@return any # the version of Lectern
function Version() end

--- Wakes a machine of the local network. Raises IOError when the system cannot send.
---@async
---@param macAddress string The hardware address, such as '01-23-45-67-ab-cd'.
---@param port? integer The UDP port; usual are 0, 7 and 9.
function WakeOnLan(macAddress, port) end

--- Computes a cyclic redundancy check by a name or by parameters.
---@param data string The bytes to check.
---@param model? 'CRC-16/ARC'|'CRC-16/CCITT-FALSE'|'CRC-16/KERMIT'|'CRC-16/MODBUS'|'CRC-16/X-25'|'CRC-16/XMODEM'|'CRC-32'|'CRC-32/BZIP2'|'CRC-32/MPEG-2'|'CRC-32C'|'CRC-8'|'CRC-8/MAXIM' A usual check by its name; left out, the parameters say what is meant.
---@param width? integer Bits of the result.
---@param poly? integer The generator without its highest term.
---@param init? integer What the register begins with.
---@param refin? boolean Whether the lowest bit of a byte comes first.
---@param refout? boolean Whether the result's bits are turned around.
---@param xorout? integer What the result is combined with in the end.
---@return any # a whole number
function checksum.crc(data, model, width, poly, init, refin, refout, xorout) end

--- Tells what must be added to the sum of the bytes to make it 0: the two's complement of the sum.
---@param data string The bytes to check.
---@return any # a byte as a number
function checksum.lrc(data) end

--- Adds up the bytes.
---@param data string The bytes to check.
---@param bits? integer How many bits of the sum to keep.
---@return any # a whole number
function checksum.sum(data, bits) end

--- Combines the bytes by exclusive or.
---@param data string The bytes to check.
---@return any # a byte as a number
function checksum.xor(data) end

--- Makes a class. init(self, …) fills a new object; at most one line of bases leads to a host class.
---@param name string The class's name, for messages.
---@param ... any The bases; members of an earlier one win.
---@return any # the class: call it to make an object
function class(name, ...) end

--- Sets the handler of every named event of every object. The last one set wins.
---@param objects any An object or a list of objects.
---@param names any An event's name or a list of names.
---@param f? function The handler; left out, event returns a function that takes it.
---@return any # f
function event(objects, names, f) end

--- Makes bytes of digits. Raises ValueError for anything else.
---@param text string Pairs of hexadecimal digits; spaces, colons and dashes may stand between them.
---@return any # the bytes
function hex.decode(text) end

--- Writes bytes as digits.
---@param data string Any bytes.
---@param separator? string What stands between two bytes.
---@return any # a string of capital hexadecimal digits, two for each byte
function hex.encode(data, separator) end

--- Tells whether object was made by class or by one derived from it.
---@param object any Anything.
---@param class any A class.
---@return any # a boolean
function isinstance(object, class) end

--- Compiles a pattern; the last 256 are kept compiled.
---@param pattern any A pattern in Python's syntax, or a Pattern.
---@param flags? integer re.IGNORECASE, re.MULTILINE, re.DOTALL, re.VERBOSE, combined with |.
---@return any # a Pattern
function re.compile(pattern, flags) end

--- Puts a backslash before each byte that has a meaning in patterns.
---@param string string Any bytes.
---@return any # a pattern that matches just these bytes
function re.escape(string) end

--- Finds the texts of all matches; see Pattern.findall.
---@param pattern any A pattern in Python's syntax, or a Pattern.
---@param string string What is searched.
---@param flags? integer re.IGNORECASE, re.MULTILINE, re.DOTALL, re.VERBOSE, combined with |.
---@return any # a list
function re.findall(pattern, string, flags) end

--- Gives one Match after the other; see Pattern.finditer.
---@param pattern any A pattern in Python's syntax, or a Pattern.
---@param string string What is searched.
---@param flags? integer re.IGNORECASE, re.MULTILINE, re.DOTALL, re.VERBOSE, combined with |.
---@return any # an iterator for `for m in re.finditer(p, s) do`
function re.finditer(pattern, string, flags) end

--- Matches the whole string.
---@param pattern any A pattern in Python's syntax, or a Pattern.
---@param string string What is searched.
---@param flags? integer re.IGNORECASE, re.MULTILINE, re.DOTALL, re.VERBOSE, combined with |.
---@return any # a Match, or nil
function re.fullmatch(pattern, string, flags) end

--- Matches at the beginning of the string.
---@param pattern any A pattern in Python's syntax, or a Pattern.
---@param string string What is searched.
---@param flags? integer re.IGNORECASE, re.MULTILINE, re.DOTALL, re.VERBOSE, combined with |.
---@return any # a Match, or nil
function re.match(pattern, string, flags) end

--- Finds the leftmost match.
---@param pattern any A pattern in Python's syntax, or a Pattern.
---@param string string What is searched.
---@param flags? integer re.IGNORECASE, re.MULTILINE, re.DOTALL, re.VERBOSE, combined with |.
---@return any # a Match, or nil
function re.search(pattern, string, flags) end

--- Cuts a string at the matches; see Pattern.split.
---@param pattern any A pattern in Python's syntax, or a Pattern.
---@param string string What is searched.
---@param maxsplit? integer The most matches to cut at; 0: all.
---@param flags? integer re.IGNORECASE, re.MULTILINE, re.DOTALL, re.VERBOSE, combined with |.
---@return any # a list of the pieces
function re.split(pattern, string, maxsplit, flags) end

--- Replaces matches; see Pattern.sub.
---@param pattern any A pattern in Python's syntax, or a Pattern.
---@param repl any A string or a function; see Pattern.sub.
---@param string string What is searched.
---@param count? integer The most matches to replace; 0: all.
---@param flags? integer re.IGNORECASE, re.MULTILINE, re.DOTALL, re.VERBOSE, combined with |.
---@return any # the string with the matches replaced
function re.sub(pattern, repl, string, count, flags) end

--- Replaces matches, and counts them; see Pattern.subn.
---@param pattern any A pattern in Python's syntax, or a Pattern.
---@param repl any A string or a function; see Pattern.sub.
---@param string string What is searched.
---@param count? integer The most matches to replace; 0: all.
---@param flags? integer re.IGNORECASE, re.MULTILINE, re.DOTALL, re.VERBOSE, combined with |.
---@return any # the string with the matches replaced, and their number
function re.subn(pattern, repl, string, count, flags) end

--- Suspends the calling task; timers, handlers and other tasks go on.
---@async
---@param seconds number How long to sleep.
function time.sleep(seconds) end

--- Tells the time of the wall clock.
---@return any # seconds since 1970-01-01 00:00:00 UTC, with fractions
function time.time() end
