---@meta
-- Made from the declarations of Lectern; a test keeps it so.

--- A connection to one network device.
---@class EthernetClientInterface
---@field Hostname string The name or address as given.
---@field IPAddress string The peer's address; the name until it is resolved.
---@field IPPort integer The device's port.
---@field Protocol 'TCP'|'UDP'|'SSH' 'TCP', 'UDP' or 'SSH'.
---@field ServicePort integer UDP: the local port; 0 before the first Send.
---@field LastError {Reason: string, Detail: string|nil, Advice: string|nil, Since: number}|nil The last trouble, with the time in seconds since 1970; nil when there was none yet.
---@field Credentials {[1]: string, [2]: string}|nil {user, password}, or nil.
---@field Connected fun(interface: EthernetClientInterface, state: 'Connected')|nil The connection was opened.
---@field Disconnected fun(interface: EthernetClientInterface, state: 'Disconnected')|nil The connection was closed, by the program, the device or the network.
---@field ReceiveData fun(interface: EthernetClientInterface, data: string)|nil Bytes arrived: as many as came at once, at most 64 KiB; with UDP one datagram.
---@overload fun(Hostname: string, IPPort: integer, Protocol?: 'TCP'|'UDP'|'SSH', ServicePort?: integer, Credentials?: {[1]: string, [2]: string}, bufferSize?: integer): EthernetClientInterface
EthernetClientInterface = {}

--- Opens the connection. Not for UDP.
---@async
---@param timeout? number How long to try; nil: as long as the operating system tries.
---@return string, string? # 'Connected', 'ConnectedAlready', or the reason of the failure; then its details, if it has any
function EthernetClientInterface:Connect(timeout) end

--- Before Connect: every connection uses TLS. On an open connection: turns TLS on, and raises ConnectionError when that fails. Only for TCP.
---@async
---@param certificate? string The certificate to show: an alias of lectern.yaml, or a PEM file with certificate and key in the program's folder.
---@param cert_reqs? 'CERT_NONE'|'CERT_OPTIONAL'|'CERT_REQUIRED' Whether the peer's certificate is verified. A client verifies it unless this is 'CERT_NONE'. A server asks its clients for a certificate only if this says so.
---@param ssl_version? 'TLSv2'|'TLSv1'|'TLSv1.1'|'TLSv1.2'|'TLSv1.3' The oldest version that is allowed; 'TLSv2' is TLS 1.2. Newer ones are preferred.
---@param ca_certs? string The authorities to trust instead of those of the system: an alias of lectern.yaml, or a PEM file.
function EthernetClientInterface:SSLWrap(certificate, cert_reqs, ssl_version, ca_certs) end

--- Closes the connection. Has no effect when it is closed. Not for UDP.
function EthernetClientInterface:Disconnect() end

--- Sends data, with UDP as one datagram. Raises IOError when not connected. Waits while more than 64 KiB are queued.
---@async
---@param data string What to send.
function EthernetClientInterface:Send(data) end

--- Sends data and waits for the response.
---@async
---@param data string What to send.
---@param timeout number How long to wait for the response.
---@param deliLen? integer The response is complete with this number of bytes; at most limits.stringSize.
---@param deliTag? string The response ends with these bytes; not ''.
---@param deliRex? string|Pattern The response ends where this pattern's match ends: a re.compile result or a string.
---@return string # the response up to the delimiter, '' when the delimiter was not met; without delimiter all that came. Raises IOError when the response has more than limits.stringSize bytes, 16 MiB, and no delimiter; without one it is cut there
function EthernetClientInterface:SendAndWait(data, timeout, deliLen, deliTag, deliRex) end

--- Sends data every interval while connected, until StopKeepAlive. The first time is after one interval.
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

--- Sends data. Raises IOError when not connected. Waits while more than 64 KiB are queued. If the task cannot wait, it raises IOError above 128 KiB.
---@async
---@param data string What to send.
function ClientObject:Send(data) end

--- Turns TLS on over the open connection, as its server side. Raises ConnectionError when that fails.
---@async
---@param certificate? string The certificate to show: an alias of lectern.yaml, or a PEM file with certificate and key in the program's folder.
---@param cert_reqs? 'CERT_NONE'|'CERT_OPTIONAL'|'CERT_REQUIRED' Whether the peer's certificate is verified. A client verifies it unless this is 'CERT_NONE'. A server asks its clients for a certificate only if this says so.
---@param ssl_version? 'TLSv2'|'TLSv1'|'TLSv1.1'|'TLSv1.2'|'TLSv1.3' The oldest version that is allowed; 'TLSv2' is TLS 1.2. Newer ones are preferred.
---@param ca_certs? string The authorities to trust instead of those of the system: an alias of lectern.yaml, or a PEM file.
function ClientObject:SSLWrap(certificate, cert_reqs, ssl_version, ca_certs) end

--- Closes the connection. Has no effect when it is closed.
function ClientObject:Disconnect() end

--- Listens for many clients. With UDP, a sender is a client until it is idle for 5 minutes.
---@class EthernetServerInterfaceEx
---@field IPPort integer The port. If 0 was given: the port that the system has chosen, after StartListen.
---@field Protocol 'TCP'|'UDP' 'TCP' or 'UDP'.
---@field Interface 'Any'|'LAN'|'AVLAN' 'Any', 'LAN' or 'AVLAN'.
---@field MaxClients integer|nil The most clients at a time; nil: 1,000.
---@field Clients ClientObject[] A list of the connected ClientObjects, in order of connection.
---@field LastError {Reason: string, Detail: string|nil, Advice: string|nil, Since: number}|nil The last trouble, with the time in seconds since 1970; nil when there was none yet.
---@field Connected fun(client: ClientObject, state: 'Connected')|nil A client has connected. The first argument is the ClientObject.
---@field Disconnected fun(client: ClientObject, state: 'Disconnected')|nil A client is gone. The first argument is the ClientObject.
---@field ReceiveData fun(client: ClientObject, data: string)|nil A client has sent. The first argument is the ClientObject.
---@overload fun(IPPort: integer, Protocol?: 'TCP'|'UDP', Interface?: 'Any'|'LAN'|'AVLAN', MaxClients?: integer): EthernetServerInterfaceEx
EthernetServerInterfaceEx = {}

--- Begins to listen.
---@async
---@param timeout? number How long to listen; 0: until StopListen.
---@return string, string? # 'Listening', 'ListeningAlready', or the reason of the failure
function EthernetServerInterfaceEx:StartListen(timeout) end

--- Before StartListen: every client uses TLS, and Connected comes when its handshake is done. Only for TCP.
---@param certificate? string The certificate to show: an alias of lectern.yaml, or a PEM file with certificate and key in the program's folder.
---@param cert_reqs? 'CERT_NONE'|'CERT_OPTIONAL'|'CERT_REQUIRED' Whether the peer's certificate is verified. A client verifies it unless this is 'CERT_NONE'. A server asks its clients for a certificate only if this says so.
---@param ssl_version? 'TLSv2'|'TLSv1'|'TLSv1.1'|'TLSv1.2'|'TLSv1.3' The oldest version that is allowed; 'TLSv2' is TLS 1.2. Newer ones are preferred.
---@param ca_certs? string The authorities to trust instead of those of the system: an alias of lectern.yaml, or a PEM file.
function EthernetServerInterfaceEx:SSLWrap(certificate, cert_reqs, ssl_version, ca_certs) end

--- Stops listening; clients stay connected.
function EthernetServerInterfaceEx:StopListen() end

--- Disconnects a client.
---@param client ClientObject The client.
function EthernetServerInterfaceEx:Disconnect(client) end

--- Listens for one client. The older of the two servers: EthernetServerInterfaceEx serves many.
---@class EthernetServerInterface
---@field Hostname string|nil The client's address; nil without one.
---@field IPAddress string|nil The client's address; nil without one.
---@field IPPort integer The port. If 0 was given: the port that the system has chosen, while it listens.
---@field Interface 'Any'|'LAN'|'AVLAN' 'Any', 'LAN' or 'AVLAN'.
---@field Protocol 'TCP'|'UDP' 'TCP' or 'UDP'.
---@field ServicePort integer The client's port; without a client the one that was given.
---@field LastError {Reason: string, Detail: string|nil, Advice: string|nil, Since: number}|nil The last trouble, with the time in seconds since 1970; nil when there was none yet.
---@field Connected fun(interface: EthernetServerInterface, state: 'Connected')|nil A client has connected.
---@field Disconnected fun(interface: EthernetServerInterface, state: 'Disconnected')|nil The client is gone.
---@field ReceiveData fun(interface: EthernetServerInterface, data: string)|nil The client has sent.
---@overload fun(IPPort: integer, Protocol?: 'TCP'|'UDP', Interface?: 'Any'|'LAN'|'AVLAN', ServicePort?: integer): EthernetServerInterface
EthernetServerInterface = {}

--- Begins to listen. With TCP, it stops listening when a client is accepted.
---@async
---@param timeout? number How long to listen; 0: until StopListen.
---@return string, string? # 'Listening', 'ListeningAlready', or the reason of the failure
function EthernetServerInterface:StartListen(timeout) end

--- Before StartListen: every client uses TLS. With a client: turns TLS on, and raises ConnectionError when that fails. Only for TCP.
---@async
---@param certificate? string The certificate to show: an alias of lectern.yaml, or a PEM file with certificate and key in the program's folder.
---@param cert_reqs? 'CERT_NONE'|'CERT_OPTIONAL'|'CERT_REQUIRED' Whether the peer's certificate is verified. A client verifies it unless this is 'CERT_NONE'. A server asks its clients for a certificate only if this says so.
---@param ssl_version? 'TLSv2'|'TLSv1'|'TLSv1.1'|'TLSv1.2'|'TLSv1.3' The oldest version that is allowed; 'TLSv2' is TLS 1.2. Newer ones are preferred.
---@param ca_certs? string The authorities to trust instead of those of the system: an alias of lectern.yaml, or a PEM file.
function EthernetServerInterface:SSLWrap(certificate, cert_reqs, ssl_version, ca_certs) end

--- Stops listening; the client stays connected.
function EthernetServerInterface:StopListen() end

--- Sends data to the client. Raises IOError without a client. Waits while more than 64 KiB are queued. If the task cannot wait, it raises IOError above 128 KiB.
---@async
---@param data string What to send.
function EthernetServerInterface:Send(data) end

--- Disconnects the client. Has no effect without one.
function EthernetServerInterface:Disconnect() end

--- A serial port and the device that is connected to it. It opens by itself, also after it was gone.
---@class SerialInterface
---@field Host ProcessorDevice The processor as given.
---@field Port string The port's name as given.
---@field Baud integer Bits per second.
---@field Data integer Data bits.
---@field Parity 'None'|'Odd'|'Even' 'None', 'Odd' or 'Even'.
---@field Stop integer Stop bits.
---@field FlowControl 'HW'|'SW'|'Off' 'HW', 'SW' or 'Off'.
---@field LastError {Reason: string, Detail: string|nil, Advice: string|nil, Since: number}|nil The last trouble, with the time in seconds since 1970; nil when there was none yet.
---@field CharDelay number The pause after each character sent.
---@field Mode 'RS232'|'RS422'|'RS485' 'RS232', 'RS422' or 'RS485'.
---@field Online fun(interface: SerialInterface, state: 'Online')|nil The port is open. A handler that is set while it is open is called at once.
---@field Offline fun(interface: SerialInterface, state: 'Offline')|nil The port is missing, pulled out or in use. A handler that is set while this is so is called at once.
---@field ReceiveData fun(interface: SerialInterface, data: string)|nil Bytes arrived: as many as came at once, at most 64 KiB.
---@overload fun(Host: ProcessorDevice, Port: string, Baud?: integer, Data?: integer, Parity?: 'None'|'Odd'|'Even', Stop?: integer, FlowControl?: 'HW'|'SW'|'Off', CharDelay?: number, Mode?: 'RS232'|'RS422'|'RS485'): SerialInterface
SerialInterface = {}

--- Changes settings of the open port, after everything that was sent before. Settings that are left out stay.
---@param Baud? integer Bits per second.
---@param Data? integer Data bits.
---@param Parity? 'None'|'Odd'|'Even' The parity bit.
---@param Stop? integer Stop bits.
---@param FlowControl? 'HW'|'SW'|'Off' How the sender is slowed down: RTS/CTS, XON/XOFF or nothing.
---@param CharDelay? number The pause after each character sent.
---@param Mode? 'RS232'|'RS422'|'RS485' The electrical standard.
function SerialInterface:Initialize(Baud, Data, Parity, Stop, FlowControl, CharDelay, Mode) end

--- Sends data. Raises IOError when the port is offline. Waits only while a megabyte is queued.
---@async
---@param data string What to send.
function SerialInterface:Send(data) end

--- Sends data and waits for the response.
---@async
---@param data string What to send.
---@param timeout number How long to wait for the response.
---@param deliLen? integer The response is complete with this number of bytes; at most limits.stringSize.
---@param deliTag? string The response ends with these bytes; not ''.
---@param deliRex? string|Pattern The response ends where this pattern's match ends: a re.compile result or a string.
---@return string # the response up to the delimiter, '' when the delimiter was not met; without delimiter all that came. Raises IOError when the response has more than limits.stringSize bytes, 16 MiB, and no delimiter; without one it is cut there
function SerialInterface:SendAndWait(data, timeout, deliLen, deliTag, deliRex) end

--- Sends data every interval while online, until StopKeepAlive. The first time is after one interval.
---@param interval number The time between two transmissions.
---@param data string What to send.
function SerialInterface:StartKeepAlive(interval, data) end

--- Ends StartKeepAlive.
function SerialInterface:StopKeepAlive() end

--- Raises TypeError: TLS is for TCP, see EthernetClientInterface.
---@param certificate? string The certificate to show: an alias of lectern.yaml, or a PEM file with certificate and key in the program's folder.
---@param cert_reqs? 'CERT_NONE'|'CERT_OPTIONAL'|'CERT_REQUIRED' Whether the peer's certificate is verified. A client verifies it unless this is 'CERT_NONE'. A server asks its clients for a certificate only if this says so.
---@param ssl_version? 'TLSv2'|'TLSv1'|'TLSv1.1'|'TLSv1.2'|'TLSv1.3' The oldest version that is allowed; 'TLSv2' is TLS 1.2. Newer ones are preferred.
---@param ca_certs? string The authorities to trust instead of those of the system: an alias of lectern.yaml, or a PEM file.
function SerialInterface:SSLWrap(certificate, cert_reqs, ssl_version, ca_certs) end

--- The connection of a TCPInterface while there is one. Made by the interface.
---@class TCPConnection
TCPConnection = {}

--- Tells the address and port of the device.
---@return string|nil, integer? # the device's address and port; nil when the connection has ended
function TCPConnection:getpeername() end

--- Tells this side's address and port.
---@return string|nil, integer? # this side's address and port; nil when the connection has ended
function TCPConnection:getsockname() end

--- Tells whether bytes have arrived, or the device has closed the connection.
---@async
---@param timeout? number How long to wait for something.
---@return boolean # true when recv would not wait
function TCPConnection:readable(timeout) end

--- Closes the connection. The next send of the interface connects again.
function TCPConnection:close() end

--- A connection to an instrument that answers questions, as in SOCS.
---@class TCPInterface
---@field ip_address string The name or address; a new one counts for the next connection.
---@field port integer The port; a new one counts for the next connection.
---@field timeout number How long each step may take: connecting, sending, receiving.
---@field resend boolean Whether a message that failed is sent once more; true at first.
---@field comm TCPConnection|nil The connection; nil when there is none.
---@overload fun(ip_address: string, port: integer, timeout: number): TCPInterface
TCPInterface = {}

--- Sends all of msg, and connects first if there is no connection. If sending fails, it sends msg once more on a new connection. Raises ConnectionError.
---@async
---@param msg string What to send.
function TCPInterface:send(msg) end

--- Waits for bytes, at most timeout. Raises ConnectionError when none came, or when there is no connection.
---@async
---@param bufsize? integer The most bytes to return.
---@param reset_on_error? boolean Whether to connect again when nothing came, so that a late answer is not taken for the next one.
---@return string # the bytes that have arrived, at least one
function TCPInterface:recv(bufsize, reset_on_error) end

--- Does send and recv in one step. Queries of several tasks take turns. Raises ConnectionError.
---@async
---@param msg string What to send.
---@param bufsize? integer The most bytes to return.
---@param reset_on_error? boolean Whether to connect again when nothing came, so that a late answer is not taken for the next one.
---@return string # the bytes that have arrived, at least one
function TCPInterface:query(msg, bufsize, reset_on_error) end

--- Closes the connection; the next send connects again.
function TCPInterface:close() end

--- Calls a function again and again.
---@class Timer
---@field Interval number The time between two calls.
---@field Count integer How many calls there were since the start.
---@field State 'Running'|'Paused'|'Stopped' 'Running', 'Paused' or 'Stopped'.
---@field Function fun(object: Timer, count: integer)|nil What is called.
---@field StateChanged fun(object: Timer, state: 'Running'|'Paused'|'Stopped')|nil The state has changed.
---@overload fun(Interval: number, Function?: fun(timer: Timer, count: integer)): Timer
Timer = {}

--- Sets a new interval; the next call comes one new interval from now. Count is kept.
---@param Interval number The new interval, at least 0.01; 0 is taken as that.
function Timer:Change(Interval) end

--- Stops calling; the rest of the interval and Count are kept.
function Timer:Pause() end

--- Goes on after Pause, or starts after Stop.
function Timer:Resume() end

--- Sets Count to 0; the first call comes one interval from now.
function Timer:Restart() end

--- Stops calling and resets the interval and Count.
function Timer:Stop() end

--- Calls a function once, later.
---@class Wait
---@field Time number How long a run takes.
---@field Function fun(object: Wait)|nil What is called.
---@overload fun(Time: number, Function?: fun()): Wait
Wait = {}

--- Begins again: the function is called one Time from now.
function Wait:Restart() end

--- The function will not be called.
function Wait:Cancel() end

--- Makes the running countdown longer.
---@param Time number Seconds to add.
function Wait:Add(Time) end

--- Sets Time for this and later runs.
---@param Time number The new time.
function Wait:Change(Time) end

--- Calls a function at times of day.
---@class Clock
---@field Times string[] The times.
---@field Days string[] The days; empty: every day.
---@field State 'Enabled'|'Disabled' 'Enabled' or 'Disabled'.
---@field WEEKDAYS table<string, integer> The number of each day's name: Monday 0 … Sunday 6.
---@field Function fun(object: Clock, time: osdate)|nil What is called.
---@overload fun(Times: string[], Days?: string[], Function?: fun(clock: Clock, time: osdate)): Clock
Clock = {}

--- Starts calling.
function Clock:Enable() end

--- Stops calling.
function Clock:Disable() end

--- Replaces the times. Takes effect at once.
---@param Times string[] A list of 'HH:MM:SS'.
function Clock:SetTimes(Times) end

--- Replaces the days. Takes effect at once.
---@param Days? string[] A list of days; nil: every day.
function Clock:SetDays(Days) end

--- The processor whose ports a program uses.
---@class ProcessorDevice
---@field DeviceAlias string The name as given.
---@field PartNumber string|nil The part that the program gave, else that of the configuration, or nil.
---@field ModelName string The model of the configuration, else 'Lectern'.
---@field SerialNumber string|nil The serial number of the configuration, or nil.
---@field FirmwareVersion string The version of Lectern.
---@field Hostname string The machine's name.
---@field IPAddress string|nil The address of the interface LAN in the configuration, else that of the interface of the default route, or nil.
---@field MACAddress string|nil The hardware address of the interface with IPAddress, or nil.
---@field LinkLicenses string[] An empty list: nothing here needs a license.
---@field UserUsage {[1]: number, [2]: number}|nil {used, total} of the program's file system in KB, or nil.
---@field ExecutiveMode integer What SetExecutiveMode has set; 0 before.
---@field SystemSettings {Network: table<'LAN'|'AVLAN', {Hostname: string, IPAddress: string|nil, SubnetMask: string|nil, Gateway: string|nil, DNSServers: string[], SearchDomains: string[]}>, ProgramInformation: {DeviceName: string, SoftwareVersion: string}} Network.LAN and, when it is configured, Network.AVLAN with Hostname, IPAddress, SubnetMask, Gateway, DNSServers and SearchDomains; ProgramInformation with DeviceName and SoftwareVersion.
---@field CurrentLoad number|nil nil: this hardware does not measure it.
---@field CombinedCurrent number|nil nil: this hardware does not measure it.
---@field CombinedWattage number|nil nil: this hardware does not measure it.
---@field CombinedLoadState string|nil nil: this hardware does not measure it.
---@field ExecutiveModeChanged fun(object: ProcessorDevice, mode: integer)|nil SetExecutiveMode has changed the mode.
---@field Online fun(object: ProcessorDevice, state: 'Online')|nil Comes once, when the handler is set, because the program runs on the processor.
---@field Offline fun(object: ProcessorDevice, state: 'Offline')|nil Never comes: a program ends with its processor.
---@field CombinedCurrentChanged fun(object: ProcessorDevice, value: number)|nil Never comes: this hardware does not measure it.
---@field CombinedWattageChanged fun(object: ProcessorDevice, value: number)|nil Never comes: this hardware does not measure it.
---@field CombinedLoadStateChanged fun(object: ProcessorDevice, state: string)|nil Never comes: this hardware does not measure it.
---@overload fun(DeviceAlias: string, PartNumber?: string): ProcessorDevice
ProcessorDevice = {}

--- Sets the mode that ExecutiveMode reads.
---@param ExecutiveMode integer The mode. Its meaning is up to the program.
function ProcessorDevice:SetExecutiveMode(ExecutiveMode) end

--- Raises RuntimeError: a program does not restart the machine; see ExitProgram.
function ProcessorDevice:Reboot() end

--- A mail to be sent by SMTP.
---@class Email
---@overload fun(smtpServer?: string, port?: integer, username?: string, password?: string, sslEnabled?: boolean, certificate?: string, cert_reqs?: 'CERT_NONE'|'CERT_OPTIONAL'|'CERT_REQUIRED', ssl_version?: 'TLSv2'|'TLSv1'|'TLSv1.1'|'TLSv1.2'|'TLSv1.3', ca_certs?: string, timeout?: number): Email
Email = {}

--- Sets who sends it.
---@param address string Such as 'room5@example.org' or 'Room 5 <room5@example.org>'.
function Email:Sender(address) end

--- Sets who gets it, at most 100 together. A list takes the place of the former one of its kind: receivers, cc, bcc.
---@param receiver string[]|string The addresses: a list, or one. An empty list takes all out.
---@param cc? boolean They get a copy, and the others see that.
---@param bcc? boolean They get a copy, and the others do not see that.
function Email:Receiver(receiver, cc, bcc) end

--- Sets what it is about.
---@param subject string One line of text, at most 1,000 bytes.
function Email:Subject(subject) end

--- Sends it with this text. What goes wrong is in the log, too. Mails of one object go one after the other.
---@async
---@param text string The text, at most 1 MiB: UTF-8, or else Latin-1.
---@return string, string? # 'Sent', or why not, by the words of Connect and 'Refused', 'Disconnected', 'ProtocolError'; then what the server said
function Email:SendMessage(text) end

--- A compiled regular expression. Made by re.compile.
---@class Pattern
---@field pattern string The pattern as it was given.
---@field flags integer The flags given and those that the pattern begins with, such as (?i).
---@field groups integer The number of groups.
---@field groupindex table<string, integer> A table of the numbers of the groups that have a name, by name.
Pattern = {}

--- Finds the leftmost match.
---@param string string The string to search.
---@param pos? integer Where to begin: 1 is the first byte, -1 the last. ^ still means the first byte.
---@return Match|nil
function Pattern:search(string, pos) end

--- Matches where the search begins.
---@param string string The string to search.
---@param pos? integer Where to begin: 1 is the first byte, -1 the last. ^ still means the first byte.
---@return Match|nil
function Pattern:match(string, pos) end

--- Matches from where the search begins to the end of the string.
---@param string string The string to search.
---@param pos? integer Where to begin: 1 is the first byte, -1 the last. ^ still means the first byte.
---@return Match|nil
function Pattern:fullmatch(string, pos) end

--- Gives one Match after the other. Each is searched for when the loop asks for it. The body of the loop may wait.
---@param string string The string to search.
---@param pos? integer Where to begin: 1 is the first byte, -1 the last. ^ still means the first byte.
---@return fun(): Match|nil # an iterator for `for m in p:finditer(s) do`
function Pattern:finditer(string, pos) end

--- Finds all matches. The text of a group that took no part is ''.
---@param string string The string to search.
---@param pos? integer Where to begin: 1 is the first byte, -1 the last. ^ still means the first byte.
---@return string[]|string[][] # the text of each match; with one group in the pattern the text of the group, with several a list of their texts
function Pattern:findall(string, pos) end

--- Replaces matches. The function may wait.
---@param repl string|fun(match: Match): string A string, in which `\1` and `\g<name>` stand for groups, or a function that gets the Match and returns a string.
---@param string string The string to search.
---@param count? integer The most matches to replace; 0: all.
---@return string # the string with the matches replaced
function Pattern:sub(repl, string, count) end

--- Replaces matches, and counts them. The function may wait.
---@param repl string|fun(match: Match): string A string, in which `\1` and `\g<name>` stand for groups, or a function that gets the Match and returns a string.
---@param string string The string to search.
---@param count? integer The most matches to replace; 0: all.
---@return string, integer # the string with the matches replaced, and their number
function Pattern:subn(repl, string, count) end

--- Cuts a string at the matches.
---@param string string The string to search.
---@param maxsplit? integer The most matches to cut at; 0: all.
---@return (string|false)[] # the pieces; behind each the groups of the match that ends it, false for a group that took no part
function Pattern:split(string, maxsplit) end

--- One match of a Pattern. m[1] and m['name'] are the texts of its groups, m[0] is the whole match. Made by the pattern.
---@class Match
---@field string string The string that was searched.
---@field re Pattern The Pattern.
---@field pos integer Where the search began: 1 is the first byte.
---@field lastindex integer|nil The number of the group that closed last, or nil.
---@field lastgroup string|nil The name of the group that closed last, or nil.
Match = {}

--- Gives the text of one or several groups; of the whole match when called without arguments.
---@param ... integer|string The number or the name of a group; 0 is the whole match.
---@return string|nil ... # the text of each group that was asked for; nil for one that took no part
function Match:group(...) end

--- Gives the text of every group.
---@param default? any What to return for a group that took no part.
---@return string|nil ... # the text of each group from 1 on, as so many values
function Match:groups(default) end

--- Gives the text of every group that has a name.
---@param default? any What to return for a group that took no part.
---@return table<string, string> # a table of the texts by name
function Match:groupdict(default) end

--- Tells where a group begins, so that s:sub(m:start(), m:stop()) is m:group().
---@param group? integer|string The number or the name of a group.
---@return integer|nil # 1 for the first byte of the string; nil when the group took no part
function Match:start(group) end

