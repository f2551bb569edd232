"""A DNS server over UDP with records that a test sets."""

import asyncio
from typing import cast

import dns.message
import dns.rcode
import dns.rrset


class DnsServer(asyncio.DatagramProtocol):
    """Answers A queries from `records`; with `is_silent` it ignores them."""

    def __init__(self) -> None:
        self.records: dict[str, list[str]] = {}
        self.ttl = 1
        self.is_silent = False
        self.queries = 0
        self._transport: asyncio.DatagramTransport

    async def start(self, address: str) -> str:
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=(address, 0))
        return "{}:{}".format(*self._transport.get_extra_info("sockname"))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.queries += 1
        if self.is_silent:
            return
        query = dns.message.from_wire(data)
        reply = dns.message.make_response(query)
        name = query.question[0].name
        addresses = self.records.get(name.to_text(omit_final_dot=True), [])
        if addresses:
            reply.answer.append(dns.rrset.from_text_list(name, self.ttl, "IN", "A", addresses))
        else:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        self._transport.sendto(reply.to_wire(), addr)

    def stop(self) -> None:
        self._transport.close()
