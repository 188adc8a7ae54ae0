# A proxy that spoils the signature of the key exchange of TLS 1.2, as a server does whose key is not that of its
# certificate: spoiling-proxy.py PORT SERVER-PORT.
import socket
import sys
import threading

PORT, SERVER = int(sys.argv[1]), int(sys.argv[2])
KEY_EXCHANGE, HELLO_DONE = 12, b'\x0e\x00\x00\x00'


def spoiled(flight):
    data, at = bytearray(flight), 0
    while at + 5 <= len(data):
        end = at + 5 + int.from_bytes(data[at + 3 : at + 5], 'big')
        message = at + 5
        while data[at] == 22 and message + 4 <= end:
            last = message + 4 + int.from_bytes(data[message + 1 : message + 4], 'big')
            if data[message] == KEY_EXCHANGE and last <= len(data):
                data[last - 1] ^= 0xFF
            message = last
        at = end
    return bytes(data)


def forward(source, sink):
    while data := source.recv(65536):
        sink.sendall(data)
    sink.close()


def serve(client):
    server, flight = socket.create_connection(('127.0.0.1', SERVER)), b''
    threading.Thread(target=forward, args=(client, server), daemon=True).start()
    try:
        while HELLO_DONE not in flight:
            data = server.recv(65536)
            if not data:
                break
            flight += data
        client.sendall(spoiled(flight))
        forward(server, client)
    except OSError:
        client.close()


listener = socket.create_server(('0.0.0.0', PORT))
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