--- Tells the last byte of a group, as string.find does: one less than start when the group is empty.
---@param group? integer|string The number or the name of a group.
---@return integer|nil # 1 for the first byte of the string; nil when the group took no part
function Match:stop(group) end

--- The same as stop. `end` is a keyword of Lua: write `m['end']`, and give it m as its first argument.
---@param group? integer|string The number or the name of a group.
---@return integer|nil # 1 for the first byte of the string; nil when the group took no part
Match['end'] = function(self, group) end

--- Tells where a group begins and its last byte, as string.find does.
---@param group? integer|string The number or the name of a group.
---@return integer|nil, integer|nil # start and stop of the group; nil and nil when it took no part
function Match:span(group) end

--- Gives the template with its references such as `\1` and `\g<name>` replaced by the groups.
---@param template string A replacement as sub takes it.
---@return string
function Match:expand(template) end

--- A mutually exclusive set: one of its members is on, the others are off. Members have a method SetState.
---@class MESet
---@field Objects table[] A list of the members, in their order.
---@overload fun(Objects: table[]): MESet
MESet = {}

--- Switches the other members off, in their order, and then the chosen one on.
---@async
---@param object? table|integer A member, its number from 1, or nil for none.
function MESet:SetCurrent(object) end

--- Tells which member is current.
---@return table|nil # the member that is on; nil when none is
function MESet:GetCurrent() end

--- Adds a member.
---@param object table An object with a method SetState.
function MESet:Append(object) end

--- Removes a member; its state stays.
---@param object table|integer A member or its number.
function MESet:Remove(object) end

--- Sets the states of one member.
---@param object table|integer A member or its number.
---@param offState integer What SetState gets when the member is switched off; 0 at first.
---@param onState integer What SetState gets when the member is switched on; 1 at first.
function MESet:SetStates(object, offState, onState) end

--- What all handlers of clients have in common. GetConnectionHandler makes the handler that fits.
---@class ConnectionHandler
---@field ConnectionStatus 'Unknown'|'Connected'|'Disconnected' 'Unknown', 'Connected' or 'Disconnected'.
---@field DisconnectLimit integer How many sends may stay without an accepted response.
---@field LastError {Reason: string, Detail: string|nil, Advice: string|nil, Since: number}|nil The last trouble, with the time in seconds since 1970; nil when there was none yet.
---@field Interface EthernetClientInterface|SerialInterface|DeviceClass|table The interface or the device module that is handled.
---@field PollTimer Timer The timer of the keep-alive query.
---@field Connected fun(handler: ConnectionHandler, state: 'Connected')|nil The device is there.
---@field Disconnected fun(handler: ConnectionHandler, state: 'Disconnected')|nil The device is gone. Comes once for each change.
ConnectionHandler = {}

--- Watches a serial or UDP device: polls, and reports when it answers and when it is silent.
---@class RawSimplePipeHandler : ConnectionHandler
---@field ConnectionStatus 'Unknown'|'Connected'|'Disconnected' 'Unknown', 'Connected' or 'Disconnected'.
---@field DisconnectLimit integer How many sends may stay without an accepted response.
---@field LastError {Reason: string, Detail: string|nil, Advice: string|nil, Since: number}|nil The last trouble, with the time in seconds since 1970; nil when there was none yet.
---@field Interface EthernetClientInterface|SerialInterface|DeviceClass|table The interface or the device module that is handled.
---@field PollTimer Timer The timer of the keep-alive query.
---@field Connected fun(handler: RawSimplePipeHandler, state: 'Connected')|nil The device is there.
---@field Disconnected fun(handler: RawSimplePipeHandler, state: 'Disconnected')|nil The device is gone. Comes once for each change.
---@field ReceiveData fun(handler: RawSimplePipeHandler, data: string)|nil Bytes arrived; with UDP one datagram.
RawSimplePipeHandler = {}

--- Begins to poll. Connected comes when the device answers.
function RawSimplePipeHandler:Connect() end

--- Says that a good response came. The count of missed responses begins again at 0.
function RawSimplePipeHandler:ResponseAccepted() end

--- Sends data. Counts as a send without a response until ResponseAccepted. Over DisconnectLimit, Disconnected comes, and the data is still sent.
---@async
---@param data string What to send.
function RawSimplePipeHandler:Send(data) end

--- Sends data and waits for the response. Counts as a send without a response until ResponseAccepted.
---@async
---@param data string What to send.
---@param timeout number How long to wait for the response.
---@param deliLen? integer The response is complete with this number of bytes; at most limits.stringSize.
---@param deliTag? string The response ends with these bytes; not ''.
---@param deliRex? string|Pattern The response ends where this pattern's match ends: a re.compile result or a string.
---@return string # the response up to the delimiter, '' when the delimiter was not met; without delimiter all that came. Raises IOError when the response has more than limits.stringSize bytes, 16 MiB, and no delimiter; without one it is cut there
function RawSimplePipeHandler:SendAndWait(data, timeout, deliLen, deliTag, deliRex) end

--- Watches the device of a serial or UDP device module.
---@class ModuleSimplePipeHandler : ConnectionHandler
---@field ConnectionStatus 'Unknown'|'Connected'|'Disconnected' 'Unknown', 'Connected' or 'Disconnected'.
---@field DisconnectLimit integer How many sends may stay without an accepted response.
---@field LastError {Reason: string, Detail: string|nil, Advice: string|nil, Since: number}|nil The last trouble, with the time in seconds since 1970; nil when there was none yet.
---@field Interface EthernetClientInterface|SerialInterface|DeviceClass|table The interface or the device module that is handled.
---@field PollTimer Timer The timer of the keep-alive query.
---@field Connected fun(handler: ModuleSimplePipeHandler, state: 'Connected')|nil The device is there.
---@field Disconnected fun(handler: ModuleSimplePipeHandler, state: 'Disconnected')|nil The device is gone. Comes once for each change.
ModuleSimplePipeHandler = {}

--- Calls a function at each change. 'ConnectionStatus' is that of the handler; other commands are those of the module.
---@async
---@param command string A command of the module, or 'ConnectionStatus'.
---@param qualifier? table<string, string|number|boolean> The qualifier; nil: every change of the command.
---@param callback? fun(command: string, value: string|number|boolean|nil, qualifier: table|nil) Called with the command, the new value and the qualifier.
function ModuleSimplePipeHandler:SubscribeStatus(command, qualifier, callback) end

--- Begins to poll. Connected comes when the device answers.
function ModuleSimplePipeHandler:Connect() end

--- Keeps a TCP or SSH connection alive: polls, notices when no answer comes, reconnects.
---@class RawTcpHandler : ConnectionHandler
---@field ConnectionStatus 'Unknown'|'Connected'|'Disconnected' 'Unknown', 'Connected' or 'Disconnected'.
---@field DisconnectLimit integer How many sends may stay without an accepted response.
---@field LastError {Reason: string, Detail: string|nil, Advice: string|nil, Since: number}|nil The last trouble, with the time in seconds since 1970; nil when there was none yet.
---@field Interface EthernetClientInterface|SerialInterface|DeviceClass|table The interface or the device module that is handled.
---@field PollTimer Timer The timer of the keep-alive query.
---@field AutoReconnect boolean Whether it connects again by itself. Setting it to true does not connect; call Connect.
---@field Connected fun(handler: RawTcpHandler, state: 'Connected')|nil The device is there.
---@field Disconnected fun(handler: RawTcpHandler, state: 'Disconnected')|nil The device is gone. Comes once for each change.
---@field ConnectFailed fun(handler: RawTcpHandler, reason: string)|nil An attempt to connect failed.
---@field ReceiveData fun(handler: RawTcpHandler, data: string)|nil Bytes arrived.
RawTcpHandler = {}

--- Connects and begins to poll.
---@async
---@param timeout? number How long this attempt and later ones may take; nil: as long as the operating system tries.
---@return string, string? # 'Connected', 'ConnectedAlready', or the reason of the failure; then its details, if it has any
function RawTcpHandler:Connect(timeout) end

--- Closes the connection; with AutoReconnect it comes back after connectRetryTime.
function RawTcpHandler:Disconnect() end

--- Says that a good response came. The count of missed responses begins again at 0.
function RawTcpHandler:ResponseAccepted() end

--- Sends data. Counts as a send without a response until ResponseAccepted. Over DisconnectLimit, the connection is closed, and nothing is sent.
---@async
---@param data string What to send.
function RawTcpHandler:Send(data) end

--- Sends data and waits for the response. Counts as a send without a response until ResponseAccepted.
---@async
---@param data string What to send.
---@param timeout number How long to wait for the response.
---@param deliLen? integer The response is complete with this number of bytes; at most limits.stringSize.
---@param deliTag? string The response ends with these bytes; not ''.
---@param deliRex? string|Pattern The response ends where this pattern's match ends: a re.compile result or a string.
---@return string # the response up to the delimiter, '' when the delimiter was not met; without delimiter all that came. Raises IOError when the response has more than limits.stringSize bytes, 16 MiB, and no delimiter; without one it is cut there
function RawTcpHandler:SendAndWait(data, timeout, deliLen, deliTag, deliRex) end

--- Keeps the TCP or SSH connection of a device module alive.
---@class ModuleTcpHandler : ConnectionHandler
---@field ConnectionStatus 'Unknown'|'Connected'|'Disconnected' 'Unknown', 'Connected' or 'Disconnected'.
---@field DisconnectLimit integer How many sends may stay without an accepted response.
---@field LastError {Reason: string, Detail: string|nil, Advice: string|nil, Since: number}|nil The last trouble, with the time in seconds since 1970; nil when there was none yet.
---@field Interface EthernetClientInterface|SerialInterface|DeviceClass|table The interface or the device module that is handled.
---@field PollTimer Timer The timer of the keep-alive query.
---@field AutoReconnect boolean Whether it connects again by itself. Setting it to true does not connect; call Connect.
---@field Connected fun(handler: ModuleTcpHandler, state: 'Connected')|nil The device is there.
---@field Disconnected fun(handler: ModuleTcpHandler, state: 'Disconnected')|nil The device is gone. Comes once for each change.
---@field ConnectFailed fun(handler: ModuleTcpHandler, reason: string)|nil An attempt to connect failed.
ModuleTcpHandler = {}

--- Calls a function at each change. 'ConnectionStatus' is that of the handler; other commands are those of the module.
---@async
---@param command string A command of the module, or 'ConnectionStatus'.
---@param qualifier? table<string, string|number|boolean> The qualifier; nil: every change of the command.
---@param callback? fun(command: string, value: string|number|boolean|nil, qualifier: table|nil) Called with the command, the new value and the qualifier.
function ModuleTcpHandler:SubscribeStatus(command, qualifier, callback) end

--- Connects and begins to poll.
---@async
---@param timeout? number How long this attempt and later ones may take; nil: as long as the operating system tries.
---@return string, string? # 'Connected', 'ConnectedAlready', or the reason of the failure; then its details, if it has any
function ModuleTcpHandler:Connect(timeout) end

--- Closes the connection; with AutoReconnect it comes back after connectRetryTime.
function ModuleTcpHandler:Disconnect() end

--- Keeps a server listening and disconnects idle clients.
---@class ServerExHandler
---@field LastError {Reason: string, Detail: string|nil, Advice: string|nil, Since: number}|nil The last trouble, with the time in seconds since 1970; nil when there was none yet.
---@field Interface EthernetServerInterfaceEx The server that is handled.
---@field Connected fun(client: ClientObject, state: 'Connected')|nil A client has connected. The first argument is the ClientObject.
---@field Disconnected fun(client: ClientObject, state: 'Disconnected')|nil A client is gone. The first argument is the ClientObject.
---@field ReceiveData fun(client: ClientObject, data: string)|nil A client has sent. The first argument is the ClientObject.
---@field ListenFailed fun(handler: ServerExHandler, reason: string)|nil StartListen failed. The handler tries again by itself.
ServerExHandler = {}

--- Listens. When that fails, it tries again every connectRetryTime.
---@async
---@param timeout? number How long to listen; 0: until StopListen.
---@return string, string? # 'Listening', 'ListeningAlready', or the reason of the failure
function ServerExHandler:StartListen(timeout) end

--- Stops listening, and stops trying to listen. Clients stay connected.
function ServerExHandler:StopListen() end

--- Header fields, read by their names in any case: headers['content-type']. Several of one name are joined by ', '; pairs(headers) gives each as it came.
---@class HttpHeaders
HttpHeaders = {}

--- What a server has answered. Made by http.get and the others.
---@class HttpResponse
---@field status integer The status, such as 200 or 404.
---@field reason string The words behind the status, such as 'Not Found'; may be empty.
---@field ok boolean Whether the status says that it was done: 200 to 299.
---@field url string Whence it came: another URL than that of the request after a redirect.
---@field headers HttpHeaders The header fields.
---@field body string The body: bytes, decompressed.
HttpResponse = {}

--- Reads the body as JSON, as json.decode does. Raises ValueError when it is none.
---@return boolean|number|string|table|userdata # the value
function HttpResponse:json() end

--- A response whose body is read as it comes. Made by http.stream. It is closed by close, at the end of a block with `<close>`, or when the program has dropped it.
---@class HttpStream
---@field status integer The status, such as 200 or 404.
---@field reason string The words behind the status; may be empty.
---@field ok boolean Whether the status says that it was done: 200 to 299.
---@field url string Whence it comes: another URL than that of the request after a redirect.
---@field headers HttpHeaders The header fields.
---@field failure string|nil Why it broke off, once that has been read: a word as of http.get; nil when it has not.
---@field detail string|nil The details of the failure, if it has any.
HttpStream = {}

--- Waits until some of the body is there, and gives it.
---@async
---@param n? integer The most bytes.
---@return string|nil, string?, string? # what has come; nil at the end; nil, the word of the failure and its details when it broke off
function HttpStream:read(n) end

--- Gives one line after the other, without its end. Each waits until it has come; a line has at most 1 MiB.
---@return fun(): string|nil, string?, string? # an iterator for `for line in stream:lines() do`
function HttpStream:lines() end

--- Gives one server-sent event after the other. Each waits until it has come; an event has at most 1 MiB.
---@return fun(): {event: string, data: string, id: string}|nil, string?, string? # an iterator for `for event in stream:events() do`
function HttpStream:events() end

--- Ends it. Has no effect when it has ended.
function HttpStream:close() end

--- What requests have in common: connections, cookies, a login. Made by http.session.
---@class HttpSession
---@field base string|nil What relative URLs are seen from; nil without one.
---@field cookies table<string, string|boolean|integer>[] A list of the cookies: name, value, domain, path, secure, and expires in seconds since 1970.
HttpSession = {}

--- Makes a request with the method GET, and waits for the whole response.
---@async
---@param url string The whole address; of a session with a base, the address as seen from there.
---@param timeout? number How long the whole may take; of a stream, until its head has come.
---@param headers? table<string, string|number>|string[][] Header fields: a table of values by name, or a list of {name, value}.
---@param auth? {[1]: string, [2]: string}|table<string, string> {user, password}, by which Digest or Basic is answered as the server asks; with scheme = 'basic' or 'digest' only that; or {bearer = token}.
---@param redirects? integer How many redirects are followed; 0: the redirect itself is the response.
---@param max_body? integer The most bytes of the response's body; of a stream there is no limit.
---@param tls? table<'certificate'|'cert_reqs'|'ssl_version'|'ca_certs', string> On what terms TLS is spoken: the parameters of SSLWrap by their names.
---@param proxy? string The server between, as 'http://host:port' or 'http://user:password@host:port'.
---@param query? table<string, string|number|boolean|string[]>|string[][] What is added to the URL behind '?': values by name, in the order of the names, or a list of {name, value}.
---@param json? boolean|number|string|table The body: a value that json.encode writes. Content-Type is application/json.
---@param form? table<string, string|number|boolean|string[]>|string[][] The body: names and values as a form in a browser sends them.
---@param body? string The body: bytes as they are.
---@return HttpResponse|nil, string?, string? # the response, whatever its status; or nil, the word of the failure, and its details, if it has any
function HttpSession:get(url, timeout, headers, auth, redirects, max_body, tls, proxy, query, json, form, body) end

--- Makes a request with the method HEAD, and waits for the whole response.
---@async
---@param url string The whole address; of a session with a base, the address as seen from there.
---@param timeout? number How long the whole may take; of a stream, until its head has come.
---@param headers? table<string, string|number>|string[][] Header fields: a table of values by name, or a list of {name, value}.
---@param auth? {[1]: string, [2]: string}|table<string, string> {user, password}, by which Digest or Basic is answered as the server asks; with scheme = 'basic' or 'digest' only that; or {bearer = token}.
---@param redirects? integer How many redirects are followed; 0: the redirect itself is the response.
---@param max_body? integer The most bytes of the response's body; of a stream there is no limit.
---@param tls? table<'certificate'|'cert_reqs'|'ssl_version'|'ca_certs', string> On what terms TLS is spoken: the parameters of SSLWrap by their names.
---@param proxy? string The server between, as 'http://host:port' or 'http://user:password@host:port'.
---@param query? table<string, string|number|boolean|string[]>|string[][] What is added to the URL behind '?': values by name, in the order of the names, or a list of {name, value}.
---@param json? boolean|number|string|table The body: a value that json.encode writes. Content-Type is application/json.
---@param form? table<string, string|number|boolean|string[]>|string[][] The body: names and values as a form in a browser sends them.
---@param body? string The body: bytes as they are.
---@return HttpResponse|nil, string?, string? # the response, whatever its status; or nil, the word of the failure, and its details, if it has any
function HttpSession:head(url, timeout, headers, auth, redirects, max_body, tls, proxy, query, json, form, body) end

--- Makes a request with the method POST, and waits for the whole response.
---@async
---@param url string The whole address; of a session with a base, the address as seen from there.
---@param timeout? number How long the whole may take; of a stream, until its head has come.
---@param headers? table<string, string|number>|string[][] Header fields: a table of values by name, or a list of {name, value}.
---@param auth? {[1]: string, [2]: string}|table<string, string> {user, password}, by which Digest or Basic is answered as the server asks; with scheme = 'basic' or 'digest' only that; or {bearer = token}.
---@param redirects? integer How many redirects are followed; 0: the redirect itself is the response.
---@param max_body? integer The most bytes of the response's body; of a stream there is no limit.
---@param tls? table<'certificate'|'cert_reqs'|'ssl_version'|'ca_certs', string> On what terms TLS is spoken: the parameters of SSLWrap by their names.
---@param proxy? string The server between, as 'http://host:port' or 'http://user:password@host:port'.
---@param query? table<string, string|number|boolean|string[]>|string[][] What is added to the URL behind '?': values by name, in the order of the names, or a list of {name, value}.
---@param json? boolean|number|string|table The body: a value that json.encode writes. Content-Type is application/json.
---@param form? table<string, string|number|boolean|string[]>|string[][] The body: names and values as a form in a browser sends them.
---@param body? string The body: bytes as they are.
---@return HttpResponse|nil, string?, string? # the response, whatever its status; or nil, the word of the failure, and its details, if it has any
function HttpSession:post(url, timeout, headers, auth, redirects, max_body, tls, proxy, query, json, form, body) end

--- Makes a request with the method PUT, and waits for the whole response.
---@async
---@param url string The whole address; of a session with a base, the address as seen from there.
---@param timeout? number How long the whole may take; of a stream, until its head has come.
---@param headers? table<string, string|number>|string[][] Header fields: a table of values by name, or a list of {name, value}.
---@param auth? {[1]: string, [2]: string}|table<string, string> {user, password}, by which Digest or Basic is answered as the server asks; with scheme = 'basic' or 'digest' only that; or {bearer = token}.
---@param redirects? integer How many redirects are followed; 0: the redirect itself is the response.
---@param max_body? integer The most bytes of the response's body; of a stream there is no limit.
---@param tls? table<'certificate'|'cert_reqs'|'ssl_version'|'ca_certs', string> On what terms TLS is spoken: the parameters of SSLWrap by their names.
---@param proxy? string The server between, as 'http://host:port' or 'http://user:password@host:port'.
---@param query? table<string, string|number|boolean|string[]>|string[][] What is added to the URL behind '?': values by name, in the order of the names, or a list of {name, value}.
---@param json? boolean|number|string|table The body: a value that json.encode writes. Content-Type is application/json.
---@param form? table<string, string|number|boolean|string[]>|string[][] The body: names and values as a form in a browser sends them.
---@param body? string The body: bytes as they are.
---@return HttpResponse|nil, string?, string? # the response, whatever its status; or nil, the word of the failure, and its details, if it has any
function HttpSession:put(url, timeout, headers, auth, redirects, max_body, tls, proxy, query, json, form, body) end

--- Makes a request with the method PATCH, and waits for the whole response.
---@async
---@param url string The whole address; of a session with a base, the address as seen from there.
---@param timeout? number How long the whole may take; of a stream, until its head has come.
---@param headers? table<string, string|number>|string[][] Header fields: a table of values by name, or a list of {name, value}.
---@param auth? {[1]: string, [2]: string}|table<string, string> {user, password}, by which Digest or Basic is answered as the server asks; with scheme = 'basic' or 'digest' only that; or {bearer = token}.
---@param redirects? integer How many redirects are followed; 0: the redirect itself is the response.
---@param max_body? integer The most bytes of the response's body; of a stream there is no limit.
---@param tls? table<'certificate'|'cert_reqs'|'ssl_version'|'ca_certs', string> On what terms TLS is spoken: the parameters of SSLWrap by their names.
---@param proxy? string The server between, as 'http://host:port' or 'http://user:password@host:port'.
---@param query? table<string, string|number|boolean|string[]>|string[][] What is added to the URL behind '?': values by name, in the order of the names, or a list of {name, value}.
---@param json? boolean|number|string|table The body: a value that json.encode writes. Content-Type is application/json.
---@param form? table<string, string|number|boolean|string[]>|string[][] The body: names and values as a form in a browser sends them.
---@param body? string The body: bytes as they are.
---@return HttpResponse|nil, string?, string? # the response, whatever its status; or nil, the word of the failure, and its details, if it has any
function HttpSession:patch(url, timeout, headers, auth, redirects, max_body, tls, proxy, query, json, form, body) end

--- Makes a request with the method DELETE, and waits for the whole response.
---@async
---@param url string The whole address; of a session with a base, the address as seen from there.
---@param timeout? number How long the whole may take; of a stream, until its head has come.
---@param headers? table<string, string|number>|string[][] Header fields: a table of values by name, or a list of {name, value}.
---@param auth? {[1]: string, [2]: string}|table<string, string> {user, password}, by which Digest or Basic is answered as the server asks; with scheme = 'basic' or 'digest' only that; or {bearer = token}.
---@param redirects? integer How many redirects are followed; 0: the redirect itself is the response.
---@param max_body? integer The most bytes of the response's body; of a stream there is no limit.
---@param tls? table<'certificate'|'cert_reqs'|'ssl_version'|'ca_certs', string> On what terms TLS is spoken: the parameters of SSLWrap by their names.
---@param proxy? string The server between, as 'http://host:port' or 'http://user:password@host:port'.
---@param query? table<string, string|number|boolean|string[]>|string[][] What is added to the URL behind '?': values by name, in the order of the names, or a list of {name, value}.
---@param json? boolean|number|string|table The body: a value that json.encode writes. Content-Type is application/json.
---@param form? table<string, string|number|boolean|string[]>|string[][] The body: names and values as a form in a browser sends them.
---@param body? string The body: bytes as they are.
---@return HttpResponse|nil, string?, string? # the response, whatever its status; or nil, the word of the failure, and its details, if it has any
function HttpSession:delete(url, timeout, headers, auth, redirects, max_body, tls, proxy, query, json, form, body) end

--- Makes a request with any method, and waits for the whole response.
---@async
---@param method string The method, such as 'OPTIONS'.
---@param url string The whole address; of a session with a base, the address as seen from there.
---@param timeout? number How long the whole may take; of a stream, until its head has come.
---@param headers? table<string, string|number>|string[][] Header fields: a table of values by name, or a list of {name, value}.
---@param auth? {[1]: string, [2]: string}|table<string, string> {user, password}, by which Digest or Basic is answered as the server asks; with scheme = 'basic' or 'digest' only that; or {bearer = token}.
---@param redirects? integer How many redirects are followed; 0: the redirect itself is the response.
---@param max_body? integer The most bytes of the response's body; of a stream there is no limit.
---@param tls? table<'certificate'|'cert_reqs'|'ssl_version'|'ca_certs', string> On what terms TLS is spoken: the parameters of SSLWrap by their names.
---@param proxy? string The server between, as 'http://host:port' or 'http://user:password@host:port'.
---@param query? table<string, string|number|boolean|string[]>|string[][] What is added to the URL behind '?': values by name, in the order of the names, or a list of {name, value}.
---@param json? boolean|number|string|table The body: a value that json.encode writes. Content-Type is application/json.
---@param form? table<string, string|number|boolean|string[]>|string[][] The body: names and values as a form in a browser sends them.
---@param body? string The body: bytes as they are.
---@return HttpResponse|nil, string?, string? # the response, whatever its status; or nil, the word of the failure, and its details, if it has any
function HttpSession:request(method, url, timeout, headers, auth, redirects, max_body, tls, proxy, query, json, form, body) end

--- Makes a request and waits for the head of the response only: its body is read as it comes.
---@async
---@param url string The whole address; of a session with a base, the address as seen from there.
---@param timeout? number How long the whole may take; of a stream, until its head has come.
---@param headers? table<string, string|number>|string[][] Header fields: a table of values by name, or a list of {name, value}.
---@param auth? {[1]: string, [2]: string}|table<string, string> {user, password}, by which Digest or Basic is answered as the server asks; with scheme = 'basic' or 'digest' only that; or {bearer = token}.
---@param redirects? integer How many redirects are followed; 0: the redirect itself is the response.
---@param max_body? integer The most bytes of the response's body; of a stream there is no limit.
---@param tls? table<'certificate'|'cert_reqs'|'ssl_version'|'ca_certs', string> On what terms TLS is spoken: the parameters of SSLWrap by their names.
---@param proxy? string The server between, as 'http://host:port' or 'http://user:password@host:port'.
---@param method? string The method, such as 'OPTIONS'.
---@param query? table<string, string|number|boolean|string[]>|string[][] What is added to the URL behind '?': values by name, in the order of the names, or a list of {name, value}.
---@param json? boolean|number|string|table The body: a value that json.encode writes. Content-Type is application/json.
---@param form? table<string, string|number|boolean|string[]>|string[][] The body: names and values as a form in a browser sends them.
---@param body? string The body: bytes as they are.
---@param silence? number How long nothing may come; nil: for ever.
---@return HttpStream|nil, string?, string? # the response, whatever its status; or nil, the word of the failure, and its details, if it has any
function HttpSession:stream(url, timeout, headers, auth, redirects, max_body, tls, proxy, method, query, json, form, body, silence) end

--- Forgets all cookies.
function HttpSession:clear_cookies() end

--- Ends all that is under way, which fails, and closes all connections. Has no effect when it is closed.
function HttpSession:close() end

