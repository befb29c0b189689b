-- Seeds 10608424264856661815 and 163048429044964668: an item that holds one item twice, forty times over, hung the loop.
local i = SecsItem.A('x')
for _ = 1, 40 do i = select(2, pcall(SecsItem.L, {i, i})) or i end
pcall(function() i:encode() end)
pcall(tostring, i)
pcall(function() return i.value end)
