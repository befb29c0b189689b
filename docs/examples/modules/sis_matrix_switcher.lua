-- A matrix switcher with an ASCII command set as the published SIS command tables describe it. Models: 4x4 and 8x8.
--
-- Connections: Ethernet (TCP 23, with a password when the device has one: devicePassword), SSH (22023, Credentials),
-- Serial (9600 baud), SerialOverEthernet.
--
--     Command         Values                              Qualifiers           Set   Update
--     Tie             0 (none) to the number of inputs    Output, Type         yes   yes
--     TieAll          the same                            Type                 yes   no; every Tie tells
--     VideoMute       Off, On, Sync (no sync either)      Output               yes   yes
--     AudioMute       Off, On                             Output               yes   yes
--     VideoMuteAll    Off, On, Sync                                            yes   no; every VideoMute tells
--     AudioMuteAll    Off, On                                                  yes   no; every AudioMute tells
--     InputSignal     Active, Not Active                  Input                no    yes
--     InputName       a string of at most 16 bytes        Input                yes   yes
--     OutputName      a string of at most 16 bytes        Output               yes   yes
--     RecallPreset    1 to 16 (4x4) or 32 (8x8)                                yes   no; the last one recalled
--     SavePreset      the same                                                 yes   no; the last one saved
--     FrontPanelLock  Off, All, Advanced                                       yes   yes
--     Firmware, PartNumber, Information: strings                               no    yes
--     Access          Administrator, User: what the password is good for       no    no
--
-- Type is Video, Audio, or All for both; Tie with All is 0 where they differ. Ties that the front panel and other
-- controllers make are told unasked. A good keep-alive query is Firmware.

-- Verbose mode 3: what others change is told, and each answer says what it is about.
local Verbose = '\x1b3CV\r'

local Errors = {
    E01 = 'there is no such input', E10 = 'the command is unknown', E11 = 'there is no such preset',
    E12 = 'there is no such output', E13 = 'the value is out of range', E14 = 'this configuration does not allow it',
    E17 = 'the signal does not allow it', E24 = 'the password does not give the right to do it',
    E26 = 'there are too many connections',
}

local Mutes = {Off = '0', On = '1'}
local VideoMutes = {Off = '0', On = '1', Sync = '2'}
local Types = {All = {'Video', 'Audio'}, Vid = {'Video'}, RGB = {'Video'}, Aud = {'Audio'}}

local function NameOf(values, code)
    for name, one in pairs(values) do
        if one == code then return name end
    end
end

-- Ties. ---------------------------------------------------------------------------------------------------------------

local function WriteTie(self, input, output, types)
    input = tonumber(input)
    if output > self.Outputs or input > self.Inputs then
        return self:Error(('unexpected reply: input %d at output %d'):format(input, output))
    end
    for _, one in ipairs(types) do self:WriteStatus('Tie', input, {Output = output, Type = one}) end
    local video = self:ReadStatus('Tie', {Output = output, Type = 'Video'})
    local audio = self:ReadStatus('Tie', {Output = output, Type = 'Audio'})
    if video and audio then
        self:WriteStatus('Tie', video == audio and video or 0, {Output = output, Type = 'All'})
    end
end

-- 'Out2 In1 All': two statuses and their sum, so the function writes them and returns no value.
local function Tied(self, output, input, types) WriteTie(self, input, tonumber(output), Types[types]) end

-- 'In1 All'
local function TiedAll(self, input, types)
    for output = 1, self.Outputs do WriteTie(self, input, output, Types[types]) end
end

-- '1 0 3 3 - - - - Vid': the inputs of the outputs, from the first one on; '-' where the device has none.
local function TiesRead(self, inputs, types)
    local output = 0
    for input in inputs:gmatch('%S+') do
        output = output + 1
        if input ~= '-' then WriteTie(self, input, output, Types[types]) end
    end
end

-- What a preset has tied is not told. Two queries read it, whatever the number of outputs.
local function ReadTies(self)
    for _, one in ipairs({'Video', 'Audio'}) do self:Update('Ties', {Type = one}) end
end

-- Both, one behind the other: what stands for both is not the same on all devices.
local function AskTie(self, _, qualifier)
    if qualifier.Type == 'All' then return ('%d%%%d$'):format(qualifier.Output, qualifier.Output) end
    return qualifier.Output .. (qualifier.Type == 'Video' and '%' or '$')
end

-- Others. -------------------------------------------------------------------------------------------------------------

-- 'Vmt1': every output's.
local function MutedAll(command, values)
    return function(self, code)
        for output = 1, self.Outputs do
            self:WriteStatus(command, NameOf(values, code), {Output = output})
        end
    end
end

-- '0*1*0*1': the inputs from the first one on.
local function Signals(self, states)
    local input = 0
    for state in states:gmatch('[01]') do
        input = input + 1
        if input <= self.Inputs then
            self:WriteStatus('InputSignal', state == '1' and 'Active' or 'Not Active', {Input = input})
        end
    end
end

local function SetName(qualifier, letters)
    return function(_, name, qualifiers)
        if name:find('[%c~,@=\'"%[%]{}<>`;:|\\?]') then
            error(ValueError(("a name must not have ~,@='\"[]{}<>`;:|\\? in it, got '%s'"):format(name)), 3)
        end
        return ('\x1b%d,%s%s\r'):format(qualifiers[qualifier], name, letters)
    end
end

-- A device at a serial port that was switched on has forgotten its mode, and its statuses are to be read again.
local function Restarted(self)
    if self.ConnectionType ~= 'Serial' then return end
    self:OnDisconnected()
    self:Send(Verbose)
