-- Goes through the cases of cases.txt and counts the wrong ones: what bytes_cases.lua and format_cases.lua have in common.
-- check(line) gives what was expected, what was found, and what went wrong, if that says more.
return function(check)
    local lines, cases, wrong = io.lines('cases.txt'), 0, 0
    Timer(0.01, function(timer)
        for _ = 1, 500 do
            local line = lines()
            if not line then
                timer:Stop()
                print('cases ' .. cases .. ' wrong ' .. wrong)
                return ExitProgram(wrong == 0 and 0 or 1)
            end
            cases = cases + 1
            local expected, found, problem = check(line)
            if found ~= expected then
                wrong = wrong + 1
                if wrong < 20 then
                    print('found ' .. found .. ' for ' .. line .. (problem and ' ' .. tostring(problem) or ''))
                end
            end
        end
    end)
end
