"""An echo server. Argument: port."""
import asyncio
import sys


class Echo(asyncio.Protocol):
    # The transport sets TCP_NODELAY by itself.
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


async def main(port):
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


asyncio.run(main(int(sys.argv[1])))