--- The ten bytes that begin every HSMS message. Each field has two spellings.
---@class HsmsHeader
---@field session_id integer The session ID; the device ID of data.
---@field sessionID integer The session ID; the device ID of data.
---@field require_response boolean Whether a reply is expected.
---@field requireResponse boolean Whether a reply is expected.
---@field stream integer The stream.
---@field function integer The function; the status or reason of a control message.
---@field func integer The function; the status or reason of a control message.
---@field p_type integer How the text is encoded; 0 is SECS-II.
---@field pType integer How the text is encoded; 0 is SECS-II.
---@field s_type integer The message type; 0 is data.
---@field sType integer The message type; 0 is data.
---@field system integer The system bytes.
---@field type_name string|nil SEMI E37's name of the message type, such as 'Select.req'; nil for none.
---@overload fun(system: integer, session_id?: integer, stream?: integer, func?: integer, require_response?: boolean, p_type?: integer, s_type?: integer): HsmsHeader
HsmsHeader = {}

--- Gives the text that print shows.
---@param spelling? 'session_id'|'sessionID' The spelling of the field names: that of the newer documentation, or that of the older.
---@return string # the fields in one line
function HsmsHeader:text(spelling) end

--- Gives the bytes on the wire.
---@return string # the ten bytes
function HsmsHeader:encode() end

--- One HSMS message: its header and, in a data message, its text.
---@class HsmsPacket
---@field header HsmsHeader The header.
---@field data string The text: bytes.
---@overload fun(header?: HsmsHeader, data?: string): HsmsPacket
HsmsPacket = {}

--- Gives the text that print shows.
---@param spelling? 'session_id'|'sessionID' The spelling of the field names: that of the newer documentation, or that of the older.
---@return string # the header in one line
function HsmsPacket:text(spelling) end

--- Gives the message as a constructor call, with its text.
---@param spelling? 'session_id'|'sessionID' The spelling of the field names: that of the newer documentation, or that of the older.
---@return string # the message as the documented transcripts show results
function HsmsPacket:repr(spelling) end

--- Gives the bytes on the wire.
---@return string # length, header and text as bytes
function HsmsPacket:encode() end

--- Reads the text as SECS-II. Raises ValueError when it is not SECS-II.
---@return SecsMessage
function HsmsPacket:message() end

--- A SECS-II item: a list, a text, or numbers of one format.
---@class SecsItem
---@field format string The format, such as 'U4'.
---@field value string|number|boolean|table The content as a value of Lua: a string, one number or boolean, or a list of what the item holds.
---@field items SecsItem[]|nil The SecsItems of a list; nil for all else.
---@field count integer How many items, bytes, numbers or truth values it has.
---@overload fun(value: string|number|boolean|table|SecsItem, format?: string): SecsItem
SecsItem = {}

--- Gives an item of a list.
---@param index integer From 1.
---@return SecsItem|nil # nil when it is no list or not so long
function SecsItem:item(index) end

--- Compares contents.
---@param other string|number|boolean|table|SecsItem A SecsItem or a value.
---@return boolean
function SecsItem:equals(other) end

--- Gives the bytes on the wire.
---@return string
function SecsItem:encode() end

--- A SECS-II message: stream, function and at most one item.
---@class SecsMessage
---@field name string The usual name of stream and function, such as 'S1F13'.
---@field stream integer The stream.
---@field function integer The function.
---@field func integer The function.
---@field require_response boolean Whether a reply is expected.
---@field item SecsItem|nil The item; nil for header only.
---@field value string|number|boolean|table|nil The item as a value of Lua; nil for header only.
---@overload fun(stream: integer, func: integer, item?: string|number|boolean|table|SecsItem, require_response?: boolean): SecsMessage
SecsMessage = {}

--- What all HSMS connections have in common: active, passive and multi-passive ones.
---@class HsmsConnection
HsmsConnection = {}

--- An HSMS connection that this side makes.
---@class HsmsActiveConnection : HsmsConnection
---@field address string The peer's address or host name, as given.
---@field remoteAddress string The peer's address or host name, as given.
---@field port integer The peer's port, or the port to listen on.
---@field remotePort integer The peer's port, or the port to listen on.
---@field session_id integer The session ID that the peer is configured for.
---@field sessionID integer The session ID that the peer is configured for.
---@field active boolean Whether this side makes the connection.
---@field enabled boolean Whether the connection is to be kept.
---@field connected boolean Whether there is a TCP connection.
---@field peer string|nil The connected peer as 'address:port'; nil when there is none.
---@field delegate ({on_connection_established: fun(self: table, connection: HsmsConnection)|nil, on_connection_packet_received: fun(self: table, connection: HsmsConnection, packet: HsmsPacket)|nil, on_connection_before_closed: fun(self: table, connection: HsmsConnection)|nil, on_connection_closed: fun(self: table, connection: HsmsConnection, reason: string)|nil})|nil The table with the functions on_connection_…; each of them may be missing.
---@overload fun(address: string, port?: integer, session_id?: integer, delegate?: {on_connection_established: fun(self: table, connection: HsmsConnection)|nil, on_connection_packet_received: fun(self: table, connection: HsmsConnection, packet: HsmsPacket)|nil, on_connection_before_closed: fun(self: table, connection: HsmsConnection)|nil, on_connection_closed: fun(self: table, connection: HsmsConnection, reason: string)|nil}, T3?: number, T5?: number, T6?: number, T7?: number, T8?: number, connect_timeout?: number, linktest_interval?: number, select_delay?: number, select_attempts?: integer, tolerated_linktest_failures?: integer, conformance?: 'lenient'|'strict', duplicates?: 'refuse'|'replace', max_message_length?: integer, bind_ip?: string, sessions?: integer[]): HsmsActiveConnection
HsmsActiveConnection = {}

--- Establishes the connection, and again after each loss, until disable.
function HsmsActiveConnection:enable() end

--- Closes the connection, which stays closed. Waits until it is closed, if the task can wait.
---@async
function HsmsActiveConnection:disable() end

--- Closes the connection. While it is enabled, it is established again, as after a loss.
function HsmsActiveConnection:disconnect() end

--- Sends a message; waits while more than 64 KiB are queued.
---@async
---@param packet HsmsPacket The message.
---@return boolean, string? # true, or false and the reason when it is not connected
function HsmsActiveConnection:send_packet(packet) end

--- An HSMS connection that the peer makes; serves one peer at a time.
---@class HsmsPassiveConnection : HsmsConnection
---@field listening_port integer|nil The port that it listens on; nil while it does not.
---@field address string The peer's address or host name, as given.
---@field remoteAddress string The peer's address or host name, as given.
---@field port integer The peer's port, or the port to listen on.
---@field remotePort integer The peer's port, or the port to listen on.
---@field session_id integer The session ID that the peer is configured for.
---@field sessionID integer The session ID that the peer is configured for.
---@field active boolean Whether this side makes the connection.
---@field enabled boolean Whether the connection is to be kept.
---@field connected boolean Whether there is a TCP connection.
---@field peer string|nil The connected peer as 'address:port'; nil when there is none.
---@field delegate ({on_connection_established: fun(self: table, connection: HsmsConnection)|nil, on_connection_packet_received: fun(self: table, connection: HsmsConnection, packet: HsmsPacket)|nil, on_connection_before_closed: fun(self: table, connection: HsmsConnection)|nil, on_connection_closed: fun(self: table, connection: HsmsConnection, reason: string)|nil})|nil The table with the functions on_connection_…; each of them may be missing.
---@overload fun(address: string, port?: integer, session_id?: integer, delegate?: {on_connection_established: fun(self: table, connection: HsmsConnection)|nil, on_connection_packet_received: fun(self: table, connection: HsmsConnection, packet: HsmsPacket)|nil, on_connection_before_closed: fun(self: table, connection: HsmsConnection)|nil, on_connection_closed: fun(self: table, connection: HsmsConnection, reason: string)|nil}, T3?: number, T5?: number, T6?: number, T7?: number, T8?: number, connect_timeout?: number, linktest_interval?: number, select_delay?: number, select_attempts?: integer, tolerated_linktest_failures?: integer, conformance?: 'lenient'|'strict', duplicates?: 'refuse'|'replace', max_message_length?: integer, bind_ip?: string, sessions?: integer[]): HsmsPassiveConnection
HsmsPassiveConnection = {}

--- Establishes the connection, and again after each loss, until disable.
function HsmsPassiveConnection:enable() end

--- Closes the connection, which stays closed. Waits until it is closed, if the task can wait.
---@async
function HsmsPassiveConnection:disable() end

--- Closes the connection. While it is enabled, it is established again, as after a loss.
function HsmsPassiveConnection:disconnect() end

--- Sends a message; waits while more than 64 KiB are queued.
---@async
---@param packet HsmsPacket The message.
---@return boolean, string? # true, or false and the reason when it is not connected
function HsmsPassiveConnection:send_packet(packet) end

--- An HSMS connection that the peer makes to the port of an HsmsMultiPassiveServer.
---@class HsmsMultiPassiveConnection : HsmsConnection
---@field address string The peer's address or host name, as given.
---@field remoteAddress string The peer's address or host name, as given.
---@field port integer The peer's port, or the port to listen on.
---@field remotePort integer The peer's port, or the port to listen on.
---@field session_id integer The session ID that the peer is configured for.
---@field sessionID integer The session ID that the peer is configured for.
---@field active boolean Whether this side makes the connection.
---@field enabled boolean Whether the connection is to be kept.
---@field connected boolean Whether there is a TCP connection.
---@field peer string|nil The connected peer as 'address:port'; nil when there is none.
---@field delegate ({on_connection_established: fun(self: table, connection: HsmsConnection)|nil, on_connection_packet_received: fun(self: table, connection: HsmsConnection, packet: HsmsPacket)|nil, on_connection_before_closed: fun(self: table, connection: HsmsConnection)|nil, on_connection_closed: fun(self: table, connection: HsmsConnection, reason: string)|nil})|nil The table with the functions on_connection_…; each of them may be missing.
HsmsMultiPassiveConnection = {}

--- Establishes the connection, and again after each loss, until disable.
function HsmsMultiPassiveConnection:enable() end

--- Closes the connection, which stays closed. Waits until it is closed, if the task can wait.
---@async
function HsmsMultiPassiveConnection:disable() end

--- Closes the connection. While it is enabled, it is established again, as after a loss.
function HsmsMultiPassiveConnection:disconnect() end

--- Sends a message; waits while more than 64 KiB are queued.
---@async
---@param packet HsmsPacket The message.
---@return boolean, string? # true, or false and the reason when it is not connected
function HsmsMultiPassiveConnection:send_packet(packet) end

--- One listening port for the connections of many peers, told apart by their addresses.
---@class HsmsMultiPassiveServer
---@field port integer The port as given.
---@field listening_port integer|nil The port that it listens on; nil while it does not.
---@field started boolean Whether it listens, or tries to.
---@field connections HsmsMultiPassiveConnection[] A list of the connections, in the order of their creation.
---@overload fun(port?: integer, T3?: number, T5?: number, T6?: number, T7?: number, T8?: number, connect_timeout?: number, linktest_interval?: number, select_delay?: number, select_attempts?: integer, tolerated_linktest_failures?: integer, conformance?: 'lenient'|'strict', duplicates?: 'refuse'|'replace', max_message_length?: integer, bind_ip?: string, sessions?: integer[]): HsmsMultiPassiveServer
HsmsMultiPassiveServer = {}

--- Makes the connection of one peer. Options that are left out are those of the server.
---@param address string The address from which the peer is expected; '' or '0.0.0.0': any.
---@param port? integer The peer's port, for messages only.
---@param session_id? integer The session ID that the peer is configured for.
---@param delegate? {on_connection_established: fun(self: table, connection: HsmsConnection)|nil, on_connection_packet_received: fun(self: table, connection: HsmsConnection, packet: HsmsPacket)|nil, on_connection_before_closed: fun(self: table, connection: HsmsConnection)|nil, on_connection_closed: fun(self: table, connection: HsmsConnection, reason: string)|nil} A table with one or more of the functions on_connection_….
---@param T3? number How long to wait for a reply to a data message.
---@param T5? number The least time between two attempts to connect.
---@param T6? number How long to wait for the answer to a control message.
---@param T7? number How long a connection may exist without a session.
---@param T8? number The longest pause within one message.
---@param connect_timeout? number How long an attempt to connect may take.
---@param linktest_interval? number When the peer sent nothing for so long, a Linktest.req is sent; 0: never.
---@param select_delay? number How long the active side waits before it selects.
---@param select_attempts? integer How often the active side sends Select.req.
---@param tolerated_linktest_failures? integer How many unanswered Linktest.req in a row do not end the connection.
---@param conformance? 'lenient'|'strict' Whether unexpected messages are rejected (E37) or end the connection (E37.1).
---@param duplicates? 'refuse'|'replace' What happens when a peer connects while there is already a connection.
---@param max_message_length? integer The longest message that is received, in bytes.
---@param bind_ip? string The local address that passive connections listen on; nil: all.
---@param sessions? integer[] The session IDs of a connection with several sessions (E37.2); nil: a single session.
---@return HsmsMultiPassiveConnection # a connection that is not enabled yet
function HsmsMultiPassiveServer:create_connection(address, port, session_id, delegate, T3, T5, T6, T7, T8, connect_timeout, linktest_interval, select_delay, select_attempts, tolerated_linktest_failures, conformance, duplicates, max_message_length, bind_ip, sessions) end

--- Disables a connection and forgets it.
---@param connection HsmsMultiPassiveConnection The connection.
function HsmsMultiPassiveServer:remove_connection(connection) end

--- Begins to listen. If the port is taken, it tries again every T5.
---@async
---@return string, string? # 'Listening', 'ListeningAlready', or the reason of the failure
function HsmsMultiPassiveServer:start() end

--- Stops listening on the port. The connections work again after the next start.
---@async
---@param terminate_connections? boolean Whether peers are disconnected.
function HsmsMultiPassiveServer:stop(terminate_connections) end

--- The procedures of HSMS on one connection: select, linktest, transactions. HsmsHandler is another name of it.
---@class HsmsProtocol
---@field name string The name by which it is known.
---@field address string The peer's address or host name, as given.
---@field port integer The peer's port, or the port to listen on.
---@field active boolean Whether this side makes the connection.
---@field session_id integer The session ID of data messages.
---@field sessionID integer The session ID of data messages.
---@field connected boolean Whether there is a TCP connection.
---@field selected boolean Whether a session is established.
---@field connection_state 'NOT-CONNECTED'|'CONNECTED_NOT-SELECTED'|'CONNECTED_SELECTED' 'NOT-CONNECTED', 'CONNECTED_NOT-SELECTED' or 'CONNECTED_SELECTED'.
---@field connectionState 'NOT-CONNECTED'|'CONNECTED_NOT-SELECTED'|'CONNECTED_SELECTED' 'NOT-CONNECTED', 'CONNECTED_NOT-SELECTED' or 'CONNECTED_SELECTED'.
---@field system_counter integer The system bytes that were used last; random at first.
---@field systemCounter integer The system bytes that were used last; random at first.
---@field connection HsmsConnection The connection.
---@field hsms_connected fun(object: HsmsProtocol, data: {connection: HsmsProtocol|SecsHandler})|nil There is a TCP connection.
---@field hsms_selected fun(object: HsmsProtocol, data: {connection: HsmsProtocol|SecsHandler, session_id: integer})|nil A session is established: data can be sent.
---@field hsms_deselected fun(object: HsmsProtocol, data: {connection: HsmsProtocol|SecsHandler, session_id: integer})|nil A session has ended. The TCP connection stays.
---@field hsms_disconnected fun(object: HsmsProtocol, data: {connection: HsmsProtocol|SecsHandler, reason: string})|nil The TCP connection is closed. Comes once for each hsms_connected.
---@field hsms_packet_received fun(object: HsmsProtocol, data: {connection: HsmsProtocol|SecsHandler, packet: HsmsPacket})|nil A data message has come that is not the reply to a request.
---@field hsms_unexpected_reply fun(object: HsmsProtocol, data: {connection: HsmsProtocol|SecsHandler, packet: HsmsPacket})|nil A reply has come that no request waits for, for instance after T3.
---@field hsms_open_failed fun(object: HsmsProtocol, data: {connection: HsmsProtocol|SecsHandler, reason: string})|nil An attempt to connect or listen has failed. It is repeated after T5.
---@overload fun(address: string, port?: integer, active?: boolean, session_id?: integer, name?: string, custom_connection_handler?: HsmsMultiPassiveServer, T3?: number, T5?: number, T6?: number, T7?: number, T8?: number, connect_timeout?: number, linktest_interval?: number, select_delay?: number, select_attempts?: integer, tolerated_linktest_failures?: integer, conformance?: 'lenient'|'strict', duplicates?: 'refuse'|'replace', max_message_length?: integer, bind_ip?: string, sessions?: integer[], role?: 'host'|'equipment'): HsmsProtocol
HsmsProtocol = {}

--- Establishes the connection, and again after each loss, until disable.
function HsmsProtocol:enable() end

--- Ends the session and closes the connection, which stays closed. Waits until it is closed, if the task can wait.
---@async
function HsmsProtocol:disable() end

--- Closes the connection. While it is enabled, it is established again, as after a loss.
function HsmsProtocol:disconnect() end

--- Asks the peer to establish the session. The active side does that by itself.
---@async
---@param session_id? integer Which session, where there are several; nil: the first.
---@return HsmsPacket|nil, string?, HsmsPacket? # the packet of the answer; nil and the reason, and the packet that decided, if one did
function HsmsProtocol:send_select_req(session_id) end

--- Asks to end the session; the connection stays.
---@async
---@param session_id? integer Which session, where there are several; nil: the first.
---@return HsmsPacket|nil, string?, HsmsPacket? # the packet of the answer; nil and the reason, and the packet that decided, if one did
function HsmsProtocol:send_deselect_req(session_id) end

--- Asks whether the peer still answers.
---@async
---@return HsmsPacket|nil, string?, HsmsPacket? # the packet of the answer; nil and the reason, and the packet that decided, if one did
function HsmsProtocol:send_linktest_req() end

--- Sends a message that asks for a reply, and waits for the reply at most T3.
---@async
---@param message SecsMessage What to send.
---@return HsmsPacket|nil, string?, HsmsPacket? # the packet of the answer; nil and the reason, and the packet that decided, if one did
function HsmsProtocol:send_and_waitfor_response(message) end

--- Waits until a session is established.
---@async
---@param timeout? number How long to wait; nil: for ever.
---@return boolean # whether a session is established
function HsmsProtocol:waitfor_selected(timeout) end

--- Sends a Select.rsp. Not needed for requests of the peer: they are answered without it.
---@param system integer The system bytes of the request.
---@return boolean, string? # true, or false and the reason
function HsmsProtocol:send_select_rsp(system) end

--- Sends a Deselect.rsp. Not needed for requests of the peer: they are answered without it.
---@param system integer The system bytes of the request.
---@return boolean, string? # true, or false and the reason
function HsmsProtocol:send_deselect_rsp(system) end

--- Sends a Linktest.rsp. Not needed for requests of the peer: they are answered without it.
---@param system integer The system bytes of the request.
---@return boolean, string? # true, or false and the reason
function HsmsProtocol:send_linktest_rsp(system) end

--- Sends a Reject.req.
---@param system integer The system bytes of the request.
---@param s_type integer The type of the rejected message.
---@param reason integer 1: unknown type, 2: unknown encoding, 3: no such request is open, 4: not selected.
---@return boolean, string? # true, or false and the reason
function HsmsProtocol:send_reject_rsp(system, s_type, reason) end

--- Ends the session. If it is the only one, the connection ends, too.
---@return integer|nil, string? # the system bytes; nil and the reason
function HsmsProtocol:send_separate_req() end

--- Sends a message and does not wait for a reply.
---@param message SecsMessage What to send.
---@return boolean, string? # true, or false and the reason
function HsmsProtocol:send_stream_function(message) end

--- Replies to a message.
---@param message SecsMessage The reply, such as S1F2.
---@param system integer The system bytes of the request.
---@return boolean, string? # true, or false and the reason
function HsmsProtocol:send_response(message, system) end

--- Gives system bytes that no open request uses.
---@return integer
function HsmsProtocol:get_next_system_counter() end

--- Many peers, active and passive, each known by a name.
---@class HsmsConnectionManager
---@field handlers table<string, HsmsProtocol|SecsHandler> The handlers of all peers, by name.
---@field hsms_connected fun(object: HsmsConnectionManager, data: {connection: HsmsProtocol|SecsHandler})|nil A peer has a TCP connection.
---@field hsms_selected fun(object: HsmsConnectionManager, data: {connection: HsmsProtocol|SecsHandler})|nil The session of a peer is established.
---@field hsms_disconnected fun(object: HsmsConnectionManager, data: {connection: HsmsProtocol|SecsHandler, reason: string})|nil The TCP connection of a peer is closed.
---@overload fun(T3?: number, T5?: number, T6?: number, T7?: number, T8?: number, connect_timeout?: number, linktest_interval?: number, select_delay?: number, select_attempts?: integer, tolerated_linktest_failures?: integer, conformance?: 'lenient'|'strict', duplicates?: 'refuse'|'replace', max_message_length?: integer, bind_ip?: string, sessions?: integer[]): HsmsConnectionManager
HsmsConnectionManager = {}

--- Adds a peer and enables it. Passive peers of one port share a server. Options that are left out are those of the manager.
---@param name string A name that no other peer has.
---@param address string The peer's address or host name.
---@param port integer If this side is active, the peer's port; else the port to listen on.
---@param active boolean Whether this side makes the connection.
---@param session_id integer The session ID of data messages.
---@param connection_handler? table The class of the handler, such as GemHostHandler or one derived from it.
---@param T3? number How long to wait for a reply to a data message.
---@param T5? number The least time between two attempts to connect.
---@param T6? number How long to wait for the answer to a control message.
---@param T7? number How long a connection may exist without a session.
---@param T8? number The longest pause within one message.
---@param connect_timeout? number How long an attempt to connect may take.
---@param linktest_interval? number When the peer sent nothing for so long, a Linktest.req is sent; 0: never.
---@param select_delay? number How long the active side waits before it selects.
---@param select_attempts? integer How often the active side sends Select.req.
---@param tolerated_linktest_failures? integer How many unanswered Linktest.req in a row do not end the connection.
---@param conformance? 'lenient'|'strict' Whether unexpected messages are rejected (E37) or end the connection (E37.1).
---@param duplicates? 'refuse'|'replace' What happens when a peer connects while there is already a connection.
---@param max_message_length? integer The longest message that is received, in bytes.
---@param bind_ip? string The local address that passive connections listen on; nil: all.
---@param sessions? integer[] The session IDs of a connection with several sessions (E37.2); nil: a single session.
---@return HsmsProtocol|SecsHandler # the handler, which is enabled
function HsmsConnectionManager:add_peer(name, address, port, active, session_id, connection_handler, T3, T5, T6, T7, T8, connect_timeout, linktest_interval, select_delay, select_attempts, tolerated_linktest_failures, conformance, duplicates, max_message_length, bind_ip, sessions) end

--- Finds a peer.
---@param name string The peer's name.
---@return HsmsProtocol|SecsHandler|nil # the peer's handler, or nil when there is none of that name
function HsmsConnectionManager:has_connection_to(name) end

--- Disables a peer and forgets it.
---@async
---@param name string The peer's name.
---@param address? string Not used: the name decides.
---@param port? integer Not used.
---@return boolean # whether there was one of that name
function HsmsConnectionManager:remove_peer(name, address, port) end

--- Removes all peers. Waits until they have been told, if the task can wait.
---@async
function HsmsConnectionManager:stop() end

--- A received message that the program answers, at once or later. Made by handlers.
---@class SecsRequest
---@field name string Stream and function, such as 'S1F13'.
---@field stream integer The stream.
---@field function integer The function.
---@field func integer The function.
---@field require_response boolean Whether a reply is expected.
---@field answered boolean Whether it was answered, or needs no answer.
---@field header HsmsHeader The header with which it came.
---@field item SecsItem|nil The item; nil for header only.
---@field value string|number|boolean|table|nil The item as a value of Lua; nil for header only.
SecsRequest = {}

--- Replies with the function after the request's.
---@param item? string|number|boolean|table|SecsItem A SecsItem, or a value as SecsItem takes; nil: header only.
---@return boolean # whether it was sent: false when no reply is expected or one was given
function SecsRequest:reply(item) end

--- Aborts the transaction with function 0.
---@return boolean # whether it was sent
function SecsRequest:abort() end

--- Streams and functions on a connection: callbacks for messages that come, and requests.
---@class SecsHandler
---@field name string The name by which it is known.
---@field address string The peer's address or host name, as given.
---@field port integer The peer's port, or the port to listen on.
---@field active boolean Whether this side makes the connection.
---@field session_id integer The session ID of data messages.
---@field sessionID integer The session ID of data messages.
---@field connected boolean Whether there is a TCP connection.
---@field selected boolean Whether a session is established.
---@field connection_state 'NOT-CONNECTED'|'CONNECTED_NOT-SELECTED'|'CONNECTED_SELECTED' 'NOT-CONNECTED', 'CONNECTED_NOT-SELECTED' or 'CONNECTED_SELECTED'.
---@field connectionState 'NOT-CONNECTED'|'CONNECTED_NOT-SELECTED'|'CONNECTED_SELECTED' 'NOT-CONNECTED', 'CONNECTED_NOT-SELECTED' or 'CONNECTED_SELECTED'.
---@field system_counter integer The system bytes that were used last; random at first.
---@field systemCounter integer The system bytes that were used last; random at first.
---@field connection HsmsConnection The connection.
---@field protocol HsmsProtocol The protocol below.
---@field hsms_connected fun(handler: SecsHandler, data: {connection: HsmsProtocol|SecsHandler})|nil There is a TCP connection.
---@field hsms_selected fun(handler: SecsHandler, data: {connection: HsmsProtocol|SecsHandler, session_id: integer})|nil A session is established: data can be sent.
---@field hsms_deselected fun(handler: SecsHandler, data: {connection: HsmsProtocol|SecsHandler, session_id: integer})|nil A session has ended. The TCP connection stays.
---@field hsms_disconnected fun(handler: SecsHandler, data: {connection: HsmsProtocol|SecsHandler, reason: string})|nil The TCP connection is closed. Comes once for each hsms_connected.
---@field hsms_packet_received fun(handler: SecsHandler, data: {connection: HsmsProtocol|SecsHandler, packet: HsmsPacket})|nil A data message has come that is not the reply to a request.
---@field hsms_unexpected_reply fun(handler: SecsHandler, data: {connection: HsmsProtocol|SecsHandler, packet: HsmsPacket})|nil A reply has come that no request waits for, for instance after T3.
---@field hsms_open_failed fun(handler: SecsHandler, data: {connection: HsmsProtocol|SecsHandler, reason: string})|nil An attempt to connect or listen has failed. It is repeated after T5.
---@overload fun(address: HsmsProtocol|string, port?: integer, active?: boolean, session_id?: integer, name?: string, custom_connection_handler?: HsmsMultiPassiveServer, T3?: number, T5?: number, T6?: number, T7?: number, T8?: number, connect_timeout?: number, linktest_interval?: number, select_delay?: number, select_attempts?: integer, tolerated_linktest_failures?: integer, conformance?: 'lenient'|'strict', duplicates?: 'refuse'|'replace', max_message_length?: integer, bind_ip?: string, sessions?: integer[], role?: 'host'|'equipment'): SecsHandler
SecsHandler = {}