end

-- A terminal repeats what it gets, in front of the answer. Answers begin with a letter and a small one, or are errors.
local Echo = re.compile('^(?:[\\d*]*(?:[!%$&BZXQNI.,]|LS))*(?=[A-Z][a-z]|E\\d\\d)')

local function WithoutEcho(_, message) return Echo:sub('', message:match('[^\r]*$'), 1) end

-- The commands whose limits are those of the model.
local function Model(inputs, outputs, presets)
    local Input = {name = 'Input', min = 1, max = inputs}
    local Output = {name = 'Output', min = 1, max = outputs}
    -- Each counts: of ties and presets, the order matters.
    local Inputs, Presets = {min = 0, max = inputs, each = true}, {min = 1, max = presets, each = true}
    local Type = {name = 'Type', values = {All = '!', Video = '%', Audio = '$'}, default = 'All'}
    return {
        init = function(self) self.Inputs, self.Outputs = inputs, outputs end,
        commands = {
            Tie = {range = Inputs, qualifiers = {Output, Type}},
            TieAll = {range = Inputs, qualifiers = {Type}},
            VideoMute = {qualifiers = {Output}}, AudioMute = {qualifiers = {Output}}, OutputName = {qualifiers = {Output}},
            InputSignal = {qualifiers = {Input}}, InputName = {qualifiers = {Input}},
            RecallPreset = {range = Presets}, SavePreset = {range = Presets},
        },
    }
end

return DeviceModule {
    name = 'SIS matrix switcher',
    models = {['4x4'] = Model(4, 4, 16), ['8x8'] = Model(8, 8, 32)},
    connections = {
        Ethernet = {port = 23, login = {
            {prompt = 'Password: *$', send = 'password'},
            {prompt = 'Login (Administrator|User)\r\n', done = true, send = function(self, match)
                self:WriteStatus('Access', match:group(1))
                return ''
            end},
            timeout = 1, -- a device without password has no prompt
        }},
        SSH = {port = 22023, unwrap = WithoutEcho},
        Serial = {Baud = 9600},
    },
    framing = {delimiter = '\r\n', limit = 512},
    timeout = 1,
    handshake = function(self)
        for _ = 1, 2 do
            if self:SendAndWait(Verbose, 0.5, {deliTag = 'Vrb3\r\n'}) ~= '' then return end
        end
        return 'it does not take verbose mode 3'
    end,
    commands = {
        Tie = {set = '{value}*{Output}{Type}', ack = true, query = AskTie,
            reply = {'^Out(\\d+) In(\\d+) (All|Vid|RGB|Aud)$', Tied}},
        TieAll = {set = '{value}*{Type}', ack = true, reply = {'^In(\\d+) (All|Vid|RGB|Aud)$', TiedAll}},
        -- For the module itself.
        Ties = {qualifiers = {{name = 'Type', values = {Video = 1, Audio = 2}}}, query = '\x1b0*1*{Type}VC\r',
            reply = {'^([\\d -]+) (Vid|Aud)$', TiesRead}},
        VideoMute = {values = VideoMutes, set = '{Output}*{value}B', ack = true, query = '{Output}B',
            reply = '^Vmt(\\d+)\\*(\\d)$'},
        AudioMute = {values = Mutes, set = '{Output}*{value}Z', ack = true, query = '{Output}Z',
            reply = '^Amt(\\d+)\\*(\\d)$'},
        VideoMuteAll = {values = VideoMutes, set = '{value}*B', ack = true,
            reply = {'^Vmt([0-2])$', MutedAll('VideoMute', VideoMutes)}},
        AudioMuteAll = {values = Mutes, set = '{value}*Z', ack = true,
            reply = {'^Amt([01])$', MutedAll('AudioMute', Mutes)}},
        InputSignal = {values = {Active = '1', ['Not Active'] = '0'}, query = '0LS',
            reply = {'^(?:(?:In00|Frq00|Sig) ?)?([01](?:\\*[01])+)$', Signals}},
        InputName = {text = {max = 16}, set = SetName('Input', 'NI'), ack = true, query = '\x1b{Input}NI\r',
            reply = '^Nmi(\\d+),(.*)$'},
        OutputName = {text = {max = 16}, set = SetName('Output', 'NO'), ack = true, query = '\x1b{Output}NO\r',
            reply = '^Nmo(\\d+),(.*)$'},
        RecallPreset = {set = '{value}.', ack = true, reply = {'^Rpr(\\d+)$', function(self, preset)
            ReadTies(self)
            return tonumber(preset)
        end}},
        SavePreset = {set = '{value},', ack = true, reply = '^Spr(\\d+)$'},
        FrontPanelLock = {values = {Off = '0', All = '1', Advanced = '2'}, set = '{value}X', ack = true, query = 'X',
            reply = '^Exe(\\d)$'},
        Firmware = {query = 'Q', reply = '^(?:Ver\\d*\\*?)?(\\d+\\.\\d\\d)$'},
        PartNumber = {query = 'N', reply = '^(?:Pno)?(60-[\\d-]+)$'},
        Information = {query = 'I', reply = '^(?:Inf\\d*\\*?)?(V\\d.*)$'},
        Access = {reply = '^Login (Administrator|User)$'},
    },
    messages = {
        {'^Qik$', ReadTies}, -- ties made at the front panel
        {'^\\(c\\) Copyright', Restarted},
    },
    errors = {
        {'^E22$', 'it is busy', again = 0.2},
        {'^(E\\d\\d)$', function(_, code) return Errors[code] or 'error ' .. code end},
    },
}
