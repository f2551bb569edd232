"""Some sixty requests that two parsers read differently, or that are malformed.

Each is a function of the request hidden in it, which no server may treat as a request of its own.
"""

from collections.abc import Iterator

HOST = b"Host: retrato.example\r\n"
_POST = b"POST /v1/sessions HTTP/1.1\r\n" + HOST


def smuggled_requests(hidden: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each; `hidden` is a complete request without a body."""
    for name, headers in _TWO_LENGTHS.items():
        yield name, _POST + headers + b"\r\n0\r\n\r\n" + hidden
    for name, value in _ODD_LENGTHS.items():
        yield f"length {name}", _POST + b"Content-Length: " + value + b"\r\n\r\n" + hidden
    for name, body in _ODD_CHUNKS.items():
        chunked = _POST + b"Transfer-Encoding: chunked\r\n\r\n"
        yield f"chunk {name}", chunked + body.replace(b"HIDDEN", hidden)
    for name, line in _ODD_LINES.items():
        yield f"line {name}", line + HOST + b"Content-Length: 0\r\n\r\n"
    for name, headers in _ODD_HEADERS.items():
        yield f"header {name}", b"GET /v1/me HTTP/1.1\r\n" + headers + b"\r\n"


_LENGTH = b"Content-Length: 5\r\n"
_TWO_LENGTHS = {
    "both": _LENGTH + b"Transfer-Encoding: chunked\r\n",
    "both, the other way round": b"Transfer-Encoding: chunked\r\n" + _LENGTH,
    "space before the colon": _LENGTH + b"Transfer-Encoding : chunked\r\n",
    "space before the name": _LENGTH + b" Transfer-Encoding: chunked\r\n",
    "tab after the colon": _LENGTH + b"Transfer-Encoding:\tchunked\r\n",
    "vertical tab": _LENGTH + b"Transfer-Encoding:\x0bchunked\r\n",
    "unknown coding": _LENGTH + b"Transfer-Encoding: xchunked\r\n",
    "quoted coding": _LENGTH + b'Transfer-Encoding: "chunked"\r\n',
    "identity after it": _LENGTH + b"Transfer-Encoding: chunked, identity\r\n",
    "identity before it": _LENGTH + b"Transfer-Encoding: identity, chunked\r\n",
    "twice, once unknown": _LENGTH + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n",
    "underscore": _LENGTH + b"Transfer_Encoding: chunked\r\n",
    "zero byte in the name": _LENGTH + b"Transfer-Encoding\x00: chunked\r\n",
    "bare line feed": _LENGTH + b"X: y\nTransfer-Encoding: chunked\r\n",
    "bare return": _LENGTH + b"X: y\rTransfer-Encoding: chunked\r\n",
    "folded": _LENGTH + b"Transfer-Encoding:\r\n chunked\r\n",
    "capitals": _LENGTH + b"TRANSFER-ENCODING: CHUNKED\r\n",
    "connection names it": _LENGTH
    + b"Transfer-Encoding: chunked\r\nConnection: Content-Length\r\n",
}
_ODD_LENGTHS = {
    "twice, different": b"0\r\nContent-Length: 44",
    "twice, the same": b"0\r\nContent-Length: 0",
    "list": b"0, 44",
    "list of the same": b"0,0",
    "plus": b"+0",
    "minus": b"-1",
    "hexadecimal": b"0x0",
    "exponent": b"0e1",
    "two numbers": b"0 44",
    "empty": b"",
    "beyond 64 bits": b"18446744073709551616",
    "letters": b"none",
}
_ODD_CHUNKS = {
    "minus": b"-1\r\n\r\nHIDDEN",
    "hexadecimal prefix": b"0x0\r\n\r\nHIDDEN",
    "beyond 64 bits": b"10000000000000000\r\n\r\nHIDDEN",
    "letters": b"zz\r\n\r\nHIDDEN",
    "empty size": b"\r\n\r\nHIDDEN",
    "extension with a line feed": b'0;a="\n"\r\n\r\nHIDDEN',
    "line feed only": b"5\nabcde\n0\n\nHIDDEN",
    "longer than said": b"1\r\nabcdef\r\n0\r\n\r\nHIDDEN",
    "space before the size": b" 0\r\n\r\nHIDDEN",
    "trailer that is a request": b"0\r\nContent-Length: 44\r\nX: HIDDEN",
}
_ODD_LINES = {
    "no version": b"GET /v1/me\r\n",
    "version 9.9": b"GET /v1/me HTTP/9.9\r\n",
    "version 1.0 and chunked": b"POST /v1/sessions HTTP/1.0\r\nTransfer-Encoding: chunked\r\n",
    "two spaces": b"GET  /v1/me  HTTP/1.1\r\n",
    "tab": b"GET\t/v1/me\tHTTP/1.1\r\n",
    "small letters": b"get /v1/me HTTP/1.1\r\n",
    "zero byte": b"GET /v1/me\x00 HTTP/1.1\r\n",
    "return in the path": b"GET /v1/\rme HTTP/1.1\r\n",
    "address of another": b"GET http://users.internal:8000/me HTTP/1.1\r\n",
    "no path": b"GET users.internal HTTP/1.1\r\n",
    "climbing": b"GET /v1/../../me HTTP/1.1\r\n",
    "climbing in code": b"GET /v1/%2e%2e/%2e%2e/metrics HTTP/1.1\r\n",
    "trace": b"TRACE /v1/me HTTP/1.1\r\n",
    "connect": b"CONNECT users.internal:8000 HTTP/1.1\r\n",
    "preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "path of 20 KB": b"GET /v1/" + b"a" * 20_000 + b" HTTP/1.1\r\n",
}
_ODD_HEADERS = {
    "no host": b"",
    "two hosts": HOST + b"Host: users.internal\r\n",
    "host with a space": b"Host: retrato.example users.internal\r\n",
    "host with a path": b"Host: retrato.example/v1/me\r\n",
    "no colon": HOST + b"X-User-Id\r\n",
    "no name": HOST + b": 1\r\n",
    "zero byte": HOST + b"X-User-Id: \x001\r\n",
    "upgrade to HTTP/2": HOST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
    b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
    "64 KB": HOST + b"X-Long: " + b"a" * 65_536 + b"\r\n",
    "connection names the token": HOST
    + b"Authorization: Bearer x\r\nConnection: Authorization\r\n",
}