--- Establishes the connection, and again after each loss, until disable.
function SecsHandler:enable() end

--- Ends the session and closes the connection, which stays closed. Waits until it is closed, if the task can wait.
---@async
function SecsHandler:disable() end

--- Closes the connection. While it is enabled, it is established again, as after a loss.
function SecsHandler:disconnect() end

--- Asks the peer to establish the session. The active side does that by itself.
---@async
---@param session_id? integer Which session, where there are several; nil: the first.
---@return HsmsPacket|nil, string?, HsmsPacket? # the packet of the answer; nil and the reason, and the packet that decided, if one did
function SecsHandler:send_select_req(session_id) end

--- Asks to end the session; the connection stays.
---@async
---@param session_id? integer Which session, where there are several; nil: the first.
---@return HsmsPacket|nil, string?, HsmsPacket? # the packet of the answer; nil and the reason, and the packet that decided, if one did
function SecsHandler:send_deselect_req(session_id) end

--- Asks whether the peer still answers.
---@async
---@return HsmsPacket|nil, string?, HsmsPacket? # the packet of the answer; nil and the reason, and the packet that decided, if one did
function SecsHandler:send_linktest_req() end

--- Sends a message that asks for a reply, and waits for the reply at most T3.
---@async
---@param message SecsMessage What to send.
---@return HsmsPacket|nil, string?, HsmsPacket? # the packet of the answer; nil and the reason, and the packet that decided, if one did
function SecsHandler:send_and_waitfor_response(message) end

--- Waits until a session is established.
---@async
---@param timeout? number How long to wait; nil: for ever.
---@return boolean # whether a session is established
function SecsHandler:waitfor_selected(timeout) end

--- Sends a Select.rsp. Not needed for requests of the peer: they are answered without it.
---@param system integer The system bytes of the request.
---@return boolean, string? # true, or false and the reason
function SecsHandler:send_select_rsp(system) end

--- Sends a Deselect.rsp. Not needed for requests of the peer: they are answered without it.
---@param system integer The system bytes of the request.
---@return boolean, string? # true, or false and the reason
function SecsHandler:send_deselect_rsp(system) end

--- Sends a Linktest.rsp. Not needed for requests of the peer: they are answered without it.
---@param system integer The system bytes of the request.
---@return boolean, string? # true, or false and the reason
function SecsHandler:send_linktest_rsp(system) end

--- Sends a Reject.req.
---@param system integer The system bytes of the request.
---@param s_type integer The type of the rejected message.
---@param reason integer 1: unknown type, 2: unknown encoding, 3: no such request is open, 4: not selected.
---@return boolean, string? # true, or false and the reason
function SecsHandler:send_reject_rsp(system, s_type, reason) end

--- Ends the session. If it is the only one, the connection ends, too.
---@return integer|nil, string? # the system bytes; nil and the reason
function SecsHandler:send_separate_req() end

--- Sends a message and does not wait for a reply.
---@param message SecsMessage What to send.
---@return boolean, string? # true, or false and the reason
function SecsHandler:send_stream_function(message) end

--- Replies to a message.
---@param message SecsMessage The reply, such as S1F2.
---@param system integer The system bytes of the request.
---@return boolean, string? # true, or false and the reason
function SecsHandler:send_response(message, system) end

--- Gives system bytes that no open request uses.
---@return integer
function SecsHandler:get_next_system_counter() end

--- Registers a callback for a message. It returns the reply, a value or SecsItem, or nothing to reply later. An error aborts the transaction.
---@param stream integer The stream.
---@param func integer The function, an odd number.
---@param callback fun(handler: SecsHandler, request: SecsRequest): (string|number|boolean|table|SecsItem)? Gets the handler and the SecsRequest. The value that it returns is the reply.
function SecsHandler:register_stream_function(stream, func, callback) end

--- Removes the callback of a message.
---@param stream integer The stream.
---@param func integer The function, an odd number.
function SecsHandler:unregister_stream_function(stream, func) end

--- Sends a message. If it asks for a reply, waits for the reply.
---@async
---@param message SecsMessage What to send.
---@return SecsMessage|true|nil, string? # the reply, or true when none is expected; nil and the reason
function SecsHandler:send(message) end

--- What GemHostHandler and GemEquipmentHandler have in common.
---@class GemHandler : SecsHandler
GemHandler = {}

--- The host's side of GEM.
---@class GemHostHandler : GemHandler
---@field name string The name by which it is known.
---@field address string The peer's address or host name, as given.
---@field port integer The peer's port, or the port to listen on.
---@field active boolean Whether this side makes the connection.
---@field session_id integer The session ID of data messages.
---@field sessionID integer The session ID of data messages.
---@field connected boolean Whether there is a TCP connection.
---@field selected boolean Whether a session is established.
---@field connection_state 'NOT-CONNECTED'|'CONNECTED_NOT-SELECTED'|'CONNECTED_SELECTED' 'NOT-CONNECTED', 'CONNECTED_NOT-SELECTED' or 'CONNECTED_SELECTED'.
---@field connectionState 'NOT-CONNECTED'|'CONNECTED_NOT-SELECTED'|'CONNECTED_SELECTED' 'NOT-CONNECTED', 'CONNECTED_NOT-SELECTED' or 'CONNECTED_SELECTED'.
---@field system_counter integer The system bytes that were used last; random at first.
---@field systemCounter integer The system bytes that were used last; random at first.
---@field connection HsmsConnection The connection.
---@field protocol HsmsProtocol The protocol below.
---@field communication_state 'DISABLED'|'NOT_COMMUNICATING'|'WAIT_CRA'|'WAIT_DELAY'|'WAIT_CR'|'COMMUNICATING' 'DISABLED', 'NOT_COMMUNICATING', 'WAIT_CRA', 'WAIT_DELAY', 'WAIT_CR' or 'COMMUNICATING'.
---@field communicationState 'DISABLED'|'NOT_COMMUNICATING'|'WAIT_CRA'|'WAIT_DELAY'|'WAIT_CR'|'COMMUNICATING' 'DISABLED', 'NOT_COMMUNICATING', 'WAIT_CRA', 'WAIT_DELAY', 'WAIT_CR' or 'COMMUNICATING'.
---@field communicating boolean Whether communication is established.
---@field MDLN string The model of this equipment; at most 20 characters.
---@field SOFTREV string The revision of this equipment's software; at most 20 characters.
---@field peer_identity {MDLN: string, SOFTREV: string}|nil MDLN and SOFTREV of the peer; nil if the peer is a host.
---@field establish_communication_timeout number How long to wait after a failed S1F13; 10 s at first.
---@field establishCommunicationTimeout number How long to wait after a failed S1F13; 10 s at first.
---@field establish_attempts integer After how many unanswered S1F13 in a row the session is ended and begun again; 2 at first, 0: never.
---@field id_format 'U2'|'U4'|'U8' The format of identifiers that are numbers; nil, the first value, means the smallest format that holds the number.
---@field hsms_connected fun(handler: GemHostHandler, data: {connection: HsmsProtocol|SecsHandler})|nil There is a TCP connection.
---@field hsms_selected fun(handler: GemHostHandler, data: {connection: HsmsProtocol|SecsHandler, session_id: integer})|nil A session is established: data can be sent.
---@field hsms_deselected fun(handler: GemHostHandler, data: {connection: HsmsProtocol|SecsHandler, session_id: integer})|nil A session has ended. The TCP connection stays.
---@field hsms_disconnected fun(handler: GemHostHandler, data: {connection: HsmsProtocol|SecsHandler, reason: string})|nil The TCP connection is closed. Comes once for each hsms_connected.
---@field hsms_packet_received fun(handler: GemHostHandler, data: {connection: HsmsProtocol|SecsHandler, packet: HsmsPacket})|nil A data message has come that is not the reply to a request.
---@field hsms_unexpected_reply fun(handler: GemHostHandler, data: {connection: HsmsProtocol|SecsHandler, packet: HsmsPacket})|nil A reply has come that no request waits for, for instance after T3.
---@field hsms_open_failed fun(handler: GemHostHandler, data: {connection: HsmsProtocol|SecsHandler, reason: string})|nil An attempt to connect or listen has failed. It is repeated after T5.
---@field handler_communicating fun(handler: GemHostHandler, data: {handler: GemHandler})|nil Communication is established. Every request is possible.
---@field handler_not_communicating fun(handler: GemHostHandler, data: {handler: GemHandler})|nil Communication has ended. It is being established again.
---@field terminal_received fun(handler: GemHostHandler, data: {text: string, terminal: integer, lines: string[]})|nil A text for a terminal has come. If the event has a handler, the text counts as displayed.
---@field alarm_received fun(handler: GemHostHandler, data: {alid: integer|string, code: integer, set: boolean, text: string})|nil An alarm was set or cleared.
---@field collection_event_received fun(handler: GemHostHandler, data: {ceid: integer|string, reports: {rptid: integer|string, values: {dvid: integer|string|nil, value: string|number|boolean|table|SecsItem|nil}[]}[]})|nil A collection event has happened.
---@field trace_received fun(handler: GemHostHandler, data: {trid: integer|string, sample: integer, time: string, values: (string|number|boolean|table|SecsItem)[]})|nil Samples of a trace have come.
---@overload fun(address: HsmsProtocol|string, port?: integer, active?: boolean, session_id?: integer, name?: string, custom_connection_handler?: HsmsMultiPassiveServer, T3?: number, T5?: number, T6?: number, T7?: number, T8?: number, connect_timeout?: number, linktest_interval?: number, select_delay?: number, select_attempts?: integer, tolerated_linktest_failures?: integer, conformance?: 'lenient'|'strict', duplicates?: 'refuse'|'replace', max_message_length?: integer, bind_ip?: string, sessions?: integer[]): GemHostHandler
GemHostHandler = {}

--- Establishes the connection, and again after each loss, until disable.
function GemHostHandler:enable() end

--- Ends the session and closes the connection, which stays closed. Waits until it is closed, if the task can wait.
---@async
function GemHostHandler:disable() end

--- Closes the connection. While it is enabled, it is established again, as after a loss.
function GemHostHandler:disconnect() end

--- Asks the peer to establish the session. The active side does that by itself.
---@async
---@param session_id? integer Which session, where there are several; nil: the first.
---@return HsmsPacket|nil, string?, HsmsPacket? # the packet of the answer; nil and the reason, and the packet that decided, if one did
function GemHostHandler:send_select_req(session_id) end

--- Asks to end the session; the connection stays.
---@async
---@param session_id? integer Which session, where there are several; nil: the first.
---@return HsmsPacket|nil, string?, HsmsPacket? # the packet of the answer; nil and the reason, and the packet that decided, if one did
function GemHostHandler:send_deselect_req(session_id) end

--- Asks whether the peer still answers.
---@async
---@return HsmsPacket|nil, string?, HsmsPacket? # the packet of the answer; nil and the reason, and the packet that decided, if one did
function GemHostHandler:send_linktest_req() end

--- Sends a message that asks for a reply, and waits for the reply at most T3.
---@async
---@param message SecsMessage What to send.
---@return HsmsPacket|nil, string?, HsmsPacket? # the packet of the answer; nil and the reason, and the packet that decided, if one did
function GemHostHandler:send_and_waitfor_response(message) end

--- Waits until a session is established.
---@async
---@param timeout? number How long to wait; nil: for ever.
---@return boolean # whether a session is established
function GemHostHandler:waitfor_selected(timeout) end

--- Sends a Select.rsp. Not needed for requests of the peer: they are answered without it.
---@param system integer The system bytes of the request.
---@return boolean, string? # true, or false and the reason
function GemHostHandler:send_select_rsp(system) end

--- Sends a Deselect.rsp. Not needed for requests of the peer: they are answered without it.
---@param system integer The system bytes of the request.
---@return boolean, string? # true, or false and the reason
function GemHostHandler:send_deselect_rsp(system) end

--- Sends a Linktest.rsp. Not needed for requests of the peer: they are answered without it.
---@param system integer The system bytes of the request.
---@return boolean, string? # true, or false and the reason
function GemHostHandler:send_linktest_rsp(system) end

--- Sends a Reject.req.
---@param system integer The system bytes of the request.
---@param s_type integer The type of the rejected message.
---@param reason integer 1: unknown type, 2: unknown encoding, 3: no such request is open, 4: not selected.
---@return boolean, string? # true, or false and the reason
function GemHostHandler:send_reject_rsp(system, s_type, reason) end

--- Ends the session. If it is the only one, the connection ends, too.
---@return integer|nil, string? # the system bytes; nil and the reason
function GemHostHandler:send_separate_req() end

--- Sends a message and does not wait for a reply.
---@param message SecsMessage What to send.
---@return boolean, string? # true, or false and the reason
function GemHostHandler:send_stream_function(message) end

--- Replies to a message.
---@param message SecsMessage The reply, such as S1F2.
---@param system integer The system bytes of the request.
---@return boolean, string? # true, or false and the reason
function GemHostHandler:send_response(message, system) end

--- Gives system bytes that no open request uses.
---@return integer
function GemHostHandler:get_next_system_counter() end

--- Registers a callback for a message. It returns the reply, a value or SecsItem, or nothing to reply later. An error aborts the transaction.
---@param stream integer The stream.
---@param func integer The function, an odd number.
---@param callback fun(handler: SecsHandler, request: SecsRequest): (string|number|boolean|table|SecsItem)? Gets the handler and the SecsRequest. The value that it returns is the reply.
function GemHostHandler:register_stream_function(stream, func, callback) end

--- Removes the callback of a message.
---@param stream integer The stream.
---@param func integer The function, an odd number.
function GemHostHandler:unregister_stream_function(stream, func) end

--- Sends a message. If it asks for a reply, waits for the reply.
---@async
---@param message SecsMessage What to send.
---@return SecsMessage|true|nil, string? # the reply, or true when none is expected; nil and the reason
function GemHostHandler:send(message) end

--- Waits until communication is established.
---@async
---@param timeout? number How long to wait; nil: for ever.
---@return boolean # whether communication is established
function GemHostHandler:waitfor_communicating(timeout) end

--- Asks with S1F1 whether the peer is there.
---@async
---@return {MDLN: string|nil, SOFTREV: string|nil}|nil, string? # what the equipment says of itself, an empty table for a host; nil and the reason
function GemHostHandler:are_you_there() end

--- Sends a process program (S7F3).
---@async
---@param ppid string The name.
---@param ppbody string|SecsItem The content: a string or SecsItem.
---@return integer|nil, string? # the code: 0 is done; nil and the reason
function GemHostHandler:send_process_program(ppid, ppbody) end

--- Asks for a process program (S7F5).
---@async
---@param ppid string The name.
---@return string|number|boolean|table|SecsItem|nil, string? # the content as a value; nil and the reason
function GemHostHandler:request_process_program(ppid) end

--- Asks the equipment to go on-line (S1F17).
---@async
---@return integer|nil, string? # the code: 0 is done; nil and the reason
function GemHostHandler:go_online() end

--- Asks the equipment to go off-line (S1F15).
---@async
---@return integer|nil, string? # the code: 0 is done; nil and the reason
function GemHostHandler:go_offline() end

--- Asks for status variables (S1F3).
---@async
---@param svs? integer|string|(integer|string)[] A list of identifiers; nil: all.
---@return (string|number|boolean|table|SecsItem)[]|nil, string? # a list of values; nil and the reason
function GemHostHandler:request_svs(svs) end

--- Asks for a status variable (S1F3).
---@async
---@param sv integer|string The identifier.
---@return string|number|boolean|table|SecsItem|nil, string? # the value; nil and the reason
function GemHostHandler:request_sv(sv) end

--- Asks for the names of status variables (S1F11).
---@async
---@param svs? integer|string|(integer|string)[] A list of identifiers; nil: all.
---@return {id: integer|string, name: string, units: string}[]|nil, string? # a list, one table for each; nil and the reason
function GemHostHandler:list_svs(svs) end

--- Asks for equipment constants (S2F13).
---@async
---@param ecs? integer|string|(integer|string)[] A list of identifiers; nil: all.
---@return (string|number|boolean|table|SecsItem)[]|nil, string? # a list of values; nil and the reason
function GemHostHandler:request_ecs(ecs) end

--- Asks for an equipment constant (S2F13).
---@async
---@param ec integer|string The identifier.
---@return string|number|boolean|table|SecsItem|nil, string? # the value; nil and the reason
function GemHostHandler:request_ec(ec) end

--- Asks for the names and bounds of equipment constants (S2F29).
---@async
---@param ecs? integer|string|(integer|string)[] A list of identifiers; nil: all.
---@return {id: integer|string, name: string, min: string|number|boolean|table|SecsItem|nil, max: string|number|boolean|table|SecsItem|nil, default: string|number|boolean|table|SecsItem|nil, units: string}[]|nil, string? # a list, one table for each; nil and the reason
function GemHostHandler:list_ecs(ecs) end

--- Changes equipment constants (S2F15): all of them, or none.
---@async
---@param ecs {[1]: integer|string, [2]: string|number|boolean|table|SecsItem}[] A list of pairs {identifier, value}.
---@return integer|nil, string? # the code: 0 is done; nil and the reason
function GemHostHandler:set_ecs(ecs) end

--- Changes an equipment constant (S2F15).
---@async
---@param ec integer|string The identifier.
---@param value string|number|boolean|table|SecsItem A value or SecsItem.
---@return integer|nil, string? # the code: 0 is done; nil and the reason
function GemHostHandler:set_ec(ec, value) end

--- Defines a report of the variables, links it to the event and enables the event (S2F33, S2F35, S2F37).
---@async
---@param ceid integer|string The event.
---@param dvs integer|string|(integer|string)[] A list of variables.
---@param report_id? integer|string The report; nil: the next free number from 1000 on.
---@return integer|nil, string? # the code of the step that failed, or 0; nil and the reason
function GemHostHandler:subscribe_collection_event(ceid, dvs, report_id) end

--- Disables all collection events (S2F37).
---@async
---@return integer|nil, string? # the code: 0 is done; nil and the reason
function GemHostHandler:disable_ceids() end

--- Deletes all reports and their links (S2F33).
---@async
---@return integer|nil, string? # the code: 0 is done; nil and the reason
function GemHostHandler:disable_ceid_reports() end

--- Disables all collection events and deletes all reports.
---@async
---@return integer|nil, string? # the code: 0 is done; nil and the reason
function GemHostHandler:clear_collection_events() end

--- Asks for the reports that the event would have if it happened now (S6F15).
---@async
---@param ceid integer|string The event.
---@return {ceid: integer|string, reports: {rptid: integer|string, values: {dvid: integer|string|nil, value: string|number|boolean|table|SecsItem|nil}[]}[]}|nil, string? # a table as collection_event_received gets; nil and the reason
function GemHostHandler:request_event_report(ceid) end

--- Enables an alarm (S5F3).
---@async
---@param alid? integer|string The alarm; nil: all.
---@return integer|nil, string? # the code: 0 is done; nil and the reason
function GemHostHandler:enable_alarm(alid) end

--- Disables an alarm (S5F3).
---@async
---@param alid? integer|string The alarm; nil: all.
---@return integer|nil, string? # the code: 0 is done; nil and the reason
function GemHostHandler:disable_alarm(alid) end

--- Asks for alarms (S5F5).
---@async
---@param alids? integer|string|(integer|string)[] A list of identifiers; nil: all.
---@return {alid: integer|string, code: integer, set: boolean, text: string}[]|nil, string? # a list, one table for each; nil and the reason
function GemHostHandler:list_alarms(alids) end

--- Asks for the alarms that are enabled (S5F7).
---@async
---@return {alid: integer|string, code: integer, set: boolean, text: string}[]|nil, string? # a list, one table for each; nil and the reason
function GemHostHandler:list_enabled_alarms() end

--- Gives a command (S2F41).
---@async
---@param rcmd string The command.
---@param params? table<string, string|number|boolean|table|SecsItem>|{[1]: string, [2]: string|number|boolean|table|SecsItem}[] Its parameters: a list of pairs {name, value}, or a table by name.
---@return integer|nil, (table<string, integer>|string)? # the code: 0 is done, 4 will be done; then the codes of wrong parameters by name, if there are any; nil and the reason
function GemHostHandler:send_remote_command(rcmd, params) end

--- Sends a line to a terminal of the equipment (S10F3).
---@async
---@param terminal_id integer The terminal; 0 is the main one.
---@param text string The line.
---@return integer|nil, string? # the code: 0 is done; nil and the reason
function GemHostHandler:send_equipment_terminal(terminal_id, text) end

--- Deletes process programs (S7F17).
---@async
---@param ppids string[] A list of names.
---@return integer|nil, string? # the code: 0 is done; nil and the reason
function GemHostHandler:delete_process_programs(ppids) end

--- Asks for the names of the process programs (S7F19).
---@async
---@return string[]|nil, string? # a list of names; nil and the reason
function GemHostHandler:get_process_program_list() end

--- Makes the equipment send samples of status variables (S2F23); they come with trace_received.
---@async
---@param trid integer|string The trace.
---@param period number The time from one sample to the next.
---@param total integer How many samples; 0 ends the trace.
---@param svs integer|string|(integer|string)[] A list of status variables.
---@param group_size? integer How many samples come in one message.
---@return integer|nil, string? # the code: 0 is done; nil and the reason
function GemHostHandler:start_trace(trid, period, total, svs, group_size) end

--- Fetches the messages that the equipment has kept while there was no communication (S6F23).
---@async
---@param purge? boolean Whether the messages are dropped instead.
---@return integer|nil, string? # the code: 0 is done; nil and the reason
function GemHostHandler:unload_spool(purge) end

--- A command of the host that waits for its answer. Made by GemEquipmentHandler.
---@class GemCommand
---@field name string The command.
---@field params table<string, string|number|boolean|table|SecsItem> The parameters' values by name.
GemCommand = {}

--- Answers the command. A second answer has no effect.
---@param code? integer 0: done, 2: cannot be done now, 3: wrong parameter, 4: will be done.
---@param faults? table<string, integer> The codes of wrong parameters, by name: 1: unknown, 2: illegal value, 3: illegal format.
function GemCommand:reply(code, faults) end

--- Answers that the command cannot be done now.
function GemCommand:abort() end

--- The equipment's side of GEM.
---@class GemEquipmentHandler : GemHandler
---@field name string The name by which it is known.
---@field address string The peer's address or host name, as given.
---@field port integer The peer's port, or the port to listen on.
---@field active boolean Whether this side makes the connection.
---@field session_id integer The session ID of data messages.
---@field sessionID integer The session ID of data messages.
---@field connected boolean Whether there is a TCP connection.
---@field selected boolean Whether a session is established.
---@field connection_state 'NOT-CONNECTED'|'CONNECTED_NOT-SELECTED'|'CONNECTED_SELECTED' 'NOT-CONNECTED', 'CONNECTED_NOT-SELECTED' or 'CONNECTED_SELECTED'.
---@field connectionState 'NOT-CONNECTED'|'CONNECTED_NOT-SELECTED'|'CONNECTED_SELECTED' 'NOT-CONNECTED', 'CONNECTED_NOT-SELECTED' or 'CONNECTED_SELECTED'.
---@field system_counter integer The system bytes that were used last; random at first.
---@field systemCounter integer The system bytes that were used last; random at first.
---@field connection HsmsConnection The connection.
---@field protocol HsmsProtocol The protocol below.
---@field communication_state 'DISABLED'|'NOT_COMMUNICATING'|'WAIT_CRA'|'WAIT_DELAY'|'WAIT_CR'|'COMMUNICATING' 'DISABLED', 'NOT_COMMUNICATING', 'WAIT_CRA', 'WAIT_DELAY', 'WAIT_CR' or 'COMMUNICATING'.
---@field communicationState 'DISABLED'|'NOT_COMMUNICATING'|'WAIT_CRA'|'WAIT_DELAY'|'WAIT_CR'|'COMMUNICATING' 'DISABLED', 'NOT_COMMUNICATING', 'WAIT_CRA', 'WAIT_DELAY', 'WAIT_CR' or 'COMMUNICATING'.
---@field communicating boolean Whether communication is established.
---@field MDLN string The model of this equipment; at most 20 characters.
---@field SOFTREV string The revision of this equipment's software; at most 20 characters.
---@field peer_identity {MDLN: string, SOFTREV: string}|nil MDLN and SOFTREV of the peer; nil if the peer is a host.
---@field establish_communication_timeout number How long to wait after a failed S1F13; 10 s at first.
---@field establishCommunicationTimeout number How long to wait after a failed S1F13; 10 s at first.
---@field establish_attempts integer After how many unanswered S1F13 in a row the session is ended and begun again; 2 at first, 0: never.
---@field id_format 'U2'|'U4'|'U8' The format of identifiers that are numbers; nil, the first value, means the smallest format that holds the number.
---@field control_state 'EQUIPMENT_OFFLINE'|'ATTEMPT_ONLINE'|'HOST_OFFLINE'|'ONLINE_LOCAL'|'ONLINE_REMOTE' 'EQUIPMENT_OFFLINE', 'ATTEMPT_ONLINE', 'HOST_OFFLINE', 'ONLINE_LOCAL' or 'ONLINE_REMOTE'.
---@field controlState 'EQUIPMENT_OFFLINE'|'ATTEMPT_ONLINE'|'HOST_OFFLINE'|'ONLINE_LOCAL'|'ONLINE_REMOTE' 'EQUIPMENT_OFFLINE', 'ATTEMPT_ONLINE', 'HOST_OFFLINE', 'ONLINE_LOCAL' or 'ONLINE_REMOTE'.
---@field spooling boolean Whether messages are kept for the host while there is no communication.
---@field hsms_connected fun(handler: GemEquipmentHandler, data: {connection: HsmsProtocol|SecsHandler})|nil There is a TCP connection.
---@field hsms_selected fun(handler: GemEquipmentHandler, data: {connection: HsmsProtocol|SecsHandler, session_id: integer})|nil A session is established: data can be sent.
---@field hsms_deselected fun(handler: GemEquipmentHandler, data: {connection: HsmsProtocol|SecsHandler, session_id: integer})|nil A session has ended. The TCP connection stays.
---@field hsms_disconnected fun(handler: GemEquipmentHandler, data: {connection: HsmsProtocol|SecsHandler, reason: string})|nil The TCP connection is closed. Comes once for each hsms_connected.
---@field hsms_packet_received fun(handler: GemEquipmentHandler, data: {connection: HsmsProtocol|SecsHandler, packet: HsmsPacket})|nil A data message has come that is not the reply to a request.
---@field hsms_unexpected_reply fun(handler: GemEquipmentHandler, data: {connection: HsmsProtocol|SecsHandler, packet: HsmsPacket})|nil A reply has come that no request waits for, for instance after T3.
---@field hsms_open_failed fun(handler: GemEquipmentHandler, data: {connection: HsmsProtocol|SecsHandler, reason: string})|nil An attempt to connect or listen has failed. It is repeated after T5.
---@field handler_communicating fun(handler: GemEquipmentHandler, data: {handler: GemHandler})|nil Communication is established. Every request is possible.
---@field handler_not_communicating fun(handler: GemEquipmentHandler, data: {handler: GemHandler})|nil Communication has ended. It is being established again.
---@field terminal_received fun(handler: GemEquipmentHandler, data: {text: string, terminal: integer, lines: string[]})|nil A text for a terminal has come. If the event has a handler, the text counts as displayed.
---@field control_state_changed fun(handler: GemEquipmentHandler, state: 'EQUIPMENT_OFFLINE'|'ATTEMPT_ONLINE'|'HOST_OFFLINE'|'ONLINE_LOCAL'|'ONLINE_REMOTE')|nil The control state has changed.
---@field equipment_constant_changed fun(handler: GemEquipmentHandler, data: {ecid: integer|string, value: string|number|boolean|table|SecsItem})|nil The host has changed an equipment constant.
---@overload fun(address: HsmsProtocol|string, port?: integer, active?: boolean, session_id?: integer, name?: string, custom_connection_handler?: HsmsMultiPassiveServer, T3?: number, T5?: number, T6?: number, T7?: number, T8?: number, connect_timeout?: number, linktest_interval?: number, select_delay?: number, select_attempts?: integer, tolerated_linktest_failures?: integer, conformance?: 'lenient'|'strict', duplicates?: 'refuse'|'replace', max_message_length?: integer, bind_ip?: string, sessions?: integer[], initial_control_state?: 'ATTEMPT_ONLINE'|'EQUIPMENT_OFFLINE'|'HOST_OFFLINE'|'ONLINE', initial_online_control_state?: 'REMOTE'|'LOCAL'): GemEquipmentHandler
GemEquipmentHandler = {}

