"""An echo server that collects its garbage before it answers. Argument: port."""
import asyncio
import gc
import sys


class Echo(asyncio.Protocol):
    # The transport sets TCP_NODELAY by itself.
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        gc.collect()
        self.transport.write(data)


async def main(port):
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


asyncio.run(main(int(sys.argv[1])))
