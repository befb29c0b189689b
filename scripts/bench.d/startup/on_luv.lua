local uv = require 'luv'

print('ready')
io.flush()
uv.run()