--- Establishes the connection, and again after each loss, until disable.
function GemEquipmentHandler:enable() end

--- Ends the session and closes the connection, which stays closed. Waits until it is closed, if the task can wait.
---@async
function GemEquipmentHandler:disable() end

--- Closes the connection. While it is enabled, it is established again, as after a loss.
function GemEquipmentHandler:disconnect() end

--- Asks the peer to establish the session. The active side does that by itself.
---@async
---@param session_id? integer Which session, where there are several; nil: the first.
---@return HsmsPacket|nil, string?, HsmsPacket? # the packet of the answer; nil and the reason, and the packet that decided, if one did
function GemEquipmentHandler:send_select_req(session_id) end

--- Asks to end the session; the connection stays.
---@async
---@param session_id? integer Which session, where there are several; nil: the first.
---@return HsmsPacket|nil, string?, HsmsPacket? # the packet of the answer; nil and the reason, and the packet that decided, if one did
function GemEquipmentHandler:send_deselect_req(session_id) end

--- Asks whether the peer still answers.
---@async
---@return HsmsPacket|nil, string?, HsmsPacket? # the packet of the answer; nil and the reason, and the packet that decided, if one did
function GemEquipmentHandler:send_linktest_req() end

--- Sends a message that asks for a reply, and waits for the reply at most T3.
---@async
---@param message SecsMessage What to send.
---@return HsmsPacket|nil, string?, HsmsPacket? # the packet of the answer; nil and the reason, and the packet that decided, if one did
function GemEquipmentHandler:send_and_waitfor_response(message) end

--- Waits until a session is established.
---@async
---@param timeout? number How long to wait; nil: for ever.
---@return boolean # whether a session is established
function GemEquipmentHandler:waitfor_selected(timeout) end

--- Sends a Select.rsp. Not needed for requests of the peer: they are answered without it.
---@param system integer The system bytes of the request.
---@return boolean, string? # true, or false and the reason
function GemEquipmentHandler:send_select_rsp(system) end

--- Sends a Deselect.rsp. Not needed for requests of the peer: they are answered without it.
---@param system integer The system bytes of the request.
---@return boolean, string? # true, or false and the reason
function GemEquipmentHandler:send_deselect_rsp(system) end

--- Sends a Linktest.rsp. Not needed for requests of the peer: they are answered without it.
---@param system integer The system bytes of the request.
---@return boolean, string? # true, or false and the reason
function GemEquipmentHandler:send_linktest_rsp(system) end

--- Sends a Reject.req.
---@param system integer The system bytes of the request.
---@param s_type integer The type of the rejected message.
---@param reason integer 1: unknown type, 2: unknown encoding, 3: no such request is open, 4: not selected.
---@return boolean, string? # true, or false and the reason
function GemEquipmentHandler:send_reject_rsp(system, s_type, reason) end

--- Ends the session. If it is the only one, the connection ends, too.
---@return integer|nil, string? # the system bytes; nil and the reason
function GemEquipmentHandler:send_separate_req() end

--- Sends a message and does not wait for a reply.
---@param message SecsMessage What to send.
---@return boolean, string? # true, or false and the reason
function GemEquipmentHandler:send_stream_function(message) end

--- Replies to a message.
---@param message SecsMessage The reply, such as S1F2.
---@param system integer The system bytes of the request.
---@return boolean, string? # true, or false and the reason
function GemEquipmentHandler:send_response(message, system) end

--- Gives system bytes that no open request uses.
---@return integer
function GemEquipmentHandler:get_next_system_counter() end

--- Registers a callback for a message. It returns the reply, a value or SecsItem, or nothing to reply later. An error aborts the transaction.
---@param stream integer The stream.
---@param func integer The function, an odd number.
---@param callback fun(handler: SecsHandler, request: SecsRequest): (string|number|boolean|table|SecsItem)? Gets the handler and the SecsRequest. The value that it returns is the reply.
function GemEquipmentHandler:register_stream_function(stream, func, callback) end

--- Removes the callback of a message.
---@param stream integer The stream.
---@param func integer The function, an odd number.
function GemEquipmentHandler:unregister_stream_function(stream, func) end

--- Sends a message. If it asks for a reply, waits for the reply.
---@async
---@param message SecsMessage What to send.
---@return SecsMessage|true|nil, string? # the reply, or true when none is expected; nil and the reason
function GemEquipmentHandler:send(message) end

--- Waits until communication is established.
---@async
---@param timeout? number How long to wait; nil: for ever.
---@return boolean # whether communication is established
function GemEquipmentHandler:waitfor_communicating(timeout) end

--- Asks with S1F1 whether the peer is there.
---@async
---@return {MDLN: string|nil, SOFTREV: string|nil}|nil, string? # what the equipment says of itself, an empty table for a host; nil and the reason
function GemEquipmentHandler:are_you_there() end

--- Sends a process program (S7F3).
---@async
---@param ppid string The name.
---@param ppbody string|SecsItem The content: a string or SecsItem.
---@return integer|nil, string? # the code: 0 is done; nil and the reason
function GemEquipmentHandler:send_process_program(ppid, ppbody) end

--- Asks for a process program (S7F5).
---@async
---@param ppid string The name.
---@return string|number|boolean|table|SecsItem|nil, string? # the content as a value; nil and the reason
function GemEquipmentHandler:request_process_program(ppid) end

--- The operator wants to be on-line.
function GemEquipmentHandler:control_switch_online() end

--- The operator wants to be off-line.
function GemEquipmentHandler:control_switch_offline() end

--- The operator takes command.
function GemEquipmentHandler:control_switch_online_local() end

--- The operator gives command to the host.
function GemEquipmentHandler:control_switch_online_remote() end

--- Adds a status variable. Raises ValueError when the identifier is in use.
---@param id integer|string The identifier: a number or a string.
---@param name string The name.
---@param units string The units of measure; '' for none.
---@param value string|number|boolean|table|SecsItem A value or SecsItem.
function GemEquipmentHandler:add_status_variable(id, name, units, value) end

--- Adds a data value of reports. Raises ValueError when the identifier is in use.
---@param id integer|string The identifier: a number or a string.
---@param name string The name.
---@param units string The units of measure; '' for none.
---@param value string|number|boolean|table|SecsItem A value or SecsItem.
function GemEquipmentHandler:add_data_value(id, name, units, value) end

--- Sets a status variable, data value or equipment constant. Raises ValueError when it does not exist or the value does not fit.
---@param id integer|string The identifier: a number or a string.
---@param value string|number|boolean|table|SecsItem A value, taken in the variable's format, or a SecsItem.
function GemEquipmentHandler:set_value(id, value) end

--- Gives the value of a variable.
---@param id integer|string The identifier: a number or a string.
---@return string|number|boolean|table|nil # the value, or nil when there is none
function GemEquipmentHandler:get_value(id) end

--- Adds a collection event. Raises ValueError when the identifier is in use.
---@param id integer|string The identifier: a number or a string.
---@param name string The name.
---@param dvs? integer|string|(integer|string)[] The data values that mean something in its reports.
function GemEquipmentHandler:add_collection_event(id, name, dvs) end

--- Reports that events have happened, if the host has enabled them. Raises ValueError for an unknown event.
---@param ceids integer|string|(integer|string)[] A list of identifiers, or one.
function GemEquipmentHandler:trigger_collection_events(ceids) end

--- Adds an alarm. It is disabled until the host enables it.
---@param id integer|string The identifier: a number or a string.
---@param text string The text; at most 120 characters.
---@param code integer The category, such as 2 for the equipment's safety.
---@param ce_on? integer|string The collection event that tells that it is set.
---@param ce_off? integer|string The collection event that tells that it is cleared.
function GemEquipmentHandler:add_alarm(id, text, code, ce_on, ce_off) end

--- Sets an alarm. It is reported if it is enabled. Raises ValueError when it does not exist.
---@param id integer|string The identifier: a number or a string.
function GemEquipmentHandler:set_alarm(id) end

--- Clears an alarm. Raises ValueError when it does not exist.
---@param id integer|string The identifier: a number or a string.
function GemEquipmentHandler:clear_alarm(id) end

--- Adds a command that the host may give. Raises ValueError when there is already one of that name.
---@param rcmd string The command; hosts may write it in upper or lower case.
---@param params string[] A list of the names of its parameters.
---@param callback fun(handler: GemEquipmentHandler, command: GemCommand): integer? Gets the handler and the GemCommand. The code that it returns is the answer; nothing means 0.
---@param local_? boolean Whether the command is allowed while the operator has the control.
function GemEquipmentHandler:add_remote_command(rcmd, params, callback, local_) end

--- Sends a line to the host (S10F1).
---@async
---@param terminal_id integer The terminal from which the text comes.
---@param text string The line.
---@return integer|nil, string? # the code: 0 is done; nil and the reason
function GemEquipmentHandler:send_host_terminal(terminal_id, text) end

--- Adds an equipment constant. Raises ValueError when the identifier is in use.
---@param id integer|string The identifier: a number or a string.
---@param name string The name.
---@param units string The units of measure; '' for none.
---@param value string|number|boolean|table|SecsItem The first value, also as a SecsItem.
---@param min? string|number|boolean|table|SecsItem The least value; nil for none.
---@param max? string|number|boolean|table|SecsItem The greatest value; nil for none.
function GemEquipmentHandler:add_equipment_constant(id, name, units, value, min, max) end

--- A file of the program's folder, which is the root '/'.
---@class File
---@field Filename string The name as given.
---@overload fun(Filename: string, mode?: string, encoding?: string, newline?: string): File
File = {}

--- Reads.
---@param size? integer How many bytes; -1: all that are left.
---@return string # '' at the end of the file
function File:read(size) end

--- Reads a line.
---@return string # the line with its '\n', '' at the end of the file
function File:readline() end

--- Moves to another position.
---@param offset integer How far, in bytes.
---@param whence? integer From 0: the beginning, 1: here, 2: the end.
---@return integer # the new position
function File:seek(offset, whence) end

--- Tells the position in the file.
---@return integer # the position, from 0
function File:tell() end

--- Writes.
---@param data string What to write.
---@return integer # the number of bytes
function File:write(data) end

--- Writes strings, one after the other.
---@param seq string[] A list of strings.
function File:writelines(seq) end

--- Closes the file. Has no effect when it is closed.
function File:close() end

--- The same as File, under another name: a file of the program's folder.
---@class RFile
---@field Filename string The name as given.
---@overload fun(Filename: string, mode?: string, encoding?: string, newline?: string): RFile
RFile = {}

--- Reads.
---@param size? integer How many bytes; -1: all that are left.
---@return string # '' at the end of the file
function RFile:read(size) end

--- Reads a line.
---@return string # the line with its '\n', '' at the end of the file
function RFile:readline() end

--- Moves to another position.
---@param offset integer How far, in bytes.
---@param whence? integer From 0: the beginning, 1: here, 2: the end.
---@return integer # the new position
function RFile:seek(offset, whence) end

--- Tells the position in the file.
---@return integer # the position, from 0
function RFile:tell() end

--- Writes.
---@param data string What to write.
---@return integer # the number of bytes
function RFile:write(data) end

--- Writes strings, one after the other.
---@param seq string[] A list of strings.
function RFile:writelines(seq) end

--- Closes the file. Has no effect when it is closed.
function RFile:close() end

--- A device of a module that DeviceModule makes; see device-modules.md. The module's field DeviceClass is this class.
---@class DeviceClass
---@field ErrorOccurred fun(object: DeviceClass, command: string|nil, qualifier: table<string, string|number|boolean>|nil, reason: 'Checksum'|'DeviceError'|'Failed'|'Framing'|'ModuleError'|'Refused'|'Timeout'|'Unmatched'|'Value', text: string)|nil Something is wrong with the device or with a message from it.
local DeviceClass = {}

--- Makes the device do something.
---@param command string A command of the module.
---@param value? string|number|boolean The value, one that the command allows; nil for a trigger.
---@param qualifier? table<string, string|number|boolean> The qualifier, for a command that has one.
function DeviceClass:Set(command, value, qualifier) end

--- Asks the device for a status.
---@param command string A command of the module.
---@param qualifier? table<string, string|number|boolean> The qualifier, for a command that has one.
function DeviceClass:Update(command, qualifier) end

--- Tells a status without asking the device.
---@param command string A command of the module.
---@param qualifier? table<string, string|number|boolean> The qualifier, for a command that has one.
---@return string|number|boolean|nil # the last known value; nil when there is none
function DeviceClass:ReadStatus(command, qualifier) end

--- For the module itself: stores a status and calls the subscribed callbacks.
---@param command string A command of the module.
---@param value string|number|boolean The status.
---@param qualifier? table<string, string|number|boolean> The qualifier, for a command that has one.
function DeviceClass:WriteStatus(command, value, qualifier) end

--- Calls a function at each change of a status.
---@param command string A command of the module.
---@param qualifier? table<string, string|number|boolean> The qualifier; nil: every change of the command.
---@param callback fun(command: string, value: string|number|boolean|nil, qualifier: table|nil) Called with the command, the value and the qualifier.
function DeviceClass:SubscribeStatus(command, qualifier, callback) end

--- Says that the device is there.
function DeviceClass:OnConnected() end

--- Says that the device is gone.
function DeviceClass:OnDisconnected() end

--- Says that the device has restarted. Login and handshake are done again, then every status is asked for.
function DeviceClass:OnRestarted() end

--- Calls a function for messages that fit no command.
---@param pattern string|Pattern A pattern of re.
---@param callback fun(match: Match, tag: any) Called with the Match and the tag.
---@param tag? any Anything.
function DeviceClass:AddMatchString(pattern, callback, tag) end

--- For the module itself: reports an error in the log, and by ErrorOccurred.
---@param text any What is wrong.
function DeviceClass:Error(text) end

--- The methods of Python's bytes, which every string has beside Lua's own.
---@class stringlib
string = {}

--- Makes the first byte a capital and the other letters small.
---@param self string
---@return string
function string.capitalize(self) end

--- Makes all letters small, for comparisons without regard to case.
---@param self string
---@return string
function string.casefold(self) end

--- Adds fill bytes at both ends.
---@param self string
---@param width integer The length to reach.
---@param fillbyte? string One byte.
---@return string
function string.center(self, width, fillbyte) end

--- Counts a string in the part, without overlaps.
---@param self string
---@param sub string What to look for.
---@param start? integer Where the part begins.
---@param end_? integer Where the part ends; this byte belongs to it.
---@return integer
function string.count(self, sub, start, end_) end

--- Gives the same string: text and bytes are both strings. Raises ValueError when the bytes are not valid in the encoding.
---@param self string
---@param encoding? string One of 'utf-8', 'ascii', 'latin-1'.
---@param errors? 'strict'|'ignore'|'replace' What happens to bytes that the encoding does not have.
---@return string
function string.decode(self, encoding, errors) end

--- Gives the same string: text and bytes are both strings. With 'ascii', raises ValueError when there are other bytes.
---@param self string
---@param encoding? string One of 'utf-8', 'ascii', 'latin-1'.
---@param errors? 'strict'|'ignore'|'replace' What happens to bytes that the encoding does not have.
---@return string
function string.encode(self, encoding, errors) end

--- Tells whether the part ends with the suffix.
---@param self string
---@param suffix string|string[] A string, or a list of strings of which one has to fit.
---@param start? integer Where the part begins.
---@param end_? integer Where the part ends; this byte belongs to it.
---@return boolean
function string.endswith(self, suffix, start, end_) end

--- Replaces tabs by spaces.
---@param self string
---@param tabsize? integer Columns from one tab stop to the next.
---@return string
function string.expandtabs(self, tabsize) end

--- Fills in the fields of the text as formatted does, all of them by name.
---@param self string
---@param mapping table A table with a value for each name.
---@return string
function string.format_map(self, mapping) end

--- Fills in the fields of the text, `{}`, `{0}` and `{name:>8.2f}`, as Python's format does.
---@param self string
---@param ... any The values of the fields. A table as the last argument has the values of the named fields.
---@return string
function string.formatted(self, ...) end

--- Gives the bytes of the hexadecimal digits; whitespace may stand between bytes.
---@param self string
---@return string
function string.fromhex(self) end

--- Gives two hexadecimal digits for each byte.
---@param self string
---@param sep? string One byte of ASCII to put between groups.
---@param bytes_per_sep? integer The bytes of a group. Groups are counted from the end, with a negative number from the beginning.
---@return string
function string.hex(self, sep, bytes_per_sep) end

--- Gives the position of the first one. Raises ValueError when there is none.
---@param self string
---@param sub string What to look for.
---@param start? integer Where the part begins.
---@param end_? integer Where the part ends; this byte belongs to it.
---@return integer
function string.index(self, sub, start, end_) end

--- Tells whether there are bytes, and all are letters or digits.
---@param self string
---@return boolean
function string.isalnum(self) end

--- Tells whether there are bytes, and all are letters.
---@param self string
---@return boolean
function string.isalpha(self) end

--- Tells whether all bytes are below 128.
---@param self string
---@return boolean
function string.isascii(self) end

--- Does what isdigit does.
---@param self string
---@return boolean
function string.isdecimal(self) end

--- Tells whether there are bytes, and all are digits.
---@param self string
---@return boolean
function string.isdigit(self) end

--- Tells whether it could be a name: letters, digits and underscores, with no digit first.
---@param self string
---@return boolean
function string.isidentifier(self) end

--- Tells whether there are letters, and all are small.
---@param self string
---@return boolean
function string.islower(self) end

--- Does what isdigit does.
---@param self string
---@return boolean
function string.isnumeric(self) end

--- Tells whether all bytes are printable ASCII.
---@param self string
---@return boolean
function string.isprintable(self) end

--- Tells whether there are bytes, and all are whitespace.
---@param self string
---@return boolean
function string.isspace(self) end

--- Tells whether there are letters, and each run of them begins with a capital and goes on with small letters.
---@param self string
---@return boolean
function string.istitle(self) end

--- Tells whether there are letters, and all are capitals.
---@param self string
---@return boolean
function string.isupper(self) end

--- Joins the strings of the list, with this string between them.
---@param self string
---@param iterable (string|number)[] A list of strings or numbers.
---@return string
function string.join(self, iterable) end

--- Adds fill bytes at the end.
---@param self string
---@param width integer The length to reach.
---@param fillbyte? string One byte.
---@return string
function string.ljust(self, width, fillbyte) end

--- Removes bytes of a set at the beginning.
---@param self string
---@param bytes? string The set of bytes; by default whitespace.
---@return string
function string.lstrip(self, bytes) end

--- Makes a table for translate that replaces each byte of this string by the byte of `to` at the same place.
---@param self string
---@param to string The new bytes, as many as this string has.
---@return string # 256 bytes
function string.maketrans(self, to) end

--- Cuts at the first separator. Without one it gives the string and two empty strings.
---@param self string
---@param sep string Where to cut.
---@return string, string, string # what is before it, it, and what is behind it
function string.partition(self, sep) end

--- Removes the prefix if the string begins with it.
---@param self string
---@param prefix string What to remove.
---@return string
function string.removeprefix(self, prefix) end

--- Removes the suffix if the string ends with it.
---@param self string
---@param suffix string What to remove.
---@return string
function string.removesuffix(self, suffix) end

--- Replaces one string by another.
---@param self string
---@param old string What to replace.
---@param new string What to put there.
---@param count? integer The most replacements; -1: all.
---@return string
function string.replace(self, old, new, count) end

--- Gives the position of the last one.
---@param self string
---@param sub string What to look for.
---@param start? integer Where the part begins.
---@param end_? integer Where the part ends; this byte belongs to it.
---@return integer|nil
function string.rfind(self, sub, start, end_) end

--- Gives the position of the last one. Raises ValueError when there is none.
---@param self string
---@param sub string What to look for.
---@param start? integer Where the part begins.
---@param end_? integer Where the part ends; this byte belongs to it.
---@return integer
function string.rindex(self, sub, start, end_) end

--- Adds fill bytes at the beginning.
---@param self string
---@param width integer The length to reach.
---@param fillbyte? string One byte.
---@return string
function string.rjust(self, width, fillbyte) end

--- Cuts at the last separator. Without one it gives two empty strings and the string.
---@param self string
---@param sep string Where to cut.
---@return string, string, string # what is before it, it, and what is behind it
function string.rpartition(self, sep) end

--- Cuts into pieces, at most maxsplit times from the end.
---@param self string
---@param sep? string Where to cut; by default at whitespace.
---@param maxsplit? integer The most cuts; -1: all.
---@return string[]
function string.rsplit(self, sep, maxsplit) end

--- Removes bytes of a set at the end.
---@param self string
---@param bytes? string The set of bytes; by default whitespace.
---@return string
function string.rstrip(self, bytes) end

--- Cuts into pieces, at most maxsplit times from the beginning.
---@param self string
---@param sep? string Where to cut; by default at whitespace.
---@param maxsplit? integer The most cuts; -1: all.
---@return string[]
function string.split(self, sep, maxsplit) end

--- Cuts into lines, which end with LF, CR or CR LF.
---@param self string
---@param keepends? boolean Whether lines keep their ends.
---@return string[]
function string.splitlines(self, keepends) end

--- Tells whether the part begins with the prefix.
---@param self string
---@param prefix string|string[] A string, or a list of strings of which one has to fit.
---@param start? integer Where the part begins.
---@param end_? integer Where the part ends; this byte belongs to it.
---@return boolean
function string.startswith(self, prefix, start, end_) end

--- Removes bytes of a set at both ends.
---@param self string
---@param bytes? string The set of bytes; by default whitespace.
---@return string
function string.strip(self, bytes) end

--- Makes capitals small and small letters capitals.
---@param self string
---@return string
function string.swapcase(self) end

--- Makes the first letter of each run of letters a capital, and the others small.
---@param self string
---@return string
function string.title(self) end

--- Replaces each byte by the one that a table has for it.
---@param self string
---@param table string 256 bytes: the new byte for each byte; nil changes none.
---@param delete? string The set of bytes to take out.
---@return string
function string.translate(self, table, delete) end

--- Adds zeros at the beginning, after the sign if there is one.
---@param self string
---@param width integer The length to reach.
---@return string
function string.zfill(self, width) end

json = {
    --- Stands for null in lists and objects. It counts as true.
    ---@type userdata
    null = nil,
}

checksum = {
}

hex = {
}

time = {
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

http = {
}

base64 = {
}

binascii = {
}

calendar = {
}

collections = {
}

csv = {
}

datetime = {
}

hashlib = {
}

hmac = {
}

random = {
}

secrets = {
}

struct = {
}

uuid = {
}

--- Makes a device module of a declaration. A mistake in it raises ValueError, which names module, command and field.
---@param declaration table The protocol of the device; see device-modules.md.
---@return {EthernetClass: table, SSHClass: table, UDPClass: table, SerialClass: table, SerialOverEthernetClass: table, DeviceClass: table} # the classes that make devices
function DeviceModule(declaration) end

--- Ends the program in order, when the calling task has ended or waits.
---@param code? integer The exit code.
function ExitProgram(code) end

--- Makes a folder the current one.
---@param path string A path from the current folder, or from the root if it begins with '/'.
function File.ChangeDir(path) end

--- Removes an empty folder.
---@param path string A path from the current folder, or from the root if it begins with '/'.
function File.DeleteDir(path) end

--- Removes a file.
---@param filename string The file.
function File.DeleteFile(filename) end

--- Tells whether a file or folder is there.
---@param path string A path from the current folder, or from the root if it begins with '/'.
---@return boolean
function File.Exists(path) end

--- Tells the current folder.
---@return string # its path from the root
function File.GetCurrentDir() end

--- Lists a folder.
---@param path? string A folder; nil: the current one.
---@return string[] # the names, in order
function File.ListDir(path) end

--- Makes a folder inside an existing one.
---@param path string A path from the current folder, or from the root if it begins with '/'.
function File.MakeDir(path) end

--- Renames a file or a folder. A file that has the new name is replaced.
---@param oldname string What is there.
---@param newname string Its new name.
function File.RenameFile(oldname, newname) end

--- Makes a connection handler for an interface. Waits only if SubscribeStatus of the module waits.
---@async
---@param Interface EthernetClientInterface|SerialInterface|EthernetServerInterface|EthernetServerInterfaceEx|DeviceClass|table The interface to handle, or a device module that is one or has one in `Interface`.
---@param keepAliveQuery? string|fun(handler: RawTcpHandler|RawSimplePipeHandler) A function that asks the device something, or the name of a module's command; not for servers.
---@param keepAliveQueryQualifier? table<string, string|number|boolean> For device modules: the qualifier of the query.
---@param DisconnectLimit? integer More sends than this without an accepted response mean Disconnected.
---@param pollFrequency? number The time between two queries.
---@param connectRetryTime? number The time from a loss to the next attempt.
---@param serverTimeout? number How long a server's client may be idle.
---@param ConnectedOn? 'Socket'|'Response' When a TCP device is Connected: with its socket, or with its first accepted response.
---@param Retry? 'Fixed'|'Backoff' 'Backoff': the first retry comes within a second, later ones less and less often, and none after a refused login or certificate.
---@param connectRetryLimit? number The longest time between attempts of 'Backoff'.
---@return RawSimplePipeHandler|RawTcpHandler|ModuleSimplePipeHandler|ModuleTcpHandler|ServerExHandler # the handler that fits the interface
function GetConnectionHandler(Interface, keepAliveQuery, keepAliveQueryQualifier, DisconnectLimit, pollFrequency, connectRetryTime, serverTimeout, ConnectedOn, Retry, connectRetryLimit) end

--- Tells how long the machine has been running.
---@return number # the seconds
function GetSystemUpTime() end

--- Makes the header of a Deselect.req.
---@param system integer The system bytes.
---@return HsmsHeader
function HsmsDeselectReqHeader(system) end

--- Makes the header of a Deselect.rsp with status 0.
---@param system integer The system bytes.
---@return HsmsHeader
function HsmsDeselectRspHeader(system) end

--- Makes the header of a Linktest.req.
---@param system integer The system bytes.
---@return HsmsHeader
function HsmsLinktestReqHeader(system) end

--- Makes the header of a Linktest.rsp.
---@param system integer The system bytes.
---@return HsmsHeader
function HsmsLinktestRspHeader(system) end

--- Reads a message. Raises ValueError when its length does not fit the bytes.
---@param bytes string A whole message, with its length.
---@return HsmsPacket
function HsmsPacket.decode(bytes) end

--- Makes the header of a Reject.req.
---@param system integer The system bytes.
---@param s_type integer The type of the rejected message.
---@param reason integer 1: unknown type, 2: unknown encoding, 3: no such request is open, 4: not selected.
---@return HsmsHeader
function HsmsRejectReqHeader(system, s_type, reason) end

--- Makes the header of a Select.req.
---@param system integer The system bytes.
---@return HsmsHeader
function HsmsSelectReqHeader(system) end

--- Makes the header of a Select.rsp with status 0.
---@param system integer The system bytes.
---@return HsmsHeader
function HsmsSelectRspHeader(system) end

--- Makes the header of a Separate.req.
---@param system integer The system bytes.
---@return HsmsHeader
function HsmsSeparateReqHeader(system) end

--- Makes the header of a data message.
---@param system integer The system bytes.
---@param stream integer The stream.
---@param func integer The function.
---@param require_response boolean Whether a reply is expected.
---@param session_id integer The session ID.
---@return HsmsHeader
function HsmsStreamFunctionHeader(system, stream, func, require_response, session_id) end

--- Tells the version.
---@return string # the version of the connection handlers
function ModuleVersion() end

--- Sends echo requests. Each is sent when the one before is answered or 1 s old. Raises IOError when the system does not allow them.
---@async
---@param hostname? string The name or IP address.
---@param count? integer How many requests.
---@return integer, integer, number # how many were answered, how many were not, and the average time of an answer in milliseconds
function Ping(hostname, count) end

--- Tells which platform's library the program finds.
---@return 'Pro xi'
function Platform() end

--- Writes to the program log.
---@param Entry any What to log.
---@param Severity? 'error'|'info'|'warning' How bad it is.
function ProgramLog(Entry, Severity) end

--- Makes a folder the current one.
---@param path string A path from the current folder, or from the root if it begins with '/'.
function RFile.ChangeDir(path) end

--- Removes an empty folder.
---@param path string A path from the current folder, or from the root if it begins with '/'.
function RFile.DeleteDir(path) end

--- Removes a file.
---@param filename string The file.
function RFile.DeleteFile(filename) end

--- Tells whether a file or folder is there.
---@param path string A path from the current folder, or from the root if it begins with '/'.
---@return boolean
function RFile.Exists(path) end

--- Tells the current folder.
---@return string # its path from the root
function RFile.GetCurrentDir() end

--- Lists a folder.
---@param path? string A folder; nil: the current one.
---@return string[] # the names, in order
function RFile.ListDir(path) end

--- Makes a folder inside an existing one.
---@param path string A path from the current folder, or from the root if it begins with '/'.
function RFile.MakeDir(path) end

--- Renames a file or a folder. A file that has the new name is replaced.
---@param oldname string What is there.
---@param newname string Its new name.
function RFile.RenameFile(oldname, newname) end

--- Writes the newest log entries to a file, at most 2,000 and 1 MiB. It replaces the file as a whole.
---@param path? string|File The name of the file, or a folder, where the file gets a name with the time, or an open File; nil: the root folder.
function SaveProgramLog(path) end

--- Makes an item of the format A. Raises ValueError when the value does not fit.
---@param value? string|number|boolean|table|SecsItem One value, or a list; nil makes an item without values.
---@return SecsItem
function SecsItem.A(value) end

--- Makes an item of the format B. Raises ValueError when the value does not fit.
---@param value? string|number|boolean|table|SecsItem One value, or a list; nil makes an item without values.
---@return SecsItem
function SecsItem.B(value) end

--- Makes an item of the format BOOLEAN. Raises ValueError when the value does not fit.
---@param value? string|number|boolean|table|SecsItem One value, or a list; nil makes an item without values.
---@return SecsItem
function SecsItem.BOOLEAN(value) end

--- Makes an item of the format C2. Raises ValueError when the value does not fit.
---@param value? string|number|boolean|table|SecsItem One value, or a list; nil makes an item without values.
---@return SecsItem
function SecsItem.C2(value) end

--- Makes an item of the format F4. Raises ValueError when the value does not fit.
---@param value? string|number|boolean|table|SecsItem One value, or a list; nil makes an item without values.
---@return SecsItem
function SecsItem.F4(value) end

--- Makes an item of the format F8. Raises ValueError when the value does not fit.
---@param value? string|number|boolean|table|SecsItem One value, or a list; nil makes an item without values.
---@return SecsItem
function SecsItem.F8(value) end

--- Makes an item of the format I1. Raises ValueError when the value does not fit.
---@param value? string|number|boolean|table|SecsItem One value, or a list; nil makes an item without values.
---@return SecsItem
function SecsItem.I1(value) end

--- Makes an item of the format I2. Raises ValueError when the value does not fit.
---@param value? string|number|boolean|table|SecsItem One value, or a list; nil makes an item without values.
---@return SecsItem
function SecsItem.I2(value) end

--- Makes an item of the format I4. Raises ValueError when the value does not fit.
---@param value? string|number|boolean|table|SecsItem One value, or a list; nil makes an item without values.
---@return SecsItem
function SecsItem.I4(value) end

--- Makes an item of the format I8. Raises ValueError when the value does not fit.
---@param value? string|number|boolean|table|SecsItem One value, or a list; nil makes an item without values.
---@return SecsItem
function SecsItem.I8(value) end

--- Makes an item of the format J. Raises ValueError when the value does not fit.
---@param value? string|number|boolean|table|SecsItem One value, or a list; nil makes an item without values.
---@return SecsItem
function SecsItem.J(value) end

--- Makes an item of the format L. Raises ValueError when the value does not fit.
---@param value? string|number|boolean|table|SecsItem One value, or a list; nil makes an item without values.
---@return SecsItem
function SecsItem.L(value) end

--- Makes an item of the format U1. Raises ValueError when the value does not fit.
---@param value? string|number|boolean|table|SecsItem One value, or a list; nil makes an item without values.
---@return SecsItem
function SecsItem.U1(value) end

--- Makes an item of the format U2. Raises ValueError when the value does not fit.
---@param value? string|number|boolean|table|SecsItem One value, or a list; nil makes an item without values.
---@return SecsItem
function SecsItem.U2(value) end

--- Makes an item of the format U4. Raises ValueError when the value does not fit.
---@param value? string|number|boolean|table|SecsItem One value, or a list; nil makes an item without values.
---@return SecsItem
function SecsItem.U4(value) end

--- Makes an item of the format U8. Raises ValueError when the value does not fit.
---@param value? string|number|boolean|table|SecsItem One value, or a list; nil makes an item without values.
---@return SecsItem
function SecsItem.U8(value) end

--- Reads an item from its bytes. Raises ValueError when they are not an item.
---@param bytes string The bytes of one item.
---@return SecsItem|nil # nil when there are no bytes
function SecsItem.decode(bytes) end

--- Reads SML. Raises ValueError with line and column.
---@param text string An item in SML, such as '<L <A "START"> <U4 1 2>>'.
---@return SecsItem
function SecsItem.sml(text) end

--- Reads SML. Raises ValueError with line and column.
---@param text string A message in SML, such as 'S1F1 W .'.
---@return SecsMessage
function SecsMessage.sml(text) end

--- Tells the version of the host.
---@return string # the version of Lectern
function Version() end

--- Wakes a machine of the local network. Raises IOError when the system cannot send.
---@async
---@param macAddress string The hardware address, such as '01-23-45-67-ab-cd'.
---@param port? integer The UDP port; 0, 7 and 9 are common.
function WakeOnLan(macAddress, port) end

--- Reads hexadecimal digits, small ones with casefold only. Raises binascii.Error for anything else.
---@param s string
---@param casefold? boolean
---@return string
function base64.b16decode(s, casefold) end

--- Writes bytes as capital hexadecimal digits.
---@param s string
---@return string
function base64.b16encode(s) end

--- Reads base64. Other characters are skipped, with validate they raise binascii.Error, as wrong padding does.
---@param s string
---@param altchars? string
---@param validate? boolean
---@return string
function base64.b64decode(s, altchars, validate) end

--- Writes bytes in base64. altchars are two characters for + and /.
---@param s string
---@param altchars? string
---@return string
function base64.b64encode(s, altchars) end

--- Reads base64 in lines.
---@param s string
---@return string
function base64.decodebytes(s) end

--- Writes base64 in lines of 76 characters, as mails have it.
---@param s string
---@return string
function base64.encodebytes(s) end

--- Does what b64decode does with + and /.
---@param s string
---@return string
function base64.standard_b64decode(s) end

--- Does what b64encode does with + and /.
---@param s string
---@return string
function base64.standard_b64encode(s) end

--- Does what b64decode does with - and _.
---@param s string
---@return string
function base64.urlsafe_b64decode(s) end

--- Does what b64encode does with - and _, which URLs may have.
---@param s string
---@return string
function base64.urlsafe_b64encode(s) end

--- Reads base64; with strict_mode nothing else may be in it.
---@param data string
---@param strict_mode? boolean
---@return string
function binascii.a2b_base64(data, strict_mode) end

--- Does what unhexlify does.
---@param hexstr string
---@return string
function binascii.a2b_hex(hexstr) end

--- Writes bytes in base64, with a line end behind it unless newline is false.
---@param data string
---@param newline? boolean
---@return string
function binascii.b2a_base64(data, newline) end

--- Does what hexlify does.
---@param data string
---@param sep? string
---@param bytes_per_sep? integer
---@return string
function binascii.b2a_hex(data, sep, bytes_per_sep) end

--- Computes the CRC-32 of zip and PNG. value goes on from that of the data before.
---@param data string
---@param value? integer
---@return integer
function binascii.crc32(data, value) end

--- Computes the 16-bit CRC of CCITT. value goes on from that of the data before, and is 0 at first.
---@param data string
---@param value integer
---@return integer
function binascii.crc_hqx(data, value) end

--- Writes bytes as small hexadecimal digits, with sep between groups of bytes_per_sep bytes, counted from the end.
---@param data string
---@param sep? string
---@param bytes_per_sep? integer
---@return string
function binascii.hexlify(data, sep, bytes_per_sep) end

--- Reads hexadecimal digits. Raises binascii.Error for anything else.
---@param hexstr string
---@return string
function binascii.unhexlify(hexstr) end

--- Tells with which day monthcalendar begins weeks.
---@return integer
function calendar.firstweekday() end

--- Tells whether a year has 366 days.
---@param year integer
---@return boolean
function calendar.isleap(year) end

--- Counts the leap years from y1 on and before y2.
---@param y1 integer
---@param y2 integer
---@return integer
function calendar.leapdays(y1, y2) end

--- Gives a month as a list of weeks, each a list of 7 days. Days of other months are 0.
---@param year integer
---@param month integer
---@return integer[][]
function calendar.monthcalendar(year, month) end

--- Tells the day of the week of the first of a month, 0 for Monday, and how many days it has.
---@param year integer
---@param month integer
---@return integer, integer
function calendar.monthrange(year, month) end

--- Sets with which day monthcalendar begins weeks.
---@param firstweekday integer
function calendar.setfirstweekday(firstweekday) end

--- Gives the seconds since 1970 of a time in UTC, such as time.gmtime gives.
---@param tuple table
---@return integer
function calendar.timegm(tuple) end

--- Tells the day of the week, 0 for Monday.
---@param year integer
---@param month integer
---@param day integer
---@return integer
function calendar.weekday(year, month, day) end

--- Computes a cyclic redundancy check by a name or by parameters.
---@param data string The bytes to check.
---@param model? 'CRC-16/ARC'|'CRC-16/CCITT-FALSE'|'CRC-16/KERMIT'|'CRC-16/MODBUS'|'CRC-16/X-25'|'CRC-16/XMODEM'|'CRC-32'|'CRC-32/BZIP2'|'CRC-32/MPEG-2'|'CRC-32C'|'CRC-8'|'CRC-8/MAXIM' The name of a common check; without it the other parameters describe the check.
---@param width? integer Bits of the result.
---@param poly? integer The generator polynomial without its highest term.
---@param init? integer The first value of the register.
---@param refin? boolean Whether the lowest bit of a byte comes first.
---@param refout? boolean Whether the bits of the result are reversed.
---@param xorout? integer The value that the result is combined with by exclusive or.
---@return integer
function checksum.crc(data, model, width, poly, init, refin, refout, xorout) end

--- Gives the two's complement of the sum of the bytes: added to the sum, it gives 0.
---@param data string The bytes to check.
---@return integer # a number from 0 to 255
function checksum.lrc(data) end

--- Computes the MD5 digest of RFC 1321, for device protocols that need it. MD5 is not secure.
---@param data string The bytes to digest.
---@return string # 16 bytes
function checksum.md5(data) end

--- Adds up the bytes.
---@param data string The bytes to check.
---@param bits? integer How many bits of the sum to keep.
---@return integer
function checksum.sum(data, bits) end

--- Combines the bytes by exclusive or.
---@param data string The bytes to check.
---@return integer # a number from 0 to 255
function checksum.xor(data) end

--- Makes a class. Its init(self, …) fills a new object. At most one of the bases may derive from a class of Lectern.
---@param name string The class's name, for messages.
---@param ... table The base classes. If several have a member of the same name, the first one counts.
---@return table # the class: call it to make an object
function class(name, ...) end

--- Counts the elements of a list or the bytes of a string. A key that is missing is 0. A table of counts is taken as it is.
---@param content? table|string
function collections.Counter(content) end

--- Removes all.
function collections.Counter:clear() end

--- Gives the value of a key, or default.
---@param key any
---@param default? any
---@return any
function collections.Counter:get(key, default) end

--- Goes through keys and values: for key, value in d:items() do.
---@return function
function collections.Counter:items() end

--- Goes through the keys.
---@return function
function collections.Counter:keys() end

--- Gives a list of {key, count}, the most frequent first; of equal ones in the order of the keys.
---@param n? integer
---@return table
function collections.Counter:most_common(n) end

--- Removes a key and gives its value, or default. Without both: KeyError.
---@param key any
---@param default? any
---@return any
function collections.Counter:pop(key, default) end

--- Gives the value of a key, which is default when there was none.
---@param key any
---@param default any
---@return any
function collections.Counter:setdefault(key, default) end

--- Counts down.
---@param content table|string
function collections.Counter:subtract(content) end

--- Adds the counts up.
---@return number
function collections.Counter:total() end

--- Counts more.
---@param content table|string
function collections.Counter:update(content) end

--- Goes through the values.
---@return function
function collections.Counter:values() end

--- A table that keeps the order in which its keys came: pairs goes by it. content is a list of pairs, or a table.
---@param content? table
function collections.OrderedDict(content) end

--- Removes all.
function collections.OrderedDict:clear() end

--- Makes one of the same content.
---@return collections.OrderedDict
function collections.OrderedDict:copy() end

--- Gives the value of a key, or default.
---@param key any
---@param default? any
---@return any
function collections.OrderedDict:get(key, default) end

--- Goes through keys and values: for key, value in d:items() do.
---@return function
function collections.OrderedDict:items() end

--- Goes through the keys.
---@return function
function collections.OrderedDict:keys() end

--- Makes a key the last one, or with false the first.
---@param key any
---@param last? boolean
function collections.OrderedDict:move_to_end(key, last) end

--- Removes a key and gives its value, or default. Without both: KeyError.
---@param key any
---@param default? any
---@return any
function collections.OrderedDict:pop(key, default) end

--- Removes the last pair, or with false the first, and gives key and value.
---@param last? boolean
---@return any
function collections.OrderedDict:popitem(last) end

--- Gives the value of a key, which is default when there was none.
---@param key any
---@param default any
---@return any
function collections.OrderedDict:setdefault(key, default) end

--- Takes all of a table or a list of pairs.
---@param content table
function collections.OrderedDict:update(content) end

--- Goes through the values.
---@return function
function collections.OrderedDict:values() end

--- A table in which a key that is missing gets what the function or class gives, as soon as it is read.
---@param default_factory? function|table
---@param content? table
function collections.defaultdict(default_factory, content) end

--- Removes all.
function collections.defaultdict:clear() end

--- Gives the value of a key, or default.
---@param key any
---@param default? any
---@return any
function collections.defaultdict:get(key, default) end

--- Goes through keys and values: for key, value in d:items() do.
---@return function
function collections.defaultdict:items() end

--- Goes through the keys.
---@return function
function collections.defaultdict:keys() end

--- Removes a key and gives its value, or default. Without both: KeyError.
---@param key any
---@param default? any
---@return any
function collections.defaultdict:pop(key, default) end

--- Gives the value of a key, which is default when there was none.
---@param key any
---@param default any
---@return any
function collections.defaultdict:setdefault(key, default) end

--- Goes through the values.
---@return function
function collections.defaultdict:values() end

--- A list that grows and shrinks at both ends. With maxlen, an element that is one too many drops the one at the other end.
---@param iterable? table|string|function
---@param maxlen? integer
function collections.deque(iterable, maxlen) end

--- Adds an element at the end.
---@param x any
function collections.deque:append(x) end

--- Adds an element at the begin.
---@param x any
function collections.deque:appendleft(x) end

--- Removes all.
function collections.deque:clear() end

--- Makes one of the same content.
---@return collections.deque
function collections.deque:copy() end

--- Counts the elements that are equal to x.
---@param x any
---@return integer
function collections.deque:count(x) end

--- Adds each element at the end.
---@param iterable table|string|function
function collections.deque:extend(iterable) end

--- Adds each element at the begin, the last one first.
---@param iterable table|string|function
function collections.deque:extendleft(iterable) end

--- Tells the number of the first element that is equal to x; ValueError for none.
---@param x any
---@return integer
function collections.deque:index(x) end

--- Puts x before element number i.
---@param i integer
---@param x any
function collections.deque:insert(i, x) end

--- Removes the last element and gives it; IndexError when there is none.
---@return any
function collections.deque:pop() end

--- Removes the first element and gives it; IndexError when there is none.
---@return any
function collections.deque:popleft() end

--- Removes the first element that is equal to x; ValueError for none.
---@param x any
function collections.deque:remove(x) end

--- Turns the order around.
function collections.deque:reverse() end

--- Moves n elements from the end to the begin; a negative n the other way.
---@param n? integer
function collections.deque:rotate(n) end

--- Makes a class of lists whose elements have names, too: local Point = collections.namedtuple('Point', 'x y').
---@param typename string
---@param field_names table|string
---@return table
function collections.namedtuple(typename, field_names) end

--- Reads rows as tables by the names in fieldnames, or in the first row. Missing values are restval; those that are too many are a list under restkey.
---@param f any
---@param fieldnames? table
---@param restkey? string
---@param restval? any
---@param dialect? string
---@param delimiter? string
---@param quotechar? string|boolean
---@param escapechar? string
---@param doublequote? boolean
---@param skipinitialspace? boolean
---@param lineterminator? string
---@param quoting? integer
---@param strict? boolean
function csv.DictReader(f, fieldnames, restkey, restval, dialect, delimiter, quotechar, escapechar, doublequote, skipinitialspace, lineterminator, quoting, strict) end

--- Writes tables as rows, in the order of fieldnames. Other names raise ValueError unless extrasaction is 'ignore'.
---@param f any
---@param fieldnames table
---@param restval? any
---@param extrasaction? string
---@param dialect? string
---@param delimiter? string
---@param quotechar? string|boolean
---@param escapechar? string
---@param doublequote? boolean
---@param skipinitialspace? boolean
---@param lineterminator? string
---@param quoting? integer
---@param strict? boolean
function csv.DictWriter(f, fieldnames, restval, extrasaction, dialect, delimiter, quotechar, escapechar, doublequote, skipinitialspace, lineterminator, quoting, strict) end

--- Writes the names as the first row.
---@return any
function csv.DictWriter:writeheader() end

--- Writes a table as a row.
---@param rowdict table
---@return any
function csv.DictWriter:writerow(rowdict) end

--- Writes each table as a row.
---@param rowdicts table|function
function csv.DictWriter:writerows(rowdicts) end

--- Reads rows: for row in csv.reader(file) do. csvfile is a File, a list of lines, a string with all lines, or an iterator.
---@param csvfile any
---@param dialect? string
---@param delimiter? string
---@param quotechar? string|boolean
---@param escapechar? string
---@param doublequote? boolean
---@param skipinitialspace? boolean
---@param lineterminator? string
---@param quoting? integer
---@param strict? boolean
---@return function
function csv.reader(csvfile, dialect, delimiter, quotechar, escapechar, doublequote, skipinitialspace, lineterminator, quoting, strict) end

--- Makes a writer of rows. csvfile is a File, anything else with a method write, or a function that takes text.
---@param csvfile any
---@param dialect? string
---@param delimiter? string
---@param quotechar? string|boolean
---@param escapechar? string
---@param doublequote? boolean
---@param skipinitialspace? boolean
---@param lineterminator? string
---@param quoting? integer
---@param strict? boolean
---@return csv.writer
function csv.writer(csvfile, dialect, delimiter, quotechar, escapechar, doublequote, skipinitialspace, lineterminator, quoting, strict) end

--- Writes a list as a line. A field n tells its length, if it ends with nil.
---@param row table
---@return any
function csv.writer:writerow(row) end

--- Writes each row.
---@param rows table|function
function csv.writer:writerows(rows) end

--- A date of the Gregorian calendar.
---@param year integer
---@param month integer
---@param day integer
function datetime.date(year, month, day) end

--- Makes the date of an ISO year, week and day; 1 is Monday.
---@param year integer
---@param week integer
---@param day integer
---@return datetime.date
function datetime.date.fromisocalendar(year, week, day) end

--- Reads a date of ISO 8601, such as 2024-02-29.
---@param date_string string
---@return datetime.date
function datetime.date.fromisoformat(date_string) end

--- Makes the date of a day's number; 1 is the first of the year 1.
---@param ordinal integer
---@return datetime.date
function datetime.date.fromordinal(ordinal) end

--- Makes the local date of seconds since 1970.
---@param timestamp number
---@return datetime.date
function datetime.date.fromtimestamp(timestamp) end

--- Tells the local date.
---@return datetime.date
function datetime.date.today() end

--- Writes date and time as Thu Feb 29 00:00:00 2024.
---@return string
function datetime.date:ctime() end

--- Tells the ISO year, week and day of the week.
---@return integer, integer, integer
function datetime.date:isocalendar() end

--- Writes the date as 2024-02-29.
---@return string
function datetime.date:isoformat() end

--- Tells the day of the week, 1 for Monday.
---@return integer
function datetime.date:isoweekday() end

--- Makes one with other values: d:replace({day = 1}).
---@param year? integer
---@param month? integer
---@param day? integer
---@return datetime.date
function datetime.date:replace(year, month, day) end

--- Writes date and time by Python's directives, with English names.
---@param format string
---@return string
function datetime.date:strftime(format) end

--- Gives the fields as those functions of time take them.
---@return time.struct_time
function datetime.date:timetuple() end

--- Tells the number of the day; 1 is the first of the year 1.
---@return integer
function datetime.date:toordinal() end

--- Tells the day of the week, 0 for Monday.
---@return integer
function datetime.date:weekday() end

--- A date with a time of day. Without tzinfo it is naive: of no zone, and taken for the local one where that matters.
---@param year integer
---@param month integer
---@param day integer
---@param hour? integer
---@param minute? integer
---@param second? integer
---@param microsecond? integer
---@param tzinfo? datetime.tzinfo
---@param fold? integer
function datetime.datetime(year, month, day, hour, minute, second, microsecond, tzinfo, fold) end

--- Makes one of a date and a time of day.
---@param date datetime.date
---@param time datetime.time
---@param tzinfo? datetime.tzinfo
---@return datetime.datetime
function datetime.datetime.combine(date, time, tzinfo) end

--- Makes the begin of the day of an ISO year, week and day; 1 is Monday.
---@param year integer
---@param week integer
---@param day integer
---@return datetime.datetime
function datetime.datetime.fromisocalendar(year, week, day) end

--- Reads a time of ISO 8601, such as 2024-02-29T12:30:05+01:00.
---@param date_string string
---@return datetime.datetime
function datetime.datetime.fromisoformat(date_string) end

--- Makes the begin of the day of a number.
---@param ordinal integer
---@return datetime.datetime
function datetime.datetime.fromordinal(ordinal) end

--- Makes the time of seconds since 1970: the local one, or that of a zone.
---@param timestamp number
---@param tz? datetime.tzinfo
---@return datetime.datetime
function datetime.datetime.fromtimestamp(timestamp, tz) end

--- Tells the time: the local one, or that of a zone.
---@param tz? datetime.tzinfo
---@return datetime.datetime
function datetime.datetime.now(tz) end

--- Reads a time by Python's directives, with English names.
---@param date_string string
---@param format string
---@return datetime.datetime
function datetime.datetime.strptime(date_string, format) end

--- Tells the local time.
---@return datetime.datetime
function datetime.datetime.today() end

--- Makes the time in UTC of seconds since 1970, as a naive one.
---@param timestamp number
---@return datetime.datetime
function datetime.datetime.utcfromtimestamp(timestamp) end

--- Tells the time in UTC, as a naive one.
---@return datetime.datetime
function datetime.datetime.utcnow() end

--- Gives the same instant in another zone, by default the local one.
---@param tz? datetime.tzinfo
---@return datetime.datetime
function datetime.datetime:astimezone(tz) end

--- Gives the date.
---@return datetime.date
function datetime.datetime:date() end

--- Tells what daylight saving time adds, if its zone knows.
---@return datetime.timedelta|nil
function datetime.datetime:dst() end

--- Writes the time as 2024-02-29T12:30:05; timespec is that of time.isoformat.
---@param sep? string
---@param timespec? string
---@return string
function datetime.datetime:isoformat(sep, timespec) end

--- Makes one with other values: t:replace({hour = 8}). tzinfo = false makes it a naive one.
---@param year? integer
---@param month? integer
---@param day? integer
---@param hour? integer
---@param minute? integer
---@param second? integer
---@param microsecond? integer
---@param tzinfo? datetime.tzinfo|boolean
---@param fold? integer
---@return datetime.datetime
function datetime.datetime:replace(year, month, day, hour, minute, second, microsecond, tzinfo, fold) end

--- Gives the time of day, of no zone.
---@return datetime.time
function datetime.datetime:time() end

--- Tells the seconds since 1970. A naive time is a local one.
---@return number
function datetime.datetime:timestamp() end

--- Gives the time of day with its zone.
---@return datetime.time
function datetime.datetime:timetz() end

--- Tells the name of its zone.
---@return string|nil
function datetime.datetime:tzname() end

--- Tells the offset of its zone; nil of a naive one.
---@return datetime.timedelta|nil
function datetime.datetime:utcoffset() end

--- Gives the fields of the same instant in UTC.
---@return time.struct_time
function datetime.datetime:utctimetuple() end

--- A time of day.
---@param hour? integer
---@param minute? integer
---@param second? integer
---@param microsecond? integer
---@param tzinfo? datetime.tzinfo
---@param fold? integer
function datetime.time(hour, minute, second, microsecond, tzinfo, fold) end

--- Reads a time of ISO 8601, such as 12:30:05.
---@param time_string string
---@return datetime.time
function datetime.time.fromisoformat(time_string) end

--- Writes the time; timespec is auto, hours, minutes, seconds, milliseconds or microseconds.
---@param timespec? string
---@return string
function datetime.time:isoformat(timespec) end

--- Makes one with other values. tzinfo = false makes it one of no zone.
---@param hour? integer
---@param minute? integer
---@param second? integer
---@param microsecond? integer
---@param tzinfo? datetime.tzinfo|boolean
---@param fold? integer
---@return datetime.time
function datetime.time:replace(hour, minute, second, microsecond, tzinfo, fold) end

--- Writes the time by Python's directives; its date is 1900-01-01.
---@param format string
---@return string
function datetime.time:strftime(format) end

--- Tells the offset of its zone.
---@return datetime.timedelta|nil
function datetime.time:utcoffset() end

--- A duration: datetime.timedelta({hours = 1, minutes = 30}).
---@param days? number
---@param seconds? number
---@param microseconds? number
---@param milliseconds? number
---@param minutes? number
---@param hours? number
---@param weeks? number
function datetime.timedelta(days, seconds, microseconds, milliseconds, minutes, hours, weeks) end

--- Tells the duration in seconds, with fractions.
---@return number
function datetime.timedelta:total_seconds() end

--- A zone of a fixed offset, less than a day. datetime.timezone.utc is UTC.
---@param offset datetime.timedelta
---@param name? string
function datetime.timezone(offset, name) end

--- A fixed offset knows no daylight saving time.
---@param dt? datetime.datetime
---@return nil
function datetime.timezone:dst(dt) end

--- Tells the zone's name, by default such as UTC+02:00.
---@param dt? datetime.datetime
---@return string
function datetime.timezone:tzname(dt) end

--- Tells the offset from UTC.
---@param dt? datetime.datetime
---@return datetime.timedelta
function datetime.timezone:utcoffset(dt) end

--- Sets the handler of every named event of every object. The last one that was set counts.
---@overload fun(objects: EthernetClientInterface, names: 'Connected', f: fun(interface: EthernetClientInterface, state: 'Connected')): function
---@overload fun(objects: EthernetClientInterface, names: 'Disconnected', f: fun(interface: EthernetClientInterface, state: 'Disconnected')): function
---@overload fun(objects: EthernetClientInterface, names: 'ReceiveData', f: fun(interface: EthernetClientInterface, data: string)): function
---@overload fun(objects: EthernetServerInterfaceEx, names: 'Connected', f: fun(client: ClientObject, state: 'Connected')): function
---@overload fun(objects: EthernetServerInterfaceEx, names: 'Disconnected', f: fun(client: ClientObject, state: 'Disconnected')): function
---@overload fun(objects: EthernetServerInterfaceEx, names: 'ReceiveData', f: fun(client: ClientObject, data: string)): function
---@overload fun(objects: EthernetServerInterface, names: 'Connected', f: fun(interface: EthernetServerInterface, state: 'Connected')): function
---@overload fun(objects: EthernetServerInterface, names: 'Disconnected', f: fun(interface: EthernetServerInterface, state: 'Disconnected')): function
---@overload fun(objects: EthernetServerInterface, names: 'ReceiveData', f: fun(interface: EthernetServerInterface, data: string)): function
---@overload fun(objects: SerialInterface, names: 'Online', f: fun(interface: SerialInterface, state: 'Online')): function
---@overload fun(objects: SerialInterface, names: 'Offline', f: fun(interface: SerialInterface, state: 'Offline')): function
---@overload fun(objects: SerialInterface, names: 'ReceiveData', f: fun(interface: SerialInterface, data: string)): function
---@overload fun(objects: Timer, names: 'Function', f: fun(object: Timer, count: integer)): function
---@overload fun(objects: Timer, names: 'StateChanged', f: fun(object: Timer, state: 'Running'|'Paused'|'Stopped')): function
---@overload fun(objects: Wait, names: 'Function', f: fun(object: Wait)): function
---@overload fun(objects: Clock, names: 'Function', f: fun(object: Clock, time: osdate)): function
---@overload fun(objects: ProcessorDevice, names: 'ExecutiveModeChanged', f: fun(object: ProcessorDevice, mode: integer)): function
---@overload fun(objects: ProcessorDevice, names: 'Online', f: fun(object: ProcessorDevice, state: 'Online')): function
---@overload fun(objects: ProcessorDevice, names: 'Offline', f: fun(object: ProcessorDevice, state: 'Offline')): function
---@overload fun(objects: ProcessorDevice, names: 'CombinedCurrentChanged', f: fun(object: ProcessorDevice, value: number)): function
---@overload fun(objects: ProcessorDevice, names: 'CombinedWattageChanged', f: fun(object: ProcessorDevice, value: number)): function
---@overload fun(objects: ProcessorDevice, names: 'CombinedLoadStateChanged', f: fun(object: ProcessorDevice, state: string)): function
---@overload fun(objects: ConnectionHandler, names: 'Connected', f: fun(handler: ConnectionHandler, state: 'Connected')): function
---@overload fun(objects: ConnectionHandler, names: 'Disconnected', f: fun(handler: ConnectionHandler, state: 'Disconnected')): function
---@overload fun(objects: RawSimplePipeHandler, names: 'Connected', f: fun(handler: RawSimplePipeHandler, state: 'Connected')): function
---@overload fun(objects: RawSimplePipeHandler, names: 'Disconnected', f: fun(handler: RawSimplePipeHandler, state: 'Disconnected')): function
---@overload fun(objects: RawSimplePipeHandler, names: 'ReceiveData', f: fun(handler: RawSimplePipeHandler, data: string)): function
---@overload fun(objects: ModuleSimplePipeHandler, names: 'Connected', f: fun(handler: ModuleSimplePipeHandler, state: 'Connected')): function
---@overload fun(objects: ModuleSimplePipeHandler, names: 'Disconnected', f: fun(handler: ModuleSimplePipeHandler, state: 'Disconnected')): function
---@overload fun(objects: RawTcpHandler, names: 'Connected', f: fun(handler: RawTcpHandler, state: 'Connected')): function
---@overload fun(objects: RawTcpHandler, names: 'Disconnected', f: fun(handler: RawTcpHandler, state: 'Disconnected')): function
---@overload fun(objects: RawTcpHandler, names: 'ConnectFailed', f: fun(handler: RawTcpHandler, reason: string)): function
---@overload fun(objects: RawTcpHandler, names: 'ReceiveData', f: fun(handler: RawTcpHandler, data: string)): function
---@overload fun(objects: ModuleTcpHandler, names: 'Connected', f: fun(handler: ModuleTcpHandler, state: 'Connected')): function
---@overload fun(objects: ModuleTcpHandler, names: 'Disconnected', f: fun(handler: ModuleTcpHandler, state: 'Disconnected')): function
---@overload fun(objects: ModuleTcpHandler, names: 'ConnectFailed', f: fun(handler: ModuleTcpHandler, reason: string)): function
---@overload fun(objects: ServerExHandler, names: 'Connected', f: fun(client: ClientObject, state: 'Connected')): function
---@overload fun(objects: ServerExHandler, names: 'Disconnected', f: fun(client: ClientObject, state: 'Disconnected')): function
---@overload fun(objects: ServerExHandler, names: 'ReceiveData', f: fun(client: ClientObject, data: string)): function
---@overload fun(objects: ServerExHandler, names: 'ListenFailed', f: fun(handler: ServerExHandler, reason: string)): function
---@overload fun(objects: HsmsProtocol, names: 'hsms_connected', f: fun(object: HsmsProtocol, data: {connection: HsmsProtocol|SecsHandler})): function
---@overload fun(objects: HsmsProtocol, names: 'hsms_selected', f: fun(object: HsmsProtocol, data: {connection: HsmsProtocol|SecsHandler, session_id: integer})): function
---@overload fun(objects: HsmsProtocol, names: 'hsms_deselected', f: fun(object: HsmsProtocol, data: {connection: HsmsProtocol|SecsHandler, session_id: integer})): function
---@overload fun(objects: HsmsProtocol, names: 'hsms_disconnected', f: fun(object: HsmsProtocol, data: {connection: HsmsProtocol|SecsHandler, reason: string})): function
---@overload fun(objects: HsmsProtocol, names: 'hsms_packet_received', f: fun(object: HsmsProtocol, data: {connection: HsmsProtocol|SecsHandler, packet: HsmsPacket})): function
---@overload fun(objects: HsmsProtocol, names: 'hsms_unexpected_reply', f: fun(object: HsmsProtocol, data: {connection: HsmsProtocol|SecsHandler, packet: HsmsPacket})): function
---@overload fun(objects: HsmsProtocol, names: 'hsms_open_failed', f: fun(object: HsmsProtocol, data: {connection: HsmsProtocol|SecsHandler, reason: string})): function
---@overload fun(objects: HsmsConnectionManager, names: 'hsms_connected', f: fun(object: HsmsConnectionManager, data: {connection: HsmsProtocol|SecsHandler})): function
---@overload fun(objects: HsmsConnectionManager, names: 'hsms_selected', f: fun(object: HsmsConnectionManager, data: {connection: HsmsProtocol|SecsHandler})): function
---@overload fun(objects: HsmsConnectionManager, names: 'hsms_disconnected', f: fun(object: HsmsConnectionManager, data: {connection: HsmsProtocol|SecsHandler, reason: string})): function
---@overload fun(objects: SecsHandler, names: 'hsms_connected', f: fun(handler: SecsHandler, data: {connection: HsmsProtocol|SecsHandler})): function
---@overload fun(objects: SecsHandler, names: 'hsms_selected', f: fun(handler: SecsHandler, data: {connection: HsmsProtocol|SecsHandler, session_id: integer})): function
---@overload fun(objects: SecsHandler, names: 'hsms_deselected', f: fun(handler: SecsHandler, data: {connection: HsmsProtocol|SecsHandler, session_id: integer})): function
---@overload fun(objects: SecsHandler, names: 'hsms_disconnected', f: fun(handler: SecsHandler, data: {connection: HsmsProtocol|SecsHandler, reason: string})): function
---@overload fun(objects: SecsHandler, names: 'hsms_packet_received', f: fun(handler: SecsHandler, data: {connection: HsmsProtocol|SecsHandler, packet: HsmsPacket})): function
---@overload fun(objects: SecsHandler, names: 'hsms_unexpected_reply', f: fun(handler: SecsHandler, data: {connection: HsmsProtocol|SecsHandler, packet: HsmsPacket})): function
---@overload fun(objects: SecsHandler, names: 'hsms_open_failed', f: fun(handler: SecsHandler, data: {connection: HsmsProtocol|SecsHandler, reason: string})): function
---@overload fun(objects: GemHostHandler, names: 'hsms_connected', f: fun(handler: GemHostHandler, data: {connection: HsmsProtocol|SecsHandler})): function
---@overload fun(objects: GemHostHandler, names: 'hsms_selected', f: fun(handler: GemHostHandler, data: {connection: HsmsProtocol|SecsHandler, session_id: integer})): function
---@overload fun(objects: GemHostHandler, names: 'hsms_deselected', f: fun(handler: GemHostHandler, data: {connection: HsmsProtocol|SecsHandler, session_id: integer})): function
---@overload fun(objects: GemHostHandler, names: 'hsms_disconnected', f: fun(handler: GemHostHandler, data: {connection: HsmsProtocol|SecsHandler, reason: string})): function
---@overload fun(objects: GemHostHandler, names: 'hsms_packet_received', f: fun(handler: GemHostHandler, data: {connection: HsmsProtocol|SecsHandler, packet: HsmsPacket})): function
---@overload fun(objects: GemHostHandler, names: 'hsms_unexpected_reply', f: fun(handler: GemHostHandler, data: {connection: HsmsProtocol|SecsHandler, packet: HsmsPacket})): function
---@overload fun(objects: GemHostHandler, names: 'hsms_open_failed', f: fun(handler: GemHostHandler, data: {connection: HsmsProtocol|SecsHandler, reason: string})): function
---@overload fun(objects: GemHostHandler, names: 'handler_communicating', f: fun(handler: GemHostHandler, data: {handler: GemHandler})): function
---@overload fun(objects: GemHostHandler, names: 'handler_not_communicating', f: fun(handler: GemHostHandler, data: {handler: GemHandler})): function
---@overload fun(objects: GemHostHandler, names: 'terminal_received', f: fun(handler: GemHostHandler, data: {text: string, terminal: integer, lines: string[]})): function
---@overload fun(objects: GemHostHandler, names: 'alarm_received', f: fun(handler: GemHostHandler, data: {alid: integer|string, code: integer, set: boolean, text: string})): function
---@overload fun(objects: GemHostHandler, names: 'collection_event_received', f: fun(handler: GemHostHandler, data: {ceid: integer|string, reports: {rptid: integer|string, values: {dvid: integer|string|nil, value: string|number|boolean|table|SecsItem|nil}[]}[]})): function
---@overload fun(objects: GemHostHandler, names: 'trace_received', f: fun(handler: GemHostHandler, data: {trid: integer|string, sample: integer, time: string, values: (string|number|boolean|table|SecsItem)[]})): function
---@overload fun(objects: GemEquipmentHandler, names: 'hsms_connected', f: fun(handler: GemEquipmentHandler, data: {connection: HsmsProtocol|SecsHandler})): function
---@overload fun(objects: GemEquipmentHandler, names: 'hsms_selected', f: fun(handler: GemEquipmentHandler, data: {connection: HsmsProtocol|SecsHandler, session_id: integer})): function
---@overload fun(objects: GemEquipmentHandler, names: 'hsms_deselected', f: fun(handler: GemEquipmentHandler, data: {connection: HsmsProtocol|SecsHandler, session_id: integer})): function
---@overload fun(objects: GemEquipmentHandler, names: 'hsms_disconnected', f: fun(handler: GemEquipmentHandler, data: {connection: HsmsProtocol|SecsHandler, reason: string})): function
---@overload fun(objects: GemEquipmentHandler, names: 'hsms_packet_received', f: fun(handler: GemEquipmentHandler, data: {connection: HsmsProtocol|SecsHandler, packet: HsmsPacket})): function
---@overload fun(objects: GemEquipmentHandler, names: 'hsms_unexpected_reply', f: fun(handler: GemEquipmentHandler, data: {connection: HsmsProtocol|SecsHandler, packet: HsmsPacket})): function
---@overload fun(objects: GemEquipmentHandler, names: 'hsms_open_failed', f: fun(handler: GemEquipmentHandler, data: {connection: HsmsProtocol|SecsHandler, reason: string})): function
---@overload fun(objects: GemEquipmentHandler, names: 'handler_communicating', f: fun(handler: GemEquipmentHandler, data: {handler: GemHandler})): function
---@overload fun(objects: GemEquipmentHandler, names: 'handler_not_communicating', f: fun(handler: GemEquipmentHandler, data: {handler: GemHandler})): function
---@overload fun(objects: GemEquipmentHandler, names: 'terminal_received', f: fun(handler: GemEquipmentHandler, data: {text: string, terminal: integer, lines: string[]})): function
---@overload fun(objects: GemEquipmentHandler, names: 'control_state_changed', f: fun(handler: GemEquipmentHandler, state: 'EQUIPMENT_OFFLINE'|'ATTEMPT_ONLINE'|'HOST_OFFLINE'|'ONLINE_LOCAL'|'ONLINE_REMOTE')): function
---@overload fun(objects: GemEquipmentHandler, names: 'equipment_constant_changed', f: fun(handler: GemEquipmentHandler, data: {ecid: integer|string, value: string|number|boolean|table|SecsItem})): function
---@overload fun(objects: DeviceClass, names: 'ErrorOccurred', f: fun(object: DeviceClass, command: string|nil, qualifier: table<string, string|number|boolean>|nil, reason: 'Checksum'|'DeviceError'|'Failed'|'Framing'|'ModuleError'|'Refused'|'Timeout'|'Unmatched'|'Value', text: string)): function
---@param objects table An object or a list of objects.
---@param names string|string[] An event's name or a list of names.
---@param f? function The handler. Without it, event returns a function that takes the handler.
---@return function # f, or the function that takes it
function event(objects, names, f) end

--- Makes one that has taken the same and goes on by itself.
---@return hashlib.Hash
function hashlib.Hash:copy() end

--- Gives the digest of all that was taken, as bytes. More may be taken.
---@return string
function hashlib.Hash:digest() end

--- Gives the digest of all that was taken, as small hexadecimal digits.
---@return string
function hashlib.Hash:hexdigest() end

--- Takes more bytes.
---@param data string
function hashlib.Hash:update(data) end

--- Begins a digest by MD5, which is not secure.
---@param data? string
---@param usedforsecurity? boolean
---@return hashlib.Hash
function hashlib.md5(data, usedforsecurity) end

--- Begins a digest by the name of its algorithm. Raises ValueError for an unknown one.
---@param name string
---@param data? string
---@param usedforsecurity? boolean
---@return hashlib.Hash
function hashlib.new(name, data, usedforsecurity) end

--- Makes a key of a password by RFC 8018. Each 1,000 iterations take about 1 ms.
---@param hash_name string
---@param password string
---@param salt string
---@param iterations integer
---@param dklen? integer
---@return string
function hashlib.pbkdf2_hmac(hash_name, password, salt, iterations, dklen) end

--- Begins a digest by SHA1, which is not secure.
---@param data? string
---@param usedforsecurity? boolean
---@return hashlib.Hash
function hashlib.sha1(data, usedforsecurity) end

--- Begins a digest by SHA224.
---@param data? string
---@param usedforsecurity? boolean
---@return hashlib.Hash
function hashlib.sha224(data, usedforsecurity) end

--- Begins a digest by SHA256.
---@param data? string
---@param usedforsecurity? boolean
---@return hashlib.Hash
function hashlib.sha256(data, usedforsecurity) end

--- Begins a digest by SHA384.
---@param data? string
---@param usedforsecurity? boolean
---@return hashlib.Hash
function hashlib.sha384(data, usedforsecurity) end

--- Begins a digest by SHA3-224.
---@param data? string
---@param usedforsecurity? boolean
---@return hashlib.Hash
function hashlib.sha3_224(data, usedforsecurity) end

--- Begins a digest by SHA3-256.
---@param data? string
---@param usedforsecurity? boolean
---@return hashlib.Hash
function hashlib.sha3_256(data, usedforsecurity) end

--- Begins a digest by SHA3-384.
---@param data? string
---@param usedforsecurity? boolean
---@return hashlib.Hash
function hashlib.sha3_384(data, usedforsecurity) end

--- Begins a digest by SHA3-512.
---@param data? string
---@param usedforsecurity? boolean
---@return hashlib.Hash
function hashlib.sha3_512(data, usedforsecurity) end

--- Begins a digest by SHA512.
---@param data? string
---@param usedforsecurity? boolean
---@return hashlib.Hash
function hashlib.sha512(data, usedforsecurity) end

--- Makes bytes of hexadecimal digits. Raises ValueError when there is anything else.
---@param text string Pairs of hexadecimal digits; spaces, colons and dashes may stand between them.
---@return string
function hex.decode(text) end

--- Writes bytes as digits.
---@param data string Any bytes.
---@param separator? string What stands between two bytes.
---@return string # capital hexadecimal digits, two for each byte
function hex.encode(data, separator) end

--- Makes one that has taken the same and goes on by itself.
---@return hmac.HMAC
function hmac.HMAC:copy() end

--- Gives the digest of all that was taken, as bytes. More may be taken.
---@return string
function hmac.HMAC:digest() end

--- Gives the digest of all that was taken, as small hexadecimal digits.
---@return string
function hmac.HMAC:hexdigest() end

--- Takes more bytes.
---@param data string
function hmac.HMAC:update(data) end

--- Tells whether two strings are equal, in a time that does not tell how much of them is.
---@param a string
---@param b string
---@return boolean
function hmac.compare_digest(a, b) end

--- Gives the digest of bytes with a key.
---@param key string
---@param msg string
---@param digest string|function
---@return string
function hmac.digest(key, msg, digest) end

--- Begins a digest with a key. digestmod is the name of an algorithm, 'sha256' for instance, or hashlib.sha256.
---@param key string
---@param msg? string
---@param digestmod string|function
---@return hmac.HMAC
function hmac.new(key, msg, digestmod) end

--- Makes a request with the method DELETE, and waits for the whole response.
---@async
---@param url string The whole address; of a session with a base, the address as seen from there.
---@param timeout? number How long the whole may take; of a stream, until its head has come.
---@param headers? table<string, string|number>|string[][] Header fields: a table of values by name, or a list of {name, value}.
---@param auth? {[1]: string, [2]: string}|table<string, string> {user, password}, by which Digest or Basic is answered as the server asks; with scheme = 'basic' or 'digest' only that; or {bearer = token}.
---@param redirects? integer How many redirects are followed; 0: the redirect itself is the response.
---@param max_body? integer The most bytes of the response's body; of a stream there is no limit.
---@param tls? table<'certificate'|'cert_reqs'|'ssl_version'|'ca_certs', string> On what terms TLS is spoken: the parameters of SSLWrap by their names.
---@param proxy? string The server between, as 'http://host:port' or 'http://user:password@host:port'.
---@param query? table<string, string|number|boolean|string[]>|string[][] What is added to the URL behind '?': values by name, in the order of the names, or a list of {name, value}.
---@param json? boolean|number|string|table The body: a value that json.encode writes. Content-Type is application/json.
---@param form? table<string, string|number|boolean|string[]>|string[][] The body: names and values as a form in a browser sends them.
---@param body? string The body: bytes as they are.
---@return HttpResponse|nil, string?, string? # the response, whatever its status; or nil, the word of the failure, and its details, if it has any
function http.delete(url, timeout, headers, auth, redirects, max_body, tls, proxy, query, json, form, body) end

--- Makes a request with the method GET, and waits for the whole response.
---@async
---@param url string The whole address; of a session with a base, the address as seen from there.
---@param timeout? number How long the whole may take; of a stream, until its head has come.
---@param headers? table<string, string|number>|string[][] Header fields: a table of values by name, or a list of {name, value}.
---@param auth? {[1]: string, [2]: string}|table<string, string> {user, password}, by which Digest or Basic is answered as the server asks; with scheme = 'basic' or 'digest' only that; or {bearer = token}.
---@param redirects? integer How many redirects are followed; 0: the redirect itself is the response.
---@param max_body? integer The most bytes of the response's body; of a stream there is no limit.
---@param tls? table<'certificate'|'cert_reqs'|'ssl_version'|'ca_certs', string> On what terms TLS is spoken: the parameters of SSLWrap by their names.
---@param proxy? string The server between, as 'http://host:port' or 'http://user:password@host:port'.
---@param query? table<string, string|number|boolean|string[]>|string[][] What is added to the URL behind '?': values by name, in the order of the names, or a list of {name, value}.
---@param json? boolean|number|string|table The body: a value that json.encode writes. Content-Type is application/json.
---@param form? table<string, string|number|boolean|string[]>|string[][] The body: names and values as a form in a browser sends them.
---@param body? string The body: bytes as they are.
---@return HttpResponse|nil, string?, string? # the response, whatever its status; or nil, the word of the failure, and its details, if it has any
function http.get(url, timeout, headers, auth, redirects, max_body, tls, proxy, query, json, form, body) end

--- Makes a request with the method HEAD, and waits for the whole response.
---@async
---@param url string The whole address; of a session with a base, the address as seen from there.
---@param timeout? number How long the whole may take; of a stream, until its head has come.
---@param headers? table<string, string|number>|string[][] Header fields: a table of values by name, or a list of {name, value}.
---@param auth? {[1]: string, [2]: string}|table<string, string> {user, password}, by which Digest or Basic is answered as the server asks; with scheme = 'basic' or 'digest' only that; or {bearer = token}.
---@param redirects? integer How many redirects are followed; 0: the redirect itself is the response.
---@param max_body? integer The most bytes of the response's body; of a stream there is no limit.
---@param tls? table<'certificate'|'cert_reqs'|'ssl_version'|'ca_certs', string> On what terms TLS is spoken: the parameters of SSLWrap by their names.
---@param proxy? string The server between, as 'http://host:port' or 'http://user:password@host:port'.
---@param query? table<string, string|number|boolean|string[]>|string[][] What is added to the URL behind '?': values by name, in the order of the names, or a list of {name, value}.
---@param json? boolean|number|string|table The body: a value that json.encode writes. Content-Type is application/json.
---@param form? table<string, string|number|boolean|string[]>|string[][] The body: names and values as a form in a browser sends them.
---@param body? string The body: bytes as they are.
---@return HttpResponse|nil, string?, string? # the response, whatever its status; or nil, the word of the failure, and its details, if it has any
function http.head(url, timeout, headers, auth, redirects, max_body, tls, proxy, query, json, form, body) end

--- Makes a request with the method PATCH, and waits for the whole response.
---@async
---@param url string The whole address; of a session with a base, the address as seen from there.
---@param timeout? number How long the whole may take; of a stream, until its head has come.
---@param headers? table<string, string|number>|string[][] Header fields: a table of values by name, or a list of {name, value}.
---@param auth? {[1]: string, [2]: string}|table<string, string> {user, password}, by which Digest or Basic is answered as the server asks; with scheme = 'basic' or 'digest' only that; or {bearer = token}.
---@param redirects? integer How many redirects are followed; 0: the redirect itself is the response.
---@param max_body? integer The most bytes of the response's body; of a stream there is no limit.
---@param tls? table<'certificate'|'cert_reqs'|'ssl_version'|'ca_certs', string> On what terms TLS is spoken: the parameters of SSLWrap by their names.
---@param proxy? string The server between, as 'http://host:port' or 'http://user:password@host:port'.
---@param query? table<string, string|number|boolean|string[]>|string[][] What is added to the URL behind '?': values by name, in the order of the names, or a list of {name, value}.
---@param json? boolean|number|string|table The body: a value that json.encode writes. Content-Type is application/json.
---@param form? table<string, string|number|boolean|string[]>|string[][] The body: names and values as a form in a browser sends them.
---@param body? string The body: bytes as they are.
---@return HttpResponse|nil, string?, string? # the response, whatever its status; or nil, the word of the failure, and its details, if it has any
function http.patch(url, timeout, headers, auth, redirects, max_body, tls, proxy, query, json, form, body) end

--- Makes a request with the method POST, and waits for the whole response.
---@async
---@param url string The whole address; of a session with a base, the address as seen from there.
---@param timeout? number How long the whole may take; of a stream, until its head has come.
---@param headers? table<string, string|number>|string[][] Header fields: a table of values by name, or a list of {name, value}.
---@param auth? {[1]: string, [2]: string}|table<string, string> {user, password}, by which Digest or Basic is answered as the server asks; with scheme = 'basic' or 'digest' only that; or {bearer = token}.
---@param redirects? integer How many redirects are followed; 0: the redirect itself is the response.
---@param max_body? integer The most bytes of the response's body; of a stream there is no limit.
---@param tls? table<'certificate'|'cert_reqs'|'ssl_version'|'ca_certs', string> On what terms TLS is spoken: the parameters of SSLWrap by their names.
---@param proxy? string The server between, as 'http://host:port' or 'http://user:password@host:port'.
---@param query? table<string, string|number|boolean|string[]>|string[][] What is added to the URL behind '?': values by name, in the order of the names, or a list of {name, value}.
---@param json? boolean|number|string|table The body: a value that json.encode writes. Content-Type is application/json.
---@param form? table<string, string|number|boolean|string[]>|string[][] The body: names and values as a form in a browser sends them.
---@param body? string The body: bytes as they are.
---@return HttpResponse|nil, string?, string? # the response, whatever its status; or nil, the word of the failure, and its details, if it has any
function http.post(url, timeout, headers, auth, redirects, max_body, tls, proxy, query, json, form, body) end

--- Makes a request with the method PUT, and waits for the whole response.
---@async
---@param url string The whole address; of a session with a base, the address as seen from there.
---@param timeout? number How long the whole may take; of a stream, until its head has come.
---@param headers? table<string, string|number>|string[][] Header fields: a table of values by name, or a list of {name, value}.
---@param auth? {[1]: string, [2]: string}|table<string, string> {user, password}, by which Digest or Basic is answered as the server asks; with scheme = 'basic' or 'digest' only that; or {bearer = token}.
---@param redirects? integer How many redirects are followed; 0: the redirect itself is the response.
---@param max_body? integer The most bytes of the response's body; of a stream there is no limit.
---@param tls? table<'certificate'|'cert_reqs'|'ssl_version'|'ca_certs', string> On what terms TLS is spoken: the parameters of SSLWrap by their names.
---@param proxy? string The server between, as 'http://host:port' or 'http://user:password@host:port'.
---@param query? table<string, string|number|boolean|string[]>|string[][] What is added to the URL behind '?': values by name, in the order of the names, or a list of {name, value}.
---@param json? boolean|number|string|table The body: a value that json.encode writes. Content-Type is application/json.
---@param form? table<string, string|number|boolean|string[]>|string[][] The body: names and values as a form in a browser sends them.
---@param body? string The body: bytes as they are.
---@return HttpResponse|nil, string?, string? # the response, whatever its status; or nil, the word of the failure, and its details, if it has any
function http.put(url, timeout, headers, auth, redirects, max_body, tls, proxy, query, json, form, body) end

--- Makes a request with any method, and waits for the whole response.
---@async
---@param method string The method, such as 'OPTIONS'.
---@param url string The whole address; of a session with a base, the address as seen from there.
---@param timeout? number How long the whole may take; of a stream, until its head has come.
---@param headers? table<string, string|number>|string[][] Header fields: a table of values by name, or a list of {name, value}.
---@param auth? {[1]: string, [2]: string}|table<string, string> {user, password}, by which Digest or Basic is answered as the server asks; with scheme = 'basic' or 'digest' only that; or {bearer = token}.
---@param redirects? integer How many redirects are followed; 0: the redirect itself is the response.
---@param max_body? integer The most bytes of the response's body; of a stream there is no limit.
---@param tls? table<'certificate'|'cert_reqs'|'ssl_version'|'ca_certs', string> On what terms TLS is spoken: the parameters of SSLWrap by their names.
---@param proxy? string The server between, as 'http://host:port' or 'http://user:password@host:port'.
---@param query? table<string, string|number|boolean|string[]>|string[][] What is added to the URL behind '?': values by name, in the order of the names, or a list of {name, value}.
---@param json? boolean|number|string|table The body: a value that json.encode writes. Content-Type is application/json.
---@param form? table<string, string|number|boolean|string[]>|string[][] The body: names and values as a form in a browser sends them.
---@param body? string The body: bytes as they are.
---@return HttpResponse|nil, string?, string? # the response, whatever its status; or nil, the word of the failure, and its details, if it has any
function http.request(method, url, timeout, headers, auth, redirects, max_body, tls, proxy, query, json, form, body) end

--- Begins a session. Nothing is opened yet.
---@param base? string What relative URLs are seen from, such as 'http://10.0.0.5/api/'.
---@param timeout? number How long the whole may take; of a stream, until its head has come.
---@param headers? table<string, string|number>|string[][] Header fields: a table of values by name, or a list of {name, value}.
---@param auth? {[1]: string, [2]: string}|table<string, string> {user, password}, by which Digest or Basic is answered as the server asks; with scheme = 'basic' or 'digest' only that; or {bearer = token}.
---@param redirects? integer How many redirects are followed; 0: the redirect itself is the response.
---@param max_body? integer The most bytes of the response's body; of a stream there is no limit.
---@param tls? table<'certificate'|'cert_reqs'|'ssl_version'|'ca_certs', string> On what terms TLS is spoken: the parameters of SSLWrap by their names.
---@param proxy? string The server between, as 'http://host:port' or 'http://user:password@host:port'.
---@param cookies? boolean Whether cookies are kept, and sent back to whence they came.
---@return HttpSession
function http.session(base, timeout, headers, auth, redirects, max_body, tls, proxy, cookies) end

--- Makes a request and waits for the head of the response only: its body is read as it comes.
---@async
---@param url string The whole address; of a session with a base, the address as seen from there.
---@param timeout? number How long the whole may take; of a stream, until its head has come.
---@param headers? table<string, string|number>|string[][] Header fields: a table of values by name, or a list of {name, value}.
---@param auth? {[1]: string, [2]: string}|table<string, string> {user, password}, by which Digest or Basic is answered as the server asks; with scheme = 'basic' or 'digest' only that; or {bearer = token}.
---@param redirects? integer How many redirects are followed; 0: the redirect itself is the response.
---@param max_body? integer The most bytes of the response's body; of a stream there is no limit.
---@param tls? table<'certificate'|'cert_reqs'|'ssl_version'|'ca_certs', string> On what terms TLS is spoken: the parameters of SSLWrap by their names.
---@param proxy? string The server between, as 'http://host:port' or 'http://user:password@host:port'.
---@param method? string The method, such as 'OPTIONS'.
---@param query? table<string, string|number|boolean|string[]>|string[][] What is added to the URL behind '?': values by name, in the order of the names, or a list of {name, value}.
---@param json? boolean|number|string|table The body: a value that json.encode writes. Content-Type is application/json.
---@param form? table<string, string|number|boolean|string[]>|string[][] The body: names and values as a form in a browser sends them.
---@param body? string The body: bytes as they are.
---@param silence? number How long nothing may come; nil: for ever.
---@return HttpStream|nil, string?, string? # the response, whatever its status; or nil, the word of the failure, and its details, if it has any
function http.stream(url, timeout, headers, auth, redirects, max_body, tls, proxy, method, query, json, form, body, silence) end

--- Tells whether object was made by class or by one derived from it.
---@param object any Anything.
---@param class table|string A class or a kind of error, or a list of these; or 'str', 'bytes', 'int', 'float' or 'bool'.
---@return boolean
function isinstance(object, class) end

--- Marks a table as an array, also when it is empty or has holes, which become null. A field `n` is its length.
---@param t? table The table; a new one when it is left out.
---@return table # the same table
function json.array(t) end

--- Makes a value of the text of JSON. Raises ValueError with line, column and path when it is none.
---@param text string The text of one value.
---@param encoding? 'utf-8'|'latin-1'|'bytes' What bytes from 128 on are: UTF-8, which is checked; characters of Latin-1, of which UTF-8 is made; or just bytes.
---@param drop_nulls? boolean Whether members that are null are left out.
---@return table|string|number|boolean|userdata # the value
function json.decode(text, encoding, drop_nulls) end

--- Does what encode does, with the parameters and defaults of Python's json.dumps.
---@param value table|string|number|boolean|userdata|nil A string, a number, a boolean, json.null, nil, or a table of such values; tables are read raw.
---@param indent? integer|string Spaces of a step, or its text; without it all is one line.
---@param sort_keys? boolean Whether the members of objects are sorted by their names' bytes.
---@param ensure_ascii? boolean Whether other characters than those of ASCII are escaped.
---@param separators? {[1]: string, [2]: string} What stands between two members, and behind a name; by default {', ', ': '}, with an indent {',', ': '}.
---@return string
function json.dumps(value, indent, sort_keys, ensure_ascii, separators) end

--- Writes a value as JSON. Raises ValueError with the path of what JSON does not have.
---@param value table|string|number|boolean|userdata|nil A string, a number, a boolean, json.null, nil, or a table of such values; tables are read raw.
---@param pretty? boolean Whether each member has a line of its own, indented by two spaces.
---@param sort_keys? boolean Whether the members of objects are sorted by their names' bytes.
---@param ascii? boolean Whether other characters than those of ASCII are escaped.
---@param encoding? 'utf-8'|'latin-1'|'bytes' What bytes from 128 on of strings are: UTF-8, which is checked; characters of Latin-1; or just bytes.
---@return string
function json.encode(value, pretty, sort_keys, ascii, encoding) end

--- Does what decode does, by Python's name.
---@param text string The text of one value.
---@param encoding? 'utf-8'|'latin-1'|'bytes' What bytes from 128 on are: UTF-8, which is checked; characters of Latin-1, of which UTF-8 is made; or just bytes.
---@param drop_nulls? boolean Whether members that are null are left out.
---@return table|string|number|boolean|userdata # the value
function json.loads(text, encoding, drop_nulls) end

--- Marks a table as an object, so that its numbers among the keys become names.
---@param t? table The table; a new one when it is left out.
---@return table # the same table
function json.object(t) end

--- Gives the angle of a point in radians, from -pi to pi.
---@param y number
---@param x number
---@return number
function math.atan2(y, x) end

--- Gives the cube root.
---@param x number
---@return number
function math.cbrt(x) end

--- Counts the ways to choose k of n without order.
---@param n integer
---@param k integer
---@return integer
function math.comb(n, k) end

--- Gives the amount of x with the sign of y.
---@param x number
---@param y number
---@return number
function math.copysign(x, y) end

--- Gives the hyperbolic cosine.
---@param x number
---@return number
function math.cosh(x) end

--- Gives the degrees of an angle in radians.
---@param x number
---@return number
function math.degrees(x) end

--- Gives the distance of two points, which are lists of numbers.
---@param p table
---@param q table
---@return number
function math.dist(p, q) end

--- Gives 2 to the power of x.
---@param x number
---@return number
function math.exp2(x) end

--- Gives e to the power of x, less 1, exactly for small x.
---@param x number
---@return number
function math.expm1(x) end

--- Gives the amount, as a float.
---@param x number
---@return number
function math.fabs(x) end

--- Gives the product of the numbers from 1 to x, which is at most 20.
---@param x number
---@return integer
function math.factorial(x) end

--- Takes a number apart: a fraction from 0.5 on below 1, and a power of 2.
---@param x number
---@return number, integer
function math.frexp(x) end

--- Adds the numbers of a list up without losing digits on the way.
---@param seq table
---@return number
function math.fsum(seq) end

--- Gives the greatest common divisor; 0 of no numbers.
---@param ... integer
---@return integer
function math.gcd(...) end

--- Gives the length of a vector.
---@param ... number
---@return number
function math.hypot(...) end

--- Tells whether two numbers are nearly equal.
---@param a number
---@param b number
---@param rel_tol? number
---@param abs_tol? number
---@return boolean
function math.isclose(a, b, rel_tol, abs_tol) end

--- Tells whether a number is neither infinite nor NaN.
---@param x number
---@return boolean
function math.isfinite(x) end

--- Tells whether a number is infinite.
---@param x number
---@return boolean
function math.isinf(x) end

--- Tells whether a number is none (NaN).
---@param x number
---@return boolean
function math.isnan(x) end

--- Gives the whole part of the square root of a whole number.
---@param x number
---@return integer
function math.isqrt(x) end

--- Gives the least common multiple; 1 of no numbers.
---@param ... integer
---@return integer
function math.lcm(...) end

--- Gives x times 2 to the power of i.
---@param x number
---@param i integer
---@return number
function math.ldexp(x, i) end

--- Gives the logarithm to the base 10.
---@param x number
---@return number
function math.log10(x) end

--- Gives the natural logarithm of 1 + x, exactly for small x.
---@param x number
---@return number
function math.log1p(x) end

--- Gives the logarithm to the base 2.
---@param x number
---@return number
function math.log2(x) end

--- Counts the ways to choose k of n in order.
---@param n integer
---@param k? integer
---@return integer
function math.perm(n, k) end

--- Gives x to the power of y, as a float.
---@param x number
---@param y number
---@return number
function math.pow(x, y) end

--- Multiplies the numbers of a list.
---@param iterable table
---@param start? number
---@return number
function math.prod(iterable, start) end

--- Gives the radians of an angle in degrees.
---@param x number
---@return number
function math.radians(x) end

--- Gives the hyperbolic sine.
---@param x number
---@return number
function math.sinh(x) end

--- Gives the hyperbolic tangent.
---@param x number
---@return number
function math.tanh(x) end

--- Drops what is behind the point.
---@param x number
---@return integer
function math.trunc(x) end

--- Gives a table that survives restarts. Changes of it are stored within about a second.
---@param name string The name under which the table is stored.
---@param default? table The table when nothing is stored under that name yet.
---@return table # the same one at each call with that name
function persistent(name, default) end

--- A generator of its own, seeded with x.
---@param x? number|string
function random.Random(x) end

--- Gives one of the elements of a list, or one of the bytes of a string.
---@param seq table|string
---@return any
function random.Random:choice(seq) end

--- Gives a list of k elements, each chosen from all; weights are numbers, one for each element.
---@param population table|string
---@param weights? table
---@param cum_weights? table
---@param k? integer
---@return table
function random.Random:choices(population, weights, cum_weights, k) end

--- Gives a number of the exponential distribution.
---@param lambd? number
---@return number
function random.Random:expovariate(lambd) end

--- Gives a number of the normal distribution.
---@param mu? number
---@param sigma? number
---@return number
function random.Random:gauss(mu, sigma) end

--- Gives a whole number of k random bits, at most 63.
---@param k integer
---@return integer
function random.Random:getrandbits(k) end

--- Gives a number of the normal distribution.
---@param mu? number
---@param sigma? number
---@return number
function random.Random:normalvariate(mu, sigma) end

--- Gives n random bytes.
---@param n integer
---@return string
function random.Random:randbytes(n) end

--- Gives a whole number from a to b.
---@param a integer
---@param b integer
---@return integer
function random.Random:randint(a, b) end

--- Gives a number from 0 on that is below 1.
---@return number
function random.Random:random() end

--- Gives a whole number from start on that is below stop, in steps; with one argument from 0 on.
---@param start integer
---@param stop? integer
---@param step? integer
---@return integer
function random.Random:randrange(start, stop, step) end

--- Gives a list of k elements, none of them twice.
---@param population table|string
---@param k integer
---@return table
function random.Random:sample(population, k) end

--- Begins anew: the same whole number or string gives the same numbers as in Python. Without it they are others each time.
---@param a? number|string
function random.Random:seed(a) end

--- Brings the elements of a list into another order, in place.
---@param x table
function random.Random:shuffle(x) end

--- Gives a number from low to high, most often near mode.
---@param low? number
---@param high? number
---@param mode? number
---@return number
function random.Random:triangular(low, high, mode) end

--- Gives a number from a to b.
---@param a number
---@param b number
---@return number
function random.Random:uniform(a, b) end

--- Gives one of the elements of a list, or one of the bytes of a string.
---@param seq table|string
---@return any
function random.choice(seq) end

--- Gives a list of k elements, each chosen from all; weights are numbers, one for each element.
---@param population table|string
---@param weights? table
---@param cum_weights? table
---@param k? integer
---@return table
function random.choices(population, weights, cum_weights, k) end

--- Gives a number of the exponential distribution.
---@param lambd? number
---@return number
function random.expovariate(lambd) end

--- Gives a number of the normal distribution.
---@param mu? number
---@param sigma? number
---@return number
function random.gauss(mu, sigma) end

--- Gives a whole number of k random bits, at most 63.
---@param k integer
---@return integer
function random.getrandbits(k) end

--- Gives a number of the normal distribution.
---@param mu? number
---@param sigma? number
---@return number
function random.normalvariate(mu, sigma) end

--- Gives n random bytes.
---@param n integer
---@return string
function random.randbytes(n) end

--- Gives a whole number from a to b.
---@param a integer
---@param b integer
---@return integer
function random.randint(a, b) end

--- Gives a number from 0 on that is below 1.
---@return number
function random.random() end

--- Gives a whole number from start on that is below stop, in steps; with one argument from 0 on.
---@param start integer
---@param stop? integer
---@param step? integer
---@return integer
function random.randrange(start, stop, step) end

--- Gives a list of k elements, none of them twice.
---@param population table|string
---@param k integer
---@return table
function random.sample(population, k) end

--- Begins anew: the same whole number or string gives the same numbers as in Python. Without it they are others each time.
---@param a? number|string
function random.seed(a) end

--- Brings the elements of a list into another order, in place.
---@param x table
function random.shuffle(x) end

--- Gives a number from low to high, most often near mode.
---@param low? number
---@param high? number
---@param mode? number
---@return number
function random.triangular(low, high, mode) end

--- Gives a number from a to b.
---@param a number
---@param b number
---@return number
function random.uniform(a, b) end

--- Compiles a pattern; the last 256 are kept compiled.
---@param pattern string|Pattern A pattern in Python's syntax, or a Pattern.
---@param flags? integer re.IGNORECASE, re.MULTILINE, re.DOTALL, re.VERBOSE, combined with |.
---@return Pattern
function re.compile(pattern, flags) end

--- Puts a backslash before each byte that has a meaning in patterns.
---@param string string Any bytes.
---@return string # a pattern that matches just these bytes
function re.escape(string) end

--- Finds the texts of all matches; see Pattern.findall.
---@param pattern string|Pattern A pattern in Python's syntax, or a Pattern.
---@param string string The string to search.
---@param flags? integer re.IGNORECASE, re.MULTILINE, re.DOTALL, re.VERBOSE, combined with |.
---@return string[]|string[][]
function re.findall(pattern, string, flags) end

--- Gives one Match after the other; see Pattern.finditer.
---@param pattern string|Pattern A pattern in Python's syntax, or a Pattern.
---@param string string The string to search.
---@param flags? integer re.IGNORECASE, re.MULTILINE, re.DOTALL, re.VERBOSE, combined with |.
---@return fun(): Match|nil # an iterator for `for m in re.finditer(p, s) do`
function re.finditer(pattern, string, flags) end

--- Matches the whole string.
---@param pattern string|Pattern A pattern in Python's syntax, or a Pattern.
---@param string string The string to search.
---@param flags? integer re.IGNORECASE, re.MULTILINE, re.DOTALL, re.VERBOSE, combined with |.
---@return Match|nil
function re.fullmatch(pattern, string, flags) end

--- Matches at the beginning of the string.
---@param pattern string|Pattern A pattern in Python's syntax, or a Pattern.
---@param string string The string to search.
---@param flags? integer re.IGNORECASE, re.MULTILINE, re.DOTALL, re.VERBOSE, combined with |.
---@return Match|nil
function re.match(pattern, string, flags) end

--- Finds the leftmost match.
---@param pattern string|Pattern A pattern in Python's syntax, or a Pattern.
---@param string string The string to search.
---@param flags? integer re.IGNORECASE, re.MULTILINE, re.DOTALL, re.VERBOSE, combined with |.
---@return Match|nil
function re.search(pattern, string, flags) end

--- Cuts a string at the matches; see Pattern.split.
---@param pattern string|Pattern A pattern in Python's syntax, or a Pattern.
---@param string string The string to search.
---@param maxsplit? integer The most matches to cut at; 0: all.
---@param flags? integer re.IGNORECASE, re.MULTILINE, re.DOTALL, re.VERBOSE, combined with |.
---@return (string|false)[] # the pieces, with the groups between them
function re.split(pattern, string, maxsplit, flags) end

--- Replaces matches; see Pattern.sub.
---@param pattern string|Pattern A pattern in Python's syntax, or a Pattern.
---@param repl string|fun(match: Match): string A string or a function; see Pattern.sub.
---@param string string The string to search.
---@param count? integer The most matches to replace; 0: all.
---@param flags? integer re.IGNORECASE, re.MULTILINE, re.DOTALL, re.VERBOSE, combined with |.
---@return string # the string with the matches replaced
function re.sub(pattern, repl, string, count, flags) end

--- Replaces matches, and counts them; see Pattern.subn.
---@param pattern string|Pattern A pattern in Python's syntax, or a Pattern.
---@param repl string|fun(match: Match): string A string or a function; see Pattern.sub.
---@param string string The string to search.
---@param count? integer The most matches to replace; 0: all.
---@param flags? integer re.IGNORECASE, re.MULTILINE, re.DOTALL, re.VERBOSE, combined with |.
---@return string, integer # the string with the matches replaced, and their number
function re.subn(pattern, repl, string, count, flags) end

--- Gives one of the elements of a list, or one of the bytes of a string.
---@param seq table|string
---@return any
function secrets.choice(seq) end

--- Does what hmac.compare_digest does.
---@param a string
---@param b string
---@return boolean
function secrets.compare_digest(a, b) end

--- Gives a whole number from 0 on that is below the bound.
---@param exclusive_upper_bound integer
---@return integer
function secrets.randbelow(exclusive_upper_bound) end

--- Gives a whole number of k random bits, at most 63.
---@param k integer
---@return integer
function secrets.randbits(k) end

--- Gives random bytes.
---@param nbytes? integer
---@return string
function secrets.token_bytes(nbytes) end

--- Gives random bytes as two hexadecimal digits each.
---@param nbytes? integer
---@return string
function secrets.token_hex(nbytes) end

--- Gives random bytes in base64 that URLs may have.
---@param nbytes? integer
---@return string
function secrets.token_urlsafe(nbytes) end

--- A format that is read once.
---@param format string
function struct.Struct(format) end

--- Reads one record after the other; see struct.iter_unpack.
---@param data string
---@return function
function struct.Struct:iter_unpack(data) end

--- Writes values as a record; see struct.pack.
---@param ... any
---@return string
function struct.Struct:pack(...) end

--- Reads a record; see struct.unpack.
---@param data string
---@return any
function struct.Struct:unpack(data) end

--- Reads a record; see struct.unpack_from.
---@param data string
---@param offset? integer
---@return any
function struct.Struct:unpack_from(data, offset) end

--- Tells how many bytes a record has.
---@param format string
---@return integer
function struct.calcsize(format) end

--- Reads one record after the other: for a, b in struct.iter_unpack('>HH', data) do.
---@param format string
---@param data string
---@return function
function struct.iter_unpack(format, data) end

--- Writes values as a record. Raises struct.error for what does not fit.
---@param format string
---@param ... any
---@return string
function struct.pack(format, ...) end

--- Reads a record that is all of the data: local a, b = struct.unpack('>HH', data). Raises struct.error for another length.
---@param format string
---@param data string
---@return any
function struct.unpack(format, data) end

--- Reads a record behind the first offset bytes. More may follow it.
---@param format string
---@param data string
---@param offset? integer
---@return any
function struct.unpack_from(format, data, offset) end

--- Writes a time as Thu Feb 29 12:30:05 2024; by default the local time of now.
---@param t? table
---@return string
function time.asctime(t) end

--- Writes the local time of seconds since 1970, by default of now, as asctime does.
---@param secs? number
---@return string
function time.ctime(secs) end

--- Gives the time in UTC of seconds since 1970, by default of now.
---@param secs? number
---@return time.struct_time
function time.gmtime(secs) end

--- Gives the local time of seconds since 1970, by default of now.
---@param secs? number
---@return time.struct_time
function time.localtime(secs) end

--- Gives the seconds since 1970 of a local time; its last number tells of two equal ones.
---@param t table
---@return number
function time.mktime(t) end

--- Tells a time in seconds that never goes back, for measuring how long something takes.
---@return number
function time.monotonic() end

--- Tells monotonic in nanoseconds.
---@return integer
function time.monotonic_ns() end

--- Tells the same as monotonic.
---@return number
function time.perf_counter() end

--- Tells perf_counter in nanoseconds.
---@return integer
function time.perf_counter_ns() end

--- Tells the same as monotonic: a program has no processor of its own.
---@return number
function time.process_time() end

--- Tells process_time in nanoseconds.
---@return integer
function time.process_time_ns() end

--- Suspends the calling task. Timers, handlers and other tasks go on.
---@async
---@param seconds number How long to sleep.
function time.sleep(seconds) end

--- Writes a time by Python's directives, with English names; by default the local time of now.
---@param format string
---@param t? table
---@return string
function time.strftime(format, t) end

--- Reads a time by Python's directives, with English names.
---@param string string
---@param format? string
---@return time.struct_time
function time.strptime(string, format) end

--- Tells the time of the system's clock.
---@return number # seconds since 1970-01-01 00:00:00 UTC, with fractions
function time.time() end

--- Tells the time of the system's clock in nanoseconds since 1970-01-01 00:00:00 UTC.
---@return integer
function time.time_ns() end

--- A UUID of 32 hexadecimal digits, with hyphens, braces or urn:uuid: or without; or of 16 bytes.
---@param hex? string
---@param bytes? string
---@param bytes_le? string
function uuid.UUID(hex, bytes, bytes_le) end

--- Gives a random number of 48 bits that stands for this machine as long as the program runs.
---@return integer
function uuid.getnode() end

--- Makes a UUID of the time, and of a random node.
---@param node? integer
---@param clock_seq? integer
---@return uuid.UUID
function uuid.uuid1(node, clock_seq) end

--- Makes a UUID of a name by MD5.
---@param namespace uuid.UUID
---@param name string
---@return uuid.UUID
function uuid.uuid3(namespace, name) end

--- Makes a random UUID.
---@return uuid.UUID
function uuid.uuid4() end

--- Makes a UUID of a name by SHA-1.
---@param namespace uuid.UUID
---@param name string
---@return uuid.UUID
function uuid.uuid5(namespace, name) end
